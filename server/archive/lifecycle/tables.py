"""Rows of stores, of the copies of studies in them, and of the rules that move studies."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database.base import Base, UtcDateTime, Versioned

# as studies.uid, so that PostgreSQL joins the two by their indexes
_Ordered = String(64).with_variant(String(64, collation="C"), "postgresql")
_Big = BigInteger().with_variant(Integer, "sqlite")


class CopyState(StrEnum):
    """How a copy stands. A row with COPYING or REMOVING is there before the first byte moves, until the last has."""

    COPYING = "copying"
    VERIFIED = "verified"
    REMOVING = "removing"
    DAMAGED = "damaged"
    RELEASED = "released"  # of the store that receives only: the study's bytes are no longer there


class StoreRow(Base):
    """A store beside the one that receives. Its secret is no column: it lies in the secrets folder."""

    __tablename__ = "stores"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    role: Mapped[str] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(500), default="")
    path: Mapped[str] = mapped_column(String(500), default="")
    endpoint: Mapped[str] = mapped_column(String(500), default="")
    region: Mapped[str] = mapped_column(String(500), default="")
    bucket: Mapped[str] = mapped_column(String(500), default="")
    prefix: Mapped[str] = mapped_column(String(500), default="")
    access_key: Mapped[str] = mapped_column(String(500), default="")
    ca_file: Mapped[str] = mapped_column(String(500), default="")
    capacity_gb: Mapped[int] = mapped_column(default=0)
    medium: Mapped[str] = mapped_column(String(40), default="")  # what the marker on a folder says
    from_settings: Mapped[bool] = mapped_column(default=False)  # only the medium counts; the rest is in the file
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StudyCopy(Base):
    """A study in a store; named by UID, because a study may leave the index and come back.

    `digest` is that of the keys of the objects that were copied (placing.Contents): a copy is current while the study
    has the same ones. `keys` are those that may lie in the store while they are being copied or removed.
    """

    __tablename__ = "study_copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(_Ordered)
    store: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str] = mapped_column(String(64), default="")
    instances: Mapped[int] = mapped_column(default=0)
    bytes_stored: Mapped[int] = mapped_column(_Big, default=0)
    study_bytes: Mapped[int] = mapped_column(_Big, default=0)  # studies.bytes_stored when it was verified
    copied_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    keys: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    trouble: Mapped[str] = mapped_column(String, default="")
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)  # after a failure
    failures: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("study_uid", "store"),
        Index("ix_study_copies_store_state", "store", "state"),
    )


class OfflineObject(Base):
    """What lies on off-line media: asked when a medium is away."""

    __tablename__ = "offline_objects"

    object_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    store: Mapped[str] = mapped_column(String(40), primary_key=True)


class StorageRule(Base, Versioned):
    """A rule; `body` is the msgspec form of shared.contract.storage.RuleEntry."""

    __tablename__ = "storage_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class PrefetchRule(Base, Versioned):
    """A pre-fetch rule; `body` is the msgspec form of shared.contract.storage.PrefetchEntry."""

    __tablename__ = "prefetch_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class StoreFill(Base):
    """What a store held on a day (UTC), as it was measured last."""

    __tablename__ = "store_fill"

    store: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    bytes_stored: Mapped[int] = mapped_column(_Big)
    free_bytes: Mapped[int | None] = mapped_column(_Big, default=None)

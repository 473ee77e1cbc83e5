"""Rows of uploads, imports and their outcomes, exports, and of the pseudonyms of anonymised patients."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class Upload(Base):
    """A file on its way in; its bytes lie in the folder of uploads under its id."""

    __tablename__ = "exchange_uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    is_whole: Mapped[bool] = mapped_column(default=False)
    import_id: Mapped[int | None] = mapped_column(Integer, default=None)  # takes it; gone afterwards
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_exchange_uploads_user_id_sha256", "user_id", "sha256"),)


class Import(Base):
    """An import and how far it came; `plan` is the StartImport that asked for it."""

    __tablename__ = "exchange_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    files: Mapped[int] = mapped_column(default=0)


class Outcome(Base):
    """What became of one file of an import.

    A row is written before its object is handed to the archive (`is_settled` false) and settled afterwards: what a
    crash left between is done again and keeps the state that was true the first time.
    """

    __tablename__ = "exchange_outcomes"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("exchange_imports.id"))
    position: Mapped[int] = mapped_column(Integer)  # of the file in its source, from 0
    name: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(12))
    study_uid: Mapped[str] = mapped_column(String(64), default="")
    sop_instance_uid: Mapped[str] = mapped_column(String(64), default="")
    object_key: Mapped[str] = mapped_column(String(64), default="")
    sentence: Mapped[str] = mapped_column(String, default="")
    is_settled: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        UniqueConstraint("import_id", "position"),
        Index("ix_exchange_outcomes_import_id_state", "import_id", "state"),
    )


class Export(Base):
    """An export and what it made; `plan` is the StartExport, `files` name, size and hash of each."""

    __tablename__ = "exchange_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    objects: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    warnings: Mapped[list[str]] = mapped_column(JSON)


class Pseudonym(Base):
    """Who is behind a pseudonym of a project: written by every anonymised export, read with a permission of its own."""

    __tablename__ = "exchange_pseudonyms"

    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(String(64))
    pseudonym: Mapped[str] = mapped_column(String(64))
    patient_id: Mapped[str] = mapped_column(String)
    patient_name: Mapped[str] = mapped_column(String)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("project", "pseudonym"),)

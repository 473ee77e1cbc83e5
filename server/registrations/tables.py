"""Rows of registrations: the newest of each pair of series or frames of reference."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class RegistrationRow(Base, Versioned):
    """`body` is msgpack of a `KeptRegistration`, empty after it was cleared.

    The objects in the archive keep every version that was made into one; `sop_uid` names that of `archived_version`.
    """

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    pair: Mapped[str] = mapped_column(String(130), unique=True)
    fixed_study_uid: Mapped[str] = mapped_column(String(64), index=True)
    moving_study_uid: Mapped[str] = mapped_column(String(64), index=True)
    author_id: Mapped[int]
    author_name: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_version: Mapped[int] = mapped_column(default=0)
    sop_uid: Mapped[str] = mapped_column(String(64), default="")
    body: Mapped[bytes] = mapped_column(LargeBinary)

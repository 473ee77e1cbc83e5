"""Rows of marks: the newest version of each author on each study."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class ImageMarks(Base, Versioned):
    """What one author drew on one study. `body` is msgpack of the marks and of how the images were shown.

    The objects in the archive keep every version that was made into one; `archived_version` is the newest.
    """

    __tablename__ = "image_marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), index=True)
    author_id: Mapped[int]
    author_name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2), default="zh")
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_version: Mapped[int] = mapped_column(default=0)
    body: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("study_uid", "author_id"),)

"""Rows of pictures kept with exams; the bytes lie in the object storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class AttachmentRow(Base):
    """A picture of an exam. Removed ones keep their row and bytes: who removed what can be answered and undone."""

    __tablename__ = "exam_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    kind: Mapped[str] = mapped_column(String(16))
    page: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(32))
    size_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (Index("ix_exam_attachments_exam", "exam_id", "page"),)

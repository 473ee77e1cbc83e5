"""Rows of the printing area: documents and what they belong to; the bytes lie in the object storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class Document(Base):
    """A document kept by the server. `subject_id` is the exam or, for reports and pictures, the report."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    warning: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_documents_subject", "kind", "subject_id"),
        {"sqlite_autoincrement": True},  # the id of a replaced preview must never name another document
    )

"""Rows of the printing area: documents, their templates and prints; the bytes lie in the object storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint
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


class PaperTemplate(Base):
    """One version of a document's template as the hospital saved it; the newest is in force. Never changed."""

    __tablename__ = "paper_templates"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200))
    saved_by: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("kind", "version", name="uq_paper_templates_kind_version"),)


class Print(Base):
    """Paper that left a printer."""

    __tablename__ = "prints"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    document_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(Integer)
    copies: Mapped[int] = mapped_column(Integer)
    printer: Mapped[str] = mapped_column(String(200))
    workstation: Mapped[str] = mapped_column(String(80))
    printed_by: Mapped[str] = mapped_column(String(80))
    printed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_prints_subject", "subject_id", "kind"),)

"""Rows of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class AuditEntryRow(Base):
    """One call. `position` is 0 and `chain` empty until the chaining writer has reached the row (milliseconds later).

    The chain follows `position`, not `id`: on PostgreSQL a lower id may be committed after a higher one.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_class_id", "audit_class", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user: Mapped[str] = mapped_column(String(40), index=True)
    station: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(60))
    method: Mapped[str] = mapped_column(String(60))
    audit_class: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(30))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    duration_ms: Mapped[float] = mapped_column(Float)
    position: Mapped[int] = mapped_column(default=0, index=True)
    chain: Mapped[str] = mapped_column(String(64), default="")

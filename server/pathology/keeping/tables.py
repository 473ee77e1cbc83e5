"""Rows of places, of what lies in them, and of loans."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class PlaceRow(Versioned, Base):
    """存放位置."""

    __tablename__ = "pathology_places"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(60))
    room: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[int]
    note: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (UniqueConstraint("kind", "room", "name"),)


class KeptRow(Base):
    """An archived object; the key keeps it in one place. Lent objects keep their row, which names the loan."""

    __tablename__ = "pathology_kept"

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    object_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[int] = mapped_column(ForeignKey("pathology_places.id"), index=True)
    archived_by: Mapped[str] = mapped_column(String(80))
    archived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    loan_id: Mapped[int | None]

    __table_args__ = (Index("ix_pathology_kept_at", "kind", "archived_at"),)


class LoanRow(Versioned, Base):
    """借阅登记."""

    __tablename__ = "pathology_loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    purpose: Mapped[str] = mapped_column(String(200))
    borrower: Mapped[dict[str, object]] = mapped_column(JSON)
    borrower_name: Mapped[str] = mapped_column(String(80), index=True)
    deposit_fen: Mapped[int]
    refund_fen: Mapped[int] = mapped_column(default=0)
    lent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lent_by: Mapped[str] = mapped_column(String(80))
    due_day: Mapped[date] = mapped_column(Date)
    is_open: Mapped[bool] = mapped_column(Boolean, index=True)
    has_loss: Mapped[bool] = mapped_column(Boolean, default=False)
    outside_diagnosis: Mapped[str] = mapped_column(String(4000), default="")
    document_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(500), default="")


class LoanItemRow(Base):
    """One object of a loan."""

    __tablename__ = "pathology_loan_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("pathology_loans.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    object_id: Mapped[int]
    case_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(8))
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_to: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")


class KeepingSettingRow(Base):
    """One row: retention times."""

    __tablename__ = "pathology_keeping_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    retention: Mapped[dict[str, int]] = mapped_column(JSON)

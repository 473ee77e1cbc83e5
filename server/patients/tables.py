"""Rows of patients; indexed for the searches of a hospital with a million of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.kernel.database.text import ordered_text


class PatientRow(Versioned, Base):
    """A patient. Empty texts mean unknown; `linked_to` names the record that stands for the same person."""

    __tablename__ = "patients"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(ordered_text(64), index=True)
    pinyin: Mapped[str] = mapped_column(String(64))
    pinyin_flat: Mapped[str] = mapped_column(ordered_text(64), index=True)
    initials: Mapped[str] = mapped_column(ordered_text(16), index=True)
    sex: Mapped[str] = mapped_column(String(1))
    birth_date: Mapped[date | None] = mapped_column(Date, index=True)
    card_number: Mapped[str] = mapped_column(ordered_text(32), index=True)
    id_number: Mapped[str] = mapped_column(ordered_text(32), index=True)
    inpatient_number: Mapped[str] = mapped_column(ordered_text(32), index=True)
    health_check_number: Mapped[str] = mapped_column(ordered_text(32), index=True)
    phone: Mapped[str] = mapped_column(ordered_text(32), index=True)
    address: Mapped[str] = mapped_column(String(200))
    id_kind: Mapped[str] = mapped_column(String(24), server_default="")
    linked_to: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PatientLinkRow(Base):
    """The trace of linking and separating two records of one person (RIS-EX-05)."""

    __tablename__ = "patient_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    is_linked: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))
    user_name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

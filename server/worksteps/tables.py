"""Rows of workitems."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class Workitem(Versioned, Base):
    """A unified procedure step. `body` is its data set as DICOM JSON (gzip); columns beside it are for searching."""

    __tablename__ = "workitems"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(16))  # rules.StepState
    transaction_hash: Mapped[str] = mapped_column(String(64), default="")  # SHA-256 of the performer's lock
    priority: Mapped[str] = mapped_column(String(16), default="")
    label: Mapped[str] = mapped_column(String(64), default="")
    patient_id: Mapped[str] = mapped_column(String(64), default="")
    scheduled_at: Mapped[str] = mapped_column(String(26), default="")  # DT as it came
    created_by: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancel_asked: Mapped[str] = mapped_column(String(200), default="")  # who asked, and the reason
    body: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("ix_workitems_state_scheduled_at", "state", "scheduled_at"),
        Index("ix_workitems_patient_id", "patient_id"),
    )

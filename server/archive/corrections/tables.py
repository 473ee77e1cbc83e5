"""Rows of corrections: events with what they changed, and where later images of merged entities go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database.base import Base, UtcDateTime


class CorrectionEvent(Base):
    """What was corrected, by whom and why. `journal` holds the rows before and after (msgpack, see journal.py)."""

    __tablename__ = "correction_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(400))
    changes: Mapped[list[list[str | None]]] = mapped_column(JSON)  # keyword, before, after
    sentence: Mapped[str] = mapped_column(String(400))
    journal: Mapped[bytes] = mapped_column(LargeBinary)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    undone_by: Mapped[str] = mapped_column(String(64), default="")
    undo_reason: Mapped[str] = mapped_column(String(400), default="")

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's; ids tell the order of events


class CorrectedStudy(Base):
    """A study that an event changed; by UID, because studies come and go."""

    __tablename__ = "corrected_studies"

    event_id: Mapped[int] = mapped_column(ForeignKey("correction_events.id"), primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)


class StudyRedirect(Base):
    """A study that was merged into another: its later images go there."""

    __tablename__ = "study_redirects"

    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    target_uid: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[int] = mapped_column(ForeignKey("correction_events.id"), index=True)


class PatientRedirect(Base):
    """A patient that was merged into another: his later studies take the other's identity."""

    __tablename__ = "patient_redirects"

    identity: Mapped[str] = mapped_column(String, primary_key=True)  # as image_patients.identity
    correction: Mapped[bytes] = mapped_column(LargeBinary)  # an overlay of the patient's attributes
    event_id: Mapped[int] = mapped_column(ForeignKey("correction_events.id"), index=True)


class RedirectedSeries(Base):
    """A series that came for a merged study and was put into the other one; undoing the merge moves it back."""

    __tablename__ = "redirected_series"

    series_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("correction_events.id"), index=True)


class RejectedInstance(Base):
    """An instance that a rejection note names; one that comes later than its note is rejected on arrival."""

    __tablename__ = "rejected_instances"

    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(16))
    note_uid: Mapped[str] = mapped_column(String(64), default="")
    event_id: Mapped[int | None] = mapped_column(ForeignKey("correction_events.id"), default=None, index=True)


class RejectionNote(Base):
    """The note of a rejection by a person: its SOP Instance UID, what it says (msgpack), and how far it came."""

    __tablename__ = "rejection_notes"

    event_id: Mapped[int] = mapped_column(ForeignKey("correction_events.id"), primary_key=True)
    sop_uid: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    is_begun: Mapped[bool] = mapped_column(default=False)
    is_sent: Mapped[bool] = mapped_column(default=False)
    is_withdrawn: Mapped[bool] = mapped_column(default=False)


class ReadNote(Base):
    """A key object document that was looked at for a rejection."""

    __tablename__ = "read_rejection_notes"

    uid: Mapped[str] = mapped_column(String(64), primary_key=True)

"""Rows of applications, exams, slots and performed steps.

An exam keeps a copy of what lists show of the patient and the report: a list of 500,000 exams is then one index.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.kernel.database.text import ordered_text


class ApplicationRow(Versioned, Base):
    """An application. `body` is the msgpack of what was handed in (service.ApplicationBody)."""

    __tablename__ = "applications"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_type: Mapped[str] = mapped_column(String(8))
    patient_type: Mapped[str] = mapped_column(String(16))
    card_number: Mapped[str] = mapped_column(String(32), index=True)
    health_check_number: Mapped[str] = mapped_column(String(32), index=True)
    id_number: Mapped[str] = mapped_column(String(32), index=True)
    his_number: Mapped[str | None] = mapped_column(String(64), unique=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    exam_id: Mapped[int | None] = mapped_column(index=True)
    patient_key: Mapped[str] = mapped_column(String(64), default="", index=True)  # the hospital system's own number
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    # what the search of requests of the ECG network asks for; `ecg_exam_id` is the exam that it was registered as there
    ecg_exam_id: Mapped[int | None] = mapped_column(index=True)
    patient_name: Mapped[str] = mapped_column(ordered_text(64), default="", server_default="")
    name_keys: Mapped[str] = mapped_column(String(100), default="", server_default="")  # pinyin and initials
    inpatient_number: Mapped[str] = mapped_column(String(32), default="", server_default="")
    visit_kind: Mapped[str] = mapped_column(String(16), default="", server_default="")
    campus_id: Mapped[int | None] = mapped_column(default=None)  # for which it was made; None: nobody said

    __table_args__ = (Index("ix_applications_received", "exam_type", "received_at", "id"),)


class ExamTableRow(Versioned, Base):
    """An exam. `body` is the msgpack of what only the details show (service.ExamBody)."""

    __tablename__ = "exams"

    id: Mapped[int] = mapped_column(primary_key=True)
    accession_number: Mapped[str] = mapped_column(String(16), unique=True)
    image_number: Mapped[str] = mapped_column(String(16), unique=True)
    study_uid: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    registration_state: Mapped[str] = mapped_column(String(16))
    exam_type: Mapped[str] = mapped_column(String(8))
    campus_id: Mapped[int]
    room_id: Mapped[int]
    priority: Mapped[int]
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    patient_number: Mapped[str] = mapped_column(String(16))
    patient_name: Mapped[str] = mapped_column(ordered_text(64))
    pinyin: Mapped[str] = mapped_column(String(64))
    pinyin_flat: Mapped[str] = mapped_column(ordered_text(64))
    initials: Mapped[str] = mapped_column(ordered_text(16))
    sex: Mapped[str] = mapped_column(String(1))
    birth_date: Mapped[date | None] = mapped_column(Date)
    card_number: Mapped[str] = mapped_column(ordered_text(32))
    patient_type: Mapped[str] = mapped_column(String(16))  # the class that orders lists
    patient_kind: Mapped[str] = mapped_column(String(16), default="", server_default="")  # as configured
    is_in_arrears: Mapped[bool]

    items_text: Mapped[str] = mapped_column(String(200))
    body_part: Mapped[str] = mapped_column(String(100))
    his_number: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[int | None] = mapped_column(index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)

    has_images: Mapped[bool] = mapped_column(default=False)
    image_count: Mapped[int] = mapped_column(default=0)
    report_id: Mapped[int | None]
    report_state: Mapped[str | None] = mapped_column(String(16))

    visit_kind: Mapped[str] = mapped_column(String(16), default="outpatient", server_default="outpatient")
    is_no_show: Mapped[bool] = mapped_column(default=False, server_default=false())
    reschedules: Mapped[int] = mapped_column(default=0, server_default="0")
    referral_id: Mapped[int | None] = mapped_column(index=True)
    referral_state: Mapped[str | None] = mapped_column(String(16))
    from_campus_id: Mapped[int | None]

    __table_args__ = (
        # the order of every list, and the count of each registration state, straight from an index
        Index("ix_exams_order", "priority", "planned_at", "id"),
        Index("ix_exams_planned", "planned_at", "registration_state"),
        Index("ix_exams_registered", "registered_at", "registration_state"),
        Index("ix_exams_finished", "finished_at"),
        Index("ix_exams_registration_state", "registration_state", "priority", "planned_at", "id"),
        Index("ix_exams_worklist", "state", "planned_at"),
        Index("ix_exams_patient_name", "patient_name"),
        Index("ix_exams_pinyin_flat", "pinyin_flat"),
        Index("ix_exams_initials", "initials"),
        Index("ix_exams_card_number", "card_number"),
        Index("ix_exams_his_number", "his_number"),
    )


class ExamStepRow(Base):
    """One step of an exam's life, as the transition table words it; never changed."""

    __tablename__ = "exam_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    fact: Mapped[str] = mapped_column(String(100))
    user_name: Mapped[str] = mapped_column(String(64))


class ExamStudyRow(Base):
    """A study whose images belong to an exam, as the archive told it."""

    __tablename__ = "exam_studies"

    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), index=True)
    series_count: Mapped[int]
    instance_count: Mapped[int]


class RoomHoursRow(Base):
    """Open hours of a room on a weekday (0 is Monday), in minutes of the hospital's day."""

    __tablename__ = "room_hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(index=True)
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]
    slot_minutes: Mapped[int]
    capacity: Mapped[int]
    quotas: Mapped[str] = mapped_column(String(100), default="", server_default="")  # "inpatient:4 health_check:2"


class SlotRow(Base):
    """A bookable time of a room."""

    __tablename__ = "slots"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    capacity: Mapped[int]

    __table_args__ = (UniqueConstraint("room_id", "starts_at"), Index("ix_slots_day", "room_id", "day"))


class BookingRow(Base):
    """A place in a slot: an exam's, or held for a clerk until `expires_at`."""

    __tablename__ = "bookings"

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id"), index=True)
    exam_id: Mapped[int | None] = mapped_column(ForeignKey("exams.id"), unique=True)
    user_id: Mapped[int]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(16), default="outpatient", server_default="outpatient")  # VisitKind
    minutes: Mapped[int] = mapped_column(default=0, server_default="0")  # what the exam needs; 0: one slot


class PerformedStepRow(Base):
    """A Modality Performed Procedure Step (PS3.4 F.7). `attributes` is the msgpack of what the device sent."""

    __tablename__ = "performed_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    sop_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(16))
    station_ae: Mapped[str] = mapped_column(String(16))
    modality: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    series_count: Mapped[int]
    image_count: Mapped[int]
    attributes: Mapped[bytes] = mapped_column(LargeBinary)


class PerformedStepExamRow(Base):
    """An exam that a performed step is about; one step may perform several (PS3.17 K.4.2, group case)."""

    __tablename__ = "performed_step_exams"

    step_id: Mapped[int] = mapped_column(ForeignKey("performed_steps.id"), primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), primary_key=True, index=True)
    study_uid: Mapped[str] = mapped_column(String(64), index=True)

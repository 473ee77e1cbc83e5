"""Rows of libraries, case numbers, cases, their flags, words and charges, and the events of everything in a case."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, Float, ForeignKey, Index, Integer, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.kernel.database.text import ordered_text

NUMBER = 24
"""Characters of a case number; specimens, blocks and slides have eight more."""


class LibraryRow(Versioned, Base):
    """病例库."""

    __tablename__ = "pathology_libraries"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(12))
    prefix: Mapped[str] = mapped_column(String(6))
    date_part: Mapped[str] = mapped_column(String(10))
    serial_width: Mapped[int]
    reset: Mapped[str] = mapped_column(String(6))
    single_piece: Mapped[bool] = mapped_column(Boolean, server_default=true())
    two_at_grossing: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    retention_days: Mapped[int] = mapped_column(server_default="14")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=true())
    position: Mapped[int]


class NumberRow(Base):
    """A case number that was ever given. Its key keeps numbers unique, whoever registers at the same moment.

    `use`: current · former (of a case that was moved to another library) · free (of a deleted case) · kept (of a
    deleted case whose blocks or slides exist: the number stands on them and is never given again).
    """

    __tablename__ = "pathology_numbers"

    number: Mapped[str] = mapped_column(ordered_text(NUMBER), primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    use: Mapped[str] = mapped_column(String(8))


class CaseRow(Versioned, Base):
    """病例. The whole entry page stands in `entry`; what lists show and search has columns of its own."""

    __tablename__ = "pathology_cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(default=1)
    library_id: Mapped[int] = mapped_column(ForeignKey("pathology_libraries.id"))
    number: Mapped[str | None] = mapped_column(ordered_text(NUMBER), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    unlocked_state: Mapped[str] = mapped_column(String(12), default="")  # what 取消审核 leads back to
    entry: Mapped[dict[str, object]] = mapped_column(JSON)
    patient_id: Mapped[int | None] = mapped_column(Integer, index=True)
    patient_name: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    age_years: Mapped[float | None] = mapped_column(Float)
    birth_date: Mapped[date | None] = mapped_column(Date)
    application_number: Mapped[str] = mapped_column(String(64))
    hospital_patient_id: Mapped[str] = mapped_column(String(64))
    outpatient_number: Mapped[str] = mapped_column(String(64))
    inpatient_number: Mapped[str] = mapped_column(String(64))
    id_number: Mapped[str] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(120))
    bed: Mapped[str] = mapped_column(String(32))
    sending_unit: Mapped[str] = mapped_column(String(120))
    sending_doctor: Mapped[str] = mapped_column(String(80))
    specimen_type: Mapped[str] = mapped_column(String(80))
    specimen_name: Mapped[str] = mapped_column(String(200))
    clinical_diagnosis: Mapped[str] = mapped_column(String(500))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by_id: Mapped[int]
    registered_by: Mapped[str] = mapped_column(String(80))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delay_reason: Mapped[str] = mapped_column(String(500), default="")
    first_doctor: Mapped[str] = mapped_column(String(80), default="")
    chief_doctor: Mapped[str] = mapped_column(String(80), default="")
    second_doctor: Mapped[str] = mapped_column(String(80), default="")
    auditor: Mapped[str] = mapped_column(String(80), default="")
    gross_version: Mapped[int] = mapped_column(default=1)
    gross_description: Mapped[str] = mapped_column(Text, default="")
    gross_recorder: Mapped[str] = mapped_column(String(80), default="")
    gross_recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    charges_version: Mapped[int] = mapped_column(default=1)
    label_prints: Mapped[int] = mapped_column(default=0, server_default="0")  # of the case's own barcode
    last_specimen: Mapped[int] = mapped_column(default=0)  # serials are never given twice, even after a deletion
    place: Mapped[str] = mapped_column(String(120), default="")
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    placed_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        # with number and state, so that a walk that passes over many cases does not read their rows
        Index("ix_pathology_cases_list", "library_id", "registered_at", "id", "number", "state"),
        Index("ix_pathology_cases_states", "library_id", "state", "registered_at", "id"),
        Index("ix_pathology_cases_received", "received_at"),
    )


class FlagRow(Base):
    """A flag of a case (PA-SM-CASE), with who set it and why; the case's library and date again, to list by flags."""

    __tablename__ = "pathology_case_flags"

    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), primary_key=True)
    flag: Mapped[str] = mapped_column(String(16), primary_key=True)
    library_id: Mapped[int]
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(500))

    __table_args__ = (Index("ix_pathology_case_flags_list", "flag", "library_id", "registered_at", "case_id"),)


class WordRow(Base):
    """What a case is found by: each end of the name, its pinyin and initials, and the patient's numbers, folded."""

    __tablename__ = "pathology_case_words"

    word: Mapped[str] = mapped_column(ordered_text(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), primary_key=True)

    __table_args__ = (Index("ix_pathology_case_words_case", "case_id", "word"),)


class ChargeRow(Base):
    """A line of charges."""

    __tablename__ = "pathology_charges"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[int]
    price_fen: Mapped[int]
    order_id: Mapped[int | None]
    is_paid: Mapped[bool]
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_pathology_charges_at", "at"),)


class ChallengeRow(Base):
    """The random password of a deletion that has begun."""

    __tablename__ = "pathology_deletions"

    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    password: Mapped[str] = mapped_column(String(16))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EventRow(Base):
    """What happened to a case, specimen, block or slide. The database itself refuses to change or delete one."""

    __tablename__ = "pathology_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"))
    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[int]
    number: Mapped[str] = mapped_column(String(NUMBER + 16))
    action: Mapped[str] = mapped_column(String(20))
    before: Mapped[str] = mapped_column(String(12))
    after: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    station: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(500))

    __table_args__ = (
        Index("ix_pathology_events_case", "case_id", "id"),
        Index("ix_pathology_events_object", "kind", "object_id", "id"),
    )

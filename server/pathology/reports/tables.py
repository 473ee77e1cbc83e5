"""Rows of opinions, reports, editions and logs, consultations, frozen sections, checklists, codes and collections."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class Opinion(Versioned, Base):
    """One doctor's opinion in a case; the row of OpinionText that `text_number` names is the present text."""

    __tablename__ = "pathology_opinions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    doctor_id: Mapped[int] = mapped_column(Integer)
    doctor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text_number: Mapped[int] = mapped_column(Integer, default=0)
    is_draft: Mapped[bool] = mapped_column(Boolean, default=True)
    seal: Mapped[str] = mapped_column(String(64), default="")
    consultation_id: Mapped[int] = mapped_column(Integer, default=0)
    report_id: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (Index("ix_pathology_opinions_doctor", "doctor_id", "case_id"),)


class OpinionVersion(Base):
    """A kept version of an opinion; automatic saves of one sitting replace each other."""

    __tablename__ = "pathology_opinion_texts"

    opinion_id: Mapped[int] = mapped_column(ForeignKey("pathology_opinions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_automatic: Mapped[bool] = mapped_column(Boolean)
    findings: Mapped[str] = mapped_column(Text)
    diagnosis: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text)


class Report(Versioned, Base):
    """One report of a case. Ids count from shared.domain.pathology_reports.FIRST_REPORT_ID."""

    __tablename__ = "pathology_reports"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[int] = mapped_column(Integer)  # within case and kind
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_id: Mapped[int] = mapped_column(Integer, default=0)
    author: Mapped[str] = mapped_column(String(80), default="")
    auditor_id: Mapped[int] = mapped_column(Integer, default=0)
    auditor: Mapped[str] = mapped_column(String(80), default="")
    audited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text_number: Mapped[int] = mapped_column(Integer, default=0)
    edition: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str] = mapped_column(String(1000), default="")  # of the withdrawal, until audited again
    format_key: Mapped[str] = mapped_column(String(32), default="")  # empty: by the number of images
    print_count: Mapped[int] = mapped_column(Integer, default=0)
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    printed_by: Mapped[str] = mapped_column(String(80), default="")
    send_count: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[str] = mapped_column(String(80), default="")
    seal: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        UniqueConstraint("case_id", "kind", "number"),
        Index("ix_pathology_reports_audited", "audited_at"),
    )


class ReportVersion(Base):
    """A kept version of a report's text; what was audited stays for ever."""

    __tablename__ = "pathology_report_texts"

    report_id: Mapped[int] = mapped_column(ForeignKey("pathology_reports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    gross: Mapped[str] = mapped_column(Text, default="")
    findings: Mapped[str] = mapped_column(Text)
    diagnosis: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text)
    synoptic: Mapped[str] = mapped_column(Text, default="")


class ReportEdition(Base):
    """An audited edition: the canonical bytes, their seal, who audited, and why the one before was withdrawn."""

    __tablename__ = "pathology_report_editions"

    report_id: Mapped[int] = mapped_column(ForeignKey("pathology_reports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    text_number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    author: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(1000), default="")
    seal: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class ReportLogLine(Base):
    """A line of the report log; only ever added to."""

    __tablename__ = "pathology_report_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    report_id: Mapped[int] = mapped_column(Integer, default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(String(1000), default="")


class NamedDoctorRow(Base):
    """Who was asked to take a role in a case; the last naming counts."""

    __tablename__ = "pathology_named_doctors"

    case_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    doctor_id: Mapped[int] = mapped_column(Integer)
    doctor: Mapped[str] = mapped_column(String(80))
    named_by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_pathology_named_doctors_doctor", "doctor_id", "role"),)


class CaseClock(Base):
    """What the lists of this area need of a case: its clock and how far its report is; kept with each step."""

    __tablename__ = "pathology_report_clocks"

    case_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    library: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    audited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_delayed: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (
        Index("ix_pathology_report_clocks_due", "audited_at", "due_at"),
        Index("ix_pathology_report_clocks_state", "state", "case_id"),
    )


class CasePerson(Base):
    """Who took part in a case with an opinion or an audit: what 我的… lists run on."""

    __tablename__ = "pathology_case_people"

    case_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    doctor_id: Mapped[int] = mapped_column(Integer, primary_key=True)

    __table_args__ = (Index("ix_pathology_case_people_doctor", "doctor_id", "case_id"),)


class Consultation(Base):
    """A consultation in the department."""

    __tablename__ = "pathology_consultations"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    started_by_id: Mapped[int] = mapped_column(Integer)
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    question: Mapped[str] = mapped_column(String(1000))
    conclusion: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class ConsultationDoctor(Base):
    """A participant of a consultation, and the opinion that was given."""

    __tablename__ = "pathology_consultation_doctors"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("pathology_consultations.id"), primary_key=True)
    doctor_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    doctor: Mapped[str] = mapped_column(String(80))
    opinion_id: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (Index("ix_pathology_consultation_doctors_doctor", "doctor_id", "opinion_id"),)


class DelayRow(Base):
    """A delay of a report with its reason."""

    __tablename__ = "pathology_delays"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(1000))
    until: Mapped[date | None] = mapped_column(Date)


class FrozenSection(Base):
    """The moments of a case's frozen section, its read-back and its comparison with the permanent sections."""

    __tablename__ = "pathology_frozen_sections"

    case_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    sectioned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    target_minutes: Mapped[int] = mapped_column(Integer, default=0)
    library: Mapped[str] = mapped_column(String(16), default="")
    read_back_to: Mapped[str] = mapped_column(String(80), default="")
    read_back_by: Mapped[str] = mapped_column(String(80), default="")
    read_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    concordance: Mapped[str] = mapped_column(String(16), default="")
    concordance_note: Mapped[str] = mapped_column(String(1000), default="")
    judged_by: Mapped[str] = mapped_column(String(80), default="")
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FilledRow(Versioned, Base):
    """The present answers of a case's checklist; `body` is JSON of FormContent."""

    __tablename__ = "pathology_checklists"

    case_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(32))
    checklist_version: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(String(80), index=True)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_gone: Mapped[bool] = mapped_column(Boolean, default=False)


class FilledVersion(Base):
    """An earlier version of a case's answers."""

    __tablename__ = "pathology_checklist_versions"

    case_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(32))
    checklist_version: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(String(80))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CodeRow(Base):
    """A code of a case."""

    __tablename__ = "pathology_case_codes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    position: Mapped[int] = mapped_column(Integer)
    system: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(32))
    meaning: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_pathology_case_codes_code", "system", "code", "case_id"),)


class FollowUp(Versioned, Base):
    """追踪随访 of a case."""

    __tablename__ = "pathology_follow_ups"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(Integer, index=True)
    due_on: Mapped[date] = mapped_column(Date)
    contact: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    result: Mapped[str] = mapped_column(Text, default="")
    agrees: Mapped[str] = mapped_column(String(16), default="")
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_pathology_follow_ups_due", "closed_at", "due_on"),)


class Favourite(Base):
    """A case in an account's collection."""

    __tablename__ = "pathology_favourites"

    owner_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    folder: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(400), default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PolicyRow(Versioned, Base):
    """The policy of reports, one row; `body` is JSON of contract.ReportPolicy."""

    __tablename__ = "pathology_report_policy"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)

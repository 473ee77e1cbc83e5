"""Rows of the reporting area. What the diagnosis list shows and filters stands in the report's own row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class Report(Versioned, Base):
    """A report with the exam's facts as the list shows them (refreshed whenever the exam changes).

    `version` counts states and texts, the things a stale save could destroy; locks, pictures and the exam's facts
    do not count, or a doctor's save would be refused because an image arrived.
    """

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    exam_id: Mapped[int] = mapped_column(Integer, unique=True)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # facts of the exam
    priority: Mapped[int] = mapped_column(Integer)  # 0 emergency, 1 VIP, 2 ordinary
    exam_state: Mapped[str] = mapped_column(String(16))
    accession_number: Mapped[str] = mapped_column(String(32), index=True)
    image_number: Mapped[str] = mapped_column(String(32), index=True)
    patient_id: Mapped[int] = mapped_column(Integer, index=True)
    patient_number: Mapped[str] = mapped_column(String(64), index=True)
    patient_name: Mapped[str] = mapped_column(String(120), index=True)
    search_name: Mapped[str] = mapped_column(String(300))  # name, pinyin, initials, in lower case
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    patient_type: Mapped[str] = mapped_column(String(16))
    exam_type: Mapped[str] = mapped_column(String(16))
    campus_id: Mapped[int] = mapped_column(Integer)
    room_id: Mapped[int] = mapped_column(Integer)
    room_name: Mapped[str] = mapped_column(String(80))
    body_part: Mapped[str] = mapped_column(String(200))
    items: Mapped[str] = mapped_column(String(1000))
    examined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str] = mapped_column(String(80))
    requesting_doctor: Mapped[str] = mapped_column(String(80))
    requesting_department: Mapped[str] = mapped_column(String(120))
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    study_uids: Mapped[str] = mapped_column(Text)  # one per line
    image_count: Mapped[int] = mapped_column(Integer)
    visit_kind: Mapped[str] = mapped_column(String(16), default="outpatient", server_default="outpatient")
    age_years: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # of `age`, for ranges
    device_ae: Mapped[str] = mapped_column(String(16), default="", server_default="")

    # people and times
    diagnosing_id: Mapped[int] = mapped_column(Integer, default=0)
    diagnosing_doctor: Mapped[str] = mapped_column(String(80), default="")
    auditing_id: Mapped[int] = mapped_column(Integer, default=0)
    auditing_doctor: Mapped[str] = mapped_column(String(80), default="")
    diagnosed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    was_returned: Mapped[bool] = mapped_column(Boolean, default=False)
    print_count: Mapped[int] = mapped_column(Integer, default=0)
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last
    state_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by when it should be approved
    warn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # from when the list warns

    # lock
    holder_id: Mapped[int] = mapped_column(Integer, default=0)
    holder_name: Mapped[str] = mapped_column(String(80), default="")
    lock_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unlocked_by: Mapped[str] = mapped_column(String(80), default="")
    away_to: Mapped[str] = mapped_column(String(200), default="", server_default="")  # who writes it elsewhere
    away_ids: Mapped[str] = mapped_column(Text, default="", server_default="")  # the accounts there that may act now

    # text and seal
    text_number: Mapped[int] = mapped_column(Integer, default=0)  # 0: nothing was written
    submitted_number: Mapped[int] = mapped_column(Integer, default=0)
    edition: Mapped[int] = mapped_column(Integer, default=0)  # approved editions so far; 0 before the first approval
    revision_reason: Mapped[str] = mapped_column(String(1000), default="")  # empty unless withdrawn and not approved
    seal: Mapped[str] = mapped_column(String(64), default="")
    # the canonical bytes that the seal hashes; lists do not read them
    sealed: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)

    __table_args__ = (
        # The whole list runs on this one: order, day range, counts per state and the usual filters without the row.
        Index(
            "ix_reports_worklist",
            "priority",
            "examined_at",
            "state",
            "exam_type",
            "campus_id",
            "room_id",
            "diagnosed_at",
            "search_name",
        ),
        Index("ix_reports_counts", "priority", "state", "examined_at"),
        Index("ix_reports_due", "state", "due_at"),
        Index("ix_reports_examined", "examined_at"),
        Index("ix_reports_printed", "printed_at"),
        Index("ix_reports_alike", "exam_type", "approved_at"),
    )

    def is_entrusted_to(self, user_id: int) -> bool:
        """Whether an account of another hospital writes or audits this report now."""
        return str(user_id) in self.away_ids.split()


class ReportText(Base):
    """A kept version of the text; the row that `Report.text_number` names is the present one.

    Automatic saves of one sitting replace each other, everything done by hand stays for ever.
    """

    __tablename__ = "report_texts"

    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    is_automatic: Mapped[bool] = mapped_column(Boolean)
    findings: Mapped[str] = mapped_column(Text)
    impression: Mapped[str] = mapped_column(Text)
    critical_value: Mapped[str] = mapped_column(String(16))
    hp: Mapped[str] = mapped_column(String(16))
    image_quality: Mapped[str] = mapped_column(String(16))
    report_quality: Mapped[str] = mapped_column(String(16))
    choices: Mapped[str] = mapped_column(Text, default="", server_default="")  # JSON object; empty: none
    form: Mapped[str] = mapped_column(Text, default="", server_default="")  # the structured form as JSON


class ReportLog(Base):
    """One line of the operation log."""

    __tablename__ = "report_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(32))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)


class ReportReturn(Base):
    """One 驳回 with its reason."""

    __tablename__ = "report_returns"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)


class _Attached:
    """What key images and measurements share: an auditor who gives up must find them as they were submitted."""

    is_audit_addition: Mapped[bool] = mapped_column(Boolean, default=False)
    is_removed: Mapped[bool] = mapped_column(Boolean, default=False)
    is_audit_removal: Mapped[bool] = mapped_column(Boolean, default=False)


class KeyImage(_Attached, Base):
    """A picture chosen in the viewer; the PNG is a document."""

    __tablename__ = "report_key_images"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    study_uid: Mapped[str] = mapped_column(String(64))
    series_uid: Mapped[str] = mapped_column(String(64))
    instance_uid: Mapped[str] = mapped_column(String(64))
    frame: Mapped[int] = mapped_column(Integer)
    caption: Mapped[str] = mapped_column(String(400))
    document_id: Mapped[int] = mapped_column(Integer)


class Measurement(_Attached, Base):
    """A measurement sent from the viewer."""

    __tablename__ = "report_measurements"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    instance_uid: Mapped[str] = mapped_column(String(64))
    frame: Mapped[int] = mapped_column(Integer)
    label: Mapped[str] = mapped_column(String(200))
    value: Mapped[float] = mapped_column(Float)
    unit: Mapped[str] = mapped_column(String(16))


class SavedQuery(Base):
    """A named set of conditions of one account; `body` is the filter as JSON."""

    __tablename__ = "report_saved_queries"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[int] = mapped_column(Integer, index=True)
    name: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    today_only: Mapped[bool] = mapped_column(Boolean)
    is_default: Mapped[bool] = mapped_column(Boolean)


class TimeLimitsRow(Versioned, Base):
    """The time limits of reports: one row, JSON of shared.contract.worklist.TimeLimits. No row: the defaults."""

    __tablename__ = "report_time_limits"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class KeptForecast(Base):
    """A forecast of missed limits, kept at most once per quarter of an hour; `slot` is the quarter since 1970."""

    __tablename__ = "report_forecasts"

    slot: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    open_count: Mapped[int] = mapped_column(Integer)
    pace_per_hour: Mapped[float] = mapped_column(Float)
    expected: Mapped[int] = mapped_column(Integer)
    came: Mapped[int | None] = mapped_column(Integer)  # None until `until` is over


class Template(Base):
    """A template or phrase; owner 0 is the public ones."""

    __tablename__ = "report_templates"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[int] = mapped_column(Integer, index=True)
    is_phrase: Mapped[bool] = mapped_column(Boolean)
    folder: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(120))
    exam_type: Mapped[str] = mapped_column(String(16))
    findings: Mapped[str] = mapped_column(Text)
    impression: Mapped[str] = mapped_column(Text)

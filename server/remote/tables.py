"""Rows of remote consultation: teams, requests, kept texts, history, notices, limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class RemoteTeamRow(Versioned, Base):
    """专家组 of a hospital."""

    __tablename__ = "remote_teams"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    campus_id: Mapped[int] = mapped_column(Integer)
    phone: Mapped[str] = mapped_column(String(40), default="")
    is_active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    two_level: Mapped[bool] = mapped_column(Boolean, default=False)
    audits_reports: Mapped[bool] = mapped_column(Boolean, default=False)


class RemoteMemberRow(Base):
    """A doctor of a team."""

    __tablename__ = "remote_team_members"

    team_id: Mapped[int] = mapped_column(ForeignKey("remote_teams.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


class RemoteRequestRow(Versioned, Base):
    """A request, with what its lists show of the exam. `text_number` names the present text; 0: none was written."""

    __tablename__ = "remote_requests"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    exam_id: Mapped[int] = mapped_column(Integer, index=True)
    report_id: Mapped[int] = mapped_column(Integer, index=True)
    patient_id: Mapped[int] = mapped_column(Integer)
    accession_number: Mapped[str] = mapped_column(String(32))
    patient_number: Mapped[str] = mapped_column(String(64))
    patient_name: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    exam_type: Mapped[str] = mapped_column(String(16))
    items: Mapped[str] = mapped_column(String(1000))
    examined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    study_uids: Mapped[str] = mapped_column(Text)  # one per line
    image_count: Mapped[int] = mapped_column(Integer)
    prior_exam_ids: Mapped[str] = mapped_column(String(400), default="")

    urgency: Mapped[str] = mapped_column(String(16))
    urgency_rank: Mapped[int] = mapped_column(Integer)  # 0 first
    team_id: Mapped[int] = mapped_column(ForeignKey("remote_teams.id"))
    team: Mapped[str] = mapped_column(String(100))
    to_campus_id: Mapped[int] = mapped_column(Integer)
    from_campus_id: Mapped[int] = mapped_column(Integer)
    two_level: Mapped[bool] = mapped_column(Boolean)  # as the team was when it was asked
    audits_reports: Mapped[bool] = mapped_column(Boolean)
    applicant_id: Mapped[int] = mapped_column(Integer)
    applicant: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(40), default="")
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body_part: Mapped[str] = mapped_column(String(200), default="")
    scan: Mapped[str] = mapped_column(String(200), default="")
    history: Mapped[str] = mapped_column(String(1000), default="")
    clinical_diagnosis: Mapped[str] = mapped_column(String(1000), default="")
    question: Mapped[str] = mapped_column(String(1000), default="")
    first_findings: Mapped[str] = mapped_column(Text, default="")
    first_impression: Mapped[str] = mapped_column(Text, default="")

    holder_id: Mapped[int] = mapped_column(Integer, default=0)
    holder: Mapped[str] = mapped_column(String(80), default="")
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    auditor_id: Mapped[int] = mapped_column(Integer, default=0)
    auditor: Mapped[str] = mapped_column(String(80), default="")
    text_number: Mapped[int] = mapped_column(Integer, default=0)
    published_number: Mapped[int] = mapped_column(Integer, default=0)  # what the asking hospital sees
    is_critical: Mapped[bool] = mapped_column(Boolean, default=False)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(80), default="")
    adjusted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str] = mapped_column(String(80), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # returned or withdrawn
    reason: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (
        Index("ix_remote_requests_incoming", "team_id", "state", "applied_at"),
        Index("ix_remote_requests_outgoing", "from_campus_id", "applied_at"),
        Index("ix_remote_requests_to", "to_campus_id", "applied_at"),
    )


class RemoteTextRow(Base):
    """A kept version of an opinion; automatic saves of one sitting replace each other."""

    __tablename__ = "remote_texts"

    request_id: Mapped[int] = mapped_column(ForeignKey("remote_requests.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    is_automatic: Mapped[bool] = mapped_column(Boolean)
    is_published: Mapped[bool] = mapped_column(Boolean, default=False)
    is_critical: Mapped[bool] = mapped_column(Boolean, default=False)
    findings: Mapped[str] = mapped_column(Text)
    impression: Mapped[str] = mapped_column(Text)


class RemoteLogRow(Base):
    """A line of the history of states and actors; only ever added to."""

    __tablename__ = "remote_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("remote_requests.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    is_asking_side: Mapped[bool] = mapped_column(Boolean)
    action: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(1000), default="")


class RemoteNoticeRow(Base):
    """A notice to one account, kept until it is read."""

    __tablename__ = "remote_notices"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[int] = mapped_column(ForeignKey("remote_requests.id"))
    is_asking_side: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    hospital: Mapped[str] = mapped_column(String(100), default="")
    by: Mapped[str] = mapped_column(String(80), default="")
    text: Mapped[str] = mapped_column(String(1000), default="")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_remote_notices_user", "user_id", "read_at", "id"),
        Index("ix_remote_notices_request", "request_id", "kind"),
    )


class RemotePolicyRow(Versioned, Base):
    """Limits of the clocks, one row; `body` is JSON of contract.RemotePolicy."""

    __tablename__ = "remote_policy"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)

"""Rows of consultations: teams, applications, their trail, notices, limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class EcgTeamRow(Versioned, Base):
    """受邀团队 of a higher hospital."""

    __tablename__ = "ecg_teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    campus_id: Mapped[int] = mapped_column(index=True)
    phone: Mapped[str] = mapped_column(String(40), default="")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())


class EcgTeamMemberRow(Base):
    """A doctor of a team."""

    __tablename__ = "ecg_team_members"

    team_id: Mapped[int] = mapped_column(ForeignKey("ecg_teams.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    position: Mapped[int] = mapped_column(default=0)


class EcgConsultationRow(Versioned, Base):
    """A consultation, with what its lists show of the exam; `danger_rank` and `urgency_rank` order the waiting ones."""

    __tablename__ = "ecg_consultations"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("ecg_exams.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    urgency: Mapped[str] = mapped_column(String(16))
    urgency_rank: Mapped[int]  # 0 first
    danger: Mapped[str] = mapped_column(String(16))
    danger_rank: Mapped[int]
    team_id: Mapped[int] = mapped_column(ForeignKey("ecg_teams.id"))
    team: Mapped[str] = mapped_column(String(100))
    to_campus_id: Mapped[int]
    from_campus_id: Mapped[int]
    patient_name: Mapped[str] = mapped_column(String(120))
    accession_number: Mapped[str] = mapped_column(String(32))
    request_number: Mapped[str] = mapped_column(String(64), default="")
    patient_number: Mapped[str] = mapped_column(String(64), default="")
    applicant_id: Mapped[int] = mapped_column(index=True)
    applicant: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(40), default="")
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    complaint: Mapped[str] = mapped_column(String(1000), default="")
    history: Mapped[str] = mapped_column(String(1000), default="")
    clinical_diagnosis: Mapped[str] = mapped_column(String(1000), default="")
    question: Mapped[str] = mapped_column(String(1000), default="")
    first_opinion: Mapped[str] = mapped_column(String(4000), default="")  # what the lower hospital had written itself
    accepted_by_id: Mapped[int] = mapped_column(default=0)
    accepted_by: Mapped[str] = mapped_column(String(80), default="")
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    first_accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    refused_by: Mapped[str] = mapped_column(String(80), default="")
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    published_by_id: Mapped[int] = mapped_column(default=0)
    published_by: Mapped[str] = mapped_column(String(80), default="")
    agreement: Mapped[str] = mapped_column(String(16), default="none")
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    signed_by_id: Mapped[int] = mapped_column(default=0)
    signed_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index("ix_ecg_consultations_incoming", "to_campus_id", "state", "applied_at"),
        Index("ix_ecg_consultations_outgoing", "from_campus_id", "applied_at"),
        Index("ix_ecg_consultations_team", "team_id", "state"),
    )


class EcgConsultationEventRow(Base):
    """A line of the trail of a consultation, views included; only ever added to."""

    __tablename__ = "ecg_consultation_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("ecg_consultations.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    station: Mapped[str] = mapped_column(String(80), default="")
    action: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(String(1000), default="")


class EcgNoticeRow(Base):
    """A notice to one account, kept until it is read (ECG-MSG-04)."""

    __tablename__ = "ecg_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(24))
    exam_id: Mapped[int]
    consultation_id: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    patient_name: Mapped[str] = mapped_column(String(120), default="")
    hospital: Mapped[str] = mapped_column(String(100), default="")
    by: Mapped[str] = mapped_column(String(80), default="")
    text: Mapped[str] = mapped_column(String(1000), default="")
    urgency: Mapped[str] = mapped_column(String(16), default="")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

    __table_args__ = (
        Index("ix_ecg_notices_user", "user_id", "read_at", "id"),
        Index("ix_ecg_notices_consultation", "consultation_id", "kind"),
    )


class EcgConsultationPolicyRow(Versioned, Base):
    """Limits of the clocks, one row; `body` is JSON of contract.ConsultationPolicy."""

    __tablename__ = "ecg_consultation_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)

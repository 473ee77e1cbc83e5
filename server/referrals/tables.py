"""Rows of the platform's organisations and of referrals between them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class OrganisationGroupRow(Base):
    """机构组."""

    __tablename__ = "organisation_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    name_en: Mapped[str] = mapped_column(String(100))


class OrganisationRow(Versioned, Base):
    """机构: a hospital or clinic of the platform."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    accepts_referrals: Mapped[bool]
    publishes_slots: Mapped[bool]


class OrganisationMemberRow(Base):
    """An organisation belongs to a group."""

    __tablename__ = "organisation_members"

    group_id: Mapped[int] = mapped_column(ForeignKey("organisation_groups.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True, index=True)


class OrganisationCampusRow(Base):
    """A campus belongs to one organisation."""

    __tablename__ = "organisation_campuses"

    campus_id: Mapped[int] = mapped_column(ForeignKey("campuses.id"), primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)


class ReferralRow(Versioned, Base):
    """A referral of one exam."""

    __tablename__ = "referrals"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    group_id: Mapped[int | None]
    to_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    to_campus_id: Mapped[int]
    from_campus_id: Mapped[int]
    note: Mapped[str] = mapped_column(String(500))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_by: Mapped[str] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_referrals_incoming", "to_campus_id", "state", "sent_at"),
        Index("ix_referrals_outgoing", "from_campus_id", "sent_at"),
    )

"""The one row of limits, and the index of reports that every count of some days uses."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Versioned
from server.reporting.tables import Report


class StepLimitsRow(Versioned, Base):
    """Minutes for each step of turn-around."""

    __tablename__ = "statistics_limits"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam: Mapped[int]
    images: Mapped[int]
    report: Mapped[int]
    audit: Mapped[int]
    print: Mapped[int]


EXAMINED = Index("ix_reports_examined_at", Report.examined_at)

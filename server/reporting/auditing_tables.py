"""Rows of what was approved: an edition (第 N 版) is written once and never changed (RIS-EX-06)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime

FIRST, REVISION, ADDENDUM = "first", "revision", "addendum"


class ReportEdition(Base):
    """An approved edition: the first report, a revision in its place, or an addendum to the one before."""

    __tablename__ = "report_editions"

    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)  # from 1
    kind: Mapped[str] = mapped_column(String(16))  # first, revision, addendum
    reason: Mapped[str] = mapped_column(String(1000), default="")  # why the edition before was withdrawn
    addendum: Mapped[str] = mapped_column(Text, default="")  # plain text
    text_number: Mapped[int] = mapped_column(Integer)
    diagnosing_doctor: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))  # who approved it, or wrote the addendum
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seal: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

"""Rows of quality control: tasks, the cases that were drawn, scores."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class TaskRow(Versioned, Base):
    """A task with its sheet and scorers as they were when it was made."""

    __tablename__ = "quality_tasks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    filter: Mapped[dict[str, Any]] = mapped_column(JSON)
    objects: Mapped[list[str]] = mapped_column(JSON)
    stratum: Mapped[str] = mapped_column(String(16))
    seed: Mapped[int] = mapped_column(Integer)
    sheet: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    scorers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    eligible: Mapped[int] = mapped_column(Integer)
    asked: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # cases wanted; 0 before it was kept
    own_left_out: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # scorers' own reports
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseRow(Base):
    """One drawn report; the numbers of its texts are those of the moment of drawing."""

    __tablename__ = "quality_cases"
    __table_args__ = (UniqueConstraint("task_id", "report_id", name="uq_quality_cases_task_id_report_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("quality_tasks.id"))
    number: Mapped[int] = mapped_column(Integer)
    report_id: Mapped[int] = mapped_column(Integer)
    exam_type: Mapped[str] = mapped_column(String(16))
    first_number: Mapped[int] = mapped_column(Integer)
    audited_number: Mapped[int] = mapped_column(Integer)


class ScoreRow(Base):
    """One scorer's score of one object of a case."""

    __tablename__ = "quality_scores"
    __table_args__ = (
        UniqueConstraint("case_id", "object", "scorer_id", name="uq_quality_scores_case_id_object_scorer_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("quality_cases.id"), index=True)
    object: Mapped[str] = mapped_column(String(16))
    scorer_id: Mapped[int] = mapped_column(Integer)
    scorer: Mapped[str] = mapped_column(String(80))
    points: Mapped[dict[str, int]] = mapped_column(JSON)
    total: Mapped[int] = mapped_column(Integer)
    comment: Mapped[str] = mapped_column(Text)
    scored_at: Mapped[datetime] = mapped_column(UtcDateTime)

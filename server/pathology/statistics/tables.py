"""Rows of saved queries, comparisons of diagnoses, entered indicators and rules; and what counting some days needs.

This room reads the tables of the others, as imaging's statistics do; it writes only its own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import Opinion
from server.pathology.technique.tables import BlockRow


class QueryRow(Versioned, Base):
    """Conditions under a name. `body` is JSON of contract.Group."""

    __tablename__ = "pathology_saved_queries"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int]
    owner: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(60))
    is_shared: Mapped[bool] = mapped_column(Boolean)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    fields: Mapped[list[str]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("owner_id", "name"),)


class ComparisonRow(Base):
    """What was found when two diagnoses were compared; the last judgement of a pair and case."""

    __tablename__ = "pathology_comparisons"

    pair: Mapped[str] = mapped_column(String(12), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), primary_key=True)
    other_id: Mapped[int]
    result: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(500))
    judged_by: Mapped[str] = mapped_column(String(80))
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_pathology_comparisons_judged", "pair", "judged_at"),)


class EnteredRow(Versioned, Base):
    """A month's figures that a person entered."""

    __tablename__ = "pathology_entered_indicators"

    indicator: Mapped[str] = mapped_column(String(24), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    numerator: Mapped[int]
    denominator: Mapped[int]
    note: Mapped[str] = mapped_column(String(200))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RulesRow(Versioned, Base):
    """The one row of rules; `body` is JSON of contract.StatisticsRules."""

    __tablename__ = "pathology_statistics_rules"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


WRITTEN = Index("ix_pathology_opinions_created", Opinion.created_at)
EMBEDDED = Index("ix_pathology_blocks_embedded", BlockRow.embedded_at)
SECTIONED = Index("ix_pathology_blocks_sectioned", BlockRow.sectioned_at)
EXECUTED = Index("ix_pathology_orders_executed", OrderRow.executed_at)

"""Rows of orders, of the price list, of reagents' lots."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class OrderRow(Versioned, Base):
    """医嘱: one kind of work on one block or specimen; a special order has one marker. Rows are never removed."""

    __tablename__ = "pathology_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"))
    kind: Mapped[str] = mapped_column(String(16))
    specimen_id: Mapped[int | None]
    block_id: Mapped[int | None]
    marker: Mapped[str] = mapped_column(String(60), default="")
    panel: Mapped[str] = mapped_column(String(60), default="")
    count: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    is_urgent: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    state: Mapped[str] = mapped_column(String(12))
    placed_by_id: Mapped[int]
    placed_by: Mapped[str] = mapped_column(String(80))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    executed_by: Mapped[str] = mapped_column(String(80), default="")
    executed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_by: Mapped[str] = mapped_column(String(80), default="")
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")
    is_news: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    clone: Mapped[str] = mapped_column(String(60), default="")
    lot: Mapped[str] = mapped_column(String(60), default="")
    price_fen: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    entered_by: Mapped[str] = mapped_column(String(80), default="")
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_by: Mapped[str] = mapped_column(String(80), default="")
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        ForeignKeyConstraint(["specimen_id", "case_id"], ["pathology_specimens.id", "pathology_specimens.case_id"]),
        ForeignKeyConstraint(["block_id", "case_id"], ["pathology_blocks.id", "pathology_blocks.case_id"]),
        Index("ix_pathology_orders_case", "case_id", "id"),
        Index("ix_pathology_orders_states", "state", "kind", "id"),
        Index("ix_pathology_orders_placed", "placed_at"),
        Index("ix_pathology_orders_news", "placed_by_id", "is_news"),
    )


class PriceBookRow(Versioned, Base):
    """The one price list."""

    __tablename__ = "pathology_order_prices"

    id: Mapped[int] = mapped_column(primary_key=True)
    prices: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class ReagentRow(Versioned, Base):
    """A lot of a marker's reagent."""

    __tablename__ = "pathology_reagents"

    id: Mapped[int] = mapped_column(primary_key=True)
    marker: Mapped[str] = mapped_column(String(60))
    clone: Mapped[str] = mapped_column(String(60))
    lot: Mapped[str] = mapped_column(String(60))
    expires_on: Mapped[date] = mapped_column(Date)
    stock: Mapped[int]

    __table_args__ = (UniqueConstraint("marker", "lot"),)

"""Rows of counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class CountRow(Versioned, Base):
    """A count of one marker on one picture; `content` is CountEntry."""

    __tablename__ = "pathology_counts"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(index=True)
    media_id: Mapped[int]
    marker: Mapped[str] = mapped_column(String(40))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    total: Mapped[int]
    positive: Mapped[int]
    counted_by: Mapped[str] = mapped_column(String(80))
    counted_by_id: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("media_id", "marker"),)

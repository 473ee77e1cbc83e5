"""Rows of hanging protocols."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class HangingProtocol(Base, Versioned):
    """A protocol of one account (`owner_id`), or of everybody (`owner_id` 0). `body` is its msgpack."""

    __tablename__ = "hanging_protocols"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(index=True)
    uid: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    saved_by: Mapped[str] = mapped_column(String(120))
    saved_by_id: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("owner_id", "uid"),)

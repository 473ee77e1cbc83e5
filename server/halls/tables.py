"""Rows of halls and of notices about rooms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class HallRow(Versioned, Base):
    """候诊大厅. `settings` is HallSettings of the contract; nothing is searched in it."""

    __tablename__ = "halls"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)


class RoomNoticeRow(Base):
    """A room that is paused or whose device is down; an open room has no row."""

    __tablename__ = "room_notices"

    room_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12))
    sentence: Mapped[str] = mapped_column(String(60))
    sentence_en: Mapped[str] = mapped_column(String(120))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by: Mapped[str] = mapped_column(String(64))

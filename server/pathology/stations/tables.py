"""Rows of library rights and of the stations' settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Versioned


class LibraryAccess(Base, Versioned):
    """Libraries that an account may enter; an account without a row, or with an empty list, enters all."""

    __tablename__ = "pathology_library_access"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    library_ids: Mapped[list[int]] = mapped_column(JSON)


class StationSettingsRow(Base, Versioned):
    """The one row of settings that every station follows."""

    __tablename__ = "pathology_station_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)

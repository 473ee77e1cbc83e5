"""Rows of halls."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Versioned


class HallRow(Versioned, Base):
    """候诊大厅. `settings` is HallSettings of the contract; nothing is searched in it."""

    __tablename__ = "halls"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)

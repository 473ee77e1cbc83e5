"""Rows of the stations' lines and of originals on their way. The bytes lie in a file of their own until complete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class EcgLineRow(Base):
    """A station's last report; `report` is the msgpack of contract.LineReport."""

    __tablename__ = "ecg_lines"

    station: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_name: Mapped[str] = mapped_column(String(64))
    campus_id: Mapped[int | None] = mapped_column(default=None)  # of that account; None: it is not limited to one
    report: Mapped[bytes] = mapped_column(LargeBinary)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    number: Mapped[int] = mapped_column(default=0)  # of reports: the version of notices


class EcgOriginalRow(Base):
    """A vendor's file that follows the record of the same key."""

    __tablename__ = "ecg_line_originals"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    trace_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

"""Rows of film printers, print tasks and the parts of their sheets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class FilmPrinterRow(Base, Versioned):
    """A printer; `body` is msgpack of the contract's `FilmPrinter`."""

    __tablename__ = "film_printers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class FilmTaskRow(Base, Versioned):
    """A task; `body` is msgpack of what was asked for (`BeginFilmTask`), `printed` how many sheets are through."""

    __tablename__ = "film_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    printer_id: Mapped[int]
    printer_name: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), index=True)
    trouble: Mapped[str] = mapped_column(String(24), default="")
    detail: Mapped[str] = mapped_column(String(400), default="")
    warnings: Mapped[str] = mapped_column(String(2000), default="")  # one a line
    sheets: Mapped[int]
    printed: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    job_id: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept: Mapped[bool] = mapped_column(default=True)  # the sheets are still there
    body: Mapped[bytes] = mapped_column(LargeBinary)


class FilmPartRow(Base):
    """A piece of a sheet's compressed bytes, in the store of films under `digest`."""

    __tablename__ = "film_parts"

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int]
    sheet: Mapped[int]
    offset: Mapped[int]
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)

    __table_args__ = (Index("ix_film_parts_place", "task_id", "sheet", "offset", unique=True),)

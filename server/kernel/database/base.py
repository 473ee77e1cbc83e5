"""What all tables share: metadata, UTC times, versions, counters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, Integer, MetaData, String, Table, TypeDecorator, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from server.kernel.errors import stale


class Base(DeclarativeBase):
    """Declarative base; constraint names are fixed so that migrations can drop them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC; SQLite has no zones, so they are put off and on here."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Versioned:
    """Mixin of rows that people edit: a write made on an older version is refused."""

    version: Mapped[int] = mapped_column(Integer, default=1)

    def expect(self, version: int) -> None:
        """Raise the CONFLICT refusal unless `version` is the present one."""
        if version != self.version:
            raise stale(self.version)

    def touch(self) -> None:
        """Count a change."""
        self.version = (self.version or 0) + 1


counters = Table(
    "counters",
    Base.metadata,
    Column("name", String(80), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""Named counters: accession numbers, tickets. Taken inside the writer's transaction, so none is given twice."""


def next_number(session: Session, name: str) -> int:
    """Return the next value of the counter `name`, starting with 1; unique even between server nodes."""
    row = session.execute(
        counters.update().where(counters.c.name == name).values(value=counters.c.value + 1).returning(counters.c.value)
    ).scalar_one_or_none()
    if row is not None:
        return int(row)
    from sqlalchemy.dialects import postgresql, sqlite

    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(counters).values(name=name, value=1)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}))
    return int(session.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one())

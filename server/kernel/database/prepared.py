"""Statements that are compiled once and handed to the driver as they are, for paths where a row costs microseconds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert
from sqlalchemy.orm import InstrumentedAttribute, Session

_AT_ONCE = 500  # below every SQLite's limit of parameters


class PreparedInsert:
    """An insert of many rows of plain values (text, numbers, bytes): no types are converted and no defaults are added.

    Every row has a value for each of the `columns`.
    """

    def __init__(self, statement: Insert, columns: Sequence[str]) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows in the session's transaction."""
        if not rows:
            return
        connection = session.connection()
        text, order = self._text(connection)
        given: Any = [tuple(row[name] for name in order) for row in rows] if order is not None else list(rows)
        connection.exec_driver_sql(text, given)

    def _text(self, connection: Connection) -> tuple[str, list[str] | None]:
        known = self._compiled.get(connection.dialect.name)
        if known is None:
            compiled = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
            order = getattr(compiled, "positiontup", None)
            known = self._compiled[connection.dialect.name] = str(compiled), list(order) if order else None
        return known


def values_there(session: Session, column: InstrumentedAttribute[str], values: Collection[str]) -> set[str]:
    """Those of `values` that stand in a unique column."""
    connection = session.connection()
    table, name = column.class_.__tablename__, column.key
    wanted = list(values)
    if connection.dialect.name == "postgresql":
        text = f"SELECT {name} FROM {table} WHERE {name} = ANY(%(wanted)s)"
        return {row[0] for row in connection.exec_driver_sql(text, {"wanted": wanted})}
    found: set[str] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        text = f"SELECT {name} FROM {table} WHERE {name} IN ({','.join('?' * len(some))})"
        found.update(row[0] for row in connection.exec_driver_sql(text, tuple(some)))
    return found

"""Statements that are compiled once and handed to the driver as they are, for paths where a row costs microseconds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

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


class PreparedRow:
    """An insert of one row that gives its id: values and defaults of the table's columns, converted by their types.

    Defaults must be plain values; columns without a value and without a default become NULL.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._compiled: dict[str, tuple[str, list[tuple[str, Any, Any]], bool]] = {}

    def run(self, session: Session, values: Mapping[str, Any]) -> int:
        """Insert the row in the session's transaction; returns its id."""
        connection = session.connection()
        text, columns, is_positional = self._compiled.get(connection.dialect.name) or self._compile(connection)
        given = [values.get(name, default) for name, default, _ in columns]
        for at, (_, _, process) in enumerate(columns):
            if process is not None:
                given[at] = process(given[at])
        bound: Any = (
            tuple(given) if is_positional else {name: one for (name, _, _), one in zip(columns, given, strict=True)}
        )
        driver = connection.connection  # SQLAlchemy's own way costs twice as much as the insert
        cursor = driver.cursor()
        try:
            cursor.execute(text, bound)
            row = cursor.fetchone()
        except Exception as trouble:
            of_driver = connection.dialect.loaded_dbapi.Error
            if not isinstance(trouble, of_driver):
                raise
            raise DBAPIError.instance(
                text, None, trouble, of_driver, hide_parameters=True, dialect=connection.dialect
            ) from trouble
        finally:
            cursor.close()
        assert row is not None
        return int(row[0])

    def _compile(self, connection: Connection) -> tuple[str, list[tuple[str, Any, Any]], bool]:
        dialect = connection.dialect
        names = [column.name for column in self._table.columns if column.name != "id"]
        compiled = insert(self._table).returning(self._table.c.id).compile(dialect=dialect, column_keys=names)
        order = getattr(compiled, "positiontup", None)
        columns = []
        for name in order or names:
            column = self._table.c[name]
            default = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
            columns.append((name, default, column.type.dialect_impl(dialect).bind_processor(dialect)))
        made = self._compiled[dialect.name] = str(compiled), columns, bool(order)
        return made


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

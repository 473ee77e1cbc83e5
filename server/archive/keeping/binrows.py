"""Takes rows out of the index into bytes and puts them back; works for columns and tables that are added later, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database.base import Base

Row = dict[str, Any]

packed = msgspec.msgpack.Encoder().encode
unpacked = msgspec.msgpack.Decoder().decode
_OWN = frozenset(model.__tablename__ for model in (ImagePatient, Study, Series, Instance, InstanceVersion))


def table_of(model: type[Base]) -> Table:
    """The table of a mapped class."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def taken(session: Session, model: type[Base], ids: Collection[int]) -> list[Row]:
    """The rows with these ids, as dictionaries of their columns."""
    return _rows(session, table_of(model), "id", ids)


def dependants(session: Session, model: type[Base], ids: Collection[int]) -> dict[str, list[Row]]:
    """Rows of other areas' tables that point at these rows by a foreign key: "table.column" → rows."""
    found: dict[str, list[Row]] = {}
    for table, column in _pointers(model):
        rows = _rows(session, table, column, ids)
        if rows:
            found[f"{table.name}.{column}"] = rows
    return found


def remove(session: Session, model: type[Base], ids: Sequence[int]) -> None:
    """Delete rows, and those of other areas' tables that point at them."""
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        for table, column in _pointers(model):
            session.execute(delete(table).where(table.c[column].in_(part)))
        session.execute(delete(model).where(table_of(model).c.id.in_(part)))


def known_columns(model: type[Base], row: Mapping[str, Any]) -> Row:
    """Of a row that was taken, the columns that the table has today."""
    return _known(table_of(model), row)


def put_back(session: Session, model: type[Base], row: Mapping[str, Any], **changed: Any) -> int:
    """Insert a row under its old id, or under a new one where that is taken; returns the id."""
    table = table_of(model)
    values = {**_known(table, row), **changed}
    old = values.pop("id", None)
    if old is not None and session.execute(select(table.c.id).where(table.c.id == old)).first() is None:
        values["id"] = old
    return int(session.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def put_back_dependants(
    session: Session, rows: Mapping[str, Sequence[Mapping[str, Any]]], ids: Mapping[int, int]
) -> None:
    """Insert what `dependants` took, pointing at the rows' present ids (old id → present id).

    A row that has come since (same key) stays as it is.
    """
    for place, kept in rows.items():
        name, column = place.split(".", 1)
        table = Base.metadata.tables.get(name)
        if table is None or column not in table.c:
            continue
        keys = list(table.primary_key.columns)
        for row in kept:
            present = ids.get(row[column])
            if present is None:
                continue
            values = {**_known(table, row), column: present}
            if len(keys) == 1 and keys[0].name == "id" and column != "id":
                values.pop("id", None)
            else:
                here = [one == values[one.name] for one in keys]
                if session.execute(select(keys[0]).where(*here)).first() is not None:
                    continue
            session.execute(insert(table).values(**values))


def _rows(session: Session, table: Table, column: str, ids: Collection[int]) -> list[Row]:
    rows: list[Row] = []
    wanted = list(ids)
    for start in range(0, len(wanted), 500):
        statement = select(table).where(table.c[column].in_(wanted[start : start + 500]))
        rows += [dict(row._mapping) for row in session.execute(statement)]
    return rows


def _pointers(model: type[Base]) -> list[tuple[Table, str]]:
    name = model.__tablename__
    return [
        (table, key.parent.name)
        for table in Base.metadata.tables.values()
        if table.name not in _OWN
        for key in table.foreign_keys
        if key.column.table.name == name
    ]


def _known(table: Table, row: Mapping[str, Any]) -> Row:
    """Only the columns that the table has today: a row may be older than the program."""
    return {name: value for name, value in row.items() if name in table.c}

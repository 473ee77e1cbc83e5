"""Keeps what an event changes in rows of the index, so that it can be taken back; knows no meaning of the rows."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete, insert, inspect, update
from sqlalchemy.orm import Session

from server.archive.keeping.binrows import dependants, put_back_dependants, remove
from server.archive.tables import ImagePatient, Instance, Series, Study

_TABLES: dict[str, Any] = {"studies": Study, "series": Series, "image_patients": ImagePatient}


class Journal:
    """Changes rows and remembers how they were."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._entries: list[dict[str, Any]] = []

    def set(self, row: Any, **values: Any) -> None:
        """Give a row new values."""
        before = {name: getattr(row, name) for name in values}
        if before == values:
            return
        self._entries.append({"do": "set", "table": row.__tablename__, "id": row.id, "before": before})
        for name, value in values.items():
            setattr(row, name, value)

    def created(self, row: Any) -> None:
        """A row was added (and flushed)."""
        self._entries.append({"do": "created", "table": row.__tablename__, "id": row.id})

    def delete(self, row: Any) -> None:
        """Delete a row; undoing writes it again with its id."""
        self._session.flush()
        columns = [column.key for column in inspect(type(row)).column_attrs]
        values = {name: getattr(row, name) for name in columns}
        pointing = dependants(self._session, type(row), [row.id])
        self._entries.append({"do": "deleted", "table": row.__tablename__, "row": values, "pointing": pointing})
        self._session.expunge(row)
        remove(self._session, type(row), [values["id"]])

    def move_instances(self, ids: list[int], from_series: int, to_series: int) -> None:
        """Put instances into another series."""
        self._entries.append({"do": "moved", "ids": ids, "from": from_series})
        self._session.execute(update(Instance).where(Instance.id.in_(ids)).values(series_pk=to_series))

    def packed(self) -> bytes:
        """For the event's row."""
        self._session.flush()
        return msgspec.msgpack.encode(self._entries)


class RowGone(Exception):
    """A row that the journal names is not in the index any more: it lies in the recycle bin, or was merged."""


def undo(session: Session, packed: bytes) -> None:
    """Give all rows of a journal their old values, the last change first. Raises RowGone."""
    for entry in reversed(msgspec.msgpack.decode(packed)):
        if entry["do"] == "binned":
            continue  # the recycle bin brings these back itself
        if entry["do"] == "moved":
            session.execute(update(Instance).where(Instance.id.in_(entry["ids"])).values(series_pk=entry["from"]))
            continue
        table = _TABLES[entry["table"]]
        if entry["do"] == "set":
            given = update(table).where(table.id == entry["id"]).values(**entry["before"]).returning(table.id)
            if session.execute(given).first() is None and table is not ImagePatient:
                raise RowGone
        elif entry["do"] == "created":
            session.execute(delete(table).where(table.id == entry["id"]))
        else:
            session.execute(insert(table).values(**entry["row"]))
            put_back_dependants(session, entry["pointing"], {entry["row"]["id"]: entry["row"]["id"]})
    session.expire_all()

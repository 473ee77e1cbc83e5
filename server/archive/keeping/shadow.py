"""What the index would say if it were made from the files alone: the indexer's own code over an index in memory.

Corrections of studies and series are laid over the columns afterwards, as they are over the files on their way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from server.archive import attributes
from server.archive.corrections import rules
from server.archive.receive import Received
from server.archive.rows import IndexRows, name_columns
from server.archive.rules import number_of
from server.archive.tables import Instance, Series, Study
from server.kernel.database import Base
from server.kernel.storage.memory import MemoryStorage

STUDY_COLUMNS = (
    *("patient_id", "issuer", "patient_name", "name_key", "ideographic_key", "phonetic_key", "birth_date", "sex"),
    *("age", "accession", "study_date", "study_time", "timezone", "study_id", "description", "referring_name"),
    *("institution", "manufacturer"),
)
"""Columns of a study that come from its first file."""
SERIES_COLUMNS = (
    *("modality", "number", "description", "body_part", "protocol", "laterality", "series_date", "series_time"),
    *("station", "manufacturer", "model", "institution", "frame_of_reference_uid"),
)
"""Columns of a series that come from its first file."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the files of a batch say: columns by UID, and all attributes of each instance by its UID."""

    studies: Mapping[str, Mapping[str, Any]]
    series: Mapping[str, Mapping[str, Any]]
    instances: Mapping[str, Mapping[str, Any]]


class Shadow:
    """Indexes records into memory and forgets them again. One thread; close it."""

    def __init__(self) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        Base.metadata.create_all(self._engine)
        self._rows = IndexRows(MemoryStorage(), Path(), lambda _name: None)

    def close(self) -> None:
        self._engine.dispose()

    def told(self, records: Sequence[Received]) -> Told:
        """Index records in this order into nothing."""
        with self._session() as session:
            self._rows.forget()
            self._rows.write(session, list(records))
            series = {row["id"]: row for row in _all(session, Series)}
            instances = {}
            for row in _all(session, Instance):
                base = attributes.unpacked(series[row["series_pk"]]["attributes"])
                base.pop(0x00080005, None)
                instances[row["uid"]] = row | {"whole": attributes.merged(base, row["attributes"])}
            return Told(
                {row["uid"]: row for row in _all(session, Study)},
                {row["uid"]: row for row in series.values()},
                instances,
            )

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self._engine) as session:
            try:
                yield session
            finally:
                session.rollback()
                self._rows.forget()


def corrected_study(columns: Mapping[str, Any], *overlays: bytes | None) -> dict[str, Any]:
    """A study's columns with overlays of corrections over them, later ones first in rank."""
    found = {name: columns[name] for name in STUDY_COLUMNS}
    for overlay in overlays:
        for tag, value in rules.unpacked(overlay).items():
            column = rules.STUDY_COLUMNS.get(tag)
            if column:
                found[column] = value or ""
                if column == "patient_name":
                    found |= name_columns(value or "")
    return found


def corrected_series(columns: Mapping[str, Any], overlay: bytes | None) -> dict[str, Any]:
    """A series' columns with its corrections."""
    found = {name: columns[name] for name in SERIES_COLUMNS}
    for tag, value in rules.unpacked(overlay).items():
        column = rules.SERIES_COLUMNS.get(tag)
        if column:
            found[column] = number_of(value or "") if column == "number" else value or ""
    return found


def _all(session: Session, model: type[Base]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in session.execute(select(cast("Table", model.__table__)))]

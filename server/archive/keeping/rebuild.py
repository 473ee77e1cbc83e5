"""Makes the index anew from the files alone: the indexer's own code over every file, in the order they came.

What no file says is carried over from the old rows as far as there are any: exams, corrections, what was received
before compression, which of two versions is the first one. The recycle bin stays as it is.
"""

from __future__ import annotations

import logging
import mmap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from server.archive import epoch
from server.archive.header import DamagedHeader
from server.archive.keeping.binrows import Row, dependants, put_back, put_back_dependants, table_of
from server.archive.keeping.comparing import read_record
from server.archive.keeping.recount import recount
from server.archive.keeping.shadow import SERIES_COLUMNS, STUDY_COLUMNS
from server.archive.keeping.tables import BinObject, Discard
from server.archive.part10 import NotPart10
from server.archive.receive import Received
from server.archive.rows import IndexRows
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database import Base, Database
from server.kernel.storage.port import ObjectStorage, StorageError

logger = logging.getLogger(__name__)

_BATCH = 500
_FROM_FILES = frozenset({"id", "uid", "version", "image_patient_id", "details", "attributes", "study_pk"})


@dataclass(frozen=True, slots=True)
class _Old:
    """The rows before, by UID."""

    studies: dict[str, Row]
    series: dict[str, Row]
    instances: dict[str, Row]
    versions: dict[str, Row]  # by key
    patients: dict[int, Row]
    dependants: dict[str, dict[str, list[Row]]]  # by table of ours


def rebuild_index(database: Database, storage: ObjectStorage, progress: Callable[[int, int], None]) -> int:
    """Replace the index in one transaction; returns how many files were indexed. A crash leaves the old index.

    Call while nobody else works on the data folder. Files that cannot be read are left for the check to find.
    """
    with database.write() as uow:
        session = uow.session
        old = _remembered(session)
        for model in (InstanceVersion, Instance, Series, Study, ImagePatient):
            for place in old.dependants.get(model.__tablename__, {}):
                name, column = place.split(".", 1)
                table = Base.metadata.tables[name]
                session.execute(delete(table).where(table.c[column].is_not(None)))
            session.execute(delete(model))
        epoch.bump(session)
        keys = _in_order(session, storage, old)
        rows = IndexRows(storage, Path(), lambda _name: None)
        done = 0
        for start in range(0, len(keys), _BATCH):
            records = [one for key in keys[start : start + _BATCH] if (one := _record(storage, key, old)) is not None]
            _write(session, rows, records, old)
            done += len(records)
            progress(start + len(records), len(keys))
        _carry_over(session, old)
        return done


def _remembered(session: Session) -> _Old:
    """Everything that the files do not say. Rows are small: about 1 kB an instance in memory."""

    def rows(model: type[Base]) -> list[Row]:
        return [dict(row._mapping) for row in session.execute(select(table_of(model)))]

    studies, series, instances = rows(Study), rows(Series), rows(Instance)
    held = {
        model.__tablename__: dependants(session, model, [row["id"] for row in those])
        for model, those in ((Study, studies), (Series, series), (Instance, instances))
    }
    return _Old(
        {row["uid"]: row for row in studies},
        {row["uid"]: row for row in series},
        {row["uid"]: row for row in instances},
        {row["object_key"]: row for row in rows(InstanceVersion)},
        {row["id"]: row for row in rows(ImagePatient)},
        held,
    )


def _in_order(session: Session, storage: ObjectStorage, old: _Old) -> list[str]:
    """Keys of all files that the index speaks of: present instances as they came, versions, then unknown ones."""
    aside = set(session.execute(select(BinObject.object_key)).scalars())
    aside |= set(session.execute(select(Discard.object_key)).scalars())
    mains = [row["object_key"] for row in sorted(old.instances.values(), key=lambda row: row["id"])]
    versions = [row["object_key"] for row in sorted(old.versions.values(), key=lambda row: row["id"])]
    known = dict.fromkeys([*mains, *versions])
    there = set(storage.keys())
    return [key for key in known if key in there] + sorted(there - known.keys() - aside)


def _record(storage: ObjectStorage, key: str, old: _Old) -> Received | None:
    try:
        with storage.open(key) as file:
            try:
                whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except (OSError, ValueError):
                whole = memoryview(file.read())
            with whole:
                record = read_record(whole, key)
    except (StorageError, NotPart10, DamagedHeader) as trouble:
        logger.warning("rebuild: a file is left out: %s", trouble)
        return None
    series = old.series.get(record.series_uid)
    version = old.versions.get(key)
    study = old.studies.get((record.series_tags or {}).get(0x0020000D, b"").rstrip(b"\0 ").decode("ascii", "replace"))
    sender = version["calling_ae"] if version else series["calling_ae"] if series else ""
    received = version["received_at"] if version else study["received_at"] if study else None
    return msgspec.structs.replace(
        record, calling_ae=sender, received_ns=int(received.timestamp() * 1e9) if received else 0
    )


def _write(session: Session, rows: IndexRows, records: Sequence[Received], old: _Old) -> None:
    """The first file of a UID becomes the instance, others its versions."""
    uids = {record.sop_instance_uid for record in records}
    there = set(session.execute(select(Instance.uid).where(Instance.uid.in_(uids))).scalars())
    first: dict[str, Received] = {}
    others: list[Received] = []
    for record in records:
        if record.sop_instance_uid in there or record.sop_instance_uid in first:
            others.append(record)
        else:
            first[record.sop_instance_uid] = record
    rows.write(session, list(first.values()))
    for record in others:
        instance = session.execute(select(Instance.id).where(Instance.uid == record.sop_instance_uid)).scalar_one()
        _version(session, instance, record, old)


def _version(session: Session, instance: int, record: Received, old: _Old) -> None:
    known = old.versions.get(record.key)
    if known is not None:
        put_back(session, InstanceVersion, known, instance_pk=instance)
        return
    tags = record.series_tags or {}
    values = {
        "instance_pk": instance,
        "study_uid": tags.get(0x0020000D, b"").rstrip(b"\0 ").decode("ascii", "replace"),
        "series_uid": record.series_uid,
        "sop_class_uid": record.sop_class_uid,
        "transfer_syntax_uid": record.transfer_syntax_uid,
        "object_key": record.key,
        "size_bytes": record.size_bytes,
        "data_offset": record.data_offset,
        "calling_ae": record.calling_ae,
        "received_at": datetime.now(UTC),
    }
    session.execute(insert(InstanceVersion), [values])


def _carry_over(session: Session, old: _Old) -> None:
    """Lay over the new rows what only the old ones knew."""
    for uid, row in old.studies.items():
        if row["correction"] is None and not row["charset_note"]:
            _set(session, Study, uid, row, leave=STUDY_COLUMNS)
        elif session.execute(select(Study.id).where(Study.uid == uid)).first() is None:
            put_back(session, Study, row, image_patient_id=_patient(session, old.patients[row["image_patient_id"]]))
        else:
            _set(session, Study, uid, row, leave=())
            patient = _patient(session, old.patients[row["image_patient_id"]])
            session.execute(update(Study).where(Study.uid == uid).values(image_patient_id=patient))
    by_id = {row["id"]: row["uid"] for row in old.studies.values()}
    for uid, row in old.series.items():
        _set(session, Series, uid, row, leave=() if row["correction"] is not None else SERIES_COLUMNS)
        _move(session, uid, by_id[row["study_pk"]], old)
    for uid, row in old.instances.items():
        if row["received_key"]:
            same = update(Instance).where(Instance.uid == uid, Instance.object_key == row["object_key"])
            session.execute(same.values(received_key=row["received_key"]))
    for model, rows in ((Study, old.studies), (Series, old.series), (Instance, old.instances)):
        found = _ids(session, model)
        ids = {row["id"]: found[uid] for uid, row in rows.items() if uid in found}
        put_back_dependants(session, old.dependants[model.__tablename__], ids)
    session.execute(delete(Study).where(Study.id.not_in(select(Series.study_pk))))
    session.execute(delete(ImagePatient).where(ImagePatient.id.not_in(select(Study.image_patient_id))))
    for study in session.execute(select(Study.id)).scalars().all():
        recount(session, study)


def _set(session: Session, model: Any, uid: str, row: Row, *, leave: Iterable[str]) -> None:
    kept = {name: value for name, value in row.items() if name not in _FROM_FILES and name not in leave}
    session.execute(update(model).where(model.uid == uid).values(**kept))


def _move(session: Session, series_uid: str, study_uid: str, old: _Old) -> None:
    """A series that was moved into another study goes there again."""
    target = session.execute(select(Study.id).where(Study.uid == study_uid)).scalar_one_or_none()
    if target is None:
        row = old.studies[study_uid]
        target = put_back(
            session, Study, row, image_patient_id=_patient(session, old.patients[row["image_patient_id"]])
        )
    session.execute(update(Series).where(Series.uid == series_uid, Series.study_pk != target).values(study_pk=target))


def _patient(session: Session, row: Row) -> int:
    found = session.execute(
        select(ImagePatient.id).where(ImagePatient.identity == row["identity"])
    ).scalar_one_or_none()
    return int(found) if found is not None else put_back(session, ImagePatient, row)


def _ids(session: Session, model: Any) -> dict[str, int]:
    return {row.uid: row.id for row in session.execute(select(model.uid, model.id))}

"""Repairs what a check found, where the right state is certain; the rest stays a finding for a person."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select, update

from server.archive import epoch
from server.archive.check import Checked, Fault
from server.archive.header import DamagedHeader
from server.archive.inbox import PARTIAL, InboxName
from server.archive.keeping.comparing import read_record
from server.archive.keeping.discards import announce
from server.archive.keeping.recount import recount
from server.archive.part10 import NotPart10
from server.archive.tables import Instance, Series, Study
from server.kernel.database import Database
from server.kernel.storage.durability import fsync_folder
from server.kernel.storage.fingerprint import is_key_of
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageError

logger = logging.getLogger(__name__)

SENDER = "REPAIR"
"""The calling AE title of objects that a repair hands to the index."""

_TABLES: dict[str, type[Study] | type[Series] | type[Instance]] = {
    "studies": Study,
    "series": Series,
    "instances": Instance,
}

Spare = Callable[[str], BinaryIO | None]
"""A source of copies by key: a backup. The caller closes what it gives."""


class Repair:
    """Repairs findings one by one; every one in its own transaction or move, so it may be begun again."""

    def __init__(
        self, database: Database, storage: ObjectStorage, inbox_folder: Path, spares: Sequence[Spare] = ()
    ) -> None:
        self._database = database
        self._storage = storage
        self._inbox = inbox_folder
        self._spares = spares

    def all(self, checked: Checked) -> int:
        """Repair what can be repaired; returns how many findings were worked on."""
        done = 0
        for fault in checked.faults:
            try:
                done += self._one(fault)
            except (OSError, StorageError) as trouble:
                logger.warning("repair: a finding stays: %s", trouble)
        return done

    def _one(self, fault: Fault) -> bool:
        match fault.finding.kind:
            case "missing_row":
                return self._orphan(fault.object_key)
            case "missing_file" | "wrong_hash":
                return bool(fault.object_key) and self._from_a_spare(fault.object_key)
            case "wrong_sum":
                return self._recount(fault.row_id)
            case _:
                return bool(fault.right) and self._columns(fault)

    def _orphan(self, key: str) -> bool:
        """Hand a readable file to the index once more; move another one aside."""
        try:
            with self._storage.open(key) as file:
                data = file.read()
        except ObjectMissing:
            return False
        try:
            if not is_key_of(key, data):
                raise NotPart10("its bytes are not those of its name")
            record = read_record(memoryview(data), key)
        except (NotPart10, DamagedHeader) as fault:
            aside = self._inbox.parent / "damaged"
            aside.mkdir(exist_ok=True)
            (aside / key).write_bytes(data)
            self._storage.delete(key)
            logger.warning("repair: a file was set aside into %s: %s", aside, fault)
            return True
        superseded = select(Instance.id).where(Instance.uid == record.sop_instance_uid, Instance.received_key == key)
        with self._database.write() as uow:
            if uow.session.execute(superseded).first() is not None:
                announce(uow.session, [(key, record.sop_instance_uid)], "superseded", timedelta(0))
                return True
        name = InboxName(time.time_ns(), key, SENDER).text()
        partial = self._inbox / f"{name}{PARTIAL}"
        with partial.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        partial.rename(self._inbox / name)
        fsync_folder(self._inbox)
        return True

    def _from_a_spare(self, key: str) -> bool:
        """Put a good copy from a backup in the place of a missing or damaged file."""
        for spare in self._spares:
            file = spare(key)
            if file is None:
                continue
            with file:
                data = file.read()
            if not is_key_of(key, data):
                continue
            with contextlib.suppress(ObjectMissing):
                self._storage.delete(key)
            self._storage.put(data, key)
            return True
        return False

    def _recount(self, study_pk: int) -> bool:
        with self._database.write() as uow:
            if uow.session.get(Study, study_pk) is None:
                return False
            recount(uow.session, study_pk)
        return True

    def _columns(self, fault: Fault) -> bool:
        """Set a row's columns to what its file says."""
        table = _TABLES.get(fault.table)
        if table is None:
            return False
        with self._database.write() as uow:
            statement = update(table).where(table.id == fault.row_id)
            if fault.table == "instances":
                statement = statement.where(Instance.object_key == fault.object_key)
            values: dict[str, Any] = dict(fault.right)
            changed = uow.session.execute(statement.values(**values).returning(table.id)).first()
            if fault.table == "instances" and changed is not None:
                study = select(Series.study_pk).join(Instance, Instance.series_pk == Series.id)
                recount(uow.session, uow.session.execute(study.where(Instance.id == fault.row_id)).scalar_one())
            epoch.bump(uow.session)
        return changed is not None

"""The job that makes presentation states and the report of an author's marks; safe to begin again."""

from __future__ import annotations

import logging
import time

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.jobs import JobContext, JobKind, JobRetry
from server.marks.ports import Archive, NotYet
from server.marks.service import MAKE_JOB, Kept
from server.marks.tables import ImageMarks
from shared.contract.base import Changed
from shared.dicomkit.headers import EquipmentFacts
from shared.dicomkit.marks import MarksOfAuthor, objects_of
from shared.dicomkit.names import pn_value

logger = logging.getLogger(__name__)

_INDEX_WAIT_S, _POLL_S = 10.0, 0.05
_PAUSES_S = (2.0, 10.0, 60.0, 300.0)


class MarksMaker:
    """`kinds` are for the runner of jobs."""

    def __init__(self, database: Database, archive: Archive, time_: HospitalTime, institution: str = "") -> None:
        self._database = database
        self._archive = archive
        self._time = time_
        self._institution = institution

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [JobKind(MAKE_JOB, self.make, lane="results", max_attempts=1_000)]

    def make(self, context: JobContext) -> str:
        """Store the objects of the newest version; nothing when they are there already or the study is gone."""
        with self._database.read() as uow:
            row = uow.session.get(ImageMarks, int(context.payload["marks"]))
            if row is None or row.archived_version >= row.version:
                return "Nothing to do."
            row_id, version, study_uid, saved_at = row.id, row.version, row.study_uid, row.saved_at
            kept = msgspec.msgpack.decode(row.body, type=Kept)
            said = MarksOfAuthor(
                kept.marks, kept.shown, pn_value(row.author_name, ""), str(row.author_id), version, row.language
            )
        there = self._archive.study(study_uid)
        if there is None or not there.images:
            return "The study holds no images any more."
        made = objects_of(
            there.patient,
            there.study,
            there.images,
            said,
            made_at=saved_at.astimezone(self._time.zone),
            equipment=EquipmentFacts(institution=self._institution),
        )
        try:
            for one in made:
                for keyword, value in there.fixed.items():
                    setattr(one, keyword, value)
                self._archive.store(one)
            self._wait([str(one.SOPInstanceUID) for one in made])
        except NotYet as waits:
            raise JobRetry(str(waits), _PAUSES_S[min(context.attempts, len(_PAUSES_S)) - 1]) from waits
        with self._database.write() as uow:
            kept_row = uow.session.get(ImageMarks, row_id, with_for_update=True)
            if kept_row is not None and kept_row.archived_version < version:
                kept_row.archived_version = version
                uow.publish(Changed("marks", row_id, kept_row.version))
        return f"{len(made)} objects made."

    def _wait(self, sop_uids: list[str]) -> None:
        end = time.monotonic() + _INDEX_WAIT_S
        while not self._archive.holds(sop_uids):
            if time.monotonic() > end:
                raise NotYet("已保存，正在等待编入索引。")
            time.sleep(_POLL_S)

"""Use cases of the archive for the workstations; receiving, indexing and DICOM queries have modules of their own."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, tzinfo
from pathlib import Path

from sqlalchemy import func, select, union_all

from server.archive import check, inbox
from server.archive.check import Checked
from server.archive.completeness import SHORT, Completeness
from server.archive.custom_filling import CustomTags
from server.archive.find import BudgetSpent, FindOptions, UnanswerableQuery, find
from server.archive.frames import frames_of
from server.archive.matching import StudyMatching
from server.archive.objects import ArchiveObjects
from server.archive.ports import ExamMatcher
from server.archive.query_matching import MAX_UIDS
from server.archive.rereading import set_character_set
from server.archive.rules import MatchState
from server.archive.settling import Settling
from server.archive.tables import Expectation, Instance, Series, Study
from server.archive.views import study_row, study_view
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import invalid, not_found
from server.kernel.storage.port import ObjectStorage
from server.kernel.storage.space import free_bytes
from shared.contract.archive import (
    ArchiveStatus,
    CheckView,
    FramesView,
    ListStudies,
    StudyList,
    StudyRow,
    StudyView,
)
from shared.contract.base import Page

_MOST_ROWS = 500
_AT_ONCE = 100
_MOST_COUNTED = 10_000  # unmatched studies in each state; a list of more is no list
_WITHOUT_EXAM = (MatchState.UNMATCHED, MatchState.PENDING, MatchState.REFUSED)
_MANY_STUDIES = 20_000
_SUMS_HOLD_S = 60.0
_WARN_BELOW = 10  # the warning begins at this many times the reserve


class ArchiveService:
    """What workstations ask of the archive."""

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        inbox_folder: Path,
        exams: ExamMatcher,
        *,
        zone: tzinfo,
        reserve_bytes: int = 0,
        measure: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._database = database
        self._storage = storage
        self._inbox = inbox_folder
        self._zone = zone
        self._reserve_bytes = reserve_bytes
        self._measure = measure
        self._summed = (0, 0, 0, 0)
        self._summed_until = 0.0
        self.matching = StudyMatching(database, exams)
        self.objects = ArchiveObjects(database, storage, inbox_folder)
        self.completeness = Completeness()
        self.custom_tags = CustomTags(database, storage, inbox_folder)
        self.settle = Settling(database, self.matching, self.completeness, self.objects, self.custom_tags)

    def get_study(self, uow: UnitOfWork, study_uid: str) -> StudyView:
        """The study, series by number, instances by number. Raises Refusal."""
        session = uow.session
        study = session.execute(select(Study).where(Study.uid == study_uid)).scalar_one_or_none()
        if study is None:
            raise not_found("该影像")
        series = list(
            session.execute(
                select(Series).where(Series.study_pk == study.id).order_by(Series.number, Series.id)
            ).scalars()
        )
        by_series: dict[int, list[Instance]] = {one.id: [] for one in series}
        for instance in session.execute(
            select(Instance).where(Instance.series_pk.in_(by_series)).order_by(Instance.number, Instance.id)
        ).scalars():
            by_series[instance.series_pk].append(instance)
        return study_view(study, [(one, by_series[one.id]) for one in series], self._zone)

    def list_exam_studies(self, uow: UnitOfWork, exam_id: int) -> tuple[StudyRow, ...]:
        """Studies matched to an exam, oldest first."""
        statement = select(Study).where(Study.exam_id == exam_id).order_by(Study.received_at)
        return tuple(study_row(study, self._zone) for study in uow.session.execute(statement).scalars())

    def list_studies(self, request: ListStudies) -> StudyList:
        """Search by the index that answers DICOM queries, newest first. Raises Refusal."""
        limit = min(max(request.limit, 1), _MOST_ROWS)
        rows: list[StudyRow] = []
        with contextlib.closing(self._found(request, limit)) as found:  # type: ignore[type-var]
            for row in found:
                rows.append(row)
                if len(rows) >= limit:
                    break
        return StudyList(total=len(rows), rows=tuple(rows))

    def _found(self, request: ListStudies, limit: int) -> Iterator[StudyRow]:
        keys: dict[int, object] = {
            0x00100010: request.name,
            0x00100020: request.patient_id,
            0x00080050: request.accession_number,
            0x00080061: request.modality,
            0x00081030: request.description,
            0x00080020: _days(request.study_from, request.study_to),
        }
        if request.completeness == SHORT:  # few are, so they are named
            with self._database.read() as uow:
                short = select(Expectation.study_uid).where(Expectation.missing > 0).distinct().limit(MAX_UIDS)
                keys[0x0020000D] = "\\".join(filter(None, uow.session.execute(short).scalars()))
            if not keys[0x0020000D]:
                return
        options = FindOptions(fuzzy_names=True, zone=self._zone)
        wanted = {**{tag: value for tag, value in keys.items() if value}, **request.custom}
        answers = find(self._database, "STUDY", wanted, 0 if request.completeness else limit, options)
        try:
            with contextlib.suppress(BudgetSpent):
                while uids := [str(answer[0x0020000D]) for answer in itertools.islice(answers, _AT_ONCE)]:
                    yield from self._rows_of(uids, request.completeness)
        except UnanswerableQuery as error:
            raise invalid("name", f"查询条件有误，请改正后再查：{error}") from error

    def _rows_of(self, uids: Sequence[str], completeness: str) -> list[StudyRow]:
        with self._database.read() as uow:
            found = uow.session.execute(select(Study).where(Study.uid.in_(uids))).scalars()
            by_uid = {study.uid: study for study in found}
        studies = [by_uid[uid] for uid in uids if uid in by_uid]
        return [study_row(one, self._zone) for one in studies if completeness in ("", one.completeness)]

    def get_frames(self, sop_instance_uid: str) -> FramesView:
        """What differs from frame to frame. Raises Refusal."""
        return frames_of(self.objects.header(sop_instance_uid), sop_instance_uid)

    def set_character_set(self, study_uid: str, character_set: str) -> StudyRow:
        """Read a study's texts again in a character set chosen by hand. Raises Refusal."""
        study_id = set_character_set(self._database, self.objects, study_uid, character_set)
        with self._database.read() as uow:
            return study_row(uow.session.get_one(Study, study_id), self._zone)

    def states_of(self, uow: UnitOfWork, study_uids: Collection[str]) -> dict[str, tuple[str, int]]:
        """Completeness and number of missing objects of those of these studies that are here."""
        columns = (Study.uid, Study.completeness, Study.missing_count)
        found: dict[str, tuple[str, int]] = {}
        uids = list(study_uids)
        for start in range(0, len(uids), _MOST_ROWS):
            rows = uow.session.execute(select(*columns).where(Study.uid.in_(uids[start : start + _MOST_ROWS])))
            found.update({uid: (state, missing) for uid, state, missing in rows})
        return found

    def list_unmatched(self, uow: UnitOfWork, page: Page) -> StudyList:
        """Studies without exam, newest first; `total` counts no further than some ten thousand."""
        limit, offset = min(max(page.limit, 1), _MOST_ROWS), max(page.offset, 0)
        # state by state: the index has each in order of arrival, all of them together it has not
        branches = [
            select(Study.id, Study.received_at)
            .where(Study.match_state == state, Study.exam_id.is_(None))
            .order_by(Study.received_at.desc(), Study.id.desc())
            .limit(max(offset + limit, _MOST_COUNTED))
            .subquery()
            for state in _WITHOUT_EXAM
        ]
        found = union_all(*(select(one.c.id, one.c.received_at) for one in branches)).subquery()
        total = uow.session.execute(select(func.count()).select_from(found)).scalar_one()
        ids = select(found.c.id).order_by(found.c.received_at.desc(), found.c.id.desc()).offset(offset).limit(limit)
        studies = {
            study.id: study
            for study in uow.session.execute(select(Study).where(Study.id.in_(ids.scalar_subquery()))).scalars()
        }
        order = sorted(studies.values(), key=lambda study: (study.received_at, study.id), reverse=True)
        return StudyList(total=total, rows=tuple(study_row(study, self._zone) for study in order))

    def match_study(self, uow: UnitOfWork, study_uid: str, version: int, exam_id: int) -> StudyRow:
        """Match by hand. Raises Refusal."""
        return study_row(self.matching.match_by_hand(uow, study_uid, version, exam_id), self._zone)

    def unmatch_study(self, uow: UnitOfWork, study_uid: str, version: int, reason: str) -> StudyRow:
        """Take a study off its exam; the reason stands in the list. Raises Refusal."""
        return study_row(self.matching.unmatch(uow, study_uid, version, reason), self._zone)

    def status(self, uow: UnitOfWork) -> ArchiveStatus:
        """Fill and backlog; the warning is a sentence that says what to do."""
        sums = self._sums(uow)
        free = self._measure(self._inbox)
        return ArchiveStatus(
            studies=int(sums[0]),
            series=int(sums[1]),
            instances=int(sums[2]),
            bytes_stored=int(sums[3]),
            disk_free_bytes=free,
            inbox_backlog=sum(1 for _ in inbox.ready_files(self._inbox)),
            warning=self._warning(free),
        )

    def _sums(self, uow: UnitOfWork) -> tuple[int, int, int, int]:
        """Studies, series, instances, bytes; in a large archive as of a minute ago, for they are counted one by one."""
        newest = int(uow.session.execute(select(func.coalesce(func.max(Study.id), 0))).scalar_one())
        if newest > _MANY_STUDIES and time.monotonic() < self._summed_until:
            return self._summed
        columns = (Study.series_count, Study.instance_count, Study.bytes_stored)
        sums = (func.coalesce(func.sum(column), 0) for column in columns)
        row = uow.session.execute(select(func.count(), *sums).select_from(Study)).one()
        self._summed = (int(row[0]), int(row[1]), int(row[2]), int(row[3]))
        self._summed_until = time.monotonic() + _SUMS_HOLD_S
        return self._summed

    def check(self, hashes: bool, progress: Callable[[int, int], None] | None = None) -> CheckView:
        """Prove that index and files agree."""
        return self.examine(hashes, progress).view

    def examine(self, hashes: bool, progress: Callable[[int, int], None] | None = None) -> Checked:
        """The same, with what a repair of the findings needs."""
        return check.examine(
            self._database,
            self._storage,
            lambda key: inbox.find(self._inbox, key) is not None,
            hashes=hashes,
            progress=progress or (lambda _done, _total: None),
        )

    def _warning(self, free: int) -> str:
        if free < self._reserve_bytes:
            return "磁盘已满：暂不接收新影像，已接收的影像完好。请清理磁盘或增加容量。"
        if free < self._reserve_bytes * _WARN_BELOW:
            return f"磁盘剩余空间不足（{free // 2**30} GB），请尽快增加容量。"
        return ""


def _days(first: date | None, last: date | None) -> str:
    """A range of DICOM dates, empty when neither end is given."""
    if first is None and last is None:
        return ""
    return f"{first:%Y%m%d}-" + (f"{last:%Y%m%d}" if last else "") if first else f"-{last:%Y%m%d}"

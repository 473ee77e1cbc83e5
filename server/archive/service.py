"""Use cases of the archive for the workstations; receiving, indexing and DICOM queries have modules of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import and_, func, select

from server.archive import check, inbox
from server.archive.matching import StudyMatching
from server.archive.objects import ArchiveObjects
from server.archive.ports import ExamMatcher
from server.archive.rules import MatchState
from server.archive.tables import Instance, Series, Study
from server.archive.views import study_row, study_view
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import not_found
from server.kernel.storage.port import ObjectStorage
from server.kernel.storage.space import free_bytes
from shared.contract.archive import ArchiveStatus, CheckView, StudyList, StudyRow, StudyView
from shared.contract.base import Page

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
        self.matching = StudyMatching(database, exams)
        self.objects = ArchiveObjects(database, storage, inbox_folder)

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

    def list_unmatched(self, uow: UnitOfWork, page: Page) -> StudyList:
        """Studies without exam, newest first."""
        unmatched = and_(Study.exam_id.is_(None), Study.match_state != MatchState.NOT_OURS)
        total = uow.session.execute(select(func.count()).select_from(Study).where(unmatched)).scalar_one()
        limit = min(max(page.limit, 1), 500)
        statement = (
            select(Study)
            .where(unmatched)
            .order_by(Study.received_at.desc(), Study.id.desc())
            .offset(max(page.offset, 0))
            .limit(limit)
        )
        rows = tuple(study_row(study, self._zone) for study in uow.session.execute(statement).scalars())
        return StudyList(total=total, rows=rows)

    def match_study(self, uow: UnitOfWork, study_uid: str, version: int, exam_id: int) -> StudyRow:
        """Match by hand. Raises Refusal."""
        return study_row(self.matching.match_by_hand(uow, study_uid, version, exam_id), self._zone)

    def unmatch_study(self, uow: UnitOfWork, study_uid: str, version: int, reason: str) -> StudyRow:
        """Take a study off its exam; the reason stands in the list. Raises Refusal."""
        return study_row(self.matching.unmatch(uow, study_uid, version, reason), self._zone)

    def status(self, uow: UnitOfWork) -> ArchiveStatus:
        """Fill and backlog; the warning is a sentence that says what to do."""
        sums = uow.session.execute(
            select(
                func.count(),
                func.coalesce(func.sum(Study.series_count), 0),
                func.coalesce(func.sum(Study.instance_count), 0),
                func.coalesce(func.sum(Study.bytes_stored), 0),
            ).select_from(Study)
        ).one()
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

    def check(self, hashes: bool, progress: Callable[[int, int], None] | None = None) -> CheckView:
        """Prove that index and files agree."""
        return check.check(
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

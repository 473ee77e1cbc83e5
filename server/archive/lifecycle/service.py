"""Use cases of the life cycle: copies of studies, moving and recalling them, and what other parts ask about copies."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from server.archive.lifecycle import placing
from server.archive.lifecycle.registry import ONLINE, StoreRegistry
from server.archive.lifecycle.tables import CopyState, StudyCopy
from server.archive.lifecycle.use import StudyUse, ask_for_recall
from server.archive.tables import Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal, invalid, not_found
from server.kernel.jobs import enqueue
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.storage import CopyView, JobStarted, MovedList, MovedStudy, StudyCopies

MOVE = "storage.move"
VERIFY = "storage.verify"
_BY_HAND = 5  # before what rules ask for


class CopyService:
    """Copies of studies. `verified` and `forget` are what keeping asks (server.archive.keeping.ports.Copies)."""

    def __init__(self, registry: StoreRegistry, use: StudyUse) -> None:
        self._registry = registry
        self._use = use

    # for other parts of the archive

    def verified(self, uow: UnitOfWork, study_pk: int) -> int:
        """How many copies beside the on-line one were verified and hold what the study consists of now."""
        uid = uow.session.execute(select(Study.uid).where(Study.id == study_pk)).scalar_one_or_none()
        return 0 if uid is None else len(self.verified_copies(uow, uid))

    def forget(self, uow: UnitOfWork, study_pk: int) -> None:
        """The study's files are others now: what was copied must be copied again."""
        uid = select(Study.uid).where(Study.id == study_pk).scalar_subquery()
        stale = update(StudyCopy).where(StudyCopy.study_uid == uid, StudyCopy.state == CopyState.VERIFIED)
        uow.session.execute(stale.values(digest="", verified_at=None))

    def copies_of(self, uow: UnitOfWork, study_uid: str) -> tuple[CopyView, ...]:
        """Every copy of a study with its state; the on-line one first. Raises NOT_FOUND."""
        return self.study_copies(uow, study_uid).copies

    def verified_copies(self, uow: UnitOfWork, study_uid: str) -> tuple[str, ...]:
        """The stores, beside the one that receives, with a verified and current copy of a study."""
        present = placing.contents(uow.session, study_uid)
        if present is None:
            return ()
        rows = placing.copies(uow.session, study_uid)
        return tuple(sorted(name for name, row in rows.items() if name != ONLINE and placing.is_good(row, present)))

    # for people

    def study_copies(self, uow: UnitOfWork, study_uid: str) -> StudyCopies:
        """Where a study lies. Raises NOT_FOUND."""
        session = uow.session
        study = _study(session, study_uid)
        present = placing.contents(session, study_uid)
        assert present is not None
        rows = placing.copies(session, study_uid)
        views = [] if ONLINE in rows else [_online_view(study, len(present.sizes), present.total)]
        views += [self._view(row, present) for name, row in sorted(rows.items()) if row.state != CopyState.RELEASED]
        sentence = self._use.why_away(study_uid) if study.availability == "OFFLINE" else ""
        return StudyCopies(
            study_uid=study_uid,
            availability=study.availability,
            last_used_at=study.last_used_at,
            verified_copies=sum(placing.is_good(row, present) for name, row in rows.items() if name != ONLINE),
            copies=tuple(views),
            sentence=sentence,
        )

    def recall(self, uow: UnitOfWork, study_uid: str, by: str) -> JobStarted:
        """Queue the way back on-line. Raises NOT_FOUND, UNAVAILABLE naming the medium."""
        study = _study(uow.session, study_uid)
        if study.availability == "ONLINE":
            return JobStarted(job_id=0, sentence="该检查的影像已在线。")
        away = self._use.why_away(study_uid) if study.availability == "OFFLINE" else ""
        if away:
            raise Refusal(ErrorCode.UNAVAILABLE, away)
        return JobStarted(job_id=ask_for_recall(uow, study_uid, by=by), sentence="已开始调回在线存储。")

    def move(self, uow: UnitOfWork, study_uid: str, keep_in: Collection[str], by: str) -> JobStarted:
        """Queue the move into exactly these stores. Raises NOT_FOUND, INVALID."""
        _study(uow.session, study_uid)
        self.check_stores(keep_in)
        job = enqueue(
            uow,
            MOVE,
            {"study_uid": study_uid, "keep_in": sorted(set(keep_in))},
            key=f"{study_uid} {' '.join(sorted(set(keep_in)))}",
            title="迁移影像",
            priority=_BY_HAND,
            by=by,
        )
        return JobStarted(job_id=job, sentence="已开始迁移。")

    def verify(self, uow: UnitOfWork, study_uid: str, by: str) -> JobStarted:
        """Queue the reading of every copy. Raises NOT_FOUND."""
        _study(uow.session, study_uid)
        job = enqueue(
            uow, VERIFY, {"study_uid": study_uid}, key=study_uid, title="校验影像副本", priority=_BY_HAND, by=by
        )
        return JobStarted(job_id=job, sentence="已开始校验副本。")

    def check_stores(self, keep_in: Collection[str]) -> None:
        """Raise INVALID unless every name is a store's and there is one."""
        if not keep_in:
            raise invalid("keep_in", "请至少选择一个存储。")
        for name in keep_in:
            if name != ONLINE and self._registry.get(name) is None:
                raise invalid("keep_in", f"没有名为“{name}”的存储，请从列表中选择。")

    def moved(self, uow: UnitOfWork, store: str, only_trouble: bool, page: Page) -> MovedList:
        """Studies with a copy in a store, newest first."""
        conditions = [StudyCopy.study_uid == Study.uid, StudyCopy.store != ONLINE]
        if store:
            conditions.append(StudyCopy.store == store)
        if only_trouble:
            conditions = [StudyCopy.study_uid == Study.uid, or_(StudyCopy.trouble != "", StudyCopy.state == "damaged")]
            if store:
                conditions.append(StudyCopy.store == store)
        wanted = exists().where(*conditions)
        total = uow.session.execute(select(func.count()).select_from(Study).where(wanted)).scalar_one()
        studies = uow.session.execute(
            select(Study)
            .where(wanted)
            .order_by(Study.study_date.desc(), Study.id.desc())
            .offset(max(page.offset, 0))
            .limit(min(max(page.limit, 1), 500))
        ).scalars()
        return MovedList(total=int(total), rows=tuple(_moved(uow.session, study) for study in studies))

    def _view(self, row: StudyCopy, present: placing.Contents) -> CopyView:
        store = self._registry.get(row.store)
        return CopyView(
            store=row.store,
            label=store.definition.title if store else row.store,
            role=store.role.value if store else "",
            state=row.state,
            is_current=placing.is_good(row, present),
            copied_at=row.copied_at,
            verified_at=row.verified_at,
            instances=row.instances,
            bytes_stored=row.bytes_stored,
            sentence=row.trouble,
        )


def _study(session: Session, study_uid: str) -> Any:
    found = session.execute(select(Study).where(Study.uid == study_uid)).scalar_one_or_none()
    if found is None:
        raise not_found("该影像")
    return found


def _online_view(study: Study, instances: int, size: int) -> CopyView:
    return CopyView(
        store=ONLINE,
        label="在线存储",
        role="online",
        state="online",
        is_current=True,
        copied_at=study.received_at,
        verified_at=None,
        instances=instances,
        bytes_stored=size,
        sentence="",
    )


def _moved(session: Session, study: Study) -> MovedStudy:
    rows = placing.copies(session, study.uid)
    return MovedStudy(
        study_uid=study.uid,
        patient_id=study.patient_id,
        patient_name=study.patient_name,
        study_date=study.study_date,
        modalities=tuple(name for name in study.modalities.split("\\") if name),
        availability=study.availability,
        bytes_stored=study.bytes_stored,
        stores=tuple(sorted(name for name in rows if name != ONLINE)),
        sentence="；".join(row.trouble for row in rows.values() if row.trouble),
    )

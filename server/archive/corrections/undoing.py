"""Takes events of corrections back: rows get their old values, what came since stays and finds its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.archive import epoch
from server.archive.corrections import events, noting, rules
from server.archive.corrections import journal as journals
from server.archive.corrections.exam_link import ExamLink
from server.archive.corrections.ports import RecycleBin
from server.archive.corrections.tables import (
    CorrectionEvent,
    PatientRedirect,
    RedirectedSeries,
    RejectedInstance,
    StudyRedirect,
)
from server.archive.keeping.recount import recount
from server.archive.ports import ExamMatcher
from server.archive.tables import Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action, not_found
from shared.contract.base import Changed
from shared.contract.corrections import CorrectionView


class Undoing:
    """Works in the caller's unit of work and never commits."""

    def __init__(self, exams: ExamMatcher, recycle_bin: RecycleBin) -> None:
        self._link = ExamLink(exams)
        self.recycle_bin = recycle_bin

    def undo(self, uow: UnitOfWork, by: str, event_id: int, reason: str) -> CorrectionView:
        """Take an event back. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(reason)
        event = session.get(CorrectionEvent, event_id, with_for_update=True)
        if event is None:
            raise not_found("该更正")
        if event.undone_at is not None or event.kind == "undo":
            raise illegal_action("undone", "该更正已经撤销。")
        later = events.rests_on(session, event)
        if later is not None:
            raise illegal_action("later", f"之后还有更正（编号 {later}），请先撤销它。")
        uids = events.studies_of(session, event.id)
        for study in self._present(session, uids):
            self._link.keep_examined(uow, study)
        session.flush()
        try:
            journals.undo(session, event.journal)
        except journals.RowGone:
            raise illegal_action("gone", "更正涉及的影像已在回收站中或已删除，请先恢复影像再撤销。") from None
        self._forget_redirects(session, event)
        for entry in self._binned(event):
            self.recycle_bin.restore(uow, entry)
        if event.kind == "reject":
            noting.withdraw(uow, event.id)
        epoch.bump(session)
        self._settle_after_undo(uow, uids)
        event.undone_at, event.undone_by, event.undo_reason = datetime.now(UTC), by[:64], reason
        events.record(
            session,
            kind="undo",
            by=by,
            reason=reason,
            studies=uids,
            changes=[[keyword, after, before] for keyword, before, after in event.changes],
            sentence=f"撤销了编号 {event.id} 的更正。",
            journal=msgspec.msgpack.encode([]),
        )
        return events.view(session, event)

    def _forget_redirects(self, session: Session, event: CorrectionEvent) -> None:
        redirect = session.execute(select(StudyRedirect).where(StudyRedirect.event_id == event.id)).scalar_one_or_none()
        if redirect is not None:
            self._bring_back(session, redirect)
            session.delete(redirect)
        session.execute(delete(PatientRedirect).where(PatientRedirect.event_id == event.id))
        session.execute(delete(RejectedInstance).where(RejectedInstance.event_id == event.id))
        session.flush()

    def _bring_back(self, session: Session, redirect: StudyRedirect) -> None:
        """Series that came for the merged study after the merge go to it, too."""
        study = session.execute(select(Study.id).where(Study.uid == redirect.uid)).scalar_one_or_none()
        came = select(RedirectedSeries.series_uid).where(RedirectedSeries.event_id == redirect.event_id)
        if study is not None:
            for series in session.execute(select(Series).where(Series.uid.in_(came))).scalars():
                kept = {
                    tag: value
                    for tag, value in rules.unpacked(series.correction).items()
                    if tag not in rules.STUDY_COLUMNS and tag != rules.STUDY_UID
                }
                series.study_pk, series.correction = study, rules.packed(kept)
        session.flush()
        session.execute(delete(RedirectedSeries).where(RedirectedSeries.event_id == redirect.event_id))

    def _settle_after_undo(self, uow: UnitOfWork, uids: Sequence[str]) -> None:
        session = uow.session
        for study in self._present(session, uids):
            recount(session, study.id)
            session.refresh(study)
            study.changed_at = datetime.now(UTC)
            if not study.series_count:
                session.execute(delete(Study).where(Study.id == study.id))
                continue
            self._link.match_again(uow, study)
            uow.publish(Changed("study", study.id, study.version))

    def _present(self, session: Session, uids: Sequence[str]) -> list[Study]:
        return list(session.execute(select(Study).where(Study.uid.in_(uids)).order_by(Study.id)).scalars())

    @staticmethod
    def _binned(event: CorrectionEvent) -> list[int]:
        entries: list[dict[str, Any]] = msgspec.msgpack.decode(event.journal)
        return [entry["entry"] for entry in entries if entry["do"] == "binned"]

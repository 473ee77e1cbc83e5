"""Brings studies and exams together: by accession number and worklist UIDs by itself, by hand where that fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from server.archive.ports import ExamMatcher
from server.archive.rules import AUTOMATIC, MatchState
from server.archive.tables import Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal, illegal_action, not_found
from shared.contract.base import Changed

logger = logging.getLogger(__name__)

_SETTLE_TOGETHER = 20  # studies in a transaction
_LOOK_TOGETHER = 100  # studies that are compared with all exams at once
_ASK_AGAIN_DAYS = 7
_ASK_AGAIN_STUDIES = 200
_studies = cast("Table", Study.__table__)
_UNMATCHED = (
    update(_studies)
    .where(_studies.c.id == bindparam("this"), or_(*(_studies.c.match_state == state for state in sorted(AUTOMATIC))))
    .values(match_state=MatchState.UNMATCHED, why_unmatched=bindparam("why"))
)
_NOT_OURS = (
    update(_studies)
    .where(_studies.c.id == bindparam("this"), or_(*(_studies.c.match_state == state for state in sorted(AUTOMATIC))))
    .values(match_state=MatchState.NOT_OURS, why_unmatched="")
)

Claim = Callable[[UnitOfWork, str, str], bool]
"""Says whether a study, by accession number and UID, belongs to another area."""


class StudyMatching:
    """Implements what the indexer calls `settle` and `rematch`, and the two commands of a person."""

    def __init__(self, database: Database, exams: ExamMatcher) -> None:
        self._database = database
        self._exams = exams
        self.others: list[Claim] = []
        """Other areas of the house whose studies wait for no exam, such as cases of pathology."""

    def settle(self, studies: Collection[int]) -> None:
        """Studies got instances: find their exams, tell the exams and the workstations."""
        given = list(studies)
        waiting: list[int] = []
        for start in range(0, len(given), _LOOK_TOGETHER):
            waiting += self._settle_strangers(given[start : start + _LOOK_TOGETHER])
        for start in range(0, len(waiting), _SETTLE_TOGETHER):
            some = waiting[start : start + _SETTLE_TOGETHER]
            try:
                with self._database.write() as uow:
                    for study_id in some:
                        self._settle_in(uow, study_id, only_if_matched=False)
            except Refusal:  # one of them, so each alone
                for study_id in some:
                    self._settle_one(study_id, only_if_matched=False)

    def rematch(self) -> None:
        """Look again for exams of recent unmatched studies: the registration may have come after the images."""
        since = datetime.now(UTC) - timedelta(days=_ASK_AGAIN_DAYS)
        statement = (
            select(Study)
            .where(Study.match_state.in_([MatchState.UNMATCHED, MatchState.PENDING]), Study.received_at >= since)
            .order_by(Study.received_at.desc())
            .limit(_ASK_AGAIN_STUDIES)
        )
        with self._database.read() as uow:
            candidates = list(uow.session.execute(statement).scalars())
            found = [study.id for study in candidates if self._match(uow, study) is not None]
        for study_id in found:
            self._settle_one(study_id, only_if_matched=True)

    def match_by_hand(self, uow: UnitOfWork, study_uid: str, version: int, exam_id: int) -> Study:
        """A person says which exam it is. Raises Refusal."""
        study = study_by_uid(uow.session, study_uid)
        study.expect(version)
        if study.exam_id is not None and study.exam_id != exam_id:
            raise illegal_action(study.match_state, "该影像已匹配到其他检查，请先取消匹配。")
        self._join(uow, study, exam_id, MatchState.BY_HAND)
        return study

    def unmatch(self, uow: UnitOfWork, study_uid: str, version: int, reason: str) -> Study:
        """A person takes the study off its exam; it is not matched by itself again. Raises Refusal."""
        study = study_by_uid(uow.session, study_uid)
        study.expect(version)
        if study.exam_id is None:
            raise illegal_action(study.match_state, "该影像没有匹配到任何检查。")
        self._exams.images_withdrawn(uow, study.exam_id, study.uid)
        study.exam_id = None
        study.match_state = MatchState.REFUSED
        stated = f"（{reason.strip()[:200]}）" if reason.strip() else ""
        study.why_unmatched = f"已由人工取消匹配{stated}，请选择正确的检查。"
        study.touch()
        uow.publish(Changed("study", study.id, study.version))
        return study

    def _settle_strangers(self, studies: Sequence[int]) -> list[int]:
        """Settle at once all that no exam can be meant by, as most are where devices send what nobody registered here;
        gives back the others."""
        columns = (Study.id, Study.version, Study.uid, Study.accession)
        statement = select(*columns).where(Study.id.in_(studies), Study.match_state.in_(AUTOMATIC))
        with self._database.write() as uow:
            rows = uow.session.execute(statement).all()
            named = self._exams.named(uow, {(row.accession, row.uid) for row in rows})
            strangers = [row for row in rows if (row.accession, row.uid) not in named]
            claimed = {row.id for row in strangers if any(claim(uow, row.accession, row.uid) for claim in self.others)}
            if unknown := [row for row in strangers if row.id not in claimed]:
                uow.session.connection().execute(
                    _UNMATCHED, [{"this": row.id, "why": _why(row.accession)} for row in unknown]
                )
            if claimed:
                uow.session.connection().execute(_NOT_OURS, [{"this": study} for study in sorted(claimed)])
            for row in strangers:
                uow.publish(Changed("study", row.id, row.version))
        done = {row.id for row in strangers}
        return [study for study in studies if study not in done]

    def _settle_one(self, study_id: int, *, only_if_matched: bool) -> None:
        try:
            with self._database.write() as uow:
                self._settle_in(uow, study_id, only_if_matched=only_if_matched)
        except Refusal:
            logger.warning("archive: study %d could not be given to its exam yet", study_id, exc_info=True)

    def _settle_in(self, uow: UnitOfWork, study_id: int, *, only_if_matched: bool) -> None:
        study = _load(uow.session, study_id)
        if study is None:  # deleted meanwhile
            return
        if study.match_state in AUTOMATIC:
            exam_id = self._match(uow, study)
            if exam_id is not None:
                self._join(uow, study, exam_id, MatchState.MATCHED)
            elif only_if_matched:
                return
            else:
                study.match_state = MatchState.UNMATCHED
                study.why_unmatched = _why(study.accession)
        elif study.exam_id is not None:
            self._exams.images_arrived(uow, study.exam_id, study.uid, study.series_count, study.instance_count)
        uow.publish(Changed("study", study.id, study.version))

    def _match(self, uow: UnitOfWork, study: Study) -> int | None:
        return self._exams.match(uow, study.accession, study.uid, study.patient_id)

    def _join(self, uow: UnitOfWork, study: Study, exam_id: int, state: MatchState) -> None:
        study.exam_id = exam_id
        study.match_state = state
        study.why_unmatched = ""
        study.touch()
        self._exams.images_arrived(uow, exam_id, study.uid, study.series_count, study.instance_count)
        uow.publish(Changed("study", study.id, study.version))


def study_by_uid(session: Session, study_uid: str) -> Study:
    """The study. Raises the NOT_FOUND refusal."""
    study = session.execute(select(Study).where(Study.uid == study_uid).with_for_update()).scalar_one_or_none()
    if study is None:
        raise not_found("该影像")
    return study


def _load(session: Session, study_id: int) -> Study | None:
    return session.execute(select(Study).where(Study.id == study_id).with_for_update()).scalar_one_or_none()


def _why(accession: str) -> str:
    if not accession:
        return "影像中没有检查号，请手工匹配。"
    return f"没有检查号为 {accession} 且患者编号一致的检查，请核对后手工匹配。"

"""Favourites by class (收藏报告): each account's own (ECG-PE-11, ECG-IN-12, ECG-ACC-07)."""

from __future__ import annotations

from sqlalchemy import delete, select

from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.exams.tables import EcgCollectedRow
from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from shared.domain.ecg import ExamAction

_CATEGORY, _NOTE = 60, 500


class Collecting:
    """Methods work in the caller's unit of work."""

    def __init__(self, exams: ExamService, clock: Clock) -> None:
        self._exams = exams
        self._clock = clock

    def add(
        self, uow: UnitOfWork, caller: Caller, exam_id: int, category: str, note: str
    ) -> tuple[EcgCollectedRow, ExamFacts]:
        """File an exam, or file it anew. Raises NOT_FOUND, ILLEGAL_ACTION, INVALID."""
        facts = self._exams.check(uow, caller, exam_id, ExamAction.COLLECT)
        for field, text, limit in (("category", category, _CATEGORY), ("note", note, _NOTE)):
            if len(text.strip()) > limit:
                raise invalid(field, f"内容太长，最多 {limit} 个字符。")
        row = uow.session.scalars(
            select(EcgCollectedRow).where(EcgCollectedRow.user_id == caller.user_id, EcgCollectedRow.exam_id == exam_id)
        ).one_or_none()
        if row is None:
            row = EcgCollectedRow(user_id=caller.user_id, exam_id=exam_id, added_at=self._clock.now())
            uow.session.add(row)
            self._exams.note(uow, caller, exam_id, ExamAction.COLLECT.value, new=category.strip())
        row.category, row.note = category.strip(), note.strip()
        uow.session.flush()
        return row, facts

    def remove(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Take an exam out of the account's favourites."""
        uow.session.execute(
            delete(EcgCollectedRow).where(EcgCollectedRow.user_id == caller.user_id, EcgCollectedRow.exam_id == exam_id)
        )

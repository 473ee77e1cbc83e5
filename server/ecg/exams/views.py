"""Exams as clients get them: rows and details."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.exams.tables import EcgCollectedRow, EcgEventRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.ecg import ChangeEntry, EcgExamView, EcgRow
from shared.domain.ecg import ExamAction

if TYPE_CHECKING:
    from server.ecg.exams.ports import Campuses, TracesOfExams


class ExamViews:
    """Makes rows and details; one query for the names and favourites of a whole page."""

    def __init__(self, exams: ExamService, campuses: Campuses, traces: TracesOfExams) -> None:
        self._exams = exams
        self._campuses = campuses
        self._traces = traces

    def rows(self, uow: UnitOfWork, caller: Caller, many: Iterable[ExamFacts]) -> tuple[EcgRow, ...]:
        """Return rows in the order given."""
        facts = list(many)
        names = self._campuses.names(uow)
        collected = _collected(uow, caller, [one.id for one in facts])
        return tuple(
            _row(one, names.get(one.campus_id, ""), one.id in collected, self._exams.allowed(caller, one))
            for one in facts
        )

    def row(self, uow: UnitOfWork, caller: Caller, facts: ExamFacts) -> EcgRow:
        """Return one row."""
        return self.rows(uow, caller, (facts,))[0]

    def details(self, uow: UnitOfWork, caller: Caller, facts: ExamFacts) -> EcgExamView:
        """Return everything of one exam."""
        return EcgExamView(
            row=self.row(uow, caller, facts),
            entry=facts.entry,
            application_id=facts.application_id,
            cancel_reason=facts.cancel_reason,
            traces=self._traces.of_exam(uow, facts.id),
            documents=tuple(self._traces.documents(uow, facts.id)),
        )

    def trail(self, uow: UnitOfWork, exam_id: int) -> tuple[ChangeEntry, ...]:
        """Return the lines of an exam's trail, oldest first."""
        rows = uow.session.scalars(select(EcgEventRow).where(EcgEventRow.exam_id == exam_id).order_by(EcgEventRow.id))
        return tuple(
            ChangeEntry(
                at=row.at, user_name=row.user_name, action=row.action, field=row.field, old=row.old, new=row.new
            )
            for row in rows
        )


def _collected(uow: UnitOfWork, caller: Caller, exam_ids: list[int]) -> frozenset[int]:
    if not exam_ids:
        return frozenset()
    statement = select(EcgCollectedRow.exam_id).where(
        EcgCollectedRow.user_id == caller.user_id, EcgCollectedRow.exam_id.in_(exam_ids)
    )
    return frozenset(uow.session.scalars(statement))


_SAME = tuple(
    name
    for name in EcgRow.__struct_fields__
    if name in ExamFacts.__slots__ and name not in ("allowed", "campus_name", "collected")
)


def _row(facts: ExamFacts, campus: str, collected: bool, allowed: tuple[ExamAction, ...]) -> EcgRow:
    return EcgRow(
        **{name: getattr(facts, name) for name in _SAME}, campus_name=campus, collected=collected, allowed=allowed
    )

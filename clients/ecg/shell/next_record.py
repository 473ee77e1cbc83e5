"""下一份待阅: which record a doctor reads next, the most urgent and then the longest waiting first; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from clients.ecg.desk import Reading
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.ecg import EcgRow, ListEcgExams
from shared.contract.ecg_consultations import Accept, ConsultationFilter, ListIncoming
from shared.contract.errors import ErrorCode, RpcError
from shared.domain.ecg import ConsultationState, ExamAction, ExamState, QuickRange, ReportState, Urgency

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

_MOST = 500
_URGENCY = {Urgency.EMERGENCY: 0, Urgency.URGENT: 1, Urgency.ROUTINE: 2}
_AT_CONSULTATION = (ConsultationState.WAITING, ConsultationState.ACCEPTED)


def in_order(rows: Iterable[EcgRow]) -> list[EcgRow]:
    """Exams that wait for a reader: critical ones first, then by urgency, then the one that waits longest.

    Left out: what another hospital has been asked about, and what was read and waits for its second reader.
    """
    waiting = [
        row
        for row in rows
        if row.state is ExamState.ACQUIRED
        and ExamAction.READ in row.allowed
        and row.consultation_state not in _AT_CONSULTATION
        and row.report_state is not ReportState.PENDING
    ]
    return sorted(
        waiting, key=lambda row: (not row.is_critical, _URGENCY[row.urgency], row.acquired_at or row.registered_at)
    )


def next_exam(line: Any, passed: Collection[int]) -> Reading | None:
    """The exam of the last two weeks to read next, none of `passed` (blocking)."""
    found = line.call(ListEcgExams(states=(ExamState.ACQUIRED,), quick=QuickRange.TWO_WEEKS, page=Page(limit=_MOST)))
    row = next((row for row in in_order(found.rows) if row.id not in passed), None)
    return Reading(row.id) if row is not None else None


def next_consultation(line: Any, passed: Collection[int]) -> Reading | None:
    """Accept the first waiting consultation that nobody else takes meanwhile (blocking); the server has the order."""
    waiting = ConsultationFilter(states=(ConsultationState.WAITING,))
    for row in line.call(ListIncoming(filter=waiting, page=Page(limit=_MOST))).rows:
        if row.exam_id in passed:
            continue
        try:
            taken = line.call(Accept(consultation_id=row.id))
        except RpcError as error:
            if error.code is ErrorCode.ILLEGAL_ACTION:  # another doctor was faster
                continue
            raise
        return Reading(taken.exam_id, consultation_id=taken.id)
    return None


class NextRecord:
    """Opens one record after the other; what was passed over comes again when everything else was seen."""

    def __init__(self, place: Workplace, open_it: Callable[[int, Reading], object]) -> None:
        self._place, self._open = place, open_it
        self._passed: set[int] = set()

    def look(self, exam_id: int, open_ids: Collection[int], *, consults: bool) -> None:
        """Find what comes after an exam and open it; say so when nothing waits."""
        self._passed.add(exam_id)
        line, passed, stays = self._place.connection, set(self._passed), {exam_id, *open_ids}

        def work() -> tuple[Reading | None, bool]:
            if consults:
                return next_consultation(line, stays), False
            found = next_exam(line, passed | stays)
            return (found, False) if found is not None else (next_exam(line, stays), True)

        def done(answer: tuple[Reading | None, bool]) -> None:
            reading, is_again = answer
            if is_again:
                self._passed = {exam_id}
            if reading is None:
                self._place.messages.say(tr("没有待受理的会诊了。") if consults else tr("没有待阅的心电图了。"))
            else:
                self._open(exam_id, reading)

        self._place.runner.run(work, done, self._place.messages.report, key="ecg.next")

"""What the hospital system is told of an order's ECG exam: registered, acquired, reported, withdrawn, cancelled."""

from __future__ import annotations

from typing import Protocol

from server.ecg.exams.facts import ExamFacts
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.interfaces import ExamHappening
from shared.domain.ecg import ExamState

_HAPPENINGS = {
    (None, ExamState.AWAITING): ExamHappening.REGISTERED,
    (ExamState.AWAITING, ExamState.ACQUIRED): ExamHappening.EXAMINED,
    (ExamState.ACQUIRED, ExamState.REPORTED): ExamHappening.REPORT_APPROVED,
    (ExamState.REPORTED, ExamState.ACQUIRED): ExamHappening.REPORT_WITHDRAWN,
    (ExamState.AWAITING, ExamState.CANCELLED): ExamHappening.CANCELLED,
}
"""From state, to state → what is told; a second trace of an acquired exam is no news."""


class HospitalSystems(Protocol):
    """The exchange with the hospitals' systems."""

    def told(self, uow: UnitOfWork, exam: ExamFacts, happening: ExamHappening) -> None:
        """Queue the news in this transaction, for the systems of the exam's hospital."""


class OrderStates:
    """Follows exams (ExamService.watchers). An exam without a request of a hospital system is nobody's news."""

    def __init__(self, systems: HospitalSystems) -> None:
        self._systems = systems

    def exam_moved(self, uow: UnitOfWork, caller: Caller, before: ExamFacts | None, after: ExamFacts) -> None:
        """Tell of a step that the hospital system knows a word for."""
        happening = _HAPPENINGS.get((None if before is None else before.state, after.state))
        if happening is not None and after.request_number.strip():
            self._systems.told(uow, after, happening)

"""What exams need of the areas that stand on them: the queue and the reports. Bound by whoever wires the server."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.interfaces import ExamHappening
from shared.contract.safety import SafetyAnswerView
from shared.domain.safety import Asked, SafetyAnswer
from shared.domain.states import PatientType, TicketState


@dataclass(frozen=True)
class TicketFact:
    """What a list shows of an exam's place in the queue."""

    state: TicketState
    number: str


@dataclass(frozen=True)
class QueuePlace:
    """Where an exam belongs in the queues."""

    exam_id: int
    room_id: int
    planned_at: datetime
    patient_type: PatientType
    exam_type: str = ""


class QueueDesk(Protocol):
    """The queue as exams use it. Refusals are raised as kernel.errors.Refusal."""

    def tickets_of(self, uow: UnitOfWork, exam_ids: Collection[int]) -> dict[int, TicketFact]:
        """Return the latest ticket of each exam; exams without one are left out."""

    def enter(self, uow: UnitOfWork, caller: Caller, place: QueuePlace) -> None:
        """Make the exam stand where it belongs: a ticket for today's exams, moved or withdrawn when it changed."""

    def leave(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Withdraw the ticket of a cancelled exam. Raises ILLEGAL_ACTION while it is being called."""

    def finished(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """The exam is finished: its ticket leaves the list, whatever state it was in."""

    def device_started(self, uow: UnitOfWork, exam_id: int) -> None:
        """A device began: the ticket is 检查中 from whatever open state it was in."""

    def device_gave_up(self, uow: UnitOfWork, exam_id: int) -> None:
        """A device stopped without result: the patient waits again."""


class ReportOpener(Protocol):
    """Reports as exams use them."""

    def ensure_report(self, uow: UnitOfWork, exam_id: int) -> None:
        """Make the report of an examined exam whose images are there, unless it exists (RIS-ESM-10)."""

    def exam_changed(self, uow: UnitOfWork, exam_id: int) -> None:
        """What reports copied of an exam (patient, images) has changed; nothing happens where there is no report."""


class SafetyDesk(Protocol):
    """The safety questions as exams use them (RIS-EX-11)."""

    def keep(
        self, uow: UnitOfWork, caller: Caller, exam_id: int, asked: Asked, answers: Sequence[SafetyAnswer]
    ) -> None:
        """Keep the answers of a registration. Raises INVALID."""

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> tuple[SafetyAnswerView, ...]:
        """Return the answers that count now."""

    def alarming(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        """Return those of the exams that have an alarming answer."""


class Papers(Protocol):
    """The photographed applications as exams use them (RIS-REG-25)."""

    def pages_of(self, uow: UnitOfWork, exam_ids: Collection[int]) -> dict[int, int]:
        """Return how many pictures each of the exams has; exams without one are left out."""


class NoSafety:
    """Nothing is asked: for tests of exams alone."""

    def keep(
        self, uow: UnitOfWork, caller: Caller, exam_id: int, asked: Asked, answers: Sequence[SafetyAnswer]
    ) -> None:
        """Nothing to keep."""

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> tuple[SafetyAnswerView, ...]:
        return ()

    def alarming(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        return frozenset()


class NoPapers:
    """No pictures are kept: for tests of exams alone."""

    def pages_of(self, uow: UnitOfWork, exam_ids: Collection[int]) -> dict[int, int]:
        return {}


class ExamWatcher(Protocol):
    """Who is told what becomes of exams: the interfaces to the hospital system."""

    def exam_moved(self, uow: UnitOfWork, exam_id: int, happening: ExamHappening) -> None:
        """Something became of an exam in this unit of work. Must not refuse: it has happened."""


class OrderSource(Protocol):
    """Where applications are asked for that nobody has handed in: the hospital system."""

    def ask(self, number: str, *, by_order: bool = False) -> bool:
        """Ask for the orders of a card, health-check or identity number; True when some were handed in.

        `by_order`: the number is that of the order itself. Opens its own units of work. Raises UNAVAILABLE when the
        hospital system does not answer.
        """


class NoWatcher:
    """Nobody is told: for tests of exams alone."""

    def exam_moved(self, uow: UnitOfWork, exam_id: int, happening: ExamHappening) -> None:
        """Nobody to tell."""


class NoOrders:
    """There is no hospital system to ask."""

    def ask(self, number: str, *, by_order: bool = False) -> bool:
        return False


class NoQueue:
    """No queue is kept: for tests of exams alone."""

    def tickets_of(self, uow: UnitOfWork, exam_ids: Collection[int]) -> dict[int, TicketFact]:
        return {}

    def enter(self, uow: UnitOfWork, caller: Caller, place: QueuePlace) -> None:
        """Nothing to enter."""

    def leave(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Nothing to leave."""

    def finished(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Nothing to finish."""

    def device_started(self, uow: UnitOfWork, exam_id: int) -> None:
        """Nothing to start."""

    def device_gave_up(self, uow: UnitOfWork, exam_id: int) -> None:
        """Nothing to put back."""


class NoReports:
    """No reports are made: for tests of exams alone."""

    def ensure_report(self, uow: UnitOfWork, exam_id: int) -> None:
        """Nothing to make."""

    def exam_changed(self, uow: UnitOfWork, exam_id: int) -> None:
        """Nothing to copy."""

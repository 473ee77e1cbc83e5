"""What printed documents take from the queue."""

from __future__ import annotations

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.queueing.service import QueueService
from shared.contract.exams import ExamView
from shared.contract.queueing import GetQueue, WaitForecast


class TicketForecast:
    """The queue as printing sees it."""

    def __init__(self, queue: QueueService, time: HospitalTime) -> None:
        self._queue = queue
        self._time = time

    def forecast(self, uow: UnitOfWork, exam: ExamView) -> WaitForecast | None:
        """Return the forecast of a ticket that waits today."""
        if not exam.row.ticket_number or self._time.local(exam.row.planned_at).date() != self._time.today():
            return None
        queue = self._queue.get_queue(uow, SYSTEM, GetQueue(room_id=exam.row.room_id))
        return next((ticket.forecast for ticket in queue.tickets if ticket.exam_id == exam.row.id), None)

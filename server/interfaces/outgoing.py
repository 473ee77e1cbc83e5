"""The durable queue of what is told to hospital systems: filled in the exams' own transactions, emptied by jobs.

One job sends for one connection at a time. The messages of one exam go in their order: a later one waits until the
earlier ones are settled. Nothing is lost while the other side is away; what it refuses is dead until a person acts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import aliased

from server.exams.service import ExamService
from server.interfaces import journal, rules, statuses
from server.interfaces.connections import Connections
from server.interfaces.tables import InterfaceConnection, InterfaceMessage
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import illegal_action
from server.kernel.jobs import enqueue
from server.kernel.jobs.tables import Job, JobState
from shared.contract.base import Changed
from shared.contract.exams import ExamView
from shared.contract.interfaces import Direction, ExamHappening, MessageState, StatusForm

SEND_JOB = "interfaces.send"
_ANY_TIME = timedelta(0)

Watcher = Callable[[UnitOfWork, InterfaceMessage], None]
"""Told in the same transaction when a message that goes out has a new state."""
_TYPES = {
    StatusForm.ORM: "ORM^O01",
    StatusForm.OMG: "OMG^O19",
    StatusForm.CHARGES: "DFT^P03",
    StatusForm.TASK: "Task",
    StatusForm.SERVICE_REQUEST: "ServiceRequest",
}


class Outgoing:
    """Implements server.exams.ports.ExamWatcher. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime, exams: ExamService, connections: Connections) -> None:
        self._time = time
        self._exams = exams
        self._connections = connections
        self.watchers: list[Watcher] = []

    def tell(self, uow: UnitOfWork, row: InterfaceMessage) -> None:
        """Tell workstations and those who watch."""
        journal.tell(uow, row)
        for watcher in self.watchers:
            watcher(uow, row)

    def exam_moved(self, uow: UnitOfWork, exam_id: int, happening: ExamHappening) -> None:
        """Queue the news for every connection that wants it; exams without an order of the hospital system are ours."""
        told = self._connections.told(uow, happening)
        if not told:
            return
        exam = self._exams.view(uow, SYSTEM, exam_id)
        if not exam.requester.his_number.strip():
            return
        for connection in told:
            self._queued(uow, connection, exam, happening)

    def order_moved(
        self,
        uow: UnitOfWork,
        exam: ExamView,
        happening: ExamHappening,
        concerns: Callable[[InterfaceConnection], bool] = lambda _connection: True,
    ) -> None:
        """Queue the news of an exam that another department keeps (`exam` stands for it, with an id of its own).

        What is written is what the department knows now. `concerns` leaves out connections of other hospitals.
        """
        if not exam.requester.his_number.strip():
            return
        for connection in self._connections.told(uow, happening):
            if not concerns(connection):
                continue
            row = self._queued(uow, connection, exam, happening)
            row.body, row.character_set = statuses.written(
                exam, happening, row.at, connection, row.control_id, self._time.zone
            )

    def _queued(
        self, uow: UnitOfWork, connection: InterfaceConnection, exam: ExamView, happening: ExamHappening
    ) -> InterfaceMessage:
        row = InterfaceMessage(
            direction=Direction.OUT.value,
            connection_id=connection.id,
            connection_name=connection.name,
            at=self._time.now(),
            message_type=_TYPES[StatusForm(connection.form)],
            state=MessageState.WAITING.value,
            patient_name=exam.row.patient_name[:64],
            order_number=exam.requester.his_number.strip()[:64],
            accession_number=exam.row.accession_number,
            exam_id=exam.row.id,
            happening=happening.value,
        )
        uow.session.add(row)
        uow.session.flush()
        row.control_id = f"MJ{row.id}"
        journal.tell(uow, row)
        drive(uow, connection)
        return row

    def put(
        self,
        uow: UnitOfWork,
        connection: InterfaceConnection,
        *,
        exam_id: int,
        message_type: str,
        write: Callable[[str], bytes],
        character_set: str,
        order_number: str = "",
        accession_number: str = "",
        patient_name: str = "",
        identity: str = "",
    ) -> int:
        """Queue a message of another area, such as a report (ORU^R01); returns its id in the journal.

        `write` gets the control id for MSH-10 and returns the message in `character_set` (a codec). The message keeps
        its place in the order of its exam's messages. With an `identity` (up to 64 characters) that is known nothing
        is queued again.
        """
        if identity:
            earlier = select(InterfaceMessage.id).where(InterfaceMessage.identity == identity)
            if (known := uow.session.scalar(earlier)) is not None:
                return known
        row = InterfaceMessage(
            direction=Direction.OUT.value,
            connection_id=connection.id,
            connection_name=connection.name,
            at=self._time.now(),
            message_type=message_type[:32],
            state=MessageState.WAITING.value,
            patient_name=patient_name[:64],
            order_number=order_number[:64],
            accession_number=accession_number[:16],
            identity=identity or None,
            exam_id=exam_id,
            character_set=character_set,
        )
        uow.session.add(row)
        uow.session.flush()
        row.control_id = f"MJ{row.id}"
        row.body = write(row.control_id)
        journal.tell(uow, row)
        drive(uow, connection)
        return row.id

    def resend(self, uow: UnitOfWork, message_id: int) -> InterfaceMessage:
        """Send a message (again) at once. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = journal.get(uow, message_id)
        if row.direction != Direction.OUT:
            raise illegal_action(row.state, "接收的消息不能重发，请由对方重发，或重新处理。")
        connection = uow.session.get(InterfaceConnection, row.connection_id)
        if connection is None or not connection.enabled:
            raise illegal_action(row.state, "该消息的接口连接已删除或停用，请先启用连接。")
        row.state, row.attempts, row.next_try, row.finished_at = MessageState.WAITING.value, 0, None, None
        row.sentence = ""
        connection.next_try = None
        uow.session.flush()
        drive(uow, connection)
        self.tell(uow, row)
        return row

    def give_up(self, uow: UnitOfWork, message_id: int, reason: str = "") -> InterfaceMessage:
        """Send a waiting message no more. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = journal.get(uow, message_id)
        if row.state != MessageState.WAITING:
            raise illegal_action(row.state, "只有等待发送的消息可以放弃。")
        row.state, row.finished_at = MessageState.CANCELLED.value, self._time.now()
        if reason.strip():
            row.sentence = f"放弃理由：{reason.strip()}"[:400]
        self.tell(uow, row)
        return row


def drive(uow: UnitOfWork, connection: InterfaceConnection, delay: timedelta = _ANY_TIME) -> None:
    """See to it that a job sends for a connection, not before its next try."""
    if not connection.enabled:
        return
    now = datetime.now(UTC)
    if connection.next_try is not None:
        delay = max(delay, connection.next_try - now)
    job_id = enqueue(
        uow,
        SEND_JOB,
        {"connection": connection.id},
        key=f"interface-{connection.id}",
        title=connection.name,
        delay=delay,
    )
    sooner = update(Job).where(Job.id == job_id, Job.state == JobState.WAITING, Job.not_before > now + delay)
    uow.session.execute(sooner.values(not_before=now + delay))


def take_lease(uow: UnitOfWork, connection_id: int, job_id: int) -> InterfaceConnection | None:
    """Return the connection in the hands of this job; None when another job that runs has it, or it is gone."""
    statement = select(InterfaceConnection).where(InterfaceConnection.id == connection_id).with_for_update()
    row = uow.session.scalars(statement).one_or_none()
    if row is None:
        return None
    if row.sender_job not in (None, job_id):
        holder = select(Job.state).where(Job.id == row.sender_job)
        if uow.session.execute(holder).scalar_one_or_none() == JobState.RUNNING:
            return None
    row.sender_job = job_id
    return row


def next_message(uow: UnitOfWork, connection_id: int) -> InterfaceMessage | None:
    """Return the oldest message that may go now: none of its exam is before it."""
    now = datetime.now(UTC)
    earlier = aliased(InterfaceMessage)
    is_held = exists().where(
        earlier.connection_id == connection_id,
        earlier.state == MessageState.WAITING.value,
        earlier.exam_id == InterfaceMessage.exam_id,
        earlier.id < InterfaceMessage.id,
    )
    statement = (
        select(InterfaceMessage)
        .where(
            InterfaceMessage.connection_id == connection_id,
            InterfaceMessage.state == MessageState.WAITING.value,
            (InterfaceMessage.next_try.is_(None)) | (InterfaceMessage.next_try <= now),
            ~is_held,
        )
        .order_by(InterfaceMessage.id)
        .limit(1)
    )
    return uow.session.scalars(statement).one_or_none()


def next_due(uow: UnitOfWork, connection_id: int) -> float | None:
    """Return in how many seconds the next waiting message may go; None when nothing waits."""
    statement = select(func.count(), func.min(InterfaceMessage.next_try)).where(
        InterfaceMessage.connection_id == connection_id, InterfaceMessage.state == MessageState.WAITING.value
    )
    count, first = uow.session.execute(statement).one()
    if not count:
        return None
    return 0.0 if first is None else max(0.0, (first - datetime.now(UTC)).total_seconds())


def settle(
    uow: UnitOfWork, message_id: int, state: MessageState, code: str, sentence: str, answer: bytes
) -> InterfaceMessage:
    """Note what the other side answered to a message and return its row."""
    row = journal.get(uow, message_id)
    row.attempts += 1
    row.ack_code, row.sentence, row.answer = code[:4], sentence[:400], answer[:20_000]
    now = datetime.now(UTC)
    if state is MessageState.WAITING and row.attempts >= rules.MAX_ERRORS:
        state = MessageState.DEAD
    if state is MessageState.WAITING:
        row.next_try = now + timedelta(seconds=rules.pause_after(row.attempts))
    else:
        row.state, row.finished_at, row.next_try = state.value, now, None
    journal.tell(uow, row)
    return row


def answered(uow: UnitOfWork, connection_id: int) -> None:
    """Note that the other side is there."""
    row = uow.session.get(InterfaceConnection, connection_id)
    if row is not None and (row.failures or row.last_error):
        row.failures, row.down_since, row.next_try, row.last_error = 0, None, None, ""
        uow.publish(Changed("interface", row.id, row.version))


def missed(uow: UnitOfWork, connection_id: int, message_id: int, sentence: str) -> float:
    """Note that the other side is not there; returns how long to wait, in seconds."""
    now = datetime.now(UTC)
    row = uow.session.get_one(InterfaceConnection, connection_id)
    row.failures += 1
    row.down_since = row.down_since or now
    row.last_error = sentence[:400]
    pause = rules.pause_after(row.failures)
    row.next_try = now + timedelta(seconds=pause)
    message = uow.session.get(InterfaceMessage, message_id)
    if message is not None and message.state == MessageState.WAITING:
        message.sentence = sentence[:400]
        journal.tell(uow, message)
    uow.publish(Changed("interface", row.id, row.version))
    return pause


def release(uow: UnitOfWork, connection_id: int, job_id: int) -> None:
    """Give the connection out of this job's hands."""
    mine = (InterfaceConnection.id == connection_id, InterfaceConnection.sender_job == job_id)
    uow.session.execute(update(InterfaceConnection).where(*mine).values(sender_job=None))

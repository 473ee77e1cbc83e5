"""Use case of a message that came in: obeyed in one transaction with its journal entry, or refused with the reason."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError, OperationalError

from server.exams.applications import ApplicationDesk
from server.exams.payments import PaymentDesk
from server.interfaces import faults, journal, rules
from server.interfaces.connections import Connections
from server.interfaces.orders import CodeBook, NewOrder, order_numbers, orders_of
from server.interfaces.payments import payments_of
from server.interfaces.people import name_of, number_of, person_of
from server.interfaces.registry import PatientRegistry
from server.interfaces.tables import InterfaceConnection, InterfaceMessage
from server.kernel.audit import AuditEntry
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action
from server.organisation.service import OrganisationService
from shared.contract.base import AuditClass
from shared.contract.errors import ENVIRONMENT
from shared.contract.interfaces import Direction, MessageState, MessageView
from shared.domain.permissions import ROLES
from shared.hl7.acknowledgement import Answering, Fault, acknowledgement, acknowledgements, code_of
from shared.hl7.message import Message, MessageError, Segment, header_of, parse, time_of

logger = logging.getLogger(__name__)

_TRIES = 3
_NOBODY = Fault("207", "the sender is not known here", ("MSH", 1, 4), "发送方没有登记，请在接口管理中添加连接。", True)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message and the way it came."""

    data: bytes
    address: str
    is_tls: bool = False


def hospital_system(name: str) -> Caller:
    """The caller that obeyed messages are recorded as."""
    return Caller(user_id=0, login="hospital_system", name=name[:64], permissions=ROLES["hospital_system"])


def _keep_no_record(_uow: UnitOfWork, _entry: AuditEntry) -> None:
    return


class Intake:
    """Answers messages of hospital systems; opens its own units of work; may be called from many threads."""

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        organisation: OrganisationService,
        applications: ApplicationDesk,
        connections: Connections,
        registry: PatientRegistry,
        payments: PaymentDesk,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8).upper(),
        record: Callable[[UnitOfWork, AuditEntry], None] = _keep_no_record,
    ) -> None:
        """`record` keeps an audit entry in the transaction of what a message did."""
        self._record = record
        self._database = database
        self._time = time
        self._organisation = organisation
        self._applications = applications
        self._connections = connections
        self._registry = registry
        self._payments = payments
        self._answering = Answering(new_id, time.now, time.zone)

    def admits(self, address: str, *, is_tls: bool) -> bool:
        """Whether some connection lets this address call."""
        with self._database.read() as uow:
            return self._connections.admits(uow, address, is_tls=is_tls)

    def take(self, arrival: Arrival) -> list[bytes]:
        """Obey a message, or refuse it, and return the acknowledgements, in order. Never raises.

        A positive one is returned only after what was asked, and the journal entry, are durable.
        """
        try:
            return self._take(arrival)
        except Refusal as refusal:  # the database is busy or the disk is full: the sender shall try again
            return self._apology(arrival.data, faults.of_refusal(refusal))
        except Exception:  # outermost of a message: a defect must not end the sender's connection
            incident = secrets.token_hex(4)
            logger.exception("hl7: incident %s: a message could not be processed", incident)
            return self._apology(arrival.data, Fault("207", f"internal error, incident {incident}"))

    def process_again(self, message_id: int) -> MessageView:
        """Obey a refused message now; the reply says what became of it. Raises NOT_FOUND, ILLEGAL_ACTION."""
        with self._database.read() as uow:
            row = journal.get(uow, message_id)
            if row.direction != Direction.IN or row.state != MessageState.REFUSED:
                raise illegal_action(row.state, "只有被拒绝的接收消息可以重新处理。")
            if row.message_type == "ServiceRequest":
                raise illegal_action(row.state, "查询到的申请单不用重新处理，再查询一次即可。")
            arrival = Arrival(row.body, row.address, is_tls=True)
        self._take(arrival, message_id)
        with self._database.read() as uow:
            return journal.view_of(journal.get(uow, message_id))

    def _take(self, arrival: Arrival, message_id: int = 0) -> list[bytes]:
        message, fault = self._read(arrival.data)
        with self._database.read() as uow:
            sender = self._sender(uow, message, arrival)
            if fault is None and sender is None:
                fault = _NOBODY
            if fault is None and sender is not None and sender.character_set and not message.header.value(18):
                message, fault = self._read(arrival.data, sender.character_set)
            if fault is None and sender is not None:
                fault = _fault_of_header(message, sender)
        identity = journal.identity_of(0 if sender is None else sender.id, message.control_id, arrival.data)
        if fault is None and sender is not None:
            for attempt in range(_TRIES):
                try:
                    return self._obey(message, arrival, sender, identity, message_id)
                except MessageError as error:
                    fault = faults.of_message(error)
                except Refusal as refusal:
                    if refusal.body.code in ENVIRONMENT:
                        raise
                    fault = faults.of_refusal(refusal)
                except (IntegrityError, OperationalError):  # another connection wrote the same at this moment
                    if attempt == _TRIES - 1:
                        raise
                    continue
                break
        assert fault is not None
        return self._refuse(message, arrival, sender, identity, fault, message_id)

    def _read(self, data: bytes, character_set: str = "") -> tuple[Message, Fault | None]:
        try:
            codec = {"GBK": "gb18030", "GB18030": "gb18030", "UTF-8": "utf-8", "ASCII": "ascii"}.get(character_set, "")
            message = parse(data, codec)
        except MessageError as error:
            header = header_of(data) or Message((Segment("MSH", ("MSH", "^~\\&")),))
            return header, faults.of_message(error)
        if not message.control_id:
            nameless = MessageError("the message has no control id", "101", ("MSH", 1, 10))
            return message, faults.of_message(nameless)
        return message, None

    def _sender(self, uow: UnitOfWork, message: Message, arrival: Arrival) -> InterfaceConnection | None:
        header = message.header
        return self._connections.sender(uow, arrival.address, header.value(3), header.value(4), is_tls=arrival.is_tls)

    def _obey(
        self, message: Message, arrival: Arrival, sender: InterfaceConnection, identity: str, message_id: int
    ) -> list[bytes]:
        with self._database.write() as uow:
            self._connections.hold(uow, sender.id)
            row = journal.get(uow, message_id) if message_id else journal.known(uow, identity)
            if row is not None and row.state == MessageState.ACCEPTED:
                row.repeats += 1
            else:
                sentence = self._do(uow, message, sender)
                row = self._note(uow, row, message, arrival, sender, identity)
                row.state, row.sentence = MessageState.ACCEPTED.value, sentence
                self._record(uow, self._audited(message, arrival, sender, row.id))
            answers = acknowledgements(message, None, self._answering)
            row.ack_code = "AA"
            row.answer = _encoded("".join(answers), message.codec)
            journal.tell(uow, row)
        return [_encoded(answer, message.codec) for answer in answers]

    def _audited(self, message: Message, arrival: Arrival, sender: InterfaceConnection, message_id: int) -> AuditEntry:
        return AuditEntry(
            at=self._time.now(),
            user="hospital_system",
            station=sender.name,
            address=arrival.address,
            method=f"hl7.{message.type}"[:60],
            audit_class=AuditClass.PATIENT_RECORD,
            outcome="ok",
            subject=f"interface message {message_id}",
            duration_ms=0.0,
        )

    def _refuse(
        self,
        message: Message,
        arrival: Arrival,
        sender: InterfaceConnection | None,
        identity: str,
        fault: Fault,
        message_id: int,
    ) -> list[bytes]:
        is_readable = bool(message.control_id)
        answers = (
            acknowledgements(message, fault, self._answering)
            if is_readable
            else [acknowledgement(message, code_of(fault), fault, self._answering)]
        )
        try:
            with self._database.write() as uow:
                row = journal.get(uow, message_id) if message_id else journal.known(uow, identity)
                if row is not None and row.state == MessageState.ACCEPTED:
                    row.repeats += 1
                else:
                    row = self._note(uow, row, message, arrival, sender, identity)
                    row.state, row.sentence = MessageState.REFUSED.value, (fault.shown or fault.sentence)[:400]
                row.ack_code = code_of(fault)
                row.answer = _encoded("".join(answers), message.codec)
                journal.tell(uow, row)
        except IntegrityError:
            logger.info("hl7: the same message was refused by another line at this moment, and is kept there")
        logger.info("hl7: message refused with %s (%s)", code_of(fault), fault.code)
        return [_encoded(answer, message.codec) for answer in answers]

    def _note(
        self,
        uow: UnitOfWork,
        row: InterfaceMessage | None,
        message: Message,
        arrival: Arrival,
        sender: InterfaceConnection | None,
        identity: str,
    ) -> InterfaceMessage:
        now = self._time.now()
        if row is None:
            row = InterfaceMessage(direction=Direction.IN.value, identity=identity, at=now, attempts=0, repeats=0)
            uow.session.add(row)
        elif row.state == MessageState.REFUSED:
            row.repeats += 1
        row.connection_id, row.connection_name = (0, "") if sender is None else (sender.id, sender.name)
        row.message_type, row.control_id = message.type[:32], message.control_id[:64]
        row.character_set, row.address = message.codec, arrival.address[:64]
        row.body = arrival.data
        row.attempts += 1
        row.finished_at = now
        row.state = MessageState.REFUSED.value
        try:
            pid = message.first("PID")
            row.patient_name = name_of(pid, 5)[:64] if pid is not None else ""
            row.order_number = order_numbers(message)
        except MessageError:
            row.patient_name = row.order_number = ""  # too many repetitions: that is why it was refused
        uow.session.flush()
        return row

    # ── what messages ask ────────────────────────────────────────────────────────────────────────

    def _do(self, uow: UnitOfWork, message: Message, sender: InterfaceConnection) -> str:
        """Do what a message asks, and say in one sentence what was done. Raises MessageError, Refusal."""
        if message.code == "ADT":
            return self._tell_of_patient(uow, message, sender)
        if message.code == rules.PAYMENT_TYPE[0]:
            return self._settle(uow, message, sender)
        person = person_of(message, sender.identifiers)
        told_at = self._told_at(message)
        person = self._registry.completed(uow, person)
        book = CodeBook(self._organisation.hospital(uow), sender.codes)
        done: list[str] = []
        caller = hospital_system(sender.name)
        for order in orders_of(message, person, book, self._time.zone):
            if isinstance(order, NewOrder):
                view = self._applications.submit(uow, caller, order.request, order.patient_key)
                done.append(f"申请单 {view.requester.his_number} 已接收")
            else:
                self._applications.cancel(uow, order.his_number)
                done.append(f"申请单 {order.his_number} 已取消")
        self._registry.keep(uow, person, told_at)
        return "；".join(done)[:400]

    def _tell_of_patient(self, uow: UnitOfWork, message: Message, sender: InterfaceConnection) -> str:
        person = person_of(message, sender.identifiers)
        told_at = self._told_at(message)
        if message.event not in rules.MERGE_EVENTS:
            is_news = self._registry.keep(uow, person, told_at)
            return f"患者 {person.key} 的资料已更新" if is_news else "已有更新的患者资料，本消息未改变任何内容"
        priors = [number for mrg in message.all("MRG") if (number := number_of(mrg, 1) or mrg.value(4))]
        if not priors:
            raise MessageError("the prior patient number is missing", "101", ("MRG", 1, 1))
        for prior in priors:
            if prior == person.key:
                raise MessageError("a patient cannot be merged into itself", "102", ("MRG", 1, 1))
            self._registry.merge(uow, hospital_system(sender.name), prior[:64], person, told_at)
        return f"患者 {'、'.join(priors)} 已并入 {person.key}"[:400]

    def _settle(self, uow: UnitOfWork, message: Message, sender: InterfaceConnection) -> str:
        caller = hospital_system(sender.name)
        said: list[str] = []
        for payment in payments_of(message):
            exams = self._payments.settle(uow, caller, payment.numbers, is_paid=payment.is_paid)
            word = "已缴费" if payment.is_paid else "已退费"
            said.append(f"检查 {'、'.join(exams)} {word}" if exams else f"申请单 {payment.numbers[0]} {word}，尚未登记")
        return "；".join(dict.fromkeys(said))[:400] or "没有缴费或退费，本消息未改变任何内容"

    def _told_at(self, message: Message) -> datetime | None:
        evn = message.first("EVN")
        text = (evn.value(2) if evn is not None else "") or message.header.value(7)
        return time_of(text, self._time.zone, ("MSH", 1, 7))

    def _apology(self, data: bytes, fault: Fault) -> list[bytes]:
        """Answer without journal: AE, so that the sender tries again."""
        header = header_of(data) or Message((Segment("MSH", ("MSH", "^~\\&")),))
        return [_encoded(acknowledgement(header, code_of(fault), fault, self._answering), "utf-8")]


def _fault_of_header(message: Message, sender: InterfaceConnection) -> Fault | None:
    """Say why a message of this kind is not for us, or None."""
    header = message.header
    version, processing = header.value(12), header.value(11).upper()[:1]
    code, event = message.code, message.event
    error: MessageError | None = None
    if not version.startswith(rules.VERSIONS):
        error = MessageError(f"version {version[:8]!r} is not read; send 2.3 to 2.7", "203", ("MSH", 1, 12))
    elif processing not in ("", "P") and not sender.allows_tests:
        error = MessageError(f"messages of processing id {processing!r} are not obeyed", "202", ("MSH", 1, 11))
    elif code == "ADT":
        if event not in rules.PATIENT_EVENTS | rules.MERGE_EVENTS:
            error = MessageError(f"the event {event[:8]!r} is not supported", "201", ("MSH", 1, 9))
    elif (code, event) != rules.PAYMENT_TYPE and (code, event or "O01") not in rules.ORDER_TYPES:
        error = MessageError(f"messages {message.type[:16]!r} are not supported", "200", ("MSH", 1, 9))
    return None if error is None else faults.of_message(error)


def _encoded(text: str, codec: str) -> bytes:
    return text.encode(codec, "replace")

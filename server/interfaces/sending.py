"""The job that empties the queue of one connection: builds, sends, reads the acknowledgement, settles."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from server.exams.service import ExamService
from server.interfaces import journal, outgoing, rules, statuses
from server.interfaces.lines import FhirAnswer, FhirLine, MllpLine, Unreachable
from server.interfaces.tables import InterfaceConnection
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobKind, JobRetry, Schedule
from shared.contract.exams import ExamView
from shared.contract.interfaces import ExamHappening, InterfaceKind, MessageState, StatusForm
from shared.hl7.message import Message, MessageError, parse

logger = logging.getLogger(__name__)

KEEP_JOB = "interfaces.keep_house"
_TURN_S = 30.0
_KEEP_DAYS = 180
_POSITIVE = frozenset({"AA", "CA"})
_PASSING = frozenset({"AE", "CE"})


class Lines:
    """Opens sockets to hospital systems; the secrets folder and TLS are the server's."""

    def __init__(self, token: Callable[[str], str], tls: Callable[[], ssl.SSLContext]) -> None:
        self._token = token
        self._tls = tls

    def mllp(self, to: InterfaceConnection) -> MllpLine:
        """Raises Unreachable."""
        return MllpLine(to.host, to.port, to.timeout_s, self._context() if to.tls else None)

    def fhir(self, to: InterfaceConnection) -> FhirLine:
        """Raises Unreachable (the token or the certificates cannot be read)."""
        context = self._context() if to.url.startswith("https:") else None
        return FhirLine(to.url, to.timeout_s, self._token(to.token_file), context)

    def _context(self) -> ssl.SSLContext:
        try:
            return self._tls()
        except ValueError as error:
            raise Unreachable(str(error)) from None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the other side answered."""

    state: MessageState
    code: str
    sentence: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message on its way."""

    id: int
    control_id: str
    happening: str
    exam_id: int | None
    at: datetime
    body: bytes


class Sending:
    """The handlers of jobs; `kinds` and SCHEDULES are for the runner."""

    def __init__(self, database: Database, time_: HospitalTime, exams: ExamService, lines: Lines) -> None:
        self._database = database
        self._time = time_
        self._exams = exams
        self._lines = lines
        self.watchers: list[outgoing.Watcher] = []

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [
            JobKind(outgoing.SEND_JOB, self.send, lane="interfaces", max_attempts=1_000_000),
            JobKind(KEEP_JOB, self.keep_house, lane="house"),
        ]

    def send(self, context: JobContext) -> str:
        """Send what waits for a connection, in order, until nothing does or another one has its turn."""
        connection_id = int(context.payload["connection"])
        line: MllpLine | None = None
        count, started = 0, time.monotonic()
        try:
            while True:
                if context.is_stopping:
                    raise JobRetry("The server stops; the work goes on after the next start.", 0.0)
                taken = self._take(context, connection_id)
                if taken is None:
                    return f"{count} messages sent."
                to, letter = taken
                try:
                    if to.kind == InterfaceKind.HL7_OUT and line is None:
                        line = self._lines.mllp(to)
                    outcome = self._deliver(to, letter, line)
                except Unreachable as unreachable:
                    with self._database.write() as uow:
                        pause = outgoing.missed(uow, to.id, letter.id, f"对方没有应答：{unreachable}")
                    raise JobRetry(str(unreachable), pause) from None
                with self._database.write() as uow:
                    settled = outgoing.settle(
                        uow, letter.id, outcome.state, outcome.code, outcome.sentence, outcome.answer
                    )
                    for watcher in self.watchers:
                        watcher(uow, settled)
                    outgoing.answered(uow, to.id)
                count += 1
                if time.monotonic() - started > _TURN_S:
                    raise JobRetry("Another connection has its turn.", 0.0)
        finally:
            if line is not None:
                line.close()
            with self._database.write() as uow:
                outgoing.release(uow, connection_id, context.job_id)

    def keep_house(self, _context: JobContext) -> str:
        """Forget settled messages that are older than half a year."""
        with self._database.write() as uow:
            count = journal.forget(uow, self._time.now() - journal.retention(_KEEP_DAYS))
        return f"{count} old messages forgotten."

    def _take(self, context: JobContext, connection_id: int) -> tuple[InterfaceConnection, _Letter] | None:
        """Return the next message, with its text; None when nothing waits. Raises JobRetry."""
        with self._database.write() as uow:
            to = outgoing.take_lease(uow, connection_id, context.job_id)
            if to is None:
                gone = uow.session.get(InterfaceConnection, connection_id) is None
                if gone:
                    return None
                raise JobRetry("Another job sends for this connection.", 1.0)
            if not to.enabled:
                return None
            if to.next_try is not None and (wait := (to.next_try - datetime.now(UTC)).total_seconds()) > 0:
                raise JobRetry(to.last_error or "The other side does not answer.", wait)
            row = outgoing.next_message(uow, connection_id)
            if row is None:
                due = outgoing.next_due(uow, connection_id)
                if due is None:
                    return None
                raise JobRetry("The other side answered with an error; it is tried again.", max(due, 0.2))
            letter = _Letter(row.id, row.control_id, row.happening, row.exam_id, row.at, row.body)
        if letter.body:
            return to, letter
        return to, self._written(to, letter)

    def _written(self, to: InterfaceConnection, letter: _Letter) -> _Letter:
        """Give a message its text, once: what is sent again is the same."""
        exam = self._exam(letter)
        if exam is None:
            return letter
        happening = ExamHappening(letter.happening)
        body, codec = statuses.written(exam, happening, letter.at, to, letter.control_id, self._time.zone)
        if not body:
            return letter  # it was queued before the form was changed
        with self._database.write() as uow:
            row = journal.get(uow, letter.id)
            row.body, row.character_set = body, codec
        return replace(letter, body=body)

    def _exam(self, letter: _Letter) -> ExamView | None:
        if letter.exam_id is None:
            return None
        try:
            with self._database.read() as uow:
                return self._exams.view(uow, SYSTEM, letter.exam_id)
        except Refusal:
            return None

    def _deliver(self, to: InterfaceConnection, letter: _Letter, line: MllpLine | None) -> Outcome:
        """Send one message. Raises Unreachable."""
        if not letter.body:
            return Outcome(MessageState.DEAD, "", "检查已不存在，或连接的设置已更改，无法生成消息。", b"")
        if line is not None:
            return read_acknowledgement(line.ask(letter.body), letter.control_id)
        fhir = self._lines.fhir(to)
        resource = msgspec.json.decode(letter.body, type=dict[str, Any])
        if resource.get("resourceType") == "Bundle":
            return outcome_of(fhir.post("", resource))
        if to.form == StatusForm.TASK:
            return put_task(fhir, resource)
        return put_request_status(fhir, to, resource, letter.happening)


def read_acknowledgement(data: bytes, control_id: str) -> Outcome:
    """Say what an HL7 acknowledgement means. Raises Unreachable when it is none, or answers another message."""
    try:
        message: Message = parse(data)
    except MessageError as error:
        raise Unreachable(f"the acknowledgement cannot be read: {error}") from None
    msa = message.first("MSA")
    if msa is None:
        raise Unreachable("the acknowledgement has no segment MSA")
    if msa.value(2) != control_id:
        raise Unreachable("the acknowledgement is for another message")
    code = msa.value(1).upper()
    if code in _POSITIVE:
        return Outcome(MessageState.SENT, code, "", data)
    err = message.first("ERR")
    said = msa.value(3)
    if err is not None:
        said = err.value(8) or err.value(7) or err.value(3, 2) or said
    sentence = f"对方返回 {code[:2]}：{said}" if said else f"对方返回 {code[:2]}。"
    return Outcome(MessageState.WAITING if code in _PASSING else MessageState.DEAD, code[:2], sentence, data)


def put_task(fhir: FhirLine, resource: dict[str, Any]) -> Outcome:
    """Create or update the Task of an exam by its accession number (conditional update). Raises Unreachable."""
    value = resource["identifier"][0]["value"]
    wanted = quote(f"{statuses.ACCESSION_SYSTEM}|{value}", safe="")
    return outcome_of(fhir.put(f"Task?identifier={wanted}", resource))


def put_request_status(fhir: FhirLine, to: InterfaceConnection, task: dict[str, Any], happening: str) -> Outcome:
    """Write the status of the order itself, unless it has it. Raises Unreachable."""
    number = task["focus"]["identifier"]["value"]
    wanted = f"{to.identifier_system}|{number}" if to.identifier_system else number
    found = fhir.get(f"ServiceRequest?identifier={quote(wanted, safe='')}&_count=2")
    if found.status != 200 or found.body is None:
        return outcome_of(found)
    entries = [one for one in found.body.get("entry") or [] if isinstance(one, dict)]
    orders = [one["resource"] for one in entries if isinstance(one.get("resource"), dict)]
    orders = [one for one in orders if one.get("resourceType") == "ServiceRequest" and isinstance(one.get("id"), str)]
    if len(orders) != 1:
        sentence = "对方没有这个申请单。" if not orders else "对方有多个同号的申请单。"
        return Outcome(MessageState.DEAD, str(found.status), sentence, b"")
    order = orders[0]
    status = rules.STATUSES[ExamHappening(happening)].request
    if order.get("status") == status:
        return Outcome(MessageState.SENT, "200", "", b"")
    version = (order.get("meta") or {}).get("versionId")
    etag = f'W/"{version}"' if isinstance(version, str) and version else ""
    return outcome_of(fhir.put(f"ServiceRequest/{quote(order['id'], safe='')}", order | {"status": status}, etag))


def outcome_of(answer: FhirAnswer) -> Outcome:
    """Say what an HTTP answer of a FHIR server means."""
    body = b"" if answer.body is None else msgspec.json.encode(answer.body)
    code = str(answer.status)
    if 200 <= answer.status < 300:
        return Outcome(MessageState.SENT, code, "", body)
    said = ""
    issues = (answer.body or {}).get("issue")
    if isinstance(issues, list) and issues and isinstance(issues[0], dict):
        details = issues[0].get("details")
        text = details.get("text") if isinstance(details, dict) else None
        said = str(issues[0].get("diagnostics") or text or "")[:200]
    sentence = f"对方返回 {code}：{said}" if said else f"对方返回 {code}。"
    is_passing = answer.status >= 500 or answer.status in (401, 403, 408, 409, 412, 425, 429)
    return Outcome(MessageState.WAITING if is_passing else MessageState.DEAD, code, sentence, body)


def schedules() -> list[Schedule]:
    """Jobs that are asked for regularly."""
    return [Schedule(KEEP_JOB, timedelta(hours=12))]

"""The exchange with the hospital system (HIS): connections, the journal of messages, what is sent and sent again.

Orders and patient data come by HL7 v2 (MLLP) or are asked for by FHIR R4; what becomes of exams goes back by either.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.permissions import Permission


class InterfaceKind(StrEnum):
    """What a connection is for, and which way it goes."""

    HL7_IN = "hl7_in"  # orders and patient data come to our MLLP door
    HL7_OUT = "hl7_out"  # states of exams go to its MLLP port
    FHIR_QUERY = "fhir_query"  # we ask its FHIR server for orders
    FHIR_OUT = "fhir_out"  # states of exams go to its FHIR server


class StatusForm(StrEnum):
    """As what the states of exams are sent."""

    ORM = "orm"  # ORM^O01 with ORC-1 SC
    OMG = "omg"  # OMG^O19 with ORC-1 SC (HL7 v2.4 and later)
    CHARGES = "charges"  # DFT^P03: what the items cost, at one happening; taken back when the registration is
    TASK = "task"  # a FHIR Task whose focus is the order
    SERVICE_REQUEST = "service_request"  # the status of the order itself
    RESULTS = "results"  # no states of exams: the connection carries reports only (contract.results)


class ExamHappening(StrEnum):
    """What became of an exam; the hospital system is told."""

    REGISTERED = "registered"
    CANCELLED = "cancelled"
    STARTED = "started"
    WAITS_AGAIN = "waits_again"  # the device gave up: as registered
    EXAMINED = "examined"
    REPORT_APPROVED = "report_approved"
    REPORT_WITHDRAWN = "report_withdrawn"  # as examined


class MessageState(StrEnum):
    """How far a message came."""

    ACCEPTED = "accepted"  # came in and was obeyed
    REFUSED = "refused"  # came in and was not: the sentence says why
    WAITING = "waiting"  # goes out as soon as the other side takes it
    SENT = "sent"  # went out and was acknowledged
    DEAD = "dead"  # the other side refuses it: the sentence says why
    CANCELLED = "cancelled"  # given up by a person


class Direction(StrEnum):
    """Which way a message went."""

    IN = "in"
    OUT = "out"


class ConnectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A connection to a hospital system."""

    id: int
    version: int
    name: str
    kind: InterfaceKind
    enabled: bool
    host: str  # hl7_in: the address it calls from (empty: any that names the facility); hl7_out: where it listens
    port: int  # hl7_out
    tls: bool  # hl7_in: it must call by TLS; hl7_out: it is called by TLS
    url: str  # FHIR base, https://host/fhir
    token_file: str  # name of a file in the server's secrets folder that holds a bearer token
    application: str  # theirs, MSH-3 of what comes, MSH-5 of what goes; hl7_in: empty allows every one
    facility: str  # theirs, MSH-4 and MSH-6
    own_application: str  # ours
    own_facility: str
    hl7_version: str  # of what goes
    character_set: str  # of what goes, and of what comes without MSH-18: UTF-8, GBK, GB18030; empty: told apart
    form: StatusForm  # of what goes
    happenings: tuple[ExamHappening, ...]  # that it is told; empty: all
    codes: dict[str, str]  # their code of an item or department → ours (item, or exam type)
    identifiers: dict[str, str]  # their type of a patient number (PID-3.5) → our field, see docs/guide/interfaces.md
    identifier_system: str  # FHIR: the system of order numbers; empty: searched by value alone
    patient_system: str  # FHIR: the system of card numbers
    allows_tests: bool  # messages marked as test or training (MSH-11) are taken as real ones
    timeout_s: float
    waiting: int  # messages that wait to be sent
    dead: int  # messages that the other side refuses, or that came in and were refused
    failures: int  # tries in a row at which it did not answer
    down_since: datetime | None
    next_try: datetime | None
    last_error: str


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message in the journal."""

    id: int
    direction: Direction
    connection_id: int
    connection_name: str
    at: datetime
    message_type: str  # ORM^O01, Task
    control_id: str
    state: MessageState
    ack_code: str  # AA, AE, AR, CA …; of FHIR the HTTP status
    sentence: str  # why it was refused, or what is waited for
    patient_name: str
    order_number: str
    accession_number: str
    attempts: int
    repeats: int  # how often the same message came again
    next_try: datetime | None
    finished_at: datetime | None


class MessageList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first, and how many there are in all."""

    total: int
    rows: tuple[MessageView, ...]


class MessageText(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it came or goes, one segment a line, and what was answered."""

    message: MessageView
    text: str
    answer: str


class ListConnections(Query[tuple[ConnectionView, ...]], frozen=True, kw_only=True):
    """All connections by name."""

    method = "interfaces.list_connections"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveConnection(Command[ConnectionView], frozen=True, kw_only=True):
    """Add (`id` 0) or change a connection. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "interfaces.save_connection"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int = 0
    version: int = 0
    name: str
    kind: InterfaceKind
    enabled: bool = True
    host: str = ""
    port: int = 0
    tls: bool = False
    url: str = ""
    token_file: str = ""
    application: str = ""
    facility: str = ""
    own_application: str = "MINGJING"
    own_facility: str = ""
    hl7_version: str = "2.5.1"
    character_set: str = ""
    form: StatusForm = StatusForm.ORM
    happenings: tuple[ExamHappening, ...] = ()
    codes: dict[str, str] = msgspec.field(default_factory=dict)
    identifiers: dict[str, str] = msgspec.field(default_factory=dict)
    identifier_system: str = ""
    patient_system: str = ""
    allows_tests: bool = False
    timeout_s: float = 5.0


class RemoveConnection(Command[Nothing], frozen=True, kw_only=True):
    """Forget a connection with what waits for it; the journal stays. Refusals: NOT_FOUND."""

    method = "interfaces.remove_connection"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class TestConnection(Query[str], frozen=True, kw_only=True):
    """Try to reach the other side: an empty text when it answers, else a sentence. Refusals: NOT_FOUND."""

    __test__ = False
    method = "interfaces.test_connection"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class ListMessages(Query[MessageList], frozen=True, kw_only=True):
    """The journal; empty and 0 match all. `text` looks into patient name, order, accession and control numbers."""

    method = "interfaces.list_messages"
    permission = Permission.ADMINISTER
    audit = AuditClass.PATIENT_RECORD

    connection_id: int = 0
    direction: Direction | None = None
    states: tuple[MessageState, ...] = ()
    text: str = ""
    exam_id: int = 0
    page: Page = Page()


class GetMessage(Query[MessageText], frozen=True, kw_only=True):
    """One message with its text. Refusals: NOT_FOUND."""

    method = "interfaces.get_message"
    permission = Permission.ADMINISTER
    audit = AuditClass.PATIENT_RECORD

    message_id: int


class ProcessMessageAgain(Command[MessageView], frozen=True, kw_only=True):
    """Obey a refused message now, for example after a code was entered. The reply says what became of it.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (it did not come in, or was accepted).
    """

    method = "interfaces.process_again"
    permission = Permission.ADMINISTER
    audit = AuditClass.PATIENT_RECORD

    message_id: int


class ResendMessage(Command[MessageView], frozen=True, kw_only=True):
    """Send a message (again), at once. Refusals: NOT_FOUND, ILLEGAL_ACTION (it came in, its connection is gone)."""

    method = "interfaces.resend"
    permission = Permission.ADMINISTER
    audit = AuditClass.EXPORT

    message_id: int


class GiveUpMessage(Command[MessageView], frozen=True, kw_only=True):
    """Send a waiting message no more. Refusals: NOT_FOUND, ILLEGAL_ACTION (it does not wait)."""

    method = "interfaces.give_up"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    message_id: int
    reason: str = ""  # kept with the message

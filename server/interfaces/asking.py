"""Asks hospital systems for the orders of a patient by FHIR R4 and keeps what they answer as applications.

Implements server.exams.ports.OrderSource. A system that does not answer is left alone for a while (circuit breaker),
so that clerks do not wait for it again and again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from sqlalchemy.exc import IntegrityError, OperationalError

from server.exams.applications import ApplicationDesk
from server.interfaces import faults, fhir, journal
from server.interfaces.connections import Connections
from server.interfaces.intake import hospital_system
from server.interfaces.lines import Unreachable
from server.interfaces.orders import CodeBook
from server.interfaces.registry import PatientRegistry
from server.interfaces.sending import Lines
from server.interfaces.tables import InterfaceConnection, InterfaceMessage
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.organisation.service import OrganisationService
from shared.contract.errors import ENVIRONMENT, ErrorCode
from shared.contract.interfaces import Direction, InterfaceKind, MessageState
from shared.hl7.acknowledgement import Fault
from shared.hl7.message import MessageError

logger = logging.getLogger(__name__)

_MAX_AT_ONCE = 2  # who waits here holds one of the few threads that answer workstations
_PATIENCE_S = 0.3
_MAX_NUMBER = 64
_OPENS_AFTER = 3
_OPEN_S = 30.0
_AWAY = "医院信息系统没有应答，暂时查不到申请单；请稍后再查，或先手工录入。"
_BUSY = "正在查询的人太多，请稍后再查，或先手工录入。"


class Breaker:
    """Leaves alone, for `open_s`, who did not answer `after` times in a row; then one may try again."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, after: int = _OPENS_AFTER, open_s: float = _OPEN_S
    ) -> None:
        self._clock = clock
        self._after = after
        self._open_s = open_s
        self._lock = threading.Lock()
        self._failures: dict[int, int] = {}
        self._until: dict[int, float] = {}

    def may_ask(self, key: int) -> bool:
        """Whether to ask now; after the pause one caller may, the others when it was answered."""
        with self._lock:
            until = self._until.get(key)
            if until is None:
                return True
            if self._clock() < until:
                return False
            self._until[key] = self._clock() + self._open_s
            return True

    def answered(self, key: int) -> None:
        """It is there."""
        with self._lock:
            self._failures.pop(key, None)
            self._until.pop(key, None)

    def missed(self, key: int) -> None:
        """It is not there."""
        with self._lock:
            self._failures[key] = self._failures.get(key, 0) + 1
            if self._failures[key] >= self._after:
                self._until[key] = self._clock() + self._open_s


class Asking:
    """Asks; opens its own units of work and holds none while it waits. May be called from many threads."""

    def __init__(
        self,
        database: Database,
        time_: HospitalTime,
        organisation: OrganisationService,
        applications: ApplicationDesk,
        connections: Connections,
        registry: PatientRegistry,
        lines: Lines,
        breaker: Breaker | None = None,
    ) -> None:
        self._database = database
        self._time = time_
        self._organisation = organisation
        self._applications = applications
        self._connections = connections
        self._registry = registry
        self._lines = lines
        self._breaker = breaker or Breaker()
        self._places = threading.BoundedSemaphore(_MAX_AT_ONCE)

    def ask(self, number: str, *, by_order: bool = False) -> bool:
        """See OrderSource.ask. Raises UNAVAILABLE."""
        wanted = number.strip()
        if not 0 < len(wanted) <= _MAX_NUMBER or not wanted.isprintable():
            return False
        with self._database.read() as uow:
            asked = self._connections.of_kind(uow, InterfaceKind.FHIR_QUERY)
        if not asked:
            return False
        if not self._places.acquire(timeout=_PATIENCE_S):
            raise Refusal(ErrorCode.UNAVAILABLE, _BUSY, retry_after_s=2)
        try:
            kept, missed = 0, 0
            for connection in asked:
                try:
                    kept += self._ask_one(connection, wanted, by_order=by_order)
                except Unreachable as unreachable:
                    missed += 1
                    logger.warning("interfaces: %s: %s", connection.name, unreachable)
        finally:
            self._places.release()
        if missed and not kept:
            raise Refusal(ErrorCode.UNAVAILABLE, _AWAY, retry_after_s=5)
        return kept > 0

    def _ask_one(self, connection: InterfaceConnection, number: str, *, by_order: bool) -> int:
        """Return how many orders were kept. Raises Unreachable."""
        if not self._breaker.may_ask(connection.id):
            raise Unreachable("it did not answer lately and is left alone for a while")
        try:
            bundle = self._fetch(connection, number, by_order=by_order)
        except Unreachable:
            self._breaker.missed(connection.id)
            raise
        self._breaker.answered(connection.id)
        orders = [
            one
            for one in fhir.resources(bundle)
            if one.get("resourceType") == "ServiceRequest" and one.get("status") in fhir.OPEN_STATES
        ]
        return sum(self._keep(connection, one, bundle) for one in orders)

    def _fetch(self, connection: InterfaceConnection, number: str, *, by_order: bool) -> Mapping[str, Any]:
        query = urlencode(
            {
                "identifier" if by_order else "patient.identifier": number,
                "status": ",".join(fhir.OPEN_STATES),
                "_include": "ServiceRequest:subject",
                "_count": "50",
            },
            quote_via=quote,
        )
        answer = self._lines.fhir(connection).get(f"ServiceRequest?{query}&_include=ServiceRequest:requester")
        if answer.status != 200 or answer.body is None:
            raise Unreachable(f"the server answered {answer.status}")
        if answer.body.get("resourceType") != "Bundle":
            raise Unreachable("the answer is no Bundle")
        return answer.body

    def _keep(self, connection: InterfaceConnection, request: fhir.Resource, bundle: fhir.Resource) -> bool:
        """Keep one order, with a journal entry; what came before and was obeyed is not kept twice."""
        patient = fhir.subject_of(request, bundle)
        body = msgspec.json.encode({"request": request, "patient": patient})
        number = fhir.order_number(request, connection.identifier_system)
        identity = journal.identity_of(connection.id, number, body)
        try:
            try:
                with self._database.write() as uow:
                    self._connections.hold(uow, connection.id)
                    row = journal.known(uow, identity)
                    self._submit(uow, connection, request, patient, bundle)
                    self._note(uow, row, connection, number, patient, identity, body, None)
                return True
            except MessageError as error:
                fault = faults.of_message(error)
            except Refusal as refusal:
                if refusal.body.code in ENVIRONMENT:
                    raise
                fault = faults.of_refusal(refusal)
            with self._database.write() as uow:
                row = journal.known(uow, identity)
                self._note(uow, row, connection, number, patient, identity, body, fault)
            return False
        except (IntegrityError, OperationalError):  # the same came by another connection at this moment
            return True

    def _submit(
        self,
        uow: UnitOfWork,
        connection: InterfaceConnection,
        request: fhir.Resource,
        patient: fhir.Resource | None,
        bundle: fhir.Resource,
    ) -> None:
        if patient is None:
            raise MessageError("the order comes without its patient", "101", ("ServiceRequest.subject", 1, 0))
        person = fhir.person_of(patient, connection.identifiers, connection.patient_system)
        person = self._registry.completed(uow, person)
        book = CodeBook(self._organisation.hospital(uow), connection.codes)
        order = fhir.application_of(
            request, bundle, person, book, connection.identifier_system, self._time.zone, connection.facility
        )
        self._applications.submit(uow, hospital_system(connection.name), order, person.key)
        self._registry.keep(uow, person, None)

    def _note(
        self,
        uow: UnitOfWork,
        row: InterfaceMessage | None,
        connection: InterfaceConnection,
        number: str,
        patient: fhir.Resource | None,
        identity: str,
        body: bytes,
        fault: Fault | None,
    ) -> None:
        now = self._time.now()
        if row is None:
            row = InterfaceMessage(
                direction=Direction.IN.value,
                connection_id=connection.id,
                connection_name=connection.name,
                identity=identity,
                at=now,
                message_type="ServiceRequest",
                control_id=number[:64],
                order_number=number[:64],
                character_set="utf-8",
                attempts=0,
                repeats=0,
                body=body,
            )
            uow.session.add(row)
        else:
            row.repeats += 1
        row.attempts += 1
        row.finished_at = now
        row.patient_name = ("" if patient is None else fhir.shown_name(patient))[:64]
        row.state = (MessageState.ACCEPTED if fault is None else MessageState.REFUSED).value
        row.ack_code = "200"
        row.sentence = f"申请单 {number} 已接收"[:400] if fault is None else (fault.shown or fault.sentence)[:400]
        uow.session.flush()
        journal.tell(uow, row)

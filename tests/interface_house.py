"""The exchange with a hospital system for tests: on the small hospital's services, with jobs run by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from server.exams.payments import PaymentDesk
from server.interfaces.asking import Asking, Breaker
from server.interfaces.connections import Connections
from server.interfaces.intake import Arrival, Intake
from server.interfaces.outgoing import Outgoing
from server.interfaces.registry import PatientRegistry
from server.interfaces.rpc import InterfacesRpc
from server.interfaces.sending import Lines, Sending
from server.interfaces.tables import InterfaceConnection, InterfaceMessage
from server.kernel.database import Database
from server.kernel.dispatch import collect
from server.kernel.jobs import JobRunner
from server.kernel.jobs.tables import Job
from shared.contract.interfaces import ConnectionView, InterfaceKind, ListMessages, MessageView, SaveConnection
from shared.hl7.message import Message, parse
from tests.databases import a_database
from tests.fakes.hospital_system import TOKEN
from tests.hospital import Hospital


def _no_tls() -> Any:
    raise ValueError("no certificates in this test")


class InterfaceHouse:
    """A hospital with the exchange; `hospital` is tests.hospital.Hospital."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.hospital = Hospital(database)
        hospital = self.hospital
        self.connections = Connections()
        self.registry = PatientRegistry(hospital.time, hospital.patients, hospital.applications)
        self.lines = Lines(lambda name: TOKEN if name else "", _no_tls)
        numbers = iter(range(1, 10**9))
        self.intake = Intake(
            database,
            hospital.time,
            hospital.organisation,
            hospital.applications,
            self.connections,
            self.registry,
            PaymentDesk(hospital.time),
            new_id=lambda: f"ACK{next(numbers)}",
        )
        self.outgoing = Outgoing(hospital.time, hospital.exams, self.connections)
        hospital.exams.bind(watcher=self.outgoing)
        self.sending = Sending(database, hospital.time, hospital.exams, self.lines)
        self.seconds = 0.0
        self.asking = Asking(
            database,
            hospital.time,
            hospital.organisation,
            hospital.applications,
            self.connections,
            self.registry,
            self.lines,
            Breaker(lambda: self.seconds),
        )
        handlers = InterfacesRpc(database, self.connections, self.intake, self.outgoing, self.lines)
        hospital.handlers |= collect(handlers)
        self.call: Callable[..., Any] = hospital.call
        self.runner = JobRunner(database, self.sending.kinds())

    def connection(self, kind: InterfaceKind = InterfaceKind.HL7_IN, **changes: Any) -> ConnectionView:
        """Add a connection; tests name only what matters."""
        values: dict[str, Any] = {"name": f"{kind}-{changes.get('port', 0)}", "kind": kind}
        if kind is InterfaceKind.HL7_IN:
            values["host"] = "127.0.0.1"
        if kind is InterfaceKind.HL7_OUT:
            values |= {"host": "127.0.0.1", "application": "HIS", "facility": "东区医院", "timeout_s": 3.0}
        if kind in (InterfaceKind.FHIR_OUT, InterfaceKind.FHIR_QUERY):
            values |= {"token_file": "hospital", "timeout_s": 3.0}
        view: ConnectionView = self.call(SaveConnection(**(values | changes)))
        return view

    def take(self, text: str | bytes, address: str = "127.0.0.1", *, is_tls: bool = False) -> list[Message]:
        """Hand a message in; returns the acknowledgements as read."""
        data = text if isinstance(text, bytes) else text.replace("\n", "\r").encode()
        return [parse(one) for one in self.intake.take(Arrival(data, address, is_tls))]

    def code(self, text: str | bytes, **options: Any) -> str:
        """Hand a message in; returns the code of its only acknowledgement."""
        (answer,) = self.take(text, **options)
        msa = answer.first("MSA")
        assert msa is not None
        return msa.value(1)

    def journal(self, **wanted: Any) -> tuple[MessageView, ...]:
        """The journal, oldest first."""
        return tuple(reversed(self.call(ListMessages(**wanted)).rows))

    def work(self, most: int = 50) -> int:
        """Do the jobs that are due; returns how many."""
        return next(count for count in range(most + 1) if not self.runner.run_one() or count == most)

    def pause_is_over(self) -> None:
        """Let everything that waits for a later time be due now."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        with self.database.write() as uow:
            uow.session.execute(update(Job).values(not_before=past))
            uow.session.execute(
                update(InterfaceConnection).where(InterfaceConnection.next_try.is_not(None)).values(next_try=past)
            )
            uow.session.execute(
                update(InterfaceMessage).where(InterfaceMessage.next_try.is_not(None)).values(next_try=past)
            )


@contextmanager
def an_interface_house(kind: str, folder: Path) -> Iterator[InterfaceHouse]:
    """A house on a fresh database."""
    with a_database(kind, folder) as database:
        yield InterfaceHouse(database)

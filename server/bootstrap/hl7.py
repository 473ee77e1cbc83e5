"""Puts the MLLP door, the exchange with hospital systems and its jobs together."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.audit.service import AuditService
from server.bootstrap.folders import Folders
from server.doors.dicom.tls import client_context, server_context
from server.doors.hl7.door import Hl7Door
from server.exams.applications import ApplicationDesk
from server.exams.payments import PaymentDesk
from server.exams.service import ExamService
from server.interfaces.asking import Asking
from server.interfaces.connections import Connections
from server.interfaces.intake import Arrival, Intake
from server.interfaces.lines import read_token
from server.interfaces.outgoing import Outgoing
from server.interfaces.registry import PatientRegistry
from server.interfaces.rpc import InterfacesRpc
from server.interfaces.sending import Lines, Sending, schedules
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.jobs import JobKind
from server.organisation.service import OrganisationService
from server.patients.service import PatientService
from server.settings import Settings

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse

__all__ = ["Interfaces", "build_interfaces", "hl7_door", "job_kinds", "schedules"]


@dataclass(frozen=True, slots=True)
class Interfaces:
    """The services of the exchange."""

    intake: Intake
    outgoing: Outgoing
    asking: Asking
    sending: Sending
    handlers: InterfacesRpc


def build_interfaces(
    settings: Settings,
    database: Database,
    folders: Folders,
    time: HospitalTime,
    organisation: OrganisationService,
    patients: PatientService,
    applications: ApplicationDesk,
    exams: ExamService,
) -> Interfaces:
    """Construct the exchange once; `exams` is told to report to it by whoever wires the server."""
    connections = Connections()
    registry = PatientRegistry(time, patients, applications)
    lines = Lines(_tokens(folders), _client_tls(settings))
    record = AuditService(database).record_in
    payments = PaymentDesk(time)
    intake = Intake(database, time, organisation, applications, connections, registry, payments, record=record)
    outgoing = Outgoing(time, exams, connections)
    return Interfaces(
        intake=intake,
        outgoing=outgoing,
        asking=Asking(database, time, organisation, applications, connections, registry, lines),
        sending=Sending(database, time, exams, lines),
        handlers=InterfacesRpc(database, connections, intake, outgoing, lines),
    )


def hl7_door(settings: Settings, intake: Intake) -> Hl7Door:
    """The door on the ports that the settings name; TLS with the certificate of the DICOM door. Raises ValueError."""
    from server.bootstrap.dicom import tls_files

    has_tls = settings.hl7_tls_port >= 0
    return Hl7Door(
        _Desk(intake),
        settings.listen,
        settings.hl7_port,
        tls_port=settings.hl7_tls_port,
        tls=server_context(tls_files(settings)) if has_tls else None,
    )


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """What jobs the exchange does."""
    return house.areas.interfaces.sending.kinds()


class _Desk:
    """The intake as the door's port."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def admits(self, address: str, *, is_tls: bool) -> bool:
        return self._intake.admits(address, is_tls=is_tls)

    def take(self, data: bytes, address: str, *, is_tls: bool) -> list[bytes]:
        return self._intake.take(Arrival(data, address, is_tls))


def _tokens(folders: Folders) -> Callable[[str], str]:
    return lambda name: read_token(folders.secrets, name)


def _client_tls(settings: Settings) -> Callable[[], ssl.SSLContext]:
    def context() -> ssl.SSLContext:
        from server.bootstrap.dicom import tls_files  # it imports the areas, which are built from here

        return client_context(tls_files(settings))

    return context

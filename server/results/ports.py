"""What results need of other areas; bootstrap hands in the adapters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.organisation import HospitalView
from shared.contract.reporting import ReportView
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.domain.structured import CodedValue

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class Reports(Protocol):
    """The reporting area as results see it."""

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report. Raises NOT_FOUND."""
        ...


class MasterData(Protocol):
    """The hospital's master data at one version."""

    @property
    def view(self) -> HospitalView:
        """All of it."""
        ...


class Organisation(Protocol):
    """The organisation area as results see it."""

    def hospital(self, uow: UnitOfWork) -> MasterData:
        """Return the present master data."""
        ...


class Forms(Protocol):
    """The structured forms of reports."""

    def coded(self, uow: UnitOfWork, report: ReportView) -> tuple[CodedValue, ...]:
        """Return the coded answers of a report that was fetched."""
        ...


class Paper(Protocol):
    """Who prints reports. Works in units of work of its own: drawing takes long."""

    def pdf(self, view: ReportView, edition: int, language: str = "zh") -> bytes:
        """Return the printed report, signed where there is a signature. Raises Refusal, or NotYet while it is made."""
        ...


class NotYet(Exception):
    """Something that a result needs is still being made; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class StudyOfReport:
    """The study into which results go, with what objects in it must say alike."""

    study: StudyFacts
    patient: PatientFacts
    fixed: Mapping[str, str]  # keyword → value as the archive has it, also where it is empty
    images: tuple[InstanceReference, ...]  # of all studies of the report


class Archive(Protocol):
    """The archive as results see it. Works in units of work of its own."""

    def study(self, view: ReportView) -> StudyOfReport:
        """Return where the results of a report belong."""
        ...

    def store(self, made: Dataset) -> None:
        """Hand an object to the receiver; the same object twice is kept once. Raises NotYet."""
        ...

    def holds(self, sop_uids: Sequence[str]) -> bool:
        """Whether all of these are in the index."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """An outgoing connection to a hospital system."""

    id: int
    name: str
    is_fhir: bool
    character_set: str
    hl7_version: str
    own_application: str
    own_facility: str
    application: str
    facility: str
    identifier_system: str
    patient_system: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for the durable queue. `write` gets the control id and gives the bytes."""

    connection_id: int
    exam_id: int
    message_type: str
    write: Callable[[str], bytes]
    character_set: str  # a codec
    order_number: str
    accession_number: str
    patient_name: str
    identity: str = ""  # a letter with the same one is queued once


@dataclass(frozen=True, slots=True)
class Sent:
    """How far a message came."""

    state: str  # of contract.interfaces.MessageState
    attempts: int
    sentence: str
    answer: str
    finished_at: dt.datetime | None


class Post(Protocol):
    """The durable outgoing queue of the interfaces area; every method works in the caller's unit of work."""

    def connections(self, uow: UnitOfWork) -> Mapping[int, Connection]:
        """Return the outgoing connections by id, those that are switched off too."""
        ...

    def put(self, uow: UnitOfWork, letter: Letter) -> int:
        """Queue a message and return its id. Raises NOT_FOUND when the connection is gone."""
        ...

    def states(self, uow: UnitOfWork, message_ids: Collection[int]) -> Mapping[int, Sent]:
        """Return how far messages came; those that the journal has forgotten are left out."""
        ...

    def resend(self, uow: UnitOfWork, message_id: int) -> None:
        """Send again. Raises NOT_FOUND, ILLEGAL_ACTION."""
        ...

    def give_up(self, uow: UnitOfWork, message_id: int) -> None:
        """Send no more. Raises NOT_FOUND, ILLEGAL_ACTION."""
        ...


class Documents(Protocol):
    """The document store."""

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        """Keep `data` and return the document's id. Raises DISK_FULL."""
        ...


class NoForms:
    """Stands in where there are no structured forms."""

    def coded(self, uow: UnitOfWork, report: ReportView) -> tuple[CodedValue, ...]:
        return ()

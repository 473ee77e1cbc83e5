"""What ECG exams take from other areas and rooms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.ecg import DocumentView, EcgEntry, SearchRequests, TraceView
from shared.contract.patients import PatientView


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request (申请单) of another system, read as a registration."""

    id: int
    version: int
    entry: EcgEntry
    received_at: Any  # aware datetime
    ecg_exam_id: int | None
    registered_elsewhere: bool  # as an exam of radiology
    is_cancelled: bool
    is_known: bool = True  # its items are in our dictionary


class Requests(Protocol):
    """Requests as the hospital's systems hand them in."""

    def search(
        self, uow: UnitOfWork, request: SearchRequests, examined: Select[Any], campuses: Collection[int | None] | None
    ) -> tuple[int, list[RequestFacts]]:
        """Return how many match, and a page, newest first; `examined` selects ids of exams that were carried out.

        `campuses`: those whose requests are asked for, None among them for requests that name none; None: everybody's.
        """

    def find(self, uow: UnitOfWork, request_number: str, health_check_number: str) -> list[RequestFacts]:
        """Return requests for an ECG that bear exactly this number, newest first."""

    def get(self, uow: UnitOfWork, application_id: int) -> RequestFacts:
        """Return one, and keep other writers off it. Raises NOT_FOUND, also for one that asks for no ECG."""

    def mark(self, uow: UnitOfWork, application_id: int, exam_id: int | None) -> None:
        """Note the exam that a request became; None makes it free again."""


class People(Protocol):
    """Patients."""

    def admit(self, uow: UnitOfWork, caller: Caller, entry: EcgEntry) -> PatientView:
        """Return the patient of a registration, a new one if need be. Raises INVALID with our field names."""

    def same_person(self, uow: UnitOfWork, patient_id: int) -> tuple[int, ...]:
        """Return the ids of all records of the same person."""


class Campuses(Protocol):
    """The organisation."""

    def names(self, uow: UnitOfWork) -> dict[int, str]:
        """Return campus id → name, in order."""


class TracesOfExams(Protocol):
    """The room of traces."""

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> tuple[TraceView, ...]:
        """Return the traces of an exam, oldest first."""

    def documents(self, uow: UnitOfWork, exam_id: int) -> Sequence[DocumentView]:
        """Return what is attached to an exam, oldest first."""

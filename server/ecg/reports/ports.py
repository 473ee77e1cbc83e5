"""What reports take from other rooms and areas; bootstrap hands in the adapters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.ecg_critical import AlarmView
from shared.contract.ecg_reports import ReportBody
from shared.contract.results import ResultEvent
from shared.domain.ecg import ConsultationState
from shared.domain.ecg_reports import Danger


@dataclass(frozen=True, slots=True)
class ConsultationFacts:
    """A consultation as reports need it."""

    id: int
    state: ConsultationState
    team: str
    to_campus_id: int
    to_hospital: str
    from_hospital: str
    accepted_by_id: int
    accepted_by: str
    applicant: str = ""
    question: str = ""
    first_opinion: str = ""


class Consultations(Protocol):
    """The room of consultations."""

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> ConsultationFacts | None:
        """Return the consultation of an exam that runs, or else the newest published one; None without."""
        ...

    def published(self, uow: UnitOfWork, caller: Caller, consultation_id: int, at: datetime, body: ReportBody) -> None:
        """The report was submitted: the applicant is told. Raises ILLEGAL_ACTION."""
        ...

    def drafted(self, uow: UnitOfWork, caller: Caller, consultation_id: int) -> None:
        """The accepting doctor saved a draft."""
        ...

    def report_withdrawn(self, uow: UnitOfWork, caller: Caller, consultation_id: int, reason: str) -> None:
        """The published report is taken back; its doctor has the consultation again."""
        ...

    def printed(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """The report was printed; at the hospital that asked this signs for it (ECG-CRP-07)."""
        ...


class Dangers(Protocol):
    """The room of critical ECGs."""

    def of_trace(self, uow: UnitOfWork, trace_id: int) -> tuple[Danger, tuple[tuple[str, str], ...]]:
        """Return how dangerous a trace looks and why, in Chinese and English."""
        ...

    def alarms(self, uow: UnitOfWork, exam_id: int) -> tuple[AlarmView, ...]:
        """Return the critical findings of an exam, newest first."""
        ...


class Notifying(Protocol):
    """Who tells people of reports."""

    def report_withdrawn(self, uow: UnitOfWork, caller: Caller, exam_id: int, reason: str) -> None:
        """Tell who wrote, printed or viewed a report that it was withdrawn (ECG-SM-EXM-09)."""
        ...


class Delivery(Protocol):
    """Who gives reports out to the clinical side."""

    def issue(self, uow: UnitOfWork, caller: Caller, report_id: int, event: ResultEvent, reason: str = "") -> None:
        """Note in the same transaction that a report goes out; the work itself is a job."""
        ...


class Signer(Protocol):
    """Who signs a submitted edition."""

    def sign(self, uow: UnitOfWork, caller: Caller, report_id: int) -> None:
        """Sign the newest edition for the caller, in the transaction that submits it."""
        ...


class Signed(Protocol):
    """Signed papers of submitted editions."""

    def paper(self, caller: Caller, report_id: int, language: str = "zh") -> int | None:
        """Return the document of the present edition's signed PDF, made now if there is none; None without."""
        ...


class Signatures(Protocol):
    """Doctors' handwriting."""

    def picture_of(self, uow: UnitOfWork, account_id: int) -> bytes | None:
        """Return the PNG of an account's signature as it is now; None without one."""
        ...


class NoSignatures:
    """Stands in where there is no handwriting."""

    def picture_of(self, uow: UnitOfWork, account_id: int) -> bytes | None:
        return None


class Hospitals(Protocol):
    """What a campus's hospital is called."""

    def name(self, uow: UnitOfWork, campus_id: int) -> str:
        """Return the organisation that has the campus, else the campus with the house's name."""
        ...


class Terms(Protocol):
    """The dictionary, as far as suggestions are concerned."""

    def codes_of(self, suggestion_code: str) -> tuple[str, str]:
        """Return system and code of the standard term for a rule's suggestion; empty texts where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was submitted, for those who follow reports."""

    exam_id: int
    report_id: int
    consultation_id: int
    body: ReportBody


Follower = Callable[[UnitOfWork, Caller, Submitted], None]


class Nowhere:
    """Stands in for delivery, signer and whoever is told, until bootstrap binds them."""

    def issue(self, uow: UnitOfWork, caller: Caller, report_id: int, event: ResultEvent, reason: str = "") -> None:
        return

    def sign(self, uow: UnitOfWork, caller: Caller, report_id: int) -> None:
        return

    def report_withdrawn(self, uow: UnitOfWork, caller: Caller, exam_id: int, reason: str) -> None:
        return


class NoConsultations:
    """Stands in where there are none."""

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> ConsultationFacts | None:
        return None

    def published(self, uow: UnitOfWork, caller: Caller, consultation_id: int, at: datetime, body: ReportBody) -> None:
        return

    def drafted(self, uow: UnitOfWork, caller: Caller, consultation_id: int) -> None:
        return

    def report_withdrawn(self, uow: UnitOfWork, caller: Caller, consultation_id: int, reason: str) -> None:
        return

    def printed(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        return


class NoDangers:
    """Stands in where nothing is judged."""

    def of_trace(self, uow: UnitOfWork, trace_id: int) -> tuple[Danger, tuple[tuple[str, str], ...]]:
        return Danger.UNKNOWN, ()

    def alarms(self, uow: UnitOfWork, exam_id: int) -> tuple[AlarmView, ...]:
        return ()


class NoTerms:
    """Stands in where there is no dictionary."""

    def codes_of(self, suggestion_code: str) -> tuple[str, str]:
        return "", ""

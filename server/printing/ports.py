"""What printing needs of other areas; bootstrap hands in their services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from shared.contract.base import Page
from shared.contract.exams import ExamRow, ExamView
from shared.contract.organisation import HospitalView
from shared.contract.queueing import WaitForecast
from shared.contract.referrals import ReferralDetails
from shared.contract.reporting import ReportFilter, ReportList, ReportView


class Exams(Protocol):
    """The exams area as printing sees it."""

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        """Return everything of one exam; raises NOT_FOUND."""
        ...


class Reports(Protocol):
    """The reporting area as printing sees it."""

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report; raises NOT_FOUND."""
        ...

    def demand_printable(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report that may be printed; raises ILLEGAL_ACTION, PERMISSION_MISSING, NOT_FOUND."""
        ...

    def printed(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Count a print and move the report to 已打印."""
        ...

    def verification_code(self, uow: UnitOfWork, report_id: int) -> str:
        """Return the code that proves the printed copy; empty before approval."""
        ...

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the copy with this code is genuine."""
        ...


class Worklist(Protocol):
    """The list of reports as printing sees it."""

    def page(self, uow: UnitOfWork, caller: Caller, filter: ReportFilter, page: Page) -> ReportList:
        """Return the rows that fit, within what the caller may see."""
        ...


class Signatures(Protocol):
    """The doctors' signature pictures."""

    def picture_of(self, uow: UnitOfWork, account_id: int) -> bytes | None:
        """Return the present picture (PNG or JPEG) of an account's signature; None where there is none."""
        ...


class SignedPapers(Protocol):
    """The signed PDF of approved reports."""

    def bytes_of(self, caller: Caller, report_id: int, language: str) -> bytes | None:
        """Return the present edition's signed PDF, made now if need be; None where nobody signed."""
        ...


class Photographs(Protocol):
    """The photographed paper applications."""

    def photographs(self, uow: UnitOfWork, exam_id: int) -> tuple[bytes, ...]:
        """Return the pages (PNG or JPEG) in order."""
        ...


class Forms(Protocol):
    """Coded fields of structured reports."""

    def rows(self, uow: UnitOfWork, report_id: int, language: str) -> tuple[dict[str, str], ...]:
        """Return `group`, `label` and `value` of every filled field in order; empty for free text."""
        ...


class NoSignatures:
    """A house whose doctors sign by name."""

    def picture_of(self, uow: UnitOfWork, account_id: int) -> bytes | None:
        """There is none."""
        return None


class NoSignedPapers:
    """A house whose reports are not signed."""

    def bytes_of(self, caller: Caller, report_id: int, language: str) -> bytes | None:
        """There is none."""
        return None


class NoPhotographs:
    """A house without photographs."""

    def photographs(self, uow: UnitOfWork, exam_id: int) -> tuple[bytes, ...]:
        """There are none."""
        return ()


class NoForms:
    """A house without structured reports."""

    def rows(self, uow: UnitOfWork, report_id: int, language: str) -> tuple[dict[str, str], ...]:
        """There are none."""
        return ()


class Patients(Protocol):
    """What self-service asks for a patient."""

    def of_code(self, uow: UnitOfWork, code: str) -> PatientAtKiosk | None:
        """Return whose exam the scanned number is, with all reports; None for an unknown number."""
        ...


@dataclass(frozen=True)
class PatientAtKiosk:
    """What proves who stands there, and the exams: (exam, its report or None) newest first."""

    secrets: tuple[str, ...]  # identity number, phone number; never leaves the server
    exams: tuple[tuple[ExamRow, int | None], ...]


class Referrals(Protocol):
    """The referrals area as printing sees it."""

    def details(self, uow: UnitOfWork, caller: Caller, referral_id: int) -> ReferralDetails:
        """Return a referral with its exam; raises NOT_FOUND."""
        ...


class Waiting(Protocol):
    """The queue as printing sees it."""

    def forecast(self, uow: UnitOfWork, exam: ExamView) -> WaitForecast | None:
        """Return when the exam's patient will probably be called; None where nothing can be said."""
        ...


class NoReferrals:
    """A house without referrals."""

    def details(self, uow: UnitOfWork, caller: Caller, referral_id: int) -> ReferralDetails:
        """There is none."""
        raise not_found("转诊单")


class NoForecast:
    """A house without forecasts."""

    def forecast(self, uow: UnitOfWork, exam: ExamView) -> WaitForecast | None:
        """Nothing can be said."""
        return None


class MasterData(Protocol):
    """The hospital's master data at one version."""

    @property
    def view(self) -> HospitalView:
        """What workstations see of it."""
        ...


class Organisation(Protocol):
    """The organisation area as printing sees it."""

    def hospital(self, uow: UnitOfWork) -> MasterData:
        """Return the present master data."""
        ...

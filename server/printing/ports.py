"""What printing needs of other areas; bootstrap hands in their services."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from shared.contract.exams import ExamView
from shared.contract.organisation import HospitalView
from shared.contract.queueing import WaitForecast
from shared.contract.referrals import ReferralDetails
from shared.contract.reporting import ReportView


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

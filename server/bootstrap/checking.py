"""Puts the checker on screen together: it reads what reporting knows and follows its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kernel.clock import HospitalTime
from server.reporting import second_reading
from server.reporting.checking.rpc import CheckingRpc
from server.reporting.checking.service import CheckingService, Gaps

if TYPE_CHECKING:
    from server.reporting.service import ReportService


def build_checking(time: HospitalTime, reports: ReportService, gaps: Gaps) -> CheckingRpc:
    """Build it and let it follow the reports; `gaps` says what a structured form lacks."""
    service = CheckingService(time, second_reading.subject_of_texts, gaps)
    reports.follow(service.stepped)
    return CheckingRpc(service)

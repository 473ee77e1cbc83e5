"""A report that is written elsewhere (发送云端, RIS-LCK-10, RIS-RSM-04): who may act on it there, and its way home."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, not_found
from server.reporting.rules import STATE_WORDS
from server.reporting.steps import Steps
from server.reporting.tables import Report
from shared.domain.states import ReportState


class Away:
    """Sends reports away and brings them home; every method works in the caller's unit of work."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    @staticmethod
    def obstacle(report: Report) -> str:
        """Return why a report cannot be sent away; empty where it can."""
        if report.away_to:
            return f"报告已发送云端，由{report.away_to}书写。"
        if report.state != ReportState.AWAITING:
            return f"报告现在是“{STATE_WORDS[ReportState(report.state)]}”，只有“待诊断”的报告可以发送云端。"
        return "" if report.study_uids else "此检查还没有影像，不能发送云端。"

    def send(self, uow: UnitOfWork, caller: Caller, report_id: int, to: str) -> Report:
        """Send a report that waits to be written; nobody may act on it until `entrust`. Raises ILLEGAL_ACTION."""
        report = self._steps.locked_row(uow, report_id)
        obstacle = self.obstacle(report)
        if obstacle:
            raise illegal_action(report.state, obstacle)
        report.away_to, report.away_ids = to[:200], ""
        self._note(uow, caller, report, "sent_away", to)
        return report

    def entrust(self, uow: UnitOfWork, report_id: int, to: str, user_ids: Collection[int]) -> None:
        """Let these accounts elsewhere, and nobody else, act on the report from now on."""
        report = self._steps.locked_row(uow, report_id)
        report.away_to, report.away_ids = to[:200], " ".join(str(one) for one in sorted(user_ids))
        if report.holder_id and report.holder_id not in user_ids:
            self._steps.free(report)
        self._steps.tell(uow, report)

    def bring_home(self, uow: UnitOfWork, caller: Caller, report_id: int, note: str = "") -> None:
        """The report is written here again, with whatever was written of it; a lock held elsewhere is freed."""
        report = self._steps.locked_row(uow, report_id)
        if not report.away_to:
            return
        if str(report.holder_id) in report.away_ids.split():
            self._steps.free(report)
            report.unlocked_by = caller.name
        to, report.away_to, report.away_ids = report.away_to, "", ""
        self._note(uow, caller, report, "brought_home", note or to)

    @staticmethod
    def report(uow: UnitOfWork, exam_id: int) -> Report:
        """Return the report of an exam. Raises NOT_FOUND."""
        report = uow.session.scalar(select(Report).where(Report.exam_id == exam_id))
        if report is None:
            raise not_found("报告")
        return report

    def _note(self, uow: UnitOfWork, caller: Caller, report: Report, action: str, note: str) -> None:
        self._steps.log(uow, report, caller, action, report.state, note[:1000])
        self._steps.tell(uow, report)

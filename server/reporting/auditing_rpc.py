"""Handlers of corrections after approval and of approving many reports."""

from __future__ import annotations

from collections.abc import Callable

from server.kernel.database import Database
from server.kernel.dispatch import Caller, handles_alone
from server.kernel.errors import Refusal, invalid
from server.reporting.service import ReportService
from shared.contract import reporting as contract
from shared.contract.errors import ErrorCode
from shared.domain.states import ReportAction

MOST_AT_ONCE = 100

KeepPaper = Callable[[Caller, int, str], object]


class AuditingRpc:
    """Offers auditing to the router."""

    def __init__(self, database: Database, reports: ReportService, keep_paper: KeepPaper | None = None) -> None:
        """`keep_paper` makes the signed paper of the present edition, which a correction makes unreachable."""
        self._database = database
        self._reports = reports
        self._keep_paper = keep_paper

    @handles_alone
    def revise(self, request: contract.ReviseReport, caller: Caller) -> contract.ReportView:
        self._before_correction(caller, request.report_id, request.version, ReportAction.REVISE)
        with self._database.write() as uow:
            return self._reports.revise(uow, caller, request.report_id, request.version, request.reason)

    @handles_alone
    def add(self, request: contract.AddToReport, caller: Caller) -> contract.ReportView:
        self._before_correction(caller, request.report_id, request.version, ReportAction.ADD)
        with self._database.write() as uow:
            return self._reports.add(uow, caller, request.report_id, request.version, request.text)

    def _before_correction(self, caller: Caller, report_id: int, version: int, action: ReportAction) -> None:
        """Each edition's paper is kept: one whose job has not run yet is made now, while its facts still stand."""
        with self._database.read() as uow:
            view = self._reports.get(uow, caller, report_id)
        if self._keep_paper is not None and view.version == version and action in view.allowed:
            self._keep_paper(caller, report_id, "zh")

    @handles_alone
    def approve_unchanged(
        self, request: contract.ApproveUnchanged, caller: Caller
    ) -> tuple[contract.ApproveOutcome, ...]:
        """Each report in a transaction of its own: one that is refused keeps no other from being approved."""
        if not 1 <= len(request.reports) <= MOST_AT_ONCE:
            raise invalid("reports", f"请选择 1 到 {MOST_AT_ONCE} 份待审核的报告。")
        return tuple(self._approve(caller, item) for item in request.reports)

    def _approve(self, caller: Caller, item: contract.ApproveItem) -> contract.ApproveOutcome:
        try:
            with self._database.write() as uow:
                view = self._reports.approve_unchanged(uow, caller, item.report_id, item.version)
            return contract.ApproveOutcome(
                report_id=item.report_id, is_approved=True, state=view.row.state, sentence=""
            )
        except Refusal as refusal:
            is_stale = refusal.body.code is ErrorCode.CONFLICT
            return contract.ApproveOutcome(
                report_id=item.report_id,
                is_approved=False,
                state=refusal.body.state,
                sentence="报告在显示之后被改动过，请重新查看。" if is_stale else refusal.body.message,
            )

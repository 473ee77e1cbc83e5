"""Handlers of corrections after approval and of approving many reports."""

from __future__ import annotations

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import Refusal, invalid
from server.reporting.service import ReportService
from shared.contract import reporting as contract
from shared.contract.errors import ErrorCode

MOST_AT_ONCE = 100


class AuditingRpc:
    """Offers auditing to the router."""

    def __init__(self, database: Database, reports: ReportService) -> None:
        self._database = database
        self._reports = reports

    @handles
    def revise(self, request: contract.ReviseReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.revise(uow, caller, request.report_id, request.version, request.reason)

    @handles
    def add(self, request: contract.AddToReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.add(uow, caller, request.report_id, request.version, request.text)

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

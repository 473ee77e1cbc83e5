"""Intentions of the page of many reports: look at each, agree with one key, approve what was agreed; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clients.diagnosis.auditing.state import BatchRow, BatchState, Mark
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Page
from shared.contract.reporting import (
    ApproveItem,
    ApproveOutcome,
    ApproveUnchanged,
    GetReport,
    ListReports,
    ReportFilter,
    ReportList,
    ReportView,
)
from shared.domain.states import CriticalValue, ReportAction, ReportState

MOST = 100
Enter = Callable[[int, ReportAction | None], None]


class BatchPresenter(ScreenPresenter[BatchState]):
    """What is agreed is approved as the doctor submitted it; the server decides on each by itself."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[BatchState], None],
        enter: Enter,
    ) -> None:
        super().__init__(BatchState(), caller, runner, messages, show)
        self._enter = enter

    def load(self) -> None:
        """Fetch what waits for audit; what was agreed of unchanged reports stays agreed."""
        self._change(is_loading=True, trouble="")
        asked = ListReports(filter=ReportFilter(states=(ReportState.SUBMITTED,)), page=Page(limit=MOST))
        self._ask(asked, self._on_list, self._on_failed, key="batch.list")

    def select(self, report_id: int) -> None:
        """Show a report."""
        if report_id == self.state.selected and self.state.report is not None:
            return
        self._change(selected=report_id, report=None)
        if report_id:
            self._ask(GetReport(report_id=report_id), self._on_report, key="batch.report")

    def agree(self) -> None:
        """Agree with the report that is shown, and show the next; agreeing again takes it back."""
        present, report = self.state.present, self.state.report
        if present is None or report is None or report.row.id != present.id or self.state.is_approving:
            return
        if present.mark in (Mark.APPROVED, Mark.REFUSED):
            self.next()
            return
        if present.mark is Mark.AGREED:
            self._mark(present.id, Mark.NONE)
            return
        why = self.why_not(present, report)
        if why:
            self._messages.say(why, Tone.WARNING)
            return
        self._mark(present.id, Mark.AGREED)
        self.next()

    @staticmethod
    def why_not(present: BatchRow, report: ReportView) -> str:
        """Why a report has to be audited by itself; empty when it may be approved as it stands."""
        if report.version != present.row.version:
            return tr("报告已改动，请刷新后再看。")
        if not present.may_agree:
            return tr("这份报告不能批量审核，请进入逐份审核。")
        if report.content.critical_value is CriticalValue.YES:
            return tr("报告有危急值，请进入逐份审核。")
        return ""

    def next(self) -> None:
        """Show the next report that is not decided."""
        ids = [one.id for one in self.state.rows]
        if not ids:
            return
        start = ids.index(self.state.selected) + 1 if self.state.selected in ids else 0
        order = [*self.state.rows[start:], *self.state.rows[:start]]
        following = next((one.id for one in order if one.mark is Mark.NONE), self.state.selected)
        self.select(following)

    def open_report(self) -> None:
        """Audit the shown report by itself."""
        present = self.state.present
        if present is not None:
            may = ReportAction.AUDIT in present.row.allowed
            self._enter(present.id, ReportAction.AUDIT if may else None)

    def approve(self) -> None:
        """Approve what was agreed, each by itself."""
        agreed = self.state.agreed
        if not agreed or self.state.is_approving:
            return
        self._change(is_approving=True)
        items = tuple(ApproveItem(report_id=one.id, version=one.row.version) for one in agreed)
        self._ask(ApproveUnchanged(reports=items), self._on_approved, self._on_approving_failed)

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def _on_list(self, found: ReportList) -> None:
        before = {one.id: one for one in self.state.rows}
        rows = []
        for row in found.rows:
            known = before.get(row.id)
            is_same = known is not None and known.row.version == row.version and known.mark is Mark.AGREED
            rows.append(replace(known, row=row) if known is not None and is_same else BatchRow(row))
        self._change(rows=tuple(rows), total=found.total, is_loading=False)
        if self.state.present is None:
            self.select(rows[0].id if rows else 0)

    def _on_report(self, report: ReportView) -> None:
        if report.row.id == self.state.selected:
            self._change(report=report)

    def _on_failed(self, error: Exception) -> None:
        self._change(is_loading=False, trouble=message_for(error).text)

    def _on_approved(self, outcomes: tuple[ApproveOutcome, ...]) -> None:
        came = {one.report_id: one for one in outcomes}
        rows = tuple(_after(one, came.get(one.id)) for one in self.state.rows)
        self._change(rows=rows, is_approving=False)
        done = sum(one.is_approved for one in outcomes)
        left = len(outcomes) - done
        if left:
            said = tr("已通过 {done} 份，{left} 份没有通过，原因在列表中", done=done, left=left)
            self._messages.say(said, Tone.WARNING)
        else:
            self._messages.say(tr("已通过 {done} 份", done=done), Tone.SUCCESS)

    def _on_approving_failed(self, error: Exception) -> None:
        self._change(is_approving=False)
        self._messages.report(error)

    def _mark(self, report_id: int, mark: Mark) -> None:
        self._change(rows=tuple(replace(one, mark=mark) if one.id == report_id else one for one in self.state.rows))


def _after(row: BatchRow, outcome: ApproveOutcome | None) -> BatchRow:
    if outcome is None:
        return row
    if outcome.is_approved:
        return replace(row, mark=Mark.APPROVED, sentence="")
    sentence = outcome.sentence if language() is Language.CHINESE else tr("请进入逐份审核。")  # the server's is Chinese
    return replace(row, mark=Mark.REFUSED, sentence=sentence)

"""Intentions of the panel of results: look, look again when something changed, send again; no Qt."""

from __future__ import annotations

from collections.abc import Callable

from clients.diagnosis.results.state import PanelState
from clients.kit.connection import Connection
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import ScreenPresenter
from shared.contract.base import Changed, Notice
from shared.contract.reporting import ReportView
from shared.contract.results import ListReportResults, ResendResult, ResultView


class PanelPresenter(ScreenPresenter[PanelState]):
    """Asks for the results of the report on the page."""

    def __init__(
        self,
        line: Connection,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[PanelState], None],
        *,
        resends: bool,
    ) -> None:
        super().__init__(PanelState(resends=resends), line, runner, messages, show)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        report_id = 0 if report is None else report.row.id
        if report_id != self.state.report_id:
            self._change(report_id=report_id, rows=(), is_loaded=False, trouble="")
        self.load()

    def load(self) -> None:
        """Fetch the results."""
        if self.state.report_id:
            self._ask(
                ListReportResults(report_id=self.state.report_id),
                self._came,
                self._not_loaded,
                key="results.list",
            )

    def heard(self, notice: Notice) -> None:
        """Some result changed; ids of results say nothing of reports, so it looks again."""
        if isinstance(notice, Changed) and notice.entity == "result":
            self.load()

    def resend(self, result_id: int) -> None:
        """Make and send a result again."""
        self._ask(ResendResult(result_id=result_id), lambda _row: self.load(), key="results.resend")

    def _came(self, rows: tuple[ResultView, ...]) -> None:
        mine = tuple(row for row in rows if row.report_id == self.state.report_id)
        self._change(rows=mine, is_loaded=True, trouble="")

    def _not_loaded(self, error: Exception) -> None:
        self._change(trouble=message_for(error).text)

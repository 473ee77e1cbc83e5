"""Handlers of results."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.results.exporting import Exporting
from server.results.service import ResultService
from shared.contract.results import (
    ExportedReport,
    ExportReport,
    GetResultSettings,
    GiveUpResult,
    ListReportResults,
    ListResults,
    ResendResult,
    ResultList,
    ResultSettingsView,
    ResultView,
    SaveResultSettings,
)


class ResultsRpc:
    """What workstations ask about results."""

    def __init__(self, results: ResultService, exporting: Exporting) -> None:
        self._results = results
        self._exporting = exporting

    @handles
    def list(self, request: ListResults, caller: Caller, uow: UnitOfWork) -> ResultList:
        return self._results.listed(uow, caller, request)

    @handles
    def list_of_report(self, request: ListReportResults, caller: Caller, uow: UnitOfWork) -> tuple[ResultView, ...]:
        return self._results.of_report(uow, request.report_id)

    @handles
    def resend(self, request: ResendResult, caller: Caller, uow: UnitOfWork) -> ResultView:
        return self._results.resend(uow, request.result_id)

    @handles
    def give_up(self, request: GiveUpResult, caller: Caller, uow: UnitOfWork) -> ResultView:
        return self._results.give_up(uow, request.result_id, request.reason)

    @handles
    def get_settings(self, request: GetResultSettings, caller: Caller, uow: UnitOfWork) -> ResultSettingsView:
        return self._results.settings(uow)

    @handles
    def save_settings(self, request: SaveResultSettings, caller: Caller, uow: UnitOfWork) -> ResultSettingsView:
        return self._results.save_settings(uow, request)

    @handles_alone
    def export(self, request: ExportReport, caller: Caller) -> ExportedReport:
        return self._exporting.export(request, caller)

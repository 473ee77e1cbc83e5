"""Handlers of critical values: each calls one use case."""

from __future__ import annotations

from server.critical.figures import Figures
from server.critical.reading import Reading
from server.critical.service import CriticalService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract import critical as contract
from shared.contract.master import SheetView


class CriticalRpc:
    """What workstations ask about critical values."""

    def __init__(self, service: CriticalService, reading: Reading, figures: Figures) -> None:
        self._service = service
        self._reading = reading
        self._figures = figures

    @handles
    def list_choices(
        self, request: contract.ListCriticalChoices, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CriticalChoice, ...]:
        return self._service.watching.choices(uow, request.exam_type)

    @handles
    def detect(
        self, request: contract.DetectCritical, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CriticalHit, ...]:
        return self._service.watching.detect(uow, request)

    @handles
    def list_loops(self, request: contract.ListLoops, caller: Caller, uow: UnitOfWork) -> contract.LoopList:
        return self._reading.page(uow, caller, request)

    @handles
    def get(self, request: contract.GetLoop, caller: Caller, uow: UnitOfWork) -> contract.LoopDetails:
        return self._reading.details(uow, caller, request.loop_id)

    @handles
    def list_of_report(
        self, request: contract.ListReportLoops, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.LoopView, ...]:
        return self._reading.of_report(uow, caller, request.report_id)

    @handles
    def report(self, request: contract.ReportCritical, caller: Caller, uow: UnitOfWork) -> contract.LoopDetails:
        return self._service.report(uow, caller, request)

    @handles
    def notify(self, request: contract.NotifyCritical, caller: Caller, uow: UnitOfWork) -> contract.LoopDetails:
        return self._service.notify(uow, caller, request)

    @handles
    def acknowledge(
        self, request: contract.AcknowledgeCritical, caller: Caller, uow: UnitOfWork
    ) -> contract.LoopDetails:
        return self._service.acknowledge(uow, caller, request)

    @handles
    def record(self, request: contract.RecordAcknowledgement, caller: Caller, uow: UnitOfWork) -> contract.LoopDetails:
        return self._service.record(uow, caller, request)

    @handles
    def correct(self, request: contract.CorrectCritical, caller: Caller, uow: UnitOfWork) -> contract.LoopDetails:
        return self._service.correct(uow, caller, request)

    @handles
    def cancel(self, request: contract.CancelCritical, caller: Caller, uow: UnitOfWork) -> contract.LoopDetails:
        return self._service.cancel(uow, caller, request)

    @handles
    def list_duty(self, request: contract.ListDuty, caller: Caller, uow: UnitOfWork) -> tuple[contract.DutyView, ...]:
        return self._reading.on_duty(uow, request.department)

    @handles
    def get_settings(
        self, request: contract.GetCriticalSettings, caller: Caller, uow: UnitOfWork
    ) -> contract.CriticalSettings:
        return self._service.limits.settings(uow)

    @handles
    def save_settings(
        self, request: contract.SaveCriticalSettings, caller: Caller, uow: UnitOfWork
    ) -> contract.CriticalSettings:
        return self._service.limits.save_settings(uow, request.settings)

    @handles
    def get_statistics(
        self, request: contract.GetCriticalStatistics, caller: Caller, uow: UnitOfWork
    ) -> contract.CriticalStatistics:
        return self._figures.statistics(uow, caller, request.first, request.last, request.campus_id)

    @handles
    def export_statistics(
        self, request: contract.ExportCriticalStatistics, caller: Caller, uow: UnitOfWork
    ) -> SheetView:
        return self._figures.workbook(
            uow, caller, request.first, request.last, request.campus_id, english=request.english
        )

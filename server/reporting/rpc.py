"""Handlers of the reporting requests: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.reporting.service import ReportService
from server.reporting.templates import Templates
from server.reporting.worklist import Worklist
from shared.contract import reporting as contract
from shared.contract.base import Nothing


class ReportingRpc:
    """Offers the reporting area to the router."""

    def __init__(self, reports: ReportService, worklist: Worklist, templates: Templates) -> None:
        self._reports = reports
        self._worklist = worklist
        self._templates = templates

    @handles
    def list_reports(self, request: contract.ListReports, caller: Caller, uow: UnitOfWork) -> contract.ReportList:
        return self._worklist.page(
            uow, caller, request.filter, request.page, request.order, descending=request.descending
        )

    @handles
    def list_saved_queries(
        self, request: contract.ListSavedQueries, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.SavedQueryView, ...]:
        return self._worklist.saved_queries(uow, caller)

    @handles
    def save_query(self, request: contract.SaveQuery, caller: Caller, uow: UnitOfWork) -> contract.SavedQueryView:
        return self._worklist.save_query(
            uow,
            caller,
            request.id,
            request.name,
            request.filter,
            today_only=request.today_only,
            is_default=request.is_default,
        )

    @handles
    def delete_query(self, request: contract.DeleteQuery, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._worklist.delete_query(uow, caller, request.id)
        return Nothing()

    @handles
    def get_report(self, request: contract.GetReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.get(uow, caller, request.report_id)

    @handles
    def write_report(self, request: contract.WriteReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.write(uow, caller, request.report_id)

    @handles
    def save_report(self, request: contract.SaveReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.save(
            uow, caller, request.report_id, request.version, request.content, is_automatic=request.is_automatic
        )

    @handles
    def submit_report(self, request: contract.SubmitReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.submit(
            uow,
            caller,
            request.report_id,
            request.version,
            request.content,
            request.overrule_reason,
            missing_acknowledged=request.missing_acknowledged,
        )

    @handles
    def audit_report(self, request: contract.AuditReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.audit(uow, caller, request.report_id)

    @handles
    def approve_report(self, request: contract.ApproveReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.approve(
            uow, caller, request.report_id, request.version, request.content, request.overrule_reason
        )

    @handles
    def reject_report(self, request: contract.RejectReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.reject(uow, caller, request.report_id, request.version, request.reason)

    @handles
    def give_up_report(self, request: contract.GiveUpReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.give_up(uow, caller, request.report_id, request.version)

    @handles
    def unlock_report(self, request: contract.UnlockReport, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.unlock(uow, caller, request.report_id)

    @handles
    def correct_patient(self, request: contract.CorrectPatient, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.correct_patient(uow, caller, request)

    @handles
    def get_related(self, request: contract.GetRelated, caller: Caller, uow: UnitOfWork) -> contract.RelatedView:
        return self._reports.surroundings.related(uow, caller, request.report_id)

    @handles
    def renew_lock(self, request: contract.RenewLock, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._reports.renew_lock(uow, caller, request.report_id, request.idle_seconds)
        return Nothing()

    @handles
    def add_key_image(self, request: contract.AddKeyImage, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.add_key_image(uow, caller, request)

    @handles
    def remove_key_image(
        self, request: contract.RemoveKeyImage, caller: Caller, uow: UnitOfWork
    ) -> contract.ReportView:
        return self._reports.remove_key_image(uow, caller, request.report_id, request.key_image_id)

    @handles
    def add_measurement(self, request: contract.AddMeasurement, caller: Caller, uow: UnitOfWork) -> contract.ReportView:
        return self._reports.add_measurement(uow, caller, request)

    @handles
    def get_history(self, request: contract.GetHistory, caller: Caller, uow: UnitOfWork) -> contract.HistoryView:
        return self._reports.history(uow, request.exam_id, caller)

    @handles
    def get_log(self, request: contract.GetReportLog, caller: Caller, uow: UnitOfWork) -> contract.ReportLogView:
        return self._reports.log(uow, request.report_id)

    @handles
    def list_templates(
        self, request: contract.ListTemplates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TemplateView, ...]:
        return self._templates.find(uow, caller, request.text)

    @handles
    def save_template(self, request: contract.SaveTemplate, caller: Caller, uow: UnitOfWork) -> contract.TemplateView:
        return self._templates.save(uow, caller, request)

    @handles
    def delete_template(self, request: contract.DeleteTemplate, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._templates.delete(uow, caller, request.id)
        return Nothing()

"""Handlers of structured reports: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.structured.mrrt.exchange import MrrtExchange
from server.structured.templates import FormTemplates
from server.structured.values import CodedValues
from shared.contract import structured as contract
from shared.contract.base import Nothing


class StructuredRpc:
    """Offers structured reports to the router."""

    def __init__(self, templates: FormTemplates, values: CodedValues, exchange: MrrtExchange) -> None:
        self._templates = templates
        self._values = values
        self._exchange = exchange

    @handles
    def list_templates(
        self, request: contract.ListFormTemplates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FormTemplateRow, ...]:
        return self._templates.find(uow, caller, request.report_id, for_editing=request.for_editing)

    @handles
    def get_template(
        self, request: contract.GetFormTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.FormTemplateView:
        return self._templates.get(uow, caller, request.id, request.version)

    @handles
    def save_template(
        self, request: contract.SaveFormTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.FormTemplateView:
        return self._templates.save(uow, caller, request)

    @handles
    def publish_template(
        self, request: contract.PublishFormTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.FormTemplateView:
        return self._templates.publish(uow, caller, request.id, request.version)

    @handles
    def retire_template(
        self, request: contract.RetireFormTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.FormTemplateView:
        return self._templates.retire(uow, caller, request.id)

    @handles
    def delete_template(self, request: contract.DeleteFormTemplate, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._templates.delete(uow, caller, request.id)
        return Nothing()

    @handles
    def list_versions(
        self, request: contract.ListFormTemplateVersions, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TemplateVersionRow, ...]:
        return self._templates.versions(uow, caller, request.id)

    @handles
    def import_mrrt(self, request: contract.ImportMrrt, caller: Caller, uow: UnitOfWork) -> contract.ImportedTemplate:
        return self._exchange.take_in(uow, caller, request.html, is_public=request.is_public)

    @handles
    def export_mrrt(self, request: contract.ExportMrrt, caller: Caller, uow: UnitOfWork) -> contract.MrrtFile:
        return self._exchange.give_out(uow, caller, request.id, request.version)

    @handles
    def get_coded_report(
        self, request: contract.GetCodedReport, caller: Caller, uow: UnitOfWork
    ) -> contract.CodedReport:
        return self._values.of_report(uow, caller, request.report_id)

    @handles
    def get_prior_values(
        self, request: contract.GetPriorValues, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.PriorValue, ...]:
        return self._values.prior(uow, caller, request.report_id, request.template_id, request.template_version)

    @handles
    def find_reports(self, request: contract.FindCodedReports, caller: Caller, uow: UnitOfWork) -> contract.CodedHits:
        return self._values.find(uow, caller, request)

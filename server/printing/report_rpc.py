"""Handlers of the requests about reports on paper; those that draw run alone."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.printing.report_service import ReportPrinting
from shared.contract import report_paper as contract
from shared.contract.base import Nothing


class ReportPaperRpc:
    """Offers templates of reports, copies, batches and self-service to the router."""

    def __init__(self, printing: ReportPrinting) -> None:
        self._printing = printing
        self._templates = printing.paper.templates

    @handles
    def list_templates(
        self, request: contract.ListReportTemplates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ReportTemplateView, ...]:
        return self._templates.every(uow)

    @handles
    def save_template(
        self, request: contract.SaveReportTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.ReportTemplateView:
        return self._templates.save(uow, caller, request)

    @handles
    def delete_template(self, request: contract.DeleteReportTemplate, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._templates.delete(uow, request.id)
        return Nothing()

    @handles
    def get_facts(self, request: contract.GetReportFacts, caller: Caller, uow: UnitOfWork) -> contract.ReportFactsView:
        return self._printing.facts_for_designer(uow, caller, request.accession_number, request.language)

    @handles
    def tell_copy(self, request: contract.TellCopy, caller: Caller, uow: UnitOfWork) -> contract.CopyView:
        return self._printing.tell_copy(uow, caller, request.copy_id, request.outcome, request.printer, request.reason)

    @handles
    def list_copies(
        self, request: contract.ListCopies, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CopyView, ...]:
        return self._printing.list_copies(uow, request.report_id)

    @handles
    def list_handouts(self, request: contract.ListHandouts, caller: Caller, uow: UnitOfWork) -> contract.HandoutList:
        return self._printing.list_handouts(uow, caller, request)

    @handles
    def begin_batch(self, request: contract.BeginBatch, caller: Caller, uow: UnitOfWork) -> contract.BatchView:
        return self._printing.begin_batch(uow, caller, request.report_ids, request.request_key)

    @handles
    def get_batch(self, request: contract.GetBatch, caller: Caller, uow: UnitOfWork) -> contract.BatchView:
        return self._printing.get_batch(uow, caller, request.batch_id)

    @handles
    def list_batches(
        self, request: contract.ListBatches, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.BatchView, ...]:
        return self._printing.list_batches(uow, caller)

    @handles_alone
    def next_of_batch(self, request: contract.NextOfBatch, caller: Caller) -> contract.BatchPaper:
        return self._printing.next_of_batch(caller, request.batch_id, request.language, again=request.again)

    @handles
    def end_batch(self, request: contract.EndBatch, caller: Caller, uow: UnitOfWork) -> contract.BatchView:
        return self._printing.end_batch(uow, caller, request.batch_id)

    @handles
    def open_self_print(
        self, request: contract.OpenSelfPrint, caller: Caller, uow: UnitOfWork
    ) -> contract.SelfPrintAnswer:
        return self._printing.open_self_print(uow, caller, request.code, request.last_four)

    @handles_alone
    def make_self_print(self, request: contract.MakeSelfPrint, caller: Caller) -> contract.SelfPrintPaper:
        return self._printing.make_self_print(caller, request.session, request.number, request.language)

    @handles_alone
    def tell_self_print(self, request: contract.TellSelfPrint, caller: Caller) -> Nothing:
        self._printing.tell_self_print(
            caller, request.session, request.copy_id, is_printed=request.is_printed, reason=request.reason
        )
        return Nothing()

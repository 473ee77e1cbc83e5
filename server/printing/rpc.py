"""Handlers of the printing requests; they run alone, because drawing takes long."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.printing.service import PrintingService
from shared.contract import printing as contract


class PrintingRpc:
    """Offers the printing area to the router."""

    def __init__(self, printing: PrintingService) -> None:
        self._printing = printing

    @handles_alone
    def print_barcode(self, request: contract.PrintBarcode, caller: Caller) -> contract.DocumentView:
        return self._printing.print_barcode(
            caller, request.exam_id, request.output, request.language, as_zpl=request.as_zpl
        )

    @handles_alone
    def print_wristband(self, request: contract.PrintWristband, caller: Caller) -> contract.DocumentView:
        return self._printing.print_wristband(caller, request.exam_id, request.output, request.language)

    @handles_alone
    def print_application(self, request: contract.PrintApplication, caller: Caller) -> contract.DocumentView:
        return self._printing.print_application(caller, request.exam_id, request.language, request.output)

    @handles_alone
    def referral_form(self, request: contract.ReferralForm, caller: Caller) -> contract.DocumentView:
        return self._printing.referral_form(caller, request.referral_id, request.language, request.output)

    @handles_alone
    def print_test_page(self, request: contract.PrintTestPage, caller: Caller) -> contract.DocumentView:
        return self._printing.print_test_page(caller, request.kind, request.language, request.output)

    @handles_alone
    def print_registration_form(self, request: contract.PrintRegistrationForm, caller: Caller) -> contract.DocumentView:
        return self._printing.print_registration_form(caller, request.exam_id, request.language, request.output)

    @handles_alone
    def print_ticket(self, request: contract.PrintTicket, caller: Caller) -> contract.DocumentView:
        return self._printing.print_ticket(caller, request.exam_id, request.language, request.output)

    @handles_alone
    def preview_report(self, request: contract.PreviewReport, caller: Caller) -> contract.DocumentView:
        return self._printing.preview_report(caller, request.report_id, request.language, request.template_id)

    @handles_alone
    def print_report(self, request: contract.PrintReport, caller: Caller) -> contract.DocumentView:
        return self._printing.print_report(caller, request.report_id, request.language)

    @handles_alone
    def record_print(self, request: contract.RecordPrint, caller: Caller) -> contract.PrintView:
        return self._printing.record_print(caller, request.document_id, request.printer, request.copies)

    @handles
    def list_prints(
        self, request: contract.ListPrints, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.PrintView, ...]:
        return self._printing.list_prints(uow, request.subject_id, request.kind)

    @handles
    def list_templates(
        self, request: contract.ListPaperTemplates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TemplateInfo, ...]:
        return self._printing.templates.list(uow)

    @handles
    def list_template_versions(
        self, request: contract.ListPaperTemplateVersions, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TemplateInfo, ...]:
        return self._printing.templates.versions(uow, request.kind)

    @handles
    def get_template(
        self, request: contract.GetPaperTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.PaperTemplateView:
        return self._printing.templates.view(uow, request.kind, request.version)

    @handles
    def save_template(
        self, request: contract.SavePaperTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.PaperTemplateView:
        return self._printing.templates.save(
            uow, caller, request.kind, request.text, request.base_version, request.note
        )

    @handles
    def restore_template(
        self, request: contract.RestorePaperTemplate, caller: Caller, uow: UnitOfWork
    ) -> contract.PaperTemplateView:
        return self._printing.templates.restore(uow, caller, request.kind, request.version, request.base_version)

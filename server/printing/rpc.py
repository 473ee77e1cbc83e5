"""Handlers of the printing requests; they run alone, because drawing takes long."""

from __future__ import annotations

from server.kernel.dispatch import Caller, handles_alone
from server.printing.service import PrintingService
from shared.contract import printing as contract


class PrintingRpc:
    """Offers the printing area to the router."""

    def __init__(self, printing: PrintingService) -> None:
        self._printing = printing

    @handles_alone
    def print_barcode(self, request: contract.PrintBarcode, caller: Caller) -> contract.DocumentView:
        return self._printing.print_barcode(caller, request.exam_id, as_zpl=request.as_zpl)

    @handles_alone
    def print_registration_form(self, request: contract.PrintRegistrationForm, caller: Caller) -> contract.DocumentView:
        return self._printing.print_registration_form(caller, request.exam_id, request.language)

    @handles_alone
    def print_ticket(self, request: contract.PrintTicket, caller: Caller) -> contract.DocumentView:
        return self._printing.print_ticket(caller, request.exam_id, request.language)

    @handles_alone
    def preview_report(self, request: contract.PreviewReport, caller: Caller) -> contract.DocumentView:
        return self._printing.preview_report(caller, request.report_id, request.language)

    @handles_alone
    def print_report(self, request: contract.PrintReport, caller: Caller) -> contract.DocumentView:
        return self._printing.print_report(caller, request.report_id, request.language)

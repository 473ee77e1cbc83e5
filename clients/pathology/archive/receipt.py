"""借阅回执 of a loan and 借阅清单 of what was found, with preview and print."""

from __future__ import annotations

from clients.pathology.desk import Desk
from shared.contract.pathology_keeping import DrawLoanList, DrawReceipt, LoanFilter


def show_receipt(desk: Desk, loan_id: int) -> None:
    """Draw it and show it in a window of its own."""
    from clients.pathology.bench.sheets import SheetView

    view = SheetView(desk, lambda _values, language: DrawReceipt(loan_id=loan_id, language=language))
    desk.show_window("借阅回执", view, (760, 680))


def show_loan_list(desk: Desk, wanted: LoanFilter) -> None:
    """The loans that a filter finds, in a window of their own."""
    from clients.pathology.bench.sheets import SheetView

    view = SheetView(desk, lambda _values, language: DrawLoanList(filter=wanted, language=language))
    desk.show_window("借阅清单", view, (1080, 760))

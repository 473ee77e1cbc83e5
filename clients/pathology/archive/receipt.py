"""借阅回执: the receipt of a loan with preview and print."""

from __future__ import annotations

from clients.pathology.desk import Desk
from shared.contract.pathology_keeping import DrawReceipt


def show_receipt(desk: Desk, loan_id: int) -> None:
    """Draw it and show it in a window of its own."""
    from clients.pathology.bench.sheets import SheetView

    view = SheetView(desk, lambda _values, language: DrawReceipt(loan_id=loan_id, language=language))
    desk.show_window("借阅回执", view, (760, 680))

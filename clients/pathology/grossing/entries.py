"""What the grossing station's menu entries and links do."""

from __future__ import annotations

from typing import Any

from clients.pathology.desk import Desk


def print_sheet(desk: Desk) -> None:
    """打印取材明细 of the open case, with preview (PA-CASE-18)."""
    from clients.pathology.bench.sheets import SheetView
    from shared.contract.pathology_papers import DrawGrossingSheet

    if desk.case is None:
        return
    case_id = desk.case.id

    def make(_values: dict[str, Any], language: str) -> DrawGrossingSheet:
        return DrawGrossingSheet(case_id=case_id, language=language)

    desk.show_window("取材明细", SheetView(desk, make), (860, 900))


def regrossing_cases(desk: Desk) -> None:
    """补取病例: the cases that wait for re-grossing, with 补取执行 (PA-GRS-01, PA-GRS-21)."""
    from clients.pathology.grossing.regrossing import RegrossingPanel

    desk.show_panel("补取病例", RegrossingPanel(desk), 460)

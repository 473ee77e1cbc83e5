"""超时病例: reports that are past their target or nearly so, most urgent first (EX-PA-03)."""

from __future__ import annotations

from datetime import UTC, datetime

from clients.kit.paging import Column, EmptyWords
from clients.kit.states import StateLook
from clients.pathology.desk import Desk
from clients.pathology.shell.clock_words import clock_words
from clients.pathology.shell.columns import CLOCK_LOOKS
from clients.pathology.shell.list_window import ListSpec, ListWindow
from clients.pathology.shell.looks import case_look
from shared.contract.base import Page
from shared.contract.pathology_reports import ListOverdue, WorkList, WorkRow

_MOST = 200


def overdue(desk: Desk) -> None:
    """Open the list."""
    spec = ListSpec(
        "overdue",
        "超时病例",
        (
            Column("case_number", "病理号", 120, strong=True, firm=True, marks=_state, sort=False),
            Column("patient_name", "姓名", 84, firm=True, sort=False),
            Column("clock", "报告时限", 150, value=lambda _row: "", marks=_clock, firm=True, sort=False),
            Column("received_at", "收到日期", 130, quiet=True, sort=False),
            Column("note", "延期原因", 0, sort=False),
        ),
        lambda: ListOverdue(page=Page(limit=_MOST)),
        rows=_rows,
        empty=EmptyWords("没有超时的病例", "报告都在时限之内。", "check_circle"),
    )
    desk.show_window("超时病例", ListWindow(desk, spec), (900, 560))


def _rows(found: WorkList) -> tuple[WorkRow, ...]:
    return found.rows


def _state(row: WorkRow) -> list[StateLook]:
    return [case_look(row.state)]


def _clock(row: WorkRow) -> list[StateLook]:
    urgency, words = clock_words(row.turnaround, datetime.now(UTC))
    return [StateLook(words, *CLOCK_LOOKS[urgency])]

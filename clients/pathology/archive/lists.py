"""A list whose rows can be ticked, and the columns of the archive's lists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence, QShortcut

from clients.kit.lists import ListView
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.archive.items import KIND_WORDS, Item
from shared.contract.pathology_keeping import KeptKind, LoanView
from shared.domain.pathology import LOAN_STATES, LoanState

LOAN_LOOKS: dict[str, StateLook] = {
    LoanState.LENT: StateLook(LOAN_STATES[LoanState.LENT].zh, Tone.INFO, "upload"),
    LoanState.OVERDUE: StateLook(LOAN_STATES[LoanState.OVERDUE].zh, Tone.DANGER, "alert"),
    LoanState.RETURNED: StateLook(LOAN_STATES[LoanState.RETURNED].zh, Tone.SUCCESS, "check_circle"),
    LoanState.LOST: StateLook(LOAN_STATES[LoanState.LOST].zh, Tone.DANGER, "cross_circle"),
}
"""A badge is a word, a shape and a colour: overdue loans are seen without reading dates."""


_TITLES = {KeptKind.BLOCK: "取材部位", KeptKind.SLIDE: "染色", KeptKind.PAPER: "标本名称"}
_DAYS = {KeptKind.BLOCK: "取材日期", KeptKind.SLIDE: "切片日期", KeptKind.PAPER: "登记日期"}


def item_columns(kind: KeptKind, kept: bool) -> tuple[Column, ...]:
    """Columns of objects that wait, or that are archived."""
    head = (
        Column("number", "编号", 132, strong=True, firm=True),
        Column("case_number", "病理号", 110, firm=True),
        Column("patient_name", "姓名", 84),
    )
    if not kept:
        return (*head, Column("title", _TITLES[kind], 0), Column("day", _DAYS[kind], 136, quiet=True, firm=True))
    return (
        *head,
        Column("place", "存放位置", 0),
        Column("lent", "借阅", 80, value=lambda row: LoanState.LENT if row.loan_id else "", looks=_LENT, sort=False),
        Column("archived_by", "归档人", 84),
        Column("archived_at", "归档日期", 136, quiet=True, firm=True),
    )


_LENT = {LoanState.LENT.value: LOAN_LOOKS[LoanState.LENT], "": StateLook("", Tone.NEUTRAL, "")}

ITEM_COLUMNS: tuple[Column, ...] = (
    Column("kind", "类别", 64, value=lambda row: tr(KIND_WORDS[row.kind]), sort=False),
    Column("number", "编号", 124, strong=True, firm=True, sort=False),
    Column("patient_name", "姓名", 76, sort=False),
    Column("place", "存放位置", 0, sort=False),
)
"""Objects that are collected for a loan."""

LOAN_ITEM_COLUMNS: tuple[Column, ...] = (
    Column("kind", "类别", 60, value=lambda row: tr(KIND_WORDS[row.kind]), sort=False, firm=True),
    Column("number", "编号", 100, strong=True, sort=False, firm=True),
    Column("patient_name", "姓名", 70, sort=False),
    Column("state", "状态", 92, looks=LOAN_LOOKS, sort=False),
)

LOAN_COLUMNS: tuple[Column, ...] = (
    Column("number", "借阅登记号", 96, strong=True, firm=True),
    Column("state", "状态", 104, looks=LOAN_LOOKS, firm=True),
    Column("borrower", "借阅人", 84, value=lambda loan: loan.borrower.name),
    Column("unit", "借往单位", 0, value=lambda loan: loan.borrower.unit),
    Column("count", "件数", 56, Align.RIGHT, value=lambda loan: len(loan.items), sort=False, visible=False),
    Column("due_day", "归还期限", 96, firm=True),
    Column("lent_at", "借阅日期", 136, quiet=True, visible=False),
    Column("closed_at", "归还日期", 136, quiet=True, visible=False),
    Column("lent_by", "经手人", 80, quiet=True, visible=False),
)


def item_key(item: Item) -> object:
    """What names a collected object."""
    return item.key


def loan_key(loan: LoanView) -> object:
    """What names a loan."""
    return loan.id


class TickList(ListView):
    """A list with a column of ticks: a click on it, Space, or Ctrl+A for all."""

    def __init__(
        self,
        columns: Sequence[Column],
        id_of: Callable[[Any], int],
        tick: Callable[[int], object],
        tick_all: Callable[[], object] | None = None,
        empty: EmptyWords = EmptyWords(),  # noqa: B008 - a frozen value
    ) -> None:
        self._ticked: Collection[int] = ()
        self._id_of, self._tick = id_of, tick
        box = Column(
            "tick", "选", 48, Align.CENTRE, value=lambda row: "☑" if id_of(row) in self._ticked else "☐", sort=False
        )
        super().__init__((box, *columns), row_id=id_of, empty=empty)
        self.table.clicked.connect(self._clicked)
        keys: list[tuple[str, Callable[[], object]]] = [("Space", self._tick_current)]
        if tick_all is not None:
            keys.append(("Ctrl+A", tick_all))
        for key, act in keys:
            shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def set_ticked(self, ids: Collection[int]) -> None:
        """Which rows are ticked."""
        self._ticked = ids
        self.table.viewport().update()

    def _clicked(self, index: QModelIndex) -> None:
        row = self.model.row(index.row())
        if index.column() == 0 and row is not None:
            self._tick(self._id_of(row))

    def _tick_current(self) -> None:
        if self.selected_row is not None:
            self._tick(self._id_of(self.selected_row))

"""既往病理: the patient's other cases, shown when a case is opened (EX-PA-15)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.labels import Label, ValueLabel
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.looks import case_look
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_statistics import EarlierCase, ListEarlier

_EMPTY = EmptyWords("没有既往病理", "该患者没有其他病例。", "clipboard")


class EarlierWatch:
    """Asks once for each case that is opened and tells how many earlier ones there are; knows no widget."""

    def __init__(self, desk: Desk, tell: Callable[[tuple[EarlierCase, ...]], None]) -> None:
        self._desk, self._tell = desk, tell
        self._case_id = 0
        self._forget = [desk.opened.listen(self._opened), desk.closed.listen(self._closed)]

    def close(self) -> None:
        """The window is gone."""
        self._tell = lambda _cases: None
        for forget in self._forget:
            forget()

    def _opened(self, details: CaseDetails) -> None:
        case_id = self._case_id = details.case.id
        place = self._desk.place
        self._tell(())
        place.runner.run(
            lambda: place.connection.call(ListEarlier(case_id=case_id)),
            partial(self._came, case_id),
            lambda _error: None,  # a help that is missing; the case itself is open
            key="pathology.earlier",
        )

    def _came(self, case_id: int, cases: tuple[EarlierCase, ...]) -> None:
        if case_id == self._case_id:
            self._tell(cases)

    def _closed(self, _none: None) -> None:
        self._case_id = 0
        self._tell(())


class EarlierPanel(QWidget):
    """The list with the chosen case's diagnosis below; a double click opens the case."""

    def __init__(self, desk: Desk, cases: tuple[EarlierCase, ...]) -> None:
        super().__init__()
        self.list = ListView(_COLUMNS, row_id=lambda one: one.case_id, empty=_EMPTY)
        self.list.activated.connect(lambda one: desk.open_case(one.case_id))
        self.list.selected.connect(self._show)
        self.by = ValueLabel("", "quiet")
        self.diagnosis = ValueLabel("", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.list, 1)
        below = QVBoxLayout()
        below.setContentsMargins(16, 8, 16, 12)
        below.setSpacing(4)
        below.addWidget(Label("病理诊断", "caption"))
        below.addWidget(self.diagnosis)
        below.addWidget(self.by)
        box.addLayout(below)
        self.list.set_rows(cases)
        self._show(cases[0] if cases else None)

    def _show(self, one: EarlierCase | None) -> None:
        self.diagnosis.set_text((one.diagnosis or tr("报告尚未审核")) if one is not None else "")
        self.by.set_text(tr("依据：姓名与{by}一致", by=tr(one.by)) if one is not None else "")


def show_earlier(desk: Desk, cases: tuple[EarlierCase, ...]) -> None:
    """Open the panel."""
    desk.show_panel("既往病理", EarlierPanel(desk, cases), 440)


def _mark(one: EarlierCase) -> list[StateLook]:
    return [case_look(one.state)]


_COLUMNS = (
    Column("number", "病理号", 112, strong=True, firm=True, marks=_mark, sort=False),
    Column("received_at", "收到日期", 118, quiet=True, sort=False),
    Column("specimen_name", "标本名称", 0, sort=False),
)

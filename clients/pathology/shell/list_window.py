"""A list in a window of its own: favourites, follow-ups, own reports, appointments; a click opens a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.coalescing import Coalesced
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.kit.theme import current_theme
from clients.pathology.desk import Desk
from shared.contract.base import Changed, Notice, Request
from shared.contract.pathology import CASE_ENTITY

_EMPTY = EmptyWords("暂无病例", "", "clipboard")


@dataclass(frozen=True)
class ListSpec:
    """What a list window shows."""

    id: str
    title: str  # Chinese source text
    columns: tuple[Column, ...]
    request: Callable[[], Request[Any]]
    rows: Callable[[Any], Sequence[Any]] = tuple
    case_id: Callable[[Any], int] = lambda row: int(row.case_id)
    row_id: Callable[[Any], object] = lambda row: row.case_id
    empty: EmptyWords = _EMPTY


class ListWindow(QWidget):
    """Loads once and after every notice about cases; a double click or Enter opens the case."""

    def __init__(self, desk: Desk, spec: ListSpec) -> None:
        super().__init__()
        self._desk = desk
        self._spec = spec
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 8)
        box.setSpacing(8)
        self.bar = QHBoxLayout()
        self.bar.setContentsMargins(16, 0, 16, 0)
        self.bar.setSpacing(8)
        self.count = Label("", "quiet")
        self.bar.addWidget(self.count)
        self.bar.addStretch(1)
        self.open_button = Button("打开病例", "", "folder", on_click=self.open_selected)
        self.bar.addWidget(self.open_button)
        box.addLayout(self.bar)
        self.list = ListView(
            spec.columns,
            row_id=spec.row_id,
            settings=desk.place.settings,
            list_id=f"pathology.window.{spec.id}",
            empty=spec.empty,
        )
        self.list.activated.connect(self._open)
        self.list.selected.connect(lambda _row: self.reflect())
        self.list.retry.connect(self.refresh)
        box.addWidget(self.list, 1)
        self._listening = True
        self._soon = Coalesced(self.refresh, self)
        desk.place.on_notice(self._heard)
        self.setMinimumSize(current_theme().metrics.times(60), current_theme().metrics.times(40))
        self.reflect()
        self.refresh()

    def refresh(self) -> None:
        """Load the rows again; old ones stay meanwhile."""
        if not self._listening:
            return
        self.list.set_loading(True)
        place = self._desk.place
        request = self._spec.request()
        place.runner.run(
            lambda: place.connection.call(request), self._came, self._failed, key=f"pathology.window.{self._spec.id}"
        )

    def open_selected(self) -> None:
        """Open the case under the cursor."""
        if self.list.selected_row is not None:
            self._open(self.list.selected_row)

    def reflect(self) -> None:
        """Enable what needs a row."""
        self.open_button.setEnabled(self.list.selected_row is not None)

    def closeEvent(self, event: object) -> None:
        self._listening = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _open(self, row: Any) -> None:
        self._desk.open_case(self._spec.case_id(row))
        self.window().close()

    def _came(self, reply: Any) -> None:
        if not self._listening:
            return
        rows = self._spec.rows(reply)
        self.list.set_loading(False)
        self.list.set_rows(rows)
        self.count.set_source("共 {count} 例", count=len(rows))
        self.reflect()

    def _failed(self, error: Exception) -> None:
        if self._listening:
            self.list.set_loading(False)
            self.list.show_error(message_for(error))

    def _heard(self, notice: Notice) -> None:
        if self._listening and isinstance(notice, Changed) and notice.entity == CASE_ENTITY:
            self._soon.poke()

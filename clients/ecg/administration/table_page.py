"""A page that holds a short table of settings: all rows at once, add, change; base of devices and teams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.kit.coalescing import Coalesced
from clients.kit.labels import Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords, RowAction
from shared.contract.base import Request

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


class TablePage(QWidget):
    """Loads every row with one request; a page of its own says what is done with them."""

    def __init__(
        self,
        desk: Desk,
        place: Workplace,
        page: str,
        make: Callable[[], Request[Any]],
        columns: Sequence[Column],
        actions: Sequence[RowAction],
        empty: EmptyWords,
        *,
        hint: str,
        header: Sequence[tuple[str, str]],
        entities: Sequence[str] = (),
        row_id: Callable[[Any], object] = lambda row: row.id,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self._page = page
        self._make = make
        self._entities = tuple(entities)
        self._is_open = True
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        for action, look in header:
            row.addWidget(place.actions.button(f"{page}.{action}", look))
        if header:
            row.addSpacing(8)
        row.addWidget(Label(hint, "quiet"), 1)
        row.addWidget(place.actions.icon_button(f"{page}.refresh"))
        layout.addLayout(row)
        layout.addWidget(hairline())
        self.list = ListView(
            columns,
            row_id=row_id,
            actions=actions,
            settings=place.settings,
            list_id=f"ecg.{page}",
            empty=empty,
        )
        self.list.selected.connect(place.actions.update)
        self.list.activated.connect(lambda row: self.act("change", row))
        self.list.action_requested.connect(self.act)
        self.list.retry.connect(self.refresh)
        layout.addWidget(self.list, 1)
        place.actions.on(f"{page}.refresh", self.refresh)
        if any(action == "add" for action, _look in header):
            place.actions.on(f"{page}.add", self.add)
        place.actions.update(None)
        self._soon = Coalesced(self.refresh, self)
        self._forget = desk.changed.listen(self._heard)
        self.refresh()

    def act(self, action: str, row: Any) -> None:
        """Do an action of a row."""

    def add(self) -> None:
        """Make a new one."""

    def refresh(self) -> None:
        """Load the rows again."""
        line, request = self._place.connection, self._make()
        self.list.set_loading(True)
        self._place.runner.run(lambda: line.call(request), self._arrived, self._failed, key=f"ecg.{self._page}")

    def _arrived(self, rows: Sequence[Any]) -> None:
        if self._is_open:
            self.list.set_loading(False)
            self.list.set_rows(rows)

    def _failed(self, error: Exception) -> None:
        if self._is_open:
            self.list.set_loading(False)
            self.list.show_error(message_for(error))

    def _heard(self, what: tuple[str, int]) -> None:
        if what[0] in self._entities:
            self._soon.poke()

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        self._forget()
        super().closeEvent(event)  # type: ignore[arg-type]

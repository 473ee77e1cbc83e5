"""Saved queries: one click uses one, the panel saves, makes the default, renames and deletes (RIS-DX-14, -15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from clients.diagnosis.worklist.state import WorklistState
from clients.kit.choosing import Switch
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.translations import tr
from shared.contract.reporting import SavedQueryView


class Intentions(Protocol):
    """What saved queries ask of their presenter."""

    def use_query(self, query: SavedQueryView) -> None: ...
    def save_query(self, name: str, *, is_default: bool = False, query_id: int | None = None) -> None: ...
    def delete_query(self, query_id: int) -> None: ...


class SavedQueriesButton(IconButton):
    """A button whose menu uses a saved query with one click."""

    def __init__(self) -> None:
        super().__init__("star", "我的查询")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self._shown: tuple[object, ...] = ()

    def show_state(self, state: WorklistState, intentions: Intentions) -> None:
        """Offer these queries."""
        shown = (state.queries, state.query_id, tr("我的查询"))
        if shown == self._shown:
            return
        self._shown = shown
        self._menu.clear()
        for query in state.queries:
            name = f"{query.name}  ★" if query.is_default else query.name
            action = self._menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(query.id == state.query_id)
            action.triggered.connect(_Use(intentions, query))
        if not state.queries:
            action = self._menu.addAction(tr("还没有保存的查询"))
            action.setEnabled(False)


class SaveQueryPanel(QWidget):
    """Names the present conditions; lists what is saved."""

    def __init__(self, state: WorklistState, intentions: Intentions) -> None:
        super().__init__()
        self._intentions = intentions
        self._renamed: SavedQueryView | None = None
        self.name = QLineEdit()
        self.name.setMaxLength(40)
        self.default = Switch("设为默认")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(Label("名称", "caption"))
        layout.addWidget(self.name)
        layout.addWidget(self.default)
        self.save_button = Button("保存当前条件", "primary", on_click=self._save)
        layout.addWidget(self.save_button)
        self.name.returnPressed.connect(self._save)
        layout.addSpacing(16)
        layout.addWidget(Label("已保存的查询", "strong"))
        self._list = QVBoxLayout()
        layout.addLayout(self._list)
        layout.addStretch(1)
        self.show_queries(state.queries)

    def show_queries(self, queries: tuple[SavedQueryView, ...]) -> None:
        """List the saved queries."""
        while self._list.count():
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for query in queries:
            self._list.addWidget(_SavedRow(query, self._intentions, self.begin_rename))
        if not queries:
            self._list.addWidget(Label("还没有保存的查询", "quiet"))

    def _save(self) -> None:
        name = self.name.text().strip()
        self.name.setProperty("wrong", "false" if name else "true")
        self.name.style().unpolish(self.name)
        self.name.style().polish(self.name)
        if not name:
            self.name.setFocus()
            return
        renamed, self._renamed = self._renamed, None
        if renamed is not None:
            self._intentions.use_query(renamed)
            self._intentions.save_query(name, is_default=self.default.isChecked(), query_id=renamed.id)
            self.save_button.set_source("保存当前条件")
        else:
            self._intentions.save_query(name, is_default=self.default.isChecked())
        self.name.clear()
        self.default.setChecked(False)

    def begin_rename(self, query: SavedQueryView) -> None:
        """Let the user type another name for a saved query; its conditions stay (RIS-DX-15)."""
        self._renamed = query
        self.name.setText(query.name)
        self.default.setChecked(query.is_default)
        self.save_button.set_source("改名")
        self.name.setFocus()
        self.name.selectAll()


class _SavedRow(QWidget):
    def __init__(self, query: SavedQueryView, intentions: Intentions, rename: Callable[[SavedQueryView], None]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(ValueLabel(query.name), 1)
        icon = "star_filled" if query.is_default else "star"
        row.addWidget(IconButton(icon, "设为默认", on_click=_MakeDefault(intentions, query), small=True))
        row.addWidget(IconButton("edit", "改名", on_click=lambda: rename(query), small=True))
        row.addWidget(IconButton("save", "以当前条件覆盖", on_click=_Replace(intentions, query), small=True))
        row.addWidget(IconButton("clear", "删除", on_click=_Delete(intentions, query), small=True))


class _Use:
    def __init__(self, intentions: Intentions, query: SavedQueryView) -> None:
        self._intentions, self._query = intentions, query

    def __call__(self, _checked: bool = False) -> None:
        self._intentions.use_query(self._query)


class _MakeDefault(_Use):
    def __call__(self, _checked: bool = False) -> None:
        self._intentions.use_query(self._query)
        self._intentions.save_query(self._query.name, is_default=True, query_id=self._query.id)


class _Replace(_Use):
    def __call__(self, _checked: bool = False) -> None:
        self._intentions.save_query(self._query.name, is_default=self._query.is_default, query_id=self._query.id)


class _Delete(_Use):
    def __call__(self, _checked: bool = False) -> None:
        self._intentions.delete_query(self._query.id)

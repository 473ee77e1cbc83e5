"""列表显示设置: which columns each of the eight special lists shows, for oneself and for the department (PA-SET-05)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from clients.kit.fields import Choice, Section, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.paging import Column
from clients.kit.panels import scrolling
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of, row_of
from clients.pathology.settings.page import SettingsPage, framed, list_item
from clients.pathology.shell.special_columns import TITLES, columns_of, fixed, list_id
from shared.contract.pathology_stations import (
    SPECIAL_LISTS,
    GetStationSettings,
    SaveStationSettings,
    StationSettings,
)
from shared.domain.permissions import Permission

_LIST_WIDTH = 210


def visible(columns: Sequence[Column], stored: object) -> tuple[str, ...]:
    """Keys of the columns that a list shows, with what the kit remembers of it (`lists/…` of the user's settings)."""
    kept: dict[str, Any] = stored if isinstance(stored, dict) else {}
    hidden, order = kept.get("hidden"), kept.get("order") or []
    return tuple(
        one.key
        for one in columns
        if (one.key not in hidden if isinstance(hidden, list) and one.key in order else one.visible)
    )


def remembered(columns: Sequence[Column], stored: object, wanted: Sequence[str]) -> dict[str, Any]:
    """What the kit shall remember so that a list shows these columns; order and widths stay."""
    kept: dict[str, Any] = dict(stored) if isinstance(stored, dict) else {}
    known = [key for key in kept.get("order") or [] if any(one.key == key for one in columns)]
    kept["order"] = [*known, *(one.key for one in columns if one.key not in known)]
    kept["hidden"] = [one.key for one in columns if one.key not in wanted]
    return {"widths": {}, "sort": None, **kept}


class ColumnsPage(SettingsPage):
    """Lists at the left, the columns of the chosen one as ticks at the right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._settings = desk.settings
        self.name = SPECIAL_LISTS[0]
        self.lists = QListWidget()
        self.lists.setFixedWidth(_LIST_WIDTH)
        self.lists.setAccessibleName(tr("列表"))
        for name in SPECIAL_LISTS:
            self.lists.addItem(list_item(tr(TITLES[name]), name))
        self.title = Label("", "title")
        self.form = FormView([Section("", [TicksField(key="columns", label="显示的列", columns=3, span=1)])], columns=1)
        self.form.changed.connect(lambda _key: self._reflect())
        self.own_button = Button("恢复默认", "", "undo", on_click=self.forget)
        self.department_button = Button("设为科室默认", "", "users", on_click=self.save_for_all)
        self.department_button.setVisible(desk.may(Permission.PATHOLOGY_SETTINGS.value))
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        side = scrolling(column_of(self.title, Label("病理号等固定列始终显示。", "caption"), self.form))
        middle = QWidget()
        line = QHBoxLayout(middle)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.lists)
        line.addWidget(hairline(vertical=True))
        line.addWidget(side, 1)
        framed(self, middle, row_of(self.own_button, None, self.department_button, self.save_button))
        self.lists.currentItemChanged.connect(self._chosen)
        self.lists.setCurrentRow(0)
        self.ask(GetStationSettings(), self._came)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns that the list is to show, the fixed ones among them."""
        return (*fixed(self.name), *self.form.value("columns"))

    def show_list(self, name: str) -> None:
        """Show the columns of a list."""
        self.name = name
        columns = self._columns()
        self.title.set_source(TITLES[name])
        free = [one for one in columns if one.key not in fixed(name)]
        self.form.set_choices("columns", [Choice(one.key, one.title) for one in free])
        shown = visible(columns, self.desk.place.settings.get(self._key(), None))
        self.form.set_values({"columns": tuple(one.key for one in free if one.key in shown)})
        self._reflect()

    def save(self) -> None:
        """Remember the columns for this user."""
        settings = self.desk.place.settings
        settings.set(self._key(), remembered(self._columns(), settings.get(self._key(), None), self.wanted))
        self.say("列已保存，下次打开该列表时生效。")

    def forget(self) -> None:
        """What the department wants again."""
        self.desk.place.settings.remove(self._key())
        self.show_list(self.name)

    def save_for_all(self) -> None:
        """Let the list show these columns to everybody who has not chosen others."""
        columns = {**self._settings.list_columns, self.name: self.wanted}
        settings = msgspec.structs.replace(self._settings, list_columns=columns)

        def came(kept: StationSettings) -> None:
            self.desk.place.settings.remove(self._key())
            self.desk.settings = kept
            self._came(kept)
            self.say("已设为科室默认；没有自选过列的用户都会看到。")

        self.ask(SaveStationSettings(settings=settings), came)

    def _columns(self) -> tuple[Column, ...]:
        return columns_of(self.name, self._settings)

    def _key(self) -> str:
        return f"lists/{list_id(self.name)}"

    def _came(self, settings: StationSettings) -> None:
        self._settings = settings
        self.show_list(self.name)

    def _chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.show_list(str(item.data(Qt.ItemDataRole.UserRole)))

    def _reflect(self) -> None:
        self.own_button.setEnabled(self.desk.place.settings.get(self._key(), None) is not None)

"""快速录入设置: the fields that 快速登记 asks for, and their order (PA-SET-10)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QWidget

from clients.kit.labels import Button, Label
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of, row_of
from clients.pathology.registration.form import sections
from clients.pathology.settings.page import SettingsPage, framed, list_item
from shared.contract.pathology import CaseEntry
from shared.contract.pathology_stations import GetStationSettings, SaveStationSettings, StationSettings

NAME = "patient_name"
"""Always asked for."""


def fields() -> dict[str, str]:
    """Every field of the patient page that can be asked for: its key and Chinese label, in the page's order."""
    known = set(CaseEntry.__struct_fields__)
    parts = sections(lambda _key: tuple, lambda: datetime.now(UTC))
    return {field.key: field.label for part in parts for field in part.fields if field.key in known}


class QuickPage(SettingsPage):
    """Left what may be asked for, right what is asked for in its order."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._settings = StationSettings()
        self._labels = fields()
        self._keys: list[str] = []
        self.all = self._list("可选栏目")
        self.chosen = self._list("快速登记的栏目")
        self.all.itemActivated.connect(lambda _item: self.add())
        self.chosen.itemActivated.connect(lambda _item: self.remove())
        self.chosen.currentRowChanged.connect(lambda _row: self._reflect())
        self.all.currentRowChanged.connect(lambda _row: self._reflect())
        self.add_button = Button("增加", "", "arrow_right", on_click=self.add)
        self.remove_button = Button("移除", "", "arrow_left", on_click=self.remove)
        self.up_button = Button("上移", "", "arrow_up", on_click=lambda: self.move_by(-1))
        self.down_button = Button("下移", "", "arrow_down", on_click=lambda: self.move_by(1))
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        between = column_of(self.add_button, self.remove_button, self.up_button, self.down_button, margin=4)
        between.setMaximumWidth(150)
        halves = row_of(_titled("可选栏目", self.all), between, _titled("快速登记的栏目", self.chosen))
        halves.setStretch(0, 1)
        halves.setStretch(2, 1)
        halves.setAlignment(between, Qt.AlignmentFlag.AlignVCenter)
        note = Label("“快速登记”只显示右侧的栏目，按从上到下的顺序；姓名始终显示。", "quiet", wrap=True)
        middle = column_of(note, halves)
        framed(self, middle, row_of(None, self.save_button))
        self.ask(GetStationSettings(), self._came)

    @property
    def keys(self) -> tuple[str, ...]:
        """What is asked for now."""
        return tuple(self._keys)

    def add(self) -> None:
        """Ask for the field chosen at the left."""
        key = _key(self.all)
        if key:
            self._keys.append(key)
            self._fill(len(self._keys) - 1)

    def remove(self) -> None:
        """Do not ask for the field chosen at the right."""
        at = self.chosen.currentRow()
        if 0 <= at < len(self._keys) and self._keys[at] != NAME:
            self._keys.pop(at)
            self._fill(min(at, len(self._keys) - 1))

    def move_by(self, by: int) -> None:
        """Ask for a field earlier (-1) or later (1)."""
        at = self.chosen.currentRow()
        if 0 <= at < len(self._keys) and 0 <= at + by < len(self._keys):
            self._keys[at], self._keys[at + by] = self._keys[at + by], self._keys[at]
            self._fill(at + by)

    def save(self) -> None:
        """Store the fields."""
        settings = msgspec.structs.replace(self._settings, quick_fields=self.keys)

        def came(kept: StationSettings) -> None:
            self.desk.settings = kept
            self._came(kept)
            self.say("快速录入栏目已保存。")

        self.ask(SaveStationSettings(settings=settings), came)

    def _came(self, settings: StationSettings) -> None:
        self._settings = settings
        self._keys = [key for key in dict.fromkeys(settings.quick_fields) if key in self._labels]
        if NAME not in self._keys:
            self._keys.insert(0, NAME)
        self._fill(0)

    def _fill(self, at: int) -> None:
        left = [key for key in self._labels if key not in self._keys]
        for shown, keys in ((self.all, left), (self.chosen, self._keys)):
            shown.blockSignals(True)
            shown.clear()
            for key in keys:
                shown.addItem(list_item(tr(self._labels[key]), key))
            shown.blockSignals(False)
        self.chosen.setCurrentRow(at)
        self._reflect()

    def _reflect(self) -> None:
        at = self.chosen.currentRow()
        self.add_button.setEnabled(bool(_key(self.all)))
        self.remove_button.setEnabled(0 <= at < len(self._keys) and self._keys[at] != NAME)
        self.up_button.setEnabled(at > 0)
        self.down_button.setEnabled(0 <= at < len(self._keys) - 1)

    @staticmethod
    def _list(words: str) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName(tr(words))
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.setMinimumHeight(current_theme().metrics.times(30))
        return made


def _key(shown: QListWidget) -> str:
    at = shown.currentRow()
    return str(shown.item(at).data(Qt.ItemDataRole.UserRole)) if at >= 0 else ""


def _titled(words: str, widget: QWidget) -> QWidget:
    return column_of(Label(words, "strong"), widget, margin=0, spacing=6)

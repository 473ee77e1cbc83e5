"""存放位置: the places of a kind with their capacity, and for how many years things are kept (PA-SET-11 to -13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import NumberField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.archive.items import KIND_WORDS
from clients.pathology.archive.page import padded
from clients.pathology.desk import Desk
from clients.pathology.laying import row_of
from shared.contract.base import Request
from shared.contract.pathology_keeping import (
    GetRetention,
    KeptKind,
    ListPlaces,
    PlaceEntry,
    PlaceView,
    Retention,
    SavePlace,
    SaveRetention,
)

_COLUMNS = (
    Column("room", "房间号", 88, value=lambda one: one.entry.room),
    Column("name", "名称", 0, value=lambda one: one.entry.name, strong=True),
    Column("used", "已用", 64, Align.RIGHT),
    Column("capacity", "容量", 64, Align.RIGHT, value=lambda one: one.entry.capacity or "∞"),
    Column("active", "启用", 56, Align.CENTRE, value=lambda one: "✓" if one.entry.is_active else ""),
)
_FIELDS = (
    TextField(key="name", label="名称", required=True),
    TextField(key="room", label="房间号", max_length=32),
    NumberField(key="capacity", label="容量", maximum=1_000_000, initial=0, hint="0 表示不限"),
    TextField(key="note", label="备注", max_length=200),
    SwitchField(key="is_active", label="启用", initial=True),
)
_YEARS = {KeptKind.BLOCK: "block_years", KeptKind.SLIDE: "slide_years", KeptKind.PAPER: "paper_years"}


def save_request(kind: KeptKind, place: PlaceView | None, values: Mapping[str, Any]) -> SavePlace:
    """A new place (None), or a changed one."""
    entry = PlaceEntry(
        kind=kind,
        name=values["name"],
        room=values["room"],
        capacity=int(values["capacity"] or 0),
        note=values["note"],
        is_active=values["is_active"],
    )
    return SavePlace(id=place.id if place else 0, version=place.version if place else 0, entry=entry)


class PlacesWindow(QWidget):
    """Places at the left, the chosen or a new one at the right, years below. `changed` is called after each save."""

    def __init__(self, desk: Desk, kind: KeptKind, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._desk, self._kind, self._changed = desk, kind, changed
        self._open = True
        self._place: PlaceView | None = None
        self._retention = Retention()
        self.list = ListView(
            _COLUMNS, row_id=lambda one: one.id, empty=EmptyWords("没有存放位置", "在右侧填写后保存。", "archive")
        )
        self.list.selected.connect(self._edit)
        self.list.retry.connect(self.load)
        self.form = FormView([Section("存放位置", _FIELDS)], columns=1)
        self.form.submitted.connect(self._save)
        self.new_button = Button("新增", "", "add", on_click=self.begin)
        self.save_button = Button("保存", "primary", on_click=self.form.submit)
        self.years = FormView(
            [Section("", (NumberField(key="years", label="保存年限", unit="年", minimum=1, maximum=100),))], columns=1
        )
        self.years.submitted.connect(self._save_years)
        self.years_button = Button("保存年限设置", "", on_click=self.years.submit)
        self._lay_out()
        self.load()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list, 1)
        right = QWidget()
        right.setFixedWidth(320)
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        kind = Label(KIND_WORDS[self._kind], "title")
        box.addWidget(padded(kind, self.form, row_of(self.new_button, None, self.save_button)))
        box.addStretch(1)
        box.addWidget(hairline())
        box.addWidget(padded(self.years, row_of(None, self.years_button)))
        row.addWidget(right)

    def load(self) -> None:
        """Fetch places and years."""
        place = self._desk.place
        call = place.connection.call

        def came(found: tuple[tuple[PlaceView, ...], Retention]) -> None:
            if self._open:
                self.list.set_rows(tuple(one for one in found[0] if one.entry.kind is self._kind))
                self._retention = found[1]
                self.years.set_values({"years": getattr(found[1], _YEARS[self._kind])})

        def failed(error: Exception) -> None:
            if self._open:
                self.list.show_error(message_for(error))

        work = lambda: (call(ListPlaces()), call(GetRetention()))  # noqa: E731
        place.runner.run(work, came, failed, key="pathology.archive.settings")

    def begin(self) -> None:
        """A new place."""
        self._place = None
        self.list.clear_selection()
        self.form.clear()
        self.form.focus("name")

    def closeEvent(self, event: object) -> None:
        self._open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _edit(self, place: PlaceView | None) -> None:
        if place is not None:
            self._place = place
            self.form.set_values({name: getattr(place.entry, name) for name in self.form.values()})

    def _save(self) -> None:
        self._send(save_request(self._kind, self._place, self.form.values()))

    def _save_years(self) -> None:
        years = {_YEARS[self._kind]: int(self.years.value("years"))}
        self._send(SaveRetention(retention=msgspec.structs.replace(self._retention, **years)))

    def _send(self, request: Request[Any]) -> None:
        place = self._desk.place

        def came(_view: object) -> None:
            place.messages.say(tr("已保存"), Tone.SUCCESS)
            if self._open:
                if isinstance(request, SavePlace):
                    self.begin()
                self.load()
            self._changed()

        place.runner.run(
            lambda: place.connection.call(request),
            came,
            place.messages.report,
            key="pathology.archive.save",
        )

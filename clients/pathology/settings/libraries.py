"""病例库设置: libraries with their numbering, and which account may enter which (PA-SET-02, -03, PA-LOGIN-07)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.panels import scrolling
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of, row_of
from clients.pathology.settings.page import SettingsPage
from shared.contract.pathology import (
    AddLibrary,
    LibraryEntry,
    LibraryView,
    ListLibraries,
    NumberingRule,
    SaveLibrary,
)
from shared.contract.pathology_stations import LibraryRights, ListLibraryRights, SetLibraryRights
from shared.domain.pathology import DATE_PARTS, LIBRARY_KINDS, RESET_PERIODS, DatePart

_SIDE = 430
_FORMATS = {
    DatePart.NONE: "",
    DatePart.YY: "%y",
    DatePart.YYYY: "%Y",
    DatePart.YYMM: "%y%m",
    DatePart.YYYYMM: "%Y%m",
    DatePart.YYMMDD: "%y%m%d",
    DatePart.YYYYMMDD: "%Y%m%d",
}
_RULE = ("prefix", "date_part", "serial_width", "reset")
_ENTRY = ("name", "name_en", "kind", "single_piece", "two_at_grossing", "retention_days", "is_active")
WARNING = "病例库设置影响编号和全部工作站，随意改动可能使系统无法使用。请确认无误后再保存。"
"""The manual's warning, on screen and asked again before saving (PA-SET-03)."""

_COLUMNS = (
    Column("name", "名称", 0, value=lambda one: one.entry.name, strong=True),
    Column("kind", "类型", 130, value=lambda one: tr(LIBRARY_KINDS[one.entry.kind].zh)),
    Column("example", "病理号示例", 120, value=lambda one: example(one.entry.rule, date.today())),
    Column("active", "启用", 60, Align.CENTRE, value=lambda one: "✓" if one.entry.is_active else ""),
)
_PEOPLE = (
    Column("login", "用户代码", 110, strong=True),
    Column("name", "用户名", 110),
    Column("libraries", "可进入的病例库", 0, value=lambda one: one.words),
)


def example(rule: NumberingRule, day: date) -> str:
    """The first number that a rule would give on a day."""
    return f"{rule.prefix}{day.strftime(_FORMATS[rule.date_part])}{1:0{max(1, rule.serial_width)}d}"


def rule_of(values: Mapping[str, Any]) -> NumberingRule:
    """The rule in the fields."""
    return NumberingRule(
        prefix=str(values["prefix"] or "").upper(),
        date_part=values["date_part"],
        serial_width=int(values["serial_width"] or 5),
        reset=values["reset"],
    )


def entry_of(values: Mapping[str, Any]) -> LibraryEntry:
    """The library in the fields."""
    given = {name: values[name] for name in _ENTRY}
    given["retention_days"] = int(values["retention_days"] or 0)
    return LibraryEntry(rule=rule_of(values), **given)


def values_of(entry: LibraryEntry) -> dict[str, Any]:
    """What the fields show of a library."""
    return {
        **{name: getattr(entry, name) for name in _ENTRY},
        **{name: getattr(entry.rule, name) for name in _RULE},
    }


class LibrariesPage(SettingsPage):
    """Two halves: libraries, and who may enter them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.half = SegmentedControl((Option("libraries", "病例库"), Option("people", "进入权限")))
        self.half.chosen.connect(self._show_half)
        self.stack = QStackedWidget()
        self.libraries = _Libraries(self)
        self.people = _People(self)
        self.stack.addWidget(self.libraries)
        self.stack.addWidget(self.people)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(column_of(row_of(self.half, None), Label(WARNING, "error", wrap=True), self.trouble, spacing=8))
        box.addWidget(hairline())
        box.addWidget(self.stack, 1)
        for one in (self.libraries.list, self.people.list):
            one.retry.connect(self.load)
        self.half.set_current("libraries")
        self.load()

    def load(self) -> None:
        """Fetch libraries and rights."""
        call = self.desk.place.connection.call
        self.run(lambda: (call(ListLibraries(with_inactive=True)), call(ListLibraryRights())), self._came)

    def failed(self, error: Exception, form: FormView | None, names: Mapping[str, str]) -> None:
        super().failed(error, form, names)
        if form is None and not self.libraries.list.total:
            for one in (self.libraries.list, self.people.list):
                one.show_error(message_for(error))

    def _came(self, found: tuple[tuple[LibraryView, ...], tuple[LibraryRights, ...]]) -> None:
        self.libraries.show_rows(found[0])
        self.people.show_rows(*found)
        active = tuple(one for one in found[0] if one.entry.is_active)
        if active:
            self.desk.libraries = active

    def _show_half(self, key: str) -> None:
        self.stack.setCurrentWidget(self.people if key == "people" else self.libraries)


class _Libraries(QWidget):
    """List at the left, the chosen or a new library at the right."""

    def __init__(self, page: LibrariesPage) -> None:
        super().__init__()
        self._page = page
        self._chosen: LibraryView | None = None
        self.list = ListView(_COLUMNS, row_id=lambda one: one.id, empty=EmptyWords("还没有病例库", "", "archive"))
        self.list.selected.connect(self._edit)
        self.form = FormView(_sections(), columns=2)
        self.form.changed.connect(lambda _key: self.show_example())
        self.form.submitted.connect(self._ask)
        self.example = Label("", "strong")
        self.title = Label("新建病例库", "title")
        self.new_button = Button("新建病例库", "", "add", on_click=self.begin)
        self.save_button = Button("保存", "primary", "save", on_click=self.form.submit)
        side = QWidget()
        side.setFixedWidth(_SIDE)
        box = QVBoxLayout(side)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(scrolling(column_of(self.title, self.form, self.example)), 1)
        box.addWidget(hairline())
        box.addWidget(column_of(row_of(self.new_button, None, self.save_button)))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.list, 1)
        line.addWidget(hairline(vertical=True))
        line.addWidget(side)
        self.begin()

    def show_rows(self, libraries: tuple[LibraryView, ...]) -> None:
        """Show the libraries; the one in the form is shown as the server has it."""
        self.list.set_rows(libraries)
        chosen = next((one for one in libraries if self._chosen is not None and one.id == self._chosen.id), None)
        if chosen is None and libraries:
            chosen = libraries[0]
        if chosen is not None:
            self.list.select_id(chosen.id)
            self._edit(chosen)

    def begin(self) -> None:
        """A new library."""
        self._chosen = None
        self.list.clear_selection()
        self.form.clear()
        self.form.set_values(values_of(LibraryEntry(name="")))
        self.title.set_source("新建病例库")
        self.show_example()

    def show_example(self) -> None:
        """What a number would look like."""
        values = self.form.values()
        is_whole = isinstance(values["serial_width"], int | float) and 1 <= values["serial_width"] <= 8
        number = example(rule_of(values), date.today()) if is_whole and values["date_part"] else "–"
        self.example.set_source("病理号示例：{number}", number=number)

    def _edit(self, library: LibraryView | None) -> None:
        if library is None:
            return
        self._chosen = library
        self.form.set_values(values_of(library.entry))
        self.title.set_source("修改病例库")
        self.show_example()

    def _ask(self) -> None:
        self._page.confirm("保存病例库设置", tr(WARNING), "保存", self.save, "primary")

    def save(self) -> None:
        """Store the library; a new one becomes the chosen one."""
        entry, chosen = entry_of(self.form.values()), self._chosen
        request: Any = (
            AddLibrary(entry=entry)
            if chosen is None
            else SaveLibrary(library_id=chosen.id, version=chosen.version, entry=entry)
        )

        def came(view: LibraryView) -> None:
            self._chosen = view
            self._page.say("病例库已保存。")
            self._page.load()

        self._page.ask(request, came, self.form)


def _sections() -> list[Section]:
    return [
        Section(
            "",
            [
                TextField(key="name", label="名称", required=True, max_length=40),
                TextField(key="name_en", label="英文名称", max_length=60),
                ChoiceField(
                    key="kind", label="类型", choices=[Choice(kind, word.zh) for kind, word in LIBRARY_KINDS.items()]
                ),
                NumberField(key="retention_days", label="标本保存天数", unit="天", maximum=36_500),
                SwitchField(key="single_piece", label="单片流程", hint="扫描蜡块后才打印其切片"),
                SwitchField(key="two_at_grossing", label="双人取材", hint="取材医生和记录人须为两人"),
                SwitchField(key="is_active", label="启用", hint="停用后不能登录，病例仍可查询"),
            ],
        ),
        Section(
            "编码规则",
            [
                TextField(key="prefix", label="编号前缀", max_length=6),
                ChoiceField(
                    key="date_part", label="日期", choices=[Choice(part, word.zh) for part, word in DATE_PARTS.items()]
                ),
                NumberField(key="serial_width", label="流水号位数", minimum=1, maximum=8),
                ChoiceField(
                    key="reset",
                    label="流水号重置",
                    choices=[Choice(period, word.zh) for period, word in RESET_PERIODS.items()],
                ),
            ],
        ),
    ]


class _Person:
    """A row of the second half."""

    def __init__(self, rights: LibraryRights, names: Mapping[int, str]) -> None:
        self.rights, self.id = rights, rights.user_id
        self.login, self.name = rights.login, rights.name
        known = [names[one] for one in rights.library_ids if one in names]
        self.words = tr("、").join(known) if known else tr("全部")


class _People(QWidget):
    """Accounts at the left; ticks of libraries at the right, none ticked for all."""

    def __init__(self, page: LibrariesPage) -> None:
        super().__init__()
        self._page = page
        self._chosen: LibraryRights | None = None
        self.list = ListView(_PEOPLE, row_id=lambda one: one.id, empty=EmptyWords("没有病理科的用户", "", "users"))
        self.list.selected.connect(self._edit)
        self.form = FormView(
            [Section("", [TicksField(key="libraries", label="可进入的病例库", hint="都不勾选表示全部", span=1)])],
            columns=1,
        )
        self.form.submitted.connect(self.save)
        self.title = Label("请选择用户", "title")
        self.save_button = Button("保存", "primary", "save", on_click=self.form.submit)
        self.save_button.setEnabled(False)
        side = QWidget()
        side.setFixedWidth(_SIDE)
        box = QVBoxLayout(side)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(scrolling(column_of(self.title, self.form)), 1)
        box.addWidget(hairline())
        box.addWidget(column_of(row_of(None, self.save_button)))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.list, 1)
        line.addWidget(hairline(vertical=True))
        line.addWidget(side)

    def show_rows(self, libraries: tuple[LibraryView, ...], people: tuple[LibraryRights, ...]) -> None:
        """Show who may enter what."""
        names = {one.id: one.entry.name for one in libraries}
        self.form.set_choices("libraries", [Choice(key, name, translate=False) for key, name in names.items()])
        self.list.set_rows(tuple(_Person(one, names) for one in people))
        if self._chosen is not None:
            self.list.select_id(self._chosen.user_id)

    def save(self) -> None:
        """Store the ticks."""
        chosen = self._chosen
        if chosen is None:
            return
        ids = tuple(self.form.value("libraries"))

        def came(view: LibraryRights) -> None:
            self._chosen = view
            self._page.say("进入权限已保存，下次登录时生效。")
            self._page.load()

        self._page.ask(
            SetLibraryRights(user_id=chosen.user_id, version=chosen.version, library_ids=ids), came, self.form
        )

    def _edit(self, person: _Person | None) -> None:
        if person is None:
            return
        self._chosen = person.rights
        self.title.set_source("{name}（{login}）", name=person.name, login=person.login)
        self.form.set_values({"libraries": person.rights.library_ids})
        self.save_button.setEnabled(True)

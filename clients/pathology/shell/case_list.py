"""The left side of a station: number field, state buttons, list, links with counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SearchBox
from clients.kit.coalescing import Coalesced
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Glyph, Label
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords
from clients.kit.panels import Banner
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.links import BY_ID, Link
from clients.pathology.shell.columns import columns_for
from clients.pathology.shell.list_presenter import SPANS, CaseListPresenter, ListState, first_days
from clients.pathology.shell.server import CaseRows
from clients.pathology.shell.special_columns import columns_of, list_id, name_of
from clients.pathology.shell.state_filter import StateFilter
from shared.contract.base import Notice
from shared.contract.pathology_reports import ClockView

_SPAN_WORDS = {1: "今天", 7: "7 天", 30: "30 天", 90: "90 天", 0: "全部"}
_EMPTY = EmptyWords("没有符合条件的病例", "放宽状态或日期，或登记新病例。", "clipboard")


class NumberField(QLineEdit):
    """扫描或输入病理号: Enter looks it up; the keyboard stays for the next number (PA-BAR-06)."""

    entered = Signal(str)
    """what was typed or scanned."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("case_number")
        self.setMaxLength(64)
        self.setTextMargins(24, 0, 0, 0)
        self._glyph = Glyph("barcode", 16)
        self._glyph.setParent(self)
        self._glyph.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit(self.text().strip())
            self.selectAll()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._show()
        super().changeEvent(event)

    def _show(self) -> None:
        self.setPlaceholderText(tr("扫描或输入病理号"))
        self.setAccessibleName(tr("扫描或输入病理号"))
        self._glyph.move(8, (current_theme().metrics.control - 16) // 2)


class CaseList(QWidget):
    """The list of a station and everything around it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._place = desk.place
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(self._head())
        self.special = Banner()
        box.addWidget(self.special)
        clocks: dict[int, ClockView] = {}
        self.list = self._make_list(columns_for(desk.station.columns, clocks), f"pathology.{desk.station.id}")
        """The list that is shown: the station's, or that of the special list."""
        self._lists = {"": self.list}
        self._box = box
        box.addWidget(self.list, 1)
        self.links = LinkBar(desk)
        box.addWidget(self.links)
        self.links.setVisible(bool(self.links.buttons))  # only with a parent: else it flashes up as a window
        self.presenter = CaseListPresenter(desk, self.show_state, clocks=clocks)
        self.presenter.on_source = self._on_source
        self.presenter.on_stale = self._reload_rows
        self.number.entered.connect(self.presenter.look_up)
        self.number.textEdited.connect(lambda _text: self.presenter.forget_problem())
        self.states.toggled.connect(self.presenter.toggle_state)
        self.span.chosen.connect(self.presenter.set_days)
        self.search.searched.connect(lambda _mode, text: self.presenter.search(text))
        self._is_open = True
        self._soon = Coalesced(self.presenter.refresh, self)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self.refresh)
        self.follow_settings()
        self._place.on_notice(self._heard)
        self._forget_scans = self._place.scanner.listen(self._scanned)
        self.presenter.open()

    def show_state(self, state: ListState) -> None:
        """Show filters and counters; rows come through the source."""
        self.states.show_state(state.states, state.state_counts)
        self.span.set_value(state.days)
        self.problem.setText(state.problem)
        self.problem.setVisible(bool(state.problem))
        self.links.show_counts(state.counts)
        if state.title:
            self.special.show_message(
                tr("只显示：{list}", list=tr(state.title)),
                Tone.INFO,
                glyph="filter",
                action="返回全部",
                on_action=self.presenter.leave_special,
            )
        else:
            self.special.hide()
        self._show_list(name_of(state.title))

    def follow_settings(self) -> None:
        """Load again as often as the department wants it, beside the live notices (PA-SET-01)."""
        seconds = self._desk.settings.refresh_seconds
        if seconds:
            self._clock.start(seconds * 1000)
        else:
            self._clock.stop()

    def refresh(self) -> None:
        """Load rows and counters soon; many calls in a moment are one."""
        if self._is_open:
            self._soon.poke()

    def focus_number(self) -> None:
        """Put the keyboard into the number field."""
        self.number.setFocus()
        self.number.selectAll()

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        self._forget_scans()
        self.presenter.close()
        super().closeEvent(event)  # type: ignore[arg-type]

    def sizeHint(self) -> QSize:
        return QSize(current_theme().metrics.times(46), 500)

    def _head(self) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setContentsMargins(16, 8, 8, 8)
        head.setSpacing(6)
        self.number = NumberField()
        head.addWidget(self.number)
        self.problem = Label("", "error", wrap=True)
        self.problem.hide()
        head.addWidget(self.problem)
        self.states = StateFilter()
        head.addWidget(self.states)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.search = SearchBox([Option("text", "姓名、拼音或号码")])
        self.search.field.setMinimumWidth(90)
        row.addWidget(self.search, 1)
        self.span = ChoiceEditor(ChoiceField(key="days", label="日期", choices=_spans(first_days(self._desk))))
        self.span.box.setAccessibleName(tr("日期"))
        self.span.setFixedWidth(86)
        row.addWidget(self.span)
        head.addLayout(row)
        return head

    def _make_list(self, columns: Sequence[Column], list_id: str) -> ListView:
        made = ListView(
            columns,
            row_id=lambda row: row.id,
            runner=self._place.runner,
            settings=self._place.settings,
            list_id=list_id,
            empty=_EMPTY,
        )
        made.selected.connect(self._desk.select)
        made.activated.connect(self._open)
        made.set_menu_filler(self._fill_menu)
        return made

    def _reload_rows(self) -> None:
        self.list.refresh()

    def _show_list(self, name: str) -> None:
        """Each special list has columns of its own (PA-CASE-21); made when it is first wanted."""
        if name not in self._lists:
            made = self._make_list(columns_of(name, self._desk.settings), list_id(name))
            self._lists[name] = made
            self._box.insertWidget(self._box.indexOf(self.list), made, 1)
        wanted = self._lists[name]
        if wanted is not self.list:
            self.list.hide()
            self.list = wanted
            wanted.show()

    def _on_source(self, rows: CaseRows) -> None:
        self.list.set_source(rows)

    def _open(self, row: Any) -> None:
        self._desk.open_case(row.id)

    def _fill_menu(self, menu: QMenu, row: Any | None) -> None:
        if row is not None:
            self._desk.select(row)
        self._desk.view.fill_list_menu(menu)

    def _heard(self, notice: Notice) -> None:
        if self._is_open and self.presenter.heard(notice):
            self._soon.poke()

    def _scanned(self, code: str) -> None:
        if not self._desk.take_scan(code):
            self.number.setText(code)
            self.presenter.look_up(code)
            self.focus_number()


class LinkBar(QWidget):
    """Links with live counters below the list (PA-GEN-07); two beside each other."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._counts: dict[str, int] = {}
        self.buttons: dict[str, Button] = {}
        self.setProperty("look", "status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 4, 8, 4)
        box.setSpacing(0)
        row: QHBoxLayout | None = None
        for link in (BY_ID[link_id] for link_id in desk.station.links):
            perform = desk.view.link_maker(link)
            if perform is None:
                continue
            if row is None or row.count() > 1:
                row = QHBoxLayout()
                row.setSpacing(4)
                box.addLayout(row)
            button = Button("", "link", on_click=_Follow(desk, perform))
            button.setObjectName(f"link.{link.id}")
            self.buttons[link.id] = button
            row.addWidget(button)
            if row.count() == 2:
                row.addStretch(1)
        if row is not None and row.count() == 1:
            row.addStretch(1)
        self.show_counts({})

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show the figures; one that is not known yet is a dash."""
        self._counts = counts
        for link_id, button in self.buttons.items():
            button.set_source(BY_ID[link_id].text, **_figures(BY_ID[link_id], counts))


def _spans(first: int) -> list[Choice]:
    """Days to choose from; the department's own number stands among them."""
    days = sorted({*SPANS, first} - {0})
    own = tr("{days} 天", days=first)
    return [
        *(Choice(one, _SPAN_WORDS.get(one, own), translate=one in _SPAN_WORDS) for one in days),
        Choice(0, _SPAN_WORDS[0]),
    ]


class _Follow:
    def __init__(self, desk: Desk, perform: Any) -> None:
        self._desk, self._perform = desk, perform

    def __call__(self) -> None:
        self._perform(self._desk)


def _figures(link: Link, counts: dict[str, int]) -> dict[str, object]:
    figures: dict[str, object] = {"count": counts.get(link.count, "–")}
    if link.total:
        figures["total"] = counts.get(link.total, "–")
    return figures


def make(desk: Desk) -> QWidget:
    """The case list of a station."""
    return CaseList(desk)

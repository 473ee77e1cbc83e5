"""The page of a list: conditions, one-press ranges, states with their numbers, buttons, rows that stay new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.ecg.lists.query import FIRST, LAST, QUICK, MakeRequest, QueryPresenter, QueryState
from clients.kit.choosing import ChipFilter, Option
from clients.kit.coalescing import Coalesced
from clients.kit.connection import LineReport, LineState
from clients.kit.fields import DateField, Field, Section
from clients.kit.forms import FormView
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.states import StateLook
from clients.kit.translations import on_language_change, tr
from shared.domain.ecg import QuickRange

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

NOTHING = EmptyWords()
NARROWED = EmptyWords("没有符合条件的记录", "请调整查询条件，或按“重置”恢复。", "search", "重置")


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """What one list consists of. `page` is the prefix of its actions (`clients.ecg.shell.keys`)."""

    page: str
    make: MakeRequest
    fields: Sequence[Field]
    columns: Sequence[Column]
    actions: Sequence[RowAction] = ()
    shown_actions: int = 4
    states: Mapping[str, StateLook] = field(default_factory=dict)
    empty: EmptyWords = NOTHING
    header: Sequence[tuple[str, str]] = ()
    """Buttons of the table's header: id of the action without its page, and look; "|" is a gap."""
    scan_into: str = ""
    """The condition that a scanned code is put into."""
    quick: QuickRange | None = QuickRange.WEEK
    days: tuple[str, str] = ("登记日期 从", "登记日期 到")
    has_quick_buttons: bool = True
    has_days: bool = True


class ListPage(QWidget):
    """A list page; a page of its own overrides `act`, `activate` and connects the buttons of its header."""

    def __init__(self, desk: Desk, place: Workplace, spec: ListSpec) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self.spec = spec
        self._rendering = False
        self._generation = -1
        self._scan = _nothing
        self._buttons: list[tuple[QPushButton, QToolButton]] = []
        self.presenter = QueryPresenter(
            place.connection, place.runner, place.messages, spec.make, today, key=f"ecg.{spec.page}", quick=spec.quick
        )
        self.presenter.on_counted = self.counted
        self._state = self.presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._conditions())
        layout.addLayout(self._bar())
        if spec.header:
            layout.addWidget(self._header())
        layout.addWidget(hairline())
        self.list = ListView(
            spec.columns,
            row_id=row_id,
            actions=spec.actions,
            shown_actions=spec.shown_actions,
            settings=place.settings,
            list_id=f"ecg.{spec.page}",
            runner=place.runner,
            empty=spec.empty,
        )
        self.list.selected.connect(self._selected)
        self.list.activated.connect(self.activate)
        self.list.action_requested.connect(self.act)
        self.list.empty_action.connect(self.presenter.reset)
        layout.addWidget(self.list, 1)
        self._connect_actions()
        self._soon = Coalesced(self._refresh_if_seen, self)
        self._stale = False
        self._forget = [on_language_change(self._speak)]
        place.shell.line.changed.connect(self._line_changed)
        self.presenter.show_to(self._render)
        self.list.set_source(self.presenter.fetch)
        place.actions.update(None)
        self.presenter.refresh()

    # ── what a page does with its rows ───────────────────────────────────────────────────────────────

    def act(self, action: str, row: Any) -> None:
        """Do an action of a row."""

    def activate(self, row: Any) -> None:
        """Double-click or Enter on a row."""

    def counted(self, found: Any) -> None:
        """The server answered how many rows there are; a page may take more from it."""

    def listen_to(self, bell: Any) -> None:
        """Load again whenever this bell rings."""
        self._forget.append(bell.listen(self._heard))

    def act_on_selected(self, action: str) -> None:
        """Do an action of the row under the cursor, as its button does; without a row nothing happens."""
        row = self.list.selected_row
        if row is not None:
            self.act(action, row)

    def empty_words(self, state: QueryState) -> EmptyWords:
        """What an empty list says."""
        return NARROWED if state.is_narrowed else self.spec.empty

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _conditions(self) -> QWidget:
        holder = QWidget()
        box = QHBoxLayout(holder)
        box.setContentsMargins(16, 0, 16, 0)
        first, last = self.spec.days
        fields = list(self.spec.fields)
        if self.spec.has_days:
            fields += [DateField(key=FIRST, label=first), DateField(key=LAST, label=last)]
        self.filters = FormView([Section("", fields)], columns=max(1, len(fields)))
        self.filters.changed.connect(self._typed)
        self.filters.submitted.connect(self.presenter.query)
        box.addWidget(self.filters)
        if fields:
            self.setFocusProxy(self.filters.rows[fields[0].key].editor.focus_target)
        if not fields:
            holder.hide()
        return holder

    def _bar(self) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setContentsMargins(16, 0, 16, 0)
        box.setSpacing(8)
        actions, page = self._place.actions, self.spec.page
        if self.spec.has_quick_buttons:
            for quick in QuickRange:
                box.addWidget(actions.button(f"{page}.{quick}"))
            box.addSpacing(8)
        self.states = ChipFilter([Option(str(key), look.text, look=look) for key, look in self.spec.states.items()])
        self.states.changed.connect(self.presenter.choose_states)
        box.addWidget(self.states)
        if not self.spec.states:
            self.states.hide()  # never shown before it has a parent: it would flash up as a window
        self.numbers = ValueLabel("", "quiet")
        box.addWidget(self.numbers, 1)
        self._wrong = Label("", "error")
        box.addWidget(self._wrong)
        if self.spec.fields:
            box.addWidget(actions.button(f"{page}.reset"))
            box.addWidget(actions.button(f"{page}.query", "primary"))
        return box

    def _header(self) -> QWidget:
        holder = QWidget()
        box = QHBoxLayout(holder)
        box.setContentsMargins(16, 0, 16, 0)
        box.setSpacing(8)
        for action, look in self.spec.header:
            if action == "|":
                box.addSpacing(8)
                box.addWidget(hairline(vertical=True))
                box.addSpacing(8)
                continue
            name = f"{self.spec.page}.{action}"
            with_words, icon = self._place.actions.button(name, look), self._place.actions.icon_button(name)
            icon.hide()
            self._buttons.append((with_words, icon))
            box.addWidget(with_words)
            box.addWidget(icon)
        box.addStretch(1)
        box.addWidget(self._place.actions.icon_button(f"{self.spec.page}.refresh"))
        return holder

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_header()

    def _fit_header(self) -> None:
        """Where the words do not fit (a panel is open), the last buttons keep only their icons."""
        needed = sum(words.sizeHint().width() + 8 for words, _icon in self._buttons) + 120
        shown = len(self._buttons)
        while shown > 1 and needed > self.width():
            shown -= 1
            words, icon = self._buttons[shown]
            needed -= words.sizeHint().width() - icon.sizeHint().width()
        for at, (words, icon) in enumerate(self._buttons):
            words.setVisible(at < shown)
            icon.setVisible(at >= shown)

    def _connect_actions(self) -> None:
        on, page = self._place.actions.on, self.spec.page
        on(f"{page}.query", self.presenter.query)
        on(f"{page}.reset", self.presenter.reset)
        on(f"{page}.refresh", self.presenter.refresh)
        if self.spec.has_quick_buttons:
            for quick in QuickRange:
                on(f"{page}.{quick}", _Press(self.presenter, quick))
        for action in self.spec.actions:
            on(f"{page}.{action.id}", _Act(self, action.id))

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _typed(self, key: str) -> None:
        if not self._rendering:
            value = self.filters.value(key)
            if key in (FIRST, LAST) and value is not None and not isinstance(value, date):
                return  # half-typed
            self.presenter.type_condition(key, value)

    def _render(self, state: QueryState) -> None:
        self._state = state
        self._rendering = True
        try:
            for key, row in self.filters.rows.items():
                wanted = state.typed.get(key)
                if wanted is None and isinstance(row.editor.value(), str):
                    wanted = ""
                if row.editor.value() != wanted:
                    row.editor.set_value(wanted)
        finally:
            self._rendering = False
        self.states.set_chosen(state.typed.get("states") or ())
        if state.counts:
            self.states.set_counts({str(key): state.counts.get(str(key), 0) for key in self.spec.states})
        self._wrong.setText(state.wrong_range)
        self._wrong.setVisible(bool(state.wrong_range))
        self._show_numbers()
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.set_empty_words(self.empty_words(state))
            self.list.refresh()

    def _show_numbers(self) -> None:
        state = self._state
        words = tr("共 {count} 条", count=state.total) if state.is_counted else ""
        if state.overdue:
            words += "　" + tr("超时 {count} 条", count=state.overdue)
        self.numbers.set_text(words)

    def _speak(self) -> None:
        self._show_numbers()
        self._fit_header()

    def _selected(self, row: Any) -> None:
        self._place.actions.update(row)

    # ── keeping new ──────────────────────────────────────────────────────────────────────────────────

    def _heard(self, _what: object) -> None:
        self._soon.poke()

    def _refresh_if_seen(self) -> None:
        if self.isVisible():
            self.presenter.refresh()
        else:
            self._stale = True

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE:
            self._soon.poke()

    def _scanned(self, code: str) -> None:
        self.presenter.narrow(**{self.spec.scan_into: code, FIRST: None, LAST: None, QUICK: None})

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self.presenter.refresh()
        if self.spec.scan_into:
            self._scan = self._place.scanner.listen(self._scanned)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._scan()
        self._scan = _nothing

    def closeEvent(self, event: object) -> None:
        for forget in self._forget:
            forget()
        self._scan()
        super().closeEvent(event)  # type: ignore[arg-type]


class _Press:
    def __init__(self, presenter: QueryPresenter, quick: QuickRange) -> None:
        self._presenter, self._quick = presenter, quick

    def __call__(self) -> None:
        self._presenter.press(self._quick)


class _Act:
    def __init__(self, page: ListPage, action: str) -> None:
        self._page, self._action = page, action

    def __call__(self) -> None:
        self._page.act_on_selected(self._action)


def row_id(row: Any) -> object:
    """What names a row across refreshes."""
    if hasattr(row, "exam"):
        return row.exam.id
    return row.application_id if hasattr(row, "application_id") else row.id


def today() -> date:
    """The desk's day."""
    return datetime.now().astimezone().date()


def _nothing() -> None:
    """Nobody listens to the scanner now."""

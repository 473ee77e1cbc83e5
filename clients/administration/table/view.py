"""A table page on screen: the list at the left, the form or the details of the chosen row at the right."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from clients.administration.table.asking import ActionForm, answer_of
from clients.administration.table.details import DetailsView
from clients.administration.table.presenter import TablePresenter
from clients.administration.table.spec import TableAction, TableSpec, Values
from clients.administration.table.state import TableState
from clients.kit.choosing import Option, SearchBox
from clients.kit.coalescing import Coalesced
from clients.kit.fields import Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import EmptyWords
from clients.kit.panels import EmptyState, ProgressRow, scrolling
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Notice

_WIDEST_FILTER = 240
_WIDEST_SIDE = 560
_NOT_FOUND = EmptyWords("没有找到", "请换一个词，或清空查找。", "search")
_NOTICE_PAUSE_MS = 800  # long work tells of each of its steps


class TablePage(QWidget):
    """One TableSpec on screen."""

    def __init__(self, place: Workplace, spec: TableSpec) -> None:
        super().__init__()
        self._place = place
        self.spec = spec
        self.presenter = TablePresenter(spec, place.connection, place.runner, place.messages)
        self._edition = -1
        self._choices: Any = None
        self._filtered_by: Any = None
        self._listed: tuple[tuple[Any, ...], str] | None = None
        self._rendering = False
        self._detailed: tuple[Any, Any, bool] | None = None
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addWidget(self._bar())
        self.filters: FormView | None = None
        if spec.filters:
            left.addWidget(self._filter_row())
        self.list = ListView(
            spec.columns,
            row_id=spec.row_id,
            settings=place.settings,
            list_id=f"administration.{spec.id}",
            runner=place.runner,
            empty=spec.empty,
        )
        self.list.selected.connect(self._selected)
        self.list.retry.connect(self.presenter.refresh)
        left.addWidget(self.list, 1)
        across.addLayout(left, 1)
        across.addWidget(self._side())
        self.setFocusProxy(self.list.table)
        self._soon = Coalesced(self._refresh_if_shown, self, pause_ms=_NOTICE_PAUSE_MS)
        place.on_notice(self._heard)
        self.presenter.show_to(self._render)

    # parts

    def _bar(self) -> QWidget:
        bar = QWidget()
        box = QHBoxLayout(bar)
        box.setContentsMargins(16, 8, 16, 8)
        box.setSpacing(8)
        self.new_button = Button(self.spec.new_text, "primary", on_click=self.presenter.start_new)
        self.new_button.setVisible(self.spec.save is not None)
        box.addWidget(self.new_button)
        if self.spec.search is not None:
            self.search = SearchBox([Option("text", "在列表中查找")])
            self.search.searched.connect(lambda _mode, text: self.presenter.find(text))
            self.search.setFixedWidth(240)
            box.addWidget(self.search)
        self.command_buttons: dict[str, Button] = {}
        for command in self.spec.commands:
            if command.permission and not self._place.may(command.permission):
                continue
            button = Button(command.text, icon=command.icon, on_click=partial(self.presenter.start, command.id))
            self.command_buttons[command.id] = button
            box.addWidget(button)
        self._summary = ValueLabel("", "quiet")
        box.addWidget(self._summary, 1)
        box.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        return bar

    def _filter_row(self) -> QWidget:
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(16, 0, 16, 8)
        self.filters = FormView([Section("", list(self.spec.filters))], columns=len(self.spec.filters))
        self._filter_later = Coalesced(self._filter, self, pause_ms=350)
        self.filters.changed.connect(lambda _key: self._filter_later.poke(again=True))
        self.filters.submitted.connect(self._filter)
        self.filters.setMaximumWidth(max(_WIDEST_FILTER * len(self.filters.rows), 420))
        box.addWidget(self.filters, 1)
        if len(self.filters.rows) < 3:
            box.addStretch(1)
        return row

    def _filter(self) -> None:
        if self.filters is not None and self.filters.validate():
            self.presenter.filter(self.filters.values())

    def narrow(self, values: Values) -> None:
        """Show only what these filters leave; the other filters are emptied."""
        if self.filters is not None:
            self.filters.clear()
            self.filters.set_values(values)
            self._filter()

    def _side(self) -> QWidget:
        self._side_panel = side = QFrame()
        side.setProperty("look", "panel")
        side.setFixedWidth(self.spec.side_width)
        outer = QVBoxLayout(side)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        self._heading = Label("", "headline")
        box.addWidget(self._heading)
        self._intro = Label(self.spec.intro, "quiet", wrap=True)
        box.addWidget(self._intro)
        self._news = ValueLabel("", "strong", wrap=True)
        box.addWidget(self._news)
        self._secret = QWidget()
        secret = QHBoxLayout(self._secret)
        secret.setContentsMargins(0, 0, 0, 0)
        self.secret_line = QLineEdit()
        self.secret_line.setReadOnly(True)
        secret.addWidget(self.secret_line, 1)
        self.copy_button = Button("复制", icon="copy", on_click=self._copy)
        secret.addWidget(self.copy_button)
        box.addWidget(self._secret)
        self._nothing = EmptyState("details", "请在左侧选择一行", "")
        box.addWidget(self._nothing)
        self._form_place = QVBoxLayout()
        box.addLayout(self._form_place)
        self.action_form: ActionForm | None = None
        self._asked: tuple[str, int] = ("", 0)
        self.details = DetailsView(self.presenter.start)
        if not self.spec.parts_below:
            box.addWidget(self.details)
        self.form = FormView(list(self.spec.form), columns=self.spec.form_columns) if self.spec.form else None
        if self.form is not None:
            self.form.submitted.connect(self._save)
            box.addWidget(self.form)
        if self.spec.parts_below:
            box.addWidget(self.details)
        box.addStretch(1)
        outer.addWidget(scrolling(content), 1)
        self._line = hairline()
        outer.addWidget(self._line)
        outer.addWidget(self._foot())
        return side

    def _foot(self) -> QWidget:
        self._feet = foot = QWidget()
        box = QVBoxLayout(foot)
        box.setContentsMargins(16, 8, 16, 12)
        box.setSpacing(8)
        self._trouble = QWidget()
        trouble = QHBoxLayout(self._trouble)
        trouble.setContentsMargins(0, 0, 0, 0)
        trouble.addWidget(Glyph("alert", 16, Tone.DANGER), 0, Qt.AlignmentFlag.AlignTop)
        self._sentence = ValueLabel("", "error", wrap=True)
        trouble.addWidget(self._sentence, 1)
        box.addWidget(self._trouble)
        self._moving = ProgressRow("传输中")
        self._moving.cancelled.connect(self.presenter.give_up)
        box.addWidget(self._moving)
        self._asking = QWidget()
        answers = QHBoxLayout(self._asking)
        answers.setContentsMargins(0, 0, 0, 0)
        answers.setSpacing(8)
        self._do_button = Button("确定", "primary", on_click=self._confirm)
        self._risk_button = Button("确定", "danger", on_click=self._confirm)
        answers.addWidget(self._do_button)
        answers.addWidget(self._risk_button)
        self.give_up_button = Button("取消", on_click=self.presenter.give_up)
        answers.addWidget(self.give_up_button)
        answers.addStretch(1)
        box.addWidget(self._asking)
        self._buttons = QWidget()
        self._buttons_grid = grid = QGridLayout(self._buttons)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.action_buttons: dict[str, Button] = {}
        for action in self.spec.actions:
            button = Button(
                action.text,
                "danger" if action.danger else "",
                icon=action.icon,
                on_click=partial(self.presenter.start, action.id),
            )
            button.setParent(self._buttons)
            self.action_buttons[action.id] = button
        self.more_button = Button("更多", icon="more", on_click=self._open_menu)
        self.more_button.setParent(self._buttons)
        box.addWidget(self._buttons)
        self._saving = QWidget()
        line = QHBoxLayout(self._saving)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.save_button = Button("保存", "primary", on_click=self._save)
        line.addWidget(self.save_button)
        line.addStretch(1)
        self.remove_button = Button("删除", "danger", on_click=self.presenter.remove)
        line.addWidget(self.remove_button)
        box.addWidget(self._saving)
        return foot

    @property
    def confirm_button(self) -> Button:
        """The button that does what the open action says."""
        asking = self.presenter.state.confirming
        return self._risk_button if asking and self.presenter.action(asking).danger else self._do_button

    # intentions

    def _selected(self, row: Any | None) -> None:
        if row is not None and not self._rendering:
            self.presenter.select(self.spec.row_id(row))

    def _save(self) -> None:
        if self.form is not None and self.form.validate():
            self.presenter.save(self.form.values())

    def _confirm(self) -> None:
        action, asked = self.presenter.action(self.presenter.state.confirming), self.action_form
        if asked is not None and not asked.form.validate():
            return
        values = asked.form.values() if asked is not None else {}
        if action.form:
            self.presenter.confirm_form(values)
        else:
            self.presenter.confirm(answer_of(values))

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.presenter.state.secret)
        self._place.messages.say(tr("已复制"), Tone.SUCCESS)

    def menu(self) -> QMenu:
        """The further actions that the chosen row allows."""
        menu = QMenu(self)
        theme = current_theme()
        for action in self._allowed():
            if action.in_menu:
                entry = menu.addAction(theme.icon(action.icon), tr(action.text))
                entry.triggered.connect(partial(self._start, action.id))
        return menu

    def _start(self, action_id: str, _checked: bool = False) -> None:
        self.presenter.start(action_id)

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more_button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _heard(self, notice: Notice) -> None:
        if self.presenter.heard(notice):
            self._soon.poke()

    def _refresh_if_shown(self) -> None:
        if self.isVisible():
            self.presenter.refresh()

    # showing

    def _render(self, state: TableState) -> None:
        self._rendering = True  # what the list says of its selection meanwhile is our own doing
        if self._listed is None or self._listed[0] is not state.rows or self._listed[1] != state.search:
            self._listed = (state.rows, state.search)
            self.list.set_empty_words(_NOT_FOUND if state.search and state.rows else self.spec.empty)
            self.list.set_rows(self.presenter.shown_rows())
        self._follow(state)
        self._rendering = False
        self.list.set_loading(state.is_loading or bool(state.preparing) or state.is_busy)
        self._summary.set_text("" if state.reply is None else self.spec.summary(state.reply))
        if state.trouble:
            self.list.show_error(Message(state.trouble, Tone.DANGER))
        elif not state.is_loading:
            self.list.clear_error()
        action = self.presenter.action(state.confirming) if state.confirming else None
        asks = action is not None and bool(action.form or action.asks)
        covers = action is not None and bool(action.form)
        chosen = state.row is not None or state.is_new
        self._ask(state, action)
        self._nothing.setVisible(not chosen and not state.news and action is None)
        self._news.set_text(state.news)
        self._news.setVisible(bool(state.news) and not covers)
        self.secret_line.setText(state.secret)
        self._secret.setVisible(bool(state.secret) and not covers)
        shows_form = self.form is not None and (state.is_new if self.spec.form_for_new_only else chosen)
        self._intro.setVisible(bool(self.spec.intro) and shows_form and not covers)
        if self.form is not None:
            self._render_form(state)
            self.form.setVisible(shows_form and not covers)
        self._heading.set_source(action.text if action is not None and asks else self.spec.new_text)
        self._heading.setVisible(asks or state.is_new)
        self._edition = state.edition
        self._render_details(state, covers)
        self._offer_filters(state)
        self._sentence.set_text(state.problem)
        self._trouble.setVisible(bool(state.problem))
        self._moving.setVisible(state.moved is not None)
        if state.moved is not None:
            self._moving.set_progress(state.moved[0], max(state.moved[1], state.moved[0] + 1))
        has_buttons = chosen and bool(self.spec.save or self.spec.remove or self._allowed())
        self._feet.setVisible(has_buttons or action is not None or bool(state.problem))
        self._line.setVisible(not self._feet.isHidden())
        self._render_buttons(state)

    def _follow(self, state: TableState) -> None:
        """The list marks the row that the side is about, also when it was not chosen by a click."""
        marked = self.list.selected_row
        if state.selected is None:
            if marked is not None:
                self.list.clear_selection()
        elif marked is None or self.spec.row_id(marked) != state.selected:
            self.list.select_id(state.selected)

    def _offer_filters(self, state: TableState) -> None:
        if self.filters is None or state.reply is None or self._filtered_by is state.reply:
            return
        self._filtered_by = state.reply
        for key, choices in self.spec.filter_choices.items():
            self.filters.set_choices(key, choices(state.reply))

    def _render_form(self, state: TableState) -> None:
        assert self.form is not None
        if self._choices is not state.reply:
            self._choices = state.reply
            for key, choices in self.spec.choices.items():
                self.form.set_choices(key, choices(state.reply))
        if state.edition != self._edition:
            self.form.clear()
            if state.row is not None and not self.spec.form_for_new_only:
                self.form.set_values(self.spec.values(state.row))
            for key in self.spec.fixed_keys:
                self.form.rows[key].editor.set_read_only(not state.is_new)
            if state.is_new:
                self.form.focus(next(iter(self.form.rows)))
        if state.problems:
            self.form.show_problems(state.problems)

    def _render_details(self, state: TableState, covered: bool) -> None:
        shown = (state.row, state.fetched, covered)
        if shown == self._detailed:
            return
        self._detailed = shown
        row = None if covered else state.row
        if row is None:
            self.details.show_details((), (), None)
        else:
            parts = self.spec.parts(row, state.fetched)
            self.details.show_details(self.spec.details(row, state.fetched), parts, self.spec.progress(row))

    def _allowed(self) -> list[TableAction]:
        row = self.presenter.state.row
        return [
            action
            for action in self.spec.actions
            if row is not None
            and not action.is_hidden
            and (not action.permission or self._place.may(action.permission))
            and action.allowed(row)
            and action.fits(row, self.presenter.state.fetched)
        ]

    def _render_buttons(self, state: TableState) -> None:
        asking = bool(state.confirming)
        self._asking.setVisible(asking)
        allowed = self._allowed()
        self._buttons.setVisible(bool(allowed) and not asking)
        may_save = self.spec.save is not None and (state.is_new or not self.spec.form_for_new_only)
        may_remove = self.spec.remove is not None and state.row is not None
        self.save_button.setVisible(may_save)
        self.remove_button.setVisible(may_remove)
        self._saving.setVisible((may_save or may_remove) and not asking)
        if asking:
            button = self.confirm_button
            button.set_source(self.presenter.action(state.confirming).text)
            button.setEnabled(not state.is_busy)
            self._do_button.setVisible(button is self._do_button and state.moved is None)
            self._risk_button.setVisible(button is self._risk_button and state.moved is None)
        for button in (*self.action_buttons.values(), self.more_button):
            self._buttons_grid.removeWidget(button)
            button.hide()
        is_free = not state.is_busy and not state.preparing
        shown = [self.action_buttons[action.id] for action in allowed if not action.in_menu]
        if any(action.in_menu for action in allowed):
            shown.append(self.more_button)
        for place, button in enumerate(shown):
            button.setEnabled(is_free)
            self._buttons_grid.addWidget(button, place // 2, place % 2)
            button.show()
        for button in self.command_buttons.values():
            button.setEnabled(is_free)
        self.save_button.setEnabled(not state.is_busy)
        self.remove_button.setEnabled(not state.is_busy and state.row is not None)

    def _ask(self, state: TableState, action: TableAction | None) -> None:
        """Make the line, the choice or the form that an action asks for, once for each time it is started."""
        asked = (state.confirming, id(state.subject) if action is not None else 0)
        if asked == self._asked:
            if self.action_form is not None:
                self.action_form.reveal(state.revealed)
            return
        self._asked = asked
        if self.action_form is not None:
            self._form_place.removeWidget(self.action_form)
            self.action_form.hide()
            self.action_form.deleteLater()
            self.action_form = None
        if action is None or not (action.asks or action.form or action.warns):
            return
        about = action.about or (self.spec.named if action in self.spec.actions else None)
        self.action_form = ActionForm(action, state, "" if about is None else about(state.subject))
        self.action_form.submitted.connect(self._confirm)
        self._form_place.addWidget(self.action_form)
        self.action_form.focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.presenter.state.confirming:
            self.presenter.give_up()
            self.list.table.setFocus()
        elif event.matches(QKeySequence.StandardKey.Refresh):
            self.presenter.refresh()
        elif event.matches(QKeySequence.StandardKey.New) and self.spec.save is not None:
            self.presenter.start_new()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side_panel.setFixedWidth(min(max(self.width() * 3 // 10, self.spec.side_width), _WIDEST_SIDE))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._detailed = None  # the details hold finished words
            self._choices = self._listed = self._filtered_by = None
            self._render(self.presenter.state)

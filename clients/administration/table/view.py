"""A table page on screen: the list at the left, the form or the details of the chosen row at the right."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clients.administration.table.presenter import TablePresenter
from clients.administration.table.spec import TableSpec
from clients.administration.table.state import TableState
from clients.kit.choosing import Option, SearchBox
from clients.kit.coalescing import Coalesced
from clients.kit.fields import ChoiceField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.panels import EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from shared.contract.base import Notice


class TablePage(QWidget):
    """One TableSpec on screen."""

    def __init__(self, place: Workplace, spec: TableSpec) -> None:
        super().__init__()
        self._place = place
        self.spec = spec
        self.presenter = TablePresenter(spec, place.connection, place.runner, place.messages)
        self._edition = -1
        self._choices: Any = None
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
        left.addWidget(self.list, 1)
        across.addLayout(left, 1)
        across.addWidget(self._side())
        self.setFocusProxy(self.list.table)
        self._soon = Coalesced(self._refresh_if_shown, self)
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
        for command in self.spec.commands:
            box.addWidget(
                Button(command.text, icon=command.icon, on_click=partial(self.presenter.run_command, command.id))
            )
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
        box.addWidget(self.filters, 1)
        return row

    def _filter(self) -> None:
        if self.filters is not None and self.filters.validate():
            self.presenter.filter(self.filters.values())

    def _side(self) -> QWidget:
        side = QFrame()
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
        self._intro.setVisible(bool(self.spec.intro))
        box.addWidget(self._intro)
        self._news = ValueLabel("", "strong", wrap=True)
        box.addWidget(self._news)
        self._details = QWidget()
        self._details_grid = QGridLayout(self._details)
        self._details_grid.setContentsMargins(0, 4, 0, 4)
        self._details_grid.setHorizontalSpacing(12)
        self._details_grid.setVerticalSpacing(6)
        self._details_grid.setColumnStretch(1, 1)
        box.addWidget(self._details)
        self.form = FormView(list(self.spec.form), columns=self.spec.form_columns) if self.spec.form else None
        if self.form is not None:
            self.form.submitted.connect(self._save)
            box.addWidget(self.form)
        box.addStretch(1)
        outer.addWidget(scrolling(content), 1)
        self._nothing = EmptyState("details", "请在左侧选择一行", "")
        box.insertWidget(3, self._nothing)
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
        self._asking = QWidget()
        asking = QVBoxLayout(self._asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.setSpacing(8)
        self._warning = Label("", "", wrap=True)
        asking.addWidget(self._warning)
        self._answer_place = QVBoxLayout()
        self._answer_place.setContentsMargins(0, 0, 0, 0)
        asking.addLayout(self._answer_place)
        self.answer: FormView | None = None
        self._asked = ""
        answers = QHBoxLayout()
        self.confirm_button = Button("确定", "danger", on_click=self._confirm)
        answers.addWidget(self.confirm_button)
        answers.addWidget(Button("取消", on_click=self.presenter.give_up))
        answers.addStretch(1)
        asking.addLayout(answers)
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
        box.addWidget(self._buttons)
        self._saving = QWidget()
        line = QHBoxLayout(self._saving)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.save_button = Button("保存", "primary", on_click=self._save)
        self.save_button.setVisible(self.spec.save is not None)
        line.addWidget(self.save_button)
        line.addStretch(1)
        self.remove_button = Button("删除", "danger", on_click=self.presenter.remove)
        self.remove_button.setVisible(self.spec.remove is not None)
        line.addWidget(self.remove_button)
        box.addWidget(self._saving)
        return foot

    # intentions

    def _selected(self, row: Any | None) -> None:
        if row is not None:
            self.presenter.select(self.spec.row_id(row))

    def _save(self) -> None:
        if self.form is not None and self.form.validate():
            self.presenter.save(self.form.values())

    def _confirm(self) -> None:
        answer = self.answer.value("answer") if self.answer is not None else ""
        self.presenter.confirm("" if answer is None else str(answer))

    def _heard(self, notice: Notice) -> None:
        if self.presenter.heard(notice):
            self._soon.poke()

    def _refresh_if_shown(self) -> None:
        if self.isVisible():
            self.presenter.refresh()

    # showing

    def _render(self, state: TableState) -> None:
        self.list.set_rows(self.presenter.shown_rows())
        self.list.set_loading(state.is_loading)
        self._summary.set_text("" if state.reply is None else self.spec.summary(state.reply))
        if state.trouble:
            self.list.show_error(Message(state.trouble, Tone.DANGER))
        chosen = state.row is not None or state.is_new
        self._nothing.setVisible(not chosen and not state.news)
        self._news.set_text(state.news)
        self._news.setVisible(bool(state.news))
        self._intro.setVisible(bool(self.spec.intro) and self.form is not None)
        if self.form is not None:
            self._render_form(state, chosen)
        self._heading.set_source(self.spec.new_text if state.is_new else "")
        self._heading.setVisible(state.is_new)
        if state.edition != self._edition:
            self._edition = state.edition
            self._render_details(state)
        self._sentence.set_text(state.problem)
        self._trouble.setVisible(bool(state.problem))
        has_feet = chosen and bool(self.spec.save or self.spec.remove or self.spec.actions)
        self._feet.setVisible(has_feet)
        self._line.setVisible(has_feet)
        self._render_buttons(state)

    def _render_form(self, state: TableState, chosen: bool) -> None:
        assert self.form is not None
        self.form.setVisible(state.is_new if self.spec.form_for_new_only else chosen)
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

    def _render_details(self, state: TableState) -> None:
        grid = self._details_grid
        while grid.count():
            item = grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        lines = [] if state.row is None else [line for line in self.spec.details(state.row, state.fetched) if line[1]]
        for number, (label, text) in enumerate(lines):
            grid.addWidget(Label(label, "quiet"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(ValueLabel(breakable(text), wrap=True), number, 1)
        self._details.setVisible(bool(lines))

    def _render_buttons(self, state: TableState) -> None:
        asking = state.confirming
        self._asking.setVisible(bool(asking))
        self._buttons.setVisible(bool(self.spec.actions) and state.row is not None and not asking)
        may_save = self.spec.save is not None and (state.is_new or not self.spec.form_for_new_only)
        may_remove = self.spec.remove is not None and state.row is not None
        self.save_button.setVisible(may_save)
        self.remove_button.setVisible(may_remove)
        self._saving.setVisible((may_save or may_remove) and not asking)
        if asking:
            action = self.presenter.action(asking)
            self._warning.set_source(action.warns)
            self._warning.setVisible(bool(action.warns))
            self._ask(state)
            self.confirm_button.set_source(action.text)
            self.confirm_button.setEnabled(not state.is_busy)
        else:
            self._asked = ""
        place = 0
        for action in self.spec.actions:
            button = self.action_buttons[action.id]
            allowed = state.row is not None and action.allowed(state.row)
            self._buttons_grid.removeWidget(button)
            button.setVisible(allowed)
            button.setEnabled(not state.is_busy)
            if allowed:
                self._buttons_grid.addWidget(button, place // 2, place % 2)
                place += 1
        self.save_button.setEnabled(not state.is_busy)
        self.remove_button.setEnabled(not state.is_busy and state.row is not None)

    def _ask(self, state: TableState) -> None:
        """Make the line or the choice that an action asks for, once for each time it is started."""
        if self._asked == state.confirming:
            return
        self._asked = state.confirming
        if self.answer is not None:
            self._answer_place.removeWidget(self.answer)
            self.answer.hide()
            self.answer.deleteLater()
            self.answer = None
        action = self.presenter.action(state.confirming)
        if not action.asks:
            return
        field = (
            ChoiceField(key="answer", label=action.asks, choices=state.answers, required=True)
            if action.choices is not None
            else TextField(key="answer", label=action.asks, max_length=200, initial=action.initial(state.row))
        )
        self.answer = FormView([Section("", [field])], columns=1)
        self.answer.submitted.connect(self._confirm)
        self._answer_place.addWidget(self.answer)
        self.answer.focus("answer")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._edition = -1  # the details hold finished words
            self._render(self.presenter.state)


def breakable(text: str) -> str:
    """UIDs and paths may be broken after their points and strokes, so that they never widen the panel."""
    return text.replace(".", ".\u200b").replace("/", "/\u200b") if max(map(len, text.split()), default=0) > 24 else text

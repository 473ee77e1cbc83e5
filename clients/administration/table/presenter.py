"""The intentions of a table page."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from clients.administration.table.spec import TableAction, TableSpec, Values
from clients.administration.table.state import TableState
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice
from shared.contract.errors import ErrorCode, RpcError


class TablePresenter(ScreenPresenter[TableState]):
    """Load, choose, add, change, remove; whatever fails leaves the typed values where they are."""

    def __init__(
        self,
        spec: TableSpec,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[TableState], None] = lambda _state: None,
    ) -> None:
        super().__init__(TableState(), caller, runner, messages, show)
        self.spec = spec
        self._filters: Values = {item.key: item.empty for item in spec.filters}

    # the list

    def refresh(self) -> None:
        """Load again; the old rows stay until the new ones are there."""
        self._change(is_loading=True)
        self._ask(self.spec.load(self._filters), self._came, self._not_loaded, key=f"table/{self.spec.id}")

    def filter(self, values: Values) -> None:
        """Other conditions: load again."""
        self._filters = dict(values)
        self.refresh()

    def run_command(self, command_id: str) -> None:
        """A button of the page was pressed."""
        command = next(command for command in self.spec.commands if command.id == command_id)

        def done(reply: Any) -> None:
            self._messages.say(command.said(reply) or tr("已开始"), Tone.SUCCESS)
            self.refresh()

        self._ask(command.request(), done)

    def heard(self, notice: Notice) -> bool:
        """Whether a notice concerns this page."""
        return isinstance(notice, Changed) and notice.entity in self.spec.entities

    def _came(self, reply: Any) -> None:
        rows = tuple(self.spec.rows(reply))
        row = next((row for row in rows if self.spec.row_id(row) == self.state.selected), None)
        changed = row != self.state.row and not self.state.is_new
        self._change(
            reply=reply,
            rows=rows,
            is_loading=False,
            trouble="",
            row=row,
            selected=self.state.selected if row is not None else None,
            edition=self.state.edition + (1 if changed else 0),
        )
        if row is not None and changed:
            self._fetch(row)

    def _fetch(self, row: Any) -> None:
        if self.spec.fetch is None:
            return

        def came(fetched: Any) -> None:
            if self.state.selected == self.spec.row_id(row):
                self._change(fetched=fetched, edition=self.state.edition + 1)

        self._ask(self.spec.fetch(row), came, key=f"table/{self.spec.id}/fetch")

    def _not_loaded(self, error: Exception) -> None:
        if self.spec.missing_is_empty and isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND:
            self._change(is_loading=False, trouble="", rows=(), row=None, selected=None)
            return
        self._change(is_loading=False, trouble=message_for(error).text)

    def find(self, text: str) -> None:
        """Show only rows with this text."""
        self._change(search=text.strip())

    def shown_rows(self) -> tuple[Any, ...]:
        """The rows that the search leaves."""
        look = self.spec.search
        wanted = self.state.search.casefold()
        if look is None or not wanted:
            return self.state.rows
        return tuple(row for row in self.state.rows if wanted in look(row).casefold())

    # the form

    def select(self, row_id: Hashable | None) -> None:
        """Choose a row; its values come into the form."""
        row = next((row for row in self.state.rows if self.spec.row_id(row) == row_id), None)
        if row is None or (row_id == self.state.selected and not self.state.is_new):
            return
        self._show_row(row)

    def start_new(self) -> None:
        """Empty the form for a new row."""
        if self.spec.save is not None:
            self._show_row(None, is_new=True)

    def _show_row(self, row: Any | None, *, is_new: bool = False) -> None:
        self._change(
            selected=None if row is None else self.spec.row_id(row),
            row=row,
            is_new=is_new,
            problems={},
            problem="",
            confirming="",
            fetched=None,
            news="",
            edition=self.state.edition + 1,
        )
        if row is not None:
            self._fetch(row)

    def save(self, values: Values) -> None:
        """Send the form; a refusal that names a field stands at that field."""
        if self.spec.save is None or self.state.is_busy:
            return
        try:
            request = self.spec.save(values, None if self.state.is_new else self.state.row)
        except ValueError as error:  # the declaration found something wrong, in finished words
            self._change(problem=str(error))
            return
        self._change(is_busy=True, problems={}, problem="")
        self._ask(request, self._saved, self._not_saved, key=f"table/{self.spec.id}/save")

    def _saved(self, reply: Any) -> None:
        self._messages.say(tr("已保存"), Tone.SUCCESS)
        try:
            selected: Hashable | None = self.spec.row_id(reply)
        except AttributeError:  # the reply is no row
            selected = self.state.selected
        self._change(is_busy=False, is_new=False, selected=selected, news=self.spec.saved_words(reply))
        self.refresh()

    def _not_saved(self, error: Exception) -> None:
        message = message_for(error)
        known = {item.key for section in self.spec.form for item in section.fields}
        if message.field in known:
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._change(is_busy=False, problem=message.text)

    def remove(self) -> None:
        """Take the chosen row away; where it can be put back, that is offered."""
        row = self.state.row
        if self.spec.remove is None or row is None or self.state.is_busy:
            return
        self._change(is_busy=True)
        self._ask(self.spec.remove(row), lambda _reply: self._removed(row), self._not_done)

    def _removed(self, row: Any) -> None:
        undo = self.spec.undo_remove
        words = self.spec.removed_words(row) or tr("已删除")
        if undo is not None:
            self._messages.offer_undo(
                words, lambda: self._ask(undo(row), lambda _reply: self.refresh(), self._not_done)
            )
        else:
            self._messages.say(words, Tone.SUCCESS)
        self._change(is_busy=False, selected=None, row=None, edition=self.state.edition + 1)
        self.refresh()

    # further actions

    def action(self, action_id: str) -> TableAction:
        """The declaration of an action."""
        return next(action for action in self.spec.actions if action.id == action_id)

    def start(self, action_id: str) -> None:
        """A button was pressed: do it, or ask first where the declaration says so."""
        action = self.action(action_id)
        if self.state.row is None or not action.allowed(self.state.row):
            return
        choices = action.choices
        if choices is not None:
            self._runner.run(
                lambda: tuple(choices(self._caller.call)),
                lambda found: self._change(confirming=action_id, problem="", answers=found),
                self._not_done,
            )
        elif action.asks or action.warns:
            self._change(confirming=action_id, problem="", answers=())
        else:
            self._do(action, "")

    def confirm(self, answer: str) -> None:
        """The person agrees, and answers what is asked."""
        action = self.action(self.state.confirming)
        if action.asks and not answer.strip():
            self._change(problem=tr("请填写{label}。", label=tr(action.asks)))
            return
        self._do(action, answer.strip())

    def give_up(self) -> None:
        """The person does not agree."""
        self._change(confirming="", problem="")

    def _do(self, action: TableAction, answer: str) -> None:
        if self.state.is_busy or self.state.row is None:
            return
        self._change(is_busy=True, problem="")

        def done(reply: Any) -> None:
            words = action.said(reply)
            if words:
                self._messages.say(words, Tone.SUCCESS)
            self._change(is_busy=False, confirming="")
            self.refresh()

        row, steps, command = self.state.row, action.steps, action.command
        if steps is not None:
            self._runner.run(lambda: steps(self._caller.call, row, answer), done, self._not_done)
        elif command is not None:
            self._ask(command(row, answer), done, self._not_done)

    def _not_done(self, error: Exception) -> None:
        self._change(is_busy=False, problem=message_for(error).text)

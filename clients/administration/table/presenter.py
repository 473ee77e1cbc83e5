"""The intentions of a table page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from typing import Any, cast

from clients.administration.table.spec import Asking, Line, TableAction, TableSpec, Unclear, Values
from clients.administration.table.state import TableState
from clients.kit.messages import Messages, message_for
from clients.kit.running import Progress, TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice, Request
from shared.contract.errors import ErrorCode, RpcError


def sentence_of(error: Exception) -> str:
    """What went wrong, for a person."""
    return str(error) if isinstance(error, Unclear) else message_for(error).text


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

    def _send(
        self, asking: Asking, done: Callable[[Any], None], failed: Callable[[Exception], None], key: str | None = None
    ) -> None:
        if isinstance(asking, Request):
            self._ask(asking, done, failed, key=key)
        else:
            work = asking
            self._runner.run(lambda: work(self._caller.call), done, failed, key=key)

    # the list

    def refresh(self) -> None:
        """Load again; the old rows stay until the new ones are there."""
        self._change(is_loading=True)
        self._send(self.spec.load(self._filters), self._came, self._not_loaded, key=f"table/{self.spec.id}")

    def filter(self, values: Values) -> None:
        """Other conditions: load again."""
        self._filters = dict(values)
        self.refresh()

    def heard(self, notice: Notice) -> bool:
        """Whether a notice concerns this page."""
        return isinstance(notice, Changed) and notice.entity in self.spec.entities

    def _came(self, reply: Any) -> None:
        rows = tuple(self.spec.rows(reply))
        row = next((row for row in rows if self.spec.row_id(row) == self.state.selected), None)
        changed = not self.state.is_new and self._form_of(row) != self._form_of(self.state.row)
        self._change(
            reply=reply,
            rows=rows,
            is_loading=False,
            trouble="",
            row=row,
            selected=self.state.selected if row is not None else None,
            edition=self.state.edition + (1 if changed else 0),
        )
        if row is not None:
            self._fetch(row)

    def _form_of(self, row: Any | None) -> Values | None:
        """What the form shows of a row: only when that changes is it filled again, so that typed values stay."""
        return None if row is None else {"": self.spec.row_id(row), **self.spec.values(row)}

    def _fetch(self, row: Any) -> None:
        if self.spec.fetch is None:
            return

        def came(fetched: Any) -> None:
            if self.state.selected == self.spec.row_id(row) and fetched != self.state.fetched:
                self._change(fetched=fetched)

        self._send(self.spec.fetch(row), came, self._messages.report, key=f"table/{self.spec.id}/fetch")

    def _not_loaded(self, error: Exception) -> None:
        if self.spec.missing_is_empty and isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND:
            self._change(is_loading=False, trouble="", rows=(), row=None, selected=None)
            return
        self._change(is_loading=False, trouble=sentence_of(error))

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
            confirming=self.state.confirming if self.state.moved is not None else "",
            preparing="",
            fetched=None,
            news="",
            secret="",
            edition=self.state.edition + 1,
        )
        if row is not None:
            self._fetch(row)

    def save(self, values: Values) -> None:
        """Send the form; a refusal that names a field stands at that field."""
        if self.spec.save is None or self.state.is_busy:
            return
        try:
            asking = self.spec.save(values, None if self.state.is_new else self.state.row)
        except ValueError as error:  # the declaration found something wrong, in finished words
            self._change(problem=str(error))
            return
        self._change(is_busy=True, problems={}, problem="")
        self._send(asking, self._saved, self._not_saved, key=f"table/{self.spec.id}/save")

    def _saved(self, reply: Any) -> None:
        self._messages.say(tr("已保存"), Tone.SUCCESS)
        selected: Hashable | None = self.state.selected
        with contextlib.suppress(AttributeError):  # the reply is no row
            selected = (self.spec.saved_id or self.spec.row_id)(reply)
        words, secret = self.spec.saved_words(reply), self.spec.saved_secret(reply)
        self._change(is_busy=False, is_new=False, selected=selected, news=words, secret=secret)
        self.refresh()

    def _not_saved(self, error: Exception) -> None:
        if isinstance(error, Unclear):
            self._change(is_busy=False, problem=str(error))
            return
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
        self._send(self.spec.remove(row), lambda _reply: self._removed(row), self._not_done)

    def _removed(self, row: Any) -> None:
        undo = self.spec.undo_remove
        words = self.spec.removed_words(row) or tr("已删除")
        if undo is not None:
            self._messages.offer_undo(
                words, lambda: self._send(undo(row), lambda _reply: self.refresh(), self._not_done)
            )
        else:
            self._messages.say(words, Tone.SUCCESS)
        self._change(is_busy=False, selected=None, row=None, edition=self.state.edition + 1)
        self.refresh()

    # further actions

    def action(self, action_id: str) -> TableAction:
        """The declaration of an action or command."""
        return next(action for action in (*self.spec.actions, *self.spec.commands) if action.id == action_id)

    def start(self, action_id: str, subject: Any = None) -> None:
        """A button was pressed: do it, or ask first where the declaration says so. `subject`: an event's."""
        action = self.action(action_id)
        if self.state.is_busy:
            return
        if action in self.spec.commands:
            self._change(news="", secret="", is_new=False, subject=None)
        else:
            about = self.state.row if subject is None else subject
            if about is None or not action.allowed(about):
                return
            self._change(subject=about)
        about, choices = self.state.subject, action.choices
        if choices is not None:
            self._prepare(action, lambda call: tuple(choices(call)), "answers")
        elif action.prepare is not None:
            self._prepare(action, action.prepare(about), "found")
        elif action.asks or action.warns or action.form:
            self._open(action)
        elif action.command is not None:
            self._do(action, action.command(about, ""))

    def _prepare(self, action: TableAction, asking: Asking, into: str) -> None:
        self._change(preparing=action.id, problem="")

        def came(found: Any) -> None:
            if self.state.preparing == action.id:
                self._change(**{into: found})
                self._open(action)

        def failed(error: Exception) -> None:
            self._change(preparing="")
            self._not_done(error)

        self._send(asking, came, failed, key=f"table/{self.spec.id}/prepare")

    def _open(self, action: TableAction) -> None:
        self._change(confirming=action.id, preparing="", problem="", problems={}, revealed=frozenset())

    def confirm(self, answer: str) -> None:
        """The person agrees, and answers what is asked."""
        action = self.action(self.state.confirming)
        if action.asks and not answer.strip():
            self._change(problem=tr("请填写{label}。", label=tr(action.asks)))
            return
        if action.command is not None:
            self._do(action, action.command(self.state.subject, answer.strip()))

    def confirm_form(self, values: Values) -> None:
        """The person has filled in the form of an action."""
        action = self.action(self.state.confirming)
        if self.state.is_busy:
            return
        if action.transfer is not None:
            self._transfer(action, values)
            return
        assert action.submit is not None
        try:
            asking = action.submit(self.state.subject, values)
        except ValueError as error:  # the declaration found something wrong, in finished words
            self._change(problem=str(error))
            return
        self._do(action, asking)

    def give_up(self) -> None:
        """The person does not agree, or stops a transfer."""
        if self.state.moved is not None:
            self._runner.cancel(self._transfer_key)
            self._change(moved=None, is_busy=False, problem=tr("已停止，再次开始会从中断处继续。"))
            return
        self._change(confirming="", preparing="", problem="", problems={})

    @property
    def _transfer_key(self) -> str:
        return f"table/{self.spec.id}/transfer"

    def _transfer(self, action: TableAction, values: Values) -> None:
        transfer, about = action.transfer, self.state.subject
        assert transfer is not None
        self._change(is_busy=True, problem="", moved=(0, 0, ""))

        def moved(done: int, total: int, what: str) -> None:
            if self.state.moved is not None:
                self._change(moved=(done, total, what))

        def work(progress: Progress) -> Any:
            return transfer(cast(Line, self._caller), about, values, progress)

        def done(reply: Any) -> None:
            self._change(moved=None)
            self._done(action, reply)

        def failed(error: Exception) -> None:
            self._change(moved=None)
            self._not_done(error)

        self._runner.run_long(work, done, failed, progress=moved, key=self._transfer_key)

    def _do(self, action: TableAction, asking: Asking) -> None:
        if self.state.is_busy:
            return
        self._change(is_busy=True, problem="", problems={})
        self._send(asking, lambda reply: self._done(action, reply), self._not_done)

    def _done(self, action: TableAction, reply: Any) -> None:
        words, news = action.said(reply), action.news(reply)
        if words or (action in self.spec.commands and not news):
            self._messages.say(words or tr("已开始"), Tone.SUCCESS)
        self._change(is_busy=False, confirming="", news=news or self.state.news)
        self.refresh()

    def _not_done(self, error: Exception) -> None:
        revealed = self.state.revealed
        if self.state.confirming and isinstance(error, RpcError):
            field = self.action(self.state.confirming).reveals.get(error.code)
            revealed = revealed | {field} if field else revealed
        self._change(is_busy=False, problem=sentence_of(error), revealed=revealed)

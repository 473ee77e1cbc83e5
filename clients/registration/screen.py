"""What every presenter here stands on: a state, a way to show it, and calls that come back on the caller's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from shared.contract.base import Changed, Notice, Request, TicketCalled
from shared.contract.printing import DocumentView

R = TypeVar("R")
StateT = TypeVar("StateT")


class Caller(Protocol):
    """The one thing presenters need from the connection."""

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking); raises RpcError."""
        ...


class Documents(Protocol):
    """Where the bytes of a server document come from, and where they go."""

    def hand_out(self, document: DocumentView) -> str:
        """Fetch and print, or save where no printer is set up (blocking); returns where it went, as a sentence."""
        ...

    def read(self, document: DocumentView) -> bytes:
        """Fetch the bytes (blocking); raises RpcError."""
        ...


Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls back after some seconds on the caller's thread; what it returns takes that back."""


def concerns_exams(notice: Notice) -> bool:
    """True for a notice after which a list of exams may look different."""
    return isinstance(notice, Changed) and notice.entity in ("exam", "ticket", "report", "study")


def concerns_queue(notice: Notice) -> bool:
    """True for a notice after which a queue may look different."""
    return isinstance(notice, TicketCalled) or (isinstance(notice, Changed) and notice.entity in ("ticket", "exam"))


class ScreenPresenter(Generic[StateT]):
    """Holds the state of one screen; every change makes a new state and shows it."""

    def __init__(
        self, state: StateT, caller: Caller, runner: TaskRunner, messages: Messages, show: Callable[[StateT], None]
    ) -> None:
        self.state = state
        self._caller = caller
        self._runner = runner
        self._messages = messages
        self._show = show

    def show_to(self, show: Callable[[StateT], None]) -> None:
        """Let a view hear of every state from now on, and of the present one at once."""
        self._show = show
        show(self.state)

    def _change(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[type-var]
        self._show(self.state)

    def _ask(
        self,
        request: Request[R],
        done: Callable[[R], None],
        failed: Callable[[Exception], None] | None = None,
        *,
        key: str | None = None,
    ) -> None:
        self._runner.run(lambda: self._caller.call(request), done, failed or self._messages.report, key=key)

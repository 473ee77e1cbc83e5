"""What presenters stand on: a state, a way to show it, calls that come back on the caller's thread; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from shared.contract.base import Request

R = TypeVar("R")
StateT = TypeVar("StateT")


class Caller(Protocol):
    """The one thing presenters need from the connection."""

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking); raises RpcError."""
        ...


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

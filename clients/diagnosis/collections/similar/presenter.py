"""Similar cases: asked with what stands in the editors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from shared.contract.collections import FindSimilarCases, SimilarCase


@dataclass(frozen=True)
class SimilarState:
    """What was found; None until it was asked for."""

    report_id: int = 0
    found: tuple[SimilarCase, ...] | None = None
    is_loading: bool = False
    trouble: str = ""


class SimilarPresenter(ScreenPresenter[SimilarState]):
    """One intention: find."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[SimilarState], None] = lambda _state: None,
    ) -> None:
        super().__init__(SimilarState(), caller, runner, messages, show)

    def open(self, report_id: int) -> None:
        """Another report is on the page."""
        if report_id != self.state.report_id:
            self._change(report_id=report_id, found=None, trouble="", is_loading=False)

    def find(self, text: str) -> None:
        """Look for cases worded like this text."""
        if self.state.report_id:
            self._change(is_loading=True, trouble="")
            request = FindSimilarCases(report_id=self.state.report_id, text=text[:20_000])
            self._ask(request, self._came, self._failed, key="similar")

    def _came(self, found: tuple[SimilarCase, ...]) -> None:
        self._change(found=found, is_loading=False)

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, trouble=message_for(error).text)

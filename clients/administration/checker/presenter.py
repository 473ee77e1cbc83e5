"""How useful the alarms are: loads the figures of some days; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from shared.contract.checking import GetCheckerUse, KindUse

SPANS = ((7, "近 7 天"), (30, "近 30 天"), (365, "近一年"))


@dataclass(frozen=True)
class UseState:
    """The figures; `generation` rises with every answer."""

    days: int = 30
    kinds: tuple[KindUse, ...] = ()
    is_loading: bool = False
    generation: int = 0
    error: Exception | None = None

    @property
    def shown(self) -> int:
        """All alarms of these days."""
        return sum(one.shown for one in self.kinds)

    @property
    def reasons(self) -> dict[str, int]:
        """Dismissals by reason, most frequent first."""
        counts: dict[str, int] = {}
        for one in self.kinds:
            for reason, count in one.reasons.items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


class UsePresenter(ScreenPresenter[UseState]):
    """Loads when shown and when another span is chosen."""

    def __init__(self, caller: Caller, runner: TaskRunner, messages: Messages) -> None:
        super().__init__(UseState(), caller, runner, messages, lambda _state: None)

    def refresh(self) -> None:
        """Load again."""
        self._change(is_loading=True)
        last = date.today() + timedelta(days=1)  # the hospital's day may be ahead of this workstation's
        request = GetCheckerUse(first=last - timedelta(days=self.state.days), last=last)
        self._ask(request, self._loaded, self._failed, key="checker.use")

    def choose(self, days: int) -> None:
        """Look at another span."""
        self._change(days=days)
        self.refresh()

    def _loaded(self, kinds: tuple[KindUse, ...]) -> None:
        self._change(kinds=kinds, is_loading=False, error=None, generation=self.state.generation + 1)

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, error=error)

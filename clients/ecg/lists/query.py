"""What every list of the workstation does: conditions are typed, applied by 查询, and rows come in windows; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Protocol

from clients.kit.messages import Messages
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.translations import tr
from shared.contract.base import Page, Request
from shared.domain.ecg import QUICK_RANGE_DAYS, QuickRange

FIRST, LAST = "first", "last"
"""The two days of a range among the conditions."""
STATES = "states"
"""The states ticked."""
QUICK = "quick"
"""The one-press range in force (`QuickRange`), or None when the days were typed."""


class Found(Protocol):
    """What a list query answers."""

    @property
    def total(self) -> int:
        """How many rows there are in all."""
        ...

    @property
    def rows(self) -> tuple[Any, ...]:
        """The rows of the page."""
        ...


MakeRequest = Callable[[Mapping[str, Any], Page], Request[Any]]
"""The request of applied conditions."""


@dataclass(frozen=True)
class QueryState:
    """Conditions as typed and as applied last. Every change of `generation` means: ask for the visible rows again."""

    typed: Mapping[str, Any] = field(default_factory=dict)
    applied: Mapping[str, Any] = field(default_factory=dict)
    wrong_range: str = ""
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    overdue: int = 0
    is_counted: bool = False
    generation: int = 0

    @property
    def is_narrowed(self) -> bool:
        """Whether any condition beside the days is applied: an empty list then says so."""
        return any(value for key, value in self.applied.items() if key not in (FIRST, LAST, QUICK))


class QueryPresenter(ScreenPresenter[QueryState]):
    """Conditions, one-press ranges, refresh. `today` gives the desk's day; `quick` is the range at first."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        make: MakeRequest,
        today: Callable[[], date],
        *,
        key: str,
        quick: QuickRange | None = QuickRange.WEEK,
        show: Callable[[QueryState], None] = lambda _state: None,
    ) -> None:
        self._make = make
        self._today = today
        self._key = key
        self._usual = quick
        self.on_counted: Callable[[Any], object] = lambda _found: None
        first = self._range(quick)
        super().__init__(QueryState(typed=first, applied=first), caller, runner, messages, show)

    def _range(self, quick: QuickRange | None) -> dict[str, Any]:
        if quick is None:
            return {FIRST: None, LAST: None, QUICK: None}
        today = self._today()
        return {FIRST: today - timedelta(days=QUICK_RANGE_DAYS[quick] - 1), LAST: today, QUICK: quick}

    def fetch(self, request: PageRequest) -> PageOfRows[Any]:
        """One window of the list (blocking; called in a worker by the list widget)."""
        page = Page(offset=request.offset, limit=max(1, min(500, request.limit)))
        found: Found = self._caller.call(self._make(self.state.applied, page))
        return PageOfRows(found.rows, found.total)

    def refresh(self) -> None:
        """刷新: ask for the visible rows and the counts again; a one-press range follows the calendar past midnight."""
        quick = self.state.applied.get(QUICK)
        if quick is not None:
            days = self._range(quick)
            applied = {**self.state.applied, **days}
            typed = {**self.state.typed, **days} if self.state.typed.get(QUICK) == quick else self.state.typed
            self.state = replace(self.state, applied=applied, typed=typed)
        self._change(generation=self.state.generation + 1)
        self._ask(self._make(self.state.applied, Page(limit=1)), self._counted, _nothing, key=f"{self._key}.counts")

    def _counted(self, found: Any) -> None:
        self.on_counted(found)
        counts = {str(key): number for key, number in getattr(found, "counts", {}).items()}
        self._change(total=found.total, counts=counts, overdue=getattr(found, "overdue", 0), is_counted=True)

    def type_condition(self, key: str, value: Any) -> None:
        """A condition was typed; it waits for 查询."""
        more = {QUICK: None} if key in (FIRST, LAST) else {}
        typed = {**self.state.typed, key: value, **more}
        if typed != self.state.typed:
            self._change(typed=typed, wrong_range="")

    def choose_states(self, states: tuple[str, ...]) -> None:
        """States take effect at once, together with what is typed."""
        self._change(typed={**self.state.typed, STATES: states})
        self.query()

    def query(self) -> None:
        """查询."""
        typed = self.state.typed
        first, last = typed.get(FIRST), typed.get(LAST)
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self._change(wrong_range=tr("结束日期早于开始日期，请调整。"))
            return
        self._change(applied=typed, wrong_range="")
        self.refresh()

    def press(self, quick: QuickRange) -> None:
        """查今天, 查近一周, 查近两周: the range, with the other conditions as typed."""
        self._change(typed={**self.state.typed, **self._range(quick)})
        self.query()

    def reset(self) -> None:
        """重置: the usual range, no other condition."""
        typed = dict.fromkeys(self.state.typed)
        self._change(typed={**typed, **self._range(self._usual)})
        self.query()

    def narrow(self, **conditions: Any) -> None:
        """Ask for exactly this, from elsewhere: a figure of the main page, a notice."""
        typed = dict.fromkeys(self.state.typed)
        self._change(typed={**typed, **self._range(self._usual), **conditions})
        self.query()


def text(conditions: Mapping[str, Any], key: str) -> str:
    """A typed text without surrounding space; empty when nothing was typed."""
    return str(conditions.get(key) or "").strip()


def day(conditions: Mapping[str, Any], key: str) -> date | None:
    """A chosen day; None for nothing and for something half-typed."""
    value = conditions.get(key)
    return value if isinstance(value, date) else None


def _nothing(_error: Exception) -> None:
    """The list itself says what went wrong."""

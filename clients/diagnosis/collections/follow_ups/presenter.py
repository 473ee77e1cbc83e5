"""Follow-up: the queue with its scopes, one follow-up with records, and how often imaging was right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clients.kit.messages import Messages, message_for
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice, Page, Request
from shared.contract.collections import (
    CloseFollowUp,
    FollowUpList,
    FollowUpOutcome,
    FollowUpProof,
    FollowUpScope,
    FollowUpsOfPatient,
    FollowUpView,
    GetMatchRates,
    ListFollowUps,
    MatchRow,
    NoteFollowUp,
    OpenFollowUp,
    ReopenFollowUp,
)


@dataclass(frozen=True)
class QueueState:
    """Conditions of the queue; `generation` rises when rows must be fetched anew."""

    scope: FollowUpScope = FollowUpScope.DUE
    mine_only: bool = True
    text: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    generation: int = 0
    rates: tuple[MatchRow, ...] = ()
    rates_trouble: str = ""


class QueuePresenter(ScreenPresenter[QueueState]):
    """The queue; rows are fetched in windows by the view's list."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[QueueState], None] = lambda _state: None,
    ) -> None:
        super().__init__(QueueState(), caller, runner, messages, show)

    def fetch(self, request: PageRequest) -> PageOfRows[FollowUpView]:
        """Give a window of the queue (called in a worker thread)."""
        found = self._caller.call(self._request(Page(offset=request.offset, limit=request.limit)))
        return PageOfRows(found.rows, found.total)

    def refresh(self) -> None:
        """Load counts and rows again."""
        self._ask(self._request(Page(limit=1)), self._on_counts, key="follow_ups.counts")
        self._change(generation=self.state.generation + 1)

    def filter(self, **parts: Any) -> None:
        """Change conditions and load."""
        self._change(**parts)
        self.refresh()

    def heard(self, notice: Notice) -> None:
        """Somebody opened, noted or closed a follow-up."""
        if isinstance(notice, Changed) and notice.entity == "follow_up":
            self.refresh()

    def load_rates(self, first: date, last: date) -> None:
        """Ask how often imaging was right."""
        request = GetMatchRates(first=first, last=last, mine_only=self.state.mine_only)
        self._ask(
            request,
            lambda rates: self._change(rates=rates, rates_trouble=""),
            lambda error: self._change(rates=(), rates_trouble=message_for(error).text),
            key="follow_ups.rates",
        )

    def _request(self, page: Page) -> ListFollowUps:
        state = self.state
        return ListFollowUps(scope=state.scope, mine_only=state.mine_only, text=state.text, page=page)

    def _on_counts(self, found: FollowUpList) -> None:
        self._change(counts=found.counts)


@dataclass(frozen=True)
class CaseState:
    """The follow-ups of one report's patient, and which of them is shown."""

    report_id: int = 0
    found: tuple[FollowUpView, ...] | None = None
    shown_id: int = 0
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def shown(self) -> FollowUpView | None:
        """The follow-up on screen."""
        return next((one for one in self.found or () if one.id == self.shown_id), None)

    @property
    def has_open_here(self) -> bool:
        """Whether I follow this report already."""
        return any(one.is_open and one.is_mine and one.case.report_id == self.report_id for one in self.found or ())


class CasePresenter(ScreenPresenter[CaseState]):
    """One patient's follow-ups: open, note, close, reopen (RIS-RPG-08, -09)."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[CaseState], None] = lambda _state: None,
    ) -> None:
        super().__init__(CaseState(), caller, runner, messages, show)

    def open_report(self, report_id: int, shown_id: int = 0) -> None:
        """Load the follow-ups of a report's patient; 0 is no report."""
        if report_id != self.state.report_id:
            self._change(report_id=report_id, found=None, shown_id=shown_id, problems={}, trouble="")
        elif shown_id and shown_id != self.state.shown_id:
            self._change(shown_id=shown_id, problems={})
        if report_id:
            self._ask(
                FollowUpsOfPatient(report_id=report_id), self._came, self._failed, key=f"follow_ups.case.{id(self)}"
            )

    def show_one(self, follow_up_id: int) -> None:
        """Show another follow-up of the patient."""
        self._change(shown_id=follow_up_id, problems={})

    def heard(self, notice: Notice) -> None:
        """Somebody else changed a follow-up."""
        if isinstance(notice, Changed) and notice.entity == "follow_up" and self.state.report_id:
            self.open_report(self.state.report_id)

    def add(self, due_on: date, reason: str) -> None:
        """Put the report into the queue."""
        self._do(OpenFollowUp(report_id=self.state.report_id, due_on=due_on, reason=reason), "已加入随访队列")

    def note(self, text: str, next_on: date | None) -> None:
        """Add a record."""
        one = self.state.shown
        if one is not None:
            request = NoteFollowUp(follow_up_id=one.id, version=one.version, text=text, next_on=next_on)
            self._do(request, "随访记录已添加")

    def close(self, outcome: FollowUpOutcome, proof: FollowUpProof, found: str) -> None:
        """Close with a result."""
        one = self.state.shown
        if one is not None:
            request = CloseFollowUp(follow_up_id=one.id, version=one.version, outcome=outcome, proof=proof, found=found)
            self._do(request, "随访已结束")

    def reopen(self, due_on: date) -> None:
        """Go on."""
        one = self.state.shown
        if one is not None:
            self._do(ReopenFollowUp(follow_up_id=one.id, version=one.version, due_on=due_on), "随访已重新开始")

    def _do(self, request: Request[FollowUpView], words: str) -> None:
        if not self.state.is_busy:
            self._change(is_busy=True, problems={}, trouble="")
            self._ask(request, lambda view: self._done(view, words), self._failed)

    def _done(self, view: FollowUpView, words: str) -> None:
        self._messages.say(tr(words), Tone.SUCCESS)
        self._change(is_busy=False, shown_id=view.id)
        self.open_report(self.state.report_id)

    def _came(self, found: tuple[FollowUpView, ...]) -> None:
        shown = self.state.shown_id
        if all(one.id != shown for one in found):
            shown = found[0].id if found else 0
        self._change(found=found, shown_id=shown, trouble="")

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if message.field:
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._change(is_busy=False, trouble=message.text)

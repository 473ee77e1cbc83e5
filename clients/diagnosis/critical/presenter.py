"""Intentions about critical values: the overview, the panel beside a report, the alarm; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from clients.diagnosis.critical.state import AlarmState, OverviewState, PanelState, Which
from clients.diagnosis.critical.words import name_of
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice, Request
from shared.contract.critical import (
    AcknowledgeCritical,
    CancelCritical,
    CorrectCritical,
    CriticalChoice,
    CriticalHit,
    DetectCritical,
    DutyView,
    GetLoop,
    ListCriticalChoices,
    ListDuty,
    ListLoops,
    ListReportLoops,
    LoopDetails,
    LoopFilter,
    LoopList,
    LoopView,
    NotifyCritical,
    RecordAcknowledgement,
    ReportCritical,
)
from shared.domain.critical import LoopAction, Means
from shared.domain.permissions import Permission

Loaded = tuple[LoopDetails, tuple[DutyView, ...]]

SAID = {
    LoopAction.NOTIFY: "已记录",
    LoopAction.ACKNOWLEDGE: "危急值已确认",
    LoopAction.RECORD: "危急值已确认",
    LoopAction.CORRECT: "已更正，需重新通知",
    LoopAction.CANCEL: "已撤销，记录保留",
}


def step_request(action: LoopAction, loop: LoopView, values: Mapping[str, Any]) -> Request[LoopDetails]:
    """Return the request of a step with what its form holds."""
    common: dict[str, Any] = {"loop_id": loop.id, "version": loop.version}
    if action is LoopAction.ACKNOWLEDGE:
        return AcknowledgeCritical(**common, note=values.get("note", ""))
    if action is LoopAction.CANCEL:
        return CancelCritical(**common, reason=values.get("reason", ""))
    if action is LoopAction.CORRECT:
        return CorrectCritical(
            **common,
            name=values["name"],
            value=values["value"],
            finding=values["finding"],
            department=values["department"],
            reason=values["reason"],
        )
    told: dict[str, Any] = {
        "name": values["name"],
        "means": Means(values["means"]),
        "read_back": bool(values["read_back"]),
        "note": values["note"],
    }
    return NotifyCritical(**common, **told) if action is LoopAction.NOTIFY else RecordAcknowledgement(**common, **told)


def gathered(caller: Caller, loop_id: int) -> Loaded:
    """Fetch a loop and who is on duty for its department."""
    details = caller.call(GetLoop(loop_id=loop_id))
    return details, caller.call(ListDuty(department=details.loop.department))


class OverviewPresenter(ScreenPresenter[OverviewState]):
    """The page of all critical values that the account may see."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        enter: Callable[[int], None],
        show: Callable[[OverviewState], None] = lambda _state: None,
    ) -> None:
        super().__init__(OverviewState(), caller, runner, messages, show)
        self._enter = enter

    def refresh(self) -> None:
        """Load the list again; the old rows stay meanwhile."""
        state = self.state
        wanted = LoopFilter(
            open_only=state.which is not Which.ALL and state.which is not Which.MINE,
            overdue_only=state.which is Which.OVERDUE,
            mine_only=state.which is Which.MINE,
            department=state.department,
            patient=state.patient,
        )
        self._change(is_loading=True)
        self._ask(ListLoops(filter=wanted), self._came, self._failed, key="critical.list")
        if state.details is not None:
            self._look_at(state.details.loop.id)

    def filter(self, **parts: Any) -> None:
        """Change conditions and load."""
        if any(getattr(self.state, key) != value for key, value in parts.items()):
            self._change(**parts)
            self.refresh()

    def select(self, row: LoopView | None) -> None:
        """Look at one loop."""
        if row is None:
            self._change(details=None, duty=(), problems={})
        elif self.state.details is None or self.state.details.loop.id != row.id:
            self._look_at(row.id)

    def step(self, action: LoopAction, values: Mapping[str, Any]) -> None:
        """Do a step with the loop that is looked at."""
        details = self.state.details
        if details is None or self.state.is_busy:
            return
        self._change(is_busy=True, problems={})
        self._ask(step_request(action, details.loop, values), _Stepped(self, action), self._refused)

    def open_report(self) -> None:
        """Go to the report of the loop."""
        if self.state.details is not None:
            self._enter(self.state.details.loop.report_id)

    def heard(self, notice: Notice) -> None:
        """Load again when a critical value changed."""
        if isinstance(notice, Changed) and notice.entity == "critical":
            self.refresh()

    def stepped(self, action: LoopAction, details: LoopDetails) -> None:
        """A step was done."""
        self._messages.say(tr(SAID[action]), Tone.SUCCESS)
        self._change(is_busy=False, details=details, problems={})
        self.refresh()

    def _look_at(self, loop_id: int) -> None:
        self._runner.run(
            lambda: gathered(self._caller, loop_id), self._looked, self._messages.report, key="critical.details"
        )

    def _looked(self, found: Loaded) -> None:
        self._change(details=found[0], duty=found[1], problems={})

    def _came(self, found: LoopList) -> None:
        self._change(
            rows=found.rows,
            total=found.total,
            open=found.open,
            overdue=found.overdue,
            mine=found.mine,
            departments=found.departments,
            ahead=found.now - datetime.now(UTC),
            is_loading=False,
            error=None,
            generation=self.state.generation + 1,
        )

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, error=error)

    def _refused(self, error: Exception) -> None:
        message = message_for(error)
        self._change(is_busy=False, problems={message.field: message.text} if message.field else {})
        if not message.field:
            self._messages.report(error)
            self.refresh()


class PanelPresenter(ScreenPresenter[PanelState]):
    """The critical values of the report on the page, and what its text states while it is written."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        changed: Callable[[], None] = lambda: None,
        show: Callable[[PanelState], None] = lambda _state: None,
    ) -> None:
        super().__init__(PanelState(), caller, runner, messages, self._tell)
        self._listeners = [show]
        self._changed = changed
        self._text = ("", "")

    def listen(self, show: Callable[[PanelState], None]) -> None:
        """Let a view hear of every state from now on, and of the present one at once."""
        self._listeners.append(show)
        show(self.state)

    def _tell(self, state: PanelState) -> None:
        for listener in self._listeners:
            listener(state)

    def show_report(self, report_id: int, exam_type: str, department: str, *, may_report: bool) -> None:
        """Another report is on the page, or the same changed."""
        if report_id != self.state.report_id:
            self._text = ("", "")
            self._change(
                report_id=report_id,
                exam_type=exam_type,
                department=department,
                hits=(),
                loops=(),
                details=None,
                duty=(),
                problems={},
                reported=self.state.reported + 1,
            )
            if report_id:
                self._ask(
                    ListCriticalChoices(exam_type=exam_type), self._on_choices, self._quiet, key="critical.choices"
                )
        self._change(may_report=may_report)
        self.look_again()

    def look_again(self) -> None:
        """Load the loops of the report."""
        if self.state.report_id:
            request = ListReportLoops(report_id=self.state.report_id)
            self._ask(request, _Loops(self, self.state.report_id), self._quiet, key="critical.of_report")
        if self.state.details is not None:
            self.open_loop(self.state.details.loop.id)

    def text_changed(self, findings: str, impression: str) -> None:
        """Look for critical values in a text; called when the doctor pauses."""
        if not self.state.report_id or (findings, impression) == self._text:
            return
        self._text = (findings, impression)
        if not (findings or impression):
            self._change(hits=())
            return
        request = DetectCritical(exam_type=self.state.exam_type, findings=findings, impression=impression)
        self._ask(request, _Hits(self, self.state.report_id), self._quiet, key="critical.detect")

    def report(self, values: Mapping[str, Any]) -> None:
        """上报危急值."""
        if self.state.is_busy or not self.state.report_id:
            return
        self._change(is_busy=True, problems={})
        request = ReportCritical(
            report_id=self.state.report_id,
            code=values.get("code") or "",
            name=values.get("name") or "",
            value=values.get("value") or "",
            finding=values.get("finding") or "",
            department=values.get("department") or "",
        )
        self._ask(request, self._on_reported, self._refused)

    def open_loop(self, loop_id: int) -> None:
        """Look at one loop."""
        self._runner.run(
            lambda: gathered(self._caller, loop_id), self._looked, self._messages.report, key="critical.panel"
        )

    def close_loop(self) -> None:
        """Back to the list."""
        self._change(details=None, duty=(), problems={})

    def step(self, action: LoopAction, values: Mapping[str, Any]) -> None:
        """Do a step with the loop that is looked at."""
        details = self.state.details
        if details is not None and not self.state.is_busy:
            self._change(is_busy=True, problems={})
            self._ask(step_request(action, details.loop, values), _Stepped(self, action), self._refused)

    def heard(self, notice: Notice) -> None:
        """Load again when a critical value changed."""
        if isinstance(notice, Changed) and notice.entity == "critical" and self.state.report_id:
            self.look_again()

    def stepped(self, action: LoopAction, details: LoopDetails) -> None:
        """A step was done."""
        self._messages.say(tr(SAID[action]), Tone.SUCCESS)
        self._change(is_busy=False, details=details)
        self.look_again()
        self._changed()

    def found(self, report_id: int, hits: tuple[CriticalHit, ...]) -> None:
        """The text was read."""
        if report_id == self.state.report_id:
            self._change(hits=hits)

    def listed(self, report_id: int, loops: tuple[LoopView, ...]) -> None:
        """The loops came."""
        if report_id == self.state.report_id:
            self._change(loops=loops)

    def _on_choices(self, choices: tuple[CriticalChoice, ...]) -> None:
        self._change(choices=choices)

    def _on_reported(self, details: LoopDetails) -> None:
        self._messages.say(tr("已上报危急值：{name}", name=name_of(details.loop)), Tone.SUCCESS)
        self._change(is_busy=False, reported=self.state.reported + 1, details=details)
        self.look_again()
        self._changed()

    def _looked(self, found: Loaded) -> None:
        if found[0].loop.report_id == self.state.report_id:
            self._change(details=found[0], duty=found[1])

    def _refused(self, error: Exception) -> None:
        message = message_for(error)
        self._change(is_busy=False, problems={message.field: message.text} if message.field else {})
        if not message.field:
            self._messages.report(error)
            self.look_again()

    def _quiet(self, _error: Exception) -> None:
        """What only helps need not disturb: the next stroke or notice asks again."""


class AlarmPresenter(ScreenPresenter[AlarmState]):
    """The strip above every page: for a doctor the own and the overdue ones, for a ward all that it must answer."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        *,
        permissions: frozenset[str],
        user_id: int,
        show: Callable[[AlarmState], None] = lambda _state: None,
    ) -> None:
        super().__init__(AlarmState(), caller, runner, messages, show)
        self.is_ward = Permission.REPORT.value not in permissions
        self.is_wanted = Permission.CRITICAL_VALUES.value in permissions
        self._user_id = user_id
        self._known: dict[int, str] = {}  # open loop → level that was called

    def refresh(self) -> None:
        """Ask what is open."""
        if self.is_wanted:
            self._ask(ListLoops(filter=LoopFilter(open_only=True)), self._came, self._quiet, key="critical.alarm")

    def heard(self, notice: Notice) -> None:
        """Ask again when a critical value changed."""
        if isinstance(notice, Changed) and notice.entity == "critical":
            self.refresh()

    def _came(self, found: LoopList) -> None:
        me = self._user_id
        shown = [row for row in found.rows if self.is_ward or row.is_overdue or row.reported_by_id == me]
        present = {row.id: row.escalation.value for row in shown}
        is_new = any(self._known.get(loop_id) != level for loop_id, level in present.items())
        self._known = present
        self._change(
            open=len(shown),
            overdue=sum(row.is_overdue for row in shown),
            first=shown[0] if shown else None,
            rings=self.state.rings + (1 if is_new else 0),
        )

    def _quiet(self, _error: Exception) -> None:
        """The next notice asks again; a toast a minute about a lost line helps nobody."""


class _Stepped:
    def __init__(self, presenter: OverviewPresenter | PanelPresenter, action: LoopAction) -> None:
        self._presenter = presenter
        self._action = action

    def __call__(self, details: LoopDetails) -> None:
        self._presenter.stepped(self._action, details)


class _Hits:
    def __init__(self, presenter: PanelPresenter, report_id: int) -> None:
        self._presenter = presenter
        self._report_id = report_id

    def __call__(self, hits: tuple[CriticalHit, ...]) -> None:
        self._presenter.found(self._report_id, hits)


class _Loops:
    def __init__(self, presenter: PanelPresenter, report_id: int) -> None:
        self._presenter = presenter
        self._report_id = report_id

    def __call__(self, loops: tuple[LoopView, ...]) -> None:
        self._presenter.listed(self._report_id, loops)

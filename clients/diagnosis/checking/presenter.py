"""Intentions about alarms: check while writing, tell what is shown, set aside; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable

from clients.diagnosis.checking.state import CheckingState
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from shared.contract.base import Nothing
from shared.contract.checking import AlarmView, CheckText, DismissAlarm, DismissReason, NoteAlarms
from shared.domain.structured import FormContent

_Content = tuple[str, str, FormContent | None]
_NOTHING: _Content = ("", "", None)


class CheckingPresenter(ScreenPresenter[CheckingState]):
    """The alarms of the report on the page. Everything runs away from the screen; one check at a time."""

    def __init__(self, caller: Caller, runner: TaskRunner, messages: Messages) -> None:
        super().__init__(CheckingState(), caller, runner, messages, self._tell)
        self._listeners: list[Callable[[CheckingState], None]] = []
        self._text = _NOTHING
        self._waiting: _Content | None = None
        self._noted: frozenset[tuple[str, str]] | None = None

    def listen(self, show: Callable[[CheckingState], None]) -> None:
        """Let a view hear of every state from now on, and of the present one at once."""
        self._listeners.append(show)
        show(self.state)

    def show_report(self, report_id: int, *, may_dismiss: bool) -> None:
        """Another report is on the page, or whether it may be changed."""
        if report_id != self.state.report_id:
            self._text, self._waiting, self._noted = _NOTHING, None, None
            self._change(report_id=report_id, alarms=(), is_checking=False, is_checked=False, dismissing=None)
        if may_dismiss != self.state.may_dismiss:
            self._change(may_dismiss=may_dismiss)

    def text_changed(self, findings: str, impression: str, form: FormContent | None = None) -> None:
        """Check a text with its form; called when the doctor pauses."""
        content = (findings, impression, form)
        if not self.state.report_id or content == self._text:
            return
        if self.state.is_checking:
            self._waiting = content
            return
        self._text = content
        if not (findings or impression or form):
            self._change(alarms=(), is_checked=False)
            return
        self._change(is_checking=True)
        report_id = self.state.report_id
        request = CheckText(report_id=report_id, findings=findings, impression=impression, form=form)
        self._ask(request, _Checked(self, report_id), _Failed(self, report_id), key="checking.check")

    def checked(self, report_id: int, alarms: tuple[AlarmView, ...]) -> None:
        """The server answered."""
        if report_id != self.state.report_id:
            return
        dismissing = self.state.dismissing if self.state.dismissing in alarms else None
        self._change(alarms=alarms, is_checking=False, is_checked=True, is_unsure=False, dismissing=dismissing)
        shown = frozenset((alarm.kind.value, alarm.text) for alarm in alarms)
        if self.state.may_dismiss and shown != (self._noted or frozenset()):
            self._noted = shown
            self._ask(NoteAlarms(report_id=report_id, alarms=alarms), _ignore, _quiet)
        self._next()

    def failed(self, report_id: int) -> None:
        """No answer; the next change tries again."""
        if report_id == self.state.report_id:
            self._text = _NOTHING
            self._change(is_checking=False, is_unsure=True)
            self._waiting = None

    def begin_dismissal(self, alarm: AlarmView | None) -> None:
        """Ask why this one is no problem; None asks no more."""
        self._change(dismissing=None if alarm == self.state.dismissing else alarm)

    def dismiss(self, reason: DismissReason, note: str = "") -> None:
        """Set the alarm aside that is asked about."""
        alarm = self.state.dismissing
        if alarm is None or (reason is DismissReason.OTHER and not note.strip()):
            return
        request = DismissAlarm(
            report_id=self.state.report_id, kind=alarm.kind, text=alarm.text, why=alarm.why, reason=reason, note=note
        )
        rest = tuple(one for one in self.state.alarms if one != alarm)
        self._noted = frozenset((one.kind.value, one.text) for one in rest)
        self._change(alarms=rest, dismissing=None)
        self._ask(request, _ignore, _Undone(self, alarm))

    def put_back(self, alarm: AlarmView, error: Exception) -> None:
        """Setting aside failed."""
        self._change(alarms=(alarm, *self.state.alarms))
        self._messages.report(error)

    def _next(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.text_changed(*waiting)

    def _tell(self, state: CheckingState) -> None:
        for listener in self._listeners:
            listener(state)


class _Checked:
    def __init__(self, presenter: CheckingPresenter, report_id: int) -> None:
        self._presenter = presenter
        self._report_id = report_id

    def __call__(self, alarms: tuple[AlarmView, ...]) -> None:
        self._presenter.checked(self._report_id, alarms)


class _Failed:
    def __init__(self, presenter: CheckingPresenter, report_id: int) -> None:
        self._presenter = presenter
        self._report_id = report_id

    def __call__(self, _error: Exception) -> None:
        self._presenter.failed(self._report_id)


class _Undone:
    def __init__(self, presenter: CheckingPresenter, alarm: AlarmView) -> None:
        self._presenter = presenter
        self._alarm = alarm

    def __call__(self, error: Exception) -> None:
        self._presenter.put_back(self._alarm, error)


def _ignore(_reply: Nothing) -> None:
    return None


def _quiet(_error: Exception) -> None:
    """Counting what is shown is not worth a word to the doctor."""

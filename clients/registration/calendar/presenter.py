"""The intentions of a room's calendar: look at days, pick an appointment up, put it down elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.translations import tr
from clients.registration.calendar.state import CalendarState, Target
from clients.registration.exam_actions import ExamActions
from shared.contract.exams import ExamView
from shared.contract.scheduling import BookingView, LoadDay, RescheduleExam, RoomLoad


class CalendarPresenter(ScreenPresenter[CalendarState]):
    """One room's week or day. A move is sent with its reason; until then Escape takes it back."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        actions: ExamActions,
        clock: Callable[[], datetime],
        show: Callable[[CalendarState], None] = lambda _state: None,
    ) -> None:
        today = clock().date()
        super().__init__(CalendarState(today=today, first_day=_monday(today)), caller, runner, messages, show)
        self._actions = actions
        self._clock = clock

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────

    def choose_room(self, room_id: int) -> None:
        """检查室."""
        if room_id != self.state.room_id:
            self._change(room_id=room_id, load=(), loaded_once=False)
            self.refresh()

    def choose_days(self, days: int) -> None:
        """A week, or a day."""
        if days != self.state.days:
            first = _monday(self.state.first_day) if days == 7 else max(self.state.first_day, self.state.today)
            self._change(days=days, first_day=first)
            self.refresh()

    def move(self, steps: int) -> None:
        """Forward and back by what is shown."""
        self._change(first_day=self.state.first_day + timedelta(days=steps * self.state.days))
        self.refresh()

    def to_today(self) -> None:
        """Back to the present week or day."""
        today = self._clock().date()
        self._change(today=today, first_day=_monday(today) if self.state.days == 7 else today)
        self.refresh()

    def refresh(self) -> None:
        """Fetch the days again; what was picked up stays picked up."""
        if self.state.room_id is None:
            return
        self._change(loading=True, today=self._clock().date())
        request = RoomLoad(room_id=self.state.room_id, first_day=self.state.first_day, days=self.state.days)
        self._ask(request, self._came, self._failed, key="calendar/load")

    def _came(self, load: tuple[LoadDay, ...]) -> None:
        self._change(load=load, loading=False, loaded_once=True, trouble="")

    def _failed(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────

    def open(self, booking: BookingView) -> None:
        """Show the exam's details."""
        self._actions.show_details(booking.exam_id)

    def pick_up(self, booking: BookingView) -> None:
        """Take an appointment in hand; one that cannot be moved says so."""
        if not booking.may_move:
            self._change(trouble=tr("该检查已开始、已结束或已取消，不能改约。"))
            return
        self._change(picked=booking, target=None, trouble="")

    def put_back(self) -> None:
        """Nothing moves."""
        self._change(picked=None, target=None, reason="", trouble="")

    def put_down(self, day: date, slot_id: int) -> None:
        """Say where the appointment in hand shall go; the reason is asked next."""
        picked = self.state.picked
        if picked is None or self.state.moving:
            return
        if slot_id == picked.slot_id:
            self.put_back()
            return
        slot = next((s for d in self.state.load if d.day == day for s in d.slots if s.id == slot_id), None)
        if slot is None or slot.ends_at <= self._clock() or not slot.capacity:
            self._change(trouble=tr("这个时段不能预约，请选择其它时段。"))
            return
        self._change(target=Target(slot, day), trouble="")

    def type_reason(self, reason: str) -> None:
        """改约原因."""
        self._change(reason=reason)

    def confirm(self) -> None:
        """Send the move; the server says whether the place is still free."""
        state = self.state
        if state.picked is None or state.target is None or state.moving:
            return
        if not state.reason.strip():
            self._change(trouble=tr("请填写改约原因。"))
            return
        request = RescheduleExam(
            exam_id=state.picked.exam_id,
            version=state.picked.version,
            slot_id=state.target.slot.id,
            reason=state.reason.strip(),
        )
        self._change(moving=True, trouble="")
        self._ask(request, self._moved, self._move_failed, key="calendar/move")

    def _moved(self, exam: ExamView) -> None:
        self._change(moving=False, picked=None, target=None, reason="")
        self._actions.moved(exam)
        self.refresh()

    def _move_failed(self, error: Exception) -> None:
        self._change(moving=False, target=None, trouble=message_for(error).text)
        self.refresh()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())

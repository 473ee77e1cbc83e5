"""The ticket's machine as a table (requirements RIS-QSM), and how a call is worded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.permissions import Permission
from shared.domain.states import PatientType, TicketAction, TicketState


class TicketEvent(StrEnum):
    """What happens to a ticket without a person's button at the queue."""

    DEVICE_STARTED = "device_started"  # MPPS: the patient is on the table, called or not
    DEVICE_GAVE_UP = "device_gave_up"  # MPPS discontinued: the patient waits again
    EXAM_FINISHED = "exam_finished"  # finished at the device or on the exam's own page
    MOVED = "moved"  # the clerk chose another day: out of this day's queue
    ISSUED = "issued"  # back into the queue of the day that has come
    EXPECTED = "expected"  # the same, in a room that wants patients to check in first
    EXCUSED = "excused"  # check-in is no longer wanted
    RETURNED = "returned"  # passed long enough: waits again by the hospital's rule


class Guard(StrEnum):
    """A condition beside the state."""

    OF_TODAY = "of_today"
    ROOM_IS_FREE = "room_is_free"
    ROOM_IS_OPEN = "room_is_open"


@dataclass(frozen=True)
class Transition:
    """One allowed step: where it leads, who may do it, under which conditions, and what the record says of it."""

    next_state: TicketState
    permission: Permission
    fact: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True)
class TicketFacts:
    """What the guards look at. `is_room_busy`: another patient is 检查中 in the same room."""

    is_of_today: bool = True
    is_room_busy: bool = False
    is_room_paused: bool = False


_S, _A, _E, _P = TicketState, TicketAction, TicketEvent, Permission
_OPEN_STATES = (_S.NOT_SIGNED_IN, _S.WAITING, _S.CALLING, _S.CALLED, _S.PASSED, _S.EXAMINING)
_BEFORE_EXAM = (_S.NOT_SIGNED_IN, _S.WAITING, _S.CALLING, _S.CALLED, _S.PASSED)
_TODAY, _CALLABLE = (Guard.OF_TODAY,), (Guard.OF_TODAY, Guard.ROOM_IS_OPEN)

TRANSITIONS: dict[tuple[TicketState, TicketAction | TicketEvent], Transition] = {
    (_S.NOT_SIGNED_IN, _A.SIGN_IN): Transition(_S.WAITING, _P.REGISTER, "签到", _TODAY),
    (_S.NOT_SIGNED_IN, _A.CHANGE_ROOM): Transition(_S.NOT_SIGNED_IN, _P.CALL, "修改检查室"),
    (_S.WAITING, _A.CALL): Transition(_S.CALLING, _P.CALL, "呼叫", _CALLABLE),
    (_S.WAITING, _A.CHANGE_ROOM): Transition(_S.WAITING, _P.CALL, "修改检查室"),
    (_S.CALLING, _A.ANNOUNCED): Transition(_S.CALLED, _P.DISPLAY, "播报结束"),
    (_S.CALLING, _A.PASS): Transition(_S.PASSED, _P.CALL, "过号"),
    (_S.CALLING, _A.START): Transition(_S.EXAMINING, _P.CALL, "开始检查", (Guard.ROOM_IS_FREE,)),
    # RIS-QSM-10 and -11 leave 呼叫中 out. A clerk must be able to act on a patient who stands at the counter while
    # the voice still speaks: the call is taken back, and in another room the patient must be called anew, because
    # the hall has heard the wrong room.
    (_S.CALLING, _A.CHANGE_ROOM): Transition(_S.WAITING, _P.CALL, "修改检查室，收回呼叫"),
    (_S.CALLED, _A.CALL_AGAIN): Transition(_S.CALLING, _P.CALL, "重呼", _TODAY),
    (_S.CALLED, _A.PASS): Transition(_S.PASSED, _P.CALL, "过号"),
    (_S.CALLED, _A.START): Transition(_S.EXAMINING, _P.CALL, "开始检查", (Guard.ROOM_IS_FREE,)),
    (_S.CALLED, _A.CHANGE_ROOM): Transition(_S.CALLED, _P.CALL, "修改检查室"),
    (_S.PASSED, _A.CALL): Transition(_S.CALLING, _P.CALL, "呼叫", _CALLABLE),
    (_S.PASSED, _A.CALL_AGAIN): Transition(_S.CALLING, _P.CALL, "重呼", _CALLABLE),
    (_S.PASSED, _A.SIGN_IN_AGAIN): Transition(_S.WAITING, _P.REGISTER, "重新签到", _TODAY),
    (_S.PASSED, _A.CHANGE_ROOM): Transition(_S.PASSED, _P.CALL, "修改检查室"),
    (_S.PASSED, _E.RETURNED): Transition(_S.WAITING, _P.ANYONE, "过号后自动重新排队"),
    (_S.EXAMINING, _A.FINISH): Transition(_S.DONE, _P.CALL, "检查完成"),
    **{(state, _A.WITHDRAW): Transition(_S.WITHDRAWN, _P.REGISTER, "取消登记") for state in _BEFORE_EXAM},
    # A device is never refused, so ROOM_IS_FREE binds the buttons only: who scans a second patient before the
    # first was completed here has both in 检查中 until the first is completed.
    **{(state, _E.DEVICE_STARTED): Transition(_S.EXAMINING, _P.ANYONE, "设备开始检查") for state in _OPEN_STATES},
    **{(state, _E.DEVICE_GAVE_UP): Transition(_S.WAITING, _P.ANYONE, "设备中止检查") for state in (_S.EXAMINING,)},
    **{(state, _E.EXAM_FINISHED): Transition(_S.DONE, _P.ANYONE, "检查完成") for state in _OPEN_STATES},
    **{(state, _E.MOVED): Transition(_S.WITHDRAWN, _P.ANYONE, "改期") for state in _BEFORE_EXAM},
    (_S.WITHDRAWN, _E.ISSUED): Transition(_S.WAITING, _P.ANYONE, "进入当日排队"),
    (_S.WITHDRAWN, _E.EXPECTED): Transition(_S.NOT_SIGNED_IN, _P.ANYONE, "等待签到"),
    (_S.NOT_SIGNED_IN, _E.EXCUSED): Transition(_S.WAITING, _P.ANYONE, "无需签到"),
}

STATE_NAMES = {
    _S.NOT_SIGNED_IN: "未签到",
    _S.WAITING: "等待",
    _S.CALLING: "呼叫中",
    _S.CALLED: "已呼",
    _S.PASSED: "过号",
    _S.EXAMINING: "检查中",
    _S.DONE: "已检查",
    _S.WITHDRAWN: "已取消",
}

ACTION_NAMES = {
    _A.SIGN_IN: "签到",
    _A.CALL: "呼叫",
    _A.CALL_AGAIN: "重呼",
    _A.ANNOUNCED: "结束播报",
    _A.PASS: "过号",
    _A.SIGN_IN_AGAIN: "重新签到",
    _A.START: "开始检查",
    _A.FINISH: "检查完成",
    _A.CHANGE_ROOM: "修改检查室",
    _A.WITHDRAW: "取消登记",
    _E.DEVICE_STARTED: "由设备开始检查",
    _E.DEVICE_GAVE_UP: "由设备中止检查",
    _E.EXAM_FINISHED: "完成检查",
    _E.MOVED: "改期",
    _E.ISSUED: "进入排队",
    _E.EXPECTED: "等待签到",
    _E.EXCUSED: "免签到",
    _E.RETURNED: "自动重新排队",
}

_GUARD_SENTENCES = {
    Guard.OF_TODAY: "这不是今天的排队，请先修改预检时间。",
    Guard.ROOM_IS_OPEN: "该检查室已暂停叫号，请先恢复叫号再呼叫。",
    Guard.ROOM_IS_FREE: "该检查室还有患者在检查中，请先完成上一位患者的检查。",
}

OPEN = frozenset(_OPEN_STATES)
"""States of a ticket that still stands in the queue."""


class NotAllowed(Exception):
    """The table or a guard says no; the message is a sentence with a next step."""


def holds(guard: Guard, facts: TicketFacts) -> bool:
    """Tell whether a guard is met."""
    match guard:
        case Guard.OF_TODAY:
            return facts.is_of_today
        case Guard.ROOM_IS_FREE:
            return not facts.is_room_busy
        case Guard.ROOM_IS_OPEN:
            return not facts.is_room_paused


def step(state: TicketState, action: TicketAction | TicketEvent, facts: TicketFacts) -> Transition:
    """Return the transition of `action` in `state`. Raises NotAllowed."""
    found = TRANSITIONS.get((state, action))
    if found is None:
        raise NotAllowed(f"排队处于“{STATE_NAMES[state]}”，不能{ACTION_NAMES[action]}，请刷新后再看。")
    for guard in found.guards:
        if not holds(guard, facts):
            raise NotAllowed(_GUARD_SENTENCES[guard])
    return found


def allowed_actions(
    state: TicketState, facts: TicketFacts, permissions: frozenset[Permission]
) -> tuple[TicketAction, ...]:
    """Return what a holder of `permissions` may do now, in the order of TicketAction."""
    return tuple(
        action
        for action in TicketAction
        if (found := TRANSITIONS.get((state, action))) is not None
        and found.permission in permissions
        and all(holds(guard, facts) for guard in found.guards)
    )


def call_action(state: TicketState) -> TicketAction:
    """Return which of 呼叫 and 重呼 a press of the call button means."""
    return TicketAction.CALL_AGAIN if state in (TicketState.CALLED, TicketState.CALLING) else TicketAction.CALL


def present_state(state: TicketState, called_at: datetime | None, now: datetime, limit: timedelta) -> TicketState:
    """Return the state as of now: 呼叫中 becomes 已呼 by itself after `limit` (RIS-OPN-04)."""
    is_over = state is TicketState.CALLING and (called_at is None or called_at + limit <= now)
    return TicketState.CALLED if is_over else state


PRIORITIES = {PatientType.EMERGENCY: 0, PatientType.VIP: 1, PatientType.ORDINARY: 2}
"""Order in a queue (RIS-OPN-03)."""


def ticket_number(letter: str, number: int) -> str:
    """Return e.g. A012."""
    return f"{letter}{number:03d}"


_DIGITS = "零一二三四五六七八九"


def spoken_number(number: str) -> str:
    """Return a ticket number as the Chinese voice says it, digit by digit: A零一二."""
    return "".join(_DIGITS[int(character)] if character.isdecimal() else character for character in number)


def spoken_text(number: str, name: str, room: str) -> str:
    """Return the Chinese announcement; `name` may be empty where the hospital does not speak names."""
    return f"请{spoken_number(number)}号{f'，{name}，' if name else '，'}到{room}检查。"


def spoken_text_en(number: str, room: str) -> str:
    """Return the English announcement: the number letter by letter, never the name."""
    return f"Number {' '.join(number)}, please go to {room}."

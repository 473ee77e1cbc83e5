"""The loop's machine as a table, its clocks and the roster, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.kernel.dispatch import Caller
from shared.domain.critical import ESCALATIONS, Escalation, LoopAction, LoopState, Weekday
from shared.domain.permissions import Permission

_S, _A = LoopState, LoopAction

NEXT: Mapping[tuple[LoopState, LoopAction], LoopState] = {
    (_S.OPEN, _A.NOTIFY): _S.NOTIFIED,
    (_S.OPEN, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.OPEN, _A.RECORD): _S.ACKNOWLEDGED,
    (_S.OPEN, _A.CORRECT): _S.OPEN,
    (_S.OPEN, _A.CANCEL): _S.CANCELLED,
    (_S.NOTIFIED, _A.NOTIFY): _S.NOTIFIED,  # told again, or somebody else told
    (_S.NOTIFIED, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.NOTIFIED, _A.RECORD): _S.ACKNOWLEDGED,
    (_S.NOTIFIED, _A.CORRECT): _S.OPEN,  # the ward must hear the corrected value
    (_S.NOTIFIED, _A.CANCEL): _S.CANCELLED,
    (_S.ACKNOWLEDGED, _A.CORRECT): _S.OPEN,
    (_S.ACKNOWLEDGED, _A.CANCEL): _S.CANCELLED,
}
"""All steps; a loop ends only by an acknowledgement or by a cancellation with its reason."""

OPEN_STATES = (_S.OPEN, _S.NOTIFIED)

STATE_NAMES = {_S.OPEN: "待通知", _S.NOTIFIED: "已通知，待确认", _S.ACKNOWLEDGED: "已确认", _S.CANCELLED: "已撤销"}
ACTION_NAMES = {
    _A.NOTIFY: "记录通知",
    _A.ACKNOWLEDGE: "确认",
    _A.RECORD: "记录确认",
    _A.CORRECT: "更正",
    _A.CANCEL: "撤销",
}
PERMISSIONS = {
    _A.NOTIFY: Permission.REPORT,
    _A.ACKNOWLEDGE: Permission.CRITICAL_VALUES,
    _A.RECORD: Permission.REPORT,
    _A.CORRECT: Permission.REPORT,
    _A.CANCEL: Permission.REPORT,
}


def may_acknowledge(caller: Caller) -> bool:
    """Only the ward acknowledges for itself: whoever writes reports must name the person who answered."""
    return caller.may(Permission.CRITICAL_VALUES) and not caller.may(Permission.REPORT)


def allowed_actions(state: LoopState, caller: Caller) -> tuple[LoopAction, ...]:
    """Return what the caller may do now, in the order of LoopAction."""
    found = []
    for action in LoopAction:
        if (state, action) not in NEXT or not caller.may(PERMISSIONS[action]):
            continue
        if action is LoopAction.ACKNOWLEDGE and not may_acknowledge(caller):
            continue
        found.append(action)
    return tuple(found)


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Calls:
    """Minutes after which each level is called."""

    ward: int
    head: int
    office: int

    def at(self, since: datetime, level: Escalation) -> datetime:
        """The moment at which a level is called."""
        minutes = {Escalation.WARD: self.ward, Escalation.HEAD: self.head, Escalation.OFFICE: self.office}
        return since + timedelta(minutes=minutes[level])


def after(level: Escalation) -> Escalation | None:
    """The next level; None after the last."""
    place = ESCALATIONS.index(level) + 1
    return ESCALATIONS[place] if place < len(ESCALATIONS) else None


# ── roster ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shift:
    """One row of the roster."""

    name: str
    phone: str
    level: Escalation
    department: str
    days: frozenset[Weekday]
    begins: str
    ends: str
    valid_from: str = ""
    valid_to: str = ""

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether the person is on duty; a shift over midnight counts to the day on which it begins."""
        local = moment.astimezone(zone)
        clock = local.strftime("%H:%M")
        if self.begins < self.ends:
            return self._counts(local.date()) and self.begins <= clock < self.ends
        if clock >= self.begins:
            return self._counts(local.date())
        return clock < self.ends and self._counts(local.date() - timedelta(days=1))

    def _counts(self, day: date) -> bool:
        if list(Weekday)[day.weekday()] not in self.days:
            return False
        text = day.isoformat()
        return (not self.valid_from or self.valid_from <= text) and (not self.valid_to or text <= self.valid_to)


def on_duty(
    shifts: Iterable[Shift], level: Escalation, department: str, moment: datetime, zone: ZoneInfo
) -> tuple[Shift, ...]:
    """Who answers for a level: the department's own people, else those who answer for every department."""
    there = [one for one in shifts if one.level is level and one.covers(moment, zone)]
    own = tuple(one for one in there if one.department and one.department == department)
    return own or tuple(one for one in there if not one.department)

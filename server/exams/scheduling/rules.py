"""What is true of schedules, calendars, quotas and slots, without a database or a clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from shared.contract.scheduling import CalendarEntry, CalendarKind, IntervalRuleView, SessionEntry, SlotRuleView
from shared.domain.states import VisitKind

DAY_MINUTES = 1440


@dataclass(frozen=True)
class Session:
    """Open hours of one day, in minutes of the hospital's day; whole slots only."""

    opens: int
    closes: int
    slot_minutes: int
    capacity: int
    quotas: Mapping[VisitKind, int] = field(default_factory=dict)

    @property
    def starts(self) -> range:
        """The minutes at which slots begin."""
        return range(self.opens, self.closes - self.slot_minutes + 1, self.slot_minutes)

    @property
    def places(self) -> int:
        """How many patients of one slot's length the session takes."""
        return len(self.starts) * self.capacity


@dataclass(frozen=True)
class DayPlan:
    """What a room's day offers: sessions, minutes that are closed inside them, and the reason for what differs."""

    sessions: tuple[Session, ...] = ()
    closed: tuple[tuple[int, int], ...] = ()
    note: str = ""

    def slots(self) -> tuple[tuple[int, int, int], ...]:
        """Return (start, end, capacity) of every slot, in order; slots that touch closed minutes are left out."""
        return tuple(
            (start, start + session.slot_minutes, session.capacity)
            for session in self.sessions
            for start in session.starts
            if not any(start < until and since < start + session.slot_minutes for since, until in self.closed)
        )

    def session_at(self, minute: int) -> Session | None:
        """Return the session that a minute lies in."""
        return next((session for session in self.sessions if session.opens <= minute < session.closes), None)


def session_of(entry: SessionEntry) -> Session:
    """Return a session as the rules count with it."""
    quotas = {quota.kind: quota.places for quota in entry.quotas if quota.places}
    return Session(entry.opens_minute, entry.closes_minute, entry.slot_minutes, entry.capacity, quotas)


def day_plan(
    weekly: Sequence[SessionEntry], entries: Iterable[CalendarEntry], room_id: int, day: date, usual_minutes: int = 10
) -> DayPlan:
    """Return what a room offers on a day. A room's own calendar entries go before those of all rooms."""
    touching = [entry for entry in entries if entry.first_day <= day <= entry.last_day]
    own = [entry for entry in touching if entry.room_id == room_id]
    valid = own or [entry for entry in touching if entry.room_id is None]
    note = "、".join(dict.fromkeys(entry.note for entry in valid if entry.note))
    working = next((entry for entry in valid if entry.kind is CalendarKind.WORKING), None)
    weekday = working.as_weekday if working is not None else day.weekday()
    sessions = tuple(
        session_of(entry) for entry in sorted(weekly, key=lambda s: s.opens_minute) if entry.weekday == weekday
    )
    hours = next((entry for entry in valid if entry.kind is CalendarKind.HOURS), None)
    if hours is not None:
        like = sessions[0] if sessions else Session(0, DAY_MINUTES, usual_minutes, 1)
        sessions = (replace(like, opens=hours.from_minute, closes=hours.to_minute, quotas={}),)
    closed = tuple((e.from_minute, e.to_minute) for e in valid if e.kind is CalendarKind.CLOSED)
    if any(since <= 0 and until >= DAY_MINUTES for since, until in closed):
        return DayPlan(note=note)
    return DayPlan(sessions, closed, note)


def fault_of_sessions(sessions: Sequence[SessionEntry]) -> tuple[int, str] | None:
    """Return (index, sentence) for the first session that cannot be, or None."""
    for index, entry in enumerate(sessions):
        if not 0 <= entry.weekday <= 6:
            return index, "星期不正确，请重新选择。"
        if not 0 <= entry.opens_minute < entry.closes_minute <= DAY_MINUTES:
            return index, "时段的结束时间必须晚于开始时间。"
        if not 1 <= entry.slot_minutes <= 480 or entry.slot_minutes > entry.closes_minute - entry.opens_minute:
            return index, "每个号的时长必须在 1 到 480 分钟之间，并且不长于时段。"
        if not 1 <= entry.capacity <= 50:
            return index, "每个号的人数必须在 1 到 50 之间。"
        kinds = [quota.kind for quota in entry.quotas]
        kept = sum(quota.places for quota in entry.quotas)
        if len(set(kinds)) < len(kinds) or any(quota.places < 0 for quota in entry.quotas):
            return index, "预留号数不能为负，每种就诊类别只能写一次。"
        if kept > session_of(entry).places:
            return index, f"预留的 {kept} 个号超过了该时段的总号数 {session_of(entry).places}。"
        for other in sessions[:index]:
            if (
                other.weekday == entry.weekday
                and other.opens_minute < entry.closes_minute
                and entry.opens_minute < other.closes_minute
            ):
                return index, "同一天的两个时段互相重叠，请调整时间。"
    return None


def fault_of_calendar(entry: CalendarEntry) -> tuple[str, str] | None:
    """Return (field, sentence) for what is wrong with a calendar entry, or None."""
    if entry.last_day < entry.first_day:
        return "last_day", "结束日期不能早于开始日期。"
    if entry.last_day - entry.first_day > timedelta(days=366):
        return "last_day", "一条日历最长一年，请分开填写。"
    if not 0 <= entry.as_weekday <= 6:
        return "as_weekday", "请选择按星期几的排班上班。"
    if not 0 <= entry.from_minute < entry.to_minute <= DAY_MINUTES:
        return "to_minute", "结束时间必须晚于开始时间。"
    if len(entry.note) > 100:
        return "note", "说明最多 100 个字。"
    return None


# ── how long an exam takes ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class OrderedItem:
    """An item to be booked: its name, and its own minutes (0: none stated)."""

    name: str
    minutes: int = 0


def has_word(words: str, names: Iterable[str]) -> bool:
    """Tell whether a name holds one of the words (separated by spaces); no words: always."""
    wanted = words.split()
    return not wanted or any(word in name for name in names for word in wanted)


def booking_minutes(rule: SlotRuleView, items: Sequence[OrderedItem]) -> int:
    """Return the minutes of one booking: the items add up, contrast and preparation come on top; 0 without items."""
    if not items:
        return 0
    total = sum(item.minutes or rule.minutes for item in items)
    contrast = sum(bool(rule.contrast_words.split()) and has_word(rule.contrast_words, [item.name]) for item in items)
    return total + contrast * rule.contrast_minutes + rule.buffer_minutes


def run_of(slots: Sequence[tuple[int, int]], first: int, minutes: int) -> tuple[int, ...] | None:
    """Return the indices of the slots in a row, from index `first`, that together hold `minutes`; None if none do.

    `slots` are (start, end) in any one unit of which 60 is an hour, in order. At least one slot is taken.
    """
    found = [first]
    held = slots[first][1] - slots[first][0]
    while held < minutes:
        after = found[-1] + 1
        if after >= len(slots) or slots[after][0] != slots[found[-1]][1]:
            return None
        found.append(after)
        held += slots[after][1] - slots[after][0]
    return tuple(found)


# ── who may have a place ─────────────────────────────────────────────────────────────────────────────


def leaves_quotas(
    total: int, quotas: Mapping[VisitKind, int], used: Mapping[VisitKind, int], kind: VisitKind, places: int
) -> bool:
    """Tell whether `places` more for `kind`, of `total` in the session, leave what is kept for the others untouched.

    A kind may always use its own quota; what it uses beyond that comes out of the places that nobody keeps.
    """
    after = {**used, kind: used.get(kind, 0) + places}
    if after[kind] <= quotas.get(kind, 0):
        return True
    beyond = sum(max(0, count - quotas.get(one, 0)) for one, count in after.items())
    return beyond <= max(0, total - sum(quotas.values()))


# ── time between exams ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class PlannedExam:
    """One exam of a patient, as interval rules see it. `starts` in seconds."""

    exam_type: str
    item_names: tuple[str, ...]
    starts: float


def matches(exam_type: str, words: str, exam: PlannedExam) -> bool:
    """Tell whether an exam is what one side of a rule speaks of."""
    return (not exam_type or exam.exam_type == exam_type) and has_word(words, exam.item_names)


def broken_rules(
    rules: Iterable[IntervalRuleView], one: PlannedExam, other: PlannedExam
) -> tuple[IntervalRuleView, ...]:
    """Return the rules that two exams of a patient break, whichever comes first."""
    first, then = (one, other) if one.starts <= other.starts else (other, one)
    between = then.starts - first.starts
    return tuple(rule for rule in rules if between < rule.hours * 3600 and _applies(rule, first, then))


def _applies(rule: IntervalRuleView, first: PlannedExam, then: PlannedExam) -> bool:
    def in_order(before: PlannedExam, after: PlannedExam) -> bool:
        is_first = matches(rule.first_type, rule.first_words, before)
        return is_first and matches(rule.then_type, rule.then_words, after)

    return in_order(first, then) or (rule.both_ways and in_order(then, first))

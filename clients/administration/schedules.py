"""Appointments: sessions of rooms, and the tabs of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.administration.entering import number
from clients.administration.schedules_calendar import CALENDAR
from clients.administration.schedules_rules import INTERVALS, SLOT_RULES
from clients.administration.schedules_words import (
    ALL,
    KINDS,
    WEEKDAYS,
    clock_of,
    clock_words,
    named_room,
    room_choices,
    stranded_words,
)
from clients.administration.table.spec import Call, TableAction, TableSpec, Unclear, Values
from clients.kit.fields import (
    Choice,
    ChoiceField,
    NumberField,
    Section,
    TextField,
    TicksField,
)
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.organisation import GetHospital, HospitalView, RoomView
from shared.contract.scheduling import (
    GetSchedule,
    PlanSaved,
    QuotaEntry,
    SaveSchedule,
    ScheduleView,
    SessionEntry,
)
from shared.domain.states import VisitKind

# ── sessions of rooms ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class SessionLine:
    """One session of a room, on the weekdays that have it."""

    room: RoomView
    weekdays: tuple[int, ...]
    entry: SessionEntry
    is_default: bool

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two sessions the same but for the weekday."""
        entry = self.entry
        return self.room.id, entry.opens_minute, entry.closes_minute, entry.slot_minutes, entry.capacity, entry.quotas


@dataclass(frozen=True)
class Sessions:
    """The sessions of the rooms looked at, and all rooms to choose from."""

    rooms: tuple[RoomView, ...]
    lines: tuple[SessionLine, ...]


def _load_sessions(values: Values) -> Any:
    def ask(call: Call) -> Sessions:
        hospital: HospitalView = call(GetHospital())
        wanted = values.get("room_id") or ALL
        rooms = [room for room in hospital.rooms if wanted in (ALL, room.id)]
        lines: list[SessionLine] = []
        for room in rooms:
            lines += lines_of(room, call(GetSchedule(room_id=room.id)))
        return Sessions(hospital.rooms, tuple(lines))

    return ask


def lines_of(room: RoomView, schedule: ScheduleView) -> list[SessionLine]:
    """The sessions of a schedule, those that only differ by their weekday as one line."""
    found: dict[tuple[Any, ...], SessionLine] = {}
    for entry in schedule.sessions:
        line = SessionLine(room, (entry.weekday,), entry, schedule.is_default)
        same = found.get(line.key)
        days = (entry.weekday,) if same is None else (*same.weekdays, entry.weekday)
        found[line.key] = SessionLine(room, tuple(sorted(days)), entry, schedule.is_default)
    return sorted(found.values(), key=lambda one: (one.entry.opens_minute, one.weekdays))


def weekday_words(days: Sequence[int]) -> str:
    """周一至周五, or each day by its name."""
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{tr(WEEKDAYS[days[0]])} – {tr(WEEKDAYS[days[-1]])}"
    return "、".join(tr(WEEKDAYS[day]) for day in days)


def quota_words(entry: SessionEntry) -> str:
    """住院 4、体检 2."""
    return "、".join(f"{tr(KINDS[quota.kind])} {quota.places}" for quota in entry.quotas if quota.places)


def _entries(values: Values) -> tuple[SessionEntry, ...]:
    days = tuple(values["weekdays"])
    if not days:
        raise Unclear(tr("请至少选择一个星期几。"))
    quotas = tuple(
        QuotaEntry(kind=kind, places=number(values[f"quota_{kind.value}"]))
        for kind in VisitKind
        if number(values[f"quota_{kind.value}"])
    )
    return tuple(
        SessionEntry(
            weekday=int(day),
            opens_minute=clock_of(values["opens"]),
            closes_minute=clock_of(values["closes"]),
            slot_minutes=number(values["slot_minutes"], 10),
            capacity=number(values["capacity"], 1),
            quotas=quotas,
        )
        for day in days
    )


def replaced(schedule: ScheduleView, old: SessionLine | None, new: Sequence[SessionEntry]) -> SaveSchedule:
    """The request that puts `new` sessions in the place of a line; the usual hours end with the first own session."""
    kept = () if schedule.is_default else schedule.sessions
    if old is not None and schedule.is_default:
        kept = schedule.sessions
    if old is not None:
        same = {(day, *old.key[1:]) for day in old.weekdays}
        kept = tuple(entry for entry in kept if (entry.weekday, *_key(entry)) not in same)
    return SaveSchedule(
        room_id=schedule.room_id,
        version=schedule.version,
        sessions=(*kept, *new),
        overbook=schedule.overbook,
        release_hour=schedule.release_hour,
        release_days=schedule.release_days,
    )


def _key(entry: SessionEntry) -> tuple[Any, ...]:
    return entry.opens_minute, entry.closes_minute, entry.slot_minutes, entry.capacity, entry.quotas


def _save_session(values: Values, row: SessionLine | None) -> Any:
    new = _entries(values)
    room_id = row.room.id if row is not None else values["room_id"]

    def ask(call: Call) -> PlanSaved:
        saved: PlanSaved = call(replaced(call(GetSchedule(room_id=room_id)), row, new))
        return saved

    return ask


def _remove_session(row: SessionLine) -> Any:
    def ask(call: Call) -> PlanSaved:
        saved: PlanSaved = call(replaced(call(GetSchedule(room_id=row.room.id)), row, ()))
        return saved

    return ask


def _session_values(row: SessionLine) -> Values:
    places = {quota.kind: quota.places for quota in row.entry.quotas}
    return {
        "room_id": row.room.id,
        "weekdays": row.weekdays,
        "opens": clock_words(row.entry.opens_minute),
        "closes": clock_words(row.entry.closes_minute),
        "slot_minutes": row.entry.slot_minutes,
        "capacity": row.entry.capacity,
        **{f"quota_{kind.value}": places.get(kind, 0) for kind in VisitKind},
    }


SESSIONS = TableSpec(
    id="sessions",
    columns=(
        Column("room", "检查室", 150, value=lambda line: named_room(line.room), strong=True),
        Column("weekdays", "星期", 150, value=lambda line: weekday_words(line.weekdays)),
        Column(
            "hours",
            "时段",
            120,
            value=lambda line: f"{clock_words(line.entry.opens_minute)}–{clock_words(line.entry.closes_minute)}",
        ),
        Column("slot", "每号（分钟）", 100, Align.RIGHT, value=lambda line: line.entry.slot_minutes),
        Column("capacity", "每号人数", 90, Align.RIGHT, value=lambda line: line.entry.capacity),
        Column("quotas", "预留号", 0, value=lambda line: quota_words(line.entry)),
        Column("default", "来源", 100, value=lambda line: tr("默认") if line.is_default else "", quiet=True),
    ),
    empty=EmptyWords("没有排班", "新建时段后，检查室才有可预约的号。", "calendar"),
    load=_load_sessions,
    filters=(ChoiceField(key="room_id", label="检查室", choices=[Choice(ALL, "全部检查室")], initial=ALL),),
    filter_choices={"room_id": lambda found: [Choice(ALL, "全部检查室"), *room_choices(found.rooms)]},
    rows=lambda found: found.lines,
    row_id=lambda line: line.key,
    choices={"room_id": lambda found: room_choices(found.rooms)},
    intro="每个检查室每周的开放时段；一天可以有几个时段。保存后，以后的日期立即按新排班放号，已有的预约保留。",
    form=(
        Section(
            "",
            (
                ChoiceField(key="room_id", label="检查室", required=True, span=2),
                TicksField(
                    key="weekdays",
                    label="星期",
                    choices=[Choice(day, name) for day, name in enumerate(WEEKDAYS)],
                    initial=(0, 1, 2, 3, 4),
                    columns=4,
                ),
                TextField(key="opens", label="开始", required=True, max_length=5, placeholder="08:00"),
                TextField(key="closes", label="结束", required=True, max_length=5, placeholder="12:00"),
                NumberField(key="slot_minutes", label="每号时长", unit="分钟", minimum=1, maximum=480, initial=10),
                NumberField(key="capacity", label="每号人数", minimum=1, maximum=50, initial=1),
            ),
        ),
        Section(
            "整个时段预留的号（到释放时间后大家可用）",
            tuple(
                NumberField(key=f"quota_{kind.value}", label=KINDS[kind], minimum=0, maximum=999, initial=0)
                for kind in VisitKind
            ),
        ),
    ),
    values=_session_values,
    save=_save_session,
    saved_id=lambda _reply: None,
    saved_words=stranded_words,
    fixed_keys=("room_id",),
    remove=_remove_session,
    removed_words=lambda line: tr("已删除 {name} 的一个时段", name=named_room(line.room)),
    named=lambda line: f"{named_room(line.room)} {weekday_words(line.weekdays)}",
    search=lambda line: line.room.name,
    entities=("schedule", "hospital"),
    new_text="新建时段",
)


# ── what else a room's schedule says ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RoomSchedule:
    """A room with its schedule."""

    room: RoomView
    schedule: ScheduleView


def _load_rooms(call: Call) -> tuple[RoomSchedule, ...]:
    return tuple(RoomSchedule(room, call(GetSchedule(room_id=room.id))) for room in call(GetHospital()).rooms)


def _save_room(row: RoomSchedule, values: Values) -> Request[Any]:
    schedule = row.schedule
    return SaveSchedule(
        room_id=row.room.id,
        version=schedule.version,
        sessions=schedule.sessions,
        overbook=number(values["overbook"]),
        release_hour=number(values["release_hour"], 16),
        release_days=number(values["release_days"], 1),
    )


ROOM_RULES = TableSpec(
    id="room-rules",
    columns=(
        Column("room", "检查室", 0, value=lambda row: named_room(row.room), strong=True),
        Column("overbook", "急诊加号", 110, Align.RIGHT, value=lambda row: row.schedule.overbook),
        Column(
            "release",
            "预留号释放",
            200,
            value=lambda row: tr(
                "提前 {days} 天 {hour}:00", days=row.schedule.release_days, hour=f"{row.schedule.release_hour:02d}"
            ),
        ),
        Column("sessions", "时段数", 90, Align.RIGHT, value=lambda row: len(row.schedule.sessions)),
    ),
    empty=EmptyWords("没有检查室", "先在基础数据中建立检查室。", "room"),
    load=lambda _values: _load_rooms,
    row_id=lambda row: row.room.id,
    intro="急诊加号是每个号约满后还能加的急诊人数；预留号到释放时间仍未使用的，所有人都可以预约。",
    named=lambda row: named_room(row.room),
    actions=(
        TableAction(
            id="settings",
            text="设置",
            icon="gear",
            form=(
                Section(
                    "",
                    (
                        NumberField(key="overbook", label="每号急诊加号", minimum=0, maximum=20, span=2),
                        NumberField(key="release_days", label="提前释放", unit="天", minimum=0, maximum=60),
                        NumberField(key="release_hour", label="释放时间", unit="点", minimum=0, maximum=23),
                    ),
                ),
            ),
            form_values=lambda row, _found: {
                "overbook": row.schedule.overbook,
                "release_days": row.schedule.release_days,
                "release_hour": row.schedule.release_hour,
            },
            submit=_save_room,
            said=lambda _saved: tr("已保存"),
        ),
    ),
    entities=("schedule", "hospital"),
)


TABS = (
    ("排班", SESSIONS),
    ("日历", CALENDAR),
    ("加号与释放", ROOM_RULES),
    ("时长规则", SLOT_RULES),
    ("检查间隔", INTERVALS),
)
"""The tabs of the page of appointments."""

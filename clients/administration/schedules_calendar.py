"""The calendar of closures, holidays and worked days, as a table page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from clients.administration.schedules_words import (
    ALL,
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
    DateField,
    LongTextField,
    Section,
    TextField,
)
from clients.kit.paging import Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from shared.contract.base import Request
from shared.contract.organisation import GetHospital, HospitalView, RoomView
from shared.contract.scheduling import (
    CalendarEntry,
    CalendarKind,
    HolidayRow,
    ImportHolidays,
    ListCalendar,
    RemoveCalendarEntry,
    SaveCalendarEntry,
)

_HOLIDAY = re.compile(verbatim(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?[\s,，]+(\S+)(?:[\s,，]+(.*))?"))
_FREE = frozenset(verbatim("休 放假 休息 off").split())
_WORKED = frozenset(verbatim("班 上班 调休 work").split())
_LOOKS = {
    CalendarKind.CLOSED.value: StateLook("停诊", Tone.WARNING, "cross_circle"),
    CalendarKind.WORKING.value: StateLook("调休上班", Tone.SUCCESS, "check_circle"),
    CalendarKind.HOURS.value: StateLook("特殊时间", Tone.INFO, "clock"),
}


def holidays_of(text: object) -> tuple[HolidayRow, ...]:
    """Lines such as "2026-10-01 休 国庆节" or copied out of a table. Raises Unclear with the line."""
    rows = []
    for line in str(text or "").splitlines():
        if not line.strip():
            continue
        found = _HOLIDAY.fullmatch(line.strip())
        word = found.group(4).lower() if found else ""
        if found is None or word not in _FREE | _WORKED:
            raise Unclear(
                tr("每行请写日期、“休”或“班”、名称，例如 2026-10-01 休 国庆节，而不是：{line}", line=line.strip()[:40])
            )
        try:
            day = date(int(found.group(1)), int(found.group(2)), int(found.group(3)))
        except ValueError:
            raise Unclear(tr("没有这一天：{line}", line=line.strip()[:40])) from None
        rows.append(HolidayRow(day=day, is_working=word in _WORKED, name=(found.group(5) or "").strip()))
    if not rows:
        raise Unclear(tr("请粘贴至少一行节假日。"))
    return tuple(rows)


# ── calendar ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Calendar:
    """Entries of a year, and rooms to choose from."""

    rooms: tuple[RoomView, ...]
    entries: tuple[CalendarEntry, ...]


def _load_calendar(call: Call) -> Calendar:
    today = date.today()
    hospital: HospitalView = call(GetHospital())
    request = ListCalendar(first_day=today - timedelta(days=31), last_day=today + timedelta(days=400))
    return Calendar(hospital.rooms, call(request))


def _entry(values: Values, row: CalendarEntry | None) -> Request[Any]:
    whole = not str(values["opens"] or "").strip() and not str(values["closes"] or "").strip()
    if not isinstance(values["first_day"], date):
        raise Unclear(tr("请填写开始日期。"))
    last = values["last_day"] if isinstance(values["last_day"], date) else values["first_day"]
    kind = CalendarKind(values["entry_kind"])
    if kind is CalendarKind.HOURS and whole:
        raise Unclear(tr("特殊时间请填写开始和结束时间。"))
    entry = CalendarEntry(
        id=row.id if row is not None else 0,
        version=row.version if row is not None else 0,
        first_day=values["first_day"],
        last_day=last,
        kind=kind,
        room_id=values["room_id"] or None,
        note=str(values["note"] or "").strip(),
        as_weekday=int(values["as_weekday"] or 0),
        from_minute=0 if whole else clock_of(values["opens"]),
        to_minute=1440 if whole else clock_of(values["closes"]),
    )
    return SaveCalendarEntry(entry=entry)


def _entry_values(row: CalendarEntry) -> Values:
    whole = (row.from_minute, row.to_minute) == (0, 1440)
    return {
        "first_day": row.first_day,
        "last_day": row.last_day,
        "entry_kind": row.kind.value,
        "room_id": row.room_id or ALL,
        "note": row.note,
        "as_weekday": row.as_weekday,
        "opens": "" if whole else clock_words(row.from_minute),
        "closes": "" if whole else clock_words(row.to_minute),
    }


def _days_words(row: CalendarEntry) -> str:
    first = f"{row.first_day} {tr(WEEKDAYS[row.first_day.weekday()])}"
    return first if row.last_day == row.first_day else f"{first} – {row.last_day:%m-%d}"


def _entry_room(row: CalendarEntry) -> str:
    return tr("全部检查室") if row.room_id is None else str(row.room_id)


def _hours_words(row: CalendarEntry) -> str:
    if row.kind is CalendarKind.WORKING:
        return tr("按{weekday}的排班", weekday=tr(WEEKDAYS[row.as_weekday]))
    if (row.from_minute, row.to_minute) == (0, 1440):
        return tr("全天")
    return f"{clock_words(row.from_minute)}–{clock_words(row.to_minute)}"


@dataclass(frozen=True)
class CalendarLine:
    """An entry with the name of its room."""

    entry: CalendarEntry
    room: str


def _calendar_lines(found: Calendar) -> tuple[CalendarLine, ...]:
    names = {room.id: named_room(room) for room in found.rooms}
    return tuple(
        CalendarLine(entry, tr("全部检查室") if entry.room_id is None else names.get(entry.room_id, ""))
        for entry in found.entries
    )


CALENDAR = TableSpec(
    id="calendar",
    columns=(
        Column("days", "日期", 200, value=lambda line: _days_words(line.entry), strong=True),
        Column("kind", "类别", 110, value=lambda line: line.entry.kind.value, looks=_LOOKS),
        Column("hours", "时间", 140, value=lambda line: _hours_words(line.entry)),
        Column("room", "检查室", 150, value=lambda line: line.room),
        Column("note", "说明", 0, value=lambda line: line.entry.note, quiet=True),
    ),
    empty=EmptyWords("日历是空的", "可以导入国家公布的节假日，或新建停诊和调休。", "calendar"),
    load=lambda _values: _load_calendar,
    rows=_calendar_lines,
    row_id=lambda line: line.entry.id,
    intro="节假日、停诊、调休上班和临时改变的开放时间。某个检查室自己的条目优先于全部检查室的条目。",
    choices={"room_id": lambda found: [Choice(ALL, "全部检查室"), *room_choices(found.rooms)]},
    commands=(
        TableAction(
            id="holidays",
            text="导入节假日",
            icon="upload",
            form_columns=1,
            form=(
                Section(
                    "",
                    (
                        LongTextField(
                            key="rows",
                            label="节假日",
                            hint="每行：日期、“休”或“班”、名称；可以从表格中复制",
                            lines=12,
                            max_length=20000,
                        ),
                    ),
                ),
            ),
            submit=lambda _row, values: ImportHolidays(rows=holidays_of(values["rows"])),
            said=lambda _saved: tr("节假日已导入"),
            news=stranded_words,
        ),
    ),
    form=(
        Section(
            "",
            (
                DateField(key="first_day", label="开始日期", required=True),
                DateField(key="last_day", label="结束日期", hint="留空：只有一天"),
                ChoiceField(
                    key="entry_kind",
                    label="类别",
                    required=True,
                    choices=[Choice(kind.value, _LOOKS[kind.value].text) for kind in CalendarKind],
                    initial=CalendarKind.CLOSED.value,
                ),
                ChoiceField(key="room_id", label="检查室", choices=[Choice(ALL, "全部检查室")], initial=ALL),
                TextField(key="opens", label="从", max_length=5, placeholder="08:00", hint="留空：全天"),
                TextField(key="closes", label="到", max_length=5, placeholder="12:00"),
                ChoiceField(
                    key="as_weekday",
                    label="调休时按哪天的排班",
                    choices=[Choice(day, name) for day, name in enumerate(WEEKDAYS)],
                    initial=0,
                ),
                TextField(key="note", label="说明", max_length=100),
            ),
        ),
    ),
    values=lambda line: _entry_values(line.entry),
    save=lambda values, line: _entry(values, line.entry if line is not None else None),
    saved_id=lambda _reply: None,
    saved_words=stranded_words,
    remove=lambda line: RemoveCalendarEntry(entry_id=line.entry.id),
    removed_words=lambda line: tr("已删除日历条目 {name}", name=_days_words(line.entry)),
    undo_remove=lambda line: SaveCalendarEntry(entry=msgspec.structs.replace(line.entry, id=0, version=0)),
    named=lambda line: _days_words(line.entry),
    search=lambda line: f"{_days_words(line.entry)} {line.entry.note} {line.room}",
    entities=("schedule", "hospital"),
    new_text="新建条目",
)

"""Figures of critical values (RIS-EX-08): how many, told in time, minutes to tell and to be answered; a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from statistics import median

from sqlalchemy import select

from server.critical.kinds import ESCALATION_WORDS, LEVEL_WORDS, REGION_WORDS
from server.critical.rules import OPEN_STATES, STATE_NAMES
from server.critical.tables import LoopRow
from server.critical.views import seen_by
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.organisation.sheets import Cell, write_sheets
from shared.contract.critical import CriticalGroup, CriticalStatistics
from shared.contract.master import SheetView
from shared.domain.critical import Escalation, LoopState

_MOST_DAYS = 400
_NOT_STATED, _NOT_STATED_EN = "未填写", "Not stated"

_HEADINGS = (
    ("名称", "Name"),
    ("例数", "Cases"),
    ("撤销", "Cancelled"),
    ("未结束", "Open"),
    ("时限内通知", "Told in time"),
    ("及时率（%）", "In time (%)"),
    ("通知时间中位数（分钟）", "Median to tell (min)"),
    ("确认时间中位数（分钟）", "Median to answer (min)"),
    ("曾升级", "Escalated"),
)
_LIST_HEADINGS = (
    ("上报时间", "Reported at"),
    ("检查号", "Exam no."),
    ("患者编号", "Patient no."),
    ("姓名", "Name"),
    ("检查类型", "Exam type"),
    ("部位", "Body part"),
    ("危急值", "Critical value"),
    ("级别", "Level"),
    ("科室", "Department"),
    ("上报医生", "Reported by"),
    ("状态", "State"),
    ("通知时间", "Told at"),
    ("被通知人", "Told"),
    ("确认时间", "Answered at"),
    ("确认人", "Answered by"),
    ("升级至", "Escalated to"),
    ("理由", "Reason"),
)
_ENGLISH = {
    "头颅": "Head",
    "头颈": "Neck",
    "胸部": "Chest",
    "心脏大血管": "Heart and vessels",
    "腹部": "Abdomen",
    "盆腔与妇产": "Pelvis, obstetrics",
    "脊柱": "Spine",
    "四肢与外周血管": "Limbs",
    "全身与检查中": "Any",
    "一级": "Level 1",
    "二级": "Level 2",
    "待通知": "To be told",
    "已通知，待确认": "Told, not answered",
    "已确认": "Acknowledged",
    "已撤销": "Cancelled",
    "请检医生": "Requesting doctor",
    "病区值班": "Ward",
    "科主任": "Department head",
    "医务处": "Medical office",
}


class Figures:
    """Counts the loops of some days that the caller may see."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def statistics(
        self, uow: UnitOfWork, caller: Caller, first: date, last: date, campus_id: int | None
    ) -> CriticalStatistics:
        """Return the figures of the days `first` to `last`. Raises INVALID."""
        rows = self._rows(uow, caller, first, last, campus_id)
        return CriticalStatistics(
            first=first,
            last=last,
            all=group_of("", rows),
            by_department=_groups(rows, lambda row: row.department),
            by_region=_groups(rows, lambda row: row.region),
            by_doctor=_groups(rows, lambda row: row.reported_by),
        )

    def workbook(
        self, uow: UnitOfWork, caller: Caller, first: date, last: date, campus_id: int | None, *, english: bool
    ) -> SheetView:
        """Return the same figures, and every critical value, as a workbook. Raises INVALID."""
        rows = self._rows(uow, caller, first, last, campus_id)
        tongue = 1 if english else 0
        words: Callable[[str], str] = (lambda text: _ENGLISH.get(text, text)) if english else (lambda text: text)

        def told(name: str) -> str:
            return words(REGION_WORDS.get(name, name)) or (_NOT_STATED, _NOT_STATED_EN)[tongue]

        headings = tuple(pair[tongue] for pair in _HEADINGS)
        sheets: list[tuple[str, Sequence[str], Sequence[int], Iterable[Sequence[Cell]]]] = []
        overall = group_of(("合计", "All")[tongue], rows)
        for title, key in (
            (("科室", "Departments")[tongue], lambda row: row.department),
            (("部位", "Body parts")[tongue], lambda row: row.region),
            (("医生", "Doctors")[tongue], lambda row: row.reported_by),
        ):
            lines = [_cells(group, told(group.name)) for group in _groups(rows, key)]
            lines.append(_cells(overall, overall.name))
            sheets.append((title, headings, (24,) + (16,) * (len(headings) - 1), lines))
        listed = [self._listed(row, words) for row in rows]
        sheets.append(
            (
                ("危急值", "Critical values")[tongue],
                tuple(pair[tongue] for pair in _LIST_HEADINGS),
                (18, 16, 14, 12, 10, 14, 24, 8, 14, 12, 16, 18, 14, 18, 14, 14, 30),
                listed,
            )
        )
        stem = "critical-values" if english else "危急值统计"
        return SheetView(file_name=f"{stem}_{first}_{last}.xlsx", content=write_sheets(sheets))

    def _listed(self, row: LoopRow, words: Callable[[str], str]) -> Sequence[Cell]:
        return (
            self._at(row.opened_at),
            row.accession_number,
            row.patient_number,
            row.patient_name,
            row.exam_type,
            words(REGION_WORDS[row.region]),
            row.name,
            words(LEVEL_WORDS[row.level]),
            row.department,
            row.reported_by,
            words(STATE_NAMES[LoopState(row.state)]),
            self._at(row.notified_at),
            row.notified_name,
            self._at(row.acknowledged_at),
            row.acknowledged_by,
            "" if row.escalation == Escalation.DOCTOR else words(ESCALATION_WORDS[row.escalation]),
            row.reason,
        )

    def _at(self, moment: datetime | None) -> str:
        return "" if moment is None else self._time.local(moment).strftime("%Y-%m-%d %H:%M")

    def _rows(self, uow: UnitOfWork, caller: Caller, first: date, last: date, campus_id: int | None) -> list[LoopRow]:
        if last < first:
            raise invalid("last", "结束日期不能早于起始日期。")
        if (last - first).days >= _MOST_DAYS:
            raise invalid("last", f"一次最多统计 {_MOST_DAYS} 天。")
        begin, end = self._time.day_bounds(first, last)
        query = select(LoopRow).where(LoopRow.opened_at >= begin, LoopRow.opened_at < end, seen_by(uow, caller))
        if campus_id is not None:
            query = query.where(LoopRow.campus_id == campus_id)
        return list(uow.session.scalars(query.order_by(LoopRow.opened_at, LoopRow.id)))


def group_of(name: str, rows: Iterable[LoopRow]) -> CriticalGroup:
    """Return the figures of some loops; cancelled ones are counted apart."""
    all_rows = list(rows)
    counted = [row for row in all_rows if row.state != LoopState.CANCELLED]
    told = [(row, row.notified_at) for row in counted if row.notified_at is not None]
    in_time = sum(1 for row, at in told if at <= row.due_at)
    answered = [_minutes(row.since, row.acknowledged_at) for row in counted if row.acknowledged_at is not None]
    return CriticalGroup(
        name=name,
        count=len(counted),
        cancelled=len(all_rows) - len(counted),
        open=sum(1 for row in counted if LoopState(row.state) in OPEN_STATES),
        notified_in_time=in_time,
        in_time_percent=round(100 * in_time / len(counted), 1) if counted else None,
        median_notify=_median([_minutes(row.since, at) for row, at in told]),
        median_acknowledge=_median(answered),
        escalated=sum(1 for row in counted if row.escalation != Escalation.DOCTOR),
    )


def _groups(rows: Sequence[LoopRow], key: Callable[[LoopRow], str]) -> tuple[CriticalGroup, ...]:
    found: dict[str, list[LoopRow]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    groups = (group_of(name, members) for name, members in found.items())
    return tuple(sorted(groups, key=lambda group: (-group.count, group.name)))


def _cells(group: CriticalGroup, name: str) -> Sequence[Cell]:
    return (
        name,
        group.count,
        group.cancelled,
        group.open,
        group.notified_in_time,
        group.in_time_percent,
        group.median_notify,
        group.median_acknowledge,
        group.escalated,
    )


def _minutes(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 60


def _median(values: list[float]) -> float | None:
    return round(median(values), 1) if values else None

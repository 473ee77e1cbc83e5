"""Months by hospital and by doctor; reads the rows of exams, editions, consultations and alarms, changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Protocol

from sqlalchemy import select

from server.ecg.consultations import rules
from server.ecg.consultations.tables import EcgConsultationRow
from server.ecg.critical.tables import EcgAlarmRow
from server.ecg.exams.tables import EcgExamRow
from server.ecg.reports.tables import EcgEditionRow, EcgReportRow
from server.ecg.statistics.files import csv_of, workbook_of
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid
from shared.contract.ecg_consultations import ConsultationPolicy
from shared.contract.ecg_statistics import ExportStatistics, GetStatistics, StatisticsFile, StatisticsRow
from shared.contract.errors import ErrorCode
from shared.domain.ecg import ConsultationState, ExamState, Urgency
from shared.domain.ecg_reports import Agreement

_MOST_MONTHS = 60
_ANSWERED = (ConsultationState.PUBLISHED.value, ConsultationState.COMPLETED.value)


class Hospitals(Protocol):
    """What a campus's hospital is called."""

    def name(self, uow: UnitOfWork, campus_id: int) -> str:
        """Return it."""
        ...


class Consultations(Protocol):
    """The limits of consultations."""

    def policy(self, uow: UnitOfWork) -> ConsultationPolicy:
        """Return the limits in force."""
        ...


@dataclass(slots=True)
class _Cell:
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    report: list[float] = field(default_factory=list)
    accept: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Count:
    """One count under way."""

    uow: UnitOfWork
    begin: datetime
    end: datetime
    by_doctor: bool
    campuses: frozenset[int] | None  # None: all
    cells: dict[tuple[str, int, str], _Cell] = field(default_factory=lambda: defaultdict(_Cell))

    def skips(self, campus_id: int) -> bool:
        """Whether a campus is not counted."""
        return self.campuses is not None and campus_id not in self.campuses


class Statistics:
    """Counts; works in the caller's unit of work."""

    def __init__(self, hospitals: Hospitals, consultations: Consultations, time: HospitalTime) -> None:
        self._hospitals = hospitals
        self._consultations = consultations
        self._time = time

    def rows(
        self, uow: UnitOfWork, caller: Caller, wanted: GetStatistics | ExportStatistics
    ) -> tuple[StatisticsRow, ...]:
        """Return months, newest first. Raises INVALID (dates), PERMISSION_MISSING (another hospital)."""
        begin, end = self._bounds(wanted.first, wanted.last)
        count = _Count(uow, begin, end, wanted.by_doctor, self._campuses(caller, wanted.campus_id))
        for part in (self._exams, self._reports, self._asked, self._alarms):
            part(count)
        names = {campus: self._hospitals.name(uow, campus) for _month, campus, _doctor in count.cells}
        merged: dict[tuple[str, str, str], _Cell] = defaultdict(_Cell)
        for (month, campus, doctor), cell in count.cells.items():
            into = merged[(month, names[campus], doctor)]
            for key, number in cell.counts.items():
                into.counts[key] += number
            into.report += cell.report
            into.accept += cell.accept
            into.answer += cell.answer
        order = sorted(merged, key=lambda key: key[1:])
        order.sort(key=lambda key: key[0], reverse=True)
        return tuple(_row(key, merged[key]) for key in order)

    def file(self, uow: UnitOfWork, caller: Caller, wanted: ExportStatistics) -> StatisticsFile:
        """Return the rows as CSV or workbook. Raises INVALID."""
        rows = self.rows(uow, caller, wanted)
        if wanted.language not in ("zh", "en"):
            raise invalid("language", "语言只能是 zh 或 en。")
        stem = f"{'心电统计' if wanted.language == 'zh' else 'ecg-statistics'}-{wanted.first}-{wanted.last}"
        if wanted.file_format == "csv":
            return StatisticsFile(name=f"{stem}.csv", content=csv_of(rows, wanted.language), count=len(rows))
        if wanted.file_format == "xlsx":
            return StatisticsFile(name=f"{stem}.xlsx", content=workbook_of(rows, wanted.language), count=len(rows))
        raise invalid("file_format", "请选择 csv 或 xlsx。")

    # ── private ──────────────────────────────────────────────────────────────────────────────────────

    def _bounds(self, first: date, last: date) -> tuple[datetime, datetime]:
        if first > last:
            raise invalid("first", "开始日期不能晚于结束日期。")
        if (last.year - first.year) * 12 + last.month - first.month >= _MOST_MONTHS:
            raise invalid("first", f"最多统计 {_MOST_MONTHS} 个月。")
        return self._time.day_bounds(first, last)

    @staticmethod
    def _campuses(caller: Caller, wanted: int | None) -> frozenset[int] | None:
        """Return the campuses to count; None: all."""
        if wanted is None:
            return caller.campus_ids or None
        if caller.campus_ids and wanted not in caller.campus_ids:
            raise Refusal(ErrorCode.PERMISSION_MISSING, "您的账号只能统计所属的医院。")
        return frozenset({wanted})

    def _month(self, moment: datetime) -> str:
        return f"{self._time.local(moment):%Y-%m}"

    def _exams(self, count: _Count) -> None:
        if count.by_doctor:
            return
        found = select(EcgExamRow.registered_at, EcgExamRow.campus_id, EcgExamRow.acquired_at).where(
            EcgExamRow.registered_at >= count.begin,
            EcgExamRow.registered_at < count.end,
            EcgExamRow.state != ExamState.CANCELLED.value,
        )
        for registered, campus, acquired in count.uow.session.execute(found):
            if count.skips(campus):
                continue
            cell = count.cells[(self._month(registered), campus, "")]
            cell.counts["registered"] += 1
            cell.counts["acquired"] += acquired is not None

    def _reports(self, count: _Count) -> None:
        """First editions count: a corrected report is no second one."""
        found = (
            select(EcgEditionRow.at, EcgEditionRow.campus_id, EcgEditionRow.reader, EcgExamRow.acquired_at)
            .join(EcgReportRow, EcgReportRow.id == EcgEditionRow.report_id)
            .join(EcgExamRow, EcgExamRow.id == EcgReportRow.exam_id)
            .where(EcgEditionRow.number == 1, EcgEditionRow.at >= count.begin, EcgEditionRow.at < count.end)
        )
        for at, campus, reader, acquired in count.uow.session.execute(found):
            if count.skips(campus):
                continue
            cell = count.cells[(self._month(at), campus, reader if count.by_doctor else "")]
            cell.counts["reported"] += 1
            if acquired is not None and at >= acquired:
                cell.report.append((at - acquired).total_seconds() / 60)

    def _asked(self, count: _Count) -> None:
        policy = self._consultations.policy(count.uow)
        found = select(EcgConsultationRow).where(
            EcgConsultationRow.applied_at >= count.begin, EcgConsultationRow.applied_at < count.end
        )
        for one in count.uow.session.scalars(found):
            month = self._month(one.applied_at)
            if not count.skips(one.from_campus_id):
                count.cells[(month, one.from_campus_id, one.applicant if count.by_doctor else "")].counts["asked"] += 1
            if count.skips(one.to_campus_id):
                continue
            doctor = one.published_by or one.accepted_by or one.refused_by
            if count.by_doctor and not doctor:
                continue
            _answered(count.cells[(month, one.to_campus_id, doctor if count.by_doctor else "")], one, policy)

    def _alarms(self, count: _Count) -> None:
        if count.by_doctor:
            return
        found = select(EcgAlarmRow.exam_id, EcgAlarmRow.campus_id, EcgAlarmRow.found_at).where(
            EcgAlarmRow.found_at >= count.begin, EcgAlarmRow.found_at < count.end
        )
        seen: set[int] = set()
        for exam_id, campus, at in count.uow.session.execute(found):
            if exam_id in seen or count.skips(campus):
                continue
            seen.add(exam_id)
            count.cells[(self._month(at), campus, "")].counts["critical"] += 1


def _answered(cell: _Cell, one: EcgConsultationRow, policy: ConsultationPolicy) -> None:
    """What the asked hospital did with a consultation."""
    if one.state == ConsultationState.REFUSED.value:
        cell.counts["refused"] += 1
    if one.first_accepted_at is not None:
        cell.accept.append((one.first_accepted_at - one.applied_at).total_seconds() / 60)
    if one.state not in _ANSWERED or one.published_at is None:
        return
    minutes = (one.published_at - one.applied_at).total_seconds() / 60
    cell.counts["answered"] += 1
    cell.answer.append(minutes)
    limit = rules.limit_of(policy, Urgency(one.urgency)).answer_minutes
    cell.counts["in_time"] += not limit or minutes <= limit
    agreement = Agreement(one.agreement)
    cell.counts["compared"] += agreement is not Agreement.NONE
    cell.counts["agreed"] += agreement is Agreement.AGREES
    cell.counts["partly"] += agreement is Agreement.PARTLY


def _row(key: tuple[str, str, str], cell: _Cell) -> StatisticsRow:
    counts = cell.counts
    return StatisticsRow(
        month=key[0],
        hospital=key[1],
        doctor=key[2],
        registered=counts["registered"],
        acquired=counts["acquired"],
        reported=counts["reported"],
        report_minutes=_middle(cell.report),
        report_minutes_p90=_ninetieth(cell.report),
        asked=counts["asked"],
        answered=counts["answered"],
        refused=counts["refused"],
        accept_minutes=_middle(cell.accept),
        answer_minutes=_middle(cell.answer),
        answer_minutes_p90=_ninetieth(cell.answer),
        in_time=counts["in_time"],
        compared=counts["compared"],
        agreed=counts["agreed"],
        partly=counts["partly"],
        critical=counts["critical"],
    )


def _middle(values: Iterable[float]) -> float | None:
    found = list(values)
    return round(median(found), 1) if found else None


def _ninetieth(values: Iterable[float]) -> float | None:
    """The nearest-rank 90th percentile."""
    found = sorted(values)
    return round(found[-(-len(found) * 9 // 10) - 1], 1) if found else None

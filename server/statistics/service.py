"""Use cases of statistics: a table of a subject by a grouping, the same as a workbook, the limits of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.statistics.facts import PERIODS, Fact, Periods, facts
from server.statistics.figures import COLUMNS, values_of
from server.statistics.tables import StepLimitsRow
from server.statistics.workbook import workbook
from shared.contract.base import Changed
from shared.contract.master import SheetView
from shared.contract.organisation import HospitalView
from shared.contract.statistics import (
    GroupBy,
    StatisticsFilter,
    StatisticsRow,
    StatisticsTable,
    Step,
    StepLimits,
    Subject,
)

_THE_LIMITS = 1
_MOST_DAYS = 800
_MOST_MINUTES = 60 * 24 * 30
_STEPS = ("exam", "images", "report", "audit", "print")
_OWN_LIMITS = -1  # each report has the limit of the diagnosis list


class MasterData(Protocol):
    """The hospital's master data at one version."""

    @property
    def view(self) -> HospitalView:
        """All of it."""
        ...


class Organisation(Protocol):
    """The organisation area as statistics see it."""

    def hospital(self, uow: UnitOfWork) -> MasterData:
        """Return the present master data."""
        ...


class StatisticsService:
    """Counts in the caller's unit of work, changes nothing but the limits."""

    def __init__(self, time: HospitalTime, organisation: Organisation) -> None:
        self._time = time
        self._organisation = organisation

    def table(
        self, uow: UnitOfWork, caller: Caller, subject: Subject, group_by: GroupBy, wanted: StatisticsFilter
    ) -> StatisticsTable:
        """Return one table. Raises INVALID."""
        self._check(subject, group_by, wanted)
        if group_by is GroupBy.STEP:
            return self._steps(uow, caller, wanted)
        limit = self._limit(uow, wanted.step) if subject is Subject.TURNAROUND else 0
        found: dict[object, list[Fact]] = {}
        if group_by in PERIODS:
            found = {name: [] for name in Periods(self._time, wanted, group_by).all}
        for fact in facts(uow, caller, self._time, wanted, subject, group_by, wanted.step):
            found.setdefault(fact.key, []).append(fact)
        rows = [
            StatisticsRow(
                key="" if key is None else str(key),
                name=self._name(uow, group_by, key),
                values=values_of(subject, members, limit),
            )
            for key, members in found.items()
        ]
        if group_by not in PERIODS:
            rows.sort(key=lambda row: (-(row.values[0] or 0), row.name, row.key))
        everything = [fact for members in found.values() for fact in members]
        return StatisticsTable(
            subject=subject,
            group_by=group_by,
            columns=COLUMNS[subject],
            rows=tuple(rows),
            total=StatisticsRow(key="", name="", values=values_of(subject, everything, limit)),
        )

    def export(
        self,
        uow: UnitOfWork,
        caller: Caller,
        subject: Subject,
        group_by: GroupBy,
        wanted: StatisticsFilter,
        *,
        english: bool,
    ) -> SheetView:
        """Return the same table as a workbook. Raises INVALID."""
        return workbook(self.table(uow, caller, subject, group_by, wanted), wanted, english=english)

    def limits(self, uow: UnitOfWork) -> StepLimits:
        """Return the limits of the steps."""
        row = uow.session.get(StepLimitsRow, _THE_LIMITS)
        if row is None:
            return StepLimits()
        return StepLimits(version=row.version, **{step: getattr(row, step) for step in _STEPS})

    def save_limits(self, uow: UnitOfWork, limits: StepLimits) -> StepLimits:
        """Change the limits. Raises INVALID, CONFLICT."""
        values = {step: int(getattr(limits, step)) for step in _STEPS}
        for step, minutes in values.items():
            if not 0 <= minutes <= _MOST_MINUTES:
                raise invalid(f"limits.{step}", f"时限应在 0 到 {_MOST_MINUTES} 分钟之间，0 为不限。")
        row = uow.session.get(StepLimitsRow, _THE_LIMITS, with_for_update=True)
        if row is None:
            row = StepLimitsRow(id=_THE_LIMITS, version=0, **values)
            uow.session.add(row)
        row.expect(limits.version)
        for step, minutes in values.items():
            setattr(row, step, minutes)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity="statistics_limits", id=row.id, version=row.version))
        return self.limits(uow)

    # ── private ──────────────────────────────────────────────────────────────────────────────────────

    def _steps(self, uow: UnitOfWork, caller: Caller, wanted: StatisticsFilter) -> StatisticsTable:
        def row(step: Step) -> StatisticsRow:
            found: Sequence[Fact] = list(facts(uow, caller, self._time, wanted, Subject.TURNAROUND, GroupBy.STEP, step))
            values = values_of(Subject.TURNAROUND, found, self._limit(uow, step))
            return StatisticsRow(key=step.value, name="", values=values)

        rows = {step: row(step) for step in Step}
        return StatisticsTable(
            subject=Subject.TURNAROUND,
            group_by=GroupBy.STEP,
            columns=COLUMNS[Subject.TURNAROUND],
            rows=tuple(rows.values()),
            total=rows[Step.WHOLE],
        )

    def _limit(self, uow: UnitOfWork, step: Step) -> int:
        return _OWN_LIMITS if step is Step.WHOLE else int(getattr(self.limits(uow), step.value))

    def _name(self, uow: UnitOfWork, group_by: GroupBy, key: object) -> str:
        if key is None or group_by is GroupBy.PATIENT_TYPE:
            return ""
        if group_by is GroupBy.CAMPUS:
            campuses = self._organisation.hospital(uow).view.campuses
            return next((campus.name for campus in campuses if campus.id == key), "")
        return str(key)

    @staticmethod
    def _check(subject: Subject, group_by: GroupBy, wanted: StatisticsFilter) -> None:
        if wanted.last < wanted.first:
            raise invalid("filter.last", "结束日期不能早于起始日期。")
        if (wanted.last - wanted.first).days >= _MOST_DAYS:
            raise invalid("filter.last", f"一次最多统计 {_MOST_DAYS} 天。")
        if group_by is GroupBy.STEP and subject is not Subject.TURNAROUND:
            raise invalid("group_by", "只有周转时间可以按环节统计，请换一种分组。")

"""How many open reports will miss their limit: the queue played forward at the recent pace, and its own past error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.reporting.clocks import EMERGENCY, OPEN_STATES
from server.reporting.ports import ReportStep
from server.reporting.tables import KeptForecast, Report
from shared.contract.worklist import BreachForecast, ForecastError
from shared.domain.states import ReportState

HORIZON = timedelta(hours=4)
LOOK_BACK = timedelta(hours=4)
"""How far back the pace looks."""
HALF_LIFE = timedelta(hours=1)
"""What was approved this long ago counts half."""
_SLOT_S = 15 * 60
_ERROR_DAYS = 14
_MOST_IDS = 500
_PROGRESS = {
    ReportState.AUDITING: 0,
    ReportState.SUBMITTED: 1,
    ReportState.WRITING: 2,
    ReportState.AWAITING: 3,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open report as the forecast sees it; smaller `priority` and `progress` go first."""

    id: int
    priority: int
    progress: int
    examined_at: datetime
    due_at: datetime


def pace_of(approvals: Iterable[datetime | None], now: datetime) -> float:
    """Return how many reports are approved in an hour, those of the last hours weighing more."""
    half_s = HALF_LIFE.total_seconds()
    ages = ((now - at).total_seconds() for at in approvals if at is not None)
    weight = sum((math.pow(0.5, age / half_s) for age in ages if 0 <= age <= LOOK_BACK.total_seconds()), 0.0)
    whole_h: float = (1 - 0.5 ** (LOOK_BACK / HALF_LIFE)) * half_s / 3600 / math.log(2)
    return weight / whole_h


def foretell(
    queue: Sequence[Waiting],
    now: datetime,
    pace_per_hour: float,
    urgent_per_hour: float = 0.0,
    horizon: timedelta = HORIZON,
) -> tuple[int, ...]:
    """Return the ids of reports that are due within the horizon and whose turn comes too late.

    Reports leave in the order of the list; emergencies that still come in (`urgent_per_hour`) go before all that are
    none, so that these move at what pace is left.
    """
    ordered = sorted(queue, key=lambda one: (one.priority, one.progress, one.examined_at))
    late = []
    for place, one in enumerate(ordered, 1):
        pace = pace_per_hour if one.priority == EMERGENCY else pace_per_hour - urgent_per_hour
        left_h = (one.due_at - now).total_seconds() / 3600
        if 0 < left_h <= horizon.total_seconds() / 3600 and (pace <= 0 or place / pace > left_h):
            late.append(one.id)
    return tuple(late)


class BreachForecasts:
    """Answers the list's question, keeps one forecast a quarter of an hour, and settles those whose time is over."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def view(self, uow: UnitOfWork, caller: Caller) -> BreachForecast:
        """Return the forecast of this moment."""
        now = self._time.now()
        queue, rooms = self._queue(uow)
        late, pace = self._foretold(uow, queue, now)
        seen = [one for one in late if caller.room_ids is None or rooms[one] in caller.room_ids]
        return BreachForecast(
            at=now,
            horizon_hours=round(HORIZON.total_seconds() / 3600),
            open_count=len(queue),
            overdue=sum(one.due_at <= now for one in queue),
            expected=len(late),
            pace_per_hour=round(pace, 2),
            report_ids=tuple(seen[:_MOST_IDS]),
            error=self.error(uow),
        )

    def __call__(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        """Follow the reports: each change of state is an occasion to keep a forecast."""
        if step.before is not step.after:
            self.keep(uow)

    def keep(self, uow: UnitOfWork) -> None:
        """Keep the forecast of this quarter of an hour, if nobody did, and settle old ones."""
        now = self._time.now()
        slot = int(now.timestamp()) // _SLOT_S
        if uow.session.get(KeptForecast, slot) is not None:
            return
        uow.session.flush()
        queue, _ = self._queue(uow)
        late, pace = self._foretold(uow, queue, now)
        kept = KeptForecast(
            slot=slot, at=now, until=now + HORIZON, open_count=len(queue), pace_per_hour=pace, expected=len(late)
        )
        try:
            with uow.session.begin_nested():
                uow.session.add(kept)
        except IntegrityError:  # another node kept it in this moment
            return
        self.settle(uow)

    def settle(self, uow: UnitOfWork) -> None:
        """Note what came of forecasts whose horizon is over."""
        over = select(KeptForecast).where(KeptForecast.came.is_(None), KeptForecast.until <= self._time.now())
        for kept in uow.session.scalars(over.limit(100)):
            was_open = (Report.created_at <= kept.at) & (Report.approved_at.is_(None) | (Report.approved_at > kept.at))
            missed = Report.approved_at.is_(None) | (Report.approved_at > Report.due_at)
            kept.came = uow.session.scalar(
                select(func.count())
                .select_from(Report)
                .where(Report.due_at > kept.at, Report.due_at <= kept.until, was_open, missed)
            )

    def error(self, uow: UnitOfWork) -> ForecastError | None:
        """Return how far the forecasts of the last days were from what came."""
        since = self._time.now() - timedelta(days=_ERROR_DAYS)
        kept = uow.session.execute(
            select(KeptForecast.expected, KeptForecast.came).where(
                KeptForecast.at >= since, KeptForecast.came.is_not(None)
            )
        ).all()
        if not kept:
            return None
        errors = [expected - came for expected, came in kept if came is not None]
        return ForecastError(
            count=len(errors),
            mean_absolute=round(sum(map(abs, errors)) / len(errors), 2),
            bias=round(sum(errors) / len(errors), 2),
        )

    def _queue(self, uow: UnitOfWork) -> tuple[list[Waiting], dict[int, int]]:
        rows = uow.session.execute(
            select(Report.id, Report.priority, Report.state, Report.examined_at, Report.due_at, Report.room_id).where(
                Report.state.in_(OPEN_STATES), Report.due_at.is_not(None)
            )
        ).all()
        queue = [
            Waiting(one, priority, _PROGRESS.get(ReportState(state), 2), examined_at, due_at)
            for one, priority, state, examined_at, due_at, _room in rows
            if due_at is not None
        ]
        return queue, {row.id: row.room_id for row in rows}

    def _foretold(self, uow: UnitOfWork, queue: list[Waiting], now: datetime) -> tuple[tuple[int, ...], float]:
        since = now - LOOK_BACK
        pace = pace_of(uow.session.scalars(select(Report.approved_at).where(Report.approved_at > since)), now)
        urgent = pace_of(
            uow.session.scalars(
                select(Report.examined_at).where(Report.examined_at > since, Report.priority == EMERGENCY)
            ),
            now,
        )
        return foretell(queue, now, pace, urgent), pace

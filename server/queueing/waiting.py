"""Forecasts of waiting times from live data: reads the queue and what was learnt, keeps forecasts beside the truth."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.organisation.service import OrganisationService
from server.queueing.forecast import Band, Durations, Expected, InLine, Past, RoomNow, Spell, foretell
from server.queueing.order import OrderRules, order_key
from server.queueing.policy import QueuePolicy
from server.queueing.tables import ForecastRow, QueueSpellRow
from server.queueing.tables import TicketRow as Ticket
from shared.contract.queueing import ForecastError, ForecastOfRoom, WaitForecast
from shared.domain.states import PatientType, TicketState

_LEARN_DAYS = 60
_LEARN_MOST = 2000
_ERROR_DAYS = 14
_KEEP_DAYS = 90
_FRESH = timedelta(seconds=60)
_LONGEST = timedelta(hours=4)
_COMES_BEFORE = timedelta(minutes=15)  # people with an appointment are in the hall by then
_S = TicketState
_AT_WORK = (_S.EXAMINING.value, _S.CALLED.value, _S.CALLING.value)
_IN_LINE = (_S.WAITING.value, _S.NOT_SIGNED_IN.value)


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket as forecasts see it."""

    id: int
    room_id: int
    state: str
    patient_type: str
    exam_type: str
    rank_at: datetime
    planned_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    signed_in_at: datetime | None
    first_called_at: datetime | None


_COLUMNS = tuple(getattr(Ticket, name) for name in Place.__slots__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A kept forecast with the call that followed; read as columns, for there are thousands."""

    room_id: int
    exam_type: str
    made_at: datetime
    expected_at: datetime
    low_at: datetime
    high_at: datetime
    actual_at: datetime


_JUDGED = tuple(getattr(ForecastRow, name) for name in Judged.__slots__)


@dataclass(frozen=True)
class Outlook:
    """Forecasts of tickets that wait, and of somebody who came now, by room."""

    tickets: dict[int, WaitForecast]
    rooms: dict[int, WaitForecast]


class WaitingTimes:
    """What is known of waiting. What was learnt is kept for a minute; thread-safe, replaced as a whole."""

    def __init__(self, time: HospitalTime, organisation: OrganisationService, policy: QueuePolicy) -> None:
        self._time = time
        self._organisation = organisation
        self._policy = policy
        self._learnt: tuple[datetime, Durations, Band, ForecastError | None] | None = None

    def outlook(self, uow: UnitOfWork, room_ids: Collection[int]) -> Outlook:
        """Return the forecasts for these rooms; none where the room is paused and shares its queue with no other."""
        groups = {self._policy.pool_of(uow, room_id) for room_id in room_ids}
        everybody = {room_id for group in groups for room_id in group}
        places, ends = self._places(uow, everybody), self._ends(uow, everybody)
        order = self._policy.order(uow)
        tickets, rooms = dict[int, WaitForecast](), dict[int, WaitForecast]()
        for group in groups:
            own = [place for place in places if place.room_id in group]
            self._foretell(uow, group, own, ends, order, tickets, rooms)
        return Outlook(tickets, rooms)

    def record(self, uow: UnitOfWork) -> int:
        """Keep the present forecast of everybody who waits and was not called yet; return how many."""
        now = self._time.now()
        rooms = self._organisation.hospital(uow).rooms
        outlook = self.outlook(uow, rooms)
        fresh = [one for one in self._places(uow, rooms) if one.state == _S.WAITING and one.first_called_at is None]
        rows = [
            {
                "ticket_id": place.id,
                "room_id": place.room_id,
                "exam_type": place.exam_type,
                "made_at": now,
                "ahead": told.ahead,
                "expected_at": now + timedelta(minutes=told.minutes),
                "low_at": now + timedelta(minutes=told.low_minutes),
                "high_at": now + timedelta(minutes=told.high_minutes),
            }
            for place in fresh
            if (told := outlook.tickets.get(place.id)) is not None
        ]
        if rows:
            uow.session.execute(insert(ForecastRow), rows)
        uow.session.execute(delete(ForecastRow).where(ForecastRow.made_at < now - timedelta(days=_KEEP_DAYS)))
        uow.session.execute(delete(QueueSpellRow).where(QueueSpellRow.done_at < now - timedelta(days=_KEEP_DAYS)))
        return len(rows)

    def called(self, uow: UnitOfWork, ticket: Ticket) -> None:
        """The patient is called, or begun, for the first time: the truth for every forecast of the ticket."""
        if ticket.first_called_at is None:
            ticket.first_called_at = self._time.now()
            uow.session.execute(
                update(ForecastRow)
                .where(ForecastRow.ticket_id == ticket.id, ForecastRow.actual_at.is_(None))
                .values(actual_at=ticket.first_called_at)
            )

    def done(self, uow: UnitOfWork, ticket: Ticket) -> None:
        """The exam has ended: learn how long it kept the room."""
        now = self._time.now()
        if ticket.started_at is None:
            return
        begun = ticket.called_at or ticket.started_at
        before = self._ends(uow, [ticket.room_id]).get(ticket.room_id)
        busy = now - (begun if before is None else max(begun, before))
        if not timedelta() <= busy <= _LONGEST:
            return
        had_waited = before is not None and ticket.rank_at <= before
        uow.session.add(
            QueueSpellRow(
                ticket_id=ticket.id,
                room_id=ticket.room_id,
                exam_type=ticket.exam_type,
                hour=self._time.local(now).hour,
                done_at=now,
                busy_seconds=round(busy.total_seconds()),
                gap_seconds=round((begun - before).total_seconds()) if before is not None and had_waited else None,
            )
        )

    def error(self, uow: UnitOfWork) -> ForecastError | None:
        """Return how well the forecasts of the last days did; None before there are any."""
        return self._known(uow)[2]

    def errors(self, uow: UnitOfWork, days: int) -> tuple[ForecastOfRoom, ...]:
        """Return the same by room and exam type, with the learnt length of an exam."""
        groups: dict[tuple[int, str], list[Judged]] = defaultdict(list)
        for row in self._judged(uow, min(max(days, 1), _KEEP_DAYS)):
            groups[row.room_id, row.exam_type].append(row)
        durations, _, _ = self._known(uow)
        hour = self._time.local(self._time.now()).hour
        return tuple(
            ForecastOfRoom(
                room_id=room_id,
                exam_type=exam_type,
                error=error,
                typical_minutes=round(durations.busy(exam_type, room_id, hour).mean_s / 60, 1),
            )
            for (room_id, exam_type), rows in sorted(groups.items())
            if (error := _error_of(rows)) is not None
        )

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _foretell(
        self,
        uow: UnitOfWork,
        group: tuple[int, ...],
        places: Sequence[Place],
        ends: dict[int, datetime],
        order: OrderRules,
        tickets: dict[int, WaitForecast],
        rooms: dict[int, WaitForecast],
    ) -> None:
        now = self._time.now()
        durations, band, _ = self._known(uow)
        hour = self._time.local(now).hour
        hospital, settings = self._organisation.hospital(uow), self._policy.rooms(uow)
        states = [
            RoomNow(
                room_id,
                frozenset(hospital.rooms[room_id].exam_types),
                _occupied([one for one in places if one.room_id == room_id], ends.get(room_id), now),
                not settings[room_id].is_paused,
            )
            for room_id in group
            if room_id in hospital.rooms
        ]
        line = sorted(
            (
                (order_key(order, one, now)[1:], InLine(one.id, one.exam_type, one.room_id, _ready_s(one, now)))
                for one in places
                if one.state == _S.WAITING or (one.state == _S.NOT_SIGNED_IN and one.planned_at >= now)
            ),
            key=lambda pair: pair[0],
        )
        waiting = {one.id for one in places if one.state == _S.WAITING}
        is_pool = len(group) > 1
        told = foretell(durations, states, [one for _, one in line], hour, is_pool=is_pool)
        tickets.update((ticket_id, _view(one, band)) for ticket_id, one in told.items() if ticket_id in waiting)
        last = (order_key(order, _newcomer(now), now)[1:3], 0)
        for state in states:
            if not state.exam_types or not (state.is_open or is_pool):
                continue
            typical = _usual_type(places, state)
            there = next((n for n, (key, _) in enumerate(line) if (key[:2], 0) > last), len(line))
            longer = [one for _, one in line]
            longer.insert(there, InLine(0, typical, state.room_id))
            found = foretell(durations, states, longer, hour, is_pool=is_pool).get(0)
            if found is not None:
                rooms[state.room_id] = _view(found, band)

    def _places(self, uow: UnitOfWork, room_ids: Collection[int]) -> list[Place]:
        query = select(*_COLUMNS).where(
            Ticket.room_id.in_(room_ids), Ticket.day == self._time.today(), Ticket.state.in_((*_AT_WORK, *_IN_LINE))
        )
        return [Place(*row) for row in uow.session.execute(query)] if room_ids else []

    def _ends(self, uow: UnitOfWork, room_ids: Collection[int]) -> dict[int, datetime]:
        """Return when the last exam of today ended in each room."""
        first, _ = self._time.day_bounds(self._time.today())
        query = (
            select(QueueSpellRow.room_id, func.max(QueueSpellRow.done_at))
            .where(QueueSpellRow.room_id.in_(room_ids), QueueSpellRow.done_at >= first)
            .group_by(QueueSpellRow.room_id)
        )
        return {row[0]: row[1] for row in uow.session.execute(query)}

    def _known(self, uow: UnitOfWork) -> tuple[Durations, Band, ForecastError | None]:
        now, kept = self._time.now(), self._learnt
        if kept is None or not timedelta() <= now - kept[0] < _FRESH:
            spells = uow.session.execute(
                select(
                    QueueSpellRow.room_id,
                    QueueSpellRow.exam_type,
                    QueueSpellRow.hour,
                    QueueSpellRow.busy_seconds,
                    QueueSpellRow.gap_seconds,
                )
                .where(QueueSpellRow.done_at >= now - timedelta(days=_LEARN_DAYS))
                .order_by(QueueSpellRow.done_at.desc())
                .limit(_LEARN_MOST)
            )
            types = self._organisation.hospital(uow).view.exam_types
            durations = Durations((Spell(*row) for row in spells), {one.code: one.slot_minutes * 60.0 for one in types})
            judged = self._judged(uow, _ERROR_DAYS)
            past = [Past(_s(one.made_at, one.expected_at), _s(one.made_at, one.actual_at)) for one in judged]
            kept = self._learnt = (now, durations, Band(past), _error_of(judged))
        return kept[1:]

    def _judged(self, uow: UnitOfWork, days: int) -> Sequence[Judged]:
        query = (
            select(*_JUDGED)
            .where(ForecastRow.made_at >= self._time.now() - timedelta(days=days), ForecastRow.actual_at.is_not(None))
            .order_by(ForecastRow.made_at.desc())
            .limit(_LEARN_MOST)
        )
        return [Judged(*row) for row in uow.session.execute(query)]


def _newcomer(now: datetime) -> Place:
    """Return somebody who is registered now, with nothing special."""
    return Place(0, 0, _S.WAITING, PatientType.ORDINARY, "", now, now, None, None, now, None)


def _usual_type(places: Iterable[Place], room: RoomNow) -> str:
    """Return the type that most of the room's patients come for."""
    types = [one.exam_type for one in places if one.exam_type in room.exam_types]
    return statistics.mode(types) if types else min(room.exam_types)


def _occupied(
    places: Sequence[Place], last_end: datetime | None, now: datetime
) -> tuple[tuple[str, float | None], ...]:
    """Return who keeps a room: whom it examines and whom it has called, the first to end first."""
    at_work = [one for one in places if one.state in _AT_WORK]
    at_work.sort(key=lambda one: (one.state != _S.EXAMINING, one.started_at or one.called_at or now))
    found: list[tuple[str, float | None]] = []
    for number, one in enumerate(at_work):
        begun = one.called_at or one.started_at or now
        since = begun if last_end is None else max(begun, last_end)
        found.append((one.exam_type, max((now - since).total_seconds(), 0.0) if number == 0 else None))
    return tuple(found)


def _ready_s(place: Place, now: datetime) -> float:
    if place.state == _S.NOT_SIGNED_IN:
        return max((place.planned_at - now).total_seconds(), 0.0)
    if place.signed_in_at is not None:
        return 0.0
    return max((place.planned_at - _COMES_BEFORE - now).total_seconds(), 0.0)


def _view(expected: Expected, band: Band) -> WaitForecast:
    low, high = band.around(expected)
    return WaitForecast(
        ahead=expected.ahead,
        minutes=round(expected.wait_s / 60),
        low_minutes=int(low // 60),
        high_minutes=-int(-high // 60),
    )


def _s(first: datetime, last: datetime) -> float:
    return (last - first).total_seconds()


def _error_of(rows: Sequence[Judged]) -> ForecastError | None:
    if not rows:
        return None
    errors = [abs((row.actual_at - row.expected_at).total_seconds()) / 60 for row in rows]
    minute = timedelta(minutes=1)  # what is told in whole minutes is judged in whole minutes
    within = sum(row.low_at <= row.actual_at < row.high_at + minute for row in rows)
    return ForecastError(
        count=len(rows),
        median_error_minutes=round(statistics.median(errors), 1),
        within_band_percent=round(100 * within / len(rows), 1),
    )

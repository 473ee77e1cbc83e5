"""What one day of a room offers to one booking: free, full, kept for others, too short; reads no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from server.exams.scheduling.rules import DayPlan, Session, leaves_quotas, run_of
from server.kernel.clock import HospitalTime
from shared.contract.exams import SlotOffer, SlotView
from shared.contract.scheduling import ScheduleView
from shared.domain.states import VisitKind


@dataclass(frozen=True)
class Demand:
    """What a booking asks for. `minutes` 0: one slot. Places of `exam_id` count as free, because it moves."""

    kind: VisitKind = VisitKind.OUTPATIENT
    minutes: int = 0
    exam_id: int | None = None
    lead: timedelta = timedelta()
    horizon_days: int = 366


@dataclass(frozen=True)
class SlotFact:
    """A slot and the places in use, by kind of visit."""

    id: int
    room_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int
    used: Mapping[VisitKind, int]

    @cached_property
    def taken(self) -> int:
        return sum(self.used.values())


class Availability:
    """Answers for every slot of a day whether the demand can begin there.

    An emergency is bound by no quota and may be added to a full slot, as far as the schedule allows.
    """

    def __init__(
        self,
        time: HospitalTime,
        day: date,
        plan: DayPlan,
        schedule: ScheduleView,
        slots: Sequence[SlotFact],
        demand: Demand,
    ) -> None:
        self._plan = plan
        self.slots = slots
        self._demand = demand
        self._now = time.now()
        self._is_emergency = demand.kind is VisitKind.EMERGENCY
        self._overbook = schedule.overbook if self._is_emergency else 0
        # an emergency cannot wait for a lead time
        self._earliest = self._now if self._is_emergency else self._now + demand.lead
        self._is_beyond = day > time.today() + timedelta(days=demand.horizon_days)
        released = time.day_bounds(day - timedelta(days=schedule.release_days))[0]
        self._is_released = self._now >= released + timedelta(hours=schedule.release_hour)
        self._begin = time.day_bounds(day)[0]
        self._minutes = [((s.starts_at - self._begin) // _MINUTE, (s.ends_at - self._begin) // _MINUTE) for s in slots]
        self._place = {slot.id: index for index, slot in enumerate(slots)}

    def views(self) -> tuple[SlotView, ...]:
        """Return all slots with what they offer."""
        return tuple(self._view(index) for index in range(len(self.slots)))

    def view_at(self, slot_id: int) -> SlotView:
        """Return one slot with what it offers."""
        return self._view(self._place[slot_id])

    def offer_at(self, slot_id: int) -> SlotOffer:
        """Return what a slot offers; a slot that is not of this day is full."""
        index = self._place.get(slot_id)
        return SlotOffer.FULL if index is None else self._offer(index)

    def run_at(self, slot_id: int) -> tuple[int, ...]:
        """Return the ids of the slots that the demand takes from this one on; empty where it cannot begin."""
        index = self._place.get(slot_id)
        if index is None or self._offer(index) not in (SlotOffer.FREE, SlotOffer.OVERBOOK):
            return ()
        run = run_of(self._minutes, index, self._demand.minutes)
        return tuple(self.slots[one].id for one in run or ())

    def first_free(self, not_before: datetime) -> SlotView | None:
        """Return the earliest slot with a regular place that is not over at `not_before`."""
        for index, slot in enumerate(self.slots):
            if slot.ends_at > not_before and self._offer(index) is SlotOffer.FREE:
                return self._view(index)
        return None

    def _view(self, index: int) -> SlotView:
        slot, offer = self.slots[index], self._offer(index)
        is_open = offer in (SlotOffer.FREE, SlotOffer.OVERBOOK)
        return SlotView(
            id=slot.id,
            room_id=slot.room_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            capacity=slot.capacity,
            taken=slot.taken,
            offer=offer,
            free=max(1, slot.capacity - slot.taken) if is_open else 0,
        )

    def _offer(self, index: int) -> SlotOffer:
        slot = self.slots[index]
        if slot.ends_at <= self._now:
            return SlotOffer.PAST
        if self._is_beyond or slot.ends_at <= self._earliest:
            return SlotOffer.NOT_OPEN
        if not slot.capacity:
            return SlotOffer.FULL
        run = run_of(self._minutes, index, self._demand.minutes)
        if run is None or any(not self.slots[one].capacity for one in run):
            return SlotOffer.TOO_SHORT
        full = [one for one in run if self.slots[one].taken >= self.slots[one].capacity]
        if any(self.slots[one].taken >= self.slots[one].capacity + self._overbook for one in full):
            return SlotOffer.TOO_SHORT if index not in full else SlotOffer.FULL
        if full:
            return SlotOffer.OVERBOOK
        return SlotOffer.FREE if self._is_within_quotas(run) else SlotOffer.RESERVED

    def _is_within_quotas(self, run: tuple[int, ...]) -> bool:
        if self._is_released or self._is_emergency:
            return True
        wanted: dict[int, int] = {}
        for one in run:
            session = self._plan.session_at(self._minutes[one][0])
            if session is not None and session.quotas:
                wanted[session.opens] = wanted.get(session.opens, 0) + 1
        return all(
            leaves_quotas(
                self._places_of[session.opens],
                session.quotas,
                self._used_of[session.opens],
                self._demand.kind,
                wanted[session.opens],
            )
            for session in self._plan.sessions
            if session.opens in wanted
        )

    @cached_property
    def _places_of(self) -> dict[int, int]:
        """Places that each session (its opening minute) really has."""
        places = {session.opens: 0 for session in self._plan.sessions}
        for slot, (start, _end) in zip(self.slots, self._minutes, strict=True):
            session = self._plan.session_at(start)
            if session is not None:
                places[session.opens] += slot.capacity
        return places

    @cached_property
    def _used_of(self) -> dict[int, dict[VisitKind, int]]:
        """Places in use per session (its opening minute) and kind."""
        used: dict[int, dict[VisitKind, int]] = {session.opens: {} for session in self._plan.sessions}
        for slot, (start, _end) in zip(self.slots, self._minutes, strict=True):
            session: Session | None = self._plan.session_at(start)
            if session is None:
                continue
            for kind, count in slot.used.items():
                used[session.opens][kind] = used[session.opens].get(kind, 0) + count
        return used


_MINUTE = timedelta(minutes=1)

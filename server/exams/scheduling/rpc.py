"""Handlers of schedules, the calendar, slot rules, first-free search and moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from server.exams.scheduling.appointments import Appointments
from server.exams.scheduling.search import SlotSearch, Unmade
from server.exams.scheduling.service import SchedulingService
from server.exams.service import ExamService
from server.exams.slots import SlotBook
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract.base import Nothing
from shared.contract.exams import ExamView
from shared.contract.scheduling import (
    AppointmentHistory,
    BookingWarning,
    CalendarEntry,
    CheckBooking,
    FindFreeSlots,
    FreeSlot,
    GetAppointmentHistory,
    GetSchedule,
    ImportHolidays,
    IntervalRuleView,
    ListCalendar,
    ListIntervalRules,
    ListSlotRules,
    LoadDay,
    PlanSaved,
    RemoveCalendarEntry,
    RemoveIntervalRule,
    RescheduleExam,
    RoomLoad,
    SaveCalendarEntry,
    SaveIntervalRule,
    SaveSchedule,
    SaveSlotRule,
    ScheduleView,
    SlotRuleView,
)

_Answer = TypeVar("_Answer")
_MOST_ROUNDS = 5


class SchedulingRpc:
    """What workstations ask about appointments beyond a day's slots."""

    def __init__(
        self,
        database: Database,
        scheduling: SchedulingService,
        appointments: Appointments,
        search: SlotSearch,
        slots: SlotBook,
        exams: ExamService,
    ) -> None:
        self._database = database
        self._scheduling = scheduling
        self._appointments = appointments
        self._search = search
        self._slots = slots
        self._exams = exams

    @handles
    def get_schedule(self, request: GetSchedule, caller: Caller, uow: UnitOfWork) -> ScheduleView:
        return self._scheduling.schedule(uow, request.room_id)

    @handles
    def save_schedule(self, request: SaveSchedule, caller: Caller, uow: UnitOfWork) -> PlanSaved:
        return self._scheduling.save_schedule(uow, request)

    @handles
    def list_calendar(self, request: ListCalendar, caller: Caller, uow: UnitOfWork) -> tuple[CalendarEntry, ...]:
        return self._scheduling.list_calendar(uow, request.first_day, request.last_day)

    @handles
    def save_entry(self, request: SaveCalendarEntry, caller: Caller, uow: UnitOfWork) -> PlanSaved:
        return self._scheduling.save_entry(uow, request.entry)

    @handles
    def remove_entry(self, request: RemoveCalendarEntry, caller: Caller, uow: UnitOfWork) -> PlanSaved:
        return self._scheduling.remove_entry(uow, request.entry_id)

    @handles
    def import_holidays(self, request: ImportHolidays, caller: Caller, uow: UnitOfWork) -> PlanSaved:
        return self._scheduling.import_holidays(uow, request.rows)

    @handles
    def list_slot_rules(self, request: ListSlotRules, caller: Caller, uow: UnitOfWork) -> tuple[SlotRuleView, ...]:
        return self._scheduling.list_slot_rules(uow)

    @handles
    def save_slot_rule(self, request: SaveSlotRule, caller: Caller, uow: UnitOfWork) -> SlotRuleView:
        return self._scheduling.save_slot_rule(uow, request.rule)

    @handles
    def list_interval_rules(
        self, request: ListIntervalRules, caller: Caller, uow: UnitOfWork
    ) -> tuple[IntervalRuleView, ...]:
        return self._scheduling.list_interval_rules(uow)

    @handles
    def save_interval_rule(self, request: SaveIntervalRule, caller: Caller, uow: UnitOfWork) -> IntervalRuleView:
        return self._scheduling.save_interval_rule(uow, request.rule)

    @handles
    def remove_interval_rule(self, request: RemoveIntervalRule, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._scheduling.remove_interval_rule(uow, request.rule_id)
        return Nothing()

    @handles_alone
    def find_free(self, request: FindFreeSlots, caller: Caller) -> tuple[FreeSlot, ...]:
        return self._with_slots(lambda uow: self._search.find_free(uow, request, caller.room_ids))

    @handles_alone
    def load(self, request: RoomLoad, caller: Caller) -> tuple[LoadDay, ...]:
        return self._with_slots(lambda uow: self._search.load(uow, caller, request))

    @handles
    def check(self, request: CheckBooking, caller: Caller, uow: UnitOfWork) -> tuple[BookingWarning, ...]:
        return self._appointments.check(uow, request)

    @handles
    def reschedule(self, request: RescheduleExam, caller: Caller, uow: UnitOfWork) -> ExamView:
        return self._exams.reschedule(uow, caller, request)

    @handles
    def history(self, request: GetAppointmentHistory, caller: Caller, uow: UnitOfWork) -> AppointmentHistory:
        return self._appointments.history(uow, request.exam_id)

    def _with_slots(self, ask: Callable[[UnitOfWork], _Answer]) -> _Answer:
        """Queries that write the first time: days are made when somebody looks at them."""
        for _round in range(_MOST_ROUNDS):
            try:
                with self._database.read() as uow:
                    return ask(uow)
            except Unmade as unmade:
                with self._database.write() as uow:
                    for room_id, day in sorted(unmade.days):
                        self._slots.make_day(uow, room_id, day)
        raise RuntimeError("days are made and unmade in turn")

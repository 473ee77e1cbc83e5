"""The list of exams: conditions, order and counts, each answered from an index of the exams table."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from server.exams.tables import ExamTableRow as Exam
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.patients.rules import flat
from shared.contract.base import Page
from shared.contract.exams import ListExams
from shared.dicomkit.names import is_chinese
from shared.domain.states import RegistrationState

MAX_PAGE = 500
_FURTHEST_ROW = 10**9
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2200, 1, 1)


def count_by_state(uow: UnitOfWork, condition: ColumnElement[bool]) -> dict[str, int]:
    """Return how many exams of a condition are in each registration state; states without any count 0."""
    rows = uow.session.execute(
        select(Exam.registration_state, func.count()).where(condition).group_by(Exam.registration_state)
    )
    counts = dict(rows.all())
    return {state.value: counts.get(state.value, 0) for state in RegistrationState}


def page_of(condition: ColumnElement[bool], page: Page) -> Select[Exam]:
    """Return the query of one page: emergency first, then VIP, then by planned time."""
    return (
        select(Exam)
        .where(condition)
        .order_by(Exam.priority, Exam.planned_at, Exam.id)
        .offset(min(max(page.offset, 0), _FURTHEST_ROW))
        .limit(min(max(page.limit, 1), MAX_PAGE))
    )


def condition_of(time: HospitalTime, request: ListExams) -> ColumnElement[bool]:
    """Return the condition of all filters except the registration state's."""
    conditions: list[ColumnElement[bool]] = [
        *days_of(time, Exam.registered_at, request.registered_from, request.registered_to),
        *days_of(time, Exam.planned_at, request.planned_from, request.planned_to),
    ]
    is_narrow = bool(conditions)
    if request.exam_states:
        conditions.append(Exam.state.in_([state.value for state in request.exam_states]))
    if request.exam_types:
        conditions.append(Exam.exam_type.in_(request.exam_types))
    if request.patient_id is not None:
        conditions.append(Exam.patient_id == request.patient_id)
    if request.campus_id is not None:
        conditions.append(Exam.campus_id == request.campus_id)
    if request.room_id is not None:
        conditions.append(Exam.room_id == request.room_id)
    if request.body_part.strip():
        conditions.append(Exam.body_part.contains(request.body_part.strip(), autoescape=True))
    if request.patient_name.strip():
        conditions.append(name_condition(request.patient_name.strip(), is_narrow=is_narrow))
    if request.card_number.strip():
        conditions.append(begins(Exam.card_number, request.card_number.strip()))
    if request.accession_number.strip():
        conditions.append(Exam.accession_number == request.accession_number.strip().upper())
    if request.his_number.strip():
        conditions.append(Exam.his_number == request.his_number.strip())
    if request.no_show is not None:
        conditions.append(Exam.is_no_show.is_(request.no_show))
    if request.rescheduled is not None:
        conditions.append(Exam.reschedules > 0 if request.rescheduled else Exam.reschedules == 0)
    if request.is_referral is not None:
        conditions.append(Exam.referral_id.is_not(None) if request.is_referral else Exam.referral_id.is_(None))
    if request.referral_states:
        conditions.append(Exam.referral_state.in_([state.value for state in request.referral_states]))
    if request.from_campus_id is not None:
        conditions.append(Exam.from_campus_id == request.from_campus_id)
    return and_(*conditions) if conditions else Exam.id > 0


def name_condition(wanted: str, *, is_narrow: bool) -> ColumnElement[bool]:
    """Return the condition for a name, its pinyin or initials.

    Where days narrow the list (`is_narrow`), a part from the middle of a Chinese name is found too; over the whole
    table only beginnings, which an index answers.
    """
    if is_chinese(wanted):
        return Exam.patient_name.contains(wanted, autoescape=True) if is_narrow else begins(Exam.patient_name, wanted)
    key = flat(wanted)
    return or_(begins(Exam.pinyin_flat, key), begins(Exam.initials, key), begins(Exam.patient_name, wanted))


def within_reach(day: date) -> date:
    """Return a day that can be written in every time zone: the first and last of the calendar cannot."""
    return min(max(day, _FIRST_DAY), _LAST_DAY)


def days_of(
    time: HospitalTime,
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    first: date | None,
    last: date | None,
) -> list[ColumnElement[bool]]:
    """Return the conditions that a moment lies on the hospital's days `first` to `last`, both included."""
    conditions: list[ColumnElement[bool]] = []
    if first is not None:
        conditions.append(column >= time.day_bounds(within_reach(first))[0])
    if last is not None:
        conditions.append(column < time.day_bounds(within_reach(last))[1])
    return conditions

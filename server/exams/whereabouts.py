"""Where exams belong, for those who limit or count them: rooms of exams, and what open exams stand on."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from server.exams.tables import ExamStudyRow, SlotRow
from server.exams.tables import ExamTableRow as Exam
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.domain.states import ExamState

_OPEN = (ExamState.REGISTERED.value, ExamState.IN_PROGRESS.value)


class Place(NamedTuple):
    """Where an exam is done, and the campus that referred it (None: its own)."""

    campus_id: int
    room_id: int
    from_campus_id: int | None


def place_of_exam(uow: UnitOfWork, exam_id: int) -> Place | None:
    """Return where an exam is done, or None when there is none."""
    return _place(uow, Exam.id == exam_id)


def exam_of_study(uow: UnitOfWork, study_uid: str) -> int | None:
    """Return the exam that a study belongs to, or None for images without one."""
    exam_id = uow.session.scalar(select(ExamStudyRow.exam_id).where(ExamStudyRow.study_uid == study_uid).limit(1))
    if exam_id is not None:
        return exam_id
    return uow.session.scalar(select(Exam.id).where(Exam.study_uid == study_uid).limit(1))


def place_of_slot(uow: UnitOfWork, slot_id: int) -> Place | None:
    """Return the room of a bookable time, or None when there is none."""
    room_id = uow.session.scalar(select(SlotRow.room_id).where(SlotRow.id == slot_id))
    return None if room_id is None else Place(0, room_id, None)


def within(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that an exam is of the caller's campuses and departments (RIS-EX-12)."""
    if caller.room_ids is None:
        return true()
    return or_(Exam.room_id.in_(caller.room_ids), Exam.from_campus_id.in_(caller.campus_ids))


def has_exam_within(caller: Caller, patient_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that a patient has an exam of the caller's campuses and departments."""
    return select(Exam.id).where(Exam.patient_id == patient_id, within(caller)).exists()


def open_exams_in_room(uow: UnitOfWork, room_id: int) -> int:
    """Count exams of a room that are not finished and not cancelled."""
    return _count(uow, Exam.room_id == room_id)


def open_exams_of_kind(uow: UnitOfWork, patient_kind: str) -> int:
    """Count open exams of patients of a type."""
    return _count(uow, Exam.patient_kind == patient_kind)


def _place(uow: UnitOfWork, condition: ColumnElement[bool]) -> Place | None:
    columns = (Exam.campus_id, Exam.room_id, Exam.from_campus_id)
    found = uow.session.execute(select(*columns).where(condition).limit(1)).first()
    return None if found is None else Place(*found)


def _count(uow: UnitOfWork, condition: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Exam).where(condition, Exam.state.in_(_OPEN))
    return int(uow.session.execute(statement).scalar_one())

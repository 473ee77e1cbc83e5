"""Where exams belong, for those who limit or count them: rooms of exams, and what open exams stand on."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from server.exams.tables import ExamStudyRow
from server.exams.tables import ExamTableRow as Exam
from server.kernel.database import UnitOfWork
from shared.domain.states import ExamState

_OPEN = (ExamState.REGISTERED.value, ExamState.IN_PROGRESS.value)


def place_of_exam(uow: UnitOfWork, exam_id: int) -> tuple[int, int] | None:
    """Return campus and room of an exam, or None when there is none."""
    return _place(uow, Exam.id == exam_id)


def place_of_study(uow: UnitOfWork, study_uid: str) -> tuple[int, int] | None:
    """Return campus and room of the exam that a study belongs to, or None for images without one."""
    exam_id = uow.session.scalar(select(ExamStudyRow.exam_id).where(ExamStudyRow.study_uid == study_uid).limit(1))
    return _place(uow, Exam.id == exam_id if exam_id is not None else Exam.study_uid == study_uid)


def open_exams_in_room(uow: UnitOfWork, room_id: int) -> int:
    """Count exams of a room that are not finished and not cancelled."""
    return _count(uow, Exam.room_id == room_id)


def open_exams_of_kind(uow: UnitOfWork, patient_kind: str) -> int:
    """Count open exams of patients of a type."""
    return _count(uow, Exam.patient_kind == patient_kind)


def _place(uow: UnitOfWork, condition: ColumnElement[bool]) -> tuple[int, int] | None:
    found = uow.session.execute(select(Exam.campus_id, Exam.room_id).where(condition).limit(1)).first()
    return None if found is None else (found.campus_id, found.room_id)


def _count(uow: UnitOfWork, condition: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Exam).where(condition, Exam.state.in_(_OPEN))
    return int(uow.session.execute(statement).scalar_one())

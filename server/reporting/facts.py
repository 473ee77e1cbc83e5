"""What a report's row copies from its exam, so that the list needs no other table."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.reporting import rules
from server.reporting.clocks import limits_of, wind
from server.reporting.ports import Exams, Studies
from server.reporting.tables import Report


class Facts:
    """Copies patient, room, times and images of the exam into its report."""

    def __init__(self, exams: Exams, studies: Studies) -> None:
        self._exams = exams
        self._studies = studies

    def copy(self, uow: UnitOfWork, report: Report) -> None:
        """Bring the report's facts up to date; nothing is marked as changed where nothing is."""
        view = self._exams.view(only_reading(uow), SYSTEM, report.exam_id)
        studies = self._studies.list_exam_studies(uow, report.exam_id)
        row = view.row
        facts: dict[str, object] = {
            "priority": rules.PRIORITY[row.patient_type],
            "exam_state": str(row.state),
            "accession_number": row.accession_number,
            "image_number": row.image_number,
            "patient_id": row.patient_id,
            "patient_number": row.patient_number,
            "patient_name": row.patient_name,
            "search_name": _search_name(row.patient_name, view.patient.pinyin.lower()),
            "sex": str(row.sex),
            "age": row.age,
            "patient_type": str(row.patient_type),
            "exam_type": row.exam_type,
            "campus_id": row.campus_id,
            "room_id": row.room_id,
            "room_name": row.room_name,
            "body_part": row.body_part[:200],
            "items": row.items[:1000],
            "examined_at": view.finished_at or view.started_at or row.planned_at,
            "registered_by": view.registered_by,
            "requesting_doctor": view.requester.doctor,
            "requesting_department": view.requester.department,
            "requested_at": view.requester.requested_at,
            "study_uids": "\n".join(study.study_uid for study in studies),
            "image_count": sum(study.instance_count for study in studies),
            "visit_kind": str(row.visit_kind),
            "age_years": whole_years(row.age),
            "device_ae": next((study.calling_ae for study in studies if study.calling_ae), "")[:16],
        }
        for name, value in facts.items():
            if getattr(report, name) != value:
                setattr(report, name, value)
        wind(limits_of(uow), report)


def whole_years(age: str) -> int:
    """Return the years of an age as lists show it ("45岁"); 0 for months and days ("3月")."""
    years = age[:-1] if age.endswith("岁") else ""
    return int(years) if years.isascii() and years.isdigit() else 0


def of_exam(uow: UnitOfWork, exam_id: int) -> Report | None:
    """Return the report of an exam, None before there is one."""
    return uow.session.scalar(select(Report).where(Report.exam_id == exam_id))


def only_reading(uow: UnitOfWork) -> UnitOfWork:
    """The same transaction without a writer's row locks: showing an exam must not wait for the clerk who edits it."""
    return UnitOfWork(uow.session, is_writer=False)


def _search_name(name: str, pinyin: str) -> str:
    """Return what the name filter searches: the name, its pinyin and their initials ("张三丰|zhangsanfeng|zsf")."""
    from pypinyin import lazy_pinyin

    syllables = [syllable.lower() for syllable in lazy_pinyin(name)]
    given = "".join(letter for letter in pinyin if letter.isalnum())
    return "|".join((name.lower(), "".join(syllables), "".join(s[0] for s in syllables if s), given))[:300]

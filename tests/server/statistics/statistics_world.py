"""Many reports with known times, people and scores, written straight into the tables; and plain rows beside them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from server.archive.tables import ImagePatient, Study
from server.exams.tables import ExamTableRow as Exam
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.patients.tables import PatientRow
from server.queueing.tables import CallRow, TicketRow
from server.reporting.tables import Report, ReportLog, ReportReturn, ReportText
from server.statistics.service import StatisticsService
from shared.contract.organisation import CampusView, HospitalView
from shared.domain.states import ReportState
from tests.server.reporting.reporting_world import World

FIRST = date(2026, 2, 1)
DOCTORS = ("李医生", "王医生", "陈医生")
AUDITORS = ("赵主任", "钱主任")
TYPES = ("CT", "MR", "DR")
SCORES = ("甲", "乙", "丙", "丁", "", "95", "72")
TECHNICIANS = ("孙技师", "周技师", None)


class NoHospital:
    """Two campuses with names."""

    class _Data:
        view = HospitalView(
            version=1,
            name="",
            name_en="",
            campuses=tuple(CampusView(id=at, code=f"C{at}", name=f"院区{at}", name_en=f"Campus {at}") for at in (1, 2)),
            rooms=(),
            devices=(),
            exam_types=(),
            exam_items=(),
        )

    def hospital(self, _uow: object) -> Any:
        return self._Data()


@dataclass(frozen=True)
class Plain:
    """One report as an outsider would note it down."""

    examined: datetime
    registered: datetime
    images: datetime | None
    submitted: datetime | None
    approved: datetime | None
    printed: datetime | None
    due: datetime
    doctor: str
    auditor: str
    technician: str | None
    exam_type: str
    campus: int
    room: str
    image_count: int
    hp: str
    score: str
    returns: int


class StatisticsWorld(World):
    """The reporting world with so many reports over so many days, forty if nothing is said."""

    def __init__(self, database: Database, count: int = 300, seed: int = 7, days: int = 40) -> None:
        super().__init__(database)
        self.time = HospitalTime(self.clock, "Asia/Shanghai")
        self.statistics = StatisticsService(self.time, NoHospital())
        self.plain: list[Plain] = []
        self._fill(count, days, random.Random(seed))

    def _fill(self, count: int, days: int, chance: random.Random) -> None:
        first = self.a_report()
        with self.database.read() as uow:
            model = uow.session.execute(select(Report.__table__).where(Report.id == first)).one()._asdict()
        order = (PatientRow, ImagePatient, Report, Exam, ReportText, ReportReturn, ReportLog, Study, TicketRow, CallRow)
        tables: dict[Any, list[dict[str, Any]]] = {table: [] for table in order}
        tables[PatientRow].append(filled(PatientRow, id=77))
        tables[ImagePatient].append(filled(ImagePatient, id=88))
        begin = datetime(2026, 2, 1, tzinfo=UTC)
        for number in range(2, count + 2):
            examined = begin + timedelta(minutes=chance.randrange(days * 24 * 60))
            stage = chance.randrange(10)
            submitted = None if stage == 0 else examined + timedelta(minutes=chance.randrange(1, 400))
            approved = None if submitted is None or stage == 1 else submitted + timedelta(minutes=chance.randrange(300))
            printed = None if approved is None or stage < 4 else approved + timedelta(minutes=chance.randrange(2000))
            images = None if stage == 2 else examined + timedelta(minutes=chance.randrange(-5, 60))
            one = Plain(
                examined=examined,
                registered=examined - timedelta(minutes=chance.randrange(10, 300)),
                images=images,
                submitted=submitted,
                approved=approved,
                printed=printed,
                due=examined + timedelta(minutes=240),
                doctor=chance.choice(DOCTORS),
                auditor=chance.choice(AUDITORS),
                technician=chance.choice(TECHNICIANS),
                exam_type=chance.choice(TYPES),
                campus=chance.choice((1, 2)),
                room=f"{chance.randrange(3)} 室",
                image_count=chance.randrange(1, 500),
                hp=chance.choice(("positive", "negative", "not_examined", "unset")),
                score=chance.choice(SCORES),
                returns=chance.choice((0, 0, 0, 1, 2)),
            )
            self.plain.append(one)
            self._rows(tables, model, number, one)
        with self.database.write() as uow:
            uow.session.get_one(Report, first).examined_at = datetime(2020, 1, 1, tzinfo=UTC)  # out of the way
            for table, rows in tables.items():
                if rows:
                    uow.session.execute(insert(table.__table__), rows)

    def _rows(self, tables: dict[Any, list[dict[str, Any]]], model: dict[str, Any], number: int, one: Plain) -> None:
        tables[Report].append(
            model
            | {
                "id": number,
                "exam_id": number + 1000,
                "accession_number": f"A{number}",
                "state": str(ReportState.APPROVED if one.approved else ReportState.AWAITING),
                "examined_at": one.examined,
                "diagnosed_at": one.submitted,
                "approved_at": one.approved,
                "due_at": one.due,
                "diagnosing_doctor": one.doctor if one.submitted else "",
                "auditing_doctor": one.auditor if one.approved else "",
                "exam_type": one.exam_type,
                "campus_id": one.campus,
                "room_name": one.room,
                "image_count": one.image_count,
                "text_number": 1,
            }
        )
        tables[ReportText].append(
            {
                "report_id": number,
                "number": 1,
                "at": one.examined,
                "by_id": 1,
                "by": one.doctor,
                "is_automatic": False,
                "findings": "",
                "impression": "",
                "critical_value": "no",
                "hp": one.hp,
                "image_quality": one.score,
                "report_quality": one.score,
            }
        )
        for _again in range(one.returns):
            tables[ReportReturn].append({"report_id": number, "at": one.examined, "by": one.auditor, "reason": "r"})
        if one.printed is not None:
            for later in (5, 0, 90):  # printed again afterwards; the first counts
                tables[ReportLog].append(
                    {
                        "report_id": number,
                        "at": one.printed + timedelta(minutes=later),
                        "by_id": 1,
                        "by": "x",
                        "action": "print",
                        "from_state": "",
                        "to_state": "",
                        "note": "",
                    }
                )
        self._neighbours(tables, number, one)

    def _neighbours(self, tables: dict[Any, list[dict[str, Any]]], number: int, one: Plain) -> None:
        """Exam, study, ticket and call of a report, with whatever columns these tables ask for."""
        tables[Exam].append(
            filled(
                Exam,
                id=number + 1000,
                accession_number=f"A{number}",
                image_number=f"I{number}",
                study_uid=f"1.3.{number}",
                patient_id=77,
                registered_at=one.registered,
                finished_at=one.examined,
            )
        )
        if one.images is not None:
            for later in (0, 30):
                tables[Study].append(
                    filled(
                        Study,
                        id=number * 2 + (later > 0),
                        image_patient_id=88,
                        uid=f"1.2.{number}.{later}",
                        exam_id=number + 1000,
                        received_at=one.images + timedelta(minutes=later),
                    )
                )
        if one.technician is not None:
            tables[TicketRow].append(filled(TicketRow, id=number, exam_id=number + 1000, last_call_id=number))
            tables[CallRow].append(filled(CallRow, id=number, ticket_id=number, called_by=one.technician))


def filled(table: Any, **given: Any) -> dict[str, Any]:
    """Return a row with something harmless in every column that must not be empty."""
    row: dict[str, Any] = {}
    for column in table.__table__.columns:
        if column.name in given or column.nullable or column.server_default is not None:
            continue
        kind = column.type.python_type if column.type.__class__.__name__ != "UtcDateTime" else datetime
        harmless = {str: "", int: 0, bool: False, float: 0.0, datetime: datetime(2026, 1, 1, tzinfo=UTC), bytes: b""}
        row[column.name] = harmless.get(kind, date(2026, 1, 1) if kind is date else [])
    return row | given

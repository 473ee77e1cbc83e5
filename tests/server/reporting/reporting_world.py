"""A reporting area on a database of its own, with fake neighbours and a clock that tests move."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.reporting.service import ReportService
from server.reporting.settings import ReportingSettings
from server.reporting.templates import Templates
from server.reporting.worklist import Worklist
from shared.contract.archive import StudyRow
from shared.contract.exams import ClinicalEntry, ExamRow, ExamView, ItemEntry, PatientEntry, RequesterEntry
from shared.contract.organisation import ExamTypeView
from shared.contract.patients import PatientView
from shared.contract.reporting import ReportContent
from shared.domain.permissions import Permission
from shared.domain.states import CriticalValue, ExamState, PatientType, RegistrationState, ReportState, Sex

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
DOCTOR_RIGHTS = frozenset({Permission.SIGNED_IN, Permission.REPORT, Permission.VIEW_IMAGES, Permission.PRINT_REPORT})
AUDITOR_RIGHTS = DOCTOR_RIGHTS | {Permission.FINAL_AUDIT}

LI = Caller(user_id=11, login="li", name="李医生", permissions=DOCTOR_RIGHTS)
WANG = Caller(user_id=12, login="wang", name="王医生", permissions=DOCTOR_RIGHTS)
ZHAO = Caller(user_id=21, login="zhao", name="赵主任", permissions=AUDITOR_RIGHTS)
QIAN = Caller(user_id=22, login="qian", name="钱主任", permissions=AUDITOR_RIGHTS)

FULL = ReportContent(
    findings="<p>所示结构未见异常。</p>", impression="<p>未见明显异常。</p>", critical_value=CriticalValue.NO
)


class MovedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


def an_exam(
    exam_id: int = 1,
    *,
    patient_id: int = 1,
    name: str = "张三",
    sex: Sex = Sex.MALE,
    exam_type: str = "CT",
    patient_type: PatientType = PatientType.ORDINARY,
    finished_at: datetime = NOON,
    room_id: int = 1,
) -> ExamView:
    """Return an examined exam."""
    row = ExamRow(
        id=exam_id,
        version=1,
        accession_number=f"A{exam_id:07}",
        image_number=f"CT{exam_id:06}",
        patient_id=patient_id,
        patient_number=f"P{patient_id:06}",
        patient_name=name,
        sex=sex,
        age="45岁",
        patient_type=patient_type,
        is_in_arrears=False,
        state=ExamState.EXAMINED,
        registration_state=RegistrationState.DIAGNOSING,
        report_state=None,
        report_id=None,
        ticket_state=None,
        ticket_number="",
        exam_type=exam_type,
        items="胸部平扫",
        body_part="胸部",
        campus_id=1,
        room_id=room_id,
        room_name=f"{exam_type}{room_id}室",
        planned_at=finished_at - timedelta(minutes=20),
        registered_at=finished_at - timedelta(hours=1),
        has_images=True,
        study_uid=f"1.2.3.{exam_id}",
        allowed=(),
    )
    patient = PatientView(
        id=patient_id,
        version=1,
        patient_number=row.patient_number,
        name=name,
        pinyin="Zhang^San",
        sex=sex,
        birth_date=date(1980, 5, 6),
        card_number="K1",
        id_number="",
        inpatient_number="",
        health_check_number="",
        phone="",
        address="",
    )
    return ExamView(
        row=row,
        version=1,
        allowed=(),
        patient=patient,
        patient_entry=PatientEntry(patient_id=patient_id, name=name, sex=sex),
        items=(ItemEntry(code="CT01", name="胸部平扫", body_part="胸部", price_fen=20000),),
        clinical=ClinicalEntry(diagnosis="咳嗽"),
        requester=RequesterEntry(department="呼吸科", doctor="陈医生", requested_at=NOON),
        application_id=None,
        registered_by="登记员",
        started_at=finished_at - timedelta(minutes=5),
        finished_at=finished_at,
    )


@dataclass
class FakeExams:
    """Holds exams and what reporting said of their reports."""

    exams: dict[int, ExamView] = field(default_factory=dict)
    moved: list[tuple[int, int, ReportState]] = field(default_factory=list)

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        return self.exams[exam_id]

    def lock(self, uow: UnitOfWork, exam_id: int) -> None:
        assert exam_id in self.exams

    def report_moved(self, uow: UnitOfWork, exam_id: int, report_id: int, state: ReportState) -> None:
        self.moved.append((exam_id, report_id, state))


class FakeStudies:
    """Every exam has one study of three images, unless a test takes it away."""

    def __init__(self) -> None:
        self.without: set[int] = set()
        self.states: dict[str, tuple[str, int]] = {}

    def states_of(self, uow: UnitOfWork, study_uids: Collection[str]) -> dict[str, tuple[str, int]]:
        return {uid: self.states[uid] for uid in study_uids if uid in self.states}

    def list_exam_studies(self, uow: UnitOfWork, exam_id: int) -> tuple[StudyRow, ...]:
        if exam_id in self.without:
            return ()
        study = StudyRow(
            id=exam_id,
            version=1,
            study_uid=f"1.2.3.{exam_id}",
            accession_number="",
            patient_id="",
            patient_name="",
            patient_sex="",
            patient_birth_date="",
            study_at=None,
            description="",
            modalities=("CT",),
            series_count=1,
            instance_count=3,
            calling_ae="",
            received_at=NOON,
            exam_id=exam_id,
            why_unmatched="",
        )
        return (study,)


class FakeMasterData:
    """CT without HP, GI with HP."""

    @property
    def exam_types(self) -> Mapping[str, ExamTypeView]:
        return {
            code: ExamTypeView(code=code, name=code, name_en=code, hp_required=code == "GI", slot_minutes=10)
            for code in ("CT", "MR", "DR", "GI")
        }


class FakeOrganisation:
    def hospital(self, uow: UnitOfWork) -> FakeMasterData:
        return FakeMasterData()


class FakeDocuments:
    """Keeps documents in memory."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        self.kept[len(self.kept) + 1] = data
        return len(self.kept)

    def sha256(self, uow: UnitOfWork, document_id: int) -> str:
        return hashlib.sha256(self.kept[document_id]).hexdigest()


class World:
    """The area with everything around it."""

    def __init__(self, database: Database, settings: ReportingSettings | None = None) -> None:
        self.database = database
        self.clock = MovedClock()
        self.time = HospitalTime(self.clock, "Asia/Shanghai")
        self.settings = settings or ReportingSettings()
        self.exams = FakeExams()
        self.studies = FakeStudies()
        self.documents = FakeDocuments()
        self.worklist = Worklist(self.time, self.settings, self.studies)
        self.templates = Templates()
        self.reports = ReportService(
            self.exams, self.studies, FakeOrganisation(), self.documents, self.worklist, self.time, self.settings
        )

    def a_report(self, exam: ExamView | None = None) -> int:
        """Return a new report in 待诊断."""
        if exam is None:
            exam = an_exam(len(self.exams.exams) + 1)
        self.exams.exams[exam.row.id] = exam
        with self.database.write() as uow:
            self.reports.ensure_report(uow, exam.row.id)
            report_id = self.reports.report_of(uow, exam.row.id)
        assert report_id is not None
        return report_id

    def report_in(self, state: ReportState, *, writer: Caller = LI, auditor: Caller = ZHAO) -> int:
        """Return a report that was led to `state` through the service; 诊断中 and 审核中 are locked."""
        report_id = self.a_report()
        with self.database.write() as uow:
            if state is ReportState.AWAITING:
                return report_id
            version = self.reports.write(uow, writer, report_id).version
            if state is ReportState.WRITING:
                return report_id
            self.reports.submit(uow, writer, report_id, version, FULL)
            if state is ReportState.SUBMITTED:
                return report_id
            version = self.reports.audit(uow, auditor, report_id).version
            if state is ReportState.AUDITING:
                return report_id
            self.reports.approve(uow, auditor, report_id, version, FULL)
            if state is ReportState.PRINTED:
                self.reports.printed(uow, auditor, report_id)
        return report_id


def a_png(width: int = 4, height: int = 4) -> bytes:
    """Return a small grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def changed(content: ReportContent, **parts: object) -> ReportContent:
    """Return `content` with some parts replaced."""
    return msgspec.structs.replace(content, **parts)

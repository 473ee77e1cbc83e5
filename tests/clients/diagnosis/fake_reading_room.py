"""A fake server for the diagnosis screens: reports with lock, versions and templates, as the real one answers."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from clients.kit.connection import FakeConnection
from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import ClinicalEntry, ExamRow, ExamView, GetExam, ItemEntry, PatientEntry, RequesterEntry
from shared.contract.organisation import CampusView, ExamTypeView, GetHospital, HospitalView, RoomView
from shared.contract.patients import PatientView
from shared.contract.printing import DocumentView, PreviewReport, PrintReport
from shared.contract.report_paper import TellCopy
from shared.contract.reporting import (
    AddKeyImage,
    AddMeasurement,
    ApproveReport,
    AuditReport,
    CorrectPatient,
    DeleteQuery,
    DeleteTemplate,
    GetHistory,
    GetRelated,
    GetReport,
    GetReportLog,
    GiveUpReport,
    HistoryRow,
    HistoryView,
    KeyImageView,
    ListReports,
    ListSavedQueries,
    ListTemplates,
    LogRow,
    MeasurementView,
    OtherOrder,
    RejectReport,
    RelatedView,
    RemoveKeyImage,
    RenewLock,
    ReportContent,
    ReportList,
    ReportLogView,
    ReportRow,
    ReportView,
    ReturnView,
    SavedQueryView,
    SaveQuery,
    SaveReport,
    SaveTemplate,
    SubmitReport,
    TemplateView,
    UnlockReport,
    VersionRow,
    WriteReport,
)
from shared.contract.worklist import BreachForecast, GetBreachForecast
from shared.domain.permissions import Permission
from shared.domain.states import (
    CriticalValue,
    ExamState,
    PatientType,
    RegistrationState,
    ReportAction,
    ReportState,
    Sex,
)

TODAY = date(2026, 3, 2)
A_FORECAST = BreachForecast(
    at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC),
    horizon_hours=4,
    open_count=0,
    overdue=0,
    expected=0,
    pace_per_hour=0.0,
    report_ids=(),
    error=None,
)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ME = "赵主任"
S, A = ReportState, ReportAction
FULL = ReportContent(
    findings="<p>胸廓对称，所示骨质结构完整。双肺纹理走行自然，<b>右肺上叶尖段</b>见一磨玻璃结节，大小约 8mm×6mm。</p>"
    "<p>气管及各级支气管通畅，双侧肺门不大。纵隔居中，未见肿大淋巴结影。</p>",
    impression="<ol><li>右肺上叶磨玻璃结节，建议 3 个月后复查。</li><li>余胸部 CT 平扫未见明显异常。</li></ol>",
    critical_value=CriticalValue.NO,
)

_MINE = {
    S.AWAITING: (A.WRITE,),
    S.WRITING: (A.WRITE, A.SAVE, A.SUBMIT, A.GIVE_UP, A.UNLOCK),
    S.SUBMITTED: (A.AUDIT,),
    S.AUDITING: (A.SAVE, A.AUDIT, A.APPROVE, A.REJECT, A.GIVE_UP, A.UNLOCK),
    S.APPROVED: (A.PRINT,),
    S.PRINTED: (A.PRINT,),
}
_FREE = _MINE | {S.WRITING: (A.WRITE,), S.AUDITING: (A.AUDIT,)}
_OTHERS = _FREE | {S.WRITING: (A.UNLOCK,), S.AUDITING: (A.UNLOCK,)}


def a_row(report_id: int, **parts: Any) -> ReportRow:
    """Return a row of the list."""
    row = ReportRow(
        id=report_id,
        version=1,
        state=S.AWAITING,
        exam_id=report_id,
        exam_state=ExamState.EXAMINED,
        accession_number=f"20260302{report_id:04}",
        image_number=f"CT{report_id:06}",
        patient_id=report_id,
        patient_number=f"P{report_id:07}",
        patient_name="张三",
        sex=Sex.MALE,
        age="45岁",
        patient_type=PatientType.ORDINARY,
        exam_type="CT",
        campus_id=1,
        room_id=1,
        room_name="CT一室",
        body_part="胸部",
        items="胸部平扫",
        examined_at=NOON - timedelta(minutes=report_id),
        registered_by="登记员",
        diagnosing_doctor="",
        auditing_doctor="",
        requesting_doctor="陈医生",
        requesting_department="呼吸科",
        requested_at=NOON - timedelta(hours=3),
        diagnosed_at=None,
        study_uids=(f"1.2.826.{report_id}",),
        image_count=300,
        locked_by="",
        is_locked_by_me=False,
        was_returned=False,
        allowed=(),
    )
    return msgspec.structs.replace(row, **parts)


def an_exam_of(row: ReportRow) -> ExamView:
    """Return the exam behind a row."""
    exam_row = ExamRow(
        id=row.exam_id,
        version=1,
        accession_number=row.accession_number,
        image_number=row.image_number,
        patient_id=row.patient_id,
        patient_number=row.patient_number,
        patient_name=row.patient_name,
        sex=row.sex,
        age=row.age,
        patient_type=row.patient_type,
        is_in_arrears=False,
        state=row.exam_state,
        registration_state=RegistrationState.DIAGNOSING,
        report_state=row.state,
        report_id=row.id,
        ticket_state=None,
        ticket_number="",
        exam_type=row.exam_type,
        items=row.items,
        body_part=row.body_part,
        campus_id=1,
        room_id=1,
        room_name=row.room_name,
        planned_at=NOON - timedelta(hours=1),
        registered_at=NOON - timedelta(hours=2),
        has_images=True,
        study_uid=row.study_uids[0] if row.study_uids else "",
        allowed=(),
    )
    patient = PatientView(
        id=row.patient_id,
        version=1,
        patient_number=row.patient_number,
        name=row.patient_name,
        pinyin="Zhang^San",
        sex=row.sex,
        birth_date=date(1980, 5, 6),
        card_number="K20260001",
        id_number="",
        inpatient_number="",
        health_check_number="",
        phone="13800000000",
        address="",
    )
    return ExamView(
        row=exam_row,
        version=1,
        allowed=(),
        patient=patient,
        patient_entry=PatientEntry(name=row.patient_name),
        items=(ItemEntry(code="CT005", name=row.items, body_part="胸部", price_fen=28000),),
        clinical=ClinicalEntry(diagnosis="咳嗽待查", purpose="排除肺部感染", history="咳嗽两周，无发热。"),
        requester=RequesterEntry(department="呼吸科", doctor="陈医生", requested_at=NOON - timedelta(hours=3)),
        application_id=None,
        registered_by="登记员",
        started_at=NOON - timedelta(minutes=20),
        finished_at=NOON - timedelta(minutes=10),
    )


@dataclass
class FakeReport:
    """One report of the fake server; `holder` "" is free, ME is the user of the screen."""

    row: ReportRow
    content: ReportContent = field(default_factory=ReportContent)
    holder: str = ""
    unlocked_by: str = ""
    returns: list[ReturnView] = field(default_factory=list)
    versions: list[VersionRow] = field(default_factory=list)
    log: list[LogRow] = field(default_factory=list)
    images: list[KeyImageView] = field(default_factory=list)
    measurements: list[MeasurementView] = field(default_factory=list)
    print_count: int = 0


class ReadingRoom:
    """The fake server and its connection."""

    def __init__(self) -> None:
        self.reports: dict[int, FakeReport] = {}
        self.queries: list[SavedQueryView] = []
        self.templates: list[TemplateView] = []
        self.doubts = ""
        self.forecast = A_FORECAST
        self.before_answer: Callable[[Any], None] = lambda _request: None
        self.line = FakeConnection(
            replies=dict.fromkeys(self._handlers(), self._answer),
            accounts={"zhao": "secret"},
            permissions=tuple(Permission),
        )

    def add(
        self, report_id: int, content: ReportContent | None = None, *, holder: str = "", **parts: Any
    ) -> FakeReport:
        """Put a report in."""
        report = FakeReport(a_row(report_id, **parts), content or ReportContent(), holder)
        self.reports[report_id] = report
        return report

    def view(self, report: FakeReport) -> ReportView:
        """Return the report as the user of the screen gets it."""
        allowed = {"": _FREE, ME: _MINE}.get(report.holder, _OTHERS)[report.row.state]
        row = msgspec.structs.replace(
            report.row,
            allowed=(*allowed, A.VIEW_IMAGES),
            locked_by=report.holder,
            is_locked_by_me=report.holder == ME,
        )
        return ReportView(
            row=row,
            version=row.version,
            allowed=row.allowed,
            exam=an_exam_of(row),
            content=report.content,
            hp_required=row.exam_type == "GI",
            key_images=tuple(report.images),
            measurements=tuple(report.measurements),
            returns=tuple(report.returns),
            approved_at=NOON if row.state in (S.APPROVED, S.PRINTED) else None,
            print_count=report.print_count,
            unlocked_by=report.unlocked_by,
        )

    def change(self, report: FakeReport, action: str, **parts: Any) -> None:
        """Move a report on, as somebody at the server does."""
        before = report.row.state
        version = report.row.version + 1
        report.row = msgspec.structs.replace(report.row, version=version, **parts)
        report.log.insert(
            0, LogRow(at=NOON, by=ME, action=action, from_state=before, to_state=report.row.state, note="")
        )

    def save_elsewhere(self, report_id: int, content: ReportContent) -> None:
        """Somebody saves another text."""
        report = self.reports[report_id]
        report.content = content
        self.change(report, "save")

    def _answer(self, request: Any) -> Any:
        self.before_answer(request)
        return self._handlers()[type(request)](request)

    def _handlers(self) -> dict[type[Any], Callable[[Any], Any]]:
        return {
            GetHospital: lambda _r: HOSPITAL,
            ListSavedQueries: lambda _r: tuple(self.queries),
            SaveQuery: self._save_query,
            DeleteQuery: self._delete_query,
            ListReports: self._list,
            GetBreachForecast: lambda _r: self.forecast,
            GetExam: lambda r: an_exam_of(self.reports[r.exam_id].row),
            GetReport: lambda r: self.view(self.reports[r.report_id]),
            WriteReport: lambda r: self._enter(r.report_id, S.WRITING, "diagnosing_doctor"),
            AuditReport: lambda r: self._enter(r.report_id, S.AUDITING, "auditing_doctor"),
            SaveReport: self._save,
            SubmitReport: self._submit,
            ApproveReport: self._approve,
            RejectReport: self._reject,
            GiveUpReport: lambda r: self._hand_in(r, S.AWAITING, "give_up", ReportContent()),
            UnlockReport: self._unlock,
            CorrectPatient: self._correct_patient,
            GetRelated: lambda _r: RelatedView(orders=(AN_ORDER,), pathology=(), laboratory=()),
            RenewLock: self._renew,
            AddKeyImage: self._add_image,
            RemoveKeyImage: self._remove_image,
            AddMeasurement: self._add_measurement,
            GetHistory: self._history,
            GetReportLog: lambda r: ReportLogView(
                rows=tuple(self.reports[r.report_id].log), versions=tuple(self.reports[r.report_id].versions)
            ),
            ListTemplates: lambda _r: tuple(self.templates),
            SaveTemplate: self._save_template,
            DeleteTemplate: self._delete_template,
            PreviewReport: lambda r: self._document("report_preview"),
            PrintReport: self._print,
            TellCopy: lambda _told: Nothing(),
        }

    def _list(self, request: ListReports) -> ReportList:
        views = [self.view(report).row for report in self.reports.values()]
        fits = [row for row in views if request.filter.patient_name in row.patient_name]
        counts = {str(state): sum(row.state is state for row in fits) for state in ReportState}
        chosen = [row for row in fits if not request.filter.states or row.state in request.filter.states]
        page = request.page
        return ReportList(total=len(chosen), rows=tuple(chosen[page.offset : page.offset + page.limit]), counts=counts)

    def _enter(self, report_id: int, state: ReportState, doctor: str) -> ReportView:
        report = self.reports[report_id]
        if report.holder not in ("", ME):
            refuse(ErrorCode.HELD_BY_OTHER, holder=report.holder)
        report.holder = ME
        if report.row.state is not state:
            self.change(report, "write", state=state, **{doctor: ME})
        return self.view(report)

    def _held(self, request: Any) -> FakeReport:
        report = self.reports[request.report_id]
        if report.holder != ME:
            refuse(ErrorCode.HELD_BY_OTHER, holder=report.holder)
        if getattr(request, "version", report.row.version) != report.row.version:
            refuse(ErrorCode.CONFLICT, version=report.row.version)
        return report

    def _save(self, request: SaveReport) -> ReportView:
        report = self._held(request)
        report.content = request.content
        report.versions.append(VersionRow(version=len(report.versions) + 1, at=NOON, by=ME, content=request.content))
        self.change(report, "save")
        return self.view(report)

    def _submit(self, request: SubmitReport) -> ReportView:
        if self.doubts and not request.overrule_reason:
            refuse(ErrorCode.INVALID, self.doubts, field="overrule_reason")
        if self.reports[request.report_id].row.missing_images and not request.missing_acknowledged:
            refuse(ErrorCode.INVALID, "影像不全。", field="missing_acknowledged")
        return self._hand_in(request, S.SUBMITTED, "submit", request.content)

    def _approve(self, request: ApproveReport) -> ReportView:
        if self.doubts and not request.overrule_reason:
            refuse(ErrorCode.INVALID, self.doubts, field="overrule_reason")
        return self._hand_in(request, S.APPROVED, "approve", request.content)

    def _hand_in(self, request: Any, state: ReportState, action: str, content: ReportContent) -> ReportView:
        report = self._held(request)
        if action == "give_up" and report.row.state is S.AUDITING:
            state, content = S.SUBMITTED, report.content
        report.content, report.holder = content, ""
        self.change(report, action, state=state)
        return self.view(report)

    def _reject(self, request: RejectReport) -> ReportView:
        report = self._held(request)
        report.returns.append(ReturnView(at=NOON, by=ME, reason=request.reason))
        report.holder = ""
        self.change(report, "reject", state=S.WRITING, was_returned=True)
        return self.view(report)

    def _unlock(self, request: UnlockReport) -> ReportView:
        report = self.reports[request.report_id]
        report.holder, report.unlocked_by = "", ME
        return self.view(report)

    def _correct_patient(self, request: CorrectPatient) -> ReportView:
        report = self._held(request)
        report.row = msgspec.structs.replace(report.row, patient_name=request.name)
        return self.view(report)

    def _renew(self, request: RenewLock) -> Nothing:
        self._held(request)
        return Nothing()

    def _add_image(self, request: AddKeyImage) -> ReportView:
        report = self._held(request)
        document_id = 100 + len(self.line.documents)
        self.line.documents[document_id] = request.png
        report.images.append(
            KeyImageView(
                id=document_id,
                study_uid=request.study_uid,
                series_uid=request.series_uid,
                instance_uid=request.instance_uid,
                frame=request.frame,
                caption=request.caption,
                document_id=document_id,
            )
        )
        return self.view(report)

    def _remove_image(self, request: RemoveKeyImage) -> ReportView:
        report = self._held(request)
        report.images = [image for image in report.images if image.id != request.key_image_id]
        return self.view(report)

    def _add_measurement(self, request: AddMeasurement) -> ReportView:
        report = self._held(request)
        report.measurements.append(
            MeasurementView(
                id=len(report.measurements) + 1,
                instance_uid=request.instance_uid,
                frame=request.frame,
                label=request.label,
                value=request.value,
                unit=request.unit,
            )
        )
        return self.view(report)

    def _history(self, request: GetHistory) -> HistoryView:
        rows = [
            HistoryRow(
                exam_id=900 + number,
                report_id=900 + number,
                accession_number=f"2025060{number}0001",
                patient_id=request.exam_id,
                patient_name="张三",
                exam_type="CT",
                items="胸部平扫",
                examined_at=NOON - timedelta(days=90 * number),
                report_state=S.PRINTED,
                impression="<p>胸部 CT 平扫未见明显异常。</p>",
                findings="<p>双肺纹理清晰。</p>",
                study_uids=(f"1.2.3.{900 + number}",),
            )
            for number in (1, 2, 3)
        ]
        return HistoryView(earlier=tuple(rows[:2]), namesakes=(rows[2],))

    def _save_query(self, request: SaveQuery) -> SavedQueryView:
        saved = SavedQueryView(
            id=request.id or len(self.queries) + 1,
            name=request.name,
            filter=request.filter,
            today_only=request.today_only,
            is_default=request.is_default,
        )
        self.queries = [one for one in self.queries if one.id != saved.id] + [saved]
        return saved

    def _delete_query(self, request: DeleteQuery) -> Nothing:
        self.queries = [one for one in self.queries if one.id != request.id]
        return Nothing()

    def _save_template(self, request: SaveTemplate) -> TemplateView:
        saved = TemplateView(
            id=request.id or 500 + len(self.templates),
            owner_id=1,
            is_phrase=request.is_phrase,
            folder=request.folder,
            name=request.name,
            exam_type=request.exam_type,
            findings=request.findings,
            impression=request.impression,
        )
        self.templates = [one for one in self.templates if one.id != saved.id] + [saved]
        return saved

    def _delete_template(self, request: DeleteTemplate) -> Nothing:
        self.templates = [one for one in self.templates if one.id != request.id]
        return Nothing()

    def _print(self, request: PrintReport) -> DocumentView:
        report = self.reports[request.report_id]
        if report.row.state not in (S.APPROVED, S.PRINTED):
            refuse(ErrorCode.ILLEGAL_ACTION, "报告尚未审核。")
        report.print_count += 1
        self.change(report, "print", state=S.PRINTED)
        return self._document("report")

    def _document(self, kind: str) -> DocumentView:
        document_id = 10 if kind == "report" else 11
        self.line.documents.setdefault(document_id, b"%PDF-1.4 fake")
        return DocumentView(
            id=document_id,
            copy_id=7 if kind == "report" else 0,
            kind=kind,
            media_type="application/pdf",
            size_bytes=13,
            sha256="",
            created_at=NOON,
        )


def refuse(code: ErrorCode, message: str = "no", **parts: Any) -> None:
    """Refuse as the server does."""
    raise error_for(ErrorBody(code=code, message=message, **parts))


AN_ORDER = OtherOrder(
    accession_number="",
    exam_type="MR",
    items="头颅平扫",
    state="ordered",
    requester="神经内科 周医生",
    requested_at=NOON,
    diagnosis="头痛待查",
    purpose="排除占位",
)

HOSPITAL = HospitalView(
    version=1,
    name="明镜医院",
    name_en="Mingjing Hospital",
    campuses=(CampusView(id=1, code="R", name="放射科", name_en="Radiology"),),
    rooms=(
        RoomView(id=1, campus_id=1, code="CT1", name="CT一室", name_en="CT 1", spoken_name="", exam_types=("CT",)),
        RoomView(id=2, campus_id=1, code="MR1", name="MR一室", name_en="MR 1", spoken_name="", exam_types=("MR",)),
    ),
    devices=(),
    exam_types=tuple(
        ExamTypeView(code=code, name=code, name_en=code, hp_required=code == "GI", slot_minutes=10)
        for code in ("CT", "MR", "DR", "GI")
    ),
    exam_items=(),
)


def a_template(template_id: int, **parts: Any) -> TemplateView:
    """Return a public template."""
    template = TemplateView(
        id=template_id,
        owner_id=0,
        is_phrase=False,
        folder="CT/胸部",
        name="胸部CT平扫 未见异常",
        exam_type="CT",
        findings="<p>双肺纹理走行自然。</p>",
        impression="<p>未见明显异常。</p>",
    )
    return msgspec.structs.replace(template, **parts)


def a_picture(width: int = 96, height: int = 96) -> bytes:
    """Return a PNG with a grey ramp."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + bytes((x + y) * 255 // (width + height) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")

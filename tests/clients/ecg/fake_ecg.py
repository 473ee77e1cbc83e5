"""A county hospital in memory: the answers that the ECG workstation's pages ask for, and rows to fill them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clients.kit.connection import FakeConnection
from shared.contract import ecg, ecg_acquisition, ecg_consultations, ecg_critical, ecg_reports
from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, RpcError, error_for
from shared.contract.identity import SessionView
from shared.contract.organisation import CampusView, GetHospital, HospitalView
from shared.contract.printing import DocumentView, RecordPrint
from shared.domain.ecg import (
    IN_HOSPITAL_KINDS,
    AdapterKind,
    ConsultationAction,
    ConsultationState,
    DeviceState,
    EcgKind,
    ExamState,
    OrphanState,
    ReportState,
    RequestState,
    TraceSource,
    Urgency,
    exam_actions,
)
from shared.domain.ecg_reports import Agreement, ClockColour, Danger, NoticeKind, NoticePage
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import Sex, VisitKind

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
NAMES = ("张建国", "李秀英", "王伟", "刘洋", "陈静", "杨帆", "赵敏", "欧阳明德", "周杰", "吴桂兰")
FORM_KEYS = ("complaint", "history", "clinical_diagnosis", "phone", "bed", "remark")


def a_document(number: int = 101) -> DocumentView:
    """A report of the server; `connection.documents` has its bytes."""
    return DocumentView(
        id=number, kind="report", media_type="application/pdf", size_bytes=9, sha256="0" * 64, created_at=NOW
    )


def refusal(code: ErrorCode, message: str = "", field: str = "") -> RpcError:
    """An error as the server sends it."""
    return error_for(ErrorBody(code=code, message=message, field=field))


def an_exam(number: int = 1, **changes: Any) -> ecg.EcgRow:
    """A row of 院内检查 with valid defaults."""
    state = changes.get("state", ExamState.ACQUIRED)
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "accession_number": f"E261122{number:04d}",
        "study_uid": f"1.2.826.0.1.{number}",
        "patient_id": number,
        "patient_name": NAMES[number % len(NAMES)],
        "sex": Sex.MALE if number % 2 else Sex.FEMALE,
        "age": f"{30 + number % 50}岁",
        "visit_kind": VisitKind.INPATIENT if number % 3 else VisitKind.OUTPATIENT,
        "patient_number": f"P{100000 + number}",
        "outpatient_number": "" if number % 3 else f"M{2000 + number}",
        "inpatient_number": f"Z{3000 + number}" if number % 3 else "",
        "health_check_number": "",
        "id_number": "",
        "request_number": f"SQ2026{number:05d}",
        "department": "心内科",
        "ward": "二病区",
        "bed": str(number % 40 + 1),
        "exam_item": "12导联心电图",
        "kind": EcgKind.TWELVE_LEAD,
        "clinical_diagnosis": "胸闷待查",
        "urgency": Urgency.ROUTINE,
        "state": state,
        "report_state": ReportState.SUBMITTED if state is ExamState.REPORTED else ReportState.NONE,
        "campus_id": 1,
        "campus_name": "清水镇卫生院",
        "registered_at": NOW - timedelta(minutes=7 * number),
        "registered_by": "何丽",
        "acquired_at": None if state is ExamState.AWAITING else NOW - timedelta(minutes=7 * number - 5),
        "quality_passed": None if state is ExamState.AWAITING else True,
        "allowed": exam_actions(state),
    }
    if state is ExamState.REPORTED:
        values |= {"reported_at": NOW, "reported_by": "孙主任", "conclusion": "窦性心律，心电图大致正常"}
    return ecg.EcgRow(**{**values, **changes})


def an_entry(**changes: Any) -> ecg.EcgEntry:
    """What a request says."""
    values: dict[str, Any] = {
        "patient_name": "张建国",
        "sex": Sex.MALE,
        "age": "58岁",
        "patient_number": "P100001",
        "visit_kind": VisitKind.OUTPATIENT,
        "outpatient_number": "M2001",
        "request_number": "SQ202600001",
        "department": "急诊科",
        "exam_item": "常规十二导联心电图",
        "doctor": "马医生",
        "complaint": "胸闷2小时",
        "history": "高血压10年",
        "clinical_diagnosis": "冠心病？",
    }
    return ecg.EcgEntry(**{**values, **changes})


def a_request(number: int = 1, state: RequestState = RequestState.OPEN, **entry: Any) -> ecg.RequestRow:
    """A request of another system."""
    said = {"request_number": f"SQ2026{number:05d}", "patient_name": NAMES[number % len(NAMES)], **entry}
    return ecg.RequestRow(
        application_id=number,
        version=1,
        state=state,
        entry=an_entry(**said),
        received_at=NOW - timedelta(minutes=9 * number),
        exam_id=None if state is RequestState.OPEN else number,
        can_register=state is RequestState.OPEN,
    )


def a_clock(minutes: float = 3.0, limit: int = 15, **changes: Any) -> ecg_consultations.ClockView:
    """A clock that runs."""
    share = minutes / limit
    colour = ClockColour.RED if share >= 1 else ClockColour.YELLOW if share >= 0.6 else ClockColour.GREEN
    values: dict[str, Any] = {
        "now": NOW,
        "started_at": NOW - timedelta(minutes=minutes),
        "stopped_at": None,
        "seconds": int(minutes * 60),
        "limit_seconds": limit * 60,
        "colour": colour,
    }
    return ecg_consultations.ClockView(**{**values, **changes})


_CONSULTATION_ACTIONS = {
    ConsultationState.WAITING: (ConsultationAction.ACCEPT, ConsultationAction.REFUSE, ConsultationAction.WITHDRAW),
    ConsultationState.ACCEPTED: (ConsultationAction.GIVE_BACK, ConsultationAction.SAVE, ConsultationAction.PUBLISH),
    ConsultationState.PUBLISHED: (ConsultationAction.SIGN_FOR,),
    ConsultationState.COMPLETED: (ConsultationAction.SIGN_FOR,),
}


def a_consultation(number: int = 1, **changes: Any) -> ecg_consultations.ConsultationView:
    """A consultation that a township clinic asks of the county hospital."""
    state = changes.get("state", ConsultationState.WAITING)
    is_answered = state in (ConsultationState.PUBLISHED, ConsultationState.COMPLETED)
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "state": state,
        "exam_id": number,
        "accession_number": f"E261122{number:04d}",
        "patient_name": NAMES[number % len(NAMES)],
        "sex": Sex.MALE,
        "age": "58岁",
        "patient_number": f"P{100000 + number}",
        "visit_kind": VisitKind.OUTPATIENT.value,
        "exam_item": "12导联心电图",
        "acquired_at": NOW - timedelta(minutes=20),
        "urgency": Urgency.ROUTINE,
        "team_id": 1,
        "team": "心电诊断组",
        "to_campus_id": 2,
        "to_hospital": "县人民医院",
        "from_campus_id": 1,
        "from_hospital": "清水镇卫生院",
        "applicant_id": 11,
        "applicant": "何丽",
        "phone": "0571-2233",
        "applied_at": NOW - timedelta(minutes=3),
        "complaint": "胸痛1小时",
        "history": "糖尿病",
        "clinical_diagnosis": "急性冠脉综合征？",
        "question": "ST段改变的意义",
        "accepted_by_id": 0 if state is ConsultationState.WAITING else 21,
        "accepted_by": "" if state is ConsultationState.WAITING else "孙主任",
        "accepted_at": None if state is ConsultationState.WAITING else NOW,
        "refused_by": "",
        "refused_at": None,
        "reason": "",
        "published_at": NOW if is_answered else None,
        "published_by": "孙主任" if is_answered else "",
        "signed_at": NOW if state is ConsultationState.COMPLETED else None,
        "signed_by": "何丽" if state is ConsultationState.COMPLETED else "",
        "document_id": 100 + number if is_answered else 0,
        "print_count": 0,
        "agreement": Agreement.NONE,
        "danger": Danger.NONE,
        "danger_reasons": (),
        "quality": "",
        "clock": a_clock(),
        "allowed": _CONSULTATION_ACTIONS.get(state, ()),
    }
    return ecg_consultations.ConsultationView(**{**values, **changes})


def a_notice(number: int = 1, **changes: Any) -> ecg_consultations.NoticeView:
    """新的会诊."""
    values: dict[str, Any] = {
        "id": number,
        "kind": NoticeKind.NEW_CONSULTATION,
        "page": NoticePage.INCOMING,
        "exam_id": number,
        "consultation_id": number,
        "at": NOW,
        "patient_name": NAMES[number % len(NAMES)],
        "hospital": "清水镇卫生院",
        "by": "何丽",
        "text": "胸痛1小时，请看ST段",
        "urgency": Urgency.ROUTINE,
    }
    return ecg_consultations.NoticeView(**{**values, **changes})


def a_team(number: int = 1, **changes: Any) -> ecg_consultations.TeamView:
    """A team of the county hospital."""
    members = tuple(
        ecg_consultations.MemberView(user_id=user_id, name=name) for user_id, name in ((21, "孙主任"), (22, "钱医生"))
    )
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "name": "心电诊断组",
        "campus_id": 2,
        "hospital": "县人民医院",
        "members": members,
        "phone": "0571-8899",
        "is_own": True,
    }
    return ecg_consultations.TeamView(**{**values, **changes})


def a_device(number: int = 1, **changes: Any) -> ecg_acquisition.EcgDeviceView:
    """A recorder that writes files into a folder."""
    entry = ecg_acquisition.EcgDeviceEntry(
        serial=f"SN-2026-{number:03d}",
        model="CardioScan 12",
        manufacturer="Mingxin",
        campus_id=1,
        adapter=AdapterKind.FOLDER,
        settings={"folder": "C:\\ECG\\out"},
    )
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "entry": entry,
        "campus_name": "清水镇卫生院",
        "state": DeviceState.IDLE,
        "task": None,
        "stations": ("clinic-pc-1",),
    }
    return ecg_acquisition.EcgDeviceView(**{**values, **changes})


def a_trace(number: int = 1, **changes: Any) -> ecg.TraceView:
    """A recording."""
    values: dict[str, Any] = {
        "id": number,
        "exam_id": None,
        "number": 1,
        "is_current": True,
        "source": TraceSource.DEVICE,
        "format": "scp",
        "file_name": "a.scp",
        "device": "Mingxin CardioScan 12",
        "recorded_at": NOW - timedelta(minutes=2),
        "received_at": NOW,
        "received_by": "",
        "leads": ("I", "II"),
        "sampling_hz": 500.0,
        "seconds": 10.0,
        "size_bytes": 20000,
        "sha256": "0" * 64,
        "sop_class": "",
        "sop_uid": "",
        "values": ecg.TraceValues(),
        "quality": ecg.QualityVerdict(passed=True),
    }
    return ecg.TraceView(**{**values, **changes})


def an_orphan(number: int = 1, **changes: Any) -> ecg_acquisition.OrphanView:
    """A trace without an exam."""
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "state": OrphanState.WAITING,
        "trace": a_trace(number),
        "reason": "设备没有正在进行的采集任务",
        "patient_name": NAMES[number % len(NAMES)],
        "patient_number": f"P{100000 + number}",
        "sex": "M",
        "age": "58岁",
        "birth_date": None,
        "device_serial": "SN-2026-001",
    }
    return ecg_acquisition.OrphanView(**{**values, **changes})


def a_session(*permissions: Permission, role: str = "ecg_head", user_id: int = 21) -> SessionView:
    """An open session with the rights of a role, or with exactly these."""
    return SessionView(
        token="fake",
        user_id=user_id,
        login="sun",
        name="孙主任",
        roles=(role,),
        permissions=permissions or tuple(sorted(ROLES[role])),
        notice_topic="all",
        expires=NOW + timedelta(hours=8),
    )


class FakeEcg:
    """Exams, requests, consultations, notices, devices; every answer can be exchanged in `connection.replies`."""

    def __init__(self) -> None:
        self.exams: list[ecg.EcgRow] = []
        self.requests: list[ecg.RequestRow] = []
        self.consultations: list[ecg_consultations.ConsultationView] = []
        self.notices: list[ecg_consultations.NoticeView] = []
        self.teams: list[ecg_consultations.TeamView] = [a_team()]
        self.devices: list[ecg_acquisition.EcgDeviceView] = []
        self.orphans: list[ecg_acquisition.OrphanView] = []
        self.replies: dict[type[Any], Callable[[Any], Any]] = {
            ecg.ListEcgExams: self._list_exams,
            ecg.SearchRequests: self._search,
            ecg.FindRequest: self._find,
            ecg.RegisterRequest: self._register_request,
            ecg.RegisterEcg: self._register,
            ecg.GetEcgExam: lambda r: self._view(self._exam(r.exam_id)),
            ecg.ChangeEcgExam: self._change,
            ecg.CancelEcgExam: self._cancel,
            ecg.ListCollected: self._collected,
            ecg.GetTrail: lambda r: (
                ecg.ChangeEntry(at=NOW, user_name="何丽", action="register", new="E1"),
                ecg.ChangeEntry(at=NOW, user_name="何丽", action="edit", field="bed", old="3", new="4"),
                ecg.ChangeEntry(at=NOW, user_name="何丽", action="consultation_applied", new="心电诊断组"),
            ),
            ecg.CollectExam: lambda r: ecg.CollectedView(
                exam=self._exam(r.exam_id), category=r.category, note=r.note, added_at=NOW
            ),
            ecg_consultations.ListIncoming: self._consultations,
            ecg_consultations.ListOutgoing: self._consultations,
            ecg_consultations.GetPolicy: lambda r: ecg_consultations.ConsultationPolicy(),
            ecg_consultations.ListNotices: self._list_notices,
            ecg_consultations.MarkRead: lambda r: Nothing(),
            ecg_consultations.GetApplicationForm: self._form,
            ecg_consultations.Apply: self._apply,
            ecg_consultations.Accept: lambda r: self._move(
                r, ConsultationState.ACCEPTED, accepted_by_id=21, accepted_by="孙主任"
            ),
            ecg_consultations.Refuse: lambda r: self._move(r, ConsultationState.REFUSED, reason=r.reason),
            ecg_consultations.GiveBack: lambda r: self._move(
                r, ConsultationState.WAITING, accepted_by_id=0, accepted_by=""
            ),
            ecg_consultations.Withdraw: lambda r: self._move(r, ConsultationState.WITHDRAWN, reason=r.reason),
            ecg_consultations.Get: lambda r: ecg_consultations.ConsultationDetails(
                consultation=self._consultation(r.consultation_id),
                lines=(
                    ecg_consultations.ConsultationLine(
                        at=NOW, by="何丽", station="clinic-pc-1", action="applied", note=""
                    ),
                ),
            ),
            ecg_consultations.SignFor: self._sign_for,
            ecg_consultations.ListTeams: lambda r: tuple(self.teams),
            ecg_consultations.ListCandidates: lambda r: a_team().members,
            ecg_consultations.SaveTeam: lambda r: r.team,
            ecg_critical.ListAlarms: lambda r: (),
            ecg_acquisition.ListEcgDevices: lambda r: tuple(self.devices),
            ecg_acquisition.SaveEcgDevice: lambda r: a_device(7, entry=r.entry),
            ecg_acquisition.BindStation: lambda r: a_device(r.device_id, stations=(r.station,)),
            ecg_acquisition.UnbindStation: lambda r: Nothing(),
            ecg_acquisition.ListOrphans: lambda r: ecg_acquisition.OrphanList(
                total=len(self.orphans), rows=tuple(self.orphans)
            ),
            RecordPrint: lambda r: Nothing(),
            GetHospital: lambda r: HospitalView(
                version=1,
                name="清水县医共体",
                name_en="Qingshui",
                campuses=(
                    CampusView(id=1, code="QS", name="清水镇卫生院", name_en="Qingshui clinic"),
                    CampusView(id=2, code="XY", name="县人民医院", name_en="County hospital"),
                ),
                rooms=(),
                devices=(),
                exam_types=(),
                exam_items=(),
            ),
        }
        self.connection = FakeConnection(replies=self.replies)

    def fill(self, count: int = 24) -> None:
        """Some of everything."""
        states = (ExamState.AWAITING, ExamState.ACQUIRED, ExamState.REPORTED)
        self.exams = [an_exam(n, state=states[n % 3]) for n in range(1, count + 1)]
        self.exams[1] = msgspec.structs.replace(self.exams[1], is_critical=True, quality_passed=False)
        self.exams[3] = msgspec.structs.replace(
            self.exams[3], consultation_id=1, consultation_state=ConsultationState.WAITING, urgency=Urgency.URGENT
        )
        self.exams += [
            an_exam(
                count + n,
                state=states[n % 3],
                visit_kind=VisitKind.HEALTH_CHECK,
                health_check_number=f"TJ26{n:04d}",
                inpatient_number="",
            )
            for n in range(1, 9)
        ]
        kinds = (RequestState.OPEN, RequestState.OPEN, RequestState.REGISTERED, RequestState.CANCELLED)
        self.requests = [a_request(n, kinds[n % 4]) for n in range(1, 15)]
        self.consultations = [
            a_consultation(
                1,
                urgency=Urgency.EMERGENCY,
                danger=Danger.CRITICAL,
                danger_reasons=("V1–V4 ST段抬高 0.35 mV",),
                clock=a_clock(16),
            ),
            a_consultation(
                2, urgency=Urgency.URGENT, danger=Danger.WARNING, danger_reasons=("QTc 540 ms",), clock=a_clock(10)
            ),
            a_consultation(3, clock=a_clock(2), quality="V2 导联基线漂移"),
            a_consultation(4, state=ConsultationState.ACCEPTED, clock=a_clock(5, limit=30)),
            a_consultation(5, state=ConsultationState.PUBLISHED, clock=a_clock(12, colour=ClockColour.STOPPED)),
            a_consultation(6, state=ConsultationState.COMPLETED, clock=a_clock(9, colour=ClockColour.STOPPED)),
            a_consultation(
                7,
                state=ConsultationState.REFUSED,
                reason="图像质量不合格，请重新采集",
                clock=a_clock(4, colour=ClockColour.STOPPED),
            ),
        ]
        self.devices = [
            a_device(1),
            a_device(2, state=DeviceState.ACQUIRING, stations=()),
            a_device(3, state=DeviceState.DISABLED, stations=("a", "b")),
        ]
        self.orphans = [an_orphan(1), an_orphan(2, state=OrphanState.PROPOSED, proposed_by="钱医生")]

    def calls_of(self, kind: type[Any]) -> list[Any]:
        """Requests of one kind, oldest first."""
        return [call for call in self.connection.calls if isinstance(call, kind)]

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def _collected(self, request: ecg.ListCollected) -> ecg.CollectedList:
        rows = [
            ecg.CollectedView(exam=row, category="ST段抬高", note="典型", added_at=NOW)
            for row in self.exams[:3]
            if request.category in (None, "ST段抬高")
        ]
        return ecg.CollectedList(total=len(rows), rows=tuple(rows), categories={"ST段抬高": 3, "": 1})

    def _exam(self, exam_id: int) -> ecg.EcgRow:
        return next(row for row in self.exams if row.id == exam_id)

    def _view(self, row: ecg.EcgRow) -> ecg.EcgExamView:
        entry = an_entry(patient_name=row.patient_name, sex=row.sex, age=row.age, bed=row.bed)
        return ecg.EcgExamView(row=row, entry=entry, application_id=None, cancel_reason="", traces=(), documents=())

    def _list_exams(self, request: ecg.ListEcgExams) -> ecg.EcgList:
        rows = [row for row in self.exams if row.visit_kind in (request.visit_kinds or IN_HOSPITAL_KINDS)]
        rows = [row for row in rows if request.patient_name in row.patient_name]
        rows = [row for row in rows if request.request_number in row.request_number]
        rows = [row for row in rows if request.health_check_number in row.health_check_number]
        counts: dict[str, int] = {}
        for row in rows:
            counts[row.state.value] = counts.get(row.state.value, 0) + 1
        if request.states:
            rows = [row for row in rows if row.state in request.states]
        page = request.page
        return ecg.EcgList(total=len(rows), rows=tuple(rows[page.offset : page.offset + page.limit]), counts=counts)

    def _search(self, request: ecg.SearchRequests) -> ecg.RequestList:
        rows = [row for row in self.requests if request.patient_name in row.entry.patient_name]
        rows = [row for row in rows if request.request_number in row.entry.request_number]
        page = request.page
        return ecg.RequestList(total=len(rows), rows=tuple(rows[page.offset : page.offset + page.limit]))

    def _find(self, request: ecg.FindRequest) -> tuple[ecg.RequestRow, ...]:
        found = tuple(
            row
            for row in self.requests
            if request.request_number == row.entry.request_number
            or (request.health_check_number and request.health_check_number == row.entry.health_check_number)
        )
        if not found:
            raise refusal(ErrorCode.NOT_FOUND, "没有这样的申请单")
        return found

    def _register_request(self, request: ecg.RegisterRequest) -> ecg.RegisteredView:
        at = next(n for n, row in enumerate(self.requests) if row.application_id == request.application_id)
        old = self.requests[at]
        if old.exam_id is not None:
            return ecg.RegisteredView(exam=self._view(self._exam(old.exam_id)), existed=True)
        made = self._made(request.entry)
        self.requests[at] = msgspec.structs.replace(
            old, state=RequestState.REGISTERED, exam_id=made.row.id, can_register=False
        )
        return ecg.RegisteredView(exam=made)

    def _register(self, request: ecg.RegisterEcg) -> ecg.RegisteredView:
        return ecg.RegisteredView(exam=self._made(request.entry))

    def _made(self, entry: ecg.EcgEntry) -> ecg.EcgExamView:
        row = an_exam(
            max((row.id for row in self.exams), default=0) + 1,
            state=ExamState.AWAITING,
            patient_name=entry.patient_name,
            sex=entry.sex,
            age=entry.age,
            visit_kind=entry.visit_kind,
            request_number=entry.request_number,
            health_check_number=entry.health_check_number,
        )
        self.exams.insert(0, row)
        return self._view(row)

    def _change(self, request: ecg.ChangeEcgExam) -> ecg.EcgExamView:
        view = self._view(self._exam(request.exam_id))
        changes = {key: value for key in FORM_KEYS if (value := getattr(request.change, key)) is not None}
        return msgspec.structs.replace(view, entry=msgspec.structs.replace(view.entry, **changes))

    def _cancel(self, request: ecg.CancelEcgExam) -> ecg.EcgExamView:
        at = next(n for n, row in enumerate(self.exams) if row.id == request.exam_id)
        self.exams[at] = msgspec.structs.replace(self.exams[at], state=ExamState.CANCELLED, allowed=())
        return self._view(self.exams[at])

    def _consultation(self, number: int) -> ecg_consultations.ConsultationView:
        return next(row for row in self.consultations if row.id == number)

    def _consultations(self, request: Any) -> ecg_consultations.ConsultationList:
        rows = self.consultations
        counts: dict[ConsultationState, int] = {}
        for row in rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        if request.filter.states:
            rows = [row for row in rows if row.state in request.filter.states]
        page = request.page
        return ecg_consultations.ConsultationList(
            total=len(rows),
            rows=tuple(rows[page.offset : page.offset + page.limit]),
            counts=counts,
            overdue=sum(row.clock.colour is ClockColour.RED for row in rows),
        )

    def _list_notices(self, request: ecg_consultations.ListNotices) -> tuple[ecg_consultations.NoticeView, ...]:
        return tuple(one for one in self.notices if one.read_at is None or not request.unread_only)

    def _form(self, request: ecg_consultations.GetApplicationForm) -> ecg_consultations.ApplicationForm:
        row = self._exam(request.exam_id)
        return ecg_consultations.ApplicationForm(
            exam_id=row.id,
            patient_name=row.patient_name,
            sex=row.sex,
            age=row.age,
            complaint="胸闷2小时",
            history="",
            clinical_diagnosis=row.clinical_diagnosis,
            applicant="何丽",
            phone="0571-2233",
            teams=tuple(self.teams),
            obstacle="" if row.state is ExamState.ACQUIRED else "只有已采集的检查可以申请会诊",
        )

    def _apply(self, request: ecg_consultations.Apply) -> ecg_consultations.ConsultationView:
        made = a_consultation(
            len(self.consultations) + 1, exam_id=request.exam_id, urgency=request.urgency, question=request.question
        )
        self.consultations.insert(0, made)
        return made

    def _move(self, request: Any, state: ConsultationState, **changes: Any) -> ecg_consultations.ConsultationView:
        at = next(n for n, row in enumerate(self.consultations) if row.id == request.consultation_id)
        allowed = _CONSULTATION_ACTIONS.get(state, ())
        self.consultations[at] = msgspec.structs.replace(
            self.consultations[at], state=state, allowed=allowed, version=self.consultations[at].version + 1, **changes
        )
        return self.consultations[at]

    def _sign_for(self, request: ecg_consultations.SignFor) -> tuple[ecg_reports.BatchRow, ...]:
        rows = []
        for number in request.consultation_ids:
            row = self._consultation(number)
            if row.document_id == 0:
                rows.append(ecg_reports.BatchRow(exam_id=row.exam_id, done=False, sentence="还没有报告"))
                continue
            at = self.consultations.index(row)
            self.consultations[at] = msgspec.structs.replace(
                row, state=ConsultationState.COMPLETED, signed_at=NOW, signed_by="何丽"
            )
            rows.append(ecg_reports.BatchRow(exam_id=row.exam_id, done=True, document=a_document(row.document_id)))
        return tuple(rows)

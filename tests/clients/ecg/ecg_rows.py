"""Rows of a county hospital: exams, requests, consultations, notices, teams, devices, traces, sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contract import ecg, ecg_acquisition, ecg_consultations
from shared.contract.errors import ErrorBody, ErrorCode, RpcError, error_for
from shared.contract.identity import SessionView
from shared.contract.printing import DocumentView
from shared.domain.ecg import (
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

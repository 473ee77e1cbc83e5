"""Turns exams and reports into what the layout prints: words in one language, local times, plain text; pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from html import escape

from server.printing.layout.forms import FormItem, QueueTicket, RegistrationForm
from server.printing.layout.labels import LabelFacts
from server.printing.layout.pictures import KeyImage
from server.printing.layout.report import ExamFacts, Hospital, Patient, ReportDocument, Signature
from server.printing.layout.sheet import Language
from shared.contract.exams import ExamView
from shared.contract.organisation import HospitalView
from shared.contract.reporting import ReportView
from shared.domain.states import CriticalValue, HpResult, PatientType, ReportState, Sex

_SEX: dict[Language, dict[Sex, str]] = {
    "zh": {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他", Sex.UNKNOWN: "未知"},
    "en": {Sex.MALE: "Male", Sex.FEMALE: "Female", Sex.OTHER: "Other", Sex.UNKNOWN: "Unknown"},
}
_VISIT: dict[Language, dict[PatientType, str]] = {
    "zh": {PatientType.EMERGENCY: "急诊", PatientType.VIP: "VIP", PatientType.ORDINARY: "普通"},
    "en": {PatientType.EMERGENCY: "Emergency", PatientType.VIP: "VIP", PatientType.ORDINARY: "Ordinary"},
}
_CRITICAL: dict[Language, str] = {"zh": "是，已按危急值流程处理", "en": "Yes, handled by the critical value procedure"}
_HP: dict[Language, dict[HpResult, str]] = {
    "zh": {
        HpResult.NOT_EXAMINED: "幽门螺杆菌（HP）：未检",
        HpResult.NEGATIVE: "幽门螺杆菌（HP）：阴性",
        HpResult.POSITIVE: "幽门螺杆菌（HP）：阳性",
    },
    "en": {
        HpResult.NOT_EXAMINED: "Helicobacter pylori: not examined",
        HpResult.NEGATIVE: "Helicobacter pylori: negative",
        HpResult.POSITIVE: "Helicobacter pylori: positive",
    },
}
_DRAFT: dict[Language, str] = {"zh": "草稿 未审核", "en": "DRAFT, not approved"}
_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)

ToLocal = Callable[[datetime], datetime]


class Facts:
    """Words and local times of one hospital in one language."""

    def __init__(self, hospital: HospitalView, local: ToLocal, now: datetime, language: Language) -> None:
        self._hospital = hospital
        self._local = local
        self._now = local(now)
        self._language = language

    def label(self, exam: ExamView) -> LabelFacts:
        """Return what the 检查条码 says."""
        row = exam.row
        return LabelFacts(
            exam_number=row.accession_number,
            name=row.patient_name,
            sex=self._sex(row.sex),
            age=row.age,
            item=row.items,
            room=self._room(exam),
            at=self._local(row.planned_at),
            hospital=self._name(),
            patient_number=row.patient_number,
        )

    def registration_form(self, exam: ExamView) -> RegistrationForm:
        """Return what the 登记单 says."""
        row, patient = exam.row, exam.patient
        return RegistrationForm(
            hospital=self._name(),
            department=self._department(exam),
            exam_number=row.accession_number,
            name=row.patient_name,
            sex=self._sex(row.sex),
            age=row.age,
            items=tuple(FormItem(item.name, Decimal(item.price_fen) / 100) for item in exam.items),
            printed_at=self._now,
            birth_date=patient.birth_date,
            patient_number=row.patient_number,
            phone=patient.phone,
            identity=patient.id_number,
            address=patient.address,
            visit_kind=self._visit(row.patient_type),
            visit_number=patient.card_number or patient.inpatient_number or patient.health_check_number,
            applying_department=exam.requester.department,
            applicant=exam.requester.doctor,
            clinical_diagnosis=exam.clinical.diagnosis,
            kind=self._exam_type(row.exam_type),
            room=self._room(exam),
            appointment=self._local(row.planned_at).strftime("%Y-%m-%d %H:%M"),
            ticket_number=row.ticket_number,
            registered_at=self._local(row.registered_at),
            registered_by=exam.registered_by,
        )

    def ticket(self, exam: ExamView) -> QueueTicket:
        """Return what the 排队小票 says."""
        row = exam.row
        return QueueTicket(
            hospital=self._name(),
            number=row.ticket_number,
            name=row.patient_name,
            room=self._room(exam),
            item=row.items,
            exam_number=row.accession_number,
            printed_at=self._now,
            appointment=self._local(row.planned_at).strftime("%Y-%m-%d %H:%M"),
        )

    def report(self, view: ReportView, pictures: tuple[KeyImage, ...], verification: str) -> ReportDocument:
        """Return what the report says; one that is not approved is marked as a draft and carries no seal."""
        row, exam, content = view.row, view.exam, view.content
        is_approved = row.state in _APPROVED
        hp = _HP[self._language].get(content.hp, "") if view.hp_required else ""
        impression = content.impression + (f"<p>{escape(hp)}</p>" if hp else "")
        return ReportDocument(
            hospital=Hospital(self._name(), self._department(exam)),
            patient=Patient(
                name=row.patient_name,
                sex=self._sex(row.sex),
                age=row.age,
                number=row.patient_number,
                visit_kind=self._visit(row.patient_type),
                visit_number=exam.patient.card_number or exam.patient.inpatient_number,
                department=row.requesting_department,
            ),
            exam=ExamFacts(
                number=row.accession_number,
                kind=self._exam_type(row.exam_type),
                items=row.items,
                device=self._room(exam),
                performed_at=self._moment(row.examined_at),
                clinical_diagnosis=exam.clinical.diagnosis,
                applicant=row.requesting_doctor,
            ),
            findings=content.findings,
            impression=impression,
            rich=True,
            printed_at=self._now,
            critical_value=_CRITICAL[self._language] if content.critical_value is CriticalValue.YES else "",
            key_images=pictures,
            diagnosing=Signature(row.diagnosing_doctor, at=self._moment(row.diagnosed_at)),
            auditing=Signature(row.auditing_doctor, at=self._moment(view.approved_at)) if is_approved else Signature(),
            verification=verification,
            seal=view.seal,
            watermark="" if is_approved else _DRAFT[self._language],
        )

    def _moment(self, moment: datetime | None) -> datetime | None:
        return None if moment is None else self._local(moment)

    def _sex(self, sex: Sex) -> str:
        return _SEX[self._language][sex]

    def _visit(self, patient_type: PatientType) -> str:
        return _VISIT[self._language][patient_type]

    def _name(self) -> str:
        return self._either(self._hospital.name, self._hospital.name_en)

    def _department(self, exam: ExamView) -> str:
        for campus in self._hospital.campuses:
            if campus.id == exam.row.campus_id:
                return self._either(campus.name, campus.name_en)
        return ""

    def _room(self, exam: ExamView) -> str:
        for room in self._hospital.rooms:
            if room.id == exam.row.room_id:
                return self._either(room.name, room.name_en)
        return exam.row.room_name

    def _exam_type(self, code: str) -> str:
        for exam_type in self._hospital.exam_types:
            if exam_type.code == code:
                return self._either(exam_type.name, exam_type.name_en)
        return code

    def _either(self, chinese: str, english: str) -> str:
        return english if self._language == "en" and english else chinese

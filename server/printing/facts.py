"""Turns exams and reports into what the layout prints: words in one language, local times, plain text; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape

from server.printing.layout.sheet import Language
from server.printing.safety_words import safety_words
from shared.contract.exams import ExamView
from shared.contract.organisation import HospitalView
from shared.contract.queueing import WaitForecast
from shared.contract.referrals import ReferralView
from shared.contract.reporting import ReportView
from shared.dicomkit.names import masked
from shared.domain.states import CriticalValue, ExamState, HpResult, PatientType, ReportState, Sex
from shared.paper import layout as paper
from shared.paper.layout import Facts as PaperFacts

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
_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "draft": "未审核",
        "void": "作废",
        "reprint": "补打（第 {number} 份）",
        "replaces": "更正报告，替代第 {number} 版",
        "with_addendum": "含补充报告",
    },
    "en": {
        "draft": "NOT APPROVED",
        "void": "VOID",
        "reprint": "Reprint (copy {number})",
        "replaces": "Corrected, replaces version {number}",
        "with_addendum": "With addendum",
    },
}
_EMERGENCY_MARK: dict[Language, str] = {"zh": "急", "en": "E"}
_MINUTE = "%Y-%m-%d %H:%M"
_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)

ToLocal = Callable[[datetime], datetime]


class Facts:
    """Words and local times of one hospital in one language."""

    def __init__(self, hospital: HospitalView, local: ToLocal, now: datetime, language: Language) -> None:
        self._hospital = hospital
        self._local = local
        self._now = local(now)
        self._language = language

    def paper(
        self,
        exam: ExamView,
        printed_by: str = "",
        *,
        forecast: WaitForecast | None = None,
        referral: ReferralView | None = None,
    ) -> paper.Facts:
        """Return what the templates of an exam's or referral's documents may name (shared.paper.facts)."""
        values = {**self._of_exam(exam), **self._of_visit(exam), "printed_by": printed_by}
        if forecast is not None:
            values |= self._of_wait(forecast)
        if referral is not None:
            values |= self._of_referral(referral)
        return paper.Facts(values, {"items": self._items(exam)})

    def _of_exam(self, exam: ExamView) -> dict[str, str]:
        row, patient, entry = exam.row, exam.patient, exam.patient_entry
        emergency = row.patient_type is PatientType.EMERGENCY
        return {
            "hospital": self._name(),
            "department": self._department(exam),
            "exam_number": row.accession_number,
            "image_number": row.image_number,
            "name": row.patient_name,
            "masked_name": masked(row.patient_name),
            "pinyin": patient.pinyin.replace("^", " "),
            "sex": self._sex(row.sex),
            "age": row.age,
            "birth_date": patient.birth_date.isoformat() if patient.birth_date else "",
            "patient_number": row.patient_number,
            "id_number": patient.id_number,
            "masked_id_number": masked_number(patient.id_number),
            "phone": patient.phone,
            "address": patient.address,
            "card_number": patient.card_number,
            "inpatient_number": patient.inpatient_number,
            "health_check_number": patient.health_check_number,
            "visit_number": patient.card_number or patient.inpatient_number or patient.health_check_number,
            "visit_kind": self._patient_kind(exam),
            "emergency": _EMERGENCY_MARK[self._language] if emergency else "",
            "height": f"{entry.height_cm:g} cm" if entry.height_cm else "",
            "weight": f"{entry.weight_kg:g} kg" if entry.weight_kg else "",
            "item": row.items,
            "exam_type": self._exam_type(row.exam_type),
            "body_part": row.body_part,
            "requesting_department": exam.requester.department,
            "requesting_doctor": exam.requester.doctor,
            "requested_at": self._minute(exam.requester.requested_at),
            "his_number": exam.requester.his_number,
            "diagnosis": exam.clinical.diagnosis,
            "purpose": exam.clinical.purpose,
            "history": exam.clinical.history,
            "signs": exam.clinical.signs,
            "safety": safety_words(exam.safety, self._language),
            "total": yuan(sum(item.price_fen for item in exam.items)),
            "registered_at": self._minute(row.registered_at),
            "registered_by": exam.registered_by,
            "printed_at": self._now.strftime(_MINUTE),
        }

    def _of_visit(self, exam: ExamView) -> dict[str, str]:
        planned = self._local(exam.row.planned_at)
        return {
            "room": self._room(exam),
            "planned_at": planned.strftime(_MINUTE),
            "planned_date": planned.strftime("%Y-%m-%d"),
            "planned_time": planned.strftime("%H:%M"),
            "ticket_number": exam.row.ticket_number,
        }

    def _of_wait(self, forecast: WaitForecast) -> dict[str, str]:
        return {
            "waiting": str(forecast.ahead),
            "forecast_minutes": str(forecast.minutes),
            "forecast_time": (self._now + timedelta(minutes=forecast.minutes)).strftime("%H:%M"),
        }

    def _of_referral(self, referral: ReferralView) -> dict[str, str]:
        return {
            "referral_number": referral.exam.accession_number,
            "target_organisation": referral.to_organisation_name,
            "target_department": referral.to_campus_name,
            "sending_organisation": referral.from_organisation_name,
            "sending_department": referral.from_campus_name,
            "referred_by": referral.sent_by,
            "referred_at": self._minute(referral.sent_at),
            "notes": referral.note,
        }

    def report(
        self,
        view: ReportView,
        *,
        verification: str = "",
        copy_number: int = 1,
        marks_reprints: bool = False,
        validity_days: int = 0,
        printed_by: str = "",
        pictures: Mapping[str, bytes] | None = None,
        structured: Sequence[Mapping[str, str]] = (),
        photographs: Sequence[str] = (),
    ) -> PaperFacts:
        """Return what a report's templates may name; one that is not approved is marked and carries no seal.

        `pictures` by name: "key1" … in the order of the key images, the names of `photographs`, and the signatures.
        """
        row, content, words = view.row, view.content, _WORDS[self._language]
        is_approved = row.state in _APPROVED
        hp = _HP[self._language].get(content.hp, "") if view.hp_required else ""
        asked = [hp, *_own_choices(view, self._language)]
        impression = content.impression + "".join(f"<p>{escape(line)}</p>" for line in asked if line)
        again = marks_reprints and copy_number > 1
        values = {
            **self._of_exam(view.exam),
            "printed_by": printed_by,
            "department": self._department(view.exam),
            "room": self._room(view.exam),
            "examined_at": self._minute(row.examined_at),
            "ward_bed": "",
            "requesting_department": row.requesting_department,
            "requesting_doctor": row.requesting_doctor,
            "findings": content.findings,
            "impression": impression,
            "technique": "",
            "critical": _CRITICAL[self._language] if content.critical_value is CriticalValue.YES else "",
            "hp": hp,
            "diagnosing_doctor": row.diagnosing_doctor,
            "auditing_doctor": row.auditing_doctor if is_approved else "",
            "diagnosed_at": self._minute(row.diagnosed_at),
            "approved_at": self._minute(view.approved_at) if is_approved else "",
            "verification": verification,
            "seal": view.seal if is_approved else "",
            "version": str(max(1, view.edition)),
            "version_note": self._version_note(view),
            "watermark": self._watermark(view),
            "reprint": words["reprint"].format(number=copy_number) if again else "",
            "copy_number": str(copy_number),
            "valid_until": self._valid_until(view, validity_days),
        }
        lists: dict[str, tuple[Mapping[str, str], ...]] = {
            "items": self._items(view.exam),
            "key_images": tuple(
                {"picture": f"key{number}", "caption": image.caption} for number, image in enumerate(view.key_images, 1)
            ),
            "measurements": tuple(
                {"label": one.label, "value": f"{one.value:.1f}", "unit": one.unit} for one in view.measurements
            ),
            "structured": tuple(structured),
            "addenda": tuple({"at": self._minute(one.at), "by": one.by, "text": one.text} for one in view.addenda),
            "application_photos": tuple({"picture": name, "caption": ""} for name in photographs),
        }
        return PaperFacts(values, lists, pictures or {})

    def _items(self, exam: ExamView) -> tuple[dict[str, str], ...]:
        return tuple(
            {"number": str(number), "name": item.name, "body_part": item.body_part, "price": yuan(item.price_fen)}
            for number, item in enumerate(exam.items, 1)
        )

    def _watermark(self, view: ReportView) -> str:
        words = _WORDS[self._language]
        if view.exam.row.state is ExamState.CANCELLED:
            return words["void"]
        return "" if view.row.state in _APPROVED else words["draft"]

    def _version_note(self, view: ReportView) -> str:
        words = _WORDS[self._language]
        if view.addenda and view.edition > 1:
            return words["with_addendum"]
        return words["replaces"].format(number=view.edition - 1) if view.edition > 1 else ""

    def _valid_until(self, view: ReportView, days: int) -> str:
        if not days or view.approved_at is None:
            return ""
        return (self._local(view.approved_at) + timedelta(days=days)).strftime("%Y-%m-%d")

    def _minute(self, moment: datetime | None) -> str:
        return "" if moment is None else self._local(moment).strftime(_MINUTE)

    def _patient_kind(self, exam: ExamView) -> str:
        for kind in self._hospital.patient_types:
            if kind.code == exam.row.patient_kind:
                return self._either(kind.name, kind.name_en)
        return self._visit(exam.row.patient_type)

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


def yuan(fen: int) -> str:
    """An amount of money as forms write it."""
    return f"{fen // 100}.{fen % 100:02d}"


def masked_number(number: str) -> str:
    """An identity number with its middle hidden; a short one is hidden whole."""
    if len(number) < 11:
        return "*" * len(number)
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def _own_choices(view: ReportView, language: Language) -> list[str]:
    """Return what was chosen of the exam type's own choices, a line each (RIS-OPN-08)."""
    lines = []
    for choice in view.choices:
        value = view.content.choices.get(choice.key, "")
        option = next((one for one in choice.options if one.value == value), None)
        if option is not None:
            is_english = language == "en"
            lines.append(f"{choice.label_en}: {option.label_en}" if is_english else f"{choice.label}：{option.label}")
    return lines

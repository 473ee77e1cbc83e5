"""Between the form and the contract: checks before sending, filling from what the server knows; pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from clients.kit.translations import tr
from clients.registration.booking.state import BookingForm
from shared.contract.exams import ApplicationView, ExamView, PatientEntry, RegisterExam, UpdateExam
from shared.contract.organisation import ExamItemView, HospitalView
from shared.contract.patients import PatientView
from shared.domain.identity_documents import DocumentKind, IdentityError, kind_of, read_document
from shared.domain.safety import SafetyAnswer
from shared.domain.states import Sex

CANDIDATES = 12
"""How many exam items the quick entry offers at once."""


def check_form(form: BookingForm, today: date, *, is_change: bool = False) -> dict[str, str]:
    """What must be put right before submitting: field name → sentence, in the order of the form.

    The time of a registered exam may lie in the past (`is_change`); a new one cannot be planned there.
    """
    errors: dict[str, str] = {}
    if not form.name.strip():
        errors["name"] = tr("请填写患者姓名。")
    if form.sex is Sex.UNKNOWN:
        errors["sex"] = tr("请选择性别。")
    if form.birth_date is None:
        errors["birth_date"] = tr("请填写出生日期或年龄。")
    elif form.birth_date > today:
        errors["birth_date"] = tr("出生日期不能晚于今天。")
    wrong = identity_error(form.id_number, form.id_kind, today)
    if wrong:
        errors["id_number"] = wrong
    if form.room_id is None:
        errors["room_id"] = tr("请选择检查室。")
    if not is_change and form.planned_at is not None and form.planned_at.astimezone().date() < today:
        errors["planned_at"] = tr("预检时间不能早于今天。")
    if not form.items:
        errors["items"] = tr("请至少添加一个检查项目。")
    for name, low, high in (("height_cm", 20.0, 260.0), ("weight_kg", 0.3, 400.0)):
        if _measure(getattr(form, name), low, high) is False:
            errors[name] = tr("请填写 {low} 至 {high} 之间的数字。", low=f"{low:g}", high=f"{high:g}")
    return errors


def identity_error(number: str, kind: DocumentKind, today: date) -> str:
    """The sentence for a wrong document number; empty if it is right or absent."""
    if not number.strip():
        return ""
    try:
        read_document(number, kind, today=today)
    except IdentityError as error:
        return tr(str(error))
    return ""


def _measure(text: str, low: float, high: float) -> float | bool | None:
    if not text.strip():
        return None
    try:
        value = float(text.strip())
    except ValueError:
        return False
    return value if low <= value <= high else False


def patient_entry(form: BookingForm) -> PatientEntry:
    """The patient block of a request; call only for a form that passed `check_form`."""
    height, weight = _measure(form.height_cm, 20.0, 260.0), _measure(form.weight_kg, 0.3, 400.0)
    return PatientEntry(
        patient_id=form.patient_id,
        name=form.name.strip(),
        sex=form.sex,
        birth_date=form.birth_date,
        pinyin=form.pinyin.strip(),
        card_number=form.card_number.strip(),
        id_number=form.id_number.strip().upper(),
        id_kind=form.id_kind if form.id_number.strip() else None,
        inpatient_number=form.inpatient_number.strip(),
        health_check_number=form.health_check_number.strip(),
        phone=form.phone.strip(),
        address=form.address.strip(),
        height_cm=height or None,
        weight_kg=weight or None,
    )


def registration_of(
    form: BookingForm, *, accept_duplicate: bool, safety: tuple[SafetyAnswer, ...] = ()
) -> RegisterExam:
    """The request that registers what the form says."""
    assert form.campus_id is not None
    assert form.room_id is not None
    return RegisterExam(
        patient=patient_entry(form),
        exam_type=form.exam_type,
        items=form.items,
        campus_id=form.campus_id,
        room_id=form.room_id,
        planned_at=form.planned_at,
        slot_id=form.slot_id,
        patient_type=form.patient_type,
        patient_kind=form.patient_kind,
        is_in_arrears=form.is_in_arrears,
        clinical=form.clinical,
        requester=form.requester,
        application_id=form.application_id,
        accept_duplicate=accept_duplicate,
        safety=safety,
    )


def update_of(
    form: BookingForm, exam_id: int, version: int, *, safety: tuple[SafetyAnswer, ...] | None = None
) -> UpdateExam:
    """The request that changes a registered exam to what the form says."""
    assert form.room_id is not None
    assert form.planned_at is not None
    return UpdateExam(
        exam_id=exam_id,
        version=version,
        patient=patient_entry(form),
        items=form.items,
        room_id=form.room_id,
        planned_at=form.planned_at,
        slot_id=form.slot_id,
        patient_type=form.patient_type,
        patient_kind=form.patient_kind,
        is_in_arrears=form.is_in_arrears,
        clinical=form.clinical,
        requester=form.requester,
        safety=safety,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def filled_with_entry(form: BookingForm, patient: PatientEntry) -> BookingForm:
    """The form with the patient block of an application or of a registered exam."""
    return replace(
        form,
        patient_id=patient.patient_id,
        name=patient.name,
        pinyin=patient.pinyin,
        pinyin_typed=bool(patient.pinyin),
        sex=patient.sex,
        age="",
        birth_date=patient.birth_date,
        card_number=patient.card_number,
        id_number=patient.id_number,
        id_kind=patient.id_kind or (kind_of(patient.id_number) if patient.id_number else DocumentKind.RESIDENT),
        id_kind_chosen=patient.id_kind is not None,
        inpatient_number=patient.inpatient_number,
        health_check_number=patient.health_check_number,
        phone=patient.phone,
        address=patient.address,
        height_cm=_number(patient.height_cm),
        weight_kg=_number(patient.weight_kg),
    )


def filled_with_patient(form: BookingForm, patient: PatientView) -> BookingForm:
    """The form linked to a known patient; height and weight stay as typed, because the master record has none."""
    return replace(
        form,
        patient_id=patient.id,
        name=patient.name,
        pinyin=patient.pinyin,
        pinyin_typed=bool(patient.pinyin),
        sex=patient.sex,
        age="",
        birth_date=patient.birth_date,
        card_number=patient.card_number,
        id_number=patient.id_number,
        id_kind=patient.id_kind or (kind_of(patient.id_number) if patient.id_number else DocumentKind.RESIDENT),
        id_kind_chosen=patient.id_kind is not None,
        inpatient_number=patient.inpatient_number,
        health_check_number=patient.health_check_number,
        phone=patient.phone,
        address=patient.address,
    )


def filled_with_application(form: BookingForm, application: ApplicationView) -> BookingForm:
    """The form with everything an application says (RIS-REG-19); all of it stays editable."""
    return replace(
        filled_with_entry(form, application.patient),
        exam_type=application.exam_type,
        items=application.items,
        patient_type=application.patient_type,
        patient_kind=application.patient_type.value,
        clinical=application.clinical,
        requester=application.requester,
        application_id=application.id,
    )


def filled_with_exam(exam: ExamView) -> BookingForm:
    """The form for changing a registered exam."""
    row = exam.row
    entry = filled_with_entry(BookingForm(), exam.patient_entry)
    return replace(
        entry,
        patient_id=row.patient_id,
        campus_id=row.campus_id,
        room_id=row.room_id,
        exam_type=row.exam_type,
        planned_at=row.planned_at,
        patient_type=row.patient_type,
        patient_kind=row.patient_kind or row.patient_type.value,
        is_in_arrears=row.is_in_arrears,
        items=exam.items,
        clinical=exam.clinical,
        requester=exam.requester,
        application_id=exam.application_id,
    )


def matching_items(hospital: HospitalView | None, text: str, form: BookingForm) -> tuple[ExamItemView, ...]:
    """Dictionary items for typed pinyin initials, code or part of the name, best first, at most CANDIDATES.

    Once the form has an item, only items of its exam type fit, because one registration has one type.
    """
    wanted = text.strip().lower()
    if hospital is None or not wanted:
        return ()
    chosen = {item.code for item in form.items}
    ranked = []
    for order, item in enumerate(hospital.exam_items):
        if item.code in chosen or (form.items and form.exam_type and item.exam_type != form.exam_type):
            continue
        rank = _rank(item, wanted)
        if rank is not None:
            ranked.append((rank, order, item))
    return tuple(item for _rank_of, _order, item in sorted(ranked, key=lambda entry: entry[:2])[:CANDIDATES])


def _rank(item: ExamItemView, wanted: str) -> int | None:
    pinyin, code, name = item.pinyin.lower(), item.code.lower(), f"{item.name} {item.name_en}".lower()
    words = wanted.split()
    if wanted in (code, pinyin):
        return 0
    if pinyin.startswith(wanted) or code.startswith(wanted) or name.startswith(wanted):
        return 1
    everything = f"{pinyin} {code} {name} {item.body_part} {item.exam_type.lower()}"
    if all(word in everything for word in words):
        return 2
    return 3 if _in_order(wanted, pinyin) else None


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return len(letters) >= 2 and all(letter in rest for letter in letters)

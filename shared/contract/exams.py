"""Applications (申请单), registration (登记), appointment slots (预约选号) and the exam's life."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.patients import PatientView
from shared.contract.safety import SafetyAnswerView
from shared.domain.identity_documents import DocumentKind
from shared.domain.permissions import Permission
from shared.domain.safety import SafetyAnswer
from shared.domain.states import (
    ExamAction,
    ExamState,
    PatientType,
    ReferralState,
    RegistrationState,
    ReportState,
    Sex,
    TicketState,
    VisitKind,
)

# ── what is typed ────────────────────────────────────────────────────────────────────────────────────


class PatientEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The patient block of an application or registration. `patient_id` links a known patient."""

    patient_id: int | None = None
    name: str
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    pinyin: str = ""  # made from the name when empty
    card_number: str = ""
    id_number: str = ""
    inpatient_number: str = ""
    health_check_number: str = ""
    phone: str = ""
    address: str = ""
    height_cm: float | None = None
    weight_kg: float | None = None
    id_kind: DocumentKind | None = None  # 证件类型; None: as the number looks


class ClinicalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """临床信息."""

    diagnosis: str = ""  # 临床诊断
    purpose: str = ""  # 检查目的
    history: str = ""  # 病史摘要
    signs: str = ""  # 患者体征


class ItemEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One exam item with the price agreed here, in fen."""

    code: str
    name: str
    body_part: str
    price_fen: int


class RequesterEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked: 请检科室, 请检医生, 请检时间, HIS 单号."""

    department: str = ""
    doctor: str = ""
    requested_at: datetime | None = None
    his_number: str = ""
    ward: str = ""  # 病区
    bed: str = ""  # 床号


# ── applications ────────────────────────────────────────────────────────────────────────────────────


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """What a clinician asks for; `exam_id` is set once it was registered."""

    id: int
    version: int
    patient: PatientEntry
    patient_type: PatientType
    exam_type: str
    items: tuple[ItemEntry, ...]
    clinical: ClinicalEntry
    requester: RequesterEntry
    received_at: datetime
    exam_id: int | None
    ecg_exam_id: int | None = None  # the exam of the ECG network that it was registered as
    is_cancelled: bool = False  # taken back by the hospital system
    patient_key: str = ""  # the hospital system's own number of the patient
    campus_id: int | None = None  # for which it was made; None: the other system did not say


class SubmitApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """The hospital system hands in an application; the same HIS number replaces an unregistered one.

    Refusals: INVALID, DUPLICATE (already registered; `existing_id` is the exam).
    """

    method = "exams.submit_application"
    permission = Permission.SUBMIT_APPLICATION
    audit = AuditClass.PATIENT_RECORD

    patient: PatientEntry
    exam_type: str
    items: tuple[ItemEntry, ...]
    clinical: ClinicalEntry = ClinicalEntry()
    requester: RequesterEntry = RequesterEntry()
    patient_type: PatientType = PatientType.ORDINARY
    campus_id: int | None = None  # the campus (hospital) that shall carry it out, None: not said


class FindApplications(Query[tuple[ApplicationView, ...]], frozen=True, kw_only=True):
    """查询: by 就诊卡号, 体检号 or 身份证号, newest first."""

    method = "exams.find_applications"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    number: str


# ── exams ────────────────────────────────────────────────────────────────────────────────────────────


class ExamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of today's list, registration management or the finished list."""

    id: int
    version: int
    accession_number: str  # 检查号
    image_number: str  # 影像号
    patient_id: int
    patient_number: str
    patient_name: str
    sex: Sex
    age: str  # "45岁", "3月": as of the planned time
    patient_type: PatientType
    is_in_arrears: bool
    state: ExamState
    registration_state: RegistrationState
    report_state: ReportState | None
    report_id: int | None
    ticket_state: TicketState | None
    ticket_number: str
    exam_type: str
    items: str  # names joined
    body_part: str
    campus_id: int
    room_id: int
    room_name: str
    planned_at: datetime
    registered_at: datetime
    has_images: bool
    study_uid: str
    allowed: tuple[ExamAction, ...]
    has_safety_alarm: bool = False  # an answer to the safety questions alarms (RIS-EX-11)
    paper_pages: int = 0  # photographed pages of the paper application (RIS-REG-25)
    is_no_show: bool = False  # 爽约: the planned day ended without the patient
    patient_no_shows: int = 0  # of the last year, this exam's included
    reschedules: int = 0  # 改约次数
    referral_id: int | None = None  # 转诊
    referral_state: ReferralState | None = None
    from_campus_id: int | None = None  # 申请院区 of a referral
    visit_kind: VisitKind = VisitKind.OUTPATIENT
    patient_kind: str = ""  # code of organisation.PatientTypeView; `patient_type` is its class


class ExamList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, how many there are in all, and how many per registration state under the other filters."""

    total: int
    rows: tuple[ExamRow, ...]
    counts: dict[str, int] = {}


class ListExams(Query[ExamList], frozen=True, kw_only=True):
    """Today's list and registration management. Emergency first, then VIP, then by planned time.

    Dates are days in the hospital's time zone, both ends included; empty filters do not filter.
    """

    method = "exams.list"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    registered_from: date | None = None
    registered_to: date | None = None
    planned_from: date | None = None
    planned_to: date | None = None
    states: tuple[RegistrationState, ...] = ()
    exam_states: tuple[ExamState, ...] = ()
    exam_types: tuple[str, ...] = ()
    campus_id: int | None = None
    room_id: int | None = None
    body_part: str = ""
    patient_name: str = ""
    card_number: str = ""
    accession_number: str = ""
    his_number: str = ""
    patient_id: int | None = None  # exams of one record, not of those linked with it
    page: Page = Page()
    no_show: bool | None = None  # True: only 爽约
    rescheduled: bool | None = None  # True: only exams that were moved at least once
    is_referral: bool | None = None  # True: only 转诊, False: only the others
    referral_states: tuple[ReferralState, ...] = ()
    from_campus_id: int | None = None  # referrals that this campus asked for


class ExamView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one exam (登记详情)."""

    row: ExamRow
    version: int
    allowed: tuple[ExamAction, ...]
    patient: PatientView
    patient_entry: PatientEntry
    items: tuple[ItemEntry, ...]
    clinical: ClinicalEntry
    requester: RequesterEntry
    application_id: int | None
    registered_by: str
    started_at: datetime | None
    finished_at: datetime | None
    safety: tuple[SafetyAnswerView, ...] = ()  # RIS-EX-11


class GetExam(Query[ExamView], frozen=True, kw_only=True):
    """One exam. Refusals: NOT_FOUND."""

    method = "exams.get"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class RegisterExam(Command[ExamView], frozen=True, kw_only=True):
    """提交登记: makes patient (or links one), accession and image number, worklist entry, slot and queue ticket.

    Refusals: INVALID (field named), SLOT_TAKEN, DUPLICATE (same patient, type and items registered and not
    finished today; register again with `accept_duplicate`), ILLEGAL_ACTION (application already registered).
    """

    method = "exams.register"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    patient: PatientEntry
    exam_type: str
    items: tuple[ItemEntry, ...]
    campus_id: int
    room_id: int
    planned_at: datetime | None = None  # now when empty
    slot_id: int | None = None
    patient_type: PatientType = PatientType.ORDINARY
    patient_kind: str = ""  # code of organisation.PatientTypeView, whose class then counts; empty: as `patient_type`
    is_in_arrears: bool = False
    clinical: ClinicalEntry = ClinicalEntry()
    requester: RequesterEntry = RequesterEntry()
    application_id: int | None = None
    accept_duplicate: bool = False
    safety: tuple[SafetyAnswer, ...] = ()  # RIS-EX-11; questions left out stay open for the technician


class UpdateExam(Command[ExamView], frozen=True, kw_only=True):
    """编辑登记. Refusals: CONFLICT (stale version), ILLEGAL_ACTION, INVALID, SLOT_TAKEN."""

    method = "exams.update"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int
    patient: PatientEntry
    items: tuple[ItemEntry, ...]
    room_id: int
    planned_at: datetime
    slot_id: int | None = None
    patient_type: PatientType
    patient_kind: str = ""  # as in RegisterExam
    is_in_arrears: bool
    clinical: ClinicalEntry
    requester: RequesterEntry
    safety: tuple[SafetyAnswer, ...] | None = None  # None leaves the answers as they are


class CancelExam(Command[ExamView], frozen=True, kw_only=True):
    """取消登记: leaves the queue, frees the slot. Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "exams.cancel"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int
    reason: str = ""


class PushExam(Command[ExamView], frozen=True, kw_only=True):
    """推送登记信息: the worklist entry and the room's list are told again. Refusals: ILLEGAL_ACTION."""

    method = "exams.push"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int


# ── slots ────────────────────────────────────────────────────────────────────────────────────────────


class SlotOffer(StrEnum):
    """Whether the booking asked about can begin in a slot."""

    FREE = "free"
    FULL = "full"  # 约满
    RESERVED = "reserved"  # places are left, but kept for other kinds of visit until they are released
    TOO_SHORT = "too_short"  # the exam does not fit before the session ends or the next slot is full
    OVERBOOK = "overbook"  # full, but an emergency may be added
    NOT_OPEN = "not_open"  # too far ahead, or too late
    PAST = "past"


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """A bookable time of a room. `capacity` 0: the schedule changed and nobody new gets it."""

    id: int
    room_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    offer: SlotOffer = SlotOffer.FREE  # to the booking that the query describes
    free: int = 0  # how many such bookings could begin here


class ListSlots(Query[tuple[SlotView, ...]], frozen=True, kw_only=True):
    """Slots of one room on one day (hospital's time zone); made from the room's schedule when first asked.

    `offer` and `free` answer for a visit of `kind` with these items (a longer exam takes several slots in a row);
    `exam_id` is an exam to be moved, whose own places count as free.
    """

    method = "exams.list_slots"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    room_id: int
    day: date
    kind: VisitKind = VisitKind.OUTPATIENT
    exam_type: str = ""
    item_codes: tuple[str, ...] = ()
    exam_id: int | None = None


class HoldSlot(Command[SlotView], frozen=True, kw_only=True):
    """Keep a place in a slot while the clerk is still typing; it expires by itself after a few minutes.

    With items the hold covers as many slots in a row as the exam needs. A new hold of the same clerk ends the old one
    where `only` is set. Refusals: SLOT_TAKEN, NOT_FOUND, INVALID (the slot is over).
    """

    method = "exams.hold_slot"
    permission = Permission.REGISTER
    audit = AuditClass.ROUTINE

    slot_id: int
    kind: VisitKind = VisitKind.OUTPATIENT
    exam_type: str = ""
    item_codes: tuple[str, ...] = ()
    only: bool = False


class ReleaseSlot(Command[Nothing], frozen=True, kw_only=True):
    """Give a held place back before it expires; nothing happens when none is held."""

    method = "exams.release_slot"
    permission = Permission.REGISTER
    audit = AuditClass.ROUTINE

    slot_id: int


class FinishExam(Command[Nothing], frozen=True, kw_only=True):
    """检查完成 by hand, for a device without MPPS. Refusals: ILLEGAL_ACTION, CONFLICT."""

    method = "exams.finish"
    permission = Permission.CALL
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int

"""ECG exams: requests, registration, lists, details, traces, favourites (ECG-REG, ECG-PE, ECG-IN, ECG-READ).

Notices: `Changed(entity="ecg_exam")` for every new version of an exam (registered, acquired, reported, cancelled …),
and `Changed(entity="application")` for requests. An account limited to campuses sees their exams only (ECG-LOGIN-06).
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.ecg import (
    ConsultationState,
    EcgKind,
    ExamAction,
    ExamState,
    QuickRange,
    ReportState,
    RequestState,
    TraceSource,
    Urgency,
)
from shared.domain.permissions import Permission
from shared.domain.states import Sex, VisitKind

MAX_INLINE_BYTES = 4 * 1024 * 1024
"""A longer compact record is not in `TraceData.data`: bulk item `ecg_trace`, name the trace's id, gives it."""


# ── what is typed ────────────────────────────────────────────────────────────────────────────────────


class EcgEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of the registration dialog (ECG-HIS-07). Mandatory everywhere: name, sex, age or birth date."""

    patient_id: int | None = None  # links a known patient
    patient_name: str = ""
    sex: Sex = Sex.UNKNOWN
    age: str = ""  # "45岁", "3月", "12天"; a plain number counts as years; empty: from birth_date
    birth_date: date | None = None
    id_number: str = ""  # 身份证号
    patient_number: str = ""  # 病人编号 of the hospital's system
    visit_kind: VisitKind = VisitKind.OUTPATIENT
    outpatient_number: str = ""
    inpatient_number: str = ""
    health_check_number: str = ""
    request_number: str = ""
    department: str = ""
    ward: str = ""
    bed: str = ""
    exam_item: str = ""  # empty: the word of `kind`
    kind: EcgKind = EcgKind.TWELVE_LEAD
    doctor: str = ""  # 申请医生
    requested_at: datetime | None = None
    complaint: str = ""  # 主诉
    history: str = ""  # 病史
    clinical_diagnosis: str = ""
    phone: str = ""
    remark: str = ""
    urgency: Urgency = Urgency.ROUTINE
    height_cm: float | None = None
    weight_kg: float | None = None
    campus_id: int | None = None  # None: the account's own campus, else the first


class EcgChange(msgspec.Struct, frozen=True, kw_only=True):
    """What 详情 lets be changed (ECG-AMB-05); None leaves a field as it is."""

    complaint: str | None = None
    history: str | None = None
    clinical_diagnosis: str | None = None
    phone: str | None = None
    bed: str | None = None
    remark: str | None = None


# ── requests of other systems (HIS登记) ──────────────────────────────────────────────────────────────


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an ECG: `entry` is what the registration dialog shows to be compared with the paper."""

    application_id: int
    version: int
    state: RequestState
    entry: EcgEntry
    received_at: datetime
    exam_id: int | None = None  # the exam it was registered as
    known: bool = True  # False: its item is not in our dictionary, the word stands as it came
    can_register: bool = True  # False: registered, examined or cancelled (ECG-HIS-08)
    campus_name: str = ""  # for which it was made; `entry.campus_id` names it. Empty: the other system did not say


class RequestList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first, and how many there are in all."""

    total: int
    rows: tuple[RequestRow, ...]


class SearchRequests(Query[RequestList], frozen=True, kw_only=True):
    """查询 of HIS登记 (ECG-HIS-02). Empty conditions do not filter; days are the hospital's, both ends included.

    An account limited to campuses finds the requests for them (ECG-LOGIN-06); one that names no campus is the first
    campus's. The same holds for `FindRequest` and `RegisterRequest`.
    `patient_name` finds by characters, pinyin or initials. Refusals: INVALID (dates).
    """

    method = "ecg.search_requests"
    permission = Permission.ECG_REGISTER
    audit = AuditClass.PATIENT_RECORD

    visit_kinds: tuple[VisitKind, ...] = ()
    request_number: str = ""
    patient_name: str = ""
    patient_number: str = ""  # the hospital's own, or a card or inpatient number
    id_number: str = ""
    health_check_number: str = ""
    received_from: date | None = None
    received_to: date | None = None
    states: tuple[RequestState, ...] = ()
    page: Page = Page()


class FindRequest(Query[tuple[RequestRow, ...]], frozen=True, kw_only=True):
    """Quick registration (ECG-QREG-02/03): requests that bear exactly this number, newest first.

    One of the two numbers is given. Refusals: INVALID (empty), NOT_FOUND (the sentence to show, ECG-QREG-06).
    """

    method = "ecg.find_request"
    permission = Permission.ECG_REGISTER
    audit = AuditClass.PATIENT_RECORD

    request_number: str = ""
    health_check_number: str = ""


# ── exams ────────────────────────────────────────────────────────────────────────────────────────────


class EcgRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of 体检检查 or 院内检查."""

    id: int
    version: int
    accession_number: str  # 检查号, DICOM accession number
    study_uid: str
    patient_id: int
    patient_name: str
    sex: Sex
    age: str
    visit_kind: VisitKind
    patient_number: str
    outpatient_number: str
    inpatient_number: str
    health_check_number: str
    id_number: str
    request_number: str
    department: str
    ward: str
    bed: str
    exam_item: str
    kind: EcgKind
    clinical_diagnosis: str
    urgency: Urgency
    state: ExamState
    report_state: ReportState
    campus_id: int
    campus_name: str
    registered_at: datetime
    registered_by: str
    acquired_at: datetime | None = None
    reported_at: datetime | None = None
    reported_by: str = ""
    report_id: int | None = None
    conclusion: str = ""  # first 200 characters of the diagnosis of the present report
    trace_count: int = 0
    quality_passed: bool | None = None  # of the present trace; None without one
    is_critical: bool = False
    consultation_id: int | None = None
    consultation_state: ConsultationState | None = None
    collected: bool = False  # by the caller
    allowed: tuple[ExamAction, ...] = ()  # by state and by the caller's rights


class EcgList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest registration first, how many there are in all, and how many per state under the other filters."""

    total: int
    rows: tuple[EcgRow, ...]
    counts: dict[str, int] = {}  # ExamState value → number


class ListEcgExams(Query[EcgList], frozen=True, kw_only=True):
    """Both lists (ECG-PE-02, ECG-IN-02): 体检检查 asks for HEALTH_CHECK, 院内检查 for domain.ecg.IN_HOSPITAL_KINDS.

    Empty filters do not filter. `quick` (查今天 …) overrides the two days. Days are the hospital's, both ends included.
    Without `states` cancelled exams are left out. Refusals: INVALID (dates).
    """

    method = "ecg.list_exams"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    visit_kinds: tuple[VisitKind, ...] = ()
    states: tuple[ExamState, ...] = ()
    request_number: str = ""
    patient_name: str = ""  # characters, pinyin or initials
    patient_number: str = ""  # hospital's own, outpatient or inpatient number
    health_check_number: str = ""
    id_number: str = ""
    exam_item: str = ""
    kinds: tuple[EcgKind, ...] = ()
    campus_id: int | None = None
    registered_from: date | None = None
    registered_to: date | None = None
    quick: QuickRange | None = None
    quality_passed: bool | None = None
    page: Page = Page()


class EcgExamView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one exam: `entry` as registered and changed since, its traces oldest first, its documents."""

    row: EcgRow
    entry: EcgEntry
    application_id: int | None
    cancel_reason: str
    traces: tuple[TraceView, ...]
    documents: tuple[DocumentView, ...]


class RegisteredView(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a registration. `existed`: the request was registered before, this is that exam (ECG-REG-04)."""

    exam: EcgExamView
    existed: bool = False


class GetEcgExam(Query[EcgExamView], frozen=True, kw_only=True):
    """One exam. Refusals: NOT_FOUND (also one of another hospital)."""

    method = "ecg.get_exam"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class FindEcgExam(Query[EcgExamView], frozen=True, kw_only=True):
    """One exam by accession number or study UID (links from elsewhere). Refusals: NOT_FOUND."""

    method = "ecg.find_exam"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    accession_number: str = ""
    study_uid: str = ""


class RegisterRequest(Command[RegisteredView], frozen=True, kw_only=True):
    """登记 of a request: once only, a second attempt answers the existing exam (ECG-REG-04).

    `entry` is the dialog's; identity and numbers of the other system stand as they came. Refusals: NOT_FOUND,
    INVALID (field named), ILLEGAL_ACTION (cancelled by the other system), CONFLICT (the request was changed since).
    """

    method = "ecg.register_request"
    permission = Permission.ECG_REGISTER
    audit = AuditClass.PATIENT_RECORD

    application_id: int
    version: int
    entry: EcgEntry


class RegisterEcg(Command[RegisteredView], frozen=True, kw_only=True):
    """Quick registration of a consultation (ECG-QREG-04): name, sex and age are mandatory.

    Refusals: INVALID (the first missing field is named).
    """

    method = "ecg.register"
    permission = Permission.ECG_REGISTER
    audit = AuditClass.PATIENT_RECORD

    entry: EcgEntry


class ChangeEcgExam(Command[EcgExamView], frozen=True, kw_only=True):
    """Change the fields that 详情 lets be changed; old and new values are logged (ECG-AMB-05).

    Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (cancelled), INVALID (too long).
    """

    method = "ecg.change_exam"
    permission = Permission.ECG_REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int
    change: EcgChange


class CancelEcgExam(Command[EcgExamView], frozen=True, kw_only=True):
    """Cancel the registration (ECG-SM-EXM-10): the request is free again. An open acquisition task is stopped.

    Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (there is a trace), INVALID (no reason).
    """

    method = "ecg.cancel_exam"
    permission = Permission.ECG_REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int
    reason: str


class ListHistory(Query[tuple[EcgRow, ...]], frozen=True, kw_only=True):
    """The patient's ECG exams with a trace, newest first, this one included (ECG-READ-03); at most 100.

    Exams of linked patient records count as the same person's. Refusals: NOT_FOUND.
    """

    method = "ecg.list_history"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class ChangeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an exam's trail: who did what, when, and for a change the old and the new value."""

    at: datetime
    user_name: str
    action: str  # of ExamAction, or "register"
    field: str = ""
    old: str = ""
    new: str = ""


class GetTrail(Query[tuple[ChangeEntry, ...]], frozen=True, kw_only=True):
    """The exam's trail, oldest first (EX-ECG-12). Refusals: NOT_FOUND."""

    method = "ecg.get_trail"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


# ── traces ───────────────────────────────────────────────────────────────────────────────────────────


class TraceValues(msgspec.Struct, frozen=True, kw_only=True):
    """The global measurements that the parameter area shows; None: cannot be measured.

    `p_waves` False is the answer "no P wave". The whole analysis is in `TraceData.analysis`.
    """

    hr_bpm: int | None = None
    rr_ms: float | None = None
    p_waves: bool = False
    p_ms: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_bazett_ms: int | None = None
    qtc_fridericia_ms: int | None = None
    qtc_framingham_ms: int | None = None
    qtc_hodges_ms: int | None = None
    p_axis: int | None = None
    qrs_axis: int | None = None
    t_axis: int | None = None
    rv5_mv: float | None = None
    sv1_mv: float | None = None
    rv5_sv1_mv: float | None = None
    confidence: dict[str, float] = {}  # of hr, p, pr, qrs, qt: 0 … 1


class QualityFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of the gate (shared.waveform.quality.Finding), with its sentence and what to do."""

    fault: str
    severity: str  # "fail": record again; "warn": readable
    leads: tuple[str, ...]
    value: float
    limit: float
    unit: str
    zh: str
    en: str


class QualityVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate says of a trace (ECG-ACQ-08, EX-ECG-10)."""

    passed: bool
    findings: tuple[QualityFinding, ...] = ()


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """A statement suggested by a published rule, never a diagnosis; `code` is the rule's."""

    code: str
    zh: str
    en: str
    reason_zh: str
    reason_en: str


class TraceView(msgspec.Struct, frozen=True, kw_only=True):
    """One recording of an exam. The newest is the present one; earlier ones stay (ECG-SM-EXM-04)."""

    id: int
    exam_id: int | None  # None: an orphan
    number: int  # 1 is the first of its exam
    is_current: bool
    source: TraceSource
    format: str  # shared.waveform.formats.Kind value, or "compact"
    file_name: str
    device: str  # manufacturer, model, serial as the file or the task says
    recorded_at: datetime | None  # as the device wrote it
    received_at: datetime
    received_by: str
    leads: tuple[str, ...]
    sampling_hz: float
    seconds: float
    size_bytes: int  # of the original
    sha256: str
    sop_class: str  # of the DICOM object in the archive
    sop_uid: str  # "" until it lies there
    values: TraceValues
    quality: QualityVerdict
    suggestions: tuple[StatementView, ...] = ()
    file_statements: tuple[str, ...] = ()  # what the device itself printed
    file_patient: str = ""  # name and number in the file: a warning when it is somebody else
    patient_differs: bool = False
    is_measured: bool = True  # False: a long record, which a job measures; values and quality say nothing yet


class TraceData(msgspec.Struct, frozen=True, kw_only=True):
    """A trace with its samples: `data` for shared.waveform.compact.unpack, `analysis` for shared.waveform.kept.unpack.

    `data` is empty where the record is larger than MAX_INLINE_BYTES; `analysis` is empty where nothing was measured.
    """

    trace: TraceView
    data: bytes
    analysis: bytes


class GetTrace(Query[TraceData], frozen=True, kw_only=True):
    """The present trace of an exam, or the one named. Refusals: NOT_FOUND (no trace yet: the sentence says so)."""

    method = "ecg.get_trace"
    permission = Permission.ECG_VIEW
    audit = AuditClass.IMAGES

    exam_id: int | None = None
    trace_id: int | None = None


class OriginalFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was received."""

    name: str
    data: bytes


class GetOriginal(Query[tuple[OriginalFile, ...]], frozen=True, kw_only=True):
    """The file or files of a trace as received, at most 16 MB together. Refusals: NOT_FOUND, TOO_LARGE."""

    method = "ecg.get_original"
    permission = Permission.ECG_EXPORT
    audit = AuditClass.EXPORT

    trace_id: int


class UseTrace(Command[EcgExamView], frozen=True, kw_only=True):
    """Make an earlier trace the present one again. Refusals: NOT_FOUND, ILLEGAL_ACTION (reported)."""

    method = "ecg.use_trace"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    trace_id: int


# ── documents of Holter, stress and other kinds (EX-ECG-14) ─────────────────────────────────────────


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A PDF that another program made of the exam (Holter report, stress protocol)."""

    id: int
    exam_id: int
    title: str
    file_name: str
    size_bytes: int
    sha256: str
    stored_at: datetime
    stored_by: str
    sop_uid: str = ""  # of the encapsulated PDF in the archive


class AttachDocument(Command[DocumentView], frozen=True, kw_only=True):
    """Attach a PDF of at most 6 MB. The same bytes again: the same view. Makes a Holter or stress exam 已采集.

    Refusals: NOT_FOUND, INVALID (no PDF), TOO_LARGE, ILLEGAL_ACTION (cancelled).
    """

    method = "ecg.attach_document"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    exam_id: int
    title: str
    file_name: str
    data: bytes


class GetDocument(Query[OriginalFile], frozen=True, kw_only=True):
    """The bytes of an attached document. Refusals: NOT_FOUND."""

    method = "ecg.get_document"
    permission = Permission.ECG_VIEW
    audit = AuditClass.REPORT

    document_id: int


# ── favourites by class (收藏报告) ───────────────────────────────────────────────────────────────────


class CollectedView(msgspec.Struct, frozen=True, kw_only=True):
    """An exam in the caller's favourites."""

    exam: EcgRow
    category: str  # 分类; empty: not classed
    note: str
    added_at: datetime


class CollectedList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first, how many match, and every category of the account with its number."""

    total: int
    rows: tuple[CollectedView, ...]
    categories: dict[str, int] = {}


class ListCollected(Query[CollectedList], frozen=True, kw_only=True):
    """The account's favourites; `category` None: all. `text` searches names, numbers, conclusions and notes."""

    method = "ecg.list_collected"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    category: str | None = None
    text: str = ""
    page: Page = Page()


class CollectExam(Command[CollectedView], frozen=True, kw_only=True):
    """收藏报告: file an exam in a category, or file it anew; an exam is there once (ECG-PE-11, ECG-IN-12, ECG-ACC-07).

    Refusals: NOT_FOUND, ILLEGAL_ACTION (no trace yet), INVALID (texts too long).
    """

    method = "ecg.collect_exam"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    category: str = ""
    note: str = ""


class UncollectExam(Command[Nothing], frozen=True, kw_only=True):
    """Take an exam out of the favourites; nothing happens when it is not there."""

    method = "ecg.uncollect_exam"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    exam_id: int

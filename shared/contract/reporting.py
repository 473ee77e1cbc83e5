"""Diagnosis list (诊断), report with lock, versions and audit (报告)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.exams import ExamView
from shared.domain.permissions import Permission
from shared.domain.report_choices import Choice
from shared.domain.states import (
    CriticalValue,
    ExamState,
    HpResult,
    PatientType,
    ReportAction,
    ReportState,
    Sex,
    VisitKind,
)
from shared.domain.structured import FormContent

# ── the list ─────────────────────────────────────────────────────────────────────────────────────────


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the diagnosis list (RIS-DX-04)."""

    id: int
    version: int
    state: ReportState
    exam_id: int
    exam_state: ExamState
    accession_number: str
    image_number: str
    patient_id: int
    patient_number: str
    patient_name: str
    sex: Sex
    age: str
    patient_type: PatientType
    exam_type: str
    campus_id: int
    room_id: int
    room_name: str
    body_part: str
    items: str
    examined_at: datetime | None
    registered_by: str
    diagnosing_doctor: str
    auditing_doctor: str
    requesting_doctor: str
    requesting_department: str
    requested_at: datetime | None
    diagnosed_at: datetime | None
    study_uids: tuple[str, ...]
    image_count: int
    locked_by: str  # display name of the holder, empty when free
    is_locked_by_me: bool
    was_returned: bool
    allowed: tuple[ReportAction, ...]
    completeness: str = "unknown"  # of the images: complete, short, unknown
    missing_images: int = 0  # promised by the device or the sender, and not here
    visit_kind: VisitKind = VisitKind.OUTPATIENT  # 就诊类别
    device_ae: str = ""  # AE title of the device that sent the images, or of the only one in the room
    state_since: datetime | None = None  # since when the report is in its state
    due_at: datetime | None = None  # by when it should be approved
    warn_at: datetime | None = None  # from when a list shows its clock in amber
    approved_at: datetime | None = None
    printed_at: datetime | None = None  # last printed
    away_to: str = ""  # hospital and team that write it (发送云端); empty: it is written here


class ReportList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, how many there are in all, and how many per state under the other filters."""

    total: int
    rows: tuple[ReportRow, ...]
    counts: dict[str, int] = {}


class Scan(StrEnum):
    """How an exam was scanned, as its items say (扫描方式)."""

    PLAIN = "plain"  # 平扫, without contrast medium
    CONTRAST = "contrast"  # 增强, angiography


class ReportClock(StrEnum):
    """How an open report stands to its time limit."""

    ON_TIME = "on_time"
    SOON = "soon"  # in the last part of its time
    OVERDUE = "overdue"


class ReportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions of the diagnosis list; empty ones do not filter. Days in the hospital's time zone, ends included."""

    states: tuple[ReportState, ...] = ()
    examined_from: date | None = None
    examined_to: date | None = None
    diagnosed_from: date | None = None
    diagnosed_to: date | None = None
    exam_types: tuple[str, ...] = ()
    campus_id: int | None = None
    room_id: int | None = None
    patient_name: str = ""  # part of the name, pinyin or initials
    accession_number: str = ""  # exact
    image_number: str = ""  # exact
    patient_number: str = ""  # exact
    body_part: str = ""
    diagnosing_doctor: str = ""
    auditing_doctor: str = ""
    requesting_department: str = ""
    patient_types: tuple[PatientType, ...] = ()
    visit_kinds: tuple[VisitKind, ...] = ()
    sex: Sex | None = None
    age_from: int | None = None  # whole years, included
    age_to: int | None = None
    exam_states: tuple[ExamState, ...] = ()
    device_ae: str = ""  # exact
    scan: Scan | None = None  # 扫描方式
    items: str = ""
    registered_by: str = ""
    requesting_doctor: str = ""
    requested_from: date | None = None
    requested_to: date | None = None
    printed_from: date | None = None
    printed_to: date | None = None
    clock: ReportClock | None = None
    mine_only: bool = False  # written or audited by the caller
    exact: bool = False  # texts must be equal; else it is enough that they occur


class ReportOrder(StrEnum):
    """What the list is ordered by."""

    URGENCY = "urgency"  # emergency, VIP, the rest; within each the oldest exam first
    EXAMINED = "examined_at"
    PRINTED = "printed_at"  # never printed ones last
    DUE = "due_at"


class ListReports(Query[ReportList], frozen=True, kw_only=True):
    """The diagnosis list: emergency first, then VIP, then oldest exam first."""

    method = "reporting.list"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    filter: ReportFilter = ReportFilter()
    page: Page = Page()
    order: ReportOrder = ReportOrder.URGENCY
    descending: bool = False  # URGENCY has one direction only


class SavedQueryView(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of conditions of one account. `today_only` replaces the exam dates by the present day."""

    id: int
    name: str
    filter: ReportFilter
    today_only: bool
    is_default: bool


class ListSavedQueries(Query[tuple[SavedQueryView, ...]], frozen=True, kw_only=True):
    """The account's saved queries."""

    method = "reporting.list_saved_queries"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE


class SaveQuery(Command[SavedQueryView], frozen=True, kw_only=True):
    """保存查询条件: add (id None) or change. Refusals: INVALID (empty name), NOT_FOUND."""

    method = "reporting.save_query"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int | None = None
    name: str
    filter: ReportFilter
    today_only: bool = True
    is_default: bool = False


class DeleteQuery(Command[Nothing], frozen=True, kw_only=True):
    """Delete a saved query. Refusals: NOT_FOUND."""

    method = "reporting.delete_query"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int


# ── one report ───────────────────────────────────────────────────────────────────────────────────────


class ReportContent(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor writes. Rich text is a restricted HTML subset: p, br, b, i, u, sup, sub, ol, ul, li."""

    findings: str = ""  # 影像所见
    impression: str = ""  # 诊断意见
    critical_value: CriticalValue = CriticalValue.UNSET
    hp: HpResult = HpResult.UNSET
    image_quality: str = ""  # 影像质量评分: 甲 乙 丙 丁 or empty
    report_quality: str = ""  # 报告质量评分
    choices: dict[str, str] = {}  # the hospital's own choices of the exam type: key of the choice, value
    form: FormContent | None = None  # the structured form that writes into the texts above


class KeyImageView(msgspec.Struct, frozen=True, kw_only=True):
    """An image chosen in the viewer for the report."""

    id: int
    study_uid: str
    series_uid: str
    instance_uid: str
    frame: int  # from 1
    caption: str
    document_id: int  # the picture (PNG), fetched over the bulk channel


class MeasurementView(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement sent from the viewer."""

    id: int
    instance_uid: str
    frame: int
    label: str
    value: float
    unit: str  # UCUM, "mm"


class ReturnView(msgspec.Struct, frozen=True, kw_only=True):
    """One 驳回."""

    at: datetime
    by: str
    reason: str


class AddendumView(msgspec.Struct, frozen=True, kw_only=True):
    """A 补充 to an approved report."""

    edition: int  # the edition that brought it
    at: datetime
    by: str
    text: str  # plain


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A report as opened."""

    row: ReportRow
    version: int
    allowed: tuple[ReportAction, ...]
    exam: ExamView
    content: ReportContent
    hp_required: bool
    key_images: tuple[KeyImageView, ...]
    measurements: tuple[MeasurementView, ...]
    returns: tuple[ReturnView, ...]
    approved_at: datetime | None
    print_count: int
    unlocked_by: str = ""  # who freed the lock last; told to the doctor who lost it
    seal: str = ""  # sha256 of the approved report, hexadecimal; empty before approval
    text_version: int = 0  # number of the present text among the kept ones; 0 when nothing was written
    submitted_version: int = 0  # number of the text that was submitted last; audit compares with it
    edition: int = 0  # 第 N 版: approved editions so far
    revision_reason: str = ""  # why the last edition was withdrawn; empty unless its revision is under way
    addenda: tuple[AddendumView, ...] = ()  # 补充 to the present text, oldest first
    diagnosing_id: int = 0  # account
    auditing_id: int = 0  # account
    choices: tuple[Choice, ...] = ()  # what the exam type asks for below the text, the critical value first
    score_scale: str = "grades"  # of the quality scores: grades (甲 乙 丙 丁) or points (0 to 100)
    medical_record_url: str = ""  # of this patient in the electronic medical record; empty: none is configured


class GetReport(Query[ReportView], frozen=True, kw_only=True):
    """Read without entering. Refusals: NOT_FOUND."""

    method = "reporting.get"
    permission = Permission.SIGNED_IN
    audit = AuditClass.REPORT

    report_id: int


class WriteReport(Command[ReportView], frozen=True, kw_only=True):
    """写报告: lock, 诊断中, 诊断医生 = me. Entering a report that I hold already is no change.

    Refusals: HELD_BY_OTHER, ILLEGAL_ACTION, NOT_FOUND.
    """

    method = "reporting.write"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class SaveReport(Command[ReportView], frozen=True, kw_only=True):
    """保存 (by hand and by itself). Refusals: CONFLICT (stale), HELD_BY_OTHER (lock lost), ILLEGAL_ACTION."""

    method = "reporting.save"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    version: int
    content: ReportContent
    is_automatic: bool = False  # kept, but the next automatic save of this sitting replaces it


class SubmitReport(Command[ReportView], frozen=True, kw_only=True):
    """提交: 待审核. Refusals: INVALID (findings, impression, critical_value, hp missing), CONFLICT, HELD_BY_OTHER.

    INVALID with field "overrule_reason": the text is doubtful (RIS-EX-14); submit again with a reason to overrule.
    INVALID with field "missing_acknowledged": images are missing; submit again with the flag to report all the same.
    """

    method = "reporting.submit"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    version: int
    content: ReportContent
    overrule_reason: str = ""
    missing_acknowledged: bool = False  # the doctor was told how many images are missing


class AuditReport(Command[ReportView], frozen=True, kw_only=True):
    """审核: lock, 审核中, 审核医生 = me. Refusals: HELD_BY_OTHER, ILLEGAL_ACTION (also: own report, RIS-EX-09)."""

    method = "reporting.audit"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    report_id: int


class ApproveReport(Command[ReportView], frozen=True, kw_only=True):
    """审核通过 with the auditor's text. Refusals: CONFLICT, HELD_BY_OTHER, INVALID, ILLEGAL_ACTION.

    INVALID with field "overrule_reason": 危急值 does not fit the text or the loops; approve again with a reason.
    """

    method = "reporting.approve"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    report_id: int
    version: int
    content: ReportContent
    overrule_reason: str = ""


class RejectReport(Command[ReportView], frozen=True, kw_only=True):
    """驳回 with 退回理由. Refusals: INVALID (no reason), CONFLICT, HELD_BY_OTHER, ILLEGAL_ACTION."""

    method = "reporting.reject"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    report_id: int
    version: int
    reason: str


class ReviseReport(Command[ReportView], frozen=True, kw_only=True):
    """修订: withdraw an approved or printed report with a reason; 诊断中, nobody's, with the approved text in it.

    It is written, submitted and audited again and becomes the next edition; the withdrawn one stays readable.
    Refusals: INVALID (no reason), CONFLICT, ILLEGAL_ACTION.
    """

    method = "reporting.revise"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    report_id: int
    version: int
    reason: str


class AddToReport(Command[ReportView], frozen=True, kw_only=True):
    """补充: sign an addendum (plain text) to an approved report, whose text stands; 已审核, to be printed again.

    Refusals: INVALID (no text), CONFLICT, ILLEGAL_ACTION.
    """

    method = "reporting.add"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    report_id: int
    version: int
    text: str


class ApproveItem(msgspec.Struct, frozen=True, kw_only=True):
    """A submitted report as it was shown; another version is refused."""

    report_id: int
    version: int


class ApproveOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one report of many."""

    report_id: int
    is_approved: bool
    state: str  # present state
    sentence: str  # why it was not approved; empty when it was


class ApproveUnchanged(Command[tuple[ApproveOutcome, ...]], frozen=True, kw_only=True):
    """批量审核: approve submitted reports with the text as submitted; each is checked and decided by itself.

    Not approved, with a sentence: what is not 待审核 or was changed meanwhile, is one's own or somebody holds, has a
    critical value, a doubt of the second reading or missing images. Refusals: INVALID (none, or more than 100).
    """

    method = "reporting.approve_unchanged"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    reports: tuple[ApproveItem, ...]


class GiveUpReport(Command[ReportView], frozen=True, kw_only=True):
    """放弃: writer → 待诊断 and cleared; auditor → 待审核 with the submitted text (RIS-OPN-07).

    Refusals as SaveReport.
    """

    method = "reporting.give_up"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    version: int


class UnlockReport(Command[ReportView], frozen=True, kw_only=True):
    """解锁: frees the lock, text untouched; the holder is told. 审核中 needs FINAL_AUDIT (RIS-PRM-03)."""

    method = "reporting.unlock"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class CorrectPatient(Command[ReportView], frozen=True, kw_only=True):
    """修改 the patient's basic information from the report that the caller holds (RIS-RPE-02); logged before and after.

    The registration, the worklist and this patient's other exams follow; images keep what the device wrote and are
    corrected by the archive. Refusals: HELD_BY_OTHER (no lock), ILLEGAL_ACTION, CONFLICT (`patient_version`), INVALID.
    """

    method = "reporting.correct_patient"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    report_id: int
    patient_version: int
    name: str
    sex: Sex
    birth_date: date | None
    phone: str = ""
    address: str = ""
    card_number: str = ""
    inpatient_number: str = ""


class OtherOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An application or exam of the patient: what the clinicians ordered."""

    accession_number: str  # empty: an application that waits for its registration
    exam_type: str
    items: str
    state: str  # ExamState, or "ordered" for a waiting application
    requester: str  # department and doctor
    requested_at: datetime | None
    diagnosis: str
    purpose: str


class RelatedView(msgspec.Struct, frozen=True, kw_only=True):
    """What this system knows of the patient beside images: orders, and reports of pathology and laboratory."""

    orders: tuple[OtherOrder, ...]
    pathology: tuple[HistoryRow, ...]
    laboratory: tuple[HistoryRow, ...]


class GetRelated(Query[RelatedView], frozen=True, kw_only=True):
    """医嘱信息, 病理报告, 检验报告 (RIS-RPD-03 to -05). Refusals: NOT_FOUND."""

    method = "reporting.get_related"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class RenewLock(Command[Nothing], frozen=True, kw_only=True):
    """Heartbeat of the holder; a lock without one for the idle limit is free (RIS-EX-07). Refusals: HELD_BY_OTHER.

    A doctor who has not touched the text for so long loses the lock too, although the workstation is alive (CO-RD-03).
    """

    method = "reporting.renew_lock"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    report_id: int
    idle_seconds: int = 0  # since the doctor touched the text, as the workstation knows


class AddKeyImage(Command[ReportView], frozen=True, kw_only=True):
    """Keep a picture with the report; needs the lock. `png` at most 4 MB.

    Refusals: TOO_LARGE, HELD_BY_OTHER, INVALID.
    """

    method = "reporting.add_key_image"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    study_uid: str
    series_uid: str
    instance_uid: str
    frame: int
    caption: str
    png: bytes


class RemoveKeyImage(Command[ReportView], frozen=True, kw_only=True):
    """Take a picture out of the report; needs the lock. Refusals: NOT_FOUND, HELD_BY_OTHER."""

    method = "reporting.remove_key_image"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    key_image_id: int


class AddMeasurement(Command[ReportView], frozen=True, kw_only=True):
    """Keep a measurement with the report; needs the lock. Refusals: HELD_BY_OTHER."""

    method = "reporting.add_measurement"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    instance_uid: str
    frame: int
    label: str
    value: float
    unit: str = "mm"


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier exam of the patient or of a namesake."""

    exam_id: int
    report_id: int | None
    accession_number: str
    patient_id: int
    patient_name: str
    exam_type: str
    items: str
    examined_at: datetime | None
    report_state: ReportState | None
    impression: str
    findings: str
    study_uids: tuple[str, ...]


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """历史检查 and 同名检查."""

    earlier: tuple[HistoryRow, ...]
    namesakes: tuple[HistoryRow, ...]


class GetHistory(Query[HistoryView], frozen=True, kw_only=True):
    """Earlier exams of the exam's patient, newest first, and of other patients of the same name."""

    method = "reporting.get_history"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    exam_id: int


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the operation log (操作日志)."""

    at: datetime
    by: str
    action: str
    from_state: str
    to_state: str
    note: str


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A kept version of the text."""

    version: int
    at: datetime
    by: str
    content: ReportContent
    is_automatic: bool = False  # saved by itself; the next automatic save of the sitting replaces it


class ReportLogView(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to a report and every kept text."""

    rows: tuple[LogRow, ...]
    versions: tuple[VersionRow, ...]


class GetReportLog(Query[ReportLogView], frozen=True, kw_only=True):
    """The operation log of a report. Refusals: NOT_FOUND."""

    method = "reporting.get_log"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


# ── templates ────────────────────────────────────────────────────────────────────────────────────────


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """公共模板 (owner 0), 个人模板, 常用词条 (`is_phrase`; only `findings` is used)."""

    id: int
    owner_id: int
    is_phrase: bool
    folder: str
    name: str
    exam_type: str
    findings: str
    impression: str


class ListTemplates(Query[tuple[TemplateView, ...]], frozen=True, kw_only=True):
    """Public templates and the account's own."""

    method = "reporting.list_templates"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    text: str = ""


class SaveTemplate(Command[TemplateView], frozen=True, kw_only=True):
    """Add (id None) or change an own template or phrase. Refusals: INVALID, NOT_FOUND, PERMISSION_MISSING (public)."""

    method = "reporting.save_template"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int | None = None
    is_phrase: bool = False
    folder: str
    name: str
    exam_type: str = ""
    findings: str
    impression: str = ""


class DeleteTemplate(Command[Nothing], frozen=True, kw_only=True):
    """Delete an own template or phrase. Refusals: NOT_FOUND."""

    method = "reporting.delete_template"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int

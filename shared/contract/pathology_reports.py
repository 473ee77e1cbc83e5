"""Opinions and reports of pathology: writing, naming doctors, consultation, audit, correction, print, send, batches.

`DiagnosisView` is the whole diagnosis page of a case; every command that changes a case's texts returns it. A case's
states and who may lead it from one to the next are those of shared.domain.pathology; the specific right of an opinion
(first, chief …) is checked beside the right that a request names.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.critical import LoopView
from shared.contract.printing import DocumentView
from shared.domain.pathology import CaseAction, CaseState, DoctorRole, LibraryKind, MyList, OpinionKind
from shared.domain.pathology_reports import (
    MOST_SLOTS,
    Concordance,
    FileFormat,
    FormatMode,
    FrozenStep,
    PaperAction,
    PaperState,
    ReportKind,
    Urgency,
)
from shared.domain.permissions import Permission

MOST_CASES_IN_A_BATCH = 200
LONGEST_TEXT = 20_000
"""Characters of findings, diagnosis or comment."""

# ── opinions and texts ───────────────────────────────────────────────────────────────────────────────


class OpinionText(msgspec.Struct, frozen=True, kw_only=True):
    """What an opinion or a report says; plain text, lines divided by newlines."""

    findings: str = ""  # 光镜所见
    diagnosis: str = ""  # 诊断意见
    comment: str = ""  # 备注


class OpinionView(msgspec.Struct, frozen=True, kw_only=True):
    """One doctor's opinion. `is_draft`: only saved by itself so far, nobody else sees it and the case has not moved."""

    id: int
    version: int
    kind: OpinionKind
    doctor_id: int
    doctor: str
    created_at: datetime
    changed_at: datetime
    text: OpinionText
    text_number: int  # versions so far
    seal: str = ""  # SHA-256 of the text, doctor and time
    is_draft: bool = False
    is_mine: bool = False
    consultation_id: int = 0
    report_id: int = 0  # of a frozen, supplementary or consultation report


class TextVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A kept version of an opinion or of a report."""

    number: int
    at: datetime
    by: str
    text: OpinionText
    is_automatic: bool = False
    reason: str = ""


class ListVersions(Query[tuple[TextVersion, ...]], frozen=True, kw_only=True):
    """The kept versions of an opinion, or of a report's text where `report_id` is given, newest first."""

    method = "pathology_reports.list_versions"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    opinion_id: int = 0
    report_id: int = 0


class DifferencePart(msgspec.Struct, frozen=True, kw_only=True):
    """A run of text: kept, removed or added."""

    kind: str  # same, removed, added
    text: str


class EditionView(msgspec.Struct, frozen=True, kw_only=True):
    """An audited edition of a report: how it came about and who audited it."""

    number: int
    at: datetime
    by: str
    reason: str  # why the one before was withdrawn; empty for the first
    seal: str
    is_present: bool


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a case. `number` counts within the kind: the second supplementary report has 2."""

    id: int
    version: int
    case_id: int
    kind: ReportKind
    number: int
    state: PaperState
    edition: int
    text: OpinionText
    author: str
    auditor: str
    audited_at: datetime | None
    format_key: str
    print_count: int
    printed_at: datetime | None
    printed_by: str
    send_count: int
    sent_at: datetime | None
    sent_by: str
    reason: str  # of the withdrawal, until it is audited again
    seal: str
    editions: tuple[EditionView, ...] = ()
    allowed: tuple[PaperAction, ...] = ()


class NamedDoctor(msgspec.Struct, frozen=True, kw_only=True):
    """Who was asked to take a role in a case, by whom."""

    role: DoctorRole
    doctor_id: int
    doctor: str
    named_by: str
    at: datetime


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor of a consultation; `has_answered` once an opinion is saved."""

    doctor_id: int
    doctor: str
    has_answered: bool


class ConsultationView(msgspec.Struct, frozen=True, kw_only=True):
    """A consultation in the department (科内会诊)."""

    id: int
    case_id: int
    started_by: str
    started_at: datetime
    question: str
    participants: tuple[Participant, ...]
    conclusion: str = ""
    closed_at: datetime | None = None


class DelayView(msgspec.Struct, frozen=True, kw_only=True):
    """A delay with its reason (报告延期)."""

    at: datetime
    by: str
    reason: str
    until: date | None


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """A clock with a target. `seconds_left` counts from `now`, negative once it is past; 0 where it has stopped."""

    started_at: datetime | None
    due_at: datetime | None
    stopped_at: datetime | None
    now: datetime
    seconds_left: int
    urgency: Urgency


class FrozenView(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen section's moments, its read-back and its comparison with the permanent sections."""

    times: dict[FrozenStep, datetime]
    clock: ClockView
    target_minutes: int
    read_back_to: str = ""
    read_back_by: str = ""
    read_back_at: datetime | None = None
    concordance: Concordance | None = None
    concordance_note: str = ""
    judged_by: str = ""


class CodeView(msgspec.Struct, frozen=True, kw_only=True):
    """A code beside the text. `system`: icdo-t (topography), icdo-m (morphology), icd10, snomed, tbs."""

    system: str
    code: str
    meaning: str = ""


class DiagnosisView(msgspec.Struct, frozen=True, kw_only=True):
    """The diagnosis page of a case. `allowed` are the case's actions that this account may take now.

    `obstacles` are sentences why it cannot be audited yet; empty where it can.
    """

    case_id: int
    case_number: str
    case_version: int
    state: CaseState
    library: LibraryKind
    patient_name: str
    gross: str
    report: ReportView  # the main one
    others: tuple[ReportView, ...]
    opinions: tuple[OpinionView, ...]
    named: tuple[NamedDoctor, ...]
    consultations: tuple[ConsultationView, ...]
    delays: tuple[DelayView, ...]
    turnaround: ClockView
    frozen: FrozenView | None
    codes: tuple[CodeView, ...]
    checklist: str  # key of the synoptic checklist that is filled, empty without one
    checklist_text: str
    stage: str  # "pT2 pN1a cM0, IIB", as computed
    images: int
    marked_images: int
    is_favourite: bool
    follow_ups_due: int
    follow_ups: int
    allowed: tuple[CaseAction, ...]
    may_write: tuple[OpinionKind, ...]
    obstacles: tuple[str, ...]


class Open(Query[DiagnosisView], frozen=True, kw_only=True):
    """The diagnosis page of a case. Refusals: NOT_FOUND."""

    method = "pathology_reports.open"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class SaveOpinion(Command[DiagnosisView], frozen=True, kw_only=True):
    """Save an own opinion; a new one with `opinion_id` 0. A first, chief or second opinion moves the case
    (PA-SM-CASE-11 to -13); a supplementary, frozen or consultation one makes a report of its own.

    With `is_automatic` the text is kept as a draft and the case stays. `refresh_report`: a second opinion replaces the
    text of the report. Refusals: INVALID, CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING, HELD_BY_OTHER (another's).
    """

    method = "pathology_reports.save_opinion"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_id: int
    kind: OpinionKind
    text: OpinionText
    opinion_id: int = 0
    version: int = 0
    is_automatic: bool = False
    refresh_report: bool = True
    consultation_id: int = 0


class DropDraft(Command[DiagnosisView], frozen=True, kw_only=True):
    """Throw an own draft away; an opinion that was saved stays. Refusals: NOT_FOUND, ILLEGAL_ACTION."""

    method = "pathology_reports.drop_draft"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    opinion_id: int


# ── naming doctors, consultation ─────────────────────────────────────────────────────────────────────


class DoctorView(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor who may take a role; `open_cases` were named to the doctor and are not done."""

    id: int
    name: str
    open_cases: int = 0


class ListDoctors(Query[tuple[DoctorView, ...]], frozen=True, kw_only=True):
    """Who has the right of a role; without a role, who may give consultation opinions."""

    method = "pathology_reports.list_doctors"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    role: DoctorRole | None = None


class NameDoctor(Command[Nothing], frozen=True, kw_only=True):
    """提请初诊 / 主诊 / 复诊 / 审核 for one or many cases; naming again replaces.

    Refusals: ILLEGAL_ACTION (audited already), INVALID (the doctor has not that right).
    """

    method = "pathology_reports.name_doctor"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_ids: tuple[int, ...]
    role: DoctorRole
    doctor_id: int


class StartConsultation(Command[DiagnosisView], frozen=True, kw_only=True):
    """Start a consultation in the department. Refusals: INVALID, ILLEGAL_ACTION, PERMISSION_MISSING (chief's)."""

    method = "pathology_reports.start_consultation"
    permission = Permission.PATHOLOGY_CHIEF
    audit = AuditClass.REPORT

    case_id: int
    participants: tuple[int, ...]
    question: str


class CloseConsultation(Command[DiagnosisView], frozen=True, kw_only=True):
    """End a consultation with its conclusion, which becomes a consultation report of its own.

    Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION.
    """

    method = "pathology_reports.close_consultation"
    permission = Permission.PATHOLOGY_CHIEF
    audit = AuditClass.REPORT

    consultation_id: int
    conclusion: str


# ── audit, correction, delay ─────────────────────────────────────────────────────────────────────────


class Audit(Command[DiagnosisView], frozen=True, kw_only=True):
    """审核: lock the case and sign the report. `report_id` audits a supplementary or consultation report instead.

    Refusals: INVALID (what is missing), ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING (the own first opinion, unless
    the policy allows it).
    """

    method = "pathology_reports.audit"
    permission = Permission.PATHOLOGY_AUDIT
    audit = AuditClass.REPORT

    case_id: int
    version: int  # of the report
    report_id: int = 0


class Reopen(Command[DiagnosisView], frozen=True, kw_only=True):
    """取消审核: unlock with a reason; the edition stays readable, and who received it is told at the next one.

    Refusals: INVALID (no reason), ILLEGAL_ACTION.
    """

    method = "pathology_reports.reopen"
    permission = Permission.PATHOLOGY_REVISE
    audit = AuditClass.REPORT

    case_id: int
    reason: str
    report_id: int = 0


class CompareEditions(Query[tuple[tuple[str, tuple[DifferencePart, ...]], ...]], frozen=True, kw_only=True):
    """What changed between two editions, by field (findings, diagnosis, comment, gross); fields that are equal are
    left out. `newer` 0 is the present text. Refusals: NOT_FOUND."""

    method = "pathology_reports.compare_editions"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    report_id: int
    older: int
    newer: int = 0


class Delay(Command[DiagnosisView], frozen=True, kw_only=True):
    """报告延期 with its reason. Refusals: INVALID, ILLEGAL_ACTION (audited already)."""

    method = "pathology_reports.delay"
    permission = Permission.PATHOLOGY_DELAY
    audit = AuditClass.REPORT

    case_id: int
    reason: str
    until: date | None = None


# ── frozen section ───────────────────────────────────────────────────────────────────────────────────


class NoteFrozenStep(Command[DiagnosisView], frozen=True, kw_only=True):
    """Note a moment of the frozen section; the first note of a step counts. RECEIVED starts the clock.

    Refusals: INVALID (out of order), NOT_FOUND.
    """

    method = "pathology_reports.note_frozen_step"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    case_id: int
    step: FrozenStep


class NoteReadBack(Command[DiagnosisView], frozen=True, kw_only=True):
    """The result was read to the operating room and read back. Refusals: INVALID, ILLEGAL_ACTION (nothing written)."""

    method = "pathology_reports.note_read_back"
    permission = Permission.PATHOLOGY_FROZEN
    audit = AuditClass.REPORT

    case_id: int
    to: str


class JudgeFrozen(Command[DiagnosisView], frozen=True, kw_only=True):
    """Compare the frozen with the permanent diagnosis; a disagreement needs a note. Refusals: INVALID."""

    method = "pathology_reports.judge_frozen"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_id: int
    concordance: Concordance
    note: str = ""


# ── paper, sending, batches ──────────────────────────────────────────────────────────────────────────


class SetFormat(Command[DiagnosisView], frozen=True, kw_only=True):
    """报告格式 of a report; empty: by the number of images. Refusals: INVALID."""

    method = "pathology_reports.set_format"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.ROUTINE

    report_id: int
    format_key: str


class Preview(Command[DocumentView], frozen=True, kw_only=True):
    """报告预览: the PDF as it would print now; before the audit with a watermark. Refusals: NOT_FOUND, INVALID."""

    method = "pathology_reports.preview"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    report_id: int
    format_key: str = ""
    language: str = "zh"


class Print(Command[DocumentView], frozen=True, kw_only=True):
    """报告打印: the PDF to print, counted. Refusals: ILLEGAL_ACTION (not audited), INVALID (unknown format)."""

    method = "pathology_reports.print"
    permission = Permission.PATHOLOGY_PRINT
    audit = AuditClass.EXPORT

    report_id: int
    format_key: str = ""
    language: str = "zh"


class Send(Command[DiagnosisView], frozen=True, kw_only=True):
    """报告发送 to the clinical side. Refusals: ILLEGAL_ACTION (not audited)."""

    method = "pathology_reports.send"
    permission = Permission.PATHOLOGY_SEND
    audit = AuditClass.EXPORT

    report_id: int


class OutputReport(Command[DocumentView], frozen=True, kw_only=True):
    """报告输出 as a file: HTML, Word, or the PDF, from which the workstation draws a PNG of each page.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (not audited).
    """

    method = "pathology_reports.output_report"
    permission = Permission.PATHOLOGY_EXPORT
    audit = AuditClass.EXPORT

    report_id: int
    file_format: FileFormat
    language: str = "zh"


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one case of a batch; `sentence` says why it was skipped."""

    case_id: int
    case_number: str
    done: bool
    sentence: str = ""
    document: DocumentView | None = None
    format_key: str = ""


class BatchAudit(Command[tuple[BatchRow, ...]], frozen=True, kw_only=True):
    """批量审核; each case by itself. Refusals: INVALID (too many)."""

    method = "pathology_reports.batch_audit"
    permission = Permission.PATHOLOGY_AUDIT
    audit = AuditClass.REPORT

    case_ids: tuple[int, ...]


class BatchPrint(Command[tuple[BatchRow, ...]], frozen=True, kw_only=True):
    """批量打印 in one of the three modes. Refusals: INVALID."""

    method = "pathology_reports.batch_print"
    permission = Permission.PATHOLOGY_PRINT
    audit = AuditClass.EXPORT

    case_ids: tuple[int, ...]
    mode: FormatMode = FormatMode.BY_IMAGES
    format_key: str = ""
    language: str = "zh"


class BatchSend(Command[tuple[BatchRow, ...]], frozen=True, kw_only=True):
    """批量发送. Refusals: INVALID."""

    method = "pathology_reports.batch_send"
    permission = Permission.PATHOLOGY_SEND
    audit = AuditClass.EXPORT

    case_ids: tuple[int, ...]


class ReportEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a case's report log: audits, withdrawals, prints, sends, outputs, read-backs."""

    at: datetime
    by: str
    action: str
    report_id: int
    note: str


class ListEvents(Query[tuple[ReportEvent, ...]], frozen=True, kw_only=True):
    """The report log of a case, newest first."""

    method = "pathology_reports.list_events"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    case_id: int


# ── lists of work ────────────────────────────────────────────────────────────────────────────────────


class WorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case in one of the lists of this area."""

    case_id: int
    case_number: str
    patient_name: str
    state: CaseState
    received_at: datetime | None
    turnaround: ClockView
    note: str = ""


class WorkList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, and how many there are of each of the account's lists."""

    total: int
    rows: tuple[WorkRow, ...]
    counts: dict[MyList, int] = {}


class ListMine(Query[WorkList], frozen=True, kw_only=True):
    """我的未诊断 / 未审核 / 未打印 / 未发送报告 (PA-DX-30 to -33)."""

    method = "pathology_reports.list_mine"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.ROUTINE

    which: MyList
    page: Page = Page()


class ListOverdue(Query[WorkList], frozen=True, kw_only=True):
    """Cases whose report is past its target or, with `soon`, nearly so, most urgent first."""

    method = "pathology_reports.list_overdue"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    soon: bool = True
    page: Page = Page()


class ListConsultations(Query[tuple[ConsultationView, ...]], frozen=True, kw_only=True):
    """会诊病例: open consultations; `mine` only those that wait for the caller's opinion."""

    method = "pathology_reports.list_consultations"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    mine: bool = False


class ClocksOfCases(Query[dict[int, ClockView]], frozen=True, kw_only=True):
    """The turn-around clocks of the cases of a list; cases that are gone are left out."""

    method = "pathology_reports.clocks_of_cases"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    case_ids: tuple[int, ...]


class TimelinessRow(msgspec.Struct, frozen=True, kw_only=True):
    """A month's figure of one library kind: reports audited, those in time, and frozen ones likewise."""

    month: str  # "2026-11"
    library: LibraryKind
    audited: int
    in_time: int
    frozen: int
    frozen_in_time: int
    judged: int
    agreed: int


class GetTimeliness(Query[tuple[TimelinessRow, ...]], frozen=True, kw_only=True):
    """及时率 and 符合率 by month, newest first (EX-PA-03, -04)."""

    method = "pathology_reports.get_timeliness"
    permission = Permission.PATHOLOGY_STATISTICS
    audit = AuditClass.ROUTINE

    months: int = 12


# ── codes ────────────────────────────────────────────────────────────────────────────────────────────


class SearchCodes(Query[tuple[CodeView, ...]], frozen=True, kw_only=True):
    """Codes whose number begins with, or whose meaning contains, the text; at most 50."""

    method = "pathology_reports.search_codes"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    text: str
    system: str = ""


class SetCodes(Command[DiagnosisView], frozen=True, kw_only=True):
    """The codes of a case. Refusals: INVALID (not a code of its system), ILLEGAL_ACTION (locked)."""

    method = "pathology_reports.set_codes"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_id: int
    codes: tuple[CodeView, ...]


class FindByCode(Query[WorkList], frozen=True, kw_only=True):
    """Cases that carry a code, or a code that begins so, newest first."""

    method = "pathology_reports.find_by_code"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    system: str
    code: str
    page: Page = Page()


# ── copying ───────────────────────────────────────────────────────────────────────────────────────────


class PasteReport(Command[DiagnosisView], frozen=True, kw_only=True):
    """报告复制: put texts, codes, checklist and images of one case into another open one as the caller's draft.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (the target is locked).
    """

    method = "pathology_reports.paste_report"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    from_case_id: int
    to_case_id: int
    kind: OpinionKind = OpinionKind.FIRST


# ── follow-up and favourites ─────────────────────────────────────────────────────────────────────────


class FollowUpView(msgspec.Struct, frozen=True, kw_only=True):
    """追踪随访: whom to ask, when, and what came out."""

    id: int
    version: int
    case_id: int
    case_number: str
    patient_name: str
    due_on: date
    contact: str  # the patient, or the doctor of the case
    reason: str
    result: str
    agrees: Concordance | None
    by: str
    at: datetime
    closed_at: datetime | None
    is_due: bool


class ListFollowUps(Query[tuple[FollowUpView, ...]], frozen=True, kw_only=True):
    """随访病例, due first; of one case with `case_id`. `open_only` leaves out those that have a result."""

    method = "pathology_reports.list_follow_ups"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int = 0
    open_only: bool = True


class SaveFollowUp(Command[FollowUpView], frozen=True, kw_only=True):
    """Add or change a follow-up; `result` closes it. Refusals: INVALID, NOT_FOUND, CONFLICT."""

    method = "pathology_reports.save_follow_up"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    due_on: date
    contact: str
    reason: str = ""
    result: str = ""
    agrees: Concordance | None = None
    id: int = 0
    version: int = 0


class FavouriteView(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the account's own collection (收藏病例)."""

    case_id: int
    case_number: str
    patient_name: str
    state: CaseState
    folder: str
    note: str
    added_at: datetime


class ListFavourites(Query[tuple[FavouriteView, ...]], frozen=True, kw_only=True):
    """The account's collection, newest first."""

    method = "pathology_reports.list_favourites"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    text: str = ""


class SaveFavourite(Command[Nothing], frozen=True, kw_only=True):
    """收藏病例, or change how it is filed. Refusals: NOT_FOUND, INVALID."""

    method = "pathology_reports.save_favourite"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    case_id: int
    folder: str = ""
    note: str = ""


class RemoveFavourite(Command[Nothing], frozen=True, kw_only=True):
    """Take a case out of the collection. Refusals: NOT_FOUND."""

    method = "pathology_reports.remove_favourite"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    case_id: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The counters below the case list."""

    consultations: int
    my_consultations: int
    follow_ups_due: int
    follow_ups: int
    favourites: int
    delayed: int
    overdue: int


class GetCounts(Query[Counts], frozen=True, kw_only=True):
    """The counters below the case list (PA-GEN-07)."""

    method = "pathology_reports.get_counts"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


# ── critical and unexpected diagnoses ────────────────────────────────────────────────────────────────


class ReportCritical(Command[LoopView], frozen=True, kw_only=True):
    """危急值, 特殊病例通报: opens the closed loop of critical values, with its clocks and calls (EX-PA-08).

    Refusals: INVALID, DUPLICATE (the same one is open), ILLEGAL_ACTION (nothing written yet).
    """

    method = "pathology_reports.report_critical"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_id: int
    name: str
    finding: str
    department: str = ""  # empty: the sending one


class ListCritical(Query[tuple[LoopView, ...]], frozen=True, kw_only=True):
    """The critical values of a case: who was told, when, and who acknowledged."""

    method = "pathology_reports.list_critical"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    case_id: int


# ── policy ───────────────────────────────────────────────────────────────────────────────────────────


class ReportPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How the hospital wants reports: targets, required fields, and who may do what twice."""

    version: int = 0
    hours: dict[LibraryKind, int] = msgspec.field(
        default_factory=lambda: {
            LibraryKind.ROUTINE: 120,
            LibraryKind.FROZEN: 1,
            LibraryKind.CYTOLOGY: 48,
            LibraryKind.LIQUID: 120,
            LibraryKind.KIDNEY: 168,
        }
    )
    """From receipt to audit; 0: no target."""
    warn_share: float = 0.8  # of the target, from which a clock warns
    frozen_minutes: int = 20  # of the department, from scan-in
    frozen_single_minutes: int = 30  # EX-PA-04: one specimen
    frozen_queue_minutes: int = 45  # and while an earlier one is still open
    frozen_limit: str = "department"  # department: frozen_minutes; national: 30 or 45
    same_person: bool = False  # may the first-opinion doctor audit
    prints_drafts: bool = False  # diagnosed reports before the audit, with a watermark
    required: tuple[str, ...] = ("gross", "findings", "diagnosis")
    checklist_words: bool = True  # a diagnosis that names one of the tumours wants its checklist
    most_images: int = MOST_SLOTS  # that a format chosen by the number of images prints; 0: none


class GetPolicy(Query[ReportPolicy], frozen=True, kw_only=True):
    """The policy in force."""

    method = "pathology_reports.get_policy"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SavePolicy(Command[ReportPolicy], frozen=True, kw_only=True):
    """Change the policy. Refusals: INVALID, CONFLICT."""

    method = "pathology_reports.save_policy"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    policy: ReportPolicy

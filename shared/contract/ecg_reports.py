"""Reports of ECG exams: reading page, draft, submit, audit, withdraw, paper, export, policy.

An exam has one report in its life, with editions; `ReportPage` is what the reading page needs beside exam and traces
(shared.contract.ecg), and every command that changes the report returns it. A consultation's report is written and
published with the same requests by the doctor who accepted it (ECG-AMB-07). After a change the notice
`Changed("ecg_report", exam_id, version)` goes out.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.ecg import DocumentView as DocumentOfExam
from shared.contract.ecg_critical import AlarmView
from shared.contract.printing import DocumentView
from shared.domain.ecg import ReportAction, ReportState
from shared.domain.ecg_reports import (
    Agreement,
    Danger,
    ExportFormat,
    Parameter,
    QtcFormula,
    ReportSide,
    StatementSource,
    Verdict,
)
from shared.domain.permissions import Permission

LONGEST_TEXT = 4_000
"""Characters of findings or of the diagnosis."""
MOST_STATEMENTS = 60
MOST_IN_A_BATCH = 100

# ── what a report says ───────────────────────────────────────────────────────────────────────────────


class ParameterValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value of the parameter area. `machine` is what was measured and never changes; `value` is what the report says.

    None: cannot be measured ("no P wave" has P and PR None). `is_changed` is set by the server: the two differ.
    """

    name: Parameter
    machine: float | None = None
    value: float | None = None
    is_changed: bool = False


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A structured statement beside the free text; both are kept (EX-ECG-11).

    `code` in `system`: "mingjing" (suggestions and own terms), "aha" (AHA/ACC/HRS 2007), "mdc" (ISO 11073-10102).
    """

    code: str
    text: str
    system: str = "mingjing"
    source: StatementSource = StatementSource.DOCTOR
    verdict: Verdict = Verdict.CONFIRMED  # of a machine's or device's statement
    reason: str = ""  # why the rule suggested it


class PaperLook(msgspec.Struct, frozen=True, kw_only=True):
    """How the trace is drawn on the report. Screen zoom and lead spacing have no part in it (ECG-LEAD-03).

    The filters are those of shared.waveform.filters; None or False: this one is off. All off: as recorded.
    """

    layout: str = ""  # empty: of the chosen template
    speed: float = 25.0  # mm/s: 12.5, 25, 50
    gain: float = 10.0  # mm/mV: 2.5, 5, 10, 20
    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    mains_hz: float | None = None  # 50 or 60
    muscle: bool = False
    baseline: bool = False
    rhythm: tuple[str, ...] = ("II",)
    start: float = 0.0  # seconds into the record
    seconds: float | None = None  # of a long record; None: 10 s, or all of a short one


class ReportBody(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the doctor writes.

    An exam with received documents only (Holter, stress: EX-ECG-14) is reported like any other: `trace_id` stays 0,
    the machine has no values, and on paper the pages of `documents` follow the report. Beside a trace documents follow
    where the doctor chose some.
    """

    trace_id: int = 0  # that the report speaks of; 0: the newest
    documents: tuple[int, ...] = ()  # of the exam's documents, in this order; without a trace empty means all of them
    parameters: tuple[ParameterValue, ...] = ()
    qtc_formula: QtcFormula = QtcFormula.BAZETT
    findings: str = ""  # 检查所见
    diagnosis: str = ""  # 心电诊断
    statements: tuple[Statement, ...] = ()
    look: PaperLook = PaperLook()
    agreement: Agreement = Agreement.NONE  # of a consultation with the first opinion


class EditionView(msgspec.Struct, frozen=True, kw_only=True):
    """A submitted edition. `document_id` is its PDF; 0 while it is being made."""

    number: int
    side: ReportSide
    at: datetime
    by: str  # who published: the auditor, or the reader where reading has one level
    reader: str
    hospital: str
    reason: str  # why the one before was withdrawn; empty for the first
    seal: str
    document_id: int
    is_present: bool
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawal: str = ""  # the reason


class SuggestionView(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule suggests, with its reason in both languages. Never in the report until a doctor takes it."""

    code: str
    zh: str
    en: str
    reason_zh: str
    reason_en: str
    term_code: str = ""  # of the dictionary, where it has the term
    system: str = "mingjing"


class ReportPage(msgspec.Struct, frozen=True, kw_only=True):
    """The report of an exam as the reading page needs it. `version` is 0 before anything was saved.

    `body` holds the caller's side: what was saved, else a new one with the machine's values. `allowed` are the
    report's actions that this account may take now, `obstacle` a sentence where none changes the text
    ("会诊中，由…书写"). A history report is opened by the same request and has `is_editable` False.
    """

    exam_id: int
    report_id: int
    version: int
    state: ReportState
    side: ReportSide
    body: ReportBody
    is_saved: bool  # False: `body` is a proposal
    is_editable: bool
    obstacle: str
    writer: str
    saved_at: datetime | None
    reader: str  # 初读
    auditor: str  # 审核; empty with one level
    submitted_at: datetime | None
    returned: str  # why the auditor gave it back; empty
    needs_audit: bool  # submit leads to 待审核
    edition: int
    editions: tuple[EditionView, ...]
    document_id: int  # the present edition's PDF; 0 without
    print_count: int
    suggestions: tuple[SuggestionView, ...]
    device_statements: tuple[str, ...]
    danger: Danger
    danger_reasons: tuple[str, ...]
    alarms: tuple[AlarmView, ...]
    template: str  # that prints would take now; empty: ask 请选择报告模板 (ECG-PRN-01)
    consultation_id: int
    first_opinion: str  # the lower hospital's own diagnosis, shown to the consulting doctor
    allowed: tuple[ReportAction, ...]
    danger_reasons_en: tuple[str, ...] = ()  # the same reasons in English
    documents: tuple[DocumentOfExam, ...] = ()  # what other programs made of the exam, oldest first
    is_by_document: bool = False  # no trace: the page shows `documents` where the trace would stand


class Open(Query[ReportPage], frozen=True, kw_only=True):
    """The report of an exam. Refusals: NOT_FOUND, PERMISSION_MISSING (another hospital's exam)."""

    method = "ecg_reports.open"
    permission = Permission.ECG_VIEW
    audit = AuditClass.REPORT

    exam_id: int
    station_template: str = ""  # what this computer remembers; counts before the account's choice


class GetEdition(Query[ReportBody], frozen=True, kw_only=True):
    """What an edition said. Refusals: NOT_FOUND, PERMISSION_MISSING."""

    method = "ecg_reports.get_edition"
    permission = Permission.ECG_VIEW
    audit = AuditClass.REPORT

    exam_id: int
    number: int


class ProposeValues(Query[tuple[ParameterValue, ...]], frozen=True, kw_only=True):
    """The machine's values of a trace with another formula of QTc. Refusals: NOT_FOUND."""

    method = "ecg_reports.propose_values"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    exam_id: int
    trace_id: int = 0
    qtc_formula: QtcFormula = QtcFormula.BAZETT


class Save(Command[ReportPage], frozen=True, kw_only=True):
    """保存 a draft (ECG-SUB-01). `version` of the page that it was written on.

    Refusals: CONFLICT, INVALID (a value out of all bounds, a text too long), ILLEGAL_ACTION (neither trace nor
    document, submitted, somebody else's consultation), PERMISSION_MISSING.
    """

    method = "ecg_reports.save"
    permission = Permission.ECG_REPORT
    audit = AuditClass.REPORT

    exam_id: int
    version: int
    body: ReportBody
    station_template: str = ""


class Submit(Command[ReportPage], frozen=True, kw_only=True):
    """提交报告: the exam becomes 已报告; with two-level reading the report becomes 待审核 first.

    By the doctor who accepted a consultation it publishes the consultation report. The PDF is there when this answers
    (`document_id`), unless the answer's `needs_audit` says that it waits. Refusals: INVALID (empty conclusion, field
    "diagnosis"), CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING.
    """

    method = "ecg_reports.submit"
    permission = Permission.ECG_REPORT
    audit = AuditClass.REPORT

    exam_id: int
    version: int
    body: ReportBody
    template: str = ""  # empty: the account's choice, else the default
    station_template: str = ""


class Audit(Command[ReportPage], frozen=True, kw_only=True):
    """审核 a report that waits, as it is or with the auditor's changes. Never by its reader, unless the policy lets.

    Refusals: INVALID, CONFLICT, ILLEGAL_ACTION (waits for nothing), PERMISSION_MISSING.
    """

    method = "ecg_reports.audit"
    permission = Permission.ECG_AUDIT
    audit = AuditClass.REPORT

    exam_id: int
    version: int
    body: ReportBody | None = None
    template: str = ""


class Return(Command[ReportPage], frozen=True, kw_only=True):
    """退回 a waiting report to its reader. Refusals: INVALID (no reason), CONFLICT, ILLEGAL_ACTION."""

    method = "ecg_reports.return"
    permission = Permission.ECG_AUDIT
    audit = AuditClass.REPORT

    exam_id: int
    version: int
    reason: str


class Withdraw(Command[ReportPage], frozen=True, kw_only=True):
    """撤回报告 with a reason: the edition is kept, the exam becomes 已采集, readers are told (ECG-SM-EXM-09).

    By whoever submitted it, or with the right ECG_WITHDRAW. A consultation's report goes back to its doctor.
    Refusals: INVALID (no reason), CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING.
    """

    method = "ecg_reports.withdraw"
    permission = Permission.ECG_REPORT
    audit = AuditClass.REPORT

    exam_id: int
    version: int
    reason: str


class ListAwaitingAudit(Query[tuple[int, ...]], frozen=True, kw_only=True):
    """The exams of the caller's hospitals whose report waits for the second reading, oldest first; at most 500."""

    method = "ecg_reports.list_awaiting_audit"
    permission = Permission.ECG_AUDIT
    audit = AuditClass.ROUTINE


class ReportEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the trail of an exam's report: views, saves, submits, prints, withdrawals, exports (EX-ECG-12)."""

    at: datetime
    by: str
    station: str
    action: str  # viewed, saved, submitted, published, audited, returned, withdrawn, printed, exported, critical …
    note: str


class ListEvents(Query[tuple[ReportEvent, ...]], frozen=True, kw_only=True):
    """The trail of an exam's report, newest first; at most 500. Refusals: NOT_FOUND, PERMISSION_MISSING."""

    method = "ecg_reports.list_events"
    permission = Permission.ECG_VIEW
    audit = AuditClass.REPORT

    exam_id: int


# ── paper ────────────────────────────────────────────────────────────────────────────────────────────


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """A report template (报告模板)."""

    key: str  # "3x4+1R", "6x2" …
    zh: str
    en: str
    is_default: bool = False


class ListTemplates(Query[tuple[TemplateView, ...]], frozen=True, kw_only=True):
    """The templates of 报告模板选择, the default first."""

    method = "ecg_reports.list_templates"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE


class GetTemplate(Query[str], frozen=True, kw_only=True):
    """The account's choice; empty: it never chose (ECG-PRN-01)."""

    method = "ecg_reports.get_template"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE


class ChooseTemplate(Command[str], frozen=True, kw_only=True):
    """确认 of 打印设置: keep the account's choice (ECG-PRN-02, -03). Refusals: INVALID."""

    method = "ecg_reports.choose_template"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    template: str


class Preview(Command[DocumentView], frozen=True, kw_only=True):
    """The PDF as it would print: of the present edition, or of an unsaved `body` with the mark 未审核.

    Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION (neither trace nor document).
    """

    method = "ecg_reports.preview"
    permission = Permission.ECG_VIEW
    audit = AuditClass.REPORT

    exam_id: int
    template: str = ""
    body: ReportBody | None = None
    language: str = "zh"


class Print(Command[DocumentView], frozen=True, kw_only=True):
    """打印, 快速打印: the PDF to print, counted (ECG-SM-RPT-04).

    With the template of the edition it is its very document. At the hospital that asked for a consultation this also
    signs for its report (ECG-CRP-07). Refusals: ILLEGAL_ACTION (not submitted), INVALID (unknown template).
    """

    method = "ecg_reports.print"
    permission = Permission.ECG_PRINT
    audit = AuditClass.EXPORT

    exam_id: int
    template: str = ""  # empty: as it was submitted
    language: str = "zh"


class PrintLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the print log."""

    at: datetime
    by: str
    station: str
    edition: int
    template: str
    number: int  # which print of the report this was


class ListPrints(Query[tuple[PrintLine, ...]], frozen=True, kw_only=True):
    """The print log of an exam's report, newest first. Refusals: NOT_FOUND."""

    method = "ecg_reports.list_prints"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    exam_id: int


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one exam of a batch; `sentence` says why it was skipped."""

    exam_id: int
    done: bool
    sentence: str = ""
    document: DocumentView | None = None


class BatchPrint(Command[tuple[BatchRow, ...]], frozen=True, kw_only=True):
    """批量打印; each exam by itself, counted and signed for as Print does. Refusals: INVALID (too many)."""

    method = "ecg_reports.batch_print"
    permission = Permission.ECG_PRINT
    audit = AuditClass.EXPORT

    exam_ids: tuple[int, ...]
    template: str = ""
    language: str = "zh"


class ExportTrace(Command[DocumentView], frozen=True, kw_only=True):
    """A trace as a file of another format, with the report's values and statements where the format holds them.

    Refusals: NOT_FOUND, INVALID (the format cannot hold it; the sentence says what).
    """

    method = "ecg_reports.export_trace"
    permission = Permission.ECG_EXPORT
    audit = AuditClass.EXPORT

    exam_id: int
    file_format: ExportFormat
    trace_id: int = 0  # 0: that of the report, else the newest


# ── policy ───────────────────────────────────────────────────────────────────────────────────────────


class ReportPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a hospital wants its ECG reports."""

    version: int = 0
    campus_id: int = 0
    two_level: bool = False  # 初读, 审核
    same_person: bool = False  # may the reader audit
    template: str = "3x4+1R"  # for accounts that never chose
    qtc_formula: QtcFormula = QtcFormula.BAZETT


class GetPolicy(Query[ReportPolicy], frozen=True, kw_only=True):
    """The policy of a campus."""

    method = "ecg_reports.get_policy"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    campus_id: int = 0


class SavePolicy(Command[ReportPolicy], frozen=True, kw_only=True):
    """Change the policy of a campus. Refusals: INVALID, CONFLICT."""

    method = "ecg_reports.save_policy"
    permission = Permission.ECG_SETTINGS
    audit = AuditClass.SETTINGS

    policy: ReportPolicy

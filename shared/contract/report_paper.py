"""The report on paper: its templates and which one is taken, copies and their log, batches, self-service printing."""

from __future__ import annotations

import enum
from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.printing import DocumentView
from shared.domain.permissions import Permission
from shared.domain.states import PatientType, ReportState, Sex

# ── templates of reports ─────────────────────────────────────────────────────────────────────────────


class ReportTemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """A template of reports and for what it is taken. `key` names its design in printing.get_template and the like.

    Conditions that are empty take everything. Of the templates whose conditions all hold, the one that names the exam
    type goes before one that does not; then the one that names the campus, then the patient type, then the lower
    `position`. Where none holds, the default is taken, whatever its conditions.
    """

    id: int  # 0: the suite's own, not changed yet
    version: int
    key: str
    name: str
    is_default: bool
    position: int
    exam_types: tuple[str, ...] = ()
    campus_ids: tuple[int, ...] = ()
    patient_types: tuple[str, ...] = ()  # codes of the hospital's patient types
    validity_days: int = 0  # how long the QR code and self-service printing serve; 0: for ever
    most_copies: int = 0  # 0: no limit
    marks_reprints: bool = False  # 补打 and its number from the second copy on
    with_application: bool = False  # the photographed application as a last page
    design_version: int = 0  # 0: the suite's own design


class ListReportTemplates(Query[tuple[ReportTemplateView, ...]], frozen=True, kw_only=True):
    """Every template of reports in its order, the default among them."""

    method = "report_paper.list_templates"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class SaveReportTemplate(Command[ReportTemplateView], frozen=True, kw_only=True):
    """Add (id None; with the design of `copy_of`, or the suite's own) or change a template's name and conditions.

    Making one the default takes that from the one before; the default cannot cease to be it otherwise.
    Refusals: INVALID (field), DUPLICATE (name), NOT_FOUND, CONFLICT (somebody changed it meanwhile).
    """

    method = "report_paper.save_template"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int | None = None
    version: int = 0
    copy_of: str = ""
    name: str
    is_default: bool = False
    position: int = 0  # 0: last
    exam_types: tuple[str, ...] = ()
    campus_ids: tuple[int, ...] = ()
    patient_types: tuple[str, ...] = ()  # codes of the hospital's patient types
    validity_days: int = 0
    most_copies: int = 0
    marks_reprints: bool = False
    with_application: bool = False


class DeleteReportTemplate(Command[Nothing], frozen=True, kw_only=True):
    """Take a template away; printed copies keep their paper. Refusals: ILLEGAL_ACTION (the default), NOT_FOUND."""

    method = "report_paper.delete_template"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class ReportFactsView(msgspec.Struct, frozen=True, kw_only=True):
    """What a report's template may name, of one report: single facts, lists of rows, pictures (JPEG or PNG)."""

    report_id: int
    template_key: str  # the template that would be taken
    values: dict[str, str]
    lists: dict[str, tuple[dict[str, str], ...]]
    pictures: dict[str, bytes]


class GetReportFacts(Query[ReportFactsView], frozen=True, kw_only=True):
    """The facts of a real report for the designer; pictures at screen size. Refusals: NOT_FOUND."""

    method = "report_paper.get_facts"
    permission = Permission.ADMINISTER
    audit = AuditClass.REPORT

    accession_number: str
    language: str = "zh"


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────


class CopyOutcome(enum.StrEnum):
    """What became of a copy."""

    MADE = "made"  # given out; the printer has not told yet
    PRINTED = "printed"
    SAVED = "saved"  # kept as a file at a desk without printer
    FAILED = "failed"  # no paper came: does not count


class CopyView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the print log of a report."""

    id: int
    report_id: int
    copy_number: int
    outcome: CopyOutcome
    place: str  # desk, batch, kiosk
    template_name: str
    made_by: str
    made_at: datetime
    workstation: str
    printer: str
    reason: str  # why it failed
    document_id: int


class TellCopy(Command[CopyView], frozen=True, kw_only=True):
    """Tell what became of a copy; told twice it is kept once. Refusals: NOT_FOUND, INVALID (made)."""

    method = "report_paper.tell_copy"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    copy_id: int
    outcome: CopyOutcome
    printer: str = ""
    reason: str = ""


class ListCopies(Query[tuple[CopyView, ...]], frozen=True, kw_only=True):
    """The print log of one report, newest first."""

    method = "report_paper.list_copies"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    report_id: int


# ── handing out many ─────────────────────────────────────────────────────────────────────────────────


class HandoutRow(msgspec.Struct, frozen=True, kw_only=True):
    """An approved report that may be handed out."""

    report_id: int
    state: ReportState
    accession_number: str
    patient_number: str
    patient_name: str
    sex: Sex
    age: str
    patient_type: PatientType
    exam_type: str
    items: str
    requesting_department: str
    auditing_doctor: str
    examined_at: datetime | None
    approved_at: datetime | None
    copies: int  # printed so far
    last_printed_at: datetime | None = None
    last_printed_by: str = ""


class HandoutList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest approval first, and how many there are in all."""

    total: int
    rows: tuple[HandoutRow, ...]


class ListHandouts(Query[HandoutList], frozen=True, kw_only=True):
    """Approved reports, those not yet printed alone with `only_unprinted`; at most 500 rows."""

    method = "report_paper.list_handouts"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.ROUTINE

    examined_from: date | None = None
    examined_to: date | None = None
    exam_types: tuple[str, ...] = ()
    patient_name: str = ""
    accession_number: str = ""
    requesting_department: str = ""
    only_unprinted: bool = True


class BatchItemState(enum.StrEnum):
    """How far one report of a batch is."""

    WAITING = "waiting"
    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"  # the printer did not take it: tried again when the batch goes on
    REFUSED = "refused"  # may not be printed; `reason` says why


class BatchItemView(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a batch."""

    id: int
    report_id: int
    accession_number: str
    patient_name: str
    state: BatchItemState
    copy_number: int
    reason: str


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """Many reports printed as one job, in this order."""

    id: int
    is_open: bool  # something waits or failed, and nobody ended it
    started_by: str
    started_at: datetime
    items: tuple[BatchItemView, ...]


class BeginBatch(Command[BatchView], frozen=True, kw_only=True):
    """Begin a job of 1 to 500 reports. The same `request_key` again gives the job that it began.

    Refusals: INVALID, NOT_FOUND.
    """

    method = "report_paper.begin_batch"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    report_ids: tuple[int, ...]
    request_key: str


class GetBatch(Query[BatchView], frozen=True, kw_only=True):
    """A job of mine. Refusals: NOT_FOUND."""

    method = "report_paper.get_batch"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.ROUTINE

    batch_id: int


class ListBatches(Query[tuple[BatchView, ...]], frozen=True, kw_only=True):
    """My latest jobs, newest first, 20 at most; the open ones can go on."""

    method = "report_paper.list_batches"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.ROUTINE


class BatchPaper(msgspec.Struct, frozen=True, kw_only=True):
    """The next paper of a batch; `document` None where nothing is left, or where this report was refused."""

    batch: BatchView
    item_id: int = 0
    document: DocumentView | None = None


class NextOfBatch(Command[BatchPaper], frozen=True, kw_only=True):
    """Make the next report's copy; one already made and not told about is given again, not made twice.

    The report becomes 已打印 when tell_copy says printed or saved. A report that may not be printed becomes REFUSED.
    With `again` the failed ones wait again. Refusals: NOT_FOUND, ILLEGAL_ACTION (ended).
    """

    method = "report_paper.next_of_batch"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    batch_id: int
    again: bool = False
    language: str = "zh"


class EndBatch(Command[BatchView], frozen=True, kw_only=True):
    """Give up what is left. Refusals: NOT_FOUND."""

    method = "report_paper.end_batch"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    batch_id: int


# ── self-service ─────────────────────────────────────────────────────────────────────────────────────


class SelfPrintOutcome(enum.StrEnum):
    """What the kiosk tells the patient."""

    READY = "ready"  # papers wait for the printer
    NOT_READY = "not_ready"  # all that there is, is still being written or audited
    NOTHING = "nothing"  # everything is printed already, or too old, or must be fetched at the counter
    WRONG = "wrong"  # code and digits do not fit together; never says which
    PAUSED = "paused"  # too many wrong tries


class SelfPrintItem(msgspec.Struct, frozen=True, kw_only=True):
    """One exam of the patient before the kiosk: no name, no finding."""

    number: int  # from 1; what self_print_paper asks for; 0: nothing to print
    items: str
    examined_at: datetime | None
    is_ready: bool
    reason: str = ""  # not_ready, printed, limit, expired


class SelfPrintAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What waits. `session` opens the papers for a few minutes, on this kiosk alone."""

    outcome: SelfPrintOutcome
    time: datetime
    session: str = ""
    items: tuple[SelfPrintItem, ...] = ()
    tries_left: int = 0
    try_again_s: int = 0


class OpenSelfPrint(Command[SelfPrintAnswer], frozen=True, kw_only=True):
    """Code of a ticket or form, with the last four characters of the identity number or the phone number.

    After three wrong tries a code is shut for 10 minutes, after ten the kiosk for 2. Refusals: INVALID (no code).
    """

    method = "report_paper.open_self_print"
    permission = Permission.SELF_PRINT
    audit = AuditClass.REPORT

    code: str
    last_four: str


class SelfPrintPaper(msgspec.Struct, frozen=True, kw_only=True):
    """One report as PDF."""

    copy_id: int
    pdf: bytes
    pages: int


class MakeSelfPrint(Command[SelfPrintPaper], frozen=True, kw_only=True):
    """The paper of one item; asked again before it is told about, the same paper. Refusals: NOT_FOUND (session over),
    ILLEGAL_ACTION (no longer printable)."""

    method = "report_paper.make_self_print"
    permission = Permission.SELF_PRINT
    audit = AuditClass.EXPORT

    session: str
    number: int
    language: str = "zh"


class TellSelfPrint(Command[Nothing], frozen=True, kw_only=True):
    """Tell whether paper came; then the report is 已打印. Refusals: NOT_FOUND."""

    method = "report_paper.tell_self_print"
    permission = Permission.SELF_PRINT
    audit = AuditClass.EXPORT

    session: str
    copy_id: int
    is_printed: bool
    reason: str = ""

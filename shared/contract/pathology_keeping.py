"""Archive and loan of pathology: places, archiving of blocks, slides and papers, loans, destruction (PA-ARC, PA-AWS).

Blocks and slides are listed by pathology_technique and pathology_preparation; here is where they lie and who has them.
Money is in fen.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.pathology_technique import BatchReport
from shared.contract.printing import DocumentView
from shared.domain.pathology import LoanAction, LoanState
from shared.domain.permissions import Permission

MOST_ITEMS = 500
MOST_ROWS = 500
MAX_PAPER_BYTES = 6 * 1024 * 1024
MOST_PAPERS = 40


class KeptKind(StrEnum):
    """What is archived and lent."""

    BLOCK = "block"  # 蜡块
    SLIDE = "slide"  # 切片
    PAPER = "paper"  # 资料: the papers of a case, named by the case


# ── places ───────────────────────────────────────────────────────────────────────────────────────────


class PlaceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A storage place (存放位置): a cabinet, drawer or shelf in a room."""

    kind: KeptKind
    name: str
    room: str = ""  # 房间号
    capacity: int = 0  # 容量; 0: no limit
    note: str = ""
    is_active: bool = True


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """A place, and how many objects lie in it; lent ones keep theirs."""

    id: int
    version: int
    entry: PlaceEntry
    used: int


class ListPlaces(Query[tuple[PlaceView, ...]], frozen=True, kw_only=True):
    """All places, by kind, room and name."""

    method = "pathology_keeping.list_places"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SavePlace(Command[PlaceView], frozen=True, kw_only=True):
    """Add (id 0) or change a place.

    Refusals: INVALID (name taken, capacity below what is there), NOT_FOUND, CONFLICT.
    """

    method = "pathology_keeping.save_place"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    id: int = 0
    version: int = 0
    entry: PlaceEntry


# ── archiving ────────────────────────────────────────────────────────────────────────────────────────


class KeptView(msgspec.Struct, frozen=True, kw_only=True):
    """An archived object. `object_id`: of the block or slide; of the case for papers."""

    kind: KeptKind
    object_id: int
    number: str
    case_id: int
    case_number: str
    patient_name: str
    place_id: int
    place: str  # room and name
    archived_by: str
    archived_at: datetime
    loan_id: int | None  # who has it now


class ArchiveObjects(Command[BatchReport], frozen=True, kw_only=True):
    """归档: confirm that objects lie in a place; one full place or one wrong state stops no other object.

    Refusals: NOT_FOUND (place), INVALID (kind of the place, nothing chosen, too many).
    """

    method = "pathology_keeping.archive"
    permission = Permission.PATHOLOGY_ARCHIVE
    audit = AuditClass.PATIENT_RECORD

    kind: KeptKind
    object_ids: tuple[int, ...]
    place_id: int
    station: str = ""


class TakeOut(Command[BatchReport], frozen=True, kw_only=True):
    """调出: back to work inside the department, as for a recut. Refusals: INVALID."""

    method = "pathology_keeping.take_out"
    permission = Permission.PATHOLOGY_ARCHIVE
    audit = AuditClass.PATIENT_RECORD

    kind: KeptKind
    object_ids: tuple[int, ...]
    reason: str = ""
    station: str = ""


class DestroyObjects(Command[BatchReport], frozen=True, kw_only=True):
    """销毁 by rule: archived, kept for the retention time, report sent; a second person signs.

    Refusals: INVALID (reason, witness), WRONG_PASSWORD.
    """

    method = "pathology_keeping.destroy"
    permission = Permission.PATHOLOGY_ARCHIVE
    audit = AuditClass.PATIENT_RECORD

    kind: KeptKind
    object_ids: tuple[int, ...]
    reason: str
    witness_login: str
    witness_password: str
    station: str = ""


class ListKept(Query[tuple[KeptView, ...]], frozen=True, kw_only=True):
    """Archived objects, the newest first. Give a case number, a place, a range of days of archiving, or nothing."""

    method = "pathology_keeping.list_kept"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    kind: KeptKind
    case_number: str = ""
    place_id: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    limit: int = 200


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Years for which each kind is kept before it may be destroyed (EX-PA-15)."""

    block_years: int = 15
    slide_years: int = 15
    paper_years: int = 30


class GetRetention(Query[Retention], frozen=True, kw_only=True):
    """The department's retention times."""

    method = "pathology_keeping.get_retention"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveRetention(Command[Retention], frozen=True, kw_only=True):
    """Set them. Refusals: INVALID (1 to 100 years)."""

    method = "pathology_keeping.save_retention"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    retention: Retention


# ── loans ────────────────────────────────────────────────────────────────────────────────────────────


class Borrower(msgspec.Struct, frozen=True, kw_only=True):
    """借阅人信息."""

    name: str
    id_number: str = ""
    phone: str = ""
    unit: str = ""  # the hospital that it goes to
    relation: str = ""  # to the patient


class LoanItemEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One object that is lent."""

    kind: KeptKind
    object_id: int


class LoanItemView(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a loan and where it stands: lent, returned or lost."""

    id: int
    kind: KeptKind
    object_id: int
    number: str
    case_id: int
    case_number: str
    patient_name: str
    state: LoanState
    returned_at: datetime | None
    returned_to: str  # 经手人
    reason: str  # of the loss


class LoanView(msgspec.Struct, frozen=True, kw_only=True):
    """A loan (借阅登记). `state` is overdue when the due day has passed and something is still out."""

    id: int
    version: int
    number: str  # 借阅登记号
    state: LoanState
    purpose: str  # 借阅用途
    borrower: Borrower
    deposit_fen: int  # 押金
    refund_fen: int
    lent_at: datetime
    lent_by: str  # 经手人
    due_day: date  # 归还期限
    items: tuple[LoanItemView, ...]
    outside_diagnosis: str  # 外院诊断信息
    document_ids: tuple[int, ...]  # pages of the outside report, in their order: DocumentView.id
    closed_at: datetime | None
    note: str
    allowed: tuple[LoanAction, ...]


class Lend(Command[LoanView], frozen=True, kw_only=True):
    """借出: all items or none. Refusals: INVALID (borrower, purpose, due day, items), ILLEGAL_ACTION (an item is not
    archived or lent already), NOT_FOUND."""

    method = "pathology_keeping.lend"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.PATIENT_RECORD

    items: tuple[LoanItemEntry, ...]
    purpose: str
    borrower: Borrower
    deposit_fen: int = 0
    due_day: date
    note: str = ""
    station: str = ""


class AddLoanPaper(Command[LoanView], frozen=True, kw_only=True):
    """外院诊断书: keep a scanned page (JPEG or PNG) or a PDF with the loan, also after it was closed (PA-AWS-09).

    Refusals: NOT_FOUND, INVALID (neither of the three, damaged, larger than MAX_PAPER_BYTES, too many), DISK_FULL.
    """

    method = "pathology_keeping.add_loan_paper"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.PATIENT_RECORD

    loan_id: int
    data: bytes


class RemoveLoanPaper(Command[LoanView], frozen=True, kw_only=True):
    """Take a page off the loan that was scanned by mistake; who and when is logged. Refusals: NOT_FOUND."""

    method = "pathology_keeping.remove_loan_paper"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.PATIENT_RECORD

    loan_id: int
    document_id: int


class ReturnItems(Command[LoanView], frozen=True, kw_only=True):
    """归还 of some or all items; the loan closes with the last one (PA-AWS-11).

    Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (item not out), INVALID (refund above the deposit).
    """

    method = "pathology_keeping.return_items"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.PATIENT_RECORD

    loan_id: int
    version: int
    item_ids: tuple[int, ...]
    outside_diagnosis: str = ""
    refund_fen: int = 0
    note: str = ""
    station: str = ""


class ExtendLoan(Command[LoanView], frozen=True, kw_only=True):
    """延期. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (closed), INVALID (not later than now)."""

    method = "pathology_keeping.extend"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.PATIENT_RECORD

    loan_id: int
    version: int
    due_day: date
    note: str = ""


class ReportLost(Command[LoanView], frozen=True, kw_only=True):
    """遗失或损坏: items are blocked, their cases marked. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION, INVALID."""

    method = "pathology_keeping.report_lost"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.PATIENT_RECORD

    loan_id: int
    version: int
    item_ids: tuple[int, ...]
    reason: str


class GetLoan(Query[LoanView], frozen=True, kw_only=True):
    """One loan. Refusals: NOT_FOUND."""

    method = "pathology_keeping.get_loan"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    loan_id: int


class LoanFilter(msgspec.Struct, frozen=True, kw_only=True):
    """All conditions that are given must hold (PA-AWS-10)."""

    lent_from: date | None = None
    lent_to: date | None = None
    returned_from: date | None = None
    returned_to: date | None = None
    case_number: str = ""
    loan_number: str = ""
    borrower: str = ""
    states: tuple[LoanState, ...] = ()


class ListLoans(Query[tuple[LoanView, ...]], frozen=True, kw_only=True):
    """借阅信息浏览, the newest first; older ones by `before_id`. Refusals: INVALID (limit)."""

    method = "pathology_keeping.list_loans"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    filter: LoanFilter = LoanFilter()
    before_id: int | None = None
    limit: int = 100


class DrawReceipt(Command[DocumentView], frozen=True, kw_only=True):
    """借阅回执 as a PDF. Refusals: NOT_FOUND."""

    method = "pathology_keeping.draw_receipt"
    permission = Permission.PATHOLOGY_LEND
    audit = AuditClass.EXPORT

    loan_id: int
    language: str = "zh"


class DrawLoanList(Command[DocumentView], frozen=True, kw_only=True):
    """The loans that a filter finds, the newest first, as a PDF (PA-SM-LOAN-07). Refusals: INVALID (none, too many)."""

    method = "pathology_keeping.draw_loan_list"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    filter: LoanFilter = LoanFilter()
    language: str = "zh"


class LoanCounts(msgspec.Struct, frozen=True, kw_only=True):
    """For reminders."""

    out: int
    overdue: int


class CountLoans(Query[LoanCounts], frozen=True, kw_only=True):
    """How many loans are out, and how many of them overdue."""

    method = "pathology_keeping.count_loans"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

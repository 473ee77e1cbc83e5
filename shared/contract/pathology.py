"""Pathology: libraries with their numbering, cases from appointment to deletion, lists and their counters.

Specimens and blocks stand in `pathology_technique`, sections and slides in `pathology_preparation`, scans and trails in
`pathology_trail`; opinions, reports, naming doctors, follow-up and favourites in `pathology_reports`; orders, media and
the archive have modules of their own.

When a case or anything in it changes, `Changed("pathology_case", id, revision)` is told to all stations; a change of
the libraries tells `Changed("pathology_library", id, version)`.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.pathology_preparation import SlideView
from shared.contract.pathology_technique import BatchReport, GrossingView, SpecimenEntry, SpecimenView
from shared.domain.pathology import (
    CaseAction,
    CaseFlag,
    CaseState,
    ChargeKind,
    DatePart,
    DoctorRole,
    FetchBy,
    LibraryKind,
    ResetPeriod,
)
from shared.domain.permissions import Permission
from shared.domain.states import Sex

CASE_ENTITY = "pathology_case"
LIBRARY_ENTITY = "pathology_library"
"""Entities of the `Changed` notices."""

# ── libraries ────────────────────────────────────────────────────────────────────────────────────────


class NumberingRule(msgspec.Struct, frozen=True, kw_only=True):
    """编码规则: prefix + date + serial, e.g. "" + yy + 5 digits → 2400123 (PA-NUM-01)."""

    prefix: str = ""  # at most 6 capital letters or digits
    date_part: DatePart = DatePart.YY
    serial_width: int = 5  # 1 to 8; a longer serial is written in full
    reset: ResetPeriod = ResetPeriod.YEAR  # never more often than the date part changes


class LibraryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is typed about a library (病例库)."""

    name: str
    name_en: str = ""
    kind: LibraryKind = LibraryKind.ROUTINE
    rule: NumberingRule = NumberingRule()
    single_piece: bool = True  # slide labels only after the scan of their block (EX-PA-02)
    two_at_grossing: bool = False  # who grosses does not record: two persons see each count of pieces (EX-PA-01)
    retention_days: int = 14  # how long remainders are kept after the report was sent
    is_active: bool = True


class LibraryView(msgspec.Struct, frozen=True, kw_only=True):
    """A library; the list is in the order of the login's drop-down."""

    id: int
    version: int
    entry: LibraryEntry
    position: int


class ListLibraries(Query[tuple[LibraryView, ...]], frozen=True, kw_only=True):
    """The libraries in their order; those out of use only if asked for."""

    method = "pathology.list_libraries"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    with_inactive: bool = False


class AddLibrary(Command[LibraryView], frozen=True, kw_only=True):
    """Add a library. Refusals: INVALID, DUPLICATE (name)."""

    method = "pathology.add_library"
    permission = Permission.PATHOLOGY_LIBRARIES
    audit = AuditClass.SETTINGS

    entry: LibraryEntry


class SaveLibrary(Command[LibraryView], frozen=True, kw_only=True):
    """Rename a library, change its rule or put it out of use; the kind stays while it has cases.

    Refusals: NOT_FOUND, CONFLICT, INVALID, DUPLICATE (name).
    """

    method = "pathology.save_library"
    permission = Permission.PATHOLOGY_LIBRARIES
    audit = AuditClass.SETTINGS

    library_id: int
    version: int
    entry: LibraryEntry


# ── cases ────────────────────────────────────────────────────────────────────────────────────────────


class CaseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is typed on the patient information page (PA-REG-05)."""

    patient_name: str  # 姓名
    patient_id: int | None = None  # the hospital's patient, if known here
    sex: Sex = Sex.UNKNOWN
    age: str = ""  # with its unit: "45岁", "3月"
    birth_date: date | None = None
    application_number: str = ""  # 申请号
    hospital_patient_id: str = ""  # 病人ID
    outpatient_number: str = ""  # 门诊号
    inpatient_number: str = ""  # 住院号
    id_number: str = ""  # 身份证号
    occupation: str = ""  # 职业
    ethnicity: str = ""  # 民族
    marital_state: str = ""  # 婚姻
    phone: str = ""
    address: str = ""
    department: str = ""  # 送检科室
    ward: str = ""  # 病区
    bed: str = ""  # 床号
    sending_unit: str = ""  # 送检单位
    sending_doctor: str = ""  # 送检医生
    sent_at: datetime | None = None  # 送检日期
    received_at: datetime | None = None  # 收到日期; None: now
    specimen_type: str = ""  # 标本类型
    specimen_name: str = ""  # 标本名称
    sampling_site: str = ""  # 取材部位
    clinical_diagnosis: str = ""  # 临床诊断
    history: str = ""  # 病史
    operative_findings: str = ""  # 手术所见
    earlier_pathology: str = ""  # 既往病理
    menstruation: str = ""  # 末次月经 / 绝经
    is_urgent: bool = False  # 急诊
    is_infectious: bool = False  # 传染
    is_in_arrears: bool = False  # 欠费
    note: str = ""


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A case. `version` is that of the page (edits); `revision` counts every change in the case (notices)."""

    id: int
    version: int
    revision: int
    number: str  # 病理号; empty for appointments and deleted cases
    former_numbers: tuple[str, ...]  # of other libraries, latest first
    code: str  # barcode payload; empty without a number
    library_id: int
    state: CaseState
    flags: tuple[CaseFlag, ...]
    entry: CaseEntry
    received_at: datetime
    registered_by: str  # 登记人
    registered_at: datetime
    state_since: datetime
    delay_reason: str
    doctors: dict[DoctorRole, str]  # names of those who were named or signed
    label_prints: int = 0  # copies of the case's barcode
    allowed: tuple[CaseAction, ...]


class CaseDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A case with everything in it."""

    case: CaseView
    specimens: tuple[SpecimenView, ...]
    grossing: GrossingView
    slides: tuple[SlideView, ...]


class OpenCase(Query[CaseDetails], frozen=True, kw_only=True):
    """打开病例, by id or by its number (a present or a former one).

    Refusals: NOT_FOUND, INVALID, PERMISSION_MISSING (another's case).
    """

    method = "pathology.open_case"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int = 0
    number: str = ""


class NumberAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The next number of a library, or what stands against a typed one (`message` is empty when it is free)."""

    number: str
    is_free: bool
    message: str = ""
    existing_id: int = 0


class NextNumber(Query[NumberAnswer], frozen=True, kw_only=True):
    """The number that a registration would get now. It is not reserved: another station may take it first."""

    method = "pathology.next_number"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.ROUTINE

    library_id: int


class CheckNumber(Query[NumberAnswer], frozen=True, kw_only=True):
    """Whether a typed number may be given (PA-NUM-03)."""

    method = "pathology.check_number"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.ROUTINE

    number: str


class NumberGap(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a range that no case has. One of a deleted case whose blocks exist may not be given again."""

    number: str
    was_deleted: bool
    is_free: bool


class FindGaps(Query[tuple[NumberGap, ...]], frozen=True, kw_only=True):
    """漏编号查找 from one number to another of the same form, ends included, at most 10,000. Refusals: INVALID."""

    method = "pathology.find_gaps"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.ROUTINE

    first: str
    last: str


class RegisterCase(Command[CaseDetails], frozen=True, kw_only=True):
    """登记病例, with its specimens. An empty number takes the next one by the rule at the moment of saving.

    Refusals: NOT_FOUND (library), INVALID, DUPLICATE (number).
    """

    method = "pathology.register_case"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    library_id: int
    entry: CaseEntry
    number: str = ""
    specimens: tuple[SpecimenEntry, ...] = ()
    station: str = ""


class BookCase(Command[CaseDetails], frozen=True, kw_only=True):
    """预约病例: without a number (PA-NUM-04). Refusals: NOT_FOUND (library), INVALID."""

    method = "pathology.book_case"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    library_id: int
    entry: CaseEntry


class ExecuteBookings(Command[BatchReport], frozen=True, kw_only=True):
    """预约执行: each appointment gets its number and is 登记, or stays as it was."""

    method = "pathology.execute_bookings"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    case_ids: tuple[int, ...]
    station: str = ""


class SaveCase(Command[CaseView], frozen=True, kw_only=True):
    """保存病例: the patient information page. Refusals: NOT_FOUND, CONFLICT, INVALID, ILLEGAL_ACTION (locked)."""

    method = "pathology.save_case"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    version: int
    entry: CaseEntry


class TransferCase(Command[CaseView], frozen=True, kw_only=True):
    """病例转存 into another library; a new number by its rule, the old one leads here too (PA-AMB-05).

    Refusals: NOT_FOUND, CONFLICT, INVALID (same library), ILLEGAL_ACTION.
    """

    method = "pathology.transfer_case"
    permission = Permission.PATHOLOGY_TRANSFER
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    version: int
    library_id: int
    reason: str = ""


class DeletionChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """The random password that must be typed back within ten minutes."""

    case_id: int
    password: str
    expires_at: datetime


class BeginDeletion(Command[DeletionChallenge], frozen=True, kw_only=True):
    """删除记录, first step: a random password is made. Refusals: NOT_FOUND, ILLEGAL_ACTION (sent)."""

    method = "pathology.begin_deletion"
    permission = Permission.PATHOLOGY_DELETE_CASES
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class DeleteCase(Command[Nothing], frozen=True, kw_only=True):
    """删除记录, second step, with the password typed back; the number becomes a gap.

    Refusals: NOT_FOUND, CONFLICT, WRONG_PASSWORD (wrong or too late), ILLEGAL_ACTION (sent).
    """

    method = "pathology.delete_case"
    permission = Permission.PATHOLOGY_DELETE_CASES
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    version: int
    password: str
    reason: str = ""


class ChargeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of charges; money in fen."""

    kind: ChargeKind = ChargeKind.EXAM
    code: str = ""
    name: str
    quantity: int = 1
    price_fen: int
    order_id: int | None = None
    is_paid: bool = False
    id: int = 0  # of a stored line; saving gives a line of the exam a new one


class ChargesView(msgspec.Struct, frozen=True, kw_only=True):
    """收费 of a case: lines, and their sums."""

    case_id: int
    version: int
    lines: tuple[ChargeLine, ...]
    total_fen: int  # 合计收费
    unpaid_fen: int


class GetCharges(Query[ChargesView], frozen=True, kw_only=True):
    """检查计费. Refusals: NOT_FOUND."""

    method = "pathology.get_charges"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class SaveCharges(Command[ChargesView], frozen=True, kw_only=True):
    """Replace the lines of one kind (lines of executed orders stay). Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "pathology.save_charges"
    permission = Permission.PATHOLOGY_CHARGES
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    version: int
    kind: ChargeKind = ChargeKind.EXAM
    lines: tuple[ChargeLine, ...]


class SettleCharges(Command[int], frozen=True, kw_only=True):
    """Mark lines as paid or not, named by their own ids or by those of their orders; answers how many changed.

    Refusals: NOT_FOUND (a line that is gone: nothing is marked), INVALID (none, too many).
    """

    method = "pathology.settle_charges"
    permission = Permission.PATHOLOGY_CHARGES
    audit = AuditClass.PATIENT_RECORD

    charge_ids: tuple[int, ...] = ()
    order_ids: tuple[int, ...] = ()
    is_paid: bool = True


class FetchedPatient(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital knows: fill the empty and the patient's fields from it, ask before typed ones are replaced."""

    entry: CaseEntry
    source: str  # a sentence: which record this is


class FetchPatient(Query[tuple[FetchedPatient, ...]], frozen=True, kw_only=True):
    """提取 by one number; newest first, at most 20. Refusals: NOT_FOUND (says which number was looked for), INVALID."""

    method = "pathology.fetch_patient"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    by: FetchBy
    number: str


class FetchIntoCases(Command[BatchReport], frozen=True, kw_only=True):
    """批量 HIS 信息提取: fills what is empty in each case, by its application, patient, in- or outpatient number."""

    method = "pathology.fetch_into_cases"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    case_ids: tuple[int, ...]


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions; empty ones do not filter. Deleted cases and appointments only if their state is asked for."""

    library_ids: tuple[int, ...] = ()
    states: tuple[CaseState, ...] = ()
    flags: tuple[CaseFlag, ...] = ()  # each of them
    first: date | None = None  # registered, in the hospital's time zone, ends included
    last: date | None = None
    number: str = ""  # case number from its beginning
    first_number: str = ""  # range of case numbers
    last_number: str = ""
    text: str = ""  # part of the name, its pinyin initials from the beginning, or any exact number of the patient
    unsent_only: bool = False


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case in a list. Its clock is in `pathology_reports.clocks_of_cases`."""

    id: int
    revision: int
    number: str
    library_id: int
    state: CaseState
    flags: tuple[CaseFlag, ...]
    patient_name: str
    sex: Sex
    age: str
    department: str
    bed: str
    sending_unit: str
    sending_doctor: str
    application_number: str
    outpatient_number: str
    inpatient_number: str
    specimen_name: str
    clinical_diagnosis: str
    received_at: datetime
    registered_at: datetime
    registered_by: str
    state_since: datetime
    delay_reason: str
    first_doctor: str
    chief_doctor: str
    second_doctor: str
    auditor: str


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest registration first; `next_cursor` is empty at the end. `total` counts at most 1,000."""

    rows: tuple[CaseRow, ...]
    next_cursor: str
    total: int
    now: datetime


class ListCases(Query[CasePage], frozen=True, kw_only=True):
    """Cases of the libraries. Refusals: INVALID (limit, cursor, days)."""

    method = "pathology.list_cases"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    filter: CaseFilter = CaseFilter()
    cursor: str = ""
    limit: int = 100  # 1 to 500


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """上一例 and 下一例 in the order of the list; 0 at its ends."""

    previous_id: int
    next_id: int


class GetNeighbours(Query[Neighbours], frozen=True, kw_only=True):
    """The cases before and after one in the list of a filter, which need not hold it. Refusals: NOT_FOUND."""

    method = "pathology.get_neighbours"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    case_id: int
    filter: CaseFilter = CaseFilter()


class ListCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The live counters below and above the case list (PA-GEN-07, PA-CLR-01).

    Consultations, follow-ups and favourites are counted by `pathology_reports.get_counts`.
    """

    states: dict[CaseState, int]  # of the libraries and days; without days each library counts to 10,000
    bookings: int  # 预约病例（X）
    flags: dict[CaseFlag, int]  # of cases that are not sent yet: 补取病例（X） is REGROSSING


class CountLists(Query[ListCounts], frozen=True, kw_only=True):
    """Counters of the links; only `states` looks at the days. Refusals: INVALID."""

    method = "pathology.count_lists"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    library_ids: tuple[int, ...] = ()
    first: date | None = None
    last: date | None = None

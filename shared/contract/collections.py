"""What doctors collect around reports: favourites, follow-up, remarks, teaching files, similar cases, phrases."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.permissions import Permission
from shared.domain.states import ReportState, Sex


class CaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The exam that a collected thing is about, as it was when it was collected; the state is the present one."""

    report_id: int
    exam_id: int
    accession_number: str
    patient_id: int
    patient_name: str
    sex: Sex
    age: str
    exam_type: str
    items: str
    body_part: str
    examined_at: datetime | None
    report_state: ReportState | None = None
    study_uids: tuple[str, ...] = ()


# ── favourites (收藏) ────────────────────────────────────────────────────────────────────────────────


class FavouriteView(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the caller's own favourites (RIS-RPD-07)."""

    id: int
    case: CaseFacts
    folder: str  # 收藏目录; empty: the root
    disease: str  # 病种标记
    note: str
    added_at: datetime


class FavouriteList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, how many match, and every folder and disease mark of the account with its number."""

    total: int
    rows: tuple[FavouriteView, ...]
    folders: dict[str, int] = {}
    diseases: dict[str, int] = {}


class ListFavourites(Query[FavouriteList], frozen=True, kw_only=True):
    """The account's own favourites, newest first; `text` searches names, numbers, items, diseases and notes."""

    method = "collections.list_favourites"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    text: str = ""
    folder: str | None = None
    disease: str = ""
    page: Page = Page()


class FavouriteOfReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a report is among the account's favourites, and the words it may be filed under."""

    favourite: FavouriteView | None
    folders: tuple[str, ...]
    diseases: tuple[str, ...]


class GetFavouriteOfReport(Query[FavouriteOfReport], frozen=True, kw_only=True):
    """The account's favourite of one report, if there is one."""

    method = "collections.get_favourite_of_report"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    report_id: int


class SaveFavourite(Command[FavouriteView], frozen=True, kw_only=True):
    """收藏: file a report in a folder, or change how it is filed; a report is in the favourites once.

    Refusals: NOT_FOUND, INVALID (folder, disease, note too long; too many favourites).
    """

    method = "collections.save_favourite"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    report_id: int
    folder: str = ""
    disease: str = ""
    note: str = ""


class RemoveFavourite(Command[Nothing], frozen=True, kw_only=True):
    """Take a case out of the account's favourites. Refusals: NOT_FOUND."""

    method = "collections.remove_favourite"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    favourite_id: int


class RenameFolder(Command[Nothing], frozen=True, kw_only=True):
    """Rename a folder of the account; the name of another folder joins the two. Refusals: INVALID, NOT_FOUND."""

    method = "collections.rename_folder"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    folder: str
    name: str


# ── follow-up (随访) ─────────────────────────────────────────────────────────────────────────────────


class FollowUpOutcome(StrEnum):
    """How the imaging diagnosis stands against what was found later."""

    AGREES = "agrees"  # 符合
    PARTLY = "partly"  # 部分符合
    DISAGREES = "disagrees"  # 不符合
    UNKNOWN = "unknown"  # 无法判断
    LOST = "lost"  # 失访


class FollowUpProof(StrEnum):
    """What the outcome rests on."""

    PATHOLOGY = "pathology"  # 病理
    SURGERY = "surgery"  # 手术
    IMAGING = "imaging"  # 影像复查
    CLINICAL = "clinical"  # 临床
    NONE = "none"  # 无


class FollowUpScope(StrEnum):
    """Which follow-ups a list shows."""

    DUE = "due"  # open, and the day has come
    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


class FollowUpRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a follow-up's history."""

    at: datetime
    by: str
    kind: str  # opened, noted, moved, closed, reopened
    text: str


class FollowUpView(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the follow-up queue; the queue is the department's, `is_mine` says who asked for it."""

    id: int
    version: int
    case: CaseFacts
    reason: str
    due_on: date
    is_open: bool
    is_due: bool
    is_mine: bool
    opened_by: str
    opened_at: datetime
    imaging_diagnosis: str  # plain text, as the report said when the follow-up was closed, before that as it says now
    outcome: FollowUpOutcome | None = None
    proof: FollowUpProof = FollowUpProof.NONE
    found: str = ""  # the diagnosis of pathology, surgery or clinic
    closed_by: str = ""
    closed_at: datetime | None = None
    records: tuple[FollowUpRecord, ...] = ()


class FollowUpList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows without records, how many match, and how many per scope."""

    total: int
    rows: tuple[FollowUpView, ...]
    counts: dict[str, int] = {}


class ListFollowUps(Query[FollowUpList], frozen=True, kw_only=True):
    """The follow-up queue, earliest day first (closed ones: last closed first)."""

    method = "collections.list_follow_ups"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    scope: FollowUpScope = FollowUpScope.DUE
    mine_only: bool = True
    text: str = ""
    page: Page = Page()


class FollowUpsOfPatient(Query[tuple[FollowUpView, ...]], frozen=True, kw_only=True):
    """All follow-ups of a report's patient with their records, newest first (RIS-RPG-09). Refusals: NOT_FOUND."""

    method = "collections.follow_ups_of_patient"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    report_id: int


class OpenFollowUp(Command[FollowUpView], frozen=True, kw_only=True):
    """随访: put a case into the queue (RIS-RPG-08). Refusals: NOT_FOUND, INVALID, DUPLICATE (open already)."""

    method = "collections.open_follow_up"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    report_id: int
    due_on: date
    reason: str = ""


class NoteFollowUp(Command[FollowUpView], frozen=True, kw_only=True):
    """Add a record; `next_on` moves the day. Refusals: NOT_FOUND, INVALID, CONFLICT, ILLEGAL_ACTION (closed)."""

    method = "collections.note_follow_up"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    follow_up_id: int
    version: int
    text: str
    next_on: date | None = None


class CloseFollowUp(Command[FollowUpView], frozen=True, kw_only=True):
    """Close with what was found. Refusals: NOT_FOUND, INVALID (proof or finding missing), CONFLICT, ILLEGAL_ACTION."""

    method = "collections.close_follow_up"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    follow_up_id: int
    version: int
    outcome: FollowUpOutcome
    proof: FollowUpProof = FollowUpProof.NONE
    found: str = ""


class ReopenFollowUp(Command[FollowUpView], frozen=True, kw_only=True):
    """Go on after closing. Refusals: NOT_FOUND, INVALID, CONFLICT, ILLEGAL_ACTION (open)."""

    method = "collections.reopen_follow_up"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    follow_up_id: int
    version: int
    due_on: date


class MatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """Closed follow-ups of one exam type, counted by outcome. The rate is (agrees + partly/2) of the judged ones."""

    exam_type: str
    agrees: int
    partly: int
    disagrees: int
    unjudged: int
    rate_percent: float | None  # None where nothing was judged


class GetMatchRates(Query[tuple[MatchRow, ...]], frozen=True, kw_only=True):
    """诊断符合率 of follow-ups closed in these days (both included), proved by pathology or surgery, by exam type.

    The first row (exam type "") is all together. Refusals: INVALID.
    """

    method = "collections.get_match_rates"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    first: date
    last: date
    mine_only: bool = False


# ── remarks (备注) ───────────────────────────────────────────────────────────────────────────────────


class RemarkView(msgspec.Struct, frozen=True, kw_only=True):
    """A remark on a report for colleagues; never printed (RIS-RPG-07)."""

    id: int
    at: datetime
    by: str
    text: str
    is_mine: bool


class ListRemarks(Query[tuple[RemarkView, ...]], frozen=True, kw_only=True):
    """The remarks on a report, oldest first. Refusals: NOT_FOUND."""

    method = "collections.list_remarks"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class AddRemark(Command[RemarkView], frozen=True, kw_only=True):
    """Write a remark. Refusals: NOT_FOUND, INVALID."""

    method = "collections.add_remark"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    text: str


class RemoveRemark(Command[Nothing], frozen=True, kw_only=True):
    """Take an own remark back. Refusals: NOT_FOUND."""

    method = "collections.remove_remark"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    remark_id: int


# ── teaching files (教学病例) ────────────────────────────────────────────────────────────────────────


class Difficulty(StrEnum):
    """How hard a teaching file is."""

    EASY = "easy"  # 初级
    MEDIUM = "medium"  # 中级
    HARD = "hard"  # 高级


class TeachingText(msgspec.Struct, frozen=True, kw_only=True):
    """What a teaching file says; nothing in it names the patient."""

    title: str
    points: str = ""  # 教学要点
    difficulty: Difficulty = Difficulty.MEDIUM
    tags: tuple[str, ...] = ()
    clinical: str = ""
    findings: str = ""
    impression: str = ""


class TeachingView(msgspec.Struct, frozen=True, kw_only=True):
    """A teaching file. As a quiz it comes without title, points and impression."""

    id: int
    version: int
    exam_type: str
    body_part: str
    sex: Sex
    age: str
    text: TeachingText
    pictures: tuple[int, ...]  # documents (PNG)
    author: str
    is_mine: bool
    changed_at: datetime
    tries: int  # of everybody
    right: int
    my_last_right: bool | None = None


class TeachingList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, how many match, and every tag with its number."""

    total: int
    rows: tuple[TeachingView, ...]
    tags: dict[str, int] = {}


class ListTeachingFiles(Query[TeachingList], frozen=True, kw_only=True):
    """The teaching files of all, newest first; as a quiz without what gives the answer away."""

    method = "collections.list_teaching_files"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    text: str = ""
    exam_type: str = ""
    difficulty: Difficulty | None = None
    tag: str = ""
    as_quiz: bool = False
    page: Page = Page()


class GetTeachingFile(Query[TeachingView], frozen=True, kw_only=True):
    """One teaching file. Refusals: NOT_FOUND."""

    method = "collections.get_teaching_file"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    teaching_id: int
    as_quiz: bool = False


class DraftTeachingFile(Query[TeachingView], frozen=True, kw_only=True):
    """A proposal from a report with everything taken out that names the patient, for its author to read (id 0).

    Refusals: NOT_FOUND, ILLEGAL_ACTION (the report is not approved).
    """

    method = "collections.draft_teaching_file"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class MakeTeachingFile(Command[TeachingView], frozen=True, kw_only=True):
    """Keep a case for teaching, with the key images of its report if wanted.

    Refusals: NOT_FOUND, INVALID (field named; also when the text still names the patient), ILLEGAL_ACTION.
    """

    method = "collections.make_teaching_file"
    permission = Permission.REPORT
    audit = AuditClass.EXPORT

    report_id: int
    text: TeachingText
    with_pictures: bool = True


class SaveTeachingFile(Command[TeachingView], frozen=True, kw_only=True):
    """Change an own teaching file (auditors: any). Refusals: NOT_FOUND, INVALID, CONFLICT, PERMISSION_MISSING."""

    method = "collections.save_teaching_file"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    teaching_id: int
    version: int
    text: TeachingText


class RemoveTeachingFile(Command[Nothing], frozen=True, kw_only=True):
    """Delete an own teaching file (auditors: any). Refusals: NOT_FOUND, PERMISSION_MISSING."""

    method = "collections.remove_teaching_file"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    teaching_id: int


class AnswerTeachingFile(Command[TeachingView], frozen=True, kw_only=True):
    """Say after a quiz whether the own answer was right; the whole file comes back. Refusals: NOT_FOUND."""

    method = "collections.answer_teaching_file"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    teaching_id: int
    was_right: bool


# ── similar cases (相似病例) ─────────────────────────────────────────────────────────────────────────


class SimilarCase(msgspec.Struct, frozen=True, kw_only=True):
    """An approved report that uses the same words about the same part of the body."""

    report_id: int
    exam_id: int
    sex: Sex
    age: str
    exam_type: str
    items: str
    examined_at: datetime | None
    findings: str  # plain text
    impression: str
    score: float  # 0 to 1
    shared: tuple[str, ...]  # the rarest words that both use


class FindSimilarCases(Query[tuple[SimilarCase, ...]], frozen=True, kw_only=True):
    """Approved reports of the same exam type and body part that are worded most alike, best first (CO-DX-07).

    `text` is what is being written; empty asks with the kept text. Refusals: NOT_FOUND, INVALID.
    """

    method = "collections.find_similar_cases"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    text: str = ""
    limit: int = 10


# ── the phrase library as a workbook (词条) ──────────────────────────────────────────────────────────


class PhraseFile(msgspec.Struct, frozen=True, kw_only=True):
    """A workbook of templates and phrases."""

    name: str
    content: bytes
    count: int


class ExportPhrases(Query[PhraseFile], frozen=True, kw_only=True):
    """导出: all that the account sees, one folder, or chosen entries, as an Excel workbook. Refusals: NOT_FOUND."""

    method = "collections.export_phrases"
    permission = Permission.REPORT
    audit = AuditClass.EXPORT

    template_ids: tuple[int, ...] = ()  # empty: all
    folder: str = ""


class PhraseProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the workbook that cannot be taken."""

    line: int
    column: str
    text: str


class PhraseImport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or would do. With problems nothing is taken."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[PhraseProblem, ...]


class ImportPhrases(Command[PhraseImport], frozen=True, kw_only=True):
    """导入 into the account's own tree: same folder and name change, others are added.

    `check_only` tries and keeps nothing. Refusals: INVALID (not a workbook), TOO_LARGE.
    """

    method = "collections.import_phrases"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    file_name: str
    content: bytes
    check_only: bool = True

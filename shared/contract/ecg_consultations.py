"""ECG consultations: teams, apply, accept, refuse, withdraw, sign for, both lists with clocks and triage, notices.

A consultation's report is written and published through shared.contract.ecg_reports (Save, Submit) by the doctor who
accepted it; printing at the lower hospital (ecg_reports.Print, BatchPrint, or SignFor) signs for it. After a change
`Changed("ecg_consultation", id, version)` goes out, and `Changed("ecg_notice", user_id, 0)` to whom it may concern:
the workstation then asks for `ListNotices`.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.ecg_reports import BatchRow
from shared.domain.ecg import ConsultationAction, ConsultationState, QuickRange, Urgency
from shared.domain.ecg_reports import Agreement, ClockColour, Danger, NoticeKind, NoticePage
from shared.domain.permissions import Permission
from shared.domain.states import Sex

LONGEST_NOTE = 1_000
MOST_MEMBERS = 200

# ── teams ────────────────────────────────────────────────────────────────────────────────────────────


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor of a team."""

    user_id: int
    name: str


class TeamView(msgspec.Struct, frozen=True, kw_only=True):
    """受邀团队: a named group of a higher hospital. `is_own`: the caller's hospital has it."""

    id: int
    version: int
    name: str
    campus_id: int
    hospital: str
    members: tuple[MemberView, ...]
    phone: str = ""
    is_active: bool = True
    is_own: bool = False


class ListTeams(Query[tuple[TeamView, ...]], frozen=True, kw_only=True):
    """The teams; with `for_exam_id` only those that this exam can be sent to: active ones of other hospitals."""

    method = "ecg_consultations.list_teams"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    for_exam_id: int = 0


class ListCandidates(Query[tuple[MemberView, ...]], frozen=True, kw_only=True):
    """Accounts that may be members of a hospital's team: those with the right to accept consultations, by name."""

    method = "ecg_consultations.list_candidates"
    permission = Permission.ECG_LEAD_CONSULTATION
    audit = AuditClass.ROUTINE

    campus_id: int


class SaveTeam(Command[TeamView], frozen=True, kw_only=True):
    """Add (`id` 0) or change a team; names of members are not read, only their ids. Refusals: INVALID, CONFLICT."""

    method = "ecg_consultations.save_team"
    permission = Permission.ECG_LEAD_CONSULTATION
    audit = AuditClass.SETTINGS

    team: TeamView


# ── one consultation ─────────────────────────────────────────────────────────────────────────────────


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting-time clock. `seconds` have passed at `now`; `limit_seconds` 0: no limit. The workstation counts on."""

    now: datetime
    started_at: datetime
    stopped_at: datetime | None
    seconds: int
    limit_seconds: int
    colour: ClockColour


class ConsultationView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of 受理记录 or 会诊报告, and the 详情 of a consultation. `allowed` are for this account now."""

    id: int
    version: int
    state: ConsultationState
    exam_id: int
    accession_number: str
    patient_name: str
    sex: Sex
    age: str
    patient_number: str
    visit_kind: str
    exam_item: str
    acquired_at: datetime | None
    urgency: Urgency
    team_id: int
    team: str
    to_campus_id: int
    to_hospital: str
    from_campus_id: int
    from_hospital: str
    applicant_id: int
    applicant: str
    phone: str
    applied_at: datetime
    complaint: str
    history: str
    clinical_diagnosis: str
    question: str
    accepted_by_id: int
    accepted_by: str
    accepted_at: datetime | None
    refused_by: str
    refused_at: datetime | None
    reason: str  # of a refusal or withdrawal
    published_at: datetime | None
    published_by: str
    signed_at: datetime | None
    signed_by: str
    document_id: int  # PDF of the consultation report; 0 without
    print_count: int
    agreement: Agreement
    danger: Danger
    danger_reasons: tuple[str, ...]
    quality: str  # sentence of the quality gate, empty when good
    clock: ClockView
    allowed: tuple[ConsultationAction, ...]
    danger_reasons_en: tuple[str, ...] = ()  # the same reasons in English
    quality_en: str = ""


class ConsultationLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a consultation's trail: who did what when, views included."""

    at: datetime
    by: str
    station: str
    action: str
    note: str


class ConsultationDetails(msgspec.Struct, frozen=True, kw_only=True):
    """详情."""

    consultation: ConsultationView
    lines: tuple[ConsultationLine, ...]


class ApplicationForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialog 会诊信息 shows before it is filled: the exam's own words, and why it cannot be sent, if so."""

    exam_id: int
    patient_name: str
    sex: Sex
    age: str
    complaint: str
    history: str
    clinical_diagnosis: str
    applicant: str
    phone: str  # that this account gave last
    teams: tuple[TeamView, ...]
    obstacle: str  # empty: it can be sent


class GetApplicationForm(Query[ApplicationForm], frozen=True, kw_only=True):
    """Opens 申请会诊 for an exam. Refusals: NOT_FOUND."""

    method = "ecg_consultations.get_application_form"
    permission = Permission.ECG_APPLY_CONSULTATION
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class Apply(Command[ConsultationView], frozen=True, kw_only=True):
    """申请会诊 → 提交: the team is told (ECG-SM-CON-01).

    Refusals: ILLEGAL_ACTION (not 已采集, a physical exam, already running), INVALID (no team), NOT_FOUND.
    """

    method = "ecg_consultations.apply"
    permission = Permission.ECG_APPLY_CONSULTATION
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    team_id: int
    urgency: Urgency = Urgency.ROUTINE
    question: str = ""
    complaint: str = ""
    history: str = ""
    clinical_diagnosis: str = ""
    phone: str = ""


class Withdraw(Command[ConsultationView], frozen=True, kw_only=True):
    """撤销 of one that waits, by the applicant or with the right to lead. Refusals: ILLEGAL_ACTION, CONFLICT."""

    method = "ecg_consultations.withdraw"
    permission = Permission.ECG_APPLY_CONSULTATION
    audit = AuditClass.PATIENT_RECORD

    consultation_id: int
    version: int
    reason: str = ""


class Accept(Command[ConsultationView], frozen=True, kw_only=True):
    """一键会诊: accept; the workstation then opens the reading page. By whoever has it already it changes nothing.

    No version: the first wins. Refusals: TAKEN as ILLEGAL_ACTION whose sentence names who has it (ECG-ACC-10),
    PERMISSION_MISSING (not of the team).
    """

    method = "ecg_consultations.accept"
    permission = Permission.ECG_ACCEPT_CONSULTATION
    audit = AuditClass.PATIENT_RECORD

    consultation_id: int


class Refuse(Command[ConsultationView], frozen=True, kw_only=True):
    """拒绝会诊 with a reason; the applicant is told. Refusals: INVALID (no reason), ILLEGAL_ACTION, CONFLICT."""

    method = "ecg_consultations.refuse"
    permission = Permission.ECG_ACCEPT_CONSULTATION
    audit = AuditClass.PATIENT_RECORD

    consultation_id: int
    version: int
    reason: str


class GiveBack(Command[ConsultationView], frozen=True, kw_only=True):
    """撤销受理: others may accept it, the draft is kept. By who accepted, or with the right to lead.

    Refusals: ILLEGAL_ACTION (published), CONFLICT, PERMISSION_MISSING.
    """

    method = "ecg_consultations.give_back"
    permission = Permission.ECG_ACCEPT_CONSULTATION
    audit = AuditClass.PATIENT_RECORD

    consultation_id: int
    version: int
    reason: str = ""


class SignFor(Command[tuple[BatchRow, ...]], frozen=True, kw_only=True):
    """打印 / 批量打印 at the lower hospital: gives the PDFs, counts, and signs for the reports (ECG-CRP-02, -03, -07).

    Refusals: INVALID (too many); a consultation that cannot be printed is a row with its sentence.
    """

    method = "ecg_consultations.sign_for"
    permission = Permission.ECG_PRINT
    audit = AuditClass.EXPORT

    consultation_ids: tuple[int, ...]
    template: str = ""
    language: str = "zh"


class Get(Query[ConsultationDetails], frozen=True, kw_only=True):
    """详情 with the trail. Refusals: NOT_FOUND."""

    method = "ecg_consultations.get"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    consultation_id: int


class ListOfExam(Query[tuple[ConsultationView, ...]], frozen=True, kw_only=True):
    """The consultations of an exam, newest first. Refusals: NOT_FOUND."""

    method = "ecg_consultations.list_of_exam"
    permission = Permission.ECG_VIEW
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────


class ConsultationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions of both lists; empty ones do not count. Days are those of the application."""

    states: tuple[ConsultationState, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    patient_name: str = ""
    number: str = ""  # accession, request or patient number, whole
    team_id: int = 0
    hospital_campus_id: int = 0  # the other side's
    mine: bool = False  # accepted, or applied for, by the caller
    quick: QuickRange | None = None
    first: date | None = None
    last: date | None = None


class ConsultationList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rows, how many there are in all, and how many of the list stand in each state."""

    total: int
    rows: tuple[ConsultationView, ...]
    counts: dict[ConsultationState, int] = {}
    overdue: int = 0


class ListIncoming(Query[ConsultationList], frozen=True, kw_only=True):
    """受理记录 of the caller's teams and hospitals: waiting ones first, by urgency, suspected danger and waiting time;
    then the others, newest first."""

    method = "ecg_consultations.list_incoming"
    permission = Permission.ECG_ACCEPT_CONSULTATION
    audit = AuditClass.ROUTINE

    filter: ConsultationFilter = ConsultationFilter()
    page: Page = Page()


class ListOutgoing(Query[ConsultationList], frozen=True, kw_only=True):
    """会诊报告 of the caller's hospitals: published and not yet signed for first, then newest first."""

    method = "ecg_consultations.list_outgoing"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    filter: ConsultationFilter = ConsultationFilter()
    page: Page = Page()


# ── notices ──────────────────────────────────────────────────────────────────────────────────────────


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an account should know; `page` is what a click opens (ECG-GEN-03)."""

    id: int
    kind: NoticeKind
    page: NoticePage
    exam_id: int
    consultation_id: int
    at: datetime
    patient_name: str
    hospital: str  # the other side
    by: str
    text: str  # a reason, a question
    urgency: Urgency | None = None
    read_at: datetime | None = None


class ListNotices(Query[tuple[NoticeView, ...]], frozen=True, kw_only=True):
    """The account's notices, newest first, at most 200: asked for at log-in and at each `Changed("ecg_notice", …)`.

    Those that speak of something that is over (a consultation somebody else accepted) are marked read by themselves.
    """

    method = "ecg_consultations.list_notices"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    unread_only: bool = True


class MarkRead(Command[Nothing], frozen=True, kw_only=True):
    """The account has seen notices; without ids, all of them."""

    method = "ecg_consultations.mark_read"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    notice_ids: tuple[int, ...] = ()


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────


class UrgencyLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes within which a consultation should be accepted, and answered, both from its application."""

    urgency: Urgency
    accept_minutes: int
    answer_minutes: int


DEFAULT_LIMITS = (
    UrgencyLimit(urgency=Urgency.ROUTINE, accept_minutes=15, answer_minutes=30),
    UrgencyLimit(urgency=Urgency.URGENT, accept_minutes=5, answer_minutes=15),
    UrgencyLimit(urgency=Urgency.EMERGENCY, accept_minutes=2, answer_minutes=10),
)


class ConsultationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the clocks; from `warn_share` of a limit on a clock is yellow."""

    version: int = 0
    limits: tuple[UrgencyLimit, ...] = DEFAULT_LIMITS
    warn_share: float = 0.6


class GetPolicy(Query[ConsultationPolicy], frozen=True, kw_only=True):
    """The limits in force."""

    method = "ecg_consultations.get_policy"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE


class SavePolicy(Command[ConsultationPolicy], frozen=True, kw_only=True):
    """Change the limits. Refusals: INVALID, CONFLICT."""

    method = "ecg_consultations.save_policy"
    permission = Permission.ECG_SETTINGS
    audit = AuditClass.SETTINGS

    policy: ConsultationPolicy

"""Remote consultation (远程会诊) and reports written elsewhere (发送云端): teams, requests, opinions, notices.

After a change `Changed("remote_request", id, version)` goes out, and `Changed("remote_notice", user_id, 0)` to whom it
may concern: the workstation then asks for `ListNotices`. Texts of an opinion are the report's rich text subset.
A request of kind REPORT is written, submitted and audited through shared.contract.reporting; it follows by itself.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.master import SheetView
from shared.domain.permissions import Permission
from shared.domain.remote import RemoteAction, RemoteKind, RemoteNotice, RemoteState, RemoteUrgency
from shared.domain.states import Sex

LONGEST_NOTE = 1_000
MOST_MEMBERS = 200
MOST_CONFIRMED = 100
MOST_PRIORS = 20

# ── teams ────────────────────────────────────────────────────────────────────────────────────────────


class RemoteMember(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor of a team; `audits` with the right to audit finally."""

    user_id: int
    name: str
    audits: bool = False


class RemoteTeam(msgspec.Struct, frozen=True, kw_only=True):
    """专家组 of a hospital. `is_own`: the caller's hospital has it.

    `two_level`: an opinion is published only after a second doctor of the team audited it. `audits_reports`: a report
    that the team writes is audited by the team and counts; otherwise the asking hospital's auditors approve it.
    """

    id: int
    version: int
    name: str
    campus_id: int
    hospital: str
    members: tuple[RemoteMember, ...]
    phone: str = ""
    is_active: bool = True
    two_level: bool = False
    audits_reports: bool = False
    is_own: bool = False


class ListTeams(Query[tuple[RemoteTeam, ...]], frozen=True, kw_only=True):
    """The teams; with `for_exam_id` only those that this exam can be sent to: active ones of other hospitals."""

    method = "remote.list_teams"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    for_exam_id: int = 0


class ListCandidates(Query[tuple[RemoteMember, ...]], frozen=True, kw_only=True):
    """Accounts that may be members of a campus's team: those who write reports there, by name."""

    method = "remote.list_candidates"
    permission = Permission.REMOTE_LEAD
    audit = AuditClass.ROUTINE

    campus_id: int


class SaveTeam(Command[RemoteTeam], frozen=True, kw_only=True):
    """Add (`id` 0) or change a team; names of members are not read. Refusals: INVALID, CONFLICT, PERMISSION_MISSING."""

    method = "remote.save_team"
    permission = Permission.REMOTE_LEAD
    audit = AuditClass.SETTINGS

    team: RemoteTeam


# ── one request ──────────────────────────────────────────────────────────────────────────────────────


class RemoteClock(msgspec.Struct, frozen=True, kw_only=True):
    """The waiting time. `seconds` have passed at `now`; `limit_seconds` 0: no limit. A stopped clock stands.

    `warn_seconds`: from when on the clock is yellow.
    """

    now: datetime
    started_at: datetime
    seconds: int
    limit_seconds: int
    warn_seconds: int
    is_running: bool


class OpinionContent(msgspec.Struct, frozen=True, kw_only=True):
    """What the expert writes: findings and impression, and whether there is a critical value."""

    findings: str = ""
    impression: str = ""
    is_critical: bool = False


class PriorExam(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier exam of the patient whose images are shown with the request."""

    exam_id: int
    exam_type: str
    items: str
    examined_at: datetime | None
    study_uids: tuple[str, ...]


class RemoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of 受理 or 申请记录. `allowed` are for this account now."""

    id: int
    version: int
    kind: RemoteKind
    state: RemoteState
    exam_id: int
    report_id: int
    accession_number: str
    patient_number: str
    patient_name: str
    sex: Sex
    age: str
    exam_type: str
    items: str
    examined_at: datetime | None
    urgency: RemoteUrgency
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
    body_part: str
    scan: str  # 扫描方式
    holder_id: int
    holder: str  # who accepted
    accepted_at: datetime | None
    auditor: str
    published_at: datetime | None
    published_by: str
    confirmed_at: datetime | None
    confirmed_by: str
    adjusted_at: datetime | None
    is_critical: bool
    reason: str  # of the last return, withdrawal or rejection
    study_uids: tuple[str, ...]  # empty where the caller may not see the images now
    image_count: int
    clock: RemoteClock
    is_asking_side: bool
    allowed: tuple[RemoteAction, ...]


class RemoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the history of states and actors."""

    at: datetime
    by: str
    hospital: str
    action: str
    state: str
    note: str


class OpinionText(msgspec.Struct, frozen=True, kw_only=True):
    """A kept version of the opinion; an automatic one is replaced by the next automatic one of the same doctor."""

    number: int
    at: datetime
    by: str
    content: OpinionContent
    is_automatic: bool
    is_published: bool


class RemoteView(msgspec.Struct, frozen=True, kw_only=True):
    """A request as opened. The hospital that asked sees `content` and `texts` only when they are published."""

    row: RemoteRow
    history: str
    clinical_diagnosis: str
    question: str
    first_findings: str  # what the asking hospital had written, where it shared it
    first_impression: str
    content: OpinionContent
    texts: tuple[OpinionText, ...]
    lines: tuple[RemoteLine, ...]
    priors: tuple[PriorExam, ...]
    two_level: bool


class RemoteForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the form shows before it is filled: the exam's own words, and why it cannot be sent, if so."""

    exam_id: int
    patient_name: str
    body_part: str
    scan: str
    history: str
    clinical_diagnosis: str
    phone: str  # that this account gave last
    teams: tuple[RemoteTeam, ...]
    priors: tuple[PriorExam, ...]
    obstacle_opinion: str  # empty: an opinion can be asked for
    obstacle_report: str  # empty: the report can be sent


class GetForm(Query[RemoteForm], frozen=True, kw_only=True):
    """Opens the form for an exam. Refusals: NOT_FOUND."""

    method = "remote.get_form"
    permission = Permission.REPORT
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class Ask(Command[RemoteView], frozen=True, kw_only=True):
    """Ask a team for an opinion, or to write the report (发送云端): the team is told.

    Refusals: ILLEGAL_ACTION (no images, one runs already, the report is not 待诊断 or is locked), INVALID, NOT_FOUND.
    """

    method = "remote.ask"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    exam_id: int
    kind: RemoteKind
    team_id: int
    urgency: RemoteUrgency = RemoteUrgency.ROUTINE
    body_part: str = ""
    scan: str = ""
    history: str = ""
    clinical_diagnosis: str = ""
    question: str = ""
    phone: str = ""
    shares_report: bool = True  # an opinion: what was written so far goes along
    prior_exam_ids: tuple[int, ...] = ()


class Withdraw(Command[RemoteView], frozen=True, kw_only=True):
    """撤回 by the applicant or with the right to lead; a report comes home with what was written of it.

    Refusals: ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING.
    """

    method = "remote.withdraw"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    reason: str = ""


class Urge(Command[RemoteView], frozen=True, kw_only=True):
    """Mark a running request urgent; the team, or who holds it, is told. Refusals: ILLEGAL_ACTION (is so already)."""

    method = "remote.urge"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int


class ConfirmItem(msgspec.Struct, frozen=True, kw_only=True):
    """A published request as it was shown."""

    request_id: int
    version: int


class ConfirmOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of many; `sentence` says why it was not confirmed."""

    request_id: int
    is_confirmed: bool
    sentence: str


class Confirm(Command[tuple[ConfirmOutcome, ...]], frozen=True, kw_only=True):
    """确认 of published answers, one or many; each is decided by itself. Refusals: INVALID (none, or too many)."""

    method = "remote.confirm"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    requests: tuple[ConfirmItem, ...]


class SendBack(Command[RemoteView], frozen=True, kw_only=True):
    """退回修改 of a published opinion with a reason. Refusals: INVALID (no reason), ILLEGAL_ACTION, CONFLICT."""

    method = "remote.send_back"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    reason: str


class Accept(Command[RemoteView], frozen=True, kw_only=True):
    """接单. No version: the first wins; by whoever has it already it changes nothing.

    Refusals: ILLEGAL_ACTION whose sentence names who has it, PERMISSION_MISSING (not of the team).
    """

    method = "remote.accept"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int


class Return(Command[RemoteView], frozen=True, kw_only=True):
    """退回申请 with a reason; the applicant is told. Refusals: INVALID (no reason), ILLEGAL_ACTION, CONFLICT."""

    method = "remote.return"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    reason: str


class GiveBack(Command[RemoteView], frozen=True, kw_only=True):
    """放弃接单: others may accept it, what was written is kept. Refusals: ILLEGAL_ACTION, CONFLICT."""

    method = "remote.give_back"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    reason: str = ""


class Write(Command[RemoteView], frozen=True, kw_only=True):
    """诊断: begin or go on writing the opinion; its holder only. Refusals: ILLEGAL_ACTION, PERMISSION_MISSING."""

    method = "remote.write"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int


class Save(Command[RemoteView], frozen=True, kw_only=True):
    """保存 of the holder, or of the auditor during the audit. Refusals: CONFLICT (stale), ILLEGAL_ACTION, INVALID."""

    method = "remote.save"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    content: OpinionContent
    is_automatic: bool = False


class Submit(Command[RemoteView], frozen=True, kw_only=True):
    """提交审核 to a second doctor, or 发布 where the team has no second level. Refusals: INVALID (empty), as Save."""

    method = "remote.submit"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    content: OpinionContent


class TakeBack(Command[RemoteView], frozen=True, kw_only=True):
    """收回 before the audit began. Refusals: ILLEGAL_ACTION, CONFLICT."""

    method = "remote.take_back"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int


class Audit(Command[RemoteView], frozen=True, kw_only=True):
    """审核: enter as the second doctor. Refusals: ILLEGAL_ACTION (somebody audits, own text), PERMISSION_MISSING."""

    method = "remote.audit"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    request_id: int


class Pass(Command[RemoteView], frozen=True, kw_only=True):
    """审核通过 with the auditor's text: published. Refusals: INVALID (empty), CONFLICT, ILLEGAL_ACTION."""

    method = "remote.pass"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    content: OpinionContent


class Reject(Command[RemoteView], frozen=True, kw_only=True):
    """驳回 to its writer with a reason. Refusals: INVALID (no reason), CONFLICT, ILLEGAL_ACTION."""

    method = "remote.reject"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    reason: str


class Release(Command[RemoteView], frozen=True, kw_only=True):
    """退出审核 of the auditor, or 解锁 by another auditor of the team: it waits for audit again."""

    method = "remote.release"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    request_id: int


class Adjust(Command[RemoteView], frozen=True, kw_only=True):
    """调整内容 of a published opinion with a reason; every version is kept, the applicant is told.

    Refusals: INVALID (no reason, empty, nothing changed), CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING.
    """

    method = "remote.adjust"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int
    version: int
    content: OpinionContent
    reason: str


class Get(Query[RemoteView], frozen=True, kw_only=True):
    """One request with history and versions. Refusals: NOT_FOUND (also: neither side is the caller's)."""

    method = "remote.get"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    request_id: int


class ListOfExam(Query[tuple[RemoteView, ...]], frozen=True, kw_only=True):
    """The requests of an exam as its own hospital sees them, newest first. Refusals: NOT_FOUND."""

    method = "remote.list_of_exam"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    exam_id: int


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────


class RemoteFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions of both lists; empty ones do not count. Days are those of the application."""

    states: tuple[RemoteState, ...] = ()
    kinds: tuple[RemoteKind, ...] = ()
    urgency: RemoteUrgency | None = None
    patient_name: str = ""
    number: str = ""  # accession or patient number, whole
    team_id: int = 0
    mine: bool = False  # accepted, or applied for, by the caller
    first: date | None = None
    last: date | None = None


class RemoteList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rows, how many there are in all, how many stand in each state, how many are past their limit."""

    total: int
    rows: tuple[RemoteRow, ...]
    counts: dict[str, int] = {}
    overdue: int = 0


class ListIncoming(Query[RemoteList], frozen=True, kw_only=True):
    """受理: the requests to the caller's teams: waiting ones first, urgent before ordinary, the longest wait first."""

    method = "remote.list_incoming"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    filter: RemoteFilter = RemoteFilter()
    page: Page = Page()


class ListOutgoing(Query[RemoteList], frozen=True, kw_only=True):
    """申请记录 of the caller's hospitals: published and not yet confirmed first, then the newest."""

    method = "remote.list_outgoing"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    filter: RemoteFilter = RemoteFilter()
    page: Page = Page()


class ExportRequests(Query[SheetView], frozen=True, kw_only=True):
    """Either list as a workbook, at most 5,000 rows; `columns` are names of RemoteRow's fields in the order wanted.

    Refusals: INVALID (an unknown column).
    """

    method = "remote.export"
    permission = Permission.REPORT
    audit = AuditClass.EXPORT

    incoming: bool
    filter: RemoteFilter = RemoteFilter()
    columns: tuple[str, ...] = ()  # empty: the usual ones
    english: bool = False


# ── notices, limits ──────────────────────────────────────────────────────────────────────────────────


class RemoteNoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an account should know."""

    id: int
    kind: RemoteNotice
    request_id: int
    request_kind: RemoteKind
    is_asking_side: bool  # which of the two lists it belongs to
    at: datetime
    patient_name: str
    hospital: str  # the other side
    by: str
    text: str
    urgency: RemoteUrgency


class ListNotices(Query[tuple[RemoteNoticeView, ...]], frozen=True, kw_only=True):
    """The account's unread notices, newest first, at most 200. What is over is marked read by itself."""

    method = "remote.list_notices"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE


class MarkRead(Command[Nothing], frozen=True, kw_only=True):
    """The account has seen notices; without ids, all of them."""

    method = "remote.mark_read"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    notice_ids: tuple[int, ...] = ()


class RemoteLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes within which a request should be accepted, and answered, both from its application; 0: no limit."""

    urgency: RemoteUrgency
    accept_minutes: int
    answer_minutes: int


class RemotePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the clocks; from `warn_share` of a limit on a clock is yellow."""

    version: int = 0
    limits: tuple[RemoteLimit, ...] = (
        RemoteLimit(urgency=RemoteUrgency.ROUTINE, accept_minutes=120, answer_minutes=24 * 60),
        RemoteLimit(urgency=RemoteUrgency.URGENT, accept_minutes=15, answer_minutes=60),
    )
    warn_share: float = 0.6


class GetPolicy(Query[RemotePolicy], frozen=True, kw_only=True):
    """The limits in force."""

    method = "remote.get_policy"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE


class SavePolicy(Command[RemotePolicy], frozen=True, kw_only=True):
    """Change the limits. Refusals: INVALID, CONFLICT."""

    method = "remote.save_policy"
    permission = Permission.REMOTE_LEAD
    audit = AuditClass.SETTINGS

    policy: RemotePolicy

"""Asking, withdrawing, confirming; accepting, returning, giving back. Works in the caller's unit of work."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.remote import rules
from server.remote.desk import Desk
from server.remote.ports import ReportFacts
from server.remote.tables import RemoteRequestRow
from server.remote.teams import Teams
from shared.contract.exams import ExamView
from shared.contract.remote import (
    MOST_CONFIRMED,
    MOST_PRIORS,
    Ask,
    ConfirmItem,
    ConfirmOutcome,
    RemoteForm,
)
from shared.domain.remote import RUNNING, RemoteAction, RemoteKind, RemoteNotice, RemoteState, RemoteUrgency

_A, _N, _S = RemoteAction, RemoteNotice, RemoteState
_SCANS = ("平扫+增强", "平扫", "增强", "造影", "灌注")


class RequestService:
    """Leads requests on both sides, but for the writing itself."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def teams(self) -> Teams:
        """The teams."""
        return self.desk.teams

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────

    def form(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> RemoteForm:
        """Return what the form shows before it is filled. Raises NOT_FOUND."""
        exam = self.desk.reports.exam(uow, caller, exam_id)
        facts = self._facts(uow, exam_id)
        last = (
            select(RemoteRequestRow.phone)
            .where(RemoteRequestRow.applicant_id == caller.user_id, RemoteRequestRow.phone != "")
            .order_by(RemoteRequestRow.id.desc())
            .limit(1)
        )
        return RemoteForm(
            exam_id=exam_id,
            patient_name=facts.patient_name,
            body_part=facts.body_part,
            scan=scan_of(exam),
            history=history_of(exam),
            clinical_diagnosis=exam.clinical.diagnosis,
            phone=uow.session.scalar(last) or "",
            teams=self.teams.listed(uow, caller, facts.campus_id),
            priors=self.desk.reports.priors(uow, exam_id),
            obstacle_opinion=self._obstacle(uow, facts, exam_id, RemoteKind.OPINION),
            obstacle_report=self._obstacle(uow, facts, exam_id, RemoteKind.REPORT),
        )

    def _facts(self, uow: UnitOfWork, exam_id: int) -> ReportFacts:
        facts = self.desk.reports.facts(uow, exam_id)
        if facts is None:
            raise illegal_action("", "该检查还没有完成，没有可以会诊的报告；请先完成检查。")
        return facts

    def _obstacle(self, uow: UnitOfWork, facts: ReportFacts, exam_id: int, kind: RemoteKind) -> str:
        running = self.desk.newest(uow, exam_id, kind, RUNNING)
        if running is not None:
            return f"已向{self.desk.to_words(uow, running)}提出申请，尚未完成，不能重复申请。"
        if kind is RemoteKind.REPORT:
            return facts.obstacle
        return "" if facts.study_uids else "此检查还没有影像，不能申请会诊。"

    def ask(self, uow: UnitOfWork, caller: Caller, request: Ask) -> RemoteRequestRow:
        """Ask a team. Raises what `Ask` names."""
        self.desk.reports.lock_exam(uow, request.exam_id)
        exam = self.desk.reports.exam(uow, caller, request.exam_id)
        facts = self._facts(uow, request.exam_id)
        if caller.campus_ids and facts.campus_id not in caller.campus_ids:
            raise not_found("检查")
        obstacle = self._obstacle(uow, facts, request.exam_id, request.kind)
        if obstacle:
            raise illegal_action("", obstacle)
        team = next((one for one in self.teams.listed(uow, caller, facts.campus_id) if one.id == request.team_id), None)
        if team is None:
            raise invalid("team_id", "请选择专家组。")
        row = self._row(caller, request, exam, facts)
        row.team, row.to_campus_id = team.name, team.campus_id
        row.two_level, row.audits_reports = team.two_level, team.audits_reports
        if request.kind is RemoteKind.OPINION and request.shares_report:
            row.first_findings, row.first_impression = facts.findings, facts.impression
        row.prior_exam_ids = self._priors(uow, request)
        row.applied_at = self.desk.time.now()
        uow.session.add(row)
        uow.session.flush()
        self.desk.changed(uow, caller, row, "ask", team.name)
        if request.kind is RemoteKind.REPORT:
            self.desk.reports.send(uow, caller, row.report_id, self.desk.to_words(uow, row))
        self.desk.tell_team(uow, caller, row, _N.NEW, row.question)
        return row

    def _priors(self, uow: UnitOfWork, request: Ask) -> str:
        wanted = list(dict.fromkeys(request.prior_exam_ids))
        if not wanted:
            return ""
        known = {one.exam_id for one in self.desk.reports.priors(uow, request.exam_id)}
        if len(wanted) > MOST_PRIORS or set(wanted) - known:
            raise invalid("prior_exam_ids", f"只能附上该患者本院的既往影像，最多 {MOST_PRIORS} 次。")
        return " ".join(str(one) for one in wanted)

    @staticmethod
    def _row(caller: Caller, request: Ask, exam: ExamView, facts: ReportFacts) -> RemoteRequestRow:
        return RemoteRequestRow(
            version=0,
            kind=request.kind.value,
            state=_S.PENDING.value,
            exam_id=request.exam_id,
            report_id=facts.report_id,
            patient_id=facts.patient_id,
            accession_number=facts.accession_number,
            patient_number=facts.patient_number,
            patient_name=facts.patient_name,
            sex=facts.sex,
            age=facts.age,
            exam_type=facts.exam_type,
            items=facts.items,
            examined_at=facts.examined_at,
            study_uids="\n".join(facts.study_uids),
            image_count=facts.image_count,
            urgency=request.urgency.value,
            urgency_rank=rules.RANKS[request.urgency],
            team_id=request.team_id,
            from_campus_id=facts.campus_id,
            applicant_id=caller.user_id,
            applicant=caller.name[:80],
            phone=rules.text("phone", request.phone, 40),
            body_part=rules.text("body_part", request.body_part or facts.body_part, 200, "请填写检查部位。"),
            scan=rules.text("scan", request.scan or scan_of(exam), 200),
            history=rules.text("history", request.history, missing="请填写病史信息，专家据此判断。"),
            clinical_diagnosis=rules.text("clinical_diagnosis", request.clinical_diagnosis),
            question=rules.text("question", request.question),
            holder_id=0,
            auditor_id=0,
        )

    # ── the asking side afterwards ───────────────────────────────────────────────────────────────────

    def withdraw(self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, reason: str) -> RemoteRequestRow:
        """撤回. Raises ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.desk.demand(uow, caller, request_id, lock=True)
        self.desk.step(uow, caller, row, _A.WITHDRAW)
        row.expect(version)
        row.reason, row.ended_at = rules.text("reason", reason), self.desk.time.now()
        self._home(uow, caller, row, row.reason)
        self.desk.changed(uow, caller, row, _A.WITHDRAW, row.reason)
        self.desk.notices.over(uow, row.id, *RemoteNotice)
        self.desk.tell_team(uow, caller, row, _N.WITHDRAWN, row.reason)
        return row

    def urge(self, uow: UnitOfWork, caller: Caller, request_id: int) -> RemoteRequestRow:
        """加急. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self.desk.demand(uow, caller, request_id, lock=True)
        self.desk.step(uow, caller, row, _A.URGE)
        row.urgency, row.urgency_rank = RemoteUrgency.URGENT.value, rules.RANKS[RemoteUrgency.URGENT]
        # What the holder writes meanwhile is not stale by this.
        self.desk.changed(uow, caller, row, _A.URGE, counts=False)
        self.desk.tell_team(uow, caller, row, _N.URGED)
        return row

    def confirm(self, uow: UnitOfWork, caller: Caller, wanted: tuple[ConfirmItem, ...]) -> tuple[ConfirmOutcome, ...]:
        """确认, one by one. Raises INVALID."""
        if not 1 <= len(wanted) <= MOST_CONFIRMED:
            raise invalid("requests", f"请选择 1 到 {MOST_CONFIRMED} 份已审核的申请。")
        return tuple(self._confirmed(uow, caller, one) for one in sorted(wanted, key=lambda one: one.request_id))

    def _confirmed(self, uow: UnitOfWork, caller: Caller, item: ConfirmItem) -> ConfirmOutcome:
        try:
            row = self.desk.demand(uow, caller, item.request_id, lock=True)
            row.expect(item.version)
            self.desk.step(uow, caller, row, _A.CONFIRM)
        except Refusal as refusal:
            return ConfirmOutcome(request_id=item.request_id, is_confirmed=False, sentence=refusal.body.message)
        row.confirmed_at, row.confirmed_by = self.desk.time.now(), caller.name[:80]
        self.desk.changed(uow, caller, row, _A.CONFIRM)
        self.desk.notices.over(uow, row.id, _N.PUBLISHED, _N.ADJUSTED)
        self.desk.tell_there(uow, caller, row, (row.holder_id, row.auditor_id), _N.CONFIRMED)
        return ConfirmOutcome(request_id=row.id, is_confirmed=True, sentence="")

    def send_back(
        self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, reason: str
    ) -> RemoteRequestRow:
        """退回修改 of a published opinion. Raises INVALID, ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.desk.demand(uow, caller, request_id, lock=True)
        self.desk.step(uow, caller, row, _A.SEND_BACK)
        row.expect(version)
        row.reason = rules.text("reason", reason, missing="请填写退回的原因，专家会看到。")
        self.desk.changed(uow, caller, row, _A.SEND_BACK, row.reason)
        self.desk.notices.over(uow, row.id, _N.PUBLISHED, _N.ADJUSTED)
        self.desk.tell_team(uow, caller, row, _N.SENT_BACK, row.reason)
        return row

    # ── the team ─────────────────────────────────────────────────────────────────────────────────────

    def accept(self, uow: UnitOfWork, caller: Caller, request_id: int) -> RemoteRequestRow:
        """接单: the first wins. Raises ILLEGAL_ACTION (who has it), PERMISSION_MISSING, NOT_FOUND."""
        row = self.desk.demand(uow, caller, request_id, lock=True)
        if row.holder_id == caller.user_id and RemoteState(row.state) in RUNNING:
            return row
        self.desk.step(uow, caller, row, _A.ACCEPT)
        row.holder_id, row.holder, row.accepted_at = caller.user_id, caller.name[:80], self.desk.time.now()
        if row.kind == RemoteKind.REPORT.value:
            self.desk.reports.entrust(uow, row.report_id, self.desk.to_words(uow, row), (caller.user_id,))
        self.desk.changed(uow, caller, row, _A.ACCEPT)
        self.desk.notices.over(uow, row.id, _N.NEW, _N.URGED, _N.GIVEN_BACK)
        self.desk.tell_asker(uow, caller, row, _N.ACCEPTED)
        return row

    def give_return(
        self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, reason: str
    ) -> RemoteRequestRow:
        """退回申请. Raises INVALID, ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.desk.demand(uow, caller, request_id, lock=True)
        self.desk.step(uow, caller, row, _A.RETURN)
        row.expect(version)
        row.reason = rules.text("reason", reason, missing="请填写退回的原因，申请医生会看到。")
        row.ended_at = self.desk.time.now()
        self._home(uow, caller, row, row.reason)
        self.desk.changed(uow, caller, row, _A.RETURN, row.reason)
        self.desk.notices.over(uow, row.id, *RemoteNotice)
        self.desk.tell_asker(uow, caller, row, _N.RETURNED, row.reason)
        return row

    def give_back(
        self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, reason: str
    ) -> RemoteRequestRow:
        """放弃接单: what was written is kept. Raises ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.desk.demand(uow, caller, request_id, lock=True)
        self.desk.step(uow, caller, row, _A.GIVE_BACK)
        row.expect(version)
        before, note = row.holder_id, rules.text("reason", reason)
        row.holder_id, row.holder, row.accepted_at = 0, "", None
        row.auditor_id, row.auditor = 0, ""
        if row.kind == RemoteKind.REPORT.value:
            self.desk.reports.entrust(uow, row.report_id, self.desk.to_words(uow, row), ())
        self.desk.changed(uow, caller, row, _A.GIVE_BACK, note)
        self.desk.notices.over(uow, row.id, _N.ACCEPTED, _N.REJECTED, _N.SENT_BACK, _N.URGED)
        self.desk.tell_asker(uow, caller, row, _N.GIVEN_BACK, note)
        others = (*self.desk.member_ids(uow, row), before)
        self.desk.tell_there(uow, caller, row, others, _N.GIVEN_BACK, note)
        return row

    def _home(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow, note: str) -> None:
        if row.kind == RemoteKind.REPORT.value:
            self.desk.reports.bring_home(uow, caller, row.report_id, note)


def scan_of(exam: ExamView) -> str:
    """Return the way of scanning that the items of an exam name (扫描方式); empty where they name none."""
    words = "".join(one.name for one in exam.items)
    if "平扫" in words and "增强" in words:
        return _SCANS[0]
    return next((one for one in _SCANS[1:] if one in words), "")


def history_of(exam: ExamView) -> str:
    """Return what the application says of the patient's history, one line each."""
    clinical = exam.clinical
    return "\n".join(dict.fromkeys(one.strip() for one in (clinical.history, clinical.purpose) if one.strip()))

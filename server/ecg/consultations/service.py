"""Use cases of consultations; every method works in the caller's unit of work and never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from server.ecg.consultations import rules
from server.ecg.consultations.notices import Notices
from server.ecg.consultations.ports import Dangers, Hospitals, Reports
from server.ecg.consultations.tables import EcgConsultationEventRow, EcgConsultationRow
from server.ecg.consultations.teams import Teams
from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.reports.ports import ConsultationFacts
from server.ecg.traces.service import TraceService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from shared.contract.base import Changed
from shared.contract.ecg_consultations import ApplicationForm, Apply
from shared.contract.ecg_reports import ReportBody
from shared.contract.errors import ErrorCode
from shared.domain.ecg import (
    RUNNING_CONSULTATIONS,
    ConsultationAction,
    ConsultationState,
    ExamAction,
    Urgency,
)
from shared.domain.ecg_reports import Danger, NoticeKind
from shared.domain.permissions import Permission

ENTITY = "ecg_consultation"
_RUNNING = tuple(one.value for one in RUNNING_CONSULTATIONS)
_LIVING = (*_RUNNING, ConsultationState.PUBLISHED.value, ConsultationState.COMPLETED.value)
_A, _S = ConsultationAction, ConsultationState


class ConsultationService:
    """Leads consultations through ECG-SM-CON."""

    def __init__(
        self,
        exams: ExamService,
        traces: TraceService,
        teams: Teams,
        notices: Notices,
        reports: Reports,
        dangers: Dangers,
        hospitals: Hospitals,
        time: HospitalTime,
    ) -> None:
        self.exams = exams
        self.traces = traces
        self.teams = teams
        self.notices = notices
        self.reports = reports
        self.dangers = dangers
        self.hospitals = hospitals
        self.time = time

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def row(uow: UnitOfWork, consultation_id: int, *, lock: bool = False) -> EcgConsultationRow:
        """Return a consultation. Raises NOT_FOUND."""
        row = uow.session.get(EcgConsultationRow, consultation_id, with_for_update=lock or None, populate_existing=lock)
        if row is None:
            raise not_found("会诊")
        return row

    def demand(
        self, uow: UnitOfWork, caller: Caller, consultation_id: int, *, lock: bool = False
    ) -> EcgConsultationRow:
        """Return a consultation that the account's side may see. Raises NOT_FOUND."""
        row = self.row(uow, consultation_id, lock=lock)
        standing = self.standing(uow, caller, row)
        if not (standing.is_asking_side or standing.is_asked_side or standing.is_member or standing.is_holder):
            raise not_found("会诊")
        return row

    def standing(
        self, uow: UnitOfWork, caller: Caller, row: EcgConsultationRow, teams: frozenset[int] | None = None
    ) -> rules.Standing:
        """Return what decides what the account may do; `teams` are those that it is in, where they are known."""
        teams = self.teams.of_user(uow, caller.user_id) if teams is None else teams
        everywhere = not caller.campus_ids
        is_holder = bool(row.accepted_by_id) and row.accepted_by_id == caller.user_id
        return rules.Standing(
            state=ConsultationState(row.state),
            is_applicant=row.applicant_id == caller.user_id,
            is_asking_side=(everywhere and not is_holder) or row.from_campus_id in caller.campus_ids,
            is_member=row.team_id in teams,
            is_asked_side=everywhere or row.to_campus_id in caller.campus_ids,
            is_holder=is_holder,
            may_apply=caller.may(Permission.ECG_APPLY_CONSULTATION),
            may_accept=caller.may(Permission.ECG_ACCEPT_CONSULTATION),
            may_lead=caller.may(Permission.ECG_LEAD_CONSULTATION),
            may_report=caller.may(Permission.ECG_REPORT),
            may_print=caller.may(Permission.ECG_PRINT),
        )

    def opens(self, uow: UnitOfWork, caller: Caller, facts: ExamFacts) -> bool:
        """Whether a consultation opens an exam of another hospital to an account (ExamService.also_visible)."""
        if not caller.may(Permission.ECG_VIEW):
            return False
        found = select(EcgConsultationRow.team_id, EcgConsultationRow.to_campus_id, EcgConsultationRow.accepted_by_id)
        found = found.where(EcgConsultationRow.exam_id == facts.id, EcgConsultationRow.state.in_(_LIVING))
        mine = self.teams.of_user(uow, caller.user_id)
        return any(
            team in mine or campus in caller.campus_ids or holder == caller.user_id
            for team, campus, holder in uow.session.execute(found)
        )

    def _changed(self, uow: UnitOfWork, caller: Caller, row: EcgConsultationRow, action: str, note: str = "") -> None:
        self.log(uow, caller, row.id, action, note)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))
        self.exams.mark_consultation(uow, row.exam_id, row.id, ConsultationState(row.state))
        self.exams.note(uow, caller, row.exam_id, f"consultation_{action}", new=note)

    def log(self, uow: UnitOfWork, caller: Caller, consultation_id: int, action: str, note: str = "") -> None:
        """Write a line of the trail."""
        uow.session.add(
            EcgConsultationEventRow(
                consultation_id=consultation_id,
                at=self.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                station=caller.station[:80],
                action=action,
                note=note[:1000],
            )
        )

    def _step(self, uow: UnitOfWork, caller: Caller, row: EcgConsultationRow, action: ConsultationAction) -> None:
        """Lead a consultation on. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""
        holder = f"{self.hospitals.name(uow, row.to_campus_id)} {row.accepted_by}" if row.accepted_by_id else ""
        after = rules.step(ConsultationState(row.state), action, holder)
        if not rules.may(self.standing(uow, caller, row), action):
            raise Refusal(ErrorCode.PERMISSION_MISSING, rules.WHO[action])
        row.state = after.value

    # ── applying ─────────────────────────────────────────────────────────────────────────────────────

    def form(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ApplicationForm:
        """Return what the dialog shows before it is filled. Raises NOT_FOUND."""
        exam = self.exams.demand(uow, caller, exam_id)
        entry = exam.entry
        last = (
            select(EcgConsultationRow.phone)
            .where(EcgConsultationRow.applicant_id == caller.user_id, EcgConsultationRow.phone != "")
            .order_by(EcgConsultationRow.id.desc())
            .limit(1)
        )
        return ApplicationForm(
            exam_id=exam.id,
            patient_name=exam.patient_name,
            sex=exam.sex,
            age=exam.age,
            complaint=entry.complaint,
            history=entry.history,
            clinical_diagnosis=entry.clinical_diagnosis,
            applicant=caller.name,
            phone=uow.session.scalar(last) or "",
            teams=self.teams.listed(uow, caller, exam.campus_id),
            obstacle=self._obstacle(uow, exam),
        )

    def _obstacle(self, uow: UnitOfWork, exam: ExamFacts) -> str:
        running = self._newest(uow, exam.id, _RUNNING)
        return rules.obstacle(
            exam.state,
            exam.visit_kind,
            None if running is None else ConsultationState(running.state),
            "" if running is None else running.team,
        )

    def apply(self, uow: UnitOfWork, caller: Caller, request: Apply) -> EcgConsultationRow:
        """申请会诊. Raises what `Apply` names."""
        self.exams.lock(uow, request.exam_id)
        exam = self.exams.demand(uow, caller, request.exam_id)
        obstacle = self._obstacle(uow, exam)
        if obstacle:
            raise illegal_action(exam.state.value, obstacle)
        self.exams.check(uow, caller, exam.id, ExamAction.APPLY_CONSULTATION)
        if caller.campus_ids and exam.campus_id not in caller.campus_ids:
            raise not_found("心电检查")
        if request.team_id not in {one.id for one in self.teams.listed(uow, caller, exam.campus_id)}:
            raise invalid("team_id", "请选择受邀团队。")
        team = self.teams.row(uow, request.team_id)
        trace = self.traces.current(uow, exam.id)
        danger = Danger.UNKNOWN if trace is None else self.dangers.of_trace(uow, trace.id)[0]
        ranks = rules.rank(request.urgency, danger)
        entry = exam.entry
        row = EcgConsultationRow(
            version=0,
            exam_id=exam.id,
            state=ConsultationState.WAITING.value,
            urgency=request.urgency.value,
            urgency_rank=ranks[0],
            danger=danger.value,
            danger_rank=ranks[1],
            team_id=team.id,
            team=team.name,
            to_campus_id=team.campus_id,
            from_campus_id=exam.campus_id,
            patient_name=exam.patient_name[:120],
            accession_number=exam.accession_number[:32],
            request_number=exam.request_number[:64],
            patient_number=exam.patient_number[:64],
            applicant_id=caller.user_id,
            applicant=caller.name[:80],
            phone=rules.text("phone", request.phone, 40),
            applied_at=self.time.now(),
            complaint=rules.text("complaint", request.complaint or entry.complaint),
            history=rules.text("history", request.history or entry.history),
            clinical_diagnosis=rules.text("clinical_diagnosis", request.clinical_diagnosis or entry.clinical_diagnosis),
            question=rules.text("question", request.question),
            first_opinion=self.reports.first_opinion(uow, exam.id)[:4000],
        )
        uow.session.add(row)
        uow.session.flush()
        self._changed(uow, caller, row, "applied", team.name)
        self._tell_team(uow, caller, row)
        return row

    def _tell_team(self, uow: UnitOfWork, caller: Caller, row: EcgConsultationRow) -> None:
        members = self.teams.member_ids(uow, row.team_id)
        self._tell(uow, caller, row, members, NoticeKind.NEW_CONSULTATION, row.question, from_side=True)

    def _tell(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: EcgConsultationRow,
        users: tuple[int, ...],
        kind: NoticeKind,
        text: str = "",
        *,
        from_side: bool = False,
    ) -> None:
        self.notices.tell(
            uow,
            caller,
            users,
            kind,
            exam_id=row.exam_id,
            consultation_id=row.id,
            patient_name=row.patient_name,
            hospital=self.hospitals.name(uow, row.from_campus_id if from_side else row.to_campus_id),
            text=text,
            urgency=Urgency(row.urgency),
        )

    # ── the asking side ──────────────────────────────────────────────────────────────────────────────

    def withdraw(
        self, uow: UnitOfWork, caller: Caller, consultation_id: int, version: int, reason: str
    ) -> EcgConsultationRow:
        """撤销. Raises ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.demand(uow, caller, consultation_id, lock=True)
        self._step(uow, caller, row, _A.WITHDRAW)
        row.expect(version)
        row.reason, row.withdrawn_at = rules.text("reason", reason), self.time.now()
        self._changed(uow, caller, row, "withdrawn", row.reason)
        self.notices.over(uow, row.id, NoticeKind.NEW_CONSULTATION)
        members = self.teams.member_ids(uow, row.team_id)
        self._tell(uow, caller, row, members, NoticeKind.WITHDRAWN, row.reason, from_side=True)
        return row

    def printed(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """The report was printed; at the hospital that asked this signs for it (server.ecg.reports.ports)."""
        row = self._newest(uow, exam_id, (_S.PUBLISHED.value, _S.COMPLETED.value))
        if row is None:
            return
        row = self.row(uow, row.id, lock=True)
        if not rules.may(self.standing(uow, caller, row), _A.SIGN_FOR):
            self.log(uow, caller, row.id, "printed")
            return
        first = row.state == _S.PUBLISHED.value
        self._step(uow, caller, row, _A.SIGN_FOR)
        if not first:
            self.log(uow, caller, row.id, "printed")
            return
        row.signed_at, row.signed_by_id, row.signed_by = self.time.now(), caller.user_id, caller.name[:80]
        self.notices.over(uow, row.id, NoticeKind.PUBLISHED)
        self._changed(uow, caller, row, "signed")

    # ── the asked side ───────────────────────────────────────────────────────────────────────────────

    def accept(self, uow: UnitOfWork, caller: Caller, consultation_id: int) -> EcgConsultationRow:
        """一键会诊: the first wins. Raises ILLEGAL_ACTION (who has it), PERMISSION_MISSING, NOT_FOUND."""
        row = self.demand(uow, caller, consultation_id, lock=True)
        if row.state == _S.ACCEPTED.value and row.accepted_by_id == caller.user_id:
            return row
        self._step(uow, caller, row, _A.ACCEPT)
        now = self.time.now()
        row.accepted_by_id, row.accepted_by, row.accepted_at = caller.user_id, caller.name[:80], now
        row.first_accepted_at = row.first_accepted_at or now
        self._changed(uow, caller, row, "accepted")
        self.notices.over(uow, row.id, NoticeKind.NEW_CONSULTATION)
        return row

    def refuse(
        self, uow: UnitOfWork, caller: Caller, consultation_id: int, version: int, reason: str
    ) -> EcgConsultationRow:
        """拒绝会诊. Raises INVALID, ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.demand(uow, caller, consultation_id, lock=True)
        self._step(uow, caller, row, _A.REFUSE)
        row.expect(version)
        row.reason = rules.text("reason", reason, missing="请填写拒绝的原因，申请医师会看到。")
        row.refused_by, row.refused_at = caller.name[:80], self.time.now()
        self._changed(uow, caller, row, "refused", row.reason)
        self.notices.over(uow, row.id, NoticeKind.NEW_CONSULTATION)
        self._tell(uow, caller, row, (row.applicant_id,), NoticeKind.REFUSED, row.reason)
        return row

    def give_back(
        self, uow: UnitOfWork, caller: Caller, consultation_id: int, version: int, reason: str
    ) -> EcgConsultationRow:
        """撤销受理: the draft is kept, others may accept. Raises ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self.demand(uow, caller, consultation_id, lock=True)
        self._step(uow, caller, row, _A.GIVE_BACK)
        row.expect(version)
        if self.reports.waits_for_audit(uow, row.exam_id):
            raise illegal_action(row.state, "会诊报告待审核，请先退回再撤销受理。")
        row.accepted_by_id, row.accepted_by, row.accepted_at = 0, "", None
        note = rules.text("reason", reason)
        self._changed(uow, caller, row, "given_back", note)
        self._tell(uow, caller, row, (row.applicant_id,), NoticeKind.GIVEN_BACK, note)
        self._tell_team(uow, caller, row)
        return row

    # ── what the report does (server.ecg.reports.ports.Consultations) ────────────────────────────────

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> ConsultationFacts | None:
        """Return the consultation that runs for an exam or whose report it has."""
        row = self._newest(uow, exam_id, _LIVING)
        if row is None:
            return None
        return ConsultationFacts(
            id=row.id,
            state=ConsultationState(row.state),
            team=row.team,
            to_campus_id=row.to_campus_id,
            to_hospital=self.hospitals.name(uow, row.to_campus_id),
            from_hospital=self.hospitals.name(uow, row.from_campus_id),
            accepted_by_id=row.accepted_by_id,
            accepted_by=row.accepted_by,
            applicant=row.applicant,
            question=row.question,
            first_opinion=row.first_opinion,
        )

    def drafted(self, uow: UnitOfWork, caller: Caller, consultation_id: int) -> None:
        """The accepting doctor saved a draft."""
        self.log(uow, caller, consultation_id, "saved")

    def published(self, uow: UnitOfWork, caller: Caller, consultation_id: int, at: datetime, body: ReportBody) -> None:
        """The report was submitted: the applicant is told. Raises ILLEGAL_ACTION."""
        row = self.row(uow, consultation_id, lock=True)
        row.state = rules.step(ConsultationState(row.state), _A.PUBLISH).value
        row.published_at, row.published_by_id, row.published_by = at, caller.user_id, caller.name[:80]
        row.agreement = rules.compared(body.agreement, row.first_opinion, body.diagnosis).value
        self._changed(uow, caller, row, "published")
        self._tell(uow, caller, row, (row.applicant_id,), NoticeKind.PUBLISHED)

    def report_withdrawn(self, uow: UnitOfWork, caller: Caller, consultation_id: int, reason: str) -> None:
        """The published report is taken back; its doctor has the consultation again."""
        row = self.row(uow, consultation_id, lock=True)
        row.state = rules.step(ConsultationState(row.state), _A.WITHDRAW_REPORT).value
        told = tuple({row.applicant_id, row.signed_by_id, row.accepted_by_id} - {0})
        row.published_at, row.published_by_id, row.published_by = None, 0, ""
        row.signed_at, row.signed_by_id, row.signed_by = None, 0, ""
        self._changed(uow, caller, row, "report_withdrawn", reason)
        self.notices.over(uow, row.id, NoticeKind.PUBLISHED)
        self._tell(uow, caller, row, told, NoticeKind.REPORT_WITHDRAWN, reason)

    def judged(self, uow: UnitOfWork, exam_id: int, danger: Danger) -> None:
        """A new trace of an exam was judged: a waiting consultation is ordered anew."""
        row = self._newest(uow, exam_id, _RUNNING)
        if row is None or row.danger == danger.value:
            return
        row.danger = danger.value
        row.urgency_rank, row.danger_rank = rules.rank(Urgency(row.urgency), danger)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))

    @staticmethod
    def _newest(uow: UnitOfWork, exam_id: int, states: tuple[str, ...]) -> EcgConsultationRow | None:
        found = select(EcgConsultationRow).where(
            EcgConsultationRow.exam_id == exam_id, EcgConsultationRow.state.in_(states)
        )
        return uow.session.scalars(found.order_by(EcgConsultationRow.id.desc()).limit(1)).first()

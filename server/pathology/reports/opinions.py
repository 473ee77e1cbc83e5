"""Opinions: writing one's own, drafts, kept versions, naming doctors, the text that the report takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.reports import rules, seals
from server.pathology.reports.books import Books, demand, is_locked
from server.pathology.reports.ports import CaseFacts, People
from server.pathology.reports.tables import (
    Consultation,
    ConsultationDoctor,
    FrozenSection,
    NamedDoctorRow,
    Opinion,
    OpinionVersion,
    ReportVersion,
)
from shared.contract.errors import ErrorCode
from shared.contract.pathology_reports import DoctorView, OpinionText, SaveOpinion, TextVersion
from shared.domain.pathology import (
    CASE_STATES,
    DOCTOR_ROLES,
    CaseAction,
    CaseFlag,
    DoctorRole,
    OpinionKind,
)
from shared.domain.pathology_reports import PaperState
from shared.domain.permissions import Permission

MOST_OPINIONS = 100
_MOST_NAMED = 200


class Opinions:
    """Saves opinions; every method works in the caller's unit of work."""

    def __init__(self, books: Books, people: People) -> None:
        self._books = books
        self._people = people

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def of_case(uow: UnitOfWork, caller: Caller, case_id: int) -> list[tuple[Opinion, OpinionVersion]]:
        """Return the settled opinions of a case and the caller's drafts, oldest first."""
        statement = (
            select(Opinion, OpinionVersion)
            .join(
                OpinionVersion,
                (OpinionVersion.opinion_id == Opinion.id) & (OpinionVersion.number == Opinion.text_number),
            )
            .where(Opinion.case_id == case_id)
            .order_by(Opinion.id)
        )
        rows = uow.session.execute(statement)
        return [(row[0], row[1]) for row in rows if not row[0].is_draft or row[0].doctor_id == caller.user_id]

    def versions(self, uow: UnitOfWork, caller: Caller, opinion_id: int, report_id: int) -> tuple[TextVersion, ...]:
        """Return the kept versions of an opinion or of a report, newest first. Raises NOT_FOUND."""
        if report_id:
            report = self._books.report(uow, report_id)
            self._books.cases.facts(uow, caller, report.case_id)
            kept = select(ReportVersion).where(ReportVersion.report_id == report_id)
            return tuple(
                TextVersion(number=one.number, at=one.at, by=one.by, text=text_of(one), reason=one.reason)
                for one in uow.session.scalars(kept.order_by(ReportVersion.number.desc()).limit(_MOST_NAMED))
            )
        opinion = uow.session.get(Opinion, opinion_id)
        if opinion is None or (opinion.is_draft and opinion.doctor_id != caller.user_id):
            raise not_found("诊断意见")
        self._books.cases.facts(uow, caller, opinion.case_id)
        found = select(OpinionVersion).where(OpinionVersion.opinion_id == opinion_id)
        return tuple(
            TextVersion(
                number=one.number, at=one.at, by=opinion.doctor, text=text_of(one), is_automatic=one.is_automatic
            )
            for one in uow.session.scalars(found.order_by(OpinionVersion.number.desc()).limit(_MOST_NAMED))
        )

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveOpinion) -> None:
        """Save an own opinion, as a draft or for good. Raises what `SaveOpinion` names."""
        books, kind = self._books, request.kind
        rule = rules.OPINIONS[kind]
        demand(caller, rule.permission)
        books.cases.lock(uow, request.case_id)
        case = books.cases.facts(uow, caller, request.case_id)
        text = books.clean(request.text)
        opinion = self._own(uow, caller, request) if request.opinion_id else None
        if request.is_automatic:
            self._draft(uow, caller, case, request, opinion, text)
            return
        lacking = rules.why_not_written(kind, text)
        if lacking:
            raise invalid("diagnosis" if rule.needs_diagnosis else "findings", lacking)
        self._demand_possible(uow, case, kind, opinion)
        if opinion is None:
            opinion = self._new(uow, caller, case, request)
        self._keep(uow, opinion, text, is_automatic=False)
        opinion.is_draft = False
        opinion.seal = seals.opinion_seal(case.number, opinion, text)
        opinion.touch()
        books.took_part(uow, case.id, caller.user_id)
        if kind is OpinionKind.CONSULTATION:
            self._answer(uow, caller, opinion)
        if rule.report is not None:
            self._into_own_report(uow, caller, case, opinion, text)
        elif kind in rules.MAIN_LINE:
            self._lead_on(uow, caller, case, opinion)
            if kind is not OpinionKind.SECOND or request.refresh_report:
                self._into_main_report(uow, caller, case, kind, text)
        books.log(uow, caller, case.id, f"opinion_{kind.value}", opinion.report_id)
        uow.session.flush()
        books.cases.touch(uow, case.id)

    def drop(self, uow: UnitOfWork, caller: Caller, opinion_id: int) -> int:
        """Throw an own draft away and return its case. Raises NOT_FOUND, ILLEGAL_ACTION."""
        opinion = uow.session.get(Opinion, opinion_id)
        if opinion is None or opinion.doctor_id != caller.user_id:
            raise not_found("草稿")
        if not opinion.is_draft:
            raise illegal_action("settled", "已保存的诊断意见不能删除。")
        case_id = opinion.case_id
        for one in uow.session.scalars(select(OpinionVersion).where(OpinionVersion.opinion_id == opinion_id)):
            uow.session.delete(one)
        uow.session.flush()
        uow.session.delete(opinion)
        uow.session.flush()
        return case_id

    def _own(self, uow: UnitOfWork, caller: Caller, request: SaveOpinion) -> Opinion:
        opinion = uow.session.get(Opinion, request.opinion_id)
        if opinion is None or opinion.case_id != request.case_id:
            raise not_found("诊断意见")
        if opinion.doctor_id != caller.user_id:
            raise Refusal(
                ErrorCode.HELD_BY_OTHER,
                f"这是{opinion.doctor}的诊断意见，只能查看；请另写自己的意见。",
                holder=opinion.doctor,
            )
        if opinion.kind != request.kind:
            raise invalid("kind", "诊断意见的种类不能更改，请另写一条。")
        opinion.expect(request.version)
        return opinion

    def _draft(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case: CaseFacts,
        request: SaveOpinion,
        opinion: Opinion | None,
        text: OpinionText,
    ) -> None:
        """Keep what is being typed. A settled opinion changes only when its doctor saves it."""
        if opinion is not None and not opinion.is_draft:
            return
        if opinion is None:
            if not (text.findings or text.diagnosis or text.comment):
                return
            opinion = self._new(uow, caller, case, request)
        self._keep(uow, opinion, text, is_automatic=True)
        opinion.touch()
        uow.session.flush()

    def _demand_possible(self, uow: UnitOfWork, case: CaseFacts, kind: OpinionKind, opinion: Opinion | None) -> None:
        if kind is OpinionKind.CONSULTATION or rules.OPINIONS[kind].report is not None:
            if opinion is not None and opinion.report_id:
                state = PaperState(self._books.report(uow, opinion.report_id).state)
                if state is not PaperState.WRITING:
                    raise illegal_action(state, "这份报告已发出，不能再改；请另写一份。")
            return
        if is_locked(case):
            word = CASE_STATES[case.state].zh
            raise illegal_action(case.state, f"病例{word}，已锁定；要修改请由有权限的医师取消审核并说明原因。")

    @staticmethod
    def wrote(uow: UnitOfWork, case_id: int, kind: OpinionKind, doctor_id: int) -> bool:
        """Whether a doctor has a settled opinion of a kind in a case."""
        found = select(func.count()).where(
            Opinion.case_id == case_id,
            Opinion.kind == kind.value,
            Opinion.doctor_id == doctor_id,
            Opinion.is_draft.is_(False),
        )
        return bool(uow.session.scalar(found))

    def _lead_on(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, opinion: Opinion) -> None:
        """Take the case's step; an opinion that is saved again leaves the case where it is."""
        rule = rules.OPINIONS[OpinionKind(opinion.kind)]
        assert rule.action is not None and rule.role is not None
        is_chief = self.wrote(uow, case.id, OpinionKind.CHIEF, caller.user_id)
        self._books.cases.step(uow, caller, case.id, rule.action, is_chief=is_chief)
        self._books.cases.name_doctor(uow, case.id, rule.role, caller.name)

    def _new(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, request: SaveOpinion) -> Opinion:
        counted = uow.session.scalar(select(func.count()).where(Opinion.case_id == case.id)) or 0
        if counted >= MOST_OPINIONS:
            raise invalid("case_id", f"一个病例最多 {MOST_OPINIONS} 条诊断意见。")
        if request.kind is OpinionKind.CONSULTATION:
            self._demand_consultation(uow, case.id, request.consultation_id)
        now = self._books.time.now()
        opinion = Opinion(
            version=0,
            case_id=case.id,
            kind=request.kind.value,
            doctor_id=caller.user_id,
            doctor=caller.name[:80],
            created_at=now,
            changed_at=now,
            text_number=0,
            is_draft=True,
            consultation_id=request.consultation_id if request.kind is OpinionKind.CONSULTATION else 0,
        )
        uow.session.add(opinion)
        uow.session.flush()
        return opinion

    @staticmethod
    def _demand_consultation(uow: UnitOfWork, case_id: int, consultation_id: int) -> None:
        found = uow.session.get(Consultation, consultation_id)
        if found is None or found.case_id != case_id:
            raise illegal_action("none", "本病例没有进行中的科内会诊，请由主诊医师先发起会诊。")
        if found.closed_at is not None:
            raise illegal_action("closed", "会诊已结束，不能再填写会诊意见。")

    def _keep(self, uow: UnitOfWork, opinion: Opinion, text: OpinionText, *, is_automatic: bool) -> None:
        now: datetime = self._books.time.now()
        there = uow.session.get(OpinionVersion, (opinion.id, opinion.text_number)) if opinion.text_number else None
        if there is not None and text_of(there) == text and (is_automatic or not there.is_automatic):
            return
        if there is not None and there.is_automatic:
            there.findings, there.diagnosis, there.comment = text.findings, text.diagnosis, text.comment
            there.at, there.is_automatic = now, is_automatic
        else:
            opinion.text_number += 1
            uow.session.add(
                OpinionVersion(
                    opinion_id=opinion.id,
                    number=opinion.text_number,
                    at=now,
                    is_automatic=is_automatic,
                    findings=text.findings,
                    diagnosis=text.diagnosis,
                    comment=text.comment,
                )
            )
        opinion.changed_at = now
        uow.session.flush()

    # ── into reports ─────────────────────────────────────────────────────────────────────────────────

    def _into_main_report(
        self, uow: UnitOfWork, caller: Caller, case: CaseFacts, kind: OpinionKind, text: OpinionText
    ) -> None:
        if kind is OpinionKind.FIRST and self._has_chief(uow, case.id):
            return  # the chief's text stands
        report = self._books.demand_main(uow, caller, case.id)
        report.author_id, report.author = caller.user_id, caller.name[:80]
        self._books.put_text(uow, caller, report, text, gross=case.gross, reason=report.reason)

    @staticmethod
    def _has_chief(uow: UnitOfWork, case_id: int) -> bool:
        counted = select(func.count()).where(
            Opinion.case_id == case_id, Opinion.kind == OpinionKind.CHIEF.value, Opinion.is_draft.is_(False)
        )
        return bool(uow.session.scalar(counted))

    def _into_own_report(
        self, uow: UnitOfWork, caller: Caller, case: CaseFacts, opinion: Opinion, text: OpinionText
    ) -> None:
        rule = rules.OPINIONS[OpinionKind(opinion.kind)]
        assert rule.report is not None and rule.action is not None
        if opinion.report_id:
            report = self._books.report(uow, opinion.report_id)
        else:
            self._books.cases.step(uow, caller, case.id, rule.action)
            if rule.action is CaseAction.FROZEN_REPORT:
                self._books.cases.flag(uow, caller, case.id, CaseFlag.FROZEN_REPORTED, on=True)
            report = self._books.make(uow, caller, case.id, rule.report)
            opinion.report_id = report.id
        self._books.put_text(uow, caller, report, text, gross=case.gross)
        if opinion.kind == OpinionKind.FROZEN:
            self._frozen_given(uow, case)

    def _frozen_given(self, uow: UnitOfWork, case: CaseFacts) -> None:
        row = uow.session.get(FrozenSection, case.id)
        if row is None:
            row = FrozenSection(case_id=case.id, library=case.library.value, received_at=None, target_minutes=0)
            uow.session.add(row)
        if row.reported_at is None:
            row.reported_at = self._books.time.now()

    @staticmethod
    def _answer(uow: UnitOfWork, caller: Caller, opinion: Opinion) -> None:
        row = uow.session.get(ConsultationDoctor, (opinion.consultation_id, caller.user_id))
        if row is None:
            row = ConsultationDoctor(
                consultation_id=opinion.consultation_id, doctor_id=caller.user_id, doctor=caller.name[:80]
            )
            uow.session.add(row)
        row.opinion_id = opinion.id

    # ── naming ───────────────────────────────────────────────────────────────────────────────────────

    def doctors(self, uow: UnitOfWork, role: DoctorRole | None) -> tuple[DoctorView, ...]:
        """Return who may take a role, with how many open cases were named to each."""
        right = Permission.PATHOLOGY_CONSULT if role is None else rules.ROLE_RIGHTS[role]
        waiting: dict[int, int] = {}
        if role is not None:
            from server.pathology.reports.tables import CaseClock

            counted = (
                select(NamedDoctorRow.doctor_id, func.count())
                .join(CaseClock, CaseClock.case_id == NamedDoctorRow.case_id)
                .where(
                    NamedDoctorRow.role == role.value,
                    CaseClock.state.in_([state.value for state in rules.UNDIAGNOSED[role]]),
                )
                .group_by(NamedDoctorRow.doctor_id)
            )
            waiting = {int(row[0]): int(row[1]) for row in uow.session.execute(counted)}
        return tuple(
            DoctorView(id=one.id, name=one.name, open_cases=waiting.get(one.id, 0))
            for one in self._people.with_right(uow, right)
        )

    def name_doctor(
        self, uow: UnitOfWork, caller: Caller, case_ids: Sequence[int], role: DoctorRole, doctor_id: int
    ) -> None:
        """提请: ask a doctor to take a role in cases. Raises INVALID, ILLEGAL_ACTION, NOT_FOUND."""
        if not 1 <= len(case_ids) <= _MOST_NAMED:
            raise invalid("case_ids", f"请选择 1 到 {_MOST_NAMED} 个病例。")
        doctor = next(
            (one for one in self._people.with_right(uow, rules.ROLE_RIGHTS[role]) if one.id == doctor_id), None
        )
        if doctor is None:
            raise invalid("doctor_id", "该医师没有此项诊断权限，请另选一位。")
        for case_id in dict.fromkeys(case_ids):
            self._books.cases.lock(uow, case_id)
            case = self._books.cases.facts(uow, caller, case_id)
            if case.state not in rules.NAMEABLE:
                raise illegal_action(case.state, f"病例 {case.number} {CASE_STATES[case.state].zh}，不能再提请医师。")
            row = uow.session.get(NamedDoctorRow, (case_id, role.value))
            if row is None:
                row = NamedDoctorRow(case_id=case_id, role=role.value)
                uow.session.add(row)
            row.doctor_id, row.doctor = doctor.id, doctor.name[:80]
            row.named_by, row.at = caller.name[:80], self._books.time.now()
            self._books.cases.step(
                uow, caller, case_id, CaseAction.NAME_DOCTOR, f"{DOCTOR_ROLES[role].zh}：{doctor.name}"
            )
            self._books.cases.name_doctor(uow, case_id, role, doctor.name)
            self._books.log(uow, caller, case_id, f"named_{role.value}", note=doctor.name)
            uow.session.flush()
            self._books.cases.touch(uow, case_id)


def text_of(row: OpinionVersion | ReportVersion) -> OpinionText:
    """Return the text of a kept version."""
    return OpinionText(findings=row.findings, diagnosis=row.diagnosis, comment=row.comment)

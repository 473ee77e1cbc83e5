"""Save, submit, audit, return, withdraw; every method works in the caller's unit of work."""

from __future__ import annotations

from server.ecg.exams.facts import ExamFacts
from server.ecg.reports import rules
from server.ecg.reports.basis import Basis
from server.ecg.reports.books import Books, packed, unpacked
from server.ecg.reports.ports import ConsultationFacts, Delivery, Follower, Notifying, Nowhere, Signer, Submitted
from server.ecg.reports.seals import sealed_facts
from server.ecg.reports.tables import EcgEditionRow, EcgReportRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action
from server.reporting.seal import seal_of
from shared.contract.ecg_reports import Audit, ReportBody, Return, Save, Submit, Withdraw
from shared.contract.results import ResultEvent
from shared.domain.ecg import ConsultationState, ExamAction, ReportAction, ReportState
from shared.domain.ecg_reports import ReportSide
from shared.domain.permissions import Permission


class Writing:
    """Leads reports through ECG-SM-RPT, and their exams and consultations with them."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.signer: Signer = Nowhere()
        self.delivery: Delivery = Nowhere()
        self.notifying: Notifying = Nowhere()
        self.followers: list[Follower] = []

    # ── standing ─────────────────────────────────────────────────────────────────────────────────────

    def standing(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam: ExamFacts,
        row: EcgReportRow | None,
        found: ConsultationFacts | None,
    ) -> rules.Standing:
        """Return what decides what the caller may do with a report."""
        books = self._books
        state = ReportState.NONE if row is None else ReportState(row.state)
        campus_id = exam.campus_id if row is None else row.campus_id
        publisher = 0
        if row is not None and state is ReportState.SUBMITTED:
            publisher = books.edition(uow, row.id, row.edition).by_id
        return rules.Standing(
            state=state,
            is_writer_side=not books.obstacle(caller, exam, found),
            is_reader=row is not None and row.reader_id == caller.user_id,
            is_publisher=bool(publisher) and publisher == caller.user_id,
            may_report=caller.may(Permission.ECG_REPORT),
            may_audit=caller.may(Permission.ECG_AUDIT),
            may_withdraw=caller.may(Permission.ECG_WITHDRAW),
            may_print=caller.may(Permission.ECG_PRINT),
            same_person=books.policy(uow, campus_id).same_person,
            is_own_hospital=books.is_own(caller, campus_id),
        )

    # ── save ─────────────────────────────────────────────────────────────────────────────────────────

    def save(self, uow: UnitOfWork, caller: Caller, request: Save) -> EcgReportRow:
        """保存. Raises what `Save` names."""
        books = self._books
        exam = books.exams.check(uow, caller, request.exam_id, ExamAction.SAVE_REPORT)
        row = books.locked(uow, exam, request.version)
        found = books.consultation(uow, exam.id)
        before = ReportState(row.state)
        if before is ReportState.PENDING:
            self._demand_auditor(uow, caller, exam, row, found)
            consultation_id = row.consultation_id
        else:
            books.demand_writer(caller, exam, found)
            consultation_id = books.side(caller, exam, found)[1]
        after = rules.step(before, ReportAction.SAVE)
        body = self._body(uow, exam, request.body)
        books.put_draft(uow, caller, row.id, consultation_id, body)
        row.state = after.value
        books.log(uow, caller, exam.id, "saved")
        books.changed(uow, row)
        if after is not before:
            books.exams.mark_report(uow, exam.id, row.id, after)
        if consultation_id:
            books.consultations.drafted(uow, caller, consultation_id)
        return row

    def _body(self, uow: UnitOfWork, exam: ExamFacts, body: ReportBody) -> ReportBody:
        basis = self._books.basis(uow, exam, body)
        machine = rules.proposed(basis.values, body.qtc_formula)
        return rules.cleaned(body, machine, basis.trace_id, basis.document_ids)

    # ── submit ───────────────────────────────────────────────────────────────────────────────────────

    def submit(self, uow: UnitOfWork, caller: Caller, request: Submit) -> EcgReportRow:
        """提交报告, or 发布会诊报告 by the accepting doctor. Raises what `Submit` names."""
        books = self._books
        exam = books.exams.check(uow, caller, request.exam_id, ExamAction.SUBMIT_REPORT)
        row = books.locked(uow, exam, request.version)
        found = books.consultation(uow, exam.id)
        books.demand_writer(caller, exam, found, submits=True)
        side, consultation_id = books.side(caller, exam, found)
        campus_id = found.to_campus_id if found is not None and consultation_id else exam.campus_id
        after = rules.step(
            ReportState(row.state), ReportAction.SUBMIT, two_level=books.policy(uow, campus_id).two_level
        )
        body = self._body(uow, exam, request.body)
        rules.demand_conclusion(body)
        template = books.template(uow, caller, campus_id, request.template, request.station_template)
        books.put_draft(uow, caller, row.id, consultation_id, body)
        row.state, row.campus_id, row.consultation_id = after.value, campus_id, consultation_id
        row.reader_id, row.reader, row.read_at = caller.user_id, caller.name[:80], books.time.now()
        row.template, row.returned = template, ""
        if after is ReportState.PENDING:
            row.auditor_id, row.auditor = 0, ""
            books.log(uow, caller, exam.id, "read")
            books.changed(uow, row)
            books.exams.mark_report(uow, exam.id, row.id, after)
            return row
        self._publish(uow, caller, exam, row, body, side)
        return row

    def audit(self, uow: UnitOfWork, caller: Caller, request: Audit) -> EcgReportRow:
        """审核. Raises what `Audit` names."""
        books = self._books
        exam = books.exams.demand(uow, caller, request.exam_id)
        row = books.locked(uow, exam, request.version)
        found = books.consultation(uow, exam.id)
        after = rules.step(ReportState(row.state), ReportAction.AUDIT)
        self._demand_auditor(uow, caller, exam, row, found)
        draft = books.draft(uow, row.id, row.consultation_id)
        assert draft is not None
        body = self._body(uow, exam, unpacked(draft.body) if request.body is None else request.body)
        rules.demand_conclusion(body)
        draft.body = packed(body)
        row.state = after.value
        row.auditor_id, row.auditor = caller.user_id, caller.name[:80]
        if request.template:
            row.template = books.demand_template(request.template)
        books.log(uow, caller, exam.id, "audited")
        side = ReportSide.CONSULTATION if row.consultation_id else ReportSide.LOCAL
        self._publish(uow, caller, exam, row, body, side)
        return row

    def give_back(self, uow: UnitOfWork, caller: Caller, request: Return) -> EcgReportRow:
        """退回. Raises what `Return` names."""
        books = self._books
        exam = books.exams.demand(uow, caller, request.exam_id)
        row = books.locked(uow, exam, request.version)
        found = books.consultation(uow, exam.id)
        after = rules.step(ReportState(row.state), ReportAction.RETURN)
        self._demand_auditor(uow, caller, exam, row, found)
        row.returned = rules.needed("reason", request.reason, "请填写退回的原因。")
        row.state = after.value
        books.log(uow, caller, exam.id, "returned", row.returned)
        books.changed(uow, row)
        books.exams.mark_report(uow, exam.id, row.id, after)
        return row

    def _demand_auditor(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam: ExamFacts,
        row: EcgReportRow,
        found: ConsultationFacts | None,
    ) -> None:
        standing = self.standing(uow, caller, exam, row, found)
        if not standing.may_audit or not standing.is_own_hospital:
            raise rules.permission_missing("报告待审核，只有出具报告的医院有审核权限的医师可以处理。")
        if standing.is_reader and not standing.same_person:
            raise rules.permission_missing("初读医师不能审核自己的报告，请由另一位医师审核。")

    def _publish(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam: ExamFacts,
        row: EcgReportRow,
        body: ReportBody,
        side: ReportSide,
    ) -> None:
        """Make the next edition: sealed, signed, given out; the exam becomes 已报告."""
        books, at = self._books, self._books.time.now()
        basis = books.basis(uow, exam, body)
        row.edition += 1
        row.submitted_at = at
        edition = self._edition(uow, caller, exam, row, body, basis)
        row.seal, row.reason = edition.seal, ""
        action = ExamAction.PUBLISH_CONSULTATION if side is ReportSide.CONSULTATION else ExamAction.SUBMIT_REPORT
        books.log(uow, caller, exam.id, "published" if row.consultation_id else "submitted", f"第 {row.edition} 版")
        books.changed(uow, row)
        books.exams.step(uow, caller, exam.id, action, note=f"第 {row.edition} 版", right_is_checked=True)
        books.exams.mark_report(
            uow,
            exam.id,
            row.id,
            ReportState.SUBMITTED,
            reported_at=at,
            reported_by=caller.name,
            conclusion=body.diagnosis,
        )
        if row.consultation_id:
            books.consultations.published(uow, caller, row.consultation_id, at, body)
        self.signer.sign(uow, caller, row.id)
        event = ResultEvent.REVISED if row.edition > 1 else ResultEvent.APPROVED
        self.delivery.issue(uow, caller, row.id, event, edition.reason)
        for follower in self.followers:
            follower(uow, caller, Submitted(exam.id, row.id, row.consultation_id, body))

    def _edition(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam: ExamFacts,
        row: EcgReportRow,
        body: ReportBody,
        basis: Basis,
    ) -> EcgEditionRow:
        edition = EcgEditionRow(
            report_id=row.id,
            number=row.edition,
            consultation_id=row.consultation_id,
            campus_id=row.campus_id,
            hospital=self._books.hospitals.name(uow, row.campus_id)[:100],
            at=row.submitted_at,
            by_id=caller.user_id,
            by=caller.name[:80],
            reader_id=row.reader_id,
            reader=row.reader,
            body=packed(body),
            trace_id=basis.trace_id,
            template=row.template,
            reason=row.reason,
        )
        edition.sealed = sealed_facts(exam, edition, body, basis)
        edition.seal = seal_of(edition.sealed)
        uow.session.add(edition)
        uow.session.flush()
        return edition

    # ── withdraw ─────────────────────────────────────────────────────────────────────────────────────

    def withdraw(self, uow: UnitOfWork, caller: Caller, request: Withdraw) -> EcgReportRow:
        """撤回报告. Raises what `Withdraw` names."""
        books = self._books
        exam = books.exams.demand(uow, caller, request.exam_id)
        row = books.locked(uow, exam, request.version)
        found = books.consultation(uow, exam.id)
        after = rules.step(ReportState(row.state), ReportAction.WITHDRAW)
        if ReportAction.WITHDRAW not in rules.allowed(self.standing(uow, caller, exam, row, found)):
            raise rules.permission_missing("只有报告医师本人或本院主任可以撤回报告。")
        if found is not None and found.state is ConsultationState.WAITING:
            raise illegal_action(exam.state.value, "会诊等待受理中，请先撤销会诊。")
        why = rules.needed("reason", request.reason, "请填写撤回报告的原因。")
        edition = books.edition(uow, row.id, row.edition)
        edition.withdrawn_at, edition.withdrawn_by, edition.withdrawal = books.time.now(), caller.name[:80], why
        row.state, row.reason = after.value, why
        books.log(uow, caller, exam.id, "withdrawn", why)
        books.changed(uow, row)
        books.exams.step(uow, caller, exam.id, ExamAction.WITHDRAW_REPORT, note=why, right_is_checked=True)
        books.exams.mark_report(uow, exam.id, row.id, after)
        if row.consultation_id:
            books.consultations.report_withdrawn(uow, caller, row.consultation_id, why)
        self.delivery.issue(uow, caller, row.id, ResultEvent.WITHDRAWN, why)
        self.notifying.report_withdrawn(uow, caller, exam.id, why)
        return row

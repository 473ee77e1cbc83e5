"""What every part of the room writes into: reports, drafts, editions, the trail, policies, choices of templates."""

from __future__ import annotations

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.reports import rules
from server.ecg.reports.basis import NOTHING_YET, Basis, basis_of, trace_of
from server.ecg.reports.ports import ConsultationFacts, Consultations, Hospitals, NoConsultations
from server.ecg.reports.tables import (
    EcgDraftRow,
    EcgEditionRow,
    EcgReportEventRow,
    EcgReportPolicyRow,
    EcgReportRow,
    EcgTemplateChoiceRow,
)
from server.ecg.traces.service import TraceService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.settings_rows import keep_settings
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found, stale
from shared.contract.base import Changed
from shared.contract.ecg import TraceView
from shared.contract.ecg_reports import ReportBody, ReportPolicy
from shared.domain.ecg import ConsultationState, ExamState, ReportState
from shared.domain.ecg_reports import ReportSide, report_id_of
from shared.waveform.report_templates import DEFAULT_TEMPLATE, TEMPLATES

ENTITY = "ecg_report"
_ACCEPTED = ConsultationState.ACCEPTED
_CARRIED_OUT = (ExamState.ACQUIRED, ExamState.REPORTED)


def packed(body: ReportBody) -> bytes:
    """As rows keep it."""
    return msgspec.json.encode(body)


def unpacked(body: bytes) -> ReportBody:
    """As `packed` wrote it."""
    return msgspec.json.decode(body, type=ReportBody)


class Books:
    """Rows that several parts share; methods work in the caller's unit of work."""

    def __init__(self, exams: ExamService, traces: TraceService, hospitals: Hospitals, time: HospitalTime) -> None:
        self.exams = exams
        self.traces = traces
        self.hospitals = hospitals
        self.time = time
        self.consultations: Consultations = NoConsultations()

    # ── reports ──────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def find(uow: UnitOfWork, exam_id: int) -> EcgReportRow | None:
        """Return the report of an exam, None before anything was saved."""
        return uow.session.get(EcgReportRow, report_id_of(exam_id))

    @staticmethod
    def report(uow: UnitOfWork, report_id: int) -> EcgReportRow:
        """Return a report. Raises NOT_FOUND."""
        row = uow.session.get(EcgReportRow, report_id)
        if row is None:
            raise not_found("心电报告")
        return row

    def locked(self, uow: UnitOfWork, exam: ExamFacts, version: int) -> EcgReportRow:
        """Return the report for writing, made where there is none. Raises CONFLICT."""
        self.exams.lock(uow, exam.id)
        row = uow.session.get(EcgReportRow, report_id_of(exam.id), with_for_update=True, populate_existing=True)
        if row is not None:
            row.expect(version)
            return row
        if version:
            raise stale(0)
        row = EcgReportRow(
            id=report_id_of(exam.id),
            version=0,
            exam_id=exam.id,
            state=ReportState.NONE.value,
            campus_id=exam.campus_id,
            created_at=self.time.now(),
        )
        try:
            with uow.session.begin_nested():
                uow.session.add(row)
        except IntegrityError:  # begun by somebody else in this moment
            raise stale(1) from None
        return row

    @staticmethod
    def changed(uow: UnitOfWork, row: EcgReportRow) -> None:
        """Count a change and tell the workstations."""
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.exam_id, version=row.version))

    # ── drafts and editions ──────────────────────────────────────────────────────────────────────────

    @staticmethod
    def draft(uow: UnitOfWork, report_id: int, consultation_id: int) -> EcgDraftRow | None:
        """Return what a side has written."""
        return uow.session.get(EcgDraftRow, (report_id, consultation_id))

    def put_draft(
        self, uow: UnitOfWork, caller: Caller, report_id: int, consultation_id: int, body: ReportBody
    ) -> EcgDraftRow:
        """Keep what a side has written."""
        row = self.draft(uow, report_id, consultation_id)
        if row is None:
            row = EcgDraftRow(report_id=report_id, consultation_id=consultation_id, body=b"", writer_id=0, writer="")
            uow.session.add(row)
        row.body = packed(body)
        row.writer_id, row.writer, row.saved_at = caller.user_id, caller.name[:80], self.time.now()
        uow.session.flush()
        return row

    @staticmethod
    def edition(uow: UnitOfWork, report_id: int, number: int) -> EcgEditionRow:
        """Return an edition. Raises NOT_FOUND."""
        row = uow.session.get(EcgEditionRow, (report_id, number))
        if row is None:
            raise not_found("该版本的心电报告")
        return row

    @staticmethod
    def editions(uow: UnitOfWork, report_id: int) -> tuple[EcgEditionRow, ...]:
        """Return the editions, newest first."""
        found = select(EcgEditionRow).where(EcgEditionRow.report_id == report_id)
        return tuple(uow.session.scalars(found.order_by(EcgEditionRow.number.desc())))

    # ── who reads ────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def is_own(caller: Caller, campus_id: int) -> bool:
        """Whether a campus is of the caller's hospital; an account without limits is at home everywhere."""
        return not caller.campus_ids or campus_id in caller.campus_ids

    def consultation(self, uow: UnitOfWork, exam_id: int) -> ConsultationFacts | None:
        """Return the consultation that runs for an exam, or whose report it has."""
        return self.consultations.of_exam(uow, exam_id)

    def side(self, caller: Caller, exam: ExamFacts, found: ConsultationFacts | None) -> tuple[ReportSide, int]:
        """Return for which side the caller reads an exam, and that side's consultation (0 for the own hospital)."""
        if found is None or found.state is ConsultationState.WAITING:
            return ReportSide.LOCAL, 0
        if caller.user_id and found.accepted_by_id == caller.user_id:
            return ReportSide.CONSULTATION, found.id
        if self.is_own(caller, exam.campus_id):
            return ReportSide.LOCAL, 0
        return ReportSide.CONSULTATION, found.id

    def obstacle(
        self, caller: Caller, exam: ExamFacts, found: ConsultationFacts | None, *, submits: bool = False
    ) -> str:
        """Return why the caller cannot write the report now; empty where he can. Its state is not looked at."""
        if not exam.trace_count and exam.state not in _CARRIED_OUT:
            return NOTHING_YET
        if found is not None and found.state is _ACCEPTED:
            if found.accepted_by_id == caller.user_id:
                return ""
            return f"会诊中，由{found.to_hospital} {found.accepted_by} 书写报告。"
        if not self.is_own(caller, exam.campus_id):
            return "请先受理会诊，再书写报告。"
        if submits and found is not None and found.state is ConsultationState.WAITING:
            return f"已向{found.team}申请会诊，请先撤销会诊，再提交本院报告。"
        return ""

    def demand_writer(
        self, caller: Caller, exam: ExamFacts, found: ConsultationFacts | None, *, submits: bool = False
    ) -> None:
        """Refuse whoever cannot write now. Raises ILLEGAL_ACTION."""
        sentence = self.obstacle(caller, exam, found, submits=submits)
        if sentence:
            raise illegal_action(exam.state.value, sentence)

    # ── traces ───────────────────────────────────────────────────────────────────────────────────────

    def trace(self, uow: UnitOfWork, exam_id: int, trace_id: int = 0) -> TraceView | None:
        """Return a trace of the exam, the present one without an id. Raises NOT_FOUND for another exam's."""
        return trace_of(self.traces, uow, exam_id, trace_id)

    def demand_trace(self, uow: UnitOfWork, exam: ExamFacts, trace_id: int = 0) -> TraceView:
        """Return the trace. Raises ILLEGAL_ACTION where the exam has none."""
        found = self.trace(uow, exam.id, trace_id)
        if found is None:
            raise illegal_action(exam.state.value, "该检查没有心电图，只有收到的文件。")
        return found

    def basis(self, uow: UnitOfWork, exam: ExamFacts, body: ReportBody) -> Basis:
        """Return what a report speaks of. Raises ILLEGAL_ACTION before there is anything, INVALID, NOT_FOUND."""
        return basis_of(self.traces, uow, exam, body)

    # ── the trail ────────────────────────────────────────────────────────────────────────────────────

    def log(self, uow: UnitOfWork, caller: Caller, exam_id: int, action: str, note: str = "") -> None:
        """Write a line of the trail."""
        uow.session.add(
            EcgReportEventRow(
                exam_id=exam_id,
                at=self.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                station=caller.station[:80],
                action=action,
                note=note[:1000],
            )
        )

    # ── policy and template ──────────────────────────────────────────────────────────────────────────

    @staticmethod
    def policy(uow: UnitOfWork, campus_id: int) -> ReportPolicy:
        """Return how a campus wants its reports."""
        row = uow.session.get(EcgReportPolicyRow, campus_id)
        if row is None:
            return ReportPolicy(campus_id=campus_id, template=DEFAULT_TEMPLATE)
        found = msgspec.json.decode(row.body, type=ReportPolicy)
        return msgspec.structs.replace(found, version=row.version, campus_id=campus_id)

    def save_policy(self, uow: UnitOfWork, caller: Caller, policy: ReportPolicy) -> ReportPolicy:
        """Change it. Raises INVALID, CONFLICT, PERMISSION_MISSING."""
        if not self.is_own(caller, policy.campus_id):
            raise rules.permission_missing("只能修改本院的心电报告设置。")
        self.demand_template(policy.template)
        body = msgspec.json.encode(policy)
        keep_settings(
            uow, EcgReportPolicyRow, policy.campus_id, version=policy.version, body=body, entity="ecg_report_policy"
        )
        return self.policy(uow, policy.campus_id)

    @staticmethod
    def demand_template(key: str) -> str:
        """Return the template's key. Raises INVALID for one that is not there."""
        if key not in TEMPLATES:
            raise invalid("template", "没有这个报告模板，请在打印设置中重新选择。")
        return key

    @staticmethod
    def choice(uow: UnitOfWork, caller: Caller) -> str:
        """Return the template that the account chose; empty where it never did."""
        row = uow.session.get(EcgTemplateChoiceRow, caller.user_id)
        return "" if row is None or row.template not in TEMPLATES else row.template

    def choose(self, uow: UnitOfWork, caller: Caller, key: str) -> str:
        """Keep the account's choice (ECG-PRN-02). Raises INVALID."""
        self.demand_template(key)
        row = uow.session.get(EcgTemplateChoiceRow, caller.user_id)
        if row is None:
            row = EcgTemplateChoiceRow(user_id=caller.user_id, template=key)
            uow.session.add(row)
        row.template = key
        uow.session.flush()
        return key

    def template(self, uow: UnitOfWork, caller: Caller, campus_id: int, *wanted: str) -> str:
        """Return the first of: what was asked for, the account's choice, the campus's default. Raises INVALID."""
        for key in wanted:
            if key:
                return self.demand_template(key)
        return self.choice(uow, caller) or self.policy(uow, campus_id).template

"""The reading page's report: what stands in it, what this account may do, what the rules suggest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from server.ecg.exams.facts import ExamFacts
from server.ecg.reports import rules
from server.ecg.reports.books import Books, unpacked
from server.ecg.reports.ports import ConsultationFacts, Dangers, NoDangers, NoTerms, Terms
from server.ecg.reports.tables import EcgEditionRow, EcgReportEventRow, EcgReportRow
from server.ecg.reports.writing import Writing
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.ecg import TraceView
from shared.contract.ecg_reports import (
    EditionView,
    ParameterValue,
    ProposeValues,
    ReportBody,
    ReportPage,
    SuggestionView,
)
from shared.domain.ecg import ReportAction, ReportState
from shared.domain.ecg_reports import ReportSide, report_id_of
from shared.waveform.report_templates import TEMPLATES

_ONE_VIEW = timedelta(minutes=10)
_MOST_WAITING = 500


class Pages:
    """Builds `ReportPage`; works in the caller's unit of work."""

    def __init__(self, books: Books, writing: Writing) -> None:
        self._books = books
        self._writing = writing
        self.dangers: Dangers = NoDangers()
        self.terms: Terms = NoTerms()

    def page(self, uow: UnitOfWork, caller: Caller, exam_id: int, station_template: str = "") -> ReportPage:
        """Return the page. Raises NOT_FOUND."""
        books = self._books
        exam = books.exams.demand(uow, caller, exam_id)
        row, found = books.find(uow, exam_id), books.consultation(uow, exam_id)
        standing = self._writing.standing(uow, caller, exam, row, found)
        allowed = rules.allowed(standing)
        side, consultation_id = books.side(caller, exam, found)
        body, is_saved, trace = self._body(uow, exam, row, consultation_id)
        editions = () if row is None else books.editions(uow, row.id)
        present = editions[0] if standing.state is ReportState.SUBMITTED else None
        draft = None if row is None else books.draft(uow, row.id, consultation_id)
        danger, reasons = self.dangers.of_trace(uow, trace.id) if trace is not None else NoDangers().of_trace(uow, 0)
        documents = books.traces.documents(uow, exam_id)
        is_editable = ReportAction.SAVE in allowed and bool(trace is not None or documents)
        campus_id = exam.campus_id if found is None or not consultation_id else found.to_campus_id
        return ReportPage(
            exam_id=exam_id,
            report_id=report_id_of(exam_id),
            version=0 if row is None else row.version,
            state=standing.state,
            side=_side_of(present, side),
            body=body,
            is_saved=is_saved,
            is_editable=is_editable,
            obstacle="" if is_editable else self._obstacle(caller, exam, found, standing),
            writer="" if draft is None else draft.writer,
            saved_at=None if draft is None else draft.saved_at,
            reader="" if row is None else row.reader,
            auditor="" if row is None else row.auditor,
            submitted_at=None if row is None else row.submitted_at,
            returned="" if row is None else row.returned,
            needs_audit=books.policy(uow, campus_id).two_level,
            edition=0 if row is None else row.edition,
            editions=tuple(_edition(one, present) for one in editions),
            document_id=0 if present is None else present.document_id,
            print_count=0 if row is None else row.print_count,
            suggestions=() if trace is None else self._suggestions(trace),
            device_statements=() if trace is None else trace.file_statements,
            danger=danger,
            danger_reasons=tuple(zh for zh, _en in reasons),
            danger_reasons_en=tuple(en for _zh, en in reasons),
            alarms=self.dangers.alarms(uow, exam_id),
            template=station_template if station_template in TEMPLATES else books.choice(uow, caller),
            consultation_id=0 if found is None else found.id,
            first_opinion="" if found is None else found.first_opinion,
            allowed=allowed,
            documents=documents,
            is_by_document=trace is None and bool(documents),
        )

    def _body(
        self, uow: UnitOfWork, exam: ExamFacts, row: EcgReportRow | None, consultation_id: int
    ) -> tuple[ReportBody, bool, TraceView | None]:
        """Return what the page shows, whether it was saved, and the trace that it speaks of."""
        books, body = self._books, None
        if row is not None and row.state == ReportState.SUBMITTED.value:
            body = unpacked(books.edition(uow, row.id, row.edition).body)
        elif row is not None:
            wanted = row.consultation_id if row.state == ReportState.PENDING.value else consultation_id
            draft = books.draft(uow, row.id, wanted)
            body = None if draft is None else unpacked(draft.body)
        if body is not None:
            return body, True, books.trace(uow, exam.id, body.trace_id)
        trace = books.trace(uow, exam.id)
        formula = books.policy(uow, exam.campus_id).qtc_formula
        values = rules.proposed(None if trace is None else trace.values, formula)
        if trace is not None:
            return ReportBody(trace_id=trace.id, parameters=values, qtc_formula=formula), False, trace
        received = tuple(one.id for one in books.traces.documents(uow, exam.id))
        return ReportBody(documents=received, parameters=values, qtc_formula=formula), False, None

    def _obstacle(
        self, caller: Caller, exam: ExamFacts, found: ConsultationFacts | None, standing: rules.Standing
    ) -> str:
        if standing.state is ReportState.SUBMITTED:
            return "报告已提交，撤回后才能修改。"
        if standing.state is ReportState.PENDING:
            return "报告待审核。"
        return self._books.obstacle(caller, exam, found) or "您没有书写心电报告的权限。"

    def _suggestions(self, trace: TraceView) -> tuple[SuggestionView, ...]:
        found = []
        for one in trace.suggestions:
            system, code = self.terms.codes_of(one.code)
            found.append(
                SuggestionView(
                    code=one.code,
                    zh=one.zh,
                    en=one.en,
                    reason_zh=one.reason_zh,
                    reason_en=one.reason_en,
                    term_code=code,
                    system=system or "mingjing",
                )
            )
        return tuple(found)

    def propose(self, uow: UnitOfWork, caller: Caller, request: ProposeValues) -> tuple[ParameterValue, ...]:
        """Return the machine's values with a formula. Raises NOT_FOUND."""
        exam = self._books.exams.demand(uow, caller, request.exam_id)
        trace = self._books.trace(uow, exam.id, request.trace_id)
        return rules.proposed(None if trace is None else trace.values, request.qtc_formula)

    def edition(self, uow: UnitOfWork, caller: Caller, exam_id: int, number: int) -> ReportBody:
        """Return what an edition said. Raises NOT_FOUND."""
        self._books.exams.demand(uow, caller, exam_id)
        return unpacked(self._books.edition(uow, report_id_of(exam_id), number).body)

    def waiting(self, uow: UnitOfWork, caller: Caller) -> tuple[int, ...]:
        """Return the exams of the caller's hospitals whose report waits for audit, oldest first."""
        found = select(EcgReportRow.exam_id).where(EcgReportRow.state == ReportState.PENDING.value)
        if caller.campus_ids:
            found = found.where(EcgReportRow.campus_id.in_(sorted(caller.campus_ids)))
        return tuple(uow.session.scalars(found.order_by(EcgReportRow.read_at, EcgReportRow.id).limit(_MOST_WAITING)))

    def viewed(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> bool:
        """Write that an account looked at a report, once in ten minutes; say whether it was written."""
        newest = (
            select(EcgReportEventRow.at)
            .where(
                EcgReportEventRow.exam_id == exam_id,
                EcgReportEventRow.by_id == caller.user_id,
                EcgReportEventRow.action == "viewed",
            )
            .order_by(EcgReportEventRow.id.desc())
            .limit(1)
        )
        last = uow.session.scalar(newest)
        return last is None or self._books.time.now() - last > _ONE_VIEW


def _side_of(present: EcgEditionRow | None, side: ReportSide) -> ReportSide:
    if present is None:
        return side
    return ReportSide.CONSULTATION if present.consultation_id else ReportSide.LOCAL


def _edition(one: EcgEditionRow, present: EcgEditionRow | None) -> EditionView:
    return EditionView(
        number=one.number,
        side=ReportSide.CONSULTATION if one.consultation_id else ReportSide.LOCAL,
        at=one.at,
        by=one.by,
        reader=one.reader,
        hospital=one.hospital,
        reason=one.reason,
        seal=one.seal,
        document_id=one.document_id,
        is_present=present is not None and one.number == present.number,
        withdrawn_at=one.withdrawn_at,
        withdrawn_by=one.withdrawn_by,
        withdrawal=one.withdrawal,
    )

"""Papers, prints and exports of reports; opens its own short units of work, because drawing takes long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from server.ecg.exams.facts import ExamFacts
from server.ecg.reports import rules
from server.ecg.reports.books import Books, unpacked
from server.ecg.reports.paper import KIND, EcgPaper, PaperOrder, render
from server.ecg.reports.ports import Signed
from server.ecg.reports.tables import EcgEditionRow, EcgPrintRow, EcgReportEventRow, EcgReportRow
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid
from server.printing.documents import DocumentStore
from server.printing.report_service import spoken_language
from shared.contract.ecg_reports import MOST_IN_A_BATCH, BatchRow, ExportTrace, Preview, PrintLine, ReportEvent
from shared.contract.printing import DocumentView
from shared.domain.ecg import REPORT_STATES, ReportState
from shared.domain.ecg_reports import PARAMETERS, ExportFormat, ReportSide, report_id_of

_PREVIEW = "ecg_preview"
_EXPORT = "ecg_export"
_PDF = "application/pdf"
_MEDIA = {
    ExportFormat.DICOM: "application/dicom",
    ExportFormat.AECG: "application/xml",
    ExportFormat.SCP: "application/octet-stream",
    ExportFormat.CSV: "text/csv",
    ExportFormat.PDF: _PDF,
}
_STORED = {"bpm": "1/min", "°": "deg"}


class Issuing:
    """Brings reports onto paper and traces into files."""

    def __init__(self, database: Database, books: Books, paper: EcgPaper, documents: DocumentStore) -> None:
        self._database = database
        self._books = books
        self._paper = paper
        self._documents = documents
        self.signed: Signed | None = None

    # ── the document of an edition ───────────────────────────────────────────────────────────────────

    def finish(self, caller: Caller, report_id: int) -> int:
        """Return the document of the present edition, made now if there is none; 0 where nothing is submitted."""
        with self._database.read() as uow:
            edition = self._present(uow, report_id)
            if edition is None or edition.document_id:
                return 0 if edition is None else edition.document_id
            number, order = edition.number, None
            if self.signed is None:
                order = self._paper.of_edition(uow, edition, "", "zh")
        if self.signed is not None:
            document_id = self.signed.paper(caller, report_id) or 0
        else:
            assert order is not None
            document_id = self._kept(order, KIND).id
        with self._database.write() as uow:
            row = self._books.edition(uow, report_id, number)
            if not row.document_id and document_id:
                row.document_id = document_id
                self._books.changed(uow, self._books.report(uow, report_id))
            return row.document_id

    def _present(self, uow: UnitOfWork, report_id: int) -> EcgEditionRow | None:
        report = uow.session.get(EcgReportRow, report_id)
        if report is None or report.state != ReportState.SUBMITTED.value:
            return None
        return self._books.edition(uow, report.id, report.edition)

    # ── preview and print ────────────────────────────────────────────────────────────────────────────

    def preview(self, caller: Caller, request: Preview) -> DocumentView:
        """The paper as it would print now; earlier previews are forgotten."""
        spoken = spoken_language(request.language)
        with self._database.read() as uow:
            exam = self._books.exams.demand(uow, caller, request.exam_id)
            report = self._books.find(uow, exam.id)
            submitted = report is not None and report.state == ReportState.SUBMITTED.value
            if request.body is None and submitted and report is not None:
                edition = self._books.edition(uow, report.id, report.edition)
                order = self._paper.of_edition(uow, edition, request.template, spoken)
            else:
                order = self._of_draft(uow, caller, exam, report, request)
        return self._kept(order, _PREVIEW)

    def _of_draft(
        self, uow: UnitOfWork, caller: Caller, exam: ExamFacts, report: EcgReportRow | None, request: Preview
    ) -> PaperOrder:
        books = self._books
        found = books.consultation(uow, exam.id)
        side, consultation_id = books.side(caller, exam, found)
        body = request.body
        if body is None:
            kept = None if report is None else books.draft(uow, report.id, consultation_id)
            if kept is None:
                raise illegal_action(exam.state.value, "还没有报告内容，请先书写再预览。")
            body = unpacked(kept.body)
        basis = books.basis(uow, exam, body)
        machine = rules.proposed(basis.values, body.qtc_formula)
        body = rules.cleaned(body, machine, basis.trace_id, basis.document_ids)
        campus_id = found.to_campus_id if found is not None and consultation_id else exam.campus_id
        return self._paper.of_draft(
            uow,
            exam,
            body,
            books.template(uow, caller, campus_id, request.template),
            spoken_language(request.language),
            campus_id=campus_id,
            is_consultation=side is ReportSide.CONSULTATION,
            writer=caller.name,
        )

    def print(self, caller: Caller, exam_id: int, template: str, language: str) -> DocumentView:
        """Give the paper to print, count it, and sign for a consultation. Raises ILLEGAL_ACTION, INVALID."""
        spoken = spoken_language(language)
        with self._database.read() as uow:
            exam = self._books.exams.demand(uow, caller, exam_id)
            report = self._books.find(uow, exam.id)
            edition = None if report is None else self._present(uow, report.id)
            if report is None or edition is None:
                word = REPORT_STATES[ReportState.NONE if report is None else ReportState(report.state)].zh
                raise illegal_action(exam.state.value, f"报告{word}，提交后才能打印。")
            used = self._books.demand_template(template or edition.template)
            order = None
            if used != edition.template or spoken != "zh":
                order = self._paper.of_edition(uow, edition, used, spoken)
            report_id, number = report.id, edition.number
        document = self._kept(order, KIND) if order is not None else self._document(caller, report_id)
        with self._database.write() as uow:
            self._count(uow, caller, report_id, number, used)
            self._books.consultations.printed(uow, caller, exam_id)
        return document

    def _document(self, caller: Caller, report_id: int) -> DocumentView:
        document_id = self.finish(caller, report_id)
        if not document_id:
            raise illegal_action("withdrawn", "报告刚刚被撤回，请刷新后再试。")
        with self._database.read() as uow:
            return self._documents.view(uow, document_id)

    def _count(self, uow: UnitOfWork, caller: Caller, report_id: int, edition: int, template: str) -> None:
        report = uow.session.get_one(EcgReportRow, report_id, with_for_update=True, populate_existing=True)
        report.print_count += 1
        uow.session.add(
            EcgPrintRow(
                report_id=report_id,
                number=report.print_count,
                edition=edition,
                at=self._books.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                station=caller.station[:80],
                template=template,
            )
        )
        self._books.log(uow, caller, report.exam_id, "printed", f"第 {report.print_count} 次，{template}")
        self._books.changed(uow, report)

    def batch_print(
        self, caller: Caller, exam_ids: Sequence[int], template: str, language: str
    ) -> tuple[BatchRow, ...]:
        """批量打印: a refusal is that exam's outcome and stops none of the rest."""
        if not 1 <= len(exam_ids) <= MOST_IN_A_BATCH:
            raise invalid("exam_ids", f"请勾选 1 到 {MOST_IN_A_BATCH} 份报告。")
        rows = []
        for exam_id in dict.fromkeys(exam_ids):
            try:
                document = self.print(caller, exam_id, template, language)
                rows.append(BatchRow(exam_id=exam_id, done=True, document=document))
            except Refusal as refusal:
                rows.append(BatchRow(exam_id=exam_id, done=False, sentence=refusal.body.message))
        return tuple(rows)

    def prints(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> tuple[PrintLine, ...]:
        """Return the print log, newest first."""
        self._books.exams.demand(uow, caller, exam_id)
        report = self._books.find(uow, exam_id)
        if report is None:
            return ()
        found = select(EcgPrintRow).where(EcgPrintRow.report_id == report.id).order_by(EcgPrintRow.id.desc()).limit(500)
        return tuple(
            PrintLine(
                at=one.at, by=one.by, station=one.station, edition=one.edition, template=one.template, number=one.number
            )
            for one in uow.session.scalars(found)
        )

    def events(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> tuple[ReportEvent, ...]:
        """Return the trail of an exam's report, newest first."""
        self._books.exams.demand(uow, caller, exam_id)
        found = (
            select(EcgReportEventRow)
            .where(EcgReportEventRow.exam_id == exam_id)
            .order_by(EcgReportEventRow.id.desc())
            .limit(500)
        )
        return tuple(
            ReportEvent(at=one.at, by=one.by, station=one.station, action=one.action, note=one.note)
            for one in uow.session.scalars(found)
        )

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    def export(self, caller: Caller, request: ExportTrace) -> DocumentView:
        """A trace in another format, with the report's values and statements. Raises NOT_FOUND, INVALID."""
        from shared.waveform.formats import CannotHold, EcgFormatError, write
        from shared.waveform.record import StoredMeasurement

        with self._database.read() as uow:
            exam = self._books.exams.demand(uow, caller, request.exam_id)
            report = self._books.find(uow, exam.id)
            edition = None if report is None else self._present(uow, report.id)
            trace_id = request.trace_id or (0 if edition is None else edition.trace_id)
            trace = self._books.demand_trace(uow, exam, trace_id)
            record = self._books.traces.record(uow, trace.id)
            body = None if edition is None or edition.trace_id != trace.id else unpacked(edition.body)
        if body is not None:
            values = tuple(
                StoredMeasurement(
                    one.name.value, one.value, _STORED.get(PARAMETERS[one.name].unit, PARAMETERS[one.name].unit)
                )
                for one in body.parameters
                if one.value is not None
            )
            record = replace(
                record,
                measurements=values,
                statements=tuple(line for line in body.diagnosis.split("\n") if line.strip()),
            )
        try:
            made = write(record, request.file_format.value, f"{exam.accession_number}-{trace.number}")
        except (CannotHold, EcgFormatError) as fault:
            raise invalid("file_format", f"该格式不能保存这份心电图：{fault}") from fault
        with self._database.write() as uow:
            self._books.log(uow, caller, exam.id, "exported", request.file_format.value)
            return self._documents.keep_view(
                uow,
                kind=_EXPORT,
                media_type=_MEDIA[request.file_format],
                data=made.main,
                subject_id=report_id_of(exam.id),
                warning="；".join(made.findings)[:200],
            )

    def _kept(self, order: PaperOrder, kind: str) -> DocumentView:
        drawn = render(order)
        with self._database.write() as uow:
            if kind == _PREVIEW:
                self._documents.forget(uow, kind=kind, subject_id=order.report_id)
            return self._documents.keep_view(uow, kind=kind, media_type=_PDF, data=drawn, subject_id=order.report_id)

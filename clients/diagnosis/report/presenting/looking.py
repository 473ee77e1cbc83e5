"""Looking: images, history, log, preview and paper, notices that the report changed."""

from __future__ import annotations

from typing import Any

from clients.diagnosis.report.presenting.base import PresenterBase, clean, ignore
from clients.diagnosis.report.state import ComparedVersions
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Changed, Notice
from shared.contract.printing import DocumentView, PreviewReport, PrintReport
from shared.contract.report_paper import CopyOutcome, TellCopy
from shared.contract.reporting import (
    GetRelated,
    GetReport,
    GetReportLog,
    HistoryRow,
    HistoryView,
    RelatedView,
    ReportLogView,
    ReportView,
)
from shared.domain.states import ReportAction


class Looking(PresenterBase):
    """What is shown around the text and changes nothing of it."""

    def view_images(self) -> None:
        """查看影像."""
        if self.state.report is not None and self.state.report.row.study_uids:
            self._viewer.open(self.state.report.row.study_uids)
        else:
            self._messages.say(tr("此检查还没有影像。"), Tone.WARNING)

    def compare(self, rows: tuple[HistoryRow, ...]) -> None:
        """Put the images of earlier exams beside the present ones (RIS-RPB-04)."""
        studies = [uid for row in rows for uid in row.study_uids]
        if not studies:
            self._messages.say(tr("所选检查没有影像。"), Tone.WARNING)
            return
        self.view_images()
        for uid in studies:
            self._viewer.compare(uid)

    def load_log(self) -> None:
        """Fetch the operation log."""
        if self.state.report is not None:
            request = GetReportLog(report_id=self.state.report.row.id)
            self._runner.run(lambda: self._line.call(request), self._on_log, self._messages.report, key="report.log")

    def compare_versions(self, before: int, after: int = 0) -> None:
        """Show two kept versions word by word; 0 is what stands in the editors."""
        if self.state.log is not None:
            self._change(compared=ComparedVersions(before, after))

    def close_comparison(self) -> None:
        """Back to the text."""
        self._change(compared=None)

    def load_related(self) -> None:
        """Fetch orders and other papers of the patient."""
        if self.state.report is not None:
            request = GetRelated(report_id=self.state.report.row.id)
            self._runner.run(
                lambda: self._line.call(request), self._on_related, self._messages.report, key="report.related"
            )

    def _on_related(self, related: RelatedView) -> None:
        self._change(related=related)

    def preview(self) -> None:
        """预览: the page as it would print, with what stands here saved first."""
        self._save_before_leaving()
        self._simple(
            lambda report: PreviewReport(report_id=report.row.id, language=_paper_language()), self._on_preview
        )

    def close_preview(self) -> None:
        """Back to the text."""
        self._change(preview=None)

    def print_report(self) -> None:
        """打印 the approved report; it becomes 已打印."""
        self._simple(lambda report: PrintReport(report_id=report.row.id, language=_paper_language()), self._on_printed)

    def heard(self, notice: Notice) -> None:
        """Look again when this report changed."""
        report = self.state.report
        if (
            report is not None
            and isinstance(notice, Changed)
            and (notice.entity, notice.id) == ("report", report.row.id)
        ):
            self.look_again()

    def look_again(self) -> None:
        """Fetch the report without touching the text that is being written."""
        if self.state.report is not None:
            request = GetReport(report_id=self.state.report.row.id)
            self._runner.run(lambda: self._line.call(request), self._on_looked, ignore, key="report.look")

    def _save_before_leaving(self) -> None:
        if self.state.may_edit and self.state.is_dirty:
            self.save(is_automatic=True)

    def _on_looked(self, view: ReportView) -> None:
        report = self.state.report
        if report is None or view.row.id != report.row.id or view.version < report.version:
            return
        if self.state.may_edit and ReportAction.SAVE not in view.allowed:
            self._on_lock_lost(view)
        elif not (self.state.is_dirty or self.state.is_saving or self.state.is_handing_in):
            self._take(view)
        elif view.version == report.version:
            self._change(report=view)
        self._load_pictures()

    def _on_preview(self, document: DocumentView) -> None:
        self._runner.run(
            lambda: self._line.fetch_document(document.id),
            lambda pdf: self._change(preview=pdf),
            self._messages.report,
            key="report.preview",
        )

    def _on_printed(self, document: DocumentView) -> None:
        if document.warning:
            self._messages.say(document.warning, Tone.WARNING)

        def fetched(pdf: bytes) -> None:
            try:
                handed = self._print_pdf(pdf)
            except OSError as fault:
                missed(fault)
                return
            if handed is not None:
                self._tell_copy(document, handed.outcome, handed.printer, handed.reason)

        def missed(fault: Exception) -> None:
            self._messages.report(fault)
            self._tell_copy(document, CopyOutcome.FAILED, reason=str(fault) or type(fault).__name__)

        self._runner.run(lambda: self._line.fetch_document(document.id), fetched, missed, key="report.print")
        self.look_again()
        self.load_log()

    def _tell_copy(self, document: DocumentView, outcome: CopyOutcome, printer: str = "", reason: str = "") -> None:
        """Keep in the print log what became of the paper; where that fails the log says so itself."""
        if document.copy_id:
            told = TellCopy(copy_id=document.copy_id, outcome=outcome, printer=printer[:200], reason=reason[:200])
            self._runner.run(lambda: self._line.call(told), ignore, self._messages.report)

    def _on_history(self, history: HistoryView) -> None:
        self._change(history=history)

    def _on_log(self, log: ReportLogView) -> None:
        self._change(log=log)

    def _load_pictures(self) -> None:
        report = self.state.report
        if report is None:
            return
        wanted = [image.document_id for image in report.key_images if image.document_id not in self.state.pictures]
        if wanted:
            self._runner.run(
                lambda: {one: self._line.fetch_document(one) for one in wanted},
                lambda found: self._change(pictures={**self.state.pictures, **found}),
                self._messages.report,
                key="report.pictures",
            )

    def _take(self, view: ReportView, **parts: Any) -> None:
        """Show a newer report; its text too unless the doctor is changing it here."""
        changes: dict[str, Any] = {"report": view, "is_saving": False, **parts}
        if view.content != self.state.content and view.content != clean(self.state.content):
            changes |= {"content": view.content, "revision": self.state.revision + 1}
        self._base, self._base_version = view.content, view.version
        self._change(**changes, is_dirty=False)


def _paper_language() -> str:
    return "en" if language() is Language.ENGLISH else "zh"

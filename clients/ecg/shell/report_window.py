"""报告, 查看报告: the PDF of a report in a window of its own, with 打印 (ECG-PE-10, ECG-IN-11, ECG-ACC-06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.kit.labels import Button, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.panels import EmptyState
from clients.kit.pdf_preview import PdfPreview
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.ecg_consultations import Get as GetConsultation
from shared.contract.ecg_consultations import SignFor
from shared.contract.ecg_reports import BatchRow
from shared.contract.ecg_reports import Open as OpenReport
from shared.contract.ecg_reports import Print as PrintReport
from shared.contract.printing import DocumentView
from shared.domain.permissions import Permission


class NoReport(Exception):
    """There is no document yet."""


class ReportView(QWidget):
    """Pages of the report and 打印. With `signs` printing is that of the hospital that asked: it signs for it."""

    def __init__(
        self,
        desk: Desk,
        exam_id: int,
        consultation_id: int | None = None,
        *,
        signs: bool = False,
        printed: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._exam_id = exam_id
        self._consultation_id = consultation_id
        self._signs = signs and consultation_id is not None
        self._printed = printed
        self._is_open = True
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        holder = QWidget()
        self._layers = QStackedLayout(holder)
        self.pages = PdfPreview()
        self.waiting = EmptyState("hourglass", "正在打开报告…")
        self.waiting.acted.connect(self.load)
        self._layers.addWidget(self.waiting)
        self._layers.addWidget(self.pages)
        layout.addWidget(holder, 1)
        layout.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(8)
        self.words = ValueLabel("", "quiet")
        foot.addWidget(self.words, 1)
        self.smaller = Button("缩小", "quiet", "minus", on_click=lambda: self.pages.set_zoom(self.pages.zoom / 1.25))
        self.larger = Button("放大", "quiet", "add", on_click=lambda: self.pages.set_zoom(self.pages.zoom * 1.25))
        foot.addWidget(self.smaller)
        foot.addWidget(self.larger)
        text = "打印并签收" if self._signs else "打印"
        self.print_button = Button(text, "primary", "print", on_click=self.print_it, shortcut="Ctrl+P")
        self.print_button.setEnabled(False)
        foot.addWidget(self.print_button)
        layout.addLayout(foot)
        self.load()

    def load(self) -> None:
        """Fetch the document."""
        line: Any = self._desk.place.connection
        exam_id, consultation_id = self._exam_id, self._consultation_id
        self.waiting.show_words("hourglass", "正在打开报告…")

        def fetch() -> tuple[bytes, str]:
            if consultation_id is not None:
                found = line.call(GetConsultation(consultation_id=consultation_id)).consultation
                number, words = found.document_id, f"{found.patient_name}　{found.to_hospital}　{found.published_by}"
            else:
                page = line.call(OpenReport(exam_id=exam_id))
                number, words = page.document_id, page.auditor or page.reader
            if not number:
                raise NoReport
            return line.fetch_document(number), words

        self._desk.place.runner.run(fetch, self._arrived, self._failed)

    def print_it(self) -> None:
        """打印 on this computer's printer; counted by the server."""
        desk, exam_id, consultation_id = self._desk, self._exam_id, self._consultation_id
        line: Any = desk.place.connection
        self.print_button.setEnabled(False)
        signs, spoken = self._signs, language().value

        def work() -> str:
            if signs:
                rows: tuple[BatchRow, ...] = line.call(
                    SignFor(consultation_ids=(consultation_id or 0,), language=spoken)
                )
                document = rows[0].document if rows else None
                if document is None:
                    return rows[0].sentence if rows else ""
            else:
                document = line.call(PrintReport(exam_id=exam_id, language=spoken))
            return hand_out(desk, document)

        desk.place.runner.run(work, self._handed_out, self._not_printed)

    def _arrived(self, found: tuple[bytes, str]) -> None:
        if not self._is_open:
            return
        data, words = found
        self._layers.setCurrentWidget(self.pages)
        readable = self.pages.show_pdf(data)
        self.words.set_text(words)
        self.print_button.setEnabled(readable and self._desk.may(Permission.ECG_PRINT))

    def _failed(self, error: Exception) -> None:
        if not self._is_open:
            return
        if isinstance(error, NoReport):
            self.waiting.show_words("document", "还没有报告", "提交报告后即可在此查看。")
        else:
            self.waiting.show_words("alert", "报告无法打开", message_for(error).text, "重试", tone=Tone.WARNING)

    def _handed_out(self, sentence: str) -> None:
        self._desk.place.messages.say(sentence, Tone.SUCCESS)
        self._desk.tell_exam(self._exam_id)
        if self._consultation_id is not None:
            self._desk.tell_consultation(self._consultation_id)
        if self._is_open:
            self.print_button.setEnabled(True)
            self._printed()

    def _not_printed(self, error: Exception) -> None:
        self._desk.place.messages.report(error)
        if self._is_open:
            self.print_button.setEnabled(True)

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]


def hand_out(desk: Desk, document: DocumentView) -> str:
    """Send a document of the server to this computer's printer (blocking); what became of it, as a sentence."""
    sentence: str = desk.papers.hand_out(document)
    return sentence or tr("已打印")

"""报告预览: the PDF as it would print, the format, and printing from here."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label
from clients.kit.pdf_preview import PdfPreview
from clients.kit.translations import Language, language
from clients.pathology.desk import Desk
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from shared.contract.pathology_reports import ReportView
from shared.domain.pathology_reports import PaperAction, formats_for


class PreviewWindow(QWidget):
    """What is seen here is what is printed: the server draws both."""

    def __init__(self, desk: Desk, presenter: DiagnosisPresenter, report_id: int) -> None:
        super().__init__()
        self._desk, self._presenter, self._report_id = desk, presenter, report_id
        self._alive = True
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(Label("报告格式", "caption"))
        report = self._report()
        page = presenter.state.page
        choices = [Choice("", "按图像数自动")]
        if report is not None and page is not None:
            choices += [Choice(one.key, one.zh) for one in formats_for(report.kind, page.library)]
        self.format = ChoiceEditor(ChoiceField(key="format", label="报告格式", choices=choices))
        self.format.set_value(report.format_key if report is not None else "")
        self.format.setMinimumWidth(180)
        self.format.chosen.connect(lambda _key: self.load())
        row.addWidget(self.format)
        self.waits = Label("正在生成预览…", "quiet")
        row.addWidget(self.waits)
        row.addStretch(1)
        self.print_button = Button("打印", "primary", "print", on_click=self.print_report)
        self.print_button.setEnabled(report is not None and PaperAction.PRINT in report.allowed)
        row.addWidget(self.print_button)
        box.addLayout(row)
        self.paper = PdfPreview()
        box.addWidget(self.paper, 1)
        self.load()

    def load(self) -> None:
        """Draw it in the chosen format."""
        self.waits.show()
        spoken = "en" if language() is Language.ENGLISH else "zh"
        self._presenter.preview(self._report_id, str(self.format.value() or ""), self._show, spoken)

    def print_report(self) -> None:
        """Print what is seen."""
        self._presenter.print_report(self._report_id, str(self.format.value() or ""))

    def closeEvent(self, event: object) -> None:
        self._alive = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _show(self, content: bytes) -> None:
        from shiboken6 import isValid

        if self._alive and isValid(self):
            self.waits.hide()
            self.paper.show_pdf(content)

    def _report(self) -> ReportView | None:
        page = self._presenter.state.page
        if page is None:
            return None
        return next((one for one in (page.report, *page.others) if one.id == self._report_id), None)

"""The two panes of a template with their findings; used by the maintenance screen. Knows no server."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from clients.kit.labels import Label, ValueLabel
from clients.kit.translations import tr
from clients.pathology.templates.checked_editor import CheckedEditor
from clients.pathology.templates.words import issue_words
from shared.contract.pathology_templates import TemplateKind
from shared.domain.pathology_templates import Issue

_MOST_LISTED = 100


class TextEditor(QWidget):
    """检查所见 and 诊断意见 side by side, each checked while it is typed; below what was found."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.findings_label = Label("检查所见", "caption")
        self.diagnosis_label = Label("诊断意见", "caption")
        self.findings = CheckedEditor()
        self.diagnosis = CheckedEditor()
        self.verdict = ValueLabel("", "strong")
        self.found = QListWidget()
        self.found.setMaximumHeight(120)
        self.found.hide()
        self.found.itemActivated.connect(self._go)
        self.found.itemClicked.connect(self._go)
        for pane in (self.findings, self.diagnosis):
            pane.checked.connect(self._show_found)
            pane.textChanged.connect(self.edited)
        self._right = QWidget()
        self._arrange()

    def show_texts(self, kind: TemplateKind, findings: str, diagnosis: str) -> None:
        """Show texts; a gross template has one pane."""
        is_gross = kind is TemplateKind.GROSS
        self._right.setVisible(not is_gross)
        self.findings_label.set_source("大体所见" if is_gross else "检查所见")
        self.findings.set_text(findings)
        self.diagnosis.set_text("" if is_gross else diagnosis)

    def texts(self) -> tuple[str, str]:
        """Findings and diagnosis as they stand."""
        return self.findings.toPlainText(), self.diagnosis.toPlainText()

    def check(self) -> bool:
        """检验报告: check both and go to the first error; say whether there is none."""
        panes = (self.findings, self.diagnosis)
        readings = [pane.check() for pane in panes]
        for pane, reading in zip(panes, readings, strict=True):
            if reading.errors:
                pane.go_to(reading.errors[0])
                return False
        return True

    def set_read_only(self, read_only: bool) -> None:
        """Whether the texts may be changed."""
        self.findings.setReadOnly(read_only)
        self.diagnosis.setReadOnly(read_only)

    def _show_found(self, _reading: object = None) -> None:
        self.found.clear()
        errors = warnings = 0
        for pane, label in ((self.findings, self.findings_label), (self.diagnosis, self.diagnosis_label)):
            errors += pane.reading.errors_found
            warnings += pane.reading.warnings_found
            for issue in pane.reading.issues[:_MOST_LISTED]:
                item = QListWidgetItem(f"{label.text()}  {issue_words(issue)}")
                item.setData(Qt.ItemDataRole.UserRole, (pane is self.diagnosis, issue))
                self.found.addItem(item)
        self.found.setVisible(bool(errors or warnings))
        if errors:
            self.verdict.set_text(tr("检验不通过：{errors} 处错误，改正后才能使用", errors=errors))
        elif warnings:
            self.verdict.set_text(tr("检验通过，有 {warnings} 处提醒", warnings=warnings))
        else:
            self.verdict.set_text(tr("检验通过"))

    def _go(self, item: QListWidgetItem) -> None:
        in_diagnosis, issue = item.data(Qt.ItemDataRole.UserRole)
        assert isinstance(issue, Issue)
        (self.diagnosis if in_diagnosis else self.findings).go_to(issue)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.findings_label)
        left.addWidget(self.findings, 1)
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(4)
        right.addWidget(self.diagnosis_label)
        right.addWidget(self.diagnosis, 1)
        panes = QHBoxLayout()
        panes.setSpacing(12)
        panes.addLayout(left, 3)
        panes.addWidget(self._right, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addLayout(panes, 1)
        box.addWidget(self.verdict)
        box.addWidget(self.found)

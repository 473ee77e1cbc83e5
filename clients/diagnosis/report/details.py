"""What the side shows: operation log with kept versions, the application, the patient (RIS-RPC-10, -11, -RPG-06)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QTextEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from clients.diagnosis.words import LOG_WORDS, SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.states import REPORT_LOOKS
from clients.kit.translations import tr
from shared.contract.exams import ExamView
from shared.contract.reporting import ReportLogView, VersionRow


class LogPanel(QWidget):
    """What was done to the report, newest first, and every kept text."""

    compare_wanted = Signal(int)
    """number of a kept version that shall be compared with the present text."""

    def __init__(self) -> None:
        super().__init__()
        self._log: ReportLogView | None = None
        self.lines = QTreeWidget()
        self.versions = QTreeWidget()
        for tree in (self.lines, self.versions):
            tree.setHeaderHidden(True)
            tree.setRootIsDecorated(False)
        self.lines.setWordWrap(True)
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.versions.currentItemChanged.connect(self._on_version)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(Label("操作日志", "strong"))
        layout.addWidget(self.lines, 3)
        self.compare_button = Button("与现在比较", "quiet", "compare", on_click=self._compare)
        self.compare_button.setEnabled(False)
        kept = QHBoxLayout()
        kept.addWidget(Label("历次内容", "strong"))
        kept.addStretch(1)
        kept.addWidget(self.compare_button)
        layout.addLayout(kept)
        layout.addWidget(self.versions, 1)
        layout.addWidget(self.text, 2)

    def show_log(self, log: ReportLogView | None) -> None:
        """Show a log."""
        if log == self._log:
            return
        self._log = log
        self.lines.clear()
        self.versions.clear()
        self.text.clear()
        if log is None:
            return
        for row in log.rows:
            head = f"{local_time(row.at)}  {row.by}  {tr(LOG_WORDS.get(row.action, row.action))}"
            states = _states(row.from_state, row.to_state)
            item = QTreeWidgetItem(self.lines, ["\n".join(part for part in (head, states, row.note) if part)])
            item.setToolTip(0, row.note)
        for version in reversed(log.versions):
            words = tr("第 {number} 版", number=version.version)
            kind = f"  {tr('自动')}" if version.is_automatic else ""
            item = QTreeWidgetItem(self.versions, [f"{words}  {local_time(version.at)}  {version.by}{kind}"])
            item.setData(0, Qt.ItemDataRole.UserRole, version)

    def _compare(self) -> None:
        current = self.versions.currentItem()
        version = current.data(0, Qt.ItemDataRole.UserRole) if current is not None else None
        if isinstance(version, VersionRow):
            self.compare_wanted.emit(version.version)

    def _on_version(self, current: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        version = current.data(0, Qt.ItemDataRole.UserRole) if current is not None else None
        self.compare_button.setEnabled(isinstance(version, VersionRow))
        if isinstance(version, VersionRow):
            self.text.setHtml(f"{version.content.findings}<hr>{version.content.impression}")


class FactsPanel(QWidget):
    """Labels and values in two columns under headings."""

    def __init__(self, sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 8, 16, 16)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        line = 0
        for heading, facts in sections:
            grid.addWidget(Label(heading, "strong"), line, 0, 1, 2)
            line += 1
            for label, value in facts:
                name = Label(label, "quiet")
                name.setAlignment(Qt.AlignmentFlag.AlignTop)
                grid.addWidget(name, line, 0)
                grid.addWidget(ValueLabel(value or "–", wrap=True), line, 1)
                line += 1
        grid.setRowStretch(line, 1)


def application_panel(exam: ExamView) -> FactsPanel:
    """申请单: registration details, exam information, other information."""
    row, clinical, requester = exam.row, exam.clinical, exam.requester
    return FactsPanel(
        (
            (
                "登记详情",
                (
                    ("检查号", row.accession_number),
                    ("影像号", row.image_number),
                    ("登记医生", exam.registered_by),
                    ("登记时间", local_time(row.registered_at)),
                ),
            ),
            (
                "检查信息",
                (
                    ("检查类型", row.exam_type),
                    ("检查项目", row.items),
                    ("检查部位", row.body_part),
                    ("检查室", row.room_name),
                    ("开始时间", local_time(exam.started_at)),
                    ("结束时间", local_time(exam.finished_at)),
                ),
            ),
            (
                "其它信息",
                (
                    ("请检科室", requester.department),
                    ("请检医生", requester.doctor),
                    ("请检时间", local_time(requester.requested_at)),
                    ("临床诊断", clinical.diagnosis),
                    ("检查目的", clinical.purpose),
                    ("病史摘要", clinical.history),
                    ("患者体征", clinical.signs),
                ),
            ),
        )
    )


def patient_panel(exam: ExamView) -> FactsPanel:
    """患者信息: basic, request, clinical and other information."""
    patient, clinical, requester = exam.patient, exam.clinical, exam.requester
    born = patient.birth_date.isoformat() if patient.birth_date else ""
    return FactsPanel(
        (
            (
                "基本信息",
                (
                    ("姓名", patient.name),
                    ("性别", tr(SEX_WORDS[patient.sex])),
                    ("年龄", age_for_reader(exam.row.age)),
                    ("出生日期", born),
                    ("患者编号", patient.patient_number),
                    ("就诊卡号", patient.card_number),
                    ("住院号", patient.inpatient_number),
                    ("身份证号", patient.id_number),
                ),
            ),
            (
                "请检信息",
                (
                    ("请检科室", requester.department),
                    ("请检医生", requester.doctor),
                    ("请检时间", local_time(requester.requested_at)),
                ),
            ),
            (
                "临床信息",
                (("临床诊断", clinical.diagnosis), ("检查目的", clinical.purpose), ("病史摘要", clinical.history)),
            ),
            ("其他信息", (("联系电话", patient.phone), ("住址", patient.address))),
        )
    )


def _states(before: str, after: str) -> str:
    looks = [REPORT_LOOKS.get(state) for state in (before, after)]
    words = [tr(look.text) for look in looks if look is not None]
    return "  →  ".join(words) if len(words) == 2 and before != after else ""

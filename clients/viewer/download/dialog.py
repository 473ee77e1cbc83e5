"""The pop-up of downloads: what, in which form, with progress and a way to stop."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QCloseEvent, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.choosing import Switch
from clients.kit.labels import Label
from clients.kit.theme import current_theme
from clients.kit.translations import tr

FORMS: tuple[tuple[str, str], ...] = (
    ("dicom", "DICOM（zip，含 DICOMDIR）"),
    ("png", "PNG 图片"),
    ("jpg", "JPEG 图片"),
    ("mp4", "MP4 视频"),
)
SCOPES: tuple[tuple[str, str], ...] = (
    ("image", "当前图像"),
    ("series", "当前序列"),
    ("study", "当前检查"),
)


class DownloadDialog(QDialog):
    """Reports intentions; the feature does the work."""

    begun = Signal()
    cancel_asked = Signal()

    def __init__(self, parent: QWidget, *, from_server: bool) -> None:
        super().__init__(parent)
        self._from_server = from_server
        self.setWindowTitle(tr("下载影像"))
        self.setMinimumWidth(current_theme().px(480))
        self.form, self.scope = QComboBox(), QComboBox()
        for key, text in FORMS:
            self.form.addItem(tr(text), key)
        for key, text in SCOPES:
            self.scope.addItem(tr(text), key)
        self.scope.setCurrentIndex(1)
        self.anonymise = Switch("")
        self.project = QLineEdit()
        self.project.setPlaceholderText(tr("课题代号：英文字母、数字、- 和 _"))
        self.project.setValidator(QRegularExpressionValidator(QRegularExpression("[A-Za-z0-9_-]{1,32}"), self))
        self.note = Label("", "caption", wrap=True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.start, self.stop = QPushButton(tr("下载…")), QPushButton(tr("关闭"))
        self.start.setProperty("look", "primary")
        self.start.clicked.connect(self.begun)
        self.stop.clicked.connect(self._on_stop)
        form = QFormLayout()
        form.setSpacing(10)
        form.addRow(tr("格式"), self.form)
        form.addRow(tr("范围"), self.scope)
        form.addRow(tr("去除患者信息"), self.anonymise)
        form.addRow("", self.project)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.start)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.bar)
        column.addWidget(self.message)
        column.addLayout(row)
        self._working = False
        self.form.currentIndexChanged.connect(lambda _n: self._reflect())
        self.anonymise.toggled.connect(lambda _on: self._reflect())
        self._reflect()

    @property
    def kind(self) -> str:
        """dicom, png, jpg or mp4."""
        return str(self.form.currentData())

    @property
    def wanted(self) -> str:
        """image, series or study."""
        return str(self.scope.currentData())

    @property
    def working(self) -> bool:
        return self._working

    def set_working(self, working: bool) -> None:
        """While the work goes on only cancelling is possible."""
        self._working = working
        self.bar.setVisible(working)
        self.bar.setRange(0, 0)
        for widget in (self.form, self.scope, self.anonymise, self.project, self.start):
            widget.setEnabled(not working)
        self.stop.setText(tr("取消") if working else tr("关闭"))
        if not working:
            self._reflect()

    def progress(self, done: int, total: int) -> None:
        """So far, of so many."""
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(round(1000 * min(done / total, 1.0)))

    def say(self, sentence: str) -> None:
        """How it ended; empty hides it."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def _reflect(self) -> None:
        is_dicom = self.kind == "dicom"
        can_clean = is_dicom and self._from_server
        self.anonymise.setEnabled(can_clean)
        if not can_clean:
            self.anonymise.setChecked(False)
        self.project.setVisible(self.anonymise.isChecked())
        if not is_dicom:
            self.note.set_source("图片和视频按当前窗宽窗位写入，不含患者信息文字；图像内已有的文字仍在。")
        elif self._from_server:
            self.note.set_source("由服务器打包；去除患者信息按 DICOM 匿名化规范进行，同一课题的编号保持一致。")
        else:
            self.note.set_source("本机打开的文件原样打包，含患者信息；需要去除患者信息时请从服务器下载。")

    def _on_stop(self) -> None:
        if self._working:
            self.cancel_asked.emit()
        else:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._working:
            self.cancel_asked.emit()
        super().closeEvent(event)

"""The page of help: what the pictures are good for, what to do in trouble, this computer, whom to call."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from clients.kit.labels import Label
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.viewer.help.check import Line

SENTENCES: tuple[tuple[str, str], ...] = (
    ("VW-SAF-02", "本软件不能代替受过培训、了解其局限的专业人员的技能和判断。"),
    ("VW-SAF-03", "结果是相对的：取决于源数据的质量和使用者的操作。"),
    ("VW-SAF-04", "临床决策不得仅依据这些结果；它们不是计划、实施或评估手术的唯一依据。"),
    ("VW-SAF-05", "数据必须是完整的 DICOM 数据集；影像或信息缺失时，结果不可靠。"),
    ("VW-SAF-01", "阅片和融合不提供异常解剖、结构或功能的自动检测和自动诊断；智能助手是独立的，并有明显标记。"),
    ("VW-SAF-06", "工作站应远离强电磁辐射环境。"),
    ("VW-SAF-07", "网络或服务器故障后，可以退出并重新登录。"),
    ("VW-SAF-08", "只在不低于下列最低配置的软硬件上运行。"),
    ("VW-SAF-09", "故障持续存在时，请联系售后服务人员。"),
    ("VW-SAF-10", "禁忌症：无。"),
)
"""Requirement and sentence, in the order of the page."""


class HelpDialog(QDialog):
    """Not modal: it can lie beside the images."""

    contact_changed = Signal(str)

    def __init__(self, parent: QWidget, lines: Sequence[Line], contact: str, version: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("帮助与注意事项"))
        self.resize(680, 640)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(Label("注意事项", "title"))
        for _, sentence in SENTENCES:
            column.addWidget(_bullet(tr(sentence)))
        column.addSpacing(8)
        column.addWidget(Label("本机与最低配置", "title"))
        column.addLayout(_table(lines))
        column.addSpacing(8)
        column.addWidget(Label("售后服务", "title"))
        self.contact = QLineEdit(contact)
        self.contact.setMaxLength(200)
        self.contact.setPlaceholderText(tr("填写联系人和电话"))
        self.contact.editingFinished.connect(lambda: self.contact_changed.emit(self.contact.text().strip()))
        column.addWidget(self.contact)
        column.addWidget(Label("版本 {version}", "caption", version=version))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        close = QPushButton(tr("知道了"))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 8, 24, 16)
        foot.addStretch(1)
        foot.addWidget(close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area, 1)
        outer.addLayout(foot)


def _bullet(text: str) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    dot, words = QLabel("•"), QLabel(text)
    words.setWordWrap(True)
    words.setTextFormat(Qt.TextFormat.PlainText)
    row.addWidget(dot, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(words, 1)
    return holder


def _table(lines: Sequence[Line]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(6)
    for column, text in enumerate(("项目", "最低配置", "本机")):
        grid.addWidget(Label(text, "caption"), 0, column)
    theme = current_theme()
    for n, line in enumerate(lines):
        found = f"{line.found}  ⚠ {tr('低于最低配置')}" if line.is_enough is False else line.found
        for column, text in enumerate((line.name, line.needed, found)):
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            if line.is_enough is False:
                label.setStyleSheet(f"color: {theme.tone(Tone.WARNING).text};")
            grid.addWidget(label, n + 1, column)
    grid.setColumnStretch(2, 1)
    return grid

"""The panel of earlier exams."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.history.model import Earlier

WIDTH = 340


class HistoryPanel(QWidget):
    """Reports intentions."""

    append_asked = Signal(str)
    compare_asked = Signal(str)
    renew_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._open: Collection[str] = ()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.list = QListWidget()
        self.list.setObjectName("history.list")
        self.list.setWordWrap(True)
        self.list.itemDoubleClicked.connect(lambda _item: self._ask(self.append_asked))
        self.list.currentItemChanged.connect(lambda *_: self._reflect())
        self.append = QPushButton(tr("追加到序列栏"))
        self.compare = QPushButton(tr("对比"))
        self.renew = QPushButton(tr("刷新"))
        self.append.clicked.connect(lambda: self._ask(self.append_asked))
        self.compare.clicked.connect(lambda: self._ask(self.compare_asked))
        self.renew.clicked.connect(self.renew_asked)
        row = QHBoxLayout()
        row.addWidget(self.append)
        row.addWidget(self.compare)
        row.addStretch(1)
        row.addWidget(self.renew)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.message)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.say(tr("正在查找…"))

    def say(self, sentence: str) -> None:
        """A sentence above the list; empty hides it."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def show_exams(self, exams: Sequence[Earlier], is_open: Collection[str]) -> None:
        """The patient's exams; open ones are marked."""
        chosen = self.selected
        self._open = is_open
        self.list.clear()
        for exam in exams:
            when = exam.when.replace("T", " ") or tr("日期不详")
            first = f"{when}   {' / '.join(exam.modalities)}"
            notes = [tr("{n} 幅", n=exam.images)]
            if exam.study_uid in is_open:
                notes.append(tr("已打开"))
            if exam.availability != "ONLINE":
                notes.append(tr("不在线，打开较慢"))
            item = QListWidgetItem(f"{first}\n{exam.description or '—'}\n{' · '.join(notes)}")
            item.setData(Qt.ItemDataRole.UserRole, exam.study_uid)
            if exam.study_uid in is_open:
                item.setForeground(current_theme().colour("accent"))
            self.list.addItem(item)
            if exam.study_uid == chosen:
                self.list.setCurrentItem(item)
        alone = len(exams) <= 1 and all(exam.study_uid in is_open for exam in exams)
        self.say(tr("没有这位患者的其他检查") if alone else "")
        self._reflect()

    @property
    def selected(self) -> str:
        """UID of the chosen exam, empty for none."""
        row = self.list.currentRow()
        return str(self.list.item(row).data(Qt.ItemDataRole.UserRole)) if row >= 0 else ""

    def _ask(self, signal: object) -> None:
        if self.selected and self.selected not in self._open:
            signal.emit(self.selected)  # type: ignore[attr-defined]

    def _reflect(self) -> None:
        can = bool(self.selected) and self.selected not in self._open
        self.append.setEnabled(can)
        self.compare.setEnabled(can)

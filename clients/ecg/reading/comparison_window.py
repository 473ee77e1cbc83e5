"""历史对比: an earlier exam beside this one, overlaid, in numbers and in sentences to be inserted (EX-ECG-07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.ecg.reading.basics import moment_of
from clients.kit.choosing import Switch
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.ecg import EcgRow

if TYPE_CHECKING:
    from shared.waveform.comparison import Comparison, Row

_HEADS = ("参数", "历史", "本次", "变化")


class ComparisonWindow(QWidget):
    """Which exam, the overlay, the table, the sentences."""

    exam_chosen = Signal(int)
    """exam id to compare with."""
    overlay_wanted = Signal(bool)
    """draw the earlier trace under this one, or not."""
    insert_wanted = Signal(str)
    """sentences for 检查所见."""
    closed = Signal()

    def __init__(self, rows: Sequence[EcgRow], *, editable: bool) -> None:
        super().__init__()
        self._found: Comparison | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(Label("对比检查", "caption"))
        choices = [Choice(row.id, _words(row), translate=False) for row in rows]
        self.exam = ChoiceEditor(ChoiceField(key="exam", label="对比检查", choices=choices))
        if rows:
            self.exam.set_value(rows[0].id)
        self.exam.chosen.connect(self._on_exam)
        top.addWidget(self.exam, 1)
        self.overlay = Switch("叠加显示", checked=True)
        self.overlay.toggled.connect(self.overlay_wanted)
        top.addWidget(self.overlay)
        box.addLayout(top)
        self.said = ValueLabel(tr("正在读取历史心电图…"), "quiet", wrap=True)
        box.addWidget(self.said)
        self.table = self._make_table()
        box.addWidget(self.table, 3)
        box.addWidget(Label("变化语句（勾选后插入检查所见）", "caption"))
        self.sentences = QListWidget()
        self.sentences.setWordWrap(True)
        self.sentences.setAccessibleName(tr("变化语句（勾选后插入检查所见）"))
        box.addWidget(self.sentences, 2)
        foot = QHBoxLayout()
        foot.addStretch(1)
        self.insert = Button("插入检查所见", "primary", on_click=self._insert)
        self.insert.setEnabled(False)
        self.insert.setVisible(editable)
        foot.addWidget(self.insert)
        box.addLayout(foot)

    @property
    def chosen(self) -> int:
        """The exam to compare with."""
        return int(self.exam.value() or 0)

    def show_comparison(self, found: Comparison) -> None:
        """Show numbers and sentences."""
        self._found = found
        changed = len(found.changed)
        self.said.set_text(
            tr("{count} 项参数有变化；判定规则见提示", count=changed) if changed else tr("参数没有超出判定规则的变化")
        )
        self.table.setRowCount(len(found.rows))
        for at, row in enumerate(found.rows):
            self._put(at, row)
        self.sentences.clear()
        for sentence in found.sentences:
            item = QListWidgetItem(sentence.text(language().value))
            item.setToolTip(sentence.rule)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self.sentences.addItem(item)
        self.insert.setEnabled(bool(found.sentences))

    def show_trouble(self, sentence: str) -> None:
        """The earlier trace could not be had."""
        self.said.set_text(sentence)
        self.table.setRowCount(0)
        self.sentences.clear()
        self.insert.setEnabled(False)

    def ticked(self) -> list[str]:
        """The sentences that would be inserted."""
        items = [self.sentences.item(at) for at in range(self.sentences.count())]
        return [item.text() for item in items if item.checkState() is Qt.CheckState.Checked]

    def _insert(self) -> None:
        said = self.ticked()
        if said:
            self.insert_wanted.emit(("；" if language().value == "zh" else "; ").join(said))

    def _on_exam(self, _value: object) -> None:
        self.said.set_text(tr("正在读取历史心电图…"))
        self.exam_chosen.emit(self.chosen)

    def _put(self, at: int, row: Row) -> None:
        theme = current_theme()

        def number(value: float | None, sign: str = "") -> str:
            return "–" if value is None else f"{value:{sign}.{row.decimals}f}"

        differs = row.difference is not None and round(row.difference, row.decimals) != 0
        cells = (
            f"{row.name(language().value)} ({row.unit})",
            number(row.before),
            number(row.after),
            ("● " if row.is_changed else "") + number(row.difference, "+" if differs else ""),
        )
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if row.is_changed:
                item.setForeground(QColor(theme.tone(Tone.DANGER).text))
                item.setToolTip(tr("判定规则：{rule}", rule=row.rule))
            self.table.setItem(at, column, item)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_HEADS))
        table.setHorizontalHeaderLabels([tr(head) for head in _HEADS])
        table.verticalHeader().hide()
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        first = table.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.verticalHeader().setDefaultSectionSize(22)
        table.verticalHeader().setMinimumSectionSize(18)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return table

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.table.setHorizontalHeaderLabels([tr(head) for head in _HEADS])
            if self._found is not None:
                self.show_comparison(self._found)
        super().changeEvent(event)

    def closeEvent(self, event: object) -> None:
        self.closed.emit()
        super().closeEvent(event)  # type: ignore[arg-type]


def _words(row: EcgRow) -> str:
    said = moment_of(row.acquired_at or row.registered_at)
    return f"{said}  {row.conclusion[:24]}" if row.conclusion else said

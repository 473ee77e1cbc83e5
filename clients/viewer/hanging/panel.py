"""The panel of hanging protocols: which one is used and why, the others, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr

WIDTH = 340


@dataclass(frozen=True, slots=True)
class Row:
    """One protocol in the list; ``detail`` stands below its name."""

    uid: str
    level: str
    name: str
    detail: str
    fits: bool
    is_used: bool


class HangingPanel(QWidget):
    """Reports intentions; knows no protocol but its rows."""

    used = Signal(str)
    learn_asked = Signal()
    edit_asked = Signal(str, str)
    delete_asked = Signal(str, str)
    share_asked = Signal(str)
    import_asked = Signal()
    export_asked = Signal(str, str)
    switched = Signal(bool)
    step_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._may_share = False
        self.automatic = QCheckBox(tr("打开检查时自动挂片"))
        self.automatic.setObjectName("hanging.automatic")
        self.automatic.toggled.connect(self.switched)
        self.name, self.why, self.step = QLabel(), QLabel(), QLabel()
        self.name.setWordWrap(True)
        self.why.setWordWrap(True)
        self.back, self.on = QToolButton(), QToolButton()
        self.back.setText("◀")
        self.on.setText("▶")
        self.back.setToolTip(tr("上一步"))
        self.on.setToolTip(tr("下一步"))
        self.back.clicked.connect(lambda: self.step_asked.emit(-1))
        self.on.clicked.connect(lambda: self.step_asked.emit(1))
        self.rows = QListWidget()
        self.rows.setObjectName("hanging.list")
        self.rows.setWordWrap(True)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.itemDoubleClicked.connect(lambda _item: self._tell_used())
        self.rows.currentItemChanged.connect(lambda *_: self._reflect())
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self._build()
        self._dress()

    def _build(self) -> None:
        steps = QHBoxLayout()
        steps.addWidget(self.back)
        steps.addWidget(self.step, 1)
        steps.addWidget(self.on)
        self.use = self._button("hanging.use", "使用", self._tell_used)
        self.edit = self._button("hanging.edit", "编辑", lambda: self._tell(self.edit_asked))
        self.delete = self._button("hanging.delete", "删除", lambda: self._tell(self.delete_asked))
        self.share = self._button("hanging.share", "共享给全科", lambda: self.share_asked.emit(self._uid))
        self.learn = self._button("hanging.learn", "按此挂片…", self.learn_asked.emit)
        self.take_in = self._button("hanging.import", "导入…", self.import_asked.emit)
        self.give_out = self._button("hanging.export", "导出…", lambda: self._tell(self.export_asked))
        self.learn.setToolTip(tr("从当前这一屏学出挂片方案"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 8, 8)
        column.setSpacing(8)
        for widget in (self.automatic, self.name, self.why):
            column.addWidget(widget)
        column.addLayout(steps)
        column.addWidget(self.message)
        column.addWidget(self.rows, 1)
        for buttons in ((self.use, self.edit, self.delete), (self.share, self.take_in, self.give_out), (self.learn,)):
            row = QHBoxLayout()
            row.setSpacing(6)
            for button in buttons:
                row.addWidget(button, 1)
            column.addLayout(row)

    def _button(self, name: str, text: str, clicked: Callable[[], object]) -> QPushButton:
        button = QPushButton(tr(text))
        button.setObjectName(name)
        button.setStyleSheet("padding-left: 6px; padding-right: 6px;")
        button.clicked.connect(lambda _checked: clicked())
        return button

    def _dress(self) -> None:
        colours = current_theme().colours
        self.name.setStyleSheet(f"color: {colours.text}; font-weight: 600;")
        for quiet in (self.why, self.step, self.message):
            quiet.setStyleSheet(f"color: {colours.text_quiet};")
        self.step.setAlignment(Qt.AlignmentFlag.AlignCenter)

    # --- filling

    def say(self, sentence: str) -> None:
        """A sentence above the list; empty hides it."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def show_used(self, name: str, why: str, step: str, steps: int, *, automatic: bool) -> None:
        """The protocol in use; an empty name for none."""
        self.name.setText(name or tr("没有使用挂片方案"))
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.step.setText(step)
        for widget in (self.back, self.step, self.on):
            widget.setVisible(steps > 1)
        self.automatic.blockSignals(True)
        self.automatic.setChecked(automatic)
        self.automatic.blockSignals(False)

    def show_rows(self, rows: Sequence[Row], *, may_share: bool) -> None:
        """All protocols; those that fit the study first."""
        self._may_share = may_share
        chosen = self._uid
        self.rows.blockSignals(True)
        self.rows.clear()
        for row in rows:
            mark = "● " if row.is_used else ""
            item = QListWidgetItem(f"{mark}{row.name}\n{row.detail}")
            item.setData(Qt.ItemDataRole.UserRole, row)
            if not row.fits:
                item.setForeground(self.palette().placeholderText())
            self.rows.addItem(item)
            if row.uid == chosen or (not chosen and row.is_used):
                self.rows.setCurrentItem(item)
        self.rows.blockSignals(False)
        self._reflect()

    # --- inside

    @property
    def chosen(self) -> Row | None:
        """The selected row."""
        items = self.rows.selectedItems()
        row = items[0].data(Qt.ItemDataRole.UserRole) if items else None
        return row if isinstance(row, Row) else None

    @property
    def _uid(self) -> str:
        return self.chosen.uid if self.chosen is not None else ""

    def _tell(self, signal: object) -> None:
        row = self.chosen
        if row is not None:
            signal.emit(row.uid, row.level)  # type: ignore[attr-defined]

    def _tell_used(self) -> None:
        row = self.chosen
        if row is not None and row.fits:
            self.used.emit(row.uid)

    def _reflect(self) -> None:
        row = self.chosen
        own = row is not None and (row.level in ("user", "group") or (row.level == "site" and self._may_share))
        self.use.setEnabled(row is not None and row.fits)
        self.edit.setEnabled(own)
        self.delete.setEnabled(own)
        self.share.setEnabled(row is not None and row.level == "user" and self._may_share)
        self.give_out.setEnabled(row is not None)

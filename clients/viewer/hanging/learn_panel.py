"""Hang by showing, on screen: the inferred rules in words, each can be taken off; a trial; then it is live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours as viewer_colours
from clients.viewer.hanging.explaining import age_words, condition_words, set_name, value_words
from clients.viewer.hanging.inference import Tried, counts, without
from shared.contract.hanging import MOST_TEXT, Condition, Protocol

WIDTH = 420
_MARKS = {"ok": "✓", "ambiguous": "?", "missing": "✕"}
_WORDS = {"ok": "正确", "ambiguous": "不唯一", "missing": "缺图", "none": "不适用"}


class LearnPanel(QWidget):
    """Holds the protocol that is being made; whoever made the panel tries and keeps it."""

    try_asked = Signal(object)
    """The protocol is to be tried."""
    keep_asked = Signal(object, str)
    """The protocol goes live: for ``user`` or ``site``."""
    cancelled = Signal()

    def __init__(self, protocol: Protocol, unsure: Sequence[int], *, may_share: bool) -> None:
        super().__init__()
        self.protocol = protocol
        self._unsure = frozenset(unsure)
        self._may_share = may_share
        self._tried: Protocol | None = None
        self.name = QLineEdit(protocol.name)
        self.name.setObjectName("hanging.name")
        self.name.setMaxLength(MOST_TEXT)
        self.name.textEdited.connect(self._on_named)
        self.fits_label, self.summary = QLabel(), QLabel()
        for label in (self.fits_label, self.summary):
            label.setWordWrap(True)
        self._rules = QScrollArea()
        self._rules.setWidgetResizable(True)
        self._rules.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rules.setFrameShape(QFrame.Shape.NoFrame)
        self.table = QListWidget()
        self.table.setObjectName("hanging.trial")
        self.table.setWordWrap(True)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.trial = self._button("hanging.try", "在最近 50 项检查上试用", lambda: self.try_asked.emit(self.protocol))
        self.for_me = self._button("hanging.keep", "为我启用", lambda: self.keep_asked.emit(self.protocol, "user"))
        self.for_all = self._button("hanging.keep_all", "为全科启用", self._keep_for_all)
        self.cancel = self._button("hanging.cancel", "取消", self.cancelled.emit)
        self._build()
        self._show_rules()
        self._reflect()

    def _button(self, name: str, text: str, clicked: Callable[[], object]) -> QPushButton:
        button = QPushButton(tr(text))
        button.setObjectName(name)
        button.clicked.connect(lambda _checked: clicked())
        return button

    def _build(self) -> None:
        quiet = f"color: {current_theme().colours.text_quiet};"
        self.fits_label.setStyleSheet(quiet)
        self.summary.setStyleSheet(quiet)
        head = QHBoxLayout()
        head.addWidget(QLabel(tr("名称")))
        head.addWidget(self.name, 1)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        for button in (self.for_me, self.for_all, self.cancel):
            foot.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 8, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.fits_label)
        column.addWidget(self._rules, 3)
        column.addWidget(self.trial)
        column.addWidget(self.summary)
        column.addWidget(self.table, 2)
        column.addLayout(foot)
        self.table.hide()

    # --- rules

    def _show_rules(self) -> None:
        """All cells with their conditions; a cross takes one off."""
        protocol, colours = self.protocol, current_theme().colours
        studies = [
            " · ".join(value_words(v) for v in (*d.modalities, *d.body_parts, *d.words)) for d in protocol.definitions
        ]
        self.fits_label.setText(tr("适用于：{studies}", studies="；".join(studies)))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(6)
        for n, image_set in enumerate(protocol.sets):
            box = QFrame()
            box.setStyleSheet(f"QFrame {{ border: none; border-top: 1px solid {colours.hairline}; }} "
                              "QLabel { border: none; }")  # fmt: skip
            grid = QGridLayout(box)
            grid.setContentsMargins(0, 6, 0, 2)
            grid.setVerticalSpacing(2)
            title = QLabel(f"{self._places(n)}  {set_name(protocol, image_set.name)}  ({age_words(image_set.age)})")
            title.setWordWrap(True)
            title.setStyleSheet(f"color: {colours.text}; font-weight: 600; border: none;")
            grid.addWidget(title, 0, 0, 1, 2)
            if n in self._unsure:
                note = QLabel(tr("这项检查里还有别的图像也符合这些条件"))
                note.setWordWrap(True)
                note.setStyleSheet(f"color: {viewer_colours.WARNING}; border: none;")
                grid.addWidget(note, 1, 0, 1, 2)
            for row, condition in enumerate(image_set.conditions, 2):
                self._add_condition(grid, row, n, condition)
            grid.setColumnStretch(0, 1)
            column.addWidget(box)
        column.addStretch(1)
        self._rules.setWidget(body)

    def _add_condition(self, grid: QGridLayout, row: int, n: int, condition: Condition) -> None:
        words = QLabel(condition_words(condition))
        words.setWordWrap(True)
        off = QToolButton()
        off.setText("✕")
        off.setAutoRaise(True)
        off.setObjectName(f"hanging.off.{n}.{row - 2}")
        off.setToolTip(tr("去掉这个条件"))
        off.setEnabled(condition.attribute != "modality")
        off.clicked.connect(partial(self._take_off, n, condition))
        grid.addWidget(words, row, 0)
        grid.addWidget(off, row, 1)

    def _places(self, image_set: int) -> str:
        """Where the cells of an image set are, as numbers in the order of reading."""
        step = self.protocol.steps[0]
        found = [str(n + 1) for n, cell in enumerate(step.cells) if cell.image_set == image_set]
        return tr("第 {places} 格", places="、".join(found)) if found else "—"

    def _take_off(self, image_set: int, condition: Condition) -> None:
        self.protocol = without(self.protocol, image_set, condition)
        self._unsure = self._unsure - {image_set}
        self._show_rules()
        self._reflect()

    def _on_named(self, text: str) -> None:
        tried = self._tried == self.protocol
        self.protocol = msgspec.structs.replace(self.protocol, name=text.strip())
        if tried:  # another name hangs nothing otherwise
            self._tried = self.protocol
        self._reflect()

    # --- trial

    def say(self, sentence: str) -> None:
        """What happens, or what went wrong."""
        self.summary.setText(sentence)

    def show_trial(self, protocol: Protocol, tried: Sequence[Tried]) -> None:
        """The outcome of a trial; one of older rules is not taken."""
        if msgspec.structs.replace(protocol, name="") != msgspec.structs.replace(self.protocol, name=""):
            return
        self._tried = self.protocol
        found = counts(tried)
        meant = [one for one in tried if one.outcome != "none"]
        self.say(
            tr(
                "{all} 项检查：{ok} 项正确，{ambiguous} 项不唯一，{missing} 项缺图，{none} 项不适用",
                all=len(tried), ok=found["ok"], ambiguous=found["ambiguous"], missing=found["missing"],
                none=found["none"],
            )
            if tried
            else tr("没有可以试用的检查")
        )  # fmt: skip
        self.table.clear()
        for one in meant:
            self.table.addItem(self._row(one))
        self.table.setVisible(bool(meant))
        self._reflect()

    def _row(self, one: Tried) -> QListWidgetItem:
        cells = "  ".join(
            f"{n}{_MARKS[outcome]} {name[:24]}".rstrip()
            for n, (outcome, name) in enumerate(zip(one.outcomes, one.names, strict=True), 1)
        )
        item = QListWidgetItem(f"{tr(_WORDS[one.outcome])}　{one.date}　{one.named}\n{cells}")
        colours = current_theme().colours
        tint = {"ok": colours.text, "ambiguous": viewer_colours.WARNING, "missing": viewer_colours.ERROR}
        item.setForeground(QColor(tint[one.outcome]))
        item.setToolTip("\n".join(name for name in one.names if name))
        return item

    def _keep_for_all(self) -> None:
        self.keep_asked.emit(self.protocol, "site")

    def _reflect(self) -> None:
        tried = self._tried is not None and self._tried == self.protocol
        can = tried and bool(self.protocol.name.strip())
        self.for_me.setEnabled(can)
        self.for_all.setEnabled(can and self._may_share)
        self.for_me.setToolTip("" if can else tr("先试用，再启用"))
        self.for_all.setToolTip("" if self._may_share else tr("需要审核医生或管理员的权限"))
        if not tried and self.summary.text() and self._tried is not None:
            self.say(tr("条件已改，请再试用一次"))

"""校准屏幕: a bar to put a ruler to, so that a millimetre of the paper is one on this screen (EX-ECG-02)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.trace.screen_scale import facts_of
from clients.kit.labels import Button, Label
from clients.kit.translations import tr
from clients.viewer.screens.calibration import BAR, Bar
from clients.viewer.screens.facts import ScreenBook

if TYPE_CHECKING:
    from clients.kit.settings import UserSettings


class RulerDialog(QDialog):
    """For the screen on which its parent stands; what is kept serves the image viewer on this screen too."""

    def __init__(self, settings: UserSettings, changed: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self._book, self._changed = ScreenBook(settings), changed
        self._facts = facts_of(parent.screen(), settings)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "surface")
        self.setWindowTitle(tr("校准屏幕"))
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 16, 24, 16)
        box.setSpacing(12)
        told = Label("用直尺量下面色带的全长，填入毫米数后保存；之后走纸速度和增益与纸上一致。", "", wrap=True)
        told.setMinimumWidth(BAR + 80)
        box.addWidget(told)
        box.addWidget(Bar())
        self.length = QDoubleSpinBox()
        self.length.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.length.setRange(0.0, 2000.0)
        self.length.setDecimals(1)
        self.length.setSuffix(" mm")
        self.length.setMinimumWidth(120)
        self.length.setAccessibleName(tr("色带的长度"))
        if self._facts.pitch_mm is not None:
            self.length.setValue(self._facts.pitch_mm * BAR * self.devicePixelRatioF())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Label("色带的长度"))
        row.addWidget(self.length)
        row.addStretch(1)
        box.addLayout(row)
        self.problem = Label("", "error", wrap=True)
        self.problem.hide()
        box.addWidget(self.problem)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        for button in (Button("取消", on_click=self.reject), Button("保存", "primary", on_click=self.keep)):
            button.setAutoDefault(False)
            foot.addWidget(button)
        box.addLayout(foot)
        self.length.setFocus()
        self.length.selectAll()

    def keep(self) -> None:
        """保存: a length that no screen can have is refused here."""
        try:
            self._book.keep(replace(self._facts, pitch_mm=self.length.value() / (BAR * self.devicePixelRatioF())))
        except ValueError:
            self.problem.setText(tr("测得的长度不合理，请重新测量。"))
            self.problem.show()
            return
        self._changed()
        self.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.keep()
        else:
            super().keyPressEvent(event)

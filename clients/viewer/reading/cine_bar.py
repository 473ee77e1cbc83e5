"""The bar of the cine: play, speed, direction, range."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSlider, QSpinBox, QToolButton

from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.viewer.reading.cine import FASTEST, SLOWEST, Cine, Way
from clients.viewer.tool_icons import tool_icon

WAYS = ((Way.FORWARD, "向前循环"), (Way.BACKWARD, "向后循环"), (Way.TO_AND_FRO, "往返"))


class CineBar(QFrame):
    """Below the viewports; follows the cine by :meth:`take`."""

    closed = Signal()

    def __init__(self, cine: Cine) -> None:
        super().__init__()
        self._cine = cine
        self.play = QToolButton()
        self.play.setAutoRaise(True)
        self.play.clicked.connect(cine.toggle)
        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setRange(int(SLOWEST), int(FASTEST))
        self.speed.valueChanged.connect(self._set_pace)
        self.told = QLabel()
        self.way = QComboBox()
        self.way.activated.connect(self._set_way)
        self.first, self.last = QSpinBox(), QSpinBox()
        for box in (self.first, self.last):
            box.setKeyboardTracking(False)
            box.valueChanged.connect(self._set_bounds)
        self._from, self._to = QLabel(), QLabel()
        self._cross = QToolButton()
        self._cross.setText("✕")
        self._cross.setAutoRaise(True)
        self._cross.clicked.connect(self.closed)
        for button in (self.play, self._cross):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(8)
        for widget in (self.play, self.speed, self.told, self.way, self._from, self.first, self._to, self.last):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._cross)
        self._measure()
        self._dress()
        self.take()

    def _measure(self) -> None:
        px = current_theme().px
        self.speed.setFixedWidth(px(180))
        self.told.setMinimumWidth(px(80))
        for box in (self.first, self.last):
            box.setMinimumWidth(px(76))
        self.setFixedHeight(px(44))

    def take(self) -> None:
        """Show the state of the cine."""
        shade = current_theme().colours
        self.play.setIcon(
            tool_icon("pause" if self._cine.is_playing else "play", 20, shade.text, shade.accent, shade.border)
        )
        self.play.setToolTip(tr("停止播放") if self._cine.is_playing else tr("播放"))
        with QSignalBlocker(self.speed), QSignalBlocker(self.first), QSignalBlocker(self.last):
            self.speed.setValue(round(self._cine.pace))
            first, last = self._cine.bounds
            most = self._cine.count
            self.first.setRange(1, max(most, 1))
            self.last.setRange(1, max(most, 1))
            self.first.setValue(first + 1)
            self.last.setValue(last + 1)
        self.way.setCurrentIndex(self.way.findData(self._cine.way))
        self.told.setText(tr("{n} 幅/秒", n=f"{self._cine.pace:.0f}"))

    def _set_pace(self, value: int) -> None:
        self._cine.pace = float(value)

    def _set_way(self, row: int) -> None:
        self._cine.way = Way(self.way.itemData(row))  # Qt gives the text alone back

    def _set_bounds(self) -> None:
        self._cine.set_bounds(self.first.value() - 1, self.last.value() - 1)

    def _dress(self) -> None:
        shade = current_theme().colours
        self.setStyleSheet(f"CineBar {{ background: {shade.window}; border-top: 1px solid {shade.hairline}; }}")
        self.way.clear()
        for way, text in WAYS:
            self.way.addItem(tr(text), way)
        self._from.setText(tr("从第"))
        self._to.setText(tr("到第"))
        self._cross.setToolTip(tr("关闭"))
        self.speed.setToolTip(tr("播放速度"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._dress()
            self.take()
        elif is_look_change(event):
            self._measure()
        super().changeEvent(event)

"""Test pattern for greyscale screens, after TG18-QC, and single patches for a luminance meter."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QScreen
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.screens.gsdf import LEVELS, driving_levels

QUESTIONS = (
    "18 级灰阶逐级可分辨",
    "黑色方块中的 5% 小方块可见",
    "白色方块中的 95% 小方块可见",
    "四角和中央的细线清晰",
    "网格横平竖直，无变形",
)


class PatternView(QWidget):
    """Paints the pattern in device pixels; ``patch`` shows one grey level of the luminance test instead."""

    def __init__(self) -> None:
        super().__init__()
        self.patch: int | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, _event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        with QPainter(self) as painter:
            painter.scale(1 / ratio, 1 / ratio)
            if self.patch is not None:
                paint_patch(painter, width, height, self.patch)
            else:
                paint_pattern(painter, width, height)


def paint_patch(painter: QPainter, width: int, height: int, level: int) -> None:
    """A tenth of the area in the grey to measure, the rest at 20 % (TG18-LN)."""
    painter.fillRect(0, 0, width, height, QColor(51, 51, 51))
    grey = driving_levels()[level]
    side = round((width * height / 10) ** 0.5)
    painter.fillRect((width - side) // 2, (height - side) // 2, side, side, QColor(grey, grey, grey))


def paint_pattern(painter: QPainter, width: int, height: int) -> None:
    """Steps, 5 % and 95 % squares, line pairs, grid, ramps."""
    painter.fillRect(0, 0, width, height, QColor(128, 128, 128))
    unit = min(width, height) / 24
    painter.setPen(QPen(QColor(190, 190, 190), 1))
    for n in range(1, 24):
        painter.drawLine(0, round(height * n / 24), width, round(height * n / 24))
    for n in range(1, round(width / unit)):
        painter.drawLine(round(n * unit), 0, round(n * unit), height)
    painter.drawRect(0, 0, width - 1, height - 1)
    _steps(painter, width, height, unit)
    for left, ground, inner in ((width / 2 - 7 * unit, 0, 13), (width / 2 + 4 * unit, 255, 242)):
        painter.fillRect(QRectF(left, height / 2 - 8 * unit, 3 * unit, 3 * unit), QColor(ground, ground, ground))
        spot = QRectF(left + unit, height / 2 - 7 * unit, unit, unit)
        painter.fillRect(spot, QColor(inner, inner, inner))
    _ramps(painter, width, height, unit)
    side = round(2 * unit)
    for x in (unit, width / 2 - unit, width - 3 * unit):
        for y in (unit, height / 2 - unit, height - 3 * unit):
            if not (x == width / 2 - unit and y != height / 2 - unit):
                _line_pairs(painter, round(x), round(y), side)


def _steps(painter: QPainter, width: int, height: int, unit: float) -> None:
    """Eighteen greys in two rows, each with two small squares that differ a little."""
    half = LEVELS // 2
    side = 2 * unit
    for n, grey in enumerate(driving_levels()):
        column = n if n < half else LEVELS - 1 - n
        x = width / 2 - half * side / 2 + column * side
        y = height / 2 + (2.0 if n < half else 4.5) * unit
        painter.fillRect(QRectF(x, y, side, side), QColor(grey, grey, grey))
        for dx, change in ((0.25, -4), (1.25, 4)):
            shade = min(max(grey + change, 0), 255)
            painter.fillRect(QRectF(x + dx * unit, y + 0.75 * unit, unit / 2, unit / 2), QColor(shade, shade, shade))


def _ramps(painter: QPainter, width: int, height: int, unit: float) -> None:
    for n in range(256):
        left, right = (width / 2 + (k / 256 - 0.5) * 18 * unit for k in (n, n + 1))
        painter.fillRect(QRectF(left, height / 2 + 7.5 * unit, right - left + 1, unit), QColor(n, n, n))


def _line_pairs(painter: QPainter, x: int, y: int, side: int) -> None:
    """Lines of one and two device pixels, upright and lying."""
    painter.fillRect(x, y, side, side, QColor(0, 0, 0))
    white, half = QColor(255, 255, 255), side // 2
    for step, top in ((1, y), (2, y + half)):
        for n in range(0, half - step, 2 * step):
            painter.fillRect(x + n, top, step, half - 1, white)
            painter.fillRect(x + half, top + n, half - 1, step, white)


class PatternPage(QWidget):
    """The pattern over a whole screen with the questions of the check; Esc leaves without an answer."""

    def __init__(self, screen: QScreen, answered: Callable[[bool], object]) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._answered = answered
        self.view = PatternView()
        self.ticks = [QCheckBox(tr(text)) for text in QUESTIONS]
        foot = QFrame()
        foot.setStyleSheet(
            "QFrame { background: #15191c; } QCheckBox { color: #d3dade; } QCheckBox::indicator { width: 13px;"
            " height: 13px; border: 1px solid #97a4ad; border-radius: 3px; }"
            " QCheckBox::indicator:checked { background: #57b5c4; }"
        )
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(16)
        questions = QHBoxLayout()
        questions.setSpacing(14)
        for tick in self.ticks:
            questions.addWidget(tick)
            tick.toggled.connect(self._count)
        row.addLayout(questions)
        row.addStretch(1)
        self.passed, failed, leave = QPushButton(tr("通过")), QPushButton(tr("未通过")), QPushButton(tr("退出 (Esc)"))
        self.passed.setEnabled(False)
        self.passed.clicked.connect(lambda: self._answer(True))
        failed.clicked.connect(lambda: self._answer(False))
        leave.clicked.connect(self.close)
        for button in (self.passed, failed, leave):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(foot)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())

    def _count(self) -> None:
        self.passed.setEnabled(all(tick.isChecked() for tick in self.ticks))

    def _answer(self, passed: bool) -> None:
        self._answered(passed)
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


class LuminancePage(QWidget):
    """One grey patch after the other; a meter's reading is typed for each."""

    def __init__(self, screen: QScreen, measured: Callable[[list[float]], object]) -> None:
        from PySide6.QtWidgets import QDoubleSpinBox

        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._measured, self._values = measured, list[float]()
        self.view = PatternView()
        self.view.patch = 0
        foot = QFrame()
        foot.setStyleSheet("QFrame { background: #15191c; } QLabel { color: #d3dade; font-size: 14px; }")
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 8, 16, 8)
        self._told = QLabel()
        self._told.setFont(text_font(14))
        self.value = QDoubleSpinBox()
        self.value.setRange(0.0, 5000.0)
        self.value.setDecimals(3)
        self.value.setSuffix(" cd/m²")
        self.value.setMinimumWidth(current_theme().px(160))
        self.on = QPushButton(tr("下一级"))
        self.on.clicked.connect(self._next)
        leave = QPushButton(tr("退出 (Esc)"))
        leave.clicked.connect(self.close)
        row.addWidget(self._told)
        row.addStretch(1)
        row.addWidget(self.value)
        row.addWidget(self.on)
        row.addWidget(leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(foot)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self._tell()

    def _tell(self) -> None:
        self._told.setText(
            tr("第 {n}/{count} 级：把亮度计放在方块中央，输入读数", n=len(self._values) + 1, count=LEVELS)
        )

    def _next(self) -> None:
        self._values.append(self.value.value())
        if len(self._values) == LEVELS:
            self._measured(self._values)
            self.close()
            return
        self.view.patch = len(self._values)
        self.view.update()
        self.value.setFocus()
        self.value.selectAll()
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._next()
        else:
            super().keyPressEvent(event)

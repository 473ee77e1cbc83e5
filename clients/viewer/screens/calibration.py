"""The dialog of a screen: measure a bar with a ruler, check the greys, read the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.viewer.screens.facts import ScreenBook, ScreenFacts
from clients.viewer.screens.gsdf import PRIMARY_LIMIT, deviation
from clients.viewer.screens.pattern import LuminancePage, PatternPage

BAR = 400  # logical pixels


class Bar(QWidget):
    """A bar to put a ruler to, ``BAR`` logical pixels long between the outer edges of its ends."""

    def sizeHint(self) -> QSize:
        return QSize(BAR + 8, 44)

    def paintEvent(self, _event: QPaintEvent) -> None:
        shade = current_theme().colours
        with QPainter(self) as painter:
            left = (self.width() - BAR) // 2
            painter.fillRect(QRectF(left, 14, BAR, 16), QColor(shade.accent))
            painter.setPen(QPen(QColor(shade.text), 1))
            for x in (left, left + BAR - 1):
                painter.drawLine(x, 4, x, 40)


class CalibrationDialog(QDialog):
    """For the screen on which its parent stands."""

    def __init__(self, book: ScreenBook, facts: ScreenFacts, changed: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self._book, self._facts, self._changed = book, facts, changed
        self.pages: list[QWidget] = []
        self.setWindowTitle(tr("显示器"))
        shade = current_theme().colours
        head = QLabel(
            tr(
                "{name}　{width} × {height} 像素",
                name=facts.name or tr("显示器"),
                width=facts.width_px,
                height=facts.height_px,
            )
        )
        head.setStyleSheet("font-weight: 600;")
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        told = QLabel(tr("用尺量下面这条色带的全长，把毫米数填入框中"))
        told.setStyleSheet(f"color: {shade.text_quiet};")
        told.setWordWrap(True)
        self.length = QDoubleSpinBox()
        self.length.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.length.setRange(0.0, 2000.0)
        self.length.setDecimals(1)
        self.length.setSuffix(" mm")
        self.length.setMinimumWidth(current_theme().px(120))
        self.length.setValue(self._bar_mm())
        keep = QPushButton(tr("保存长度"))
        keep.clicked.connect(self._keep_length)
        measure = QHBoxLayout()
        measure.addStretch(1)
        measure.addWidget(self.length)
        measure.addWidget(keep)
        check, meter, close = QPushButton(tr("灰阶测试图…")), QPushButton(tr("亮度计测量…")), QPushButton(tr("关闭"))
        check.clicked.connect(self._check)
        meter.clicked.connect(self._meter)
        close.clicked.connect(self.accept)
        for button in (keep, check, meter, close):
            button.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.addWidget(check)
        foot.addWidget(meter)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        for widget in (head, self.verdict, told, Bar()):
            column.addWidget(widget)
        column.addLayout(measure)
        column.addSpacing(8)
        column.addLayout(foot)
        self.setMinimumWidth(current_theme().px(BAR + 120))
        self._tell()

    def _bar_mm(self) -> float:
        if self._facts.pitch_mm is not None:
            return self._facts.pitch_mm * BAR * self.devicePixelRatioF()
        return 0.0

    def _tell(self, problem: str = "") -> None:
        facts, theme = self._facts, current_theme()
        lines = [problem] if problem else list(facts.warnings(date.today()))
        ok = not lines
        if ok:
            lines = [tr("✓ 可用于诊断：像素 {mm} mm，{day} 检查通过", mm=f"{facts.pitch_mm:.4f}", day=facts.tested_on)]
        else:
            lines = [tr("⚠ 不用于诊断"), *(f"· {line}" for line in lines)]
        if facts.gsdf_deviation is not None:
            share = f"{facts.gsdf_deviation * 100:.1f}"
            lines.append(tr("与 GSDF 的最大偏差 {share}%", share=share))
        self.verdict.setText("\n".join(lines))
        self.verdict.setStyleSheet(f"color: {theme.tone(Tone.SUCCESS if ok else Tone.WARNING).text};")

    def _take(self, facts: ScreenFacts) -> None:
        try:
            self._book.keep(facts)
        except ValueError as error:
            self._tell(str(error))
            return
        self._facts = facts
        self._tell()
        self._changed()

    def _keep_length(self) -> None:
        self._take(replace(self._facts, pitch_mm=self.length.value() / (BAR * self.devicePixelRatioF())))

    def _check(self) -> None:
        self._open(PatternPage(self.screen(), self._checked))

    def _checked(self, passed: bool) -> None:
        self._take(replace(self._facts, tested_on=date.today().isoformat(), passed=passed))

    def _meter(self) -> None:
        self._open(LuminancePage(self.screen(), self._measured))

    def _measured(self, values: list[float]) -> None:
        try:
            worst = deviation(values)
        except ValueError:
            self._tell(tr("亮度必须从黑到白逐级升高，请重新测量"))
            return
        today = date.today().isoformat()
        self._take(replace(self._facts, tested_on=today, passed=worst <= PRIMARY_LIMIT, gsdf_deviation=worst))

    def _open(self, page: QWidget) -> None:
        self.pages = [page]
        page.setWindowModality(Qt.WindowModality.ApplicationModal)
        page.showFullScreen()

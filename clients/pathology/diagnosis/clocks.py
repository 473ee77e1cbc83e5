"""A running clock with colour, glyph and words: turn-around time and frozen section."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.shell.clock_words import RUNNING, clock_words
from shared.contract.pathology_reports import ClockView
from shared.domain.pathology_reports import Urgency

TONES = {
    Urgency.NONE: Tone.NEUTRAL,
    Urgency.CALM: Tone.INFO,
    Urgency.SOON: Tone.WARNING,
    Urgency.OVERDUE: Tone.DANGER,
    Urgency.MET: Tone.SUCCESS,
    Urgency.MISSED: Tone.DANGER,
}


class ClockChip(QWidget):
    """Caption and time on a tinted ground; moves every second while it runs."""

    def __init__(self, caption: str, icon: str) -> None:
        super().__init__()
        self._caption, self._icon = caption, icon
        self._clock: ClockView | None = None
        self._ahead = timedelta()
        self._urgency, self._words = Urgency.NONE, ""
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.tick)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def words(self) -> str:
        """What is written now."""
        return self._words

    def show_clock(self, clock: ClockView) -> None:
        """Show a clock as the server sees it; the difference to this computer's clock is kept."""
        self._clock = clock
        self._ahead = clock.now - datetime.now(UTC)
        if clock.urgency in RUNNING:
            self._timer.start()
        else:
            self._timer.stop()
        self.tick()

    def tick(self) -> None:
        """A second passed."""
        if self._clock is None:
            return
        before = self._words
        self._urgency, self._words = clock_words(self._clock, datetime.now(UTC) + self._ahead)
        self.setToolTip(f"{tr(self._caption)}  {self._words}")
        self.setAccessibleName(f"{tr(self._caption)} {self._words}")
        if len(before) != len(self._words):
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        theme = current_theme()
        words = f"{tr(self._caption)} {self._words}"
        width = QFontMetricsF(theme.font(bold=True)).horizontalAdvance(words) + 44
        return QSize(round(width), theme.metrics.control)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.tick()
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        tone = theme.tone(TONES[self._urgency])
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tone.ground))
            frame = self.rect().toRectF().adjusted(0.5, 3.5, -0.5, -3.5)
            painter.drawRoundedRect(frame, frame.height() / 2, frame.height() / 2)
            theme.paint_icon(painter, self._icon, QRectF(10, self.height() / 2 - 8, 16, 16), tone.text)
            painter.setPen(QColor(tone.text))
            painter.setFont(theme.font(bold=True))
            room = self.rect().toRectF().adjusted(32, 0, -10, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, f"{tr(self._caption)} {self._words}")

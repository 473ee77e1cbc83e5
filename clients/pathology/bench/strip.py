"""The strip that answers a scan in colour and sound; a wrong pair stays red until somebody says that it was seen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.kit.labels import Button, Glyph, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.pathology.bench.beeps import Beeps

TARGET = 44
"""Least height of anything that gloved hands aim at, in pixels (grossing room)."""


GLOVED = f"""
QPushButton, QLineEdit, QAbstractSpinBox, QComboBox {{ min-height: {TARGET - 2}px; max-height: {TARGET - 2}px; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ min-height: 0px; max-height: {TARGET - 4}px; }}
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{ font-size: 16px; }}
"""
"""Style sheet of what gloved hands work with: targets of 44 pixels, letters for arm's length."""


class SignalStrip(QWidget):
    """Green with a high tone: it fits. Red with two low tones: it does not; nothing goes on until `acknowledge`."""

    acknowledged = Signal()

    def __init__(self, beeps: Beeps | None = None) -> None:
        super().__init__()
        self.beeps = beeps or Beeps(self)
        self.tone = Tone.NEUTRAL
        self.is_stopped = False
        self.setMinimumHeight(TARGET + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 2, 12, 2)
        row.setSpacing(12)
        self.glyph = Glyph("scan", 22)
        row.addWidget(self.glyph)
        self.words = ValueLabel("", "title")
        row.addWidget(self.words, 1)
        self.button = Button("知道了", "danger", "check", on_click=self.acknowledge)
        self.button.setStyleSheet(GLOVED)
        self.button.hide()
        row.addWidget(self.button)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def text(self) -> str:
        """The sentence that is shown."""
        return self.words.full_text

    def say(self, sentence: str) -> None:
        """Say what can be scanned now; a stop stays."""
        if not self.is_stopped:
            self._show(sentence, Tone.NEUTRAL, "scan")

    def fits(self, sentence: str) -> None:
        """What was scanned belongs here; this also ends a stop."""
        self.is_stopped = False
        self.button.hide()
        self._show(sentence, Tone.SUCCESS, "check_circle")
        self.beeps.fits()

    def stop(self, sentence: str) -> None:
        """What was scanned does not belong here."""
        self.is_stopped = True
        self.button.show()
        self._show(sentence, Tone.DANGER, "cross_circle")
        self.beeps.stop()

    def acknowledge(self) -> None:
        """The stop was seen."""
        if self.is_stopped:
            self.is_stopped = False
            self.button.hide()
            self._show("", Tone.NEUTRAL, "scan")
            self.acknowledged.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = current_theme().tone(self.tone)
        ground = current_theme().colours.surface if self.tone is Tone.NEUTRAL else colours.ground
        painter.fillRect(self.rect(), QColor(ground))
        if self.tone is not Tone.NEUTRAL:
            painter.fillRect(0, 0, 6, self.height(), QColor(colours.text))

    def _show(self, sentence: str, tone: Tone, glyph: str) -> None:
        self.tone = tone
        self.glyph.set_glyph(glyph, tone if tone is not Tone.NEUTRAL else None)
        self.words.set_text(sentence)
        colour = current_theme().tone(tone).text if tone is not Tone.NEUTRAL else current_theme().colours.text_quiet
        self.words.setStyleSheet(f"color: {colour}")
        self.words.setAccessibleName(sentence)
        self.update()


def bigger(widget: QWidget, pixels: int) -> None:
    """Let a heading be readable at arm's length."""
    widget.setStyleSheet(f"font-size: {pixels}px; font-weight: 700;")

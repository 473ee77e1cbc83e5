"""One line of type in a box, as big as asked and never bigger than fits; shared by the parts of the board."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from clients.display.board.drawing import Box
from clients.kit.fonts import text_font
from clients.kit.theme import Theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
SMALLEST = 0.6
"""Type shrinks to this part of its size before words are cut with …"""


def rect(box: Box) -> QRectF:
    """A rectangle as Qt wants it."""
    return QRectF(box.left, box.top, box.width, box.height)


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """`first` with `share` (0 to 1) of `second` in it."""
    rest = 1 - share
    return QColor(
        round(first.red() * rest + second.red() * share),
        round(first.green() * rest + second.green() * share),
        round(first.blue() * rest + second.blue() * share),
    )


class Pen:
    """A painter with the theme it paints in."""

    def __init__(self, painter: QPainter, theme: Theme) -> None:
        self.painter = painter
        self.theme = theme

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        """How wide a line of type is, in pixels."""
        return QFontMetricsF(_font(size, bold)).horizontalAdvance(words)

    def fitting(self, words: str, width: float, size: float, *, bold: bool = False) -> float:
        """The size at which the words fit, at least SMALLEST of `size`."""
        needed = self.width(words, size, bold=bold)
        return size if needed <= width or width <= 0 else max(size * SMALLEST, size * width / needed * 0.99)

    def text(
        self, words: str, box: Box, size: float, colour: str, align: Qt.AlignmentFlag, *, bold: bool = False
    ) -> None:
        """One line as big as asked, smaller if it would not fit, and cut with … when it would get too small."""
        size = self.fitting(words, box.width, size, bold=bold)
        font = _font(size, bold)
        self.painter.setFont(font)
        self.painter.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, box.width + 1)
        self.painter.drawText(rect(box), int(align), shown)

    def panel(self, box: Box, ground: QColor, radius: float) -> None:
        """A filled rectangle with round corners."""
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(ground)
        self.painter.drawRoundedRect(rect(box), radius, radius)


def _font(size: float, bold: bool) -> QFont:
    font = text_font(max(1, math.floor(size)), bold=bold)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    return font

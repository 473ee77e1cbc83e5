"""States on screen: colour and glyph and word together, as a widget and as paint for list cells."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.states import StateLook
from clients.kit.theme import Theme, current_theme, is_look_change
from clients.kit.tokens import LIGHT, contrast
from clients.kit.translations import tr

_GLYPH = 14
_PAD = 7
_GAP = 4


def badge_width(look: StateLook, theme: Theme) -> float:
    """Width in pixels that a badge needs for its glyph and word."""
    if look.mark:
        return theme.metrics.caption + 8
    metrics = QFontMetricsF(theme.font("caption"))
    return _PAD * 2 + _GLYPH + _GAP + metrics.horizontalAdvance(tr(look.text)) + 1


def paint_badge(
    painter: QPainter, area: QRectF, look: StateLook, *, centred: bool = False, glyph_only: bool = False
) -> float:
    """Paint the badge at the left of `area` (or centred in it), vertically centred, and return the width used.

    `glyph_only` is for places too narrow for words; the caller's tooltip then says the word.
    """
    theme = current_theme()
    if look.mark:
        return paint_stamp(painter, area, look, centred=centred)
    colours = theme.tone(look.tone)
    font = theme.font("caption")
    height = min(area.height(), theme.metrics.caption + 10)
    width = _GLYPH + 8.0 if glyph_only else min(area.width(), badge_width(look, theme))
    left = area.left() + (max(0.0, (area.width() - width) / 2) if centred else 0.0)
    box = QRectF(left, area.center().y() - height / 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not look.quiet:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.ground))
        painter.drawRoundedRect(box, theme.metrics.radius, theme.metrics.radius)
    glyph = QRectF(box.left() + (4 if glyph_only else _PAD), box.center().y() - _GLYPH / 2, _GLYPH, _GLYPH)
    theme.paint_icon(painter, look.glyph, glyph, colours.text)
    if glyph_only:
        painter.restore()
        return width
    painter.setFont(font)
    painter.setPen(QColor(colours.text))
    words = QRectF(glyph.right() + _GAP, box.top(), box.right() - glyph.right() - _GAP - 2, box.height())
    text = QFontMetricsF(font).elidedText(tr(look.text), Qt.TextElideMode.ElideRight, words.width())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.restore()
    return width


def paint_stamp(painter: QPainter, area: QRectF, look: StateLook, *, centred: bool = False) -> float:
    """Paint a look's mark on a square of its colour at the left of `area`, and return the width used."""
    theme = current_theme()
    side = min(badge_width(look, theme), area.height())
    left = area.left() + (max(0.0, (area.width() - side) / 2) if centred else 0.0)
    box = QRectF(left, area.center().y() - side / 2, side, side)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(theme.colours.border))
    painter.setBrush(QColor(look.colour))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setFont(theme.font("caption", bold=True))
    dark, bright = LIGHT.text, LIGHT.surface
    painter.setPen(QColor(max((dark, bright), key=lambda ink: contrast(ink, look.colour))))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, look.mark)
    painter.restore()
    return side


class StateBadge(QWidget):
    """A state as a widget: glyph and word in the colour of its tone."""

    def __init__(self, look: StateLook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._name()

    @property
    def look(self) -> StateLook:
        """What is shown."""
        return self._look

    def set_look(self, look: StateLook) -> None:
        """Show another state."""
        self._look = look
        self._name()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(round(badge_width(self._look, theme) + 0.5), theme.metrics.caption + 10)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_badge(painter, self.rect().toRectF(), self._look)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._name()
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def _name(self) -> None:
        self.setAccessibleName(tr(self._look.text))

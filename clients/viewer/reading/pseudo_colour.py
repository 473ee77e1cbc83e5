"""Pseudo-colour on screen: the menu of swatches and the bar that tells which colour is which value."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QFontMetricsF, QIcon, QImage, QPainter, QPixmap, QTransform

from clients.kit.fonts import text_font
from clients.viewer import colours
from clients.viewer.viewport import overlays
from clients.viewer.viewport.layers import TEXTS, ShownImage
from clients.viewer.viewport.palettes import colours_of
from clients.viewer.viewport.state import as_window
from clients.viewer.viewport.view import ViewportWidget

SWATCH = QSize(34, 14)
BAR_WIDTH, BAR_SHARE = 10.0, 0.4


@lru_cache(maxsize=64)
def _strip(key: str) -> QImage:
    """256 × 1 pixels from the lowest to the highest grey."""
    table = colours_of(key)
    return QImage(table.tobytes(), 256, 1, 768, QImage.Format.Format_RGB888).copy()


def swatch(key: str) -> QIcon:
    """A palette as an icon of a menu."""
    picture = QPixmap.fromImage(_strip(key).scaled(SWATCH.width() * 2, SWATCH.height() * 2))
    picture.setDevicePixelRatio(2)
    return QIcon(picture)


class ColourBarLayer:
    """The colours of the selected palette with the values at their ends, at the left edge."""

    order = TEXTS

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        key = view.state.palette
        if not key or not shown.has_pixels or shown.height < 160 or shown.image.pixel_format.is_colour:
            return
        look = view.look(shown)
        if look is None:
            return
        height = shown.height * BAR_SHARE
        area = QRectF(30, (shown.height - height) / 2, BAR_WIDTH, height)
        upright = _strip(key).transformed(_quarter_turn())
        painter.drawImage(area, upright)
        painter.setPen(QColor(colours.TEXT_SHADOW))
        painter.drawRect(area)
        window = as_window(look.voi)
        low, high = window.centre - window.width / 2, window.centre + window.width / 2
        if look.inverted:
            low, high = high, low
        digits = 0 if window.width >= 10 else 2
        font = text_font(11)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        unit = f" {look.modality.unit}" if look.modality.unit else ""
        x = area.right() + 5
        overlays.shadowed_text(
            painter, QPointF(x, area.top() + metrics.ascent()), f"{high:.{digits}f}{unit}", colours.SCALE
        )
        overlays.shadowed_text(painter, QPointF(x, area.bottom()), f"{low:.{digits}f}{unit}", colours.SCALE)


def _quarter_turn() -> QTransform:
    return QTransform().rotate(-90)

"""What stands on a film beside its images: the head with its logo, and the ruler of cells in true size."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QImageReader, QPainter, QPen

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film.cell_view import TEXT_PIXELS_PER_MM
from clients.viewer.film.header import HeaderTemplate
from clients.viewer.film.model import Cell, is_true_in_patient
from clients.viewer.viewport.overlays import shadowed_text

LOGO_MOST_BYTES, LOGO_MOST_SIDE = 8 << 20, 4096


@lru_cache(maxsize=4)
def logo_of(path: str) -> QImage | None:
    """The picture of a logo; None for a file that is none, or much too large."""
    if not path:
        return None
    try:
        if Path(path).stat().st_size > LOGO_MOST_BYTES:
            return None
    except OSError:
        return None
    reader = QImageReader(path)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > LOGO_MOST_SIDE:
        return None
    image = reader.read()
    return None if image.isNull() else image


def draw_header(painter: QPainter, texts: tuple[str, str, str], template: HeaderTemplate, width: float) -> None:
    """The head in logical pixels (`TEXT_PIXELS_PER_MM`), ``width`` wide; texts that are too long are cut at the end.

    The left text, where the patient stands, has room before the others.
    """
    high = template.height_mm * TEXT_PIXELS_PER_MM
    painter.setPen(QColor(colours.TEXT))
    font = text_font(min(max(high * 0.38, 10), 22), bold=True)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    left = 6.0
    logo = logo_of(template.logo)
    if logo is not None:
        side = high - 6
        size = logo.size().scaled(QSize(round(side * 4), round(side)), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(left, (high - size.height()) / 2, size.width(), size.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(area, logo)
        left = area.right() + 8
    room = width - left - 6
    widths = [metrics.horizontalAdvance(text) for text in texts]
    if sum(widths) + 24 > room and widths[0] + widths[1] + widths[2]:
        share = room - 24
        first = min(widths[0], share * 0.5)
        middle = min(widths[1], share - first) if not widths[2] else min(widths[1], (share - first) * 0.6)
        widths = [first, middle, min(widths[2], share - first - middle)]
    shown = [metrics.elidedText(t, Qt.TextElideMode.ElideRight, w + 1) for t, w in zip(texts, widths, strict=True)]
    base = (high + metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(left, base), shown[0])
    middle_at = (width - metrics.horizontalAdvance(shown[1])) / 2
    end_of_first = left + metrics.horizontalAdvance(shown[0]) + 12
    right_at = width - 6 - metrics.horizontalAdvance(shown[2])
    middle_at = max(min(middle_at, right_at - 12 - metrics.horizontalAdvance(shown[1])), end_of_first)
    painter.drawText(QPointF(middle_at, base), shown[1])
    painter.drawText(QPointF(right_at, base), shown[2])


def ruler_mm(width: float, height: float) -> tuple[float, bool]:
    """Length of the ruler of a cell (mm of film) in whole centimetres, and whether it stands upright.

    The longest of 10, 5, 2 and 1 cm that fits in 80 % of the longer side; 0 where not even 1 cm fits.
    """
    upright = height >= width
    side = height if upright else width
    return next((mm for mm in (100.0, 50.0, 20.0, 10.0) if mm <= side * 0.8), 0.0), upright


def draw_ruler(painter: QPainter, cell: Cell, width_mm: float, height_mm: float) -> None:
    """The ruler of a cell in true size, in logical pixels: exactly its length from the first to the last tick."""
    length, upright = ruler_mm(width_mm, height_mm)
    if not length:
        return
    k = TEXT_PIXELS_PER_MM
    line = QLineF()
    if upright:
        x, top = 5.0, (height_mm - length) / 2 * k
        line = QLineF(x, top, x, top + length * k)
    else:
        y, left = height_mm * k - 5.0, (width_mm - length) / 2 * k
        line = QLineF(left, y, left + length * k, y)
    ticks = [line]
    for n in range(round(length / 10) + 1):
        at = line.pointAt(n * 10 / length)
        long = 8.0 if n in (0, round(length / 10)) else 5.0
        ticks.append(QLineF(at, QPointF(at.x() + long, at.y()) if upright else QPointF(at.x(), at.y() - long)))
    for width, colour in ((2.4, colours.TEXT_SHADOW), (0.8, "#ffffff")):
        pen = QPen(QColor(colour), width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLines(ticks)
    painter.setFont(text_font(11))
    text = tr("{cm} cm 1:1", cm=f"{length / 10:g}")
    if not is_true_in_patient(cell):
        text += " " + tr("（探测器平面）")
    at = line.p2() + (QPointF(4.0, 14.0) if upright else QPointF(-60.0, -12.0))
    shadowed_text(painter, at, text, "#ffffff")

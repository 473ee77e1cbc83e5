"""Everything drawn over the pixels with QPainter: corner texts, letters, scale, progress."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.viewport.corner_texts import Corners
from clients.viewer.viewport.renderer import Rendered
from clients.viewer.viewport.transform import Projection
from shared.imaging.geometry import PixelPoint, Spacing, SpacingSource


def image_of(rendered: Rendered, ratio: float) -> QImage:
    """A QImage that borrows the pixels: paint it while ``rendered`` lives; ``ratio`` as of the widget."""
    high, wide = rendered.pixels.shape[:2]
    colour = rendered.pixels.ndim == 3
    kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
    image = QImage(rendered.pixels.data, wide, high, wide * (3 if colour else 1), kind)
    image.setDevicePixelRatio(ratio)
    return image


def cover_outside(painter: QPainter, projection: Projection, ratio: float) -> None:
    """Black around the image, whose edge pixels were repeated by the renderer."""
    image = QPolygonF([QPointF(p.x / ratio, p.y / ratio) for p in projection.corners()])
    path = QPainterPath()
    path.addRect(QRectF(0, 0, projection.width / ratio + 1, projection.height / ratio + 1))
    path.addPolygon(image)
    path.closeSubpath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    painter.fillPath(path, QColor(colours.BACKGROUND))


def draw_corners(
    painter: QPainter,
    corners: Corners,
    width: float,
    height: float,
    font: QFont,
    *,
    warnings: int = 0,
    colour: str = "",
) -> list[tuple[str, QRectF]]:
    """Four blocks of text, each within its half of the width; ``warnings`` lines of the lower left are amber,
    the others of ``colour``, empty for that of the look.

    Returns where each line of the lower right stands.
    """
    places = []
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    line = metrics.height() + 1
    room = max(1, int((height / 2 - 16) / line))
    margin = 8.0
    half = width / 2 - 2 * margin
    blocks = (
        (corners.top_left[:room], False, False, 0),
        (corners.top_right[:room], True, False, 0),
        (corners.bottom_left[-room:], False, True, warnings),
        (corners.bottom_right[-room:], True, True, 0),
    )
    for lines, right, bottom, amber in blocks:
        top = height - margin - line * len(lines) if bottom else margin
        for n, text in enumerate(lines):
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, half)
            x = width - margin - metrics.horizontalAdvance(shown) if right else margin
            tint = colours.WARNING if n < amber else colour or colours.TEXT
            shadowed_text(painter, QPointF(x, top + n * line + metrics.ascent()), shown, tint)
            if right and bottom:
                places.append((text, QRectF(x, top + n * line, metrics.horizontalAdvance(shown), line)))
    return places


def shadowed_text(painter: QPainter, at: QPointF, text: str, colour: str) -> None:
    """Text with a dark edge, readable on white bone and on black air."""
    painter.setPen(QColor(colours.TEXT_SHADOW))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(QPointF(at.x() + dx, at.y() + dy), text)
    painter.setPen(QColor(colour))
    painter.drawText(at, text)


def draw_letters(
    painter: QPainter, letters: tuple[str, str, str, str], width: float, height: float, font: QFont
) -> None:
    """Orientation letters in the order left, top, right, bottom."""
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    left, top, right, bottom = letters
    middle = height / 2 + metrics.ascent() / 2 - 2
    shadowed_text(painter, QPointF(8, middle), left, colours.LETTER)
    shadowed_text(
        painter, QPointF((width - metrics.horizontalAdvance(top)) / 2, 8 + metrics.ascent()), top, colours.LETTER
    )
    shadowed_text(painter, QPointF(width - 26 - metrics.horizontalAdvance(right), middle), right, colours.LETTER)
    shadowed_text(
        painter, QPointF((width - metrics.horizontalAdvance(bottom)) / 2, height - 12), bottom, colours.LETTER
    )


def draw_scale(painter: QPainter, pixels_per_mm: float, spacing: Spacing, width: float, height: float) -> None:
    """A ruler at the right edge with a round length of at most 40 % of the height; nothing without millimetres."""
    if not spacing.is_known or pixels_per_mm <= 0:
        return
    longest = height * 0.4 / pixels_per_mm
    if longest < 0.01:
        return
    power = 10.0 ** math.floor(math.log10(longest))
    length = next(step * power for step in (5.0, 2.0, 1.0) if step * power <= longest)
    pixels = length * pixels_per_mm
    x, top = width - 10.0, (height - pixels) / 2
    painter.setPen(QPen(QColor(colours.TEXT_SHADOW), 3))
    painter.drawLine(QLineF(x, top, x, top + pixels))
    painter.setPen(QPen(QColor(colours.SCALE), 1))
    painter.drawLine(QLineF(x, top, x, top + pixels))
    ticks = 10 if length / power in (1.0,) else int(length / power)
    for n in range(ticks + 1):
        y = top + pixels * n / ticks
        reach = 7.0 if n in (0, ticks) else 4.0
        painter.drawLine(QLineF(x - reach, y, x, y))
    text = f"{length / 10:g} cm" if length >= 10 else f"{length:g} mm"
    if not spacing.is_patient:
        text += " *"
    metrics = QFontMetricsF(painter.font())
    shadowed_text(
        painter,
        QPointF(width - 6 - metrics.horizontalAdvance(text), top + pixels + metrics.height()),
        text,
        colours.SCALE,
    )


def scale_note(spacing: Spacing) -> str:
    """What the star at the ruler means."""
    return {
        SpacingSource.DETECTOR: tr("* 探测器平面"),
        SpacingSource.MAGNIFICATION: tr("* 按放大率估算"),
        SpacingSource.SCANNER: tr("* 扫描胶片平面"),
    }.get(spacing.source, "")


def draw_reference(
    painter: QPainter,
    cut: tuple[PixelPoint, PixelPoint],
    projection: Projection,
    ratio: float,
    *,
    faint: bool = False,
) -> None:
    """A dashed line where another image cuts this one; ``faint`` for the ends of a stack."""
    a, b = (_view(projection, point, ratio) for point in cut)
    colour = QColor(colours.REFERENCE)
    if faint:
        colour.setAlphaF(0.6)
    style = Qt.PenStyle.DotLine if faint else Qt.PenStyle.DashLine
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1.0 if faint else 1.2, style))
    painter.drawLine(QLineF(a, b))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _view(projection: Projection, at: PixelPoint, ratio: float) -> QPointF:
    # Image positions are pixel centres; the map already counts from pixel edges in the view.
    place = projection.place(at)
    return QPointF(place.x / ratio, place.y / ratio)


def draw_progress(painter: QPainter, loaded: int, count: int, width: float, height: float) -> None:
    """A hairline at the lower edge while images still come."""
    if loaded >= count:
        return
    painter.fillRect(QRectF(0, height - 2, width, 2), QColor(colours.GRID))
    painter.fillRect(QRectF(0, height - 2, width * loaded / count, 2), QColor(colours.PROGRESS))


def draw_position(painter: QPainter, index: int, count: int, height: float) -> None:
    """Where in the stack the image is: a mark at the left edge."""
    if count < 2:
        return
    painter.fillRect(QRectF(0, 0, 2, height), QColor(colours.GRID))
    mark = max(6.0, height / count)
    painter.fillRect(QRectF(0, (height - mark) * index / (count - 1), 2, mark), QColor(colours.PROGRESS))


def draw_message(painter: QPainter, text: str, area: QRectF, colour: str) -> None:
    """A sentence in the middle of an empty viewport."""
    painter.setPen(QColor(colour))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(24, 24, -24, -24), int(flags), text)


def draw_key_mark(painter: QPainter, width: float) -> None:
    """The star of a key image, below the upper edge."""
    centre, outer, inner = QPointF(width / 2, 36), 8.0, 3.4
    star = QPolygonF()
    for n in range(10):
        radius = outer if n % 2 == 0 else inner
        angle = math.radians(n * 36 - 90)
        star.append(QPointF(centre.x() + radius * math.cos(angle), centre.y() + radius * math.sin(angle)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(colours.TEXT_SHADOW), 1))
    painter.setBrush(QColor(colours.KEY_IMAGE))
    painter.drawPolygon(star)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

"""Measures, ruler and scale bar drawn with a painter: over the picture on screen, and burnt into copies only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from clients.kit.theme import current_theme
from clients.pathology.media.measuring import Measurement, Point, Tool, length, nice_bar, words

_LINE = "#ffd400"


@dataclass(frozen=True)
class Overlay:
    """What lies over a picture."""

    measures: tuple[Measurement, ...] = ()
    um_per_pixel: float = 0.0
    scale_bar: bool = True
    ruler: bool = False


def burnt(picture: QImage, overlay: Overlay) -> QImage:
    """A copy of the picture with the overlay in its pixels; the picture itself stays as it is."""
    copy = picture.convertToFormat(QImage.Format.Format_RGB32).copy()
    with QPainter(copy) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = max(copy.width(), copy.height())
        paint(
            painter, overlay, 1.0, QPointF(0, 0), QRectF(0, 0, copy.width(), copy.height()), unit=max(1.0, size / 1200)
        )
    return copy


def paint(
    painter: QPainter, overlay: Overlay, factor: float, origin: QPointF, visible: QRectF, unit: float = 1.0
) -> None:
    """Draw over a picture shown `factor` times its size from `origin`; `visible` is where bar and ruler may stand.

    `unit` is the size of one design pixel.
    """
    for measure in overlay.measures:
        _paint_measure(painter, measure, overlay.um_per_pixel, factor, origin, unit)
    if overlay.scale_bar:
        _paint_bar(painter, overlay.um_per_pixel / factor, visible, unit)
    if overlay.ruler:
        _paint_ruler(painter, overlay.um_per_pixel / factor, visible, unit)


def _to_screen(points: Sequence[Point], factor: float, origin: QPointF) -> list[QPointF]:
    return [QPointF(origin.x() + x * factor, origin.y() + y * factor) for x, y in points]


def _paint_measure(
    painter: QPainter, measure: Measurement, um: float, factor: float, origin: QPointF, unit: float
) -> None:
    points = _to_screen(measure.points, factor, origin)
    for colour, width in (("#000000", 4.0), (_LINE, 2.0)):  # a dark rim: the line must be seen on any stain
        painter.setPen(QPen(QColor(colour), width * unit))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if measure.tool is Tool.AREA and len(points) > 2:
            painter.drawPolygon(QPolygonF(points))
        else:
            painter.drawPolyline(QPolygonF(points))
    for point in points:
        painter.setBrush(QColor(_LINE))
        painter.setPen(QPen(QColor("#000000"), unit))
        painter.drawEllipse(point, 4 * unit, 4 * unit)
    text = words(measure, um)
    if text and points:
        _label(painter, text, points[-1] + QPointF(10 * unit, -10 * unit), unit)


def _label(painter: QPainter, text: str, at: QPointF, unit: float) -> None:
    font = current_theme().font("body", bold=True)
    font.setPixelSize(max(8, round(14 * unit)))
    painter.setFont(font)
    metrics = painter.fontMetrics()
    box = QRectF(at.x(), at.y() - metrics.height(), metrics.horizontalAdvance(text) + 12 * unit, metrics.height() + 4)
    painter.fillRect(box, QColor(0, 0, 0, 170))
    painter.setPen(QColor("#ffffff"))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def _paint_bar(painter: QPainter, um: float, visible: QRectF, unit: float) -> None:
    pixels, text = nice_bar(visible.width(), um)
    if not text:
        return
    right, bottom = visible.right() - 20 * unit, visible.bottom() - 20 * unit
    bar = QRectF(right - pixels, bottom - 6 * unit, pixels, 6 * unit)
    ground = bar.adjusted(-10 * unit, -28 * unit, 10 * unit, 8 * unit)
    painter.fillRect(ground, QColor(0, 0, 0, 150))
    painter.fillRect(bar, QColor("#ffffff"))
    font = current_theme().font("body", bold=True)
    font.setPixelSize(max(8, round(15 * unit)))
    painter.setFont(font)
    painter.setPen(QColor("#ffffff"))
    place = QRectF(ground.left(), ground.top() + 2 * unit, ground.width(), 22 * unit)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
    painter.drawText(place, int(flags), text)


def _paint_ruler(painter: QPainter, um: float, visible: QRectF, unit: float) -> None:
    """A ruler along the upper edge; ten marks for each tenth of the scale bar's value."""
    pixels, text = nice_bar(visible.width(), um)
    if not text:
        return
    painter.fillRect(QRectF(visible.left(), visible.top(), visible.width(), 26 * unit), QColor(0, 0, 0, 150))
    value, name = float(text.split()[0]), text.split()[1]
    font = current_theme().font("caption")
    font.setPixelSize(max(7, round(11 * unit)))
    painter.setFont(font)
    painter.setPen(QPen(QColor("#ffffff"), unit))
    step, count = pixels / 5, 0
    while (x := visible.left() + count * step) < visible.right():
        tall = count % 5 == 0
        painter.drawLine(QPointF(x, visible.top()), QPointF(x, visible.top() + (12 if tall else 6) * unit))
        if tall and count:
            place = QRectF(x - 60 * unit, visible.top() + 11 * unit, 120 * unit, 14 * unit)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
            painter.drawText(place, int(flags), f"{value * count / 5:g} {name}")
        count += 1


def is_long_enough(measure: Measurement) -> bool:
    """Whether a drawn measure says anything: a click without a drag does not."""
    points = measure.points
    need = {Tool.LENGTH: 2, Tool.ANGLE: 3, Tool.AREA: 3}[measure.tool]
    return len(points) >= need and any(length(points[0], other) > 2 for other in points[1:])

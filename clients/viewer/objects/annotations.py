"""Draws graphic annotations of a presentation state (PS3.3 C.10.5), compound graphics included."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from clients.kit.fonts import text_font
from clients.viewer.objects.book import plain_uid
from clients.viewer.viewport.overlays import shadowed_text
from shared.imaging.geometry import PixelPoint
from shared.imaging.presentation import Annotation, DisplayedArea, Graphic, Layer, PresentationState, Text, Units

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.viewer.viewport.layers import ShownImage

    Map = Callable[[PixelPoint, Units], QPointF]

FALLBACK = (240, 208, 96)


def paint_annotations(painter: QPainter, state: PresentationState, shown: ShownImage) -> None:
    """Everything that the state draws on the image shown, in the order of its layers."""
    uid = plain_uid(shown.key.sop_instance_uid)
    area = state.area_of(uid, shown.key.frame)
    layers = {layer.name: layer for layer in state.layers}

    def place(point: PixelPoint, units: Units) -> QPointF:
        return shown.place(_in_image(point, units, area, shown))

    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for annotation in state.annotations_of(uid, shown.key.frame):
        _paint_one(painter, annotation, layers.get(annotation.layer), place)
    painter.restore()


def _in_image(point: PixelPoint, units: Units, area: DisplayedArea | None, shown: ShownImage) -> PixelPoint:
    """DISPLAY positions are shares of the displayed area, which is a part of the image (PS3.3 C.10.5.1)."""
    if units is not Units.DISPLAY:
        return point
    left, top = area.top_left if area is not None else (1, 1)
    right, bottom = area.bottom_right if area is not None else (shown.projection.columns, shown.projection.rows)
    return PixelPoint(
        left - 1.5 + point.column * (right - left + 1),
        top - 1.5 + point.row * (bottom - top + 1),
    )


def _paint_one(painter: QPainter, annotation: Annotation, layer: Layer | None, place: Map) -> None:
    colour = layer.colour if layer is not None and layer.colour is not None else FALLBACK
    for graphic in annotation.graphics:
        _paint_graphic(painter, graphic, QColor(*(graphic.colour or colour)), place)
    for text in annotation.texts:
        _paint_text(painter, text, QColor(*(text.colour or colour)), place)


def _paint_graphic(painter: QPainter, graphic: Graphic, colour: QColor, place: Map) -> None:
    pen = QPen(colour, graphic.width * 1.2)
    pen.setStyle(Qt.PenStyle.DashLine if graphic.dashed else Qt.PenStyle.SolidLine)
    painter.setPen(pen)
    fill = QColor(colour)
    fill.setAlpha(90)
    painter.setBrush(fill if graphic.filled else Qt.BrushStyle.NoBrush)
    path = compound_path(graphic, place) if graphic.is_compound else path_of(graphic, place)
    painter.drawPath(path)


def path_of(graphic: Graphic, place: Map) -> QPainterPath:
    """A Graphic Object in the widget's logical pixels."""
    points = [place(point, graphic.units) for point in graphic.points]
    path = QPainterPath()
    if graphic.kind == "POINT":
        for at in points:
            path.addEllipse(at, 2.5, 2.5)
    elif graphic.kind == "CIRCLE":
        # Centre and a point of the line; the image may be stretched or turned: an ellipse of points is right always.
        path.addPolygon(_round([_mapped_circle(graphic, n, place) for n in range(73)]))
    elif graphic.kind == "ELLIPSE":
        path.addPolygon(_round([_mapped_ellipse(graphic, n, place) for n in range(73)]))
    elif graphic.kind == "INTERPOLATED":
        path = _through(points)
    else:
        path.addPolygon(QPolygonF(points))
    return path


def _round(points: list[QPointF]) -> QPolygonF:
    return QPolygonF(points)


def _mapped_circle(graphic: Graphic, n: int, place: Map) -> QPointF:
    centre, edge = graphic.points[0], graphic.points[1]
    radius = math.hypot(edge.column - centre.column, edge.row - centre.row)
    angle = math.tau * n / 72
    return place(
        PixelPoint(centre.column + radius * math.cos(angle), centre.row + radius * math.sin(angle)), graphic.units
    )


def _mapped_ellipse(graphic: Graphic, n: int, place: Map) -> QPointF:
    """Ends of the major axis, then of the minor (PS3.3 C.10.5.1.2)."""
    a, b, c, d = graphic.points[:4]
    x, y = (a.column + b.column) / 2, (a.row + b.row) / 2
    ux, uy = (b.column - a.column) / 2, (b.row - a.row) / 2
    vx, vy = (d.column - c.column) / 2, (d.row - c.row) / 2
    angle = math.tau * n / 72
    cos, sin = math.cos(angle), math.sin(angle)
    return place(PixelPoint(x + ux * cos + vx * sin, y + uy * cos + vy * sin), graphic.units)


def _through(points: list[QPointF]) -> QPainterPath:
    """A smooth curve through all points (Catmull-Rom as Bézier pieces)."""
    path = QPainterPath(points[0])
    for n in range(len(points) - 1):
        before, a, b = points[max(n - 1, 0)], points[n], points[n + 1]
        after = points[min(n + 2, len(points) - 1)]
        path.cubicTo(a + (b - before) / 6, b - (after - a) / 6, b)
    return path


def compound_path(graphic: Graphic, place: Map) -> QPainterPath:
    """A Compound Graphic in the widget's logical pixels (PS3.3 C.10.5.1.2.1); unknown types as their points."""
    path = QPainterPath()
    points = [place(point, graphic.units) for point in graphic.points]
    if graphic.kind in ("RECTANGLE", "ELLIPSE") and len(points) >= 2:
        outline = _turned_box(graphic, place)
        path.addPolygon(outline)
        return path
    if graphic.kind == "MULTILINE":
        for a, b in zip(points[::2], points[1::2], strict=False):
            path.moveTo(a)
            path.lineTo(b)
        return path
    if graphic.kind == "CROSSHAIR":
        for at in points:
            for step in (QPointF(14, 0), QPointF(0, 14)):
                path.moveTo(at - step)
                path.lineTo(at + step)
        return path
    path.addPolygon(QPolygonF(points))
    if graphic.kind == "ARROW" and len(points) >= 2:
        _add_head(path, points[1], points[0])
    elif graphic.kind in ("RULER", "AXIS", "CUTLINE", "RANGELINE") and len(points) >= 2:
        for end, other in ((points[0], points[-1]), (points[-1], points[0])):
            _add_tick(path, end, other)
    return path


def _turned_box(graphic: Graphic, place: Map) -> QPolygonF:
    a, b = graphic.points[0], graphic.points[1]
    centre = PixelPoint((a.column + b.column) / 2, (a.row + b.row) / 2)
    half_width, half_height = abs(b.column - a.column) / 2, abs(b.row - a.row) / 2
    turn = QTransform().rotate(graphic.rotation_deg)
    if graphic.kind == "RECTANGLE":
        local = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
    else:
        local = [(math.cos(math.tau * n / 72), math.sin(math.tau * n / 72)) for n in range(73)]
    polygon = QPolygonF()
    for x, y in local:
        at = turn.map(QPointF(x * half_width, y * half_height))
        polygon.append(place(PixelPoint(centre.column + at.x(), centre.row + at.y()), graphic.units))
    return polygon


def _add_head(path: QPainterPath, tip: QPointF, start: QPointF) -> None:
    angle = math.atan2(tip.y() - start.y(), tip.x() - start.x())
    for turn in (2.7, -2.7):
        path.moveTo(tip)
        path.lineTo(tip + QPointF(math.cos(angle + turn) * 12, math.sin(angle + turn) * 12))


def _add_tick(path: QPainterPath, end: QPointF, other: QPointF) -> None:
    angle = math.atan2(end.y() - other.y(), end.x() - other.x()) + math.pi / 2
    step = QPointF(math.cos(angle) * 6, math.sin(angle) * 6)
    path.moveTo(end - step)
    path.lineTo(end + step)


def _paint_text(painter: QPainter, text: Text, colour: QColor, place: Map) -> None:
    font = text_font(12)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    lines = text.value.split("\n")
    anchor = place(text.anchor, text.anchor_units) if text.anchor is not None else None
    if text.box is not None:
        first, last = (place(corner, text.box_units) for corner in text.box)
        # The box is where the writer's text stood; ours is read at any zoom, so only its corner and side count.
        box = QRectF(first, last).normalized()
        at = box.topLeft() + QPointF(0, metrics.ascent())
        widest = max(metrics.horizontalAdvance(line) for line in lines)
        if text.align == "CENTER":
            at.setX(box.center().x() - widest / 2)
        elif text.align == "RIGHT":
            at.setX(box.right() - widest)
    elif anchor is not None:
        at = anchor + QPointF(6, -6)
    else:
        return
    if anchor is not None and text.anchor_visible and text.box is not None:
        painter.setPen(QPen(colour, 1))
        painter.drawLine(at + QPointF(0, 3), anchor)
    for n, line in enumerate(lines):
        shadowed_text(painter, at + QPointF(0, n * metrics.height()), line, colour.name())

"""Paints drawings over a slide."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from clients.kit.fonts import text_font
from clients.viewer.slides.model import SlideMarks, measured
from clients.viewer.viewport.overlays import shadowed_text
from shared.contract.pathology_slides import MarkKind, SlideMark

Place = Callable[[float, float], QPointF]
"""From pixels of full resolution to the widget."""


def paint_marks(painter: QPainter, marks: SlideMarks, place: Place) -> None:
    """All drawings, the chosen one thicker; what is not kept is dashed."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setFont(text_font(12))
    for index, one in enumerate(marks.drawn):
        is_kept = one.kept is not None or one.is_sending
        paint_mark(painter, one.mark, place, chosen=index == marks.chosen, dashed=not is_kept)
        text = "  ".join(part for part in (one.mark.text, measured(one.mark, marks.scale)) if part)
        if text:
            shadowed_text(painter, _beside(one.mark, place), text, one.mark.colour)


def paint_mark(painter: QPainter, mark: SlideMark, place: Place, *, chosen: bool = False, dashed: bool = False) -> None:
    """One drawing with a dark rim, so that it is seen on glass and on tissue."""
    for colour, width in (("#000000", 4.5 if chosen else 3.5), (mark.colour, 2.6 if chosen else 1.6)):
        pen = QPen(QColor(colour), width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if dashed and colour != "#000000":
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _shape(painter, mark, place)


def _shape(painter: QPainter, mark: SlideMark, place: Place) -> None:
    points = [place(*point) for point in mark.points]
    if mark.kind is MarkKind.POINT:
        painter.drawEllipse(points[0], 5.0, 5.0)
    elif mark.kind is MarkKind.LINE:
        painter.drawLine(points[0], points[1])
        for end in points:
            painter.drawLine(_across(points[0], points[1], end))
    elif mark.kind is MarkKind.ARROW:
        painter.drawLine(points[0], points[1])
        painter.drawPolyline(_head(points[0], points[1]))
    elif mark.kind is MarkKind.RECTANGLE:
        painter.drawRect(QRectF(points[0], points[1]).normalized())
    elif mark.kind is MarkKind.ELLIPSE:
        painter.drawEllipse(QRectF(points[0], points[1]).normalized())
    else:
        painter.drawPolygon(QPolygonF(points))


def _across(start: QPointF, end: QPointF, at: QPointF) -> QLineF:
    """A short stroke across a line at one of its ends."""
    line = QLineF(start, end)
    length = max(line.length(), 1e-6)
    step = QPointF(-line.dy() / length * 5, line.dx() / length * 5)
    return QLineF(at - step, at + step)


def _head(tail: QPointF, tip: QPointF) -> QPolygonF:
    angle = math.atan2(tip.y() - tail.y(), tip.x() - tail.x())
    sides = [
        QPointF(tip.x() - 12 * math.cos(angle + turn), tip.y() - 12 * math.sin(angle + turn)) for turn in (0.45, -0.45)
    ]
    return QPolygonF([sides[0], tip, sides[1]])


def _beside(mark: SlideMark, place: Place) -> QPointF:
    """Right of the drawing's last or lowest point."""
    points = [place(*point) for point in mark.points]
    at = max(points, key=lambda point: (point.x(), point.y()))
    return QPointF(at.x() + 9, at.y() + 4)

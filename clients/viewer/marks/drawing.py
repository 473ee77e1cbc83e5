"""Marks drawn with QPainter: lines with a dark edge, values beside them, yellow handles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from clients.kit.fonts import text_font
from clients.viewer import colours
from clients.viewer.marks.model import STANDARD_FONT_PX, Kind, Mark, handles_of, lines_of
from clients.viewer.marks.values import MeasuredValue
from clients.viewer.viewport.overlays import shadowed_text
from shared.imaging.geometry import PixelPoint

HANDLE_RADIUS = 4.5
ARROW_HEAD_PX, ARROW_OPENING = 14.0, math.radians(22)


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where marks are drawn: image position to logical pixels, and the size of the widget in them."""

    place: Callable[[PixelPoint], QPointF]
    width: float
    height: float


def draw_marks(
    painter: QPainter, marks: Iterable[tuple[Mark, MeasuredValue]], canvas: Canvas, *, selected: int | None
) -> None:
    """Marks with their values; the selected one has handles. The painter's state is not put back."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    taken: list[QRectF] = []
    for mark, value in marks:
        is_selected = mark.id == selected
        colour = _colour(mark, is_selected)
        for width, pen in ((3.2, colours.TEXT_SHADOW), (1.5, colour)):
            painter.setPen(_pen(pen, width, mark))
            _strokes(painter, mark, canvas)
        if is_selected and not mark.foreign:
            _handles(painter, mark, canvas)
        _label(painter, mark, value, canvas, colour, taken)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _colour(mark: Mark, is_selected: bool) -> str:
    if is_selected:
        return colours.MEASURE_SELECTED
    return mark.colour or colours.MEASURE


def _pen(colour: str, width: float, mark: Mark) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if mark.foreign:  # another reader's
        pen.setDashPattern([9 / width, 4 / width])
    return pen


def _strokes(painter: QPainter, mark: Mark, canvas: Canvas) -> None:
    if mark.kind is Kind.TEXT:
        return
    if mark.kind is Kind.PIXEL:
        _cross(painter, canvas.place(mark.points[0]))
        return
    lines = [[canvas.place(p) for p in line] for line in lines_of(mark)]
    for line in lines:
        painter.drawPolyline(QPolygonF(line))
    if mark.kind is Kind.LENGTH:
        _end_ticks(painter, lines[0][0], lines[0][1])
    elif mark.kind is Kind.ARROW:
        painter.drawPolyline(QPolygonF(arrow_head(lines[0][0], lines[0][1])))
    elif mark.kind is Kind.COBB and len(lines) == 2:
        middles = [(line[0] + line[1]) / 2 for line in lines]
        pen = painter.pen()
        painter.setPen(QPen(pen.color(), pen.widthF() * 0.7, Qt.PenStyle.DotLine))
        painter.drawLine(QLineF(*middles))
        painter.setPen(pen)


def arrow_head(tail: QPointF, head: QPointF) -> list[QPointF]:
    """Barb, head, barb: of a fixed size on screen, but never longer than a third of the arrow."""
    line = QLineF(head, tail)
    size = min(ARROW_HEAD_PX, max(line.length() / 3, 4.0))
    angle = math.atan2(line.dy(), line.dx())
    barbs = [head + QPointF(math.cos(angle + turn), math.sin(angle + turn)) * size for turn in (-0.4, 0.4)]
    return [barbs[0], head, barbs[1]]


def _end_ticks(painter: QPainter, a: QPointF, b: QPointF) -> None:
    line = QLineF(a, b)
    if line.length() < 12:
        return
    normal = line.normalVector().unitVector()
    dx, dy = normal.dx() * 4, normal.dy() * 4
    for point in (a, b):
        painter.drawLine(QLineF(point.x() - dx, point.y() - dy, point.x() + dx, point.y() + dy))


def _cross(painter: QPainter, at: QPointF) -> None:
    painter.drawLine(QLineF(at.x() - 6, at.y(), at.x() + 6, at.y()))
    painter.drawLine(QLineF(at.x(), at.y() - 6, at.x(), at.y() + 6))


def _handles(painter: QPainter, mark: Mark, canvas: Canvas) -> None:
    painter.setPen(QPen(QColor(colours.TEXT_SHADOW), 1))
    painter.setBrush(QColor(colours.HANDLE))
    for handle in handles_of(mark):
        painter.drawEllipse(canvas.place(handle), HANDLE_RADIUS, HANDLE_RADIUS)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def label_lines(mark: Mark, value: MeasuredValue) -> tuple[str, ...]:
    """What stands beside a mark: its values, a text's own words, the author of another's."""
    lines = tuple(mark.text.splitlines()) if mark.text else value.lines
    return (*lines, mark.author) if mark.foreign and mark.author else lines


def label_box(mark: Mark, lines: Sequence[str], canvas: Canvas) -> QRectF:
    """Where the label stands: beside the right end, kept inside the widget; a text begins at its anchor."""
    metrics = QFontMetricsF(text_font(mark.font_px or STANDARD_FONT_PX))
    places = [canvas.place(p) for line in lines_of(mark) for p in line]
    wide = max((metrics.horizontalAdvance(text) for text in lines), default=0.0)
    high = metrics.height() * len(lines)
    if mark.kind is Kind.TEXT:
        return QRectF(places[0].x() + 7, places[0].y() - metrics.ascent() / 2, wide, high)
    anchor = max(places, key=lambda p: p.x() + 0.2 * p.y())
    x = min(max(anchor.x() + 10, 4.0), max(canvas.width - wide - 4, 4.0))
    y = min(max(anchor.y() - metrics.ascent() / 2, 2.0), max(canvas.height - 6 - high, 2.0))
    return QRectF(x, y, wide, high)


def _label(
    painter: QPainter, mark: Mark, value: MeasuredValue, canvas: Canvas, colour: str, taken: list[QRectF]
) -> None:
    """The words of a mark; they make way for those that stand already, a text's own do not."""
    lines = label_lines(mark, value)
    if not lines:
        return
    font = text_font(mark.font_px or STANDARD_FONT_PX)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    box = label_box(mark, lines, canvas)
    if mark.kind is not Kind.TEXT:
        box = _beside(box, taken, canvas.height)
    taken.append(box)
    painter.fillRect(box.adjusted(-4, -2, 4, 2), QColor(0, 0, 0, 96))  # words stay readable on bone and on noise
    for n, text in enumerate(lines):
        at = QPointF(box.x(), box.y() + metrics.ascent() + n * metrics.height())
        shadowed_text(painter, at, text, colour)
    if mark.kind is Kind.TEXT:  # the anchor, so that one sees to what the text belongs
        painter.setPen(QPen(QColor(colour), 1.5))
        painter.drawPoint(canvas.place(mark.points[0]))


def _beside(box: QRectF, taken: Sequence[QRectF], height: float) -> QRectF:
    """The box, moved below those in its way, or above them at the lower edge."""
    for way in (1, -1):
        moved = QRectF(box)
        for other in sorted(taken, key=lambda one: way * one.top()):
            if moved.intersects(other):
                moved.moveTop(other.bottom() + 5 if way > 0 else other.top() - box.height() - 5)
        if moved.top() >= 0 and moved.bottom() <= height:
            return moved
    return box


def draw_stroke(painter: QPainter, stroke: Sequence[PixelPoint], radius_px: float, canvas: Canvas) -> None:
    """What the smart brush has painted so far."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    colour = QColor(colours.MEASURE_SELECTED)
    colour.setAlpha(70)
    pen = QPen(colour, 2 * radius_px)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    places = [canvas.place(p) for p in stroke]
    if len(places) == 1:
        painter.drawPoint(places[0])
    else:
        painter.drawPolyline(QPolygonF(places))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

"""Text and arrows in the pixels of a copy (PA-ANA-02)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from clients.kit.theme import current_theme
from clients.pathology.media.measuring import Point


@dataclass(frozen=True)
class Annotation:
    """An arrow from the first point to the second, and words at its tail; with one point the words alone."""

    points: tuple[Point, ...]
    text: str = ""

    @property
    def words(self) -> str:
        """As it is kept with the derived picture."""
        places = " ".join(f"{x:.0f},{y:.0f}" for x, y in self.points)
        return f"annotate {places} {self.text}".strip()


def annotated(picture: QImage, what: Annotation) -> QImage:
    """A copy with the annotation drawn into it."""
    copy = picture.convertToFormat(QImage.Format.Format_RGB32).copy()
    unit = max(1.0, max(copy.width(), copy.height()) / 1000)
    tail = QPointF(*what.points[0])
    with QPainter(copy) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(what.points) > 1:
            for colour, width in (("#000000", 6.0), ("#ffd400", 3.0)):  # a dark rim: it must be seen on any stain
                _arrow(painter, tail, QPointF(*what.points[1]), QColor(colour), width * unit, 14 * unit)
        if what.text:
            font = current_theme().font("body", bold=True)
            font.setPixelSize(max(10, round(22 * unit)))
            painter.setFont(font)
            box = painter.fontMetrics().boundingRect(what.text)
            box.moveCenter(tail.toPoint())
            painter.fillRect(box.adjusted(-6, -3, 6, 3), QColor(0, 0, 0, 170))
            painter.setPen(QColor("#ffffff"))
            painter.drawText(box, what.text)
    return copy


def _arrow(painter: QPainter, tail: QPointF, head: QPointF, colour: QColor, width: float, size: float) -> None:
    turn = math.atan2(head.y() - tail.y(), head.x() - tail.x())
    wings = [
        QPointF(head.x() - size * math.cos(turn + side), head.y() - size * math.sin(turn + side))
        for side in (0.5, -0.5)
    ]
    painter.setPen(QPen(colour, width))
    painter.drawLine(tail, head)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([head, *wings]))

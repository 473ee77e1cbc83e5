"""A picture with marks of nuclei that clicks set, change and take away, and the region that is counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF

from clients.pathology.media.canvas import PictureCanvas
from clients.pathology.media.measuring import Measurement, Tool
from shared.contract.pathology_counts import Cell, Grade, Origin

COLOURS = {Grade.NEGATIVE: "#1e6fff", Grade.WEAK: "#ffd400", Grade.MODERATE: "#ff8a00", Grade.STRONG: "#e5002d"}
_NEXT = {
    Grade.NEGATIVE: Grade.WEAK,
    Grade.WEAK: Grade.MODERATE,
    Grade.MODERATE: Grade.STRONG,
    Grade.STRONG: Grade.NEGATIVE,
}
_REACH = 14.0
"""Pixels on screen within which a click means a mark that is there."""

Point = tuple[float, float]


class MarksCanvas(PictureCanvas):
    """Left: a mark is graded anew, elsewhere one of `grade` is set; right takes one away; dragging moves the picture.

    A mark is never told by its colour alone: a ring is negative, one to three strokes within say 1+ to 3+.
    """

    changed = Signal()
    """The user changed a mark."""
    region_drawn = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[Cell] = []
        self.region: tuple[Point, ...] = ()
        self.removed = 0
        self.grade = Grade.WEAK
        self.may_change = True
        self.diameter = 24.0
        self._pressed: QPointF | None = None
        self.set_shown(scale_bar=True)
        self.measured.connect(self._on_region)

    def show_cells(self, cells: Sequence[Cell], region: Sequence[Point] = (), removed: int = 0) -> None:
        """Show marks instead of those that are there."""
        self.cells, self.region, self.removed = list(cells), tuple(region), removed
        self.update()

    def take_region_tool(self) -> None:
        """Draw the region that is counted: corners by clicks, ended by a double click or Enter."""
        self.set_tool(Tool.AREA)

    def cell_at(self, point: Point) -> int | None:
        """The mark nearest to a place of the picture, within reach; None where there is none."""
        best, found = _REACH / self._factor(), None
        for number, cell in enumerate(self.cells):
            away = math.hypot(cell.x - point[0], cell.y - point[1])
            if away < best:
                best, found = away, number
        return found

    def click(self, point: Point, *, remove: bool = False) -> None:
        """What a click at a place of the picture does."""
        image = self.image
        if (
            not self.may_change
            or image is None
            or not (0 <= point[0] < image.width() and 0 <= point[1] < image.height())
        ):
            return
        number = self.cell_at(point)
        if remove:
            if number is None:
                return
            self.removed += self.cells.pop(number).origin is not Origin.ADDED
        elif number is None:
            self.cells.append(Cell(round(point[0], 1), round(point[1], 1), self.grade, Origin.ADDED))
        else:
            cell = self.cells[number]
            origin = Origin.ADDED if cell.origin is Origin.ADDED else Origin.CORRECTED
            self.cells[number] = Cell(cell.x, cell.y, _NEXT[cell.grade], origin)
        self.changed.emit()
        self.update()

    def marked_copy(self) -> QImage | None:
        """A copy of the whole picture with the marks in its pixels."""
        if self.image is None:
            return None
        copy = self.image.convertToFormat(QImage.Format.Format_RGB32).copy()
        with QPainter(copy) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_marks(painter, 1.0, QPointF(0, 0))
        return copy

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()
        if event.button() is Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_drawing = self._tool is not None
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if was_drawing or pressed is None or self.image is None:
            return
        if (event.position() - pressed).manhattanLength() > 4:
            return  # the picture was moved
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            remove = event.button() is Qt.MouseButton.RightButton
            self.click(self._to_picture(event.position()), remove=remove)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {Qt.Key.Key_0: Grade.NEGATIVE, Qt.Key.Key_1: Grade.WEAK, Qt.Key.Key_2: Grade.MODERATE,
                Qt.Key.Key_3: Grade.STRONG}  # fmt: skip
        grade = keys.get(Qt.Key(event.key()))
        if grade is not None and self._tool is None:
            self.grade = grade
            self.changed.emit()
            return
        super().keyPressEvent(event)

    def _on_region(self, measure: Measurement) -> None:
        image = self.image
        if measure.tool is not Tool.AREA or image is None:
            return
        wide, tall = float(image.width()), float(image.height())
        self.region = tuple((min(max(x, 0.0), wide), min(max(y, 0.0), tall)) for x, y in measure.points)
        self.clear_measures()
        self.set_tool(None)
        self.region_drawn.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.image is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(QRectF(self.rect()))
            self._paint_marks(painter, self._factor(), self._origin())

    def _paint_marks(self, painter: QPainter, factor: float, origin: QPointF) -> None:
        if self.region:
            corners = QPolygonF([QPointF(origin.x() + x * factor, origin.y() + y * factor) for x, y in self.region])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for colour, width in (("#000000", 3.0), ("#ffffff", 1.5)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawPolygon(corners)
        radius = max(3.5, self.diameter * factor * 0.32)
        for cell in self.cells:
            middle = QPointF(origin.x() + cell.x * factor, origin.y() + cell.y * factor)
            _paint_mark(painter, middle, radius, cell.grade, by_hand=cell.origin is not Origin.SUGGESTED)


def _paint_mark(painter: QPainter, middle: QPointF, radius: float, grade: Grade, *, by_hand: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in (("#ffffff", 3.2), (COLOURS[grade], 1.8)):
        painter.setPen(QPen(QColor(colour), width))
        if by_hand:
            painter.drawRect(QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius))
        else:
            painter.drawEllipse(middle, radius, radius)
        for stroke in range(int(grade.value)):
            x = middle.x() + (stroke - (int(grade.value) - 1) / 2) * radius * 0.5
            painter.drawLine(QPointF(x, middle.y() - radius * 0.4), QPointF(x, middle.y() + radius * 0.4))

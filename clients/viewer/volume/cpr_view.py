"""The left window of CPR: the curved picture, its ruler, the place under the pointer, the triangle of the options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.viewer import colours
from clients.viewer.viewport import overlays
from clients.viewer.viewport.corner_texts import Corners
from shared.imaging.curved import Sheet
from shared.imaging.geometry import Spacing, SpacingSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIANGLE = 16.0


@dataclass(frozen=True, slots=True)
class CprPicture:
    """What the worker made."""

    sheet: Sheet
    values: NDArray[Any]
    image: QImage


class CprView(QWidget):
    """Shows one curved picture, as large as it fits, square in millimetres."""

    angle_dragged = Signal(float)
    """Degrees to turn on by."""
    window_dragged = Signal(float, float)
    """Logical pixels up and right."""
    place_chosen = Signal(object)
    """A click: the patient's place below it (PointMm)."""
    arc_hovered = Signal(object)
    """Arc length below the pointer in mm; None outside."""
    options_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: CprPicture | None = None
        self.message = ""
        self.corners = Corners((), (), (), ())
        self.warnings = 0
        self.marked_arc: float | None = None
        self.options_open = False
        self._last = QPointF()
        self._pressed = QPointF()
        self._held = ""
        self.setObjectName("cpr.view")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(400, 600)

    def show_picture(self, picture: CprPicture | None) -> None:
        self.picture = picture
        self.update()

    # --- maps

    def area(self) -> QRectF:
        """Where the picture stands, logical pixels."""
        if self.picture is None:
            return QRectF()
        rows, columns = self.picture.sheet.shape
        share = min(self.width() / columns, self.height() / rows)
        size = (columns * share, rows * share)
        return QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)

    def at(self, place: QPointF) -> tuple[float, float] | None:
        """Row and column of the picture below logical pixels, whole at pixel centres; None beside it."""
        area = self.area()
        if self.picture is None or not area.contains(place):
            return None
        rows, columns = self.picture.sheet.shape
        return (
            (place.y() - area.top()) / area.height() * rows - 0.5,
            (place.x() - area.left()) / area.width() * columns - 0.5,
        )

    def triangle(self) -> QPolygonF:
        """Lower left: opens the options (VW-CPR-04)."""
        left, bottom = 6.0, self.height() - 6.0
        if self.options_open:
            return QPolygonF(
                [
                    QPointF(left, bottom - TRIANGLE),
                    QPointF(left + TRIANGLE, bottom - TRIANGLE),
                    QPointF(left + 8, bottom),
                ]
            )
        return QPolygonF(
            [QPointF(left, bottom), QPointF(left + TRIANGLE, bottom), QPointF(left + 8, bottom - TRIANGLE)]
        )

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            if self.picture is None:
                painter.setFont(text_font(current_theme().px(13)))
                overlays.draw_message(painter, self.message, QRectF(self.rect()), colours.LETTER)
            else:
                self._paint_picture(painter, self.picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(QColor(colours.TEXT_SHADOW), 1))
            painter.setBrush(QColor(colours.HANDLE))
            painter.drawPolygon(self.triangle())
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_picture(self, painter: QPainter, picture: CprPicture) -> None:
        area, sheet = self.area(), picture.sheet
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(area, picture.image)
        rows, columns = sheet.shape
        high, wide = area.height() / rows, area.width() / columns
        path = QPainterPath()
        for row in range(0, rows, max(1, rows // 200)):
            place = QPointF(
                area.left() + (float(sheet.centre_columns[row]) + 0.5) * wide, area.top() + (row + 0.5) * high
            )
            if row:
                path.lineTo(place)
            else:
                path.moveTo(place)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        faint = QColor(colours.MEASURE)
        faint.setAlpha(110)
        painter.setPen(QPen(faint, 1, Qt.PenStyle.DotLine))
        painter.drawPath(path)
        if self.marked_arc is not None:
            self._paint_mark(painter, area, high, sheet, self.marked_arc)
        painter.setFont(text_font(current_theme().px(11)))
        width, height = float(self.width()), float(self.height())
        overlays.draw_scale(painter, high / sheet.spacing_mm, Spacing(1.0, 1.0, SpacingSource.PATIENT), width, height)
        font = text_font(current_theme().px(12))
        overlays.draw_corners(painter, self.corners, width, height - 22, font, warnings=self.warnings)

    @staticmethod
    def _paint_mark(painter: QPainter, area: QRectF, high: float, sheet: Sheet, arc_mm: float) -> None:
        row = int(abs(sheet.arc_mm - arc_mm).argmin())
        y = area.top() + (row + 0.5) * high
        painter.setPen(QPen(QColor(colours.MEASURE_SELECTED), 1))
        painter.drawLine(QLineF(area.left(), y, area.right(), y))

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = self._pressed = event.position()
        reach = self.triangle().boundingRect().adjusted(-4, -4, 4, 4)
        if event.button() is Qt.MouseButton.LeftButton and reach.contains(event.position()):
            self._held = ""
            self.options_asked.emit()
        elif event.button() is Qt.MouseButton.LeftButton:
            self._held = "angle"
        elif event.button() is Qt.MouseButton.RightButton:
            self._held = "window"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        by, self._last = at - self._last, at
        if self._held == "angle":
            self.angle_dragged.emit(by.x() / 2)
        elif self._held == "window":
            self.window_dragged.emit(-by.y(), by.x())
        else:
            found = self.at(at)
            row = (
                None
                if found is None or self.picture is None
                else min(max(round(found[0]), 0), len(self.picture.values) - 1)
            )
            self.arc_hovered.emit(
                None if row is None or self.picture is None else float(self.picture.sheet.arc_mm[row])
            )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._held = self._held, ""
        moved = event.position() - self._pressed
        if held == "angle" and abs(moved.x()) + abs(moved.y()) < 3:
            found = self.at(event.position())
            if found is not None and self.picture is not None:
                self.place_chosen.emit(self.picture.sheet.point_at(*found))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.angle_dragged.emit(5.0 if event.angleDelta().y() < 0 else -5.0)
        event.accept()

    def leaveEvent(self, _event: QEvent) -> None:
        self.arc_hovered.emit(None)

    def contextMenuEvent(self, event: Any) -> None:
        event.accept()

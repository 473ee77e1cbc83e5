"""One picture large: zoom, pan, measures, ruler and scale bar."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.pathology.media.density import grey_of
from clients.pathology.media.drawing import Overlay, burnt, is_long_enough, paint
from clients.pathology.media.measuring import Measurement, Point, Tool

_MOST_ZOOM = 16.0


class PictureCanvas(QWidget):
    """Shows a picture fitted; the wheel zooms at the pointer, dragging moves. With a tool, clicks draw a measure.

    A length is two clicks (or one drag), an angle three, an area as many as wanted, ended by a double click or Enter.
    """

    measured = Signal(object)
    """A Measurement was finished."""
    left = Signal()
    """Escape without a tool: the user wants back."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._overlay = Overlay()
        self._zoom = 1.0
        self._centre = QPointF()
        self._tool: Tool | None = None
        self._points: list[Point] = []
        self._drag: QPointF | None = None
        self._hover: Point | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def overlay(self) -> Overlay:
        """What lies over the picture."""
        return self._overlay

    @property
    def image(self) -> QImage | None:
        """The picture without anything over it."""
        return self._image

    def show_picture(self, image: QImage | None, um_per_pixel: float = 0.0) -> None:
        """Show another picture; measures belong to the one before."""
        self._image = image
        self._overlay = replace(self._overlay, measures=(), um_per_pixel=um_per_pixel)
        self._zoom, self._points, self._tool = 1.0, [], None
        self._centre = QPointF(image.width() / 2, image.height() / 2) if image is not None else QPointF()
        self._dress()
        self.update()

    def set_scale(self, um_per_pixel: float) -> None:
        """The picture's calibration."""
        self._overlay = replace(self._overlay, um_per_pixel=um_per_pixel)
        self.update()

    def set_tool(self, tool: Tool | None) -> None:
        """Draw measures of this kind from now on, or move the picture."""
        self._tool, self._points = tool, []
        self._dress()
        self.update()

    def set_shown(self, *, scale_bar: bool | None = None, ruler: bool | None = None) -> None:
        """Show or hide bar and ruler."""
        bar = self._overlay.scale_bar if scale_bar is None else scale_bar
        self._overlay = replace(self._overlay, scale_bar=bar, ruler=self._overlay.ruler if ruler is None else ruler)
        self.update()

    def clear_measures(self) -> None:
        """Take all measures off."""
        self._overlay, self._points = replace(self._overlay, measures=()), []
        self.update()

    def keep_only(self, measure: Measurement) -> None:
        """Show this measure alone."""
        self._overlay, self._points = replace(self._overlay, measures=(measure,)), []
        self.update()

    def copy_with_overlay(self) -> QImage | None:
        """A copy of the whole picture with everything in its pixels."""
        return None if self._image is None else burnt(self._image, self._overlay)

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def _factor(self) -> float:
        assert self._image is not None
        fitted = min(self.width() / self._image.width(), self.height() / self._image.height())
        return fitted * self._zoom

    def _origin(self) -> QPointF:
        factor = self._factor()
        return QPointF(self.width() / 2 - self._centre.x() * factor, self.height() / 2 - self._centre.y() * factor)

    def _to_picture(self, point: QPointF) -> Point:
        factor, origin = self._factor(), self._origin()
        return (point.x() - origin.x()) / factor, (point.y() - origin.y()) / factor

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._image is None:
            return
        before = self._to_picture(event.position())
        self._zoom = max(1.0, min(_MOST_ZOOM, self._zoom * 1.2 ** (event.angleDelta().y() / 120)))
        after = self._to_picture(event.position())
        self._centre += QPointF(before[0] - after[0], before[1] - after[1])
        self._keep_inside()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._image is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if self._tool is None:
            self._drag = event.position()
            return
        self._points.append(self._to_picture(event.position()))
        needed = {Tool.LENGTH: 2, Tool.ANGLE: 3}.get(self._tool)
        if needed is not None and len(self._points) >= needed:
            self._finish()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and self._image is not None:
            moved = (event.position() - self._drag) / self._factor()
            self._drag = event.position()
            self._centre -= moved
            self._keep_inside()
        elif self._tool is not None and self._points:
            self._hover = self._to_picture(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        if self._tool is Tool.LENGTH and len(self._points) == 1 and self._image is not None:
            end = self._to_picture(event.position())
            if is_long_enough(Measurement(Tool.LENGTH, (self._points[0], end))):
                self._points.append(end)
                self._finish()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        if self._tool is Tool.AREA:
            self._finish()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tool is Tool.AREA:
            self._finish()
        elif event.key() == Qt.Key.Key_Escape:
            if self._points:
                self._points = []
                self.update()
            elif self._tool is not None:
                self.set_tool(None)
            else:
                self.left.emit()
        else:
            super().keyPressEvent(event)

    def _finish(self) -> None:
        assert self._tool is not None
        measure = Measurement(self._tool, tuple(self._points))
        self._points = []
        if is_long_enough(measure):
            if measure.tool is Tool.AREA and self._image is not None:
                measure = replace(measure, grey=grey_of(self._image, measure.points))
            self._overlay = replace(self._overlay, measures=(*self._overlay.measures, measure))
            self.measured.emit(measure)
        self.update()

    def _keep_inside(self) -> None:
        assert self._image is not None
        self._centre.setX(max(0.0, min(self._centre.x(), self._image.width())))
        self._centre.setY(max(0.0, min(self._centre.y(), self._image.height())))
        if self._zoom == 1.0:
            self._centre = QPointF(self._image.width() / 2, self._image.height() / 2)
        self.update()

    def _dress(self) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._tool is None else Qt.CursorShape.CrossCursor)
        self._hover = None

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor("#101214"))
            if self._image is None:
                return
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._zoom < 4)
            factor, origin = self._factor(), self._origin()
            area = QRectF(origin.x(), origin.y(), self._image.width() * factor, self._image.height() * factor)
            painter.drawImage(area, self._image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shown = self._overlay
            if self._points and self._tool is not None:
                points = (*self._points, self._hover) if self._hover is not None else tuple(self._points)
                shown = replace(shown, measures=(*shown.measures, Measurement(self._tool, points)))
            paint(painter, shown, factor, origin, area.intersected(QRectF(self.rect())))

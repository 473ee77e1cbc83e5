"""The dot brush: points of a curve set, moved and removed on planes, drawn with the curve between them."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from clients.viewer import colours
from clients.viewer.volume.cpr_state import CprState
from clients.viewer.volume.mpr_pane import MprPane
from shared.imaging.geometry import PointMm

NEAR = 9.0  # logical pixels
FAR_MM = 8.0  # points further from the plane are not caught by the hand


class DotBrush:
    """Layer and hand of a pane. ``clicked`` gets a click of the left button on no point."""

    def __init__(self, state: CprState, clicked: Callable[[PointMm], object], is_on: Callable[[], bool]) -> None:
        self._state = state
        self._clicked = clicked
        self._is_on = is_on
        self._held: int | None = None
        self._moved = False
        self.marked: PointMm | None = None
        """A further place to be drawn: that of the pointer in the curved picture."""
        self.clicks: tuple[PointMm, ...] = ()
        """Ends of a vessel that is being looked for."""

    # --- layer

    def paint(self, painter: QPainter, pane: MprPane) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        curve = self._state.curve
        if curve is not None:
            points = curve.points[:: max(1, len(curve.points) // 400)].tolist()
            frame, ratio = pane.frame(), pane.devicePixelRatioF()
            places = [frame.place(PointMm(*point)) for point in points]
            line = QPolygonF([QPointF(x / ratio, y / ratio) for x, y in places])
            faint = QColor(colours.MEASURE)
            faint.setAlpha(150)
            painter.setPen(QPen(faint, 1.2))
            painter.drawPolyline(line)
        for point in self._state.points:
            self._paint_point(painter, pane, point, colours.HANDLE)
        for point in self.clicks:
            self._paint_point(painter, pane, point, colours.MEASURE_SELECTED)
        if self.marked is not None:
            at = pane.place(self.marked)
            painter.setPen(QPen(QColor(colours.MEASURE_SELECTED), 1.5))
            painter.drawEllipse(at, 7.0, 7.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    @staticmethod
    def _paint_point(painter: QPainter, pane: MprPane, point: PointMm, colour: str) -> None:
        """Full on its plane, hollow and fainter the further it lies from it."""
        away = abs(_away(pane, point))
        shade = QColor(colour)
        shade.setAlpha(max(60, 255 - round(away * 12)))
        painter.setPen(QPen(shade, 1.5))
        painter.setBrush(shade if away < pane.state.step_mm(pane.pane) else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(pane.place(point), 4.0, 4.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # --- hand

    def press(self, pane: MprPane, point: PointMm, button: Qt.MouseButton) -> bool:
        if not self._is_on() or button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return False
        near = self._near(pane, pane.place(point))
        if button is Qt.MouseButton.RightButton:
            if near is None:
                return False  # the right button windows
            self._state.remove(near)
            return True
        self._held, self._moved = near, False
        if near is None:
            self._clicked(point)
        return True

    def drag(self, pane: MprPane, point: PointMm) -> None:
        if self._held is not None:
            self._state.move(self._held, point, remember=not self._moved)
            self._moved = True

    def release(self, pane: MprPane, point: PointMm) -> None:
        self._held = None

    def _near(self, pane: MprPane, at: QPointF) -> int | None:
        for n, point in enumerate(self._state.points):
            offset = pane.place(point) - at
            if math.hypot(offset.x(), offset.y()) < NEAR and abs(_away(pane, point)) < FAR_MM:
                return n
        return None


def _away(pane: MprPane, point: PointMm) -> float:
    """Signed distance of a point from the pane's plane, mm."""
    return point.minus(pane.state.cross).dot(pane.state.axes(pane.pane).normal)

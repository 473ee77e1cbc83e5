"""Cross positioning: a place in the selected viewport, and the same place in all others (VW-CRS-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from clients.viewer import colours
from clients.viewer.session import Cross, ViewerSession
from clients.viewer.spaces import nearest_image, reach_mm
from clients.viewer.viewport.layers import REFERENCE, ShownImage
from clients.viewer.viewport.mouse import MouseTool
from shared.imaging.geometry import PixelPoint

if TYPE_CHECKING:
    from clients.viewer.viewport.view import ViewportWidget

TOOL = "cross"
GAP = 10.0  # logical pixels around the place itself that stay free


class CrossTool(MouseTool):
    """Moves the cross; a drag keeps the others with it."""

    cursor = Qt.CursorShape.CrossCursor

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        self.drag(view, at)
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        point = view.image_point(at)
        if point is not None:
            place_cross(view.session, point)


class CrossLayer:
    """The cross in a viewport; dashed where the image does not reach the place."""

    order = REFERENCE

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        if view.session.tool != TOOL:
            return
        found = foot_of(view.session, shown)
        if found is None:
            return
        foot, away = found
        plane = shown.frame.plane
        inside = plane is not None and away <= reach_mm(shown.stack, plane)
        at = shown.place(foot)
        style = Qt.PenStyle.SolidLine if inside else Qt.PenStyle.DashLine
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for width, colour in ((3.0, colours.TEXT_SHADOW), (1.2, colours.CROSS)):
            painter.setPen(QPen(QColor(colour), width, style))
            for line in (
                QLineF(0, at.y(), at.x() - GAP, at.y()),
                QLineF(at.x() + GAP, at.y(), shown.width, at.y()),
                QLineF(at.x(), 0, at.x(), at.y() - GAP),
                QLineF(at.x(), at.y() + GAP, at.x(), shown.height),
            ):
                painter.drawLine(line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def place_cross(session: ViewerSession, at: PixelPoint) -> None:
    """Point at an image position of the selected viewport; nothing without a position in the patient."""
    viewport = session.active_viewport
    frame = viewport.frame
    if viewport.stack is not None and frame is not None and frame.plane is not None:
        session.cross = Cross(frame.plane.point(at), viewport.stack)


def foot_of(session: ViewerSession, shown: ShownImage) -> tuple[PixelPoint, float] | None:
    """Where the cross stands in an image, and how far from its plane (mm); None without common space."""
    cross, plane = session.cross, shown.frame.plane
    if cross is None or plane is None:
        return None
    point = session.spaces.carry(cross.point, cross.stack, shown.stack)
    return None if point is None else (plane.pixel(point), abs(plane.away_mm(point)))


def bring_others(session: ViewerSession) -> None:
    """Page all other viewports to the plane nearest to the cross."""
    cross, own = session.cross, session.splits.cell_of(session.active)
    if cross is None:
        return
    for cell in session.cell_numbers:
        viewport = session.viewports[cell]
        if cell == own or viewport.stack is None:
            continue
        point = session.spaces.carry(cross.point, cross.stack, viewport.stack)
        found = nearest_image(viewport.stack, point) if point is not None else None
        if found is None:
            continue
        index = found[0]
        shown = [session.viewports[n].index for n in session.splits.members(cell)]
        if index not in shown:
            viewport.index = min(index, session.splits.last_first_of(cell))


def take_along(session: ViewerSession) -> None:
    """The selected viewport was paged: the cross stays in its plane."""
    cross, viewport = session.cross, session.active_viewport
    frame, stack = viewport.frame, viewport.stack
    if cross is None or stack is None or frame is None or frame.plane is None:
        return
    point = session.spaces.carry(cross.point, cross.stack, stack)
    if point is not None and abs(frame.plane.away_mm(point)) > 1e-6:
        session.cross = Cross(frame.plane.point(frame.plane.pixel(point)), stack)

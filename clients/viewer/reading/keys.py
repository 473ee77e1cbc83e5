"""The mouse tools by keyboard: pan, zoom, turn, window, cross (VW-EX-09)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF
from PySide6.QtGui import QCursor

from clients.viewer.desk import Desk
from clients.viewer.reading.cross import place_cross
from clients.viewer.session import Cross, Tool
from clients.viewer.viewport.mouse import MagnifierTool, pan, zoom
from clients.viewer.viewport.state import as_window
from shared.imaging.geometry import PixelPoint

PAN_PX, TURN_DEG, ZOOM_STEP = 32.0, 1.0, 1.15


class Keys:
    """What the keys of `commands.COMMANDS` do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._glass = False

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Handler by action id."""
        return {
            "keys.pan.left": lambda: self._pan(-PAN_PX, 0),
            "keys.pan.right": lambda: self._pan(PAN_PX, 0),
            "keys.pan.up": lambda: self._pan(0, -PAN_PX),
            "keys.pan.down": lambda: self._pan(0, PAN_PX),
            "keys.zoom.in": lambda: zoom(self._desk.active, ZOOM_STEP),
            "keys.zoom.out": lambda: zoom(self._desk.active, 1 / ZOOM_STEP),
            "keys.turn.left": lambda: self._desk.session.active_viewport.turn(-TURN_DEG),
            "keys.turn.right": lambda: self._desk.session.active_viewport.turn(TURN_DEG),
            "keys.width.more": lambda: self._window(1, 0),
            "keys.width.less": lambda: self._window(-1, 0),
            "keys.level.more": lambda: self._window(0, 1),
            "keys.level.less": lambda: self._window(0, -1),
            "keys.cross.left": lambda: self._cross(-1, 0),
            "keys.cross.right": lambda: self._cross(1, 0),
            "keys.cross.up": lambda: self._cross(0, -1),
            "keys.cross.down": lambda: self._cross(0, 1),
            "keys.magnifier": self._toggle_glass,
        }

    @property
    def has_glass(self) -> bool:
        """The magnifier follows the pointer without a button."""
        return self._glass

    def _pan(self, x: float, y: float) -> None:
        middle = QPointF(self._desk.active.width() / 2, self._desk.active.height() / 2)
        pan(self._desk.active, middle, middle + QPointF(x, y))

    def _window(self, width: int, level: int) -> None:
        view = self._desk.active
        voi = view.voi()
        if voi is None:
            return
        window = as_window(voi)
        step = max(window.width / 20, 0.01)
        view.state.drag_window(width * step, level * step, window)

    def _cross(self, right: int, down: int) -> None:
        """A pixel on, along the rows and columns of the image; the first press puts the cross in the middle."""
        session, view = self._desk.session, self._desk.active
        shown = view.shown()
        if shown is None or shown.frame.plane is None or view.state.stack is None:
            return
        plane, cross = shown.frame.plane, session.cross
        point = session.spaces.carry(cross.point, cross.stack, view.state.stack) if cross is not None else None
        if point is None:
            rows, columns = view.state.stack.shape
            place_cross(session, PixelPoint((columns - 1) / 2, (rows - 1) / 2))
            return
        at = plane.pixel(point)
        session.cross = Cross(plane.point(PixelPoint(at.column + right, at.row + down)), view.state.stack)

    def _toggle_glass(self) -> None:
        self._glass = not self._glass
        for view in self._desk.viewports:
            tool = view.tools[Tool.MAGNIFIER]
            if isinstance(tool, MagnifierTool):
                tool.follows = self._glass
                at = QPointF(view.mapFromGlobal(QCursor.pos()))
                tool.show_at(at if self._glass and view is self._desk.active else None)
        self._desk.update_viewports()
        self._desk.reflect()

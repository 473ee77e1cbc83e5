"""Mouse tools of a viewport: one small object per tool and viewport turns press, drag and release into intentions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from clients.viewer import colours
from clients.viewer.session import Tool
from clients.viewer.viewport import overlays
from clients.viewer.viewport.layers import FRONT, ShownImage
from clients.viewer.viewport.renderer import Renderer
from clients.viewer.viewport.state import as_window, default_voi
from clients.viewer.viewport.transform import Place, fit_scale, magnified
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Window

if TYPE_CHECKING:
    from clients.viewer.viewport.view import ViewportWidget

ZOOM_PER_PIXEL = 1.006
GLASS, MAGNIFICATION = 240, 2.5  # the magnifier's diameter in logical pixels


class MouseTool:
    """Base of all tools; positions are logical pixels of the widget.

    ``start`` and ``last`` are kept by the viewport: where the button went down, and the position before this one.
    """

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self) -> None:
        self.start = QPointF()
        self.last = QPointF()

    def press(self, _view: ViewportWidget, _at: QPointF, _button: Qt.MouseButton) -> bool:
        """A button went down; True takes the drag that follows."""
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        """The pointer moved while the button is down."""

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        """The button went up."""

    def hover(self, _view: ViewportWidget, _at: QPointF) -> bool:
        """The pointer moved with no button down; True when nobody else needs to know."""
        return False

    def double(self, _view: ViewportWidget, _at: QPointF) -> bool:
        """A double click of the left button; True keeps the viewport from being maximised."""
        return False

    def forget(self) -> None:
        """Another stack came into the viewport: what was begun is void."""


class SpotHand(MouseTool):
    """Clicks on texts of the image that offer something: full quality, the single slice."""

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        if button != Qt.MouseButton.LeftButton:
            return False
        for area, call in view.spots:
            if area.contains(at):
                call()
                return True
        return False


class PageTool(MouseTool):
    """Pages by dragging; a whole stack is about the height of the viewport."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = 0.0

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        self._rest = 0.0
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        count = len(view.state.stack) if view.state.stack is not None else 1
        self._rest += (at.y() - self.last.y()) / max(2.0, min(24.0, view.height() / max(count, 1)))
        whole = int(self._rest)
        if whole:
            self._rest -= whole
            view.state.step(whole)


class WindowTool(MouseTool):
    """Up is wider, right is higher (VW-WL-01, VW-OPN-01); about 400 pixels for the own width of the image."""

    def __init__(self) -> None:
        super().__init__()
        self._window: Window | None = None

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        voi = view.voi()
        self._window = as_window(voi) if voi is not None else None
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        if self._window is None:
            return
        total = at - self.start
        own = default_voi(view.state.frame) if view.state.frame is not None else None
        reference = as_window(own).width if own is not None else self._window.width
        step = max(reference / 400.0, 0.01)
        habit = view.session.window_drag
        wide, level = (total.x(), -total.y()) if habit.swapped else (-total.y(), total.x())
        view.state.drag_window(wide * habit.width_sign * step, level * habit.level_sign * step, self._window)


class ZoomTool(MouseTool):
    """Up enlarges, down shrinks (VW-ZM-01)."""

    cursor = Qt.CursorShape.SizeVerCursor

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        zoom(view, ZOOM_PER_PIXEL ** (self.last.y() - at.y()))


class PanTool(MouseTool):
    """The image follows the hand (VW-PAN-01)."""

    cursor = Qt.CursorShape.OpenHandCursor

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        view.setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        pan(view, self.last, at)

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        view.take_cursor()  # the middle button pans under every tool


class RotateTool(MouseTool):
    """Turns with the hand around the middle (VW-ROT-01)."""

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        centre = QPointF(view.width() / 2, view.height() / 2)
        first, second = self.last - centre, at - centre
        if first.manhattanLength() < 4 or second.manhattanLength() < 4:
            return
        turned = math.degrees(math.atan2(second.y(), second.x()) - math.atan2(first.y(), first.x()))
        view.state.turn((turned + 180) % 360 - 180)


class MagnifierTool(MouseTool):
    """The round glass over the image while the button is held (VW-MG-01); also the layer that draws it."""

    order = FRONT

    def __init__(self) -> None:
        super().__init__()
        self._renderer = Renderer()
        self._at: QPointF | None = None
        self.follows = False
        """The glass follows the pointer, whatever tool is chosen."""

    def show_at(self, at: QPointF | None) -> None:
        """Put the glass over a place, or take it away."""
        self._at = at

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        self._at = at
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        self._at = at
        view.update()

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        self._at = at if self.follows else None

    def forget(self) -> None:
        self._renderer.forget()
        self._at = None

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        at, ratio = self._at, shown.ratio
        if at is None:
            return
        picture, look = view.picture(shown), view.look(shown)
        if picture is None or look is None:
            return
        enlarged = magnified(
            shown.projection, Place(at.x() * ratio, at.y() * ratio), MAGNIFICATION, round(GLASS * ratio)
        )
        rendered = self._renderer.render(
            *picture,
            enlarged,
            look.modality,
            look.voi,
            inverted=look.inverted,
            smooth=view.session.smooth,
            padding=look.padding,
            presentation=look.presentation,
            palette=look.palette,
        )
        corner = QPointF(at.x() - GLASS / 2, at.y() - GLASS / 2)
        circle = QPainterPath()
        circle.addEllipse(QRectF(corner.x(), corner.y(), GLASS, GLASS))
        painter.save()
        painter.setClipPath(circle)
        painter.fillPath(circle, QColor(colours.BACKGROUND))
        if rendered is not None:
            place = QPointF(corner.x() + rendered.left / ratio, corner.y() + rendered.top / ratio)
            painter.drawImage(place, overlays.image_of(rendered, ratio))
            painter.translate(corner)
            overlays.cover_outside(painter, enlarged, ratio)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(colours.ACTIVE), 1.5))
        painter.drawEllipse(QRectF(corner.x(), corner.y(), GLASS, GLASS))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def pan(view: ViewportWidget, start: QPointF, end: QPointF) -> None:
    """Move the image so that what was at ``start`` comes to ``end`` (logical pixels)."""
    projection = view.projection()
    first, then = view.image_point(start), view.image_point(end)
    if projection is None or first is None or then is None:
        return
    middle = projection.image(Place(projection.width / 2, projection.height / 2))
    view.state.centre_on(PixelPoint(middle.column - (then.column - first.column), middle.row - (then.row - first.row)))


def zoom(view: ViewportWidget, factor: float, about: QPointF | None = None) -> None:
    """Enlarge the image of a viewport about its middle, or so that what lies at ``about`` stays there."""
    projection, spacing = view.projection(), view.spacing()
    if projection is None or spacing is None:
        return
    kept = view.image_point(about) if about is not None else None
    fit = fit_scale(
        view.state.geometry,
        projection.columns,
        projection.rows,
        spacing.aspect,
        projection.width,
        projection.height,
    )
    view.state.zoom_by(factor, projection, fit)
    after = view.projection()
    if about is not None and kept is not None and after is not None:
        ratio = view.devicePixelRatioF()
        place = after.place(kept)
        pan(view, QPointF(place.x / ratio, place.y / ratio), about)


def basic_tools() -> dict[str, MouseTool]:
    """The tools that every viewport has, by their ids."""
    return {
        Tool.PAGE: PageTool(),
        Tool.WINDOW: WindowTool(),
        Tool.ZOOM: ZoomTool(),
        Tool.PAN: PanTool(),
        Tool.ROTATE: RotateTool(),
        Tool.MAGNIFIER: MagnifierTool(),
    }

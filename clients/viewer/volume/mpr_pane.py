"""One pane of MPR: paints its picture, the lines of the other planes and the texts; turns the mouse into changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.viewer import colours
from clients.viewer.viewport import overlays
from clients.viewer.viewport.corner_texts import Corners
from clients.viewer.volume.mpr_state import MprState, Pane, PaneFrame
from shared.imaging.geometry import PointMm, Spacing, SpacingSource, letters_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLANE_COLOURS: dict[Pane, str] = {Pane.AXIAL: "#d0803c", Pane.CORONAL: "#4f9d69", Pane.SAGITTAL: "#5a86c8"}
"""Each plane's lines and frame in one colour: how the panes are told apart."""
NEAR = 7.0  # logical pixels
GAP = 14.0  # around the cross, so that it does not cover what it points at
HANDLE_AT = 0.36  # of the smaller side, from the cross


@dataclass(frozen=True, slots=True)
class MprPicture:
    """What the worker made for a pane."""

    frame: PaneFrame
    values: NDArray[Any]  # float32, NaN outside
    image: QImage
    reduction: int


class PaneLayer(Protocol):
    """Something drawn over a pane, measurements for instance; patient coordinates by ``pane.place``."""

    def paint(self, painter: QPainter, pane: MprPane) -> None: ...


class PaneHand(Protocol):
    """A tool that is asked before the pane itself; places are patient coordinates on the pane's plane."""

    def press(self, pane: MprPane, point: PointMm, button: Qt.MouseButton) -> bool: ...

    def drag(self, pane: MprPane, point: PointMm) -> None: ...

    def release(self, pane: MprPane, point: PointMm) -> None: ...


class MprPane(QWidget):
    """Shows one plane of ``state``."""

    window_dragged = Signal(float, float)
    """The reader drags the window: so many logical pixels up (wider) and to the right (higher)."""
    touched = Signal(object)
    """The reader works in this pane."""
    maximise_asked = Signal(object)
    dragging = Signal(bool)
    """A drag began or ended: pictures may be coarse meanwhile."""

    def __init__(self, pane: Pane, state: MprState, tool: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pane = pane
        self.state = state
        self.layers: list[PaneLayer] = []
        self.hands: list[PaneHand] = []
        self.picture: MprPicture | None = None
        self.corners = Corners((), (), (), ())
        self.warnings = 0
        self.unit = ""
        self.is_active = False
        self.lines_shown = True
        self._tool = tool
        self._hand: PaneHand | None = None
        self._grip = ""
        self._last = QPointF()
        self._pressed = QPointF()
        self._pointer: QPointF | None = None
        self._wheel_rest = 0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setMinimumSize(80, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setObjectName(f"mpr.{pane.value}")

    # --- maps

    def frame(self) -> PaneFrame:
        """The pane's map in device pixels, as it is now."""
        ratio = self.devicePixelRatioF()
        return self.state.frame(self.pane, round(self.width() * ratio), round(self.height() * ratio))

    def place(self, point: PointMm) -> QPointF:
        """Where the foot of a patient point stands, logical pixels."""
        x, y = self.frame().place(point)
        ratio = self.devicePixelRatioF()
        return QPointF(x / ratio, y / ratio)

    def point(self, at: QPointF) -> PointMm:
        """The patient's place below logical pixels."""
        ratio = self.devicePixelRatioF()
        return self.frame().point(at.x() * ratio, at.y() * ratio)

    def value_at(self, at: QPointF) -> float | None:
        """The value of the picture below logical pixels; None outside the volume."""
        picture = self.picture
        if picture is None:
            return None
        x, y = picture.frame.place(self.point(at))
        column, row = math.floor(x / picture.reduction), math.floor(y / picture.reduction)
        rows, columns = picture.values.shape
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        value = float(picture.values[row, column])
        return None if math.isnan(value) else value

    def show_picture(self, picture: MprPicture) -> None:
        self.picture = picture
        self.update()

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            if self.picture is not None:
                self._paint_picture(painter, self.picture)
                if self.lines_shown:
                    self._paint_lines(painter)
            for layer in self.layers:
                layer.paint(painter, self)
            self._paint_texts(painter)
            painter.setPen(QPen(QColor(PLANE_COLOURS[self.pane]), 2 if self.is_active else 1))
            painter.setOpacity(1.0 if self.is_active else 0.6)
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _paint_picture(self, painter: QPainter, picture: MprPicture) -> None:
        ratio = self.devicePixelRatioF()
        now, made = self.frame(), picture.frame
        # A picture of a moment ago is put where it belongs now, until the new one is there.
        share = made.mm / now.mm
        offset = made.centre.minus(now.centre)
        x = now.width / 2 + offset.dot(now.axes.right) / now.mm - made.width / 2 * share
        y = now.height / 2 + offset.dot(now.axes.down) / now.mm - made.height / 2 * share
        size = picture.image.size() * picture.reduction
        target = QRectF(x / ratio, y / ratio, size.width() * share / ratio, size.height() * share / ratio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, picture.reduction > 1 or share != 1)
        painter.drawImage(target, picture.image)

    def lines(self) -> list[tuple[Pane, QPointF, QPointF]]:
        """The other planes as they cut this one: pane, the cross, unit direction on screen (logical pixels)."""
        axes, cross = self.state.axes(self.pane), self.place(self.state.cross)
        found = []
        for other in Pane:
            if other is not self.pane:
                cut = axes.normal.cross(self.state.axes(other).normal)
                found.append((other, cross, QPointF(cut.dot(axes.right), cut.dot(axes.down))))
        return found

    def _paint_lines(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        reach = float(self.width() + self.height())
        for other, cross, direction in self.lines():
            colour = QColor(PLANE_COLOURS[other])
            painter.setPen(QPen(colour, 1.2))
            for sign in (-1.0, 1.0):
                painter.drawLine(QLineF(cross + direction * GAP * sign, cross + direction * reach * sign))
            self._paint_slab(painter, colour, cross, direction, reach)
            painter.setBrush(QColor(colours.BACKGROUND))
            painter.setPen(QPen(colour, 1.5))
            for handle in self._handles(cross, direction):
                painter.drawEllipse(handle, 4.0, 4.0)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_slab(self, painter: QPainter, colour: QColor, cross: QPointF, direction: QPointF, reach: float) -> None:
        """Both faces of the slab as dashed lines."""
        if not self.state.thickness_mm:
            return
        away = self.state.thickness_mm / 2 / self.frame().mm / self.devicePixelRatioF()
        side = QPointF(-direction.y(), direction.x()) * away
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        for face in (side, -side):
            painter.drawLine(QLineF(cross + face - direction * reach, cross + face + direction * reach))

    def _handles(self, cross: QPointF, direction: QPointF) -> tuple[QPointF, QPointF]:
        away = min(self.width(), self.height()) * HANDLE_AT
        return cross + direction * away, cross - direction * away

    def _paint_texts(self, painter: QPainter) -> None:
        width, height = float(self.width()), float(self.height())
        axes, frame = self.state.axes(self.pane), self.frame()
        edges = (axes.right.scaled(-1), axes.down.scaled(-1), axes.right, axes.down)
        left, top, right, bottom = (letters_of(edge) for edge in edges)
        large = text_font(current_theme().px(14), bold=True)
        overlays.draw_letters(painter, (left, top, right, bottom), width, height, large)
        per_mm = 1 / frame.mm / self.devicePixelRatioF()
        painter.setFont(text_font(current_theme().px(11)))
        overlays.draw_scale(painter, per_mm, Spacing(1.0, 1.0, SpacingSource.PATIENT), width, height)
        font = text_font(current_theme().px(11 if height < 500 else 12))
        corners = self.corners
        value = self.value_at(self._pointer) if self._pointer is not None else None
        if value is not None:
            corners = replace(corners, bottom_right=(*corners.bottom_right, f"{value:.6g} {self.unit}".strip()))
        overlays.draw_corners(painter, corners, width, height, font, warnings=self.warnings)

    # --- mouse

    def _grip_at(self, at: QPointF) -> str:
        """What lies under the pointer: ``cross``, ``turn``, ``line:PANE`` or nothing."""
        if not self.lines_shown:
            return ""
        lines = self.lines()
        cross = lines[0][1]
        if _length(at - cross) < GAP:
            return "cross"
        for _, cross, direction in lines:
            if any(_length(at - handle) < NEAR + 3 for handle in self._handles(cross, direction)):
                return "turn"
        for other, cross, direction in lines:
            offset = at - cross
            if abs(offset.x() * direction.y() - offset.y() * direction.x()) < NEAR:
                return f"line:{other.value}"
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at, button = event.position(), event.button()
        self.touched.emit(self.pane)
        self._last = self._pressed = at
        if self.picture is None:
            return
        for hand in self.hands:
            if hand.press(self, self.point(at), button):
                self._hand = hand
                return
        if button is Qt.MouseButton.LeftButton:
            self._grip = self._grip_at(at) or self._of_tool()
        elif button is Qt.MouseButton.RightButton:
            self._grip = "window"
        elif button is Qt.MouseButton.MiddleButton:
            self._grip = "pan"
        if self._grip:
            self.dragging.emit(True)

    def _of_tool(self) -> str:
        tool = self._tool()
        return tool if tool in ("page", "zoom", "pan", "window") else "move"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._hand is not None:
            self._hand.drag(self, self.point(at))
        elif self._grip:
            self._drag(at)
            self._last = at
        else:
            self._show_grip(at)
            self._pointer = at
            self.update()

    def _show_grip(self, at: QPointF) -> None:
        grip = self._grip_at(at) if self.picture is not None else ""
        if grip == "turn":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif grip:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)

    def _drag(self, at: QPointF) -> None:
        by = at - self._last
        frame = self.frame()
        mm = frame.mm * self.devicePixelRatioF()  # of one logical pixel
        grip, state = self._grip, self.state
        if grip == "cross":
            state.move_to(self.point(self.place(state.cross) + by))
        elif grip == "move":
            state.move_to(self.point(at))
        elif grip.startswith("line:"):
            normal = state.axes(Pane(grip[5:])).normal  # a line is moved across itself only
            walked = frame.axes.right.scaled(by.x() * mm).dot(normal) + frame.axes.down.scaled(by.y() * mm).dot(normal)
            state.move_to(state.cross.plus(normal.scaled(walked)))
        elif grip == "turn":
            cross = self.place(state.cross)
            state.turn(self.pane, _angle(at - cross) - _angle(self._last - cross))
        elif grip == "pan":
            state.pan(self.pane, by.x() * mm, by.y() * mm)
        elif grip == "zoom":
            state.zoom = state.zoom * math.exp(-by.y() / 150)
        elif grip == "page":
            steps = int((at.y() - self._pressed.y()) / 6) - int((self._last.y() - self._pressed.y()) / 6)
            state.page(self.pane, steps)
        elif grip == "window":
            self.window_dragged.emit(-by.y(), by.x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._hand is not None:
            self._hand.release(self, self.point(at))
            self._hand = None
            return
        grip, self._grip = self._grip, ""
        click = _length(at - self._pressed) < 3 and event.button() is Qt.MouseButton.LeftButton
        if click and grip in ("move", "window", "page", "zoom", "pan"):
            self.state.move_to(self.point(at))
        if grip:
            self.dragging.emit(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit(self.pane)

    def leaveEvent(self, _event: QEvent) -> None:
        self._pointer = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.touched.emit(self.pane)
        delta = event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.state.zoom = self.state.zoom * (1.1 if delta > 0 else 1 / 1.1) if delta else self.state.zoom
        else:
            self._wheel_rest += delta
            notches = int(self._wheel_rest / 120)
            if notches:
                self._wheel_rest -= notches * 120
                self.state.page(self.pane, -notches)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button windows


def _length(vector: QPointF) -> float:
    return math.hypot(vector.x(), vector.y())


def _angle(vector: QPointF) -> float:
    """Clockwise on screen, degrees."""
    return math.degrees(math.atan2(vector.y(), vector.x()))


def place_panes(grid: QGridLayout, panes: Mapping[Pane, MprPane], alone: Pane | None) -> None:
    """The axial plane large at the left, the others at the right; or ``alone``, as after a double click."""
    for pane, widget in panes.items():
        grid.removeWidget(widget)
        widget.setVisible(alone in (None, pane))
    if alone is not None:
        grid.addWidget(panes[alone], 0, 0, 2, 2)
    else:
        grid.addWidget(panes[Pane.AXIAL], 0, 0, 2, 1)
        grid.addWidget(panes[Pane.CORONAL], 0, 1)
        grid.addWidget(panes[Pane.SAGITTAL], 1, 1)
    for n, stretch in enumerate((3, 2)):
        grid.setColumnStretch(n, stretch)
        grid.setRowStretch(n, 1)

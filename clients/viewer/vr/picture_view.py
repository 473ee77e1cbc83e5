"""The picture of the volume: paints what came from the renderer and turns mouse and keys into the model's changes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.vr.camera import NAMED_VIEWS
from clients.viewer.vr.overlay import CUBE, HANDLE, Handle, handles_of, paint_box, paint_cube, pushed
from clients.viewer.vr.renderer import Quality
from clients.viewer.vr.scene import cut_of_picture
from clients.viewer.vr.state import VrModel

DEGREES_PER_PIXEL = 0.4
KEY_DEGREES = 5.0
WHEEL_STEP = 1.12


class MouseTool(StrEnum):
    """What the left button does."""

    ROTATE = "rotate"
    BOX = "box"  # grips of the crop box; elsewhere it rotates
    CUT_INSIDE = "cut_inside"  # what is encircled goes
    KEEP_INSIDE = "keep_inside"  # what is encircled stays


class PictureView(QWidget):
    """Fills its place; sizes are asked for in device pixels."""

    hand_lifted = Signal()
    """The mouse button went up: now the full quality may come."""
    resized = Signal()
    message_clicked = Signal()
    tool_changed = Signal(str)
    leave_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(160, 160)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.model: VrModel | None = None
        self.patient_lines: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.message = ""
        """In the middle, instead of a picture or while there is none yet."""
        self.notice = ""
        """A sentence for the reader, at the foot; it is no part of the picture that leaves."""
        self.texts_hidden = False
        self._image: QImage | None = None
        self._quality = Quality.FULL
        self._tool = MouseTool.ROTATE
        self._outline: list[QPointF] = []
        self._grip: Handle | None = None
        self._hot = ""
        self._from: QPointF | None = None
        self._drag: Callable[[QPointF, QPointF], None] | None = None

    # --- what is shown

    @property
    def tool(self) -> MouseTool:
        return self._tool

    @tool.setter
    def tool(self, tool: MouseTool) -> None:
        self._outline.clear()
        if tool is not self._tool:
            self._tool = tool
            cutting = tool in (MouseTool.CUT_INSIDE, MouseTool.KEEP_INSIDE)
            self.setCursor(Qt.CursorShape.CrossCursor if cutting else Qt.CursorShape.ArrowCursor)
            self.tool_changed.emit(tool.value)
        self.update()

    @property
    def device_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(8, round(self.width() * ratio)), max(8, round(self.height() * ratio))

    @property
    def quality(self) -> Quality:
        """Of the picture on screen."""
        return self._quality

    @property
    def image(self) -> QImage | None:
        """The picture without its overlays, in the size in which it was computed."""
        return self._image

    def show_image(self, image: QImage, quality: Quality) -> None:
        """Another picture of the scene."""
        self._image, self._quality, self.message = image, quality, ""
        self.update()

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint_ground(painter)
            self._paint_overlays(painter)

    def paint_export(self, painter: QPainter, *, named: bool = True) -> None:
        """Picture, letters and, where ``named``, the patient's lines, for a file, a report or a film: no tools."""
        self._paint_ground(painter)
        if self.model is not None:
            self._paint_letters(painter, self.model)
            paint_cube(painter, self._cube_place, self.model.camera)
        if named:
            self._paint_lines(painter)

    def _paint_ground(self, painter: QPainter) -> None:
        background = self.model.look.background if self.model is not None else colours.BACKGROUND
        painter.fillRect(self.rect(), QColor(background))
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(self.rect()), self._image)

    def _paint_lines(self, painter: QPainter) -> None:
        painter.setFont(current_theme().font())
        for n, line in enumerate(self.patient_lines):
            self._text(painter, QRectF(12, 10 + 19 * n, self.width() - 24, 19), line, colours.TEXT)

    @property
    def _cube_place(self) -> QPointF:
        return QPointF(18 + 1.6 * CUBE, self.height() - 18 - 1.6 * CUBE)

    def _paint_overlays(self, painter: QPainter) -> None:
        theme = current_theme()
        painter.setFont(theme.font())
        model = self.model
        if model is not None and self._image is not None:
            if self._tool is MouseTool.BOX:
                box = model.scene.shape.box or model.whole
                paint_box(painter, box, model.camera, (self.width(), self.height()), self._hot)
            if not self.texts_hidden:
                self._paint_letters(painter, model)
                paint_cube(painter, self._cube_place, model.camera)
            self._paint_outline(painter)
        if not self.texts_hidden:
            self._paint_lines(painter)
        self._paint_marks(painter)
        if self.message:
            painter.setFont(theme.font("title"))
            spot = QRectF(self.rect()).adjusted(40, 0, -40, 0)
            painter.setPen(QColor(colours.TEXT))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(spot, flags, self.message)

    def _paint_letters(self, painter: QPainter, model: VrModel) -> None:
        left, right, top, bottom = model.camera.letters
        font = QFont(current_theme().font("title", bold=True))
        painter.setFont(font)
        w, h = self.width(), self.height()
        middle, sides = Qt.AlignmentFlag.AlignCenter, 46
        for area, letters in (
            (QRectF(4, h / 2 - 14, sides, 28), left),
            (QRectF(w - sides - 4, h / 2 - 14, sides, 28), right),
            (QRectF(w / 2 - sides, 6, 2 * sides, 26), top),
            (QRectF(w / 2 - sides, h - 32, 2 * sides, 26), bottom),
        ):
            self._text(painter, area, letters, colours.LETTER, middle)

    def _paint_marks(self, painter: QPainter) -> None:
        """Quality at the lower right, what was done to the slices above it."""
        painter.setFont(current_theme().font())
        lines = [(tr(note), colours.WARNING) for note in self.notes]
        if self._image is not None and self._quality < Quality.FULL:
            coarse = self._quality is Quality.COARSE
            lines.append((tr("快速预览") if coarse else tr("正在细化…"), colours.LETTER))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for n, (line, colour) in enumerate(reversed(lines)):
            area = QRectF(12, self.height() - 30 - 19 * n, self.width() - 24, 19)
            self._text(painter, area, line, colour, flags)
        if self.notice:
            area = QRectF(120, self.height() - 66, self.width() - 240, 24)
            self._text(painter, area, self.notice, colours.WARNING, Qt.AlignmentFlag.AlignCenter)

    def _paint_outline(self, painter: QPainter) -> None:
        if len(self._outline) > 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours.HANDLE), 1.5))
            fill = QColor(colours.HANDLE)
            fill.setAlpha(36)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF(self._outline))
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _text(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        colour: str,
        flags: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    ) -> None:
        """Text that can be read on light and dark: with a shadow."""
        painter.setPen(QColor(colours.TEXT_SHADOW))
        painter.drawText(area.translated(1, 1), flags, text)
        painter.setPen(QColor(colour))
        painter.drawText(area, flags, text)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.message:
            self.message_clicked.emit()
        if self.model is None or self._drag is not None:
            return
        self._from = event.position()
        button = event.button()
        if button is Qt.MouseButton.MiddleButton:
            self._drag = self._pan
        elif button is Qt.MouseButton.RightButton:
            self._drag = self._zoom
        elif button is Qt.MouseButton.LeftButton:
            self._drag = self._left_drag(event.position())

    def _left_drag(self, at: QPointF) -> Callable[[QPointF, QPointF], None]:
        if self._tool in (MouseTool.CUT_INSIDE, MouseTool.KEEP_INSIDE):
            self._outline = [at]
            return self._draw
        if self._tool is MouseTool.BOX:
            self._grip = self._grip_at(at)
            if self._grip is not None:
                return self._push
        return self._rotate

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._drag is not None and self._from is not None:
            before, self._from = self._from, at
            self._drag(before, at)
        elif self._tool is MouseTool.BOX and self.model is not None:
            grip = self._grip_at(at)
            hot = grip.face if grip is not None else ""
            if hot != self._hot:
                self._hot = hot
                self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        drag, self._drag, self._from = self._drag, None, None
        model = self.model
        if model is None or drag is None:
            return
        if drag == self._draw:
            self._finish_outline(model)
        elif drag == self._push:
            self._grip = None
            model.settle_box()
        self.hand_lifted.emit()

    def _rotate(self, before: QPointF, at: QPointF) -> None:
        if self.model is not None:
            moved = at - before
            turn = -moved.x() * DEGREES_PER_PIXEL, moved.y() * DEGREES_PER_PIXEL
            self.model.camera = self.model.camera.rotated(*turn)

    def _pan(self, before: QPointF, at: QPointF) -> None:
        if self.model is not None:
            scale = 2 * self.model.camera.half_height_mm / max(1, self.height())
            moved = at - before
            self.model.camera = self.model.camera.panned(moved.x() * scale, -moved.y() * scale)

    def _zoom(self, before: QPointF, at: QPointF) -> None:
        if self.model is not None:
            self.model.camera = self.model.camera.zoomed(1.008 ** (before.y() - at.y()))

    def _push(self, before: QPointF, at: QPointF) -> None:
        if self.model is not None and self._grip is not None:
            box = self.model.scene.shape.box or self.model.whole
            scale = 2 * self.model.camera.half_height_mm / max(1, self.height())
            self.model.drag_box(pushed(self._grip, box, at - before, scale))

    def _draw(self, _before: QPointF, at: QPointF) -> None:
        last = self._outline[-1]
        if abs(at.x() - last.x()) + abs(at.y() - last.y()) >= 2:
            self._outline.append(at)
            self.update()

    def _finish_outline(self, model: VrModel) -> None:
        outline = [(p.x(), p.y()) for p in self._outline]
        self._outline.clear()
        keeps = self._tool is MouseTool.KEEP_INSIDE
        cut = cut_of_picture(model.camera, outline, self.width(), self.height(), keeps_inside=keeps)
        if cut is not None:
            model.add_cut(cut)
        self.update()

    def _grip_at(self, at: QPointF) -> Handle | None:
        if self.model is None:
            return None
        box = self.model.scene.shape.box or self.model.whole
        near = [
            handle
            for handle in handles_of(box, self.model.camera, self.width(), self.height())
            if (handle.at - at).manhattanLength() <= 2 * HANDLE
        ]
        return near[-1] if near else None

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.model is not None and event.angleDelta().y():
            self.model.camera = self.model.camera.zoomed(WHEEL_STEP ** (event.angleDelta().y() / 120))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """As a press: two quick strokes are two strokes."""
        self.mousePressEvent(event)

    # --- keys

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here do not start the window's own commands."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._command(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = self._command(event)
        if command is not None:
            command()
        else:
            super().keyPressEvent(event)

    def _command(self, event: QKeyEvent) -> Callable[[], object] | None:
        model = self.model
        key, held = Qt.Key(event.key()), event.modifiers()
        if key == Qt.Key.Key_Escape:
            return self._escape
        if model is None:
            return None
        if held & Qt.KeyboardModifier.ControlModifier:
            return {Qt.Key.Key_Z: model.undo.undo, Qt.Key.Key_Y: model.undo.redo}.get(key)
        turns = {
            Qt.Key.Key_Left: (-KEY_DEGREES, 0.0),
            Qt.Key.Key_Right: (KEY_DEGREES, 0.0),
            Qt.Key.Key_Up: (0.0, KEY_DEGREES),
            Qt.Key.Key_Down: (0.0, -KEY_DEGREES),
        }
        if key in turns:
            return lambda: setattr(model, "camera", model.camera.rotated(*turns[key]))
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            return lambda: setattr(model, "camera", model.camera.zoomed(WHEEL_STEP))
        if key == Qt.Key.Key_Minus:
            return lambda: setattr(model, "camera", model.camera.zoomed(1 / WHEEL_STEP))
        side = event.text().upper()
        if side in NAMED_VIEWS and not held & ~Qt.KeyboardModifier.ShiftModifier:
            return lambda: model.look_from(side)
        return None

    def _escape(self) -> None:
        """Gives up an outline, then the tool, then the page."""
        if self._outline:
            self._outline.clear()
            self._drag = None
            self.update()
        elif self._tool is not MouseTool.ROTATE:
            self.tool = MouseTool.ROTATE
        else:
            self.leave_asked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def sizeHint(self) -> QSize:
        return QSize(900, 700)

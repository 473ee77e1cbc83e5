"""Mouse tools for marks: drawing, selecting, moving, erasing, writing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QInputDevice, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit, QWidget

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.marks.drawing import draw_marks, draw_stroke
from clients.viewer.marks.model import (
    FINGER_PX,
    MOST_POINTS,
    POINTER_PX,
    STANDARD_FONT_PX,
    Kind,
    Mark,
    Sheet,
    area_outline,
    with_handle,
)
from clients.viewer.marks.surface import Surface, ViewportSurface, hit_of
from clients.viewer.viewport.layers import MARKS, ShownImage
from clients.viewer.viewport.mouse import MouseTool
from shared.imaging.geometry import PixelPoint
from shared.imaging.shapes import Polygon, ShapeError, covered, grown_region, region_outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.viewport.view import ViewportWidget

LEAST_DRAG_PX = 4
SurfaceOf = Callable[["ViewportWidget"], Surface]


def surface_of(view: ViewportWidget) -> Surface:
    """The surface of a viewport, made once; panes of reconstructions bring their own as ``mark_surface``."""
    known: Surface | None = getattr(view, "mark_surface", None)
    if known is None:
        known = ViewportSurface(view)
        view.mark_surface = known  # type: ignore[attr-defined]
    return known


@dataclass(slots=True)
class _Edited:
    original: Mark
    handle: int | None
    after: Mark


class MarkHand(MouseTool):
    """Selects, moves and deletes what lies under the pointer, whatever tool is chosen (VW-MEA-08 to -10)."""

    def __init__(self) -> None:
        super().__init__()
        self._edited: _Edited | None = None

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        surface = surface_of(view)
        book, hit = surface.book, hit_of(surface, at)
        if button == Qt.MouseButton.RightButton:
            if book.selected is not None and hit is not None and hit.mark.id == book.selected.id:
                book.delete(book.selected)
                return True
            return False
        if button != Qt.MouseButton.LeftButton:
            return False
        if hit is None:
            book.select(None)
            return False
        book.select(hit.mark.id)
        self._edited = _Edited(hit.mark, hit.handle, hit.mark)
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        surface = surface_of(view)
        start, end = surface.point(self.start), surface.point(at)
        edited = self._edited
        if edited is None or start is None or end is None or edited.original.foreign:
            return
        if edited.handle is None:
            edited.after = edited.original.moved(end.column - start.column, end.row - start.row)
        else:
            edited.after = with_handle(edited.original, edited.handle, end)
        surface.book.preview(edited.after)

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        edited, self._edited = self._edited, None
        if edited is not None:
            surface_of(view).book.change(edited.original, edited.after)

    def double(self, view: ViewportWidget, at: QPointF) -> bool:
        """A double click on a text opens it again."""
        surface = surface_of(view)
        hit = hit_of(surface, at)
        if hit is not None and hit.mark.kind in (Kind.TEXT, Kind.ARROW) and not hit.mark.foreign:
            self._edited = None
            rewrite(surface, hit.mark)
        return hit is not None

    def forget(self) -> None:
        self._edited = None


class DrawTool(MouseTool):
    """Draws one kind of mark; the mark in the making is ``open``."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self._waits = False  # the next press belongs to what was begun
        self.open: Mark | None = None

    def _new(self, surface: Surface, kind: Kind, key: Sheet, points: tuple[PixelPoint, ...]) -> Mark:
        style = surface.book.style
        return Mark(-1, kind, key, points, colour=style.colour, font_px=style.font_px)

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        surface = surface_of(view)
        point, key = surface.point(at), surface.sheet
        if point is None or key is None:
            return True
        if self._kind is Kind.PIXEL:
            surface.book.draw(Kind.PIXEL, key, (point,))
        elif self._kind is Kind.TEXT:
            write(surface, key, point)
        elif self._waits and self.open is not None:
            self._go_on(surface, point)
        else:
            kind = Kind.LENGTH if self._kind in (Kind.ANGLE, Kind.COBB) else self._kind
            points = (point,) if kind is Kind.CURVE else (point, point)
            self.open = self._new(surface, kind, key, points)
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        point = surface_of(view).point(at)
        opened = self.open
        if opened is None or point is None or (self._waits and opened.kind is not Kind.COBB):
            return
        if opened.kind is Kind.CURVE:
            if len(opened.points) < MOST_POINTS and (at - self.last).manhattanLength() >= 1:
                self.open = self._new(surface_of(view), Kind.CURVE, opened.key, (*opened.points, point))
        else:
            if opened.kind.is_area and QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier:
                point = even_corner(surface_of(view), opened.points[0], point)
            self.open = opened.with_point(len(opened.points) - 1, point)
        view.update()

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        surface, opened = surface_of(view), self.open
        if opened is None:
            return
        is_click = (at - self.start).manhattanLength() < LEAST_DRAG_PX
        if self._waits:
            if opened.kind is Kind.COBB and not is_click:
                self._finish(surface, opened)
            return
        self.open = None
        if (is_click and opened.kind is not Kind.CURVE) or len(opened.points) < 2:
            return
        if self._kind is Kind.ANGLE:
            # The first side is drawn; the second follows the pointer until a click (VW-MEA-05).
            self.open = self._new(surface, Kind.ANGLE, opened.key, (*opened.points, opened.points[1]))
            self._waits = True
        elif self._kind is Kind.COBB:
            self.open, self._waits = opened, True  # the second line is drawn like the first
        else:
            self._finish(surface, opened)

    def _go_on(self, surface: Surface, point: PixelPoint) -> None:
        opened = self.open
        if opened is None:
            return
        if self._kind is Kind.ANGLE:
            self._finish(surface, opened.with_point(2, point))
        elif opened.kind is Kind.LENGTH:
            self.open = self._new(surface, Kind.COBB, opened.key, (*opened.points, point, point))

    def _finish(self, surface: Surface, opened: Mark) -> None:
        self.forget()
        if opened.key == surface.sheet:
            surface.book.draw(opened.kind, opened.key, opened.points)

    def hover(self, view: ViewportWidget, at: QPointF) -> bool:
        point = surface_of(view).point(at)
        if self._waits and self._kind is Kind.ANGLE and self.open is not None and point is not None:
            self.open = self.open.with_point(2, point)
            view.update()
        return self._waits

    def forget(self) -> None:
        self.open, self._waits = None, False

    @property
    def is_waiting(self) -> bool:
        """True while the next click belongs to what was begun."""
        return self._waits


def even_corner(surface: Surface, start: PixelPoint, end: PixelPoint) -> PixelPoint:
    """The opposite corner that makes a circle or a square, as wide as high on screen and so in the patient."""
    canvas = surface.canvas()
    if canvas is None:
        return end
    origin = canvas.place(PixelPoint(0, 0))
    wide, high = (canvas.place(at) - origin for at in (PixelPoint(1, 0), PixelPoint(0, 1)))
    column_px, row_px = math.hypot(wide.x(), wide.y()), math.hypot(high.x(), high.y())
    columns, rows = end.column - start.column, end.row - start.row
    side = max(abs(columns) * column_px, abs(rows) * row_px)
    return PixelPoint(
        start.column + math.copysign(side / column_px, columns), start.row + math.copysign(side / row_px, rows)
    )


class BrushTool(MouseTool):
    """The smart brush: a region grows by grey value from the painted stroke (VW-MEA-04, VW-OPN-07).

    A stroke that begins inside the selected brush region adds to it; with Alt it takes away.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self) -> None:
        super().__init__()
        self.stroke: list[PixelPoint] = []

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        surface = surface_of(view)
        point = surface.point(at)
        self.stroke = [point] if point is not None and surface.stored() is not None else []
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        point = surface_of(view).point(at)
        if self.stroke and point is not None and len(self.stroke) < MOST_POINTS:
            self.stroke.append(point)
            view.update()

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        stroke, self.stroke = self.stroke, []
        surface = surface_of(view)
        values, canvas, key = surface.stored(), surface.canvas(), surface.sheet
        if not stroke or values is None or canvas is None or key is None or values.pixels.ndim != 2:
            return
        step = canvas.place(PixelPoint(1, 0)) - canvas.place(PixelPoint(0, 0))
        scale = max((step.x() ** 2 + step.y() ** 2) ** 0.5, 1e-6)
        radius = max(surface.book.style.brush_px / scale, 1.0)
        old = surface.book.selected
        if old is None or old.kind is not Kind.BRUSH or old.key != key or old.foreign or not _holds(old, stroke[0]):
            old = None
        less = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.AltModifier)
        try:
            points = brushed(values.pixels, stroke, radius, old, less=less and old is not None)
        except ShapeError:
            return  # beside the image, or nothing is left
        if len(points) < 3:
            return
        if old is not None:
            surface.book.change(old, replace(old, points=points))
        else:
            surface.book.draw(Kind.BRUSH, key, points)

    def forget(self) -> None:
        self.stroke = []


def _holds(mark: Mark, at: PixelPoint) -> bool:
    column, row = round(at.column), round(at.row)
    return bool(covered(area_outline(mark), slice(row, row + 1), slice(column, column + 1))[0, 0])


def brushed(
    pixels: NDArray[Any], stroke: list[PixelPoint], radius: float, old: Mark | None = None, *, less: bool = False
) -> tuple[PixelPoint, ...]:
    """The outline of the region that a stroke means, joined to ``old``; ``less`` takes the painted line away from it.

    Only the part of the image that the stroke can reach is looked at. Raises :class:`ShapeError`.
    """
    import cv2
    import numpy as np

    before = old.points if old is not None else ()
    columns, rows = ([p[n] for p in (*stroke, *before)] for n in (0, 1))
    reach = 5 * radius + 4
    left, top = max(int(min(columns) - reach), 0), max(int(min(rows) - reach), 0)
    part = pixels[top : max(int(max(rows) + reach) + 1, 0), left : max(int(max(columns) + reach) + 1, 0)]
    if part.size == 0:
        raise ShapeError("The stroke lies beside the image.")
    here = [(p.column - left, p.row - top) for p in stroke]
    if less:
        painted = np.zeros(part.shape, np.uint8)
        line = np.rint(np.array(here)).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(painted, [line], False, 1, max(1, round(2 * radius)))
        for x, y in line[:, 0]:
            cv2.circle(painted, (int(x), int(y)), max(1, round(radius)), 1, -1)
        region = ~painted.astype(bool)
    else:
        region = grown_region(part, here, radius)
    if old is not None:
        whole = Polygon(tuple((p.column - left, p.row - top) for p in before))
        known = covered(whole, slice(0, part.shape[0]), slice(0, part.shape[1]))
        region = known & region if less else known | region
    return tuple(PixelPoint(x + left, y + top) for x, y in region_outline(region))


class EraserTool(MouseTool):
    """A click on a mark removes that one (VW-CLR-02)."""

    cursor = Qt.CursorShape.PointingHandCursor
    is_waiting = True  # asked before the hand, which would select the mark instead

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        surface = surface_of(view)
        hit = hit_of(surface, at, 1.5)
        if hit is not None:
            surface.book.delete(hit.mark)
        return True


class MarkLayer:
    """Draws the marks of a viewport with their values, and what is being drawn."""

    order = MARKS

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        surface = surface_of(view)
        canvas = surface.canvas()
        if not shown.has_pixels or canvas is None:
            return
        marks = [*surface.own_marks(), *surface.other_marks()]
        tool = view.tools.get(view.session.tool)
        if isinstance(tool, DrawTool) and tool.open is not None and tool.open.key == surface.sheet:
            marks.append(tool.open)
        selected = surface.book.selected
        draw_marks(
            painter, [(m, surface.value_of(m)) for m in marks], canvas, selected=selected.id if selected else None
        )
        if isinstance(tool, BrushTool) and tool.stroke:
            draw_stroke(painter, tool.stroke, surface.book.style.brush_px, canvas)


# --- writing ---------------------------------------------------------------------------------------------


class TextBox(QLineEdit):
    """The input box of a text; a click outside saves, Escape gives up (VW-ANN-04)."""

    def __init__(self, surface: Surface, at: QPointF, text: str, done: Callable[[str], object]) -> None:
        super().__init__(text, surface.widget)
        self._done: Callable[[str], object] | None = done
        self._ended = False
        font_px = surface.book.style.font_px or STANDARD_FONT_PX
        self.setObjectName("mark.text")
        self.setFont(text_font(max(font_px, 13)))
        self.setPlaceholderText(tr("输入文字，单击框外保存"))
        self.setMaxLength(1024)
        self.setStyleSheet(
            f"QLineEdit#mark\\.text {{ background: #10171a; color: {colours.TEXT}; border: 1px solid {colours.ACTIVE};"
            " border-radius: 3px; padding: 2px 6px; }"
        )
        wide, high = 260, self.sizeHint().height()
        x = min(max(round(at.x()), 2), max(surface.widget.width() - wide - 2, 2))
        y = min(max(round(at.y()) - high // 2, 2), max(surface.widget.height() - high - 2, 2))
        self.setGeometry(x, y, wide, high)
        self.editingFinished.connect(self._finish)
        surface.widget.installEventFilter(self)
        self.show()
        self.setFocus()
        self.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and watched is self.parent():
            self._finish()
            return True  # the click saves; it draws nothing
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._done = None
            self._finish()
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        done, self._done = self._done, None
        if self._ended:
            return
        self._ended = True
        self.hide()
        # The click that takes the focus away comes after it and belongs to the box: it draws nothing.
        QTimer.singleShot(0, self, self._go)
        if done is not None:
            done(self.text().strip())

    def _go(self) -> None:
        parent = self.parent()
        if isinstance(parent, QWidget):
            parent.removeEventFilter(self)
            parent.setFocus()
        self.deleteLater()


def write(surface: Surface, key: Sheet, point: PixelPoint) -> None:
    """Open the input box for a new text."""
    canvas = surface.canvas()
    if canvas is None:
        return

    def done(text: str) -> None:
        if text:
            surface.book.draw(Kind.TEXT, key, (point,), text)

    TextBox(surface, canvas.place(point), "", done)


def rewrite(surface: Surface, mark: Mark) -> None:
    """Open the input box for a text that is there; an empty one deletes a text."""
    canvas = surface.canvas()
    if canvas is None:
        return

    def done(text: str) -> None:
        if text or mark.kind is not Kind.TEXT:
            surface.book.change(mark, replace(mark, text=text))
        else:
            surface.book.delete(mark)

    TextBox(surface, canvas.place(mark.points[-1]), mark.text, done)


_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class ArrowKeys(QObject):
    """Arrow keys move the selected mark of a viewport by a pixel, with Shift by ten; fingers reach wider (VW-EX-09)."""

    def __init__(self, view: ViewportWidget) -> None:
        super().__init__(view)
        self._view = view
        view.installEventFilter(self)

    def _in_image(self, step: tuple[int, int]) -> tuple[int, int]:
        """The step of one pixel that goes nearest to the arrow's way on screen, however the image is turned."""
        canvas = surface_of(self._view).canvas()
        if canvas is None:
            return step

        def along(way: tuple[int, int]) -> float:
            moved = canvas.place(PixelPoint(*way)) - canvas.place(PixelPoint(0, 0))
            return float(moved.x() * step[0] + moved.y() * step[1])

        return max(_STEPS.values(), key=along)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            touched = event.device().type() == QInputDevice.DeviceType.TouchScreen
            surface_of(self._view).reach_px = FINGER_PX if touched else POINTER_PX
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(event, QKeyEvent):
            step = _STEPS.get(Qt.Key(event.key()))
            modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            plain = modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
            mark = self._view.session.marks.selected
            if step is not None and plain and mark is not None and mark.key == surface_of(self._view).sheet:
                if event.type() == QEvent.Type.KeyPress:
                    by = 10 if modifiers == Qt.KeyboardModifier.ShiftModifier else 1
                    columns, rows = self._in_image(step)
                    self._view.session.marks.change(mark, mark.moved(columns * by, rows * by))
                event.accept()  # not the shortcut that pages
                return True
        return super().eventFilter(watched, event)

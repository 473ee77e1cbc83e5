"""The widget of one viewport: follows its state, paints pixels and overlays, turns the mouse into intentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.measurements import Kind, MeasuredValue, Measurement, Values, measure
from clients.viewer.pixels import PixelStore, StackPixels
from clients.viewer.session import Tool, ViewerSession
from clients.viewer.study import FrameKey, Stack
from clients.viewer.viewport import overlays
from clients.viewer.viewport.corner_texts import Corners, corners_of, person_name
from clients.viewer.viewport.hits import Hit, hit_test
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Rendered, Renderer
from clients.viewer.viewport.state import Aspect, ViewportState, as_window, default_voi
from clients.viewer.viewport.transform import Place, Projection, edge_directions, fit_scale, magnified, project
from shared.imaging.geometry import (
    PixelPoint,
    Spacing,
    direction_of,
    letters_of,
)
from shared.imaging.header import ImageHeader
from shared.imaging.lut import LookupTable, Window, window_of_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

STACK_MIME = "application/x-mingjing-stack"
ZOOM_PER_PIXEL = 1.006
GLASS, MAGNIFICATION = 240, 2.5  # the magnifier's diameter in logical pixels
DRAWN = {
    Tool.LENGTH: Kind.LENGTH,
    Tool.ANGLE: Kind.ANGLE,
    Tool.RECTANGLE: Kind.RECTANGLE,
    Tool.ELLIPSE: Kind.ELLIPSE,
}


@dataclass(slots=True)
class _Drag:
    """What a pressed button is doing."""

    what: str
    start: QPointF
    last: QPointF
    window: Window | None = None
    original: Measurement | None = None
    handle: int | None = None
    points: tuple[PixelPoint, ...] = ()
    rest: float = 0.0


class ViewportWidget(QWidget):
    """Shows ``state`` with pixels of ``store``."""

    activated = Signal(int)
    """The reader touched this viewport; its number."""
    maximise_asked = Signal(int)
    """Double click: show this viewport alone, or go back."""
    stack_dropped = Signal(int, int)
    """A stack of the series bar was dropped here: viewport number, stack number."""

    def __init__(self, number: int, session: ViewerSession, store: PixelStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = number
        self.session = session
        self.state: ViewportState = session.viewports[number]
        self.store = store
        self.message = ""  # what to say while the viewport is empty
        self.frames_painted = 0
        self.last_painted: FrameKey | None = None
        self._renderer, self._glass = Renderer(), Renderer()
        self._auto_voi: tuple[object, Window] | None = None
        self._drag: _Drag | None = None
        self._angle_open: Measurement | None = None
        self._hover: PixelPoint | None = None
        self._values: dict[int, tuple[object, MeasuredValue]] = {}
        self._forget = [
            self.state.changed.connect(self._on_state),
            session.measurements.changed.connect(self._on_measurement),
            session.measurements.selected_changed.connect(self.update),
            session.key_images_changed.connect(self._on_key_image),
            session.active_changed.connect(self.update),
            session.tool_changed.connect(self._on_tool),
            session.texts_changed.connect(self.update),
        ]
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._on_tool()

    def release(self) -> None:
        """Stop following the model; before the widget goes."""
        for forget in self._forget:
            forget()
        self._forget.clear()

    # --- following the model

    def _on_state(self, aspect: Aspect) -> None:
        if aspect is Aspect.STACK:
            self._renderer.forget()
            self._glass.forget()
            self._auto_voi = None
            self._angle_open = None
        self.update()

    def _on_measurement(self, key: FrameKey) -> None:
        if key == self.state.key:
            self.update()

    def _on_key_image(self, key: FrameKey) -> None:
        if key == self.state.key:
            self.update()

    def _on_tool(self) -> None:
        shapes = {
            Tool.PAN: Qt.CursorShape.OpenHandCursor,
            Tool.LENGTH: Qt.CursorShape.CrossCursor,
            Tool.ANGLE: Qt.CursorShape.CrossCursor,
            Tool.RECTANGLE: Qt.CursorShape.CrossCursor,
            Tool.ELLIPSE: Qt.CursorShape.CrossCursor,
            Tool.PIXEL: Qt.CursorShape.CrossCursor,
            Tool.ZOOM: Qt.CursorShape.SizeVerCursor,
        }
        self.setCursor(QCursor(shapes.get(self.session.tool, Qt.CursorShape.ArrowCursor)))

    # --- what is shown now

    def pixels(self) -> StackPixels | None:
        return self.store.of(self.state.stack) if self.state.stack is not None else None

    def spacing(self) -> Spacing | None:
        frame = self.state.frame
        return frame.spacing if frame is not None else None

    def projection(self) -> Projection | None:
        """The map from image to device pixels of this widget; None without an image."""
        image, spacing = self.state.image, self.spacing()
        if image is None or spacing is None:
            return None
        width, height = self._device_size()
        fmt = image.pixel_format
        return project(
            self.state.geometry,
            columns=fmt.columns,
            rows=fmt.rows,
            aspect=spacing.aspect,
            width=width,
            height=height,
        )

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def voi(self) -> Window | LookupTable | None:
        """The window in force: the reader's, else the image's own, else one found from the pixels."""
        if self.state.voi is not None:
            return self.state.voi
        image, frame, pixels = self.state.image, self.state.frame, self.pixels()
        if image is None or frame is None or pixels is None:
            return None
        if image.pixel_format.is_colour:
            return COLOUR_WINDOW
        own = default_voi(frame)
        if own is not None:
            return own
        array = pixels.frame(self.state.index)
        # One window for a whole stack, or the grey would flicker while paging; single images get their own.
        token = id(self.state.stack)
        if self._auto_voi is None or self._auto_voi[0] != token:
            if array is None:
                return None
            self._auto_voi = (token, window_of_pixels(array, pixels.modality(self.state.index), image.padding))
        return self._auto_voi[1]

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            self._paint_content(painter)
            if self.session.layout.cells > 1:
                active = self.session.active == self.number
                painter.setPen(QPen(QColor(colours.ACTIVE if active else colours.GRID), 1))
                painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _paint_content(self, painter: QPainter) -> None:
        font = text_font(12)
        painter.setFont(font)
        stack, projection, pixels = self.state.stack, self.projection(), self.pixels()
        if stack is None or projection is None or pixels is None:
            if self.message:
                overlays.draw_message(painter, self.message, QRectF(self.rect()), colours.LETTER)
            return
        index = self.state.index
        array = pixels.frame(index)
        if array is not None:
            self._paint_pixels(painter, array, projection, stack, index)
        elif index in pixels.errors:
            sentence = tr("这幅图像无法显示：{why}", why=pixels.errors[index])
            overlays.draw_message(painter, sentence, QRectF(self.rect()), colours.ERROR)
        else:
            overlays.draw_message(painter, tr("正在载入…"), QRectF(self.rect()), colours.LETTER)
        self._paint_overlays(painter, stack, index, projection, pixels, has_image=array is not None)

    def _paint_pixels(
        self, painter: QPainter, array: NDArray[Any], projection: Projection, stack: Stack, index: int
    ) -> None:
        voi = self.voi()
        pixels = self.pixels()
        if voi is None or pixels is None:
            return
        image = stack.image(index)
        rendered = self._renderer.render(
            array,
            (id(stack), index),
            projection,
            pixels.modality(index),
            voi,
            inverted=image.inverted != self.state.inverted,
            half=pixels.half(index),
        )
        if rendered is None:
            return
        ratio = self.devicePixelRatioF()
        shown = _image_of(rendered, ratio)
        painter.drawImage(QPointF(rendered.left / ratio, rendered.top / ratio), shown)
        overlays.cover_outside(painter, projection, ratio)
        if self._drag is not None and self._drag.what == Tool.MAGNIFIER.value:
            self._paint_glass(painter, array, projection, voi, self._drag.last)
        self.frames_painted += 1
        self.last_painted = stack.frames[index]

    def _paint_glass(
        self,
        painter: QPainter,
        array: NDArray[Any],
        projection: Projection,
        voi: Window | LookupTable,
        at: QPointF,
    ) -> None:
        """The round glass of the magnifier over the image (VW-MG-01)."""
        pixels, image = self.pixels(), self.state.image
        if pixels is None or image is None:
            return
        ratio = self.devicePixelRatioF()
        side = round(GLASS * ratio)
        enlarged = magnified(projection, Place(at.x() * ratio, at.y() * ratio), MAGNIFICATION, side)
        modality, inverted = pixels.modality(self.state.index), image.inverted != self.state.inverted
        rendered = self._glass.render(array, (id(pixels), self.state.index), enlarged, modality, voi, inverted=inverted)
        corner = QPointF(at.x() - GLASS / 2, at.y() - GLASS / 2)
        circle = QPainterPath()
        circle.addEllipse(QRectF(corner.x(), corner.y(), GLASS, GLASS))
        painter.save()
        painter.setClipPath(circle)
        painter.fillPath(circle, QColor(colours.BACKGROUND))
        if rendered is not None:
            shown = _image_of(rendered, ratio)
            place = QPointF(corner.x() + rendered.left / ratio, corner.y() + rendered.top / ratio)
            painter.drawImage(place, shown)
            painter.translate(corner)
            overlays.cover_outside(painter, enlarged, ratio)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(colours.ACTIVE), 1.5))
        painter.drawEllipse(QRectF(corner.x(), corner.y(), GLASS, GLASS))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_overlays(
        self,
        painter: QPainter,
        stack: Stack,
        index: int,
        projection: Projection,
        pixels: StackPixels,
        *,
        has_image: bool,
    ) -> None:
        width, height, ratio = float(self.width()), float(self.height()), self.devicePixelRatioF()
        font = text_font(min(max(height / 90, 11 if height < 300 else 12), 18))
        painter.setFont(font)
        image = stack.image(index)
        if has_image:
            shown = [
                (m, self._measured(m, image, pixels, index)) for m in self._shown_measurements(stack.frames[index])
            ]
            selected = self.session.measurements.selected
            overlays.draw_measurements(
                painter, shown, projection, ratio, selected=selected.id if selected else None, font=text_font(12)
            )
            cut = self.session.reference_line(self.state)
            if cut is not None:
                overlays.draw_reference(painter, cut, projection, ratio)
        painter.setFont(font)
        letters = self._letters(projection)
        if letters is not None:
            overlays.draw_letters(painter, letters, width, height, text_font(14, bold=True))
            painter.setFont(font)
        if has_image:
            middle = PixelPoint((projection.columns - 1) / 2, (projection.rows - 1) / 2)
            here = image.spacing_at(min(stack.frames[index].frame, len(image.frames) - 1), middle)
            overlays.draw_scale(painter, projection.scale / here.row_mm / ratio, here, width, height)
        if not self.session.texts_hidden:
            corners = corners_of(
                stack,
                index,
                voi=None if image.pixel_format.is_colour and self.state.voi is None else self.voi(),
                modality=pixels.modality(index),
                zoom_percent=projection.scale * 100,
                lossy=image.lossy,
                reduced=projection.scale < 0.999,
            )
            overlays.draw_corners(painter, corners, width, height, font, warnings=len(stack.warnings))
        elif self.session.different_patients:  # hidden or not, two people must not be taken for one (VW-EX-06)
            study = stack.study
            overlays.draw_corners(
                painter, Corners((person_name(study.patient_name), study.patient_id), (), (), ()), width, height, font
            )
        if self.session.is_key_image(stack.frames[index]):
            overlays.draw_key_mark(painter, width)
        overlays.draw_position(painter, index, len(stack), height)
        overlays.draw_progress(painter, pixels.loaded, len(stack), width, height)

    def _measured(self, measurement: Measurement, image: ImageHeader, pixels: StackPixels, index: int) -> MeasuredValue:
        """Values of areas are kept, since they cost a look at every pixel inside."""
        key = (measurement, id(image), id(pixels), index)
        known = self._values.get(measurement.id)
        if known is None or known[0] != key:
            array = pixels.frame(index)
            values = Values(array, pixels.modality(index)) if array is not None else None
            known = self._values[measurement.id] = (key, measure(measurement, image, values))
        return known[1]

    def _shown_measurements(self, key: FrameKey) -> list[Measurement]:
        shown = list(self.session.measurements.of_frame(key))
        if self._drag is not None and self._drag.what == "draw" and len(self._drag.points) == 2:
            kind = DRAWN.get(self.session.tool, Kind.LENGTH)
            shown.append(Measurement(-1, kind if kind.is_area else Kind.LENGTH, key, self._drag.points))
        if self._angle_open is not None and self._angle_open.key == key:
            shown.append(self._angle_open)
        return shown

    def _letters(self, projection: Projection) -> tuple[str, str, str, str] | None:
        """Left, top, right, bottom; None when the header does not tell directions."""
        frame, image = self.state.frame, self.state.image
        if frame is None or image is None:
            return None
        if frame.plane is not None:
            row, column = frame.plane.row_direction, frame.plane.column_direction
        elif image.patient_orientation is not None:
            along, down = (direction_of(letters) for letters in image.patient_orientation)
            if along is None or down is None:
                return None
            row, column = along, down
        else:
            return None
        right, below = edge_directions(projection, row, column)
        return (
            letters_of(right.scaled(-1)),
            letters_of(below.scaled(-1)),
            letters_of(right),
            letters_of(below),
        )

    # --- mouse

    def _image_point(self, at: QPointF) -> PixelPoint | None:
        projection = self.projection()
        if projection is None:
            return None
        ratio = self.devicePixelRatioF()
        return projection.image(Place(at.x() * ratio, at.y() * ratio))

    def _hit(self, at: QPointF) -> Hit | None:
        projection, key = self.projection(), self.state.key
        if projection is None or key is None:
            return None
        ratio = self.devicePixelRatioF()
        place = Place(at.x() * ratio, at.y() * ratio)
        selected = self.session.measurements.selected
        return hit_test(self.session.measurements.of_frame(key), projection, place, 8 * ratio, selected)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit(self.number)
        if self.state.stack is None:
            return
        at = event.position()
        if event.button() == Qt.MouseButton.LeftButton:
            self._press_left(at)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._drag = _Drag("pan", at, at)
        elif event.button() == Qt.MouseButton.RightButton:
            selected, hit = self.session.measurements.selected, self._hit(at)
            if selected is not None and hit is not None and hit.measurement.id == selected.id:
                self.session.measurements.delete(selected)  # VW-MEA-09
                return
            self._begin_window(at)
        self.update()

    def _press_left(self, at: QPointF) -> None:
        if self._angle_open is not None:
            self._finish_angle(at)
            return
        hit = self._hit(at)
        if hit is not None:
            self.session.measurements.select(hit.measurement.id)
            self._drag = _Drag("edit", at, at, original=hit.measurement, handle=hit.handle)
            return
        self.session.measurements.select(None)
        tool = self.session.tool
        if tool in DRAWN:
            point = self._image_point(at)
            if point is not None:
                self._drag = _Drag("draw", at, at, points=(point,))
        elif tool is Tool.PIXEL:
            point = self._image_point(at)
            if point is not None and self.state.key is not None:
                self.session.measurements.draw(Kind.PIXEL, self.state.key, (point,))
        elif tool is Tool.WINDOW:
            self._begin_window(at)
        else:
            self._drag = _Drag(tool.value, at, at)

    def _begin_window(self, at: QPointF) -> None:
        voi = self.voi()
        if voi is not None:
            self._drag = _Drag("window", at, at, window=as_window(voi))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        drag = self._drag
        if self._angle_open is not None and drag is None:
            point = self._image_point(at)
            if point is not None:
                self._angle_open = self._angle_open.with_point(2, point)
                self.update()
            return
        if drag is None:
            return
        moved = at - drag.last
        if drag.what == "window" and drag.window is not None:
            self._drag_window(at - drag.start, drag.window)
        elif drag.what == "pan":
            self._drag_pan(drag.last, at)
        elif drag.what == "zoom":
            self._zoom(ZOOM_PER_PIXEL ** -moved.y())
        elif drag.what == "rotate":
            self._drag_rotate(drag.last, at)
        elif drag.what == "page":
            self._drag_page(drag, moved.y())
        elif drag.what == "edit":
            self._drag_edit(drag, at)
        elif drag.what == Tool.MAGNIFIER.value:
            self.update()
        elif drag.what == "draw":
            point = self._image_point(at)
            if point is not None:
                drag.points = (drag.points[0], point)
                self.update()
        drag.last = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        key = self.state.key
        if drag is None or key is None:
            return
        if drag.what == "draw":
            self._finish_draw(drag, key, event.position())
        elif drag.what == "edit" and drag.original is not None:
            after = self.session.measurements.selected
            if after is not None:
                self.session.measurements.change(drag.original, after)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._hit(event.position()) is None:
            self.maximise_asked.emit(self.number)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button windows and deletes

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.activated.emit(self.number)
        delta = event.angleDelta().y()
        if delta == 0:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(1.1 if delta > 0 else 1 / 1.1)
        else:
            # High-resolution wheels send many small deltas; 120 is one notch.
            self._wheel_rest = getattr(self, "_wheel_rest", 0) + delta
            notches = int(self._wheel_rest / 120)
            if notches:
                self._wheel_rest -= notches * 120
                self.state.step(-notches)
        event.accept()

    def _drag_window(self, total: QPointF, start: Window) -> None:
        """Up is wider, right is higher (VW-WL-01, VW-OPN-01); about 400 pixels for the own width of the image."""
        own = default_voi(self.state.frame) if self.state.frame is not None else None
        reference = as_window(own).width if own is not None else start.width
        step = max(reference / 400.0, 0.01)
        self.state.drag_window(-total.y() * step, total.x() * step, start)

    def _drag_pan(self, before: QPointF, after: QPointF) -> None:
        projection = self.projection()
        start, end = self._image_point(before), self._image_point(after)
        if projection is None or start is None or end is None:
            return
        middle = projection.image(Place(projection.width / 2, projection.height / 2))
        self.state.centre_on(
            PixelPoint(middle.column - (end.column - start.column), middle.row - (end.row - start.row))
        )

    def _zoom(self, factor: float) -> None:
        projection, spacing = self.projection(), self.spacing()
        if projection is None or spacing is None:
            return
        fit = fit_scale(
            self.state.geometry,
            projection.columns,
            projection.rows,
            spacing.aspect,
            projection.width,
            projection.height,
        )
        self.state.zoom_by(factor, projection, fit)

    def _drag_rotate(self, before: QPointF, after: QPointF) -> None:
        import math

        centre = QPointF(self.width() / 2, self.height() / 2)
        first, second = before - centre, after - centre
        if first.manhattanLength() < 4 or second.manhattanLength() < 4:
            return
        turned = math.degrees(math.atan2(second.y(), second.x()) - math.atan2(first.y(), first.x()))
        self.state.turn((turned + 180) % 360 - 180)

    def _drag_page(self, drag: _Drag, by: float) -> None:
        count = len(self.state.stack) if self.state.stack is not None else 1
        drag.rest += by / max(2.0, min(24.0, self.height() / max(count, 1)))
        whole = int(drag.rest)
        if whole:
            drag.rest -= whole
            self.state.step(whole)

    def _drag_edit(self, drag: _Drag, at: QPointF) -> None:
        start, end = self._image_point(drag.start), self._image_point(at)
        if drag.original is None or start is None or end is None:
            return
        if drag.handle is None:
            moved = drag.original.moved(end.column - start.column, end.row - start.row)
        else:
            moved = drag.original.with_point(drag.handle, end)
        self.session.measurements.preview(moved)

    def _finish_draw(self, drag: _Drag, key: FrameKey, at: QPointF) -> None:
        if len(drag.points) != 2 or (at - drag.start).manhattanLength() < 4:
            return
        kind = DRAWN.get(self.session.tool)
        if kind is Kind.LENGTH or (kind is not None and kind.is_area):
            self.session.measurements.draw(kind, key, drag.points)
        elif kind is Kind.ANGLE:
            # The first side is drawn; the second follows the pointer until a click (VW-MEA-05).
            self._angle_open = Measurement(-1, Kind.ANGLE, key, (*drag.points, drag.points[1]))

    def _finish_angle(self, at: QPointF) -> None:
        opened, self._angle_open = self._angle_open, None
        point = self._image_point(at)
        if opened is not None and point is not None and opened.key == self.state.key:
            self.session.measurements.draw(Kind.ANGLE, opened.key, (*opened.points[:2], point))
        self.update()

    # --- drag and drop from the series bar

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(STACK_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        number = bytes(event.mimeData().data(STACK_MIME).data())
        if number.isdigit():
            self.stack_dropped.emit(self.number, int(number))
            event.acceptProposedAction()


def _image_of(rendered: Rendered, ratio: float) -> QImage:
    """A QImage that borrows the pixels: paint it while ``rendered`` lives."""
    high, wide = rendered.pixels.shape[:2]
    colour = rendered.pixels.ndim == 3
    kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
    image = QImage(rendered.pixels.data, wide, high, wide * (3 if colour else 1), kind)
    image.setDevicePixelRatio(ratio)
    return image

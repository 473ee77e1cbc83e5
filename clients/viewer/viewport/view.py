"""The widget of one viewport: follows its state, paints pixels and layers, hands the mouse to its tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.pixels import PixelStore, StackPixels
from clients.viewer.session import Tool, ViewerSession
from clients.viewer.study import FrameKey
from clients.viewer.viewport import overlays
from clients.viewer.viewport.layers import Layer, ReferenceLayer, ShownImage, StateLayer, TextLayer
from clients.viewer.viewport.looks import Look, PictureStage
from clients.viewer.viewport.mouse import MagnifierTool, MouseTool, SpotHand, basic_tools, zoom
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Renderer
from clients.viewer.viewport.slabs import SlabFrame, SlabMaker
from clients.viewer.viewport.state import Aspect, ViewportState, default_voi
from clients.viewer.viewport.touch import Touch
from clients.viewer.viewport.transform import Place, Projection, project
from shared.imaging.geometry import PixelPoint, Spacing
from shared.imaging.lut import LookupTable, Window, window_of_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

STACK_MIME = "application/x-mingjing-stack"
BUTTONS = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
}


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
        self.tools: dict[str, MouseTool] = basic_tools()
        """Mouse tools by their ids; features add theirs."""
        self.hands: list[MouseTool] = [SpotHand()]
        """Asked before the chosen tool whether a press or a move is theirs, the first one first."""
        self.stages: list[PictureStage] = []
        """What features put into the path from stored values to the screen, the first one first."""
        glass = self.tools[Tool.MAGNIFIER]
        assert isinstance(glass, MagnifierTool)
        self._glass = glass
        self._layers: list[Layer] = []
        standard: tuple[Layer, ...] = (
            ReferenceLayer(),
            TextLayer(),
            StateLayer(),
            self._glass,
        )
        for layer in standard:
            self.add_layer(layer)
        self._renderer = Renderer()
        self._slabs = SlabMaker()
        self.spots: list[tuple[QRectF, Callable[[], object]]] = []
        """Texts that can be clicked, as the text layer drew them: place and what a click does."""
        self._auto_voi: tuple[object, Window] | None = None
        self._held: MouseTool | None = None
        self._touch = Touch()
        self._wheel_rest = 0
        self._forget = [
            self.state.changed.connect(self._on_state),
            session.key_images_changed.connect(self._on_key_image),
            session.active_changed.connect(self.update),
            session.tool_changed.connect(self.take_cursor),
            session.texts_changed.connect(self.update),
        ]
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(40, 40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.take_cursor()

    def add_layer(self, layer: Layer) -> None:
        """Draw ``layer`` from now on; equal orders stand in the order in which they came."""
        self._layers.append(layer)
        self._layers.sort(key=lambda known: known.order)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is drawn over the image, the lowest first."""
        return tuple(self._layers)

    def release(self) -> None:
        """Stop following the model; before the widget goes."""
        for forget in self._forget:
            forget()
        self._forget.clear()

    # --- following the model

    def _on_state(self, aspect: Aspect) -> None:
        if aspect is Aspect.STACK:
            self._renderer.forget()
            self._slabs.forget()
            self._auto_voi = None
            for tool in (*self.tools.values(), *self.hands):
                tool.forget()
        self.update()

    def _on_key_image(self, key: FrameKey) -> None:
        if key == self.state.key:
            self.update()

    def take_cursor(self) -> None:
        """The pointer of the chosen tool."""
        tool = self.tools.get(self.session.tool)
        self.setCursor(QCursor(tool.cursor if tool is not None else Qt.CursorShape.ArrowCursor))

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

    def image_point(self, at: QPointF) -> PixelPoint | None:
        """The image position below a place of the widget (logical pixels); None without an image."""
        projection = self.projection()
        if projection is None:
            return None
        ratio = self.devicePixelRatioF()
        return projection.image(Place(at.x() * ratio, at.y() * ratio))

    def shown(self) -> ShownImage | None:
        """All about the image that is shown now; None in an empty viewport."""
        stack, projection, pixels = self.state.stack, self.projection(), self.pixels()
        if stack is None or projection is None or pixels is None:
            return None
        index = self.state.index
        return ShownImage(
            stack,
            index,
            stack.image(index),
            stack.frame_header(index),
            pixels,
            pixels.frame(index) is not None,
            projection,
            self.devicePixelRatioF(),
            float(self.width()),
            float(self.height()),
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
            modality = pixels.modality(self.state.index)
            self._auto_voi = (token, window_of_pixels(array, modality, image.padding, image.padding_limit))
        return self._auto_voi[1]

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            self._paint_content(painter)
            if len(self.session.visible_numbers) > 1:
                active = self.session.active == self.number
                painter.setPen(QPen(QColor(colours.ACTIVE if active else colours.GRID), 1))
                painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _paint_content(self, painter: QPainter) -> None:
        painter.setFont(text_font(current_theme().px(12)))
        shown = self.shown()
        if shown is None:
            if self.message:
                overlays.draw_message(painter, self.message, QRectF(self.rect()), colours.LETTER)
            return
        picture = self.picture(shown)
        if picture is not None:
            self._paint_pixels(painter, *picture, shown)
        elif shown.index in shown.pixels.errors:
            sentence = tr("这幅图像无法显示：{why}", why=shown.pixels.errors[shown.index])
            overlays.draw_message(painter, sentence, QRectF(self.rect()), colours.ERROR)
        else:
            overlays.draw_message(painter, tr("正在载入…"), QRectF(self.rect()), colours.LETTER)
        for layer in self._layers:
            painter.setFont(text_font(current_theme().px(12)))
            layer.paint(painter, self, shown)

    def picture(self, shown: ShownImage) -> tuple[NDArray[Any], object] | None:
        """Stored values to show, and a token that names them: the image itself, or the slab around it."""
        slab = self.slab(shown)
        if slab is not None:
            return slab.values, slab.token
        array = shown.pixels.frame(shown.index)
        return (array, (id(shown.stack), shown.index)) if array is not None else None

    def slab(self, shown: ShownImage) -> SlabFrame | None:
        """The slab that is shown instead of the image; None without one."""
        return self._slabs.frame(shown.stack, shown.pixels, shown.index, self.state.slab)

    def look(self, shown: ShownImage) -> Look | None:
        """How the image is shown, after all stages; None while there is no window yet."""
        voi = self.voi()
        if voi is None:
            return None
        inverted = shown.image.inverted != self.state.inverted
        look = Look(shown.pixels.modality(shown.index), voi, inverted, palette=self.state.palette)
        for stage in self.stages:
            look = stage.look(self, shown, look)
        return look

    def _paint_pixels(self, painter: QPainter, array: NDArray[Any], token: object, shown: ShownImage) -> None:
        look = self.look(shown)
        if look is None:
            return
        rendered = self._renderer.render(
            array,
            token,
            shown.projection,
            look.modality,
            look.voi,
            inverted=look.inverted,
            half=shown.pixels.half(shown.index) if self.state.slab is None else None,
            smooth=self.session.smooth,
            padding=look.padding,
            presentation=look.presentation,
            palette=look.palette,
        )
        if rendered is None:
            return
        for stage in self.stages:
            rendered = stage.finish(self, shown, rendered)
        ratio = shown.ratio
        picture = overlays.image_of(rendered, ratio)
        painter.drawImage(QPointF(rendered.left / ratio, rendered.top / ratio), picture)
        overlays.cover_outside(painter, shown.projection, ratio)
        self.frames_painted += 1
        self.last_painted = shown.key

    # --- mouse

    def _tool_for(self, button: Qt.MouseButton) -> MouseTool | None:
        return self.tools.get(self.session.tool_of_button(BUTTONS.get(button, "")))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            if event.type() == QEvent.Type.TouchBegin:
                self.activated.emit(self.number)
            event.accept()
            return self._touch.take(self, event)
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.press_at(event.position(), event.button())

    def press_at(self, at: QPointF, button: Qt.MouseButton) -> None:
        """A button or a finger came down."""
        self.activated.emit(self.number)
        if self.state.stack is None or button not in BUTTONS:
            return
        chosen = self._tool_for(button)
        waiting = chosen is not None and getattr(chosen, "is_waiting", False)
        asked = [chosen] if waiting else [*self.hands, chosen]
        for tool in asked:
            if tool is None:
                continue
            tool.start = tool.last = at
            if tool.press(self, at, button):
                self._held = tool
                break
        self.update()

    def drag_to(self, at: QPointF) -> None:
        """The pointer or finger moved while it is down."""
        if self._held is not None:
            self._held.drag(self, at)
            self._held.last = at

    def release_at(self, at: QPointF) -> None:
        """The button or finger went up."""
        held, self._held = self._held, None
        if held is not None:
            held.release(self, at)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        if self._glass.follows:
            self._glass.show_at(None)
            self.update()
        super().leaveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._glass.follows:
            self._glass.show_at(at)
            self.update()
        if self._held is not None:
            self.drag_to(at)
        else:
            self.hover_at(at)

    def hover_at(self, at: QPointF) -> None:
        """The pointer moved while no button is down."""
        for tool in (*self.hands, self.tools.get(self.session.tool)):
            if tool is not None and tool.hover(self, at):
                break

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.release_at(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position()
        if not any(
            tool is not None and tool.double(self, at) for tool in (*self.hands, self._tool_for(event.button()))
        ):
            self.maximise_asked.emit(self.number)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button windows and deletes

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.activated.emit(self.number)
        delta = event.angleDelta().y()
        if delta == 0:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            zoom(self, 1.1 if delta > 0 else 1 / 1.1, event.position())
        else:
            # High-resolution wheels send many small deltas; 120 is one notch.
            self._wheel_rest += delta
            notches = int(self._wheel_rest / 120)
            if notches:
                self._wheel_rest -= notches * 120
                self.state.step(-notches * self.session.wheel_sign)
        event.accept()

    # --- drag and drop from the series bar

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(STACK_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        number = bytes(event.mimeData().data(STACK_MIME).data())
        if number.isdigit():
            self.stack_dropped.emit(self.number, int(number))
            event.acceptProposedAction()

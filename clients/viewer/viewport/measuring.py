"""Drawing, moving and deleting measurements by mouse, and the layer that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from clients.kit.fonts import text_font
from clients.viewer.measurements import Kind, MeasuredValue, Measurement, Values, measure
from clients.viewer.session import Tool
from clients.viewer.viewport import overlays
from clients.viewer.viewport.hits import Hit, hit_test
from clients.viewer.viewport.layers import MARKS, ShownImage
from clients.viewer.viewport.mouse import MouseTool
from clients.viewer.viewport.transform import Place
from shared.imaging.geometry import PixelPoint

if TYPE_CHECKING:
    from clients.viewer.viewport.view import ViewportWidget

DRAWN = {
    Tool.LENGTH: Kind.LENGTH,
    Tool.ANGLE: Kind.ANGLE,
    Tool.RECTANGLE: Kind.RECTANGLE,
    Tool.ELLIPSE: Kind.ELLIPSE,
}


@dataclass(slots=True)
class _Edited:
    original: Measurement
    handle: int | None


class MeasureHand(MouseTool):
    """Selects, moves and deletes what lies under the pointer, whatever tool is chosen (VW-MEA-08 to -10)."""

    def __init__(self) -> None:
        super().__init__()
        self._edited: _Edited | None = None

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        book, hit = view.session.measurements, hit_of(view, at)
        if button == Qt.MouseButton.RightButton:
            if book.selected is not None and hit is not None and hit.measurement.id == book.selected.id:
                book.delete(book.selected)
                return True
            return False
        if button != Qt.MouseButton.LeftButton:
            return False
        if hit is None:
            book.select(None)
            return False
        book.select(hit.measurement.id)
        self._edited = _Edited(hit.measurement, hit.handle)
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        start, end = view.image_point(self.start), view.image_point(at)
        if self._edited is None or start is None or end is None:
            return
        original, handle = self._edited.original, self._edited.handle
        if handle is None:
            moved = original.moved(end.column - start.column, end.row - start.row)
        else:
            moved = original.with_point(handle, end)
        view.session.measurements.preview(moved)

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        edited, self._edited = self._edited, None
        after = view.session.measurements.selected
        if edited is not None and after is not None:
            view.session.measurements.change(edited.original, after)

    def double(self, view: ViewportWidget, at: QPointF) -> bool:
        return hit_of(view, at) is not None

    def forget(self) -> None:
        self._edited = None


class DrawTool(MouseTool):
    """Draws one kind of measurement; the measurement in the making is ``open``."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self._waits = False  # an angle whose second side follows the pointer
        self.open: Measurement | None = None

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        point, key = view.image_point(at), view.state.key
        if point is None or key is None:
            return True
        if self._kind is Kind.PIXEL:
            view.session.measurements.draw(Kind.PIXEL, key, (point,))
        elif self._waits and self.open is not None:
            self._finish_angle(view, point)
        else:
            kind = Kind.LENGTH if self._kind is Kind.ANGLE else self._kind
            self.open = Measurement(-1, kind, key, (point, point))
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        point = view.image_point(at)
        if self.open is not None and point is not None and not self._waits:
            self.open = self.open.with_point(1, point)
            view.update()

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        opened = self.open
        if opened is None or self._waits:
            return
        self.open = None
        if (at - self.start).manhattanLength() < 4:
            return
        if self._kind is Kind.ANGLE:
            # The first side is drawn; the second follows the pointer until a click (VW-MEA-05).
            self.open = Measurement(-1, Kind.ANGLE, opened.key, (*opened.points, opened.points[1]))
            self._waits = True
        else:
            view.session.measurements.draw(self._kind, opened.key, opened.points)

    def hover(self, view: ViewportWidget, at: QPointF) -> bool:
        point = view.image_point(at)
        if self._waits and self.open is not None and point is not None:
            self.open = self.open.with_point(2, point)
            view.update()
        return self._waits

    def forget(self) -> None:
        self.open, self._waits = None, False

    @property
    def is_waiting(self) -> bool:
        """True while the next click belongs to what was begun."""
        return self._waits

    def _finish_angle(self, view: ViewportWidget, point: PixelPoint) -> None:
        opened = self.open
        self.forget()
        if opened is not None and opened.key == view.state.key:
            view.session.measurements.draw(Kind.ANGLE, opened.key, (*opened.points[:2], point))


class MeasurementLayer:
    """Draws the measurements of the image with their values."""

    order = MARKS

    def __init__(self) -> None:
        self._values: dict[int, tuple[object, MeasuredValue]] = {}

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        if not shown.has_pixels:
            return
        measurements = list(view.session.measurements.of_frame(shown.key))
        tool = view.tools.get(view.session.tool)
        if isinstance(tool, DrawTool) and tool.open is not None and tool.open.key == shown.key:
            measurements.append(tool.open)
        selected = view.session.measurements.selected
        overlays.draw_measurements(
            painter,
            [(m, self._measured(m, shown)) for m in measurements],
            shown.projection,
            shown.ratio,
            selected=selected.id if selected else None,
            font=text_font(12),
        )

    def _measured(self, measurement: Measurement, shown: ShownImage) -> MeasuredValue:
        """Values of areas are kept, since they cost a look at every pixel inside."""
        key = (measurement, id(shown.image), id(shown.pixels), shown.index)
        known = self._values.get(measurement.id)
        if known is None or known[0] != key:
            array = shown.pixels.frame(shown.index)
            values = Values(array, shown.pixels.modality(shown.index)) if array is not None else None
            known = self._values[measurement.id] = (key, measure(measurement, shown.image, values))
        return known[1]


def hit_of(view: ViewportWidget, at: QPointF) -> Hit | None:
    """The measurement under the pointer."""
    projection, key = view.projection(), view.state.key
    if projection is None or key is None:
        return None
    ratio = view.devicePixelRatioF()
    book = view.session.measurements
    place = Place(at.x() * ratio, at.y() * ratio)
    return hit_test(book.of_frame(key), projection, place, 8 * ratio, book.selected)


def measuring_tools() -> dict[str, MouseTool]:
    """The drawing tools by their ids."""
    return {**{tool: DrawTool(kind) for tool, kind in DRAWN.items()}, Tool.PIXEL: DrawTool(Kind.PIXEL)}

"""What marks are drawn on: a viewport, or a pane of a reconstruction. Tools and layers know only this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from clients.viewer.marks.book import MarkBook
from clients.viewer.marks.drawing import Canvas, label_box, label_lines
from clients.viewer.marks.hits import Hit, hit_test
from clients.viewer.marks.model import POINTER_PX, Mark, Sheet, SpacePlane
from clients.viewer.marks.values import KnownValues, MeasuredValue, Values, measure, measure_in_space
from clients.viewer.viewport.transform import Place
from clients.viewer.volume.views import is_derived
from shared.imaging.geometry import PixelPoint, Plane

if TYPE_CHECKING:
    from clients.viewer.study import Stack
    from clients.viewer.viewport.view import ViewportWidget
    from shared.imaging.volume import Volume


class Surface(Protocol):
    """A sheet on screen. Places are logical pixels of ``widget``."""

    book: MarkBook
    reach_px: float
    """How near to a mark the pointer must come; more for a finger."""

    @property
    def widget(self) -> QWidget: ...

    @property
    def sheet(self) -> Sheet | None:
        """What new marks lie on; None while nothing is shown."""

    def point(self, at: QPointF) -> PixelPoint | None:
        """The position on the sheet below a place of the widget."""

    def canvas(self) -> Canvas | None: ...

    def own_marks(self) -> tuple[Mark, ...]:
        """Marks of this very sheet: they can be changed here."""

    def other_marks(self) -> tuple[Mark, ...]:
        """Marks of other sheets that lie in this one, as positions on this one: seen here, changed there."""

    def value_of(self, mark: Mark) -> MeasuredValue: ...

    def stored(self) -> Values | None:
        """The pixels of the sheet, for the smart brush; None where there are none."""


def hit_of(surface: Surface, at: QPointF, times: float = 1.0) -> Hit | None:
    """The own mark under the pointer."""
    canvas = surface.canvas()
    if canvas is None:
        return None

    def place(point: PixelPoint) -> Place:
        placed = canvas.place(point)
        return Place(placed.x(), placed.y())

    def box(mark: Mark) -> tuple[float, float, float, float] | None:
        rect = label_box(mark, label_lines(mark, surface.value_of(mark)), canvas)
        return rect.left(), rect.top(), rect.right(), rect.bottom()

    return hit_test(
        surface.own_marks(), place, Place(at.x(), at.y()), times * surface.reach_px, surface.book.selected, box
    )


class ViewportSurface:
    """The image of a viewport."""

    def __init__(self, view: ViewportWidget) -> None:
        self._view = view
        self.book = view.session.marks
        self.reach_px = POINTER_PX
        self._values = KnownValues()

    @property
    def widget(self) -> QWidget:
        return self._view

    @property
    def sheet(self) -> Sheet | None:
        state = self._view.state
        return sheet_of(state.stack, state.index) if state.stack is not None else None

    def point(self, at: QPointF) -> PixelPoint | None:
        return self._view.image_point(at)

    def canvas(self) -> Canvas | None:
        projection, ratio = self._view.projection(), self._view.devicePixelRatioF()
        if projection is None:
            return None

        def place(point: PixelPoint) -> QPointF:
            placed = projection.place(point)
            return QPointF(placed.x / ratio, placed.y / ratio)

        return Canvas(place, float(self._view.width()), float(self._view.height()))

    def own_marks(self) -> tuple[Mark, ...]:
        sheet = self.sheet
        return self.book.of_frame(sheet) if sheet is not None else ()

    def other_marks(self) -> tuple[Mark, ...]:
        stack, frame = self._view.state.stack, self._view.state.frame
        if stack is None or frame is None or frame.plane is None:
            return ()
        space = SpacePlane(stack.series.frame_of_reference_uid, frame.plane)
        step = stack.order.spacing_mm or 1.0
        own = self.sheet
        in_space = (mark for mark in self.book if isinstance(mark.key, SpacePlane) and mark.key != own)
        return tuple(found for mark in in_space if (found := on_plane(mark, space, step / 2)) is not None)

    def value_of(self, mark: Mark) -> MeasuredValue:
        """Values of areas are kept, since they cost a look at every pixel inside."""
        shown = self._view.shown()
        if shown is None:
            return MeasuredValue(0.0, "")
        if isinstance(mark.key, SpacePlane) and mark.key != self.sheet:
            return measure_in_space(mark)
        unit = shown.pixels.modality(shown.index).unit  # PET may change between activity and SUV
        key = (mark, id(shown.image), id(shown.pixels), shown.index, shown.has_pixels, unit)
        return self._values.of(mark, key, lambda: measure(mark, shown.image, self.stored()))

    def stored(self) -> Values | None:
        shown = self._view.shown()
        array = shown.pixels.frame(shown.index) if shown is not None else None
        if shown is None or array is None:
            return None
        return Values(array, shown.pixels.modality(shown.index))


def sheet_of(stack: Stack, index: int) -> Sheet:
    """What marks on an image of a stack lie on: its frame, or its plane where the image was computed here."""
    key, plane = stack.frames[index], stack.frame_header(index).plane
    if is_derived(key.sop_instance_uid) and plane is not None and stack.series.frame_of_reference_uid:
        return SpacePlane(stack.series.frame_of_reference_uid, plane)
    return key


def on_plane(mark: Mark, target: SpacePlane, within_mm: float, plane: Plane | None = None) -> Mark | None:
    """A mark as it lies on another plane of its frame of reference; None where it does not lie within ``within_mm``.

    ``plane`` is that of the mark's frame when it lies on one. The mark keeps its id and becomes one of the target.
    """
    from dataclasses import replace

    if isinstance(mark.key, SpacePlane):
        if mark.key.frame_of_reference_uid != target.frame_of_reference_uid:
            return None
        plane = mark.key.plane
    if plane is None or not target.frame_of_reference_uid:
        return None
    world = [plane.point(p) for p in mark.points]
    if any(abs(target.plane.away_mm(p)) > within_mm + 1e-6 for p in world):
        return None
    if mark.points and len(mark.points) == 2 and not plane.parallel_to(target.plane):
        return None if mark.kind.is_area else replace(mark, points=tuple(target.plane.pixel(p) for p in world))
    return replace(mark, points=tuple(target.plane.pixel(p) for p in world))


def values_in_volume(mark: Mark, volume: Volume | None) -> MeasuredValue:
    """The value of a mark on a pane of a reconstruction."""
    return measure_in_space(mark, volume)

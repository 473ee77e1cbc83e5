"""What is drawn over the pixels of a viewport: layers in a fixed order, each a small object with one method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.pixels import StackPixels
from clients.viewer.study import FrameKey, Stack
from clients.viewer.viewport import overlays
from clients.viewer.viewport.corner_texts import Corners, corners_of, person_name
from clients.viewer.viewport.slabs import NAMES
from clients.viewer.viewport.transform import Projection, edge_directions
from shared.imaging.geometry import PixelPoint, direction_of, letters_of
from shared.imaging.header import FrameHeader, ImageHeader

if TYPE_CHECKING:
    from clients.viewer.viewport.view import ViewportWidget

RASTER, CONTOUR, REFERENCE, MARKS, TEXTS, FRONT = 10, 20, 30, 40, 50, 60
"""Orders of layers: coloured areas, contours, lines of position, measurements, texts, what lies over all."""

SMALL = 190
"""Panes with a side below this, in logical pixels, say only what is needed most."""


@dataclass(frozen=True, slots=True)
class ShownImage:
    """The image of a viewport while it is painted. ``width`` and ``height`` are the widget's, in logical pixels."""

    stack: Stack
    index: int
    image: ImageHeader
    frame: FrameHeader
    pixels: StackPixels
    has_pixels: bool
    projection: Projection
    ratio: float
    width: float
    height: float

    @property
    def key(self) -> FrameKey:
        return self.stack.frames[self.index]

    def place(self, at: PixelPoint) -> QPointF:
        """An image position in logical pixels of the widget."""
        place = self.projection.place(at)
        return QPointF(place.x / self.ratio, place.y / self.ratio)


class Layer(Protocol):
    """Something drawn over the image; painters come in no certain state and need not be put back."""

    @property
    def order(self) -> int: ...

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None: ...


class ReferenceLayer:
    """Where the selected viewport's image cuts this one (VW-REF-01)."""

    order = REFERENCE

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        if not shown.has_pixels:
            return
        cut = view.session.reference_line(view.state)
        for end in view.session.reference_end_lines(view.state):
            overlays.draw_reference(painter, end, shown.projection, shown.ratio, faint=True)
        if cut is not None:
            overlays.draw_reference(painter, cut, shown.projection, shown.ratio)


class TextLayer:
    """Orientation letters, scale, the four corners (VW-EX-05, VW-EX-06)."""

    order = TEXTS

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        width, height, projection = shown.width, shown.height, shown.projection
        view.spots = []
        information = view.session.information
        factor = current_theme().factor
        font = text_font(factor * (information.font_px or min(max(height / 90, 11 if height < 300 else 12), 18)))
        letters = letters_at_edges(shown)
        if letters is not None:
            overlays.draw_letters(painter, letters, width, height, text_font(factor * 14, bold=True))
        painter.setFont(font)
        if shown.has_pixels and height >= SMALL:
            middle = PixelPoint((projection.columns - 1) / 2, (projection.rows - 1) / 2)
            here = shown.image.spacing_at(min(shown.key.frame, len(shown.image.frames) - 1), middle)
            overlays.draw_scale(painter, projection.scale / here.row_mm / shown.ratio, here, width, height)
        if not view.session.texts_hidden:
            own_colours = shown.image.pixel_format.is_colour and view.state.voi is None
            corners = corners_of(
                shown.stack,
                shown.index,
                voi=None if own_colours else view.voi(),
                modality=shown.pixels.modality(shown.index),
                zoom_percent=projection.scale * 100,
                lossy=shown.image.lossy,
                reduced=projection.scale < 0.999,
                interpolated=projection.scale > 1.001 and view.session.smooth,
                slab=slab_text(view, shown),
                compact=min(width, height) < SMALL,
                information=information,
                elements=view.session.elements.get(shown.key.sop_instance_uid),
            )
            warnings = len(shown.stack.warnings) if min(width, height) >= SMALL else 0
            places = overlays.draw_corners(
                painter, corners, width, height, font, warnings=warnings, colour=information.colour
            )
            view.spots = [(area, call) for text, area in places if (call := self._offer(view, shown, text))]
        else:
            # Hidden or not, two people must not be taken for one, nor a slab for a slice.
            study, named = shown.stack.study, view.session.different_patients
            who = (person_name(study.patient_name), study.patient_id) if named else ()
            slab = slab_text(view, shown)
            overlays.draw_corners(painter, Corners(who, (), (), (slab,) if slab else ()), width, height, font)

    @staticmethod
    def _offer(view: ViewportWidget, shown: ShownImage, text: str) -> Callable[[], object] | None:
        """What a click on a text does: it takes back what keeps the image from its full quality (VW-EX-14)."""
        state = view.state
        if not text:
            return None
        if text == tr("缩小显示"):
            return state.actual_size
        if text == tr("插值放大"):
            return view.session.show_squares
        if text == slab_text(view, shown):
            return lambda: setattr(state, "slab", None)
        return None


def slab_text(view: ViewportWidget, shown: ShownImage) -> str:
    """Projection, thickness and number of images of the slab on screen; empty without one."""
    slab, made = view.state.slab, view.slab(shown)
    if slab is None or made is None:
        return ""
    count = f"{made.used}/{made.wanted}" if made.used < made.wanted else str(made.used)
    name, mm = NAMES[slab.projection], f"{slab.thickness_mm:g}"
    return tr("{name} {mm} mm（{count} 幅合成）", name=name, mm=mm, count=count)


class StateLayer:
    """The star of a key image, the place in the stack, the progress of loading."""

    order = FRONT

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        if view.session.is_key_image(shown.key):
            overlays.draw_key_mark(painter, shown.width)
        overlays.draw_position(painter, shown.index, len(shown.stack), shown.height)
        overlays.draw_progress(painter, shown.pixels.loaded, len(shown.stack), shown.width, shown.height)


def letters_at_edges(shown: ShownImage) -> tuple[str, str, str, str] | None:
    """Orientation letters left, top, right, bottom; None when the header does not tell directions."""
    if shown.frame.plane is not None:
        row, column = shown.frame.plane.row_direction, shown.frame.plane.column_direction
    elif shown.image.patient_orientation is not None:
        along, down = (direction_of(letters) for letters in shown.image.patient_orientation)
        if along is None or down is None:
            return None
        row, column = along, down
    else:
        return None
    right, below = edge_directions(shown.projection, row, column)
    return (letters_of(right.scaled(-1)), letters_of(below.scaled(-1)), letters_of(right), letters_of(below))

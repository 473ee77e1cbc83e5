"""What one viewport shows: an evented model without Qt that widgets and renderers follow."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from clients.viewer.evented import Event
from clients.viewer.study import FrameKey, Stack
from clients.viewer.viewport.transform import LARGEST_ZOOM, SMALLEST_ZOOM, Geometry, Projection
from shared.imaging.geometry import PixelPoint
from shared.imaging.header import FrameHeader, ImageHeader
from shared.imaging.lut import LookupTable, VoiFunction, Window


class Aspect(StrEnum):
    """Which part of a viewport's state changed."""

    STACK = "stack"
    INDEX = "index"
    GEOMETRY = "geometry"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class Slab:
    """Neighbouring images shown as one (VW-SLB-01): all within half of ``thickness_mm`` to both sides."""

    thickness_mm: float
    projection: str = "max"  # max, min or mean


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """All that a viewport shows, to be put back later; see `ViewportState.capture`."""

    stack: Stack | None
    index: int
    voi: Window | LookupTable | None
    inverted: bool
    palette: str
    slab: Slab | None
    geometry: Geometry

    def at(self, index: int) -> Shown:
        """The same with another image."""
        return replace(self, index=index)


class ViewportState:
    """Stack, image, window, geometry and inversion of one viewport.

    ``changed`` tells the aspect. A ``voi`` of None means the image's own window (VW-WL-04).
    """

    def __init__(self) -> None:
        self.changed: Event[[Aspect]] = Event()
        self.opens_at = "first"
        """Image at which a series opens: first, middle or last (VW-SET-21)."""
        self._stack: Stack | None = None
        self._index = 0
        self._voi: Window | LookupTable | None = None
        self._inverted = False
        self._palette = ""
        self._slab: Slab | None = None
        self._geometry = Geometry()

    # --- what is shown

    @property
    def stack(self) -> Stack | None:
        return self._stack

    def show(self, stack: Stack | None, index: int | None = None) -> None:
        """Put ``stack`` into the viewport, at ``index`` or where series open, everything else as new."""
        if stack is None and self._stack is None:
            self._as_new()
            return  # most of the viewports, whenever studies are closed
        self._stack = stack
        self._index = 0
        self._as_new()
        if stack is not None:
            opening = {"middle": len(stack) // 2, "last": len(stack) - 1}.get(self.opens_at, 0)
            self._index = min(max(opening if index is None else index, 0), len(stack) - 1)
        self.changed.emit(Aspect.STACK)

    def _as_new(self) -> None:
        self._voi, self._inverted, self._palette, self._slab, self._geometry = None, False, "", None, Geometry()

    def capture(self) -> Shown:
        """What is shown, to be put back by :meth:`restore`."""
        return Shown(self._stack, self._index, self._voi, self._inverted, self._palette, self._slab, self._geometry)

    def restore(self, shown: Shown) -> None:
        """Show again what :meth:`capture` gave."""
        self._stack, self._index = shown.stack, shown.index
        self._voi, self._inverted, self._palette = shown.voi, shown.inverted, shown.palette
        self._slab, self._geometry = shown.slab, shown.geometry
        self.changed.emit(Aspect.STACK)

    def follow(self, other: ViewportState, aspect: Aspect) -> None:
        """Take window, colours and slab (GREY) or size, place and side (GEOMETRY) from another viewport."""
        if aspect is Aspect.GREY:
            same = self._voi is other._voi and self._slab == other._slab  # tables are not compared entry by entry
            if not same or (self._inverted, self._palette) != (other._inverted, other._palette):
                self._voi, self._inverted = other._voi, other._inverted
                self._palette, self._slab = other._palette, other._slab
                self.changed.emit(Aspect.GREY)
        elif aspect is Aspect.GEOMETRY:
            self.geometry = other._geometry

    def replace_stack(self, stack: Stack, index: int) -> None:
        """The same images with more beside them: window, size and place stay."""
        self._stack, self._index = stack, index
        self.changed.emit(Aspect.STACK)

    @property
    def index(self) -> int:
        return self._index

    @index.setter
    def index(self, value: int) -> None:
        last = len(self._stack) - 1 if self._stack is not None else 0
        value = min(max(value, 0), last)
        if value != self._index:
            self._index = value
            self.changed.emit(Aspect.INDEX)

    def step(self, by: int) -> None:
        """Page on by so many images; stops at the ends (VW-PG-01)."""
        self.index = self._index + by

    @property
    def key(self) -> FrameKey | None:
        return self._stack.frames[self._index] if self._stack is not None else None

    @property
    def image(self) -> ImageHeader | None:
        return self._stack.image(self._index) if self._stack is not None else None

    @property
    def frame(self) -> FrameHeader | None:
        return self._stack.frame_header(self._index) if self._stack is not None else None

    # --- grey

    @property
    def voi(self) -> Window | LookupTable | None:
        return self._voi

    @voi.setter
    def voi(self, value: Window | LookupTable | None) -> None:
        if value is not self._voi:
            self._voi = value
            self.changed.emit(Aspect.GREY)

    @property
    def inverted(self) -> bool:
        """The reader's inversion, on top of MONOCHROME1 (VW-WL-02)."""
        return self._inverted

    @inverted.setter
    def inverted(self, value: bool) -> None:
        if value != self._inverted:
            self._inverted = value
            self.changed.emit(Aspect.GREY)

    @property
    def palette(self) -> str:
        """Key of the pseudo-colours (`palettes.PALETTES`); empty: grey (VW-PSC-01)."""
        return self._palette

    @palette.setter
    def palette(self, value: str) -> None:
        if value != self._palette:
            self._palette = value
            self.changed.emit(Aspect.GREY)

    @property
    def slab(self) -> Slab | None:
        """Neighbouring images shown as one; None: the image alone."""
        return self._slab

    @slab.setter
    def slab(self, value: Slab | None) -> None:
        if value != self._slab:
            self._slab = value
            self.changed.emit(Aspect.GREY)

    def drag_window(self, width_by: float, level_by: float, start: Window) -> None:
        """Window of a drag that began at ``start``: wider and higher by so much, in modality units."""
        width = max(start.width + width_by, 1.0)
        self.voi = Window(start.centre + level_by, width, start.function)

    # --- geometry

    @property
    def geometry(self) -> Geometry:
        return self._geometry

    @geometry.setter
    def geometry(self, value: Geometry) -> None:
        if value != self._geometry:
            self._geometry = value
            self.changed.emit(Aspect.GEOMETRY)

    def zoom_by(self, factor: float, projection: Projection, fit: float) -> None:
        """Larger or smaller around the middle of the viewport; ``fit`` is the scale that fits the viewport."""
        zoom = min(max(projection.scale / fit * factor, SMALLEST_ZOOM), LARGEST_ZOOM)
        self.geometry = replace(self._geometry, zoom=zoom, actual_size=False, scale=None)

    def centre_on(self, at: PixelPoint) -> None:
        self.geometry = replace(self._geometry, centre=at)

    def fit(self) -> None:
        """Largest size the viewport allows (VW-ZM-02)."""
        self.geometry = replace(self._geometry, zoom=1.0, centre=None, actual_size=False, scale=None)

    def actual_size(self) -> None:
        """One image pixel on one screen pixel (VW-ZM-03, VW-OPN-02)."""
        self.geometry = replace(self._geometry, actual_size=True, zoom=1.0, scale=None)

    def true_size(self, scale: float) -> None:
        """As large as in the patient: ``scale`` device pixels to one image row, found from a measured screen."""
        self.geometry = replace(self._geometry, actual_size=False, zoom=1.0, scale=scale)

    def turn(self, degrees: float) -> None:
        """Clockwise for positive angles (VW-ROT-01 to -03)."""
        self.geometry = replace(self._geometry, rotation_deg=math.fmod(self._geometry.rotation_deg + degrees, 360.0))

    def flip(self, *, horizontal: bool) -> None:
        """Mirror what is on screen, so a turned image flips along the screen's axes (VW-ROT-04, -05)."""
        now = self._geometry
        turned = replace(now, rotation_deg=-now.rotation_deg)
        if horizontal:
            self.geometry = replace(turned, flip_horizontal=not now.flip_horizontal)
        else:
            self.geometry = replace(turned, flip_vertical=not now.flip_vertical)

    def reset(self) -> None:
        """Initial window, colours, size, place and side; annotations stay (VW-RST-01)."""
        self._as_new()
        self.changed.emit(Aspect.GREY)
        self.changed.emit(Aspect.GEOMETRY)


def default_voi(frame: FrameHeader) -> Window | LookupTable | None:
    """The first window of the header, else its VOI LUT, else None."""
    return frame.voi[0] if frame.voi else None


def as_window(voi: Window | LookupTable) -> Window:
    """The window to start a drag from; a VOI LUT is taken as the window over its range."""
    if isinstance(voi, Window):
        return voi
    count = float(len(voi.entries))
    return Window(voi.first + count / 2, max(count, 1.0), VoiFunction.LINEAR)

"""Which part of the paper the window shows: magnification, place, pixels and millimetres. No Qt.

Pixels are device pixels. Magnification 1 is true size: a millimetre of paper is a millimetre of the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

STEP = 1.25
LEAST, MOST = 0.2, 16.0
TRUE = 0.01  # nearer than that to 1 is true size


@dataclass(frozen=True, slots=True)
class Viewport:
    """``width`` and ``height`` in pixels; ``pitch`` mm from pixel to pixel; ``left`` and ``top`` in mm of paper."""

    width: int = 1
    height: int = 1
    pitch: float = 0.2646
    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @property
    def per_mm(self) -> float:
        """Pixels for each mm of paper."""
        return self.zoom / self.pitch

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the shown part of the paper."""
        return self.width / self.per_mm, self.height / self.per_mm

    @property
    def is_true(self) -> bool:
        """Whether millimetres of paper are those of the screen."""
        return abs(self.zoom - 1.0) < TRUE

    def paper(self, x: float, y: float) -> tuple[float, float]:
        """The mm of paper under a pixel."""
        return self.left + x / self.per_mm, self.top + y / self.per_mm

    def pixel(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Where a place of the paper stands."""
        return (x_mm - self.left) * self.per_mm, (y_mm - self.top) * self.per_mm

    def zoomed(self, factor: float, x: float, y: float) -> Viewport:
        """Magnified by ``factor``; what lies under the pixel stays there."""
        zoom = min(max(self.zoom * factor, LEAST), MOST)
        if abs(zoom - 1.0) < 0.02:
            zoom = 1.0
        x_mm, y_mm = self.paper(x, y)
        wider = replace(self, zoom=zoom)
        return replace(wider, left=x_mm - x / wider.per_mm, top=y_mm - y / wider.per_mm)

    def moved(self, x: float, y: float) -> Viewport:
        """The paper dragged by so many pixels."""
        return replace(self, left=self.left - x / self.per_mm, top=self.top - y / self.per_mm)

    def kept(self, width_mm: float, top_mm: float, bottom_mm: float) -> Viewport:
        """Moved so that the paper (from ``top_mm`` to ``bottom_mm``) cannot be lost: at least half of it stays."""
        wide, high = self.size_mm
        left = _kept(self.left, wide, 0.0, width_mm)
        return replace(self, left=left, top=_kept(self.top, high, top_mm, bottom_mm))

    def reset(self) -> Viewport:
        """True size, upper left corner."""
        return replace(self, zoom=1.0, left=0.0, top=0.0)

    def fitted(self, width_mm: float, top_mm: float, bottom_mm: float) -> Viewport:
        """The whole paper in the window."""
        zoom = min(self.width * self.pitch / width_mm, self.height * self.pitch / (bottom_mm - top_mm))
        return replace(self, zoom=min(max(zoom, LEAST), MOST), left=0.0, top=top_mm)


def _kept(place: float, shown: float, first: float, last: float) -> float:
    least, most = first - shown / 2, last - shown / 2
    if last - first <= shown:  # it fits: nothing to look for elsewhere, but a zoom at the cursor may lead here
        least, most = min(first, last - shown), first
    return min(max(place, least), most)

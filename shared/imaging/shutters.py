"""Display shutters (PS3.3 C.7.6.11, C.7.6.15): which part of an image the reader is to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.overlays import OverlayPlane


@dataclass(frozen=True, slots=True)
class Shutter:
    """Edges are image positions from 1, as DICOM counts; what lies on an edge is seen.

    Several shapes leave what lies inside of all of them. ``level`` is the P-Value to cover with, 0 black to 1 white.
    """

    rectangle: tuple[int, int, int, int] | None = None  # left, right, upper, lower: columns and rows, from 1
    circle: tuple[float, float, float] | None = None  # row and column of the centre, radius in pixels of the row
    polygon: tuple[tuple[float, float], ...] = ()  # (row, column) of the corners
    bitmap: OverlayPlane | None = None  # 1 covers the pixel
    level: float = 0.0
    colour: tuple[int, int, int] | None = field(default=None)  # RGB of Shutter Presentation Color CIELab Value

    def hidden(self, rows: int, columns: int, frame: int = 0) -> NDArray[Any]:
        """Bool (rows, columns): True where the shutter covers the image."""
        import numpy as np

        y, x = np.ogrid[1 : rows + 1, 1 : columns + 1]
        covered = np.zeros((rows, columns), bool)
        if self.rectangle is not None:
            left, right, upper, lower = self.rectangle
            covered |= (x < left) | (x > right) | (y < upper) | (y > lower)
        if self.circle is not None:
            row, column, radius = self.circle
            covered |= (x - column) ** 2 + (y - row) ** 2 > radius * radius
        if len(self.polygon) > 2:
            covered |= ~_inside(self.polygon, rows, columns)
        if self.bitmap is not None:
            from shared.imaging.overlays import placed

            mask = self.bitmap.mask(frame)
            if mask is not None:
                covered |= placed(mask, self.bitmap, rows, columns)
        return covered


def shutter_of(ds: Any, overlays: Sequence[OverlayPlane] = ()) -> Shutter | None:
    """The shutter of an image or presentation state, None where there is none that can be understood."""
    from shared.imaging.values import numbers_of, strings_of

    shapes = {shape.strip().upper() for shape in strings_of(ds, "ShutterShape")}
    group = numbers_of(ds, "ShutterOverlayGroup")
    if not shapes and not group:
        return None
    edges = [
        numbers_of(ds, f"Shutter{name}")
        for name in ("LeftVerticalEdge", "RightVerticalEdge", "UpperHorizontalEdge", "LowerHorizontalEdge")
    ]
    rectangle = None
    if "RECTANGULAR" in shapes and all(len(edge) == 1 for edge in edges):
        left, right, upper, lower = (int(edge[0]) for edge in edges)
        rectangle = (left, right, upper, lower)
    centre, radius = numbers_of(ds, "CenterOfCircularShutter"), numbers_of(ds, "RadiusOfCircularShutter")
    circle = None
    if "CIRCULAR" in shapes and len(centre) == 2 and len(radius) == 1 and radius[0] > 0:
        circle = (centre[0], centre[1], radius[0])
    corners = numbers_of(ds, "VerticesOfThePolygonalShutter")
    polygon: tuple[tuple[float, float], ...] = ()
    if "POLYGONAL" in shapes and len(corners) >= 6 and len(corners) % 2 == 0:
        polygon = tuple(zip(corners[::2], corners[1::2], strict=True))
    bitmap = None
    if group:
        bitmap = next((plane for plane in overlays if plane.group == int(group[0])), None)
    if rectangle is None and circle is None and not polygon and bitmap is None:
        return None
    return Shutter(rectangle, circle, polygon, bitmap, _level(numbers_of(ds, "ShutterPresentationValue")), _colour(ds))


def _level(value: Sequence[float]) -> float:
    # P-Values of 16 bits, 0 black (PS3.3 C.7.6.11, Shutter Presentation Value).
    return min(max(value[0] / 65_535, 0.0), 1.0) if value else 0.0


def _colour(ds: Any) -> tuple[int, int, int] | None:
    from shared.imaging.colour import rgb_of_cielab
    from shared.imaging.values import numbers_of

    lab = numbers_of(ds, "ShutterPresentationColorCIELabValue")
    return rgb_of_cielab(lab) if len(lab) == 3 else None


def _inside(polygon: Sequence[tuple[float, float]], rows: int, columns: int) -> NDArray[Any]:
    """Pixels whose centre lies inside a polygon, even-odd, its edges included."""
    import cv2
    import numpy as np

    # Sub-pixel corners: OpenCV takes fixed point numbers of 4 fractional bits.
    points = np.array([[(column - 1) * 16, (row - 1) * 16] for row, column in polygon]).round()
    points = np.clip(points, -(1 << 24), 1 << 24).astype(np.int32)
    canvas = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(canvas, [points], 1, lineType=cv2.LINE_8, shift=4)
    result: NDArray[Any] = canvas > 0
    return result

"""Pictures of what lies over an image, in the image's own grid: RGBA arrays and lines. No Qt; for worker threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import PixelPoint, Plane
from shared.imaging.radiotherapy import ISODOSES, StructureSet, isodose_lines, outlines
from shared.imaging.segmentation import Segmentation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.objects.book import Dose
    from shared.imaging.codecs import Palette
    from shared.imaging.overlays import OverlayPlane
    from shared.imaging.shutters import Shutter

Colour = tuple[int, int, int]
OVERLAY_COLOUR: Colour = (255, 230, 120)


@dataclass(frozen=True, slots=True)
class Line:
    """A line or outline in image positions."""

    points: tuple[PixelPoint, ...]
    colour: Colour
    closed: bool
    width: float = 1.4
    label: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What one object draws on one image: areas (rows, columns, 4) RGBA premultiplied, or None, and lines."""

    areas: NDArray[Any] | None
    lines: tuple[Line, ...] = ()
    legend: tuple[tuple[str, Colour], ...] = ()


def segment_picture(
    segmentation: Segmentation,
    hidden: Iterable[int],
    uid: str,
    frame: int,
    plane: Plane | None,
    shape: tuple[int, int],
    *,
    opacity: float,
    filled: bool,
) -> Picture:
    """Segments of one image, each in its colour; raises the decoder's errors."""
    import numpy as np

    rows, columns = shape
    masks = segmentation.masks(uid, frame, plane, rows, columns)
    areas = np.zeros((rows, columns, 4), np.float32)
    lines: list[Line] = []
    off = set(hidden)
    for segment in segmentation.segments:
        mask = masks.get(segment.number)
        if mask is None or segment.number in off:
            continue
        if filled:
            share = mask.astype(np.float32)[..., None] / 255.0 * opacity
            colour = np.array([*segment.colour, 255], np.float32)
            areas = areas * (1 - share) + colour * share
        lines += [Line(points, segment.colour, True) for points in mask_outlines(mask)]
    return Picture(areas.round().astype(np.uint8) if filled and masks else None, tuple(lines))


def mask_outlines(mask: NDArray[Any]) -> list[tuple[PixelPoint, ...]]:
    """Outlines along the outer edges of the pixels of a mask (half and more counts)."""
    import cv2
    import numpy as np

    # Enlarged twice, the border pixels of the mask lie a quarter pixel inside its edge: good to the eye, and cheap.
    inside = (mask >= 128).astype(np.uint8)
    if not inside.any():
        return []
    doubled = cv2.resize(inside, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    found, _ = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [
        tuple(PixelPoint(x / 2 - 0.25, y / 2 - 0.25) for x, y in outline[:, 0, :].tolist())
        for outline in found
        if len(outline) > 2
    ]


def structure_picture(
    structures: StructureSet, hidden: Iterable[int], uid: str, plane: Plane, reach_mm: float
) -> Picture:
    """Contours of one image."""
    off = set(hidden)
    lines = [
        Line(points, structure.colour, closed, label=structure.name if n == 0 else "")
        for structure in structures.structures
        if structure.number not in off
        for n, (points, closed) in enumerate(outlines(structure, uid, plane, reach_mm))
    ]
    return Picture(None, tuple(lines))


def dose_picture(dose: Dose, plane: Plane, shape: tuple[int, int], *, opacity: float, filled: bool) -> Picture:
    """Isodose lines of one image, and a colour wash between them."""
    import numpy as np

    from shared.imaging.reformat import Grid, reformat

    values = reformat(dose.volume, Grid(plane, shape[1], shape[0]))
    lines: list[Line] = []
    legend: list[tuple[str, Colour]] = []
    areas = np.zeros((*shape, 4), np.uint8) if filled else None
    known = np.nan_to_num(values, nan=0.0)
    for share, colour in reversed(ISODOSES):
        level = dose.reference * share
        if level > dose.highest:
            continue
        amount = f"{level:.3g} {dose.unit}".strip()
        legend.append((f"{share:.0%}  {amount}", colour))
        lines += [Line(points, colour, True, 1.6) for points in isodose_lines(values, level)]
        if areas is not None:
            alpha = opacity * 0.6
            areas[known >= level] = [*(round(c * alpha) for c in colour), round(255 * alpha)]
    return Picture(areas, tuple(lines), tuple(reversed(legend)))


def overlay_picture(
    planes: Iterable[tuple[OverlayPlane, NDArray[Any], Colour]], shape: tuple[int, int]
) -> NDArray[Any] | None:
    """Overlay planes with their masks as RGBA in the image's grid; None when nothing is set."""
    import numpy as np

    from shared.imaging.overlays import placed

    picture = np.zeros((*shape, 4), np.uint8)
    for plane, mask, colour in planes:
        picture[placed(mask, plane, *shape)] = [*colour, 255]
    return picture if picture[..., 3].any() else None


def supplement_picture(stored: NDArray[Any], palette: Palette) -> NDArray[Any]:
    """Pixels whose stored value is a colour of the supplemental palette, as RGBA (PS3.3 C.7.6.23)."""
    import numpy as np

    entry = stored.astype(np.int64) - palette.first
    picture = np.zeros((*stored.shape, 4), np.uint8)
    inside = entry >= 0
    picture[inside, :3] = palette.table[np.minimum(entry[inside], len(palette.table) - 1)]
    picture[inside, 3] = 255
    return picture


def shutter_picture(shutter: Shutter, shape: tuple[int, int], frame: int) -> NDArray[Any]:
    """What a shutter covers, as RGBA."""
    import numpy as np

    picture = np.zeros((*shape, 4), np.uint8)
    level = round(shutter.level * 255)
    colour = shutter.colour or (level, level, level)
    picture[shutter.hidden(*shape, frame)] = [*colour, 255]
    return picture

"""Fused display: one series laid over another at the same place in the patient, with a guard against misalignment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import Plane, PointMm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shared.imaging.lut import Window
    from shared.imaging.volume import Volume


class Alignment(StrEnum):
    """May two series be laid over each other?"""

    SAME_FRAME = "same"  # one frame of reference: the device aligned them
    REGISTERED = "registered"  # a registration connects their frames of reference
    UNKNOWN = "unknown"  # different frames of reference: positions may not be compared
    APART = "apart"  # one frame of reference, but the volumes do not meet
    OTHER_PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Place:
    """What the guard needs of a series: whose it is, its frame of reference, its planes."""

    patient_id: str
    frame_of_reference_uid: str
    planes: tuple[Plane, ...]
    rows: int
    columns: int


def alignment(base: Place, top: Place, registered: bool = False) -> Alignment:
    """Whether ``top`` may be shown over ``base``; ``registered``: a registration between their frames is at hand."""
    if base.patient_id != top.patient_id:
        return Alignment.OTHER_PATIENT
    same = base.frame_of_reference_uid != "" and base.frame_of_reference_uid == top.frame_of_reference_uid
    if not same and not registered:
        return Alignment.UNKNOWN
    if same and not _meet(_box(base), _box(top)):
        return Alignment.APART
    return Alignment.SAME_FRAME if same else Alignment.REGISTERED


def _box(place: Place) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    corners: list[PointMm] = []
    for plane in place.planes:
        across = plane.row_direction.scaled(plane.column_spacing_mm * (place.columns - 1))
        down = plane.column_direction.scaled(plane.row_spacing_mm * (place.rows - 1))
        corners += [
            plane.origin,
            plane.origin.plus(across),
            plane.origin.plus(down),
            plane.origin.plus(across).plus(down),
        ]
    if not corners:
        return None
    return tuple(min(c[n] for c in corners) for n in range(3)), tuple(max(c[n] for c in corners) for n in range(3))


def _meet(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return False
    return all(a[0][n] <= b[1][n] + 1.0 and b[0][n] <= a[1][n] + 1.0 for n in range(3))


def top_values(
    volume: Volume, plane: Plane, rows: int, columns: int, registration: NDArray[Any] | None = None
) -> NDArray[Any]:
    """The top series in the pixels of a base image: float32 (rows, columns) in its unit, NaN outside.

    ``registration`` is a 4 x 4 matrix from the base's frame of reference to the top's, mm, rigid.
    """
    from shared.imaging.reformat import Grid, reformat

    if registration is not None:
        plane = moved(plane, registration)
    return reformat(volume, Grid(plane, columns, rows))


def moved(plane: Plane, matrix: NDArray[Any]) -> Plane:
    """The plane after a rigid 4 x 4 transform of patient coordinates."""
    import numpy as np

    from shared.imaging.geometry import VectorMm

    origin = matrix @ np.array([*plane.origin, 1.0])
    row = matrix[:3, :3] @ np.array(plane.row_direction)
    column = matrix[:3, :3] @ np.array(plane.column_direction)
    return Plane(
        PointMm(*(float(v) for v in origin[:3])),
        VectorMm(*(float(v) for v in row)),
        VectorMm(*(float(v) for v in column)),
        plane.row_spacing_mm,
        plane.column_spacing_mm,
    )


# Colour tables as points: share, red, green, blue.
PALETTES: dict[str, tuple[tuple[float, int, int, int], ...]] = {
    "hot": ((0, 0, 0, 0), (0.33, 200, 0, 0), (0.66, 255, 170, 0), (1, 255, 255, 230)),
    "hot_iron": ((0, 0, 0, 0), (0.5, 255, 0, 0), (0.75, 255, 128, 0), (1, 255, 255, 255)),
    "pet": ((0, 0, 0, 0), (0.25, 0, 60, 130), (0.5, 130, 0, 130), (0.75, 255, 120, 0), (1, 255, 255, 200)),
    "rainbow": (
        (0, 0, 0, 0),
        (0.2, 0, 0, 255),
        (0.4, 0, 255, 255),
        (0.6, 0, 255, 0),
        (0.8, 255, 255, 0),
        (1, 255, 0, 0),
    ),
    "cool": ((0, 0, 0, 0), (0.5, 0, 130, 200), (1, 200, 255, 255)),
}


def palette(name: str) -> NDArray[Any]:
    """256 RGB entries, uint8 (256, 3)."""
    import numpy as np

    points = np.array(PALETTES[name], np.float64)
    at = np.linspace(0, 1, 256)
    columns = [np.interp(at, points[:, 0], points[:, n]) for n in (1, 2, 3)]
    return np.stack(columns, -1).round().astype(np.uint8)


def coloured(values: NDArray[Any], window: Window, colours: NDArray[Any], opacity: float) -> NDArray[Any]:
    """Values (rows, columns) as RGBA uint8, not premultiplied; clear where there is nothing.

    What lies at or below the window's lower end is clear, so that the base stays readable; above it the opacity
    rises over the first tenth of the window to ``opacity`` (0 to 1).
    """
    import numpy as np

    from shared.imaging.lut import apply_window

    known = np.isfinite(values)
    share = apply_window(np.where(known, values, window.centre - window.width), window)
    result = np.empty((*values.shape, 4), np.uint8)
    result[..., :3] = colours[(share * 255).round().astype(np.uint8)]
    strength = np.clip(share * 10, 0, 1) * min(max(opacity, 0.0), 1.0)
    result[..., 3] = np.where(known, strength * 255, 0).round().astype(np.uint8)
    return result


def planes_of(headers: Sequence[Any]) -> tuple[Plane, ...]:
    """Planes of frames that have one."""
    return tuple(h.plane for h in headers if h.plane is not None)

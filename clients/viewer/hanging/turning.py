"""How an image must be turned and flipped to lie as wanted, and how large, so that breasts can be compared. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clients.viewer.viewport.transform import Geometry, fit_scale
from shared.imaging.geometry import Plane, VectorMm

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Left-right flip first, then a turn clockwise, as `Geometry` does."""

    flipped: bool = False
    rotation: int = 0


def wanted_of(orientation: tuple[str, str], side: str, view: str) -> tuple[str, str]:
    """Directions to the right and down on screen; "auto" that of mammography (PS3.3 C.8.11.7, IHE MAMMO).

    The chest wall of the right breast is right, of the left one left; oblique and lateral views have the feet below,
    cranio-caudal ones the outer side above.
    """
    if orientation[0] != "auto":
        return orientation
    if side not in ("L", "R"):
        return ("", "")
    right = "P" if side == "R" else "A"
    if view.startswith(("CC", "XCC", "FB")):
        return (right, "L" if side == "R" else "R")
    return (right, "F")


def letters_of(plane: Plane) -> tuple[str, str]:
    """Main directions of a row and of a column in the patient."""
    return _letter(plane.row_direction), _letter(plane.column_direction)


def _letter(direction: VectorMm) -> str:
    values = ((abs(direction.x), "L" if direction.x > 0 else "R"), (abs(direction.y), "P" if direction.y > 0 else "A"))
    return max(*values, (abs(direction.z), "H" if direction.z > 0 else "F"))[1]


def turn_to(present: Sequence[str], wanted: tuple[str, str]) -> Turn:
    """The turn after which rows and columns run as wanted; none where the header does not tell.

    Only the main letter of each direction counts ("FL" is F): breasts are never seen along an axis exactly.
    """
    right, down = (text[:1].upper() for text in (*present, "", "")[:2])
    target = tuple(text[:1].upper() for text in wanted)
    if right not in _OPPOSITE or down not in _OPPOSITE or not all(text in _OPPOSITE for text in target):
        return Turn()
    for turn in (Turn(), Turn(True), Turn(False, 180), Turn(True, 180), *_QUARTERS):
        if _after(right, down, turn) == target:
            return turn
    # One direction is of another axis than wanted: set the one that can be set.
    for turn in (Turn(), Turn(True), Turn(True, 180)):
        if _after(right, down, turn)[0] == target[0]:
            return turn
    return Turn()


_QUARTERS = tuple(Turn(flipped, rotation) for rotation in (90, 270) for flipped in (False, True))


def _after(right: str, down: str, turn: Turn) -> tuple[str, str]:
    """Letters to the right and down on screen after a turn."""
    if turn.flipped:
        right = _OPPOSITE[right]
    for _ in range(turn.rotation // 90):  # a quarter clockwise: what pointed up points right
        right, down = _OPPOSITE[down], right
    return right, down


@dataclass(frozen=True, slots=True)
class Sized:
    """An image in a place: sizes in device pixels and image pixels, mm between rows and between columns."""

    width: int
    height: int
    columns: int
    rows: int
    row_mm: float
    column_mm: float
    geometry: Geometry

    @property
    def fitting(self) -> float:
        """Device pixels per mm at which it just fits."""
        aspect = self.column_mm / self.row_mm
        return fit_scale(self.geometry, self.columns, self.rows, aspect, self.width, self.height) / self.row_mm


def same_size(places: Sequence[Sized]) -> list[Geometry]:
    """Zoom of each so that a millimetre is equally long in all, and all of each image is seen."""
    common = min((place.fitting for place in places), default=1.0)
    return [replace(place.geometry, zoom=common / place.fitting, scale=None, actual_size=False) for place in places]

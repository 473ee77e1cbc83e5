"""Where the reader stands: a parallel projection in patient coordinates (LPS mm). Knows no Qt and no VTK.

Parallel, not perspective: a millimetre is as long in front as behind, and a line of sight is one direction, so
that free-hand cuts and crop faces mean the same everywhere in the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.imaging.geometry import PointMm, VectorMm, direction_of, letters_of

NAMED_VIEWS = ("A", "P", "L", "R", "H", "F")
VIEW_ANGLE = 30.0  # degrees; a position at a distance shows what VTK's usual perspective shows at the focal point
_LEAST_MM, _MOST_MM = 0.1, 10_000.0


class NotACamera(ValueError):
    """The text describes no camera; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A view along a direction. The picture's middle is ``focal``; half its height shows ``half_height_mm``."""

    focal: PointMm
    towards: VectorMm  # unit direction from the eye into the picture
    up: VectorMm  # unit, perpendicular to ``towards``
    half_height_mm: float

    @property
    def right(self) -> VectorMm:
        """Unit direction to the right edge of the picture."""
        return self.towards.cross(self.up)

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Patient letters at the left, right, upper and lower edge."""
        right, up = self.right, self.up
        return letters_of(right.scaled(-1)), letters_of(right), letters_of(up), letters_of(up.scaled(-1))

    @property
    def angles(self) -> tuple[float, float]:
        """Azimuth (0 = from the front, 90 = from the patient's left) and elevation (90 = from the head), degrees."""
        back = self.towards.scaled(-1)
        return math.degrees(math.atan2(back.x, -back.y)), math.degrees(math.asin(max(-1.0, min(1.0, back.z))))

    def project(self, point: PointMm, width: int, height: int) -> tuple[float, float]:
        """Picture position of a patient point: x to the right, y down, the picture's corner is (0, 0)."""
        scale = height / (2 * self.half_height_mm)
        away = point.minus(self.focal)
        return width / 2 + away.dot(self.right) * scale, height / 2 - away.dot(self.up) * scale

    def on_plane(self, x: float, y: float, width: int, height: int) -> tuple[float, float]:
        """Millimetres right of and above the focal point for a picture position."""
        scale = 2 * self.half_height_mm / height
        return (x - width / 2) * scale, (height / 2 - y) * scale

    def rotated(self, right_degrees: float, up_degrees: float) -> Camera:
        """The eye moved around the focal point: what is seen turns the other way, as under a hand."""
        around_up = _turned(self.towards, self.up, right_degrees)
        side = around_up.cross(self.up)
        towards = _turned(around_up, side, -up_degrees)
        return _upright(self.focal, towards, _turned(self.up, side, -up_degrees), self.half_height_mm)

    def rolled(self, degrees: float) -> Camera:
        """The picture turned clockwise."""
        return _upright(self.focal, self.towards, _turned(self.up, self.towards, -degrees), self.half_height_mm)

    def zoomed(self, factor: float) -> Camera:
        """Larger than 1 enlarges."""
        return replace(self, half_height_mm=max(_LEAST_MM, min(_MOST_MM, self.half_height_mm / factor)))

    def panned(self, right_mm: float, up_mm: float) -> Camera:
        """What is seen moves right and up."""
        return replace(self, focal=self.focal.plus(self.right.scaled(-right_mm)).plus(self.up.scaled(-up_mm)))

    def turned_to(self, name: str) -> Camera:
        """The same focal point and scale seen from a side of the patient, see :data:`NAMED_VIEWS`."""
        towards, up = _named(name)
        return replace(self, towards=towards, up=up)


def camera_of_volume(corners: Sequence[Sequence[float]], view: str = "A", aspect: float = 1.0) -> Camera:
    """A camera that shows the whole box of ``corners`` (LPS mm) from a side; ``aspect`` is width / height."""
    towards, up = _named(view)
    return fitted(Camera(_middle(corners), towards, up, 1.0), corners, aspect)


def fitted(camera: Camera, corners: Sequence[Sequence[float]], aspect: float = 1.0) -> Camera:
    """The same direction, but all ``corners`` in the picture with a little air around them."""
    middle = _middle(corners)
    away = [PointMm(*corner).minus(middle) for corner in corners]
    high = max((abs(v.dot(camera.up)) for v in away), default=0.0)
    wide = max((abs(v.dot(camera.right)) for v in away), default=0.0)
    half = 1.04 * max(high, wide / max(aspect, 0.05), _LEAST_MM)
    return replace(camera, focal=middle, half_height_mm=half)


def parse_camera(text: str, corners: Sequence[Sequence[float]], aspect: float = 1.0) -> Camera:
    """A camera from words of a command line; raises :class:`NotACamera`.

    - a side of the patient: ``A P L R H F`` (the eye stands there), several letters for a slanting view: ``AL``, ``AH``
    - ``azimuth,elevation`` in degrees: 0,0 from the front, 90,0 from the patient's left, 0,90 from the head
    - ``px,py,pz,fx,fy,fz,ux,uy,uz`` in LPS mm: position of the eye, focal point, direction that is up. Half the
      height of the picture then shows distance x tan 15°; a tenth number gives that half height in mm.

    The first two show the whole volume whose ``corners`` are given.
    """
    word = text.strip()
    if word and word.replace(" ", "").isalpha():
        direction = direction_of(word)
        if direction is None or set(word.upper()) - set("APLRHF"):
            raise NotACamera(f"{word!r} names no side of the patient: use A, P, L, R, H, F.")
        towards, up = _named(word.upper()) if word.upper() in NAMED_VIEWS else (direction.scaled(-1), VectorMm(0, 0, 1))
        return fitted(_upright(_middle(corners), towards, up, 1.0), corners, aspect)
    try:
        numbers = [float(part) for part in word.split(",")]
    except ValueError:
        numbers = []
    if not all(map(math.isfinite, numbers)) or len(numbers) not in (2, 9, 10):
        raise NotACamera(f"{word!r} is no camera: give a side (A), azimuth,elevation, or nine numbers in mm.")
    if len(numbers) == 2:
        return fitted(_at_angles(_middle(corners), *numbers), corners, aspect)
    position, focal, up = PointMm(*numbers[:3]), PointMm(*numbers[3:6]), VectorMm(*numbers[6:9])
    line = focal.minus(position)
    if line.length < 1e-6 or line.cross(up).length < 1e-6 * line.length * max(up.length, 1e-12):
        raise NotACamera("The eye and the focal point must differ, and up must not lie along the line of sight.")
    half = numbers[9] if len(numbers) == 10 else line.length * math.tan(math.radians(VIEW_ANGLE / 2))
    if not _LEAST_MM <= half <= _MOST_MM:
        raise NotACamera(f"Half the height of the picture must be {_LEAST_MM:g} to {_MOST_MM:g} mm.")
    return _upright(focal, line, up, half)


def camera_to_json(camera: Camera) -> dict[str, object]:
    """Plain lists of numbers."""
    return {
        "focal": list(camera.focal),
        "towards": list(camera.towards),
        "up": list(camera.up),
        "half_height_mm": camera.half_height_mm,
    }


def camera_from_json(value: object) -> Camera:
    """The reverse of :func:`camera_to_json`; raises ``ValueError`` for anything else."""
    if not isinstance(value, dict):
        raise NotACamera("A camera is a group of values.")
    focal, towards, up = (_three(value.get(key)) for key in ("focal", "towards", "up"))
    half = value.get("half_height_mm")
    if not isinstance(half, (int, float)) or not _LEAST_MM <= float(half) <= _MOST_MM:
        raise NotACamera("The height of the picture is missing or impossible.")
    line, above = VectorMm(*towards), VectorMm(*up)
    if line.cross(above).length < 1e-6:
        raise NotACamera("The camera has no direction.")
    return _upright(PointMm(*focal), line, above, float(half))


def _three(value: object) -> tuple[float, float, float]:
    if not isinstance(value, list) or len(value) != 3:
        raise NotACamera("Three numbers are expected.")
    x, y, z = (float(part) if isinstance(part, (int, float)) else math.nan for part in value)
    if not all(abs(part) < 1e5 for part in (x, y, z)):
        raise NotACamera("Coordinates are numbers of millimetres.")
    return x, y, z


def _named(name: str) -> tuple[VectorMm, VectorMm]:
    """Direction of sight and up of a side; from head and feet the front is up, as on axial slices."""
    direction = direction_of(name)
    if name not in NAMED_VIEWS or direction is None:
        raise NotACamera(f"{name!r} names no side of the patient: use A, P, L, R, H, F.")
    up = VectorMm(0, -1, 0) if name in "HF" else VectorMm(0, 0, 1)
    return direction.scaled(-1), up


def _at_angles(focal: PointMm, azimuth: float, elevation: float) -> Camera:
    a, e = math.radians(azimuth), math.radians(elevation)
    back = VectorMm(math.sin(a) * math.cos(e), -math.cos(a) * math.cos(e), math.sin(e))
    # The up of the head's side, turned with the eye: never along the line of sight, not even at the poles.
    up = VectorMm(-math.sin(a) * math.sin(e), math.cos(a) * math.sin(e), math.cos(e))
    return _upright(focal, back.scaled(-1), up, 1.0)


def _upright(focal: PointMm, towards: VectorMm, up: VectorMm, half_height_mm: float) -> Camera:
    """Unit vectors, ``up`` made perpendicular to ``towards``."""
    towards = towards.scaled(1 / towards.length)
    side = towards.cross(up)
    side = side.scaled(1 / side.length)
    return Camera(focal, towards, side.cross(towards), half_height_mm)


def _turned(vector: VectorMm, axis: VectorMm, degrees: float) -> VectorMm:
    """Rodrigues' rotation about a unit axis, right-handed."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across, along = axis.cross(vector), axis.scaled(axis.dot(vector) * (1 - c))
    return VectorMm(*(c * v + s * a + b for v, a, b in zip(vector, across, along, strict=True)))


def _middle(corners: Sequence[Sequence[float]]) -> PointMm:
    return PointMm(*((min(axis) + max(axis)) / 2 for axis in zip(*corners, strict=True)))

"""What is shown: camera, look, crop box, cuts, bed. Immutable, so that undo is keeping the old one. No Qt, no VTK."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clients.viewer.vr.camera import Camera, camera_from_json, camera_to_json
from clients.viewer.vr.transfer import Look, look_from_json, look_to_json
from shared.imaging.geometry import PointMm, VectorMm

MOST_CUTS = 64
MOST_CORNERS = 4000
FACES = ("R", "L", "A", "P", "F", "H")  # faces of the crop box: low and high x, y, z


class NotAScene(ValueError):
    """What was read describes no scene."""


class Box(NamedTuple):
    """A crop box along the patient's axes; LPS mm. What lies outside is not shown."""

    low: PointMm
    high: PointMm

    def with_face(self, face: str, to: float, least_mm: float = 1.0) -> Box:
        """One face pushed to a coordinate; it stops before the opposite one."""
        at = FACES.index(face)
        axis, is_high = at // 2, at % 2 == 1
        low, high = list(self.low), list(self.high)
        if is_high:
            high[axis] = max(to, low[axis] + least_mm)
        else:
            low[axis] = min(to, high[axis] - least_mm)
        return Box(PointMm(*low), PointMm(*high))

    def face(self, face: str) -> float:
        """Coordinate of a face."""
        at = FACES.index(face)
        return (self.low, self.high)[at % 2][at // 2]

    @property
    def corners(self) -> tuple[PointMm, ...]:
        """The eight corners; bits of the index say high x, y, z."""
        ends = (self.low, self.high)
        return tuple(PointMm(ends[n & 1].x, ends[n >> 1 & 1].y, ends[n >> 2 & 1].z) for n in range(8))


def box_around(points: Sequence[Sequence[float]]) -> Box:
    """The smallest box that holds all points."""
    axes = list(zip(*points, strict=True))
    return Box(PointMm(*(min(axis) for axis in axes)), PointMm(*(max(axis) for axis in axes)))


@dataclass(frozen=True, slots=True)
class Cut:
    """A free-hand cut along a direction of sight, through the whole depth of the volume.

    ``polygon`` is in millimetres (right, up) on the plane through ``origin``. What lies inside is removed, or with
    ``keeps_inside`` everything else.
    """

    origin: PointMm
    right: VectorMm
    up: VectorMm
    polygon: tuple[tuple[float, float], ...]
    keeps_inside: bool = False


def cut_of_picture(
    camera: Camera, outline: Sequence[tuple[float, float]], width: int, height: int, *, keeps_inside: bool
) -> Cut | None:
    """A cut from an outline drawn on the picture (pixels, corner (0, 0)); None when it encloses next to nothing."""
    corners = [camera.on_plane(x, y, width, height) for x, y in outline]
    if len(corners) < 3:
        return None
    if len(corners) > MOST_CORNERS:
        step = -(-len(corners) // MOST_CORNERS)
        corners = corners[::step]
    area = 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, corners[1:] + corners[:1], strict=True)))
    pixel = 2 * camera.half_height_mm / height
    if area < 9 * pixel * pixel:
        return None
    return Cut(camera.focal, camera.right, camera.up, tuple(corners), keeps_inside)


@dataclass(frozen=True, slots=True)
class Shape:
    """What was taken away from the volume."""

    box: Box | None = None
    cuts: tuple[Cut, ...] = ()
    bed_removed: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture to make; ``preset`` is the key of the template the look came from."""

    camera: Camera
    look: Look
    shape: Shape = Shape()
    preset: str = ""

    def with_camera(self, camera: Camera) -> Scene:
        return replace(self, camera=camera)

    def with_look(self, look: Look, preset: str = "") -> Scene:
        return replace(self, look=look, preset=preset)

    def with_shape(self, shape: Shape) -> Scene:
        return replace(self, shape=shape)


def scene_to_json(scene: Scene) -> dict[str, object]:
    """Plain values for a file of saved views."""
    shape = scene.shape
    return {
        "camera": camera_to_json(scene.camera),
        "look": look_to_json(scene.look),
        "preset": scene.preset,
        "bed_removed": shape.bed_removed,
        "box": [list(shape.box.low), list(shape.box.high)] if shape.box else None,
        "cuts": [
            {
                "origin": list(cut.origin),
                "right": list(cut.right),
                "up": list(cut.up),
                "polygon": [list(corner) for corner in cut.polygon],
                "keeps_inside": cut.keeps_inside,
            }
            for cut in shape.cuts
        ],
    }


def scene_from_json(value: object) -> Scene:
    """The reverse of :func:`scene_to_json`; raises ``ValueError`` for anything else."""
    if not isinstance(value, dict):
        raise NotAScene("A view is a group of values.")
    cuts = value.get("cuts")
    if not isinstance(cuts, list) or len(cuts) > MOST_CUTS:
        raise NotAScene("The cuts are missing or too many.")
    preset = value.get("preset")
    shape = Shape(_box(value.get("box")), tuple(_cut(cut) for cut in cuts), value.get("bed_removed") is True)
    look, camera = look_from_json(value.get("look")), camera_from_json(value.get("camera"))
    return Scene(camera, look, shape, preset if isinstance(preset, str) else "")


def _box(value: object) -> Box | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise NotAScene("A box has two corners.")
    low, high = (PointMm(*_numbers(corner, 3)) for corner in value)
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise NotAScene("The box is empty.")
    return Box(low, high)


def _cut(value: object) -> Cut:
    if not isinstance(value, dict) or not isinstance(value.get("polygon"), list):
        raise NotAScene("A cut has an outline.")
    polygon = value["polygon"]
    if not 3 <= len(polygon) <= MOST_CORNERS:
        raise NotAScene("The outline of a cut has too few or too many corners.")
    right, up = (VectorMm(*_numbers(value.get(key), 3)) for key in ("right", "up"))
    if right.cross(up).length < 0.5:
        raise NotAScene("A cut has a direction.")
    outline = tuple((x, y) for x, y in (_numbers(corner, 2) for corner in polygon))
    return Cut(PointMm(*_numbers(value.get("origin"), 3)), right, up, outline, value.get("keeps_inside") is True)


def _numbers(value: object, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count:
        raise NotAScene(f"{count} numbers are expected.")
    numbers = [float(part) if isinstance(part, (int, float)) else math.nan for part in value]
    if not all(abs(number) < 1e5 for number in numbers):
        raise NotAScene("Coordinates are numbers of millimetres.")
    return numbers

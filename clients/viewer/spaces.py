"""Places of the patient across series: within a frame of reference, and between registered ones. No Qt.

Coordinates are LPS mm. Without a registration positions of different frames of reference are never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clients.viewer.evented import Event
from clients.viewer.study import Stack
from shared.imaging.geometry import Plane, PointMm


@dataclass(frozen=True, slots=True)
class RigidMap:
    """x' = rows · x + shift, in mm; as the 4 x 4 matrix of a Spatial Registration (PS3.3 C.20.2.1.1)."""

    rows: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
    shift: tuple[float, float, float]

    @classmethod
    def of(cls, matrix: Sequence[Sequence[float]]) -> RigidMap:
        """From the first three rows of a 4 x 4 matrix."""
        rows = tuple((float(row[0]), float(row[1]), float(row[2])) for row in matrix[:3])
        return cls((rows[0], rows[1], rows[2]), (float(matrix[0][3]), float(matrix[1][3]), float(matrix[2][3])))

    def apply(self, at: PointMm) -> PointMm:
        values = [sum(a * b for a, b in zip(row, at, strict=True)) for row in self.rows]
        return PointMm(values[0] + self.shift[0], values[1] + self.shift[1], values[2] + self.shift[2])

    def inverse(self) -> RigidMap:
        """The map back; the rows are those of a rotation, so their inverse is their transpose."""
        (a, b, c), (d, e, f), (g, h, i) = self.rows
        turned = RigidMap(((a, d, g), (b, e, h), (c, f, i)), (0.0, 0.0, 0.0))
        back = turned.apply(PointMm(*self.shift))
        return RigidMap(turned.rows, (-back.x, -back.y, -back.z))


SAME = RigidMap(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (0.0, 0.0, 0.0))
"""Two series that share their coordinates."""


class Spaces:
    """Which frames of reference may be compared, and how. Series of one frame can be registered to each other as well,

    where the patient moved in between; their names are then the Series Instance UIDs.
    """

    def __init__(self) -> None:
        self.changed: Event[[]] = Event()
        self._maps: dict[tuple[str, str], RigidMap] = {}
        self.helper: Callable[[Stack, Stack, Callable[[], object]], bool] | None = None
        """Registers two series that somebody wants to compare, and then calls back; False when it cannot."""

    def register(self, source: str, target: str, mapping: RigidMap) -> None:
        """Points of frame of reference ``source`` correspond to points of ``target``; the way back is set too."""
        self._maps[source, target], self._maps[target, source] = mapping, mapping.inverse()
        self.changed.emit()

    def forget(self, source: str, target: str) -> None:
        """A registration was cleared."""
        self._maps.pop((source, target), None)
        self._maps.pop((target, source), None)
        self.changed.emit()

    def clear(self) -> None:
        if self._maps:
            self._maps.clear()
            self.changed.emit()

    def between(self, source: Stack, target: Stack) -> RigidMap | None:
        """From ``source``'s coordinates to ``target``'s; None when they cannot be compared."""
        if source is target:
            return SAME
        ours, theirs = source.series, target.series
        found = self._maps.get((ours.series_uid, theirs.series_uid))
        if found is None and source.shares_space_with(target):
            return SAME
        return found or self._maps.get((ours.frame_of_reference_uid, theirs.frame_of_reference_uid))

    def are_common(self, a: Stack, b: Stack) -> bool:
        """True when positions of both may be compared."""
        return self.between(a, b) is not None

    def carry(self, point: PointMm, source: Stack, target: Stack) -> PointMm | None:
        """A place of ``source``'s frame of reference in that of ``target``; None when they cannot be compared."""
        mapping = self.between(source, target)
        if mapping is None or mapping is SAME:
            return point if mapping is SAME else None
        return mapping.apply(point)

    def carry_plane(self, plane: Plane, source: Stack, target: Stack) -> Plane | None:
        """An image plane of ``source`` in the coordinates of ``target``; None when they cannot be compared."""
        if self.between(source, target) is SAME:
            return plane
        origin = self.carry(plane.origin, source, target)
        along = self.carry(plane.origin.plus(plane.row_direction), source, target)
        down = self.carry(plane.origin.plus(plane.column_direction), source, target)
        if origin is None or along is None or down is None:
            return None
        return Plane(origin, along.minus(origin), down.minus(origin), plane.row_spacing_mm, plane.column_spacing_mm)


def nearest_image(stack: Stack, point: PointMm) -> tuple[int, float] | None:
    """The image whose plane lies nearest to ``point``, and how far (mm, 0 or more); None without positions.

    Among equals the one whose area holds the foot of the point wins, so that mosaics and several slabs work.
    """
    best: tuple[float, bool, int] | None = None
    rows, columns = stack.shape
    for n in range(len(stack)):
        plane = stack.frame_header(n).plane
        if plane is None:
            continue
        away = abs(plane.away_mm(point))
        if best is not None and away > best[0] + 1e-6:
            continue
        foot = plane.pixel(point)
        outside = not (-0.5 <= foot.column <= columns - 0.5 and -0.5 <= foot.row <= rows - 0.5)
        if best is None or (round(away, 6), outside) < (round(best[0], 6), best[1]):
            best = (away, outside, n)
    return (best[2], best[0]) if best is not None else None


def reach_mm(stack: Stack, plane: Plane) -> float:
    """How far from a plane of ``stack`` a point may lie and still count as being in its image."""
    spacing = stack.order.spacing_mm
    if spacing is not None:
        return spacing * 0.75
    return max(plane.row_spacing_mm, plane.column_spacing_mm) * 5

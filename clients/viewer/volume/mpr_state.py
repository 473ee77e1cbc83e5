"""What the three panes of multiplanar reformatting show: an evented model without Qt.

The panes stay perpendicular to each other and meet in the cross. Turning the lines of one pane turns the planes of
the other two about its normal; the pane itself keeps its place and its side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from clients.viewer.evented import Event
from shared.imaging.geometry import Plane, PointMm, VectorMm
from shared.imaging.reformat import MAX_SIDE, Grid, Projection

if TYPE_CHECKING:
    from shared.imaging.volume import Volume

SMALLEST_ZOOM, LARGEST_ZOOM = 0.2, 40.0
THICKEST_MM = 200.0


class Pane(StrEnum):
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


class MprAspect(StrEnum):
    """What changed: planes or slab; or zoom and place of the panes."""

    PLANES = "planes"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class Axes:
    """How a pane lies: patient directions of right and down on screen."""

    right: VectorMm
    down: VectorMm

    @property
    def normal(self) -> VectorMm:
        return self.right.cross(self.down)


# As radiologists look: axial from the feet, coronal from the front, sagittal from the patient's left.
STANDARD: dict[Pane, Axes] = {
    Pane.AXIAL: Axes(VectorMm(1, 0, 0), VectorMm(0, 1, 0)),
    Pane.CORONAL: Axes(VectorMm(1, 0, 0), VectorMm(0, 0, -1)),
    Pane.SAGITTAL: Axes(VectorMm(0, 1, 0), VectorMm(0, 0, -1)),
}

# Paging on goes to the feet, to the back and to the left.
_FORWARD: dict[Pane, int] = {Pane.AXIAL: -1, Pane.CORONAL: 1, Pane.SAGITTAL: -1}


@dataclass(frozen=True, slots=True)
class PaneFrame:
    """A pane as it fills so many device pixels: the map between pixels and patient."""

    axes: Axes
    centre: PointMm  # in the middle of the pane, on its plane
    mm: float  # for one device pixel
    width: int
    height: int

    def grid(self, reduction: int = 1) -> Grid:
        """What to sample; with a ``reduction`` each pixel stands for so many by so many."""
        columns = max(1, min(MAX_SIDE, math.ceil(self.width / reduction)))
        rows = max(1, min(MAX_SIDE, math.ceil(self.height / reduction)))
        step = self.mm * reduction
        # The first pixel's centre lies half a (large) pixel inside the upper left corner.
        left, up = (-self.width / 2 + reduction / 2) * self.mm, (-self.height / 2 + reduction / 2) * self.mm
        first = self.centre.plus(self.axes.right.scaled(left)).plus(self.axes.down.scaled(up))
        return Grid(Plane(first, self.axes.right, self.axes.down, step, step), columns, rows)

    def point(self, x: float, y: float) -> PointMm:
        """The patient's place below a place of the pane, device pixels from its upper left corner."""
        right, down = (x - self.width / 2) * self.mm, (y - self.height / 2) * self.mm
        return self.centre.plus(self.axes.right.scaled(right)).plus(self.axes.down.scaled(down))

    def place(self, point: PointMm) -> tuple[float, float]:
        """Where the foot of a point stands, device pixels."""
        offset = point.minus(self.centre)
        return (
            offset.dot(self.axes.right) / self.mm + self.width / 2,
            offset.dot(self.axes.down) / self.mm + self.height / 2,
        )


class MprState:
    """Cross, planes, slab, zoom and place of the three panes over one volume."""

    def __init__(self, volume: Volume) -> None:
        self.changed: Event[[MprAspect]] = Event()
        self.volume = volume
        self._middle = volume.centre
        self._corners = [PointMm(*corner) for corner in volume.corners.tolist()]
        self._sizes = {pane: (self._extent(axes.right), self._extent(axes.down)) for pane, axes in STANDARD.items()}
        self._start()

    def _start(self) -> None:
        self._cross = self._middle
        self._axes = dict(STANDARD)
        self._zoom = 1.0
        self._pans: dict[Pane, tuple[float, float]] = dict.fromkeys(Pane, (0.0, 0.0))
        self._thickness_mm = 0.0
        self._projection = Projection.MAX

    # --- planes

    @property
    def cross(self) -> PointMm:
        """Where the three planes meet."""
        return self._cross

    def move_to(self, point: PointMm) -> None:
        """Put the cross to ``point``, or to the nearest place within the volume's box."""
        lows = [min(corner[n] for corner in self._corners) for n in range(3)]
        highs = [max(corner[n] for corner in self._corners) for n in range(3)]
        kept = PointMm(*(min(max(v, low), high) for v, low, high in zip(point, lows, highs, strict=True)))
        if kept != self._cross:
            self._cross = kept
            self.changed.emit(MprAspect.PLANES)

    def axes(self, pane: Pane) -> Axes:
        return self._axes[pane]

    def step_mm(self, pane: Pane) -> float:
        """From one picture to the next: one voxel along the pane's normal."""
        normal = self._axes[pane].normal
        inverse: list[list[float]] = self.volume.inverse[:3, :3].tolist()
        voxels = [abs(sum(a * b for a, b in zip(row, normal, strict=True))) for row in inverse]
        return 1.0 / max(voxels)

    def page(self, pane: Pane, by: int) -> None:
        """Move the pane's plane by so many voxels; on is to the feet, the back and the left."""
        forward = self._axes[pane].normal.scaled(self.step_mm(pane) * by * _FORWARD[pane])
        self.move_to(self._cross.plus(forward))

    def turn(self, pane: Pane, degrees: float) -> None:
        """Turn the lines that are seen in ``pane`` clockwise: the other planes turn about its normal."""
        about = self._axes[pane].normal
        for other in Pane:
            if other is not pane:
                axes = self._axes[other]
                self._axes[other] = _square(_turned(axes.right, about, degrees), _turned(axes.down, about, degrees))
        self.changed.emit(MprAspect.PLANES)

    @property
    def is_oblique(self) -> bool:
        return any(self._axes[pane] != STANDARD[pane] for pane in Pane)

    def position_mm(self, pane: Pane) -> float:
        """Where the plane lies along its normal, with the sign of the patient's axis."""
        normal = self._axes[pane].normal
        return sum(a * b for a, b in zip(self._cross, normal, strict=True))

    # --- slab

    @property
    def thickness_mm(self) -> float:
        return self._thickness_mm

    @property
    def projection(self) -> Projection:
        return self._projection

    def set_slab(self, thickness_mm: float, projection: Projection | None = None) -> None:
        """A thickness of 0 is the thin plane."""
        thickness_mm = min(max(thickness_mm, 0.0), THICKEST_MM)
        projection = projection or self._projection
        if (thickness_mm, projection) != (self._thickness_mm, self._projection):
            self._thickness_mm, self._projection = thickness_mm, projection
            self.changed.emit(MprAspect.PLANES)

    # --- view

    @property
    def zoom(self) -> float:
        """Times the size that fits; all panes alike, so that they can be compared."""
        return self._zoom

    @zoom.setter
    def zoom(self, value: float) -> None:
        value = min(max(value, SMALLEST_ZOOM), LARGEST_ZOOM)
        if value != self._zoom:
            self._zoom = value
            self.changed.emit(MprAspect.VIEW)

    def pan(self, pane: Pane, right_mm: float, down_mm: float) -> None:
        """Move the picture of a pane by so many millimetres on screen."""
        x, y = self._pans[pane]
        self._pans[pane] = (x + right_mm, y + down_mm)
        self.changed.emit(MprAspect.VIEW)

    def reset(self) -> None:
        """Standard planes through the middle, thin, fitting; the window is not touched."""
        self._start()
        self.changed.emit(MprAspect.PLANES)

    def frame(self, pane: Pane, width: int, height: int) -> PaneFrame:
        """The pane's map for a widget of so many device pixels."""
        axes, (wide, high) = self._axes[pane], self._sizes[pane]
        mm = max(wide / max(width, 1), high / max(height, 1)) / self._zoom
        pan = self._pans[pane]
        # The middle of the volume stays in the middle of the pane while the cross moves.
        offset = self._middle.minus(self._cross)
        centre = self._cross.plus(axes.right.scaled(offset.dot(axes.right) - pan[0]))
        centre = centre.plus(axes.down.scaled(offset.dot(axes.down) - pan[1]))
        return PaneFrame(axes, centre, mm, max(width, 1), max(height, 1))

    def _extent(self, direction: VectorMm) -> float:
        depths = [VectorMm(*corner).dot(direction) for corner in self._corners]
        return max(max(depths) - min(depths), 1e-3)


def _turned(vector: VectorMm, about: VectorMm, degrees: float) -> VectorMm:
    """Rodrigues' rotation about a unit vector."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along = about.scaled(about.dot(vector) * (1 - cosine))
    side = about.cross(vector).scaled(sine)
    kept = vector.scaled(cosine)
    return VectorMm(*(a + b + c for a, b, c in zip(kept, side, along, strict=True)))


def _square(right: VectorMm, down: VectorMm) -> Axes:
    """Unit and perpendicular again, after many small turns."""
    right = right.scaled(1 / right.length)
    rest = right.scaled(right.dot(down))
    down = VectorMm(down.x - rest.x, down.y - rest.y, down.z - rest.z)
    return Axes(right, down.scaled(1 / down.length))

"""Millimetres of the patient: points, image planes, spacings and their truth, order of slices, letters.

Coordinates are those of the patient (PS3.3 C.7.6.2.1.1): +x to the left hand, +y to the back, +z to the
head (LPS). Pixel positions are (column, row) with whole numbers at pixel centres. Knows no pixels and no files.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, NewType

Millimetre = NewType("Millimetre", float)


class VectorMm(NamedTuple):
    """A direction or difference in patient coordinates."""

    x: float
    y: float
    z: float

    def dot(self, other: VectorMm) -> float:
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, other: VectorMm) -> VectorMm:
        return VectorMm(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )

    @property
    def length(self) -> float:
        return math.sqrt(self.dot(self))

    def scaled(self, factor: float) -> VectorMm:
        return VectorMm(self.x * factor, self.y * factor, self.z * factor)


class PointMm(NamedTuple):
    """A place in the patient."""

    x: float
    y: float
    z: float

    def minus(self, other: PointMm) -> VectorMm:
        return VectorMm(self.x - other.x, self.y - other.y, self.z - other.z)

    def plus(self, vector: VectorMm) -> PointMm:
        return PointMm(self.x + vector.x, self.y + vector.y, self.z + vector.z)


class PixelPoint(NamedTuple):
    """A place in an image: column and row, whole numbers at pixel centres."""

    column: float
    row: float


def distance(a: PointMm, b: PointMm) -> Millimetre:
    """Straight distance in the patient."""
    return Millimetre(b.minus(a).length)


class NoPlane(ValueError):
    """Orientation and position do not describe a plane; the text says why."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Where an image lies: centre of the first pixel, unit directions of a row and of a column, spacings in mm."""

    origin: PointMm
    row_direction: VectorMm  # along a row, with growing column number
    column_direction: VectorMm  # down a column, with growing row number
    row_spacing_mm: float  # between rows: first value of Pixel Spacing
    column_spacing_mm: float  # between columns: second value

    @classmethod
    def of(cls, position: Sequence[float], orientation: Sequence[float], spacing: Sequence[float]) -> Plane:
        """From Image Position, Image Orientation (Patient) and Pixel Spacing; raises :class:`NoPlane`."""
        values = [*position, *orientation, *spacing]
        if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2 or not all(map(math.isfinite, values)):
            raise NoPlane("Image position, orientation or spacing are incomplete.")
        row, column = VectorMm(*orientation[:3]), VectorMm(*orientation[3:])
        if abs(row.length - 1) > 0.01 or abs(column.length - 1) > 0.01 or abs(row.dot(column)) > 0.01:
            raise NoPlane("The image orientation is not two perpendicular unit vectors.")
        if min(spacing) <= 0:
            raise NoPlane("The pixel spacing is not positive.")
        row, column = row.scaled(1 / row.length), column.scaled(1 / column.length)
        return cls(PointMm(*position), row, column, float(spacing[0]), float(spacing[1]))

    @property
    def normal(self) -> VectorMm:
        return self.row_direction.cross(self.column_direction)

    @property
    def depth_mm(self) -> float:
        """Position along the normal, the key by which parallel slices are ordered."""
        return VectorMm(*self.origin).dot(self.normal)

    def point(self, at: PixelPoint) -> PointMm:
        """PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1."""
        return self.origin.plus(self.row_direction.scaled(at.column * self.column_spacing_mm)).plus(
            self.column_direction.scaled(at.row * self.row_spacing_mm)
        )

    def pixel(self, point: PointMm) -> PixelPoint:
        """The foot of the perpendicular from ``point``, as pixel position."""
        offset = point.minus(self.origin)
        return PixelPoint(
            offset.dot(self.row_direction) / self.column_spacing_mm,
            offset.dot(self.column_direction) / self.row_spacing_mm,
        )

    def away_mm(self, point: PointMm) -> float:
        """Signed distance of a point from the plane, positive on the side of the normal."""
        return point.minus(self.origin).dot(self.normal)

    def parallel_to(self, other: Plane, tolerance: float = 0.001) -> bool:
        return self.normal.dot(other.normal) > 1 - tolerance and abs(self.row_direction.dot(other.row_direction)) > (
            1 - tolerance
        )


def cut_of(
    target: Plane, columns: int, rows: int, other: Plane, other_columns: int, other_rows: int
) -> tuple[PixelPoint, PixelPoint] | None:
    """The line that image ``other`` cuts into image ``target``, in pixels of ``target`` and clipped to both.

    None when the planes are parallel or the images do not meet. Sizes are those of the two images.
    """
    half = PixelPoint(other_columns - 0.5, other_rows - 0.5)
    corners = [
        other.point(PixelPoint(column, row))
        for column, row in ((-0.5, -0.5), (half.column, -0.5), (half.column, half.row), (-0.5, half.row))
    ]
    depths = [target.away_mm(corner) for corner in corners]
    crossings = []
    for n, corner in enumerate(corners):
        after, depth, depth_after = corners[(n + 1) % 4], depths[n], depths[(n + 1) % 4]
        if (depth < 0) != (depth_after < 0):
            share = depth / (depth - depth_after)
            crossings.append(corner.plus(after.minus(corner).scaled(share)))
    if len(crossings) != 2:
        return None
    return _clipped(target.pixel(crossings[0]), target.pixel(crossings[1]), columns, rows)


def _clipped(a: PixelPoint, b: PixelPoint, columns: int, rows: int) -> tuple[PixelPoint, PixelPoint] | None:
    """Liang and Barsky: the part of a line inside the image."""
    dx, dy = b.column - a.column, b.row - a.row
    first, last = 0.0, 1.0
    for step, room in (
        (-dx, a.column + 0.5),
        (dx, columns - 0.5 - a.column),
        (-dy, a.row + 0.5),
        (dy, rows - 0.5 - a.row),
    ):
        if abs(step) < 1e-12:
            if room < 0:
                return None
            continue
        share = room / step
        if step < 0:
            first = max(first, share)
        else:
            last = min(last, share)
    if first >= last:
        return None
    return (
        PixelPoint(a.column + first * dx, a.row + first * dy),
        PixelPoint(a.column + last * dx, a.row + last * dy),
    )


# --- spacing and its truth -------------------------------------------------------------------------------


class SpacingSource(StrEnum):
    """Where millimetres come from, best first."""

    PATIENT = "patient"  # Pixel Spacing of a cross-section
    CALIBRATED = "calibrated"  # Pixel Spacing of a projection that was calibrated
    MAGNIFICATION = "magnification"  # Imager Pixel Spacing divided by the estimated magnification
    DETECTOR = "detector"  # Imager Pixel Spacing: true at the detector's front only
    SCANNER = "scanner"  # Nominal Scanned Pixel Spacing: the film or paper
    REGION = "region"  # an ultrasound region
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Spacing:
    """Millimetres between rows and between columns, and whether to believe them."""

    row_mm: float
    column_mm: float
    source: SpacingSource

    @property
    def is_known(self) -> bool:
        return self.source is not SpacingSource.NONE

    @property
    def is_patient(self) -> bool:
        """True when the millimetres hold inside the patient."""
        return self.source in (SpacingSource.PATIENT, SpacingSource.CALIBRATED, SpacingSource.REGION)

    @property
    def aspect(self) -> float:
        """Width of a pixel divided by its height."""
        return self.column_mm / self.row_mm


UNCALIBRATED = Spacing(1.0, 1.0, SpacingSource.NONE)

_PROJECTIONS = frozenset({"CR", "DX", "MG", "IO", "PX", "XA", "RF", "RG"})


def choose_spacing(
    *,
    modality: str,
    pixel_spacing: Sequence[float] = (),
    imager_spacing: Sequence[float] = (),
    nominal_spacing: Sequence[float] = (),
    magnification: float | None = None,
    calibration: str = "",
    aspect: Sequence[float] = (),
) -> Spacing:
    """The spacing to measure with, in the order of PS3.3 10.7.1.3.

    Pixel Spacing that merely repeats Imager Pixel Spacing and names no calibration is a detector spacing, which the
    estimated magnification brings into the patient. ``aspect`` is Pixel Aspect Ratio (vertical, horizontal): it shapes
    the picture but gives no millimetres.
    """
    if _usable(pixel_spacing):
        row, column = float(pixel_spacing[0]), float(pixel_spacing[1])
        if modality not in _PROJECTIONS:
            return Spacing(row, column, SpacingSource.PATIENT)
        same = _usable(imager_spacing) and all(
            math.isclose(a, b, rel_tol=1e-6) for a, b in zip(pixel_spacing, imager_spacing, strict=False)
        )
        if calibration or (_usable(imager_spacing) and not same):
            return Spacing(row, column, SpacingSource.CALIBRATED)
        if not same:
            return Spacing(row, column, SpacingSource.DETECTOR)
    if _usable(imager_spacing):
        row, column = float(imager_spacing[0]), float(imager_spacing[1])
        if magnification is not None and math.isfinite(magnification) and magnification > 1:
            return Spacing(row / magnification, column / magnification, SpacingSource.MAGNIFICATION)
        return Spacing(row, column, SpacingSource.DETECTOR)
    if _usable(nominal_spacing):
        return Spacing(float(nominal_spacing[0]), float(nominal_spacing[1]), SpacingSource.SCANNER)
    if _usable(aspect):
        return Spacing(1.0, float(aspect[1]) / float(aspect[0]), SpacingSource.NONE)
    return UNCALIBRATED


def _usable(pair: Sequence[float]) -> bool:
    return len(pair) == 2 and all(math.isfinite(v) and 0 < v < 1e4 for v in pair)


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """One item of Sequence of Ultrasound Regions (PS3.3 C.8.5.5).

    ``column_mm`` and ``row_mm`` are millimetres only where ``is_spatial``. Units are DICOM's codes: 3 cm, 4 seconds,
    5 Hertz, 7 cm/s and so on; ``delta_x``/``delta_y`` are in them, with their sign.
    """

    left: int
    top: int
    right: int
    bottom: int
    column_mm: float
    row_mm: float
    unit_x: int = 3
    unit_y: int = 3
    is_low_priority: bool = False
    reference_x: float | None = None  # pixels from the region's left upper corner: where the values are 0
    reference_y: float | None = None
    delta_x: float = 0.0
    delta_y: float = 0.0

    @property
    def is_spatial(self) -> bool:
        """True when both axes are lengths."""
        return self.unit_x == 3 == self.unit_y

    def holds(self, at: PixelPoint) -> bool:
        return self.left <= at.column <= self.right and self.top <= at.row <= self.bottom


def pixel_distance_mm(a: PixelPoint, b: PixelPoint, spacing: Spacing) -> Millimetre:
    """Distance in the image plane, which is the patient's only if the spacing's source says so."""
    return Millimetre(math.hypot((b.column - a.column) * spacing.column_mm, (b.row - a.row) * spacing.row_mm))


# --- order of slices -------------------------------------------------------------------------------------


class Finding(StrEnum):
    """What is unusual about the geometry of a series."""

    REVERSED = "reversed"
    DUPLICATES = "duplicates"
    GAPS = "gaps"
    UNEVEN = "uneven"
    MIXED = "mixed orientations"
    UNPLACED = "without position"
    TILTED = "tilted"


@dataclass(frozen=True, slots=True)
class SliceOrder:
    """Order in which to show images, and what was found on the way."""

    order: tuple[int, ...]  # positions in the given list
    spacing_mm: float | None  # median distance of neighbouring slices
    findings: frozenset[Finding]
    gaps: tuple[int, ...] = ()  # n: a hole lies between the n-th and the next image of ``order``
    duplicates: tuple[int, ...] = ()  # n: the n-th image of ``order`` lies where its predecessor lies

    @property
    def is_volume(self) -> bool:
        """True when the slices fill space evenly, so that reformatting is honest."""
        broken = {Finding.DUPLICATES, Finding.GAPS, Finding.UNEVEN, Finding.MIXED, Finding.UNPLACED}
        return len(self.order) > 2 and self.spacing_mm is not None and not (self.findings & broken)


def order_slices(planes: Sequence[Plane | None], numbers: Sequence[int] | None = None) -> SliceOrder:
    """Slices by position along their common normal, from feet to head, back to front or right to left.

    ``numbers`` are Instance Numbers in the same order; they decide among images at one place and are the
    whole order where positions are missing or orientations mixed.
    """
    count = len(planes)
    given = list(numbers) if numbers is not None else list(range(count))
    by_number = sorted(range(count), key=lambda i: (given[i], i))
    placed = [p for p in planes if p is not None]
    findings: set[Finding] = set()
    if len(placed) < count or not placed:
        findings.update({Finding.UNPLACED} if count else set())
        return SliceOrder(tuple(by_number), None, frozenset(findings))
    first = placed[by_number[0]]
    if not all(first.parallel_to(p) for p in placed):
        return SliceOrder(tuple(by_number), None, frozenset({Finding.MIXED}))
    normal = first.normal
    depths = [VectorMm(*p.origin).dot(normal) for p in placed]
    order = sorted(range(count), key=lambda i: (round(depths[i], 3), given[i], i))
    # Scrolling forward goes the way the scanner numbered, unless the numbers say nothing.
    if count > 1 and _correlates_backwards([given[i] for i in order]):
        findings.add(Finding.REVERSED)
        order = sorted(range(count), key=lambda i: (-round(depths[i], 3), given[i], i))
    steps = [abs(depths[b] - depths[a]) for a, b in itertools.pairwise(order)]
    duplicates = tuple(n + 1 for n, step in enumerate(steps) if step < 0.01)
    real = sorted(step for step in steps if step >= 0.01)
    if duplicates:
        findings.add(Finding.DUPLICATES)
    if not real:
        return SliceOrder(tuple(order), None, frozenset(findings), (), duplicates)
    median = real[len(real) // 2]
    gaps = tuple(n for n, step in enumerate(steps) if step > 1.5 * median)
    if gaps:
        findings.add(Finding.GAPS)
    if any(abs(step - median) > 0.05 * median + 0.01 for step in real if step <= 1.5 * median):
        findings.add(Finding.UNEVEN)
    if _is_tilted([placed[i] for i in order]):
        findings.add(Finding.TILTED)
    return SliceOrder(tuple(order), median, frozenset(findings), gaps, duplicates)


def _correlates_backwards(numbers: Sequence[int]) -> bool:
    falling = sum(b < a for a, b in itertools.pairwise(numbers))
    rising = sum(b > a for a, b in itertools.pairwise(numbers))
    return falling > rising


def _is_tilted(ordered: Sequence[Plane]) -> bool:
    """Origins that do not follow the normal: a gantry tilt, which reformatting must shear away."""
    line = ordered[-1].origin.minus(ordered[0].origin)
    return line.length > 1 and abs(line.dot(ordered[0].normal)) < 0.9999 * line.length


# --- letters ---------------------------------------------------------------------------------------------

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))


def letters_of(direction: VectorMm) -> str:
    """Where a direction points: up to three of A P L R H F, the strongest first (PS3.3 C.7.6.1.1.1)."""
    parts = sorted(zip(direction, _LETTERS, strict=True), key=lambda part: -abs(part[0]))
    return "".join(pair[0] if value > 0 else pair[1] for value, pair in parts if abs(value) > 0.05)


def direction_of(letters: str) -> VectorMm | None:
    """A direction of Patient Orientation (0020,0020) letters such as ``A`` or ``FL``; None if they mean nothing."""
    total = [0.0, 0.0, 0.0]
    for rank, letter in enumerate(letters.strip().upper()[:3]):
        for axis, (plus, minus) in enumerate(_LETTERS):
            if letter in (plus, minus):
                total[axis] += (1.0 if letter == plus else -1.0) / 2**rank
    vector = VectorMm(*total)
    return vector.scaled(1 / vector.length) if vector.length > 0 else None

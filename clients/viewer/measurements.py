"""Measurements and annotations of frames: what was drawn, what it measures, who drew it. No Qt, no pixels.

Points are image positions (column, row; whole numbers at pixel centres) of one frame, so a measurement
stays where it is however the image is turned; millimetres come from the frame's header when asked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from clients.kit.translations import tr
from clients.viewer.evented import Event
from clients.viewer.study import FrameKey
from clients.viewer.undo import Step, UndoStack
from shared.imaging.geometry import PixelPoint, Spacing, SpacingSource
from shared.imaging.header import ImageHeader
from shared.imaging.lut import Modality

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Kind(StrEnum):
    """What a measurement is; the number of its points follows from it."""

    LENGTH = "length"
    ANGLE = "angle"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PIXEL = "pixel"

    @property
    def points(self) -> int:
        """How many points it has: ends of a length, sides and vertex of an angle, opposite corners of an area."""
        return {"length": 2, "angle": 3, "rectangle": 2, "ellipse": 2, "pixel": 1}[self.value]

    @property
    def is_area(self) -> bool:
        return self in (Kind.RECTANGLE, Kind.ELLIPSE)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One drawn thing on one frame. An angle's second point is its vertex."""

    id: int
    kind: Kind
    key: FrameKey
    points: tuple[PixelPoint, ...]

    def moved(self, columns: float, rows: float) -> Measurement:
        return replace(self, points=tuple(PixelPoint(p.column + columns, p.row + rows) for p in self.points))

    def with_point(self, n: int, at: PixelPoint) -> Measurement:
        return replace(self, points=(*self.points[:n], at, *self.points[n + 1 :]))


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A value with its unit and the truth about it; ``caveat`` is translated text, empty if there is nothing to say."""

    value: float
    unit: str  # mm, px, °, mm², px², or the unit of the pixel values
    caveat: str = ""
    words: tuple[str, ...] = ()  # the lines of an area or a pixel value, translated

    @property
    def text(self) -> str:
        """All of it in one line, as it goes into a report."""
        return "  ".join(self.lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """As it is drawn."""
        if self.words:
            return self.words
        number = f"{self.value:.1f}" if self.unit != "px" else f"{self.value:.0f}"
        joined = f"{number}{self.unit}" if self.unit == "°" else f"{number} {self.unit}"
        return (f"{joined} {self.caveat}" if self.caveat else joined,)


def caveat_of(source: SpacingSource) -> str:
    """What a reader must know of a length from this source (VW-EX-01); empty for true patient millimetres."""
    return {
        SpacingSource.PATIENT: "",
        SpacingSource.CALIBRATED: tr("（已校准）"),
        SpacingSource.REGION: "",
        SpacingSource.MAGNIFICATION: tr("（按放大率估算）"),
        SpacingSource.DETECTOR: tr("（探测器平面）"),
        SpacingSource.SCANNER: tr("（扫描胶片平面）"),
        SpacingSource.NONE: tr("（未校准）"),
    }[source]


@dataclass(frozen=True, slots=True)
class Values:
    """The pixels below a measurement: stored values (rows, columns[, 3]) and what makes units of them."""

    pixels: NDArray[Any]
    modality: Modality


def measure(measurement: Measurement, image: ImageHeader, values: Values | None = None) -> MeasuredValue:
    """Length in mm where the header gives a spacing (else in pixels), angle in degrees as it is in the patient,
    area with mean, standard deviation, minimum and maximum (VW-OPN-08), value of a pixel.

    Without ``values`` an area has its size only.
    """
    if measurement.kind.is_area:
        return _area(measurement, image, values)
    if measurement.kind is Kind.PIXEL:
        return _pixel(measurement, values)
    frame = min(measurement.key.frame, len(image.frames) - 1)
    spacing = _common_spacing(measurement, image, frame)
    points = [(p.column * spacing.column_mm, p.row * spacing.row_mm) for p in measurement.points]
    if measurement.kind is Kind.LENGTH:
        unit = "mm" if spacing.is_known else "px"
        return MeasuredValue(math.dist(points[0], points[1]), unit, caveat_of(spacing.source))
    (ax, ay), (vx, vy), (bx, by) = points
    first, second = math.atan2(ay - vy, ax - vx), math.atan2(by - vy, bx - vx)
    degrees = abs(math.degrees(first - second)) % 360
    return MeasuredValue(min(degrees, 360 - degrees), "°")


def _pixel(measurement: Measurement, values: Values | None) -> MeasuredValue:
    at = measurement.points[0]
    column, row = round(at.column), round(at.row)
    if values is None or not (0 <= row < values.pixels.shape[0] and 0 <= column < values.pixels.shape[1]):
        return MeasuredValue(math.nan, "", words=(tr("无像素值"),))
    stored = values.pixels[row, column]
    if values.pixels.ndim == 3:
        return MeasuredValue(float(stored.mean()), "RGB", words=("RGB " + ",".join(str(int(v)) for v in stored),))
    value, unit = float(values.modality(stored)), values.modality.unit
    return MeasuredValue(value, unit, words=(f"{value:.5g} {unit}".strip(),))


def _area(measurement: Measurement, image: ImageHeader, values: Values | None) -> MeasuredValue:
    frame = min(measurement.key.frame, len(image.frames) - 1)
    spacing = _common_spacing(measurement, image, frame)
    a, b = measurement.points
    wide, high = abs(b.column - a.column) * spacing.column_mm, abs(b.row - a.row) * spacing.row_mm
    size = wide * high * (math.pi / 4 if measurement.kind is Kind.ELLIPSE else 1.0)
    unit = "mm²" if spacing.is_known else "px²"
    number = f"{size:.1f}" if spacing.is_known else f"{size:.0f}"
    words = [tr("面积 {size}", size=f"{number} {unit}") + caveat_of(spacing.source)]
    inside = _inside(measurement, values) if values is not None else None
    if inside is not None and values is not None and inside.size:
        in_unit = f" {values.modality.unit}".rstrip()
        words.append(
            tr("均值 {mean} ± {deviation}", mean=f"{inside.mean():.1f}", deviation=f"{inside.std():.1f}") + in_unit
        )
        words.append(tr("最小 {least} 最大 {most}", least=f"{inside.min():.5g}", most=f"{inside.max():.5g}") + in_unit)
    return MeasuredValue(size, unit, words=tuple(words))


def _inside(measurement: Measurement, values: Values) -> NDArray[Any] | None:
    """Values in units of the pixels whose centres lie inside; None for colour, which has no unit."""
    import numpy as np

    if values.pixels.ndim == 3:
        return None
    a, b = measurement.points
    left, right = sorted((a.column, b.column))
    top, bottom = sorted((a.row, b.row))
    rows, columns = values.pixels.shape
    first_row, last_row = max(0, math.ceil(top)), min(rows - 1, math.floor(bottom))
    first_column, last_column = max(0, math.ceil(left)), min(columns - 1, math.floor(right))
    part = values.pixels[first_row : last_row + 1, first_column : last_column + 1]
    if part.size and measurement.kind is Kind.ELLIPSE:
        y, x = np.mgrid[first_row : last_row + 1, first_column : last_column + 1]
        middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
        radius_x, radius_y = max((right - left) / 2, 1e-6), max((bottom - top) / 2, 1e-6)
        part = part[((x - middle_x) / radius_x) ** 2 + ((y - middle_y) / radius_y) ** 2 <= 1]
    inside: NDArray[Any] = values.modality(part.ravel())
    return inside


def outline(measurement: Measurement) -> tuple[PixelPoint, ...]:
    """The line to draw and to hit, as image positions; one point for a pixel value."""
    if not measurement.kind.is_area:
        return measurement.points
    a, b = measurement.points
    if measurement.kind is Kind.RECTANGLE:
        return (a, PixelPoint(b.column, a.row), b, PixelPoint(a.column, b.row), a)
    middle_x, middle_y = (a.column + b.column) / 2, (a.row + b.row) / 2
    radius_x, radius_y = (b.column - a.column) / 2, (b.row - a.row) / 2
    return tuple(
        PixelPoint(middle_x + radius_x * math.cos(t), middle_y + radius_y * math.sin(t))
        for t in (math.tau * n / 64 for n in range(65))
    )


def _common_spacing(measurement: Measurement, image: ImageHeader, frame: int) -> Spacing:
    """The spacing that holds at all points; where they lie in different ultrasound regions there is none."""
    spacings = {image.spacing_at(frame, point) for point in measurement.points}
    if len(spacings) == 1:
        return spacings.pop()
    return Spacing(1.0, 1.0, SpacingSource.NONE)


class MeasurementBook:
    """All measurements of the viewer; changes go through the undo stack.

    ``changed`` names the frame whose measurements changed, at every step of a drag too; ``settled`` tells a
    measurement that was drawn or changed for good.
    """

    def __init__(self, undo: UndoStack) -> None:
        self.changed: Event[[FrameKey]] = Event()
        self.selected_changed: Event[[]] = Event()
        self.settled: Event[[Measurement]] = Event()
        self._undo = undo
        self._by_id: dict[int, Measurement] = {}
        self._ids = itertools.count(1)
        self._selected: int | None = None

    def __iter__(self) -> Iterator[Measurement]:
        return iter(tuple(self._by_id.values()))

    def of_frame(self, key: FrameKey) -> tuple[Measurement, ...]:
        return tuple(m for m in self._by_id.values() if m.key == key)

    @property
    def selected(self) -> Measurement | None:
        return self._by_id.get(self._selected) if self._selected is not None else None

    def select(self, measurement_id: int | None) -> None:
        if measurement_id != self._selected:
            self._selected = measurement_id
            self.selected_changed.emit()

    def draw(self, kind: Kind, key: FrameKey, points: tuple[PixelPoint, ...]) -> Measurement:
        """Add and select a measurement; one step to undo."""
        if len(points) != kind.points:
            raise ValueError(f"{kind} needs {kind.points} points")
        new = Measurement(next(self._ids), kind, key, points)
        self._undo.run(Step("画测量", lambda: self._put(new), lambda: self._drop(new)))
        self.select(new.id)
        self.settled.emit(new)
        return new

    def change(self, before: Measurement, after: Measurement) -> None:
        """Replace ``before`` (as it was when the drag began) by ``after``; one step to undo."""
        if before != after:
            self._undo.run(Step("改测量", lambda: self._put(after), lambda: self._put(before)))
            self.settled.emit(after)

    def preview(self, measurement: Measurement) -> None:
        """Show an intermediate form during a drag; not a step of its own."""
        self._put(measurement)

    def delete(self, measurement: Measurement) -> None:
        """Remove it; one step to undo."""
        self._undo.run(Step("删除测量", lambda: self._drop(measurement), lambda: self._put(measurement)))

    def delete_all(self, keys: Iterable[FrameKey]) -> None:
        """Remove all measurements of these frames (VW-CLR-01); one step to undo."""
        wanted = set(keys)
        doomed = [m for m in self._by_id.values() if m.key in wanted]

        def do() -> None:
            for measurement in doomed:
                self._drop(measurement)

        def undo() -> None:
            for measurement in doomed:
                self._put(measurement)

        if doomed:
            self._undo.run(Step("清除所有标注", do, undo))

    def clear(self) -> None:
        """Forget everything, as when the studies are closed; not undone."""
        keys = {m.key for m in self._by_id.values()}
        self._by_id.clear()
        self.select(None)
        for key in keys:
            self.changed.emit(key)

    def _put(self, measurement: Measurement) -> None:
        self._by_id[measurement.id] = measurement
        self.changed.emit(measurement.key)

    def _drop(self, measurement: Measurement) -> None:
        self._by_id.pop(measurement.id, None)
        if self._selected == measurement.id:
            self.select(None)
        self.changed.emit(measurement.key)

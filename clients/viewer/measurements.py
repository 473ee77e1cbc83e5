"""Measurements and annotations of frames: what was drawn, what it measures, who drew it. No Qt, no pixels.

Points are image positions (column, row; whole numbers at pixel centres) of one frame, so a measurement
stays where it is however the image is turned; millimetres come from the frame's header when asked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from clients.kit.translations import tr
from clients.viewer.evented import Event
from clients.viewer.study import FrameKey
from clients.viewer.undo import Step, UndoStack
from shared.imaging.geometry import PixelPoint, Spacing, SpacingSource
from shared.imaging.header import ImageHeader


class Kind(StrEnum):
    """What a measurement is; the number of its points follows from it."""

    LENGTH = "length"
    ANGLE = "angle"

    @property
    def points(self) -> int:
        return {"length": 2, "angle": 3}[self.value]


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
    unit: str  # mm, px, °
    caveat: str = ""

    @property
    def text(self) -> str:
        number = f"{self.value:.1f}" if self.unit != "px" else f"{self.value:.0f}"
        joined = f"{number}{self.unit}" if self.unit == "°" else f"{number} {self.unit}"
        return f"{joined} {self.caveat}" if self.caveat else joined


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


def measure(measurement: Measurement, image: ImageHeader) -> MeasuredValue:
    """Length in mm where the header gives a spacing (else in pixels), angle in degrees as it is in the patient."""
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

"""What marks measure, with units and the truth about them, as words for the screen and the report. No Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clients.kit.translations import tr
from clients.viewer.marks.model import Kind, Mark, SpacePlane, area_outline
from shared.imaging import shapes
from shared.imaging.geometry import PixelPoint, Spacing, SpacingSource
from shared.imaging.header import ImageHeader
from shared.imaging.lut import Modality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.volume import Volume


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a measurement for a structured report: what, how much, in which unit."""

    what: str  # length, angle, area, mean, sd, minimum, maximum, value
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A value with its unit and the truth about it; ``caveat`` is translated text, empty if there is nothing to say."""

    value: float
    unit: str  # mm, px, °, mm², px², or the unit of the pixel values
    caveat: str = ""
    words: tuple[str, ...] = ()  # the lines of an area or a pixel value, translated
    figures: tuple[Figure, ...] = ()

    @property
    def text(self) -> str:
        """All of it in one line, as it goes into a report."""
        return "  ".join(self.lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """As it is drawn; empty for annotations."""
        if self.words or not self.unit:
            return self.words
        number = f"{self.value:.1f}" if self.unit != "px" else f"{self.value:.0f}"
        joined = f"{number}{self.unit}" if self.unit == "°" else f"{number} {self.unit}"
        return (f"{joined} {self.caveat}" if self.caveat else joined,)


NO_VALUE = MeasuredValue(math.nan, "")


class KnownValues:
    """Values of marks, kept while what they were measured of is the same; the last few hundred marks only."""

    LIMIT = 256

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, MeasuredValue]] = {}

    def of(self, mark: Mark, key: object, make: Callable[[], MeasuredValue]) -> MeasuredValue:
        """The value of ``mark``; ``make`` is asked when ``key`` is another than the last time."""
        known = self._known.pop(mark.id, None)
        if known is None or known[0] != key:
            known = (key, make())
        self._known[mark.id] = known  # the last one asked for stands last
        while len(self._known) > self.LIMIT:
            del self._known[next(iter(self._known))]
        return known[1]

    def clear(self) -> None:
        self._known.clear()


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
    """The pixels below a mark: stored values (rows, columns[, 3]) and what makes units of them."""

    pixels: NDArray[Any]
    modality: Modality


def measure(mark: Mark, image: ImageHeader, values: Values | None = None) -> MeasuredValue:
    """Length in mm where the header gives a spacing (else in pixels), angle in degrees as it is in the patient,
    area with mean, standard deviation, minimum and maximum (VW-OPN-08), value of a pixel.

    Without ``values`` an area has its size only. Annotations have no value.
    """
    if not mark.kind.is_measurement:
        return NO_VALUE
    if mark.kind is Kind.PIXEL:
        return _pixel(mark, values)
    frame = min(mark.frame.frame if mark.frame is not None else 0, len(image.frames) - 1)
    spacing = _common_spacing(mark, image, frame)
    if mark.kind.is_area:
        return _area(mark, spacing, None if values is None else _statistics(mark, values), _unit(values))
    return _line(mark.kind, mark.points, spacing)


def measure_in_space(mark: Mark, volume: Volume | None = None) -> MeasuredValue:
    """What a mark on a plane in space measures; values come from ``volume`` where there is one."""
    if not mark.kind.is_measurement or not isinstance(mark.key, SpacePlane):
        return NO_VALUE
    plane = mark.key.plane
    spacing = Spacing(plane.row_spacing_mm, plane.column_spacing_mm, SpacingSource.PATIENT)
    if mark.kind is Kind.PIXEL:
        return _voxel(plane.point(mark.points[0]), volume)
    if mark.kind.is_area:
        found = None
        if volume is not None:
            from shared.imaging.shapes.evaluation import values_in
            from shared.imaging.shapes.flat import FlatFigure

            figure = FlatFigure(
                area_outline(mark).scaled(spacing.column_mm, spacing.row_mm),
                tuple(plane.origin),
                tuple(plane.row_direction),
                tuple(plane.column_direction),
            )
            found = shapes.statistics_of(values_in(figure, volume))
        return _area(mark, spacing, found, volume.unit if volume is not None else "")
    return _line(mark.kind, mark.points, spacing)


def _voxel(at: Sequence[float], volume: Volume | None) -> MeasuredValue:
    import numpy as np

    from shared.imaging.shapes.evaluation import sampled

    value = math.nan if volume is None else float(sampled(volume, np.array([at]))[0])
    if volume is None or math.isnan(value):
        return MeasuredValue(math.nan, "", words=(tr("无像素值"),))
    figures = (Figure("value", value, volume.unit),)
    return MeasuredValue(value, volume.unit, words=(f"{value:.5g} {volume.unit}".strip(),), figures=figures)


def _line(kind: Kind, points: Sequence[PixelPoint], spacing: Spacing) -> MeasuredValue:
    flat = shapes.in_mm(points, spacing)
    if kind is Kind.LENGTH:
        unit, long = "mm" if spacing.is_known else "px", shapes.length(*flat)
        return MeasuredValue(long, unit, caveat_of(spacing.source), figures=(Figure("length", long, unit),))
    try:
        degrees = shapes.cobb_angle(*flat) if kind is Kind.COBB else shapes.angle_at(*flat)
    except shapes.ShapeError:
        return MeasuredValue(0.0, "°")  # a side in the making
    return MeasuredValue(degrees, "°", figures=(Figure("angle", degrees, "°"),))


def _pixel(mark: Mark, values: Values | None) -> MeasuredValue:
    at = mark.points[0]
    column, row = math.floor(at.column + 0.5), math.floor(at.row + 0.5)
    if values is None or not (0 <= row < values.pixels.shape[0] and 0 <= column < values.pixels.shape[1]):
        return MeasuredValue(math.nan, "", words=(tr("无像素值"),))
    stored = values.pixels[row, column]
    if values.pixels.ndim == 3:
        return MeasuredValue(float(stored.mean()), "RGB", words=("RGB " + ",".join(str(int(v)) for v in stored),))
    value, unit = float(values.modality(stored)), values.modality.unit
    figures = (Figure("value", value, unit),)
    return MeasuredValue(value, unit, words=(f"{value:.5g} {unit}".strip(),), figures=figures)


def _area(mark: Mark, spacing: Spacing, found: shapes.RegionStatistics | None, unit_of_values: str) -> MeasuredValue:
    size = area_outline(mark).scaled(spacing.column_mm, spacing.row_mm).area
    unit = "mm²" if spacing.is_known else "px²"
    number = f"{size:.1f}" if spacing.is_known else f"{size:.0f}"
    words = [tr("面积 {size}", size=f"{number} {unit}") + caveat_of(spacing.source)]
    figures = [Figure("area", size, unit)]
    if found is not None and found.count:
        in_unit = f" {unit_of_values}".rstrip()
        mean, deviation = f"{found.mean:.1f}", f"{found.sd:.1f}"
        words.append(tr("均值 {mean} ± {deviation}", mean=mean, deviation=deviation) + in_unit)
        least, most = f"{found.minimum:.5g}", f"{found.maximum:.5g}"
        words.append(tr("最小 {least} 最大 {most}", least=least, most=most) + in_unit)
        pairs = (("mean", found.mean), ("sd", found.sd), ("minimum", found.minimum), ("maximum", found.maximum))
        figures += [Figure(what, value, unit_of_values) for what, value in pairs]
    return MeasuredValue(size, unit, words=tuple(words), figures=tuple(figures))


def _statistics(mark: Mark, values: Values) -> shapes.RegionStatistics | None:
    """Values in units of the pixels whose centres lie inside; None for colour, which has no unit."""
    if values.pixels.ndim == 3:
        return None
    return shapes.statistics_under(area_outline(mark), values.pixels, values.modality)


def _unit(values: Values | None) -> str:
    return values.modality.unit if values is not None else ""


def _common_spacing(mark: Mark, image: ImageHeader, frame: int) -> Spacing:
    """The spacing that holds at all points; where they lie in different ultrasound regions there is none."""
    spacings = {image.spacing_at(frame, point) for point in mark.points}
    if len(spacings) == 1:
        return spacings.pop()
    return Spacing(1.0, 1.0, SpacingSource.NONE)

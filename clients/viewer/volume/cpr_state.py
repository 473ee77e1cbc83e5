"""What the page of curved reformatting shows: points, curve, sheet, options and a vessel. Evented, no Qt."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from clients.viewer.evented import Event
from shared.imaging.curved import Curve, CurveMode, NoCurve, Sheet, curve_through, sheet_of
from shared.imaging.geometry import PointMm
from shared.imaging.reformat import Projection

if TYPE_CHECKING:
    from shared.imaging.vessel import Vessel
    from shared.imaging.volume import Volume

THICKEST_MM, WIDEST_MM, NARROWEST_MM = 50.0, 200.0, 10.0
MAX_POINTS = 500


class CprAspect(StrEnum):
    """What changed: the points; the sheet (mode, angle, width) or slab; the vessel."""

    POINTS = "points"
    SHEET = "sheet"
    VESSEL = "vessel"


class CprState:
    """A line of points through a volume and how its picture is laid out."""

    def __init__(self, volume: Volume) -> None:
        self.changed: Event[[CprAspect]] = Event()
        self.volume = volume
        self._points: tuple[PointMm, ...] = ()
        self._history: list[tuple[tuple[PointMm, ...], Vessel | None]] = []
        self._vessel: Vessel | None = None
        self._mode = CurveMode.STRAIGHTENED
        self._projection = Projection.MAX
        self._thickness_mm = 0.0
        self._angle_deg = 0.0
        self._width_mm = 60.0
        self._curve: Curve | None = None
        self._reference_mm: float | None = None

    # --- points

    @property
    def points(self) -> tuple[PointMm, ...]:
        return self._points

    def add(self, point: PointMm) -> None:
        """A further point at the end of the line."""
        if len(self._points) < MAX_POINTS:
            self._take((*self._points, point))

    def move(self, index: int, point: PointMm, *, remember: bool = True) -> None:
        points = list(self._points)
        points[index] = point
        self._take(tuple(points), remember=remember)

    def remove(self, index: int) -> None:
        self._take((*self._points[:index], *self._points[index + 1 :]))

    def clear(self) -> None:
        if self._points:
            self._take(())

    def take_back(self) -> None:
        """Points and vessel as before the last change."""
        if self._history:
            self._points, self._vessel = self._history.pop()
            self._reference_mm = None
            self._make_curve()
            self.changed.emit(CprAspect.POINTS)

    def _take(self, points: tuple[PointMm, ...], vessel: Vessel | None = None, *, remember: bool = True) -> None:
        if remember:
            self._history.append((self._points, self._vessel))
        self._points, self._vessel, self._reference_mm = points, vessel, None
        self._make_curve()
        self.changed.emit(CprAspect.POINTS)

    def _make_curve(self) -> None:
        if self._vessel is not None:
            self._curve = self._vessel.curve
            return
        try:
            self._curve = curve_through(self._points, self.step_mm)
        except NoCurve:
            self._curve = None

    @property
    def step_mm(self) -> float:
        """Size of the picture's pixels: the finest distance of voxels, but no less than needed."""
        return max(min(self.volume.spacing), 0.3)

    @property
    def curve(self) -> Curve | None:
        """None while there are fewer than two points."""
        return self._curve

    # --- vessel

    @property
    def vessel(self) -> Vessel | None:
        return self._vessel

    def show_vessel(self, vessel: Vessel) -> None:
        """Take a vessel's centre line in place of the points."""
        line = vessel.curve.points[:: max(1, round(5.0 / vessel.curve.step_mm))]
        self._take(tuple(PointMm(*point) for point in line.tolist()), vessel)
        self.changed.emit(CprAspect.VESSEL)

    @property
    def reference_mm(self) -> float | None:
        """Where along the vessel the reader set the normal diameter; None: found automatically."""
        return self._reference_mm

    @reference_mm.setter
    def reference_mm(self, value: float | None) -> None:
        if value != self._reference_mm:
            self._reference_mm = value
            self.changed.emit(CprAspect.VESSEL)

    # --- options

    @property
    def mode(self) -> CurveMode:
        return self._mode

    @property
    def projection(self) -> Projection:
        return self._projection

    @property
    def thickness_mm(self) -> float:
        return self._thickness_mm

    @property
    def angle_deg(self) -> float:
        return self._angle_deg

    @property
    def width_mm(self) -> float:
        return self._width_mm

    def set(
        self,
        *,
        mode: CurveMode | None = None,
        projection: Projection | None = None,
        thickness_mm: float | None = None,
        angle_deg: float | None = None,
        width_mm: float | None = None,
    ) -> None:
        """Change some options; the angle counts around (VW-CPR-05 to -08)."""
        before = (self._mode, self._projection, self._thickness_mm, self._angle_deg, self._width_mm)
        if mode is not None:
            self._mode = mode
        if projection is not None:
            self._projection = projection
        if thickness_mm is not None:
            self._thickness_mm = min(max(thickness_mm, 0.0), THICKEST_MM)
        if angle_deg is not None:
            self._angle_deg = angle_deg % 360.0
        if width_mm is not None:
            self._width_mm = min(max(width_mm, NARROWEST_MM), WIDEST_MM)
        if before != (self._mode, self._projection, self._thickness_mm, self._angle_deg, self._width_mm):
            self.changed.emit(CprAspect.SHEET)

    def sheet(self) -> Sheet | None:
        """Where the pixels of the picture lie; None without a curve."""
        if self._curve is None:
            return None
        try:
            return sheet_of(self._curve, self._mode, self._width_mm, self._angle_deg)
        except NoCurve:
            return None

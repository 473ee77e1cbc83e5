"""What the left button does in each mode, in mm of the paper. No Qt.

``press``, ``drag`` and ``release`` change the model; ``release`` says what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.ecg.trace import points
from clients.ecg.trace.calipers import Caliper, on_sample
from clients.ecg.trace.choices import Mark, Mode
from clients.ecg.trace.measurement import Measurement
from clients.ecg.trace.rectangle import corner, measurement
from shared.waveform.layouts import LEAD_IN

if TYPE_CHECKING:
    from clients.ecg.trace.model import TraceModel
    from clients.ecg.trace.scene import Curve
    from shared.waveform.beats import Delineation

_REACH_PX = 6.0


class Tools:
    """The left button over one model's paper."""

    def __init__(self, model: TraceModel) -> None:
        self._model = model
        self.drawn: Measurement | None = None
        self.hot: tuple[int, str] | None = None
        self.beat: int | None = None  # under the magnifier
        self._curve: Curve | None = None
        self._from: tuple[float, float] | None = None
        self._leg: int | None = None
        self._before: Delineation | None = None

    def forget(self) -> None:
        """Another record, page or mode: nothing is held."""
        self.drawn = self.hot = self._curve = self._from = self._leg = self._before = self.beat = None

    @property
    def held(self) -> bool:
        """Whether the button is down on something."""
        return self._curve is not None

    def _reach(self, ratio: float) -> float:
        return _REACH_PX * ratio / self._model.view.per_mm

    def hover(self, x: float, y: float, ratio: float) -> bool:
        """The cursor moved; True when a point became hot or went cold."""
        if self.held or self._model.mode is not Mode.POINTS:
            return False
        before, self.hot = self.hot, None
        scene = self._model.scene()
        curve = scene.curve_at(x, y) if scene is not None else None
        if scene is not None and curve is not None and not curve.strip.beat and self._model.analysis is not None:
            seconds = scene.ruling.seconds(curve.strip, x)
            reach = self._reach(ratio) / scene.ruling.speed * 1000
            self.hot = points.nearest(self._model.analysis.delineation, seconds * 1000, reach)
        return before != self.hot

    def press(self, x: float, y: float, ratio: float) -> None:
        """The button went down."""
        model = self._model
        scene = model.scene()
        curve = scene.curve_at(x, y) if scene is not None else None
        if scene is None or curve is None:
            return
        if model.mode is Mode.MEASURE:
            self._curve = curve
            self._from = corner(scene.ruling, curve, x, y, self._reach(ratio))
        elif model.mode is Mode.CALIPER:
            self._curve = curve
            self._take_leg(self._seconds(x), curve, self._reach(ratio) / scene.ruling.speed)
        elif model.mode is Mode.PARALLEL:
            self._curve = curve
            model.parallel = (x, y, x, y)
        elif model.mode is Mode.POINTS and not curve.strip.beat:
            self.hover(x, y, ratio)
            if self.hot is not None and model.analysis is not None:
                self._curve, self._before = curve, model.analysis.delineation
        elif model.mode is Mode.MAGNIFY and not curve.strip.beat:
            self.beat = self._beat_at(scene.ruling.seconds(curve.strip, x))

    def drag(self, x: float, y: float, ratio: float, alike: bool = False) -> None:
        """The cursor moved with the button down; ``alike`` moves the points of all beats of the shape."""
        model, curve, scene = self._model, self._curve, self._model.scene()
        if curve is None or scene is None:
            return
        if model.mode is Mode.MEASURE and self._from is not None:
            end = min(scene.page.start + scene.page.seconds, curve.start + (curve.values.size - 1) / curve.sampling_hz)
            last = None if curve.strip.beat else end
            to = corner(scene.ruling, curve, x, y, self._reach(ratio), last)
            beats = () if curve.strip.beat else model.beats
            self.drawn = measurement(model.parameter, curve.strip.lead, self._from, to, beats, model.rr_ms())
        elif model.mode is Mode.CALIPER and model.caliper is not None and self._leg is not None:
            seconds = self._seconds(x) - (self._grip if self._leg == 2 else 0.0)
            crossed = model.caliper.moved(self._leg, seconds, curve.sampling_hz)
            if self._leg in (0, 1):
                self._leg = 0 if abs(crossed.first - seconds) < abs(crossed.second - seconds) else 1
            model.caliper = crossed
        elif model.mode is Mode.PARALLEL and model.parallel is not None:
            model.parallel = (*model.parallel[:2], x, y)
        elif model.mode is Mode.POINTS and self.hot is not None and self._before is not None:
            index, name = self.hot
            ms = scene.ruling.seconds(curve.strip, x) * 1000
            model.take_points(points.moved(self._before, index, name, ms, curve.sampling_hz, alike))

    def release(self) -> Measurement | Delineation | None:
        """The button went up: a new measurement (already among the model's), or moved points, or nothing."""
        model = self._model
        drawn, before = self.drawn, self._before
        self._curve = self._from = self._leg = self._before = self.drawn = None
        if drawn is not None:
            model.measurements.append(drawn)
            return drawn
        if before is not None and model.analysis is not None and model.analysis.delineation != before:
            return model.analysis.delineation
        if model.caliper is not None and model.caliper.interval_ms <= 0:
            model.caliper = None
        return None

    def _seconds(self, x: float) -> float:
        """On the scale of the page, on which all columns go on in time."""
        scene = self._model.scene()
        assert scene is not None
        return scene.page.start + (x - scene.ruling.left - LEAD_IN) / scene.ruling.speed

    def _take_leg(self, seconds: float, curve: Curve, reach_s: float) -> None:
        caliper = self._model.caliper
        self._grip = 0.0
        if caliper is not None:
            if abs(caliper.first - seconds) <= reach_s:
                self._leg = 0
                return
            if abs(caliper.second - seconds) <= reach_s:
                self._leg = 1
                return
            if caliper.first < seconds < caliper.second:
                self._leg, self._grip = 2, seconds - caliper.first
                return
        place = on_sample(seconds, curve.sampling_hz)
        self._model.caliper = Caliper(place, place, curve.strip.lead)
        self._leg = 1

    _grip = 0.0

    def _beat_at(self, seconds: float) -> int | None:
        beats = self._model.beats
        if not beats:
            return None
        return min(range(len(beats)), key=lambda n: abs(beats[n].r_ms - seconds * 1000))


def marks_for(mode: Mode, marks: frozenset[Mark]) -> frozenset[Mark]:
    """The marks that a mode cannot do without, added."""
    return marks | {Mark.POINTS} if mode is Mode.POINTS else marks

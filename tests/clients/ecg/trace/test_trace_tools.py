"""Measuring, calipers, points, overlay: exact numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ecg_phantom import Heart, twelve_leads

from clients.ecg.trace import points
from clients.ecg.trace.calipers import Caliper, off_step
from clients.ecg.trace.choices import Mode, ViewChoices
from clients.ecg.trace.matching import laid_over
from clients.ecg.trace.measurement import Measurement, Parameter
from clients.ecg.trace.model import TraceModel
from clients.ecg.trace.tools import Tools
from clients.ecg.trace.viewport import Viewport
from shared.waveform.beats import Beat, Delineation
from shared.waveform.measuring import analyse
from shared.waveform.paper import Look


def _measured(parameter: Parameter, ms: float, rr_ms: float | None = None, cycles: int = 1) -> Measurement:
    return Measurement(parameter, "II", 1.0, 1.0 + ms / 1000, 0.1, 0.6, rr_ms, cycles)


def test_rr_gives_the_ventricular_rate() -> None:
    one = _measured(Parameter.RR, 800.0)
    assert [(each.key, each.value, each.unit) for each in one.derived()] == [("hr_bpm", 75, "bpm")]
    assert one.values() == {"rr_ms": 800.0, "hr_bpm": 75}
    three = _measured(Parameter.RR, 2400.0, cycles=3)
    assert three.values() == {"rr_ms": 800.0, "hr_bpm": 75}


def test_qt_is_corrected_with_the_rr_of_the_moment() -> None:
    values = _measured(Parameter.QT, 400.0, 1000.0).values()
    assert values == {
        "qt_ms": 400.0,
        "qtc_bazett": 400,
        "qtc_fridericia": 400,
        "qtc_framingham": 400,
        "qtc_hodges": 400,
    }
    assert _measured(Parameter.QT, 400.0).values() == {"qt_ms": 400.0}


def test_st_and_amplitude_are_voltages_the_others_times() -> None:
    assert _measured(Parameter.ST, 80.0).values() == {"st_mv": 0.5}
    assert _measured(Parameter.AMPLITUDE, 80.0).values() == {"amplitude_mv": 0.5}
    for parameter in (Parameter.P, Parameter.PR, Parameter.QRS, Parameter.T, Parameter.INTERVAL):
        assert _measured(parameter, 80.0).values() == {f"{parameter.value}_ms": 80.0}


def _model(zoom: float = 1.0, choices: ViewChoices | None = None) -> TraceModel:
    record = twelve_leads(Heart(noise_uv=0.0))[0]
    model = TraceModel()
    model.view = Viewport(2000, 1500, 0.2, zoom)
    model.choices = choices or ViewChoices(filters=None)
    model.take(record, analyse(record))
    return model


def _drag(model: TraceModel, seconds: tuple[float, float], millivolts: tuple[float, float], row: int = 3) -> Tools:
    scene, tools = model.scene(), Tools(model)
    assert scene is not None
    curve = next(each for each in scene.curves if each.strip.row == row)
    x = [float(scene.ruling.x(curve.strip, each)) for each in seconds]
    y = [curve.level - each * scene.ruling.gain for each in millivolts]
    tools.press(x[0], y[0], 1.0)
    tools.drag(x[1], y[1], 1.0)
    return tools


@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.3])
@pytest.mark.parametrize("change", [{}, {"speed": 50.0}, {"gain": 5.0}, {"layout": "6x2+1R"}])
def test_a_rectangle_measures_the_same_whatever_the_view(zoom: float, change: dict[str, object]) -> None:
    model = _model(zoom, replace(ViewChoices(filters=None), **change))  # type: ignore[arg-type]
    model.mode = Mode.MEASURE
    tools = _drag(model, (1.2004, 2.0196), (0.9, 1.4), row=3 if "layout" not in change else 6)
    made = tools.release()
    assert isinstance(made, Measurement)
    assert made.lead == "II"
    assert (made.start_s, made.end_s) == (1.2, 2.02)  # on samples of 2 ms
    assert made.ms == 820.0
    assert made.mv == pytest.approx(0.5)
    assert model.measurements == [made]


def test_several_measurements_stay_and_rr_by_hand_corrects_qt() -> None:
    model = _model()
    model.mode, model.parameter = Mode.MEASURE, Parameter.RR
    _drag(model, (1.0, 1.8), (0.9, 1.0)).release()
    model.parameter = Parameter.QT
    _drag(model, (3.0, 3.36), (0.9, 1.0)).release()
    assert [each.parameter for each in model.measurements] == [Parameter.RR, Parameter.QT]
    first, second = model.measurements
    assert second.rr_ms == first.ms / first.cycles


def test_corners_near_the_trace_take_its_voltage() -> None:
    model = _model()
    model.mode = Mode.MEASURE
    scene = model.scene()
    assert scene is not None
    curve = next(each for each in scene.curves if each.strip.rhythm)
    top = int(np.argmax(curve.values[:600]))
    peak = float(curve.values[top]) / 1000
    made = _drag(model, (top / 500, top / 500 + 0.4), (peak + 0.05, 3.0)).release()
    assert isinstance(made, Measurement)
    assert made.start_mv == pytest.approx(peak, abs=1e-4)
    assert made.end_mv == pytest.approx(3.0)


def test_a_click_without_drag_measures_nothing() -> None:
    model = _model()
    model.mode = Mode.MEASURE
    assert _drag(model, (1.0, 1.0), (0.9, 0.9)).release() is None
    assert model.measurements == []


def test_the_caliper_marches_both_ways_and_finds_beats_off_the_step() -> None:
    caliper = Caliper(2.0, 2.8)
    assert caliper.march(0.0, 4.5) == pytest.approx((0.4, 1.2, 2.0, 2.8, 3.6, 4.4))
    assert (caliper.interval_ms, caliper.rate) == (800.0, 75)
    assert off_step(caliper, [400.0, 1200.0, 1900.0, 2810.0]) == (0.0, 0.0, -100.0, 10.0)
    assert Caliper(1.0, 1.0).march(0.0, 10.0) == (1.0, 1.0)


def test_legs_are_caught_and_cross() -> None:
    model = _model()
    model.mode = Mode.CALIPER
    _drag(model, (2.0, 2.8), (0.9, 0.9)).release()
    assert model.caliper is not None
    assert (model.caliper.first, model.caliper.second) == pytest.approx((2.0, 2.8))
    _drag(model, (2.8, 1.5), (0.9, 0.9)).release()
    assert (model.caliper.first, model.caliper.second) == pytest.approx((1.5, 2.0))
    _drag(model, (1.75, 2.75), (0.9, 0.9)).release()
    assert (model.caliper.first, model.caliper.second) == pytest.approx((2.5, 3.0))


def test_points_keep_their_order_and_stand_on_samples() -> None:
    beat = Beat(500.0, 460.0, 540.0, 340.0, 380.0, 420.0, 700.0, 800.0)
    found = Delineation((beat,), ("II",), True)
    assert points.moved(found, 0, "t_off_ms", 851.3, 500.0).beats[0].t_off_ms == 852.0
    assert points.moved(found, 0, "qrs_on_ms", 100.0, 500.0).beats[0].qrs_on_ms == 422.0
    assert points.moved(found, 0, "qrs_on_ms", 900.0, 500.0).beats[0].qrs_on_ms == 498.0
    moved = points.moved(found, 0, "p_on_ms", 400.0, 500.0).beats[0]
    assert (moved.p_on_ms, moved.p_peak_ms) == (400.0, 410.0)


def test_points_of_all_like_beats_move_by_as_much() -> None:
    def beat(r: float, shape: int) -> Beat:
        return Beat(r, r - 40, r + 40, t_peak_ms=r + 200, t_off_ms=r + 300, shape=shape)

    found = Delineation((beat(500, 0), beat(1300, 1), beat(2100, 0)), ("II",), True)
    moved = points.moved(found, 0, "qrs_off_ms", 560.0, 500.0, alike=True)
    assert [each.qrs_off_ms for each in moved.beats] == [560.0, 1340, 2160.0]


def test_dragging_a_point_gives_the_new_delineation() -> None:
    model = _model()
    model.mode = Mode.POINTS
    beat = model.beats[3]
    assert beat.t_off_ms is not None
    made = _drag(model, (beat.t_off_ms / 1000, beat.t_off_ms / 1000 + 0.03), (0.0, 0.0)).release()
    assert isinstance(made, Delineation)
    assert made.beats[3].t_off_ms == pytest.approx(beat.t_off_ms + 30, abs=1.1)
    assert made.beats[2] == model.beats[2]


def test_the_overlay_is_aligned_on_each_r() -> None:
    model = _model()
    other = analyse(twelve_leads(Heart(rr_ms=700.0, noise_uv=0.0, seed=5))[0]).median
    assert other is not None
    scene = model.scene()
    assert scene is not None
    curve = next(each for each in scene.curves if each.strip.rhythm)
    laid = laid_over(curve, model.beats, other)
    inside = [beat for beat in model.beats if beat.r_ms / 1000 < curve.values.size / 500]
    assert len(laid) == len(inside)
    values = other.lead("II")
    assert values is not None
    for part, beat in zip(laid[1:-1], inside[1:-1], strict=True):
        r = round((beat.r_ms / 1000 - part.start) * 500)
        assert abs(int(np.argmax(part.values)) - r) <= abs(int(np.argmax(values)) - other.r_sample) + 1


def test_the_paper_gets_the_choices_and_the_page() -> None:
    model = _model(choices=ViewChoices(layout="6x2+1R", speed=50.0, gain=None, rhythm=("V1",)))
    assert model.gain() in (5.0, 10.0)
    assert Look(layout="6x2+1R").layout == model.choices.layout

"""Values of phantoms whose intervals, axes and amplitudes are known; variability; suggested statements."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from ecg_phantom import QRS, Heart, twelve_leads

from shared.domain.states import Sex
from shared.waveform import statement_rules_st, statements
from shared.waveform.amplitudes import Axes, LeadAmplitudes, deflections
from shared.waveform.beats import Beat, BeatClass, Delineation
from shared.waveform.hrv import variability
from shared.waveform.measuring import Analysis, Hypertrophy, Measurements, analyse, corrected
from shared.waveform.record import EcgPatient


def test_intervals_of_a_known_heart() -> None:
    record, _ = twelve_leads(Heart(rr_ms=800.0, rr_sd_ms=0.0))
    found = analyse(record).measurements
    assert found.hr_bpm == 75
    assert found.rr_ms == pytest.approx(800.0, abs=1.0)
    assert found.pr_ms == pytest.approx(164.0, abs=14.0)
    assert found.qrs_ms == pytest.approx(97.0, abs=12.0)
    assert found.qt_ms == pytest.approx(446.0, abs=25.0)
    assert found.p_waves
    assert all(0.3 < value <= 1.0 for value in found.confidence.values())


def test_a_longer_pr_interval_is_measured_as_such() -> None:
    short = analyse(twelve_leads()[0]).measurements.pr_ms
    long = analyse(twelve_leads(Heart(pr_shift_ms=60.0))[0]).measurements.pr_ms
    assert short is not None and long is not None
    assert long - short == pytest.approx(60.0, abs=8.0)


def test_no_p_wave_is_an_answer() -> None:
    found = analyse(twelve_leads(Heart(p_waves=False))[0]).measurements
    assert not found.p_waves and found.pr_ms is None and found.p_ms is None and found.axes.p is None
    assert found.qrs_ms is not None


@pytest.mark.parametrize(("beat", "atrial"), [(1700.0, 640.0), (1300.0, 820.0), (1600.0, 700.0)])
def test_atria_that_go_their_own_way_are_told(beat: float, atrial: float) -> None:
    heart = Heart(rr_ms=beat, rr_sd_ms=0.0, p_waves=False, atrial_rr_ms=atrial, seconds=20.0)
    found = analyse(twelve_leads(heart)[0]).measurements
    assert not found.p_waves and found.pr_ms is None
    assert found.atrial_bpm == pytest.approx(60_000 / atrial, abs=1.5)
    assert analyse(twelve_leads(Heart(p_waves=False))[0]).measurements.atrial_bpm is None


@pytest.mark.parametrize("angle", [-60, 0, 45, 100, 170])
def test_the_axis_is_where_the_heart_points(angle: int) -> None:
    radians = math.radians(angle)
    # Dower's lead I is nearly X, aVF mostly Y; the factor makes the direction true in the hexaxial system.
    x, y = 1000.0 * math.cos(radians) / 0.63, 1000.0 * math.sin(radians) * (math.sqrt(3) / 2) / 1.18
    qrs = ((0.0, 11.0, (x, y, 0.0)),)
    axis = analyse(twelve_leads(Heart(qrs=qrs, noise_uv=1.0))[0]).measurements.axes.qrs
    assert axis is not None
    assert abs((axis - angle + 180) % 360 - 180) <= 16


def test_amplitudes_and_sums_are_those_of_the_median_beat() -> None:
    record, _ = twelve_leads(Heart(noise_uv=0.5, rr_sd_ms=0.0))
    found = analyse(record).measurements
    assert found.amplitudes["II"].r_uv == pytest.approx(float(record.lead("II").max()), rel=0.06)
    assert found.amplitudes["V2"].s_uv is not None or found.amplitudes["V2"].q_uv is not None
    sums = found.hypertrophy
    assert sums.rv5_mv is not None and sums.sv1_mv is not None
    assert sums.rv5_sv1_mv == pytest.approx(sums.rv5_mv + sums.sv1_mv, abs=0.002)
    assert abs(found.amplitudes["V5"].st60_uv) < 60.0


def test_deflections_are_named_in_their_order() -> None:
    part = np.concatenate([-80 * np.hanning(12), 900 * np.hanning(30), -400 * np.hanning(20), 150 * np.hanning(14)])
    assert [round(each[0]) > 0 for each in deflections(part, 500.0)] == [False, True, False, True]
    assert deflections(np.full(40, 5.0), 500.0) == []


def test_corrected_qt_follows_the_four_formulas() -> None:
    found = corrected(360.0, 750.0)
    assert found.bazett == round(360 / math.sqrt(0.75))
    assert found.fridericia == round(360 / 0.75 ** (1 / 3))
    assert found.framingham == round(360 + 154 * 0.25)
    assert found.hodges == round(360 + 1.75 * 20)


def test_variability_of_a_known_rhythm() -> None:
    times = [0.0]
    for index in range(700):
        times.append(times[-1] + 1000.0 + 40.0 * math.sin(2 * math.pi * 0.25 * times[-1] / 1000.0) + (index % 2))
    found = variability([Beat(r_ms=each) for each in times])
    assert found is not None
    assert found.mean_nn_ms == pytest.approx(1000.0, abs=2.0)
    assert found.sdnn_ms == pytest.approx(40 / math.sqrt(2), rel=0.05)
    assert found.hf_ms2 is not None and found.lf_ms2 is not None and found.hf_ms2 > 20 * found.lf_ms2
    assert found.sdann_ms is None
    assert variability([Beat(r_ms=each) for each in times[:20]]) is None


def _codes(record_facts: EcgPatient, measured: Measurements) -> set[str]:
    record = replace(twelve_leads()[0], patient=record_facts)
    return {each.code for each in statements.suggest(record, Analysis(Delineation((), (), True), None, measured))}


def _lead(**values: float | None) -> LeadAmplitudes:
    usual: dict[str, float | None] = {
        **{"p_uv": 80.0, "q_uv": None, "r_uv": 800.0, "s_uv": -200.0, "r2_uv": None, "s2_uv": None, "t_uv": 200.0},
        **{"j_uv": 0.0, "st60_uv": 0.0, "st80_uv": 0.0, "q_ms": 0.0, "r_ms": 40.0, "r_peak_ms": 35.0},
    }
    return LeadAmplitudes(**(usual | values))  # type: ignore[arg-type]


_USUAL = Measurements(
    hr_bpm=72, rr_ms=833.0, p_waves=True, p_ms=100.0, pr_ms=160.0, qrs_ms=90.0, qt_ms=390.0,
    qtc=corrected(390.0, 833.0), axes=Axes(50, 40, 45), counts={BeatClass.NORMAL: 12},
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "sinus_rhythm"),
        ({"hr_bpm": 50}, "sinus_bradycardia"),
        ({"hr_bpm": 120}, "sinus_tachycardia"),
        ({"axes": Axes(-100, 40, 45)}, "atrial_rhythm"),
        ({"p_waves": False, "irregularity": 0.2}, "af"),
        ({"p_waves": False, "irregularity": 0.01}, "no_p"),
        ({"p_waves": False, "hr_bpm": 38, "atrial_bpm": 82}, "av_block_3"),
        ({"p_waves": False, "irregularity": 0.15, "atrial_bpm": 300}, "flutter"),
        ({"counts": {BeatClass.PACED: 10, BeatClass.NORMAL: 2}}, "paced"),
        ({"counts": {BeatClass.NORMAL: 9, BeatClass.VENTRICULAR: 2}}, "vpc"),
        ({"pr_ms": 230.0}, "av_block_1"),
        ({"axes": Axes(50, -50, 45)}, "left_axis"),
        ({"axes": Axes(50, 120, 45)}, "right_axis"),
        ({"qtc": corrected(470.0, 833.0)}, "long_qt"),
        ({"hypertrophy": Hypertrophy(sokolow_lyon_mv=3.9)}, "lvh"),
        ({"qrs_ms": 140.0}, "ivcd"),
        ({"qrs_ms": 140.0, "amplitudes": {
            "V1": _lead(r_uv=150.0, r2_uv=700.0), "V2": _lead(), "I": _lead(), "V6": _lead()}}, "rbbb"),
        ({"qrs_ms": 150.0, "amplitudes": {
            "V1": _lead(r_uv=50.0, s_uv=-1800.0), "V2": _lead(s_uv=-900.0), "I": _lead(s_uv=None),
            "V6": _lead(s_uv=None, r_peak_ms=80.0)}}, "lbbb"),
    ],
)  # fmt: skip
def test_rules_suggest_what_they_say(changes: dict[str, object], code: str) -> None:
    measured = replace(_USUAL, **({"amplitudes": {name: _lead() for name in ("V1", "V2", "II")}} | changes))
    assert code in _codes(EcgPatient(sex=Sex.MALE, age_years=60.0), measured)


def test_st_elevation_needs_two_contiguous_leads_and_its_own_limit() -> None:
    usual = {name: _lead() for name in ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")}

    def codes(female: bool, **changed: LeadAmplitudes) -> list[str]:
        return [each.code for each in statement_rules_st.ischaemia(usual | changed, female, 60.0)]

    assert codes(False) == []
    assert codes(False, III=_lead(j_uv=150.0)) == []
    assert codes(False, III=_lead(j_uv=150.0), aVF=_lead(j_uv=120.0)) == ["st_elevation"]
    assert codes(False, V2=_lead(j_uv=160.0), V3=_lead(j_uv=170.0)) == []
    assert codes(True, V2=_lead(j_uv=160.0), V3=_lead(j_uv=170.0)) == ["st_elevation"]
    low = _lead(j_uv=-80.0, st80_uv=-90.0)
    assert codes(False, V5=low, V6=low) == ["st_depression"]
    rising = _lead(j_uv=-80.0, st80_uv=20.0)
    assert codes(False, V5=rising, V6=rising) == []


def test_children_get_words_about_rhythm_only_and_every_suggestion_has_reasons() -> None:
    measured = replace(_USUAL, axes=Axes(50, 120, 45), pr_ms=230.0)
    assert _codes(EcgPatient(age_years=5.0), measured) == {"sinus_rhythm"}
    record, _ = twelve_leads(Heart(qrs=tuple((at, 2 * width, size) for at, width, size in QRS)))
    for each in statements.suggest(record, analyse(record)):
        assert each.text("zh") and each.text("en") and each.reason("zh") and each.reason("en")

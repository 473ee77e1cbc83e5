"""Beats of phantoms: found, classed, and their waves where the phantom put them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ecg_phantom import Heart, Truth, eight_leads, record_of, twelve_leads
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.waveform import delineation, filters, templates
from shared.waveform.beats import POINTS, BeatClass, Delineation
from shared.waveform.delineating import delineate
from shared.waveform.measuring import analyse
from shared.waveform.record import record_from_microvolts


def _found_all(found: Delineation, truth: Truth) -> None:
    assert len(found.beats) == len(truth.r_ms)
    for beat, r, odd in zip(found.beats, truth.r_ms, truth.ectopic, strict=True):
        assert abs(beat.r_ms - r) < (60.0 if odd else 5.0)


@pytest.mark.parametrize(
    "heart",
    [
        Heart(),
        Heart(rr_ms=430.0, rr_sd_ms=4.0),
        Heart(rr_ms=1500.0, seconds=15.0),
        Heart(rate_hz=250.0),
        Heart(rate_hz=1000.0),
        Heart(noise_uv=60.0),
        Heart(p_waves=False, rr_sd_ms=170.0, fibrillation_uv=60.0, seconds=20.0),
        Heart(ectopic_every=4, seconds=20.0),
        Heart(ectopic_every=2, seconds=20.0),
    ],
)
def test_every_beat_is_found_once(heart: Heart) -> None:
    record, truth = twelve_leads(heart)
    _found_all(delineate(record), truth)


def _found_nearly(found: Delineation, truth: Truth) -> None:
    """Every beat once; noise moves its R a little."""
    assert len(found.beats) == len(truth.r_ms)
    assert all(abs(beat.r_ms - r) < 60.0 for beat, r in zip(found.beats, truth.r_ms, strict=True))
    assert not found.spikes_ms


def _two_leads(heart: Heart) -> tuple[np.ndarray, Truth]:
    """(2, sample) µV of II and V1: what an ambulatory recorder has."""
    values, truth = eight_leads(heart)
    return values[[1, 2]], truth


@pytest.mark.parametrize("seed", range(4))
def test_muscle_noise_in_one_lead_makes_no_beats(seed: int) -> None:
    """Bursts as high as the complexes between them; the other lead is clean."""
    heart = Heart(seconds=40.0, seed=seed + 1)
    values, truth = _two_leads(heart)
    random = np.random.default_rng(seed)
    bursts = np.zeros(values.shape[1])
    for second in range(1, 39, 3):
        at = round((second + random.uniform(0.0, 1.0)) * heart.rate_hz)
        bursts[at : at + round(random.uniform(0.4, 1.2) * heart.rate_hz)] = 1.0
    noise = np.diff(random.standard_normal(values.shape[1] + 1)) * 900.0
    values[seed % 2] += noise * bursts
    found = delineate(record_from_microvolts(("II", "V1"), values, heart.rate_hz))
    _found_nearly(found, truth)


def test_noise_in_both_leads_looks_like_no_beat() -> None:
    heart = Heart(seconds=40.0, rr_ms=1000.0)
    values, truth = _two_leads(heart)
    random = np.random.default_rng(5)
    for second in range(2, 38, 4):
        at = round((second + 0.2) * heart.rate_hz)
        values[:, at : at + 400] += np.diff(random.standard_normal((2, 401)), axis=1) * 250.0
    found = delineate(record_from_microvolts(("II", "V1"), values, heart.rate_hz))
    _found_nearly(found, truth)


def test_small_beats_among_large_ectopic_ones_are_known_by_their_shape() -> None:
    """A lead in which the normal complex is a third of its usual height for some beats: none is left out."""
    heart = Heart(seconds=40.0, ectopic_every=2)
    values, truth = _two_leads(heart)
    small = np.ones(values.shape[1])
    for index, (r, odd) in enumerate(zip(truth.r_ms, truth.ectopic, strict=True)):
        if not odd and index % 6 == 0:
            at = round(r * heart.rate_hz / 1000.0)
            small[max(0, at - 150) : at + 250] = 0.3
    values *= small
    found = delineate(record_from_microvolts(("II", "V1"), values, heart.rate_hz))
    missed = [r for r in truth.r_ms if min(abs(beat.r_ms - r) for beat in found.beats) > 80.0]
    assert not missed
    assert len(found.beats) == len(truth.r_ms)


def test_points_stand_where_the_waves_begin_and_end() -> None:
    record, truth = twelve_leads(Heart(rr_sd_ms=30.0))
    whole = [beat for beat in delineate(record).beats if beat.p_on_ms is not None and beat.t_off_ms is not None]
    assert len(whole) >= len(truth.r_ms) - 1
    for beat in whole:
        values = [getattr(beat, name) for name in POINTS]
        assert values == sorted(values)
        # Gaussian waves end some 2.5 sigma from their middle: P at -160 (20), QRS -24 (7) … 26 (9), T 320 (32) ms.
        assert beat.p_on_ms is not None and beat.p_peak_ms is not None and beat.t_off_ms is not None
        assert beat.p_peak_ms - beat.r_ms == pytest.approx(-160.0, abs=8.0)
        assert beat.p_on_ms - beat.r_ms == pytest.approx(-210.0, abs=15.0)
        assert (beat.qrs_on_ms or 0) - beat.r_ms == pytest.approx(-46.0, abs=9.0)
        assert (beat.qrs_off_ms or 0) - beat.r_ms == pytest.approx(51.0, abs=9.0)
        assert beat.t_off_ms - beat.r_ms == pytest.approx(405.0, abs=25.0)


def test_a_p_wave_that_moves_is_followed_from_beat_to_beat() -> None:
    random = np.random.default_rng(3)
    parts, r_ms, shifts = [], [], []
    for shift in (0.0, 25.0, -20.0, 10.0, 30.0, -10.0, 0.0, 20.0):
        leads, truth = eight_leads(Heart(seconds=2.0, rr_ms=1000.0, rr_sd_ms=0.0, pr_shift_ms=shift, noise_uv=0.0))
        r_ms += [2000.0 * len(parts) + each for each in truth.r_ms]
        shifts += [shift] * len(truth.r_ms)
        parts.append(leads)
    values = np.hstack(parts)
    found = delineate(record_of(values + random.normal(0.0, 4.0, values.shape), 500.0))
    places = np.array([beat.r_ms for beat in found.beats])
    distances = [r - (found.beats[int(np.argmin(np.abs(places - r)))].p_peak_ms or np.nan) for r in r_ms]
    assert np.corrcoef(distances, shifts)[0, 1] > 0.95


def test_fibrillation_has_no_p_waves_and_sinus_rhythm_has() -> None:
    fibrillating, _ = twelve_leads(Heart(p_waves=False, rr_sd_ms=170.0, fibrillation_uv=60.0, seconds=20.0))
    found = delineate(fibrillating)
    assert not found.p_waves
    assert all(beat.p_on_ms is None for beat in found.beats)
    assert not found.of_kind(BeatClass.SUPRAVENTRICULAR)
    assert delineate(twelve_leads()[0]).p_waves


@pytest.mark.parametrize("every", [2, 3, 5])
def test_wide_early_beats_are_ventricular_and_have_no_p_wave(every: int) -> None:
    record, truth = twelve_leads(Heart(ectopic_every=every, seconds=20.0))
    found = delineate(record)
    assert [beat.kind == BeatClass.VENTRICULAR for beat in found.beats] == list(truth.ectopic)
    assert all(beat.p_on_ms is None for beat in found.of_kind(BeatClass.VENTRICULAR))
    assert found.p_waves


def test_pacemaker_spikes_are_found_and_their_beats_are_paced() -> None:
    record, truth = twelve_leads(Heart(p_waves=False, spikes_uv=1500.0, rr_sd_ms=0.0))
    found = delineate(record)
    assert len(found.spikes_ms) == len(truth.r_ms)
    assert {beat.kind for beat in found.beats} == {BeatClass.PACED}
    _found_all(found, truth)
    assert not delineate(twelve_leads()[0]).spikes_ms


@pytest.mark.parametrize("leads", [("II",), ("II", "V5"), ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")])
def test_few_leads_are_enough(leads: tuple[str, ...]) -> None:
    record, truth = twelve_leads()
    values = np.array([record.lead(name) for name in leads])
    found = delineate(record_from_microvolts(leads, values, 500.0))
    _found_all(found, truth)
    assert found.p_waves


def test_flat_and_missing_leads_are_left_out() -> None:
    record, truth = twelve_leads()
    values = record.microvolts()
    values[3], values[7] = 0.0, np.nan
    found = delineate(record_from_microvolts(record.leads, values, 500.0))
    assert set(record.leads) - set(found.leads) == {record.leads[3], record.leads[7]}
    _found_all(found, truth)


def test_a_long_record_goes_in_chunks_and_loses_nothing_at_their_edges() -> None:
    values, truth = eight_leads(Heart(seconds=400.0, rr_sd_ms=40.0, ectopic_every=7, rate_hz=250.0))
    record = record_from_microvolts(("II", "V5"), values[[1, 6]], 250.0)
    found = delineate(record)
    _found_all(found, truth)
    assert all(after.r_ms > before.r_ms for before, after in pairwise(found.beats))
    assert [beat.kind == BeatClass.VENTRICULAR for beat in found.beats] == list(truth.ectopic)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 1500), st.sampled_from([100.0, 250.0, 500.0, 997.0]), st.integers(0, 2**31))
@example(1, 169, 250.0, 644)  # a QRS that begins long before its R
def test_whatever_the_samples_are_there_is_an_answer(leads: int, count: int, rate: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.choice([0.0, 1e6, -1e6, np.nan, 40.0, 1e-3], size=(leads, count))
    if seed % 2:
        values = np.cumsum(random.normal(0.0, 1000.0, (leads, count)), axis=1)
    record = record_from_microvolts(("II", "V1", "V5")[:leads], values, rate)
    analysis = analyse(record)
    length_ms = 1000.0 * count / rate
    for beat in analysis.delineation.beats:
        assert -1 <= beat.r_ms <= length_ms + 1


@pytest.mark.parametrize("seed", [4, 5, 6, 7])
def test_a_beat_at_the_start_stays_inside(seed: int) -> None:
    """In much noise a beat goes to the nearest of many shapes, which may lie where the record has not begun yet."""
    random = np.random.default_rng(seed)
    values = random.normal(0.0, 30.0, (2, 600))
    values[:, :6] += np.linspace(3000.0, 0.0, 6)
    known = [random.normal(0.0, 100.0, (2, 90)) for _ in range(24)]
    moved, shapes = templates.sort_by_shape(values, np.array([0, 300]), 500.0, known)
    assert moved.min() >= 0
    assert sum(len(shape.members) for shape in shapes) == 2
    assert np.isfinite(templates.averaged(values, moved[:1], 20, 40).beat).all()


def test_a_negative_complex_before_a_high_st_segment_has_its_r_at_its_depth() -> None:
    """The ST segment rises where such a complex ends: its highest point there is no R wave."""
    times = np.arange(-300.0, 500.0, 4.0)
    depth = -170.0 * np.exp(-(((times - 60.0) / 35.0) ** 2))
    high = 70.0 / (1.0 + np.exp(-(times - 160.0) / 25.0)) * np.exp(-((np.maximum(times - 250.0, 0.0) / 80.0) ** 2))
    beat = np.vstack([depth + high, 0.8 * (depth + high)])
    _on, r, _off = delineation.qrs_points(beat, int(np.argmin(np.abs(times - 60.0))), 250.0)
    assert times[round(r)] == pytest.approx(60.0, abs=8.0)


def _gaussians(times: np.ndarray, *waves: tuple[float, float, float]) -> np.ndarray:
    """Sum of waves (middle ms, sigma ms, µV)."""
    return sum((size * np.exp(-0.5 * ((times - at) / width) ** 2) for at, width, size in waves), np.zeros(times.size))


_TIMES = np.arange(-400.0, 800.0, 2.0)
_COMPLEX = ((-20.0, 7.0, -100.0), (0.0, 10.0, 1000.0), (26.0, 9.0, -200.0))


def _at(place: float | None) -> float:
    """ms of a place in `_TIMES`."""
    assert place is not None
    return float(_TIMES[0] + 2.0 * place)


def _sample(ms: float) -> int:
    return round((ms - float(_TIMES[0])) / 2.0)


def test_a_complex_does_not_end_at_the_tip_of_its_last_wave() -> None:
    """Right bundle branch block: both leads stand still for some ms on the broad terminal wave."""
    one = _gaussians(_TIMES, (0.0, 9.0, 1000.0), (70.0, 20.0, -300.0))
    two = _gaussians(_TIMES, (0.0, 9.0, -700.0), (70.0, 20.0, 500.0))
    _on, _r, off = delineation.qrs_points(np.vstack([one, two]), _sample(0.0), 500.0)
    assert _at(off) == pytest.approx(70.0 + 2.2 * 20.0, abs=15.0)


def test_a_lead_cut_off_at_the_limit_of_its_amplifier_leaves_the_word_to_the_other() -> None:
    heart = Heart(qrs=((0.0, 26.0, (1100.0, 750.0, -120.0)),), seconds=20.0)
    values, truth = _two_leads(heart)
    values[1] = np.maximum(values[1], 0.4 * values[1].min())
    found = delineate(record_from_microvolts(("II", "V1"), values, heart.rate_hz))
    assert found.leads == ("II",)
    _found_all(found, truth)
    assert delineate(record_from_microvolts(("V1",), values[1:], heart.rate_hz)).leads == ("V1",)


@pytest.mark.parametrize(
    ("after", "name"),
    [((560.0, 38.0, 90.0), "a U wave"), ((590.0, 16.0, 80.0), "the P wave of a dropped beat")],
)
def test_the_t_wave_ends_before_the_wave_that_follows_it(after: tuple[float, float, float], name: str) -> None:
    lead = _gaussians(_TIMES, *_COMPLEX, (320.0, 35.0, 200.0), after)
    found = delineation.t_points(np.vstack([lead, 0.5 * lead]), _sample(-40.0), _sample(50.0), _sample(780.0), 500.0)
    assert found is not None, name
    assert _at(found[0]) == pytest.approx(320.0, abs=10.0)
    assert _at(found[1]) == pytest.approx(320.0 + 2.2 * 35.0, abs=20.0), name


def test_a_biphasic_t_wave_does_not_end_on_its_second_tip() -> None:
    """The steep limb leads from a depressed ST segment up to a positive tip, the way back is slow."""
    st_segment = -350.0 / (1.0 + np.exp(-(_TIMES - 120.0) / 20.0)) / (1.0 + np.exp((_TIMES - 270.0) / 10.0))
    hump = (
        250.0 / (1.0 + np.exp(-(_TIMES - 270.0) / 10.0)) * np.exp(-0.5 * (np.maximum(_TIMES - 310.0, 0.0) / 55.0) ** 2)
    )
    lead = _gaussians(_TIMES, *_COMPLEX) + st_segment + hump
    found = delineation.t_points(np.vstack([lead, 0.5 * lead]), _sample(-40.0), _sample(50.0), _sample(780.0), 500.0)
    assert found is not None
    assert _at(found[1]) == pytest.approx(310.0 + 1.8 * 55.0, abs=25.0)


def test_the_onset_of_a_p_wave_on_the_end_of_a_t_wave_is_where_the_slope_turns() -> None:
    """The T wave's slope has not come to rest when the P wave begins."""
    lead = _gaussians(_TIMES, *_COMPLEX, (-330.0, 60.0, 220.0), (-130.0, 20.0, 150.0))
    beat = np.vstack([lead, _gaussians(_TIMES, *_COMPLEX, (-320.0, 65.0, -250.0), (-130.0, 20.0, 100.0))])
    found = delineation.p_points(beat, _sample(-300.0), _sample(-40.0), 500.0)
    assert found is not None
    assert _at(found[0]) == pytest.approx(-130.0 - 2.2 * 20.0, abs=18.0)


def test_spikes_of_one_sample_are_found_at_250_hz() -> None:
    """Ambulatory records of pacemakers: the spike must not be taken for the steepest part of the complex."""
    wide = ((20.0, 24.0, (-700.0, 900.0, 500.0)), (70.0, 26.0, (500.0, -1100.0, -600.0)))
    heart = Heart(p_waves=False, spikes_uv=3000.0, rr_sd_ms=0.0, rate_hz=250.0, qrs=wide, seconds=20.0)
    values, truth = _two_leads(heart)
    found = delineate(record_from_microvolts(("II", "V1"), values, heart.rate_hz))
    assert {beat.kind for beat in found.beats} == {BeatClass.PACED}
    assert len(found.beats) == len(found.spikes_ms) == len(truth.r_ms)
    for beat, r in zip(found.beats, truth.r_ms, strict=True):
        assert (beat.qrs_on_ms or 0) - r == pytest.approx(-45.0, abs=15.0)
        assert (beat.qrs_off_ms or 0) - r == pytest.approx(140.0, abs=15.0)
        assert beat.t_off_ms is None or beat.t_off_ms - r > 350.0
    slender = Heart(rate_hz=250.0, qrs=((0.0, 6.0, (1100.0, 750.0, -120.0)),), seconds=20.0)
    assert not delineate(record_from_microvolts(("II", "V1"), _two_leads(slender)[0], 250.0)).spikes_ms


@pytest.mark.parametrize("seed", range(3))
def test_a_slow_hump_that_hardly_rises_above_the_noise_is_no_p_wave(seed: int) -> None:
    """As before paced beats, where the T wave runs out: the beats agree about it, but less than about a P wave."""
    heart = Heart(p_waves=False, seconds=40.0, seed=seed + 1, noise_uv=0.0)
    values, truth = _two_leads(heart)
    noise = np.random.default_rng(seed).normal(0.0, 60.0, values.shape)
    values += filters.low_pass(noise, heart.rate_hz, 15.0)
    times = np.arange(values.shape[1]) * 1000.0 / heart.rate_hz
    for r in truth.r_ms:
        values += _gaussians(times, (r - 200.0, 40.0, 25.0))
    found = delineate(record_from_microvolts(("II", "V1"), values, heart.rate_hz))
    assert not found.p_waves
    assert all(beat.p_on_ms is None for beat in found.beats)

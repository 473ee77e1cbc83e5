"""Filters: what they pass, what they stop, and that nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

from shared.waveform import filters
from shared.waveform.filters import FilterSettings

RATE = 500.0
TIMES = np.arange(0, 20, 1 / RATE)


def _through(frequency: float, settings: FilterSettings) -> float:
    """Amplitude of a sine of 1 after the filter, away from the ends."""
    wave = np.sin(2 * np.pi * frequency * TIMES)[None]
    middle = filters.filtered(wave, RATE, settings)[0, 2000:-2000]
    return float(np.std(middle)) * 2**0.5


@pytest.mark.parametrize("corner", filters.LOW_PASS_STEPS[1:])
def test_a_low_pass_is_3_db_down_at_its_corner(corner: float) -> None:
    settings = FilterSettings(high_pass_hz=0, low_pass_hz=corner)
    assert _through(corner, settings) == pytest.approx(0.707, abs=0.02)
    assert _through(corner / 4, settings) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("corner", [0.5])
def test_a_high_pass_stops_the_baseline_and_leaves_the_beat(corner: float) -> None:
    settings = FilterSettings(high_pass_hz=corner, low_pass_hz=0)
    assert _through(corner / 6, settings) < 0.15
    assert _through(corner, settings) == pytest.approx(0.707, abs=0.03)
    assert _through(10.0, settings) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_the_notch_takes_the_mains_out_and_little_else(mains: float) -> None:
    settings = FilterSettings(high_pass_hz=0, low_pass_hz=0, notch_hz=mains)
    assert _through(mains, settings) < 0.02
    assert _through(mains - 10, settings) > 0.97


def test_filters_do_not_move_a_peak() -> None:
    peak = np.exp(-0.5 * ((TIMES - 10.0) / 0.01) ** 2)[None]
    for settings in (FilterSettings(), FilterSettings(muscle=True, notch_hz=50), FilterSettings(baseline=True)):
        assert int(np.argmax(filters.filtered(peak, RATE, settings)[0])) == int(np.argmax(peak[0]))


def test_missing_samples_stay_missing_and_do_not_spread() -> None:
    wave = np.sin(2 * np.pi * 5 * TIMES)[None]
    wave[0, 4000:4100] = np.nan
    done = filters.filtered(wave, RATE, FilterSettings(low_pass_hz=40))
    assert np.isnan(done[0, 4000:4100]).all()
    assert np.isfinite(done[0, :4000]).all() and np.isfinite(done[0, 4100:]).all()


def test_the_baseline_filter_follows_breathing_not_the_beats() -> None:
    breathing = 500.0 * np.sin(2 * np.pi * 0.25 * TIMES)
    beats = sum(1000.0 * np.exp(-0.5 * ((TIMES - at) / 0.012) ** 2) for at in np.arange(0.5, 20, 0.8))
    line = filters.baseline_of((breathing + beats)[None], RATE)[0]
    assert np.abs(line - breathing)[1000:-1000].max() < 80.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 20)])
def test_short_pieces_go_through(shape: tuple[int, int]) -> None:
    settings = FilterSettings(notch_hz=50, muscle=True, baseline=True)
    assert filters.filtered(np.ones(shape), RATE, settings).shape == shape


def test_words_name_every_step() -> None:
    words = FilterSettings(0.5, 40.0, 50.0, muscle=True, baseline=True).words()
    assert words == "0.5–40 Hz, ~50 Hz, EMG 35 Hz, ADS"

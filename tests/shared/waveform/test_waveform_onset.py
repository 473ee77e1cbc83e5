"""Where QRS complexes begin: small q waves before tall R waves, and onsets that move from beat to beat."""

from __future__ import annotations

import numpy as np
import pytest

from shared.waveform.delineating import delineate
from shared.waveform.record import record_from_microvolts

RATE = 500.0
BEATS = 20
Q_SPREAD_MS = 5.0


def _wave(time: np.ndarray, middle: float, spread: float) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * ((time - middle) / spread) ** 2))


def _record(q_uv: float, moved_ms: np.ndarray, noise_uv: float = 4.0):  # type: ignore[no-untyped-def]
    """Two leads, a beat a second: the second shows the q wave 48 ms before R, the first only the R wave.

    Returns the record and where the q waves begin, in ms (three spreads before the tip).
    """
    time = np.arange(round((BEATS + 1) * RATE)) * 1000.0 / RATE
    values = np.random.default_rng(2).normal(0.0, noise_uv, (2, time.size))
    begins = []
    for beat in range(BEATS):
        r = 700.0 + 1000.0 * beat
        values += np.array([[700.0], [2600.0]]) * _wave(time, r, 9.0)
        values += np.array([[60.0], [90.0]]) * _wave(time, r - 190.0, 20.0)
        values += np.array([[150.0], [300.0]]) * _wave(time, r + 280.0, 40.0)
        tip = r - 48.0 + moved_ms[beat]
        values[1] += q_uv * _wave(time, tip, Q_SPREAD_MS)
        begins.append(tip - 3.0 * Q_SPREAD_MS)
    return record_from_microvolts(("I", "V5"), values, RATE), np.array(begins)


@pytest.mark.parametrize("q_uv", [-70.0, -100.0, -160.0])
def test_a_small_q_wave_before_a_tall_r_wave_belongs_to_the_complex(q_uv: float) -> None:
    """Its slope is a fiftieth of that of the R wave, and nought at its tip."""
    record, begins = _record(q_uv, np.zeros(BEATS))
    found = np.array([beat.qrs_on_ms for beat in delineate(record).beats], dtype=float)
    assert np.abs(found - begins).max() <= 7.0


def test_onsets_follow_each_beat() -> None:
    """As when the axis turns with breath: the start of the complex moves against its steep part."""
    moved = 7.0 * np.sin(np.arange(BEATS) * 2.0 * np.pi / 5.0)
    record, begins = _record(-180.0, moved)
    found = np.array([beat.qrs_on_ms for beat in delineate(record).beats], dtype=float)
    errors = found - begins
    assert np.std(moved) > 4.5
    assert np.std(errors) <= 2.7


def test_noise_does_not_move_onsets() -> None:
    """Where the beats are alike, noise of 30 µV leaves their onsets together."""
    record, begins = _record(0.0, np.zeros(BEATS), noise_uv=30.0)
    found = np.array([beat.qrs_on_ms for beat in delineate(record).beats], dtype=float)
    assert np.std(found - begins) <= 3.0

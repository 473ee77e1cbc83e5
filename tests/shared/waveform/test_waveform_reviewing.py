"""Beats seen again lead by lead: wide beats hidden by noise, noise beside beats, beats unlike any."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_phantom import Heart, eight_leads

from shared.waveform import reviewing
from shared.waveform.delineating import delineate
from shared.waveform.record import record_from_microvolts

RATE = 500.0


def _found(values: np.ndarray) -> np.ndarray:
    beats = delineate(record_from_microvolts(("II", "V1"), values, RATE)).beats
    return np.array([beat.r_ms for beat in beats], dtype=float)


def _missed_and_invented(found: np.ndarray, truth: tuple[float, ...]) -> tuple[int, int]:
    left = sorted(found)
    missed = 0
    for r in truth:
        near = min(left, key=lambda place: abs(place - r), default=None)
        if near is not None and abs(near - r) <= 150.0:
            left.remove(near)
        else:
            missed += 1
    return missed, len(left)


@pytest.mark.parametrize("seed", range(3))
def test_beats_are_found_and_none_invented_in_muscle_noise(seed: int) -> None:
    """0.35 mV of muscle noise in one lead and 0.12 mV in the other, every fourth beat ectopic."""
    values, truth = eight_leads(Heart(seconds=60.0, ectopic_every=4, seed=seed + 1))
    values = values[[1, 2]]
    random = np.random.default_rng(seed)
    noise = np.diff(random.standard_normal((2, values.shape[1] + 1)), axis=1) / np.sqrt(2.0)
    noise = np.apply_along_axis(np.convolve, 1, noise, np.ones(3) / np.sqrt(3.0), "same")
    noise *= np.repeat(random.uniform(0.4, 1.6, 60), round(RATE))
    values += noise * np.array([[120.0], [350.0]])
    missed, invented = _missed_and_invented(_found(values), truth.r_ms)
    assert (missed, invented) == (0, 0)


def _candidates() -> tuple[np.ndarray, list[int], int]:
    """(2, sample) at 250 Hz: 16 narrow and 4 wide beats in the first lead, noise as high as they are in the second.

    Returns them with the beats' places and the place of a wide one.
    """
    values = np.random.default_rng(3).normal(0.0, 20.0, (2, 5600))
    values[1] *= 20.0
    places = [250 * (number + 1) for number in range(20)]
    time = np.arange(values.shape[1])
    for number, place in enumerate(places):
        width = 14.0 if number % 5 == 4 else 4.0
        wave = np.exp(-0.5 * ((time - place) / width) ** 2)
        values[0] += 1000.0 * np.gradient(wave) * width
    return values, places, places[9]


def test_a_wide_beat_that_noise_of_the_other_lead_hides_is_put_in() -> None:
    values, places, wide = _candidates()
    candidates = np.array(sorted([*places, wide - 130, wide + 120]))
    chosen = np.array([place for place in places if place != wide])
    seen = reviewing.compared(values, candidates, chosen, 250.0)
    found = reviewing.reviewed(chosen, candidates, seen, np.zeros(len(candidates), dtype=bool), 250.0)
    assert found.tolist() == places


@pytest.mark.parametrize(("after", "doubtful", "stays"), [(45, False, False), (85, True, False), (85, False, True)])
def test_what_looks_like_nothing_beside_a_beat(after: int, doubtful: bool, stays: bool) -> None:
    """180 ms after a beat it is none; 340 ms after it may be an ectopic one, unless it hardly stands out."""
    values, places, _ = _candidates()
    odd = places[6] + after
    chosen = np.array(sorted([*places, odd]))
    seen = reviewing.compared(values, chosen, chosen, 250.0)
    found = reviewing.reviewed(chosen, chosen, seen, (chosen == odd) & doubtful, 250.0)
    assert (odd in found) == stays
    assert set(places) <= set(found.tolist())


def test_ectopic_beats_that_come_once_stay() -> None:
    """Three of different shapes, 340 ms after a beat; nothing is noisy there."""
    values, truth = eight_leads(Heart(seconds=40.0, rr_ms=1000.0))
    values = values[[1, 2]]
    time = np.arange(values.shape[1]) * 1000.0 / RATE
    places = []
    for number, (width, sizes) in enumerate(((26.0, (1500, -900)), (34.0, (-1300, -1100)), (22.0, (900, 1600)))):
        r = truth.r_ms[8 + 9 * number] + 340.0
        places.append(r)
        wave = np.exp(-0.5 * ((time - r) / width) ** 2) - 0.6 * np.exp(-0.5 * ((time - r - 60.0) / width) ** 2)
        values += np.outer(sizes, wave)
    found = _found(values)
    assert all(np.abs(found - r).min() < 120.0 for r in places)
    assert len(found) == len(truth.r_ms) + len(places)

"""Long records: pyramid, tachogram, sweep, filters of a piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clients.ecg.trace.pyramid import BLOCK, build
from clients.ecg.trace.rhythm import rhythm_of
from clients.ecg.trace.signals import SignalStore
from clients.ecg.trace.sweep import GAP_S, Sweep
from shared.waveform.beats import Beat, BeatClass
from shared.waveform.filters import DIAGNOSTIC, FilterSettings, filtered
from shared.waveform.record import MISSING, EcgRecord


def _record(count: int = 200_003, hertz: float = 250.0, folder: Path | None = None) -> EcgRecord:
    chance = np.random.default_rng(2)
    values = np.cumsum(chance.integers(-9, 10, (2, count)), axis=1, dtype=np.int32)
    if folder is not None:
        mapped = np.memmap(folder / "day.dat", dtype=np.int32, mode="w+", shape=values.shape)
        mapped[:] = values
        values = mapped
    return EcgRecord(("II", "V1"), values, (2.0, -1.0), (5.0, 0.0), hertz)


@pytest.mark.parametrize("per_column", [8.0, 37.5, 250.0, 4096.0])
def test_columns_of_the_pyramid_hold_all_extremes(per_column: float, tmp_path: Path) -> None:
    """Never less than the samples of the column, never more than those of the blocks that it touches."""
    record = _record(folder=tmp_path)
    pyramid = build(record, "V1")
    count = min(40, int(200_003 / per_column))
    low, high = pyramid.columns(1000.0, per_column, count)
    values = record.lead("V1")
    level = max(each.block for each in pyramid.levels if each.block <= max(per_column, BLOCK))
    for column in range(count):
        first, last = 1000.0 + column * per_column, 1000.0 + (column + 1) * per_column
        inner = values[int(np.ceil(first)) : int(np.floor(last))]
        outer = values[max(0, int(first) - level) : int(last) + level + 1]
        assert outer.min() <= low[column] <= inner.min()
        assert inner.max() <= high[column] <= outer.max()


def test_the_pyramid_ends_with_the_record_and_skips_what_was_not_recorded() -> None:
    record = _record(1000)
    record.samples[0, 400:480] = MISSING
    pyramid = build(record, "II")
    low, high = pyramid.columns(0.0, 8.0, 140)
    assert np.isnan(low[125:]).all() and np.isfinite(low[:50]).all()
    assert np.isnan(high[50:60]).all() and np.isfinite(high[60:125]).all()


def test_building_can_be_stopped() -> None:
    class Stopped(Exception):
        pass

    def stop(_done: int, _total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        build(_record(), "II", stop)


def test_beats_are_found_by_class_and_time() -> None:
    kinds = [BeatClass.NORMAL, BeatClass.VENTRICULAR, BeatClass.NORMAL, BeatClass.VENTRICULAR]
    rhythm = rhythm_of(tuple(Beat(1000.0 * n + 500, kind=kind) for n, kind in enumerate(kinds)))
    assert rhythm.next_of(BeatClass.VENTRICULAR, 0.0) == 1.5
    assert rhythm.next_of(BeatClass.VENTRICULAR, 1.5) == 3.5
    assert rhythm.next_of(BeatClass.VENTRICULAR, 3.5) is None
    assert rhythm.next_of(BeatClass.VENTRICULAR, 3.5, forward=False) == 1.5
    assert rhythm.count(BeatClass.VENTRICULAR) == 2
    assert rhythm.between(1.0, 3.0) == slice(1, 3)


def test_the_tachogram_shows_the_shortest_and_the_longest_rr_of_a_column() -> None:
    rhythm = rhythm_of(tuple(Beat(ms) for ms in (0.0, 800.0, 1200.0, 9000.0)))
    low, high = rhythm.tachogram(10.0, 10)
    assert (low[0], high[0]) == pytest.approx((800.0, 800.0))
    assert (low[1], high[1]) == pytest.approx((400.0, 400.0))
    assert (low[9], high[9]) == pytest.approx((7800.0, 7800.0))
    assert np.isnan(low[2:9]).all()


def test_filters_change_what_is_drawn_and_nothing_that_is_stored() -> None:
    record = _record(5000)
    before = record.samples.copy()
    store = SignalStore(record)
    settings = FilterSettings(0.5, 40.0, 50.0)
    piece = store.work(settings, 0.0, 10.0)()
    assert np.array_equal(record.samples, before)
    assert np.allclose(piece.values, filtered(record.microvolts(), 250.0, settings))
    assert store.piece(settings, 0.0, 10.0) is None
    store.keep(settings, 0.0, 10.0, piece)
    assert store.piece(settings, 3.0, 13.0) is piece  # a short record is one piece
    assert store.piece(DIAGNOSTIC, 0.0, 10.0) is None


def test_a_page_of_a_long_record_is_filtered_without_edges() -> None:
    record = _record()
    store = SignalStore(record)
    piece = store.work(FilterSettings(0.5, 40.0), 100.0, 110.0)()
    assert piece.first == 25_000 and piece.stop == 27_502
    whole = filtered(record.microvolts(), 250.0, FilterSettings(0.5, 40.0))[:, 25_000:27_502]
    assert np.abs(piece.values - whole).max() < 0.01 * np.ptp(whole)


def test_the_sweep_overwrites_the_oldest_and_leaves_a_gap() -> None:
    sweep = Sweep(("I", "II"), 100.0, 2.0)
    sweep.push(np.ones((2, 150)) * [[1.0], [2.0]])
    sweep.push(np.full((2, 100), 7.0))
    assert sweep.pen == 50
    assert np.array_equal(sweep.values[0], np.r_[np.full(50, 7.0), np.ones(100), np.full(50, 7.0)])
    shown = sweep.shown(0)
    gap = round(GAP_S * 100)
    assert np.isnan(shown[50 : 50 + gap]).all() and np.isfinite(np.delete(shown, range(50, 50 + gap))).all()
    sweep.push(np.full((2, 1000), 3.0))
    assert (sweep.values == 3.0).all() and sweep.pen == 1250 % 200
    with pytest.raises(ValueError, match="row for each lead"):
        sweep.push(np.ones((3, 5)))

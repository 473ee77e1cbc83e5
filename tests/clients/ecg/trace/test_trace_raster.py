"""Grid and traces in pixels."""

from __future__ import annotations

import numpy as np
import pytest

from clients.ecg.trace import raster
from clients.ecg.trace.raster import PAPER

_OPAQUE = 0xFF000000


def _picture(height: int = 80, width: int = 120, ink: int = 0xFFFFFF) -> np.ndarray:  # type: ignore[type-arg]
    return np.full((height, width), ink | _OPAQUE, dtype=np.uint32)


def _darkness(picture: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return 1.0 - (picture & 0xFF).astype(float) / 255


@pytest.mark.parametrize("step", [0.13, 0.9, 1.0, 3.7])
def test_columns_hold_every_extreme_of_the_polyline(step: float) -> None:
    """Against the polyline sampled a thousand times a column."""
    chance = np.random.default_rng(3)
    y = chance.normal(0, 20, 400)
    x = 5.3 + np.arange(400) * step
    first, low, high = raster.extremes(5.3, step, y, 10, 30)
    assert first == 10 and low.size == 30
    for column in range(30):
        dense = np.linspace(10 + column, 11 + column, 1001)
        inside = y[(x >= 10 + column) & (x < 11 + column)]
        values = np.concatenate([np.interp(dense, x, y), inside])
        assert low[column] == pytest.approx(values.min())
        assert high[column] == pytest.approx(values.max())


def test_a_level_line_is_as_thick_as_the_pen() -> None:
    picture = _picture()
    raster.draw_trace(picture, 0.0, 1.0, np.full(121, 40.0), 3.0, 0x000000)
    column = _darkness(picture)[:, 60]
    assert column.sum() == pytest.approx(3.0, abs=0.05)
    assert (column * np.arange(80)).sum() / column.sum() == pytest.approx(39.5, abs=0.05)  # centred on y = 40


def test_a_steep_line_is_as_thick_as_the_pen() -> None:
    picture = _picture()
    raster.draw_trace(picture, 58.0, 4.0, np.array([70.0, 10.0]), 3.0, 0x000000, fine=4)
    row = _darkness(picture)[40]
    assert row.sum() == pytest.approx(3.0, abs=0.5)


def test_spikes_of_single_samples_are_not_lost_when_many_fall_on_a_column() -> None:
    picture, y = _picture(), np.full(12_000, 60.0)
    y[6_543] = 5.0
    raster.draw_trace(picture, 0.0, 0.01, y, 1.0, 0x000000)
    assert _darkness(picture)[6, 65] > 0.4


def test_nothing_is_drawn_where_nothing_was_recorded() -> None:
    picture, y = _picture(), np.full(121, 40.0)
    y[50:70] = np.nan
    raster.draw_trace(picture, 0.0, 1.0, y, 2.0, 0x000000)
    dark = _darkness(picture).sum(axis=0)
    assert dark[52:68].max() == 0.0
    assert dark[:48].min() > 1.5 and dark[73:119].min() > 1.5


def test_a_trace_stays_in_its_window_and_in_the_picture() -> None:
    picture = _picture()
    raster.draw_trace(picture, -50.0, 1.0, np.linspace(-500, 500, 300), 2.0, 0x000000, (30, 60))
    dark = _darkness(picture).sum(axis=0)
    assert dark[:29].max() == 0.0 and dark[61:].max() == 0.0
    raster.draw_trace(picture, 0.0, 1.0, np.full(121, 1e9), 2.0, 0x000000)
    raster.draw_trace(picture, 1e7, 1.0, np.full(5, 40.0), 2.0, 0x000000)


@pytest.mark.parametrize("per_mm", [2.9, 4.41, 6.3, 11.8])
def test_grid_lines_stand_on_their_millimetres(per_mm: float) -> None:
    picture = _picture(400, 600)
    raster.draw_grid(picture, per_mm, -2.0, 3.3, PAPER)
    wide = max(1, round(0.2 * per_mm))
    row = round((10 - 3.3) * per_mm) + 8 * int(per_mm)  # clear of level lines in most cases
    heavy = np.flatnonzero((picture == (PAPER.major | _OPAQUE)).sum(axis=0) > 300)
    centres = [group.mean() + 0.5 for group in np.split(heavy, np.flatnonzero(np.diff(heavy) > 1) + 1)]
    expected = [(mm + 2.0) * per_mm for mm in range(0, 300, 5) if 0 < (mm + 2.0) * per_mm < 600]
    assert len(centres) >= len(expected) - 1
    for centre in centres:
        assert min(abs(centre - each) for each in (*expected, *(((-5 + 2.0) * per_mm,)))) <= 0.5 + wide / 2
    assert row > 0


def test_fine_lines_go_before_they_become_fog() -> None:
    picture = _picture(200, 200)
    raster.draw_grid(picture, 1.5, 0.0, 0.0, PAPER)
    assert not (picture == (PAPER.minor | _OPAQUE)).any()
    assert (picture == (PAPER.major | _OPAQUE)).any()


def test_colours_are_those_of_paper() -> None:
    from shared.waveform import paper

    def number(colour: str) -> int:
        return int(colour[1:], 16)

    assert (PAPER.minor, PAPER.major, PAPER.trace) == (number(paper.MINOR), number(paper.MAJOR), number(paper.INK))

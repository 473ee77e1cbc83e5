"""Pixels land where the projection says, and carry the grey that the standard says."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.viewer.pixels import half_size
from clients.viewer.viewport.looks import Look
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Renderer, rehearse
from clients.viewer.viewport.transform import Geometry, Projection, project
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import LookupTable, Modality, Window, display_table, grey_of

FULL = Window(128, 256)


def seen(
    frame: np.ndarray,
    geometry: Geometry,
    *,
    width: int = 200,
    height: int = 200,
    aspect: float = 1.0,
    voi: Window | LookupTable = FULL,
    modality: Modality = Modality(),  # noqa: B008 - frozen
    inverted: bool = False,
    renderer: Renderer | None = None,
    token: object = None,
) -> tuple[np.ndarray, Projection]:
    """The whole viewport as one array, black where the image does not reach."""
    projection = project(
        geometry, columns=frame.shape[1], rows=frame.shape[0], aspect=aspect, width=width, height=height
    )
    rendered = (renderer or Renderer()).render(frame, token or object(), projection, modality, voi, inverted=inverted)
    canvas = np.zeros((height, width, *frame.shape[2:]), np.uint8)
    if rendered is not None:
        high, wide = rendered.pixels.shape[:2]
        canvas[rendered.top : rendered.top + high, rendered.left : rendered.left + wide] = rendered.pixels
    return canvas, projection


@given(
    st.floats(-180, 180), st.booleans(), st.booleans(), st.floats(0.3, 6), st.floats(0.5, 2),
    st.integers(12, 48), st.integers(12, 38), st.booleans(),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_a_spot_is_where_a_measurement_would_be_drawn(
    angle: float, horizontal: bool, vertical: bool, zoom: float, aspect: float, column: int, row: int, large: bool
) -> None:
    """Centre of gravity of a 5 × 5 spot against the projection, enlarged and minified: within half a device pixel."""
    factor = 20 if large else 1
    frame = np.zeros((50 * factor, 60 * factor), np.uint16)
    half = 2 * factor
    at_row, at_column = row * factor, column * factor
    frame[at_row - half : at_row + half + 1, at_column - half : at_column + half + 1] = 200
    geometry = Geometry(zoom, None, angle, horizontal, vertical)
    canvas, projection = seen(frame, geometry, width=500, height=500, aspect=aspect)
    expected = projection.place(PixelPoint(at_column, at_row))
    reach = 4 * half * projection.scale * max(1, aspect)
    if not (reach < expected.x < 500 - reach and reach < expected.y < 500 - reach):
        return

    y, x = np.nonzero(canvas)
    weights = canvas[y, x].astype(float)

    assert weights.sum() > 0
    assert np.average(x + 0.5, weights=weights) == pytest.approx(expected.x, abs=0.5)
    assert np.average(y + 0.5, weights=weights) == pytest.approx(expected.y, abs=0.5)


def test_one_to_one_pixels_are_untouched() -> None:
    frame = np.random.default_rng(2).integers(0, 256, (100, 120)).astype(np.uint8)

    canvas, _ = seen(frame, Geometry(actual_size=True), width=120, height=100)

    np.testing.assert_array_equal(canvas, frame)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
@pytest.mark.parametrize("inverted", [False, True])
def test_greys_are_those_of_the_formula(dtype: str, inverted: bool) -> None:
    low = -900 if dtype == "int16" else 0
    frame = np.linspace(low, 255 if dtype == "uint8" else 3000, 64 * 64).reshape(64, 64).astype(dtype)
    modality, window = Modality(1.5, -20), Window(100, 300)

    canvas, _ = seen(
        frame, Geometry(actual_size=True), width=64, height=64, modality=modality, voi=window, inverted=inverted
    )

    np.testing.assert_array_equal(canvas, grey_of(modality(frame), window, inverted=inverted))


def test_values_are_interpolated_before_they_are_windowed() -> None:
    """Between air and bone lies soft tissue, not the mean of black and white: PS3.3 C.11 acts on values."""
    frame = np.array([[0, 2000]] * 2, np.uint16)
    window = Window(400, 200)

    canvas, _ = seen(frame, Geometry(), width=80, height=80, voi=window)
    row = canvas[40]

    # 400 of 2000 lies a fifth of the way from the first centre (20) to the second (60)
    assert np.interp(127.5, row[20:60].astype(float), np.arange(20.5, 60)) == pytest.approx(20 + 40 * 0.2, abs=0.6)


def test_a_drag_of_the_window_does_not_resample_again() -> None:
    frame = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    renderer, token = Renderer(), object()
    seen(frame, Geometry(), renderer=renderer, token=token)
    kept = renderer._part
    seen(frame, Geometry(), renderer=renderer, token=token, voi=Window(5, 9))

    assert renderer._part is kept


def test_two_tables_with_equal_numbers_do_not_share_a_cache() -> None:
    frame = np.zeros((4, 4), np.uint8)
    renderer = Renderer()
    first = LookupTable(0, np.array([0, 255], np.uint16), 8)
    second = LookupTable(0, np.array([255, 0], np.uint16), 8)

    assert seen(frame, Geometry(), renderer=renderer, voi=first)[0][100, 100] == 0
    assert seen(frame, Geometry(), renderer=renderer, voi=second)[0][100, 100] == 255


def test_colour_passes_untouched_and_can_be_inverted() -> None:
    frame = np.full((10, 10, 3), (200, 30, 60), np.uint8)

    plain, _ = seen(frame, Geometry(actual_size=True), width=10, height=10, voi=COLOUR_WINDOW)
    turned, _ = seen(frame, Geometry(actual_size=True), width=10, height=10, voi=COLOUR_WINDOW, inverted=True)

    assert plain[5, 5].tolist() == [200, 30, 60]
    assert np.abs(turned[5, 5].astype(int) - (55, 225, 195)).max() <= 1


def test_an_image_moved_out_of_sight_is_nothing() -> None:
    frame = np.zeros((10, 10), np.uint8)
    projection = project(Geometry(centre=PixelPoint(5000, 0)), columns=10, rows=10, aspect=1.0, width=100, height=100)

    assert Renderer().render(frame, object(), projection, Modality(), FULL, inverted=False) is None


@pytest.mark.parametrize("size", [(400, 600), (401, 603)])
def test_a_half_made_beforehand_shows_the_same_picture(size: tuple[int, int]) -> None:
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    frame = (1000 + 900 * np.sin(x / 23) * np.cos(y / 17)).astype(np.int16)
    projection = project(Geometry(), columns=size[1], rows=size[0], aspect=1.0, width=140, height=140)
    pictures = [
        Renderer().render(frame, object(), projection, Modality(), Window(1000, 2000), inverted=False, half=half)
        for half in (None, half_size(frame))
    ]

    assert pictures[0] is not None and pictures[1] is not None
    assert np.abs(pictures[0].pixels.astype(int) - pictures[1].pixels).max() <= 3


def test_the_first_look_at_a_large_mammogram_does_not_stop_the_hand() -> None:
    """4,700 × 3,600 on a full screen, own time of the thread: the reduction was done when it was loaded."""
    frame = np.random.default_rng(4).integers(0, 4096, (4700, 3600)).astype(np.uint16)
    half, best = half_size(frame), 1e9
    for _ in range(3):
        projection = project(Geometry(), columns=3600, rows=4700, aspect=1.0, width=1900, height=1000)
        began = time.thread_time()
        Renderer().render(frame, object(), projection, Modality(), FULL, inverted=False, half=half)
        best = min(best, time.thread_time() - began)

    assert best < 0.025


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_two_panes_with_one_window_share_a_table_that_nobody_can_change(dtype: type) -> None:
    frame = np.arange(64, dtype=dtype).reshape(8, 8)
    look = Look(Modality(1.5, -3.0), Window(40.0, 80.0), padding=(2, 3))
    one, other = (Renderer()._table_for(frame, replace(look, palette=name)) for name in ("", "hot_iron"))
    inverted = Renderer()._table_for(frame, replace(look, inverted=True))

    assert one is not None and other is not None and inverted is not None
    assert np.shares_memory(one, other) and not one.flags.writeable
    assert not np.array_equal(one, inverted)
    signed = dtype == np.int16
    whole = display_table(signed=signed, modality=look.modality, voi=look.voi, padding=look.padding)
    assert np.array_equal(
        one.ravel()[frame.astype(np.int64) + (32_768 if signed else 0)], whole[frame.view(whole_of(dtype))]
    )


def whole_of(dtype: type) -> type:
    return np.uint8 if dtype == np.uint8 else np.uint16


def test_a_rehearsal_draws_without_a_word() -> None:
    rehearse()

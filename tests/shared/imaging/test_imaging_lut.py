"""The LUT pipeline against values computed by hand from the clauses of PS3.3 C.11."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.lut import (
    LookupTable,
    Modality,
    VoiFunction,
    Window,
    apply_window,
    display_table,
    grey_of,
    stored_patterns,
    window_of_pixels,
    window_of_range,
)


def grey(value: float, window: Window) -> float:
    return float(apply_window(np.array([value]), window)[0]) * 255


@pytest.mark.parametrize(
    ("centre", "width", "black_up_to", "white_above"),
    [(2048, 4096, 0, 4095), (2048, 1, 2047.5, 2047.5), (0, 100, -50, 49), (0, 1, -0.5, -0.5)],
)
def test_the_examples_of_the_standard(centre: float, width: float, black_up_to: float, white_above: float) -> None:
    """The four worked examples of PS3.3 C.11.2.1.2.1."""
    window = Window(centre, width)

    assert grey(black_up_to, window) == 0
    assert grey(black_up_to + 0.5, window) > 0
    assert grey(white_above + 1e-6, window) == pytest.approx(255)
    assert grey(white_above - 0.5, window) < 255


def test_the_slope_of_the_linear_function() -> None:
    """C.11.2.1.2.1, third example: c 0, w 100: y = ((x + 0.5) / 99 + 0.5) * 255."""
    for x in (-49, -13, 0, 27, 48):
        assert grey(x, Window(0, 100)) == pytest.approx(((x + 0.5) / 99 + 0.5) * 255)


def test_linear_exact_has_no_half_steps() -> None:
    """C.11.2.1.3.2."""
    window = Window(0, 100, VoiFunction.LINEAR_EXACT)

    assert [grey(x, window) for x in (-50, -25, 0, 25, 50)] == pytest.approx([0, 63.75, 127.5, 191.25, 255])


def test_sigmoid() -> None:
    """C.11.2.1.3.1: y = 255 / (1 + exp(-4 (x - c) / w))."""
    window = Window(10, 40, VoiFunction.SIGMOID)

    for x in (-100, 0, 10, 33, 500):
        assert grey(x, window) == pytest.approx(255 / (1 + math.exp(-4 * (x - 10) / 40)))
    assert grey(1e9, Window(0, 1e-3, VoiFunction.SIGMOID)) == 255


def test_a_whole_table_of_a_signed_ct() -> None:
    """HU = 1 * SV - 1024, W 400 L 40: each pattern checked against the clause evaluated alone."""
    table = display_table(signed=True, modality=Modality(1, -1024), voi=Window(40, 400))

    for stored in (-32768, -1, 0, 863, 864, 865, 1000, 1063, 1064, 1262, 1263, 32767):
        x = stored - 1024
        if x <= 40 - 0.5 - 399 / 2:
            y = 0.0
        elif x > 40 - 0.5 + 399 / 2:
            y = 255.0
        else:
            y = ((x - 39.5) / 399 + 0.5) * 255
        assert table[stored & 0xFFFF] == math.floor(y + 0.5), stored


def test_inversion_is_the_mirror_of_the_grey_scale() -> None:
    plain = display_table(signed=False, modality=Modality(), voi=Window(128, 256))
    inverted = display_table(signed=False, modality=Modality(), voi=Window(128, 256), inverted=True)

    assert int(plain[0]) == 0 and int(inverted[0]) == 255
    assert np.abs(255 - plain.astype(int) - inverted).max() <= 1  # .5 rounds up on both sides


def test_modality_table_clamps_at_both_ends() -> None:
    """C.11.1.1.1: below the first mapped value the first entry, beyond the last the last."""
    table = LookupTable(100, np.array([7, 8, 9], np.uint16), 16)

    assert table(np.array([-5, 99, 100, 101, 102, 103, 9999])).tolist() == [7, 7, 7, 8, 9, 9, 9]
    assert table(np.array([0, 99, 101], np.uint16)).tolist() == [7, 7, 8]


def test_voi_table_spreads_its_bits_over_the_grey_scale() -> None:
    """C.11.2.1.1: entries have the range 0 … 2^bits - 1."""
    voi = LookupTable(0, np.array([0, 2048, 4095], np.uint16), 12)

    assert grey_of(np.array([0, 1, 2, 50]), voi).tolist() == [0, 128, 255, 255]


def test_a_modality_table_comes_before_the_window() -> None:
    modality = Modality(table=LookupTable(0, np.array([0, 1000, 200], np.uint16), 16))
    table = display_table(signed=False, modality=modality, voi=Window(500.5, 1001))

    assert table[:4].tolist() == [0, 255, 51, 51]


@pytest.mark.parametrize("signed", [True, False])
def test_patterns_cover_every_value_once(signed: bool) -> None:
    values = stored_patterns(signed)

    assert len(np.unique(values)) == 65_536
    assert int(values[0xFFFF]) == (-1 if signed else 65_535)


@given(st.floats(-5000, 5000), st.floats(0.01, 20_000), st.sampled_from(list(VoiFunction)))
def test_every_window_is_monotone_and_within_the_scale(centre: float, width: float, function: VoiFunction) -> None:
    values = apply_window(np.linspace(-30_000, 30_000, 500), Window(centre, width, function))

    assert np.all(np.diff(values) >= 0)
    assert values.min() >= 0 and values.max() <= 1


def test_a_width_below_the_least_becomes_the_least() -> None:
    assert Window(0, 0).width == 1
    assert Window(0, -5).width == 1
    assert Window(0, 0.5, VoiFunction.LINEAR_EXACT).width == 0.5


@given(st.integers(-2000, 2000), st.integers(1, 4000))
def test_window_of_a_range_maps_its_ends_to_black_and_white(low: int, span: int) -> None:
    window = window_of_range(low, low + span)

    assert grey(low, window) == pytest.approx(0, abs=1e-9)
    assert grey(low + span, window) == pytest.approx(255)


def test_the_window_found_from_pixels_leaves_padding_out() -> None:
    frame = np.full((100, 100), -2000, np.int16)
    frame[20:80, 20:80] = np.arange(3600).reshape(60, 60) % 200

    window = window_of_pixels(frame, Modality(), padding=-2000)

    assert 95 < window.centre < 105 and 190 < window.width < 202


def test_the_window_of_a_flat_image_is_harmless() -> None:
    assert window_of_pixels(np.full((8, 8), 5, np.uint8), Modality()).width >= 1

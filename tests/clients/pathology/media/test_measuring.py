"""Measures in µm, and scale bars with round values."""

from __future__ import annotations

import math

import pytest

from clients.pathology.media.measuring import (
    Measurement,
    Tool,
    angle,
    area,
    length,
    nice_bar,
    perimeter,
    words,
)

SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))


def test_lengths_angles_and_areas() -> None:
    assert length((0, 0), (30, 40)) == 50
    assert angle((10, 0), (0, 0), (0, 10)) == pytest.approx(90)
    assert angle((-10, 1), (0, 0), (-10, -1)) == pytest.approx(2 * math.degrees(math.atan(0.1)))
    assert area(SQUARE) == 10_000 == area(SQUARE[::-1]) and perimeter(SQUARE) == 400


@pytest.mark.parametrize(
    ("tool", "points", "um", "said"),
    [
        (Tool.LENGTH, ((0, 0), (100, 0)), 0.25, "25.0 µm"),
        (Tool.LENGTH, ((0, 0), (100, 0)), 25.0, "2.500 mm"),
        (Tool.LENGTH, ((0, 0), (1000, 0)), 120.0, "12.00 cm"),
        (Tool.LENGTH, ((0, 0), (100, 0)), 0.0, "100.0 px"),
        (Tool.ANGLE, ((10, 0), (0, 0), (0, 10)), 0.25, "90.0°"),
        (Tool.AREA, SQUARE, 0.5, "2500.0 µm² · 200.0 µm"),
        (Tool.AREA, SQUARE, 0.0, "10000 px² · 400.0 px"),
        (Tool.AREA, SQUARE[:2], 0.5, ""),
    ],
)
def test_words_have_the_unit_that_fits(
    tool: Tool, points: tuple[tuple[float, float], ...], um: float, said: str
) -> None:
    assert words(Measurement(tool, points), um) == said


@pytest.mark.parametrize(
    ("width", "um", "pixels", "said"),
    [(1920, 0.25, 200, "50 µm"), (1000, 0.5, 200, "100 µm"), (1920, 50, 200, "1 cm"), (800, 10, 100, "1 mm")],
)
def test_scale_bars_are_round_and_true(width: float, um: float, pixels: float, said: str) -> None:
    assert nice_bar(width, um) == (pixels, said)
    assert nice_bar(width, 0.0) == (0.0, "")

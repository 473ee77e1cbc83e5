"""Nuclei on generated fields with known counts: apart, touching, pale, under another lamp; region and grades."""

from __future__ import annotations

import numpy as np
import pytest
from cell_phantom import Field, a_field

from clients.pathology.analysis.cells import (
    CannotCount,
    Channel,
    Nucleus,
    Settings,
    area_of,
    find,
    grade_of,
    graded,
    inside,
)
from clients.pathology.analysis.stains import DAB, HAEMATOXYLIN, amounts
from shared.contract.pathology_counts import CountFigures, Grade, figures_of

SEEDS = (1, 2, 3)
D28 = Settings(diameter_px=28.0)


def matched(field: Field, found: tuple[Nucleus, ...], reach: float) -> float:
    """F1 of found nuclei and true ones, each used once."""
    truth = np.array([(one.x, one.y) for one in field.nuclei])
    places = np.array([(one.x, one.y) for one in found]).reshape(-1, 2)
    away = np.hypot(*(truth[:, None] - places[None]).transpose(2, 0, 1))
    hits = 0
    while away.size and float(away.min()) < reach:
        row, column = np.unravel_index(int(away.argmin()), away.shape)
        away[row, :], away[:, column] = np.inf, np.inf
        hits += 1
    return 2 * hits / (len(field.nuclei) + len(found))


def counted(field: Field, settings: Settings = D28) -> tuple[float, float, CountFigures]:
    """Error of the total as a share, F1, and the figures."""
    found = find(field.picture, settings)
    figures = figures_of(graded(found, settings))
    return figures.total / len(field.nuclei) - 1, matched(field, found, settings.diameter_px / 2), figures


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lamp", [(245, 243, 240), (235, 220, 180)], ids=["white", "yellow"])
def test_nuclei_that_lie_apart_are_counted_within_two_per_cent(seed: int, lamp: tuple[int, int, int]) -> None:
    field = a_field(seed, 150, size=(700, 1000), white=lamp)
    error, f1, figures = counted(field)
    assert abs(error) <= 0.02 and f1 >= 0.985
    assert abs(figures.rate - 100 * field.positive / len(field.nuclei)) <= 1.5


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_the_nuclei_touching_are_counted_within_ten_per_cent(seed: int) -> None:
    field = a_field(seed, 170, size=(800, 1000), touching=0.5)
    error, f1, figures = counted(field)
    assert abs(error) <= 0.10 and f1 >= 0.93
    assert abs(figures.rate - 100 * field.positive / len(field.nuclei)) <= 5.0


def test_small_nuclei_large_ones_and_a_noisy_ground() -> None:
    small = a_field(4, 150, diameter=11, size=(420, 560))
    assert abs(counted(small, Settings(diameter_px=11))[0]) <= 0.02
    large = a_field(5, 60, diameter=60, size=(1200, 1400))
    assert abs(counted(large, Settings(diameter_px=60))[0]) <= 0.02
    noisy = a_field(6, 150, size=(700, 1000), stroma=0.15, noise=5)
    assert abs(counted(noisy)[0]) <= 0.04


def test_a_field_without_a_positive_nucleus_and_one_with_positive_ones_alone() -> None:
    assert counted(a_field(7, 120, size=(700, 900), positive=0.0))[2].rate == 0.0
    assert counted(a_field(8, 120, size=(700, 900), positive=1.0))[2].rate == 100.0


def test_empty_glass_has_no_nucleus() -> None:
    glass = np.random.default_rng(1).normal(240, 2, (300, 400, 3)).clip(0, 255).astype(np.uint8)
    assert find(glass, D28) == ()
    assert find(np.full((300, 400, 3), 255, np.uint8), D28) == ()
    assert find(np.zeros((300, 400, 3), np.uint8), D28) == ()


def test_only_the_region_is_counted() -> None:
    field = a_field(9, 150, size=(700, 1000))
    corners = ((100.0, 80.0), (620.0, 60.0), (640.0, 500.0), (120.0, 560.0))
    truth = sum(inside((one.x, one.y), corners) for one in field.nuclei)
    found = find(field.picture, D28, corners)
    assert abs(len(found) - truth) <= max(2, 0.03 * truth) and all(inside((n.x, n.y), corners) for n in found)
    assert area_of(((0, 0), (4, 0), (4, 3), (0, 3))) == 12 and area_of(()) == 0


def test_what_cannot_be_counted_says_why() -> None:
    picture = a_field(1, 5, size=(200, 260)).picture
    with pytest.raises(CannotCount):
        find(picture, Settings(diameter_px=1.0))
    with pytest.raises(CannotCount):
        find(picture, Settings(diameter_px=28), ((-400.0, -400.0), (-390.0, -400.0), (-390.0, -390.0)))


def test_stains_are_parted_and_grades_follow_the_density_of_dab() -> None:
    haematoxylin, dab = np.array(HAEMATOXYLIN), np.array(DAB)
    haematoxylin, dab = haematoxylin / np.linalg.norm(haematoxylin), dab / np.linalg.norm(dab)
    light = 255 * 10.0 ** -(0.4 * haematoxylin + 0.5 * dab)
    picture = np.full((8, 8, 3), 255, np.uint8)
    picture[2:6, 2:6] = np.rint(light[::-1])
    found = amounts(picture, (255.0, 255.0, 255.0))[3, 3]
    assert found == pytest.approx((0.4, 0.5), abs=0.02)
    assert [grade_of(dab, D28) for dab in (0.1, 0.3, 0.5, 0.7)] == list(Grade)


def test_more_sensitivity_finds_more_and_membranes_are_left_to_haematoxylin() -> None:
    pale = a_field(10, 120, size=(700, 900), positive=0.5)
    few = find(pale.picture, Settings(diameter_px=28, sensitivity=-0.5))
    many = find(pale.picture, Settings(diameter_px=28, sensitivity=0.3))
    assert len(few) <= len(many)
    only = find(pale.picture, Settings(diameter_px=28, channel=Channel.HAEMATOXYLIN))
    assert abs(len(only) / 120 - 1) <= 0.05

"""Vessels: the cheapest way, centre lines, diameters and stenoses of drawn tubes of known size."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np
import pytest

from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.minimal_path import NoPath, minimal_path
from shared.imaging.vessel import Vessel, vessel_between
from shared.imaging.volume import Volume


def test_the_way_goes_around_a_wall() -> None:
    cost = np.ones((5, 20, 20))
    cost[:, 10, :15] = np.inf
    path = minimal_path(cost, (2, 2, 2), (2, 18, 2))
    assert tuple(path[0]) == (2, 2, 2) and tuple(path[-1]) == (2, 18, 2)
    assert np.abs(np.diff(path, axis=0)).max() == 1
    assert path[path[:, 1] == 10][:, 2].min() >= 15


def test_the_way_is_as_cheap_as_that_of_a_plain_search() -> None:
    import heapq

    cost = np.random.default_rng(4).uniform(0.1, 10, (6, 9, 8)).astype(np.float32)
    spacing = (2.0, 1.0, 0.5)
    path = minimal_path(cost, (0, 0, 0), (5, 8, 7), spacing)

    def price(a: Any, b: Any) -> float:
        return float((cost[tuple(a)] + cost[tuple(b)]) / 2 * np.linalg.norm((np.array(a) - b) * spacing))

    best = {(0, 0, 0): 0.0}
    queue = [(0.0, (0, 0, 0))]
    while queue:
        so_far, at = heapq.heappop(queue)
        if so_far > best[at]:
            continue
        for step in np.ndindex(3, 3, 3):
            there = tuple(a + s - 1 for a, s in zip(at, step, strict=True))
            if there != at and all(0 <= v < n for v, n in zip(there, cost.shape, strict=True)):
                wanted = so_far + price(at, there)
                if wanted < best.get(there, math.inf):
                    best[there] = wanted
                    heapq.heappush(queue, (wanted, there))
    walked = sum(price(a, b) for a, b in itertools.pairwise(path))
    assert walked == pytest.approx(best[(5, 8, 7)], rel=1e-4)


def test_no_way_is_a_sentence() -> None:
    cost = np.ones((4, 4, 9))
    cost[:, :, 4] = np.inf
    with pytest.raises(NoPath, match="no way"):
        minimal_path(cost, (1, 1, 1), (1, 1, 7))
    with pytest.raises(NoPath, match="outside"):
        minimal_path(cost, (1, 1, 1), (1, 1, 9))
    with pytest.raises(NoPath, match="given up"):
        minimal_path(cost, (1, 1, 1), (1, 1, 3), is_cancelled=lambda: True)


def course(count: int) -> np.ndarray[Any, Any]:
    """A bow of 25 mm radius that climbs."""
    angle = np.linspace(0.2, math.pi - 0.2, count)
    return np.stack([32 + 25 * np.cos(angle), 8 + 25 * np.sin(angle), 12 + 12 * angle], -1)


@functools.cache
def a_tube(narrow: float) -> Volume:
    """A vessel of 4 mm radius, 300 in 40, narrowed in its middle to ``narrow`` mm; a bright bone runs beside it."""
    spacing = (0.8, 0.6, 0.6)
    shape = (75, 75, 107)
    line = course(400)
    radii = 4 - (4 - narrow) * np.exp(-0.5 * (np.linspace(-1, 1, 400) / 0.12) ** 2)
    inside = np.full(shape, -np.inf, np.float32)
    for point, radius in zip(line, radii, strict=True):
        middle = point[::-1] / spacing
        box = tuple(
            slice(max(0, int(m - 7 / s)), min(n, int(m + 7 / s) + 2))
            for m, s, n in zip(middle, spacing, shape, strict=True)
        )
        k, j, i = np.mgrid[box]
        away = np.sqrt((k * 0.8 - point[2]) ** 2 + (j * 0.6 - point[1]) ** 2 + (i * 0.6 - point[0]) ** 2)
        inside[box] = np.maximum(inside[box], radius - away)
    # A wall one voxel soft, half way at the radius: what a scanner makes of an edge.
    values = 40 + 260 * np.clip(inside / 0.7 + 0.5, 0, 1)
    j, i = np.mgrid[: shape[1], : shape[2]]
    values[:, np.hypot(j * 0.6 - 6, i * 0.6 - 32) < 4] = 900
    noise = np.random.default_rng(1).normal(0, 8, shape)
    return Volume(
        (values + noise).astype(np.float32),
        PointMm(0, 0, 0),
        VectorMm(0, 0, 0.8),
        VectorMm(0, 0.6, 0),
        VectorMm(0.6, 0, 0),
        unit="HU",
    )


@functools.cache
def found(narrow: float) -> Vessel:
    line = course(400)
    # The reader does not click the middle.
    return vessel_between(a_tube(narrow), line[8] + (1.0, 0.5, -0.5), line[-8] + (-1.0, 0.8, 0.5))


def test_two_clicks_give_the_centre_line() -> None:
    line = course(2000)
    inner = found(4.0).curve.points[8:-8]
    away = [float(np.linalg.norm(line - point, axis=1).min()) for point in inner]
    assert np.mean(away) < 0.25 and max(away) < 0.6


def test_the_diameter_is_that_of_the_tube() -> None:
    sections = found(4.0).sections
    diameters = sections.diameters_mm[8:-8]
    assert np.isfinite(diameters).all()
    assert np.median(diameters) == pytest.approx(8.0, abs=0.2)
    assert np.abs(diameters - 8.0).max() < 0.5
    assert np.median(sections.areas_mm2[8:-8]) == pytest.approx(math.pi * 16, rel=0.05)
    wall = np.linalg.norm(sections.outline(30) - sections.points[30], axis=1)
    assert wall == pytest.approx(4.0, abs=0.6)


def test_a_straight_vessel_has_no_stenosis_worth_naming() -> None:
    stenosis = found(4.0).stenosis()
    assert stenosis is not None and stenosis.percent < 8


def test_a_narrowing_to_half_is_fifty_percent() -> None:
    vessel = found(2.0)
    stenosis = vessel.stenosis()
    assert stenosis is not None
    assert stenosis.diameter_mm == pytest.approx(4.0, abs=0.4)
    assert stenosis.reference_mm == pytest.approx(8.0, abs=0.5)
    assert stenosis.percent == pytest.approx(50, abs=5)
    assert stenosis.percent_area == pytest.approx(75, abs=5)
    assert stenosis.at_mm == pytest.approx(vessel.curve.length_mm / 2, abs=3)
    chosen = vessel.stenosis(reference_at_mm=6.0)
    assert chosen is not None and chosen.reference_mm == pytest.approx(8.0, abs=0.5)


def test_clicks_that_make_no_vessel_are_refused() -> None:
    with pytest.raises(NoPath, match="close"):
        vessel_between(a_tube(4.0), (10, 10, 10), (10, 10, 10.2))
    with pytest.raises(NoPath, match="outside"):
        vessel_between(a_tube(4.0), (10, 10, 10), (10, 10, 900))

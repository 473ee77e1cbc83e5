"""Curves through volumes: equal steps, a frame that does not turn, straightened and stretched pictures of tubes."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from shared.imaging.curved import Curve, CurveMode, NoCurve, curve_through, curved_picture, sheet_of
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.reformat import Grid, Projection, reformat
from shared.imaging.volume import Volume

SPACING = (1.0, 0.8, 0.8)
SHAPE = (100, 100, 100)
RADIUS = 4.0


def arch(count: int = 25) -> np.ndarray[Any, Any]:
    """Half a circle of 30 mm radius that climbs like a screw."""
    angle = np.linspace(0, math.pi, count)
    return np.stack([40 + 30 * np.cos(angle), 25 + 30 * np.sin(angle), 20 + 15 * angle], -1)


@functools.cache
def tube() -> Volume:
    """Value 100 on the course of :func:`arch`, falling by 10 for each millimetre away from it, never below 0."""
    voxels = np.zeros(SHAPE, np.float32)
    for point in arch(300):
        middle = point[::-1] / np.array(SPACING)
        box = tuple(
            slice(max(0, int(m - 10.5 / s)), min(n, int(m + 10.5 / s) + 2))
            for m, s, n in zip(middle, SPACING, SHAPE, strict=True)
        )
        k, j, i = np.mgrid[box]
        away = np.sqrt((k * 1.0 - point[2]) ** 2 + (j * 0.8 - point[1]) ** 2 + (i * 0.8 - point[0]) ** 2)
        voxels[box] = np.maximum(voxels[box], 100 - 10 * away)
    return a_volume(voxels)


def a_volume(voxels: np.ndarray[Any, Any]) -> Volume:
    return Volume(voxels, PointMm(0, 0, 0), VectorMm(0, 0, 1.0), VectorMm(0, 0.8, 0), VectorMm(0.8, 0, 0))


def test_steps_are_equal_and_the_length_is_that_of_the_arc() -> None:
    curve = curve_through(arch(), 0.5)
    steps = np.linalg.norm(np.diff(curve.points, axis=0), axis=1)
    assert steps == pytest.approx(0.5, rel=1e-3)
    assert curve.length_mm == pytest.approx(math.pi * math.hypot(30, 15), rel=2e-3, abs=0.5)
    assert curve.points[0] == pytest.approx(arch()[0])


def test_the_curve_goes_through_its_points() -> None:
    curve = curve_through(arch(9), 0.1)
    for point in arch(9):
        assert np.linalg.norm(curve.points - point, axis=1).min() < 0.06


def test_the_frame_is_square_and_turns_least() -> None:
    curve = curve_through(arch(), 0.25)
    assert np.abs(np.einsum("ij,ij->i", curve.across, curve.tangents)).max() < 1e-9
    assert np.linalg.norm(curve.across, axis=1) == pytest.approx(1)
    change = np.gradient(curve.across, axis=0) / 0.25
    twist = np.einsum("ij,ij->i", change, curve.binormals)  # rotation about the tangent per mm
    assert np.abs(twist[2:-2]).max() < 1e-3


def test_a_straight_line_is_a_plane() -> None:
    """CPR along z equals the coronal plane through the line: +x across, and at 90 degrees the sagittal one."""
    volume = a_volume(np.random.default_rng(1).uniform(0, 100, SHAPE).astype(np.float32))
    curve = curve_through([(40, 41, 10), (40, 41, 60)], 0.5)
    for angle, across in ((0.0, (1.0, 0.0, 0.0)), (90.0, (0.0, 1.0, 0.0))):
        sheet = sheet_of(curve, CurveMode.STRAIGHTENED, 20, angle)
        picture = curved_picture(volume, sheet)
        assert picture.shape == (101, 41)
        first = np.array([40, 41, 10]) - 10 * np.array(across)
        plane = reformat(volume, Grid.of(first.tolist(), across, (0, 0, 1), 0.5, (41, 101)))
        np.testing.assert_allclose(picture, plane, atol=1e-3)
        stretched = sheet_of(curve, CurveMode.STRETCHED, 20, angle)
        np.testing.assert_allclose(curved_picture(volume, stretched), plane, atol=1e-3)


@pytest.mark.parametrize("angle", [0.0, 60.0, 217.0])
@pytest.mark.parametrize("mode", list(CurveMode))
def test_the_tube_keeps_its_axis_and_its_width(mode: CurveMode, angle: float) -> None:
    volume = tube()
    curve = curve_through(arch(), 0.5)
    sheet = sheet_of(curve, mode, 24, angle)
    picture = curved_picture(volume, sheet)
    rows = np.arange(5, len(picture) - 5)
    centre = np.array([picture[r, round(sheet.centre_columns[r])] for r in rows])
    assert np.nanmin(centre) > 93  # within 0.7 mm of the course
    if mode is CurveMode.STRAIGHTENED:
        width = (picture[rows] > 100 - 10 * RADIUS).sum(1) * 0.5
        assert width == pytest.approx(2 * RADIUS, abs=0.8)


def test_a_slab_joins_along_the_line_of_sight() -> None:
    volume = tube()
    curve = curve_through(arch(), 0.5)
    sheet = sheet_of(curve, CurveMode.STRAIGHTENED, 16, 0)
    thin = curved_picture(volume, sheet)
    thick = {p: curved_picture(volume, sheet, thickness_mm=6, projection=p) for p in Projection}
    middle = (slice(20, -20), slice(None))
    assert np.all(thick[Projection.MAX][middle] >= thin[middle] - 1e-3)
    assert np.all(thick[Projection.MIN][middle] <= thin[middle] + 1e-3)
    # Across the axis the values fall by 10 a millimetre: 3 mm away they are 30 lower.
    axis = thin.shape[1] // 2
    assert np.median(thick[Projection.MIN][middle][:, axis]) == pytest.approx(70, abs=3)
    assert np.median(thick[Projection.MEAN][middle][:, axis]) == pytest.approx(85, abs=3)


def test_places_of_the_picture_are_places_of_the_patient() -> None:
    curve = curve_through(arch(), 0.5)
    for mode in CurveMode:
        sheet = sheet_of(curve, mode, 20, 30)
        row = 40
        at = np.array(sheet.point_at(row, float(sheet.centre_columns[row])))
        assert np.linalg.norm(curve.points - at, axis=1).min() < 0.3


def test_what_is_no_curve_is_refused() -> None:
    for points in ([], [(0, 0, 0)], [(1, 1, 1), (1, 1, 1)], [(0, 0), (1, 1)], [(0, 0, 0), (math.nan, 0, 0)]):
        with pytest.raises(NoCurve):
            curve_through(points, 0.5)
    with pytest.raises(NoCurve, match="step"):
        curve_through([(0, 0, 0), (0, 0, 9)], 0)
    with pytest.raises(NoCurve, match="too long"):
        curve_through([(0, 0, 0), (0, 0, 1e9)], 0.5)
    with pytest.raises(NoCurve, match="width"):
        sheet_of(straight(), CurveMode.STRAIGHTENED, -1)


def straight() -> Curve:
    return curve_through([(0, 0, 0), (0, 0, 9)], 0.5)

"""Planes, slabs and points through volumes: exact for multilinear fields, in every orientation, tilt and spacing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from shared.imaging.geometry import Finding, NoPlane, PointMm, VectorMm
from shared.imaging.reformat import Grid, Projection, reformat, sample_points, slab_offsets
from shared.imaging.sampling import EDGE, Interpolation
from shared.imaging.volume import Volume

SHAPE = (12, 20, 24)
BASIC = {
    "origin": PointMm(-7.0, 3.0, 11.0),
    "slice_step": VectorMm(0, 0, 2.5),
    "row_step": VectorMm(0, 0.8, 0),
    "column_step": VectorMm(0.6, 0, 0),
}


def field(index: Any) -> Any:
    """Linear along each axis: trilinear sampling gives it back exactly."""
    k, j, i = np.moveaxis(np.asarray(index, np.float64), -1, 0)
    return 7 * k - 3 * j + 2 * i + 0.5 * k * j - 0.25 * j * i + 0.125 * k * i + 0.0625 * k * j * i


def a_volume(**changes: Any) -> Volume:
    index = np.stack(np.indices(SHAPE), -1)
    return Volume(field(index).astype(np.float32), **{**BASIC, **changes})


def rotation(seed: int) -> np.ndarray[Any, Any]:
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return axes


def turned(seed: int) -> dict[str, Any]:
    axes = rotation(seed)
    return {
        "slice_step": VectorMm(*(axes[0] * 2.5 + axes[1] * 0.7)),  # tilted
        "row_step": VectorMm(*(axes[1] * 0.8)),
        "column_step": VectorMm(*(axes[2] * -0.6)),
    }


def uneven() -> dict[str, Any]:
    depths = 11.0 + np.cumsum([0, 2.5, 2.5, 3.0, 1.7, 2.5, 8.0, 2.5, 2.5, 2.4, 2.6, 2.5])
    origins = np.stack([np.full(12, -7.0) + np.arange(12) % 3 * 0.2, np.full(12, 3.0), depths], -1)
    return {"slice_origins": origins, "slice_step": VectorMm(0.0, 0, (depths[-1] - depths[0]) / 11)}


def oblique(volume: Volume, seed: int = 1, *, spacing: float = 0.37, size: tuple[int, int] = (60, 40)) -> Grid:
    axes = rotation(seed)
    first = np.array(volume.centre) - axes[0] * spacing * (size[0] - 1) / 2 - axes[1] * spacing * (size[1] - 1) / 2
    return Grid.of(first.tolist(), axes[0].tolist(), axes[1].tolist(), spacing, size)


def world_of(grid: Grid, offset: float = 0.0) -> np.ndarray[Any, Any]:
    rows, columns = np.mgrid[: grid.rows, : grid.columns]
    plane = grid.plane
    return (
        np.array(plane.origin)
        + rows[..., None] * np.array(plane.column_direction) * plane.row_spacing_mm
        + columns[..., None] * np.array(plane.row_direction) * plane.column_spacing_mm
        + np.array(plane.normal) * offset
    )


def expected(volume: Volume, grid: Grid, offset: float = 0.0) -> np.ndarray[Any, Any]:
    index = volume.to_index(world_of(grid, offset))
    inside = np.all((index >= -EDGE) & (index <= np.array(SHAPE) - 1 + EDGE), -1)
    index = np.clip(index, 0, np.array(SHAPE) - 1)
    return np.where(inside, field(index), np.nan)


@pytest.mark.parametrize("changes", [{}, turned(3), turned(4), uneven()], ids=["plain", "tilted", "turned", "uneven"])
@pytest.mark.parametrize("seed", [1, 2])
def test_an_oblique_plane_is_exact(changes: dict[str, Any], seed: int) -> None:
    volume = a_volume(**changes)
    grid = oblique(volume, seed)
    picture = reformat(volume, grid)
    wanted = expected(volume, grid)
    assert picture.dtype == np.float32
    assert np.isfinite(wanted).sum() > 200
    assert np.isnan(wanted).any()
    np.testing.assert_allclose(picture, wanted, rtol=1e-5, atol=1e-3, equal_nan=True)


def test_a_large_picture_is_the_same_in_all_its_blocks() -> None:
    volume = a_volume()
    grid = oblique(volume, spacing=0.021, size=(900, 700))
    np.testing.assert_allclose(reformat(volume, grid), expected(volume, grid), rtol=1e-5, atol=1e-3, equal_nan=True)


@pytest.mark.parametrize("changes", [{}, turned(3), uneven()])
def test_each_slice_comes_back_as_it_was_up_to_the_border(changes: dict[str, Any]) -> None:
    volume = a_volume(**changes)
    for n in (0, 5, SHAPE[0] - 1):
        plane = volume.plane_of(n)
        picture = reformat(volume, Grid(plane, SHAPE[2], SHAPE[1]))
        np.testing.assert_allclose(picture, volume.voxels[n], rtol=1e-6, atol=2e-3)


def test_integers_and_slopes_are_exact_at_voxel_centres() -> None:
    voxels = np.random.default_rng(1).integers(-30000, 30000, SHAPE, dtype=np.int16)
    volume = Volume(voxels, **BASIC, slope=0.1, intercept=-3.0)
    picture = reformat(volume, Grid(volume.plane_of(4), SHAPE[2], SHAPE[1]))
    assert np.array_equal(picture, (voxels[4] * 0.1 - 3.0).astype(np.float32))
    whole = Volume(voxels, **BASIC, intercept=-1024.0)
    assert np.array_equal(reformat(whole, Grid(whole.plane_of(11), SHAPE[2], SHAPE[1])), voxels[11] - 1024.0)


def test_outside_is_nan_and_the_border_is_not() -> None:
    volume = a_volume()
    points = [[0, 0, 0], [11, 19, 23], [-0.01, 0, 0], [11.01, 5, 5], [3, 19.01, 4], [3, 4, math.nan]]
    values = sample_points(volume, volume.to_world(points))
    assert np.isfinite(values).tolist() == [True, True, False, False, False, False]
    far = Grid.of((500, 500, 500), (1, 0, 0), (0, 1, 0), 1, (8, 4))
    assert np.isnan(reformat(volume, far)).all()
    assert reformat(volume, far).shape == (4, 8)


def test_nearest_takes_the_voxel_whose_centre_is_closest() -> None:
    volume = a_volume()
    index = np.random.default_rng(2).uniform(0, 1, (200, 3)) * (np.array(SHAPE) - 1)
    values = sample_points(volume, volume.to_world(index), Interpolation.NEAREST)
    np.testing.assert_allclose(values, field(np.floor(index + 0.5)), rtol=1e-6)


@pytest.mark.parametrize("changes", [{}, turned(3), uneven()])
@pytest.mark.parametrize("projection", list(Projection))
def test_a_slab_joins_what_lies_on_the_normal(changes: dict[str, Any], projection: Projection) -> None:
    volume = a_volume(**changes)
    grid = oblique(volume, size=(70, 50))
    picture = reformat(volume, grid, thickness_mm=6.0, projection=projection, samples=7)
    layers = np.stack([expected(volume, grid, offset) for offset in np.linspace(-3, 3, 7)])
    there = np.isfinite(layers)
    weights = np.array([0.5, 1, 1, 1, 1, 1, 0.5])[:, None, None] * there
    with np.errstate(invalid="ignore"):
        wanted = {
            Projection.MAX: np.fmax.reduce(layers),
            Projection.MIN: np.fmin.reduce(layers),
            Projection.MEAN: np.nansum(layers * weights, 0) / weights.sum(0),
        }[projection]
    # A sample on the very border may count on one side only: the border is left out.
    edge = there.any(0) & ~there.all(0)
    np.testing.assert_allclose(picture[~edge], wanted[~edge], rtol=1e-5, atol=2e-3, equal_nan=True)
    close = np.isclose(picture[edge], wanted[edge], rtol=1e-4, atol=0.01)
    assert close.mean() > 0.99


def test_a_slab_of_whole_slices_is_their_maximum() -> None:
    voxels = np.random.default_rng(3).integers(0, 1000, SHAPE, dtype=np.int16)
    volume = Volume(voxels, **BASIC)
    grid = Grid(volume.plane_of(5), SHAPE[2], SHAPE[1])
    picture = reformat(volume, grid, thickness_mm=4 * 2.5, projection=Projection.MAX)
    assert np.array_equal(picture, voxels[3:8].max(0))


def test_samples_of_a_slab_lie_half_a_voxel_apart_with_the_plane_among_them() -> None:
    volume = a_volume()
    offsets = slab_offsets(volume, VectorMm(0, 0, 1), 10.0)
    assert (offsets[0], offsets[-1]) == (-5, 5)
    assert offsets[1] - offsets[0] == pytest.approx(1.25)
    assert 0.0 in offsets
    assert slab_offsets(volume, VectorMm(0, 0, 1), 0.0) == [0.0]
    with pytest.raises(ValueError, match="thickness"):
        slab_offsets(volume, VectorMm(0, 0, 1), -1.0)


def test_reversed_slices_give_the_same_picture() -> None:
    volume = a_volume()
    other = Volume(
        np.ascontiguousarray(volume.voxels[::-1]),
        origin=volume.point_at(11, 0, 0),
        slice_step=volume.slice_step.scaled(-1),
        row_step=volume.row_step,
        column_step=volume.column_step,
        findings=frozenset({Finding.REVERSED}),
    )
    grid = oblique(volume)
    np.testing.assert_allclose(reformat(volume, grid), reformat(other, grid), rtol=1e-5, atol=1e-3, equal_nan=True)


def test_impossible_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="pixels"):
        Grid.of((0, 0, 0), (1, 0, 0), (0, 1, 0), 1, (0, 10))
    with pytest.raises(NoPlane):
        Grid.of((0, 0, 0), (1, 0, 0), (1, 0, 0), 1, (10, 10))


def test_a_sphere_keeps_its_volume_in_a_slanted_stack() -> None:
    """Slices under a tilt of 25 degrees, sampled on a straight grid, hold the sphere that was in the patient."""
    tilt = math.radians(25)
    steps = (VectorMm(0, 0, 1.5), VectorMm(0, math.cos(tilt), math.sin(tilt)), VectorMm(1.0, 0, 0))
    index = np.stack(np.indices((60, 64, 64)), -1).astype(float)
    world = index @ np.array(steps)
    centre = world[30, 32, 32]
    away = np.linalg.norm(world - centre, axis=-1)
    voxels = np.clip((15.0 - away) * 1000 + 500, 0, 1000).astype(np.float32)
    volume = Volume(voxels, PointMm(0, 0, 0), *steps)
    axis = np.arange(-20, 20.1, 0.8)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1) + centre
    share = sample_points(volume, points) / 1000
    assert float(np.nansum(share)) * 0.8**3 == pytest.approx(4 / 3 * math.pi * 15**3, rel=0.01)


@pytest.mark.parametrize("interpolation", list(Interpolation))
def test_the_picture_is_that_of_simpleitk(interpolation: Interpolation) -> None:
    """An outside program on integers with noise: the same to a thousandth of a grey level."""
    import SimpleITK as sitk

    axes = rotation(9)
    voxels = np.random.default_rng(4).integers(-1000, 3000, (30, 40, 50), dtype=np.int16)
    volume = Volume(
        voxels,
        PointMm(-20.0, 4.0, 9.0),
        VectorMm(*(np.cross(axes[0], axes[1]) * 1.7)),
        VectorMm(*(axes[1] * 0.8)),
        VectorMm(*(axes[0] * 0.6)),
    )
    grid = oblique(volume, 5, spacing=0.41, size=(90, 70))
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((0.6, 0.8, 1.7))
    image.SetOrigin(tuple(volume.origin))
    image.SetDirection(np.stack([axes[0], axes[1], np.cross(axes[0], axes[1])], 1).ravel().tolist())
    resample = sitk.ResampleImageFilter()
    resample.SetSize((90, 70, 1))
    resample.SetOutputSpacing((0.41, 0.41, 1.0))
    plane = grid.plane
    turned_to = np.stack([plane.row_direction, plane.column_direction, plane.normal], 1)
    resample.SetOutputDirection(turned_to.ravel().tolist())
    resample.SetOutputOrigin(tuple(plane.origin))
    resample.SetOutputPixelType(sitk.sitkFloat64)
    resample.SetDefaultPixelValue(float("nan"))
    linear = interpolation is Interpolation.LINEAR
    resample.SetInterpolator(sitk.sitkLinear if linear else sitk.sitkNearestNeighbor)
    theirs = sitk.GetArrayFromImage(resample.Execute(image))[0]
    ours = reformat(volume, grid, interpolation=interpolation)
    there = np.isfinite(ours)
    assert there.sum() > 1500 and np.isfinite(theirs[there]).all()
    close = np.abs(ours - theirs)[there] < 0.001
    assert close.all() if linear else close.mean() > 0.999  # a tie between two voxels may fall either way

"""Registration: a known turn and shift is found again, or refused; the numbers of a transform mean what they say."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.imaging import registration
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.registration import (
    Cancelled,
    RigidTransform,
    farthest_mm,
    image_of,
    register_deformable,
    register_rigid,
    resample,
)
from shared.imaging.volume import Volume


def a_body(shape: tuple[int, int, int] = (30, 60, 60), seed: int = 4) -> Volume:
    """Soft ellipsoids and bones that no turn maps onto themselves; 5 x 3 x 3 mm."""
    places = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1).astype(np.float64)
    chance = np.random.default_rng(seed)
    voxels = np.full(shape, -1000.0)
    middle = (np.array(shape) - 1) / 2
    body = (((places - middle) / (np.array(shape) * (0.46, 0.42, 0.33))) ** 2).sum(-1) < 1
    voxels[body] = 40
    for _ in range(14):
        at = middle + chance.uniform(-0.28, 0.28, 3) * shape
        radii = chance.uniform(0.04, 0.11, 3) * shape
        voxels[body & ((((places - at) / radii) ** 2).sum(-1) < 1)] = chance.choice([-800, -100, 120, 300, 700])
    voxels += chance.normal(0, 12, shape)
    return volume_with(voxels.astype(np.int16))


def volume_with(voxels: NDArray[np.int16]) -> Volume:
    return Volume(
        voxels=np.ascontiguousarray(voxels),
        origin=PointMm(-90.0, -80.0, 20.0),
        slice_step=VectorMm(0.0, 0.0, 5.0),
        row_step=VectorMm(0.0, 3.0, 0.0),
        column_step=VectorMm(3.0, 0.0, 0.0),
        unit="HU",
    )


def moved_copy(volume: Volume, truth: RigidTransform) -> Volume:
    """What the scanner would have made of the body after ``truth``, on the same grid."""
    values = np.nan_to_num(resample(volume, volume, truth.inverse()), nan=-1000)
    return volume_with(np.rint(values).astype(np.int16))


def test_a_known_turn_and_shift_is_found_again() -> None:
    shift, turn = (14.0, -9.0, 11.0), (6.0, -8.0, 9.0)
    fixed = a_body()
    truth = RigidTransform.from_numbers(shift, turn, fixed.centre)
    shares: list[float] = []

    found = register_rigid(fixed, moved_copy(fixed, truth), levels_mm=(8.0, 4.0), progress=shares.append)

    assert found.is_trusted, found.refused
    assert farthest_mm(fixed, truth, found.transform) < 1.0
    assert (truth.inverse().rotation @ found.transform.rotation).trace() > 1 + 2 * np.cos(np.radians(1.0))
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_volumes_of_different_things_are_refused() -> None:
    noise = np.random.default_rng(1).normal(0, 100, (30, 60, 60)).astype(np.int16)

    found = register_rigid(a_body(), volume_with(noise), levels_mm=(8.0, 4.0))

    assert not found.is_trusted and found.refused


def test_volumes_that_hardly_meet_are_refused() -> None:
    fixed = a_body()
    head = Volume(**{**_fields(fixed), "voxels": np.ascontiguousarray(fixed.voxels[:4])})
    truth = RigidTransform.from_numbers((0.0, 0.0, 1000.0), (0.0, 0.0, 0.0), fixed.centre)

    found = register_rigid(fixed, head, start=truth, levels_mm=(8.0,))

    assert "hardly any common part" in found.refused


def test_it_can_be_cancelled() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        register_rigid(a_body(), a_body(), levels_mm=(8.0,), cancelled=stop.is_set)


def test_the_numbers_of_a_transform_are_those_it_was_made_of() -> None:
    centre = PointMm(10.0, -20.0, 30.0)
    made = RigidTransform.from_numbers((1.0, 2.0, 3.0), (10.0, -20.0, 30.0), centre)

    assert made.rotation_deg == pytest.approx((10.0, -20.0, 30.0))
    assert tuple(made.translation) == (1.0, 2.0, 3.0)
    assert made.apply([list(centre)])[0] == pytest.approx([11.0, -18.0, 33.0])
    assert made.inverse().apply(made.apply([[5.0, 6.0, 7.0]]))[0] == pytest.approx([5.0, 6.0, 7.0])
    again = RigidTransform.from_matrix(made.matrix, centre)
    assert again.rotation_deg == pytest.approx(made.rotation_deg)
    assert tuple(again.translation) == pytest.approx(tuple(made.translation))


def test_a_quarter_turn_about_z_takes_left_to_posterior() -> None:
    turned = RigidTransform.from_numbers((0, 0, 0), (0, 0, 90), PointMm(0.0, 0.0, 0.0))

    assert turned.apply([[1.0, 0.0, 0.0]])[0] == pytest.approx([0.0, 1.0, 0.0])


def test_a_nudge_shifts_in_the_patient_and_turns_about_the_centre() -> None:
    centre = PointMm(0.0, 0.0, 100.0)
    made = RigidTransform.from_numbers((5.0, 0.0, 0.0), (0.0, 0.0, 90.0), centre)

    shifted, turned = made.nudged(VectorMm(0.0, 2.0, 0.0)), made.nudged(turn_deg=(0.0, 0.0, 10.0))

    assert shifted.apply([list(centre)])[0] == pytest.approx(made.apply([list(centre)])[0] + [0.0, 2.0, 0.0])
    assert turned.rotation_deg[2] == pytest.approx(100.0)


def test_a_matrix_that_scales_is_refused() -> None:
    with pytest.raises(ValueError, match="not rigid"):
        RigidTransform.from_matrix(np.diag([1.1, 1.0, 1.0, 1.0]))


def test_the_image_for_simpleitk_lies_where_the_volume_lies() -> None:
    volume = a_body()
    tilted = Volume(**{**_fields(volume), "slice_step": VectorMm(0.0, 1.5, 5.0)})

    image = image_of(tilted)

    assert image.TransformIndexToPhysicalPoint((7, 5, 3)) == pytest.approx(tuple(tilted.point_at(3, 5, 7)))
    assert image.GetPixel(7, 5, 3) == float(tilted.voxels[3, 5, 7])


def test_uneven_slices_are_interpolated_to_an_even_grid() -> None:
    voxels = np.zeros((4, 3, 3), np.int16) + (np.array([0, 10, 40, 60])[:, None, None]).astype(np.int16)
    origins = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 4], [0, 0, 6.0]])
    uneven = Volume(
        **{**_fields(volume_with(voxels)), "slice_step": VectorMm(0, 0, 2.0), "slice_origins": origins},
    )
    uneven = Volume(**{**_fields(uneven), "origin": PointMm(0.0, 0.0, 0.0)})

    image = image_of(uneven)

    assert [image.GetPixel(1, 1, n) for n in range(4)] == pytest.approx([0.0, 20.0, 40.0, 60.0])
    assert image.TransformIndexToPhysicalPoint((0, 0, 2))[2] == pytest.approx(4.0)


def test_resampling_without_a_transform_gives_the_values_back() -> None:
    volume = a_body((6, 12, 12))

    values = resample(volume, volume, RigidTransform.identity())

    assert np.array_equal(values, volume.values(volume.voxels))
    assert registration.RigidTransform.identity().angle_deg == 0.0


def _fields(volume: Volume) -> dict[str, object]:
    return {name: getattr(volume, name) for name in volume.__dataclass_fields__}


def test_filling_at_the_border_does_not_draw_the_volumes_together() -> None:
    fixed = a_body()
    truth = RigidTransform.from_numbers((0.0, 6.0, 24.0), (0.0, 0.0, 5.0), fixed.centre)
    values = resample(fixed, fixed, truth.inverse())
    filled = volume_with(np.rint(np.nan_to_num(values, nan=-2000)).astype(np.int16))

    found = register_rigid(fixed, filled, levels_mm=(8.0, 4.0))

    assert found.is_trusted, found.refused
    assert farthest_mm(fixed, truth, found.transform) < 1.0
    assert registration.mask_of(fixed) is None
    seen = registration.mask_of(filled)
    assert seen is not None and 0 < seen.GetPixel(10, 10, 3) + seen.GetPixel(30, 30, 15) <= 2


def test_bending_follows_a_shift_and_can_be_cancelled() -> None:
    fixed = a_body()
    moving = replace(fixed, origin=PointMm(-87.0, -82.0, 21.0))
    still = RigidTransform.identity(fixed.centre)
    bent = register_deformable(fixed, moving, still, level_mm=7.0, steps=8)
    middle = bent.shifts[tuple(slice(n // 4, 3 * n // 4) for n in bent.shifts.shape[:3])]
    assert np.abs(middle.reshape(-1, 3).mean(0) - (3.0, -2.0, 1.0)).max() < 0.8
    heard: list[float] = []
    with pytest.raises(Cancelled):
        register_deformable(fixed, moving, still, level_mm=7.0, progress=heard.append, cancelled=lambda: bool(heard))
    assert len(heard) == 1  # soon, not at the end

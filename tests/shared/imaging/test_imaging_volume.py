"""Volumes: the map between voxels and millimetres with tilt, reversed order, uneven places, holes and doubles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from shared.imaging.geometry import Finding, Plane
from shared.imaging.header import FrameHeader
from shared.imaging.lut import Modality, Window
from shared.imaging.volume import NoVolume, Volume, arrange, volume_of

AXIAL = (1, 0, 0, 0, 1, 0)
SIZE = (5, 6)  # rows, columns


def headers_at(
    positions: Sequence[Sequence[float]],
    orientation: Sequence[float] = AXIAL,
    spacing: tuple[float, float] = (0.7, 0.5),
    modality: Modality | None = None,
) -> list[FrameHeader]:
    return [
        FrameHeader(Plane.of(p, orientation, spacing), modality=modality or Modality(), voi=(Window(40, 400),))
        for p in positions
    ]


def ramp(n: int) -> np.ndarray[Any, Any]:
    rows, columns = np.indices(SIZE)
    return (100 * n + 10 * rows + columns).astype(np.int16)


def a_volume(positions: Sequence[Sequence[float]], **options: Any) -> Volume:
    return volume_of(headers_at(positions, **options), ramp)


def test_the_corner_voxels_lie_where_the_header_says() -> None:
    volume = a_volume([(1, 2, 3 + 4 * n) for n in range(4)])
    assert volume.shape == (4, 5, 6)
    assert volume.point_at(0, 0, 0) == (1, 2, 3)
    assert volume.point_at(3, 4, 5) == pytest.approx((1 + 5 * 0.5, 2 + 4 * 0.7, 15))
    assert volume.spacing == pytest.approx((4, 0.7, 0.5))
    assert volume.handedness == 1
    assert volume.is_even
    assert not volume.findings
    assert volume.window == Window(40, 400)


def test_maps_are_inverse_to_each_other_in_every_orientation() -> None:
    generator = np.random.default_rng(5)
    for _ in range(20):
        axes, _ = np.linalg.qr(generator.normal(size=(3, 3)))
        row, column = axes[0], axes[1]
        positions = [tuple(10 * axes[2] * n + axes[0] * 0.8 * n) for n in range(4)]  # tilted too
        volume = a_volume(positions, orientation=(*row, *column))
        index = generator.uniform(-2, 8, (7, 3))
        assert volume.to_index(volume.to_world(index)) == pytest.approx(index, abs=1e-9)


def test_a_tilt_is_kept_as_a_slanted_step_and_found() -> None:
    tilt = math.radians(20)
    positions = [(0, 0, 5 * n) for n in range(5)]
    volume = a_volume(positions, orientation=(1, 0, 0, 0, math.cos(tilt), -math.sin(tilt)))
    assert Finding.TILTED in volume.findings
    assert volume.is_even
    assert volume.slice_step == pytest.approx((0, 0, 5))
    assert volume.slice_distance_mm == pytest.approx(5 * math.cos(tilt))
    assert volume.point_at(4, 0, 0) == pytest.approx((0, 0, 20))


def test_reversed_numbers_keep_their_order_and_are_found() -> None:
    volume = a_volume([(0, 0, -2 * n) for n in range(4)])
    assert Finding.REVERSED in volume.findings
    assert volume.frames == (0, 1, 2, 3)
    assert volume.slice_step == pytest.approx((0, 0, -2))
    assert volume.handedness == -1


def test_shuffled_frames_are_put_in_order() -> None:
    volume = volume_of(headers_at([(0, 0, z) for z in (4, 0, 6, 2)]), ramp, numbers=[3, 1, 4, 2])
    assert volume.frames == (1, 3, 0, 2)
    assert [int(v) for v in volume.voxels[:, 0, 0]] == [100, 300, 0, 200]


def test_uneven_slices_keep_their_own_places() -> None:
    depths = [0, 2, 4.5, 6.5, 8.4]
    volume = a_volume([(0, 0, z) for z in depths])
    assert Finding.UNEVEN in volume.findings
    assert not volume.is_even
    assert volume.to_world([[n, 0, 0] for n in range(5)])[:, 2] == pytest.approx(depths)
    assert volume.to_index((0.5, 0.7, 3.25)) == pytest.approx((1.5, 1, 1))
    back = volume.to_index(volume.to_world([[-1, 0, 0], [5, 1, 1], [2.25, 3, 3]]))
    assert back == pytest.approx(np.array([[-1, 0, 0], [5, 1, 1], [2.25, 3, 3]]))


def test_uneven_slices_in_falling_order() -> None:
    volume = a_volume([(0, 0, z) for z in (9, 6, 5, 1)])
    assert volume.to_index((0, 0, 5.5)) == pytest.approx((1.5, 0, 0))


def test_slices_that_wander_sideways_keep_their_own_places() -> None:
    positions = [(0, 0, 0), (0.4, 0, 2), (0, 0, 4), (0.2, 0, 6)]
    volume = a_volume(positions)
    assert not volume.is_even
    assert volume.to_index((0.4 + 0.5, 0.7, 2)) == pytest.approx((1, 1, 1))
    assert volume.to_index((0.2, 0, 1)) == pytest.approx((0.5, 0, 0))


def test_holes_are_found_and_named() -> None:
    volume = a_volume([(0, 0, z) for z in (0, 2, 4, 10, 12)])
    assert Finding.GAPS in volume.findings
    assert volume.gaps == (2,)


def test_a_double_is_left_out_and_found() -> None:
    volume = a_volume([(0, 0, z) for z in (0, 2, 2, 4, 6)])
    assert Finding.DUPLICATES in volume.findings
    assert volume.frames == (0, 1, 3, 4)


def test_several_times_at_each_place_are_phases() -> None:
    positions = [(0, 0, 2 * (n % 3)) for n in range(9)]
    assert arrange(headers_planes(positions)).phases == 3
    second = volume_of(headers_at(positions), ramp, phase=1)
    assert second.frames == (3, 4, 5)
    assert Finding.DUPLICATES not in second.findings
    with pytest.raises(NoVolume, match="Phase 4"):
        volume_of(headers_at(positions), ramp, phase=3)


def headers_planes(positions: Sequence[Sequence[float]]) -> list[Plane | None]:
    return [header.plane for header in headers_at(positions)]


def test_what_is_no_volume_is_refused_with_a_sentence() -> None:
    with pytest.raises(NoVolume, match="single"):
        arrange(headers_planes([(0, 0, 0)]))
    with pytest.raises(NoVolume, match="no position"):
        arrange([None, *headers_planes([(0, 0, 0), (0, 0, 2)])])
    with pytest.raises(NoVolume, match="one place"):
        arrange(headers_planes([(0, 0, 0), (0, 0, 0)]))
    mixed = [*headers_planes([(0, 0, 0)]), Plane.of((0, 0, 2), (0, 1, 0, 0, 0, -1), (1, 1))]
    with pytest.raises(NoVolume, match="different directions"):
        arrange(mixed)
    turned = [*headers_planes([(0, 0, 0)]), Plane.of((0, 0, 2), (-1, 0, 0, 0, -1, 0), (0.7, 0.5))]
    with pytest.raises(NoVolume, match="different directions"):
        arrange(turned)
    other = [*headers_planes([(0, 0, 0)]), Plane.of((0, 0, 2), AXIAL, (0.7, 0.6))]
    with pytest.raises(NoVolume, match="pixel spacings"):
        arrange(other)
    pair = headers_at([(0, 0, 0), (0, 0, 2)])
    with pytest.raises(NoVolume, match="Colour"):
        volume_of(pair, lambda n: np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(NoVolume, match="sizes"):
        volume_of(pair, lambda n: np.zeros((4 + n, 4), np.uint8))


def test_equal_slopes_keep_the_stored_voxels() -> None:
    volume = a_volume([(0, 0, z) for z in (0, 1, 2)], modality=Modality(2, -1024, None, "HU"))
    assert volume.voxels.dtype == np.int16
    assert volume.unit == "HU"
    assert volume.values(volume.voxels)[1, 2, 3] == 123 * 2 - 1024
    assert volume.stored(-1024) == 0


def test_slopes_that_differ_from_slice_to_slice_become_values() -> None:
    headers = [
        FrameHeader(Plane.of((0, 0, 2 * n), AXIAL, (1, 1)), modality=Modality(0.5 + n, 3.0, None, "Bq/ml"))
        for n in range(3)
    ]
    volume = volume_of(headers, ramp)
    assert volume.voxels.dtype == np.float32
    assert (volume.slope, volume.intercept) == (1.0, 0.0)
    assert volume.voxels[2, 1, 1] == pytest.approx(211 * 2.5 + 3)
    suv = volume.scaled(0.001, "SUV")
    assert suv.values(suv.voxels)[2, 1, 1] == pytest.approx((211 * 2.5 + 3) / 1000)


def test_directions_that_differ_a_little_are_told() -> None:
    turn = math.radians(1.0)
    turned = (math.cos(turn), math.sin(turn), 0, -math.sin(turn), math.cos(turn), 0)
    planes = [Plane.of((0, 0, 2 * n), turned if n == 2 else AXIAL, (1, 1)) for n in range(4)]
    assert Finding.MIXED in arrange(planes).findings
    rounded = (0.9999, 0.0, 0.0, 0.0, 1.0, 0.0001)
    planes = [Plane.of((0, 0, 2 * n), rounded if n == 2 else AXIAL, (1, 1)) for n in range(4)]
    assert not arrange(planes).findings

"""Stitching: images cut from one are joined where they were cut; what does not fit is refused."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.imaging.stitching import Blending, Direction, Joint, NoJoint, Placement, compose, find_joint, placements_of

SPACING = (0.2, 0.2)


def a_leg(rows: int = 900, columns: int = 300, seed: int = 3) -> NDArray[np.float32]:
    """A shaft with trabeculae, soft tissue and noise: nothing repeats."""
    chance = np.random.default_rng(seed)
    x = np.arange(columns)[None, :] - columns / 2
    y = np.arange(rows)[:, None]
    width = 40 + 14 * np.sin(y / 90) + 8 * np.sin(y / 37)
    picture = 300.0 * np.exp(-((x / (2.2 * width)) ** 2)) + 700.0 * (np.abs(x + 12 * np.sin(y / 140)) < width)
    grain = cv2.GaussianBlur(chance.normal(0, 1, (rows, columns)), (0, 0), 2.0)
    picture = picture + 260 * grain * (picture > 400) + 90 * grain
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.float32)


def cut(leg: NDArray[np.float32], overlap: int, sideways: int, seed: int = 1) -> tuple[NDArray[np.float32], ...]:
    """Two exposures of different strength and noise; the second begins ``sideways`` columns to the right."""
    chance = np.random.default_rng(seed)
    middle = leg.shape[0] // 2
    first = leg[:middle, 20:-20]
    second = leg[middle - overlap :, 20 + sideways : leg.shape[1] - 20 + sideways] * 0.8 + 30
    return tuple((part + chance.normal(0, 8, part.shape)).astype(np.float32) for part in (first, second))


@pytest.mark.parametrize(("overlap", "sideways"), [(60, 0), (110, 12), (200, -15), (35, 4)])
def test_cut_images_are_joined_where_they_were_cut(overlap: int, sideways: int) -> None:
    first, second = cut(a_leg(), overlap, sideways)

    joint = find_joint(first, second, SPACING)

    assert joint.refused == ""
    assert joint.row == pytest.approx(first.shape[0] - overlap, abs=0.5)
    assert joint.column == pytest.approx(sideways, abs=0.5)
    assert joint.residual_mm < 0.1


def test_images_that_follow_to_the_right_are_joined_as_well() -> None:
    first, second = cut(a_leg(), 110, 12)

    joint = find_joint(first.T, second.T, SPACING, Direction.RIGHT)

    assert (joint.row, joint.column) == pytest.approx((12, first.shape[0] - 110), abs=0.5)


def test_images_without_a_common_part_are_refused() -> None:
    joint = find_joint(a_leg(seed=3)[:400], a_leg(seed=8)[500:, ::-1], SPACING)

    assert joint.refused


def test_flat_and_tiny_images_are_refused() -> None:
    assert find_joint(np.zeros((200, 200), np.float32), np.zeros((200, 200), np.float32), SPACING).refused
    with pytest.raises(NoJoint, match="too small"):
        find_joint(np.zeros((8, 200), np.float32), np.zeros((200, 200), np.float32), SPACING)


@pytest.mark.parametrize("blending", list(Blending))
def test_the_picture_is_the_one_that_was_cut(blending: Blending) -> None:
    leg = a_leg()
    first, second = cut(leg, 110, 12)
    places = placements_of([find_joint(first, second, SPACING)])

    picture = compose([first, second], places, blending)

    assert picture.shape[0] == pytest.approx(leg.shape[0], abs=2)
    inner = picture[40:-40, 40:240]
    truth = leg[40 : 40 + inner.shape[0], 60:260]
    assert np.corrcoef(inner.ravel(), truth.ravel())[0, 1] > 0.99


def test_exposures_are_evened_out() -> None:
    first, second = cut(a_leg(), 200, 0)
    places = (Placement(0, 0), Placement(first.shape[0] - 200, 0))

    level, plain = (compose([first, second], places, Blending.LAST, level=level) for level in (True, False))

    below = slice(first.shape[0] - 100, first.shape[0])
    assert abs(level[below].mean() - first[-100:].mean()) < 2
    assert abs(plain[below].mean() - first[-100:].mean()) > 8


def test_a_turned_image_lies_turned_and_nothing_is_cut_off() -> None:
    image = np.zeros((100, 60), np.float32)
    image[50, 55] = 1000.0

    picture = compose([image], [Placement(0, 0, 90.0)], background=-1.0)

    assert picture.shape == (60, 100)
    row, column = np.unravel_index(int(picture.argmax()), picture.shape)
    assert (row, column) == (55, 49)


def test_three_images_follow_each_other() -> None:
    places = placements_of([Joint(100, 2, 1, 0), Joint(90, -5, 1, 0)])

    assert [(place.row, place.column) for place in places] == [(0, 0), (100, 2), (190, -3)]


def test_a_picture_beyond_all_measure_is_refused() -> None:
    image = np.zeros((100, 100), np.float32)
    with pytest.raises(NoJoint, match="too large"):
        compose([image, image], [Placement(0, 0), Placement(1e6, 1e6)])
    with pytest.raises(NoJoint, match="place"):
        compose([], [])
    assert math.isfinite(compose([image], [Placement(0, 0)])[0, 0])

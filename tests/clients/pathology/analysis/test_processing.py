"""Processing steps: known pixels give known pixels, originals stay, impossible ones are refused with a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clients.pathology.analysis.processing import Impossible, Operation, Step, apply, scale_factor


def picture(height: int = 20, width: int = 30) -> Any:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.dstack([rows * 5, columns * 5, 200 - rows * 2]).astype(np.uint8)


def done(operation: Operation, *values: float) -> Any:
    return apply(picture(), [Step(operation, values)])


def test_nothing_is_changed_by_neutral_steps() -> None:
    for step in (
        Step(Operation.TONES, (0, 0, 1)),
        Step(Operation.COLOURS, (0, 0, 0)),
        Step(Operation.SHARPEN, (0,)),
        Step(Operation.ROTATE, (360,)),
        Step(Operation.ZOOM, (1,)),
    ):
        assert np.array_equal(apply(picture(), [step]), picture()), step.words


def test_tones_and_colours() -> None:
    assert (done(Operation.TONES, 50, 0, 1) >= picture()).all()
    assert (done(Operation.TONES, 0, 0, 2) >= picture()).all(), "a gamma above 1 is brighter"
    strong = done(Operation.TONES, 0, 80, 1)
    assert strong.std() > picture().std()
    red = done(Operation.COLOURS, 10, 0, 0).astype(int) - picture()
    assert (red[..., 2] == 13).all() and not red[..., :2].any()
    grey = done(Operation.GREY)
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 1] == grey[..., 2]).all()
    assert np.array_equal(apply(picture(), [Step(Operation.INVERT)] * 2), picture())


def test_filters() -> None:
    chance = np.random.default_rng(1).integers(0, 255, (60, 60, 3), np.uint8)
    assert apply(chance, [Step(Operation.SMOOTH, (2,))]).std() < chance.std() / 2
    assert apply(chance, [Step(Operation.SHARPEN, (1,))]).std() > chance.std()
    half = np.zeros((40, 40, 3), np.uint8)
    half[:, 20:] = 200
    edges = apply(half, [Step(Operation.EDGES, (50, 150))])
    assert edges.max() == 255 and set(np.nonzero(edges[10, :, 0])[0]) <= {19, 20}
    for level in (0, 100):
        found = apply(half, [Step(Operation.THRESHOLD, (level,))])
        assert set(np.unique(found)) == {0, 255} and (found[:, 20:] == 255).all()


def test_turns_flips_and_cuts_move_pixels_unchanged() -> None:
    assert np.array_equal(done(Operation.ROTATE, 90)[0, 0], picture()[-1, 0]), "clockwise"
    assert np.array_equal(apply(picture(), [Step(Operation.ROTATE, (90,))] * 4), picture())
    assert np.array_equal(done(Operation.FLIP, 0), picture()[:, ::-1])
    assert np.array_equal(done(Operation.FLIP, 1), picture()[::-1])
    assert np.array_equal(done(Operation.CROP, 5, 2, 10, 9), picture()[2:11, 5:15])
    turned = done(Operation.ROTATE, 30)
    assert turned.shape[0] > 20 and turned.shape[1] > 30, "no corner is cut off"
    assert (turned[0, 0] == 255).all()


def test_zoom_changes_the_scale() -> None:
    assert done(Operation.ZOOM, 2).shape == (40, 60, 3)
    steps = [Step(Operation.ZOOM, (2,)), Step(Operation.GREY), Step(Operation.ZOOM, (0.25,))]
    assert scale_factor(steps) == 0.5


@pytest.mark.parametrize(
    "step",
    [Step(Operation.ZOOM, (1000,)), Step(Operation.ZOOM, (0.01,)), Step(Operation.CROP, (40, 0, 9, 9))],
)
def test_impossible_steps_are_refused(step: Step) -> None:
    with pytest.raises(Impossible):
        apply(picture(), [step])


def test_the_original_stays_and_steps_say_themselves() -> None:
    first = picture()
    made = apply(first, [])
    made[:] = 0
    assert np.array_equal(first, picture())
    for operation, values in ((Operation.TONES, (10, 20, 1.5)), (Operation.INVERT, ()), (Operation.FLIP, (0,))):
        apply(first, [Step(operation, values)])
        assert np.array_equal(first, picture())
    assert Step(Operation.TONES, (10, -5, 1.2)).words == "tones 10 -5 1.2"

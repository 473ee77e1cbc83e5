"""Fields cut from a known picture are put back where they were: in any order, under uneven light, with a stranger."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from cell_phantom import a_field

from clients.pathology.analysis.mosaics import CannotJoin, find_links, join

GROUND = a_field(3, 420, size=(900, 1200), touching=0.2).picture
PLACES = ((0, 0), (350, 12), (690, 0), (8, 380), (340, 395), (695, 390))
SIZE = (500, 500)  # width, height


def fields(order: tuple[int, ...] = (0, 1, 2, 3, 4, 5), shade: bool = False) -> list[Any]:
    cut = [GROUND[y : y + SIZE[1], x : x + SIZE[0]].copy() for x, y in PLACES]
    if shade:  # the lamp is darker to the edges, and each exposure is another
        across, down = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]))
        fall = (1 - 0.18 * (across**2 + down**2))[..., None]
        chance = np.random.default_rng(5)
        cut = [
            np.clip(one * fall * chance.uniform(0.92, 1.05) + chance.normal(0, 3, one.shape), 0, 255).astype(np.uint8)
            for one in cut
        ]
    return [cut[number] for number in order]


def misplacement(places: Any, order: tuple[int, ...]) -> float:
    """The largest distance from where a field was cut, in pixels, with the first one put right."""
    wanted = np.array([PLACES[number] for number in order], float)
    found = np.array(places, float)
    return float(np.hypot(*((found - found[0]) - (wanted - wanted[0])).T).max())


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (4, 0, 5, 2, 1, 3)], ids=["in order", "any order"])
def test_fields_come_back_to_their_places(order: tuple[int, ...]) -> None:
    made = join(fields(order))
    assert made.left_out == () and misplacement(made.places, order) < 0.3 and made.residual < 0.3
    wide, tall = 1195, 895
    assert abs(made.picture.shape[1] - wide) <= 12 and abs(made.picture.shape[0] - tall) <= 12
    first = made.places[order.index(0)]
    assert first is not None
    x, y = round(first[0]), round(first[1])
    inner = made.picture[y + 60 : y + 300, x + 60 : x + 900].astype(int)
    truth = GROUND[60:300, 60:900].astype(int)
    assert np.abs(inner - truth).mean() < 2.0


def test_uneven_light_and_noise_move_nothing() -> None:
    made = join(fields(shade=True))
    assert made.left_out == () and misplacement(made.places, (0, 1, 2, 3, 4, 5)) < 1.0


def test_a_picture_of_another_place_is_named_and_left_out() -> None:
    stranger = a_field(11, 60, size=(500, 500)).picture
    made = join([*fields()[:2], stranger])
    assert made.left_out == (2,) and made.places[2] is None


def test_pictures_without_anything_in_common_are_refused() -> None:
    with pytest.raises(CannotJoin):
        join([a_field(21, 60, size=(500, 400)).picture, a_field(22, 60, size=(500, 400)).picture])
    with pytest.raises(CannotJoin):
        join([GROUND])
    plain = np.full((300, 300, 3), 230, np.uint8)
    with pytest.raises(CannotJoin):
        join([plain, plain])


def test_half_a_pixel_is_seen() -> None:
    moved = cv2.warpAffine(GROUND, np.array([[1, 0, -0.5], [0, 1, 0]], np.float32), GROUND.shape[1::-1])
    (link,) = find_links([GROUND[:500, :400], moved[:500, 280:680]])
    assert link.x == pytest.approx(280.5, abs=0.2) and link.y == pytest.approx(0, abs=0.2)


def test_progress_ends_at_the_whole() -> None:
    heard: list[float] = []
    join(fields()[:3], heard.append)
    assert heard == sorted(heard) and heard[-1] == 1.0

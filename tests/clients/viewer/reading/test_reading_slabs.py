"""Slabs of the display, palettes, true size of the geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clients.viewer.pixels import PixelStore
from clients.viewer.study import Stack
from clients.viewer.viewport.palettes import PALETTES, coloured, colours_of, palette_named
from clients.viewer.viewport.renderer import Renderer
from clients.viewer.viewport.slabs import SlabMaker, slab_images
from clients.viewer.viewport.state import Slab
from clients.viewer.viewport.transform import Geometry, project
from shared.imaging.lut import Modality, Window
from tests.clients.viewer.viewer_builders import a_stack

HU = Modality(1, -1024, None, "HU")


def a_loaded_stack(count: int = 9) -> tuple[Stack, PixelStore]:
    """Slices 2 mm apart; slice n holds n * 10, one pixel of slice 4 is bright and one is dark."""
    stack, store = a_stack(count), PixelStore()
    for n in range(count):
        frame = np.full((32, 32), n * 10, np.uint16)
        if n == 4:
            frame[3, 5], frame[6, 7] = 900, 0
        store.of(stack).put(n, frame, HU)
    return stack, store


@pytest.mark.parametrize(
    ("thickness", "images"),
    [(0.5, (4,)), (3.9, (4,)), (4.0, (3, 4, 5)), (8.0, (2, 3, 4, 5, 6)), (100.0, tuple(range(9)))],
)
def test_a_slab_takes_what_lies_within_half_of_its_thickness(thickness: float, images: tuple[int, ...]) -> None:
    assert slab_images(a_stack(9), 4, Slab(thickness)) == images


def test_the_ends_of_a_stack_have_thinner_slabs() -> None:
    assert slab_images(a_stack(9), 0, Slab(8.0)) == (0, 1, 2)


def test_phases_of_a_dynamic_series_never_mix() -> None:
    from clients.viewer.study import stacks_of
    from tests.clients.viewer.viewer_builders import SeriesDescription, a_study, an_image

    images = tuple(an_image(n, z=2.0 * (n % 5)) for n in range(15))
    (stack,) = stacks_of(a_study(SeriesDescription("1.2", "MR", 1, "", "", images)))

    assert slab_images(stack, 7, Slab(100.0)) == (5, 6, 7, 8, 9)


@pytest.mark.parametrize(
    ("projection", "bright", "dark", "plain"), [("max", 900, 50, 50), ("min", 30, 0, 30), ("mean", 327, 27, 40)]
)
def test_slabs_are_maximum_minimum_and_mean(projection: str, bright: int, dark: int, plain: int) -> None:
    stack, store = a_loaded_stack()

    made = SlabMaker().frame(stack, store.of(stack), 4, Slab(4.0, projection))

    assert made is not None and (made.used, made.wanted) == (3, 3)
    assert made.values[3, 5] == bright and made.values[6, 7] == dark and made.values[20, 20] == plain
    frame = store.of(stack).frame(4)
    assert frame is not None and frame[20, 20] == 40  # the stored image stays


def test_slopes_that_differ_from_slice_to_slice_are_brought_together() -> None:
    stack, store = a_loaded_stack(3)
    for n, slope in enumerate((2, 1, 4)):
        header = stack.image(n)
        frame = replace(header.frames[0], modality=Modality(slope, 0, None, "BQML"))
        stack.refine(replace(header, frames=(frame,)))

    made = SlabMaker().frame(stack, store.of(stack), 1, Slab(4.0, "max"))

    assert made is not None and made.values[20, 20] == 80  # 20 * 4 in units of the middle slice


def test_a_slab_says_how_many_of_its_images_are_there() -> None:
    stack, store = a_stack(5), PixelStore()
    for n in (1, 2):
        store.of(stack).put(n, np.full((32, 32), n, np.uint16), HU)
    maker = SlabMaker()

    made = maker.frame(stack, store.of(stack), 2, Slab(4.0))
    assert made is not None and (made.used, made.wanted) == (2, 3)
    store.of(stack).put(3, np.full((32, 32), 77, np.uint16), HU)
    made = maker.frame(stack, store.of(stack), 2, Slab(4.0))

    assert made is not None and made.used == 3 and made.values[0, 0] == 77


def test_every_palette_has_256_colours_and_the_standard_ones_their_known_ends() -> None:
    for palette in PALETTES:
        assert colours_of(palette.key).shape == (256, 3), palette.key
    # PS3.6 table B.1-1 ff.
    assert colours_of("hot_iron")[[0, 128, 255]].tolist() == [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
    assert colours_of("pet")[[0, 64, 255]].tolist() == [[0, 0, 0], [1, 126, 127], [255, 255, 255]]
    assert len({tuple(c) for c in colours_of("pet_20_step").tolist()}) == 20
    assert colours_of("spring")[[0, 255]].tolist() == [[255, 0, 255], [255, 255, 0]]
    with pytest.raises(KeyError, match="no such"):
        palette_named("no such")


def test_colours_are_put_on_after_the_window() -> None:
    frame = np.array([[0, 100], [200, 300]], np.uint16)
    view = project(Geometry(actual_size=True), columns=2, rows=2, aspect=1, width=2, height=2)
    window = Window(150.5, 201)

    grey = Renderer().render(frame, 1, view, Modality(), window, inverted=False, smooth=False)
    colour = Renderer().render(frame, 1, view, Modality(), window, inverted=False, smooth=False, palette="hot_iron")

    assert grey is not None and colour is not None
    assert colour.pixels.tolist() == coloured(grey.pixels, "hot_iron").tolist()
    assert colour.pixels[1, 1].tolist() == [255, 255, 255] and colour.pixels[0, 0].tolist() == [0, 0, 0]


def test_padding_stays_black_and_a_changed_palette_is_seen_at_once() -> None:
    frame = np.full((4, 4), 2000, np.uint16)
    view = project(Geometry(actual_size=True), columns=4, rows=4, aspect=1, width=4, height=4)
    renderer = Renderer()

    def pixel(**more: object) -> object:
        made = renderer.render(frame, 1, view, Modality(), Window(100, 100), inverted=False, **more)  # type: ignore[arg-type]
        assert made is not None
        return made.pixels[0, 0].tolist()

    assert pixel() == 255
    assert pixel(padding=(2000, 2000)) == 0
    assert pixel(palette="summer") == colours_of("summer")[255].tolist()
    assert pixel() == 255


def test_true_size_is_independent_of_the_viewport() -> None:
    small, large = (
        project(Geometry(scale=2.5), columns=10, rows=10, aspect=1, width=side, height=side) for side in (50, 500)
    )

    assert small.scale == large.scale == 2.5

"""Pictures of phantoms: sizes in pixels, crops, cuts, bed, tilt; the engine runs in this process."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from clients.viewer.vr.bed import NoBed, body_of, components
from clients.viewer.vr.camera import NotACamera, camera_of_volume
from clients.viewer.vr.cutting import CutMask
from clients.viewer.vr.engine import Engine
from clients.viewer.vr.grid import Grid, Note, grid_of
from clients.viewer.vr.presets import PRESETS
from clients.viewer.vr.render import NoPicture, render_vr
from clients.viewer.vr.scene import Box, Scene, Shape, cut_of_picture
from clients.viewer.vr.transfer import Blend, Lighting, Look, Point
from shared.imaging.geometry import Finding, PointMm, VectorMm
from tests.clients.viewer.vr.vr_builders import AIR, a_patient, a_sphere, a_volume

SIDE = 200
# A step at 0 HU, the half height of the sphere's edge: the silhouette is the sphere's own.
STEP = Look((Point(-1, 0.0, "#ffffff"), Point(1, 1.0, "#ffffff")), Lighting(False, 1.0, 0.0, 0.0, 1.0))


@pytest.fixture(scope="module")
def sphere() -> Iterator[Engine]:
    engine = Engine(grid_of(a_sphere()))
    yield engine
    engine.close()


def a_scene(grid: Grid, side: str = "A", look: Look = STEP, **shape: object) -> Scene:
    return Scene(camera_of_volume(grid.corners, side), look, Shape(**shape))  # type: ignore[arg-type]


def lit(engine: Engine, scene: Scene, width: int = SIDE, height: int = SIDE) -> np.ndarray:
    """Where the picture is brighter than half."""
    picture = engine.picture(scene, width, height, step=0.5)
    assert picture is not None and picture.shape == (height, width, 3) and picture.dtype == np.uint8
    return picture.max(2) > 127


@pytest.mark.parametrize("side", ["A", "L", "H"])
def test_a_sphere_is_a_disc_of_its_own_size_in_the_middle(sphere: Engine, side: str) -> None:
    scene = a_scene(sphere.grid, side)
    disc = lit(sphere, scene)
    wanted = 20 * SIDE / (2 * scene.camera.half_height_mm)
    assert math.sqrt(disc.sum() / math.pi) == pytest.approx(wanted, abs=0.6)
    rows, columns = np.nonzero(disc)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((SIDE / 2, SIDE / 2), abs=0.6)


def test_what_lies_left_in_the_patient_is_seen_right_from_the_front(sphere: Engine) -> None:
    voxels = np.full((40, 40, 40), AIR, np.int16)
    voxels[28:34, 18:22, 30:36] = 1000  # high in the body, to the patient's left
    engine = Engine(grid_of(a_volume(voxels)))
    for side, wanted in (("A", (1, -1)), ("P", (-1, -1)), ("L", (0, -1)), ("F", (1, 0))):
        rows, columns = np.nonzero(lit(engine, a_scene(engine.grid, side)))
        beside, below = columns.mean() - SIDE / 2, rows.mean() - SIDE / 2
        assert (round(np.sign(beside) * (abs(beside) > 8)), round(np.sign(below) * (abs(below) > 8))) == wanted
    engine.close()


def test_the_crop_box_takes_half_away_and_gives_it_back(sphere: Engine) -> None:
    whole = lit(sphere, a_scene(sphere.grid))
    box = Box(PointMm(-50, -50, -50), PointMm(0, 50, 50))  # keeps the patient's right
    half = lit(sphere, a_scene(sphere.grid, box=box))
    assert half.sum() == pytest.approx(whole.sum() / 2, rel=0.03)
    assert not half[:, SIDE // 2 + 2 :].any()
    assert np.array_equal(lit(sphere, a_scene(sphere.grid)), whole)


def test_the_crop_box_keeps_to_the_patients_axes_in_an_oblique_series() -> None:
    turn = math.radians(30)
    oblique = a_sphere(
        48,
        16,
        origin=PointMm(0, 0, -23.5),
        column_step=VectorMm(math.cos(turn), math.sin(turn), 0),
        row_step=VectorMm(-math.sin(turn), math.cos(turn), 0),
    )
    engine = Engine(grid_of(oblique))
    middle = oblique.point_at(23.5, 23.5, 23.5)
    box = Box(PointMm(-200, -200, -200), PointMm(middle.x + 5, 200, 200))
    scene = a_scene(engine.grid, box=box)
    edge, _ = scene.camera.project(PointMm(middle.x + 5, 0, 0), SIDE, SIDE)
    columns = np.nonzero(lit(engine, scene))[1]
    assert columns.max() + 1 == pytest.approx(edge, abs=1.5)
    engine.close()


def test_a_cut_removes_what_lies_inside_the_outline_through_the_whole_depth(sphere: Engine) -> None:
    scene = a_scene(sphere.grid)
    cut = cut_of_picture(scene.camera, [(90, 90), (120, 90), (120, 120), (90, 120)], SIDE, SIDE, keeps_inside=False)
    kept = cut_of_picture(scene.camera, [(90, 90), (120, 90), (120, 120), (90, 120)], SIDE, SIDE, keeps_inside=True)
    assert cut is not None and kept is not None
    whole = lit(sphere, scene)
    hole = whole & ~lit(sphere, a_scene(sphere.grid, cuts=(cut,)))
    rows, columns = np.nonzero(hole)
    for found, wanted in ((rows.min(), 90), (rows.max() + 1, 120), (columns.min(), 90), (columns.max() + 1, 120)):
        assert found == pytest.approx(wanted, abs=3)  # voxels are three pixels wide
    assert hole[95:115, 95:115].all()
    rest = lit(sphere, a_scene(sphere.grid, cuts=(kept,)))
    assert rest[95:115, 95:115].all() and not rest[:86].any() and not rest[:, 124:].any()
    assert np.array_equal(lit(sphere, scene), whole)  # undone


def test_cuts_taken_back_one_by_one_leave_the_others(sphere: Engine) -> None:
    scene = a_scene(sphere.grid)
    cuts = [
        cut_of_picture(scene.camera, [(x, 40), (x + 12, 40), (x + 12, 160), (x, 160)], SIDE, SIDE, keeps_inside=False)
        for x in (70, 118)
    ]
    both = lit(sphere, a_scene(sphere.grid, cuts=tuple(cuts)))
    second = lit(sphere, a_scene(sphere.grid, cuts=(cuts[1],)))
    again = lit(sphere, a_scene(sphere.grid, cuts=tuple(cuts)))
    assert second[100, 75] and not both[100, 75] and not second[100, 124] and np.array_equal(both, again)
    lit(sphere, scene)


def test_a_cut_through_an_oblique_camera_hits_the_voxels_that_project_into_it() -> None:
    grid = grid_of(a_sphere(32, 10))
    camera = camera_of_volume(grid.corners).rotated(35, 20)
    outline = [(60.0, 50.0), (140.0, 60.0), (120.0, 150.0)]
    cut = cut_of_picture(camera, outline, SIDE, SIDE, keeps_inside=False)
    assert cut is not None
    mask = CutMask(grid, cut)
    inside = wrong = 0
    for k, j, i in np.random.default_rng(1).integers(0, 32, (400, 3)):
        x, y = camera.project(grid.point(i, j, k), SIDE, SIDE)
        margins = [
            (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
            for a, b in zip(outline, outline[1:] + outline[:1], strict=True)
        ]
        if min(abs(m) for m in margins) < 300:  # too near the edge to ask
            continue
        of_slice = mask.of_slice(k)
        hit = of_slice is not None and bool(of_slice[j, i])
        wanted = all(m > 0 for m in margins)
        inside += wanted
        wrong += hit != wanted
    assert inside > 20 and wrong == 0


def test_the_bed_goes_and_the_body_with_its_arms_stays() -> None:
    volume, parts = a_patient()
    body = body_of(grid_of(volume)).voxels[20] != 0
    assert body[parts["trunk"] & ~parts["lungs"]].mean() > 0.999
    assert body[parts["arms"]].mean() > 0.99
    assert body[parts["lungs"]].all() and body[parts["spine"]].all()
    assert body[parts["table"]].mean() < 0.01


def test_a_patient_in_prone_position_keeps_the_body_too() -> None:
    volume, parts = a_patient()
    upside_down = replace(volume, voxels=np.ascontiguousarray(volume.voxels[:, ::-1]))
    body = body_of(grid_of(upside_down)).voxels[20][::-1] != 0
    assert body[parts["trunk"] & ~parts["lungs"]].mean() > 0.999 and body[parts["table"]].mean() < 0.01


def test_a_picture_without_bed_shows_no_table_from_behind() -> None:
    volume, _ = a_patient(24)
    looks = {"preset": "skin", "camera": "L", "size": (220, 220)}
    with_bed, without = (render_vr(volume, bed_removed=gone, **looks).max(2) > 40 for gone in (False, True))  # type: ignore[arg-type]
    assert with_bed[:, -60:].sum() > 2 * without[:, -60:].sum()
    assert without.sum() > 0.6 * with_bed.sum()


def test_bed_removal_refuses_what_is_no_ct_and_what_holds_no_body() -> None:
    with pytest.raises(NoBed):
        body_of(grid_of(a_sphere(unit="")))
    with pytest.raises(NoBed):
        body_of(grid_of(a_volume(np.full((8, 32, 32), AIR, np.int16))))


def test_components_join_across_slices() -> None:
    solid = np.zeros((3, 9, 9), np.uint8)
    solid[0, 1, 1] = solid[0, 1, 7] = 1
    solid[1, 1, 1:8] = 1  # joins both
    solid[2, 8, 8] = 1
    labels, sizes = components(solid)
    assert sorted(sizes[1:].tolist()) == [1, 9]
    assert labels[0, 1, 1] == labels[0, 1, 7] != labels[2, 8, 8]


def test_reversed_slices_show_the_same_picture(sphere: Engine) -> None:
    voxels = np.full((30, 30, 30), AIR, np.int16)
    voxels[20:26, 5:10, 20:26] = 1000
    upright = a_volume(voxels)
    reverse = replace(
        upright,
        voxels=np.ascontiguousarray(voxels[::-1]),
        origin=upright.point_at(29, 0, 0),
        slice_step=VectorMm(0, 0, -1),
    )
    assert reverse.handedness == -1
    pictures = [render_vr(volume, preset="bone", camera="30,20", size=(150, 150)) for volume in (upright, reverse)]
    assert np.array_equal(pictures[0], pictures[1]) and pictures[0].max() > 60


def test_a_tilted_gantry_is_resampled_with_a_note() -> None:
    n, shear = 40, math.tan(math.radians(20))
    k, j, i = np.mgrid[:n, :n, :n].astype(np.float64)
    # A ball of 12 mm around (0, 0, 0) in slices that drift 0.36 mm towards the back from one to the next.
    y, z, x = j - 20 + (k - 20) * shear, k - 20, i - 20
    voxels = np.where(x * x + y * y + z * z < 144, 1000, AIR).astype(np.int16)
    tilted = a_volume(
        voxels,
        origin=PointMm(-20, -20 - 20 * shear, -20),
        slice_step=VectorMm(0, shear, 1),
        findings=frozenset({Finding.TILTED}),
    )
    grid = grid_of(tilted)
    assert grid.notes == (Note.TILTED,)
    found = np.argwhere(grid.voxels > 0)
    places = np.array([grid.point(i, j, k) for k, j, i in found])
    assert np.abs(places.mean(0)).max() < 0.3
    assert np.linalg.norm(places, axis=1).max() < 13.2  # round again
    assert len(found) == pytest.approx(4 / 3 * math.pi * 12**3, rel=0.05)


def test_uneven_slices_are_resampled_with_a_note() -> None:
    depths = np.array([0, 1, 2, 3, 5, 7, 9, 10, 11, 12.0])
    voxels = np.repeat((depths * 100).astype(np.int16)[:, None, None], 16, 1).repeat(16, 2)
    origins = np.stack([np.zeros(10), np.zeros(10), depths], 1)
    volume = a_volume(
        np.ascontiguousarray(voxels), origin=PointMm(0, 0, 0), slice_step=VectorMm(0, 0, 12 / 9), slice_origins=origins
    )
    grid = grid_of(volume)
    assert grid.notes == (Note.UNEVEN,)
    assert grid.spacing[2] == pytest.approx(1.0)
    assert grid.voxels[:, 8, 8].tolist() == [100 * n for n in range(13)]  # values are their own heights


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(np.uint8, 0, 255), (np.uint16, 0, 65535), (np.int16, -32768, 32767), (np.float32, -3.5, 9.25)],
)
def test_values_survive_the_grid_whatever_their_type(dtype: type, low: float, high: float) -> None:
    voxels = np.linspace(low, high, 8 * 8 * 8).reshape(8, 8, 8).astype(dtype)
    grid = grid_of(a_volume(voxels, slope=2.0, intercept=-10.0))
    values = grid.voxels * grid.slope + grid.intercept
    assert np.abs(values - (voxels.astype(np.float64) * 2 - 10)).max() <= 2 * (high - low) / 30_000 + 1e-6
    assert grid.removed < grid.voxels.min() and grid.removed >= -32768


def test_a_reduced_grid_covers_the_same_place() -> None:
    grid = grid_of(a_sphere(33, 12))
    half = grid.reduced(2)
    assert half.voxels.shape == (16, 16, 16) and half.spacing == (2, 2, 2)
    assert tuple(half.corners[0]) == pytest.approx(tuple(grid.corners[0]))
    middle = np.argwhere(half.voxels > 0).mean(0)
    assert tuple(half.point(*middle[::-1])) == pytest.approx((0, 0, 0), abs=0.05)


def test_a_maximum_projection_shows_the_highest_value(sphere: Engine) -> None:
    voxels = np.full((20, 20, 20), AIR, np.int16)
    voxels[8:13, 3:6, 8:13], voxels[8:13, 11:14, 8:13] = 250, 500  # one behind the other, seen from the front
    look = replace(
        PRESETS["mip"].look, points=(Point(AIR, 0, "#ffffff"), Point(500, 1, "#ffffff")), blend=Blend.MAXIMUM
    )
    engine = Engine(grid_of(a_volume(voxels)))
    picture = engine.picture(a_scene(engine.grid, look=look), 101, 101, step=0.25)
    assert picture is not None and picture[50, 52].tolist() == pytest.approx([255] * 3, abs=4)
    assert picture[5, 5].tolist() == [0, 0, 0]
    engine.close()


def test_a_picture_can_be_given_up_on_the_way(sphere: Engine) -> None:
    assert sphere.picture(a_scene(sphere.grid), 600, 600, step=0.2, stop=lambda: True) is None
    assert lit(sphere, a_scene(sphere.grid)).any()


def test_one_call_makes_a_picture_with_size_background_and_sentences() -> None:
    volume = a_sphere(32, 10)
    picture = render_vr(volume, preset="bone", camera="AL", size=(120, 80), background="#203040")
    assert picture.shape == (80, 120, 3) and picture[0, 0].tolist() == [0x20, 0x30, 0x40]
    assert picture[40, 60].tolist() != [0x20, 0x30, 0x40]
    for wrong in ({"preset": "nose"}, {"size": (0, 5)}, {"background": "blue"}):
        with pytest.raises(NoPicture, match=r"\."):
            render_vr(volume, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotACamera):
        render_vr(volume, camera="nowhere")

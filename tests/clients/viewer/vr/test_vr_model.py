"""Cameras, looks, scenes, undo, templates and saved views: no Qt, no VTK."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from clients.kit.settings import UserSettings
from clients.viewer.vr.camera import (
    NAMED_VIEWS,
    Camera,
    NotACamera,
    camera_from_json,
    camera_of_volume,
    camera_to_json,
    parse_camera,
)
from clients.viewer.vr.grid import grid_of
from clients.viewer.vr.presets import CT_PRESETS, PRESETS, RELATIVE_PRESETS, first_preset, presets_for
from clients.viewer.vr.saved_views import SavedView, SavedViews
from clients.viewer.vr.scene import Box, Cut, Scene, Shape, box_around, cut_of_picture, scene_from_json, scene_to_json
from clients.viewer.vr.state import Aspect, Template, Templates, VrModel, facts_of
from clients.viewer.vr.transfer import Blend, Look, NotALook, Point, look_from_json, look_to_json
from shared.imaging.geometry import PointMm, VectorMm
from tests.clients.viewer.vr.vr_builders import a_sphere

CORNERS = [(x, y, z) for x in (-100, 100) for y in (-50, 50) for z in (-200, 200)]


def a_model() -> VrModel:
    return VrModel(facts_of(grid_of(a_sphere(32, 10)), "CT"))


@pytest.mark.parametrize(
    ("side", "letters"),
    [
        ("A", ("R", "L", "H", "F")),
        ("P", ("L", "R", "H", "F")),
        ("L", ("A", "P", "H", "F")),
        ("R", ("P", "A", "H", "F")),
        ("F", ("R", "L", "A", "P")),
        ("H", ("L", "R", "A", "P")),
    ],
)
def test_each_side_shows_the_patients_letters_at_the_edges(side: str, letters: tuple[str, ...]) -> None:
    assert camera_of_volume(CORNERS, side).letters == letters
    assert parse_camera(side, CORNERS).letters == letters


@pytest.mark.parametrize(("text", "side"), [("0,0", "A"), ("90,0", "L"), ("-90,0", "R"), ("180,0", "P")])
def test_angles_lead_to_the_same_view_as_the_sides_name(text: str, side: str) -> None:
    a, b = parse_camera(text, CORNERS), parse_camera(side, CORNERS)
    assert tuple(a.towards) == pytest.approx(tuple(b.towards), abs=1e-9)
    assert tuple(a.up) == pytest.approx(tuple(b.up), abs=1e-9)
    assert a.half_height_mm == pytest.approx(b.half_height_mm)


def test_over_the_head_the_back_is_up_as_after_tilting_the_view_from_the_front() -> None:
    camera = parse_camera("0,90", CORNERS)
    assert tuple(camera.towards) == pytest.approx((0, 0, -1), abs=1e-9) and camera.letters[2] == "P"


def test_nine_numbers_place_the_eye_and_a_tenth_the_height() -> None:
    camera = parse_camera("0,-300,10,0,0,10,0,0,1", CORNERS)
    assert camera.focal == (0, 0, 10) and camera.towards == pytest.approx((0, 1, 0))
    assert camera.half_height_mm == pytest.approx(300 * math.tan(math.radians(15)))
    assert parse_camera("0,-300,10,0,0,10,0,0,1,55", CORNERS).half_height_mm == 55


@pytest.mark.parametrize(
    "text", ["", "X", "AX", "1,2,3", "0,0,0,0,0,0,0,0,1", "0,-1,0,0,0,0,0,1,0", "nan,0", "1e999,0"]
)
def test_a_text_that_is_no_camera_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(NotACamera, match=r"\w+ .*\."):
        parse_camera(text, CORNERS)


@pytest.mark.parametrize("side", NAMED_VIEWS)
@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_the_whole_volume_fits_into_the_picture(side: str, aspect: float) -> None:
    camera = camera_of_volume(CORNERS, side, aspect)
    height, width = 400, round(400 * aspect)
    for corner in CORNERS:
        x, y = camera.project(PointMm(*corner), width, height)
        assert 0 < x < width and 0 < y < height


def test_a_place_is_seen_where_the_plane_says_it_is() -> None:
    camera = camera_of_volume(CORNERS, "A").rotated(33, 12).rolled(20).zoomed(1.7).panned(5, -3)
    x, y = camera.project(PointMm(20, 10, 35), 640, 480)
    right, up = camera.on_plane(x, y, 640, 480)
    on_plane = camera.focal.plus(camera.right.scaled(right)).plus(camera.up.scaled(up))
    beside = PointMm(20, 10, 35).minus(on_plane)
    assert abs(beside.dot(camera.right)) < 1e-9 and abs(beside.dot(camera.up)) < 1e-9


def test_turning_there_and_back_ends_where_it_began() -> None:
    start = camera_of_volume(CORNERS, "A")
    camera = start
    for _ in range(72):
        camera = camera.rotated(5, 0)
    assert camera.towards == pytest.approx(start.towards, abs=1e-6)
    assert camera.towards.dot(camera.up) == pytest.approx(0, abs=1e-9)
    assert start.rotated(90, 0).letters[0] == "A"  # the eye has gone to the patient's left: the front lies left
    assert start.rotated(0, 90).towards == pytest.approx((0, 0, -1), abs=1e-9)


def test_a_camera_survives_json_and_refuses_nonsense() -> None:
    camera = camera_of_volume(CORNERS, "L").rotated(10, 20)
    again = camera_from_json(json.loads(json.dumps(camera_to_json(camera))))
    assert again.focal == camera.focal and again.towards == pytest.approx(camera.towards)
    for bad in (None, {}, {**camera_to_json(camera), "half_height_mm": -1}, {**camera_to_json(camera), "up": [1, 2]}):
        with pytest.raises(NotACamera):
            camera_from_json(bad)


def test_templates_are_sorted_valid_and_have_unique_keys() -> None:
    assert len(PRESETS) == len(CT_PRESETS) + len(RELATIVE_PRESETS)
    for preset in PRESETS.values():
        values = [point.value for point in preset.look.points]
        assert values == sorted(values)
        assert look_from_json(json.loads(json.dumps(look_to_json(preset.look)))) == preset.look
    assert first_preset("HU").key == "bone" and first_preset("Bq/ml", "PT").look.blend is Blend.MAXIMUM
    assert all(preset.relative for preset in presets_for(""))


def test_a_relative_template_follows_the_range_of_the_volume() -> None:
    look = PRESETS["mr_brain"].fitted(100, 1100)
    assert look.points[0].value == pytest.approx(100 + 0.22 * 1000)


def test_opacity_runs_straight_between_points() -> None:
    look = Look((Point(0, 0.0, "#000000"), Point(100, 1.0, "#ffffff")))
    assert [look.opacity_at(v) for v in (-5, 0, 25, 100, 500)] == pytest.approx([0, 0, 0.25, 1, 1])


@pytest.mark.parametrize(
    "change",
    [{"points": []}, {"points": [[0, 0, "#000000"]]}, {"points": [[0, 2, "#000000"], [1, 0, "#000000"]]},
     {"points": [[0, 0, "red"], [1, 0, "#000000"]]}, {"blend": "magic"}, {"edges": float("nan")}, {"background": 7},
     {"lighting": [True, 1]}, {"points": [[True, 0, "#000000"], [1, 0, "#000000"]]}],
)  # fmt: skip
def test_a_damaged_look_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(NotALook):
        look_from_json({**look_to_json(PRESETS["bone"].look), **change})


def test_a_face_is_pushed_but_not_through_the_opposite_one() -> None:
    box = Box(PointMm(0, 0, 0), PointMm(10, 20, 30))
    assert box.with_face("L", 4).high.x == 4
    assert box.with_face("R", 50).low.x == 9  # one millimetre stays
    assert box.with_face("F", -5).face("F") == -5


def test_an_outline_of_no_area_is_no_cut() -> None:
    camera = camera_of_volume(CORNERS, "A")
    assert cut_of_picture(camera, [(5, 5), (5.5, 5)], 100, 100, keeps_inside=False) is None
    assert cut_of_picture(camera, [(5, 5), (6, 5), (6, 6)], 100, 100, keeps_inside=False) is None
    cut = cut_of_picture(camera, [(25, 25), (75, 25), (75, 75), (25, 75)], 100, 100, keeps_inside=True)
    assert cut is not None and cut.keeps_inside
    assert max(x for x, _ in cut.polygon) == pytest.approx(camera.half_height_mm / 2)


def test_a_scene_survives_json_and_a_damaged_one_is_refused() -> None:
    model = a_model()
    model.drag_box(model.whole.with_face("A", 0))
    model.settle_box()
    model.add_cut(Cut(PointMm(0, 0, 0), VectorMm(1, 0, 0), VectorMm(0, 0, 1), ((0, 0), (5, 0), (5, 5))))
    model.remove_bed()
    value = json.loads(json.dumps(scene_to_json(model.scene)))
    assert scene_from_json(value).shape == model.scene.shape and scene_from_json(value).look == model.scene.look
    bad_cut = {**value["cuts"][0], "right": [0, 0, 1]}
    for change in ({"cuts": None}, {"cuts": [{}]}, {"cuts": [bad_cut]}, {"box": [[0, 0, 0], [0, 0, 0]]}, {"look": 1}):
        with pytest.raises(ValueError):
            scene_from_json({**value, **change})


def test_undo_takes_back_cuts_and_crops_and_redo_brings_them_again() -> None:
    model = a_model()
    whole = model.whole
    model.drag_box(whole.with_face("A", -2))
    model.drag_box(whole.with_face("A", 3))
    model.settle_box()
    boxed = model.scene.shape
    model.remove_bed()
    model.undo.undo()
    assert model.scene.shape == boxed and boxed.box == whole.with_face("A", 3)
    model.undo.undo()  # the whole drag is one step
    assert model.is_original and model.undo.undo_name == ""
    model.undo.redo()
    model.undo.redo()
    assert model.scene.shape.bed_removed and model.scene.shape.box == boxed.box


def test_undo_keeps_the_camera_where_the_reader_has_turned_it() -> None:
    model = a_model()
    model.remove_bed()
    model.camera = model.camera.rotated(40, 0)
    turned = model.camera
    model.undo.undo()
    assert model.camera == turned and model.is_original


def test_reset_brings_everything_back_and_can_itself_be_undone() -> None:
    model = a_model()
    original = model.scene
    model.apply_preset("skin")
    model.remove_bed()
    model.camera = model.camera.rotated(40, 0)
    worked = model.scene
    model.reset()
    assert model.scene == original
    model.undo.undo()
    assert model.scene == worked


def test_a_template_keeps_the_background_and_a_changed_curve_is_the_readers_own() -> None:
    model = a_model()
    told: list[Aspect] = []
    model.changed.connect(told.append)
    model.set_background("#10243c")
    model.apply_preset("skin")
    assert model.look.background == "#10243c" and model.scene.preset == "skin"
    model.set_points((Point(5, 0, "#000000"), Point(-5, 1, "#ffffff")))
    assert [p.value for p in model.look.points] == [-5, 5] and model.scene.preset == ""
    model.set_points((Point(5, 0, "#000000"),))  # too few: nothing happens
    assert len(model.look.points) == 2 and told == [Aspect.LOOK] * 3


def test_templates_of_the_reader_are_kept_by_unit_and_damaged_ones_left_out(tmp_path: Path) -> None:
    settings = UserSettings(tmp_path / "s.json")
    templates = Templates(settings)
    templates.save(Template("我的骨骼", "HU", PRESETS["bone"].look))
    templates.save(Template("我的骨骼", "HU", PRESETS["skin"].look))
    templates.save(Template("头", "", PRESETS["mr_brain"].look))
    settings.set("viewer/vr/templates", [*settings.get("viewer/vr/templates"), {"name": "x"}, 7])
    again = Templates(UserSettings(tmp_path / "s.json"))
    assert [(t.name, t.look) for t in again.all("HU")] == [("我的骨骼", PRESETS["skin"].look)]
    again.remove("我的骨骼", "HU")
    assert again.all("HU") == () and len(again.all("")) == 1


def test_views_are_kept_per_series_and_a_damaged_file_is_an_empty_one(tmp_path: Path) -> None:
    scene = a_model().scene
    views = SavedViews("1.2.3", tmp_path)
    views.save(SavedView(views.free_name("视角"), scene))
    views.save(SavedView(views.free_name("视角"), scene))
    again = SavedViews("1.2.3", tmp_path)
    assert [view.name for view in again.all] == ["视角 1", "视角 2"]
    assert again.all[0].scene.shape == scene.shape
    assert SavedViews("1.2.4", tmp_path).all == ()
    assert "1.2.3" not in views.path.name
    again.remove("视角 1")
    assert [view.name for view in SavedViews("1.2.3", tmp_path).all] == ["视角 2"]
    views.path.write_text('{"views": [{"name": "a"}, 3]}', encoding="utf-8")
    assert SavedViews("1.2.3", tmp_path).all == ()


def test_facts_tell_the_range_and_the_histogram() -> None:
    facts = a_model().facts
    assert facts.unit == "HU" and facts.has_bed and len(facts.histogram) == 256
    assert max(facts.histogram) == 1.0 and facts.first < -900 and facts.last > 900
    assert box_around(facts.corners).high.x == pytest.approx(16)


def test_scenes_compare_by_value_so_that_undo_is_exact() -> None:
    camera = Camera(PointMm(0, 0, 0), VectorMm(0, 1, 0), VectorMm(0, 0, 1), 10)
    assert Scene(camera, PRESETS["bone"].look) == Scene(camera, PRESETS["bone"].look, Shape())

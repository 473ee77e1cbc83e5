"""`mingjing measure` on phantoms whose truth is a formula: every orientation, tilt, odd spacings, bad shapes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mingjing.measure import main
from tests import phantoms
from tests.phantoms import Grid

CENTRE = (12.0, -34.0, 56.0)


def measured(
    capsys: pytest.CaptureFixture[str], source: Path, shapes: Any, *options: str, status: int = 0
) -> list[Any]:
    """The answers of the command for a list of shapes."""
    file = source.parent / "shapes.json"
    file.write_text(json.dumps(shapes), encoding="utf-8")
    assert main([str(source), "--shapes", str(file), "--json", *options]) == status
    answers: list[Any] = json.loads(capsys.readouterr().out)
    return answers


@pytest.mark.parametrize("orientation", phantoms.ORIENTATIONS)
def test_regions_and_volumes_are_true_in_every_orientation(
    orientation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = Grid(orientation, size=(32, 64, 64), reverse=orientation == "coronal")
    phantoms.write_volume(tmp_path / "ct", grid, phantoms.ball(CENTRE, 15, 60, -100))
    row, column = grid.row.tolist(), grid.column.tolist()
    middle = grid.at(16, 31, 32)
    corner = grid.at(16, 36, 40)
    answers = measured(
        capsys,
        tmp_path / "ct",
        [
            {"id": "s", "kind": "sphere", "center": CENTRE, "radius": 14},
            {"id": "g", "kind": "region", "seed": CENTRE, "range": [0, 200]},
            {"id": "c", "kind": "circle", "center": middle, "radius": 8},
            {"id": "x", "kind": "circle", "center": CENTRE, "radius": 8, "normal": [1, 2, 3]},
            {"id": "r", "kind": "rectangle", "points": [middle, corner]},
            {"id": "p", "kind": "point", "points": [middle]},
            {"id": "b", "kind": "box", "center": CENTRE, "size": [6, 8, 10], "row": row, "column": column},
        ],
    )
    sphere, region, circle, oblique, rectangle, point, box = answers
    assert sphere["volume_mm3"] == pytest.approx(4 / 3 * math.pi * 14**3)
    assert sphere["voxel_volume_mm3"] == pytest.approx(sphere["volume_mm3"], rel=0.01)
    assert (sphere["mean"], sphere["sd"], sphere["unit"]) == (60, 0, "HU")
    assert region["volume_mm3"] == pytest.approx(4 / 3 * math.pi * 15**3, rel=0.01)
    assert (circle["mean"], circle["min"], circle["max"]) == (60, 60, 60)
    assert circle["count"] * 0.63 == pytest.approx(circle["area_mm2"], rel=0.05)
    assert oblique["area_mm2"] == pytest.approx(64 * math.pi)
    assert oblique["mean"] == pytest.approx(60)
    assert rectangle["area_mm2"] == pytest.approx(5 * 0.7 * 8 * 0.9)
    assert rectangle["count"] == 6 * 9
    assert point["value"] == 60
    assert (box["volume_mm3"], box["mean"]) == (480, 60)


def test_a_tilted_gantry_and_planes_across_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = Grid(size=(40, 64, 64), tilt_deg=18)
    gradient = (2.0, -3.0, 1.5)
    phantoms.write_volume(tmp_path / "ct", grid, phantoms.ramp(gradient, 200.0), slope=0.03, intercept=0)
    at = grid.at(20, 30, 33)
    truth = 200 + float(np.dot(at, gradient))
    circles = [
        {"id": str(normal), "kind": "circle", "center": at, "radius": 7, "normal": normal}
        for normal in ([0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 1], [0.2, -0.9, 0.4])
    ]
    for answer in measured(capsys, tmp_path / "ct", circles):
        # A ramp has the value of the centre as its mean over every region that is even around it.
        assert answer["mean"] == pytest.approx(truth, abs=0.2), answer
        assert answer["area_mm2"] == pytest.approx(49 * math.pi)


def test_lines_and_angles_need_no_image_to_lie_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(size=(3, 8, 8)), phantoms.ramp((0, 0, 0), 0))
    answers = measured(
        capsys,
        tmp_path / "ct",
        {
            "shapes": [
                {"id": 1, "type": "distance", "p1": [0, 0, 0], "p2": [2, 3, 6]},
                {"id": 2, "kind": "Line", "start": {"x": 0, "y": 0, "z": 0}, "end": {"x": 0, "y": 0, "z": 5}},
                {"id": 3, "kind": "curve", "points": [[0, 0, 0], [3, 4, 0], [3, 4, 12]]},
                {"id": 4, "kind": "angle", "points": [[1, 0, 0], [0, 0, 0], [0, 0, 2]]},
                {"id": 5, "kind": "cobb_angle", "lines": [[[0, 0, 0], [1, 0, 0]], [[5, 5, 5], [4, 6, 5]]]},
                {"id": 6, "kind": "polygon", "points": [[0, 0, 0], [4, 0, 0], [4, 0, 3]]},
            ]
        },
    )
    assert [a.get("length_mm", a.get("angle_deg", a.get("area_mm2"))) for a in answers] == pytest.approx(
        [7, 5, 17, 90, 45, 6]
    )


def test_general_words_mean_what_their_fields_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(size=(20, 40, 40)), phantoms.ball(CENTRE, 9, 60, -100))
    shapes = [
        {"kind": "volume", "center": CENTRE, "radius": 3},
        {"kind": "volume", "seed": CENTRE, "low": 0, "high": 100},
        {"kind": "volume", "center": CENTRE, "size": [2, 3, 4]},
        {"kind": "box", "min": [10, -36, 54], "max": [14, -32, 58]},
        {"kind": "roi", "center": CENTRE, "radius": 3},
        {"kind": "ellipse", "center": CENTRE, "axes": [4, 2]},
        {"kind": "rectangle", "center": CENTRE, "width": 5, "height": 4},
        {"kind": "cobb", "line1": [[0, 0, 0], [1, 0, 0]], "line2": [[0, 0, 0], [1, 1, 0]]},
    ]
    answers = measured(capsys, tmp_path / "ct", shapes)
    kinds = ["sphere", "region", "box", "box", "circle", "ellipse", "rectangle", "cobb"]
    assert [answer["kind"] for answer in answers] == kinds
    assert answers[1]["volume_mm3"] == pytest.approx(4 / 3 * math.pi * 9**3, rel=0.01)
    assert (answers[2]["volume_mm3"], answers[3]["volume_mm3"]) == (24, 64)
    assert answers[5]["area_mm2"] == pytest.approx(8 * math.pi)
    assert (answers[6]["area_mm2"], answers[7]["angle_deg"]) == (pytest.approx(20), pytest.approx(45))
    assert answers[4]["std"] == answers[4]["sd"] == 0


def test_contours_give_volume_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = Grid(size=(24, 64, 64), step_mm=2.0)
    phantoms.write_volume(tmp_path / "ct", grid, phantoms.ramp((0, 0, 0), 33))
    rings = []
    for n in range(6, 18):
        turns = np.linspace(0, 2 * np.pi, 180, endpoint=False)
        middle = np.array(grid.at(n, 32, 32))
        rings.append([(middle + 9 * (np.cos(t) * grid.row + np.sin(t) * grid.column)).tolist() for t in turns])
    (answer,) = measured(capsys, tmp_path / "ct", [{"id": "v", "kind": "volume", "contours": rings}])
    assert answer["volume_ml"] == pytest.approx(math.pi * 81 * 12 * 2 / 1000, rel=1e-3)
    assert (answer["mean"], answer["sd"]) == (33, 0)


def test_a_single_slice_is_measured_where_the_shape_lies_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = Grid("sagittal", size=(1, 40, 50))
    phantoms.write_volume(tmp_path / "ct", grid, phantoms.ramp((1.0, 2.0, -1.0), 10), slope=0.01, intercept=0)
    at = grid.at(0, 20, 20)
    off = [at[0] + 5, at[1], at[2]]
    circle, point, away = measured(
        capsys,
        tmp_path / "ct",
        [
            {"kind": "circle", "center": at, "radius": 5},
            {"kind": "point", "points": [at]},
            {"kind": "circle", "center": off, "radius": 5},
        ],
        status=1,
    )
    truth = 10 + at[0] + 2 * at[1] - at[2]
    assert circle["area_mm2"] == pytest.approx(25 * math.pi)
    assert circle["mean"] == pytest.approx(truth, abs=0.05)
    assert point["value"] == pytest.approx(truth, abs=0.01)
    assert "single image" in away["error"]


def test_suv_of_a_pet_phantom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    activity = 12_345.0
    phantoms.write_volume(
        tmp_path / "pt",
        Grid(size=(6, 16, 16)),
        phantoms.ramp((0, 0, 0), activity),
        slope=1.5,
        intercept=0,
        modality="PT",
        more=phantoms.as_pet(),
    )
    sphere = {"id": "s", "kind": "sphere", "center": CENTRE, "radius": 3}
    (plain,) = measured(capsys, tmp_path / "pt", [sphere])
    (suv,) = measured(capsys, tmp_path / "pt", [sphere], "--suv")
    assert (plain["unit"], plain["mean"]) == ("Bq/ml", activity)
    truth = activity * 70_000 / (370e6 * 2 ** (-3600 / 6586.2))
    assert suv["mean"] == pytest.approx(truth, rel=1e-6)
    assert suv["unit"] == "SUVbw"


def test_image_positions_know_whose_millimetres_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.full((40, 60), 7, np.uint16)
    line = {"id": 1, "kind": "length", "points": [[10, 5], [40, 5]]}
    cases: list[tuple[dict[str, Any], str, float, str]] = [
        ({"imager_spacing": (0.2, 0.2)}, "length_mm", 6.0, "detector"),
        ({"imager_spacing": (0.2, 0.2), "magnification": 1.25}, "length_mm", 4.8, "magnification"),
        ({"imager_spacing": (0.2, 0.2), "pixel_spacing": (0.15, 0.15)}, "length_mm", 4.5, "calibrated"),
        ({}, "length_px", 30.0, "none"),
    ]
    for n, (facts, field, truth, source) in enumerate(cases):
        path = phantoms.write_projection(tmp_path / f"{n}.dcm", pixels, modality="DX", **facts)
        (answer,) = measured(capsys, path, [line])
        assert (answer[field], answer["spacing"]) == (pytest.approx(truth), source)
    ultrasound = phantoms.write_ultrasound(
        tmp_path / "us.dcm", pixels.astype(np.uint8), [((0, 0, 29, 39), 0.01, 0.02), ((30, 0, 59, 39), 0.03, 0.03)]
    )
    inside, other, across = measured(
        capsys,
        ultrasound,
        [
            {"id": 1, "kind": "length", "points": [[5, 5], [15, 5]]},
            {"id": 2, "kind": "rectangle", "points": [[35, 5], [45, 15]]},
            {"id": 3, "kind": "length", "points": [[5, 5], [45, 5]]},
        ],
    )
    assert (inside["length_mm"], inside["spacing"]) == (pytest.approx(1.0), "region")
    assert other["area_mm2"] == pytest.approx(9.0)
    assert across["length_px"] == 40


def test_a_bad_shape_says_why_and_harms_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(size=(4, 16, 16)), phantoms.ramp((0, 0, 0), 0))
    shapes = [
        {"id": "ok", "kind": "length", "points": [[0, 0, 0], [0, 0, 1]]},
        {"id": "no kind"},
        "no shape",
        {"id": "unknown", "kind": "heptagram", "points": []},
        {"id": "few", "kind": "polygon", "points": [[0, 0, 0], [1, 0, 0]]},
        {"id": "text", "kind": "length", "points": [["a", 0, 0], [0, 0, 0]]},
        {"id": "endless", "kind": "length", "points": [[1e400, 0, 0], [0, 0, 0]]},
        {"id": "mixed", "kind": "length", "points": [[0, 0, 0], [0, 0]]},
        {"id": "bent", "kind": "polygon", "points": [[0, 0, 0], [9, 0, 0], [9, 9, 9], [0, 9, 0]]},
        {"id": "line", "kind": "polygon", "points": [[0, 0, 0], [1, 1, 1], [2, 2, 2]]},
        {"id": "flat", "kind": "angle", "points": [[1, 1, 1], [1, 1, 1], [2, 2, 2]]},
        {"id": "sphere", "kind": "sphere", "center": [0, 0, 0], "radius": -2},
        {"id": "seed", "kind": "region", "seed": [9999, 0, 0], "range": [0, 1]},
        {"id": "image", "kind": "length", "points": [[0, 0], [1, 1]], "image": 99},
        {"id": "series", "kind": "point", "points": [[12, -34, 56]], "series": "9.9"},
    ]
    answers = measured(capsys, tmp_path / "ct", shapes, status=1)
    assert answers[0]["length_mm"] == 1
    assert len(answers) == len(shapes)
    for answer in answers[1:]:
        assert answer["error"].endswith("."), answer


def test_a_name_of_an_image_or_series_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(size=(6, 16, 16)), phantoms.ball(CENTRE, 3, 60, -100))
    line = [[2, 2], [5, 6]]
    answers = measured(
        capsys,
        tmp_path / "ct",
        [
            *({"kind": "length", "points": line, "image": image} for image in ([1], 1.5, True, {"a": 1}, 6, "1.2.3")),
            {"kind": "sphere", "center": CENTRE, "radius": 2, "series": "another"},
            {"kind": "length", "points": line, "image": 5},
        ],
        status=1,
    )
    assert all("whole number from 0 or a SOP Instance UID" in answer["error"] for answer in answers[:4])
    assert "counted from 0" in answers[4]["error"] and "No image has the UID" in answers[5]["error"]
    assert "no series another" in answers[6]["error"]
    assert answers[7]["length_mm"] == pytest.approx(math.hypot(3 * 0.9, 4 * 0.7))

    assert main([str(tmp_path / "ct"), "--shapes", str(tmp_path / "shapes.json"), "--series", "another"]) == 2
    assert "no series another" in capsys.readouterr().err


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shapes = tmp_path / "s.json"
    shapes.write_text("[")
    assert main([str(tmp_path), "--shapes", str(shapes)]) == 2
    shapes.write_text("[]")
    assert main([str(tmp_path / "nothing"), "--shapes", str(shapes)]) == 2
    assert main([str(tmp_path), "--shapes", str(shapes)]) == 2  # the folder holds no image
    said = capsys.readouterr().err
    assert "cannot be read as shapes" in said
    assert "is neither a file nor a folder nor the UID of a study" in said


def test_many_spellings_mean_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = Grid(size=(20, 64, 64))
    phantoms.write_volume(tmp_path / "ct", grid, phantoms.ball(CENTRE, 15, 60, -100))
    at = grid.at(10, 30, 31)
    x, y, z = at
    arms = [[x + 30, y, z], [x + 30, y + 40, z]]
    angle = math.degrees(math.atan2(4, 3))
    angles = [
        {"type": "angle", "vertex": at, "arms": arms},
        {"type": "angle", "center": at, "p1": arms[0], "p2": arms[1]},
        {"type": "angle", "points": [arms[0], at, arms[1]]},
    ]
    ellipses = [
        {"type": "ellipse", "center": at, "rx": 9, "ry": 6},
        {"type": "ellipse", "center": at, "a": 9, "b": 6},
        {"type": "ellipse", "center": at, "radius": [9, 6]},
        {"type": "ellipse", "center": at, "axis1": [9, 0, 0], "axis2": [0, 6, 0]},
    ]
    rectangles = [
        {"type": "rectangle", "corner": at, "width": 7, "height": 5},
        {"type": "rectangle", "min": at, "max": [x + 7, y + 5, z]},
        {"type": "rectangle", "center": [x + 3.5, y + 2.5, z], "size": [7, 5]},
    ]
    solids = [
        {"type": "box", "corner": at, "size": [2, 3, 4]},
        {"type": "cylinder", "center": at, "axis": [0, 0, 2], "height": 8, "radius": 3},
        {"type": "cylinder", "points": [[x, y, z - 4], [x, y, z + 4]], "diameter": 6},
    ]
    answers = measured(capsys, tmp_path / "ct", [*angles, *ellipses, *rectangles, *solids])
    assert [a["angle_deg"] for a in answers[:3]] == pytest.approx([angle] * 3)
    assert [a["area_mm2"] for a in answers[3:7]] == pytest.approx([54 * math.pi] * 4)
    assert len({(a["count"], a["mean"]) for a in answers[3:7]}) == 1
    assert [a["area_mm2"] for a in answers[7:10]] == pytest.approx([35] * 3)
    assert len({(a["count"], a["mean"]) for a in answers[7:10]}) == 1
    assert [a["volume_mm3"] for a in answers[10:]] == pytest.approx([24, 72 * math.pi, 72 * math.pi])
    assert answers[11]["mean"] == answers[12]["mean"] == 60


def test_the_example_of_the_help_works_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(size=(4, 16, 16)), phantoms.ball(CENTRE, 15, 60, -100))
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out.partition("echo '")[2].partition("'")[0]
    length, sphere = measured(capsys, tmp_path / "ct", json.loads(shown))
    assert length["length_mm"] == 50
    assert sphere["volume_mm3"] == pytest.approx(4 / 3 * math.pi * 1000)

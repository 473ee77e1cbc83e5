"""`mingjing render` against formulas: a field that is linear in the patient is known at every place of any plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from mingjing.render import main
from tests import phantoms
from tests.clients.viewer.viewer_builders import write_series
from tests.phantoms import Grid

SLOPE = 0.02
CENTRE = np.array((12.0, -34.0, 56.0))


def field(places: Any) -> Any:
    """Linear in the patient's coordinates, so trilinear sampling is exact but for the rounding of stored values."""
    return (np.asarray(places) - CENTRE) @ np.array([1.5, -0.7, 2.2])


def three(values: Any) -> str:
    return ",".join(f"{v:.9f}" for v in values)


def plane(tmp_path: Path, source: Path, *more: str, spacing: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """The picture of an oblique plane and the places of its pixels."""
    axes, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))
    size = (50, 40)
    first = CENTRE - axes[0] * spacing * (size[0] - 1) / 2 - axes[1] * spacing * (size[1] - 1) / 2
    out = tmp_path / "plane.npy"
    words = ["--origin", three(first), "--row", three(axes[0]), "--column", three(axes[1])]
    assert main([
        str(source), "--view", "plane", *words, "--spacing", str(spacing), "--size", "50,40", "--out", str(out), *more,
    ]) == 0  # fmt: skip
    rows, columns = np.mgrid[: size[1], : size[0]]
    places = first + (columns[..., None] * axes[0] + rows[..., None] * axes[1]) * spacing
    return np.load(out), places


GRIDS = {
    "axial": Grid(),
    "reversed": Grid(reverse=True),
    "tilted": Grid(tilt_deg=18.0),
    "coronal, reversed, tilted": Grid("coronal", tilt_deg=-12.0, reverse=True),
    "oblique": Grid("oblique", spacing=(1.1, 0.6), step_mm=2.0),
    "with holes": Grid(missing=(10, 11, 30)),
}


@pytest.mark.parametrize("name", GRIDS)
def test_a_plane_is_exact_in_every_kind_of_series(name: str, tmp_path: Path) -> None:
    phantoms.write_volume(tmp_path / "ct", GRIDS[name], field, slope=SLOPE, intercept=0.0)
    picture, places = plane(tmp_path, tmp_path / "ct")
    assert picture.dtype == np.float32 and picture.shape == (40, 50)
    there = np.isfinite(picture)
    assert there.sum() > 800
    assert np.abs(picture - field(places))[there].max() <= SLOPE / 2 + 1e-4


def test_slopes_of_their_own_and_suv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """PET: each slice has its own slope; the dose has decayed for one half-life when the scan begins."""

    def pet(ds: Dataset) -> None:
        ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
        ds.PatientWeight = 70.0
        isotope = Dataset()
        isotope.RadionuclideTotalDose, isotope.RadionuclideHalfLife = 350e6, 3600.0
        isotope.RadiopharmaceuticalStartTime = "090000"
        ds.RadiopharmaceuticalInformationSequence = [isotope]

    phantoms.write_volume(tmp_path / "pt", Grid(), field, slope=SLOPE, intercept=0.0, modality="PT", more=pet)
    for n, path in enumerate(sorted((tmp_path / "pt").iterdir())):
        ds = pydicom.dcmread(path)
        slope = 0.01 * (1 + n % 7)
        ds.RescaleSlope = f"{slope:.4f}"
        phantoms.put_pixels(ds, np.rint(ds.pixel_array * (SLOPE / slope)).astype(np.int16))
        ds.save_as(path)
    picture, places = plane(tmp_path, tmp_path / "pt")
    there = np.isfinite(picture)
    assert np.abs(picture - field(places))[there].max() < 0.05
    suv, _ = plane(tmp_path, tmp_path / "pt", "--suv")
    assert "SUV" in capsys.readouterr().out
    np.testing.assert_allclose(suv[there], picture[there] * 70_000 / 175e6, rtol=1e-5, atol=1e-9)


def test_suv_of_a_ct_is_refused_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_series(tmp_path / "ct", 3)
    out = tmp_path / "x.npy"
    assert main([str(tmp_path / "ct"), "--view", "frame", "--suv", "--out", str(out)]) == 1
    assert "no SUV: the series is no PET" in capsys.readouterr().err
    assert not out.exists()


def test_a_slab_takes_whole_slices(tmp_path: Path) -> None:
    grid = Grid(size=(9, 16, 12), step_mm=2.0)
    rng = np.random.default_rng(2)
    noise = {n: rng.integers(0, 1000, (16, 12)) for n in range(9)}
    order = iter(range(9))
    held = phantoms.write_volume(tmp_path / "ct", grid, lambda _places: noise[next(order)], intercept=0.0)
    out = tmp_path / "slab.npy"
    words = ["--origin", three(grid.origin(4)), "--row", "1,0,0", "--column", "0,1,0", "--spacing", "0.9"]
    common = [str(tmp_path / "ct"), "--view", "slab", *words, "--size", "12,1", "--thickness", "8", "--out", str(out)]
    for projection, joined in (("max", held[2:7].max(0)), ("min", held[2:7].min(0))):
        assert main([*common, "--projection", projection]) == 0
        assert np.array_equal(np.load(out)[0], joined[0])
    assert main([*common, "--projection", "mean"]) == 0
    weights = np.array([0.5, 1, 1, 1, 0.5]) / 4
    np.testing.assert_allclose(np.load(out)[0], np.tensordot(weights, held[2:7], 1)[0], rtol=1e-5)


def test_frames_are_counted_from_0_and_keep_their_values(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", 5)
    out = tmp_path / "frame.npy"
    for n in (0, 4):
        assert main([str(tmp_path / "ct"), "--view", "frame", "--index", str(n), "--out", str(out)]) == 0
        ds = pydicom.dcmread(tmp_path / "ct" / f"1-{n:04d}.dcm")
        frame = np.load(out)
        assert frame.dtype == np.float32
        assert np.array_equal(frame, ds.pixel_array.astype(np.float32) - 1024)


def test_a_picture_has_the_window_that_was_asked_for(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", 3)
    out = tmp_path / "frame.png"
    assert main([str(tmp_path / "ct"), "--view", "frame", "--window", "400,40", "--out", str(out)]) == 0
    grey = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert grey.shape == (64, 64)
    assert (grey[32, 32], grey[60, 1]) == (128, 0)  # 40 HU is the middle of the window, -1000 black


def test_colour_frames_have_three_values(tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    source = get_testdata_file("SC_rgb_rle_2frame.dcm")
    assert source is not None
    out = tmp_path / "colour.npy"
    assert main([source, "--view", "frame", "--index", "1", "--out", str(out)]) == 0
    frame = np.load(out)
    assert frame.ndim == 3 and frame.shape[2] == 3 and frame.dtype == np.float32
    assert np.array_equal(frame, pydicom.dcmread(source).pixel_array[1].astype(np.float32))
    assert main([source, "--view", "frame", "--out", str(tmp_path / "colour.png")]) == 0


def test_a_straight_curve_is_a_plane(tmp_path: Path) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(), field, slope=SLOPE, intercept=0.0)
    points, out = tmp_path / "points.txt", tmp_path / "cpr.npy"
    ends = CENTRE + np.array([[0, 0, -15.0], [0, 0, 15.0]])
    points.write_text("# two points\n" + "\n".join(three(end) for end in ends) + "\n", encoding="utf-8")
    common = [str(tmp_path / "ct"), "--view", "cpr", "--points", str(points), "--spacing", "0.5", "--out", str(out)]
    for angle, across in (("0", (1, 0, 0)), ("90", (0, 1, 0))):
        for mode in ("straight", "stretched"):
            assert main([*common, "--width", "20", "--angle", angle, "--mode", mode]) == 0
            picture = np.load(out)
            assert picture.shape == (61, 41)
            rows, columns = np.mgrid[:61, :41]
            places = ends[0] + rows[..., None] * (0, 0, 0.5) + (columns[..., None] - 20) * 0.5 * np.array(across)
            assert np.abs(picture - field(places)).max() <= SLOPE / 2 + 1e-4
    assert main([*common, "--size", "30,80"]) == 0
    picture = np.load(out)
    assert picture.shape == (80, 30) and np.isnan(picture[61:]).all() and np.isfinite(picture[:61]).all()


def test_a_curved_slab_finds_its_extremes(tmp_path: Path) -> None:
    """One bright voxel half a voxel off the curve: samples half a voxel apart would miss some of it."""
    grid = Grid(size=(20, 30, 30), spacing=(1.0, 1.0), step_mm=1.0)
    stack = np.zeros((20, 30, 30))
    stack[10, 15, 15] = 1000
    order = iter(range(20))
    phantoms.write_volume(tmp_path / "ct", grid, lambda _places: stack[next(order)], intercept=0.0)
    bright = grid.origin(10) + 15 * grid.row + 15 * grid.column
    points, out = tmp_path / "points.txt", tmp_path / "cpr.npy"
    ends = bright + 0.4 * grid.column + np.array([[0, 0, -5.0], [0, 0, 5.0]])
    points.write_text("\n".join(three(end) for end in ends), encoding="utf-8")
    common = ["--points", str(points), "--spacing", "1", "--size", "1,11", "--out", str(out), "--thickness", "3.1"]

    assert main([str(tmp_path / "ct"), "--view", "cpr", *common]) == 0

    assert np.load(out)[5, 0] > 960


def test_a_picture_of_the_volume_is_an_array_of_colours(tmp_path: Path) -> None:
    phantoms.write_volume(tmp_path / "ct", Grid(size=(12, 20, 20)), field)
    out = tmp_path / "vr.npy"

    assert main([str(tmp_path / "ct"), "--view", "vr", "--size", "40,30", "--out", str(out)]) == 0

    assert np.load(out).shape == (30, 40, 3) and np.load(out).dtype == np.float32


def test_of_several_series_the_one_shown_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_series(tmp_path / "ct" / "a", 3)
    small = tmp_path / "ct" / "b"
    write_series(small, 2)
    for path in small.iterdir():
        ds = pydicom.dcmread(path)
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SOPInstanceUID = "1.2.9.9", 77, f"{ds.SOPInstanceUID}.9"
        ds.save_as(path)
    common = [str(tmp_path / "ct"), "--view", "frame", "--out", str(tmp_path / "x.npy")]

    assert main(common) == 0
    assert "3 images) of 2 series; --series takes another" in capsys.readouterr().err
    assert main([*common, "--series", "77"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--view", "plane"], "needs --origin"),
        (["--view", "slab", "--origin", "0,0,0", "--row", "1,0,0", "--column", "0,1,0", "--spacing", "1", "--size",
          "4,4"], "--thickness"),
        (["--view", "plane", "--origin", "-1,0,0", "--row", "1,0,0", "--column", "1,0,0", "--spacing", "1", "--size",
          "4,4"], "perpendicular"),
        (["--view", "cpr"], "--points"),
        (["--view", "cpr", "--points", "POINTS", "--size", "10,-4"], "rows"),
        (["--view", "cpr", "--points", "POINTS", "--size", "0,10"], "columns"),
        (["--view", "cpr", "--points", "POINTS", "--thickness", "-1"], "thickness"),
        (["--view", "cpr", "--points", "/nowhere"], "cannot be read"),
        (["--view", "frame", "--index", "7"], "Frame 7"),
        (["--view", "frame", "--series", "9"], "no series 9"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path / "ct", 3)
    points = tmp_path / "points.txt"
    points.write_text("0,0,0\n1,1,9\n", encoding="utf-8")
    words = [str(points) if word == "POINTS" else word for word in words]
    assert main([str(tmp_path / "ct"), *words, "--out", str(tmp_path / "x.npy")]) == 1
    assert sentence in capsys.readouterr().err


def test_sources_without_images_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--view", "frame", "--out", str(tmp_path / "x.npy")]
    assert main([str(tmp_path), *out]) == 1
    assert main([str(tmp_path / "nothing"), *out]) == 1
    assert main(["", *out]) == 1  # not the folder one stands in
    assert main([str(tmp_path), "--view", "frame", "--out", "x.gif"]) == 2
    assert "no DICOM image" in capsys.readouterr().err
    write_series(tmp_path, 1)
    words = ["--view", "plane", "--origin", "0,0,0", "--row", "1,0,0", "--column", "0,1,0", "--spacing", "1"]
    assert main([str(tmp_path), *words, "--size", "4,4", "--out", str(tmp_path / "x.npy")]) == 1
    assert "holds no volume" in capsys.readouterr().err

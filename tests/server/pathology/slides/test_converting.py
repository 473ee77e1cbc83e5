"""Scanners' slide files become DICOM whole-slide objects: seen by OpenSlide, dciodvfy and our own viewer alike."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import openslide
import pydicom
import pytest

from server.pathology.slides import converting
from server.pathology.slides.converting import ConversionFailed, SlideMade, SlideOrder, convert
from shared.dicomkit import uids
from shared.imaging.slides import level_of, slide_of
from tests.server.pathology.slides.slide_files import SIDE, write_svs


def an_order(source: Path, target: Path, **changes: object) -> SlideOrder:
    target.mkdir()
    told: dict[str, object] = {
        "source": str(source),
        "target": str(target),
        "patient_id": "P1",
        "patient_name": "Li^Lan=李^兰",
        "sex": "F",
        "study_uid": uids.new_uid(),
        "series_uid": uids.new_uid(),
        "specimen": "2400123-A-01",
        "specimen_uid": uids.new_uid(),
        "stain": "HE",
        "made_at": "2026-11-22T10:00:00",
    }
    return SlideOrder(**{**told, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SlideMade, list[tuple[int, int]]]:
    folder = tmp_path_factory.mktemp("slide")
    write_svs(folder / "a.svs")
    told: list[tuple[int, int]] = []
    return folder / "a.svs", convert(an_order(folder / "a.svs", folder / "out"), lambda *at: told.append(at)), told


def test_stored_tiles_are_kept_and_every_pixel_is_the_scanner_s(
    made: tuple[Path, SlideMade, list[tuple[int, int]]],
) -> None:
    source, result, told = made
    assert (result.kept_tiles, result.made_tiles) == (36 + 4, 0)
    assert (result.columns, result.rows, result.mpp, result.objective) == (SIDE, SIDE, 0.499, 20.0)
    assert told[-1][0] == told[-1][1] == 40
    with openslide.OpenSlide(source) as theirs, openslide.OpenSlide(result.files[0]) as ours:
        assert ours.level_dimensions == theirs.level_dimensions
        assert float(ours.properties["openslide.mpp-x"]) == pytest.approx(0.499)
        for level, size in enumerate(theirs.level_dimensions):
            seen = [np.asarray(one.read_region((0, 0), level, size), np.int16)[..., :3] for one in (theirs, ours)]
            assert np.abs(seen[0] - seen[1]).max() <= 2  # two decoders of one stream round in their own ways


def test_the_viewer_s_own_reader_understands_the_objects(
    made: tuple[Path, SlideMade, list[tuple[int, int]]],
) -> None:
    read = [pydicom.dcmread(path) for path in made[1].files]
    slide = slide_of([level_of(one, str(one.file_meta.TransferSyntaxUID)) for one in read])
    assert [(one.columns, one.rows) for one in slide.levels] == [(SIDE, SIDE), (350, 350)]
    assert slide.levels[0].micrometres == pytest.approx((0.499, 0.499))
    assert slide.levels[1].micrometres == pytest.approx((1.996, 1.996))
    assert slide.levels[0].grid == (6, 6) and len(slide.levels[0].tiles) == 36
    assert {str(one.PatientName) for one in read} == {"Li^Lan=李^兰"}
    assert {one.SpecimenDescriptionSequence[0].SpecimenIdentifier for one in read} == {"2400123-A-01"}
    assert len({one.SOPInstanceUID for one in read}) == 2 and len({one.FrameOfReferenceUID for one in read}) == 1


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dciodvfy_finds_no_error(made: tuple[Path, SlideMade, list[tuple[int, int]]]) -> None:
    for path in made[1].files:
        said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False, timeout=60).stderr
        assert not [line for line in said.splitlines() if line.startswith("Error")], said


def test_tiles_that_are_no_jpeg_are_encoded_anew(tmp_path: Path) -> None:
    values = write_svs(tmp_path / "b.svs", compression="deflate")
    result = convert(an_order(tmp_path / "b.svs", tmp_path / "out"), lambda *_: None)
    assert (result.kept_tiles, result.made_tiles) == (0, 9 + 1)
    with openslide.OpenSlide(result.files[0]) as ours:
        seen = np.asarray(ours.read_region((0, 0), 0, (SIDE, SIDE)), np.int16)[..., :3]
    assert np.abs(seen - values).mean() < 2


def test_a_scale_that_the_file_lacks_must_be_given(tmp_path: Path) -> None:
    write_svs(tmp_path / "c.svs", mpp="")
    with pytest.raises(ConversionFailed, match="micrometres per pixel"):
        convert(an_order(tmp_path / "c.svs", tmp_path / "none"), lambda *_: None)
    assert not list((tmp_path / "none").iterdir())
    assert convert(an_order(tmp_path / "c.svs", tmp_path / "out", mpp=0.25), lambda *_: None).mpp == 0.25


@pytest.mark.parametrize("cut", [0, 100, 5_000, 60_000])
def test_damaged_files_are_refused_with_a_sentence(tmp_path: Path, cut: int) -> None:
    write_svs(tmp_path / "whole.svs")
    (tmp_path / "cut.svs").write_bytes((tmp_path / "whole.svs").read_bytes()[:cut])
    with pytest.raises(ConversionFailed, match=r"cut\.svs|damaged"):
        convert(an_order(tmp_path / "cut.svs", tmp_path / "out"), lambda *_: None)


def test_a_reader_that_dies_is_told_as_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_svs(tmp_path / "a.svs")
    monkeypatch.setattr(converting, "COMMAND", (sys.executable, "-c", "import os; os.abort()"))
    with pytest.raises(ConversionFailed, match="damaged"):
        convert(an_order(tmp_path / "a.svs", tmp_path / "out"), lambda *_: None)

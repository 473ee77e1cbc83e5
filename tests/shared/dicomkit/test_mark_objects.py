"""Marks as GSPS and SR: outside validators find nothing, outside readers read back what was drawn."""

from __future__ import annotations

import datetime as dt
import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from shared.contract.marks import MarkFigure, MarkPlane, ShownImage, StoredMark
from shared.dicomkit import headers, synthetic
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.marks import ImageFacts, MarksOfAuthor, graphics_of, marks_in, objects_of
from shared.dicomkit.presentation_state import cielab, graphics_in
from shared.dicomkit.uids import new_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
NOW = dt.datetime(2026, 11, 22, 9, 30)
STUDY = StudyFacts(new_uid(), "A1", "1", dt.datetime(2026, 11, 22, 8, 0), "Abdomen")
PATIENT = PatientFacts("P1", "Zhang^San=张^三", dt.date(1970, 1, 1), "M")
IMAGE = ImageFacts(
    InstanceReference(STUDY.study_uid, new_uid(), CT, new_uid()),
    512,
    512,
    rescale=(1.0, -1024.0, "HU"),
    spacing=(0.7, 0.7),
    modality="CT",
)
SOP = IMAGE.reference.sop_uid


def a_mark(kind: str, *points: tuple[float, float], **facts: object) -> StoredMark:
    return StoredMark(uid=new_uid(), kind=kind, points=points, sop_instance_uid=SOP, name=f"{kind} 1", **facts)  # type: ignore[arg-type]


def figures(*pairs: tuple[str, float, str]) -> tuple[MarkFigure, ...]:
    return tuple(MarkFigure(what=what, value=value, unit=unit) for what, value, unit in pairs)


REGION = figures(
    ("area", 310.5, "mm²"), ("mean", 42.5, "HU"), ("sd", 8.25, "HU"), ("minimum", 12.0, "HU"), ("maximum", 80.0, "HU")
)
MARKS = (
    a_mark("length", (10.0, 20.0), (110.5, 20.25), lines=("70.4 mm",), figures=figures(("length", 70.35, "mm"))),
    a_mark("angle", (5.0, 5.0), (10.0, 5.0), (10.0, 1.0), lines=("90.0°",), figures=figures(("angle", 90.0, "°"))),
    a_mark("cobb", (0.0, 0.0), (9.0, 0.0), (0.0, 9.0), (9.0, 12.0), figures=figures(("angle", 18.4, "°"))),
    a_mark("rectangle", (30.0, 30.0), (60.0, 50.0), lines=("面积 310.5 mm²",), figures=REGION),
    a_mark("ellipse", (30.0, 30.0), (60.0, 80.0), figures=REGION, colour="#f0716b"),
    a_mark("brush", (1.25, 1.0), (20.0, 1.0), (20.0, 14.5), (6.0, 18.0), figures=REGION),
    a_mark("pixel", (100.0, 101.0), lines=("37 HU",), figures=figures(("value", 37.0, "HU"))),
    a_mark("curve", *((float(n), 5 * math.sin(n)) for n in range(1, 40))),
    a_mark("arrow", (200.0, 200.0), (150.0, 120.0), text="病灶", font_px=20),
    a_mark("text", (300.0, 310.0), text="第一行\n第二行 <b> & ≥ 5 mm", colour="#f2d45c"),
)
SHOWN = ShownImage(
    sop_instance_uid=SOP,
    window_centre=40,
    window_width=400,
    rotation=90,
    flipped=True,
    left=11,
    top=21,
    right=400,
    bottom=500,
)


def made(*marks: StoredMark, shown: tuple[ShownImage, ...] = (SHOWN,), image: ImageFacts = IMAGE) -> list[Dataset]:
    said = MarksOfAuthor(marks, shown, "Li^Si=李^四", "7", 3)
    return objects_of(PATIENT, STUDY, {SOP: image}, said, made_at=NOW)


def by_outsiders(objects: list[Dataset], folder: Path) -> list[Path]:
    """Write the objects; dciodvfy must say nothing of errors, dcmdump must read all of them."""
    paths = [headers.write(one, folder / f"{n}.dcm") for n, one in enumerate(objects)]
    for path in paths:
        if shutil.which("dcmdump"):
            subprocess.run(["dcmdump", "-q", str(path)], check=True, capture_output=True)
        if shutil.which("dciodvfy"):
            said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False).stderr
            assert "Error" not in said, said
    return paths


def test_all_kinds_of_marks_are_valid_objects_and_come_back_as_they_were(tmp_path: Path) -> None:
    objects = made(*MARKS)
    state, report = (pydicom.dcmread(path) for path in by_outsiders(objects, tmp_path))
    assert (state.Modality, report.Modality) == ("PR", "SR")
    assert marks_in(state) == MARKS
    assert marks_in(report) == MARKS


def test_standard_content_alone_shows_every_mark_where_it_is(tmp_path: Path) -> None:
    (path, _) = by_outsiders(made(*MARKS), tmp_path)
    read = {one.tracking_uid: one for one in graphics_in(pydicom.dcmread(path)) if one.tracking_uid}
    texts = [one.words for one in graphics_in(pydicom.dcmread(path)) if not one.graphics]
    for mark in MARKS:
        if mark.kind == "text":
            assert mark.text in texts
            continue
        found = read[mark.uid]
        assert found.sop_uids == (SOP,)
        for (kind, points), (wanted_kind, wanted) in zip(found.graphics, graphics_of(mark), strict=True):
            assert kind == wanted_kind
            assert np.allclose(points, wanted, atol=1e-4)
        assert found.words == (mark.text or "\n".join(mark.lines))


def test_the_view_of_the_reader_is_kept(tmp_path: Path) -> None:
    state = made(*MARKS)[0]
    assert (state.ImageRotation, state.ImageHorizontalFlip, state.PresentationLUTShape) == (90, "Y", "IDENTITY")
    area = state.DisplayedAreaSelectionSequence[0]
    assert list(area.DisplayedAreaTopLeftHandCorner) == [11, 21]
    assert list(area.DisplayedAreaBottomRightHandCorner) == [400, 500]
    window = state.SoftcopyVOILUTSequence[0]
    assert (window.WindowCenter, window.WindowWidth) == (40, 400)
    assert (state.RescaleIntercept, state.RescaleType) == (-1024, "HU")
    assert state.ContentCreatorName == "Li^Si=李^四"


def test_highdicom_reads_the_report_as_tid_1500() -> None:
    report = made(*MARKS)[-1]
    read = highdicom.sr.ComprehensiveSR.from_dataset(report)
    content = read.content
    regions = content.get_planar_roi_measurement_groups()
    assert {group.tracking_uid for group in regions} == {
        m.uid for m in MARKS if m.kind in ("rectangle", "ellipse", "brush")
    }
    for group in regions:
        values = {
            (n.name.meaning, n.derivation.meaning if n.derivation else ""): n.value for n in group.get_measurements()
        }
        assert values["Area", ""] == 310.5
        assert values["Attenuation Coefficient", "Mean"] == 42.5
        assert values["Attenuation Coefficient", "Standard Deviation"] == 8.25
    groups = {group.tracking_uid: group for group in content.get_image_measurement_groups()}
    length = groups[MARKS[0].uid].get_measurements()[0]
    assert (length.value, length.unit.value) == (70.35, "mm")


def test_dsrdump_shows_the_tree(tmp_path: Path) -> None:
    if shutil.which("dsrdump") is None:
        pytest.skip("dcmtk is not installed")
    path = headers.write(made(*MARKS)[-1], tmp_path / "sr.dcm")
    said = subprocess.run(["dsrdump", "-q", str(path)], capture_output=True, text=True, check=True).stdout
    assert said.count("Measurement Group") == len(MARKS)
    assert "70.35" in said


def test_marks_in_space_become_a_three_dimensional_report(tmp_path: Path) -> None:
    plane = MarkPlane(
        frame_of_reference_uid=new_uid(),
        origin=(10.0, 20.0, 30.0),
        row=(0.0, 1.0, 0.0),
        column=(0.0, 0.0, -1.0),
        row_spacing_mm=0.5,
        column_spacing_mm=2.0,
    )
    mark = replace_plane(MARKS[0], plane)
    region = replace_plane(MARKS[3], plane)
    objects = made(mark, region, shown=())
    by_outsiders(objects, tmp_path)
    report = objects[-1]
    assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    group = report.ContentSequence[-1].ContentSequence[0]
    place = group.ContentSequence[2].ContentSequence[0]
    assert place.ValueType == "SCOORD3D"
    assert place.ReferencedFrameOfReferenceUID == plane.frame_of_reference_uid
    assert list(place.GraphicData) == [10, 20 + 10 * 2, 30 - 20 * 0.5, 10, 20 + 110.5 * 2, 30 - 20.25 * 0.5]
    assert marks_in(report) == (mark, region)


def replace_plane(mark: StoredMark, plane: MarkPlane) -> StoredMark:
    import msgspec

    return msgspec.structs.replace(mark, sop_instance_uid="", plane=plane)


def test_a_frame_of_a_multi_frame_image_is_named(tmp_path: Path) -> None:
    import msgspec

    mark = msgspec.structs.replace(MARKS[0], frame=6)
    enhanced = replace(IMAGE.reference, sop_class_uid="1.2.840.10008.5.1.4.1.1.2.1")
    state, report = made(mark, shown=(), image=replace(IMAGE, reference=enhanced, frames=12))
    by_outsiders([state, report], tmp_path)
    assert state.GraphicAnnotationSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber == 7
    assert graphics_in(state)[0].frames == (7,)


def test_images_that_are_shown_differently_get_states_of_their_own(tmp_path: Path) -> None:
    other = replace(IMAGE, reference=replace(IMAGE.reference, sop_uid=new_uid()), rescale=(2.0, 0.0, ""))
    import msgspec

    marks = (MARKS[0], msgspec.structs.replace(MARKS[1], sop_instance_uid=other.reference.sop_uid))
    said = MarksOfAuthor(marks, (SHOWN,), "Li^Si", "7", 1)
    objects = objects_of(PATIENT, STUDY, {SOP: IMAGE, other.reference.sop_uid: other}, said, made_at=NOW)
    by_outsiders(objects, tmp_path)
    assert [one.Modality for one in objects] == ["PR", "PR", "SR"]
    assert [len(one.GraphicAnnotationSequence) for one in objects[:2]] == [1, 1]
    assert len({one.SOPInstanceUID for one in objects}) == 3


def test_colour_images_get_a_colour_state(tmp_path: Path) -> None:
    objects = made(MARKS[0], image=replace(IMAGE, is_colour=True, rescale=None))
    by_outsiders(objects, tmp_path)
    assert objects[0].SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.2"
    assert b"acsp" in objects[0].ICCProfile[:64]


def test_without_marks_an_empty_state_says_that_they_are_gone(tmp_path: Path) -> None:
    (state,) = made(shown=())
    by_outsiders([state], tmp_path)
    assert "GraphicAnnotationSequence" not in state


def test_the_same_version_makes_the_same_objects() -> None:
    assert [one.SOPInstanceUID for one in made(*MARKS)] == [one.SOPInstanceUID for one in made(*MARKS)]


def test_objects_of_others_and_damaged_ones_hold_no_marks() -> None:
    state = made(*MARKS)[0]
    state.private_block(0x0071, "MINGJING MARKS 1")[0x01].value = '{"marks": [{"uid": 5}, 7'
    assert marks_in(state) == ()
    assert marks_in(Dataset()) == ()


def test_colours_are_those_of_the_profile_connection_space() -> None:
    white, black = cielab("#ffffff"), cielab("#000000")
    assert white[0] == 65535 and black[0] == 0
    middle = 128 / 255 * 65535
    assert white[1:] == pytest.approx([middle, middle], abs=40)
    red = cielab("#ff0000")  # L* 54.3, a* 80.8, b* 69.9 at D50
    assert red[0] / 65535 * 100 == pytest.approx(54.3, abs=0.1)
    assert red[1] / 65535 * 255 - 128 == pytest.approx(80.8, abs=0.2)


@pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmtk is not installed")
@pytest.mark.parametrize(("turn", "flipped"), [(0, False), (90, False), (180, True), (270, True)])
def test_another_viewer_shows_the_image_as_the_state_says(turn: int, flipped: bool, tmp_path: Path) -> None:
    """dcmtk applies our presentation state: the same turn and flip, grey values within one level."""
    from PIL import Image

    from shared.imaging.lut import Window, grey_of

    (path,) = synthetic.ct_series(tmp_path / "ct", 1, 64)
    ds = pydicom.dcmread(path)
    reference = InstanceReference(str(ds.StudyInstanceUID), str(ds.SeriesInstanceUID), CT, str(ds.SOPInstanceUID))
    slope, intercept = float(ds.RescaleSlope), float(ds.RescaleIntercept)
    image = ImageFacts(reference, 64, 64, rescale=(slope, intercept, "HU"), modality="CT")
    import msgspec

    mark = msgspec.structs.replace(MARKS[0], sop_instance_uid=reference.sop_uid)
    view = ShownImage(
        sop_instance_uid=reference.sop_uid, window_centre=-500, window_width=1500, rotation=turn, flipped=flipped
    )
    said = MarksOfAuthor((mark,), (view,), "Li^Si", "7", 1)
    state = objects_of(
        PATIENT, replace(STUDY, study_uid=reference.study_uid), {reference.sop_uid: image}, said, made_at=NOW
    )[0]
    headers.write(state, tmp_path / "pr.dcm")
    command = ["dcmp2pgm", "-v", "-p", str(tmp_path / "pr.dcm"), str(path), str(tmp_path / "out.pgm")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "points=2 type=polyline" in told.stdout + told.stderr
    with Image.open(tmp_path / "out.pgm") as picture:
        shown = np.asarray(picture).astype(int)
    wanted = np.rot90(grey_of(ds.pixel_array * slope + intercept, Window(-500, 1500)).astype(int), -turn // 90)
    if flipped:
        wanted = wanted[:, ::-1]
    assert np.abs(shown - wanted).max() <= 1

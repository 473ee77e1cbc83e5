"""Local files: what is no image is told of too, and what cannot be shown says why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom.data
import pytest

from clients.viewer.loading import SourceFailed
from clients.viewer.local_files import LocalFiles
from clients.viewer.objects.registry import Kind, class_name, kind_of
from clients.viewer.study import stacks_of
from shared.imaging.suv import SuvKind
from tests.clients.viewer.objects.object_builders import a_key_object, a_presentation_state, a_segmentation, item, saved
from tests.clients.viewer.viewer_builders import ROOT, write_series


@pytest.mark.parametrize(
    ("uid", "kind"),
    [
        ("1.2.840.10008.5.1.4.1.1.104.1", Kind.PDF),
        ("1.2.840.10008.5.1.4.1.1.88.33", Kind.REPORT),
        ("1.2.840.10008.5.1.4.1.1.88.59", Kind.KEY_OBJECTS),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", Kind.WAVEFORM),
        ("1.2.840.10008.5.1.4.1.1.11.2", Kind.PRESENTATION),
        ("1.2.840.10008.5.1.4.1.1.481.8", Kind.PLAN),
        ("1.2.840.10008.5.1.4.1.1.2", Kind.OTHER),
    ],
)
def test_the_registry_knows_how_to_show(uid: str, kind: Kind) -> None:
    assert kind_of(uid) is kind
    assert class_name("1.2.840.10008.5.1.4.1.1.104.1") == "Encapsulated PDF"


def test_objects_stand_beside_the_images_of_their_study(tmp_path: Path) -> None:
    write_series(tmp_path, 3, side=16)
    a_segmentation(tmp_path / "seg.dcm", 16, 3)
    a_presentation_state(tmp_path / "pr.dcm")
    a_key_object(tmp_path / "ko.dcm")

    (study,) = LocalFiles([tmp_path]).studies()

    assert sorted(kind_of(one.sop_class_uid).value for one in study.objects) == [
        "key objects", "presentation", "segmentation",
    ]  # fmt: skip
    # The segmentation can be looked at by itself too, but it comes last.
    assert [stack.series.modality for stack in stacks_of(study)] == ["CT", "SEG"]


def test_files_that_cannot_be_shown_say_why_and_harm_no_other(tmp_path: Path) -> None:
    write_series(tmp_path, 2, side=16)
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "1-0000.dcm").read_bytes()[:200])
    (tmp_path / "notes.txt").write_text("no image")
    saved(
        tmp_path / "empty.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.2", SOPInstanceUID="1.2.3", BitsAllocated=16,
        PixelRepresentation=0, PixelData=b"\0\0",
    )  # fmt: skip

    source = LocalFiles([tmp_path])
    (study,) = source.studies()

    assert len(study.series[0].images) == 2
    assert sorted(path.name for path, _ in source.refused) == ["cut.dcm", "empty.dcm"]
    assert all(why for _, why in source.refused) and source.foreign == 1


def test_a_single_file_that_cannot_be_shown_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM")

    with pytest.raises(SourceFailed, match=r"cut\.dcm"):
        LocalFiles([tmp_path]).studies()


def test_two_files_of_one_uid_are_both_shown_and_a_copy_once(tmp_path: Path) -> None:
    first, second = write_series(tmp_path / "a", 1, side=16), write_series(tmp_path / "b", 1, side=24)
    shutil.copy(first[0], tmp_path / "copy.dcm")

    source = LocalFiles([tmp_path])
    (study,) = source.studies()
    stacks = stacks_of(study)

    assert sorted(stack.shape for stack in stacks) == [(16, 16), (24, 24)]
    for stack in stacks:
        (arrived,) = source.frames(list(stack.frames))
        assert len(arrived.data) == stack.shape[0] * stack.shape[1] * 2
    assert second


def test_a_dicomdir_stands_for_the_files_it_names() -> None:
    path = Path(pydicom.data.get_testdata_file("DICOMDIR"))

    studies = LocalFiles([path]).studies()

    assert {study.patient_id for study in studies} == {"77654033", "98890234"}


def test_times_in_one_object_become_stacks_of_their_own(tmp_path: Path) -> None:
    def frame(t: int, z: int) -> object:
        return item(
            FrameContentSequence=[item(StackID="1", TemporalPositionIndex=t, InStackPositionNumber=z)],
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 2.0 * z])],
        )

    saved(
        tmp_path / "4d.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1", SOPInstanceUID="1.2.3", Modality="MR",
        SeriesInstanceUID="1.2.4", Rows=4, Columns=4, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0,
        SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", NumberOfFrames=6, PixelData=bytes(96),
        SharedFunctionalGroupsSequence=[
            item(PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                 PixelMeasuresSequence=[item(PixelSpacing=[1, 1])])
        ],
        PerFrameFunctionalGroupsSequence=[frame(t, z) for z in (2, 0, 1) for t in (1, 2)],
    )  # fmt: skip

    first, second = stacks_of(LocalFiles([tmp_path]).studies()[0])

    assert [key.frame for key in first.frames] == [2, 4, 0] and [key.frame for key in second.frames] == [3, 5, 1]
    assert (first.label, second.label) == ("t1", "t2") and first.order.is_volume


def test_stacks_of_other_directions_in_one_object_stand_apart(tmp_path: Path) -> None:
    """A localizer of two directions: no place has two frames, and yet it is no single volume."""
    axial, coronal = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1]

    def frame(stack: int, n: int) -> object:
        return item(
            FrameContentSequence=[item(StackID=str(stack), InStackPositionNumber=n)],
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 2.0 * n] if stack == 1 else [0, 2.0 * n, 50])],
            PlaneOrientationSequence=[item(ImageOrientationPatient=axial if stack == 1 else coronal)],
        )

    saved(
        tmp_path / "loc.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1", SOPInstanceUID="1.2.3", Modality="MR",
        SeriesInstanceUID="1.2.4", Rows=4, Columns=4, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0,
        SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", NumberOfFrames=7, PixelData=bytes(112),
        SharedFunctionalGroupsSequence=[item(PixelMeasuresSequence=[item(PixelSpacing=[1, 1])])],
        PerFrameFunctionalGroupsSequence=[*(frame(1, n) for n in range(3)), *(frame(2, n) for n in range(4))],
    )  # fmt: skip

    first, second = stacks_of(LocalFiles([tmp_path]).studies()[0])

    assert [key.frame for key in first.frames] == [0, 1, 2] and first.order.is_volume
    assert sorted(key.frame for key in second.frames) == [3, 4, 5, 6] and second.order.is_volume


def test_pet_is_shown_in_suv_with_its_windows(tmp_path: Path) -> None:
    isotope = item(
        RadionuclideTotalDose=370e6, RadionuclideHalfLife=6586.2, RadiopharmaceuticalStartDateTime="20260302080000"
    )
    write_series(
        tmp_path, 2, side=16, Modality="PT", Units="BQML", DecayCorrection="START", PatientWeight=74,
        RescaleType="BQML",
        SeriesDate="20260302", SeriesTime="080000", RescaleSlope=2, RescaleIntercept=0, WindowCenter=5000,
        WindowWidth=10_000, RadiopharmaceuticalInformationSequence=[isotope],
    )  # fmt: skip

    (stack,) = stacks_of(LocalFiles([tmp_path]).studies()[0])
    factor = 74_000 / 370e6

    frame = stack.frame_header(0)
    assert frame.modality.unit == "SUVbw" and frame.modality.slope == pytest.approx(2 * factor)
    assert frame.voi[0].width == pytest.approx(10_000 * factor)
    stack.suv = None
    assert stack.frame_header(0).modality.unit == "Bq/ml"
    assert stack.suv_facts is not None and stack.suv_facts.factor(SuvKind.BW) == pytest.approx(factor)
    assert ROOT

"""Registrations on the server: the newest of a pair, cleared and kept again, valid objects, stitched pictures."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from server.bootstrap.registrations import ArchiveOfRegistrations
from server.kernel.errors import Refusal
from server.registrations.making import RegistrationMaker
from server.registrations.service import RegistrationService
from server.registrations.tables import RegistrationRow
from shared.contract.errors import ErrorCode
from shared.contract.registration import (
    ClearRegistration,
    KeptRegistration,
    ListRegistrations,
    PlacedImage,
    RegistrationSide,
    RegistrationView,
    SaveRegistration,
    StoreStitched,
)
from shared.dicomkit.spatial_registration import read_spatial_registration
from tests.hospital import a_caller
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house

LI = a_caller("doctor", 21)
FRAMES = "1.2.826.0.1.3680043.8.498.55."


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WebHouse]:
    with a_web_house(tmp_path) as house:
        yield house


@pytest.fixture
def pair(house: WebHouse) -> tuple[Dataset, Dataset]:
    fixed, moving = a_series(2), a_series(2)
    for one in moving:
        one.PatientID, one.PatientName = fixed[0].PatientID, fixed[0].PatientName
        one.PatientBirthDate, one.PatientSex = fixed[0].PatientBirthDate, fixed[0].PatientSex
    house.keep([*fixed, *moving])
    return fixed[0], moving[0]


def a_side(image: Dataset, frame: str) -> RegistrationSide:
    return RegistrationSide(
        study_uid=str(image.StudyInstanceUID), series_uid=str(image.SeriesInstanceUID), frame_of_reference_uid=frame
    )


def kept_of(pair: tuple[Dataset, Dataset], **changes: Any) -> KeptRegistration:
    facts: dict[str, Any] = {
        "fixed": a_side(pair[0], FRAMES + "1"),
        "moving": a_side(pair[1], FRAMES + "2"),
        "matrix": (0.0, -1.0, 0.0, 5.0, 1.0, 0.0, 0.0, -7.5, 0.0, 0.0, 1.0, 2.25, 0.0, 0.0, 0.0, 1.0),
        "disagreement_mm": 0.2,
    }
    return KeptRegistration(**{**facts, **changes})


def service_of(house: WebHouse) -> RegistrationService:
    return RegistrationService(ArchiveOfRegistrations(house.database, house.areas.archive), house.areas.time)


def save(house: WebHouse, kept: KeptRegistration) -> RegistrationView:
    with house.database.write() as uow:
        return service_of(house).save(uow, LI, SaveRegistration(kept=kept))


def maker_of(house: WebHouse) -> RegistrationMaker:
    archive = ArchiveOfRegistrations(house.database, house.areas.archive, house.receiver.receive, "MINGJING")
    return RegistrationMaker(house.database, archive, house.areas.time)


def objects(house: WebHouse, study_uid: str, class_uid: str) -> list[Dataset]:
    found = [one for one in house.areas.archive.objects.below(study_uid) if one.sop_class_uid == class_uid]
    return [
        pydicom.dcmread(pydicom.filebase.DicomBytesIO(bytes(house.areas.archive.objects.part10(one.sop_instance_uid))))
        for one in found
    ]


def is_valid(ds: Dataset, folder: Path) -> bool:
    path = folder / "made.dcm"
    ds.save_as(path, enforce_file_format=True)
    if which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed")
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    errors = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
    assert errors == []
    return True


def test_the_newest_of_a_pair_counts_until_it_is_cleared(house: WebHouse, pair: tuple[Dataset, Dataset]) -> None:
    first = kept_of(pair)
    save(house, first)
    turned = msgspec.structs.replace(first, fixed=first.moving, moving=first.fixed, by_hand=True)
    save(house, turned)  # the same pair, seen from the other side
    asked = ListRegistrations(study_uids=(first.moving.study_uid,))
    with house.database.read() as uow:
        (seen,) = service_of(house).listed(uow, asked)
    assert seen.kept == turned and seen.version == 2 and seen.author_name == LI.name

    with house.database.write() as uow:
        cleared = service_of(house).clear(uow, LI, ClearRegistration(fixed=first.fixed, moving=first.moving))
    assert [one.kept for one in cleared] == [turned]
    with house.database.read() as uow:
        assert [one.kept for one in service_of(house).listed(uow, asked)] == [None]
    save(house, first)
    with house.database.read() as uow:
        assert [one.kept for one in service_of(house).listed(uow, asked)] == [first]


@pytest.mark.parametrize(
    "changes",
    [
        {"matrix": (2.0, *([0.0] * 4), 2.0, *([0.0] * 4), 2.0, *([0.0] * 4), 1.0)},
        {"matrix": (1.0,) * 9},
        {"matrix": (float("nan"),) * 16},
    ],
)
def test_a_matrix_that_is_not_rigid_is_refused(
    house: WebHouse, pair: tuple[Dataset, Dataset], changes: dict[str, Any]
) -> None:
    with pytest.raises(Refusal) as refused:
        save(house, kept_of(pair, **changes))
    assert refused.value.body.code is ErrorCode.INVALID


def test_a_registration_of_two_patients_is_refused(house: WebHouse, pair: tuple[Dataset, Dataset]) -> None:
    stranger = a_series(1)[0]
    stranger.PatientID = "SOMEBODY-ELSE"
    house.keep([stranger])
    with pytest.raises(Refusal) as refused:
        save(house, kept_of((pair[0], stranger)))
    assert refused.value.body.code is ErrorCode.INVALID


def test_the_archive_gets_a_valid_spatial_registration(
    house: WebHouse, pair: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    kept = kept_of(pair)
    saved = save(house, kept)
    context: Any = SimpleNamespace(payload={"registration": saved.id}, attempts=1)
    assert "stored" in maker_of(house).make(context)
    assert "Nothing" in maker_of(house).make(context)
    (made,) = objects(house, kept.fixed.study_uid, "1.2.840.10008.5.1.4.1.1.66.1")
    read = read_spatial_registration(made)
    matrix = read.matrix_between(FRAMES + "1", FRAMES + "2")
    assert matrix is not None
    np.testing.assert_allclose(matrix, np.array(kept.matrix).reshape(4, 4), atol=1e-8)
    assert as_simpleitk_reads(made) == pytest.approx(tuple(np.array(kept.matrix).reshape(4, 4) @ (10, 20, 30, 1))[:3])
    assert made.StudyInstanceUID == pair[0].StudyInstanceUID and str(made.ContentCreatorName)
    with house.database.read() as uow:
        row = uow.session.get(RegistrationRow, saved.id)
        assert row is not None and row.sop_uid == made.SOPInstanceUID
    assert is_valid(made, tmp_path)


def as_simpleitk_reads(made: Dataset) -> tuple[float, ...]:
    """Where the point (10, 20, 30) of the registered frame lies in the moving one, by the raw numbers and SimpleITK."""
    import SimpleITK

    sitk: Any = SimpleITK
    item = made.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence[0]
    numbers = np.array(item.FrameOfReferenceTransformationMatrix, float).reshape(4, 4)
    to_registered = sitk.AffineTransform(3)
    to_registered.SetMatrix(numbers[:3, :3].ravel().tolist())
    to_registered.SetTranslation(numbers[:3, 3].tolist())
    point: tuple[float, ...] = to_registered.GetInverse().TransformPoint((10.0, 20.0, 30.0))
    return point


def two_halves(house: WebHouse) -> tuple[np.ndarray, list[Dataset]]:
    rng = np.random.default_rng(3)
    whole = (rng.normal(size=(150, 64)).cumsum(0) * 20 + 4000).clip(0, 8000).astype("<u2")
    halves = a_series(2)
    for one, part in zip(halves, (whole[:90], whole[60:]), strict=True):
        one.Rows, one.Columns, one.PixelData = 90, 64, part.tobytes()
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.PixelSpacing = [0.2, 0.2]
    house.keep(halves)
    return whole, halves


def test_a_stitched_picture_is_the_whole_and_a_valid_object(house: WebHouse, tmp_path: Path) -> None:
    whole, halves = two_halves(house)
    asked = StoreStitched(
        study_uid=str(halves[0].StudyInstanceUID),
        images=(
            PlacedImage(sop_instance_uid=str(halves[0].SOPInstanceUID), row=0, column=0),
            PlacedImage(sop_instance_uid=str(halves[1].SOPInstanceUID), row=60, column=0),
        ),
        level=False,
        residual_mm=0.1,
    )
    context: Any = SimpleNamespace(payload={"asked": msgspec.to_builtins(asked), "author": "李医生"}, attempts=1)
    maker_of(house).stitch(context)
    maker_of(house).stitch(context)  # a job done twice makes one object
    (made,) = objects(house, asked.study_uid, "1.2.840.10008.5.1.4.1.1.7")
    np.testing.assert_array_equal(made.pixel_array, whole)
    assert list(made.ImageType) == ["DERIVED", "SECONDARY"] and list(made.PixelSpacing) == [0.2, 0.2]
    assert {s.ReferencedSOPInstanceUID for s in made.SourceImageSequence} == {h.SOPInstanceUID for h in halves}
    assert is_valid(made, tmp_path)


def test_a_picture_of_one_image_or_of_strange_places_is_refused(house: WebHouse) -> None:
    _, halves = two_halves(house)
    one = PlacedImage(sop_instance_uid=str(halves[0].SOPInstanceUID), row=0, column=0)
    for images in ((one,), (one, one), (one, msgspec.structs.replace(one, row=float("inf")))):
        with house.database.write() as uow, pytest.raises(Refusal):
            asked = StoreStitched(study_uid=str(halves[0].StudyInstanceUID), images=images)
            service_of(house).stitch(uow, LI, asked)

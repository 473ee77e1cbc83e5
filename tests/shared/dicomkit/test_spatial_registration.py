"""Spatial Registration objects: written, checked by dciodvfy, read back the same; bad ones refused with a sentence."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.spatial_registration import Registered, read_spatial_registration, spatial_registration
from shared.imaging.geometry import PointMm
from shared.imaging.registration import RigidTransform

STUDY, CT, PET = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.2", "1.2.826.0.1.3680043.10.3"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MADE = dt.datetime(2026, 11, 20, 9, 30)
TRUTH = RigidTransform.from_numbers((12.3456789, -4.0, 250.125), (3.0, -2.0, 40.0), PointMm(5.0, -100.0, 900.0))


def written(folder: Path) -> Path:
    images = tuple(InstanceReference(STUDY, f"{STUDY}.7", CT_IMAGE, f"{STUDY}.7.{n}") for n in (1, 2))
    elsewhere = (InstanceReference("1.2.3.4", "1.2.3.4.5", CT_IMAGE, "1.2.3.4.5.6"),)
    made = spatial_registration(
        PatientFacts("P1", "Zhang^San=张^三"),
        StudyFacts(STUDY),
        registered_uid=CT,
        items=[Registered(CT, np.eye(4), images), Registered(PET, TRUTH.inverse().matrix, elsewhere)],
        made_at=MADE,
        description="PET/CT",
        creator_name="Li^Si=李^四",
    )
    path = folder / "registration.dcm"
    made.save_as(path, enforce_file_format=True)
    return path


def test_it_is_read_back_the_same(tmp_path: Path) -> None:
    read = read_spatial_registration(dcmread(written(tmp_path)))

    between = read.matrix_between(CT, PET)
    assert between is not None and np.allclose(between, TRUTH.matrix, atol=1e-6)
    back = read.matrix_between(PET, CT)
    assert back is not None and np.allclose(back @ between, np.eye(4), atol=1e-6)
    assert read.matrix_between(CT, "1.2.3") is None
    assert [image.sop_uid for image in read.items[0].images] == [f"{STUDY}.7.1", f"{STUDY}.7.2"]
    assert read.description == "PET/CT"


def test_dciodvfy_finds_nothing(tmp_path: Path) -> None:
    if not shutil.which("dciodvfy"):
        pytest.skip("dicom3tools is not installed")
    told = subprocess.run(
        ["dciodvfy", "-new", str(written(tmp_path))], check=False, capture_output=True, text=True, timeout=60
    )
    assert [line for line in told.stderr.splitlines() if line.startswith("Error")] == []


def test_the_matrices_of_an_item_are_applied_one_after_the_other(tmp_path: Path) -> None:
    dataset = dcmread(written(tmp_path))
    outer = dataset.RegistrationSequence[1].MatrixRegistrationSequence
    outer.append(outer[0])

    matrix = read_spatial_registration(dataset).items[1].matrix

    assert np.allclose(matrix, TRUTH.inverse().matrix @ TRUTH.inverse().matrix, atol=1e-5)


@pytest.mark.parametrize("numbers", [[1.0] * 15, [0.0] * 15 + [1.0], [1.0] * 16])
def test_a_matrix_that_is_none_is_refused_with_a_sentence(tmp_path: Path, numbers: list[float]) -> None:
    dataset = dcmread(written(tmp_path))
    inner = dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].MatrixSequence[0]
    inner.FrameOfReferenceTransformationMatrix = numbers

    with pytest.raises(ValueError, match="matrix of the Spatial Registration"):
        read_spatial_registration(dataset)


def test_other_objects_and_empty_ones_are_refused(tmp_path: Path) -> None:
    dataset = dcmread(written(tmp_path))
    dataset.RegistrationSequence = []
    with pytest.raises(ValueError, match="holds no registration"):
        read_spatial_registration(dataset)
    dataset.SOPClassUID = CT_IMAGE
    with pytest.raises(ValueError, match="no Spatial Registration"):
        read_spatial_registration(dataset)
    with pytest.raises(ValueError, match="at least one"):
        spatial_registration(PatientFacts("P1", "A^B"), StudyFacts(STUDY), registered_uid=CT, items=[], made_at=MADE)

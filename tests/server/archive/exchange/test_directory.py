"""The DICOMDIR that we write, read by others."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from server.archive.exchange.reading import dicomdir_files
from shared.dicomkit.directory import Directory, record_type
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import a_series, an_object


def a_medium(folder: Path, objects: list[Dataset]) -> Path:
    directory = Directory("TEST_1")
    for number, one in enumerate(objects, 1):
        place = ("DICOM", f"IM{number:06d}")
        directory.add(one, place)
        path = folder.joinpath(*place)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(to_bytes(one))
    path = folder / "DICOMDIR"
    path.write_bytes(directory.to_bytes())
    return path


def test_pydicom_reads_it_as_a_file_set(tmp_path: Path) -> None:
    objects = [*a_series(3), an_object(PatientName="Li^Si=李^四", PatientID="P2", SOPInstanceUID="2.25.9")]
    file_set = FileSet(a_medium(tmp_path, objects))
    assert file_set.ID == "TEST_1"
    assert {str(one.SOPInstanceUID) for one in file_set} == {str(one.SOPInstanceUID) for one in objects}
    assert len(file_set.find(PatientID="P2")) == 1
    file_set._stage["t"].cleanup()  # its temporary folder, which it would only leave to the garbage collector
    names = {
        str(record.PatientName)
        for record in pydicom.dcmread(tmp_path / "DICOMDIR").DirectoryRecordSequence
        if "PatientName" in record
    }
    assert "Li^Si=李^四" in names


def test_what_must_be_there_is_invented_as_numbers(tmp_path: Path) -> None:
    bare = an_object(PatientID="", StudyID="", SeriesNumber=None, InstanceNumber=None, StudyDate="")
    path = a_medium(tmp_path, [bare])
    records = pydicom.dcmread(path).DirectoryRecordSequence
    assert [record.DirectoryRecordType for record in records] == ["PATIENT", "STUDY", "SERIES", "IMAGE"]
    assert records[0].PatientID and records[1].StudyID and records[1].StudyDate
    assert (records[2].SeriesNumber, records[3].InstanceNumber) == (1, 1)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_old_spellings_of_dates_are_mended(tmp_path: Path) -> None:
    one = an_object()
    for keyword, value in (("StudyDate", "2004.01.19"), ("StudyTime", "11:25:01"), ("PatientBirthDate", "***")):
        one[keyword]._value = value
    one.PatientSex = "X"
    patient, study, *_ = pydicom.dcmread(a_medium(tmp_path, [one])).DirectoryRecordSequence
    assert (study.StudyDate, study.StudyTime) == ("20040119", "112501")
    assert not patient.PatientBirthDate and not patient.PatientSex


def test_our_reader_finds_every_file(tmp_path: Path) -> None:
    path = a_medium(tmp_path, a_series(2))
    assert dicomdir_files(memoryview(path.read_bytes())) == [("dicom", "im000001"), ("dicom", "im000002")]


def test_objects_without_image_have_records_of_their_own() -> None:
    for sop_class, kind in (
        ("1.2.840.10008.5.1.4.1.1.88.22", "SR DOCUMENT"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "ENCAP DOC"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "PRESENTATION"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "WAVEFORM"),
        ("1.2.3.4", ""),
    ):
        one = Dataset()
        one.SOPClassUID = sop_class
        assert record_type(one) == kind


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dicom3tools_has_nothing_to_say(tmp_path: Path) -> None:
    path = a_medium(tmp_path, a_series(3))
    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, timeout=60, check=False).stderr
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.skipif(shutil.which("dcmmkdir") is None, reason="dcmtk is not installed")
def test_dcmtk_writes_the_same_records(tmp_path: Path) -> None:
    path = a_medium(tmp_path, a_series(3))
    theirs = tmp_path / "theirs"
    command = ["dcmmkdir", "-Pgp", "+id", tmp_path, "+r", "+F", "TEST_1", "+D", theirs, "DICOM"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    kinds = [
        [record.DirectoryRecordType for record in pydicom.dcmread(one).DirectoryRecordSequence]
        for one in (path, theirs)
    ]
    assert sorted(kinds[0]) == sorted(kinds[1])

"""Marks on the server: one version per author, everybody sees all, the archive gets valid objects."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from types import SimpleNamespace
from typing import Any

import msgspec
import pydicom
import pytest
from pydicom.dataset import Dataset

from server.bootstrap.marks import ArchiveOfMarks
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.marks.making import MarksMaker
from server.marks.rules import fault_of
from server.marks.tables import ImageMarks
from shared.contract.errors import ErrorCode
from shared.contract.marks import AuthorMarks, ListMarks, MarkFigure, SaveMarks, ShownImage, StoredMark
from shared.dicomkit.marks import marks_in
from shared.dicomkit.uids import new_uid
from tests.hospital import a_caller
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house

LI, ZHANG = a_caller("doctor", 21), a_caller("doctor", 22)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WebHouse]:
    with a_web_house(tmp_path) as house:
        yield house


@pytest.fixture
def images(house: WebHouse) -> list[Dataset]:
    images = a_series(3)
    house.keep(images)
    return images


def a_length(image: Dataset, **facts: Any) -> StoredMark:
    return StoredMark(
        uid=new_uid(),
        kind="length",
        points=((1.0, 2.0), (11.5, 2.0)),
        sop_instance_uid=str(image.SOPInstanceUID),
        name="病灶长径",
        lines=("10.5 mm",),
        figures=(MarkFigure(what="length", value=10.5, unit="mm"),),
        **facts,
    )


def save(house: WebHouse, caller: Caller, image: Dataset, *marks: StoredMark, version: int = 0) -> AuthorMarks:
    request = SaveMarks(
        study_uid=str(image.StudyInstanceUID),
        version=version,
        marks=marks,
        shown=(ShownImage(sop_instance_uid=str(image.SOPInstanceUID), window_centre=40, window_width=400),),
        finished=True,
    )
    with house.database.write() as uow:
        return house.areas.marks.service.save(uow, caller, request)


def listed(house: WebHouse, caller: Caller, image: Dataset) -> tuple[AuthorMarks, ...]:
    with house.database.read() as uow:
        return house.areas.marks.service.listed(uow, caller, ListMarks(study_uid=str(image.StudyInstanceUID)))


def make(house: WebHouse) -> str:
    """Run the job for the only author as the runner would."""
    archive = ArchiveOfMarks(house.database, house.areas.archive, house.receiver.receive, "MINGJING")
    with house.database.read() as uow:
        row_id = uow.session.query(ImageMarks).one().id
    context: Any = SimpleNamespace(payload={"marks": row_id}, attempts=1)
    return MarksMaker(house.database, archive, house.areas.time).make(context)


def stored(house: WebHouse, modality: str, study_uid: str, folder: Path) -> list[Path]:
    """Files of the objects that the archive holds."""
    found = []
    for one in house.areas.archive.objects.below(study_uid):
        data = house.session().get(
            f"{house.base}/studies/{study_uid}/series/{one.series_uid}/instances/{one.sop_instance_uid}",
            headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
        )
        part = data.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        path = folder / f"{one.sop_instance_uid}.dcm"
        path.write_bytes(part)
        if pydicom.dcmread(path).Modality == modality:
            found.append(path)
    return found


def test_every_author_keeps_a_version_of_its_own_and_sees_all(house: WebHouse, images: list[Dataset]) -> None:
    mine, other = a_length(images[0]), a_length(images[1], colour="#f0716b")
    first = save(house, LI, images[0], mine)
    save(house, ZHANG, images[0], other)
    again = save(house, LI, images[0], mine, a_length(images[2]), version=first.version)

    assert (first.version, again.version) == (1, 2)
    seen = listed(house, ZHANG, images[0])
    assert [(one.author_name, one.is_mine, len(one.marks)) for one in seen] == [
        ("doctor-21", False, 2),
        ("doctor-22", True, 1),
    ]
    assert seen[1].marks == (other,)


def test_a_stale_version_is_refused_and_nothing_is_lost(house: WebHouse, images: list[Dataset]) -> None:
    save(house, LI, images[0], a_length(images[0]))
    with pytest.raises(Refusal) as refused:
        save(house, LI, images[0], version=0)
    assert refused.value.body.code is ErrorCode.CONFLICT
    assert len(listed(house, LI, images[0])[0].marks) == 1


def test_the_same_marks_again_are_no_new_version(house: WebHouse, images: list[Dataset]) -> None:
    mark = a_length(images[0])
    first = save(house, LI, images[0], mark)
    assert save(house, LI, images[0], mark, version=first.version).version == first.version


def test_a_study_that_is_not_here_is_not_found(house: WebHouse) -> None:
    with pytest.raises(Refusal) as refused:
        save(house, LI, a_series(1)[0])
    assert refused.value.body.code is ErrorCode.NOT_FOUND


def test_the_archive_gets_a_state_and_a_report_with_author_and_time(
    house: WebHouse, images: list[Dataset], tmp_path: Path
) -> None:
    mark = a_length(images[1])
    before = {one.SOPInstanceUID: one.PixelData for one in images}
    save(house, LI, images[0], mark)
    assert make(house) == "2 objects made."
    assert make(house) == "Nothing to do."
    assert listed(house, LI, images[0])[0].archived_version == 1

    study_uid = str(images[0].StudyInstanceUID)
    (tmp_path / "out").mkdir()
    (state,) = stored(house, "PR", study_uid, tmp_path / "out")
    (report,) = stored(house, "SR", study_uid, tmp_path / "out")
    for path in (state, report):
        read = pydicom.dcmread(path)
        assert marks_in(read) == (mark,)
        assert read.PatientID == images[0].PatientID
        if which("dciodvfy"):
            said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False).stderr
            assert "Error" not in said, said
    assert "doctor-21" in str(pydicom.dcmread(state).ContentCreatorName)
    kept = {str(p.stem): pydicom.dcmread(p) for p in (tmp_path / "out").glob("*.dcm")}
    for uid, pixels in before.items():
        assert kept[str(uid)].PixelData == pixels  # the images themselves never change


def test_deleting_everything_is_told_to_the_archive_too(house: WebHouse, images: list[Dataset]) -> None:
    first = save(house, LI, images[0], a_length(images[0]))
    make(house)
    save(house, LI, images[0], version=first.version)
    assert make(house) == "1 objects made."
    assert listed(house, LI, images[0])[0].marks == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "heptagram"},
        {"uid": "no uid"},
        {"points": ((1.0, 2.0),)},
        {"points": ((float("nan"), 0.0), (1.0, 1.0))},
        {"points": ((1e9, 0.0), (1.0, 1.0))},
        {"sop_instance_uid": ""},
        {"text": "x" * 2000},
        {"name": "x" * 100},
        {"colour": "red"},
        {"frame": -1},
    ],
)
def test_wrong_marks_are_refused_with_a_sentence(wrong: dict[str, Any]) -> None:
    mark = msgspec.structs.replace(a_length(a_series(1)[0]), **wrong)
    assert fault_of([mark], ()).endswith("。")


def test_right_marks_are_not_refused() -> None:
    assert fault_of([a_length(a_series(1)[0])], ()) == ""
    assert fault_of([mark := a_length(a_series(1)[0]), mark], ()) != ""

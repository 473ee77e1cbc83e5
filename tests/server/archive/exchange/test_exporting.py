"""Exports: what comes out is what went in, laid out as the standard wants, and split to the size of a medium."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from server.archive.exchange import service
from server.archive.exchange.exporting import forget_old_exports
from server.kernel.errors import Refusal
from server.kernel.jobs import JobFailed
from shared.contract.errors import ErrorCode
from shared.contract.exchange import AnonymisePlan, Identity, Packing, Reidentify, StartExport
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import a_series, an_object
from tests.server.archive.exchange.exchange_house import ADMIN, CLERK, ExchangeHouse, a_picture

STUDY = "1.2.840.9.1"


def filled(exchange: ExchangeHouse, count: int = 3, rows: int = 16) -> dict[str, bytes]:
    """An archive with a study; the files as they are kept, by SOP Instance UID."""
    objects = a_series(count, rows, study_uid=STUDY)
    view, _ = exchange.bring_in({f"{n}": to_bytes(one) for n, one in enumerate(objects)})
    assert view.stored == count
    kept = exchange.house.service.objects
    return {str(one.SOPInstanceUID): bytes(kept.part10(str(one.SOPInstanceUID))) for one in objects}


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def images(files: dict[str, bytes]) -> dict[str, bytes]:
    found = [data for name, data in files.items() if name.startswith("DICOM/")]
    return {str(pydicom.dcmread(BytesIO(data), stop_before_pixels=True).SOPInstanceUID): data for data in found}


def test_files_come_out_byte_for_byte(exchange: ExchangeHouse) -> None:
    kept = filled(exchange)
    view = exchange.export(study_uids=(STUDY,))
    path = exchange.made(view)
    assert view.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    files = unpacked(path)
    assert images(files) == kept
    assert {name for name in files if "/" not in name} == {"DICOMDIR", "INDEX.HTM", "README.TXT"}
    assert all(re.fullmatch(r"([A-Z0-9_]{1,8}/)*[A-Z0-9_]{1,8}(\.[A-Z]{1,3})?", name) for name in files)
    assert exchange.service.export_piece(f"{view.id}/0", 1) == path.read_bytes()


def test_an_image_to_burn_holds_the_same_files(exchange: ExchangeHouse) -> None:
    from pycdlib import PyCdlib

    kept = filled(exchange)
    view = exchange.export(study_uids=(STUDY,), packing=Packing.ISO)
    iso = PyCdlib()
    iso.open(str(exchange.made(view)))
    found = {}
    for folder, _, names in iso.walk(joliet_path="/"):
        for name in names:
            out = BytesIO()
            iso.get_file_from_iso_fp(out, joliet_path=f"{folder.rstrip('/')}/{name}")
            found[f"{folder.strip('/')}/{name}".lstrip("/")] = out.getvalue()
    iso.close()
    assert images(found) == kept
    assert "DICOMDIR" in found


def test_volumes_are_split_and_each_has_its_directory(exchange: ExchangeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MIN_VOLUME_BYTES", 1)
    kept = filled(exchange, 45, 128)  # 33 kB each
    view = exchange.export(study_uids=(STUDY,), packing=Packing.MEDIA, volume_bytes=1_000_000)
    assert [file.name for file in view.files] == ["images_1_of_2.zip", "images_2_of_2.zip"]
    found: dict[str, bytes] = {}
    for number in range(2):
        files = unpacked(exchange.made(view, number))
        assert sum(map(len, files.values())) < 1_000_000
        directory = pydicom.dcmread(BytesIO(files["DICOMDIR"]))
        assert directory.FileSetID == f"IMAGES_{number + 1}_OF_2"
        named = {"/".join(r.ReferencedFileID) for r in directory.DirectoryRecordSequence if "ReferencedFileID" in r}
        assert named == {name for name in files if name.startswith("DICOM/")}
        found |= images(files)
    assert found == kept


def test_the_portable_reader_shows_the_values_of_the_pixels(exchange: ExchangeHouse) -> None:
    import base64

    import cv2
    import numpy as np

    filled(exchange, 10)
    files = unpacked(exchange.made(exchange.export(study_uids=(STUDY,), packing=Packing.MEDIA, viewer=True)))
    data = json.loads(files["VIEWER/DATA.JS"].decode().removeprefix("window.MJ_DATA = ").removesuffix(";\n"))
    series = data["series"][0]
    assert len(series["frames"]) == 10
    assert {"VIEWER/S0001/C0001.JS", "VIEWER/S0001/C0002.JS", "VIEWER/VIEW.HTM", "VIEWER/VIEW.JS"} <= set(files)
    chunk = json.loads(files["VIEWER/S0001/C0002.JS"].decode().removeprefix("mjChunk(").removesuffix(");\n"))
    assert (chunk["series"], chunk["first"], len(chunk["pictures"])) == (0, 8, 2)
    coded = np.frombuffer(base64.b64decode(chunk["pictures"][0].partition(",")[2]), np.uint8)
    packed = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(int)
    frame = series["frames"][8]
    values = (packed[..., 2] * 256 + packed[..., 1] - 32768) * frame["s"] + frame["i"]
    ninth = sorted(images(files).values(), key=lambda one: pydicom.dcmread(BytesIO(one)).InstanceNumber)[8]
    truth = pydicom.dcmread(BytesIO(ninth))
    expected = truth.pixel_array * float(truth.RescaleSlope) + float(truth.RescaleIntercept)
    assert np.array_equal(values, expected)


def test_pages_do_not_run_what_the_data_say(exchange: ExchangeHouse) -> None:
    evil = '"><script>alert(1)</script>&'
    one = an_object(StudyInstanceUID=STUDY, SeriesDescription=evil, StudyDescription=evil, PatientName="<b>X</b>")
    exchange.bring_in({"x": to_bytes(one)})
    files = unpacked(exchange.made(exchange.export(study_uids=(STUDY,), packing=Packing.MEDIA, viewer=True)))
    page = files["INDEX.HTM"].decode()
    assert "<script>alert" not in page and "<b>X</b>" not in page
    assert "&lt;script&gt;" in page
    assert "Content-Security-Policy" in page and "Content-Security-Policy" in files["VIEWER/VIEW.HTM"].decode()


def test_compressed_images_are_decoded_for_old_readers(exchange: ExchangeHouse) -> None:
    exchange.bring_in({"a.jpg": a_picture()}, identity=Identity.EXAM, exam_id=1)
    view = exchange.export(study_uids=("2.25.777",), packing=Packing.MEDIA, uncompressed=True)
    (data,) = images(unpacked(exchange.made(view))).values()
    made = pydicom.dcmread(BytesIO(data))
    assert made.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert made.pixel_array.shape == (48, 64, 3)
    assert view.warnings == ()


def test_an_anonymised_export_names_nobody_but_the_table_does(exchange: ExchangeHouse) -> None:
    one = an_object(StudyInstanceUID=STUDY, PatientName="Zhuge^Liang=诸葛^亮", PatientID="KONGMING9")
    exchange.bring_in({"x": to_bytes(one)})
    view = exchange.export(
        study_uids=(STUDY,), packing=Packing.MEDIA, viewer=True, anonymise=AnonymisePlan(project="T1")
    )
    files = unpacked(exchange.made(view))
    for trace in ("Zhuge", "Liang", "诸葛", "KONGMING9", STUDY):
        assert not [name for name, data in files.items() if trace.encode() in data], trace
    (data,) = images(files).values()
    pseudonym = str(pydicom.dcmread(BytesIO(data)).PatientID)
    with exchange.database.read() as uow:
        found = exchange.service.reidentify(uow, Reidentify(project="T1", pseudonym=pseudonym, reason="consent"))
        assert (found.patient_id, found.patient_name) == ("KONGMING9", "Zhuge^Liang=诸葛^亮")
        with pytest.raises(Refusal):
            exchange.service.reidentify(uow, Reidentify(project="T1", pseudonym=pseudonym, reason=""))
        with pytest.raises(Refusal):
            exchange.service.reidentify(uow, Reidentify(project="T2", pseudonym=pseudonym, reason="consent"))


def test_a_folder_of_the_server_must_be_allowed_and_empty(exchange: ExchangeHouse, tmp_path: Path) -> None:
    kept = filled(exchange)
    target = tmp_path / "out" / "usb"
    view = exchange.export(study_uids=(STUDY,), packing=Packing.FOLDER, folder=str(target))
    assert view.files == ()
    found = {p.relative_to(target).as_posix(): p.read_bytes() for p in target.rglob("*") if p.is_file()}
    assert images(found) == kept
    with pytest.raises(JobFailed):
        exchange.export(study_uids=(STUDY,), packing=Packing.FOLDER, folder=str(target))
    for caller, folder, code in (
        (ADMIN, str(tmp_path), ErrorCode.INVALID),
        (ADMIN, str(tmp_path / "out" / ".." / "x"), ErrorCode.INVALID),
        (CLERK, str(target), ErrorCode.PERMISSION_MISSING),
    ):
        with pytest.raises(Refusal) as refused, exchange.database.write() as uow:
            request = StartExport(study_uids=(STUDY,), packing=Packing.FOLDER, folder=folder)
            exchange.service.start_export(uow, caller, request)
        assert refused.value.body.code is code


def test_nothing_named_and_nothing_there_are_refused(exchange: ExchangeHouse) -> None:
    for plan in ({}, {"study_uids": ("9.9.9",)}, {"study_uids": (STUDY,), "volume_bytes": 5}):
        with pytest.raises(Refusal):
            exchange.export(**plan)


@pytest.mark.parametrize(
    "name", ["", "1", "../1/0", "1/../0", "1/0/0", "9999999999999999999999999999/0", "1/99", "a/b"]
)
def test_only_files_of_exports_are_handed_out(exchange: ExchangeHouse, name: str) -> None:
    filled(exchange)
    exchange.export(study_uids=(STUDY,))
    with pytest.raises(Refusal):
        exchange.service.export_piece(name, 1)


def test_what_is_dropped_is_deleted(exchange: ExchangeHouse) -> None:
    filled(exchange)
    view = exchange.export(study_uids=(STUDY,))
    assert forget_old_exports(exchange.database, exchange.exports) == 0
    from server.kernel.jobs.tables import Job, JobState

    with exchange.database.write() as uow:
        uow.session.get_one(Job, view.job_id).state = JobState.DONE
        uow.session.flush()
        exchange.service.drop_export(uow, view.id)
    assert forget_old_exports(exchange.database, exchange.exports) == 1
    assert not exchange.made(view).exists()

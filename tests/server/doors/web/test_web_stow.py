"""STOW-RS on a real socket: parts, outcomes, metadata with bulk data, large objects through the disk."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import UID

from server.doors.web.dicomweb.xml_model import to_xml
from tests.server.archive.archive_house import a_series, eventually
from tests.web_house import WebHouse

DICOM = 'multipart/related; type="application/dicom"; boundary=XX'


def part10(one: Dataset) -> bytes:
    out = io.BytesIO()
    dcmwrite(out, one, enforce_file_format=True)
    return out.getvalue()


def body_of(*contents: bytes, kind: str = "application/dicom") -> bytes:
    head = f"--XX\r\nContent-Type: {kind}\r\n\r\n".encode()
    return b"".join(head + content + b"\r\n" for content in contents) + b"--XX--\r\n"


def post(web: requests.Session, house: WebHouse, body: Any, kind: str = DICOM, study: str = "") -> requests.Response:
    path = f"/studies/{study}" if study else "/studies"
    headers = {"Content-Type": kind, "Accept": "application/dicom+json"}
    return web.post(house.base + path, data=body, headers=headers)


def test_stored_objects_are_found_at_once(house: WebHouse, web: requests.Session) -> None:
    mine = a_series(3, 16)
    answer = post(web, house, body_of(*map(part10, mine)))
    assert answer.status_code == 200, answer.text
    report = answer.json()
    stored = report["00081199"]["Value"]
    assert {one["00081155"]["Value"][0] for one in stored} == {one.SOPInstanceUID for one in mine}
    assert "00081198" not in report
    assert report["00081190"]["Value"] == [f"{house.base}/studies/{mine[0].StudyInstanceUID}"]
    url = stored[0]["00081190"]["Value"][0]
    again = dcmread(io.BytesIO(web.get(url, headers={"Accept": "application/dicom"}).content))
    assert again.SOPInstanceUID in {one.SOPInstanceUID for one in mine}


def test_each_part_has_its_own_outcome(house: WebHouse, web: requests.Session) -> None:
    good, stranger = a_series(1, 16)[0], a_series(1, 16)[0]
    broken = part10(a_series(1, 16)[0])[:-100]
    answer = post(web, house, body_of(part10(good), part10(stranger), broken, b"no dicom"), study=good.StudyInstanceUID)
    assert answer.status_code == 202
    report = answer.json()
    assert len(report["00081199"]["Value"]) == 1
    failed = {one["00081155"]["Value"][0]: one["00081197"]["Value"][0] for one in report["00081198"]["Value"]}
    assert failed[stranger.SOPInstanceUID] == 0xA900
    assert len(failed) == 2
    assert report["0008119A"]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    assert "another study" in answer.headers["warning"]
    nothing = post(web, house, body_of(b"no dicom"))
    assert nothing.status_code == 409
    as_xml = web.post(
        f"{house.base}/studies", data=body_of(b"no"), headers={"Content-Type": DICOM, "Accept": "application/dicom+xml"}
    )
    assert b'<DicomAttribute tag="0008119A"' in as_xml.content


def test_a_large_object_waits_on_disk_and_leaves_nothing_behind(house: WebHouse, web: requests.Session) -> None:
    (one,) = a_series(1, 16)
    one.Rows = one.Columns = 2048
    one.PixelData = bytes(range(256)) * (2048 * 2048 * 2 // 256)
    whole = body_of(part10(one))

    def chunks() -> Any:
        for start in range(0, len(whole), 100_000):
            yield whole[start : start + 100_000]

    assert post(web, house, chunks()).status_code == 200
    study, series = one.StudyInstanceUID, one.SeriesInstanceUID
    url = f"{house.base}/studies/{study}/series/{series}/instances/{one.SOPInstanceUID}"
    assert web.get(url + "/frames/1", headers={"Accept": "application/octet-stream"}).content == one.PixelData
    assert list(house.folders.spool.glob("web-*")) == []


def test_nothing_is_held_after_the_answer(house: WebHouse, web: requests.Session) -> None:
    from server.doors.web.dicomweb.stow import Part

    before = Part._held  # a house of another test, closed in the middle of an upload, may have left its part behind
    post(web, house, body_of(*map(part10, a_series(3, 64)), b"broken"))
    post(web, house, body_of(b"x" * 100)[:-20])
    eventually(lambda: Part._held <= before)  # the door lets go after the answer has gone out


def test_one_object_without_multipart(house: WebHouse, web: requests.Session) -> None:
    assert post(web, house, part10(a_series(1, 16)[0]), "application/dicom").status_code == 200


@pytest.mark.parametrize("form", ["json", "xml"])
def test_metadata_with_bulk_data(house: WebHouse, web: requests.Session, form: str) -> None:
    (one,) = a_series(1, 16)
    model = one.to_json_dict(bulk_data_threshold=64, bulk_data_element_handler=lambda _element: "pixels")
    document = json.dumps([model]).encode() if form == "json" else to_xml(dict(sorted(model.items())))
    kind = f"application/dicom+{form}"
    body = (
        f"--XX\r\nContent-Type: {kind}\r\n\r\n".encode()
        + document
        + b"\r\n--XX\r\nContent-Type: application/octet-stream\r\nContent-Location: pixels\r\n\r\n"
        + one.PixelData
        + b"\r\n--XX--\r\n"
    )
    answer = post(web, house, body, f'multipart/related; type="{kind}"; boundary=XX')
    assert answer.status_code == 200, (answer.text, answer.headers)
    url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    again = dcmread(io.BytesIO(web.get(url, headers={"Accept": "application/dicom"}).content))
    assert again.PixelData == one.PixelData
    assert again.PatientID == one.PatientID


def test_a_reference_to_nothing_is_refused(house: WebHouse, web: requests.Session) -> None:
    (one,) = a_series(1, 16)
    model = one.to_json_dict(bulk_data_threshold=64, bulk_data_element_handler=lambda _element: "elsewhere")
    body = body_of(json.dumps([model]).encode(), kind="application/dicom+json")
    answer = post(web, house, body, 'multipart/related; type="application/dicom+json"; boundary=XX')
    assert answer.status_code == 409
    assert "names no part" in answer.headers["warning"]


def test_the_same_object_twice_is_no_failure(house: WebHouse, web: requests.Session) -> None:
    body = body_of(part10(a_series(1, 16)[0]))
    assert post(web, house, body).status_code == 200
    assert post(web, house, body).status_code == 200


def test_nothing_is_stored_for_whom_no_answer_can_be_given(house: WebHouse, web: requests.Session) -> None:
    (one,) = a_series(1, 16)
    headers = {"Content-Type": DICOM, "Accept": "text/html"}
    assert web.post(f"{house.base}/studies", data=body_of(part10(one)), headers=headers).status_code == 406
    house.settle()
    assert web.get(f"{house.base}/instances?SOPInstanceUID={one.SOPInstanceUID}").status_code == 204


def test_the_data_set_says_what_an_object_is(house: WebHouse, web: requests.Session) -> None:
    """Meta information that was copied from another file (as of many test images) names nothing."""
    (one,) = a_series(1, 16)
    one.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    out = io.BytesIO()
    one.save_as(out, enforce_file_format=False)
    answer = post(web, house, body_of(out.getvalue()))
    assert answer.status_code == 200, answer.headers
    (stored,) = answer.json()["00081199"]["Value"]
    assert stored["00081155"]["Value"] == [one.SOPInstanceUID]
    file = web.get(stored["00081190"]["Value"][0], headers={"Accept": "application/dicom"})
    assert dcmread(io.BytesIO(file.content)).file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    del one.SOPInstanceUID
    out = io.BytesIO()
    one.save_as(out, enforce_file_format=False)
    nameless = post(web, house, body_of(out.getvalue()))
    assert nameless.status_code == 409
    assert "no SOP Instance UID" in nameless.headers["warning"]
    assert nameless.json()["00081190"] == {"vr": "UR"}


def store_json(house: WebHouse, web: requests.Session, model: dict[str, Any], *bulk: tuple[str, bytes]) -> Any:
    body = b"--XX\r\nContent-Type: application/dicom+json\r\n\r\n" + json.dumps([model]).encode()
    for kind, data in bulk:
        body += f"\r\n--XX\r\nContent-Type: {kind}\r\nContent-Location: pixels\r\n\r\n".encode() + data
    return post(web, house, body + b"\r\n--XX--\r\n", 'multipart/related; type="application/dicom+json"; boundary=XX')


def test_texts_of_metadata_are_kept_whatever_character_set_they_had(house: WebHouse, web: requests.Session) -> None:
    (one,) = a_series(1, 16)
    one.SpecificCharacterSet = "ISO_IR 100"
    model = one.to_json_dict(bulk_data_threshold=64, bulk_data_element_handler=lambda _element: "pixels")
    model["00100010"] = {"vr": "PN", "Value": [{"Alphabetic": "Li^Si", "Ideographic": "李^四"}]}
    code = {"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}, "00080104": {"vr": "LO", "Value": ["平扫"]}}
    model["00081032"] = {"vr": "SQ", "Value": [code]}
    answer = store_json(house, web, model, ("application/octet-stream", one.PixelData))
    assert answer.status_code == 200, answer.headers
    url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    again = dcmread(io.BytesIO(web.get(url, headers={"Accept": "application/dicom"}).content))
    assert str(again.PatientName) == "Li^Si=李^四"
    assert again.ProcedureCodeSequence[0].CodeMeaning == "平扫"


@pytest.mark.parametrize(
    ("tag", "element"),
    [
        ("00280010", {"vr": "US", "Value": [99999999]}),
        ("00280010", {"vr": "US", "Value": ["x"]}),
        ("00280010", {"vr": "US", "Value": [1.5]}),
        ("00720078", {"vr": "UL", "Value": [-1]}),
        ("00189461", {"vr": "FL", "Value": ["big"]}),
        ("00280009", {"vr": "AT", "Value": ["nonsense"]}),
        ("00091001", {"vr": "OB", "InlineBinary": "%%%"}),
        ("00100010", {"vr": "PN", "Value": [7]}),
        ("00080018", {"vr": "UI"}),
    ],
)
def test_values_that_no_file_holds_are_a_failure_of_that_object(
    house: WebHouse, web: requests.Session, tag: str, element: dict[str, Any]
) -> None:
    (one,) = a_series(1, 16)
    model = one.to_json_dict(bulk_data_threshold=64, bulk_data_element_handler=lambda _element: "pixels")
    model[tag] = element
    answer = store_json(house, web, model, ("application/octet-stream", one.PixelData))
    assert answer.status_code == 409, answer.text
    if tag != "00080018":
        assert answer.json()["00081198"]["Value"][0]["00081155"]["Value"] == [one.SOPInstanceUID]


def test_pixels_of_a_media_type_are_written_in_its_transfer_syntax(house: WebHouse, web: requests.Session) -> None:
    import imagecodecs
    import numpy as np

    (one,) = a_series(1, 16)
    pixels = np.frombuffer(one.PixelData, np.uint16).reshape(16, 16) & 0x0FFF
    model = one.to_json_dict(bulk_data_threshold=64, bulk_data_element_handler=lambda _element: "pixels")
    for kind, data, syntax in (
        ("image/jls", bytes(imagecodecs.jpegls_encode(pixels)), "1.2.840.10008.1.2.4.80"),
        ("image/jpeg", bytes(imagecodecs.ljpeg_encode(pixels)), "1.2.840.10008.1.2.4.57"),
    ):
        model["00080018"]["Value"] = [one.SOPInstanceUID + syntax[-1]]
        answer = store_json(house, web, model, (kind, data))
        assert answer.status_code == 200, answer.headers
        url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
        stored = web.get(url, headers={"Accept": "application/dicom; transfer-syntax=*"})
        assert dcmread(io.BytesIO(stored.content)).file_meta.TransferSyntaxUID == syntax
        frame = web.get(url + "/frames/1", headers={"Accept": "application/octet-stream"}).content
        assert (np.frombuffer(frame, np.uint16).reshape(16, 16) == pixels).all()
    assert store_json(house, web, model, ("image/jpeg", bytes(64))).status_code == 409


def test_an_object_whose_uid_another_study_has_is_found_where_the_answer_says(
    house: WebHouse, web: requests.Session
) -> None:
    (one,) = a_series(1, 16)
    (other,) = a_series(1, 16)
    other.SOPInstanceUID = one.SOPInstanceUID
    other.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    assert "warning" not in post(web, house, body_of(part10(one))).headers
    answer = post(web, house, body_of(part10(other)))
    assert answer.status_code == 200
    assert "another study" in answer.headers["warning"]
    url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    assert f"/studies/{one.StudyInstanceUID}/" in url
    assert web.get(url, headers={"Accept": "application/dicom"}).status_code == 200

"""QIDO-RS on a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from pydicom.dataset import Dataset

from server.doors.web.dicomweb.ports import Limits
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house


def found(web: requests.Session, house: WebHouse, path: str) -> list[dict[str, Any]]:
    answer = web.get(house.base + path, headers={"Accept": "application/dicom+json"})
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.content else []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("?PatientID=P1001", 1),
        ("?00100020=P1001", 1),
        ("?PatientName=Wang*", 1),
        ("?PatientName=王*", 1),
        ("?PatientName=xiaodong&fuzzymatching=true", 1),
        ("?StudyDate=20260101-20260103", 3),
        ("?StudyDate=20260101-", 5),
        ("?ModalitiesInStudy=CT", 5),
        ("?ModalitiesInStudy=MR", 0),
        ("?AccessionNumber=A77&PatientID=P1001", 1),
        ("?PatientID=Q%3F", 4),
        ("?limit=2", 2),
        ("?limit=0", 0),
        ("?limit=2&offset=4", 1),
        ("?offset=99", 0),
    ],
)
def test_studies_are_found(web: requests.Session, house: WebHouse, query: str, count: int) -> None:
    assert len(found(web, house, "/studies" + query)) == count


def test_a_study_says_what_the_standard_wants(web: requests.Session, house: WebHouse, series: list[Dataset]) -> None:
    (study,) = found(web, house, "/studies?PatientID=P1001")
    uid = series[0].StudyInstanceUID
    assert study["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Wang^Xiaodong", "Ideographic": "王^小东"}]}
    assert study["00081190"]["Value"] == [f"{house.base}/studies/{uid}"]
    assert study["00201206"] == {"vr": "IS", "Value": [1]}
    assert study["00201208"] == {"vr": "IS", "Value": [5]}
    assert study["00080056"]["Value"] == ["ONLINE"]
    assert study["00080061"]["Value"] == ["CT"]
    assert study["00080005"]["Value"] == ["ISO_IR 192"]
    assert list(study) == sorted(study)
    assert "00081030" not in study
    for more in ("includefield=StudyDescription", "includefield=all", "includefield=00081030,00101010"):
        (study,) = found(web, house, f"/studies?PatientID=P1001&{more}")
        assert study["00081030"]["Value"] == ["胸部平扫"]


def test_series_and_instances_at_every_path(web: requests.Session, house: WebHouse, series: list[Dataset]) -> None:
    study, one = series[0].StudyInstanceUID, series[0].SeriesInstanceUID
    assert len(found(web, house, "/series")) == 5
    assert [s["0020000E"]["Value"][0] for s in found(web, house, f"/studies/{study}/series")] == [one]
    assert len(found(web, house, f"/studies/{study}/instances")) == 5
    assert len(found(web, house, "/instances")) == 9
    instances = found(web, house, f"/studies/{study}/series/{one}/instances")
    assert [i["00200013"]["Value"] for i in instances] == [[1], [2], [3], [4], [5]]
    assert instances[0]["00280010"] == {"vr": "US", "Value": [32]}
    assert "00100010" not in instances[0]
    relational = found(web, house, f"/instances?SOPInstanceUID={series[2].SOPInstanceUID}")
    assert relational[0]["00100020"]["Value"] == ["P1001"]
    two = f"{series[0].SOPInstanceUID},{series[1].SOPInstanceUID}"
    assert len(found(web, house, f"/studies/{study}/instances?SOPInstanceUID={two}")) == 2


def test_more_results_are_announced(tmp_path: Path) -> None:
    with a_web_house(tmp_path, Limits(results=3)) as small, small.session() as session:
        for number in range(4):
            (one,) = a_series(1, 16)
            one.PatientID = f"P{number}"
            small.keep([one])
        for query, warned in (("", True), ("?limit=1000", True), ("?limit=3", False), ("?PatientID=P1", False)):
            answer = session.get(f"{small.base}/studies{query}")
            assert ("additional results" in answer.headers.get("warning", "")) == warned, query
            assert len(answer.json()) <= 3


def test_xml_follows_the_native_model(web: requests.Session, house: WebHouse) -> None:
    answer = web.get(f"{house.base}/studies?PatientID=P1001", headers={"Accept": "application/dicom+xml"})
    assert answer.headers["content-type"].startswith('multipart/related; type="application/dicom+xml"')
    document = answer.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
    root = ElementTree.fromstring(document)
    space = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
    assert root.tag == space + "NativeDicomModel"
    (name,) = [one for one in root if one.get("tag") == "00100010"]
    assert name.get("keyword") == "PatientName"
    assert name.findtext(f"{space}PersonName/{space}Ideographic/{space}FamilyName") == "王"
    assert name.findtext(f"{space}PersonName/{space}Alphabetic/{space}GivenName") == "Xiaodong"


@pytest.mark.parametrize(
    "query",
    [
        "?NoSuchAttribute=1",
        "?limit=-1",
        "?limit=many",
        "?fuzzymatching=perhaps",
        "?offset=999999999999",
        "?StudyDate=yesterday",
        "?includefield=Nonsense",
        "?00400275.00400275.00400275.00400275.00400009=1",
    ],
)
def test_wrong_questions_get_a_sentence(web: requests.Session, house: WebHouse, query: str) -> None:
    answer = web.get(house.base + "/studies" + query)
    assert answer.status_code == 400
    assert answer.text.strip().endswith(".")


def test_what_cannot_be_given_is_not_acceptable(web: requests.Session, house: WebHouse) -> None:
    assert web.get(f"{house.base}/studies", headers={"Accept": "text/html"}).status_code == 406
    assert web.get(f"{house.base}/studies?accept=application/dicom%2Bxml").headers["content-type"].count("xml")


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("/studies?Modality=CT", "Modality"),
        ("/studies?00081140.00081155=1.2", "ReferencedImageSequence"),
        ("/studies?99991001=1", "99991001"),
        ("/series?PixelSpacing=1", "PixelSpacing"),
        ("/studies?PatientName=Wang*&StudyDate=20260302&TimezoneOffsetFromUTC=%2B0800", ""),
        ("/studies?Modality=*&includefield=Modality", ""),
        ("/series?RequestAttributesSequence.ScheduledProcedureStepID=1", ""),
        ("/instances?Rows=16", ""),
    ],
)
def test_what_is_not_matched_is_said(web: requests.Session, house: WebHouse, path: str, ignored: str) -> None:
    """Results that look narrowed down and are not would be taken for the answer (PS3.18 8.3.4)."""
    warning = web.get(house.base + path).headers.get("warning", "")
    assert ("not matched" in warning) == bool(ignored)
    assert ignored in warning


def test_a_custom_tag_is_matched(web: requests.Session, house: WebHouse) -> None:
    from server.kernel.dispatch import SYSTEM

    query = house.base + "/studies?FrameComments=x"
    assert "FrameComments" in web.get(query).headers["warning"]
    with house.database.write() as uow:
        house.areas.archive.custom_tags.add(uow, 0x00209158, "", "", "STUDY", SYSTEM.login)
    assert "warning" not in web.get(query).headers


def test_lists_with_commas_and_optional_parameters(web: requests.Session, house: WebHouse) -> None:
    several = web.get(house.base + "/studies?ModalitiesInStudy=MR,CT")
    assert several.json() == web.get(house.base + "/studies?ModalitiesInStudy=CT").json()
    assert len(several.json()) > 0
    answer = web.get(house.base + "/studies?emptyvaluematching=true&multiplevaluematching=false")
    assert answer.status_code == 200
    assert "emptyvaluematching parameter is not supported" in answer.headers["warning"]
    assert "multiplevaluematching" not in answer.headers["warning"]

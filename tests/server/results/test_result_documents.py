"""Documents of results: validators and readers of others find no fault, and in them what the report says."""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import hl7
import msgspec
import pydicom
import pytest
from hl7apy.parser import parse_message
from lxml import etree

from server.results.documents import cda, dicom, fhir
from server.results.documents.hl7 import Envelope, document_message, result_message
from server.results.documents.values import reported_values
from server.results.snapshot import Snapshot, packed, unpacked
from shared.contract.results import ResultEvent
from shared.dicomkit.encapsulated_pdf import pdf_of
from shared.dicomkit.headers import InstanceReference, to_bytes
from shared.domain.report_choices import USUAL_CRITICAL, USUAL_HP, Choice, Option
from shared.domain.states import HpResult
from tests.fakes.hospital_system import validated
from tests.server.reporting.reporting_world import World
from tests.server.results.results_world import AT, IMAGES, SHANGHAI, FakeArchive, FakePost, full_snapshot, scratch

NS = {"h": "urn:hl7-org:v3"}
KINDS = list(ResultEvent)
BY_UID = {one.sop_uid: one for one in IMAGES}


def occasion(number: int = 1, predecessor: InstanceReference | None = None) -> dicom.Occasion:
    local = AT.astimezone(SHANGHAI)
    return dicom.Occasion(local, local, number, "2.25.10", f"2.25.10{number}", predecessor)


def envelope(control_id: str = "MJ1", connection: int = 1) -> Envelope:
    return Envelope(FakePost().known[connection], control_id, AT, SHANGHAI, "2.25.77", 1)


def said(*command: str) -> str:
    tool = shutil.which(command[0])
    if tool is None:
        pytest.skip(f"{command[0]} is not installed (Debian packages dicom3tools and dcmtk)")
    done = subprocess.run([tool, *command[1:]], capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def objects(snapshot: Snapshot) -> dict[str, Any]:
    place = FakeArchive().study(snapshot.view)
    earlier = InstanceReference(place.study.study_uid, "2.25.10", "1.2.840.10008.5.1.4.1.1.88.11", "2.25.9")
    made = {"sr": dicom.structured_report(snapshot, place, occasion(2, earlier))}
    if not snapshot.is_withdrawn:
        made["pdf"] = dicom.printed_report(snapshot, place, occasion(3), b"%PDF-1.7\nx")
        made["ko"] = dicom.key_objects(snapshot, place, occasion(4))
    return made


@pytest.mark.parametrize("event", KINDS)
def test_outside_validators_find_no_fault_in_the_objects(reporting: World, event: ResultEvent, tmp_path: Path) -> None:
    for kind, made in objects(full_snapshot(reporting, event)).items():
        path = str(scratch(tmp_path, made))
        assert [line for line in said("dciodvfy", path).splitlines() if "Error" in line] == [], kind
        if kind != "pdf":
            read = said("dsrdump", "-Er", "+U8", path)
            assert [line for line in read.splitlines() if line.startswith(("E:", "F:"))] == [], kind


def test_the_structured_report_says_what_the_report_says(reporting: World, tmp_path: Path) -> None:
    made = objects(full_snapshot(reporting))["sr"]
    shown = said("dsrdump", "+U8", "+Pl", str(scratch(tmp_path, made)))
    for words in (
        "CT Report",
        "右肺上叶见结节",
        "建议复查",
        "危急值：是",
        "对照旧片",
        "磨玻璃",
        'NUM:(,,"Long axis")="12.5"',
    ):
        assert words in shown, words
    assert shown.count('"12.5"') == 1, "a measurement that the form took over is said once"
    assert '"-33"' in shown and "Attenuation Coefficient" in shown
    read = highdicom.sr.EnhancedSR if hasattr(highdicom.sr, "EnhancedSR") else None
    dataset = pydicom.dcmread(BytesIO(to_bytes(made)))
    assert (read.from_dataset(dataset) if read else dataset).SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.22"
    assert (made.StudyDate, made.PatientBirthDate, made.InstanceNumber) == ("20260302", "19800506", 2)


def test_the_same_issue_gives_the_same_bytes(reporting: World) -> None:
    snapshot = full_snapshot(reporting)
    again = unpacked(packed(snapshot))
    assert again == snapshot
    for kind, made in objects(snapshot).items():
        assert to_bytes(made) == to_bytes(objects(again)[kind]), kind
    assert cda.clinical_document(snapshot, 1, AT, SHANGHAI) == cda.clinical_document(again, 1, AT, SHANGHAI)


def test_others_read_the_key_objects_and_the_paper(reporting: World) -> None:
    made = objects(full_snapshot(reporting))
    chosen = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(BytesIO(to_bytes(made["ko"]))))
    assert len(chosen.content.get_references()) == 1
    assert made["ko"].ConceptNameCodeSequence[0].CodeMeaning == "For Report Attachment"
    assert pdf_of(made["pdf"]) == b"%PDF-1.7\nx" and made["pdf"].DocumentTitle == "影像诊断报告 第1版"


# ── CDA ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("event", KINDS)
@pytest.mark.parametrize("issue", [1, 3])
def test_the_schema_finds_no_fault_in_the_document(
    reporting: World, event: ResultEvent, issue: int, schema_faults: Callable[[bytes], list[str]]
) -> None:
    assert schema_faults(cda.clinical_document(full_snapshot(reporting, event), issue, AT, SHANGHAI, BY_UID)) == []


def test_the_document_says_what_the_report_says(reporting: World) -> None:
    first = etree.fromstring(cda.clinical_document(full_snapshot(reporting), 1, AT, SHANGHAI, BY_UID))
    titles = [one.text for one in first.iterfind(".//h:section/h:title", NS)]
    assert titles == ["影像目录", "临床信息", "检查项目", "影像所见", "诊断意见", "补充报告", "关键图像"]
    text = "".join(first.itertext())
    for words in ("右肺上叶见结节，|约^12~mm\\ & 5<6。", "危急值：是", "对照旧片", "磨玻璃", "随访 <3 个月> & 复查"):
        assert words in text, words
    [size] = list(first.iterfind(".//h:value[@unit='mm']", NS))
    assert size.get("value") == "12.5"
    assert first.find("h:relatedDocument", NS) is None
    assert first.findtext("h:legalAuthenticator/h:assignedEntity/h:assignedPerson/h:name", "", NS) == "赵主任"
    for reference in first.iterfind(".//h:reference", NS):
        key = reference.get("value", "").removeprefix("#")
        assert first.find(f".//*[@ID='{key}']") is not None, key
    keys = [one.get("ID") for one in first.iterfind(".//*[@ID]")]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("event", "relation"),
    [(ResultEvent.REVISED, "RPLC"), (ResultEvent.ADDED, "APND"), (ResultEvent.WITHDRAWN, "RPLC")],
)
def test_a_correction_names_the_document_before_it(reporting: World, event: ResultEvent, relation: str) -> None:
    snapshot = full_snapshot(reporting, event)
    first = etree.fromstring(cda.clinical_document(full_snapshot(reporting), 1, AT, SHANGHAI))
    document = etree.fromstring(cda.clinical_document(snapshot, 2, AT, SHANGHAI))
    related = document.find("h:relatedDocument", NS)
    assert related is not None and related.get("typeCode") == relation
    own = cda.document_oid(snapshot.view.exam.row.study_uid, snapshot.view.row.id, 1)
    assert related.find("h:parentDocument/h:id", NS).get("root") == own
    assert first.find("h:id", NS) is not None
    assert ("侧别写错" in "".join(document.itertext())) == (event is ResultEvent.WITHDRAWN)


# ── HL7 v2 ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("event", "code"), list(zip(KINDS, "FCCX", strict=True)))
def test_two_other_readers_read_the_result_message(reporting: World, event: ResultEvent, code: str) -> None:
    pdf = b"%PDF-1.7\n" + bytes(range(256))
    data = result_message(full_snapshot(reporting, event), envelope(), pdf)
    text = data.decode("gb18030")
    read = hl7.parse(text)
    assert str(read.segment("OBR")[25]) == code
    assert {str(one[11]) for one in read.segments("OBX")} == {code}
    other = parse_message(text, find_groups=False)
    assert other.msh.msh_9.to_er7() == "ORU^R01^ORU_R01"
    assert other.obr.obr_18.to_er7() == "A0000001"
    kinds = [str(one[2]) for one in read.segments("OBX")]
    if event is ResultEvent.WITHDRAWN:
        assert kinds == ["HD", "FT"] and "侧别写错" in text
        return
    assert kinds == ["HD", "FT", "FT", "FT", "CE", "CE", "NM", "TX", "NM", "ED"]
    findings = read.segments("OBX")[1]
    assert hl7.util.unescape(read, str(findings[5])) == "右肺上叶见结节，|约^12~mm\\ & 5<6。\r余肺清晰。"
    assert str(read.segments("OBX")[2][8]) == "AA"
    assert base64.b64decode(str(read.segments("OBX")[9][5][0][4])) == pdf


@pytest.mark.parametrize(("event", "kind"), list(zip(KINDS, ("T02", "T10", "T06", "T10"), strict=True)))
def test_the_document_message_carries_the_document(reporting: World, event: ResultEvent, kind: str) -> None:
    document = cda.clinical_document(full_snapshot(reporting, event), 2, AT, SHANGHAI)
    replaces = "" if event is ResultEvent.APPROVED else "2.25.77.1"
    data = document_message(full_snapshot(reporting, event), envelope(), document, replaces)
    read = hl7.parse(data.decode("gb18030"))
    assert str(read.segment("MSH")[9][0][1]) == kind == str(read.segment("EVN")[1])
    assert base64.b64decode(str(read.segment("OBX")[5][0][4])) == document
    assert str(read.segment("TXA")[12][0][0]) == "2.25.77.1"


# ── FHIR ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("event", KINDS)
def test_fhir_resources_reads_every_resource(reporting: World, event: ResultEvent) -> None:
    snapshot = full_snapshot(reporting, event)
    facts = fhir.Bundling(2, AT, "urn:order", "urn:card", b"%PDF-1.7\nx")
    made = fhir.resources(snapshot, facts)
    for one in made.values():
        validated(json.loads(json.dumps(one)))
    bundle = validated(json.loads(json.dumps(fhir.transaction(snapshot, facts))))
    report = bundle["entry"][0]["resource"]
    assert report["status"] == ["final", "corrected", "appended", "entered-in-error"][KINDS.index(event)]
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    pointed = {one["reference"] for one in _references(report)}
    assert {one for one in pointed if not one.startswith("#")} <= known
    values = [one for name, one in made.items() if name.startswith("Observation/")]
    expected = [] if event is ResultEvent.WITHDRAWN else [12.5, -33.0]
    assert [one["valueQuantity"]["value"] for one in values if "valueQuantity" in one] == expected


def _references(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if "reference" in value else []
        return own + [found for one in value.values() for found in _references(one)]
    return [found for one in value for found in _references(one)] if isinstance(value, list) else []


def test_a_snapshot_of_an_earlier_program_is_read(reporting: World) -> None:
    body = json.loads(packed(full_snapshot(reporting)))
    for late in ("coded", "addenda", "reason"):
        del body[late]
    body["of_a_later_program"] = 1
    assert unpacked(json.dumps(body).encode()).coded == ()


def test_times_are_the_hospitals(reporting: World) -> None:
    read = hl7.parse(result_message(full_snapshot(reporting), envelope()).decode("gb18030"))
    assert str(read.segment("OBR")[22]) == "20260302130000+0800"
    assert dt.datetime(2026, 3, 2, 13, tzinfo=SHANGHAI) == AT


def test_the_hospitals_own_choices_are_values(reporting: World) -> None:
    snapshot = full_snapshot(reporting)
    contrast = Choice("contrast", "造影剂反应", "Contrast", (Option("none", "无", "None"), Option("yes", "有", "Yes")))
    content = msgspec.structs.replace(snapshot.view.content, choices={"contrast": "yes"}, hp=HpResult.POSITIVE)
    view = msgspec.structs.replace(snapshot.view, content=content, choices=(USUAL_CRITICAL, USUAL_HP, contrast))
    snapshot = unpacked(packed(msgspec.structs.replace(snapshot, view=view)))
    answers = {one.label: one.text for one in reported_values(snapshot)}
    assert (answers["HP"], answers["造影剂反应"]) == ("阳性", "有") and "危急值" not in answers
    content = msgspec.structs.replace(content, choices={"contrast": "?"}, hp=HpResult.NOT_EXAMINED)
    view = msgspec.structs.replace(view, content=content)
    none = {one.label for one in reported_values(msgspec.structs.replace(snapshot, view=view))}
    assert not none & {"HP", "造影剂反应"}


def test_no_result_makes_another_number_of_a_raised_figure(reporting: World, tmp_path: Path) -> None:
    snapshot = full_snapshot(reporting)
    text = "<p>白细胞 10<sup>9</sup>/L\t，<b>面积</b> 3 cm<sup>2</sup></p>"
    content = msgspec.structs.replace(snapshot.view.content, findings=text)
    snapshot = msgspec.structs.replace(snapshot, view=msgspec.structs.replace(snapshot.view, content=content))
    words = "白细胞 10⁹/L ，面积 3 cm²"
    made = objects(snapshot)["sr"]
    assert words in [element.value for element in made.iterall() if element.VR == "UT"]
    assert "Error" not in said("dciodvfy", str(scratch(tmp_path, made)))
    assert words in cda.clinical_document(snapshot, 1, AT, SHANGHAI).decode()
    message = result_message(snapshot, envelope()).decode("gbk")
    findings = hl7.parse(message).segments("OBX")[1]
    assert hl7.util.unescape(hl7.parse(message), str(findings[5])) == "白细胞 10^9/L ，面积 3 cm^2", "GBK has no ⁹"


def test_signs_that_dicom_forbids_in_names_and_units_do_not_reach_it(reporting: World, tmp_path: Path) -> None:
    snapshot = full_snapshot(reporting)
    one = msgspec.structs.replace(snapshot.view.measurements[1], label="长径\\短径\x1c\r\n比", unit="mm\x01")
    snapshot = msgspec.structs.replace(
        snapshot, view=msgspec.structs.replace(snapshot.view, measurements=(one,)), addenda=("甲\x0b乙\x7f\t丙",)
    )
    made = objects(snapshot)["sr"]
    path = str(scratch(tmp_path, made))
    assert "Error" not in said("dciodvfy", path)
    assert "长径/短径 比" in said("dsrdump", "+U8", "+Pl", path)
    assert "甲乙 丙" in [element.value for element in made.iterall() if element.VR == "UT"]

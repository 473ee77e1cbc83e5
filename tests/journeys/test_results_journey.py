"""An approved report leaves a real server as SR, key objects, PDF, CDA, FHIR and HL7; outside programs read them."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pydicom
import pypdf
import pytest

from server.kernel import secretfiles
from shared.contract.access import AccessScope, AddToken
from shared.contract.audit import ListAudit
from shared.contract.critical import CancelCritical, CorrectCritical, ReportCritical
from shared.contract.errors import Refused
from shared.contract.interfaces import InterfaceKind, SaveConnection, StatusForm
from shared.contract.reporting import AddToReport, ApproveReport, AuditReport, ReviseReport, SubmitReport, WriteReport
from shared.contract.results import (
    GetResultSettings,
    GiveUpResult,
    ResendResult,
    ResultKind,
    ResultRule,
    ResultState,
    SaveResultSettings,
)
from shared.contract.structured import GetCodedReport, GetFormTemplate, ListFormTemplates
from shared.domain.structured import FieldKind, FieldValue, FormContent
from tests.fakes.hospital_system import (
    ORDER_SYSTEM,
    PATIENT_SYSTEM,
    TOKEN,
    MllpListener,
    a_fhir_server,
    a_listener,
    validated,
)
from tests.results_house import CONTENT, ResultsHouse, a_results_house, until
from tests.server_process import running_server, start_server

_SR = ("1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.88.22")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsHouse]:
    with running_server(tmp_path_factory.mktemp("results")) as server, a_results_house(server) as house:
        yield house


@pytest.fixture(scope="module")
def token(house: ResultsHouse) -> str:
    scopes = (AccessScope.READ, AccessScope.REPORTS)
    secret: str = house.admin.call(AddToken(name="results", scopes=scopes, days=1)).secret
    return secret


def got(house: ResultsHouse, path: str, token: str = "", accept: str = "*/*") -> bytes:
    """GET from the web door."""
    headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(f"http://127.0.0.1:{house.server.http_port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        data: bytes = answer.read()
    return data


def instances(house: ResultsHouse, study_uid: str, token: str, sop_class: str) -> list[Any]:
    """What QIDO-RS and WADO-RS give of a class, in order of Instance Number."""
    found = json.loads(got(house, f"/dicom-web/studies/{study_uid}/instances?SOPClassUID={sop_class}", token) or b"[]")
    objects = []
    for one in found:
        series, uid = one["0020000E"]["Value"][0], one["00080018"]["Value"][0]
        path = f"/dicom-web/studies/{study_uid}/series/{series}/instances/{uid}"
        data = got(house, path, token, 'multipart/related; type="application/dicom"')
        objects.append(pydicom.dcmread(BytesIO(data[data.index(b"DICM") - 128 : data.rindex(b"\r\n--")])))
    return sorted(objects, key=lambda one: int(one.InstanceNumber))


def texts(made: Any) -> str:
    """Every text, name and number of a document's content."""
    return "\n".join(str(element.value) for element in made.iterall() if element.VR in ("UT", "PN", "DS", "LO"))


def outside_faults(made: Any, folder: Path) -> list[str]:
    """What `dciodvfy` and, of structured reports, `dsrdump` find wrong."""
    path = folder / "checked.dcm"
    made.save_as(path, enforce_file_format=True)
    faults: list[str] = []
    if tool := shutil.which("dciodvfy"):
        said = subprocess.run([tool, str(path)], capture_output=True, text=True, errors="replace", check=False)
        faults += [line for line in (said.stdout + said.stderr).splitlines() if "Error" in line]
    if made.Modality in ("SR", "KO") and (tool := shutil.which("dsrdump")):
        read = subprocess.run([tool, "-Er", str(path)], capture_output=True, check=False)
        faults += [line for line in read.stderr.decode(errors="replace").splitlines() if line.startswith(("E:", "F:"))]
    return faults


def test_an_approved_report_is_found_in_the_archive(house: ResultsHouse, token: str, tmp_path: Path) -> None:
    exam, report_id = house.examined(his_number="H-1")
    house.approved(report_id)
    rows = house.settled(report_id, 4)
    assert {row.kind for row in rows} == {ResultKind.SR, ResultKind.KEY_OBJECTS, ResultKind.PDF, ResultKind.CDA}
    assert [row.sentence for row in rows if row.state is not ResultState.DONE] == []
    study_uid = exam.row.study_uid
    [report] = [one for kind in _SR for one in instances(house, study_uid, token, kind)]
    [keys] = instances(house, study_uid, token, "1.2.840.10008.5.1.4.1.1.88.59")
    [paper] = instances(house, study_uid, token, "1.2.840.10008.5.1.4.1.1.104.1")
    for made in (report, keys, paper):
        assert outside_faults(made, tmp_path) == []
        assert (made.PatientID, made.AccessionNumber) == (exam.patient.patient_number, exam.row.accession_number)
    assert report.VerifyingObserverSequence[0].VerifyingObserverName.ideographic == "欧阳^建国"
    assert report.ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest == "H-1"
    [evidence] = report.CurrentRequestedProcedureEvidenceSequence
    named = {sop.ReferencedSOPInstanceUID for s in evidence.ReferencedSeriesSequence for sop in s.ReferencedSOPSequence}
    assert named == {str(image.SOPInstanceUID) for image in house.images}
    assert "12.5" in texts(report) and "磨玻璃结节" in texts(report)
    [key] = keys.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert key.ReferencedSOPInstanceUID == house.images[1].SOPInstanceUID
    page = pypdf.PdfReader(BytesIO(paper.EncapsulatedDocument)).pages[0].extract_text().replace("\n", "")
    assert "右肺上叶" in page
    assert b"/ByteRange" in paper.EncapsulatedDocument, "the paper that was signed at the approval"


def test_a_revision_and_an_addendum_are_new_versions_that_name_the_old(
    house: ResultsHouse, token: str, tmp_path: Path
) -> None:
    exam, report_id = house.examined("李二毛")
    first = house.approved(report_id, with_key_image=False)
    house.settled(report_id, 3)
    house.auditor.call(ReviseReport(report_id=report_id, version=first.version, reason="侧别写错"))
    house.settled(report_id, 5)
    written = house.doctor.call(WriteReport(report_id=report_id))
    left = {"findings": CONTENT.findings.replace("右", "左"), "impression": CONTENT.impression.replace("右", "左")}
    content = msgspec.structs.replace(CONTENT, **left)
    house.doctor.call(
        SubmitReport(report_id=report_id, version=written.version, content=content, overrule_reason="测试")
    )
    audited = house.auditor.call(AuditReport(report_id=report_id))
    second = house.auditor.call(ApproveReport(report_id=report_id, version=audited.version, content=content))
    house.settled(report_id, 8)
    house.auditor.call(AddToReport(report_id=report_id, version=second.version, text="对照旧片，结节较前无变化。"))
    rows = house.settled(report_id, 11)
    assert [row.sentence for row in rows if row.state is not ResultState.DONE] == []
    versions = sorted(
        (one for kind in _SR for one in instances(house, exam.row.study_uid, token, kind)),
        key=lambda one: int(one.InstanceNumber),
    )
    assert [outside_faults(one, tmp_path) for one in versions] == [[], [], [], []]
    assert [one.CompletionFlag for one in versions] == ["COMPLETE", "PARTIAL", "COMPLETE", "COMPLETE"]
    assert "侧别写错" in texts(versions[1]) and "左肺上叶" in texts(versions[2]) and "较前无变化" in texts(versions[3])
    for earlier, later in pairwise(versions):
        [study] = later.PredecessorDocumentsSequence
        [replaced] = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
        assert replaced.ReferencedSOPInstanceUID == earlier.SOPInstanceUID
        assert replaced.ReferencedSOPClassUID == earlier.SOPClassUID
    assert len({one.SeriesInstanceUID for one in versions}) == 1
    found = json.loads(got(house, f"/fhir/DiagnosticReport/{report_id}", token))
    assert found["status"] == "appended" and "较前无变化" in found["conclusion"]


def test_reports_are_read_by_fhir(house: ResultsHouse, token: str) -> None:
    exam, report_id = house.examined("赵四海", "H-9")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        got(house, f"/fhir/DiagnosticReport/{report_id}", token)
    house.approved(report_id)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        got(house, "/fhir/DiagnosticReport")
    validated(json.loads(got(house, "/fhir/metadata")))
    path = f"/fhir/DiagnosticReport?identifier={exam.row.accession_number}&_include=*&status=final"
    bundle = validated(json.loads(got(house, path, token)))
    assert bundle["total"] == 1
    resources = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
    assert set(resources) == {"DiagnosticReport", "Patient", "ServiceRequest", "ImagingStudy", "Observation"}
    for one in resources.values():
        validated(one)
    report = resources["DiagnosticReport"]
    assert report["conclusion"] == "右肺上叶磨玻璃结节，建议 3 个月后复查。"
    url = report["presentedForm"][0]["url"]
    pdf = got(house, url.partition(str(house.server.http_port))[2], token)
    assert pdf.startswith(b"%PDF-")
    assert json.loads(got(house, f"/fhir/DiagnosticReport?patient={exam.row.patient_id}", token))["total"] == 1
    assert json.loads(got(house, "/fhir/DiagnosticReport?identifier=nobody", token))["total"] == 0
    audited = until(  # the refused question is in the audit too
        lambda: [row for row in house.admin.call(ListAudit(method_prefix="fhir.search")).rows if row.user]
    )
    assert {(row.user, row.audit_class) for row in audited} == {("token:results", "report")}
    measured = [entry["resource"]["valueQuantity"] for entry in bundle["entry"] if "valueQuantity" in entry["resource"]]
    assert measured == [{"value": 12.5, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"}]


def test_the_answers_of_a_form_leave_with_their_codes(house: ResultsHouse, token: str, tmp_path: Path) -> None:
    exam, report_id = house.examined("小乔")
    [row, *_] = house.doctor.call(ListFormTemplates(report_id=report_id))
    found = house.doctor.call(GetFormTemplate(id=row.id))
    values: dict[str, FieldValue] = {}
    for _, one in found.template.fields():
        if one.kind is FieldKind.CHOICE and one.options:
            values[one.key] = FieldValue(options=(one.options[0].key,))
        if one.kind in (FieldKind.NUMBER, FieldKind.MEASUREMENT):
            values[one.key] = FieldValue(number=one.low if one.low is not None else 7.5)
    assert values, "the supplied template asks nothing that has a code"
    form = FormContent(template_id=row.id, template_version=found.version, values=values)
    house.approved(report_id, msgspec.structs.replace(CONTENT, form=form), with_key_image=False)
    house.settled(report_id, 1)
    coded = house.doctor.call(GetCodedReport(report_id=report_id)).values
    assert coded
    [made] = instances(house, exam.row.study_uid, token, "1.2.840.10008.5.1.4.1.1.88.22")
    assert outside_faults(made, tmp_path) == []
    said = {str(item.value) for item in made.iterall() if item.keyword in ("CodeValue", "LongCodeValue")}
    assert {code.value for one in coded for code in (one.name, *one.codes)} <= said
    bundle = json.loads(got(house, f"/fhir/DiagnosticReport?_id={report_id}&_include=DiagnosticReport:result", token))
    labels = {entry["resource"]["code"]["text"] for entry in bundle["entry"][1:]}
    assert {one.label for one in coded if not one.group} <= labels


def test_the_server_counts_what_left(house: ResultsHouse) -> None:
    _, report_id = house.examined("周瑜")
    house.approved(report_id, with_key_image=False)
    house.settled(report_id, 1)

    def counted() -> bool:
        text = got(house, "/metrics").decode()
        return 'results_total{kind="sr",outcome="done"}' in text and 'report_results{state="done"}' in text

    until(counted, 40.0)


def with_rules(house: ResultsHouse, *rules: ResultRule) -> None:
    """Make the rules those, beside the structured report."""
    present = house.admin.call(GetResultSettings())
    kept = (ResultRule(kind=ResultKind.SR),)
    house.admin.call(SaveResultSettings(version=present.version, rules=(*kept, *rules)))


def test_results_reach_the_hospital_system_and_can_be_sent_again(house: ResultsHouse) -> None:
    secretfiles.write(house.server.data / "secrets" / "hospital", TOKEN.encode())
    with a_listener() as listener, a_fhir_server() as fhir:
        answers = iter(["AE", "AA", "AR"])
        listener.answer = lambda _message: next(answers, "AA")
        values: dict[str, Any] = {"host": "127.0.0.1", "port": listener.port, "form": StatusForm.RESULTS}
        his = house.admin.call(SaveConnection(name="HIS", kind=InterfaceKind.HL7_OUT, **values))
        emr = house.admin.call(
            SaveConnection(
                name="EMR",
                kind=InterfaceKind.FHIR_OUT,
                url=fhir.url,
                form=StatusForm.RESULTS,
                token_file="hospital",
                identifier_system=ORDER_SYSTEM,
                patient_system=PATIENT_SYSTEM,
            )
        )
        with_rules(
            house,
            ResultRule(kind=ResultKind.ORU, connection_id=his.id, with_pdf=True),
            ResultRule(kind=ResultKind.MDM, connection_id=his.id, exam_types=("CT",)),
            ResultRule(kind=ResultKind.FHIR, connection_id=emr.id),
        )
        exam, report_id = house.examined("钱多多", "H-77")
        house.approved(report_id)

        def rows() -> Any:
            found = house.results(report_id)
            return found if len(found) == 4 and all(row.state is not ResultState.WAITING for row in found) else ()

        results = {row.kind: row for row in until(rows)}
        assert results[ResultKind.ORU].state is ResultState.DONE  # AE first, then AA
        assert results[ResultKind.MDM].state is ResultState.FAILED and results[ResultKind.MDM].answer == "AR"
        assert results[ResultKind.FHIR].state is ResultState.DONE
        oru = [one for one in listener.messages if str(one.segment("MSH")[9]).startswith("ORU")]
        assert len(oru) == 2 and len({str(one.segment("MSH")[10]) for one in oru}) == 1
        obr = oru[0].segment("OBR")
        assert (str(obr[2]), str(obr[18]), str(obr[25])) == ("H-77", exam.row.accession_number, "F")
        for client in (house.doctor, house.auditor):
            with pytest.raises(Refused, match="permission_missing"):
                client.call(ResendResult(result_id=results[ResultKind.MDM].id))
            with pytest.raises(Refused, match="permission_missing"):
                client.call(GiveUpResult(result_id=results[ResultKind.MDM].id, reason="x"))
            with pytest.raises(Refused, match="permission_missing"):
                client.call(GetResultSettings())
        house.admin.call(ResendResult(result_id=results[ResultKind.MDM].id))
        until(lambda: all(row.state is ResultState.DONE for row in house.results(report_id)))
        reports = fhir.store["DiagnosticReport"]
        assert [one["status"] for one in reports.values()] == ["final"]
        [patient] = fhir.store["Patient"].values()
        assert next(iter(reports.values()))["subject"]["reference"] == f"Patient/{patient['id']}"
    with_rules(house)


def test_a_critical_value_reaches_the_hospital_system_before_the_report(house: ResultsHouse) -> None:
    with a_listener() as listener, a_listener() as other:
        his, emr = (
            house.admin.call(
                SaveConnection(
                    name=name, kind=InterfaceKind.HL7_OUT, host="127.0.0.1", port=port, form=StatusForm.RESULTS
                )
            )
            for name, port in (("急诊", listener.port), ("随访", other.port))
        )
        with_rules(
            house,
            ResultRule(kind=ResultKind.CRITICAL, connection_id=his.id),
            ResultRule(kind=ResultKind.CRITICAL, connection_id=emr.id, enabled=False),
        )
        exam, report_id = house.examined("周危急", "H-99")
        loop = house.doctor.call(ReportCritical(report_id=report_id, code="CH01", finding="右侧张力性气胸")).loop
        corrected = house.doctor.call(
            CorrectCritical(
                loop_id=loop.id, version=loop.version, name=loop.name, finding="左侧张力性气胸", reason="侧别写错"
            )
        ).loop
        house.doctor.call(CancelCritical(loop_id=loop.id, version=corrected.version, reason="误报"))
        told = listener.wait_for(3)
        assert [str(one.segment("OBR")[25]) for one in told] == ["F", "C", "X"]
        assert [str(one.segments("OBX")[0][8]) for one in told] == ["AA"] * 3
        assert {str(one.segment("OBR")[2]) for one in told} == {"H-99"}
        assert {str(one.segment("OBR")[18]) for one in told} == {exam.row.accession_number}
        assert "左侧张力性气胸" in str(told[1].segments("OBX")[1][5])
        assert other.messages == []
    with_rules(house)


@pytest.mark.slow  # two starts of a server; its short form: tests/server/results/test_result_service.py
def test_a_server_killed_between_approval_and_sending_sends_once(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    listener = MllpListener()
    listener.stop()  # nobody answers until the server was killed
    with a_results_house(server) as house:
        values: dict[str, Any] = {"host": "127.0.0.1", "port": listener.port, "form": StatusForm.RESULTS}
        his = house.admin.call(SaveConnection(name="HIS", kind=InterfaceKind.HL7_OUT, **values))
        with_rules(house, ResultRule(kind=ResultKind.ORU, connection_id=his.id))
        _, report_id = house.examined()
        house.approved(report_id, with_key_image=False)
        server.kill(whole=True)
    again = MllpListener(listener.port)
    try:
        with running_server(tmp_path) as server, a_results_house(server) as house:
            rows = house.settled(report_id, 2)
            assert {row.state for row in rows} == {ResultState.DONE}
            assert len(again.messages) == 1
    finally:
        again.stop()


def test_the_command_line_exports_what_others_read(
    house: ResultsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mingjing.__main__ import main

    exam, report_id = house.examined("孙悟空")
    signed = ["--data", str(house.server.data), "--out", str(tmp_path)]
    assert main(["report", "export", exam.row.accession_number, "--as", "cda", *signed]) == 1
    house.approved(report_id, with_key_image=False)
    house.settled(report_id, 1)
    for kind in ("sr", "pdf", "cda", "fhir", "oru"):
        assert main(["report", "export", f"#{report_id}", "--as", kind, *signed]) == 0
    name = f"{exam.row.accession_number}-1"
    assert str(tmp_path / f"{name}.dcm") in capsys.readouterr().out
    assert "磨玻璃" in texts(pydicom.dcmread(tmp_path / f"{name}.dcm"))
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF-")
    assert "磨玻璃" in (tmp_path / f"{name}.xml").read_text(encoding="utf-8")
    assert "磨玻璃" in (tmp_path / f"{name}.hl7").read_text(encoding="utf-8")
    validated(json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")))

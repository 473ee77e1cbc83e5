"""The six steps of a consultation over two hospitals (ECG-FLOW-04) through a real server; outside programs look."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pypdf
import pytest

from shared.contract import ecg, ecg_critical
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_reports as reports
from shared.contract.errors import Refused
from shared.contract.interfaces import InterfaceKind, SaveConnection, StatusForm
from shared.contract.results import GetResultSettings, ListReportResults, ResultKind, ResultRule, SaveResultSettings
from shared.domain.ecg import ConsultationState, EcgKind, ExamState, ReportState
from shared.domain.ecg_reports import ExportFormat, NoticeKind, Parameter, StatementSource, Verdict
from shared.rpc.bulk import BulkClient
from shared.waveform import formats
from shared.waveform.paper import Look
from shared.waveform.record import record_from_microvolts
from shared.waveform.report_paper import ReportWords
from shared.waveform.report_text import text_report_pdf
from tests.ecg_network import EcgNetwork, an_ecg_network, polylines
from tests.ecg_phantom import Heart, twelve_leads
from tests.fakes.hospital_system import MllpListener, a_listener
from tests.journeys.test_dcmtk import at, tool
from tests.results_house import until
from tests.server_process import running_server

_SR, _PDF = "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.104.1"
_WAVEFORM = "1.2.840.10008.5.1.4.1.1.9.1.1"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EcgNetwork]:
    with running_server(tmp_path_factory.mktemp("ecg")) as server, an_ecg_network(server) as network:
        yield network


def document(network: EcgNetwork, who: str, document_id: int) -> bytes:
    bulk = BulkClient(network.server.connection, network.clients[who]._token)
    try:
        return bytes(bulk.fetch("document", str(document_id)).data)
    finally:
        bulk.close()


def unread(network: EcgNetwork, who: str) -> list[consultations.NoticeView]:
    return list(network.clients[who].call(consultations.ListNotices()))


def from_archive(network: EcgNetwork, study_uid: str, folder: Path) -> dict[str, Any]:
    """What dcmtk's getscu brings of a study, byte by byte, by SOP class."""
    folder.mkdir()
    keys = ("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={study_uid}")
    asked = [word for key in keys for word in ("-k", key)]
    tool("getscu", "-S", "+B", *asked, "-aet", "WS1", *at(network.server), "-od", str(folder))
    made = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    assert len({str(one.SOPClassUID) for one in made}) == len(made)
    return {str(one.SOPClassUID): one for one in made}


def faults(made: Any, path: Path) -> list[str]:
    """What dciodvfy and dsrdump find wrong."""
    made.save_as(path, enforce_file_format=True)
    found: list[str] = []
    if tool := shutil.which("dciodvfy"):
        said = subprocess.run([tool, str(path)], capture_output=True, text=True, errors="replace", check=False)
        found += [line for line in (said.stdout + said.stderr).splitlines() if "Error" in line]
    if made.Modality == "SR" and (tool := shutil.which("dsrdump")):
        read = subprocess.run([tool, "-Er", str(path)], capture_output=True, check=False)
        found += [line for line in read.stderr.decode(errors="replace").splitlines() if line[:2] in ("E:", "F:")]
    return found


def check_scale(pdf: bytes, record: Any) -> None:
    """25.0 mm/s and 10.0 mm/mV within 0.1 mm over the whole trace, in the PDF's own coordinates."""
    lines = [np.array(one) for one in polylines(pdf)]
    rhythm = max(lines, key=len)
    assert len(rhythm) >= 4990
    seconds = np.arange(len(rhythm)) / record.sampling_hz
    assert np.abs(rhythm[:, 0] - rhythm[0, 0] - 25.0 * seconds).max() < 0.1
    millivolts = record.lead("II")[: len(rhythm)] / 1000
    drawn = rhythm[:, 1] - rhythm[:, 1].mean()
    assert np.abs(drawn - 10.0 * (millivolts - millivolts.mean())).max() < 0.1
    pulses = [one for one in lines if len(one) == 6]
    assert len(pulses) == 4  # a calibration pulse for each row
    for pulse in pulses:
        assert np.ptp(pulse[:, 1]) == pytest.approx(10.0, abs=0.1)
        assert pulse[3, 0] - pulse[1, 0] == pytest.approx(5.0, abs=0.1)


def results_go_to(network: EcgNetwork, listener: MllpListener) -> None:
    """The hospital system that takes reports with their PDF."""
    his = network.admin.call(
        SaveConnection(
            name="HIS", kind=InterfaceKind.HL7_OUT, host="127.0.0.1", port=listener.port, form=StatusForm.RESULTS
        )
    )
    present = network.admin.call(GetResultSettings())
    oru = ResultRule(kind=ResultKind.ORU, connection_id=his.id, with_pdf=True, exam_types=("ECG",))
    network.admin.call(SaveResultSettings(version=present.version, rules=(*present.rules, oru)))


def acquired_with_an_opinion(network: EcgNetwork, record: Any) -> ecg.EcgExamView:
    """Steps 1 and 2 at the clinic: registered, acquired, a first opinion; nothing is asked before there is a trace."""
    clinic = network.clients["nurse"]
    exam_id = network.registered(request_number="REQ-7").row.id
    form = clinic.call(consultations.GetApplicationForm(exam_id=exam_id))
    assert "还没有采集" in form.obstacle
    with pytest.raises(Refused, match="还没有采集"):
        clinic.call(consultations.Apply(exam_id=exam_id, team_id=network.team_id))
    exam = network.acquired(exam_id, record)
    assert exam.row.state is ExamState.ACQUIRED
    page = clinic.call(reports.Open(exam_id=exam_id))
    opinion = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律")
    clinic.call(reports.Save(exam_id=exam_id, version=page.version, body=opinion))
    return exam


def applied(network: EcgNetwork, exam_id: int) -> int:
    """Step 3 at the clinic: the consultation, asked for once; the team is told."""
    clinic = network.clients["nurse"]
    wanted = consultations.Apply(exam_id=exam_id, team_id=network.team_id, question="请协助诊断", phone="8001")
    asked = clinic.call(wanted)
    assert asked.state is ConsultationState.WAITING and asked.to_hospital == "县人民医院"
    with pytest.raises(Refused, match="不能重复申请"):
        clinic.call(consultations.Apply(exam_id=exam_id, team_id=network.team_id))
    [notice] = [one for one in unread(network, "li") if one.exam_id == exam_id]
    assert (notice.kind, notice.hospital) == (NoticeKind.NEW_CONSULTATION, "东山镇卫生院")
    return asked.id


def accepted(network: EcgNetwork, exam_id: int, consultation_id: int) -> None:
    """Step 4 at the county hospital: one winner."""
    doctor, second = network.clients["li"], network.clients["zhou"]
    [row] = [one for one in doctor.call(consultations.ListIncoming()).rows if one.id == consultation_id]
    assert row.question == "请协助诊断"
    taken = doctor.call(consultations.Accept(consultation_id=consultation_id))
    assert taken.state is ConsultationState.ACCEPTED
    with pytest.raises(Refused, match="李主治"):
        second.call(consultations.Accept(consultation_id=consultation_id))
    assert [one for one in unread(network, "zhou") if one.exam_id == exam_id] == []


def written(page: reports.ReportPage) -> reports.ReportBody:
    """What the consulting doctor says: one value changed, one suggestion confirmed."""
    values = tuple(
        reports.ParameterValue(name=one.name, value=168.0 if one.name is Parameter.PR else one.value)
        for one in page.body.parameters
    )
    said = tuple(
        reports.Statement(
            code=one.term_code or one.code,
            system=one.system,
            text=one.zh,
            source=StatementSource.MACHINE,
            verdict=Verdict.CONFIRMED,
            reason=one.reason_zh,
        )
        for one in page.suggestions[:1]
    )
    return reports.ReportBody(
        parameters=values, findings="窦性 P 波规律出现。", diagnosis="1. 窦性心律\n2. 正常心电图", statements=said
    )


def published(network: EcgNetwork, exam_id: int) -> reports.ReportPage:
    """Step 5 at the county hospital: diagnosed and published; the clinic is told."""
    clinic, doctor = network.clients["nurse"], network.clients["li"]
    assert doctor.call(ecg.GetTrace(exam_id=exam_id)).data
    page = doctor.call(reports.Open(exam_id=exam_id))
    assert page.is_editable and page.first_opinion == "窦性心律" and not page.is_saved
    watching = clinic.call(reports.Open(exam_id=exam_id))
    assert not watching.is_editable and "李主治" in watching.obstacle
    with pytest.raises(Refused, match="心电诊断为空"):
        doctor.call(reports.Submit(exam_id=exam_id, version=page.version, body=reports.ReportBody()))
    page = doctor.call(reports.Submit(exam_id=exam_id, version=page.version, body=written(page)))
    assert page.state is ReportState.SUBMITTED and page.document_id
    changed = [one for one in page.body.parameters if one.is_changed]
    assert [(one.name, one.value) for one in changed] == [(Parameter.PR, 168.0)]
    assert changed[0].machine not in (None, 168.0)
    assert clinic.call(ecg.GetEcgExam(exam_id=exam_id)).row.state is ExamState.REPORTED
    [told] = [one for one in unread(network, "nurse") if one.exam_id == exam_id]
    assert (told.kind, told.hospital) == (NoticeKind.PUBLISHED, "县人民医院")
    return page


def signed_for(network: EcgNetwork, consultation_id: int, page: reports.ReportPage) -> bytes:
    """Step 6 at the clinic: printed and signed for; returns the paper."""
    clinic = network.clients["nurse"]
    [printed] = clinic.call(consultations.SignFor(consultation_ids=(consultation_id,)))
    assert printed.done and printed.document is not None and printed.document.id == page.document_id
    done = clinic.call(consultations.Get(consultation_id=consultation_id))
    assert done.consultation.state is ConsultationState.COMPLETED
    assert (done.consultation.signed_by, done.consultation.print_count) == ("王护士", 1)
    assert [one.action for one in done.lines] == ["applied", "accepted", "published", "signed"]
    return document(network, "nurse", printed.document.id)


def check_paper(pdf: bytes, record: Any) -> None:
    """Scale, words and signature of the printed report."""
    check_scale(pdf, record)
    text = pypdf.PdfReader(BytesIO(pdf)).pages[0].extract_text()
    names = ("县人民医院", "心电图会诊报告", "东山镇卫生院", "赵大爷", "李主治")
    for word in (*names, "25 mm/s", "10 mm/mV", "168 ms *"):
        assert word in text, word
    assert b"/ByteRange" in pdf  # signed


def check_message(message: Any, pdf: bytes) -> None:
    """What the hospital system got: order, diagnosis, the very paper."""
    assert str(message.segment("OBR")[25]) == "F" and str(message.segment("OBR")[2]) == "REQ-7"
    observations = message.segments("OBX")
    assert any("正常心电图" in str(one[5]) for one in observations)
    [sent] = [str(one[5]) for one in observations if str(one[2]) == "ED"]
    assert base64.b64decode(sent.rsplit("^", 1)[1]) == pdf


def check_archive(found: dict[str, Any], accession_number: str, pdf: bytes, folder: Path) -> None:
    """Report and paper in the exam's study, valid by outside programs; the report names the waveform."""
    assert set(found) == {_SR, _PDF, _WAVEFORM}
    report, paper = found[_SR], found[_PDF]
    for number, made in enumerate((report, paper)):
        assert faults(made, folder / f"{number}.dcm") == []
        assert made.AccessionNumber == accession_number
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "3700"
    numbers = [one for one in report.iterall() if one.keyword == "NumericValue"]
    assert "168" in {str(one.value).removesuffix(".0") for one in numbers}
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert evidence.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == found[_WAVEFORM].SOPInstanceUID
    assert bytes(paper.EncapsulatedDocument).rstrip(b"\0") == pdf.rstrip(b"\0")


def test_six_steps_over_two_hospitals(network: EcgNetwork, tmp_path: Path) -> None:
    record = twelve_leads(Heart(seed=7))[0]
    with a_listener() as listener:
        results_go_to(network, listener)
        exam = acquired_with_an_opinion(network, record)
        consultation_id = applied(network, exam.row.id)
        accepted(network, exam.row.id, consultation_id)
        page = published(network, exam.row.id)
        pdf = signed_for(network, consultation_id, page)
        check_paper(pdf, record)
        check_message(listener.wait_for(1)[0], pdf)
    until(lambda: _settled(network, page.report_id), 120.0)
    found = from_archive(network, exam.row.study_uid, tmp_path / "got")
    check_archive(found, exam.row.accession_number, pdf, tmp_path)


def test_a_report_of_a_document_lies_beside_it_in_the_archive(network: EcgNetwork, tmp_path: Path) -> None:
    clinic = network.clients["nurse"]
    exam = network.registered("孙大爷", kind=EcgKind.HOLTER)
    received = text_report_pdf(ReportWords("某厂", "Holter 24 h", (), (), ("", "x"), ("", "y"), ()), Look())
    attach = ecg.AttachDocument(exam_id=exam.row.id, title="动态心电图", file_name="h.pdf", data=received)
    attached = clinic.call(attach)
    page = clinic.call(reports.Open(exam_id=exam.row.id))
    assert page.is_by_document
    body = reports.ReportBody(diagnosis="频发室性早搏", documents=(attached.id,))
    page = clinic.call(reports.Submit(exam_id=exam.row.id, version=page.version, body=body))
    pdf = document(network, "nurse", page.document_id)
    assert len(pypdf.PdfReader(BytesIO(pdf)).pages) == 2 and b"/ByteRange" in pdf
    until(lambda: _settled(network, page.report_id, ResultKind.SR, ResultKind.PDF), 120.0)

    def archived() -> bool:
        return bool(clinic.call(ecg.GetEcgExam(exam_id=exam.row.id)).documents[0].sop_uid)

    until(archived, 60.0)
    got = tmp_path / "got"
    got.mkdir()
    wanted = ("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={exam.row.study_uid}")
    tool("getscu", "-S", "+B", *(w for key in wanted for w in ("-k", key)), "-aet", "WS1", *at(network.server), "-od",
         str(got))  # fmt: skip
    made = [pydicom.dcmread(path) for path in got.iterdir()]
    assert sorted(str(one.SOPClassUID) for one in made) == sorted((_SR, _PDF, _PDF))
    assert [fault for number, one in enumerate(made) for fault in faults(one, tmp_path / f"{number}.dcm")] == []
    kept = {bytes(one.EncapsulatedDocument).rstrip(b"\0") for one in made if str(one.SOPClassUID) == _PDF}
    assert kept == {received.rstrip(b"\0"), pdf.rstrip(b"\0")}
    assert {(str(one.PatientID), one.AccessionNumber) for one in made} == {
        (str(made[0].PatientID), exam.row.accession_number)
    }


def _settled(network: EcgNetwork, report_id: int, *kinds: ResultKind) -> bool:
    """Whether the results of a report, or those of some kinds, are out."""
    found = network.admin.call(ListReportResults(report_id=report_id))
    rows = [one for one in found if not kinds or one.kind in kinds]
    failed = [one.sentence for one in rows if one.state.value == "failed"]
    assert not failed, failed
    return bool(rows) and all(one.state.value == "done" for one in rows)


def test_a_withdrawn_report_is_corrected_and_its_readers_are_told(network: EcgNetwork) -> None:
    clinic, doctor = network.clients["nurse"], network.clients["li"]
    exam_id = network.registered("钱二婶").row.id
    network.acquired(exam_id, twelve_leads(Heart(seed=8))[0])
    asked = clinic.call(consultations.Apply(exam_id=exam_id, team_id=network.team_id))
    doctor.call(consultations.Accept(consultation_id=asked.id))
    page = doctor.call(reports.Open(exam_id=exam_id))
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律")
    page = doctor.call(reports.Submit(exam_id=exam_id, version=page.version, body=body))
    clinic.call(reports.Print(exam_id=exam_id))
    with pytest.raises(Refused, match="撤回"):
        clinic.call(reports.Withdraw(exam_id=exam_id, version=page.version + 1, reason="x"))
    page = doctor.call(reports.Open(exam_id=exam_id))
    page = doctor.call(reports.Withdraw(exam_id=exam_id, version=page.version, reason="漏写早搏"))
    assert page.state is ReportState.WITHDRAWN and page.is_editable and page.body.diagnosis == "窦性心律"
    assert page.editions[0].withdrawal == "漏写早搏" and page.editions[0].document_id
    assert NoticeKind.REPORT_WITHDRAWN in {one.kind for one in unread(network, "nurse")}
    assert clinic.call(ecg.GetEcgExam(exam_id=exam_id)).row.state is ExamState.ACQUIRED
    with pytest.raises(Refused, match="提交后才能打印"):
        clinic.call(reports.Print(exam_id=exam_id))
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律，室性早搏")
    page = doctor.call(reports.Submit(exam_id=exam_id, version=page.version, body=body))
    assert [one.number for one in page.editions] == [2, 1] and page.editions[0].reason == "漏写早搏"
    old = clinic.call(reports.GetEdition(exam_id=exam_id, number=1))
    assert old.diagnosis == "窦性心律"


def test_the_trace_leaves_in_other_formats(network: EcgNetwork) -> None:
    exam_id = network.registered("孙三叔").row.id
    record = twelve_leads(Heart(seed=9))[0]
    network.acquired(exam_id, record)
    clinic = network.clients["nurse"]
    page = clinic.call(reports.Open(exam_id=exam_id))
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律")
    clinic.call(reports.Submit(exam_id=exam_id, version=page.version, body=body))
    for kind in (ExportFormat.AECG, ExportFormat.SCP, ExportFormat.DICOM):
        made = clinic.call(reports.ExportTrace(exam_id=exam_id, file_format=kind))
        read = formats.read(document(network, "nurse", made.id))
        shift = np.abs(read.lead("V2") - record.lead("V2")).max()
        assert shift < 1.0 and any("窦性心律" in one for one in read.statements), kind


def test_a_hospital_sees_neither_the_others_exams_nor_their_papers(network: EcgNetwork) -> None:
    exam_id = network.registered("李四嫂").row.id
    network.acquired(exam_id, twelve_leads(Heart(seed=10))[0])
    clinic, doctor = network.clients["nurse"], network.clients["li"]
    page = clinic.call(reports.Open(exam_id=exam_id))
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律")
    page = clinic.call(reports.Submit(exam_id=exam_id, version=page.version, body=body))
    for request in (reports.Open(exam_id=exam_id), reports.Print(exam_id=exam_id), ecg.GetEcgExam(exam_id=exam_id)):
        with pytest.raises(Refused, match="不存在"):
            doctor.call(request)
    assert document(network, "nurse", page.document_id).startswith(b"%PDF-")
    with pytest.raises(Refused):
        document(network, "li", page.document_id)


def test_fibrillation_raises_the_alarm_and_is_acknowledged(network: EcgNetwork) -> None:
    exam_id = network.registered("吴五爷").row.id
    seconds = np.arange(5000) / 500
    record = twelve_leads(Heart(seed=11))[0]
    wave = 400 * np.sin(2 * np.pi * 5 * seconds + 2 * np.sin(2 * np.pi * 0.3 * seconds))
    size = np.linspace(0.6, 1.4, 12)[:, None]
    record = record_from_microvolts(record.leads, size * wave, 500.0)
    network.acquired(exam_id, record)
    clinic = network.clients["nurse"]
    [alarm] = clinic.call(ecg_critical.ListAlarms(exam_id=exam_id))
    assert alarm.rule == "vf" and alarm.loop_id
    assert clinic.call(ecg.GetEcgExam(exam_id=exam_id)).row.is_critical
    clinic.call(consultations.Apply(exam_id=exam_id, team_id=network.team_id))
    rows = network.clients["zhou"].call(consultations.ListIncoming()).rows
    assert rows[0].exam_id == exam_id and "颤动" in rows[0].danger_reasons[0]
    acknowledged = clinic.call(ecg_critical.AcknowledgeAlarm(alarm_id=alarm.id, note="已除颤"))
    assert acknowledged.acknowledged_by == "王护士"
    assert acknowledged.loop_state is not None and acknowledged.loop_state.value == "acknowledged"
    assert clinic.call(ecg_critical.ListAlarms()) == ()

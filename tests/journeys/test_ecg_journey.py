"""An ECG through a whole server: order by MLLP, registered, acquired by a task, in the archive, found by outsiders."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from server.kernel import secretfiles
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract import ecg_reports as reports
from shared.contract.errors import Refused
from shared.contract.interfaces import InterfaceKind, RemoveConnection, SaveConnection
from shared.domain.ecg import AdapterKind, DeviceState, EcgKind, ExamState, RequestState, TaskState, TraceSource
from shared.domain.states import Sex
from shared.rpc.client import RpcClient
from shared.waveform import compact, formats, kept
from tests import ecg_records
from tests.fakes.hospital_system import (
    ORDER_SYSTEM,
    PATIENT_SYSTEM,
    TOKEN,
    MllpSender,
    a_fhir_server,
    a_listener,
    an_order,
)
from tests.journeys.test_dcmtk import at, tool
from tests.server_process import ServerProcess, running_server, start_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("hospital")) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RpcClient]:
    client = server.client()
    yield client
    client.close()


def until(found: Callable[[], Any], what: str, seconds: float = 40.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.1)
    return value


def upload(client: RpcClient, data: bytes, name: str, **facts: Any) -> acquisition.UploadResult:
    """In chunks, as a thin line does."""
    key = secrets.token_hex(16)
    part = acquisition.UploadPart(name=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    offset = client.call(acquisition.BeginUpload(key=key, facts=acquisition.UploadFacts(parts=(part,), **facts))).offset
    while offset < len(data):
        piece = data[offset : offset + 16_384]
        offset = client.call(acquisition.AppendUpload(key=key, offset=offset, data=piece)).offset
    return client.call(acquisition.FinishUpload(key=key))


def stored(client: RpcClient, exam_id: int) -> ecg.TraceView:
    """The present trace, once its object lies in the archive."""

    def look() -> Any:
        trace = client.call(ecg.GetTrace(exam_id=exam_id)).trace
        return trace if trace.sop_uid else None

    return until(look, "the trace's object in the archive")


def test_from_the_order_to_the_archive(server: ServerProcess, client: RpcClient, tmp_path: Path) -> None:
    client.call(SaveConnection(name="HIS", kind=InterfaceKind.HL7_IN, host="127.0.0.1", facility="东区医院"))
    with MllpSender(server.hl7_port) as his:
        answer = his.send(an_order("E1", card="E0001", items=(("ECG001", "常规十二导联心电图"),)))
        assert str(answer.segment("MSA")[1]) == "AA"
    (request,) = client.call(ecg.SearchRequests(patient_name="王小明")).rows
    assert (request.state, request.entry.request_number) == (RequestState.OPEN, "E1")
    assert request.entry.ward == "内科门诊" and request.entry.history == "头痛三天"
    order = ecg.RegisterRequest(
        application_id=request.application_id, version=request.version, entry=ecg.EcgEntry(complaint="心悸")
    )
    exam = client.call(order).exam
    assert exam.row.state is ExamState.AWAITING and client.call(order).existed

    entry = acquisition.EcgDeviceEntry(serial="SN1", model="R12", adapter=AdapterKind.FOLDER)
    device = client.call(acquisition.SaveEcgDevice(entry=entry))
    client.call(acquisition.BindStation(station="test", device_id=device.id))
    started = client.call(acquisition.StartTask(exam_id=exam.row.id))
    assert started.state is DeviceState.ACQUIRING

    record = ecg_records.full()
    data = next(iter(formats.write(record, "scp").files.values()))
    result = upload(client, data, "cart.scp", device_serial="SN1", source=TraceSource.DEVICE)
    assert result.exam_id == exam.row.id and result.trace.quality.passed
    assert result.task is not None and result.task.state is TaskState.SUCCEEDED
    (row,) = client.call(ecg.ListEcgExams(request_number="E1")).rows
    assert (row.state, row.trace_count) == (ExamState.ACQUIRED, 1)
    assert client.call(ecg.SearchRequests(request_number="E1")).rows[0].state is RequestState.EXAMINED

    trace = stored(client, exam.row.id)
    keys = ("QueryRetrieveLevel=STUDY", f"AccessionNumber={row.accession_number}", "StudyInstanceUID", "PatientName")
    found = tool("findscu", "-S", *(word for key in keys for word in ("-k", key)), "-aet", "WS1", *at(server))
    assert row.study_uid in found
    got = tmp_path / "got"
    got.mkdir()
    wanted = ("QueryRetrieveLevel=STUDY", f"StudyInstanceUID={row.study_uid}")
    tool("getscu", "-S", *(word for key in wanted for word in ("-k", key)), "-aet", "WS1", *at(server), "-od", str(got))
    (path,) = got.iterdir()
    made = dcmread(path)
    assert (made.SOPInstanceUID, made.Modality) == (trace.sop_uid, "ECG")
    assert made.SOPClassUID == "1.2.840.10008.5.1.4.1.1.9.1.1" == trace.sop_class
    assert str(made.PatientName).startswith("Wang^XiaoMing=王^小明") or "王^小明" in str(made.PatientName)
    assert made.AccessionNumber == row.accession_number and made.PatientSex == "F"
    if shutil.which("dciodvfy"):
        said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False).stderr
        assert "Error" not in said and "Warning" not in said, said
    back = formats.read(path)
    read = formats.read(data)
    assert np.array_equal(back.samples, read.samples) and back.gain_uv == read.gain_uv

    given = client.call(ecg.GetTrace(exam_id=exam.row.id))
    unpacked = compact.unpack(given.data)
    assert np.array_equal(unpacked.samples, read.samples) and len(given.data) < 30_000
    assert kept.unpack(given.analysis, unpacked).measurements.hr_bpm == given.trace.values.hr_bpm
    (original,) = client.call(ecg.GetOriginal(trace_id=trace.id))
    assert original.data == data


def test_the_hospital_system_hears_of_its_order(server: ServerProcess, client: RpcClient) -> None:
    client.call(SaveConnection(name="HIS2", kind=InterfaceKind.HL7_IN, host="127.0.0.1", facility="东区医院"))
    with a_listener() as heard:
        out = {"host": "127.0.0.1", "port": heard.port, "timeout_s": 3.0}
        told = client.call(SaveConnection(name="states", kind=InterfaceKind.HL7_OUT, **out))
        with MllpSender(server.hl7_port) as his:
            his.send(an_order("E77", card="E0077", items=(("ECG001", "常规十二导联心电图"),)))
        (request,) = client.call(ecg.FindRequest(request_number="E77"))
        order = ecg.RegisterRequest(application_id=request.application_id, version=request.version, entry=request.entry)
        exam_id = client.call(order).exam.row.id
        upload(client, next(iter(formats.write(ecg_records.full(), "scp").files.values())), "a.scp", exam_id=exam_id)
        body = reports.ReportBody(diagnosis="窦性心律")
        client.call(reports.Submit(exam_id=exam_id, version=0, body=body))
        until(lambda: len(heard.messages) >= 3, "three states of the order")
        client.call(RemoveConnection(id=told.id))
    states = [(str(m.segment("ORC")[2]), str(m.segment("ORC")[5]), str(m.segment("OBR")[25])) for m in heard.messages]
    assert states == [("E77", "SC", "S"), ("E77", "CM", "R"), ("E77", "CM", "F")]


def test_a_request_that_only_the_hospital_system_has_is_fetched(server: ServerProcess, client: RpcClient) -> None:
    secretfiles.write(server.data / "secrets" / "hospital", TOKEN.encode())
    with a_fhir_server() as fhir:
        fhir.add_order("FO9", fhir.add_patient("F0009", "李小红"), "ECG002")
        systems = {"identifier_system": ORDER_SYSTEM, "patient_system": PATIENT_SYSTEM, "token_file": "hospital"}
        client.call(SaveConnection(name="FHIR", kind=InterfaceKind.FHIR_QUERY, url=fhir.url, **systems))
        (request,) = client.call(ecg.FindRequest(request_number="FO9"))
        assert (request.entry.patient_name, request.entry.kind) == ("李小红", EcgKind.EIGHTEEN_LEAD)
        with pytest.raises(Refused, match="没有查到"):
            client.call(ecg.FindRequest(request_number="NO-SUCH"))


def test_a_cart_that_speaks_dicom_asks_the_worklist_and_stores(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    exam = client.call(
        ecg.RegisterEcg(entry=ecg.EcgEntry(patient_name="单田芳", sex=Sex.MALE, age="60", history="高血压"))
    ).exam
    answers = tmp_path / "answers"
    answers.mkdir()
    keys = ("ScheduledProcedureStepSequence[0].Modality=ECG", f"AccessionNumber={exam.row.accession_number}")
    more = ("PatientName", "StudyInstanceUID", "PatientID", "SpecificCharacterSet=GB18030")
    words = [word for key in (*keys, *more) for word in ("-k", key)]
    tool("findscu", "-W", "-X", *words, "-aet", "CART1", *at(server), folder=answers)
    (item,) = [dcmread(path, force=True) for path in sorted(answers.glob("rsp*.dcm"))]
    assert item.StudyInstanceUID == exam.row.study_uid and "单^田芳" in str(item.PatientName)

    cart = replace(ecg_records.full(hertz=1000.0), extra={})
    made = formats.write(cart, "dicom").files
    path = tmp_path / "cart.dcm"
    path.write_bytes(next(iter(made.values())))
    given = dcmread(path)
    given.StudyInstanceUID, given.AccessionNumber = item.StudyInstanceUID, exam.row.accession_number
    given.PatientID, given.PatientName = item.PatientID, item.PatientName
    given.save_as(path)
    tool("storescu", "-aet", "CART1", *at(server), str(path))

    def acquired() -> Any:
        view = client.call(ecg.GetEcgExam(exam_id=exam.row.id))
        return view if view.row.state is ExamState.ACQUIRED else None

    view = until(acquired, "the stored object to become a trace")
    (trace,) = view.traces
    assert (trace.source, trace.sop_uid, trace.format) == (TraceSource.DICOM, str(given.SOPInstanceUID), "dicom")
    assert trace.sampling_hz == 1000.0 and trace.values.hr_bpm is not None

    stray = dcmread(path)
    stray.StudyInstanceUID, stray.SeriesInstanceUID, stray.SOPInstanceUID = "2.25.77777", "2.25.77778", "2.25.77779"
    stray.file_meta.MediaStorageSOPInstanceUID = stray.SOPInstanceUID
    stray.AccessionNumber, stray.DeviceSerialNumber = "", "NOBODY"
    stray.WaveformSequence[0].WaveformData = stray.WaveformSequence[0].WaveformData[:-24] + b"\x01\x00" * 12
    stray.save_as(path)
    tool("storescu", "-aet", "CART1", *at(server), str(path))
    orphans = until(lambda: client.call(acquisition.ListOrphans()).rows, "the stray object to be listed")
    assert [one.device_serial for one in orphans] == ["NOBODY"]


def test_after_a_crash_the_task_is_open_and_the_upload_goes_on(tmp_path: Path) -> None:
    data, key = next(iter(formats.write(ecg_records.twelve_leads(), "scp").files.values())), secrets.token_hex(16)
    server = start_server(tmp_path / "data")
    client = server.client()
    device = client.call(acquisition.SaveEcgDevice(entry=acquisition.EcgDeviceEntry(serial="SN1")))
    client.call(acquisition.BindStation(station="test", device_id=device.id))
    entry = ecg.EcgEntry(patient_name="张三", sex=Sex.MALE, age="60")
    exam_id = client.call(ecg.RegisterEcg(entry=entry)).exam.row.id
    client.call(acquisition.StartTask(exam_id=exam_id))
    facts = acquisition.UploadFacts(
        parts=(acquisition.UploadPart(name="a.scp", size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()),),
        device_serial="SN1",
    )
    client.call(acquisition.BeginUpload(key=key, facts=facts))
    half = client.call(acquisition.AppendUpload(key=key, offset=0, data=data[: len(data) // 2])).offset
    client.close()
    server.kill(whole=True)
    with running_server(tmp_path / "data") as again:
        client = again.client()
        view = client.call(acquisition.GetAcquisition(exam_id=exam_id))
        assert view.state is DeviceState.ACQUIRING and view.task is not None and view.task.state is TaskState.OPEN
        offset = client.call(acquisition.BeginUpload(key=key, facts=facts)).offset
        assert offset == half, "what was answered lies on the disk"
        client.call(acquisition.AppendUpload(key=key, offset=offset, data=data[offset:]))
        result = client.call(acquisition.FinishUpload(key=key))
        assert result.exam_id == exam_id and result.task is not None and result.task.state is TaskState.SUCCEEDED
        assert stored(client, exam_id).id == result.trace.id
        client.close()

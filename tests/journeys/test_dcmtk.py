"""dcmtk's tools as modality and workstation against the whole server."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pydicom import dcmread
from server_process import ServerProcess, running_server

from shared.contract.archive import CheckArchive, ListExamStudies, ListUnmatched, MatchStudy
from shared.contract.exams import ExamView, ItemEntry, PatientEntry, RegisterExam
from shared.contract.organisation import GetHospital, SavePeer
from shared.contract.queueing import CallNext, FinishTicket, GetQueue, StartTicket
from shared.contract.reporting import ListReports
from shared.dicomkit.headers import PatientFacts
from shared.dicomkit.synthetic import ct_series
from shared.domain.states import ReportState, Sex
from shared.rpc.client import RpcClient

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("hospital")) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RpcClient]:
    client = server.client()
    yield client
    client.close()


def tool(name: str, *arguments: str, folder: Path | None = None) -> str:
    """Run a dcmtk tool; returns what it said. Fails unless its status is 0."""
    done = subprocess.run(
        [name, *arguments], capture_output=True, text=True, errors="replace", timeout=120, check=False, cwd=folder
    )
    assert done.returncode == 0, f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def at(server: ServerProcess) -> list[str]:
    return ["-aec", "MINGJING", "127.0.0.1", str(server.dicom_port)]


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.05)


def register(client: RpcClient, name: str = "欧阳雪") -> ExamView:
    hospital = client.call(GetHospital())
    room = next(room for room in hospital.rooms if "CT" in room.exam_types)
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    order = ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen)
    return client.call(
        RegisterExam(
            patient=PatientEntry(name=name, sex=Sex.FEMALE, birth_date=date(1990, 2, 3)),
            exam_type="CT",
            items=(order,),
            campus_id=room.campus_id,
            room_id=room.id,
            accept_duplicate=True,
        )
    )


def series_for(exam: ExamView, folder: Path, slices: int = 6) -> list[Path]:
    patient = PatientFacts(exam.patient.patient_number, "Ouyang^Xue=欧阳^雪", date(1990, 2, 3), "F")
    folder.mkdir()
    return ct_series(
        folder,
        slices=slices,
        rows=128,
        patient=patient,
        accession=exam.row.accession_number,
        study_uid=exam.row.study_uid,
        character_set="GB18030",
    )


def test_echo(server: ServerProcess) -> None:
    tool("echoscu", *at(server))


def test_the_worklist_names_the_registered_patient(server: ServerProcess, client: RpcClient, tmp_path: Path) -> None:
    exam = register(client)
    tool(
        "findscu",
        "-W",
        "-X",
        *("-k", f"AccessionNumber={exam.row.accession_number}", "-k", "PatientName", "-k", "StudyInstanceUID"),
        *("-k", "ScheduledProcedureStepSequence[0].Modality=CT", "-k", "SpecificCharacterSet=GB18030"),
        *("-k", "ScheduledProcedureStepSequence[0].ScheduledStationAETitle"),
        *("-aet", "CT1", *at(server)),
        folder=tmp_path,
    )
    answers = [dcmread(path, force=True) for path in sorted(tmp_path.glob("rsp*.dcm"))]
    assert len(answers) == 1
    assert str(answers[0].PatientName) == "Ouyang^Xue=欧阳^雪"
    assert answers[0].StudyInstanceUID == exam.row.study_uid


def test_images_reach_the_report_and_come_back_byte_for_byte(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    exam = register(client, "单田芳")
    files = series_for(exam, tmp_path / "sent")
    tool("storescu", "-aet", "CT1", *at(server), *map(str, files))
    wait_for(
        lambda: sum(s.instance_count for s in client.call(ListExamStudies(exam_id=exam.row.id))) == len(files),
        "the images to be matched to their exam",
    )
    ticket = next(t for t in client.call(GetQueue()).tickets if t.exam_id == exam.row.id)
    called = client.call(CallNext(room_id=ticket.room_id))
    while called.id != ticket.id:  # other tests' patients stand before
        called = client.call(CallNext(room_id=ticket.room_id))
    started = client.call(StartTicket(ticket_id=called.id, version=called.version))
    client.call(FinishTicket(ticket_id=started.id, version=started.version))
    rows = [row for row in client.call(ListReports()).rows if row.exam_id == exam.row.id]
    assert [row.state for row in rows] == [ReportState.AWAITING] and rows[0].image_count == len(files)

    keys = ("QueryRetrieveLevel=STUDY", f"AccessionNumber={exam.row.accession_number}", "StudyInstanceUID")
    wanted = [word for key in (*keys, "NumberOfStudyRelatedInstances") for word in ("-k", key)]
    found = tool("findscu", "-S", *wanted, "-aet", "WS1", *at(server))
    assert exam.row.study_uid in found

    got = tmp_path / "got"
    got.mkdir()
    tool("getscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={exam.row.study_uid}",
         "-od", str(got), "-aet", "WS1", *at(server))  # fmt: skip
    sent = {str(ds.SOPInstanceUID): ds for ds in map(dcmread, files)}
    received = {str(ds.SOPInstanceUID): ds for ds in map(dcmread, got.iterdir())}
    assert set(received) == set(sent)
    for uid, image in received.items():
        assert image.PixelData == sent[uid].PixelData and image.PatientName == sent[uid].PatientName

    moved = tmp_path / "moved"
    moved.mkdir()
    port = _free_port()
    client.call(SavePeer(ae_title="DEST", host="127.0.0.1", port=port))
    tool("movescu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={exam.row.study_uid}",
         "-aem", "DEST", "-aet", "DEST", "--port", str(port), "-od", str(moved), *at(server))  # fmt: skip
    assert len(list(moved.iterdir())) == len(files)


def test_images_of_nobody_wait_and_can_be_matched_by_hand(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    (tmp_path / "stray").mkdir()
    ct_series(tmp_path / "stray", slices=3, rows=64, accession="NOBODY1")
    tool(
        "dcmsend",
        "-aet",
        "CT2",
        "+sd",
        "-aec",
        "MINGJING",
        "127.0.0.1",
        str(server.dicom_port),
        str(tmp_path / "stray"),
    )
    wait_for(
        lambda: any(row.instance_count == 3 and row.why_unmatched for row in client.call(ListUnmatched()).rows),
        "the stray study to be listed with its reason",
    )
    stray = next(row for row in client.call(ListUnmatched()).rows if row.accession_number == "NOBODY1")
    exam = register(client, "仇英")
    client.call(MatchStudy(study_uid=stray.study_uid, version=stray.version, exam_id=exam.row.id))
    assert [row.study_uid for row in client.call(ListExamStudies(exam_id=exam.row.id))] == [stray.study_uid]
    assert client.call(CheckArchive()).total_findings == 0


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

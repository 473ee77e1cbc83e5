"""DCMTK's tools as modality and workstation against the door."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.doors.dicom.door import Door
from server.doors.dicom.part10 import dataset_of, read_meta
from server.doors.dicom.ports import DoorSettings, Peer, StoreOutcome
from tests.fakes.dicom_objects import PATIENTS, ct_file, patient_rows, stored_objects, worklist_item
from tests.fakes.dicom_ports import FakeHospital

Tool = Callable[..., subprocess.CompletedProcess[str]]


def test_echoscu_gets_success(door: Door, run_tool: Tool) -> None:
    done = run_tool("echoscu", "-v", "127.0.0.1", str(door.port))
    assert "Received Echo Response (Success)" in done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["storescu", "dcmsend"])
def test_objects_are_stored_byte_for_byte(
    tool: str, door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path
) -> None:
    files = [ct_file(tmp_path, n) for n in range(5)]
    run_tool(tool, "127.0.0.1", str(door.port), *map(str, files))
    assert len(hospital.archive.objects) == 5
    for file in files:
        meta = read_meta(file.read_bytes())
        kept = hospital.archive.objects[meta.sop_instance_uid]
        assert kept.transfer_syntax_uid == meta.transfer_syntax_uid
        assert kept.data == bytes(dataset_of(file.read_bytes()))


def test_a_refused_object_is_reported_with_its_status(
    door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path
) -> None:
    file = ct_file(tmp_path, 1)
    uid = read_meta(file.read_bytes()).sop_instance_uid
    hospital.archive.refuse[uid] = StoreOutcome.refused(0xA700, "The disk is full; free space")
    done = run_tool("storescu", "-v", "127.0.0.1", str(door.port), str(file), ok=False)
    assert re.search("Out ?[Oo]f ?[Rr]esources|0xa700", done.stdout + done.stderr)


def test_a_large_object_is_spooled_and_kept(door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path) -> None:
    file = ct_file(tmp_path, 1, rows=2048, columns=2048)  # 8 MB, above the limit of this door
    run_tool("storescu", "127.0.0.1", str(door.port), str(file))
    (kept,) = hospital.archive.objects.values()
    assert kept.spooled
    assert kept.data == bytes(dataset_of(file.read_bytes()))


def test_an_object_of_three_megabytes_grows_the_buffer(
    door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path
) -> None:
    files = [ct_file(tmp_path, n, rows=1024, columns=1536) for n in range(2)]
    run_tool("storescu", "127.0.0.1", str(door.port), *map(str, files))
    for file in files:
        kept = hospital.archive.objects[read_meta(file.read_bytes()).sop_instance_uid]
        assert not kept.spooled
        assert kept.data == bytes(dataset_of(file.read_bytes()))


def test_small_pdus_are_put_together(door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path) -> None:
    file = ct_file(tmp_path, 1)
    run_tool("storescu", "--max-send-pdu", "4096", "127.0.0.1", str(door.port), str(file))
    (kept,) = hospital.archive.objects.values()
    assert kept.data == bytes(dataset_of(file.read_bytes()))


def find_responses(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    """The answers that findscu printed, by tag, such as ``{"0010,0020": "P1"}``."""
    text = done.stdout + done.stderr
    answers = []
    for block in re.split(r"Find Response:? ?\d* ?\(Pending\)", text)[1:]:
        values = re.findall(r"\(([0-9a-f]{4},[0-9a-f]{4})\) [A-Z]{2} (?:\[(.*?)\]|=(\S+)|\(no value)", block)
        answers.append({tag: (a or b).strip(" \0") for tag, a, b in values})
    return answers


def find(run_tool: Tool, door: Door, model: str, *keys: str) -> list[dict[str, str]]:
    argv = ["findscu", "-v", model]
    for key in keys:
        argv += ["-k", key]
    return find_responses(run_tool(*argv, "127.0.0.1", str(door.port)))


def test_findscu_at_every_level(door: Door, hospital: FakeHospital, run_tool: Tool) -> None:
    hospital.query.rows = patient_rows()
    patients = find(run_tool, door, "-P", "QueryRetrieveLevel=PATIENT", "PatientID=*", "PatientName")
    assert sorted(a["0010,0020"] for a in patients) == sorted(p.patient_id for p in PATIENTS)
    studies = find(run_tool, door, "-S", "QueryRetrieveLevel=STUDY", "PatientID=P1", "StudyInstanceUID", "StudyDate")
    assert [a["0020,000d"] for a in studies] == ["1.2.3.1"]
    assert studies[0]["0008,0054"] == "MINGJING"
    series = find(
        run_tool, door, "-S", "QueryRetrieveLevel=SERIES", "StudyInstanceUID=1.2.3.1", "SeriesInstanceUID", "Modality"
    )
    assert [a["0020,000e"] for a in series] == ["1.2.3.1.1", "1.2.3.1.2"]
    images = find(
        run_tool,
        door,
        "-S",
        "QueryRetrieveLevel=IMAGE",
        "StudyInstanceUID=1.2.3.1",
        "SeriesInstanceUID=1.2.3.1.1",
        "SOPInstanceUID",
        "InstanceNumber",
    )
    assert len(images) == 2
    assert all(a["0008,0052"] == "IMAGE" for a in images)


def test_findscu_with_wildcard_and_range(door: Door, hospital: FakeHospital, run_tool: Tool) -> None:
    hospital.query.rows = patient_rows()
    found = find(run_tool, door, "-S", "QueryRetrieveLevel=STUDY", "PatientName=Wang*", "StudyDate=20240101-20240630")
    assert len(found) == 1
    (asked,) = hospital.query.asked
    assert asked.keys[0x00100010] == "Wang*"
    assert asked.keys[0x00080020] == "20240101-20240630"


def test_a_level_that_the_model_lacks_is_refused(door: Door, hospital: FakeHospital, run_tool: Tool) -> None:
    done = run_tool("findscu", "-v", "-S", "-k", "QueryRetrieveLevel=PATIENT", "127.0.0.1", str(door.port), ok=False)
    assert re.search("a900|DataSetDoesNotMatch|Identifier", done.stdout + done.stderr, re.IGNORECASE)
    assert not hospital.query.asked


def test_findscu_reads_the_worklist(door: Door, hospital: FakeHospital, run_tool: Tool) -> None:
    hospital.worklist.items = [worklist_item("A1", "CT"), worklist_item("A2", "MR")]
    found = find(
        run_tool,
        door,
        "-W",
        "PatientName",
        "PatientID",
        "AccessionNumber",
        "ScheduledProcedureStepSequence[0].Modality=CT",
        "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepSequence[0].ScheduledProcedureStepID",
    )
    assert [a["0008,0050"] for a in found] == ["A1"]
    assert found[0]["0040,0009"] == "SPS-A1"


@pytest.mark.parametrize("charset", ["\\ISO 2022 IR 58", "GB18030", "ISO_IR 192"])
def test_dcmtk_reads_chinese_names_in_every_character_set(
    charset: str, door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path
) -> None:
    hospital.worklist.items = [worklist_item("A1", "CT")]
    run_tool(
        "findscu", "-W", "-X", "-od", str(tmp_path), "-k", f"SpecificCharacterSet={charset}", "-k", "PatientName",
        "-k", "RequestedProcedureDescription", "127.0.0.1", str(door.port),
    )  # fmt: skip
    (answer,) = tmp_path.glob("rsp*.dcm")
    shown = run_tool("dcmdump", "+U8", str(answer)).stdout
    assert "[Zhang^San=张^三]" in shown
    assert "[胸部平扫]" in shown
    raw = answer.read_bytes()
    encoded = {"GB18030": "张".encode("gb18030"), "ISO_IR 192": "张".encode()}
    assert encoded.get(charset, b"\x1b$)A" + "张".encode("gb2312")) in raw


def start_storescp(program: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    process = subprocess.Popen([program, "+xa", "-aet", "DEST", "-od", str(folder), str(port)])
    end = time.monotonic() + 40
    while time.monotonic() < end:
        with socket.socket() as sock:
            if not sock.connect_ex(("127.0.0.1", port)):
                return process, port
        time.sleep(0.02)
    process.kill()
    raise TimeoutError("storescp does not listen")


def received(folder: Path) -> dict[str, bytes]:
    out = {}
    for file in folder.iterdir():
        data = file.read_bytes()
        out[read_meta(data).sop_instance_uid] = data
    return out


def test_movescu_to_storescp(
    door: Door, hospital: FakeHospital, run_tool: Tool, tool_path: Callable[[str], str], tmp_path: Path
) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    target = tmp_path / "received"
    target.mkdir()
    storescp, port = start_storescp(tool_path("storescp"), target)
    try:
        hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", port)
        run_tool(
            "movescu", "-v", "-S", "-aem", "DEST", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.1",
            "127.0.0.1", str(door.port),
        )  # fmt: skip
    finally:
        storescp.terminate()
        storescp.wait(10)
    wanted = {s.instance_uid for s in hospital.retrieve.stored if s.study_uid == "1.2.3.1"}
    assert set(received(target)) == wanted


def test_movescu_to_an_unknown_destination_is_refused(door: Door, run_tool: Tool) -> None:
    done = run_tool(
        "movescu", "-v", "-S", "-aem", "NOBODY", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.1",
        "127.0.0.1", str(door.port), ok=False,
    )  # fmt: skip
    assert re.search("MoveDestinationUnknown|a801", done.stdout + done.stderr, re.IGNORECASE)


@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_getscu_at_every_level(level: str, door: Door, hospital: FakeHospital, run_tool: Tool, tmp_path: Path) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    target = tmp_path / "received"
    target.mkdir()
    keys = ["-k", f"QueryRetrieveLevel={level}", "-k", "StudyInstanceUID=1.2.3.1"]
    if level != "STUDY":
        keys += ["-k", "SeriesInstanceUID=1.2.3.1.1"]
    if level == "IMAGE":
        keys += ["-k", "SOPInstanceUID=1.2.3.1.1.2"]
    run_tool("getscu", "-S", "-od", str(target), *keys, "127.0.0.1", str(door.port))
    got = received(target)
    assert len(got) == {"STUDY": 3, "SERIES": 2, "IMAGE": 1}[level]
    for uid, data in got.items():
        (kept,) = [s for s in hospital.retrieve.stored if s.instance_uid == uid]
        assert read_meta(data).sop_class_uid == kept.sop_class_uid


def test_two_workers_take_objects_from_storescu(run_tool: Tool, tmp_path: Path) -> None:
    files = [str(ct_file(tmp_path, n)) for n in range(8)]
    door = Door(
        DoorSettings(
            "tests.fakes.dicom_ports:folder_ports", {"folder": str(tmp_path / "kept")}, port=0, workers=2, drain_s=2.0
        )
    )
    door.start()
    try:
        senders = [
            threading.Thread(target=run_tool, args=("storescu", "127.0.0.1", str(door.port), *files[n::4]))
            for n in range(4)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert door.alive
    finally:
        door.stop()
    assert len(list((tmp_path / "kept").rglob("*.dcm"))) == 8
    assert not door.alive


def test_a_worker_that_dies_is_replaced(run_tool: Tool, tmp_path: Path) -> None:
    door = Door(
        DoorSettings(
            "tests.fakes.dicom_ports:folder_ports", {"folder": str(tmp_path / "kept")}, port=0, workers=1, drain_s=1.0
        )
    )
    door.start()
    try:
        ((worker, _),) = door._workers
        worker.kill()
        worker.join()
        end = time.monotonic() + 20
        while door._workers[0][0] is worker or not door.alive:
            assert time.monotonic() < end
            time.sleep(0.05)
        run_tool("echoscu", "127.0.0.1", str(door.port))
    finally:
        door.stop()


def test_a_factory_that_fails_is_said_at_the_start(tmp_path: Path) -> None:
    door = Door(DoorSettings("tests.fakes.dicom_ports:nothing_here", {}, port=0, workers=1))
    with pytest.raises(RuntimeError, match="could not start"):
        door.start()
    assert not door.alive


def test_unfinished_objects_of_a_killed_server_are_swept_at_the_start(hospital: FakeHospital, tmp_path: Path) -> None:
    for name in ("dicom-abc.spool", "commitment-1.part", "somebody-elses.file"):
        (tmp_path / name).write_text("x")
    door = Door(DoorSettings(port=0, spool_directory=tmp_path, drain_s=1.0), hospital.ports())
    door.start()
    door.stop()
    assert [p.name for p in tmp_path.iterdir()] == ["somebody-elses.file"]


def test_a_taken_port_is_an_os_error(door: Door) -> None:
    with pytest.raises(OSError, match=r"in use|10048"):
        Door(DoorSettings("tests.fakes.dicom_ports:folder_ports", {}, port=door.port)).start()


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "from server.doors.dicom.door import Door\n"
        "from server.doors.dicom.ports import DoorSettings\n"
        "import sys, time\n"
        "if __name__ == '__main__':\n"
        "    door = Door(DoorSettings('tests.fakes.dicom_ports:folder_ports', {'folder': sys.argv[1]}, port=0,\n"
        "                             workers=2, drain_s=1.0))\n"
        "    door.start()\n"
        "    print(door.port, *[p.pid for p, _ in door._workers], flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(program)
    root = Path(__file__).parents[4]
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "kept")],
        stdout=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=str(root)),
        text=True,
    )
    assert parent.stdout is not None
    port, *workers = map(int, parent.stdout.readline().split())
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    pytest.fail("a worker still listens after its parent was killed")

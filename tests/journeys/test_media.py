"""A medium goes into a real server, which is killed meanwhile, comes out again, satisfies other programs, and goes into
a second server that then holds the same objects; all with the commands that people use."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mingjing.archive.command import main
from mingjing.archive.giving import bundles, upload
from shared.contract.archive import GetArchiveStatus, ListExamStudies, StudyRow
from shared.contract.exams import ExamView, ItemEntry, PatientEntry, RegisterExam
from shared.contract.exchange import ListImports, StartImport
from shared.contract.organisation import GetHospital, SavePeer
from shared.contract.routing import SaveTarget, TargetKind
from shared.dicomkit.directory import Directory
from shared.dicomkit.headers import to_bytes
from shared.dicomkit.uids import new_uid
from shared.domain.states import Sex
from shared.rpc.client import RpcClient
from tests.server.archive.archive_house import a_series, an_object
from tests.server.archive.exchange.exchange_house import a_picture
from tests.server_process import ServerProcess, running_server, start_server

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "dicomdir"


def archive(server: ServerProcess, *words: str) -> tuple[int, Any]:
    """Run `mingjing archive …`; its status and what it printed as JSON."""
    password = server.data / "secrets" / "admin-password"
    out = io.StringIO()
    with redirect_stdout(out):
        status = main([*words, "--json", "--connect", str(server.connection), "--password-file", str(password)])
    return status, json.loads(out.getvalue() or "null")


def instances(server: ServerProcess) -> int:
    client = server.client()
    try:
        return client.call(GetArchiveStatus()).instances
    finally:
        client.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server for all journeys; each looks at its own studies only."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    import time

    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def a_medium(folder: Path, count: int) -> Path:
    directory = Directory("JOURNEY")
    objects = a_series(count, 64)
    objects.append(
        an_object(
            PatientName="Li^Si=李^四", PatientID="P2", SOPInstanceUID=new_uid(), SOPClassUID=objects[0].SOPClassUID
        )
    )
    for number, one in enumerate(objects, 1):
        place = ("IMAGES", f"IM{number:06d}")
        directory.add(one, place)
        path = folder.joinpath(*place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_bytes(one))
    (folder / "DICOMDIR").write_bytes(directory.to_bytes())
    return folder


def hashes_when_there(server: ServerProcess, studies: list[str], folder: Path, count: int) -> dict[str, str]:
    """As `hashes`, once so many objects are indexed."""

    def indexed() -> bool:
        rows = archive(server, "find")[1]["rows"]
        return sum(row["instance_count"] for row in rows if row["study_uid"] in studies) == count

    eventually(indexed)
    return hashes(server, studies, folder)


def hashes(server: ServerProcess, studies: list[str], folder: Path) -> dict[str, str]:
    """The objects of studies by SOP Instance UID, as SHA-256, fetched by the command."""
    import hashlib

    import pydicom

    status, said = archive(server, "fetch", *studies, "--to", str(folder))
    assert status == 0, said
    found = {}
    for path in folder.rglob("*.dcm"):
        found[str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
    return found


def test_a_medium_goes_through_two_servers_and_a_kill(tmp_path: Path, server: ServerProcess) -> None:
    medium = a_medium(tmp_path / "medium", 80)
    first = start_server(tmp_path / "first")
    try:
        client = first.client()
        with bundles(medium) as bundle:
            ids = tuple(upload(client, name, path, quiet=True) for name, path in bundle)
        client.call(StartImport(upload_ids=ids, title="medium"))
        eventually(lambda: client.call(ListImports()).rows[0].stored > 0)
        first.kill()
        client.close()
        first = start_server(tmp_path / "first")

        def last() -> Any:
            with_client = first.client()
            try:
                return with_client.call(ListImports()).rows[0]
            finally:
                with_client.close()

        eventually(lambda: last().state == "done")
        view = last()
        assert (view.stored, view.refused, view.missing, view.duplicate) == (81, 0, 0, 0)
        eventually(lambda: instances(first) == 81)
        studies = [row["study_uid"] for row in archive(first, "find")[1]["rows"]]
        kept = hashes(first, studies, tmp_path / "fetched")
        assert len(kept) == 81
        status, said = archive(first, "export", *studies, "--as", "media", "--viewer", "--to", str(tmp_path / "out"))
        assert status == 0, said
    finally:
        assert first.stop() == 0
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "out" / "images.zip") as made:
        made.extractall(unpacked)
    satisfies_others(unpacked)
    status, said = archive(server, "import", str(unpacked))
    assert status == 0, said
    assert said["import"]["stored"] == 81
    before = hashes_when_there(server, studies, tmp_path / "again", 81)
    assert before == kept
    status, said = archive(server, "import", str(unpacked))
    assert (status, said["import"]["stored"], said["import"]["duplicate"]) == (0, 0, 81)


def satisfies_others(folder: Path) -> None:
    """dcmtk reads the directory and makes the same; dicom3tools finds no error and one patient, study, series each."""
    files = sorted(str(path) for path in (folder / "DICOM").rglob("*") if path.is_file())
    if shutil.which("dcmdump"):
        done = subprocess.run(
            ["dcmdump", "-q", "-M", str(folder / "DICOMDIR")], capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
    if shutil.which("dcmmkdir"):
        command = ["dcmmkdir", "-Pgp", "+id", str(folder), "+r", "+m", "+D", str(folder / "THEIRS"), "DICOM"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        (folder / "THEIRS").unlink()
    for tool, arguments in (("dciodvfy", [str(folder / "DICOMDIR")]), ("dcentvfy", files)):
        if shutil.which(tool):
            said = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False).stderr
            assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.skipif(not REAL.is_dir(), reason="the sample medium is not here")
def test_a_real_medium_is_taken_whole_and_comes_out_without_names(tmp_path: Path, server: ServerProcess) -> None:
    status, said = archive(server, "import", str(REAL))
    assert status == 3, said  # the sample lacks some files that its DICOMDIR names
    view = said["import"]
    assert (view["stored"], view["ignored"], view["missing"], view["refused"]) == (24, 1, 7, 0)

    def of(patient_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = archive(server, "find", "--id", patient_id)[1]["rows"]
        return rows

    eventually(lambda: sum(row["instance_count"] for row in (*of("98890234"), *of("77654033"))) == 24)
    rows = of("98890234")
    assert archive(server, "find", "Archibald")[1]["total"] == 2
    studies = [row["study_uid"] for row in rows]
    status, said = archive(
        server, "export", *studies, "--project", "TRIAL", "--option", "retain_modified_dates", "--to", str(tmp_path)
    )
    assert status == 0, said
    with zipfile.ZipFile(tmp_path / "images.zip") as made:
        for name in made.namelist():
            data = made.read(name)
            assert b"Doe^Peter" not in data and b"98890234" not in data
    assert archive(server, "export", "9.9.9", "--to", str(tmp_path))[0] == 1
    assert archive(server, "delete", studies[0], "--reason", "test")[0] == 0
    entry = archive(server, "bin")[1]["rows"][0]["id"]
    assert archive(server, "restore", str(entry), "--reason", "test")[0] == 0


def test_files_are_sent_to_a_peer_and_anonymised_without_a_server(tmp_path: Path, server: ServerProcess) -> None:
    medium = a_medium(tmp_path / "medium", 3)
    before = instances(server)
    status, said = archive(server, "send", str(medium), "--peer", f"MINGJING@127.0.0.1:{server.dicom_port}")
    assert (status, said["sent"], said["failed"]) == (0, 4, [])
    eventually(lambda: instances(server) == before + 4)
    out = tmp_path / "anonymous"
    key = tmp_path / "key"
    words = ("anonymise", str(medium), "--project", "T", "--key-file", str(key), "--to", str(out))
    assert archive(server, *words)[0] == 0
    assert len(list(out.iterdir())) == 4
    assert not any("李".encode() in path.read_bytes() for path in out.iterdir())
    assert archive(server, *words)[0] == 2  # not into a folder that holds something
    assert archive(server, "send", "1.2.3", "--target", "NOWHERE")[0] == 2


def an_exam(client: RpcClient) -> ExamView:
    hospital = client.call(GetHospital())
    room = next(room for room in hospital.rooms if "CT" in room.exam_types)
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    return client.call(
        RegisterExam(
            patient=PatientEntry(name="欧阳雪", sex=Sex.FEMALE, birth_date=date(1990, 2, 3)),
            exam_type="CT",
            items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
            campus_id=room.campus_id,
            room_id=room.id,
            accept_duplicate=True,
        )
    )


def test_a_foreign_medium_and_pictures_become_an_exams_and_are_sent_on(tmp_path: Path, server: ServerProcess) -> None:
    client = server.client()
    try:
        exam = an_exam(client)
        medium = a_medium(tmp_path / "medium", 2)
        picture = tmp_path / "scan.jpg"
        picture.write_bytes(a_picture())
        for given, known_as in ((medium, exam.row.accession_number), (picture, str(exam.row.id))):
            status, said = archive(server, "import", str(given), "--exam", known_as, "--title", "CD")
            assert status == 0, said
        status, said = archive(server, "import", str(picture), "--patient", exam.patient.patient_number)
        assert (status, said["import"]["identity"], said["import"]["patient_id"]) == (0, "patient", exam.patient.id)
        with pytest.raises(SystemExit, match="No exam has the accession number NOBODY"):
            archive(server, "import", str(picture), "--exam", "NOBODY")

        def of_exam() -> list[StudyRow]:
            return list(client.call(ListExamStudies(exam_id=exam.row.id)))

        eventually(lambda: sum(row.instance_count for row in of_exam()) == 4)
        assert {row.patient_id for row in of_exam()} == {exam.patient.patient_number}
        assert {row.accession_number for row in of_exam()} == {exam.row.accession_number}
        assert exam.row.study_uid in {row.study_uid for row in of_exam()}
        # the server sends them to itself, as a target like any other
        client.call(SavePeer(ae_title="SELF", host="127.0.0.1", port=server.dicom_port))
        client.call(SaveTarget(name="Self", kind=TargetKind.DICOM, ae_title="SELF"))
        status, said = archive(server, "send", exam.row.study_uid, "--target", "Self")
        assert (status, [row["state"] for row in said]) == (0, ["sent"]), said
    finally:
        client.close()

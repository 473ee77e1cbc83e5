"""The whole server with several stores: images come by DICOM, move away by a rule, and come back by DICOM."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from pydicom import dcmread
from server_process import ServerProcess, running_server

from shared.contract.archive import CheckArchive
from shared.contract.storage import (
    GetFillHistory,
    GetStudyCopies,
    ListMoved,
    ListPrefetch,
    ListRules,
    ListStores,
    MoveStudy,
    PrefetchEntry,
    PreviewRule,
    RecallStudy,
    RemovePrefetch,
    RemoveStore,
    RuleEntry,
    RunRules,
    SavePrefetch,
    SaveRule,
    SaveStore,
    StudyCopies,
    VerifyStudy,
)
from shared.dicomkit.synthetic import ct_series
from shared.rpc.client import RpcClient
from tests.fakes.s3_server import s3_settings

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")


def settings_file(folder: Path, *, online_is_s3: bool = False) -> Path:
    """Settings with a near-line folder, an S3 store and an off-line disk."""
    of = asdict(s3_settings())
    secret = folder / "s3-secret"
    secret.write_text(of["secret_key"] + "\n")
    bucket = {name: of[name] for name in ("endpoint", "bucket", "prefix", "access_key")}
    bucket |= {"kind": "s3", "secret_file": str(secret)}
    stores: list[dict[str, str]] = []
    for name, role in (("near", "nearline"), ("disk-1", "offline")):
        (folder / name).mkdir()
        stores.append({"name": name, "kind": "folder", "role": role, "path": str(folder / name), "label": name.upper()})
    if online_is_s3:
        stores.append({**bucket, "name": "online", "role": "online"})
    else:
        stores.append({**bucket, "name": "cloud", "role": "archive"})
    lines = []
    for store in stores:
        lines.append("[[stores]]")
        lines += [f"{name} = {json.dumps(value)}" for name, value in store.items()]
    path = folder / "settings.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def signed_in() -> Iterator[Callable[[ServerProcess], RpcClient]]:
    clients: list[RpcClient] = []

    def sign_in(server: ServerProcess) -> RpcClient:
        clients.append(server.client())
        return clients[-1]

    yield sign_in
    for client in clients:
        client.close()


def tool(name: str, *arguments: str) -> str:
    done = subprocess.run([name, *arguments], capture_output=True, text=True, errors="replace", timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{name}: {said[-3000:]}"
    return said


def store(server: ServerProcess, folder: Path, slices: int = 4) -> tuple[str, dict[str, bytes]]:
    """Send a study; returns its UID and the pixels by SOP Instance UID."""
    folder.mkdir()
    files = ct_series(folder, slices=slices, rows=64)
    tool("storescu", "-aet", "CT1", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), *map(str, files))
    sets = [dcmread(path) for path in files]
    return str(sets[0].StudyInstanceUID), {
        str(one.SOPInstanceUID): path.read_bytes() for one, path in zip(sets, files, strict=True)
    }


def fetch(server: ServerProcess, study_uid: str, folder: Path) -> tuple[str, dict[str, bytes]]:
    """C-GET a study; returns what the tool said and the files."""
    folder.mkdir()
    said = tool(
        *("getscu", "-d", "-S", "-aet", "WS1", "-aec", "MINGJING", "+B", "-od", str(folder)),
        *("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid}"),
        *("127.0.0.1", str(server.dicom_port)),
    )
    return said, {str(dcmread(path).SOPInstanceUID): path.read_bytes() for path in folder.iterdir()}


def data_set(file: bytes) -> bytes:
    """What follows the file meta information, which each side writes for itself."""
    return file[132 + 12 + int.from_bytes(file[140:144], "little") :]


def wait_for(holds: Callable[[], bool], what: str, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.1)


def objects_in(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if len(path.name) == 64)


def test_images_move_away_by_a_rule_and_come_back_by_dicom(
    tmp_path: Path, signed_in: Callable[[ServerProcess], RpcClient]
) -> None:
    settings = settings_file(tmp_path)
    data = tmp_path / "hospital"
    with running_server(data, "--settings", str(settings)) as server:
        client = signed_in(server)
        uid, sent = store(server, tmp_path / "sent")

        def copies() -> StudyCopies:
            return client.call(GetStudyCopies(study_uid=uid))

        assert [(s.name, s.state) for s in client.call(ListStores())] == [
            ("online", "ready"),
            ("near", "ready"),
            ("cloud", "ready"),
            ("disk-1", "ready"),
        ]
        wait_for(lambda: objects_in(data / "archive" / "objects") == 4, "the files to be in their places")
        rule = RuleEntry(name="away", after_days=0, unused_days=0, keep_in=("near", "cloud"))
        assert client.call(PreviewRule(entry=rule)).studies == 1
        kept = client.call(SaveRule(entry=rule))
        client.call(RunRules())
        wait_for(lambda: copies().availability == "NEARLINE" and len(copies().copies) == 2, "the study to move")
        assert copies().verified_copies == 2
        wait_for(lambda: objects_in(data / "archive" / "objects") == 0, "the on-line bytes to go")
        assert objects_in(tmp_path / "near") == 4

        assert client.call(ListMoved(store="cloud")).rows[0].stores == ("cloud", "near")
        assert client.call(VerifyStudy(study_uid=uid)).job_id > 0
        prefetch = client.call(SavePrefetch(entry=PrefetchEntry(exam_type="CT")))
        assert client.call(ListPrefetch()) == (prefetch,)
        client.call(RemovePrefetch(id=prefetch.id))
        assert client.call(ListRules()) == (kept,)
        (tmp_path / "more").mkdir()
        more = SaveStore(name="more", kind="folder", role="archive", path=str(tmp_path / "more"))
        assert client.call(more).state == "ready"
        assert client.call(GetFillHistory(name="more")) == ()
        client.call(RemoveStore(name="more"))

        _, got = fetch(server, uid, tmp_path / "near-line")
        assert {name: data_set(file) for name, file in got.items()} == {
            name: data_set(file) for name, file in sent.items()
        }
        wait_for(lambda: copies().availability == "ONLINE", "the study to be recalled because somebody read it")
        client.call(SaveRule(entry=RuleEntry(name="off", is_enabled=False, keep_in=("near",)), id=kept.id, version=1))

        client.call(MoveStudy(study_uid=uid, keep_in=("disk-1",)))
        wait_for(lambda: [copy.store for copy in copies().copies] == ["disk-1"], "the study to go off-line")
        assert copies().availability == "OFFLINE"
        assert objects_in(tmp_path / "near") == objects_in(data / "archive" / "objects") == 0
        (tmp_path / "disk-1").rename(tmp_path / "cupboard")
        said, nothing = fetch(server, uid, tmp_path / "away")
        assert nothing == {}
        assert "OutOfResourcesSubOperations" in said
        assert "Insert medium DISK-1: study is off-line" in said
        assert "DISK-1" in copies().sentence
        assert client.call(CheckArchive()).total_findings == 0
        (tmp_path / "cupboard").rename(tmp_path / "disk-1")
        client.call(RecallStudy(study_uid=uid))
        wait_for(lambda: copies().availability == "ONLINE", "the study to come back")
        _, again = fetch(server, uid, tmp_path / "again")
        assert {name: data_set(file) for name, file in again.items()} == {
            name: data_set(file) for name, file in sent.items()
        }


def test_the_online_store_is_a_bucket(tmp_path: Path, signed_in: Callable[[ServerProcess], RpcClient]) -> None:
    data = tmp_path / "hospital"
    with running_server(data) as server:
        old, first = store(server, tmp_path / "first")
    settings = settings_file(tmp_path, online_is_s3=True)
    with running_server(data, "--settings", str(settings)) as server:
        client = signed_in(server)
        uid, sent = store(server, tmp_path / "sent")

        def waits() -> bool:
            (online, *_) = client.call(ListStores())
            inbox = data / "archive" / "inbox"
            return online.waiting_uploads > 0 or any(inbox.glob("*.dcm"))

        wait_for(lambda: not waits(), "everything to be uploaded")
        assert client.call(ListStores())[0].kind == "s3"
        wait_for(lambda: objects_in(data / "archive" / "objects") == 0, "the folder to grow into the bucket")
        wait_for(lambda: not waits(), "everything to be uploaded")
        for study, files in ((uid, sent), (old, first)):
            _, got = fetch(server, study, tmp_path / study)
            assert {name: data_set(file) for name, file in got.items()} == {
                name: data_set(file) for name, file in files.items()
            }
        assert client.call(CheckArchive()).total_findings == 0

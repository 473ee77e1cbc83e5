"""Stores put together: uploads that survive crashes, media that are away, reads that go from near to distant."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.medium import MARKER, MediumAbsent, MediumStorage, prepare, read_marker
from server.kernel.storage.memory import MemoryStorage
from server.kernel.storage.port import ObjectMissing, StorageError
from server.kernel.storage.staged import StagedStorage
from server.kernel.storage.tiers import Role, Tier, TieredStorage


class Fails(MemoryStorage):
    """A store that cannot be reached while `fails`."""

    fails = True

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        self._check()
        return super().put(source, key)

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        self._check()
        return super().open(key, offset, length)

    def exists(self, key: str) -> bool:
        self._check()
        return super().exists(key)

    def delete(self, key: str) -> None:
        self._check()
        super().delete(key)

    def _check(self) -> None:
        if self.fails:
            raise StorageError("The store cannot be reached.")


def read(store: StagedStorage | TieredStorage, key: str) -> bytes:
    with store.open(key) as reader:
        return reader.read()


def eventually(store: MemoryStorage, keys: list[str]) -> None:
    end = time.monotonic() + 40
    while set(store.keys()) != set(keys):
        assert time.monotonic() < end
        time.sleep(0.01)


# uploads


def test_objects_wait_here_until_their_upload_is_confirmed(tmp_path: Path) -> None:
    distant = Fails()
    store = StagedStorage(distant, tmp_path)
    key = store.put(b"accepted")
    with pytest.raises(StorageError):
        store.upload_waiting()
    assert read(store, key) == b"accepted"
    assert store.at_hand(key)
    assert store.waiting().count == 1
    assert store.waiting().bytes == 8
    distant.fails = False
    assert store.upload_waiting() == 1
    assert store.waiting().count == 0
    assert list(distant.keys()) == [key]
    assert read(store, key) == b"accepted"
    assert not store.at_hand(key)
    assert store.upload_waiting() == 0


def test_the_next_start_uploads_what_the_last_run_left(tmp_path: Path) -> None:
    distant = MemoryStorage()
    keys = [StagedStorage(distant, tmp_path).put(bytes([number])) for number in range(20)]
    (tmp_path / "half.part").write_bytes(b"half")
    store = StagedStorage(distant, tmp_path, poll_s=0.01)
    store.start()
    eventually(distant, keys)
    late = store.put(b"late")
    eventually(distant, [*keys, late])
    store.stop()
    assert list(tmp_path.iterdir()) == []


def test_an_object_deleted_during_its_upload_does_not_come_back(tmp_path: Path) -> None:
    class DeletedMeanwhile(MemoryStorage):
        def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
            put = super().put(source, key)
            (tmp_path / put).unlink()
            return put

    distant = DeletedMeanwhile()
    store = StagedStorage(distant, tmp_path)
    store.put(b"unwanted")
    store.upload_waiting()
    assert list(distant.keys()) == []


def test_a_damaged_file_is_set_aside_and_not_uploaded(tmp_path: Path) -> None:
    distant = MemoryStorage()
    store = StagedStorage(distant, tmp_path / "upload")
    key = store.put(b"whole")
    (tmp_path / "upload" / key).write_bytes(b"rotten")
    store.upload_waiting()
    assert list(distant.keys()) == []
    assert (tmp_path / "damaged" / key).read_bytes() == b"rotten"


_UPLOADER = """
import sys, time
from pathlib import Path
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.staged import StagedStorage
class Slow(FolderStorage):
    def put(self, source, key=None):
        time.sleep(0.002)
        done = super().put(source, key)
        time.sleep(0.002)
        return done
store = StagedStorage(Slow(Path(sys.argv[2])), Path(sys.argv[1]), poll_s=0.01)
store.start()
print("ready", flush=True)
number = 0
while True:
    print(store.put(b"%d of %s" % (number, sys.argv[3].encode())), flush=True)
    number += 1
"""


def test_what_was_accepted_survives_kills_in_the_middle_of_uploads(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    accepted: set[str] = set()
    for turn in range(4):
        command = [sys.executable, "-c", _UPLOADER, str(tmp_path / "upload"), str(tmp_path / "distant"), str(turn)]
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout as lines:
            assert lines.readline() == "ready\n"
            for _ in range(30 + turn * 7):
                accepted.add(lines.readline().strip())
            process.kill()
            process.wait(10)
            accepted |= {line.strip() for line in lines if line.endswith("\n")}
    distant = FolderStorage(tmp_path / "distant")
    store = StagedStorage(distant, tmp_path / "upload")
    store.sweep()
    while store.upload_waiting():
        continue
    assert len(accepted) > 150
    assert accepted <= set(distant.keys())
    for key in accepted:
        assert hashlib.sha256(read(store, key)).hexdigest() == key
    assert list((tmp_path / "upload").iterdir()) == []


# media


def test_nothing_is_written_where_the_medium_is_away(tmp_path: Path) -> None:
    root = tmp_path / "mount"
    root.mkdir()
    store = MediumStorage(root, prepare(root, "disk-1"), "Disk 1")
    key = store.put(b"on the disk")
    store.probe()
    root.rename(tmp_path / "cupboard")
    root.mkdir()  # what is left of a mount point
    for attempt in (
        lambda: store.put(b"more"),
        lambda: store.open(key),
        lambda: store.exists(key),
        lambda: store.delete(key),
        lambda: list(store.keys()),
        store.probe,
        store.sweep,
    ):
        with pytest.raises(MediumAbsent, match="“Disk 1” is not inserted"):
            attempt()
    assert list(root.iterdir()) == []
    prepare(root, "disk-2")
    with pytest.raises(MediumAbsent, match="Another medium than “Disk 1”"):
        store.open(key)
    (root / MARKER).unlink()
    root.rmdir()
    (tmp_path / "cupboard").rename(root)
    with store.open(key) as reader:
        assert reader.read() == b"on the disk"


def test_a_folder_becomes_a_medium_once_and_only_when_it_is_empty(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        prepare(tmp_path / "nowhere", "disk")
    medium = prepare(tmp_path, "disk")
    assert prepare(tmp_path, "disk") == medium == read_marker(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "holiday.jpg").write_bytes(b"")
    with pytest.raises(StorageError, match="not empty"):
        prepare(tmp_path / "other", "disk")
    (tmp_path / MARKER).write_text("rubbish")
    assert read_marker(tmp_path) is None


# tiers


def test_reads_go_from_store_to_store_and_name_the_medium_that_is_away(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    near, disk = MemoryStorage(), MediumStorage(root, prepare(root, "d"), "Disk 7")
    online = MemoryStorage()
    on_disk = hashlib.sha256(b"on the disk").hexdigest()
    tiers = (Tier("near", "Near", Role.NEARLINE, near), Tier("disk", "Disk 7", Role.OFFLINE, disk))
    store = TieredStorage(online, lambda: tiers, lambda key: ["disk"] if key == on_disk else [])
    here, there = store.put(b"here"), near.put(b"there")
    disk.put(b"on the disk")
    assert [read(store, key) for key in (here, there, on_disk)] == [b"here", b"there", b"on the disk"]
    assert set(store.keys()) == {here, there, on_disk}
    assert store.at_hand(here)
    assert not store.at_hand(there)
    root.rename(tmp_path / "cupboard")
    with pytest.raises(MediumAbsent, match="Disk 7"):
        store.open(on_disk)
    assert store.exists(on_disk), "it is safely kept, only away"
    unknown = hashlib.sha256(b"unknown").hexdigest()
    assert not store.exists(unknown)
    with pytest.raises(ObjectMissing, match="no object"):
        store.open(unknown)
    assert set(store.keys()) == {here, there}


def test_a_store_in_trouble_is_no_proof_that_an_object_is_missing() -> None:
    near = Fails()
    store = TieredStorage(MemoryStorage(), lambda: (Tier("near", "Near", Role.NEARLINE, near),))
    key = store.put(b"here")
    away = hashlib.sha256(b"away").hexdigest()
    assert read(store, key) == b"here"
    for attempt in (store.open, store.exists, store.delete):
        with pytest.raises(StorageError, match="cannot be reached") as raised:
            attempt(away)
        assert not isinstance(raised.value, ObjectMissing)


def test_a_deleted_object_is_gone_from_every_store() -> None:
    near = MemoryStorage()
    store = TieredStorage(MemoryStorage(), lambda: (Tier("near", "Near", Role.NEARLINE, near),))
    key = store.put(b"both")
    near.put(b"both")
    assert list(store.keys()) == [key]
    store.delete(key)
    assert not store.exists(key)
    assert list(near.keys()) == []

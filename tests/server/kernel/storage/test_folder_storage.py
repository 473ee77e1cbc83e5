"""What only the folder store promises: names, room, and what a crash leaves."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path

import pytest

from server.kernel.storage.durability import Durability, Flusher
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.port import StorageFull
from server.kernel.storage.space import SpaceGuard


def test_the_place_comes_from_the_content(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path)
    key = store.put(b"content")
    assert store.path_of(key) == tmp_path / "objects" / key[:3] / key
    assert store.path_of(key).read_bytes() == b"content"


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path)
    kept = store.put(b"kept")
    store.space = SpaceGuard(tmp_path, reserve_bytes=1000, measure=lambda _: 1100)
    store.put(b"y" * 100)
    with pytest.raises(StorageFull, match="disk is full"):
        store.put(b"x" * 101)
    assert store.exists(kept)
    assert len(list(store.keys())) == 2
    assert list((tmp_path / "incoming").iterdir()) == []


def test_the_sweep_removes_what_a_crash_left(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path)
    (tmp_path / "incoming" / "half").write_bytes(b"half")
    key = store.put(b"whole")
    assert store.sweep() == 1
    assert list(store.keys()) == [key]


def test_a_file_of_another_disk_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStorage(tmp_path / "store")
    source = tmp_path / "elsewhere"
    source.write_bytes(b"moved across")

    def refuse(source: Path, target: str) -> None:
        raise OSError(18, "cross-device")

    monkeypatch.setattr("os.replace", refuse)
    key = store.put(source)
    assert key == hashlib.sha256(b"moved across").hexdigest()
    assert store.path_of(key).read_bytes() == b"moved across"
    assert not source.exists()


def test_group_flushes_are_shared_and_all_return(tmp_path: Path) -> None:
    flusher = Flusher(Durability.GROUP)
    flushes: list[int] = []
    began, release = threading.Event(), threading.Event()

    def count(descriptors: list[int]) -> None:
        flushes.append(len(descriptors))
        began.set()
        assert release.wait(10)

    flusher._flush_all = count  # type: ignore[method-assign]
    files = [(tmp_path / str(number)).open("wb") for number in range(9)]
    threads = [threading.Thread(target=flusher.flush, args=(file.fileno(),)) for file in files]
    threads[0].start()
    assert began.wait(10)
    for thread in threads[1:]:
        thread.start()
    deadline = time.monotonic() + 40
    while len(flusher._waiting.descriptors) < 8 and time.monotonic() < deadline:
        time.sleep(0.001)
    release.set()
    for thread in threads:
        thread.join(10)
    for file in files:
        file.close()
    assert flushes == [1, 8]


def test_a_failed_group_flush_reaches_every_waiter(tmp_path: Path) -> None:
    flusher = Flusher(Durability.GROUP)

    def fail(descriptors: list[int]) -> None:
        raise OSError(5, "input/output error")

    flusher._flush_all = fail  # type: ignore[method-assign]
    with (tmp_path / "file").open("wb") as file, pytest.raises(OSError, match="input/output"):
        flusher.flush(file.fileno())


def test_objects_of_an_older_store_are_brought_to_their_places(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path, durability=Durability.NONE)
    key = store.put(b"from the first version")
    old = tmp_path / "objects" / key[:2] / key[2:4]
    old.mkdir(parents=True)
    store.path_of(key).rename(old / key)
    FolderStorage(tmp_path).sweep()
    assert store.exists(key)
    assert list(store.keys()) == [key]
    assert not old.parent.exists()


def test_warming_changes_nothing_and_forgives_what_is_not_there(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    key = storage.put(b"an image" * 5000)
    storage.warm(key)
    storage.warm("0" * 64)
    with storage.open(key) as file:
        assert file.read() == b"an image" * 5000

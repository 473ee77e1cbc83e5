"""The read cache: bounded, least recently read first, right bytes only, shared between threads and processes."""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from server.kernel.storage.cache import CachedStorage, ReadCache
from server.kernel.storage.memory import MemoryStorage
from server.kernel.storage.port import ObjectMissing, StorageError


class Distant(MemoryStorage):
    """Counts what is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        self.fetched.append(key)
        time.sleep(0.01)
        return super().open(key, offset, length)


def cached(folder: Path, limit: int = 100_000) -> tuple[CachedStorage, Distant]:
    distant = Distant()
    return CachedStorage(distant, ReadCache(folder / "cache", limit, touch_after_s=0)), distant


def read(store: CachedStorage, key: str) -> bytes:
    with store.open(key) as reader:
        return reader.read()


def test_a_second_read_comes_from_a_real_file_and_survives_a_restart(tmp_path: Path) -> None:
    store, distant = cached(tmp_path)
    key = store.put(b"distant" * 100)
    assert not store.at_hand(key)
    assert read(store, key) == read(store, key) == b"distant" * 100
    again = CachedStorage(distant, ReadCache(tmp_path / "cache", 100_000))
    with again.open(key) as reader, mmap.mmap(reader.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:7] == b"distant"
    with again.open(key, 7, 3) as part:
        assert part.read() == b"dis"
    assert distant.fetched == [key]
    assert again.at_hand(key)


def test_the_least_recently_read_goes_when_room_is_needed(tmp_path: Path) -> None:
    store, distant = cached(tmp_path, 10_000)
    keys = [store.put(bytes([number]) * 2000) for number in range(6)]
    for number, key in enumerate(keys[:4]):
        assert read(store, key)
        os.utime(store.cache._place(key), (1000 + number, 1000 + number))
    read(store, keys[0])  # the oldest becomes the youngest
    read(store, keys[4])
    read(store, keys[5])
    assert store.cache.used_bytes() <= 10_000
    assert store.at_hand(keys[0])
    assert not store.at_hand(keys[1])
    assert read(store, keys[1]) == bytes([1]) * 2000
    assert distant.fetched.count(keys[0]) == 1


def test_what_is_larger_than_the_cache_is_read_past_it(tmp_path: Path) -> None:
    store, _ = cached(tmp_path, 1000)
    key = store.put(b"x" * 5000)
    with store.open(key) as reader:
        assert os.fstat(reader.fileno()).st_size == 5000
        assert reader.read() == b"x" * 5000
    assert store.cache.used_bytes() == 0
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_wrong_bytes_are_not_kept_and_not_handed_out(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, 1000)
    key = hashlib.sha256(b"right").hexdigest()
    with pytest.raises(StorageError, match="damaged"):
        cache.fill(key, lambda: io.BytesIO(b"wrong"))
    assert cache.open(key) is None
    assert cache.used_bytes() == 0


def test_a_cache_whose_disk_fails_is_read_past(tmp_path: Path) -> None:
    store, _ = cached(tmp_path)
    key = store.put(b"still readable")
    place = store.cache._place(key)
    place.parent.write_bytes(b"a file where the folder should be")
    store.cache.open = lambda _key: None  # type: ignore[method-assign]
    assert read(store, key) == b"still readable"


def test_threads_that_want_the_same_object_fetch_it_once(tmp_path: Path) -> None:
    store, distant = cached(tmp_path)
    keys = [store.put(bytes([number]) * 500) for number in range(3)]
    wrong: list[bytes] = []

    def work() -> None:
        for number, key in enumerate(keys):
            if read(store, key) != bytes([number]) * 500:
                wrong.append(key.encode())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sorted(distant.fetched) == sorted(keys)


def test_a_deleted_object_leaves_the_cache(tmp_path: Path) -> None:
    store, _ = cached(tmp_path)
    key = store.put(b"goes")
    read(store, key)
    store.delete(key)
    assert not store.at_hand(key)
    with pytest.raises(ObjectMissing):
        store.open(key)


_WORKER = """
import hashlib, io, sys
from pathlib import Path
from server.kernel.storage.cache import ReadCache
cache = ReadCache(Path(sys.argv[1]), 40_000, touch_after_s=0)
for turn in range(150):
    data = bytes([turn * int(sys.argv[2]) % 60]) * 2000
    with cache.fill(hashlib.sha256(data).hexdigest(), lambda: io.BytesIO(data)) as reader:
        assert reader.read() == data
"""


def test_several_processes_share_a_folder(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    command = [sys.executable, "-c", _WORKER, str(tmp_path)]
    workers = [subprocess.Popen([*command, step], cwd=root) for step in ("1", "7", "13")]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    cache = ReadCache(tmp_path, 40_000)
    assert cache.used_bytes() <= 40_000 * (1 + 3 / 16)
    assert not list(tmp_path.rglob("*.part"))

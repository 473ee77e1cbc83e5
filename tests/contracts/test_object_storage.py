"""One suite for every store of objects, the fake included."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from server.kernel.storage.cache import CachedStorage, ReadCache
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.medium import MediumStorage, prepare
from server.kernel.storage.memory import MemoryStorage
from server.kernel.storage.port import InvalidKey, ObjectMissing, ObjectStorage
from server.kernel.storage.staged import StagedStorage
from server.kernel.storage.tiers import Role, Tier, TieredStorage
from tests.fakes.s3_server import s3_store


def _as_on_windows(folder: Path) -> FolderStorage:
    """A store that cannot rename an open file."""
    store = FolderStorage(folder)
    store._flusher.renames_open_files = False
    return store


def _medium(folder: Path) -> MediumStorage:
    folder.mkdir()
    return MediumStorage(folder, prepare(folder, "disk"), "Disk 1")


def _cached(folder: Path) -> CachedStorage:
    return CachedStorage(MemoryStorage(), ReadCache(folder / "cache", 1 << 20))


def _tiered(folder: Path) -> TieredStorage:
    """One whose objects were all moved on but the last."""
    other = MemoryStorage()

    class MovesOn(FolderStorage):
        def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
            for old in list(self.keys()):
                with contextlib.suppress(ObjectMissing), self.open(old) as reader:
                    other.put(reader.read())
                    super().delete(old)
            return super().put(source, key)

    return TieredStorage(MovesOn(folder), lambda: (Tier("other", "Other", Role.NEARLINE, other),))


STORES: dict[str, Callable[[Path], ObjectStorage]] = {
    "memory": lambda folder: MemoryStorage(),
    "folder": FolderStorage,
    "folder, group": lambda folder: FolderStorage(folder, durability=Durability.GROUP),
    "folder, as on Windows": _as_on_windows,
    "s3": lambda folder: s3_store(),
    "s3, in parts": lambda folder: s3_store(multipart_from_bytes=6 << 20, part_bytes=5 << 20),
    "medium": _medium,
    "cached": _cached,
    "staged, nothing uploaded": lambda folder: StagedStorage(MemoryStorage(), folder),
    "staged, cached s3": lambda folder: StagedStorage(
        CachedStorage(s3_store(), ReadCache(folder / "c", 1 << 20)), folder
    ),
    "tiered": _tiered,
    "folder, none": lambda folder: FolderStorage(folder, durability=Durability.NONE),
}

EVIL_KEYS = [
    "",
    "..",
    "../../etc/passwd",
    "A" * 64,
    "g" * 64,
    "a" * 63,
    "a" * 65,
    "/" + "a" * 63,
    "a" * 64 + "\n",
    "a/" * 32,
]


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    make: Callable[[Path], ObjectStorage] = request.param
    return make(tmp_path / "store")


def read(store: ObjectStorage, key: str, *part: int) -> bytes:
    with store.open(key, *part) as reader:
        return reader.read()


@pytest.mark.parametrize("data", [b"", b"x", b"abc" * 1000, bytes(3 << 20)], ids=["empty", "one", "some", "large"])
def test_what_is_put_is_read_back_under_its_sha256(store: ObjectStorage, data: bytes) -> None:
    key = store.put(memoryview(data))
    assert key == hashlib.sha256(data).hexdigest()
    assert read(store, key) == data
    assert store.exists(key)


def test_ranges_are_read(store: ObjectStorage) -> None:
    key = store.put(b"0123456789")
    assert read(store, key, 3) == b"3456789"
    assert read(store, key, 3, 4) == b"3456"
    assert read(store, key, 8, 100) == b"89"
    assert read(store, key, 0, 0) == b""


def test_a_file_is_taken_over(store: ObjectStorage, tmp_path: Path) -> None:
    source = tmp_path / "received"
    source.write_bytes(b"from a file")
    key = store.put(source)
    assert key == hashlib.sha256(b"from a file").hexdigest()
    assert read(store, key) == b"from a file"
    assert not source.exists()


def test_a_key_known_to_the_caller_is_used(store: ObjectStorage, tmp_path: Path) -> None:
    source = tmp_path / "received"
    source.write_bytes(b"hashed on the way")
    key = hashlib.sha256(b"hashed on the way").hexdigest()
    assert store.put(source, key) == key
    assert store.exists(key)


def test_the_same_bytes_twice_are_one_object(store: ObjectStorage) -> None:
    assert store.put(b"twice") == store.put(b"twice")
    assert len(list(store.keys())) == 1


def test_a_deleted_object_is_gone(store: ObjectStorage) -> None:
    key, other = store.put(b"goes"), store.put(b"stays")
    store.delete(key)
    assert not store.exists(key)
    assert list(store.keys()) == [other]
    with pytest.raises(ObjectMissing):
        store.open(key)
    with pytest.raises(ObjectMissing):
        store.delete(key)


@pytest.mark.parametrize("key", EVIL_KEYS)
def test_keys_that_are_no_sha256_are_refused(store: ObjectStorage, key: str) -> None:
    for attempt in (store.open, store.exists, store.delete):
        with pytest.raises(InvalidKey):
            attempt(key)


def test_all_keys_are_listed(store: ObjectStorage) -> None:
    wanted = {store.put(str(number).encode()) for number in range(50)}
    assert set(store.keys()) == wanted


def test_many_threads_put_at_once(store: ObjectStorage) -> None:
    failures: list[BaseException] = []

    def put_some(start: int) -> None:
        try:
            for number in range(start, start + 20):
                data = str(number % 60).encode() * 500
                assert read(store, store.put(data)) == data
        except BaseException as failure:  # noqa: BLE001 - shown below
            failures.append(failure)

    threads = [threading.Thread(target=put_some, args=(start * 10,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(store.keys())) == 60

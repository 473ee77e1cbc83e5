"""Objects in memory: the fake for tests, true to the port."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from server.kernel.storage.port import ObjectMissing, StorageFull, checked_key


class MemoryStorage:
    """Keeps objects in a dictionary; `capacity_bytes` lets a test meet a full disk."""

    def __init__(self, capacity_bytes: int | None = None) -> None:
        self._objects: dict[str, bytes] = {}
        self._capacity_bytes = capacity_bytes

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        data = source.read_bytes() if isinstance(source, Path) else bytes(source)
        key = checked_key(key) if key else hashlib.sha256(data).hexdigest()
        if key not in self._objects:
            used = sum(map(len, self._objects.values()))
            if self._capacity_bytes is not None and used + len(data) > self._capacity_bytes:
                raise StorageFull("The store is full; nothing was changed.")
            self._objects[key] = data
        if isinstance(source, Path):
            source.unlink()
        return key

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        try:
            data = self._objects[checked_key(key)]
        except KeyError:
            raise ObjectMissing(f"The store has no object {key[:12]}….") from None
        return io.BytesIO(data[offset:] if length is None else data[offset : offset + length])

    def exists(self, key: str) -> bool:
        return checked_key(key) in self._objects

    def delete(self, key: str) -> None:
        if self._objects.pop(checked_key(key), None) is None:
            raise ObjectMissing(f"The store has no object {key[:12]}….")

    def keys(self) -> Iterator[str]:
        return iter(list(self._objects))

"""The keys of objects: 64 hexadecimal digits that are computed from nothing but the bytes.

New keys are BLAKE3, which costs a fifth of SHA-256 for an image. Keys of an older store, and of documents, are SHA-256;
both have 256 bits, so whoever compares bytes with a key accepts either, and neither needs a mark (decision 009).
"""

from __future__ import annotations

import hashlib
from mmap import mmap
from pathlib import Path
from typing import Protocol, cast

from blake3 import blake3

Readable = bytes | bytearray | memoryview | mmap


class Fingerprint(Protocol):
    """A hash in work, as hashlib has it."""

    def update(self, data: Readable, /) -> object: ...

    def hexdigest(self) -> str: ...


def fingerprint(data: Readable = b"", *, algorithm: str = "blake3") -> Fingerprint:
    """Begin the key of a new object; `algorithm` is ``blake3`` or ``sha256``."""
    return hashlib.sha256(data) if algorithm == "sha256" else cast(Fingerprint, blake3(data))


def is_key_of(key: str, data: Readable) -> bool:
    """Tell whether these are the bytes of `key`."""
    return blake3(data).hexdigest() == key or hashlib.sha256(data).hexdigest() == key


def is_file_of(key: str, path: Path) -> bool:
    """Tell whether this file has the bytes of `key`. Raises OSError."""
    proof = Proof(key)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            proof.update(piece)
    return proof.holds()


class Proof:
    """Compares bytes that come in pieces with a key."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._kinds: tuple[Fingerprint, ...] = (fingerprint(), hashlib.sha256())

    def update(self, piece: Readable) -> None:
        """Take the next bytes."""
        for kind in self._kinds:
            kind.update(piece)

    def holds(self) -> bool:
        """Tell whether all that came are the bytes of the key."""
        return any(kind.hexdigest() == self._key for kind in self._kinds)

    @property
    def found(self) -> str:
        """The key that these bytes would have: the same for the same bytes."""
        return self._kinds[0].hexdigest()

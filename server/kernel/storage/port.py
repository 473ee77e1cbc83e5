"""The storage port: what every store of objects must do. It knows nothing of DICOM and nothing of the index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

_KEY = re.compile(r"[0-9a-f]{64}\Z")


class StorageError(Exception):
    """A store cannot do what was asked; the text is a sentence for a person."""


class StorageFull(StorageError):
    """Nothing more is accepted until there is room; what was accepted is untouched."""


class ObjectMissing(StorageError):
    """No object lies under this key."""


class ObjectDamaged(StorageError):
    """The store gives other bytes than those that were put; they are not handed out."""


class InvalidKey(StorageError):
    """The key is not 64 lower case hexadecimal digits."""


class ObjectStorage(Protocol):
    """Keeps immutable objects under a key made from their bytes (64 lower case hexadecimal digits, see fingerprint).

    The key is the content: the same bytes put twice are one object. All methods may be called from any
    thread and any process. Other keys raise InvalidKey before anything is touched.
    """

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        """Keep the bytes and return their key; when this returns they survive a loss of power.

        A Path is taken over: the file must be closed and durable already, and is gone afterwards. `key` is given by
        a caller who hashed the bytes on their way; the store relies on it. Raises StorageFull, and then the
        source is untouched.
        """
        ...

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """A reader of `length` bytes from `offset` (all that follow for None); the caller closes it.

        A range that ends beyond the object gives what there is. Raises ObjectMissing.
        """
        ...

    def exists(self, key: str) -> bool:
        """Tell whether the object lies here."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object. Raises ObjectMissing."""
        ...

    def keys(self) -> Iterator[str]:
        """Every key, in no particular order; objects that come or go meanwhile may be seen or not."""
        ...


def checked_key(key: str) -> str:
    """Return `key`; raise InvalidKey unless it is one."""
    if not _KEY.match(key):
        raise InvalidKey("An object key is 64 hexadecimal digits; this is none.")
    return key

"""A run of bytes of a file as part of an answer: the kernel sends it from its cache, nothing is copied here."""

from __future__ import annotations

import os
from typing import BinaryIO


class FileSpan:
    """`length` bytes of an open file from `offset`; whoever made it closes the file after the span was sent."""

    __slots__ = ("_file", "_length", "offset")

    def __init__(self, file: BinaryIO, offset: int, length: int) -> None:
        self._file = file
        self.offset = offset
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __bytes__(self) -> bytes:
        self._file.seek(self.offset)
        return self._file.read(self._length)

    def fileno(self) -> int:
        """Raises OSError when the file is none of the system's."""
        return self._file.fileno()


CAN_SEND = hasattr(os, "sendfile")
"""Whether this system sends files by itself (not Windows)."""


def sendable(file: BinaryIO) -> bool:
    """Whether `file` is one of the system's, and not bytes in memory that behave like one."""
    try:
        file.fileno()
    except OSError:
        return False
    return True

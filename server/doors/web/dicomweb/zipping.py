"""A zip file made while it is sent: stored, not compressed (images hardly shrink), of any size (zip64)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.doors.web.dicomweb.answers import Buffer
from server.doors.web.spans import FileSpan

_DATE = 0x0021  # 1980-01-01: files of the same study are the same bytes whenever they are asked for
_VERSION = 45  # zip64
_FLAGS = 0x0808  # sizes follow the data; names are UTF-8
_MAX32 = 0xFFFFFFFF


@dataclass(slots=True)
class _Entry:
    name: bytes
    offset: int
    crc: int = 0
    size: int = 0


def zipped(files: Iterable[tuple[str, Iterator[Buffer]]]) -> Iterator[Buffer]:
    """The zip file of (name, content) pairs, piece by piece."""
    entries: list[_Entry] = []
    position = 0
    for name, content in files:
        entry = _Entry(name.encode(), position)
        # sizes of -1 and a zip64 field: the descriptor after the data then has 64-bit sizes
        extra = struct.pack("<HHQQ", 1, 16, 0, 0)
        head = struct.pack(
            "<IHHHHHIIIHH",
            0x04034B50, _VERSION, _FLAGS, 0, 0, _DATE, 0, _MAX32, _MAX32, len(entry.name), len(extra),
        )  # fmt: skip
        yield head + entry.name + extra
        for part in content:
            piece = bytes(part) if isinstance(part, FileSpan) else part  # its checksum is needed
            entry.crc = zlib.crc32(piece, entry.crc)
            entry.size += len(piece)
            yield piece
        yield struct.pack("<IIQQ", 0x08074B50, entry.crc, entry.size, entry.size)
        entries.append(entry)
        position += len(head) + len(entry.name) + len(extra) + entry.size + 24
    start = position
    for entry in entries:
        extra = struct.pack("<HHQQQ", 1, 24, entry.size, entry.size, entry.offset)
        record = struct.pack(
            "<IHHHHHHIIIHHHHHII",
            0x02014B50, _VERSION, _VERSION, _FLAGS, 0, 0, _DATE, entry.crc, _MAX32, _MAX32, len(entry.name),
            len(extra), 0, 0, 0, 0, _MAX32,
        )  # fmt: skip
        record += entry.name + extra
        position += len(record)
        yield record
    size = position - start
    yield struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, _VERSION, _VERSION, 0, 0, len(entries), len(entries), size, start)
    yield struct.pack("<IIQI", 0x07064B50, 0, position, 1)
    count = min(len(entries), 0xFFFF)
    yield struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, min(size, _MAX32), min(start, _MAX32), 0)

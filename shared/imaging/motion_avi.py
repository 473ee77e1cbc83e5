"""Recordings as Motion JPEG in AVI (RIFF): grows picture by picture, readable after a crash at any byte.

While it grows a recording is a header and one `00dc` chunk for each JPEG, so appending is all that writing ever does.
`complete` cuts a torn last chunk, writes the true counts into the header, the index (idx1) at the end, and syncs. Every
player knows the format; each picture keeps the bytes the encoder gave it. AVI 1.0 ends at 2 GB, `MAX_BYTES` lies below.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 2000 * 1024 * 1024
MAX_FRAMES = 200_000
MAX_SIDE = 8192
_HEADER = 224
_MOVI = 212  # where the list of pictures begins ("LIST")
_FIRST = 224  # the first chunk


class NotARecording(ValueError):
    """The bytes are no Motion JPEG recording as this module writes it; the text says why."""


@dataclass(frozen=True)
class Recording:
    """What the header and the chunks say. `places` are (offset, size) of the JPEG streams."""

    width: int
    height: int
    rate: float
    places: tuple[tuple[int, int], ...]
    end: int  # where the last whole chunk ends

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.places) / self.rate


def header(width: int, height: int, rate: float, frames: int = 0, movi_bytes: int = 4, largest: int = 0) -> bytes:
    """The 224 bytes before the first picture. With the defaults: of a recording that has just begun."""
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and 0.1 <= rate <= 240):
        raise NotARecording(f"a recording of {width}×{height} at {rate} pictures a second cannot be written")
    scale = 1000
    main = struct.pack("<14I", round(1e6 / rate), 0, 0, 0x10, frames, 0, 1, largest, width, height, 0, 0, 0, 0)
    stream = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIII4H", 0, 0, 0, 0, scale, round(rate * scale), 0, frames, largest, 0xFFFFFFFF, 0, 0, 0, width, height
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    strl = b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", picture)
    hdrl = b"hdrl" + _chunk(b"avih", main) + _chunk(b"LIST", strl)
    index_bytes = 8 + 16 * frames if frames else 0
    riff_bytes = 4 + 8 + len(hdrl) + 8 + movi_bytes + index_bytes
    made = b"RIFF" + struct.pack("<I", riff_bytes) + b"AVI " + _chunk(b"LIST", hdrl)
    return made + b"LIST" + struct.pack("<I", movi_bytes) + b"movi"


def chunk(jpeg: bytes) -> bytes:
    """One picture, to be appended."""
    if not jpeg.startswith(b"\xff\xd8"):
        raise NotARecording("a picture of a recording must be a JPEG stream")
    return _chunk(b"00dc", jpeg)


def look(file: BinaryIO) -> Recording:
    """Read the header and walk the chunks; a torn last one is left out. Raises NotARecording."""
    file.seek(0, 2)
    size = file.tell()
    if not _HEADER < size <= MAX_BYTES:
        raise NotARecording("the recording is empty or too long")
    file.seek(0)
    first = file.read(_HEADER)
    if first[:4] != b"RIFF" or first[8:12] != b"AVI " or first[_MOVI + 8 : _MOVI + 12] != b"movi":
        raise NotARecording("this is no recording of this program")
    width, height = struct.unpack_from("<II", first, 64)
    scale, rate = struct.unpack_from("<II", first, 128)
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and scale and 0.1 <= rate / scale <= 240):
        raise NotARecording("the recording's header is damaged")
    places: list[tuple[int, int]] = []
    at = _FIRST
    while at + 10 <= size and len(places) < MAX_FRAMES:
        file.seek(at)
        head = file.read(10)
        length = struct.unpack_from("<I", head, 4)[0]
        if head[:4] != b"00dc" or head[8:10] != b"\xff\xd8" or at + 8 + length > size:
            break
        places.append((at + 8, length))
        at += 8 + length + length % 2
    if not places:
        raise NotARecording("the recording holds no picture")
    return Recording(width, height, rate / scale, tuple(places), at)


def complete(path: Path) -> Recording:
    """Finish the file of a recording: cut what is torn, write counts and index. Raises NotARecording."""
    with path.open("r+b") as file:
        found = look(file)
        file.truncate(found.end)
        largest = max(size for _, size in found.places)
        movi_bytes = 4 + found.end - _FIRST
        file.seek(0)
        file.write(header(found.width, found.height, found.rate, len(found.places), movi_bytes, largest))
        file.seek(found.end)
        base = _MOVI + 8
        entries = [struct.pack("<4sIII", b"00dc", 0x10, at - 8 - base, size) for at, size in found.places]
        file.write(_chunk(b"idx1", b"".join(entries)))
        file.flush()
        os.fsync(file.fileno())
    return found


def pictures(file: BinaryIO, found: Recording) -> Iterator[bytes]:
    """The JPEG streams in order."""
    for at, size in found.places:
        file.seek(at)
        yield file.read(size)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

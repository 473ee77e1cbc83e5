"""What a picture's first bytes say of it; nothing is decoded, so a hostile file costs nothing."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAX_SIDE = 12_000
_PNG = b"\x89PNG\r\n\x1a\n"
# Start of frame, every process but the differential and arithmetic ones that no camera writes (ITU-T T.81, table B.1).
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3})


@dataclass(frozen=True)
class Picture:
    """Media type and size in pixels."""

    media_type: str
    width: int
    height: int


class NotAPicture(ValueError):
    """The bytes are no JPEG or PNG, or their header is broken."""


def picture_of(data: bytes) -> Picture:
    """Read the header of a JPEG or PNG. Raises NotAPicture."""
    picture = _png(data) if data.startswith(_PNG) else _jpeg(data)
    if not (1 <= picture.width <= MAX_SIDE and 1 <= picture.height <= MAX_SIDE):
        raise NotAPicture
    return picture


def _png(data: bytes) -> Picture:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise NotAPicture
    width, height = struct.unpack(">II", data[16:24])
    return Picture("image/png", width, height)


def _jpeg(data: bytes) -> Picture:
    if not data.startswith(b"\xff\xd8"):
        raise NotAPicture
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            raise NotAPicture
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte (B.1.1.2)
            at += 1
            continue
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("image/jpeg", width, height)
        if length < 2 or marker in (0xD9, 0xDA):
            raise NotAPicture
        at += 2 + length
    raise NotAPicture

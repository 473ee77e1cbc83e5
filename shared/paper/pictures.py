"""What a picture file says of itself in its header, without decoding it."""

from __future__ import annotations

import struct


def image_size(raw: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG, from its header alone."""
    if raw[:8] == b"\x89PNG\r\n\x1a\n" and len(raw) >= 24:
        width, height = struct.unpack(">II", raw[16:24])
        return int(width), int(height)
    if raw[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 < len(raw) and raw[place] == 0xFF:
        marker, length = raw[place + 1], struct.unpack(">H", raw[place + 2 : place + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", raw[place + 5 : place + 9])
            return int(width), int(height)
        place += 2 + length
    return None

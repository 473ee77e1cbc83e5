"""Reads the file meta information of our own Part 10 files (PS3.10 7.1) within bounds; knows no data set."""

from __future__ import annotations

import struct

from server.archive.receive import ObjectName

_HEAD = struct.Struct("<HH2sH").unpack_from
MAX_META_BYTES = 16 << 10


class NotPart10(Exception):
    """The bytes are no DICOM file; the text says why."""


def read_meta(head: bytes | memoryview) -> tuple[ObjectName, int]:
    """What the file says it is, and where its data set begins. Raises NotPart10."""
    if len(head) < 144 or head[128:132] != b"DICM":
        raise NotPart10("The file has no DICOM preamble.")
    found: dict[int, str] = {}
    position = 132
    try:
        while position < min(len(head), MAX_META_BYTES):
            group, element, vr, length = _HEAD(head, position)
            if group != 2:
                break
            start = position + 8
            if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ"):
                length = struct.unpack_from("<I", head, start)[0]
                start += 4
            position = start + length
            if position > MAX_META_BYTES:
                raise NotPart10("The file meta information is too long.")
            if element in (0x02, 0x03, 0x10):
                found[element] = bytes(head[start:position]).rstrip(b"\0 ").decode("ascii", "replace")
    except struct.error:
        if position < len(head):
            raise NotPart10("The file meta information is cut.") from None
    if len(found) < 3:
        raise NotPart10("The file meta information names no SOP class, no SOP instance or no transfer syntax.")
    return ObjectName(found[0x02], found[0x03], found[0x10]), position

"""Finds the data set in a Part 10 file (PS3.10 7.1) without reading it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from shared.dicomkit.uids import IMPLEMENTATION_CLASS_UID

_LONG = (b"OB", b"OW", b"UN", b"SQ", b"UT", b"OF", b"UC", b"UR", b"OD", b"OL")


class NotPart10(ValueError):
    """The bytes are no DICOM file."""


@dataclass(frozen=True, slots=True)
class FileMeta:
    """File meta information, and the offset of the data set behind it in bytes."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int


def read_meta(data: bytes | memoryview) -> FileMeta:
    """The file meta information at the beginning of ``data``; raises :class:`NotPart10`."""
    view = memoryview(data)
    if len(view) < 140 or bytes(view[128:132]) != b"DICM":
        raise NotPart10("there is no DICM at byte 128")
    values: dict[int, str] = {}
    at, end = 132, len(view)
    while at + 8 <= end and bytes(view[at : at + 2]) == b"\2\0":
        element = struct.unpack_from("<H", view, at + 2)[0]
        if bytes(view[at + 4 : at + 6]) in _LONG:
            if at + 12 > end:
                break
            length, at = struct.unpack_from("<I", view, at + 8)[0], at + 12
        else:
            length, at = struct.unpack_from("<H", view, at + 6)[0], at + 8
        if length > end - at:
            raise NotPart10("the file meta information is longer than the file")
        if length <= 64:
            values[element] = bytes(view[at : at + length]).decode("ascii", "replace").strip(" \0")
        at += length
    if 0x0010 not in values:
        raise NotPart10("the file meta information names no transfer syntax")
    return FileMeta(values.get(0x0002, ""), values.get(0x0003, ""), values[0x0010], at)


def dataset_of(data: bytes | memoryview) -> memoryview:
    """The data set of a Part 10 file as a view; what ``ports.StoredObject.open`` shall give."""
    return memoryview(data)[read_meta(data).offset :]


def header(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Preamble and the least file meta information that makes a data set a file (PS3.10 7.1)."""

    def short(element: int, uid: str) -> bytes:
        value = uid.encode("ascii")
        value += b"\0" * (len(value) & 1)
        return struct.pack("<HH2sH", 2, element, b"UI", len(value)) + value

    body = (
        struct.pack("<HH2sHI", 2, 1, b"OB", 0, 2)
        + b"\0\1"
        + short(2, sop_class_uid)
        + short(3, sop_instance_uid)
        + short(0x10, transfer_syntax_uid)
        + short(0x12, IMPLEMENTATION_CLASS_UID)
    )
    return bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(body)) + body

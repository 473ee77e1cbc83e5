"""Recognises files by their content: DICOM with and without preamble or meta information, pictures, documents, videos.

Also reads a DICOMDIR: its records are taken one after the other as they stand in the file, so that no offset is
followed and a loop of offsets cannot hold anybody.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO

from server.archive.header import EXPLICIT_BIG, IMPLICIT_LITTLE, DamagedHeader, Header, read_header
from server.archive.receive import ObjectName

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
MAX_DICOMDIR_BYTES = 256 << 20
MAX_META_BYTES = 64 << 10
_HEAD = struct.Struct("<HH2sH").unpack_from
_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US OB OW SQ UN UT UC UR".split())

PICTURES = frozenset({"jpeg", "png", "bmp", "tiff"})
VIDEOS = frozenset({"mp4", "mpeg2"})

_BYSTANDERS = (
    ".exe .dll .inf .txt .htm .html .js .css .ini .xml .ico .chm .jar .db .lnk .md .json .log .bat .cmd .sh .com .msi "
    ".cab .dat .cfg .conf .properties .class .so .dylib .app .plist .rtf .doc .docx .xls .xlsx .gif .svg .ttf .url "
    ".hlp .lib .ocx .sys .manifest .config .csv .tsv .py .pak .bin .version .sha256 .md5"
).split()


class NotReadable(Exception):
    """No object can be made of the file; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class FoundObject:
    """What a DICOM file says it is, and where its data set begins."""

    what: ObjectName
    offset: int
    study_uid: str = ""


def kind_of(data: memoryview) -> str:
    """dicom, jpeg, png, bmp, tiff, pdf, mp4, mpeg2, or empty when it is none of them."""
    head = bytes(data[:512])
    if head[128:132] == b"DICM":
        return "dicom"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"BM") and len(data) >= 26 and int.from_bytes(head[2:6], "little") in (len(data), 0):
        return "bmp"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] in (b"\0\0\1\xba", b"\0\0\1\xb3") or (len(data) > 376 and head[0] == head[188] == head[376] == 0x47):
        return "mpeg2"
    return "dicom" if _looks_like_data_set(data) else ""


def is_bystander(name: str) -> bool:
    """Whether a file that is no image is expected beside images: programs, texts, indexes."""
    lowered = name.casefold().rsplit("/", 1)[-1].rsplit("\\", 1)[-1].partition(";")[0]
    return lowered.startswith(".") or "." not in lowered or lowered.endswith(tuple(_BYSTANDERS))


def find_object(data: memoryview) -> FoundObject:
    """Read a DICOM file of any age. Raises NotReadable."""
    if bytes(data[128:132]) == b"DICM":
        start = 132
    elif bytes(data[:4]) == b"DICM":
        start = 4
    else:
        start = 0
    meta, offset = _meta(data, start)
    syntax = meta.get(0x10, "")
    candidates = [syntax] if syntax else []
    candidates += [s for s in _guesses(data, offset) if s not in candidates]
    reason = ""
    for candidate in candidates:
        try:
            header = read_header(data[offset:], candidate)
        except DamagedHeader as damaged:
            reason = reason or str(damaged)
            continue
        name = _named(header, candidate, meta)
        if name is not None:
            study = header.tags.get(0x0020000D, b"").rstrip(b"\0 ").decode("ascii", "replace")
            return FoundObject(name, offset, study[:64])
        reason = reason or "没有 SOP Class / Instance UID"
    raise NotReadable(f"不是可读的 DICOM 文件：{reason or '没有数据集'}")


def _named(header: Header, syntax: str, meta: dict[int, str]) -> ObjectName | None:
    own = [header.tags.get(tag, b"").rstrip(b"\0 ").decode("ascii", "replace") for tag in (0x00080016, 0x00080018)]
    if not all(own):
        # objects of a DICOMDIR name themselves in the meta information only
        own = [own[0] or meta.get(0x02, ""), own[1] or meta.get(0x03, "")]
        if own[0] != DICOMDIR_CLASS:
            return None
    return ObjectName(own[0], own[1], syntax)


def _meta(data: memoryview, position: int) -> tuple[dict[int, str], int]:
    """The file meta information from `position`, as far as there is any, and where it ends."""
    found: dict[int, str] = {}
    first = position
    try:
        while position < min(len(data), first + MAX_META_BYTES):
            group, element, vr, length = _HEAD(data, position)
            if group != 2:
                break
            if vr not in _VRS:  # implicit, against the standard
                length = struct.unpack_from("<I", data, position + 4)[0]
                start = position + 8
            elif vr in (b"OB", b"OW", b"UN", b"UT", b"SQ", b"UC", b"UR"):
                length = struct.unpack_from("<I", data, position + 8)[0]
                start = position + 12
            else:
                start = position + 8
            position = start + length
            if element in (0x02, 0x03, 0x10) and length <= 128:
                found[element] = bytes(data[start:position]).rstrip(b"\0 ").decode("ascii", "replace")
    except struct.error:
        return found, min(position, len(data))
    return found, position


def _guesses(data: memoryview, offset: int) -> list[str]:
    """Transfer syntaxes that the first element could be in, the likely one first. Compressed pixels cannot be guessed
    apart, so a compressed object without meta information is refused later by its pixel data."""
    head = bytes(data[offset : offset + 8])
    if len(head) < 8:
        return []
    if head[4:6] in _VRS:
        little = int.from_bytes(head[:2], "little") <= int.from_bytes(head[:2], "big")
        return [EXPLICIT_LITTLE, EXPLICIT_BIG] if little else [EXPLICIT_BIG, EXPLICIT_LITTLE]
    return [IMPLICIT_LITTLE, EXPLICIT_LITTLE]


def _looks_like_data_set(data: memoryview) -> bool:
    """Group 2 or 8 in either byte order with a plausible element: a file that begins without any preamble."""
    head = bytes(data[:12])
    if len(head) < 12:
        return False
    if head[:4] == b"DICM":
        return True
    little, big = struct.unpack("<HH", head[:4]), struct.unpack(">HH", head[:4])
    if head[4:6] in _VRS:
        return little[0] in (2, 8) or big[0] in (2, 8)
    if little[0] not in (2, 8):
        return False
    return int.from_bytes(head[4:8], "little") <= 1024


def encapsulated_without_syntax(data: memoryview, found: FoundObject) -> bool:
    """Whether a native transfer syntax is claimed for pixel data that are encapsulated (PS3.5 A.4)."""
    if found.what.transfer_syntax_uid not in (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG):
        return False
    try:
        pixels = read_header(data[found.offset :], found.what.transfer_syntax_uid).pixels
    except DamagedHeader:
        return False
    return pixels is not None and pixels[1] is None


def dicomdir_files(data: memoryview) -> list[tuple[str, ...]]:
    """The files that a DICOMDIR names, folded for comparing, each once. Raises NotReadable."""
    import pydicom

    from shared.imaging.frames import careful_reading

    if len(data) > MAX_DICOMDIR_BYTES:
        raise NotReadable("DICOMDIR 过大，未读取。")
    found: dict[tuple[str, ...], None] = {}
    try:
        find_object(data)  # walks it within bounds before pydicom sees it
        with careful_reading():
            whole = pydicom.dcmread(BytesIO(data), force=True)
            for record in whole.get("DirectoryRecordSequence") or ():
                named = record.get("ReferencedFileID")
                if not named:
                    continue
                parts = [named] if isinstance(named, str) else list(named)
                from server.archive.exchange.sources import folded

                path = folded("/".join(str(part) for part in parts[:16]))
                if path:
                    found[path] = None
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, OSError, RecursionError) as bad:
        raise NotReadable(f"DICOMDIR 损坏，无法读取（{type(bad).__name__}）；介质上的文件仍会逐个导入。") from bad
    return list(found)

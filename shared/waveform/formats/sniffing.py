"""What a file is, by its content alone: names and endings lie."""

from __future__ import annotations

import re
import struct

from shared.waveform.formats.base import Kind

_WFDB = re.compile(rb"[A-Za-z0-9_\-./]+(/\d+)?[ \t]+\d{1,3}([ \t]+[0-9.eE+/()\-]+([ \t]+\d+)?)?.{0,60}$")
_CONTEC = re.compile(rb".{10}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\0", re.DOTALL)
_MFER_TAGS = frozenset((*range(0x12), 0x12, 0x15, 0x16, 0x17, 0x1E, 0x3F, 0x40, *range(0x80, 0x89)))


def kind_of(data: bytes) -> Kind | None:
    """The format of the bytes; None when they are none that is known."""
    head = data[:4096]
    if head[128:132] == b"DICM":
        return Kind.DICOM
    if head.startswith(b"%PDF-") or b"%PDF-" in head[:1024]:
        return Kind.PDF
    if head[:8] in (b"0       ", b"\xffBIOSEMI") and len(data) >= 256:
        return Kind.EDF
    if head[:8] in (b"ISHNE1.0", b"ANN  1.0"):
        return Kind.ISHNE
    if len(data) > 44 and (head[16:22] == b"SCPECG" or _scp_like(head)):
        return Kind.SCP
    if _CONTEC.match(head) and len(data) > 96:
        return Kind.CONTEC
    return _marked_up(head) or _text(head) or _binary(head, len(data))


def _scp_like(head: bytes) -> bool:
    """Makers leave the mark "SCPECG" out; then section 0 points at itself at byte 7 (EN 1064 5.3.2)."""
    section, length = struct.unpack_from("<HI", head, 8)
    first, own, index = struct.unpack_from("<HII", head, 22)
    return section == 0 and first == 0 and own == length and index in (6, 7)  # 6: Heal Force


def _marked_up(head: bytes) -> Kind | None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head.decode("utf-16", errors="replace")
    else:
        text = head.decode("utf-8", errors="replace").lstrip("\ufeff")
    if text.lstrip()[:1] != "<":
        return None
    if re.search(r"<(\w+:)?AnnotatedECG\b", text):
        return Kind.AECG
    if "<RestingECG" in text:
        return Kind.MUSE
    if "<restingecgdata" in text:
        return Kind.SIERRA
    return None


def _text(head: bytes) -> Kind | None:
    start = head.lstrip(b"\xef\xbb\xbf")
    if b"\0" in start[:400]:
        return None
    lines = [line.strip() for line in start.splitlines() if line.strip() and not line.lstrip().startswith(b"#")]
    first = lines[0] if lines else b""
    if (
        start.startswith(b"# Mingjing ECG")
        or first.count(b",") >= 1
        or first.count(b";") >= 1
        or first.count(b"\t") >= 2
    ):
        return Kind.CSV if _table(lines) else None
    return Kind.WFDB if _WFDB.match(first) else None


def _table(lines: list[bytes]) -> bool:
    """Rows of numbers, at least from the second row on."""
    numbers = 0
    for line in lines[1:8]:
        cells = re.split(rb"[,;\t]", line)
        numbers += len(cells) >= 2 and all(re.fullmatch(rb"\s*[-+0-9.eE]*\s*", cell) for cell in cells)
    return numbers >= 1


def _binary(head: bytes, size: int) -> Kind | None:
    """MFER has no sure mark but its optional preamble: its first definitions must be sound ones."""
    if head[:1] == b"\x40" and head[2:6] == b"MFR ":
        return Kind.MFER
    place, found = 0, 0
    while place + 2 < min(len(head), 200) and found < 4:
        tag, length = head[place], head[place + 1]
        if tag == 0x3F or length >= 0x80:
            break
        if tag not in _MFER_TAGS or length > 64 or place + 2 + length > size:
            return None
        if (tag == 0x01 and head[place + 2 : place + 3] not in (b"\0", b"\1")) or (tag == 0x0B and length < 3):
            return None
        found += tag in (0x01, 0x04, 0x05, 0x06, 0x0A, 0x0B, 0x0C, 0x08, 0x02)
        place += 2 + length
    return Kind.MFER if found >= 3 else None

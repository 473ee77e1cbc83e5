"""WFDB annotation files in MIT format (PhysioNet annot(5)): .atr, .qrs, .q1c and the like."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from shared.waveform.formats.base import EcgFormatError
from shared.waveform.record import Annotation

_SYMBOLS = dict(
    zip(
        (*range(1, 15), 16, *range(18, 42)),
        'N L R a V F J A S E j / Q ~ | s T * D " = p B ^ t + u ? ! [ ] e n @ x f ( ) r'.split(),
        strict=True,
    )
)
_CODES = {symbol: code for code, symbol in _SYMBOLS.items()}
_NOTE = 22
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63
MAX_MARKS = 5_000_000


def read_annotations(data: bytes, lead: str = "") -> list[Annotation]:
    """The marks of an annotation file: WFDB symbol as code, the auxiliary text as text."""
    marks: list[Annotation] = []
    place = sample = 0
    size = len(data)
    while place + 2 <= size and len(marks) < MAX_MARKS:
        (word,) = struct.unpack_from("<H", data, place)
        place += 2
        kind, step = word >> 10, word & 0x3FF
        if word == 0:
            break
        if kind == _SKIP:
            if place + 4 > size:
                break
            high, low = struct.unpack_from("<hH", data, place)
            sample += high * 65_536 + low
            place += 4
        elif kind == _AUX:
            text = data[place : place + step].split(b"\0")[0].decode("utf-8", "replace")
            place += step + step % 2
            if marks:
                last = marks[-1]
                marks[-1] = Annotation(last.sample, last.code, text, last.lead)
        elif kind in (_NUM, _SUB, _CHN):
            continue
        else:
            sample += step
            if not -(2**31) < sample < 2**31:
                raise EcgFormatError("the annotation file names a time that cannot be right")
            marks.append(Annotation(sample, _SYMBOLS.get(kind, str(kind)), "", lead))
    return [mark for mark in marks if not (mark.code == '"' and mark.text.startswith("## "))]


def write_annotations(marks: Iterable[Annotation]) -> bytes:
    """An annotation file; a code that is no WFDB symbol becomes a note with the code in its text."""
    made = bytearray()
    before = 0
    for mark in sorted(marks, key=lambda one: one.sample):
        code = _CODES.get(mark.code, _NOTE)
        text = mark.text if mark.code in _CODES else ": ".join(part for part in (mark.code, mark.text) if part)
        step = mark.sample - before
        before = mark.sample
        if not 0 <= step < 1024:
            made += struct.pack("<HhH", _SKIP << 10, step >> 16, step & 0xFFFF)
            step = 0
        made += struct.pack("<H", code << 10 | step)
        raw = text.encode()[:254]
        if raw:
            made += struct.pack("<H", _AUX << 10 | len(raw)) + raw + b"\0" * (len(raw) % 2)
    return bytes(made) + b"\0\0"

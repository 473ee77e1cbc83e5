"""The type faces of every document: which face draws a character, how wide it is, and what no face can draw.

Reads two tables of the TrueType files itself, so that server and workstations measure with the same figures.
"""

from __future__ import annotations

import mmap
import re
import struct
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path

REPLACEMENT = "〓"  # the geta mark: the printers' customary sign for "this character is missing"

_FOLDER = Path(__file__).resolve().parents[1] / "fonts"
_SYSTEM_RARE = (
    Path("C:/Windows/Fonts/simsunb.ttf"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"),
)
"""Faces that hold more of the rare ideographs than the suite brings, where the system has them."""
_lock = threading.Lock()


@dataclass(frozen=True)
class Face:
    """A TrueType file; `name` is how renderers call it."""

    name: str
    path: Path

    @cached_property
    def _tables(self) -> tuple[_Cmap, _Widths]:
        with _lock, self.path.open("rb") as stream:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            count = struct.unpack_from(">H", data, 4)[0]
            places = {}
            for index in range(count):
                tag, _sum, offset, length = struct.unpack_from(">4sIII", data, 12 + 16 * index)
                places[tag] = (offset, length)
            units = struct.unpack_from(">H", data, places[b"head"][0] + 18)[0]
            metrics = struct.unpack_from(">H", data, places[b"hhea"][0] + 34)[0]
            start, _length = places[b"hmtx"]
            advances = struct.unpack_from(">" + "Hh" * metrics, data, start)[::2]
            cmap = _Cmap.read(data, places[b"cmap"][0])
            data.close()
        return cmap, _Widths(advances, units)

    def has(self, character: str) -> bool:
        """Whether the face draws the character."""
        return self._tables[0].glyph(ord(character)) > 0

    def glyph(self, character: str) -> int:
        """Number of the glyph, 0 where the face lacks the character."""
        return self._tables[0].glyph(ord(character))

    def advance(self, character: str) -> float:
        """Width in ems."""
        cmap, widths = self._tables
        return widths.of(cmap.glyph(ord(character)))


@dataclass(frozen=True)
class _Widths:
    advances: tuple[int, ...]
    units: int

    def of(self, glyph: int) -> float:
        return self.advances[min(glyph, len(self.advances) - 1)] / self.units


@dataclass(frozen=True)
class _Cmap:
    """Segments of character codes (OpenType cmap formats 4 and 12)."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    glyphs: tuple[tuple[int, ...] | int, ...]  # of the segment's first character, or one for each

    @classmethod
    def read(cls, data: mmap.mmap, start: int) -> _Cmap:
        best = (0, 0)
        for index in range(struct.unpack_from(">H", data, start + 2)[0]):
            offset = struct.unpack_from(">HHI", data, start + 4 + 8 * index)[2]
            best = max(best, (struct.unpack_from(">H", data, start + offset)[0], start + offset))
            if best[0] == 14:  # variation sequences are no map of characters
                best = (0, 0)
        form, place = best if best[0] in (4, 12) else _usable(data, start)
        return cls._format12(data, place) if form == 12 else cls._format4(data, place)

    @classmethod
    def _format12(cls, data: mmap.mmap, place: int) -> _Cmap:
        count = struct.unpack_from(">I", data, place + 12)[0]
        numbers = struct.unpack_from(f">{3 * count}I", data, place + 16)
        return cls(numbers[::3], numbers[1::3], numbers[2::3])

    @classmethod
    def _format4(cls, data: mmap.mmap, place: int) -> _Cmap:
        count = struct.unpack_from(">H", data, place + 6)[0] // 2
        ends = struct.unpack_from(f">{count}H", data, place + 14)
        starts = struct.unpack_from(f">{count}H", data, place + 16 + 2 * count)
        deltas = struct.unpack_from(f">{count}H", data, place + 16 + 4 * count)
        offsets_at = place + 16 + 6 * count
        offsets = struct.unpack_from(f">{count}H", data, offsets_at)
        glyphs: list[tuple[int, ...]] = []
        for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
            if offsets[index] == 0:
                glyphs.append(tuple((code + deltas[index]) & 0xFFFF for code in range(first, last + 1)))
                continue
            at = offsets_at + 2 * index + offsets[index]
            raw = struct.unpack_from(f">{last - first + 1}H", data, at) if last != 0xFFFF else (0,) * (last - first + 1)
            glyphs.append(tuple((one + deltas[index]) & 0xFFFF if one else 0 for one in raw))
        return cls(starts, ends, tuple(glyphs))

    def glyph(self, code: int) -> int:
        index = bisect_right(self.starts, code) - 1
        if index < 0 or code > self.ends[index]:
            return 0
        first = self.glyphs[index]
        return first + code - self.starts[index] if isinstance(first, int) else first[code - self.starts[index]]


def _usable(data: mmap.mmap, start: int) -> tuple[int, int]:
    found = (0, 0)
    for index in range(struct.unpack_from(">H", data, start + 2)[0]):
        offset = struct.unpack_from(">HHI", data, start + 4 + 8 * index)[2]
        form = struct.unpack_from(">H", data, start + offset)[0]
        if form in (4, 12):
            found = max(found, (form, start + offset))
    if not found[0]:
        raise ValueError("the font has no usable character map; install the suite again")
    return found


REGULAR = Face("MingjingSC", _FOLDER / "NotoSansSC-Regular.ttf")
BOLD = Face("MingjingSC-Bold", _FOLDER / "NotoSansSC-Bold.ttf")
RARE = Face("MingjingRareHan", _FOLDER / "MingjingRareHan.ttf")


def outline_em(face: Face, bold: bool) -> float:
    """Width of the outline, in ems, that renderers draw around the face's characters besides filling them.

    The rare ideographs come in one thin weight: so they stand as dark as their neighbours, also on a thermal head.
    """
    if face in (REGULAR, BOLD):
        return 0.0
    return 0.07 if bold else 0.025


@lru_cache(maxsize=1)
def all_faces() -> tuple[Face, ...]:
    """Every face there is, in the order of preference after the wanted weight."""
    more = (Face(f"System{index}", path) for index, path in enumerate(_SYSTEM_RARE) if _is_there(path))
    return (REGULAR, BOLD, RARE, *more)


def _is_there(path: Path) -> bool:
    if sys.platform != "win32" and path.drive:
        return False
    try:
        return path.is_file()
    except OSError:
        return False


@lru_cache(maxsize=50_000)
def face_of(character: str, bold: bool) -> Face | None:
    """The face that draws the character, the wanted weight first; None if there is none."""
    for face in ((BOLD, REGULAR) if bold else (REGULAR, BOLD)) + all_faces()[2:]:
        if face.has(character):
            return face
    return None


_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
"""Control characters and what has no width by itself: joiners, marks of direction, choices of a variant."""


def missing(text: str) -> tuple[str, ...]:
    """The characters of `text` that no face can draw, each once, in order of appearance."""
    return tuple(dict.fromkeys(c for c in _UNSEEN.sub("", text) if face_of(c, False) is None))


def printable(text: str) -> str:
    """`text` without what has no width, and with 〓 for what no face can draw."""
    return "".join(c if face_of(c, False) is not None else REPLACEMENT for c in _UNSEEN.sub("", text))


def runs(text: str, bold: bool) -> Iterator[tuple[Face, str]]:
    """Cut printable text into pieces of one face."""
    for face, part in groupby(printable(text), key=lambda c: face_of(c, bold)):
        assert face is not None
        yield face, "".join(part)


@lru_cache(maxsize=50_000)
def _advance(character: str, bold: bool) -> float:
    face = face_of(character, bold)
    return face.advance(character) if face is not None else 0.0


def width_of(text: str, bold: bool, size: float) -> float:
    """Width of printable text in the unit of `size`: the sum of the advances, without kerning."""
    return sum(_advance(c, bold) for c in text) * size

"""Specific Character Set (0008,0005) of identifiers: decoding what peers send, encoding what we answer (PS3.3
C.12.1.1.2, PS3.5 6.1).

Never raises for bytes that do not fit: they become replacement characters, since one damaged name must not stop a
query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

UTF_8: Final = "ISO_IR 192"
GB18030: Final = "GB18030"

_WHOLE: Final = {
    # single-byte sets without code extensions, and the multi-byte sets that stand alone (PS3.3 tables C.12-2, C.12-5)
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO 2022 IR 6": "ascii",
    "ISO_IR 100": "iso8859-1",
    "ISO 2022 IR 100": "iso8859-1",
    "ISO_IR 101": "iso8859-2",
    "ISO 2022 IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO 2022 IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO 2022 IR 110": "iso8859-4",
    "ISO_IR 126": "iso8859-7",
    "ISO 2022 IR 126": "iso8859-7",
    "ISO_IR 127": "iso8859-6",
    "ISO 2022 IR 127": "iso8859-6",
    "ISO_IR 138": "iso8859-8",
    "ISO 2022 IR 138": "iso8859-8",
    "ISO_IR 144": "iso8859-5",
    "ISO 2022 IR 144": "iso8859-5",
    "ISO_IR 148": "iso8859-9",
    "ISO 2022 IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO 2022 IR 203": "iso8859-15",
    "ISO_IR 166": "tis-620",
    "ISO 2022 IR 166": "tis-620",
    "ISO_IR 13": "shift_jis",
    "ISO 2022 IR 13": "shift_jis",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    # common misspellings in the field
    "ISO_IR_192": "utf-8",
    "UTF-8": "utf-8",
    "GB2312": "gb18030",
    "ISO_IR_100": "iso8859-1",
    "ISO IR 100": "iso8859-1",
}

_ESCAPES: Final = {
    # escape sequence → codec of the text after it, whether the codec wants the escape sequence itself (PS3.3 C.12-3,
    # C.12-4)
    b"\x1b(B": ("ascii", False),
    b"\x1b-A": ("iso8859-1", False),
    b"\x1b-B": ("iso8859-2", False),
    b"\x1b-C": ("iso8859-3", False),
    b"\x1b-D": ("iso8859-4", False),
    b"\x1b-F": ("iso8859-7", False),
    b"\x1b-G": ("iso8859-6", False),
    b"\x1b-H": ("iso8859-8", False),
    b"\x1b-L": ("iso8859-5", False),
    b"\x1b-M": ("iso8859-9", False),
    b"\x1b-b": ("iso8859-15", False),
    b"\x1b-T": ("tis-620", False),
    b"\x1b(J": ("shift_jis", False),
    b"\x1b)I": ("shift_jis", False),
    b"\x1b$B": ("iso2022_jp", True),
    b"\x1b$(D": ("iso2022_jp_2", True),
    b"\x1b$)C": ("euc_kr", False),
    b"\x1b$)A": ("gb2312", False),
}
_EXTENSIONS: Final = {
    # defined term → escape sequence and codec that write it
    "ISO 2022 IR 58": (b"\x1b$)A", "gb2312"),
    "ISO 2022 IR 149": (b"\x1b$)C", "euc_kr"),
    "ISO 2022 IR 87": (b"", "iso2022_jp"),
    "ISO 2022 IR 159": (b"", "iso2022_jp_2"),
}
_SPLIT: Final = re.compile(rb"(\x1b(?:\$[()]?[A-Z@]|[()\-][A-Za-z]))")
_DELIMITERS: Final = re.compile(rb"([\r\n\t\f])")
_PIECES: Final = re.compile(r"([\^=\\\r\n\t\f])")


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """One value of Specific Character Set, ready to decode and encode."""

    term: str
    initial: str
    extensions: tuple[tuple[bytes, str], ...]
    has_extensions: bool

    def decode(self, raw: bytes, *, is_name: bool = False) -> str:
        """The text of a value (several values keep their backslashes); padding is not removed."""
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        if not self.has_extensions or b"\x1b" not in raw:
            return self._decode_plain(raw)
        return self._decode_extended(raw, is_name)

    def _decode_plain(self, raw: bytes) -> str:
        if self.initial != "ascii":
            return raw.decode(self.initial, "replace")
        # Bytes above 127 that no designation explains. Some senders forget the escape sequence of the extension they
        # declare; others, most of them old devices in China, declare nothing and send GB18030.
        for codec in (*(codec for _, codec in self.extensions), "utf-8", "gb18030"):
            try:
                return raw.decode(codec)
            except UnicodeDecodeError:
                continue
        return raw.decode("iso8859-1")

    def encode(self, text: str) -> bytes:
        """The bytes of a value; raises UnicodeEncodeError when this character set lacks a character."""
        if text.isascii():
            return text.encode("ascii")
        if not self.extensions:
            return text.encode(self.initial)
        # code extensions end at every delimiter (PS3.5 6.1.2.5.3), so each piece designates its own
        return b"".join(self._encode_piece(piece) for piece in _PIECES.split(text))

    def _encode_piece(self, piece: str) -> bytes:
        for codec, escape in ((self.initial, b""), *((codec, escape) for escape, codec in self.extensions)):
            try:
                return escape + piece.encode(codec)
            except UnicodeEncodeError:
                continue
        return piece.encode(self.initial)  # raises, naming the character

    def _decode_extended(self, raw: bytes, is_name: bool) -> str:
        out = []
        codec, keeps = self.initial, False
        escape = b""
        for index, part in enumerate(_SPLIT.split(raw)):
            if index & 1:
                escape = part
                codec, keeps = _ESCAPES.get(part, ("ascii", False))
                continue
            if not part:
                continue
            if keeps:
                out.append((escape + part).decode(codec, "replace"))
                continue
            # the delimiters end a G1 designation; what follows is in the initial set again
            pattern = rb"([\r\n\t\f\\^=])" if is_name else rb"([\r\n\t\f\\])"
            pieces = re.split(pattern, part) if codec in ("gb2312", "euc_kr") else [part]
            out.append(pieces[0].decode(codec, "replace"))
            for piece in pieces[1:]:
                codec = self.initial
                out.append(piece.decode(codec, "replace"))
        return "".join(out)


@lru_cache(maxsize=256)
def character_set(term: str) -> CharacterSet:
    """The character set of a (0008,0005) value such as ``"ISO_IR 192"`` or ``"\\\\ISO 2022 IR 58"``; unknown terms
    read as UTF-8."""
    terms = [t.strip().upper() for t in term.split("\\")]
    first = terms[0]
    extensions = tuple(_EXTENSIONS[t] for t in terms if t in _EXTENSIONS)
    initial = _WHOLE.get(first, "ascii" if first in _EXTENSIONS else "utf-8")
    has_extensions = any(t.startswith("ISO 2022") for t in terms) or len(terms) > 1
    return CharacterSet(term, initial, extensions, has_extensions)


def answer_sets(asked: str, preferred: str = "") -> tuple[CharacterSet, ...]:
    """The character sets to try for an answer, best first; the last one can write everything.

    What the peer asked in comes first (or what its directory entry prefers), then the superset it can most likely
    read.
    """
    first = preferred or asked
    known = [first] if first else []
    if any(t in first for t in ("GB", "IR 58")):
        known.append(GB18030)
    return tuple(character_set(t) for t in dict.fromkeys([*known, UTF_8]))

"""Text of every Specific Character Set (0008,0005): read as it really is, written for peers, in pinyin where they
know no Chinese (PS3.3 C.12.1.1.2, PS3.5 6.1). Wrong labels are seen through by charset_doctor.

Reading never raises: bytes that mean nothing become U+FFFD, since one damaged name must not stop a query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.dicomkit import names
from shared.dicomkit.charset_doctor import examine

ASCII = "ISO_IR 6"
LATIN1 = "ISO_IR 100"
UTF8 = "ISO_IR 192"
GB18030 = "GB18030"
GBK = "GBK"
ISO2022_GB = "ISO 2022 IR 58"

_CODECS = {"": "ascii", ASCII: "ascii", LATIN1: "latin-1", UTF8: "utf-8", GB18030: "gb18030", GBK: "gbk"}
_GB2312_ESCAPE = b"\x1b$)A"  # PS3.3 Table C.12-4: designates GB 2312 to G1


class CharsetError(ValueError):
    """A character set that we do not write; the message names it."""


@dataclass(frozen=True)
class DecodedText:
    """Text read from a peer. `used` is the set it was really in; it differs from the label when that was wrong."""

    text: str
    used: str
    mislabelled: bool


def supported() -> tuple[str, ...]:
    """The Specific Character Set values that `encode` writes."""
    return (*(name for name in _CODECS if name), ISO2022_GB)


def _representable_character(character: str, character_set: str) -> bool:
    codec = "gb2312" if character_set == ISO2022_GB else _codec(character_set)
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _codec(character_set: str) -> str:
    try:
        return _CODECS[character_set]
    except KeyError:
        raise CharsetError(
            f"text cannot be written in {character_set!r}; configure the peer with one of {', '.join(supported())}"
        ) from None


def representable(text: str, character_set: str) -> bool:
    """Tell whether every character of `text` exists in the set."""
    return all(_representable_character(c, character_set) for c in set(text))


def fitted(text: str, character_set: str) -> str:
    """`text` with what the set lacks in pinyin: 胸部CT → "Xiong Bu CT" for an ASCII peer, 王䶮 → "王Yan" in GB 2312."""
    if representable(text, character_set):
        return text
    pieces: list[str] = []
    run = ""
    for character in text:
        if _representable_character(character, character_set):
            pieces += [_in_pinyin(run), character] if run else [character]
            run = ""
        else:
            run += character
    if run:
        pieces.append(_in_pinyin(run))
    return "".join(_spaced(pieces))


def _in_pinyin(run: str) -> str:
    def one(part: str) -> str:
        if not names.is_chinese(part):
            return _ASCII_SIGNS.get(part, "?")
        reading = re.sub(r"\d$", "", names.word_syllables(part)[0]).replace("v", "yu")
        return reading.capitalize() if reading.isascii() else "?"

    read = [one(c) for c in run]
    text = ""
    for index, word in enumerate(read):
        text += (" " if index and word[:1].isalpha() and text[-1:].isalpha() else "") + word
    return text


_ASCII_SIGNS: dict[str, str] = dict(
    zip(
        "，。、；：？！（）【】“”‘’—–－·×±≤≥％＋　",
        [*",.,;:?!()[]\"\"''---.x", "+/-", "<=", ">=", "%", "+", " "],
        strict=True,
    )
)


def _spaced(pieces: list[str]) -> list[str]:
    spaced: list[str] = []
    for piece in pieces:
        if (
            spaced
            and spaced[-1][-1:].isascii()
            and spaced[-1][-1:].isalnum()
            and piece[:1].isascii()
            and (piece[:1].isalnum() and (len(piece) > 1 or len(spaced[-1]) > 1))
        ):
            spaced.append(" ")
        spaced.append(piece)
    return spaced


def fitted_name(pn: str, character_set: str) -> str:
    """A PN value that the set can hold: the ideographic group is dropped where it cannot be written (PS3.5 6.2.1)."""
    groups = pn.split("=")
    if not representable(groups[0], character_set):
        groups[0] = names.romanised(names.shown_name(groups[0]))
        if not representable(groups[0], character_set):
            groups[0] = fitted(groups[0], character_set)
    kept = [groups[0], *(group if representable(group, character_set) else "" for group in groups[1:])]
    return "=".join(kept).rstrip("=")


def encode(text: str, character_set: str) -> bytes:
    """The bytes of a text value in the set; what the set lacks is written in pinyin by `fitted`.

    ISO 2022 IR 58 gets its escape sequence at the beginning of each part (value, PN component, line) that needs it,
    because the code is reset there (PS3.5 6.1.2.5.3).
    """
    shown = fitted(text, character_set)
    if character_set != ISO2022_GB:
        return shown.encode(_codec(character_set))
    parts = re.split(r"([\\^=\r\n\f\t])", shown)
    return b"".join(
        part.encode("ascii") if part.isascii() else _GB2312_ESCAPE + part.encode("gb2312") for part in parts
    )


def specific_character_set(character_set: str) -> str | list[str]:
    """The value for (0008,0005): ISO 2022 IR 58 is a code extension, so the first value stays empty."""
    if character_set == ISO2022_GB:
        return ["", ISO2022_GB]
    return "" if character_set == ASCII else character_set


def decode(data: bytes, character_set: str = "") -> DecodedText:
    """Read a text value by its label, or by what it really is where the label is wrong. Never raises for bad bytes.

    `character_set` is the value of (0008,0005), several values joined by a backslash; padding at the end is dropped.
    """
    data = data.rstrip(b"\0 ")
    label = character_set.strip()
    found = examine(data, plain_label(label))
    if found is not None:
        return DecodedText(found.text, found.reading, mislabelled=True)
    return DecodedText(_set_of(label).read(data, is_name=True), label, mislabelled=False)


EXACTLY: Final = "="
"""Before a label: a person chose it, so that nothing is seen through."""


def decode_text(value: bytes, character_set: bytes = b"") -> str:
    """The text of a value by the raw value of (0008,0005), padding removed, wrong labels seen through.

    A label that begins with EXACTLY is taken at its word.
    """
    value = value.rstrip(b" \0")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    label = character_set.decode("ascii", "replace").strip(" \0")
    if label.startswith(EXACTLY):
        return _set_of(label[len(EXACTLY) :]).read(value, is_name=True).rstrip(" \0")
    return _set_of(label).decode(value, is_name=True).rstrip(" \0")


# sets


_TERMS: Final = {
    # single-byte sets, and the multi-byte sets that stand alone (PS3.3 tables C.12-2, C.12-5)
    "": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "iso8859-1", "ISO_IR 101": "iso8859-2", "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4", "ISO_IR 126": "iso8859-7", "ISO_IR 127": "iso8859-6", "ISO_IR 138": "iso8859-8",
    "ISO_IR 144": "iso8859-5", "ISO_IR 148": "iso8859-9", "ISO_IR 203": "iso8859-15", "ISO_IR 166": "tis-620",
    "ISO_IR 13": "shift_jis", "ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gb18030",
}  # fmt: skip
_MISSPELT: Final = {"UTF-8": "ISO_IR 192", "UTF8": "ISO_IR 192", "GB2312": "GB18030", "ISO-8859-1": "ISO_IR 100"}
_EXTENSIONS: Final = {
    # defined term → escape sequence and codec that write it
    "ISO 2022 IR 58": (b"\x1b$)A", "gb2312"),
    "ISO 2022 IR 149": (b"\x1b$)C", "euc_kr"),
    "ISO 2022 IR 87": (b"", "iso2022_jp"),
    "ISO 2022 IR 159": (b"", "iso2022_jp_2"),
}
_ESCAPES: Final = {
    # escape sequence → codec of what follows, whether that codec wants the sequence itself (PS3.3 C.12-3, C.12-4)
    b"\x1b(B": ("ascii", False), b"\x1b-A": ("iso8859-1", False), b"\x1b-B": ("iso8859-2", False),
    b"\x1b-C": ("iso8859-3", False), b"\x1b-D": ("iso8859-4", False), b"\x1b-F": ("iso8859-7", False),
    b"\x1b-G": ("iso8859-6", False), b"\x1b-H": ("iso8859-8", False), b"\x1b-L": ("iso8859-5", False),
    b"\x1b-M": ("iso8859-9", False), b"\x1b-b": ("iso8859-15", False), b"\x1b-T": ("tis-620", False),
    b"\x1b(J": ("shift_jis", False), b"\x1b)I": ("shift_jis", False), b"\x1b$B": ("iso2022_jp", True),
    b"\x1b$(D": ("iso2022_jp_2", True), b"\x1b$)C": ("euc_kr", False), b"\x1b$)A": ("gb18030", False),
}  # fmt: skip
_SPLIT: Final = re.compile(rb"(\x1b(?:\$[()]?[A-Z@]|[()\-][A-Za-z]))")
_NAME_DELIMITERS: Final = re.compile(rb"([\r\n\t\f\\^=])")
_TEXT_DELIMITERS: Final = re.compile(rb"([\r\n\t\f\\])")
_PIECES: Final = re.compile(r"([\^=\\\r\n\t\f])")


def _normal_term(term: str) -> str:
    """A defined term as the tables know it; devices write ISO_IR_100, ISO-IR 192, iso_ir 6."""
    upper = " ".join(term.upper().split())
    if upper in _TERMS or upper in _EXTENSIONS:
        return upper
    alone = re.sub(r"^ISO[ _-]?(?:2022[ _-])?IR[ _-]?", "ISO_IR ", upper)
    return _MISSPELT.get(upper, alone)


def is_known(term: str) -> bool:
    """Tell whether every part of a label is a defined term that we read."""
    terms = [_normal_term(one) for one in term.split("\\")]
    return all(one in _TERMS or one in _EXTENSIONS for one in terms)


@lru_cache(maxsize=256)
def plain_label(label: str) -> str:
    """The label without what nobody can know: unknown terms count as none."""
    terms = [_normal_term(term) for term in label.split("\\")]
    return "\\".join(term if term in _TERMS or term in _EXTENSIONS else "" for term in terms)


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """One value of Specific Character Set, ready to decode and encode."""

    term: str
    initial: str
    extensions: tuple[tuple[bytes, str], ...]
    has_extensions: bool

    def decode(self, raw: bytes, *, is_name: bool = False) -> str:
        """The text of a value (several values keep their backslashes), wrong labels seen through; padding stays."""
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        found = examine(raw, plain_label(self.term))
        return found.text if found is not None else self.read(raw, is_name=is_name)

    def read(self, raw: bytes, *, is_name: bool = False) -> str:
        """The text exactly by the label."""
        if b"\x1b" in raw:
            return self._read_extended(raw, is_name)
        for codec in (self.initial, *(codec for _, codec in self.extensions)):
            try:
                return raw.decode("gb18030" if codec == "gb2312" else codec)
            except UnicodeDecodeError:
                continue  # some senders forget the escape sequence of the extension that they declare
        return raw.decode("iso8859-1" if self.initial == "ascii" else self.initial, "replace")

    def encode(self, text: str) -> bytes:
        """The bytes of a value; raises UnicodeEncodeError when this character set lacks a character."""
        if text.isascii():
            return text.encode("ascii")
        codec = "gbk" if self.term.upper() == "GBK" else self.initial
        if not self.extensions:
            return text.encode(codec)
        # code extensions end at every delimiter (PS3.5 6.1.2.5.3), so each piece designates its own
        return b"".join(self._encode_piece(piece) for piece in _PIECES.split(text))

    def _encode_piece(self, piece: str) -> bytes:
        for codec, escape in ((self.initial, b""), *((codec, escape) for escape, codec in self.extensions)):
            try:
                return escape + piece.encode(codec)
            except UnicodeEncodeError:
                continue
        return piece.encode(self.initial)  # raises, naming the character

    def _read_extended(self, raw: bytes, is_name: bool) -> str:
        out = []
        codec, keeps, escape = self.initial, False, b""
        delimiters = _NAME_DELIMITERS if is_name else _TEXT_DELIMITERS
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
            # the delimiters end a G1 designation; what follows is in the initial set again, unless it cannot be
            pieces = delimiters.split(part) if codec in ("gb18030", "euc_kr") else [part]
            for piece in pieces:
                out.append(self._piece(piece, codec))
        return "".join(out)

    def _piece(self, piece: bytes, codec: str) -> str:
        try:
            return piece.decode(codec)
        except UnicodeDecodeError:
            return piece.decode("iso8859-1" if codec == "ascii" else codec, "replace")


@lru_cache(maxsize=256)
def character_set(term: str) -> CharacterSet:
    """The character set of a (0008,0005) value such as ``"ISO_IR 192"`` or ``"\\\\ISO 2022 IR 58"``; an unknown term
    is written as UTF-8."""
    terms = [_normal_term(one) for one in term.split("\\")]
    first = terms[0]
    extensions = tuple(_EXTENSIONS[one] for one in terms if one in _EXTENSIONS)
    initial = _TERMS.get(first, "ascii" if first in _EXTENSIONS else "utf-8")
    return CharacterSet(term, initial, extensions, "2022" in term or len(terms) > 1)


def _set_of(label: str) -> CharacterSet:
    """For reading: an unknown term is none."""
    return character_set(plain_label(label) if label else "")


def answer_sets(asked: str, preferred: str = "") -> tuple[CharacterSet, ...]:
    """The character sets to try for an answer, best first; the last one can write everything.

    What the peer asked in comes first (or what its directory entry prefers), then the superset it can most likely
    read. A set that we do not know is none: nothing may go out under its name.
    """
    first = next((term for term in (preferred, asked) if term and is_known(term)), "")
    known = [first] if first else []
    if any(part in first for part in ("GB", "IR 58")):
        known.append(GB18030)
    return tuple(character_set(term) for term in dict.fromkeys([*known, UTF8]))

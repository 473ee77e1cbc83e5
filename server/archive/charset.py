"""Turns the text bytes of DICOM into text, the wrongly labelled Chinese of old devices included.

PS3.5 6.1, PS3.3 C.12.1.1.2.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_SINGLE = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 203": "iso8859_15",
    "ISO_IR 166": "tis_620",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 192": "utf_8",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "ISO 2022 IR 58": "gb2312",
    "ISO 2022 IR 149": "euc_kr",
    "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 159": "iso2022_jp_2",
}

# What an escape sequence switches to (PS3.3 tables C.12-3 and C.12-4): codec and how its bytes are written.
_ESCAPES: tuple[tuple[bytes, str], ...] = (
    (b"\x1b$)A", "gb2312"),
    (b"\x1b$)C", "euc_kr"),
    (b"\x1b$(D", "iso2022_jp_2"),
    (b"\x1b$B", "iso2022_jp"),
    (b"\x1b(B", "ascii"),
    (b"\x1b(J", "shift_jis"),
    (b"\x1b)I", "shift_jis"),
    (b"\x1b-A", "latin_1"),
    (b"\x1b-B", "iso8859_2"),
    (b"\x1b-C", "iso8859_3"),
    (b"\x1b-D", "iso8859_4"),
    (b"\x1b-L", "iso8859_5"),
    (b"\x1b-G", "iso8859_6"),
    (b"\x1b-F", "iso8859_7"),
    (b"\x1b-H", "iso8859_8"),
    (b"\x1b-M", "iso8859_9"),
    (b"\x1b-b", "iso8859_15"),
    (b"\x1b-T", "tis_620"),
)
_LATIN_WORD = re.compile(rb"[a-z][\x80-\xff]{2}(?![\x80-\xff])")  # "Größe": two accented letters inside of a word
_STATEFUL = {"iso2022_jp": b"\x1b$B", "iso2022_jp_2": b"\x1b$(D"}
_MAY_BE_CHINESE = frozenset({"ascii", "latin_1", "utf_8"})


class PersonNameParts(NamedTuple):
    """The three component groups of a person name (PS3.5 6.2.1), each with its own carets."""

    alphabetic: str
    ideographic: str
    phonetic: str


def decode_text(value: bytes, character_set: bytes = b"") -> str:
    """The text of a value, padding removed. Never raises: bytes that mean nothing become U+FFFD.

    `character_set` is the raw value of (0008,0005). A missing or Latin label on bytes that are plainly UTF-8 or
    GB18030 is corrected, because many devices send Chinese that way; the bytes in the object stay as they are.
    """
    value = value.rstrip(b" \0")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    terms = [term.strip() for term in character_set.decode("ascii", "replace").rstrip(" \0").split("\\")]
    codec = _codec_of(terms[0])
    if b"\x1b" in value:
        return _decode_escaped(value, codec).rstrip(" \0")
    if codec == "ascii" and len(terms) > 1:  # "\ISO 2022 IR 58" with the escape left out by the device
        codec = _codec_of(terms[1])
    return _decode_plain(value, codec).rstrip(" \0")


def name_parts(name: str) -> PersonNameParts:
    """Split a decoded person name; Chinese in the alphabetic group, as old devices write it, is ideographic too."""
    groups = [group.strip().rstrip("^") for group in name.split("=")[:3]]
    groups += [""] * (3 - len(groups))
    alphabetic, ideographic, phonetic = groups
    if not ideographic and has_ideographs(alphabetic):
        ideographic = alphabetic
    return PersonNameParts(alphabetic, ideographic, phonetic)


def has_ideographs(text: str) -> bool:
    """Tell whether there is a Chinese character in the text."""
    return any(_is_ideograph(character) for character in text)


def _is_ideograph(character: str) -> bool:
    code = ord(character)
    return 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x323AF


def _codec_of(term: str) -> str:
    if term in _SINGLE:
        return _SINGLE[term]
    return _SINGLE.get(
        term.replace("ISO 2022 IR", "ISO_IR").replace("ISO-IR", "ISO_IR").replace("ISO_IR_", "ISO_IR "), "ascii"
    )


def _decode_plain(value: bytes, codec: str) -> str:
    if codec in _MAY_BE_CHINESE:
        mended = _mended(value)
        if mended is not None:
            return mended
    elif codec == "gb2312":
        codec = "gb18030"  # the superset: devices write characters beyond GB 2312 under its name
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        fallback = "latin_1" if codec == "ascii" else codec
        return value.decode(fallback, "replace")


def _mended(value: bytes) -> str | None:
    """The text if the bytes are UTF-8, or Chinese in GB18030 beyond reasonable doubt."""
    try:
        return value.decode("utf_8")
    except UnicodeDecodeError:
        pass
    try:
        text = value.decode("gb18030")
    except UnicodeDecodeError:
        return None
    if _LATIN_WORD.search(value):
        return None
    foreign = [character for character in text if ord(character) > 127]
    if not all(_is_ideograph(c) or unicodedata.name(c, "").startswith(("FULLWIDTH", "IDEOGRAPHIC")) for c in foreign):
        return None
    # "Müller" in Latin-1 is valid GB18030 too (FC 6C is a rare character): demand a common one, of two high bytes.
    return text if any(len(c.encode("gb2312", "ignore")) == 2 for c in foreign) else None


def _decode_escaped(value: bytes, first: str) -> str:
    out: list[str] = []
    codec = first
    position = 0
    while position < len(value):
        if value[position] == 0x1B:
            for escape, name in _ESCAPES:
                if value.startswith(escape, position):
                    position += len(escape)
                    codec = name
                    break
            else:
                position += 1
                continue
        stop = value.find(b"\x1b", position)
        stop = len(value) if stop < 0 else stop
        piece = value[position:stop]
        position = stop
        if codec in _STATEFUL:
            out.append((_STATEFUL[codec] + piece).decode(codec, "replace"))
            continue
        # delimiters switch back to the first character set (PS3.5 6.1.2.5.3); in GR sets ASCII passes unchanged
        out.append(_decode_plain(piece, codec))
    return "".join(out)

"""Text for peers with other character sets: encode, decode, fall back to pinyin, notice wrongly labelled GBK."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.dicomkit import names

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
    real = real_charset(data, label)
    if real is not None:
        return DecodedText(data.decode(_CODECS[real], "replace"), real, mislabelled=True)
    declared = [part.strip() for part in label.split("\\")]
    if set(declared) <= {"", "ISO 2022 IR 6", ISO2022_GB} and ISO2022_GB in declared:
        # pydicom 3.0 leaves the escape sequence of this set in the text, so it is read here.
        return DecodedText(data.replace(_GB2312_ESCAPE, b"").decode("gb2312", "replace"), label, mislabelled=False)
    if any("2022" in part for part in declared):
        return DecodedText(_with_code_extensions(data, declared), label, mislabelled=False)
    codec = _python_codec(declared[0])
    return DecodedText(data.decode(codec, "replace"), label, mislabelled=False)


def _with_code_extensions(data: bytes, declared: list[str]) -> str:
    """Any other mix of ISO 2022 sets (Japanese, Korean, European), read by pydicom."""
    import warnings

    from pydicom.charset import convert_encodings, decode_bytes

    delimiters = {ord(sign) for sign in "\r\n\f\t\\^="}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sequences it does not know: they become replacement signs
        try:
            return decode_bytes(data, convert_encodings(declared), delimiters)
        except (UnicodeDecodeError, LookupError):
            return data.decode("ascii", "replace")


def _python_codec(label: str) -> str:
    if label in _CODECS:
        return _CODECS[label]
    from pydicom.charset import python_encoding

    return python_encoding.get(label, "ascii")


def real_charset(data: bytes, declared: str = "") -> str | None:
    """The set the bytes are really in if it is not the declared one, else None.

    Looks for the two mistakes that Chinese devices make: GBK bytes with no label or a Latin-1, GB2312-escape-less
    or UTF-8 label, and UTF-8 bytes without label or labelled GB18030.
    """
    if data.isascii() or b"\x1b" in data:
        return None
    label = declared.rsplit("\\", maxsplit=1)[-1].strip()
    looks_utf8, looks_gb = _is_utf8(data), _is_common_gb(data)
    if label == UTF8:
        return None if _decodes(data, "utf-8") or not _decodes(data, "gb18030") else GB18030
    if label in (GB18030, GBK):
        return UTF8 if looks_utf8 and not looks_gb else None
    if label in ("", ASCII, LATIN1, "ISO 2022 IR 6", "ISO 2022 IR 100", ISO2022_GB):
        if looks_utf8 and not looks_gb:
            return UTF8
        if looks_gb:
            return GB18030
        if label in ("", ASCII) and looks_utf8:
            return UTF8
        # Outside Latin-1 there is no other reading, so even rare GBK pairs are better than replacement signs.
        if label in ("", ASCII) and _decodes(data, "gb18030"):
            return GB18030
    return None


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: bytes) -> bool:
    return _decodes(data, "utf-8")


def _is_common_gb(data: bytes) -> bool:
    """Whether all high bytes come in pairs that GB 2312 assigns, as in nearly every Chinese name and phrase."""
    return _decodes(data, "gb2312")

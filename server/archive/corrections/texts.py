"""Character sets of a corrected data set: which holds the new text, and all text in UTF-8 where none does.

PS3.3 C.12.1.1.2, PS3.5 6.1. Bytes that are plain ASCII stay as they are in every set.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.archive.corrections.elements import Element, Encoding
from shared.dicomkit.charsets import decode_text

UTF8 = b"ISO_IR 192"
TEXT_VRS = frozenset(b"LO LT PN SH ST UC UT".split())
"""The value representations that Specific Character Set concerns (PS3.5 6.1.2.3)."""

_CODECS = {
    b"ISO_IR 100": "latin_1",
    b"ISO_IR 101": "iso8859_2",
    b"ISO_IR 109": "iso8859_3",
    b"ISO_IR 110": "iso8859_4",
    b"ISO_IR 144": "iso8859_5",
    b"ISO_IR 127": "iso8859_6",
    b"ISO_IR 126": "iso8859_7",
    b"ISO_IR 138": "iso8859_8",
    b"ISO_IR 148": "iso8859_9",
    b"ISO_IR 203": "iso8859_15",
    b"ISO_IR 166": "tis_620",
    UTF8: "utf_8",
    b"GB18030": "gb18030",
    b"GBK": "gbk",
}
_ISO_2022_GB = "ISO 2022 IR 58"


def encoded(text: str, character_set: bytes) -> bytes | None:
    """Text in a Specific Character Set (the raw value of (0008,0005)); None when the set cannot hold it."""
    if text.isascii():
        return text.encode("ascii")
    terms = [term.strip() for term in character_set.rstrip(b" \0").split(b"\\")]
    if len(terms) == 1:
        codec = _CODECS.get(terms[0])
        if codec is None:
            return None
        try:
            return text.encode(codec)
        except UnicodeEncodeError:
            return None
    if terms[0] in (b"", b"ISO 2022 IR 6") and terms[1:] == [_ISO_2022_GB.encode()]:
        from shared.dicomkit.charsets import encode, representable

        return encode(text, _ISO_2022_GB) if representable(text, _ISO_2022_GB) else None
    return None


def fits(texts: Iterable[str], character_set: bytes) -> bool:
    """Tell whether the set holds all of the texts."""
    return all(encoded(text, character_set) is not None for text in texts)


def in_utf8(
    encoding: Encoding, data: memoryview, elements: Iterable[Element], character_set: bytes
) -> Iterable[tuple[Element, bytes | memoryview]]:
    """Each element with its bytes after all text in it, nested items too, is written in UTF-8.

    (0008,0005) itself becomes ISO_IR 192. Pixel data and whatever holds no text stay views of `data`. Private elements
    of unknown VR stay as they are: nobody can know whether they are text.
    """
    creators: dict[int, str] = {}
    for element in elements:
        yield element, _element_in_utf8(encoding, data, element, character_set, creators)


def _element_in_utf8(
    encoding: Encoding, data: memoryview, element: Element, character_set: bytes, creators: dict[int, str]
) -> bytes | memoryview:
    whole = data[element.start : element.stop]
    tag, vr = element.tag, element.vr
    if tag == 0x00080005:
        return encoding.made(tag, b"CS", UTF8)
    if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
        creators[tag >> 16 << 8 | tag & 0xFF] = decode_text(bytes(data[element.value : element.stop]), character_set)
    if tag == 0x7FE00010 or (vr and vr not in TEXT_VRS and vr not in (b"SQ", b"UN")):
        return whole
    if element.is_undefined or vr == b"SQ" or (not vr and _vr_of(tag, creators) == b"SQ"):
        return _sequence_in_utf8(encoding, data, element, character_set)
    raw = bytes(data[element.value : element.stop])
    if raw.isascii() and b"\x1b" not in raw:
        return whole
    known = vr if vr in TEXT_VRS else _vr_of(tag, creators)
    if known not in TEXT_VRS:
        return whole
    text = decode_text(raw, character_set).encode("utf_8")
    try:
        return encoding.made(tag, vr, text)
    except ValueError:  # longer than a short VR can say: as UN, which any reader turns back (PS3.5 6.2.2)
        return encoding.made(tag, b"UN", text)


def _sequence_in_utf8(encoding: Encoding, data: memoryview, element: Element, character_set: bytes) -> bytes:
    inner = encoding.inside(element.vr)
    out: list[bytes | memoryview] = []
    stop = None if element.is_undefined else element.stop
    for item in inner.items(data, element.value, stop, element.stop):
        found = list(inner.elements(data, item.value, item.content_end))
        own = next((bytes(data[e.value : e.stop]) for e in found if e.tag == 0x00080005), character_set)
        content = b"".join(piece for _, piece in in_utf8(inner, data, found, own))
        if item.is_undefined:
            out += [inner.open_item(), content, inner.item_end()]
        else:
            out.append(inner.item(content))
    body = b"".join(out)
    if element.is_undefined:
        head = data[element.start : element.value]
        return bytes(head) + body + inner.sequence_end()
    return encoding.head(element.tag, element.vr, len(body)) + body


def _vr_of(tag: int, creators: dict[int, str]) -> bytes:
    from pydicom.datadict import dictionary_VR, private_dictionary_VR

    try:
        if tag >> 16 & 1:
            if 0x10 <= tag & 0xFFFF <= 0xFF:
                return b"LO"
            creator = creators.get(tag >> 16 << 8 | tag >> 8 & 0xFF, "")
            return private_dictionary_VR(tag, creator)[:2].encode()
        return dictionary_VR(tag)[:2].encode()
    except KeyError:
        return b"UN"

"""Replaces top-level attributes in the bytes of a data set; all else stays byte for byte. Knows no table and no file.

Old values go into Original Attributes Sequence (0400,0561), PS3.3 C.12.1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from server.archive.corrections.elements import Element, Encoding
from server.archive.corrections.texts import TEXT_VRS, UTF8, encoded, fits, in_utf8
from server.archive.header import DEFLATED, DamagedHeader, inflated
from shared.dicomkit.charsets import decode_text

Changes: TypeAlias = Mapping[int, str | bytes | None]
"""New values by tag: text as DICOM writes it (several values joined by backslashes), numbers in decimal; bytes are the
items of a sequence, encoded as the data set is; None removes the attribute."""

Pieces: TypeAlias = list[bytes | memoryview]

CHARACTER_SET = 0x00080005
ORIGINAL_ATTRIBUTES = 0x04000561
_MODIFIED, _MODIFIED_AT, _MODIFIED_BY, _SOURCE, _REASON = 0x04000550, 0x04000562, 0x04000563, 0x04000564, 0x04000565
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"

_VRS = {
    0x00080005: b"CS",
    0x00080018: b"UI",
    0x00080020: b"DA",
    0x00080021: b"DA",
    0x00080030: b"TM",
    0x00080031: b"TM",
    0x00080050: b"SH",
    0x00080080: b"LO",
    0x00080090: b"PN",
    0x00081010: b"SH",
    0x00081030: b"LO",
    0x0008103E: b"LO",
    0x00100010: b"PN",
    0x00100020: b"LO",
    0x00100021: b"LO",
    0x00100030: b"DA",
    0x00100040: b"CS",
    0x00101010: b"AS",
    0x00180015: b"CS",
    0x00181030: b"LO",
    0x0020000D: b"UI",
    0x0020000E: b"UI",
    0x00200010: b"SH",
    0x00200011: b"IS",
    0x00200060: b"CS",
    ORIGINAL_ATTRIBUTES: b"SQ",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What Original Attributes Sequence says of a change. `at` is a DT with offset; `reason` COERCE or CORRECT."""

    at: str
    system: str
    source: str = ""
    reason: str = "CORRECT"


class CannotRewrite(DamagedHeader):
    """The bytes cannot be given the new attributes; the text is a sentence."""


def rewritten(
    data: memoryview, transfer_syntax_uid: str, changes: Changes, mark: Mark | None = None, read_as: str = ""
) -> Pieces:
    """The data set (no preamble, no file meta) with the changes, in pieces; unchanged parts are views of `data`.

    Without any difference the only piece is `data`. When the data set's character set cannot hold a new text, all its
    text is written in UTF-8. With a `mark` the old values are kept in Original Attributes Sequence. Raises
    CannotRewrite: an object must never leave with the identity that was corrected.

    `read_as`: the character set that a person chose because the file names a wrong one; what leaves is labelled truly.
    """
    if transfer_syntax_uid in DEFLATED:
        whole = memoryview(inflated(data))
        pieces = rewritten(whole, EXPLICIT_LITTLE, changes, mark, read_as)
        return [data] if len(pieces) == 1 and pieces[0] is whole else [_deflated(pieces)]
    for encoding in Encoding.candidates(transfer_syntax_uid):
        try:
            return _Rewriting(encoding, data, changes, mark, read_as).pieces()
        except (CannotRewrite, ValueError) as fault:
            raise CannotRewrite(f"The object cannot be given its corrected attributes: {fault}") from None
        except (DamagedHeader, struct.error):
            continue
    raise CannotRewrite("The object cannot be given its corrected attributes: its header is damaged.")


def joined(pieces: Pieces) -> memoryview:
    """One view of all pieces; a copy unless there is only one."""
    return memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))


def read_values(data: memoryview, transfer_syntax_uid: str, tags: Collection[int]) -> dict[int, str]:
    """The text of top-level attributes that are present; sequences are left out. Raises CannotRewrite."""
    if transfer_syntax_uid in DEFLATED:
        return read_values(memoryview(inflated(data)), EXPLICIT_LITTLE, tags)
    for encoding in Encoding.candidates(transfer_syntax_uid):
        try:
            head = _head(encoding, data, max((*tags, CHARACTER_SET)))
        except (DamagedHeader, struct.error):
            continue
        raw = _raw(data, head, CHARACTER_SET)
        return {e.tag: _text(encoding, data, e, raw) for e in head if e.tag in tags and not e.is_undefined}
    raise CannotRewrite("The attributes of the object cannot be read: its header is damaged.")


class _Rewriting:
    """One data set in one encoding."""

    def __init__(self, encoding: Encoding, data: memoryview, changes: Changes, mark: Mark | None, read_as: str) -> None:
        self._encoding = encoding
        self._data = data
        self._mark = mark
        self._elements = list(encoding.elements(data, 0, len(data)))
        self._by_tag = {element.tag: element for element in reversed(self._elements)}  # of two the first
        if 0x00080018 not in self._by_tag:
            raise DamagedHeader("The data set does not begin as one.")
        labelled = _raw(data, self._elements, CHARACTER_SET)
        self._raw_set = read_as.encode("ascii") or labelled
        self._is_relabelled = self._raw_set != labelled
        self._changes = {tag: value for tag, value in changes.items() if self._differs(tag, value)}

    def pieces(self) -> Pieces:
        if not self._changes:
            return [self._data]
        texts = [
            value
            for tag, value in self._changes.items()
            if isinstance(value, str) and self._vr(tag) in TEXT_VRS and not value.isascii()
        ]
        texts += [text for text in (self._mark.source, self._mark.system) if text] if self._mark else []
        if fits(texts, self._raw_set):
            if self._is_relabelled:
                self._changes[CHARACTER_SET] = self._raw_set.decode()
            return self._merged([(e, self._data[e.start : e.stop]) for e in self._elements], self._raw_set)
        recoded = list(in_utf8(self._encoding, self._data, self._elements, self._raw_set))
        self._changes[CHARACTER_SET] = UTF8.decode()
        return self._merged(recoded, UTF8)

    def _differs(self, tag: int, value: str | bytes | None) -> bool:
        element = self._by_tag.get(tag)
        if element is None or value is None:
            return (element is None) != (value is None)
        if isinstance(value, bytes):
            return self._content(element) != value
        return element.is_undefined or _text(self._encoding, self._data, element, self._raw_set) != value.strip()

    def _merged(self, elements: list[tuple[Element, bytes | memoryview]], character_set: bytes) -> Pieces:
        """Old and new elements in order of tags; runs of untouched ones are one view."""
        new = {
            tag: b"" if value is None else self._made(tag, value, character_set) for tag, value in self._changes.items()
        }
        if self._mark is not None:
            new[ORIGINAL_ATTRIBUTES] = self._original_attributes(elements, character_set)
        absent = sorted(tag for tag in new if tag not in self._by_tag)
        out: Pieces = []
        run_start = run_stop = 0  # of untouched bytes not yet given out
        for element, piece in elements:
            inserted = b""
            while absent and absent[0] < element.tag:
                inserted += new[absent.pop(0)]
            if inserted:
                out += [self._data[run_start:run_stop], inserted]
                run_start = run_stop = element.start
            if element.tag in new:
                # a tag that stands twice is written once, where it stood first
                out += [
                    self._data[run_start:run_stop],
                    new[element.tag] if self._by_tag[element.tag] is element else b"",
                ]
                run_start = run_stop = element.stop
            elif isinstance(piece, memoryview):
                run_stop = element.stop
            else:
                out += [self._data[run_start:run_stop], piece]
                run_start = run_stop = element.stop
        out += [self._data[run_start:run_stop], *(new[tag] for tag in absent), self._data[run_stop:]]
        return [piece for piece in out if len(piece)]

    def _made(self, tag: int, value: str | bytes, character_set: bytes) -> bytes:
        if isinstance(value, bytes):
            return self._encoding.made(tag, b"SQ", value)
        vr = self._vr(tag)
        if vr in TEXT_VRS:
            raw = encoded(value.strip(), character_set)
            if raw is None:
                raise CannotRewrite("a value does not fit any character set")
            return self._encoding.made(tag, vr, raw)
        numbers = self._encoding.numbers(vr, value)
        if numbers is not None:
            return self._encoding.made(tag, vr, numbers)
        if not value.isascii():
            raise CannotRewrite(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) takes no other letters than ASCII")
        return self._encoding.made(tag, vr, value.strip().encode("ascii"))

    def _vr(self, tag: int) -> bytes:
        vr = _VRS.get(tag)
        if vr is not None:
            return vr
        element = self._by_tag.get(tag)
        if element is not None and element.vr not in (b"", b"UN"):
            return element.vr
        from pydicom.datadict import dictionary_VR

        try:
            return dictionary_VR(tag)[:2].encode()
        except KeyError:
            return b"UN"

    def _original_attributes(self, elements: list[tuple[Element, bytes | memoryview]], character_set: bytes) -> bytes:
        """(0400,0561) with the items that are there and one more (PS3.3 table C.12.1-1, "Original Attributes")."""
        mark, encoding = self._mark, self._encoding
        assert mark is not None
        keeps_set = not self._raw_set or (character_set == self._raw_set and not self._is_relabelled)
        old: list[bytes | memoryview] = []
        pieces = {element.tag: piece for element, piece in reversed(elements)}
        for tag in sorted(self._changes):
            element = self._by_tag.get(tag)
            if element is None:
                if tag != CHARACTER_SET:  # a zero-length set in the item would say "ASCII" of the values beside it
                    old.append(encoding.made(tag, self._vr(tag), b""))
            elif keeps_set:
                old.append(pieces[tag])
            else:  # an item may have its own character set: the old bytes stay what they were
                old.append(self._data[element.start : element.stop])
        items = encoding.item(
            encoding.made(_MODIFIED, b"SQ", encoding.item(b"".join(old)))
            + encoding.made(_MODIFIED_AT, b"DT", mark.at.encode("ascii"))
            + encoding.made(_MODIFIED_BY, b"LO", encoded(mark.system, character_set) or b"")
            + encoding.made(_SOURCE, b"LO", encoded(mark.source, character_set) or b"")
            + encoding.made(_REASON, b"CS", mark.reason.encode("ascii"))
        )
        present = self._by_tag.get(ORIGINAL_ATTRIBUTES)
        before = b""
        if present is not None:
            whole = pieces[ORIGINAL_ATTRIBUTES]
            head = present.value - present.start
            before = bytes(whole[head : len(whole) - 8] if present.is_undefined else whole[head:])
        return encoding.made(ORIGINAL_ATTRIBUTES, b"SQ", before + items)

    def _content(self, element: Element) -> bytes:
        stop = element.stop - 8 if element.is_undefined else element.stop
        return bytes(self._data[element.value : stop])


def _head(encoding: Encoding, data: memoryview, last: int) -> list[Element]:
    """The elements up to the tag `last`; the walk ends with the first one behind it."""
    found: list[Element] = []
    for element in encoding.elements(data, 0, len(data)):
        if element.tag > last:
            break
        found.append(element)
    return found


def _raw(data: memoryview, elements: list[Element], tag: int) -> bytes:
    for element in elements:
        if element.tag == tag:
            return bytes(data[element.value : element.stop]).rstrip(b" \0")
    return b""


def _text(encoding: Encoding, data: memoryview, element: Element, character_set: bytes) -> str:
    raw = bytes(data[element.value : element.stop])
    codes = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}
    vr = element.vr
    if not vr:
        from pydicom.datadict import dictionary_VR

        try:
            vr = _VRS.get(element.tag) or dictionary_VR(element.tag)[:2].encode()
        except KeyError:
            vr = b"UN"
    code = codes.get(vr)
    if code is not None:
        size = struct.calcsize(code)
        count = len(raw) // size
        order = ">" if encoding.big else "<"
        return "\\".join(
            f"{value:g}" if code in "fd" else str(value)
            for value in struct.unpack(f"{order}{count}{code}", raw[: count * size])
        )
    return decode_text(raw, character_set).strip()


def _deflated(pieces: Pieces) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    out = [deflate.compress(piece) for piece in pieces]
    data = b"".join([*out, deflate.flush()])
    return data + b"\0" if len(data) & 1 else data

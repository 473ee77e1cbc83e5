"""Reads and writes the data sets of identifiers and N-service attributes as dictionaries (``ports.Attributes``), by
hand.

Everything here is bounded: lengths must lie inside what holds them, sequences nest at most :data:`MAX_DEPTH` deep,
deflated data grow to a limit. pydicom is asked only for the VR of tags that are not in our small table.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from mmap import mmap
from typing import Final

from server.doors.dicom import uids
from server.doors.dicom.ports import Attributes, AttributeValue
from shared.dicomkit.charsets import CharacterSet, character_set

MAX_DEPTH: Final = 64
MAX_INFLATED: Final = 16 << 20

SPECIFIC_CHARACTER_SET: Final = 0x00080005
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA: Final = 0x7FE00010
_UNDEFINED: Final = 0xFFFFFFFF

_LONG: Final = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
"""VRs whose explicit form has a 4 byte length (PS3.5 table 7.1-1)."""
_TEXT: Final = frozenset((b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UT"))
"""VRs in the Specific Character Set (PS3.5 6.1.2.3)."""
_ASCII: Final = frozenset((b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"IS", b"TM", b"UI", b"UR"))
_NUMBERS: Final = {
    b"US": "H",
    b"SS": "h",
    b"UL": "I",
    b"SL": "i",
    b"SV": "q",
    b"UV": "Q",
    b"FL": "f",
    b"FD": "d",
}
_LEADING_SPACE_COUNTS: Final = frozenset((b"LT", b"ST", b"UT"))

_VRS: Final[dict[int, bytes]] = {
    0x00080005: b"CS", 0x00080012: b"DA", 0x00080013: b"TM", 0x00080016: b"UI", 0x00080018: b"UI", 0x00080020: b"DA",
    0x00080021: b"DA", 0x00080022: b"DA", 0x00080023: b"DA", 0x00080030: b"TM", 0x00080031: b"TM", 0x00080032: b"TM",
    0x00080033: b"TM", 0x00080050: b"SH", 0x00080051: b"SQ", 0x00080052: b"CS", 0x00080054: b"AE", 0x00080056: b"CS",
    0x00080060: b"CS", 0x00080061: b"CS", 0x00080062: b"UI", 0x00080070: b"LO", 0x00080080: b"LO", 0x00080090: b"PN",
    0x00080100: b"SH", 0x00080102: b"SH", 0x00080103: b"SH", 0x00080104: b"LO", 0x00080201: b"SH", 0x00081010: b"SH",
    0x00081030: b"LO", 0x00081032: b"SQ", 0x0008103E: b"LO", 0x00081040: b"LO", 0x00081048: b"PN", 0x00081050: b"PN",
    0x00081060: b"PN", 0x00081070: b"PN", 0x00081080: b"LO", 0x00081090: b"LO", 0x00081110: b"SQ", 0x00081111: b"SQ",
    0x00081115: b"SQ", 0x00081120: b"SQ", 0x00081140: b"SQ", 0x00081150: b"UI", 0x00081155: b"UI", 0x00081195: b"UI",
    0x00081197: b"US", 0x00081198: b"SQ", 0x00081199: b"SQ", 0x00100010: b"PN", 0x00100020: b"LO", 0x00100021: b"LO",
    0x00100030: b"DA", 0x00100032: b"TM", 0x00100040: b"CS", 0x00101000: b"LO", 0x00101001: b"PN", 0x00101010: b"AS",
    0x00101020: b"DS", 0x00101030: b"DS", 0x00102000: b"LO", 0x00102110: b"LO", 0x00102160: b"SH", 0x00102180: b"SH",
    0x001021B0: b"LT", 0x001021C0: b"US", 0x00104000: b"LT", 0x00180015: b"CS", 0x00181030: b"LO", 0x00185100: b"CS",
    0x0020000D: b"UI", 0x0020000E: b"UI", 0x00200010: b"SH", 0x00200011: b"IS", 0x00200013: b"IS", 0x00201000: b"IS",
    0x00201002: b"IS", 0x00201200: b"IS", 0x00201202: b"IS", 0x00201204: b"IS", 0x00201206: b"IS", 0x00201208: b"IS",
    0x00201209: b"IS", 0x00204000: b"LT", 0x00280008: b"IS", 0x00280010: b"US", 0x00280011: b"US", 0x00321032: b"PN",
    0x00321033: b"LO", 0x00321060: b"LO", 0x00321064: b"SQ", 0x00324000: b"LT", 0x00380010: b"LO", 0x00380050: b"LO",
    0x00380300: b"LO", 0x00380400: b"LO", 0x00380500: b"LO", 0x00400001: b"AE", 0x00400002: b"DA", 0x00400003: b"TM",
    0x00400004: b"DA", 0x00400005: b"TM", 0x00400006: b"PN", 0x00400007: b"LO", 0x00400008: b"SQ", 0x00400009: b"SH",
    0x00400010: b"SH", 0x00400011: b"SH", 0x00400012: b"LO", 0x00400020: b"CS", 0x00400100: b"SQ", 0x00400241: b"AE",
    0x00400242: b"SH", 0x00400243: b"SH", 0x00400244: b"DA", 0x00400245: b"TM", 0x00400250: b"DA", 0x00400251: b"TM",
    0x00400252: b"CS", 0x00400253: b"SH", 0x00400254: b"LO", 0x00400255: b"LO", 0x00400260: b"SQ", 0x00400270: b"SQ",
    0x00400280: b"ST", 0x00400281: b"SQ", 0x00400321: b"SQ", 0x00400340: b"SQ", 0x00400400: b"LT", 0x00401001: b"SH",
    0x00401002: b"LO", 0x00401003: b"SH", 0x00401004: b"LO", 0x00401400: b"LT", 0x00402016: b"LO", 0x00402017: b"LO",
    0x00402400: b"LT", 0x00403001: b"LO", 0x00880130: b"SH", 0x00880140: b"UI",
}  # fmt: skip
"""VRs of the attributes that queries, worklists, procedure steps and commitments use; others are looked up in
pydicom's dictionary."""


class MalformedDataSet(Exception):
    """A data set that cannot be read, in a sentence."""


class TooDeep(MalformedDataSet):
    """Sequences nested deeper than :data:`MAX_DEPTH`."""

    def __init__(self) -> None:
        super().__init__(f"Sequences are nested more than {MAX_DEPTH} deep")


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> bytes:
    """The VR of a tag by the data dictionary (PS3.6); ``UN`` for unknown and private ones."""
    known = _VRS.get(tag)
    if known is not None:
        return known
    if tag & 0xFFFF == 0:
        return b"UL"
    if tag >> 16 & 1:
        return b"LO" if 0x10 <= tag & 0xFFFF <= 0xFF else b"UN"
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(tag)[:2].encode("ascii")  # "US or SS" is taken as US, "OB or OW" as OB
    except KeyError:
        return b"UN"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a transfer syntax writes elements: VR explicit or implicit, byte order, deflated."""

    explicit: bool
    order: str
    deflated: bool = False


ENCODINGS: Final = {
    uids.IMPLICIT_LE: Encoding(False, "<"),
    uids.EXPLICIT_LE: Encoding(True, "<"),
    uids.DEFLATED_LE: Encoding(True, "<", True),
    uids.EXPLICIT_BE: Encoding(True, ">"),
}


def encoding_of(transfer_syntax: str) -> Encoding:
    """The encoding of a standard syntax; every other one (compressed pixel data) is Explicit VR Little Endian (PS3.5
    A.4)."""
    return ENCODINGS.get(transfer_syntax, ENCODINGS[uids.EXPLICIT_LE])


# Reading


def decode(data: bytes | memoryview, transfer_syntax: str) -> dict[int, AttributeValue]:
    """All attributes of a data set, (0008,0005) included, group lengths left out; raises :class:`MalformedDataSet`."""
    encoding = encoding_of(transfer_syntax)
    raw = bytes(data)
    if encoding.deflated:
        raw = inflate(raw)
    try:
        return _Reader(raw, encoding).read(0, len(raw), character_set(""), encoding.explicit, 0)[0]
    except struct.error:
        raise MalformedDataSet("The data set ends inside an element") from None


def inflate(data: bytes, limit: int = MAX_INFLATED) -> bytes:
    """Raw deflate (PS3.5 A.5) up to ``limit`` bytes; raises :class:`MalformedDataSet`."""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        out = machine.decompress(data, limit + 1)
    except zlib.error:
        raise MalformedDataSet("The deflated data set cannot be inflated") from None
    if len(out) > limit:
        raise MalformedDataSet("The deflated data set grows beyond the limit")
    return out


def inflated_beginning(data: bytes | memoryview | mmap, limit: int = MAX_INFLATED) -> bytes:
    """What deflated data begin with, at most ``limit`` bytes; empty when they cannot be inflated at all."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, limit)
    except zlib.error:
        return b""


class _Reader:
    def __init__(self, raw: bytes, encoding: Encoding) -> None:
        self._raw = raw
        order = encoding.order
        self._tag = struct.Struct(order + "HH").unpack_from
        self._short = struct.Struct(order + "H").unpack_from
        self._long = struct.Struct(order + "I").unpack_from
        self._order = order

    def read(
        self, at: int, end: int, charset: CharacterSet, explicit: bool, depth: int, *, open_item: bool = False
    ) -> tuple[dict[int, AttributeValue], int]:
        """The attributes from ``at`` to ``end``, or to the item delimiter of an open item; and where it stopped."""
        out: dict[int, AttributeValue] = {}
        while at < end:
            group, element = self._tag(self._raw, at)
            tag = group << 16 | element
            if tag == _ITEM_END and open_item:
                return out, at + 8
            vr, length, at = self._head(at, tag, explicit)
            if length == _UNDEFINED or vr == b"SQ":
                value, at = self._sequence(at, end, length, charset, explicit and vr != b"UN", depth + 1)
                out[tag] = value
                continue
            if length > end - at:
                raise MalformedDataSet(f"Element ({group:04X},{element:04X}) is longer than what holds it")
            raw = self._raw[at : at + length]
            at += length
            if element == 0:
                continue
            if tag == SPECIFIC_CHARACTER_SET:
                term = raw.decode("ascii", "replace").strip(" \0")
                charset = character_set(term)
                out[tag] = term
            else:
                out[tag] = self._value(vr, raw, charset)
        if open_item:
            raise MalformedDataSet("A sequence item has no end")
        return out, at

    def _head(self, at: int, tag: int, explicit: bool) -> tuple[bytes, int, int]:
        if not explicit or tag >> 16 == 0xFFFE:
            return vr_of(tag), self._long(self._raw, at + 4)[0], at + 8
        vr = self._raw[at + 4 : at + 6]
        if vr in _LONG:
            return vr, self._long(self._raw, at + 8)[0], at + 12
        return vr, self._short(self._raw, at + 6)[0], at + 8

    def _sequence(
        self, at: int, end: int, length: int, charset: CharacterSet, explicit: bool, depth: int
    ) -> tuple[list[Mapping[int, AttributeValue]], int]:
        if depth > MAX_DEPTH:
            raise TooDeep
        if length != _UNDEFINED:
            if length > end - at:
                raise MalformedDataSet("A sequence is longer than what holds it")
            end = at + length
        items: list[Mapping[int, AttributeValue]] = []
        while at < end:
            group, element = self._tag(self._raw, at)
            tag = group << 16 | element
            size = self._long(self._raw, at + 4)[0]
            at += 8
            if tag == _SEQUENCE_END and length == _UNDEFINED:
                return items, at
            if tag != _ITEM:
                raise MalformedDataSet("A sequence holds something that is no item")
            if size == _UNDEFINED:
                item, at = self.read(at, end, charset, explicit, depth, open_item=True)
            else:
                if size > end - at:
                    raise MalformedDataSet("A sequence item is longer than its sequence")
                item, at = self.read(at, at + size, charset, explicit, depth)
            items.append(item)
        if length == _UNDEFINED:
            raise MalformedDataSet("A sequence has no end")
        return items, at

    def _value(self, vr: bytes, raw: bytes, charset: CharacterSet) -> AttributeValue:
        if vr in _TEXT:
            text = charset.decode(raw, is_name=vr == b"PN")
            return text.rstrip(" \0") if vr in _LEADING_SPACE_COUNTS else text.strip(" \0")
        if vr in _ASCII:
            return raw.decode("ascii", "replace").strip(" \0")
        form = _NUMBERS.get(vr)
        if form is not None:
            size = struct.calcsize(form)
            if len(raw) % size:
                raise MalformedDataSet("A number has the wrong length")
            return "\\".join(map(str, struct.unpack(f"{self._order}{len(raw) // size}{form}", raw)))
        if vr == b"AT" and len(raw) % 4 == 0:
            words = struct.unpack(f"{self._order}{len(raw) // 2}H", raw)
            return "\\".join(f"{words[i]:04X}{words[i + 1]:04X}" for i in range(0, len(words), 2))
        return raw


def check_depth(data: bytes | memoryview | mmap, transfer_syntax: str, limit: int = MAX_DEPTH) -> None:
    """Raise :class:`TooDeep` when sequences nest deeper than ``limit``; runs without recursion, on any bytes.

    A first look before anything that parses recursively. It follows the structure as far as that is sound and keeps
    silent about other damage, because objects with small faults are common and shall be kept. Deflated data sets are
    not inflated here.
    """
    encoding = encoding_of(transfer_syntax)
    if encoding.deflated:
        return
    order = encoding.order
    short = struct.Struct(order + "HH2sH").unpack_from
    plain = struct.Struct(order + "HHI").unpack_from
    long = struct.Struct(order + "I").unpack_from
    item_tag = struct.pack(order + "HH", 0xFFFE, 0xE000)
    end = len(data)
    at = 0
    explicit = encoding.explicit
    open_ends: list[
        tuple[int, bool]
    ] = []  # of each open sequence or item: where it ends (end + 1: undefined), explicit
    depth = 0  # open sequences and items together: two for each level
    while at + 8 <= end:
        while open_ends and at >= open_ends[-1][0]:
            explicit = open_ends.pop()[1]
        group, element, length = plain(data, at)
        if group == 0xFFFE:
            at += 8
            if element == 0xE000:
                open_ends.append((end + 1 if length == _UNDEFINED else at + length, explicit))
            elif open_ends:
                explicit = open_ends.pop()[1]
            continue
        vr = b""
        value = at + 8
        if explicit:
            _, _, vr, length = short(data, at)
            if vr in _LONG:
                if at + 12 > end:
                    return
                length = long(data, at + 8)[0]
                value = at + 12
        if (length == _UNDEFINED and vr in (b"OB", b"OW")) or (group == 0x7FE0 and length == _UNDEFINED):
            at = _after_fragments(data, value, plain)
            continue
        # a value that begins with an item tag is a sequence, whatever its VR says or the dictionary knows
        if length == _UNDEFINED or vr == b"SQ" or (vr in (b"", b"UN") and data[value : value + 4] == item_tag):
            depth = len(open_ends)
            if depth >= 2 * limit:
                raise TooDeep
            open_ends.append((end + 1 if length == _UNDEFINED else value + length, explicit))
            if vr == b"UN":
                explicit = False  # PS3.5 6.2.2 note 4: Implicit VR inside
            at = value
        else:
            at = value + length


def _after_fragments(data: bytes | memoryview | mmap, at: int, plain: object) -> int:
    """Where encapsulated pixel data ends (PS3.5 A.4)."""
    unpack = plain if callable(plain) else struct.Struct("<HHI").unpack_from
    end = len(data)
    while at + 8 <= end:
        _, element, length = unpack(data, at)
        at += 8
        if element == 0xE0DD:
            return at
        at += length
    return end


# Writing


class Writer:
    """Writes attributes in one transfer syntax and one of several character sets, the first that has all
    characters."""

    def __init__(self, transfer_syntax: str, charsets: Sequence[CharacterSet]) -> None:
        self._encoding = encoding_of(transfer_syntax)
        self._charsets = charsets
        order = self._encoding.order
        self._order = order
        self._plain = struct.Struct(order + "HHI").pack
        self._short = struct.Struct(order + "HH2sH").pack
        self._long = struct.Struct(order + "HH2sHI").pack

    def encode(self, attributes: Attributes) -> bytes:
        """The data set; Specific Character Set is added when a character needs it."""
        for charset in self._charsets:
            try:
                out = self._dataset(attributes, charset)
            except UnicodeEncodeError:
                continue
            break
        else:
            out = self._dataset(attributes, character_set("ISO_IR 192"))
        if self._encoding.deflated:
            machine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
            out = machine.compress(out) + machine.flush()
            return out + b"\0" if len(out) & 1 else out
        return out

    def _dataset(self, attributes: Attributes, charset: CharacterSet) -> bytes:
        complete = dict(attributes)
        complete.pop(SPECIFIC_CHARACTER_SET, None)
        if charset.term:
            complete[SPECIFIC_CHARACTER_SET] = charset.term
        return self._elements(complete, charset, 0)

    def _elements(self, attributes: Attributes, charset: CharacterSet, depth: int) -> bytes:
        if depth > MAX_DEPTH:
            raise TooDeep
        parts = []
        explicit, short, long, plain = self._encoding.explicit, self._short, self._long, self._plain
        for tag in sorted(attributes):
            vr = vr_of(tag)
            value = attributes[tag]
            if vr == b"SQ" or isinstance(value, list | tuple):
                vr = b"SQ"
                raw = self._items(value, charset, depth + 1)
            else:
                raw = self._raw(vr, value, charset)
            group, element, size = tag >> 16, tag & 0xFFFF, len(raw)
            if not explicit:
                parts.append(plain(group, element, size))
            elif vr in _LONG:
                parts.append(long(group, element, vr, 0, size))
            elif size <= 0xFFFF:
                parts.append(short(group, element, vr, size))
            else:
                parts.append(long(group, element, b"UN", 0, size))  # PS3.5 6.2.2 note 6
            parts.append(raw)
        return b"".join(parts)

    def _items(self, value: AttributeValue, charset: CharacterSet, depth: int) -> bytes:
        if value is None or isinstance(value, str | bytes | int | float):
            return b""
        parts = []
        for item in value:
            raw = self._elements(item, charset, depth)
            parts.append(self._plain(0xFFFE, 0xE000, len(raw)))
            parts.append(raw)
        return b"".join(parts)

    def _raw(self, vr: bytes, value: AttributeValue, charset: CharacterSet) -> bytes:
        if value is None or value == "":
            return b""
        if isinstance(value, str):
            form = _NUMBERS.get(vr)
            if form is not None:
                return self._numbers(form, value)
            if vr == b"AT":
                words = [int(v[i : i + 4], 16) for v in value.split("\\") for i in (0, 4)]
                return struct.pack(f"{self._order}{len(words)}H", *words)
            raw = charset.encode(value) if vr in _TEXT or vr == b"UN" else value.encode("ascii", "replace")
        elif isinstance(value, bytes):
            raw = value
        elif isinstance(value, int | float):
            form = _NUMBERS.get(vr)
            if form is not None:
                return struct.pack(self._order + form, value)
            raw = (str(value) if isinstance(value, int) else f"{value:.10g}").encode("ascii")
        else:
            return b""
        if len(raw) & 1:
            raw += b" " if vr in _TEXT or (vr in _ASCII and vr != b"UI") else b"\0"
        return raw

    def _numbers(self, form: str, value: str) -> bytes:
        numbers = [float(v) if form in "fd" else int(v) for v in value.split("\\")]
        return struct.pack(f"{self._order}{len(numbers)}{form}", *numbers)


def shaped(answer: Attributes, wanted: Attributes) -> dict[int, AttributeValue]:
    """The answer with exactly the wanted attributes: missing ones with zero length, in the items of sequences too.

    A wanted sequence without an item, or with an empty one, asks for all of it (PS3.4 C.2.2.2.6).
    """
    out: dict[int, AttributeValue] = {}
    for tag, wish in wanted.items():
        value = answer.get(tag)
        if isinstance(wish, list | tuple) and wish and wish[0] and isinstance(value, list | tuple):
            out[tag] = [shaped(item, wish[0]) for item in value]
        else:
            out[tag] = value
    return out

"""The bytes of a data set as the DICOM JSON Model (PS3.18 F), without building pydicom's objects.

The walk trusts no length, nests 64 deep at most and copies nothing but values. Large and binary values become
references (BulkDataURI), which `find_bulk` follows back to the bytes.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from server.doors.web.dicomweb import dictionary

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
EXPLICIT_BE = "1.2.840.10008.1.2.2"

MAX_DEPTH = 64
INLINE_BYTES = 2048
"""Binary values up to this length stand in the JSON itself (InlineBinary)."""

Json: TypeAlias = dict[str, Any]
Decode: TypeAlias = Callable[[bytes, bytes], str]
"""(value, raw Specific Character Set) → text; never raises."""

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset("AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_NAMES = {vr.encode(): vr for vr in _LONG | _SHORT}
_BINARY = frozenset("OB OD OF OL OV OW UN".split())
_ONE_TEXT = frozenset("LT ST UT UR".split())  # a backslash is no separator in these
_ENCODED = frozenset("LO LT PN SH ST UC UT".split())  # in the Specific Character Set
_NUMBERS = {"FL": "f", "FD": "d", "SS": "h", "US": "H", "SL": "i", "UL": "I", "SV": "q", "UV": "Q"}
_WIDTHS = {"FL": 4, "FD": 8, "SS": 2, "US": 2, "SL": 4, "UL": 4, "SV": 8, "UV": 8}
_SWAPPED = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
PIXELS = frozenset({0x7FE00010, 0x7FE00008, 0x7FE00009})
_CHARACTER_SET = 0x00080005
_SAFE_INTEGER = 1 << 53


class BadDataSet(Exception):
    """The bytes are no data set; the text is a sentence that says where it breaks."""


class _Odd(BadDataSet):
    """Not encoded as it should be; another reading may make sense of it."""


class Reader:
    """Turns data sets into JSON; remembers the values that instances of a series share.

    `bulk` gives the URI of a value from its path ("7FE00010", "00089215/0/00081199"…).
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._memories: dict[bool, dict[tuple[int, str, bytes, bytes], Any]] = {False: {}, True: {}}  # by byte order

    def json(self, data: memoryview, transfer_syntax: str, bulk: Callable[[str], str]) -> Json:
        """The data set as DICOM JSON. `data` is inflated already. Raises BadDataSet."""
        big = transfer_syntax == EXPLICIT_BE
        explicit = transfer_syntax != IMPLICIT_LE
        if len(self._memories[big]) > 20_000:
            self._memories[big].clear()
        try:
            return self._whole(data, explicit, big, bulk, lenient=False)
        except _Odd:
            if not explicit:
                raise
        try:
            return self._whole(data, False, big, bulk, lenient=False)  # implicit under an explicit name
        except BadDataSet:
            return self._whole(data, True, big, bulk, lenient=True)

    def _whole(self, data: memoryview, explicit: bool, big: bool, bulk: Callable[[str], str], *, lenient: bool) -> Json:
        walk = _Walk(data, big, lenient, bulk, self._decode, self._memories[big])
        try:
            found, _ = walk.items_of(0, len(data), explicit, b"", "", 0, 0)
        except struct.error:
            raise BadDataSet("The data set ends in the middle of an element.") from None
        character_set = found.get("00080005")
        if character_set is not None or walk.foreign:
            ordered = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}, **found}
            ordered["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
            return dict(sorted(ordered.items()))
        return found


class _Walk:
    """One pass over one data set."""

    def __init__(
        self,
        data: memoryview,
        big: bool,
        lenient: bool,
        bulk: Callable[[str], str],
        decode: Decode,
        memory: dict[tuple[int, str, bytes, bytes], Any],
    ) -> None:
        order = ">" if big else "<"
        self.data = data
        self.big = big
        self.order = order
        self.lenient = lenient
        self.bulk = bulk
        self.decode = decode
        self.memory = memory
        self.foreign = False  # some text is not ASCII
        self.explicit_head = struct.Struct(order + "HH2sH").unpack_from
        self.implicit_head = struct.Struct(order + "HHI").unpack_from
        self.long_length = struct.Struct(order + "I").unpack_from
        self.item_bytes = b"\xff\xfe\xe0\x00" if big else b"\xfe\xff\x00\xe0"

    def items_of(
        self, position: int, end: int, explicit: bool, character_set: bytes, path: str, depth: int, signed: int
    ) -> tuple[Json, int]:
        """The elements up to `end` or an item delimiter, and where they ended."""
        data, memory = self.data, self.memory
        explicit_head, implicit_head = self.explicit_head, self.implicit_head
        found: Json = {}
        creators: dict[int, str] = {}
        while position < end:
            if end - position < 8:
                if depth == 0 and not bytes(data[position:end]).strip(b"\0"):
                    break
                raise BadDataSet("The data set ends in the middle of an element.")
            group, element, length = implicit_head(data, position)
            tag = group << 16 | element
            if group == 0xFFFE:
                if tag == _ITEM_END and depth:
                    return found, position + 8
                raise _Odd(f"A delimiter ({group:04X},{element:04X}) stands where an element should be.")
            if explicit:
                _, _, name, length = explicit_head(data, position)
                vr = _NAMES.get(name, "")
                if vr in _LONG:
                    length = self.long_length(data, position + 8)[0]
                    start = position + 12
                elif vr or self.lenient:
                    vr = vr or "UN"
                    start = position + 8
                else:
                    raise _Odd(f"Element ({group:04X},{element:04X}) has no known value representation.")
                if vr == "UN" and length < 0x10000:
                    vr = dictionary.vr_of(tag, creators, signed)  # PS3.5 6.2.2 note 2
                    if vr == "SQ":
                        vr = "UN"
            else:
                vr = dictionary.vr_of(tag, creators, signed)
                start = position + 8
            key = f"{tag:08X}"
            if length == _UNDEFINED:
                if tag in PIXELS and not path:
                    found[key] = {"vr": "OB" if vr not in ("OB", "OW") else vr, "BulkDataURI": self.bulk(key)}
                    position = skip_fragments(data, start, end, self.order)
                    continue
                inner = explicit and vr != "UN"
                value, position = self.sequence(start, end, None, inner, character_set, f"{path}{key}/", depth, signed)
                found[key] = {"vr": "SQ", "Value": value} if value else {"vr": "SQ"}
                continue
            stop = start + length
            if stop > end:
                if depth == 0 and tag in PIXELS:
                    stop = end  # cut short: what is there can still be fetched
                else:
                    raise BadDataSet(
                        f"The data set ends too early: element ({group:04X},{element:04X}) announces {length} bytes, "
                        f"{end - start} are there."
                    )
            position = stop
            if element == 0 or tag in (0xFFFCFFFC,) or group == 2:
                continue  # group lengths and padding say nothing (PS3.18 F.2)
            if vr == "SQ":
                value, _ = self.sequence(start, stop, stop, explicit, character_set, f"{path}{key}/", depth, signed)
                found[key] = {"vr": "SQ", "Value": value} if value else {"vr": "SQ"}
                continue
            if tag in PIXELS and not path:
                found[key] = {"vr": vr, "BulkDataURI": self.bulk(key)}
                continue
            if vr in _BINARY:
                if length > INLINE_BYTES:
                    found[key] = {"vr": vr, "BulkDataURI": self.bulk(path + key)}
                elif length:
                    raw = self.little(bytes(data[start:stop]), vr)
                    found[key] = {"vr": vr, "InlineBinary": base64.b64encode(raw).decode()}
                else:
                    found[key] = {"vr": vr}
                continue
            raw = bytes(data[start:stop])
            where = (tag, vr, raw, character_set)
            entry = memory.get(where)
            if entry is None:
                values = self.values(vr, raw, character_set)
                entry = {"vr": vr, "Value": values} if values else {"vr": vr}
                if len(raw) <= 1024:
                    memory[where] = entry
            found[key] = entry
            if vr in _ENCODED and not self.foreign and not (raw.isascii() and b"\x1b" not in raw):
                self.foreign = True
            if tag == _CHARACTER_SET:
                character_set = raw
            elif tag == 0x00280103:
                signed = raw[1 if self.big else 0] if raw else 0
            elif group & 1 and 0x10 <= element <= 0xFF:
                creators[tag] = raw.rstrip(b" \0").decode("ascii", "replace")
        return found, position

    def look(self, explicit: bool, wanted: frozenset[int]) -> Top:
        """See the function of the same name."""
        data, implicit_head, explicit_head = self.data, self.implicit_head, self.explicit_head
        values: dict[int, bytes] = {}
        position, end = 0, len(data)
        while position + 8 <= end:
            group, element, length = implicit_head(data, position)
            tag = group << 16 | element
            if group == 0xFFFE:
                raise _Odd("A delimiter stands where an element should be.")
            start = position + 8
            vr = ""
            if explicit:
                _, _, name, length = explicit_head(data, position)
                vr = _NAMES.get(name, "")
                if vr in _LONG:
                    length = self.long_length(data, position + 8)[0]
                    start = position + 12
                elif not vr and not self.lenient:
                    raise _Odd(f"Element ({group:04X},{element:04X}) has no known value representation.")
            if tag in PIXELS:
                if length == _UNDEFINED:
                    return Top(values, (start, None))
                return Top(values, (start, min(length, end - start)))
            if length == _UNDEFINED:
                _, position = self.sequence(start, end, None, explicit and vr != "UN", b"", "x/", 0, 0)
                continue
            position = start + length
            if position > end:
                raise BadDataSet("The data set ends too early.")
            if tag in wanted:
                values[tag] = bytes(data[start:position])
        return Top(values, None)

    def sequence(
        self,
        position: int,
        end: int,
        stop: int | None,
        explicit: bool,
        character_set: bytes,
        path: str,
        depth: int,
        signed: int,
    ) -> tuple[list[Json], int]:
        """The items of a sequence that ends at `stop`, or at its delimiter for None."""
        if depth >= MAX_DEPTH:
            raise BadDataSet(f"Sequences are nested more than {MAX_DEPTH} deep.")
        items: list[Json] = []
        limit = end if stop is None else stop
        while position < limit:
            if limit - position < 8:
                raise BadDataSet("A sequence ends in the middle of an item.")
            group, element, length = self.implicit_head(self.data, position)
            tag = group << 16 | element
            position += 8
            if tag == _SEQUENCE_END:
                return items, position
            if tag != _ITEM:
                raise BadDataSet(f"In a sequence stands ({group:04X},{element:04X}) instead of an item.")
            inner = limit if length == _UNDEFINED else position + length
            if inner > limit:
                raise BadDataSet("The data set ends too early, inside of a sequence.")
            item, after = self.items_of(
                position, inner, explicit, character_set, f"{path}{len(items)}/", depth + 1, signed
            )
            items.append(item)
            position = after
        return items, position

    def little(self, raw: bytes, vr: str) -> bytes:
        """Binary values in little endian, as the JSON model wants them."""
        return swapped(raw, vr) if self.big else raw

    def values(self, vr: str, raw: bytes, character_set: bytes) -> list[Any]:
        """The values of an element; empty ones in the middle are None, trailing padding is gone."""
        code = _NUMBERS.get(vr)
        if code is not None:
            width = _WIDTHS[vr]
            count = len(raw) // width
            numbers = struct.unpack_from(f"{self.order}{count}{code}", raw)
            return [_number(n) for n in numbers]
        if vr == "AT":
            halves = struct.unpack_from(f"{self.order}{len(raw) // 4 * 2}H", raw)
            return [f"{halves[i]:04X}{halves[i + 1]:04X}" for i in range(0, len(halves), 2)]
        text = self.decode(raw, character_set if vr in _ENCODED else b"ISO_IR 6").rstrip("\0 ")
        if not text:
            return []
        if vr in _ONE_TEXT:
            return [text]
        parts = text.split("\\")
        if vr == "PN":
            return [person_name(part) for part in parts]
        if vr in ("DS", "IS"):
            return [_decimal(part, vr) for part in parts]
        if vr == "UC":
            return [part or None for part in parts]
        return [part.strip(" \0") or None for part in parts]


def person_name(text: str) -> dict[str, str] | None:
    """A PN value as the JSON model's object (PS3.18 F.2.2); None for an empty one."""
    groups = text.strip().split("=")[:3]
    named = {
        name: group.strip().rstrip("^")
        for name, group in zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False)
        if group.strip("^ ")
    }
    return named or None


def _decimal(part: str, vr: str) -> Any:
    part = part.strip(" \0")
    if not part:
        return None
    if "_" in part or not part.isascii():
        return part  # what Python reads as a number and DICOM does not
    try:
        if vr == "IS":
            return int(part)
        value = float(part)
    except ValueError:
        return part  # not a number after all: PS3.18 F.2.3 allows the string
    if not math.isfinite(value):
        return part
    return int(value) if value.is_integer() and abs(value) < 1e15 and "." not in part else value


def _number(value: Any) -> Any:
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value if -_SAFE_INTEGER <= value <= _SAFE_INTEGER else str(value)


def swapped(raw: bytes, vr: str) -> bytes:
    """Binary values in the other byte order."""
    width = _SWAPPED.get(vr, 0)
    if not width or len(raw) % width:
        return raw
    found = bytearray(len(raw))
    for at in range(width):
        found[at::width] = raw[width - 1 - at :: width]
    return bytes(found)


def skip_fragments(data: memoryview, position: int, end: int, order: str = "<") -> int:
    """The offset after encapsulated pixel data (PS3.5 A.4); a missing delimiter at the very end is forgiven."""
    head = struct.Struct(order + "HHI").unpack_from
    while position + 8 <= end:
        group, element, length = head(data, position)
        tag = group << 16 | element
        position += 8
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM or position + length > end:
            return end
        position += length
    return end


class Top(NamedTuple):
    """What a quick look at the top level of a data set found."""

    values: dict[int, bytes]  # raw, of the wanted tags
    pixels: tuple[int, int | None] | None  # offset and length (None: encapsulated) of the pixel data


def look(data: memoryview, transfer_syntax: str, wanted: frozenset[int]) -> Top:
    """The wanted top-level values and the place of the pixel data. Raises BadDataSet."""
    explicit = transfer_syntax != IMPLICIT_LE
    big = transfer_syntax == EXPLICIT_BE
    for reading in ((explicit, False), (False, False), (True, True)):
        walk = _Walk(data, big, reading[1], _no_uri, _no_text, {})
        try:
            return walk.look(reading[0], wanted)
        except _Odd:
            continue
        except struct.error:
            raise BadDataSet("The data set ends in the middle of an element.") from None
    raise BadDataSet("The data set is not encoded as its transfer syntax says.")


def _no_uri(_path: str) -> str:
    return ""


def _no_text(raw: bytes, _character_set: bytes) -> str:
    return raw.decode("latin-1")


def find_bulk(data: memoryview, transfer_syntax: str, path: str) -> tuple[int, int | None, str]:
    """Offset, length (None: encapsulated) and VR of the value that a bulk path names. Raises KeyError, BadDataSet."""
    steps = path.split("/")
    if len(steps) > 2 * MAX_DEPTH + 1 or not all(steps):
        raise KeyError(path)
    explicit = transfer_syntax != IMPLICIT_LE
    big = transfer_syntax == EXPLICIT_BE
    for reading in ((explicit, False), (False, False), (True, True)):
        finder = _Finder(data, big, reading[1], _no_uri, _no_text, {})
        try:
            finder.wanted = steps
            return finder.locate(reading[0])
        except _Odd:
            continue
        except struct.error:
            raise BadDataSet("The data set ends in the middle of an element.") from None
    raise KeyError(path)


class _Finder(_Walk):
    """Looks for one value."""

    wanted: list[str]

    def locate(self, explicit: bool) -> tuple[int, int | None, str]:
        position, end = 0, len(self.data)
        for depth in range(0, len(self.wanted), 2):
            last = depth == len(self.wanted) - 1
            start, stop, vr, explicit = self._element(position, end, int(self.wanted[depth], 16), explicit)
            if last:
                return start, None if stop is None else stop - start, vr
            position, end = self._item(start, end if stop is None else stop, int(self.wanted[depth + 1]), explicit)
        raise KeyError("/".join(self.wanted))

    def _element(self, position: int, end: int, wanted: int, explicit: bool) -> tuple[int, int | None, str, bool]:
        creators: dict[int, str] = {}
        while position + 8 <= end:
            group, element, length = self.implicit_head(self.data, position)
            tag = group << 16 | element
            if group == 0xFFFE:
                if tag == _ITEM_END:
                    break
                raise _Odd("A delimiter stands where an element should be.")
            vr = ""
            start = position + 8
            if explicit:
                _, _, name, length = self.explicit_head(self.data, position)
                vr = _NAMES.get(name, "")
                if vr in _LONG:
                    length = self.long_length(self.data, position + 8)[0]
                    start = position + 12
                elif not vr and not self.lenient:
                    raise _Odd("An element has no known value representation.")
            else:
                vr = dictionary.vr_of(tag, creators, 0)
            stop = None if length == _UNDEFINED else start + length
            if stop is not None and stop > end:
                if tag not in PIXELS:
                    raise BadDataSet("The data set ends too early.")
                stop = end
            if tag == wanted:
                return start, stop, vr or "UN", explicit and vr != "UN"
            if group & 1 and 0x10 <= element <= 0xFF and stop is not None:
                creators[tag] = bytes(self.data[start:stop]).rstrip(b" \0").decode("ascii", "replace")
            if stop is not None:
                position = stop
            elif tag in PIXELS:
                position = skip_fragments(self.data, start, end, self.order)
            else:
                _, position = self.sequence(start, end, None, explicit and vr != "UN", b"", "", 0, 0)
        raise KeyError(f"{wanted:08X}")

    def _item(self, position: int, end: int, number: int, explicit: bool) -> tuple[int, int]:
        for current in range(number + 1):
            if position + 8 > end:
                break
            group, element, length = self.implicit_head(self.data, position)
            if group << 16 | element != _ITEM:
                break
            position += 8
            inner = end if length == _UNDEFINED else position + length
            if inner > end:
                raise BadDataSet("The data set ends too early, inside of a sequence.")
            if current == number:
                return position, inner
            if length == _UNDEFINED:
                _, position = self.items_of(position, inner, explicit, b"", "x/", 1, 0)
            else:
                position = inner
        raise KeyError(str(number))

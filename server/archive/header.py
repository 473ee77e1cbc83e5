"""Reads the indexed tags of a data set from untrusted bytes within bounds; knows no file, no table and no network.

The walk visits every top-level element once, to the end: lengths must lie inside of the bytes, sequences may nest
64 deep, and nothing is copied but the wanted values. Text is left as bytes (see shared.dicomkit.charsets).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
"""Deflated explicit VR little endian. (JPIP referenced deflate, .95 and .205, deflates the data set as well.)"""

MAX_DEPTH = 64
MAX_INFLATED_BYTES = 4 << 30
BOMB_RATIO = 200
BOMB_FLOOR_BYTES = 64 << 20  # a blank image deflates 1000 : 1, so the ratio only counts above this size
_INFLATED_HEAD = 8 << 20

_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = frozenset({0x7FE00010, 0x7FE00008, 0x7FE00009})

SERIES_TAGS = frozenset(
    {
        0x00080005,  # Specific Character Set
        0x00080020,  # Study Date
        0x00080021,  # Series Date
        0x00080030,  # Study Time
        0x00080031,  # Series Time
        0x00080050,  # Accession Number
        0x00080060,  # Modality
        0x00080070,  # Manufacturer
        0x00080080,  # Institution Name
        0x00080090,  # Referring Physician's Name
        0x00080201,  # Timezone Offset From UTC
        0x00081032,  # Procedure Code Sequence
        0x00081040,  # Institutional Department Name
        0x00081050,  # Performing Physician's Name
        0x00081060,  # Name of Physician(s) Reading Study
        0x00081070,  # Operators' Name
        0x00081080,  # Admitting Diagnoses Description
        0x00081010,  # Station Name
        0x00081030,  # Study Description
        0x0008103E,  # Series Description
        0x00081090,  # Manufacturer's Model Name
        0x00100010,  # Patient's Name
        0x00100020,  # Patient ID
        0x00100021,  # Issuer of Patient ID
        0x00100030,  # Patient's Birth Date
        0x00100040,  # Patient's Sex
        0x00101010,  # Patient's Age
        0x00100032,  # Patient's Birth Time
        0x00101000,  # Other Patient IDs
        0x00101020,  # Patient's Size
        0x00101030,  # Patient's Weight
        0x00102160,  # Ethnic Group
        0x00102180,  # Occupation
        0x001021B0,  # Additional Patient History
        0x00104000,  # Patient Comments
        0x00180015,  # Body Part Examined
        0x00181030,  # Protocol Name
        0x0020000D,  # Study Instance UID
        0x0020000E,  # Series Instance UID
        0x00200010,  # Study ID
        0x00200011,  # Series Number
        0x00200052,  # Frame of Reference UID
        0x00200060,  # Laterality
        0x00181000,  # Device Serial Number
        0x00181020,  # Software Versions
        0x00201070,  # Other Study Numbers
        0x00201208,  # Number of Study Related Instances
        0x00201209,  # Number of Series Related Instances
        0x00400244,  # Performed Procedure Step Start Date
        0x00400245,  # Performed Procedure Step Start Time
        0x00400253,  # Performed Procedure Step ID
        0x00400254,  # Performed Procedure Step Description
        0x00400275,  # Request Attributes Sequence
    }
)
"""What describes the series and what is above it: sent and stored once for each series."""

INSTANCE_TAGS = frozenset(
    {
        0x00080008,  # Image Type
        0x00080016,  # SOP Class UID
        0x00080018,  # SOP Instance UID
        0x00080022,  # Acquisition Date
        0x00080023,  # Content Date
        0x00080032,  # Acquisition Time
        0x00080033,  # Content Time
        0x00180050,  # Slice Thickness
        0x00180088,  # Spacing Between Slices
        0x00181063,  # Frame Time
        0x00181164,  # Imager Pixel Spacing
        0x00185100,  # Patient Position
        0x00200012,  # Acquisition Number
        0x00200013,  # Instance Number
        0x00200032,  # Image Position (Patient)
        0x00200037,  # Image Orientation (Patient)
        0x00201041,  # Slice Location
        0x00280002,  # Samples per Pixel
        0x00280004,  # Photometric Interpretation
        0x00280006,  # Planar Configuration
        0x00280008,  # Number of Frames
        0x00280010,  # Rows
        0x00280011,  # Columns
        0x00280030,  # Pixel Spacing
        0x00280100,  # Bits Allocated
        0x00280101,  # Bits Stored
        0x00280102,  # High Bit
        0x00280103,  # Pixel Representation
        0x00280120,  # Pixel Padding Value
        0x00281050,  # Window Center
        0x00281051,  # Window Width
        0x00281052,  # Rescale Intercept
        0x00281053,  # Rescale Slope
        0x00281054,  # Rescale Type
        0x00281055,  # Window Center & Width Explanation
        0x00281056,  # VOI LUT Function
    }
)
"""What a viewer needs to decode and place the frames of one instance."""

BINARY_TAGS = frozenset(
    {0x00280002, 0x00280006, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280120}
)
"""The wanted tags of VR US (or SS): two bytes in the byte order of the data set. All others are text."""

SEQUENCE_TAGS = frozenset({0x00081032, 0x00400275})
"""The wanted tags of VR SQ: the raw bytes of their items."""
MAX_SEQUENCE_BYTES = 64 << 10
"""A longer wanted sequence is left out."""

WANTED = SERIES_TAGS | INSTANCE_TAGS


class DamagedHeader(Exception):
    """The bytes are no usable data set; the text is a sentence that says where it breaks."""


class TooDeep(DamagedHeader):
    """Sequences nest deeper than MAX_DEPTH."""


class TooLarge(DamagedHeader):
    """The deflated data set would grow beyond the bounds."""


class _Odd(DamagedHeader):
    """Not encoded as it should be; a forgiving reader may still make sense of it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the walk found.

    `tags`: the wanted top-level values as raw bytes. `pixels`: offset and length of the value of Pixel Data in the
    (inflated) data set, or None; the length is None when it is encapsulated.
    """

    tags: dict[int, bytes]
    big_endian: bool
    pixels: tuple[int, int | None] | None = None


def read_header(data: memoryview | bytes, transfer_syntax_uid: str, wanted: Container[int] = WANTED) -> Header:
    """Walk a whole data set (no preamble, no file meta) and return the wanted tags.

    Raises DamagedHeader with a sentence if lengths lie, sequences nest too deep, or a deflated one is a bomb.
    A header that is not in the encoding it should be in is read as what it looks like.
    """
    explicit = transfer_syntax_uid != IMPLICIT_LITTLE
    big = transfer_syntax_uid == EXPLICIT_BIG
    partial = False
    if transfer_syntax_uid in DEFLATED:
        data, partial = _inflate(data)
    try:
        return _Walk(memoryview(data), explicit, big, partial, wanted=wanted).run()
    except _Odd as odd:
        return _read_odd(memoryview(data), big, partial, odd, wanted)


def inflated(data: memoryview | bytes) -> bytes:
    """A deflated data set in full. Raises TooLarge for a bomb, DamagedHeader for a broken stream."""
    return b"".join(_inflate_pieces(data))


def _inflate(data: memoryview | bytes) -> tuple[bytes, bool]:
    """The inflated beginning, and whether there is more; the whole stream is checked."""
    head = bytearray()
    total = 0
    for piece in _inflate_pieces(data):
        total += len(piece)
        if len(head) < _INFLATED_HEAD:
            head += piece
    return bytes(head), total > len(head)


def _inflate_pieces(data: memoryview | bytes) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    ceiling = max(BOMB_FLOOR_BYTES, len(data) * BOMB_RATIO)
    total = 0
    rest = bytes(data)
    try:
        while not stream.eof:
            piece = stream.decompress(rest, 1 << 20)
            rest = stream.unconsumed_tail
            if not piece and not rest:
                break
            total += len(piece)
            if total > min(ceiling, MAX_INFLATED_BYTES):
                raise TooLarge(
                    f"The deflated data set of {len(data)} bytes grows beyond {total // 2**20} MB. It was not stored."
                )
            yield piece
    except zlib.error:
        raise DamagedHeader("The deflated data set cannot be inflated: the stream is damaged.") from None
    if not stream.eof:
        raise DamagedHeader("The deflated data set ends too early.")


class _Anything(frozenset[bytes]):
    """Every value representation that is not a long one: its length has two bytes."""

    def __contains__(self, vr: object) -> bool:
        return vr not in _LONG


class _Walk:
    """One pass over the elements of a data set."""

    def __init__(
        self,
        data: memoryview,
        explicit: bool,
        big: bool,
        partial: bool,
        lenient: bool = False,
        wanted: Container[int] = WANTED,
    ) -> None:
        self.data = data
        self.wanted = wanted
        self.short = _Anything() if lenient else _SHORT
        self.explicit = explicit
        self.big = big
        self.partial = partial
        order = ">" if big else "<"
        self.explicit_head = struct.Struct(order + "HH2sH").unpack_from
        self.implicit_head = struct.Struct(order + "HHI").unpack_from
        self.long_length = struct.Struct(order + "I").unpack_from
        self.item_bytes = b"\xff\xfe\xe0\x00" if big else b"\xfe\xff\x00\xe0"

    def run(self) -> Header:
        data, explicit, short, wanted = self.data, self.explicit, self.short, self.wanted
        explicit_head, implicit_head, long_length = self.explicit_head, self.implicit_head, self.long_length
        tags: dict[int, bytes] = {}
        pixels: tuple[int, int | None] | None = None
        position, end, tag = 0, len(data), 0
        try:
            while position < end:
                vr = b""
                if explicit:
                    group, element, vr, length = explicit_head(data, position)
                    if vr in short:
                        start = position + 8
                    elif vr in _LONG:
                        length = long_length(data, position + 8)[0]
                        start = position + 12
                    else:
                        raise _Odd(f"Element ({group:04X},{element:04X}) has no known value representation.")
                else:
                    group, element, length = implicit_head(data, position)
                    start = position + 8
                tag = group << 16 | element
                if length == _UNDEFINED:
                    if tag in _PIXEL_DATA:
                        pixels = (start, None)
                        position = self._fragments(start, end)
                    else:
                        position = self._sequence(start, None, explicit and vr != b"UN", end)
                        if tag in wanted and position - start <= MAX_SEQUENCE_BYTES:
                            tags[tag] = bytes(data[start:position])
                    continue
                stop = start + length
                if stop > end:
                    if self.partial and tag > 0x0028FFFF:
                        break
                    raise DamagedHeader(
                        f"The data set ends too early: element ({group:04X},{element:04X}) announces {length} bytes, "
                        f"{end - start} are there."
                    )
                if tag in wanted:
                    if tag not in SEQUENCE_TAGS:
                        tags[tag] = bytes(data[start:stop])
                    else:
                        self._closed_sequence(start, stop, vr == b"SQ")
                        if length <= MAX_SEQUENCE_BYTES:
                            tags[tag] = bytes(data[start:stop])
                elif tag in _PIXEL_DATA:
                    pixels = (start, length)
                elif vr == b"SQ" or (vr in (b"", b"UN") and length >= 8 and data[start : start + 4] == self.item_bytes):
                    self._closed_sequence(start, stop, vr == b"SQ")
                position = stop
        except struct.error:
            if not (self.partial and tag > 0x0028FFFF) and bytes(data[position:]).strip(b"\0"):
                raise DamagedHeader("The data set ends in the middle of an element.") from None
        return Header(tags, self.big, pixels)

    def _closed_sequence(self, start: int, stop: int, explicit: bool) -> None:
        """Look into a sequence of known length for its depth only: what is odd inside stays the reader's business."""
        try:
            self._sequence(start, stop, explicit and self.explicit, stop)
        except TooDeep:
            raise
        except (DamagedHeader, struct.error):
            return

    def _sequence(self, position: int, stop: int | None, explicit: bool, end: int) -> int:
        """The offset after a sequence whose first item is at `position`; without recursion."""
        data, short = self.data, self.short
        # (is a sequence, where it ends or None when a delimiter ends it, explicit VR inside)
        stack: list[tuple[bool, int | None, bool]] = [(True, stop, explicit)]
        while stack:
            is_sequence, stop, explicit = stack[-1]
            if stop is not None and position >= stop:
                if position > stop:
                    raise DamagedHeader("An element of a sequence ends outside of its item.")
                stack.pop()
                continue
            group, element, length = self.implicit_head(data, position)
            tag = group << 16 | element
            if is_sequence:
                position += 8
                if tag == _SEQUENCE_END:
                    stack.pop()
                    continue
                if tag != _ITEM:
                    raise DamagedHeader(f"In a sequence stands ({group:04X},{element:04X}) instead of an item.")
                if len(stack) >= 2 * MAX_DEPTH:
                    raise TooDeep(f"Sequences are nested more than {MAX_DEPTH} deep. The object was not stored.")
                inner = None if length == _UNDEFINED else position + length
                if inner is not None and inner > end:
                    raise DamagedHeader("The data set ends too early, inside of a sequence.")
                stack.append((False, inner, explicit))
                continue
            if tag == _ITEM_END:
                position += 8
                stack.pop()
                continue
            vr = b""
            if explicit:
                group, element, vr, length = self.explicit_head(data, position)
                if vr in short:
                    position += 8
                elif vr in _LONG:
                    length = self.long_length(data, position + 8)[0]
                    position += 12
                else:
                    raise _Odd(f"Element ({group:04X},{element:04X}) has no known value representation.")
            else:
                position += 8
            if length == _UNDEFINED:
                if vr in (b"OB", b"OW"):
                    position = self._fragments(position, end)
                else:
                    stack.append((True, None, explicit and vr != b"UN"))
                continue
            inner = position + length
            if inner > end:
                raise DamagedHeader("The data set ends too early, inside of a sequence.")
            if vr == b"SQ":
                stack.append((True, inner, explicit))
                continue
            if vr in (b"", b"UN") and length >= 8 and data[position : position + 4] == self.item_bytes:
                self._guess_depth(position, inner, len(stack))
            position = inner
        return position

    def _guess_depth(self, start: int, stop: int, depth: int) -> None:
        """Bytes that look like items in an element of unknown type: follow the first items down, as bombs nest."""
        position = start
        while position + 16 <= stop and self.data[position : position + 4] == self.item_bytes:
            depth += 2
            if depth >= 2 * MAX_DEPTH:
                raise TooDeep(f"Sequences are nested more than {MAX_DEPTH} deep. The object was not stored.")
            position += 16  # the item's head and the head of its first element

    def _fragments(self, position: int, end: int) -> int:
        """The offset after encapsulated pixel data (PS3.5 A.4); a missing delimiter at the very end is forgiven."""
        while position < end:
            group, element, length = self.implicit_head(self.data, position)
            tag = group << 16 | element
            position += 8
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM or position + length > end:
                if self.partial:
                    return end
                raise DamagedHeader("The compressed pixel data are cut or damaged.")
            position += length
        return position


def _read_odd(
    data: memoryview, big: bool, partial: bool, odd: DamagedHeader, wanted: Container[int] = WANTED
) -> Header:
    """Read a data set that is not in the explicit encoding it should be in; raise `odd` if nothing fits.

    Some devices send implicit VR under an explicit transfer syntax, others invent value representations.
    """
    for explicit, lenient in ((False, False), (True, True)):
        try:
            header = _Walk(data, explicit, big, partial, lenient, wanted).run()
        except TooDeep:
            raise
        except DamagedHeader:
            continue
        if 0x00080018 in header.tags and 0x0020000D in header.tags:
            return header
    raise odd

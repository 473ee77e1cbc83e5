"""Part 10 bytes to header and frames: reads safely what strangers wrote; decodes nothing.

A :class:`Part10` keeps the bytes (usually a memory map) and hands out the stored bytes of each frame.
Every length in the file is checked against what is there before it is believed.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import mmap
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.codecs import DEFLATED_LE, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, NATIVE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydicom.dataset import FileDataset

MAX_FRAMES = 1_000_000
MAX_INFLATED = 2 << 30  # bytes of a deflated data set after inflating


class UnreadableFile(Exception):
    """The file cannot be read as DICOM; the text is a sentence for the reader."""


@dataclass(frozen=True, slots=True)
class _Located:
    """Where the value of the pixel data element lies, and what tells the frames apart."""

    start: int
    length: int  # -1: encapsulated
    big_endian: bool
    words: bool = False  # the VR is OW: bytes lie in words of 16 bits


class Part10:
    """One DICOM file. ``header`` is a pydicom data set that ends before the pixel data."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        """Reads the header; raises :class:`UnreadableFile`. ``data`` must outlive this object."""
        self.header, self._data, self._pixels = _read(data)
        self.transfer_syntax = _syntax_of(self.header)
        self._places: FramePlaces | None = None

    @classmethod
    def open(cls, path: Path) -> Part10:
        """Maps the file; raises :class:`UnreadableFile`, also when it cannot be opened."""
        try:
            with path.open("rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise UnreadableFile(f"The file {path.name} cannot be opened or is empty.") from error
        return cls(data)

    @property
    def has_pixels(self) -> bool:
        return self._pixels is not None

    @property
    def size_bytes(self) -> int:
        """Length of the whole file."""
        return len(self._data)

    @property
    def head(self) -> bytes:
        """The file up to where the value of its pixel data begins: reads as the same header without pixels."""
        return bytes(self._data[: self._pixels.start if self._pixels is not None else len(self._data)])

    @property
    def frame_count(self) -> int:
        """Number of Frames (0028,0008) within the limit, at least 1."""
        return number_of_frames(self.header)

    def frame(self, index: int, native_bytes: int) -> bytes:
        """Stored bytes of frame ``index`` (from 0).

        ``native_bytes`` is the length of an uncompressed frame, used for native syntaxes only; a frame of single bits
        always begins with a byte of its own here. Raises :class:`UnreadableFile`.
        """
        if self._pixels is None:
            raise UnreadableFile("The object holds no pixel data.")
        if not 0 <= index < self.frame_count:
            raise UnreadableFile(f"Frame {index + 1} is asked for, the object has {self.frame_count}.")
        if self._pixels.length >= 0 and self.transfer_syntax not in NATIVE and self.frame_count == 1:
            # Against PS3.5 A.4 some devices write the bare stream of one frame.
            return bytes(self._data[self._pixels.start : self._pixels.start + self._pixels.length])
        bits = _bits_of_frame(self.header)
        if self._pixels.length >= 0 and bits % 8:
            return self._straddling(index, bits)
        if self._pixels.length >= 0:
            start = self._pixels.start + index * native_bytes
            if index * native_bytes + native_bytes > self._pixels.length:
                raise UnreadableFile(f"Frame {index + 1} is missing: the pixel data is cut short.")
            if self._pixels.big_endian and self._pixels.words and self.header.get("BitsAllocated") == 8:
                return self._from_words(start, native_bytes)
            return bytes(self._data[start : start + native_bytes])
        if self._places is None:
            extended = getattr(self.header, "ExtendedOffsetTable", None)
            self._places = FramePlaces(self._data, self._pixels.start, self.frame_count, extended)
        return b"".join(bytes(self._data[a:b]) for a, b in self._places.of(self._data, index))

    def _from_words(self, start: int, length: int) -> bytes:
        """Bytes out of big endian words: each pair stands the wrong way round (PS3.5 A.3 and 7.3)."""
        assert self._pixels is not None
        before = (start - self._pixels.start) % 2
        words = bytearray(self._data[start - before : start + length + 1])
        words = words[: len(words) // 2 * 2]
        words[0::2], words[1::2] = words[1::2], words[0::2]
        return bytes(words[before : before + length])

    def stream(self) -> bytes:
        """All fragments of the compressed pixel data as one: the stream of a video. Raises :class:`UnreadableFile`."""
        if self._pixels is None or self._pixels.length >= 0:
            raise UnreadableFile("The object holds no compressed pixel data.")
        _, fragments = _fragments(self._data, self._pixels.start)
        return b"".join(bytes(self._data[a:b]) for a, b in fragments)

    def _straddling(self, index: int, bits: int) -> bytes:
        """A frame of single bits that begins within a byte (PS3.5 8.1.1), moved to begin with one."""
        assert self._pixels is not None
        first = index * bits
        start, end = first // 8, (first + bits + 7) // 8
        if end > self._pixels.length:
            raise UnreadableFile(f"Frame {index + 1} is missing: the pixel data is cut short.")
        whole = int.from_bytes(self._data[self._pixels.start + start : self._pixels.start + end], "little")
        moved = (whole >> (first % 8)) & ((1 << bits) - 1)
        return moved.to_bytes((bits + 7) // 8, "little")


def _bits_of_frame(header: Any) -> int:
    """Bits of one frame of single bits; 0 for all other images."""
    from shared.imaging.values import number_of

    if number_of(header, "BitsAllocated") != 1:
        return 0
    sides = number_of(header, "Rows") or 0, number_of(header, "Columns") or 0, number_of(header, "SamplesPerPixel") or 1
    return int(sides[0] * sides[1] * sides[2])


def number_of_frames(header: Any) -> int:
    """Number of Frames, 1 where it is absent or nonsense; raises :class:`UnreadableFile` beyond the limit."""
    try:
        with careful_reading():
            count = int(getattr(header, "NumberOfFrames", 1) or 1)
    except Exception:  # noqa: BLE001 - pydicom raises many classes for values that cannot be
        return 1
    if count > MAX_FRAMES:
        raise UnreadableFile(f"The object claims {count} frames; the limit is {MAX_FRAMES}.")
    return max(count, 1)


_reading = threading.RLock()


@contextlib.contextmanager
def careful_reading() -> Iterator[None]:
    """pydicom neither warns of nor refuses values that break rules: they are judged where they are used.

    Its switches are global, hence the lock; parsing holds the GIL anyway.
    """
    import warnings

    from pydicom import config

    with _reading, warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")
        yield


# --- reading the header ----------------------------------------------------------------------------------


def _read(data: bytes | mmap.mmap) -> tuple[FileDataset, bytes | mmap.mmap, _Located | None]:
    import pydicom
    from pydicom.errors import InvalidDicomError

    data = _inflated(data)
    stream: Any = data if isinstance(data, mmap.mmap) else io.BytesIO(data)
    stream.seek(0)
    try:
        with careful_reading():
            header = pydicom.dcmread(stream, stop_before_pixels=True, force=_looks_headless(data))
            at = stream.tell()
    except RecursionError as error:
        raise UnreadableFile("The file nests sequences too deeply to be an image.") from error
    except (InvalidDicomError, EOFError) as error:
        raise UnreadableFile("This is not a DICOM file, or it is cut short.") from error
    except Exception as error:
        raise UnreadableFile("The header of the file is damaged.") from error
    return header, data, _locate_pixels(data, at, _syntax_of(header))


def _syntax_of(header: FileDataset) -> str:
    """The declared transfer syntax; without one, the native syntax as which the header could be read."""
    declared = str(getattr(header.file_meta, "TransferSyntaxUID", "") or "")
    if declared:
        return declared
    implicit, little = header.original_encoding
    if implicit is not False:
        return IMPLICIT_LE
    return EXPLICIT_BE if little is False else EXPLICIT_LE


def _looks_headless(data: bytes | mmap.mmap) -> bool:
    """Old files without preamble begin with an element of group 0002 or 0008, in either byte order."""
    if bytes(data[128:132]) == b"DICM":
        return False
    little = bytes(data[:2]) in (b"\x02\x00", b"\x08\x00") and data[3:4] == b"\x00"
    big = bytes(data[:2]) == b"\x00\x08" and data[2:3] == b"\x00" and bytes(data[4:6]).isalpha()
    return little or big


def _inflated(data: bytes | mmap.mmap) -> bytes | mmap.mmap:
    """A deflated data set (PS3.5 A.5) as an explicit little endian one, within the limit."""
    head = bytes(data[:4096])
    at = head.find(DEFLATED_LE.encode())
    if head[128:132] != b"DICM" or at < 0:
        return data
    # Group length (0002,0000) UL is the first element of the meta information: PS3.10 7.1.
    if head[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        raise UnreadableFile("The file meta information of the deflated file is damaged.")
    start = 144 + struct.unpack_from("<I", head, 140)[0]
    if start > len(data):
        raise UnreadableFile("The deflated file is cut short.")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflater.decompress(bytes(data[start:]), MAX_INFLATED + 1)
    except zlib.error as error:
        raise UnreadableFile("The deflated data set is damaged.") from error
    if len(body) > MAX_INFLATED:
        raise UnreadableFile("The deflated data set grows beyond 2 GiB; it is refused.")
    meta = bytes(data[:start]).replace(DEFLATED_LE.encode(), _EXPLICIT_LE_PADDED, 1)
    return meta + body


# As long as the UID it replaces; the NULs are padding to every reader.
_EXPLICIT_LE_PADDED = b"1.2.840.10008.1.2.1".ljust(len(DEFLATED_LE), b"\0")


def _locate_pixels(data: bytes | mmap.mmap, at: int, syntax: str) -> _Located | None:
    big = syntax == EXPLICIT_BE
    order = ">" if big else "<"
    words = False
    if at + 8 > len(data):
        return None
    group, element = struct.unpack_from(order + "HH", data, at)
    if group != 0x7FE0 or element not in (0x0010, 0x0008, 0x0009):
        return None
    # Some writers forget the VR that their syntax demands.
    if syntax == IMPLICIT_LE or bytes(data[at + 4 : at + 6]) not in _PIXEL_VRS:
        length = struct.unpack_from(order + "I", data, at + 4)[0]
        start = at + 8
    else:
        if at + 12 > len(data):
            return None
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        start = at + 12
        words = bytes(data[at + 4 : at + 6]) == b"OW"
    if length == 0xFFFFFFFF:
        return None if syntax in NATIVE else _Located(start, -1, big)
    if syntax not in NATIVE and bytes(data[start : start + 4]) == _ITEM:  # fragments in an element of known length
        return _Located(start, -1, big)
    # A length beyond the end is cut to what is there; each frame is checked when it is asked for.
    return _Located(start, min(length, len(data) - start), big, words)


_PIXEL_VRS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OV", b"UN"})


# --- encapsulated frames ---------------------------------------------------------------------------------


def encapsulated_frames(data: memoryview, start: int, count: int, header: Any) -> list[tuple[tuple[int, int], ...]]:
    """Per frame the (start, end) of its fragments in `data`; `start` is where the value of the pixel data begins.

    `header` may hold an extended offset table. Raises :class:`UnreadableFile`.
    """
    return _encapsulated_frames(data, start, count, _extended_offsets(getattr(header, "ExtendedOffsetTable", None)))


class FramePlaces:
    """Where the frames of an encapsulated image lie, without the bytes: kept for one frame after the other.

    Of images with many frames, such as slides, a whole offset table is believed until a frame proves it wrong; then,
    and where there is none, all fragments are walked through (PS3.5 A.4).
    """

    MANY = 256

    def __init__(self, data: bytes | mmap.mmap | memoryview, start: int, count: int, extended: object) -> None:
        """`start` is where the value of the pixel data begins, `extended` the value of (7FE0,0001), if there is one.

        Raises :class:`UnreadableFile`.
        """
        self._start, self._count, self._extended = start, count, _extended_offsets(extended)
        self._offsets: list[int] = []
        self._walked: list[tuple[tuple[int, int], ...]] | None = None
        if count >= self.MANY:
            table, self._base = _offset_table(data, start)
            offsets = self._extended or table
            rises = all(a < b for a, b in itertools.pairwise(offsets))
            self._offsets = offsets if len(offsets) == count and offsets[0] == 0 and rises else []
        if not self._offsets:
            self._walk(data)

    def of(self, data: bytes | mmap.mmap | memoryview, index: int) -> tuple[tuple[int, int], ...]:
        """(start, end) of the fragments of frame ``index`` (from 0). Raises :class:`UnreadableFile`."""
        if self._walked is None:
            found = self._by_table(data, index)
            if found:
                return found
            self._walk(data)
        assert self._walked is not None
        if not 0 <= index < len(self._walked):
            raise UnreadableFile(f"Frame {index + 1} is missing: the pixel data is cut short.")
        return self._walked[index]

    def _by_table(self, data: bytes | mmap.mmap | memoryview, index: int) -> tuple[tuple[int, int], ...]:
        """Empty where the table cannot be right."""
        if not 0 <= index < self._count:
            return ()
        size = len(data)
        at = self._base + self._offsets[index]
        end = self._base + self._offsets[index + 1] if index + 1 < self._count else size
        found = []
        while at + 8 <= min(end, size) and bytes(data[at : at + 4]) == _ITEM:
            length = struct.unpack_from("<I", data, at + 4)[0]
            if at + 8 + length > min(end, size):
                return ()
            found.append((at + 8, at + 8 + length))
            at += 8 + length
        return tuple(found) if at == end or index + 1 == self._count else ()

    def _walk(self, data: bytes | mmap.mmap | memoryview) -> None:
        self._walked = _encapsulated_frames(data, self._start, self._count, self._extended)


def _encapsulated_frames(
    data: bytes | mmap.mmap | memoryview, start: int, count: int, extended: list[int]
) -> list[tuple[tuple[int, int], ...]]:
    """Per frame the (start, end) of its fragments, PS3.5 A.4."""
    table, fragments = _fragments(data, start)
    if not fragments:
        raise UnreadableFile("The compressed pixel data holds no frame.")
    if count == 1:
        return [tuple(fragments)]
    if len(fragments) == count:
        return [(fragment,) for fragment in fragments]
    offsets = extended or table
    begun = _by_start_markers(data, fragments)
    if not offsets:
        return begun
    try:
        return _by_offsets(offsets, fragments)
    except UnreadableFile:
        if len(begun) == count:  # the table lies, the streams do not
            return begun
        raise


def _fragments(data: bytes | mmap.mmap | memoryview, start: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Basic offset table and (start, end) of all fragments; stops at what does not fit into the file."""
    size = len(data)
    table, at = _offset_table(data, start)
    fragments = []
    while at + 8 <= size and bytes(data[at : at + 4]) == _ITEM:
        length = struct.unpack_from("<I", data, at + 4)[0]
        end = min(at + 8 + length, size)
        fragments.append((at + 8, end))
        at = at + 8 + length
        if len(fragments) > MAX_FRAMES * 4:
            raise UnreadableFile("The compressed pixel data has too many fragments.")
    return table, fragments


def _offset_table(data: bytes | mmap.mmap | memoryview, start: int) -> tuple[list[int], int]:
    """The basic offset table, and where the first fragment's item begins."""
    if start + 8 > len(data) or bytes(data[start : start + 4]) != _ITEM:
        raise UnreadableFile("The compressed pixel data does not begin with an offset table.")
    length = struct.unpack_from("<I", data, start + 4)[0]
    at = start + 8 + length
    if length % 4 or at > len(data):
        raise UnreadableFile("The offset table of the compressed pixel data is damaged.")
    return list(struct.unpack_from(f"<{length // 4}I", data, start + 8)), at


_ITEM = b"\xfe\xff\x00\xe0"


def _extended_offsets(raw: object) -> list[int]:
    if not isinstance(raw, bytes) or len(raw) % 8:
        return []
    return list(struct.unpack(f"<{len(raw) // 8}Q", raw))


def _by_offsets(offsets: Sequence[int], fragments: list[tuple[int, int]]) -> list[tuple[tuple[int, int], ...]]:
    base = fragments[0][0] - 8  # offsets count from the item tag of the first fragment
    starts = {begin - 8 - base: n for n, (begin, _) in enumerate(fragments)}
    firsts = [starts.get(offset, -1) for offset in offsets]
    if firsts[0] != 0 or any(b <= a for a, b in itertools.pairwise(firsts)):
        raise UnreadableFile("The offset table does not match the fragments of the compressed pixel data.")
    ends = [*firsts[1:], len(fragments)]
    return [tuple(fragments[a:b]) for a, b in zip(firsts, ends, strict=True)]


def _by_start_markers(
    data: bytes | mmap.mmap | memoryview, fragments: list[tuple[int, int]]
) -> list[tuple[tuple[int, int], ...]]:
    """Without any table a frame begins where a code stream begins: SOI of JPEG, SOC of JPEG 2000."""
    frames: list[list[tuple[int, int]]] = []
    for begin, end in fragments:
        head = bytes(data[begin : begin + 2])
        if head in (b"\xff\xd8", b"\xff\x4f") or not frames:
            frames.append([])
        frames[-1].append((begin, end))
    return [tuple(frame) for frame in frames]

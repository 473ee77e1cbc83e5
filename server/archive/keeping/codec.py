"""Writes one stored object anew with losslessly compressed frames, and proves every frame before it says so.

Only the transfer syntax in the file meta information and the Pixel Data element change; every other byte of the data
set is copied as it stands. What cannot be proved, or is not worth it, is left with a reason. Knows no database.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from server.archive.header import DamagedHeader, Header, read_header
from server.archive.part10 import NotPart10, read_meta

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.codecs import PixelFormat

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
HTJ2K = "1.2.840.10008.1.2.4.201"
JPEG_LS = "1.2.840.10008.1.2.4.80"
SYNTAX_OF = {"htj2k": HTJ2K, "jpegls": JPEG_LS}
"""Codec name → transfer syntax, PS3.5 A.4.3 and A.4.11."""

MAX_BYTES = 2 << 30  # offsets of frames have 32 bits, and native and compressed frames are in memory together
_WORTH = 0.95  # a result must be smaller than this part of the original


class Reason(StrEnum):
    """Why an object stays as it came."""

    RULE = "rule"  # the hospital's rule says none
    SYNTAX = "syntax"  # compressed already, deflated, big endian
    NO_PIXELS = "no_pixels"
    FLOAT = "float"  # Float or Double Float Pixel Data
    FORMAT = "format"  # 1 or 32 bits, YBR, colour by plane, more than 8 bits of colour
    UNUSED_BITS = "unused_bits"  # overlays or other things above the stored bits
    LENGTH = "length"  # the pixel data are not as long as the header says
    NO_GAIN = "no_gain"
    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    NOT_PROVED = "not_proved"  # decoded again it was not the same: never happens, and is why it is looked at
    CRASHED = "crashed"  # the codec died or took too long


class Left(Exception):
    """The object stays as it is."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Compressed:
    """The new file in pieces, to be written one after the other."""

    pieces: list[bytes | memoryview]
    size_bytes: int
    data_offset: int
    transfer_syntax_uid: str


def compress(whole: memoryview, codec: str) -> Compressed:
    """The DICOM file `whole` with frames in `codec` ("htj2k" or "jpegls"). Raises Left."""
    if len(whole) > MAX_BYTES:
        raise Left(Reason.TOO_LARGE)
    try:
        what, offset = read_meta(whole[:20_000])
        data: memoryview = whole[offset:]
        if what.transfer_syntax_uid == IMPLICIT_LITTLE:
            from server.archive.keeping.explicit import NotConvertible, to_explicit

            try:
                data = memoryview(to_explicit(data))
            except NotConvertible:
                raise Left(Reason.SYNTAX) from None
        elif what.transfer_syntax_uid != EXPLICIT_LITTLE:
            raise Left(Reason.SYNTAX)
        header = read_header(data, EXPLICIT_LITTLE)
    except (NotPart10, DamagedHeader):
        raise Left(Reason.DAMAGED) from None
    start, length = _pixel_data(data, header)
    form = _format(header)
    count = _frames(header)
    native = form.native_bytes
    if (
        not native
        or length != native * count + (native * count & 1)
        or (native * count & 1 and data[start + length - 1])
    ):
        raise Left(Reason.LENGTH)
    syntax = SYNTAX_OF[codec]
    encode = _encoder(codec)
    frames = [encode(data[start + n * native : start + (n + 1) * native], form) for n in range(count)]
    pixels = _encapsulated(frames)
    meta = with_syntax(whole[:offset], syntax)
    pieces: list[bytes | memoryview] = [meta, data[: start - 12], *pixels, data[start + length :]]
    size = sum(map(len, pieces))
    if size > len(whole) * _WORTH:
        raise Left(Reason.NO_GAIN)
    _prove(b"".join(pieces), len(meta), header, data[start : start + length], form, count, syntax)
    return Compressed(pieces, size, len(meta), syntax)


# --- what it is ------------------------------------------------------------------------------------------------


def _pixel_data(data: memoryview, header: Header) -> tuple[int, int]:
    """Where the value of (7FE0,0010) lies; its head of 12 bytes stands before it."""
    if header.pixels is None:
        raise Left(Reason.NO_PIXELS)
    start, length = header.pixels
    if length is None:
        raise Left(Reason.SYNTAX)
    head = bytes(data[start - 12 : start])
    if head[:4] in (b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00"):
        raise Left(Reason.FLOAT)
    if head not in (b"\xe0\x7f\x10\x00" + vr + b"\0\0" + struct.pack("<I", length) for vr in (b"OB", b"OW")):
        raise Left(Reason.DAMAGED)  # written in another encoding than the file says
    return start, length


def _format(header: Header) -> PixelFormat:
    """The pixel format, if frames of it survive the way through any decoder unchanged."""
    from shared.imaging.codecs import ImpossibleFormat, PixelFormat

    tags = header.tags
    photometric = tags.get(0x00280004, b"").rstrip(b" \0").decode("ascii", "replace")
    samples = _us(tags, 0x00280002, 1)
    allocated, stored = _us(tags, 0x00280100, 0), _us(tags, 0x00280101, 0)
    signed = _us(tags, 0x00280103, 0)
    colour = samples == 3 and photometric == "RGB" and not _us(tags, 0x00280006, 0)
    grey = samples == 1 and photometric in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
    if (
        allocated not in (8, 16)
        or not 2 <= stored <= allocated
        or _us(tags, 0x00280102, -1) != stored - 1
        or signed not in (0, 1)
        or not (grey or colour)
        or (colour and (allocated, stored, signed) != (8, 8, 0))
        or (signed and allocated == 8)
    ):
        raise Left(Reason.FORMAT)
    try:
        return PixelFormat(
            rows=_us(tags, 0x00280010, 0),
            columns=_us(tags, 0x00280011, 0),
            bits_allocated=allocated,
            bits_stored=stored,
            signed=bool(signed),
            samples=samples,
            photometric="MONOCHROME2" if grey else "RGB",  # palette indices are values like others
        )
    except ImpossibleFormat:
        raise Left(Reason.FORMAT) from None


def _us(tags: dict[int, bytes], tag: int, default: int) -> int:
    raw = tags.get(tag, b"")
    return int.from_bytes(raw[:2], "little") if len(raw) >= 2 else default


def _frames(header: Header) -> int:
    text = header.tags.get(0x00280008, b"").rstrip(b" \0") or b"1"
    try:
        count = int(text)
    except ValueError:
        raise Left(Reason.DAMAGED) from None
    if not 1 <= count <= 1_000_000:
        raise Left(Reason.DAMAGED)
    return count


# --- codecs ----------------------------------------------------------------------------------------------------


def _encoder(codec: str) -> Callable[[memoryview, PixelFormat], bytes]:
    return _htj2k if codec == "htj2k" else _jpeg_ls


def _samples(raw: memoryview, form: PixelFormat) -> NDArray[Any]:
    """The stored values of a frame. Raises Left when the bits above them say something."""
    import numpy as np

    kind = f"<{'i' if form.signed else 'u'}{form.bits_allocated // 8}"
    shape = (form.rows, form.columns) if form.samples == 1 else (form.rows, form.columns, form.samples)
    values = np.frombuffer(raw, kind).reshape(shape)
    if form.bits_stored < form.bits_allocated:
        low = -(1 << form.bits_stored - 1) if form.signed else 0
        if int(values.min()) < low or int(values.max()) >= low + (1 << form.bits_stored):
            raise Left(Reason.UNUSED_BITS)
    return values


def _htj2k(raw: memoryview, form: PixelFormat) -> bytes:
    """A reversible code stream whose precision and sign are the image's own (PS3.5 8.2.14, A.4.11).

    The codec knows 8 and 16 bits only. Level-shifted here and handed over as signed values, a stream of any other
    precision is the same stream but for the one byte that names it.
    """
    import imagecodecs
    import numpy as np

    values = _samples(raw, form)
    bits = form.bits_stored
    if form.samples > 1:
        return bytes(imagecodecs.htj2k_encode(values, rgb=False, reversible=True))
    if form.bits_allocated == bits:
        return bytes(imagecodecs.htj2k_encode(np.ascontiguousarray(values), reversible=True))
    shifted = values.astype(np.int32) - (0 if form.signed else 1 << bits - 1)
    stream = bytearray(imagecodecs.htj2k_encode(shifted.astype(np.int16), reversible=True))
    at = stream.find(b"\xff\x51", 0, 64) + 40  # Ssiz of the only component (ISO/IEC 15444-1 A.5.1)
    if at < 40 or stream[at] != 0x8F:
        raise Left(Reason.NOT_PROVED)
    stream[at] = (0x80 if form.signed else 0) | bits - 1
    return bytes(stream)


def _jpeg_ls(raw: memoryview, form: PixelFormat) -> bytes:
    """A code stream of JPEG-LS lossless; signed values travel as their own bits (PS3.5 8.2.3)."""
    import jpeg_ls  # type: ignore[import-untyped]
    import numpy as np

    values = _samples(raw, form)
    if form.bits_stored < form.bits_allocated and form.signed:
        values = values & ((1 << form.bits_stored) - 1)
    try:
        return bytes(
            jpeg_ls.encode_pixel_data(
                np.ascontiguousarray(values).tobytes(),
                rows=form.rows,
                columns=form.columns,
                samples_per_pixel=form.samples,
                bits_stored=form.bits_stored,
                planar_configuration=0,
            )
        )
    except (RuntimeError, ValueError):
        raise Left(Reason.FORMAT) from None


# --- the file --------------------------------------------------------------------------------------------------


def with_syntax(meta: bytes | memoryview, syntax: str) -> bytes:
    """The preamble and file meta information with another transfer syntax; every other element as it was."""
    out = bytearray()
    position = 132
    while position < len(meta):
        element, vr, length = struct.unpack_from("<2xH2sH", meta, position)
        head = 8
        if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ"):
            head, length = 12, struct.unpack_from("<I", meta, position + 8)[0]
        if element == 0x10:
            value = syntax.encode() + b"\0" * (len(syntax) & 1)
            out += struct.pack("<HH2sH", 2, 0x10, b"UI", len(value)) + value
        elif element != 0:
            out += meta[position : position + head + length]
        position += head + length
    return bytes(meta[:132]) + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(out)) + bytes(out)


def _encapsulated(frames: list[bytes]) -> list[bytes | memoryview]:
    """The Pixel Data element: one fragment a frame, with a basic offset table for more than one (PS3.5 A.4)."""
    offsets, position = [], 0
    for frame in frames:
        offsets.append(position)
        position += 8 + len(frame) + (len(frame) & 1)
    if position >= 1 << 32:
        raise Left(Reason.TOO_LARGE)
    table = struct.pack(f"<{len(offsets)}I", *offsets) if len(frames) > 1 else b""
    pieces: list[bytes | memoryview] = [
        b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff",
        b"\xfe\xff\x00\xe0" + struct.pack("<I", len(table)) + table,
    ]
    for frame in frames:
        pieces.append(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(frame) + (len(frame) & 1)))
        pieces.append(frame + b"\0" * (len(frame) & 1))
    pieces.append(b"\xfe\xff\xdd\xe0\0\0\0\0")
    return pieces


def _prove(
    new: bytes, offset: int, old: Header, native: memoryview, form: PixelFormat, count: int, syntax: str
) -> None:
    """Read the new file as a stranger would and compare tags and every frame bit for bit. Raises Left."""
    import imagecodecs

    from shared.imaging.codecs import UndecodableFrame, decode_frame
    from shared.imaging.frames import Part10, UnreadableFile

    try:
        what, found = read_meta(new[:20_000])
        header = read_header(memoryview(new)[offset:], syntax)
        if found != offset or what.transfer_syntax_uid != syntax or header.tags != old.tags:
            raise Left(Reason.NOT_PROVED)
        file = Part10(new)
        size = form.native_bytes
        for index in range(count):
            stored = file.frame(index, size)
            expected = native[index * size : (index + 1) * size]
            if decode_frame(stored, form, syntax).tobytes() != expected:
                raise Left(Reason.NOT_PROVED)
            # once more by a decoder of another house (OpenJPEG), because the encoder and the first one are of the same
            if index == 0 and syntax == HTJ2K:
                kind = f"<{'i' if form.signed else 'u'}{form.bits_allocated // 8}"
                if imagecodecs.jpeg2k_decode(stored).astype(kind).tobytes() != expected:
                    raise Left(Reason.NOT_PROVED)
    except (NotPart10, DamagedHeader, UnreadableFile, UndecodableFrame):
        raise Left(Reason.NOT_PROVED) from None

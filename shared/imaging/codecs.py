"""Stored pixel bytes of one frame to a numpy array; knows codecs and colour, but neither files nor windows.

The result of :func:`decode_frame` holds *stored values* (before the modality LUT), exactly as the sender
wrote them where the syntax is lossless. Colour frames come back as RGB.
"""

from __future__ import annotations

import contextlib
import logging
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

MAX_SIDE = 65_535  # Rows and Columns are US (PS3.3 C.7.6.3)
MAX_FRAME_BYTES = 1 << 30

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
# Implicit VR big endian of a long gone vendor is not DICOM and is not listed.
NATIVE = frozenset({IMPLICIT_LE, EXPLICIT_LE, DEFLATED_LE, EXPLICIT_BE, "1.2.840.113619.5.2"})

DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
RLE = "1.2.840.10008.1.2.5"
JPEG = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70))
JPEG_LS = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})
JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 92, 93))
HTJ2K_LOSSY = "1.2.840.10008.1.2.4.203"
HTJ2K = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203))
JPEG_XL = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112))
VIDEO = frozenset(f"1.2.840.10008.1.2.4.{n}{part}" for n in range(100, 109) for part in ("", ".1"))
LOSSY = frozenset(
    {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 93, 112, 203)} | VIDEO
)  # what the syntax allows; Lossy Image Compression (0028,2110) says what was done


class UndecodableFrame(Exception):
    """The frame cannot be shown; the text is a sentence for the reader and names no patient."""


class UnsupportedSyntax(UndecodableFrame):
    """The transfer syntax has no decoder here."""


class DamagedFrame(UndecodableFrame):
    """The bytes do not say what the header promises."""


class ImpossibleFormat(UndecodableFrame):
    """The header describes an image that cannot exist or is beyond the limits."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Red, green and blue tables of a PALETTE COLOR image (PS3.3 C.7.9): 8-bit values, first mapped stored value."""

    first: int
    table: NDArray[Any]  # shape (entries, 3), uint8


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What the Image Pixel module says of every frame (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool = False
    samples: int = 1
    photometric: str = "MONOCHROME2"
    planar: bool = False  # Planar Configuration 1: RRR…GGG…BBB…
    high_bit: int = -1  # -1: bits_stored - 1
    floating: bool = False  # Float or Double Float Pixel Data
    palette: Palette | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not (0 < self.rows <= MAX_SIDE and 0 < self.columns <= MAX_SIDE):
            raise ImpossibleFormat(f"The image size {self.columns} × {self.rows} is not possible.")
        if self.bits_allocated not in (1, 8, 16, 32, 64):
            raise ImpossibleFormat(f"{self.bits_allocated} bits allocated per sample are not supported.")
        if not 0 < self.bits_stored <= self.bits_allocated:
            raise ImpossibleFormat(f"{self.bits_stored} of {self.bits_allocated} bits stored is not possible.")
        if self.samples not in (1, 3, 4):
            raise ImpossibleFormat(f"{self.samples} samples per pixel are not supported.")
        if self.native_bytes > MAX_FRAME_BYTES:
            raise ImpossibleFormat("One frame is larger than 1 GiB; that is beyond the limit of this viewer.")

    @property
    def pixels(self) -> int:
        return self.rows * self.columns

    @property
    def native_bytes(self) -> int:
        """Bytes of one uncompressed frame, before even padding; YBR_FULL_422 stores two of three samples."""
        bits = self.pixels * self.samples * self.bits_allocated
        if self.photometric == "YBR_FULL_422":
            bits = self.pixels * 2 * self.bits_allocated
        return (bits + 7) // 8

    @property
    def is_colour(self) -> bool:
        """True when the decoded frame is RGB."""
        return self.samples > 1 or self.photometric == "PALETTE COLOR"


def decode_frame(
    data: bytes | memoryview, pixel_format: PixelFormat, transfer_syntax: str, *, deep: bool = False
) -> NDArray[Any]:
    """Stored values of one frame.

    Grey: shape (rows, columns), uint8, int8, uint16 or int16 (uint32, int32 or float for the rare wide kinds),
    unused high bits cleared and the sign extended. Colour: shape (rows, columns, 3), uint8 RGB; ``deep`` keeps
    RGB of more than 8 bits as it is stored (uint16 or uint32).
    The array is the caller's own and writable. Raises :class:`UndecodableFrame`.
    """
    import numpy as np

    if transfer_syntax in NATIVE:
        samples = _native(data, pixel_format, ">" if transfer_syntax == EXPLICIT_BE else "<")
        colour = pixel_format.photometric
    else:
        samples, colour = _compressed(data, pixel_format, transfer_syntax)
    if pixel_format.floating:
        return samples
    if pixel_format.photometric == "PALETTE COLOR":
        return _through_palette(_stored_bits(samples, pixel_format), pixel_format.palette)
    if pixel_format.samples == 1:
        return _stored_bits(samples, pixel_format)
    if deep and colour == "RGB" and pixel_format.bits_stored > 8:
        return np.ascontiguousarray(samples[..., :3])
    return _rgb(samples, colour, pixel_format)


# --- native ----------------------------------------------------------------------------------------------


def _native(data: bytes | memoryview, fmt: PixelFormat, order: str) -> NDArray[Any]:
    import numpy as np

    if len(data) < fmt.native_bytes:
        raise DamagedFrame(f"The frame is cut short: {len(data)} of {fmt.native_bytes} bytes are there.")
    if fmt.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8, fmt.native_bytes), bitorder="little")
        return bits[: fmt.pixels * fmt.samples].reshape(fmt.rows, fmt.columns)
    if fmt.photometric == "YBR_FULL_422" and fmt.samples == 3 and fmt.bits_allocated == 8:
        # PS3.3 C.7.6.3.1.2: Y1 Y2 CB CR for each two pixels of a row.
        quads = np.frombuffer(data, np.uint8, fmt.native_bytes // 4 * 4).reshape(-1, 4)
        full = np.empty((len(quads), 2, 3), np.uint8)
        full[:, 0, 0], full[:, 1, 0] = quads[:, 0], quads[:, 1]
        full[:, :, 1], full[:, :, 2] = quads[:, 2:3], quads[:, 3:4]
        return full.reshape(fmt.rows, fmt.columns, 3)
    kind = "f" if fmt.floating else "u"
    dtype = np.dtype(f"{order}{kind}{fmt.bits_allocated // 8}")
    stored = np.frombuffer(data, dtype, fmt.pixels * fmt.samples)
    stored.flags.writeable = False  # a buffer that could be written is not the result's own memory either
    # Grey integers are copied by _stored_bits, and once is enough: a second copy cost more than all else.
    once = fmt.samples == 1 and not fmt.floating
    flat = stored.astype(dtype.newbyteorder("="), copy=not once)
    if fmt.samples == 1:
        return flat.reshape(fmt.rows, fmt.columns)
    if fmt.planar:
        return np.moveaxis(flat.reshape(fmt.samples, fmt.rows, fmt.columns), 0, -1)
    return flat.reshape(fmt.rows, fmt.columns, fmt.samples)


# --- compressed ------------------------------------------------------------------------------------------


def _compressed(data: bytes | memoryview, fmt: PixelFormat, syntax: str) -> tuple[NDArray[Any], str]:
    """Samples as the codec gives them, and the colour model they are in."""
    if len(data) == 0:
        raise DamagedFrame("The frame holds no bytes.")
    raw = bytes(data)
    if syntax == RLE:
        return _rle(raw, fmt), fmt.photometric
    if syntax == DEFLATED_FRAME:
        try:
            inflated = zlib.decompressobj(-15).decompress(raw, fmt.native_bytes + 1)
        except zlib.error as error:
            raise DamagedFrame("The deflated frame is damaged.") from error
        return _native(inflated, fmt, "<"), fmt.photometric
    decoder = _decoder_for(syntax)
    if syntax not in JPEG_XL:
        _refuse_other_size(raw, fmt)
    try:
        array, colour = decoder(raw, fmt)
    except UndecodableFrame:
        raise
    except Exception as error:  # noqa: BLE001 - codecs raise a dozen unrelated classes for damaged bytes
        array, colour = _fallback(raw, fmt, syntax, error)
    return _shaped(array, fmt), colour


def _decoder_for(syntax: str) -> Callable[[bytes, PixelFormat], tuple[NDArray[Any], str]]:
    if syntax in JPEG:
        return _jpeg
    if syntax in JPEG_LS:
        return _jpeg_ls
    if syntax in JPEG_2000:
        return _jpeg_2000
    if syntax == HTJ2K_LOSSY:
        return _jpeg_2000  # OpenJPH wraps samples that the quantisation pushed over white or below black
    if syntax in HTJ2K:
        return _htj2k
    if syntax in JPEG_XL:
        return _jpeg_xl
    if syntax in VIDEO:
        raise UnsupportedSyntax("This is a video; the viewer shows single images of it only after conversion.")
    raise UnsupportedSyntax(f"The image is encoded in transfer syntax {syntax}, which this viewer cannot decode.")


def _rle(raw: bytes, fmt: PixelFormat) -> NDArray[Any]:
    import imagecodecs
    import numpy as np

    if fmt.bits_allocated == 1:
        raise UnsupportedSyntax("Run length encoding of single bits is not defined by DICOM.")
    planes = fmt.samples * (fmt.bits_allocated // 8)
    if len(raw) < 64 or struct.unpack_from("<I", raw)[0] != planes:
        raise DamagedFrame(f"The run length header does not name {planes} segments (PS3.5 G.5).")
    dtype = np.dtype(f"<u{fmt.bits_allocated // 8}")
    try:
        flat = np.frombuffer(
            imagecodecs.dicomrle_decode(raw, dtype, out=fmt.pixels * fmt.samples * dtype.itemsize), dtype
        )
    except Exception as error:
        raise DamagedFrame("The run length encoded frame is damaged.") from error
    if flat.size != fmt.pixels * fmt.samples:
        raise DamagedFrame("The run length encoded frame is cut short.")
    planes_first = flat.reshape(fmt.samples, fmt.rows, fmt.columns)
    return planes_first[0].copy() if fmt.samples == 1 else np.ascontiguousarray(np.moveaxis(planes_first, 0, -1))


def _jpeg(raw: bytes, fmt: PixelFormat) -> tuple[NDArray[Any], str]:
    import imagecodecs

    if fmt.samples == 1:
        return imagecodecs.jpeg8_decode(raw), fmt.photometric
    if _jpeg_colour(raw, fmt.photometric) == "RGB":
        return imagecodecs.jpeg8_decode(raw, colorspace="RGB", outcolorspace="RGB"), "RGB"
    return imagecodecs.jpeg8_decode(raw, colorspace="YCBCR", outcolorspace="RGB"), "RGB"


def _jpeg_colour(raw: bytes, photometric: str) -> str:
    """RGB or YBR: an Adobe marker and component letters are facts of the stream, the header is hearsay.

    So is a JFIF marker in a lossy stream: JFIF knows no three components but Y, CB and CR.
    """
    is_jfif = False
    for marker, body in _jpeg_segments(raw):
        if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            return "YBR" if body[11] else "RGB"
        if marker in _START_OF_FRAME and len(body) >= 15 and bytes(body[6:15:3]).upper() == b"RGB":
            return "RGB"
        is_jfif = is_jfif or (marker == 0xE0 and body[:5] == b"JFIF\0")
        if is_jfif and marker in _LOSSY_FRAME:
            return "YBR"
    return "YBR" if photometric.startswith("YBR") else "RGB"


def _jpeg_ls(raw: bytes, fmt: PixelFormat) -> tuple[NDArray[Any], str]:
    import imagecodecs

    return imagecodecs.jpegls_decode(raw), fmt.photometric


def _jpeg_2000(raw: bytes, fmt: PixelFormat) -> tuple[NDArray[Any], str]:
    import imagecodecs

    # YBR_ICT and YBR_RCT are undone by the codec (PS3.5 8.2.4); YBR_FULL without MCT is left to us.
    colour = "RGB" if fmt.photometric in ("YBR_ICT", "YBR_RCT") else fmt.photometric
    return imagecodecs.jpeg2k_decode(raw), colour


def _htj2k(raw: bytes, fmt: PixelFormat) -> tuple[NDArray[Any], str]:
    import imagecodecs

    colour = "RGB" if fmt.photometric in ("YBR_ICT", "YBR_RCT") else fmt.photometric
    with _nothing_swallowed():
        array = imagecodecs.htj2k_decode(raw)
    return array, colour


class _Swallowed(threading.local):
    """Exceptions that a C extension could not raise, per thread; None while nobody asks."""

    seen: list[BaseException | None] | None = None


_swallowed = _Swallowed()


@contextlib.contextmanager
def _nothing_swallowed() -> Iterator[None]:
    """Raise what the wrapped codec reports as "exception ignored": the HTJ2K codec returns a half-filled picture.

    Both hooks stay installed, act for threads inside this block only and hand everything else on.
    """
    if sys.unraisablehook is not _remember_unraisable:
        _before.unraisable = sys.unraisablehook
        sys.unraisablehook = _remember_unraisable
    if sys.excepthook is not _remember_printed:  # the extension prints the exception before it drops it
        _before.printed = sys.excepthook
        sys.excepthook = _remember_printed
    _swallowed.seen = []
    try:
        yield
        if _swallowed.seen:
            raise DamagedFrame("The compressed frame is damaged.") from _swallowed.seen[0]
    finally:
        _swallowed.seen = None


class _Before:
    """The hooks that were there before ours."""

    unraisable: Callable[[Any], object] = staticmethod(sys.__unraisablehook__)
    printed: Callable[..., object] = staticmethod(sys.__excepthook__)


_before = _Before()


def _remember_unraisable(unraisable: Any) -> None:
    if _swallowed.seen is not None:
        _swallowed.seen.append(unraisable.exc_value)
    else:
        _before.unraisable(unraisable)


def _remember_printed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if _swallowed.seen is not None:
        _swallowed.seen.append(error)
    else:
        _before.printed(kind, error, trace)


def _jpeg_xl(raw: bytes, fmt: PixelFormat) -> tuple[NDArray[Any], str]:
    import imagecodecs

    return imagecodecs.jpegxl_decode(raw), "RGB" if fmt.samples == 3 else fmt.photometric


def _fallback(raw: bytes, fmt: PixelFormat, syntax: str, first_error: Exception) -> tuple[NDArray[Any], str]:
    """pydicom's plug-ins for streams the fast codec refuses; the first error explains when they refuse too."""
    import numpy as np

    if syntax in JPEG_LS:  # the plug-in is the same library and only fails a second time
        raise DamagedFrame("The compressed frame is damaged.") from first_error
    try:
        from pydicom.encaps import encapsulate
        from pydicom.pixels.decoders.base import get_decoder
        from pydicom.uid import UID

        decoder = get_decoder(UID(syntax))
        logging.getLogger("pydicom.pixels.decoders.base").setLevel(logging.CRITICAL)  # we say it ourselves
        if not decoder.is_available:
            raise DamagedFrame("The compressed frame is damaged or of an unusual kind.") from first_error
        options: dict[str, Any] = {
            "rows": fmt.rows,
            "columns": fmt.columns,
            "bits_allocated": fmt.bits_allocated,
            "bits_stored": fmt.bits_stored,
            "samples_per_pixel": fmt.samples,
            "photometric_interpretation": fmt.photometric,
            "pixel_representation": int(fmt.signed),
            "number_of_frames": 1,
            "planar_configuration": int(fmt.planar),
            "pixel_keyword": "PixelData",
        }
        array, facts = decoder.as_array(encapsulate([raw]), index=0, validate=False, **options)
        return np.array(array), str(facts["photometric_interpretation"])
    except UndecodableFrame:
        raise
    except Exception as error:
        raise DamagedFrame("The compressed frame is damaged or of an unusual kind.") from error


def _shaped(array: NDArray[Any], fmt: PixelFormat) -> NDArray[Any]:
    import numpy as np

    if array.dtype.kind not in "iu":
        raise DamagedFrame("The compressed frame does not hold whole numbers.")
    wanted = (fmt.rows, fmt.columns) if fmt.samples == 1 else (fmt.rows, fmt.columns, fmt.samples)
    if fmt.samples > 1 and array.shape != wanted and array.shape == (fmt.samples, fmt.rows, fmt.columns):
        array = np.moveaxis(array, 0, -1)
    if fmt.samples == 1 and array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.shape != wanted:
        raise DamagedFrame(f"The compressed frame has the shape {array.shape}, the header says {wanted}.")
    return array


# --- what the stream itself says of its size -----------------------------------------------------------------

_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7})
_LOSSY_FRAME = frozenset({0xC0, 0xC1, 0xC2})
_WITHOUT_LENGTH = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})


def _jpeg_segments(raw: bytes) -> list[tuple[int, bytes]]:
    """(marker, body) up to the start of scan; an unfinished list when the stream is damaged."""
    found = []
    at = 2
    while at + 4 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        length = struct.unpack_from(">H", raw, at + 2)[0]
        found.append((marker, raw[at + 4 : at + 2 + length]))
        if marker == 0xDA or length < 2:
            break
        at += 2 + length
    return found


def stream_size(raw: bytes) -> tuple[int, int] | None:
    """(rows, columns) in the code stream of the JPEG families, None when it is not one of them or does not say."""
    if raw[:2] == b"\xff\xd8":
        for marker, body in _jpeg_segments(raw):
            if marker in _START_OF_FRAME and len(body) >= 5:
                rows, columns = struct.unpack_from(">HH", body, 1)
                return (rows, columns)
        return None
    at = raw.find(b"\xff\x4f\xff\x51", 0, 4096)  # SOC and SIZ, within a JP2 box structure too
    if at >= 0 and len(raw) >= at + 24:
        x1, y1, x0, y0 = struct.unpack_from(">IIII", raw, at + 8)
        return (y1 - y0, x1 - x0)
    return None


def _refuse_other_size(raw: bytes, fmt: PixelFormat) -> None:
    """A stream of another size than the header's is refused before a decoder allocates for it."""
    size = stream_size(raw)
    if size is None:
        raise DamagedFrame("The compressed frame does not begin as its transfer syntax demands.")
    # Rows of 0 in a JPEG stream are given later by a DNL marker.
    if size not in ((fmt.rows, fmt.columns), (0, fmt.columns)):
        raise DamagedFrame(
            f"The compressed frame is {size[1]} × {size[0]}, the header says {fmt.columns} × {fmt.rows}."
        )


# --- values and colour -----------------------------------------------------------------------------------


def _stored_bits(samples: NDArray[Any], fmt: PixelFormat) -> NDArray[Any]:
    """Only Bits Stored count (PS3.5 8.1.1); what lies above (old overlays) is cleared, the sign extended."""
    import numpy as np

    width = 8 if fmt.bits_allocated <= 8 else 16 if fmt.bits_allocated == 16 else 32
    if samples.dtype.itemsize * 8 != width:
        samples = samples.astype(f"i{width // 8}" if samples.dtype.kind == "i" else f"u{width // 8}")
    bits = np.ascontiguousarray(samples).view(f"u{samples.dtype.itemsize}")
    high = fmt.high_bit if fmt.high_bit >= 0 else fmt.bits_stored - 1
    if (down := high + 1 - fmt.bits_stored) > 0:
        bits = bits >> down
    used = fmt.bits_stored
    if used < bits.dtype.itemsize * 8:
        if fmt.signed:
            up = bits.dtype.itemsize * 8 - used
            extended: NDArray[Any] = np.left_shift(bits, up).view(f"i{bits.dtype.itemsize}")
            extended >>= up
            return extended
        bits = bits & ((1 << used) - 1)
    result = bits.view(f"i{bits.dtype.itemsize}") if fmt.signed else bits
    owned: NDArray[Any] = result if result.flags.writeable else result.copy()
    return owned


def _through_palette(indices: NDArray[Any], palette: Palette | None) -> NDArray[Any]:
    import numpy as np

    if palette is None or len(palette.table) == 0:
        raise ImpossibleFormat("The image needs a colour palette and its header holds none.")
    inside = np.clip(indices.astype(np.int64) - palette.first, 0, len(palette.table) - 1)
    colours: NDArray[Any] = palette.table[inside]
    return colours


def _rgb(samples: NDArray[Any], colour: str, fmt: PixelFormat) -> NDArray[Any]:
    import numpy as np

    if fmt.bits_stored > 8:
        samples = samples >> (fmt.bits_stored - 8)
    samples = np.ascontiguousarray(samples[..., :3]).astype(np.uint8, copy=False)
    if colour in ("RGB", "ARGB"):
        return samples if samples.flags.writeable else samples.copy()
    if colour in ("YBR_FULL", "YBR_FULL_422"):
        return ybr_full_to_rgb(samples)
    if colour in ("YBR_PARTIAL_420", "YBR_PARTIAL_422"):
        return ybr_partial_to_rgb(samples)
    raise UnsupportedSyntax(f"The colour model {colour} is not supported.")


def ybr_full_to_rgb(ybr: NDArray[Any]) -> NDArray[Any]:
    """RGB of YBR_FULL, both uint8 (…, 3); the inverse of the equations of PS3.3 C.7.6.3.1.2."""
    import numpy as np

    y = ybr[..., 0].astype(np.float32)
    cb = ybr[..., 1].astype(np.float32) - 128
    cr = ybr[..., 2].astype(np.float32) - 128
    rgb = np.stack((y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb), -1)
    result: NDArray[Any] = np.clip(np.floor(rgb + 0.5), 0, 255).astype(np.uint8)
    return result


def ybr_partial_to_rgb(ybr: NDArray[Any]) -> NDArray[Any]:
    """RGB of the limited range model (Y 16 to 235), both uint8 (…, 3), PS3.3 C.7.6.3.1.2."""
    import numpy as np

    y = 1.1644 * (ybr[..., 0].astype(np.float32) - 16)
    cb = ybr[..., 1].astype(np.float32) - 128
    cr = ybr[..., 2].astype(np.float32) - 128
    rgb = np.stack((y + 1.5960 * cr, y - 0.3917 * cb - 0.8130 * cr, y + 2.0173 * cb), -1)
    result: NDArray[Any] = np.clip(np.floor(rgb + 0.5), 0, 255).astype(np.uint8)
    return result

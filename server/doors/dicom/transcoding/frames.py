"""Decodes and encodes the pixel data of a data set (PS3.5 8.2, annex A.4; PS3.3 C.7.6.3); proves every encoding.

Runs in a child process (``child``), because codecs are fed with what strangers sent. Lossy objects are decoded once and
written without further loss; their Lossy Image Compression attributes stay.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from server.doors.dicom import part10, uids
from server.doors.dicom.attributes import MalformedDataSet
from server.doors.dicom.ports import Refused
from server.doors.dicom.rewriting import UNCOMPRESSED, check_native, read_dataset, write_dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

    from shared.imaging.codecs import PixelFormat

MAX_DECODED: Final = 1 << 30
"""Bytes of native pixel data that we decode for one object."""
MAX_FRAMES: Final = 200_000
PROCESSING_FAILURE: Final = 0x0110

_ENCAPSULATED: Final = tuple(t for t in uids.WRITTEN_COMPRESSED if t not in UNCOMPRESSED)
_ALWAYS_LOSSY: Final = {f"1.2.840.10008.1.2.4.{n}": "ISO_10918_1" for n in (50, 51, 53, 55)}
_EXACT: Final = frozenset((uids.RLE, "1.2.840.10008.1.2.8.1", *UNCOMPRESSED))
"""Syntaxes that keep every bit allocated; the codecs of others know samples only."""
_KEEPS_COLOUR: Final = frozenset(
    (uids.RLE, uids.JPEG_LS, "1.2.840.10008.1.2.4.81", uids.JPEG_LOSSLESS_SV1, "1.2.840.10008.1.2.4.57", *UNCOMPRESSED)
)
"""Syntaxes whose codec does not change the colour model: YBR_FULL comes out as YBR_FULL, bit for bit."""


@lru_cache(maxsize=64)
def possible(stored: str) -> tuple[str, ...]:
    """What an object stored in ``stored`` can be written in, best first."""
    from shared.imaging import codecs

    decodable = (
        stored in UNCOMPRESSED
        or stored in (codecs.RLE, codecs.DEFLATED_FRAME)
        or stored in codecs.JPEG | codecs.JPEG_LS | codecs.JPEG_2000 | codecs.HTJ2K | codecs.JPEG_XL
    )
    native = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE)
    return tuple(t for t in (*native, *uids.WRITTEN_COMPRESSED) if t != stored) if decodable else ()


def transcoded(data: memoryview, stored: str, wanted: str) -> bytes:
    """The data set in ``wanted``; raises :class:`Refused` with a sentence when that cannot be done without loss."""
    from shared.imaging.codecs import UndecodableFrame
    from shared.imaging.frames import UnreadableFile, careful_reading

    try:
        with careful_reading():
            dataset = read_dataset(data, stored)
            if "SOPInstanceUID" not in dataset:
                raise Refused(PROCESSING_FAILURE, "The object is damaged: it does not name itself")
            if "PixelData" in dataset:
                _convert(dataset, data, stored, wanted)
            elif wanted in _ENCAPSULATED:
                raise Refused(PROCESSING_FAILURE, "An object without pixel data cannot be compressed so")
            return write_dataset(dataset, wanted)
    except (UndecodableFrame, UnreadableFile) as error:
        raise Refused(PROCESSING_FAILURE, str(error)) from None
    except MemoryError:
        raise Refused(PROCESSING_FAILURE, "The object needs more memory than a conversion may take") from None
    except (
        ArithmeticError, AttributeError, EOFError, KeyError, NotImplementedError, OSError, TypeError, ValueError,
        MalformedDataSet,
    ) as error:  # fmt: skip
        raise Refused(PROCESSING_FAILURE, f"The object cannot be converted: {type(error).__name__}") from None


def _convert(dataset: Dataset, data: memoryview, stored: str, wanted: str) -> None:
    """Decode what is stored, and encode it when a compressed syntax is wanted."""
    import numpy as np

    from shared.imaging.frames import Part10
    from shared.imaging.header import pixel_format

    if stored in UNCOMPRESSED:
        check_native(dataset)
        if wanted not in _ENCAPSULATED:
            return
        # the reader of frames wants little endian; the data set has been turned around already
        data, stored = memoryview(write_dataset(dataset, uids.EXPLICIT_LE)), uids.EXPLICIT_LE
    file = Part10(part10.header("", "", stored) + bytes(data))
    if not file.has_pixels:
        return
    form = pixel_format(file.header)
    if file.frame_count > MAX_FRAMES or form.native_bytes * file.frame_count > MAX_DECODED:
        raise Refused(PROCESSING_FAILURE, "The decoded object would be larger than 1 GiB")
    form, colour = _kept_colour(form, stored)
    raw = _with_all_bits(form, stored)
    decoded = [_decoded(file.frame(index, form.native_bytes), raw, stored) for index in range(file.frame_count)]
    arrays = decoded
    if raw is not form:
        arrays = [_stored_values(array, form) for array in decoded]
        is_exact = stored in _EXACT or not form.signed
        if is_exact and not all(map(np.array_equal, arrays, decoded)):
            # old overlays, or a sender's rubbish, beside the bits stored: kept by keeping all bits
            form, arrays = raw, decoded
    high_bit = int(dataset.get("HighBit") or form.bits_stored - 1) if form is raw else form.bits_stored - 1
    if wanted in _ENCAPSULATED:
        _encapsulate(dataset, arrays, form, wanted)
    else:
        _set_native(dataset, arrays, form)
    dataset.HighBit = high_bit
    if form.samples > 1:
        if wanted == uids.HTJ2K_LOSSLESS:
            if colour != "RGB":
                raise Refused(PROCESSING_FAILURE, "This colour model is not written in HTJ2K")
            colour = "YBR_RCT"  # its encoder transforms colours, reversibly (PS3.5 8.2.4)
        dataset.PhotometricInterpretation = colour
        dataset.PlanarConfiguration = 0
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in dataset:
            del dataset[keyword]
    if stored in _ALWAYS_LOSSY and not str(getattr(dataset, "LossyImageCompression", "") or ""):
        dataset.LossyImageCompression = "01"  # PS3.3 C.7.6.1.1.5: once lossy, always said
        dataset.LossyImageCompressionMethod = _ALWAYS_LOSSY[stored]


def _kept_colour(form: PixelFormat, stored: str) -> tuple[PixelFormat, str]:
    """The format that makes the decoder leave colours as they are where that is possible, and the resulting model."""
    if form.photometric == "PALETTE COLOR":
        return replace(form, photometric="MONOCHROME2", palette=None), "PALETTE COLOR"  # indices stay, the palette too
    if form.samples == 1:
        return form, form.photometric
    if form.bits_stored > 8:
        raise Refused(PROCESSING_FAILURE, "Colour of more than 8 bits is not converted, since it would lose bits")
    if form.samples == 4:
        raise Refused(PROCESSING_FAILURE, "Pictures of four samples a pixel are not converted")
    if form.photometric == "YBR_FULL_422" and stored in UNCOMPRESSED:
        raise Refused(PROCESSING_FAILURE, "Subsampled colour is not compressed, since it would lose bits")
    if form.photometric == "YBR_FULL" and stored in _KEEPS_COLOUR:
        return replace(form, photometric="RGB"), "YBR_FULL"
    return form, "RGB"


def _with_all_bits(form: PixelFormat, stored: str) -> PixelFormat:
    """The format under which the decoder leaves bits beside those stored as they are; ``form`` where it cannot."""
    from shared.imaging.codecs import LOSSY

    if form.samples > 1 or form.floating or form.bits_allocated not in (8, 16) or stored in LOSSY:
        return form
    full = form.bits_allocated
    if form.bits_stored == full and form.high_bit in (-1, full - 1):
        return form
    return replace(form, bits_stored=full, high_bit=full - 1)


def _stored_values(array: NDArray[Any], form: PixelFormat) -> NDArray[Any]:
    """Only the bits stored, the sign extended (PS3.5 8.1.1)."""
    import numpy as np

    up = form.bits_allocated - (form.bits_stored if form.high_bit < 0 else form.high_bit + 1)
    down = form.bits_allocated - form.bits_stored
    bits = array.view(f"u{array.dtype.itemsize}") << np.array(up, f"u{array.dtype.itemsize}")
    shifted: NDArray[Any] = bits.view(array.dtype) >> np.array(down, array.dtype)
    return shifted


def _decoded(frame: bytes | memoryview, form: PixelFormat, syntax: str) -> NDArray[Any]:
    from shared.imaging.codecs import decode_frame

    return decode_frame(frame, form, syntax)


def _set_native(dataset: Dataset, arrays: Sequence[NDArray[Any]], form: PixelFormat) -> None:
    """Native pixel data: little endian samples, pixel by pixel, padded to an even length (PS3.5 8.1.1)."""
    import numpy as np

    if form.bits_allocated == 1:
        bits = np.concatenate([array.reshape(-1) for array in arrays])
        pixels = np.packbits(bits.astype(np.uint8), bitorder="little").tobytes()
    else:
        pixels = b"".join(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in arrays)
    dataset.PixelData = pixels + b"\0" if len(pixels) & 1 else pixels
    dataset["PixelData"].VR = "OB" if form.bits_allocated <= 8 else "OW"
    dataset["PixelData"].is_undefined_length = False


def _encapsulate(dataset: Dataset, arrays: Sequence[NDArray[Any]], form: PixelFormat, wanted: str) -> None:
    """Encapsulated pixel data, one fragment a frame with a Basic Offset Table (PS3.5 A.4); each frame is decoded again
    and compared."""
    import numpy as np
    from pydicom.encaps import encapsulate

    if form.floating or form.bits_allocated not in (8, 16):
        raise Refused(PROCESSING_FAILURE, f"Pixels of {form.bits_allocated} bits are not compressed for sending")
    encode = _ENCODERS[wanted]
    colour = "YBR_RCT" if wanted == uids.HTJ2K_LOSSLESS else "RGB"
    proof = replace(form, photometric="MONOCHROME2" if form.samples == 1 else colour, planar=False, high_bit=-1)
    out = []
    for array in arrays:
        stream = bytes(encode(np.ascontiguousarray(array), form))
        if not np.array_equal(_decoded(stream, proof, wanted), array):
            raise Refused(PROCESSING_FAILURE, "The codec did not keep every pixel; the object is not sent so")
        out.append(stream)
    dataset.PixelData = encapsulate(out, has_bot=sum(map(len, out)) < 1 << 31)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


def _unsigned(array: NDArray[Any], form: PixelFormat) -> NDArray[Any]:
    """Two's complement in the bits stored, for codecs that know no sign."""
    import numpy as np

    bits = array.view(f"u{array.dtype.itemsize}")
    full = array.dtype.itemsize * 8
    masked: NDArray[Any] = (
        bits if form.bits_stored == full else bits & np.array((1 << form.bits_stored) - 1, bits.dtype)
    )
    return np.ascontiguousarray(masked)


def _rle(array: NDArray[Any], form: PixelFormat) -> bytes:
    """Annex G: one segment for each byte of each sample, high bytes first."""
    import imagecodecs
    import numpy as np

    planes = array if form.samples == 1 else np.ascontiguousarray(np.moveaxis(array, -1, 0))
    octets = planes.view(np.uint8).reshape(form.samples, form.rows, form.columns, array.dtype.itemsize)
    segments = []
    for plane in octets:
        for index in reversed(range(array.dtype.itemsize)):  # samples lie little endian in memory
            segment = bytes(imagecodecs.packbits_encode(np.ascontiguousarray(plane[..., index]), axis=-1))
            segments.append(segment + b"\0" if len(segment) & 1 else segment)
    offsets = [64 + sum(map(len, segments[:n])) for n in range(len(segments))]
    return struct.pack("<16I", len(segments), *offsets, *(0,) * (15 - len(segments))) + b"".join(segments)


def _jpeg_lossless(array: NDArray[Any], form: PixelFormat) -> bytes:
    import imagecodecs

    colours = "RGB" if form.samples > 1 else None
    # the encoder takes precisions up to 8 in bytes only
    precision = form.bits_stored if form.bits_stored > 8 or array.dtype.itemsize == 1 else 16
    return bytes(
        imagecodecs.jpeg8_encode(
            _unsigned(array, form),
            lossless=True,
            predictor=1,
            bitspersample=max(precision, 2),
            colorspace=colours,
            outcolorspace=colours,
        )
    )


def _jpeg_ls(array: NDArray[Any], form: PixelFormat) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegls_encode(_unsigned(array, form)))


def _jpeg_2000(array: NDArray[Any], form: PixelFormat) -> bytes:
    import imagecodecs

    return bytes(
        imagecodecs.jpeg2k_encode(
            array, level=0, codecformat="j2k", reversible=True, mct=False, bitspersample=form.bits_stored
        )
    )


def _htj2k(array: NDArray[Any], _form: PixelFormat) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.htj2k_encode(array, reversible=True))


_ENCODERS: Final[dict[str, Callable[[Any, Any], bytes]]] = {
    uids.RLE: _rle,
    uids.JPEG_LOSSLESS_SV1: _jpeg_lossless,
    uids.JPEG_LS: _jpeg_ls,
    uids.JPEG_2000_LOSSLESS: _jpeg_2000,
    uids.HTJ2K_LOSSLESS: _htj2k,
}


class FrameTranscoder:
    """The transcoder (``ports.Transcoder``) in this very process: for tests, and inside of the child."""

    def targets(self, transfer_syntax_uid: str) -> tuple[str, ...]:
        """See ``ports.Transcoder``."""
        return possible(transfer_syntax_uid)

    def transcode(self, data: memoryview, transfer_syntax_uid: str, wanted: str) -> bytes:
        """See ``ports.Transcoder``."""
        return transcoded(data, transfer_syntax_uid, wanted)

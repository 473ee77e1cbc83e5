"""Writes a stored data set in another transfer syntax for a peer that does not take the stored one."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from server.doors.dicom import part10, uids
from server.doors.dicom.attributes import MalformedDataSet, check_depth, encoding_of, inflate
from server.doors.dicom.ports import Refused, Transcoder

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

MAX_INFLATED_OBJECT: Final = 1 << 30
"""Bytes to which a stored deflated object may grow when it is rewritten."""

MAX_DECODED: Final = 2 << 30
"""Bytes of native pixel data that we decode for one object."""

NATIVE = (uids.EXPLICIT_LE, uids.IMPLICIT_LE)
"""What we write, best first."""
_UNCOMPRESSED = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.DEFLATED_LE)


def targets(stored: str, can_decode: bool) -> tuple[str, ...]:
    """The transfer syntaxes in which an object stored in ``stored`` can be sent, best first."""
    if stored in _UNCOMPRESSED or can_decode:
        return (stored, *(t for t in NATIVE if t != stored))
    return (stored,)


def recode(data: memoryview, stored: str, wanted: str, transcoder: Transcoder | None) -> bytes | bytearray | memoryview:
    """The data set in ``wanted``; raises :class:`Refused` when it cannot be written so."""
    if stored == wanted:
        return data
    if stored not in _UNCOMPRESSED:
        if transcoder is None:
            raise Refused(0x0110, "No decoder for the stored transfer syntax")
        decoded = transcoder.to_explicit_little_endian(data, stored)
        return recode(memoryview(decoded), uids.EXPLICIT_LE, wanted, None)
    from shared.imaging.frames import careful_reading

    try:
        with careful_reading():  # values that break the rules of their VR are sent as they are
            return _written(_read(data, stored), implicit=wanted == uids.IMPLICIT_LE)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, NotImplementedError, MalformedDataSet) as error:
        raise Refused(0x0110, f"The object cannot be written in another syntax: {type(error).__name__}") from None


class FrameTranscoder:
    """The transcoder over ``shared.imaging`` (``ports.Transcoder``): every syntax that the viewer can show, too."""

    def to_explicit_little_endian(self, data: memoryview, transfer_syntax_uid: str) -> bytes:
        """Decode all frames; raises :class:`Refused` when no decoder can, or when decoding would lose bits."""
        from shared.imaging.codecs import UndecodableFrame
        from shared.imaging.frames import UnreadableFile, careful_reading

        try:
            with careful_reading():
                dataset = _read(data, transfer_syntax_uid)
                _decompress(dataset, data, transfer_syntax_uid)
                return _written(dataset, implicit=False)
        except (UndecodableFrame, UnreadableFile) as error:
            raise Refused(0x0110, str(error)) from None
        except (ValueError, KeyError, TypeError, AttributeError, OSError, NotImplementedError) as error:
            raise Refused(0x0110, f"The object cannot be decoded: {type(error).__name__}") from None


def _decompress(dataset: Dataset, data: memoryview, syntax: str) -> None:
    """Put native pixel data into the data set, with the attributes that describe them (PS3.5 8.2, PS3.3 C.7.6.3)."""
    from dataclasses import replace

    from shared.imaging.codecs import decode_frame
    from shared.imaging.frames import Part10
    from shared.imaging.header import pixel_format

    file = Part10(part10.header("", "", syntax) + bytes(data))
    form = pixel_format(file.header)
    if not file.has_pixels:
        return
    if form.samples > 1 and form.bits_stored > 8:
        raise Refused(0x0110, "Colour of more than 8 bits is not decoded, since it would lose bits")
    if form.native_bytes * file.frame_count > MAX_DECODED:
        raise Refused(0x0110, "The decoded object would be larger than 2 GiB")
    colour = form.samples > 1
    if form.photometric == "PALETTE COLOR":
        form = replace(form, photometric="MONOCHROME2", palette=None)  # the indices stay, and so does the palette
    pixels = b"".join(
        decode_frame(file.frame(index, form.native_bytes), form, syntax).tobytes() for index in range(file.frame_count)
    )
    dataset.PixelData = pixels + b"\0" if len(pixels) & 1 else pixels
    dataset["PixelData"].VR = "OB" if form.bits_allocated <= 8 else "OW"
    dataset["PixelData"].is_undefined_length = False
    dataset.HighBit = form.bits_stored - 1
    if colour:
        dataset.PhotometricInterpretation = "RGB"
        dataset.PlanarConfiguration = 0
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in dataset:
            del dataset[keyword]


def _read(data: memoryview, syntax: str) -> Dataset:
    """The data set as pydicom's, after the checks that keep a hostile one from hurting."""
    from pydicom.filereader import read_dataset

    raw = bytes(data)
    encoding = encoding_of(syntax)
    if encoding.deflated:
        raw = inflate(raw, MAX_INFLATED_OBJECT)
        syntax = uids.EXPLICIT_LE
    check_depth(raw, syntax)
    dataset: Dataset = read_dataset(BytesIO(raw), not encoding.explicit, encoding.order == "<")
    if encoding.order == ">":
        dataset.walk(_swap)
    return dataset


_WIDTHS: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


def _swap(_dataset: Dataset, element: DataElement) -> None:
    """Bulk values of big endian to little endian: pydicom keeps their bytes as they are."""
    import numpy as np

    width = _WIDTHS.get(element.VR)
    if width and isinstance(element.value, bytes) and len(element.value) % width == 0:
        element.value = np.frombuffer(element.value, f"u{width}").byteswap().tobytes()


def _written(dataset: Dataset, *, implicit: bool) -> bytes:
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, implicit
    write_dataset(out, dataset)
    return out.getvalue()

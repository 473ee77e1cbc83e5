"""Frames of stored images: where they lie, their stored bytes, their pixels. What was found out is remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from server.doors.web.dicomweb import model
from server.doors.web.dicomweb.ports import Holdings, Refusal, StoredInstance
from shared.imaging.codecs import EXPLICIT_BE, NATIVE, UndecodableFrame, decode_frame
from shared.imaging.frames import UnreadableFile, careful_reading, encapsulated_frames, number_of_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.header import ImageHeader

EXPLICIT_LE = "1.2.840.10008.1.2.1"
_REMEMBERED = 4000
_PIXEL_TAGS = ("7FE00010", "7FE00008", "7FE00009")

MEDIA_TYPES = {
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70)), "image/jpeg"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (80, 81)), "image/jls"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (90, 91)), "image/jp2"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (92, 93)), "image/jpx"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112)), "image/jxl"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203)), "image/jphc"),
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
"""Media type of a compressed frame (PS3.18 table 8.7.3-5)."""


@dataclass(slots=True)
class Image:
    """What serving the frames of one object needs, without its pixels."""

    header: ImageHeader
    syntax: str  # of the frames: a deflated data set's are explicit little endian
    frames: int
    start: int
    length: int
    table: list[tuple[tuple[int, int], ...]] | None  # fragments of each frame; None when not encapsulated
    representative: int  # frame number from 1
    is_swapped: bool = False  # bytes in big endian words (PS3.5 8.1.1): each pair of them is exchanged


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the frames of an object lie: found in a tenth of the time that its whole header needs."""

    syntax: str  # of the frames
    frames: int
    start: int
    length: int | None  # None: encapsulated
    frame_bits: int

    @property
    def is_plain(self) -> bool:
        """Whether each frame is a run of whole bytes in little endian."""
        return self.length is not None and self.syntax in _PLAIN and self.frame_bits > 0 and self.frame_bits % 8 == 0

    def place(self, number: int) -> tuple[int, int]:
        """Start and stop of frame `number` (from 1) of a plain object. Raises Refusal (404, 500)."""
        size = self.frame_bits // 8
        if not 1 <= number <= self.frames:
            raise Refusal(404, f"The object has {self.frames} frames; there is no frame {number}.")
        if number * size > (self.length or 0):
            raise Refusal(500, f"Frame {number} is missing: the stored object is cut short.")
        return self.start + (number - 1) * size, self.start + number * size


_PLAIN = frozenset({model.IMPLICIT_LE, model.EXPLICIT_LE})
_LAYOUT_TAGS = frozenset({0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100})


class Images:
    """Thread-safe."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._known: OrderedDict[str, Image] = OrderedDict()
        self._layouts: dict[str, Layout] = {}
        self._lock = threading.Lock()

    def layout(self, one: StoredInstance) -> Layout:
        """Raises Refusal: 404 when the object holds no pixels, 500 when it is damaged."""
        known = self._layouts.get(one.stamp)
        if known is None:
            with one.open() as data:
                plain, syntax = self._holdings.inflated(data, one.transfer_syntax_uid)
                known = _layout(plain, syntax, is_inflated=syntax != one.transfer_syntax_uid)
            with self._lock:
                if len(self._layouts) >= 5 * _REMEMBERED:
                    self._layouts.clear()
                self._layouts[one.stamp] = known
        return known

    def image(self, one: StoredInstance) -> Image:
        """Raises Refusal: 404 when the object holds no image, 500 when it is damaged."""
        with self._lock:
            known = self._known.get(one.stamp)
            if known is not None:
                self._known.move_to_end(one.stamp)
                return known
        with one.open() as data:
            plain, syntax = self._holdings.inflated(data, one.transfer_syntax_uid)
            known = self._read(one, plain, syntax)
        with self._lock:
            self._known[one.stamp] = known
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    def stored(self, one: StoredInstance, image: Image, number: int) -> bytes:
        """The bytes of frame `number` (from 1) as they lie in the object. Raises Refusal (404, 500)."""
        if not 1 <= number <= image.frames:
            raise Refusal(404, f"The object has {image.frames} frames; there is no frame {number}.")
        with one.open() as data:
            plain, _ = self._holdings.inflated(data, one.transfer_syntax_uid)
            if image.table is not None:
                if number > len(image.table):
                    raise Refusal(500, f"Frame {number} is missing: the stored object is cut short.")
                return b"".join(bytes(plain[a:b]) for a, b in image.table[number - 1])
            return _native(plain, image, number)

    def pixels(self, one: StoredInstance, image: Image, number: int, *, raw_palette: bool = False) -> NDArray[Any]:
        """Stored values of a frame, colour as RGB (`shared.imaging.codecs.decode_frame`). Raises Refusal."""
        data = self.stored(one, image, number)
        form = image.header.pixel_format
        if raw_palette and form.photometric == "PALETTE COLOR":
            form = replace(form, photometric="MONOCHROME2", palette=None)
        try:
            return decode_frame(data, form, image.syntax)
        except UndecodableFrame as fault:
            raise Refusal(406, f"The frame cannot be decoded: {fault}") from None

    def little_endian(self, one: StoredInstance, image: Image, number: int) -> bytes:
        """A frame uncompressed, in explicit VR little endian. Raises Refusal."""
        form = image.header.pixel_format
        if image.syntax in NATIVE:
            data = self.stored(one, image, number)
            if image.syntax == EXPLICIT_BE and form.bits_allocated > 8:
                import numpy as np

                return np.frombuffer(data, f">u{form.bits_allocated // 8}").byteswap().tobytes()
            return data
        values = self.pixels(one, image, number, raw_palette=True)
        width = form.bits_allocated // 8
        if values.dtype.kind in "iu" and width and values.dtype.itemsize != width:
            values = values.astype(f"{values.dtype.kind}{width}")
        if form.bits_allocated == 1:
            import numpy as np

            return np.packbits(values.ravel().astype(np.uint8), bitorder="little").tobytes()
        return values.tobytes()

    def _read(self, one: StoredInstance, data: memoryview, syntax: str) -> Image:
        from pydicom.filereader import read_dataset

        from shared.imaging.codecs import ImpossibleFormat
        from shared.imaging.header import image_header

        start, length, vr = _pixel_data(data, syntax)
        explicit = syntax != model.IMPLICIT_LE
        try:
            with careful_reading():
                head = read_dataset(
                    BytesIO(bytes(data[: start - (12 if explicit else 8)])), not explicit, syntax != EXPLICIT_BE
                )
                header = image_header(head, syntax)
                frames = number_of_frames(head)
                table = None
                if length is None:
                    table = encapsulated_frames(data, start, frames, head)
                representative = int(getattr(head, "RepresentativeFrameNumber", 1) or 1)
        except ImpossibleFormat as fault:
            raise Refusal(404, f"The object cannot be shown as an image: {fault}") from None
        except UnreadableFile as fault:
            raise Refusal(500, f"The stored object is damaged: {fault}") from None
        except (ValueError, TypeError, AttributeError, KeyError, OSError, NotImplementedError) as fault:
            raise Refusal(500, f"The header of the stored object is damaged ({type(fault).__name__}).") from None
        if not 1 <= representative <= frames:
            representative = 1
        swapped = syntax == EXPLICIT_BE and vr == "OW" and header.pixel_format.bits_allocated <= 8
        return Image(header, syntax, frames, start, length or 0, table, representative, swapped)


def _layout(data: memoryview, syntax: str, *, is_inflated: bool) -> Layout:
    try:
        top = model.look(data, syntax, _LAYOUT_TAGS)
    except model.BadDataSet as bad:
        raise Refusal(500, f"The stored object is damaged: {bad}") from None
    if top.pixels is None:
        raise Refusal(404, "The object holds no image.")
    start, length = top.pixels
    order: Literal["big", "little"] = "big" if syntax == EXPLICIT_BE else "little"
    rows, columns, samples, bits = (
        int.from_bytes(top.values.get(tag, b"")[:2], order) for tag in (0x00280010, 0x00280011, 0x00280002, 0x00280100)
    )
    count = top.values.get(0x00280008, b"").strip(b" \0")
    frames = int(count) if count.isdigit() and len(count) < 8 else 1
    halved = top.values.get(0x00280004, b"").strip(b" \0") == b"YBR_FULL_422"
    frame_bits = rows * columns * bits * (2 if halved else (samples or 1))
    return Layout(syntax, max(frames, 1), start, length, 0 if is_inflated else frame_bits)


def _pixel_data(data: memoryview, syntax: str) -> tuple[int, int | None, str]:
    for path in _PIXEL_TAGS:
        try:
            start, length, vr = model.find_bulk(data, syntax, path)
        except KeyError:
            continue
        except model.BadDataSet as bad:
            raise Refusal(500, f"The stored object is damaged: {bad}") from None
        return start, length, vr
    raise Refusal(404, "The object holds no image.")


def _native(data: memoryview, image: Image, number: int) -> bytes:
    form = image.header.pixel_format
    if form.bits_allocated == 1 and form.pixels % 8 and image.frames > 1:
        return _single_bits(data, image, number)
    size = form.native_bytes
    first = (number - 1) * size
    if first + size > image.length:
        raise Refusal(500, f"Frame {number} is missing: the stored object is cut short.")
    return _bytes(data, image, first, first + size)


def _bytes(data: memoryview, image: Image, first: int, stop: int) -> bytes:
    """Bytes of native pixel data from `first` to `stop`."""
    if not image.is_swapped:
        return bytes(data[image.start + first : image.start + stop])
    even = first // 2 * 2
    words = model.swapped(bytes(data[image.start + even : image.start + (stop + 1) // 2 * 2]), "OW")
    return words[first - even : stop - even]


def _single_bits(data: memoryview, image: Image, number: int) -> bytes:
    """Frames of single bits follow each other without padding (PS3.5 8.1.1): move one to a byte's beginning."""
    import numpy as np

    pixels = image.header.pixel_format.pixels
    first, stop = (number - 1) * pixels, number * pixels
    if (stop + 7) // 8 > image.length:
        raise Refusal(500, f"Frame {number} is missing: the stored object is cut short.")
    raw = np.frombuffer(_bytes(data, image, first // 8, (stop + 7) // 8), np.uint8)
    bits = np.unpackbits(raw, bitorder="little")[first % 8 : first % 8 + pixels]
    return np.packbits(bits, bitorder="little").tobytes()

"""Turns pictures (JPEG, PNG, BMP, TIFF) into Secondary Capture or VL Photographic images (PS3.3 A.8, A.32.4).

A baseline JPEG keeps its own compressed bytes; everything else is stored uncompressed, so that nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.archive.exchange.reading import NotReadable
from shared.contract.exchange import PictureClass
from shared.dicomkit import headers
from shared.dicomkit.headers import EquipmentFacts, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom import Dataset

MAX_PIXELS = 100_000_000
MAX_ALL_PIXELS = 400_000_000
MAX_PAGES = 2000

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CAPTURE_BYTE = "1.2.840.10008.5.1.4.1.1.7.2"
CAPTURE_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
CAPTURE_COLOUR = "1.2.840.10008.5.1.4.1.1.7.4"
PHOTOGRAPH = "1.2.840.10008.5.1.4.1.1.77.1.4"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


@dataclass(frozen=True, slots=True)
class Making:
    """Everything an imported object needs besides its content."""

    patient: PatientFacts
    study: StudyFacts
    series: SeriesFacts
    sop_uid: str
    number: int
    made_at: dt.datetime  # local time of the hospital
    modality: str  # what the person said, or empty


@dataclass(frozen=True, slots=True)
class _Pages:
    """Decoded pages of one size: `pixels` page by page, by row."""

    rows: int
    columns: int
    samples: int
    bits: int
    pages: int
    pixels: bytes


def picture(data: memoryview, kind: str, making: Making, wanted: PictureClass) -> bytes:
    """A Part 10 file of the picture. Raises NotReadable."""
    if kind == "jpeg":
        kept = _baseline(bytes(data))
        if kept is not None:
            return headers.to_bytes(_kept_jpeg(kept, making, wanted, len(data)))
    pages = _decoded(data, kind)
    if wanted is PictureClass.PHOTOGRAPH and pages.bits != 8:
        raise NotReadable("16 位灰度图不能作为照片导入，请选择“二次获取”。")
    if wanted is PictureClass.PHOTOGRAPH and pages.pages > 1:
        raise NotReadable("多页图片不能作为照片导入，请选择“二次获取”。")
    return headers.to_bytes(_from_pages(pages, making, wanted, lossy=len(data) if kind == "jpeg" else 0))


def _new(sop_class: str, modality: str, making: Making) -> Dataset:
    made = headers.new_object(
        sop_class,
        making.modality or modality,
        patient=making.patient,
        study=making.study,
        series=making.series,
        equipment=EquipmentFacts(),
        made_at=making.made_at,
        sop_uid=making.sop_uid,
        instance_number=making.number,
    )
    made.BurnedInAnnotation = "YES"  # nobody knows; a scanned page usually shows the name
    return made


def _put_class(made: Dataset, wanted: PictureClass) -> None:
    if wanted is PictureClass.PHOTOGRAPH:
        made.ImageType = ["ORIGINAL", "PRIMARY"]
        made.AcquisitionContextSequence = []
        made.PatientOrientation = ""
        made.Laterality = ""
    else:
        made.ImageType = ["DERIVED", "SECONDARY"]
        made.ConversionType = "SI" if made.Modality in ("XC", "OT") else "WSD"
        made.PatientOrientation = ""
        made.Laterality = ""


def _class_of(wanted: PictureClass) -> tuple[str, str]:
    return (PHOTOGRAPH, "XC") if wanted is PictureClass.PHOTOGRAPH else (CAPTURE, "OT")


# JPEG that stays as it is


@dataclass(frozen=True, slots=True)
class _Jpeg:
    stream: bytes
    rows: int
    columns: int
    samples: int
    is_subsampled: bool


def _baseline(data: bytes) -> _Jpeg | None:
    """The stream without comments and application data (they may name people and places), or None when it must be
    decoded: not baseline, turned by its EXIF, or in colours that DICOM has no name for."""
    pieces = [b"\xff\xd8"]
    position = 2
    size: tuple[int, int, int, bool] | None = None
    adobe = -1
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segment = data[position : position + 2 + length]
        if length < 2 or len(segment) < length + 2:
            return None
        if marker == 0xE1 and b"Exif" in segment[:10] and not _is_upright(data):
            return None
        if marker == 0xEE and segment[4:9] == b"Adobe" and length >= 14:
            adobe = segment[15]
        if marker in (0xC0, 0xC4, 0xDB, 0xDD, 0xDA, 0xE0):
            pieces.append(segment)
        elif not (0xE1 <= marker <= 0xEF or marker == 0xFE):
            return None
        if marker == 0xC0:
            if segment[4] != 8 or segment[9] not in (1, 3):
                return None
            rows, columns = struct.unpack(">HH", segment[5:9])
            sampling = {segment[11 + 3 * index] for index in range(segment[9])}
            size = (rows, columns, segment[9], len(sampling) > 1)
        position += 2 + length
        if marker == 0xDA:
            if size is None or not size[0] or not size[1] or (size[2] == 3 and adobe == 0):
                return None
            end = data.rfind(b"\xff\xd9")
            if end < position:
                return None
            pieces.append(data[position : end + 2])
            return _Jpeg(b"".join(pieces), size[0], size[1], size[2], size[3])
    return None


def _is_upright(data: bytes) -> bool:
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            return int(image.getexif().get(0x0112, 1) or 1) == 1
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _kept_jpeg(jpeg: _Jpeg, making: Making, wanted: PictureClass, size: int) -> Dataset:
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    if jpeg.rows * jpeg.columns > MAX_PIXELS:
        raise NotReadable(f"图片有 {jpeg.columns}×{jpeg.rows} 像素，超过上限。")
    _demand_decodable(jpeg.stream)
    made = _new(*_class_of(wanted), making)
    _put_class(made, wanted)
    _put_pixel_module(made, jpeg.rows, jpeg.columns, jpeg.samples, 8)
    if jpeg.samples == 3:
        made.PhotometricInterpretation = "YBR_FULL_422"
    _put_lossy(made, jpeg.rows * jpeg.columns * jpeg.samples, size)
    made.PixelData = encapsulate([jpeg.stream])
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = UID(JPEG_BASELINE)
    return made


def _demand_decodable(stream: bytes) -> None:
    from PIL import Image

    try:
        with Image.open(BytesIO(stream), formats=("JPEG",)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as bad:
        raise NotReadable("图片损坏，无法读取。") from bad


# everything else


def _decoded(data: memoryview, kind: str) -> _Pages:
    from PIL import Image, ImageOps, ImageSequence

    formats = ("JPEG", "PNG", "BMP", "TIFF", "MPO") if kind == "jpeg" else (kind.upper(),)
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            count = min(getattr(image, "n_frames", 1), MAX_PAGES + 1) if kind == "tiff" else 1
            if count > MAX_PAGES:
                raise NotReadable(f"图片超过 {MAX_PAGES} 页，未导入。")
            if image.width * image.height > MAX_PIXELS or image.width * image.height * count > MAX_ALL_PIXELS:
                raise NotReadable(f"图片有 {image.width}×{image.height} 像素、{count} 页，超过上限。")
            if max(image.size) > 65535:
                raise NotReadable("图片的边长超过 65535 像素。")
            pages = []
            for number, page in enumerate(ImageSequence.Iterator(image) if kind == "tiff" else [image]):
                if number >= count:
                    break
                turned: Image.Image = ImageOps.exif_transpose(page) or page
                pages.append(_plain(turned))
    except NotReadable:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, Image.DecompressionBombError) as bad:
        raise NotReadable("图片损坏或格式不受支持，无法读取。") from bad
    first = pages[0]
    if any(page[:4] != first[:4] for page in pages):
        raise NotReadable("多页图片各页的大小或颜色不同，请分页保存后再导入。")
    rows, columns, samples, bits, _ = first
    return _Pages(rows, columns, samples, bits, len(pages), b"".join(page[4] for page in pages))


def _plain(image: Any) -> tuple[int, int, int, int, bytes]:
    """Rows, columns, samples, bits, pixels (little endian): 8 or 16 bit grey, or 8 bit RGB on black."""
    from PIL import Image

    if image.mode in ("I;16", "I;16L", "I;16B", "I", "F"):
        import numpy as np

        grey = np.asarray(image)
        if image.mode in ("I", "F") and (float(grey.min()) < 0 or float(grey.max()) > 65535):
            raise NotReadable("图片的灰度值超出 16 位范围，无法导入。")
        return image.height, image.width, 1, 16, grey.astype("<u2").tobytes()
    if image.mode in ("1", "L"):
        image = image.convert("L")
        return image.height, image.width, 1, 8, image.tobytes()
    if image.mode in ("RGBA", "LA", "PA", "P", "La", "RGBa"):
        laid = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", laid.size, (0, 0, 0, 255)), laid)
    image = image.convert("RGB")
    return image.height, image.width, 3, 8, image.tobytes()


def _from_pages(pages: _Pages, making: Making, wanted: PictureClass, lossy: int) -> Dataset:
    sop_class, modality = _class_of(wanted)
    if pages.pages > 1:
        sop_class = CAPTURE_COLOUR if pages.samples == 3 else CAPTURE_WORD if pages.bits == 16 else CAPTURE_BYTE
    made = _new(sop_class, modality, making)
    _put_class(made, wanted)
    _put_pixel_module(made, pages.rows, pages.columns, pages.samples, pages.bits)
    if lossy:
        _put_lossy(made, len(pages.pixels), lossy)
    elif wanted is PictureClass.PHOTOGRAPH or pages.pages > 1:
        made.LossyImageCompression = "00"
    if pages.pages > 1:
        from pydicom.tag import Tag

        made.NumberOfFrames = pages.pages
        made.FrameIncrementPointer = Tag(0x0018, 0x2001)
        made.PageNumberVector = list(range(1, pages.pages + 1))
        if pages.samples == 1:
            made.PresentationLUTShape = "IDENTITY"
            made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    made.PixelData = pages.pixels + b"\0" * (len(pages.pixels) % 2)
    made["PixelData"].VR = "OW" if pages.bits == 16 else "OB"
    return made


def _put_pixel_module(made: Dataset, rows: int, columns: int, samples: int, bits: int) -> None:
    made.SamplesPerPixel = samples
    made.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "RGB"
    if samples > 1:
        made.PlanarConfiguration = 0
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit, made.PixelRepresentation = bits - 1, 0


def _put_lossy(made: Dataset, plain: int, compressed: int) -> None:
    made.LossyImageCompression = "01"
    made.LossyImageCompressionRatio = f"{max(plain / max(compressed, 1), 1):.2f}"
    made.LossyImageCompressionMethod = "ISO_10918_1"

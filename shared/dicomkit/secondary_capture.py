"""Secondary Capture images (PS3.3 A.8.1) from PNG or JPEG pictures: key images with drawings, photos, scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit import headers
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.7"
MAX_PIXELS = 100_000_000


def secondary_capture(
    patient: PatientFacts,
    study: StudyFacts,
    picture: bytes,
    *,
    made_at: dt.datetime,
    description: str = "",
    modality: str = "OT",
    shows_patient: bool = True,
    sources: Sequence[InstanceReference] = (),
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    instance_number: int = 1,
    character_set: str = headers.UTF8,
) -> Dataset:
    """Turn an 8-bit grey or colour picture into an image object; transparency is laid on black.

    `shows_patient`: whether the pixels may carry the patient's name. Raises ValueError for anything but PNG or JPEG.
    """
    kind, grey, rows, columns, pixels = _decoded(picture)
    made = headers.new_object(
        SOP_CLASS,
        modality,
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=930, description=description),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        instance_number=instance_number,
        character_set=character_set,
    )
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.ConversionType = "WSD"
    made.PatientOrientation = ""
    made.Laterality = ""
    made.BurnedInAnnotation = "YES" if shows_patient else "NO"
    if description:
        made.ImageComments = description
    if sources:
        made.SourceImageSequence = [items.referenced_sop(reference) for reference in sources]
    made.LossyImageCompression = "01" if kind == "JPEG" else "00"
    if kind == "JPEG":
        made.LossyImageCompressionRatio = f"{max(len(pixels) / len(picture), 1):.2f}"
        made.LossyImageCompressionMethod = "ISO_10918_1"
    made.SamplesPerPixel = 1 if grey else 3
    made.PhotometricInterpretation = "MONOCHROME2" if grey else "RGB"
    if not grey:
        made.PlanarConfiguration = 0
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = pixels + b"\0" * (len(pixels) % 2)
    made["PixelData"].VR = "OB"
    return made


def _decoded(picture: bytes) -> tuple[str, bool, int, int, bytes]:
    """Kind, whether grey, rows, columns, pixels by row."""
    from PIL import Image

    try:
        image: Image.Image = Image.open(BytesIO(picture), formats=("PNG", "JPEG"))
        if image.width * image.height > MAX_PIXELS or max(image.size) > 65535:
            raise ValueError(f"the picture has {image.width}×{image.height} pixels, more than an image object takes")
        image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError) as fault:
        raise ValueError("this is not a readable PNG or JPEG picture; capture it again") from fault
    kind = str(image.format)
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 257).convert("L")  # 16 bits to 8
    elif image.mode in ("1", "L"):
        image = image.convert("L")
    elif image.mode in ("RGBA", "LA", "PA", "P"):
        laid = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", laid.size, (0, 0, 0, 255)), laid).convert("RGB")
    else:
        image = image.convert("RGB")
    return kind, image.mode == "L", image.height, image.width, image.tobytes()

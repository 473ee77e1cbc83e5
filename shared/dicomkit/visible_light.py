"""VL Photographic and Microscopic images and video (PS3.3 A.32.2, A.32.4, A.32.6, A.32.7) from photographs.

Photographs keep their JPEG stream where DICOM can carry it (baseline, 4:2:2 or 4:2:0); everything else is unpacked.
A video is a multi-frame image of baseline JPEG streams (PS3.5 A.4.1), so that each frame is what the camera gave.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit import headers, uids
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PHOTOGRAPH = "1.2.840.10008.5.1.4.1.1.77.1.4"
MICROSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.2"
PHOTOGRAPH_VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.4.1"
MICROSCOPIC_VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.2.1"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
MAX_PIXELS = 150_000_000
BODY = Code("123037004", "SCT", "Body structure")
"""Where a piece comes from stands in the case, as text; the region is 1C for video."""


@dataclass(frozen=True)
class SpecimenFacts:
    """What is seen (Specimen module, PS3.3 C.7.6.22): the piece's printed identifier and its UID."""

    identifier: str
    uid: str
    description: str = ""


@dataclass(frozen=True)
class Optics:
    """How it was seen: the objective ("40x") and micrometres a pixel, 0 when not calibrated."""

    objective: str = ""
    um_per_pixel: float = 0.0


def photograph(
    patient: PatientFacts,
    study: StudyFacts,
    picture: bytes,
    specimen: SpecimenFacts,
    *,
    microscopic: bool,
    made_at: dt.datetime,
    optics: Optics = Optics(),
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    instance_number: int = 1,
    source: InstanceReference | None = None,
    steps: Sequence[str] = (),
) -> Dataset:
    """A JPEG or PNG as a VL image; `source` and `steps` make it a derived one. Raises ValueError for anything else."""
    made = _begun(
        MICROSCOPIC if microscopic else PHOTOGRAPH, patient, study, specimen, microscopic, made_at, series, equipment,
        sop_uid, instance_number, optics,
    )  # fmt: skip
    made.ImageType = ["DERIVED" if steps else "ORIGINAL", "PRIMARY"]
    if steps:
        made.DerivationDescription = "; ".join(steps)[:1024]
        if source is not None:
            made.SourceImageSequence = [items.referenced_sop(source)]
    baseline = baseline_size(picture)
    if baseline is not None:
        _encapsulate(made, [picture], *baseline)
    else:
        _unpack(made, picture)
    return made


def video(
    patient: PatientFacts,
    study: StudyFacts,
    pictures: Iterable[bytes],
    rate: float,
    specimen: SpecimenFacts,
    *,
    microscopic: bool,
    made_at: dt.datetime,
    optics: Optics = Optics(),
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    instance_number: int = 1,
) -> Dataset:
    """Baseline JPEG pictures of one size as a VL video. Raises ValueError when they are not."""
    frames = list(pictures)
    sizes = {baseline_size(frame) for frame in frames}
    if len(sizes) != 1 or (size := sizes.pop()) is None:
        raise ValueError("a video object takes baseline JPEG pictures of one size, 4:2:2 or 4:2:0")
    made = _begun(
        MICROSCOPIC_VIDEO if microscopic else PHOTOGRAPH_VIDEO, patient, study, specimen, microscopic, made_at, series,
        equipment, sop_uid, instance_number, optics,
    )  # fmt: skip
    made.ImageType = ["ORIGINAL", "PRIMARY"]
    _encapsulate(made, frames, *size)
    made.NumberOfFrames = len(frames)
    made.FrameIncrementPointer = 0x00181063
    made.FrameTime = f"{1000 / rate:.6f}"[:16]
    made.CineRate = max(1, round(rate))
    made.AnatomicRegionSequence = items.code_sequence(BODY)
    return made


def _begun(
    sop_class: str,
    patient: PatientFacts,
    study: StudyFacts,
    specimen: SpecimenFacts,
    microscopic: bool,
    made_at: dt.datetime,
    series: SeriesFacts | None,
    equipment: EquipmentFacts | None,
    sop_uid: str | None,
    instance_number: int,
    optics: Optics,
) -> Dataset:
    from pydicom.dataset import Dataset

    made = headers.new_object(
        sop_class,
        "GM" if microscopic else "XC",
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=940 + microscopic),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        instance_number=instance_number,
    )
    made.AcquisitionDateTime = made_at.strftime("%Y%m%d%H%M%S")
    made.PatientOrientation = ""
    made.BurnedInAnnotation = "NO"
    made.AcquisitionContextSequence = []
    made.ContainerIdentifier = specimen.identifier
    made.IssuerOfTheContainerIdentifierSequence = []
    made.ContainerTypeCodeSequence = []
    piece = Dataset()
    piece.SpecimenIdentifier = specimen.identifier
    piece.IssuerOfTheSpecimenIdentifierSequence = []
    piece.SpecimenUID = uids.checked(specimen.uid)
    if specimen.description:
        piece.SpecimenShortDescription = specimen.description[:64]
    piece.SpecimenPreparationSequence = []
    made.SpecimenDescriptionSequence = [piece]
    if optics.um_per_pixel > 0:
        made.PixelSpacing = [f"{optics.um_per_pixel / 1000:.10f}"[:16]] * 2
    if optics.objective:
        made.ImageComments = f"Objective {optics.objective}"
    return made


def _encapsulate(made: Dataset, frames: Sequence[bytes], rows: int, columns: int) -> None:
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    made.file_meta.TransferSyntaxUID = UID(JPEG_BASELINE)
    _describe(made, rows, columns, "YBR_FULL_422")
    made.LossyImageCompression = "01"
    made.LossyImageCompressionRatio = f"{max(rows * columns * 3 * len(frames) / sum(map(len, frames)), 1):.2f}"
    made.LossyImageCompressionMethod = "ISO_10918_1"
    made.PixelData = encapsulate([frame + b"\0" * (len(frame) % 2) for frame in frames], has_bot=len(frames) < 4096)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True


def _unpack(made: Dataset, picture: bytes) -> None:
    from PIL import Image

    try:
        image: Image.Image = Image.open(BytesIO(picture), formats=("PNG", "JPEG"))
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"the picture has {image.width}×{image.height} pixels, more than an image object takes")
        lossy = image.format == "JPEG"
        pixels = image.convert("RGB").tobytes()
    except (OSError, SyntaxError, Image.DecompressionBombError) as fault:
        raise ValueError("this is not a readable PNG or JPEG picture; capture it again") from fault
    _describe(made, image.height, image.width, "RGB")
    made.LossyImageCompression = "01" if lossy else "00"
    if lossy:
        made.LossyImageCompressionRatio = f"{max(len(pixels) / len(picture), 1):.2f}"
        made.LossyImageCompressionMethod = "ISO_10918_1"
    made.PixelData = pixels + b"\0" * (len(pixels) % 2)
    made["PixelData"].VR = "OB"


def _describe(made: Dataset, rows: int, columns: int, photometric: str) -> None:
    made.SamplesPerPixel = 3
    made.PhotometricInterpretation = photometric
    made.PlanarConfiguration = 0
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0


def baseline_size(picture: bytes) -> tuple[int, int] | None:
    """Rows and columns of a baseline JPEG with three components at 4:2:2 or 4:2:0 (ITU-T T.81, B.2.2); else None."""
    at = 2
    while picture[:2] == b"\xff\xd8" and at + 4 <= len(picture) and picture[at] == 0xFF:
        marker, length = picture[at + 1], struct.unpack_from(">H", picture, at + 2)[0]
        if marker == 0xC0 and length >= 17 and at + 2 + length <= len(picture):
            rows, columns = struct.unpack_from(">HH", picture, at + 5)
            samplings = (picture[at + 11], picture[at + 14], picture[at + 17])
            fits = (
                picture[at + 4] == 8 and picture[at + 9] == 3 and samplings in ((0x21, 0x11, 0x11), (0x22, 0x11, 0x11))
            )
            return (rows, columns) if fits and rows and columns else None
        if length < 2 or (0xC1 <= marker <= 0xCF and marker not in (0xC4, 0xCC)) or marker in (0xD9, 0xDA):
            return None
        at += 2 + length
    return None

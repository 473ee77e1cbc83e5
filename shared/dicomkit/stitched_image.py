"""A stitched picture as a derived image (Secondary Capture, PS3.3 A.8.1) that names the images it was made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared.dicomkit import content_items as items
from shared.dicomkit import headers
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.7"
LARGEST_SIDE = 65535
_COPIED = ("BodyPartExamined", "PatientOrientation", "PixelSpacingCalibrationType",
           "PixelSpacingCalibrationDescription", "PatientAge")  # fmt: skip


def stitched_image(
    patient: PatientFacts,
    study: StudyFacts,
    picture: NDArray[Any],
    first: Dataset,
    sources: Sequence[InstanceReference],
    *,
    spacing_mm: tuple[float, float],
    inverted: bool,
    window: tuple[float, float] | None,
    made_at: dt.datetime,
    residual_mm: float | None = None,
    author: str = "",
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
) -> Dataset:
    """The object; ``picture`` is float32 ``[row, column]`` on pixels of ``spacing_mm``, ``first`` the first source.

    ``window`` is (centre, width) in the values of the picture. Raises ValueError when the picture is too large.
    """
    import numpy as np

    rows, columns = picture.shape
    if max(rows, columns) > LARGEST_SIDE:
        raise ValueError("the stitched picture is larger than an image object can be")
    low = min(0.0, float(np.floor(picture.min())))
    pixels = np.clip(np.rint(picture - low), 0, 65535).astype("<u2")
    made = headers.new_object(
        SOP_CLASS,
        str(first.get("Modality", "OT") or "OT"),
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=903, description="拼接"),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
    )
    made.PatientOrientation = ""
    side = str(first.get("Laterality", "") or first.get("ImageLaterality", "") or "")
    if side in ("L", "R"):
        made.Laterality = side
    elif not str(first.get("BodyPartExamined", "") or ""):
        made.Laterality = ""  # type 2C: not known to be unpaired
    for keyword in _COPIED:
        if keyword in first:
            setattr(made, keyword, first.get(keyword))
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.ConversionType = "WSD"
    made.BurnedInAnnotation = str(first.get("BurnedInAnnotation", "") or "NO")
    what = f"Stitched of {len(sources)} images"
    if residual_mm is not None and np.isfinite(residual_mm):
        what += f", residual {residual_mm:.2f} mm"
    made.DerivationDescription = what
    made.ImageComments = f"{what}; {author}" if author else what
    made.SourceImageSequence = [items.referenced_sop(reference) for reference in sources]
    made.PixelSpacing = [_decimal(mm) for mm in spacing_mm]
    made.LossyImageCompression = str(first.get("LossyImageCompression", "") or "00")
    if made.LossyImageCompression == "01":
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if keyword in first:
                setattr(made, keyword, first.get(keyword))
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 0
    if window is not None and window[1] > 0:
        made.WindowCenter, made.WindowWidth = _decimal(window[0] - low), _decimal(window[1])
    made.PixelData = pixels.tobytes()
    made["PixelData"].VR = "OW"
    return made


def _decimal(value: float) -> str:
    text = f"{value:.8f}".rstrip("0").rstrip(".")
    return text if len(text) <= 16 else f"{value:.8e}"

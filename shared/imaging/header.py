"""What a viewer must know of one image, out of a header that may be wrong in every place.

Values that break their own rules become "absent": a wrong window centre must not hide an image. Knows no files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.imaging.codecs import LOSSY, ImpossibleFormat, Palette, PixelFormat
from shared.imaging.frame_headers import FrameHeader, frame_headers, frame_rate
from shared.imaging.geometry import UNCALIBRATED, PixelPoint, Spacing, SpacingSource, UltrasoundRegion
from shared.imaging.overlays import OverlayPlane, overlays_of
from shared.imaging.shutters import Shutter, shutter_of
from shared.imaging.suv import SuvFacts, suv_facts
from shared.imaging.tables import palette_of
from shared.imaging.values import bytes_of, first_of, items_of, number_of, numbers_of, strings_of, text_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["FrameHeader", "ImageHeader", "image_header", "pixel_format", "text_of"]


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What is the same for all frames of one object, and the frames."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax: str
    modality_code: str
    pixel_format: PixelFormat
    frames: tuple[FrameHeader, ...]
    instance_number: int = 0
    inverted: bool = False  # MONOCHROME1 or Presentation LUT Shape INVERSE
    padding: int | None = None  # Pixel Padding Value: no tissue, shown black
    padding_limit: int | None = None  # Pixel Padding Range Limit: the other end of a range
    lossy: bool = False
    lossy_ratio: float | None = None
    patient_orientation: tuple[str, str] | None = None
    regions: tuple[UltrasoundRegion, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)  # keyword → text for the corners
    overlays: tuple[OverlayPlane, ...] = ()
    shutter: Shutter | None = None
    frame_rate: float | None = None  # images per second of a cine
    icc: bytes = field(default=b"", repr=False)  # ICC profile of colour pixels
    suv: SuvFacts | None = None  # of PET images
    frame_of_reference_uid: str = ""
    supplement: Palette | None = field(
        default=None, compare=False
    )  # colours of stored values from its first on; what lies below is grey
    is_tiled: bool = False  # frames are tiles of one large image

    @property
    def padding_range(self) -> tuple[int, int] | None:
        """Lowest and highest stored value that is padding (PS3.3 C.7.5.1.1.2); None without padding."""
        if self.padding is None:
            return None
        other = self.padding if self.padding_limit is None else self.padding_limit
        return (min(self.padding, other), max(self.padding, other))

    def region_at(self, point: PixelPoint) -> UltrasoundRegion | None:
        """The ultrasound region of highest priority that holds ``point`` (PS3.3 C.8.5.5.1.3)."""
        holding = [region for region in self.regions if region.holds(point)]
        return min(holding, key=lambda region: region.is_low_priority, default=None)

    def spacing_at(self, frame: int, point: PixelPoint) -> Spacing:
        """Spacing for a measurement at ``point``: an ultrasound region's where the point lies in one.

        In a region of another kind (spectrum, M-mode, colour bar) there are no millimetres in both directions.
        """
        region = self.region_at(point)
        if region is None:
            return self.frames[frame].spacing
        if not region.is_spatial:
            return UNCALIBRATED
        return Spacing(region.row_mm, region.column_mm, SpacingSource.REGION)


_TEXTS = (
    "PatientName PatientID PatientSex PatientAge PatientBirthDate StudyDate StudyTime SeriesDate SeriesTime "
    "AcquisitionDate AcquisitionTime ContentDate ContentTime StudyDescription SeriesDescription SeriesNumber "
    "BodyPartExamined Laterality ImageLaterality ViewPosition ProtocolName KVP XRayTubeCurrent Exposure "
    "SliceThickness SliceLocation GantryDetectorTilt ConvolutionKernel RepetitionTime EchoTime FlipAngle "
    "MagneticFieldStrength InstitutionName Manufacturer ManufacturerModelName StationName AccessionNumber "
    "ContrastBolusAgent Units AcquisitionNumber ImageType TemporalPositionIdentifier TriggerTime EchoNumbers "
    "DiffusionBValue SpacingBetweenSlices DoseSummationType DoseUnits DoseType BurnedInAnnotation LossyImageCompression"
).split()


def image_header(ds: Dataset, transfer_syntax: str = "") -> ImageHeader:
    """The header of an image object; raises ``ImpossibleFormat`` when it describes no image."""
    from shared.imaging.frames import careful_reading

    with careful_reading():
        return _image_header(ds, transfer_syntax)


def _image_header(ds: Dataset, transfer_syntax: str) -> ImageHeader:
    syntax = transfer_syntax or str(getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", "") or "")
    modality_code = text_of(ds, "Modality")
    fmt = pixel_format(ds)
    photometric = fmt.photometric
    shape = text_of(ds, "PresentationLUTShape")
    ratio = numbers_of(ds, "LossyImageCompressionRatio")
    orientation = strings_of(ds, "PatientOrientation")
    frames = frame_headers(ds, modality_code, exact=has_floats(ds))
    overlays = overlays_of(ds)
    return ImageHeader(
        sop_instance_uid=text_of(ds, "SOPInstanceUID"),
        sop_class_uid=text_of(ds, "SOPClassUID"),
        transfer_syntax=syntax,
        modality_code=modality_code,
        pixel_format=fmt,
        frames=frames,
        instance_number=int(number_of(ds, "InstanceNumber") or 0),
        # PS3.3 C.7.6.3.1.2 and C.11.6.1.2; the two say the same where both are given.
        inverted=photometric == "MONOCHROME1" or (photometric != "MONOCHROME2" and shape == "INVERSE"),
        padding=_padding(ds, fmt, "PixelPaddingValue"),
        padding_limit=_padding(ds, fmt, "PixelPaddingRangeLimit"),
        lossy=text_of(ds, "LossyImageCompression") == "01" or syntax in _ALWAYS_LOSSY,
        lossy_ratio=ratio[-1] if ratio else None,
        patient_orientation=(orientation[0], orientation[1]) if len(orientation) == 2 else None,
        regions=_regions(ds),
        texts={keyword: text for keyword in _TEXTS if (text := text_of(ds, keyword))},
        overlays=overlays,
        shutter=shutter_of(ds, overlays),
        frame_rate=frame_rate(ds, frames),
        icc=_profile(ds) if fmt.is_colour else b"",
        suv=suv_facts(ds) if modality_code == "PT" else None,
        frame_of_reference_uid=text_of(ds, "FrameOfReferenceUID"),
        supplement=_supplement(ds, fmt),
        is_tiled=(number_of(ds, "TotalPixelMatrixColumns") or 0) > 0,
    )


def _supplement(ds: Any, fmt: PixelFormat) -> Palette | None:
    """Supplemental Palette Color Lookup Table of grey images that hold colours too (PS3.3 C.7.6.23)."""
    coloured = text_of(ds, "PixelPresentation") in ("COLOR", "MIXED")
    return palette_of(ds, signed=fmt.signed) if coloured and fmt.photometric == "MONOCHROME2" else None


def _profile(ds: Any) -> bytes:
    """The ICC profile of the image, or of the first optical path of a slide (PS3.3 C.11.15, C.8.12.5)."""
    own = bytes_of(ds, "ICCProfile")
    path = first_of(ds, "OpticalPathSequence")
    return own or (bytes_of(path, "ICCProfile") if path is not None else b"")


# JPEG baseline and extended have no lossless form; JPEG 2000 and others may be reversible.
_ALWAYS_LOSSY = LOSSY & frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))


def has_floats(ds: Any) -> bool:
    """True for Float and Double Float Pixel Data, told by their modules where the header ends before the pixels.

    PS3.3 C.7.6.24 and C.7.6.25 have no Bits Stored, which integers never lack; some writers put a Pixel Representation
    there all the same.
    """
    if "FloatPixelData" in ds or "DoubleFloatPixelData" in ds:
        return True
    wide = number_of(ds, "BitsAllocated") in (32, 64)
    return wide and "BitsStored" not in ds


def pixel_format(ds: Dataset) -> PixelFormat:
    """The Image Pixel module; raises ``ImpossibleFormat``."""
    rows, columns = number_of(ds, "Rows"), number_of(ds, "Columns")
    if not rows or not columns:
        raise ImpossibleFormat("The object has no rows and columns; it is not an image.")
    allocated = int(number_of(ds, "BitsAllocated") or 16)
    floating = has_floats(ds)
    stored = int(number_of(ds, "BitsStored") or allocated)
    high_bit = number_of(ds, "HighBit")
    signed = number_of(ds, "PixelRepresentation") == 1
    photometric = text_of(ds, "PhotometricInterpretation") or "MONOCHROME2"
    return PixelFormat(
        rows=int(rows),
        columns=int(columns),
        bits_allocated=allocated,
        bits_stored=min(stored, allocated),
        signed=signed,
        samples=int(number_of(ds, "SamplesPerPixel") or 1),
        photometric=photometric,
        planar=number_of(ds, "PlanarConfiguration") == 1,
        high_bit=int(high_bit) if high_bit is not None and stored - 1 <= high_bit < allocated else -1,
        floating=floating,
        palette=palette_of(ds, signed=signed) if photometric == "PALETTE COLOR" else None,
    )


def _padding(ds: Any, fmt: PixelFormat, keyword: str) -> int | None:
    value = number_of(ds, keyword)
    if value is None:
        return None
    padding = int(value)
    return padding - 65_536 if fmt.signed and padding > 32_767 else padding


def _regions(ds: Any) -> tuple[UltrasoundRegion, ...]:
    """All regions whose place and scale are given, PS3.3 C.8.5.5.1."""
    regions = []
    for item in items_of(ds, "SequenceOfUltrasoundRegions"):
        x, y = number_of(item, "PhysicalDeltaX"), number_of(item, "PhysicalDeltaY")
        corners = [
            number_of(item, k)
            for k in ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
        ]
        if not x or not y or None in corners:
            continue
        left, top, right, bottom = (int(c or 0) for c in corners)
        units = [
            int(number_of(item, keyword) or 0) for keyword in ("PhysicalUnitsXDirection", "PhysicalUnitsYDirection")
        ]
        if not any(units) and not any(number_of(item, k) for k in ("RegionDataType", "RegionSpatialFormat")):
            continue  # "none" of all: it says nothing, and must not hide a region below it that does
        regions.append(
            UltrasoundRegion(
                left,
                top,
                right,
                bottom,
                abs(x) * 10,
                abs(y) * 10,
                unit_x=units[0],
                unit_y=units[1],
                is_low_priority=bool(int(number_of(item, "RegionFlags") or 0) & 1),
                reference_x=number_of(item, "ReferencePixelX0"),
                reference_y=number_of(item, "ReferencePixelY0"),
                delta_x=x,
                delta_y=y,
            )
        )
    return tuple(regions)

"""What a viewer must know of one image, out of a header that may be wrong in every place.

Values that break their own rules become "absent": a wrong window centre must not hide an image. Knows no files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.imaging.codecs import LOSSY, ImpossibleFormat, Palette, PixelFormat
from shared.imaging.geometry import (
    UNCALIBRATED,
    NoPlane,
    PixelPoint,
    Plane,
    Spacing,
    UltrasoundRegion,
    choose_spacing,
)
from shared.imaging.lut import LookupTable, Modality, VoiFunction, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What may differ from frame to frame of one object."""

    plane: Plane | None = None
    spacing: Spacing = UNCALIBRATED
    modality: Modality = field(default_factory=Modality)
    voi: tuple[Window | LookupTable, ...] = ()
    duration_ms: float | None = None


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
    padding: int | None = None
    lossy: bool = False
    lossy_ratio: float | None = None
    patient_orientation: tuple[str, str] | None = None
    regions: tuple[UltrasoundRegion, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)  # keyword → text for the corners

    def spacing_at(self, frame: int, point: PixelPoint) -> Spacing:
        """Spacing for a measurement at ``point``: an ultrasound region's where the point lies in one."""
        from shared.imaging.geometry import SpacingSource

        for region in self.regions:
            if region.holds(point):
                return Spacing(region.row_mm, region.column_mm, SpacingSource.REGION)
        return self.frames[frame].spacing


_TEXTS = (
    "PatientName PatientID PatientSex PatientAge PatientBirthDate StudyDate StudyTime SeriesDate SeriesTime "
    "AcquisitionDate AcquisitionTime ContentDate ContentTime StudyDescription SeriesDescription SeriesNumber "
    "BodyPartExamined Laterality ImageLaterality ViewPosition ProtocolName KVP XRayTubeCurrent Exposure "
    "SliceThickness SliceLocation GantryDetectorTilt ConvolutionKernel RepetitionTime EchoTime FlipAngle "
    "MagneticFieldStrength InstitutionName Manufacturer ManufacturerModelName StationName AccessionNumber "
    "ContrastBolusAgent Units AcquisitionNumber ImageType"
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
    ratio = _numbers(ds, "LossyImageCompressionRatio")
    orientation = _strings(ds, "PatientOrientation")
    return ImageHeader(
        sop_instance_uid=text_of(ds, "SOPInstanceUID"),
        sop_class_uid=text_of(ds, "SOPClassUID"),
        transfer_syntax=syntax,
        modality_code=modality_code,
        pixel_format=fmt,
        frames=_frame_headers(ds, modality_code),
        instance_number=int(_number(ds, "InstanceNumber") or 0),
        # PS3.3 C.7.6.3.1.2 and C.11.6.1.2; the two say the same where both are given.
        inverted=photometric == "MONOCHROME1" or (photometric != "MONOCHROME2" and shape == "INVERSE"),
        padding=_padding(ds, fmt),
        lossy=text_of(ds, "LossyImageCompression") == "01" or syntax in _ALWAYS_LOSSY,
        lossy_ratio=ratio[-1] if ratio else None,
        patient_orientation=(orientation[0], orientation[1]) if len(orientation) == 2 else None,
        regions=_regions(ds),
        texts={keyword: text for keyword in _TEXTS if (text := text_of(ds, keyword))},
    )


# JPEG baseline and extended have no lossless form; JPEG 2000 and others may be reversible.
_ALWAYS_LOSSY = LOSSY & frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))


def pixel_format(ds: Dataset) -> PixelFormat:
    """The Image Pixel module; raises ``ImpossibleFormat``."""
    rows, columns = _number(ds, "Rows"), _number(ds, "Columns")
    if not rows or not columns:
        raise ImpossibleFormat("The object has no rows and columns; it is not an image.")
    allocated = int(_number(ds, "BitsAllocated") or 16)
    floating = "FloatPixelData" in ds or "DoubleFloatPixelData" in ds
    stored = int(_number(ds, "BitsStored") or allocated)
    high_bit = _number(ds, "HighBit")
    photometric = text_of(ds, "PhotometricInterpretation") or "MONOCHROME2"
    return PixelFormat(
        rows=int(rows),
        columns=int(columns),
        bits_allocated=allocated,
        bits_stored=min(stored, allocated),
        signed=_number(ds, "PixelRepresentation") == 1,
        samples=int(_number(ds, "SamplesPerPixel") or 1),
        photometric=photometric,
        planar=_number(ds, "PlanarConfiguration") == 1,
        high_bit=int(high_bit) if high_bit is not None and stored - 1 <= high_bit < allocated else -1,
        floating=floating,
        palette=_palette(ds) if photometric == "PALETTE COLOR" else None,
    )


# --- careful reading of single values --------------------------------------------------------------------


def text_of(ds: Any, keyword: str) -> str:
    """The value as one line of text, empty where it is absent or unreadable."""
    try:
        value = ds.get(keyword)
    except Exception:  # noqa: BLE001 - pydicom converts lazily and raises many classes for wrong values
        return ""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part) for part in value)
    return str(value).replace("\0", "").strip()


def _strings(ds: Any, keyword: str) -> list[str]:
    text = text_of(ds, keyword)
    return text.split("\\") if text else []


def _numbers(ds: Any, keyword: str) -> tuple[float, ...]:
    numbers = []
    for part in _strings(ds, keyword):
        try:
            number = float(part)
        except ValueError:
            return ()
        if not math.isfinite(number):
            return ()
        numbers.append(number)
    return tuple(numbers)


def _number(ds: Any, keyword: str) -> float | None:
    numbers = _numbers(ds, keyword)
    return numbers[0] if numbers else None


def _items(ds: Any, keyword: str) -> Sequence[Any]:
    try:
        value = ds.get(keyword)
    except Exception:  # noqa: BLE001 - as in text_of
        return ()
    return list(value) if value is not None and type(value).__name__ == "Sequence" else ()


def _first(ds: Any, keyword: str) -> Any | None:
    items = _items(ds, keyword)
    return items[0] if items else None


# --- tables ----------------------------------------------------------------------------------------------


def _table(item: Any, *, signed: bool) -> LookupTable | None:
    """LUT Descriptor and LUT Data of a Modality or VOI LUT item (PS3.3 C.11.1.1.1, C.11.2.1.1)."""
    import numpy as np

    try:
        entries, first, bits = (int(v) for v in item.LUTDescriptor)
        data = item.LUTData
        raw = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.atleast_1d(np.asarray(data, np.int64))
    except Exception:  # noqa: BLE001 - as in text_of
        return None
    entries = entries or 65_536
    first = first - 65_536 if signed and first > 32_767 else first
    values = raw.astype(np.int64) & 0xFFFF
    if bits == 8 and len(values) * 2 == entries:  # 8-bit entries packed two to a word
        values = values.astype("<u2").view(np.uint8).astype(np.int64)
    if not 8 <= bits <= 16 or len(values) < entries or entries < 2:
        return None
    values = values[:entries]
    while bits < 16 and int(values.max()) >= 1 << bits:  # descriptors that promise fewer bits than they use
        bits += 1
    return LookupTable(first, values.astype(np.uint16), bits, text_of(item, "LUTExplanation"))


def _palette(ds: Any) -> Palette | None:
    """Red, green and blue tables, plain or segmented (PS3.3 C.7.6.3.1.5, C.7.9.2)."""
    import numpy as np

    columns = []
    first = 0
    for colour in ("Red", "Green", "Blue"):
        try:
            descriptor = [int(v) for v in ds[f"{colour}PaletteColorLookupTableDescriptor"].value]
            segmented = f"Segmented{colour}PaletteColorLookupTableData"
            if segmented in ds:
                from pydicom.pixels.processing import _expand_segmented_lut

                fmt = "B" if descriptor[2] == 8 else "H"
                raw = bytes(ds[segmented].value)
                entries = np.array(
                    _expand_segmented_lut(tuple(np.frombuffer(raw, f"<{fmt}").tolist()), fmt), dtype=np.uint16
                )
            else:
                raw = bytes(ds[f"{colour}PaletteColorLookupTableData"].value)
                count = descriptor[0] or 65_536
                packed = descriptor[2] == 8 and len(raw) < 2 * count
                entries = np.frombuffer(raw, np.uint8 if packed else "<u2").astype(np.uint16)
        except Exception:  # noqa: BLE001 - as in text_of
            return None
        first = descriptor[1]
        entries = entries[: descriptor[0] or 65_536]
        columns.append(entries >> 8 if descriptor[2] == 16 and int(entries.max(initial=0)) > 255 else entries)
    length = min(len(column) for column in columns)
    if length == 0:
        return None
    return Palette(first, np.stack([column[:length] for column in columns], -1).astype(np.uint8))


# Units (0054,1001) as people write them, PS3.3 C.8.9.1.1.3.
_READABLE_UNITS = {"BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "CPS": "counts/s", "NONE": ""}

# XA and XRF: the table leads back to X-ray intensity and is not for display (PS3.3 C.8.7.1.1.2).
_INTENSITY_LUT = frozenset(f"1.2.840.10008.5.1.4.1.1.12.{n}" for n in ("1", "2", "1.1", "2.1"))


def _modality(ds: Any, unit_source: Any, *, signed: bool, modality_code: str) -> Modality:
    unit = text_of(ds, "RescaleType") or text_of(unit_source, "RescaleType")
    if unit in ("US", "UNSPECIFIED"):
        unit = ""
    if not unit and modality_code == "CT":
        unit = "HU"
    if not unit and modality_code == "PT":
        unit = text_of(unit_source, "Units")
    unit = _READABLE_UNITS.get(unit, unit)
    item = _first(ds, "ModalityLUTSequence")
    if text_of(unit_source, "SOPClassUID") in _INTENSITY_LUT:
        item = None
    if item is not None and (table := _table(item, signed=signed)) is not None:
        return Modality(table=table, unit=text_of(item, "ModalityLUTType").replace("US", ""))
    slope, intercept = _number(ds, "RescaleSlope"), _number(ds, "RescaleIntercept")
    if slope is None and intercept is None:
        return Modality(unit="" if modality_code == "CT" else unit)
    return Modality(slope=slope or 1.0, intercept=intercept or 0.0, unit=unit)


def _voi(ds: Any, *, signed: bool) -> tuple[Window | LookupTable, ...]:
    centres, widths = _numbers(ds, "WindowCenter"), _numbers(ds, "WindowWidth")
    names = _strings(ds, "WindowCenterWidthExplanation")
    function = text_of(ds, "VOILUTFunction")
    kind = VoiFunction(function) if function in VoiFunction.__members__ else VoiFunction.LINEAR
    choices: list[Window | LookupTable] = [
        Window(centre, width, kind, names[n] if n < len(names) else "")
        for n, (centre, width) in enumerate(zip(centres, widths, strict=False))
        if width >= 1 or (width > 0 and kind is not VoiFunction.LINEAR)
    ]
    for item in _items(ds, "VOILUTSequence"):
        if (table := _table(item, signed=signed)) is not None:
            choices.append(table)
    return tuple(choices)


def _padding(ds: Any, fmt: PixelFormat) -> int | None:
    value = _number(ds, "PixelPaddingValue")
    if value is None:
        return None
    padding = int(value)
    return padding - 65_536 if fmt.signed and padding > 32_767 else padding


# --- geometry --------------------------------------------------------------------------------------------


def _spacing(ds: Any, modality_code: str, pixel_spacing: Sequence[float]) -> Spacing:
    return choose_spacing(
        modality=modality_code,
        pixel_spacing=pixel_spacing,
        imager_spacing=_numbers(ds, "ImagerPixelSpacing"),
        nominal_spacing=_numbers(ds, "NominalScannedPixelSpacing"),
        magnification=_number(ds, "EstimatedRadiographicMagnificationFactor"),
        calibration=text_of(ds, "PixelSpacingCalibrationType"),
        aspect=_numbers(ds, "PixelAspectRatio"),
    )


def _plane(position: Sequence[float], orientation: Sequence[float], spacing: Sequence[float]) -> Plane | None:
    try:
        return Plane.of(position, orientation, spacing or (1.0, 1.0))
    except NoPlane:
        return None


def _frame_headers(ds: Any, modality_code: str) -> tuple[FrameHeader, ...]:
    from shared.imaging.frames import number_of_frames

    count = number_of_frames(ds)
    signed = _number(ds, "PixelRepresentation") == 1
    shared_groups = _first(ds, "SharedFunctionalGroupsSequence")
    per_frame = _items(ds, "PerFrameFunctionalGroupsSequence")
    top = _one_frame(
        ds, position=ds, orientation=ds, measures=ds, values=ds, voi=ds, modality_code=modality_code, signed=signed
    )
    if shared_groups is None and not per_frame:
        return (top,) * count

    def group(n: int, keyword: str) -> Any:
        own = _first(per_frame[n], keyword) if n < len(per_frame) else None
        if own is None and shared_groups is not None:
            own = _first(shared_groups, keyword)
        return ds if own is None else own

    return tuple(
        _one_frame(
            ds,
            position=group(n, "PlanePositionSequence"),
            orientation=group(n, "PlaneOrientationSequence"),
            measures=group(n, "PixelMeasuresSequence"),
            values=group(n, "PixelValueTransformationSequence"),
            voi=group(n, "FrameVOILUTSequence"),
            modality_code=modality_code,
            signed=signed,
        )
        for n in range(count)
    )


def _one_frame(
    ds: Any, *, position: Any, orientation: Any, measures: Any, values: Any, voi: Any, modality_code: str, signed: bool
) -> FrameHeader:
    pixel_spacing = _numbers(measures, "PixelSpacing")
    return FrameHeader(
        plane=_plane(
            _numbers(position, "ImagePositionPatient"), _numbers(orientation, "ImageOrientationPatient"), pixel_spacing
        ),
        spacing=_spacing(ds, modality_code, pixel_spacing),
        modality=_modality(values, ds, signed=signed, modality_code=modality_code),
        voi=_voi(voi, signed=signed),
        duration_ms=_number(ds, "FrameTime"),
    )


def _regions(ds: Any) -> tuple[UltrasoundRegion, ...]:
    """Regions with a 2-D scale in centimetres (units code 3) on both axes, PS3.3 C.8.5.5.1."""
    regions = []
    for item in _items(ds, "SequenceOfUltrasoundRegions"):
        x, y = _number(item, "PhysicalDeltaX"), _number(item, "PhysicalDeltaY")
        corners = [
            _number(item, k)
            for k in ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
        ]
        centimetres = _number(item, "PhysicalUnitsXDirection") == 3 == _number(item, "PhysicalUnitsYDirection")
        if centimetres and x and y and None not in corners:
            left, top, right, bottom = (int(c or 0) for c in corners)
            regions.append(UltrasoundRegion(left, top, right, bottom, abs(x) * 10, abs(y) * 10))
    return tuple(regions)

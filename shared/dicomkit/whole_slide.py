"""Writes VL Whole Slide Microscopy images (PS3.3 A.32.8): one object for each level, the label and the overview.

Tiles are baseline JPEG, organised TILED_FULL (PS3.3 C.7.6.17.3); a level of any size is written from tiles as they
come, with little memory.
"""

from __future__ import annotations

import datetime as dt
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit import headers, uids
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.visible_light import JPEG_BASELINE, SpecimenFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
BRIGHTFIELD = Code("111744", "DCM", "Brightfield illumination")
FULL_SPECTRUM = Code("414298005", "SCT", "Full Spectrum")
MICROSCOPE_SLIDE = Code("433466003", "SCT", "Microscope slide")
SLIDE = Code("1179252003", "SCT", "Slide")
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_LONGEST_OFFSET = (1 << 32) - 2
_DEPTH_MM = 0.0005
"""Thickness of a section in focus where the scanner says nothing: 0.5 µm, as other converters write."""

IMAGE_TYPES = {
    "VOLUME": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
    "RESAMPLED": ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"],
    "LABEL": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"],
    "OVERVIEW": ["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"],
}
"""Image Type (PS3.3 C.8.12.4.1.1) by flavour."""


@dataclass(frozen=True)
class SlideCommon:
    """What all objects of one slide share. `mpp` in micrometres: between columns, between rows, at full resolution."""

    patient: PatientFacts
    study: StudyFacts
    specimen: SpecimenFacts
    made_at: dt.datetime
    profile: bytes
    mpp: tuple[float, float]
    objective: float | None = None
    stain: str = ""
    equipment: EquipmentFacts = field(default_factory=EquipmentFacts)
    series: SeriesFacts = field(default_factory=lambda: SeriesFacts(number=945, description="Whole slide"))
    root: str = field(default_factory=uids.new_uid)
    """UIDs of the objects, the frame of reference and the pyramid are derived from it."""


@dataclass(frozen=True)
class LevelFacts:
    """One object: `flavour` is a key of IMAGE_TYPES; `size` columns and rows; `shrink` against full resolution."""

    flavour: str
    size: tuple[int, int]
    tile: tuple[int, int]
    shrink: float = 1.0
    photometric: str = "YBR_FULL_422"
    number: int = 1


def write_level(common: SlideCommon, level: LevelFacts, tiles: Iterable[bytes], path: Path) -> int:
    """Write one level from its tiles, row by row, each a whole JPEG stream; returns how many there were.

    Raises ValueError when there are more or fewer tiles than the level's grid has.
    """
    across, down = (-(-size // tile) for size, tile in zip(level.size, level.tile, strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as store:
        lengths = [_put(store, tile) for tile in tiles]
        if len(lengths) != across * down:
            raise ValueError(f"the level has {across * down} tiles, {len(lengths)} came")
        made = _level_object(common, level, len(lengths))
        plain = level.size[0] * level.size[1] * 3
        made.LossyImageCompression = "01"
        made.LossyImageCompressionRatio = f"{max(plain / max(sum(lengths), 1), 1):.2f}"
        made.LossyImageCompressionMethod = "ISO_10918_1"
        _write(made, lengths, store, path)
    return len(lengths)


def _put(store: IO[bytes], tile: bytes) -> int:
    """Append a tile at even length; returns its true length."""
    store.write(tile)
    if len(tile) % 2:
        store.write(b"\0")
    return len(tile)


def _write(made: Dataset, lengths: list[int], store: IO[bytes], path: Path) -> None:
    """The data set, then the pixel data with a table of offsets (PS3.5 A.4): extended where 32 bits do not reach."""
    offsets, at = [], 0
    for length in lengths:
        offsets.append(at)
        at += 8 + length + length % 2
    basic = struct.pack(f"<{len(offsets)}I", *offsets) if at <= _LONGEST_OFFSET else b""
    if not basic:
        made.ExtendedOffsetTable = struct.pack(f"<{len(offsets)}Q", *offsets)
        made.ExtendedOffsetTableLengths = struct.pack(f"<{len(lengths)}Q", *lengths)
    headers.write(made, path)
    store.seek(0)
    with path.open("ab") as out:
        out.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF))
        out.write(_ITEM + struct.pack("<I", len(basic)) + basic)
        for length in lengths:
            padded = length + length % 2
            out.write(_ITEM + struct.pack("<I", padded))
            out.write(store.read(padded))
        out.write(_END)


def _level_object(common: SlideCommon, level: LevelFacts, tiles: int) -> Dataset:
    made = headers.new_object(
        WHOLE_SLIDE,
        "SM",
        patient=common.patient,
        study=common.study,
        series=common.series,
        equipment=common.equipment,
        made_at=common.made_at,
        sop_uid=uids.derived_uid("slide object", common.root, level.flavour, str(level.number)),
        instance_number=level.number,
    )
    from pydicom.uid import UID

    made.file_meta.TransferSyntaxUID = UID(JPEG_BASELINE)
    is_label, is_volume = level.flavour == "LABEL", level.flavour in ("VOLUME", "RESAMPLED")
    made.ImageType = IMAGE_TYPES[level.flavour]
    made.AcquisitionDateTime = common.made_at.strftime("%Y%m%d%H%M%S")
    made.AcquisitionContextSequence = []
    made.FrameOfReferenceUID = uids.derived_uid("slide place", common.root)
    made.PositionReferenceIndicator = "SLIDE_CORNER"
    if is_volume:
        made.PyramidUID = uids.derived_uid("slide pyramid", common.root)
    made.VolumetricProperties = "VOLUME"
    made.BurnedInAnnotation = "NO" if is_volume else "YES"  # the paper label stands on label and overview
    made.SpecimenLabelInImage = "NO" if is_volume else "YES"
    made.FocusMethod, made.ExtendedDepthOfField = "AUTO", "NO"
    if is_label:
        made.LabelText, made.BarcodeValue = common.specimen.identifier, common.specimen.identifier
    _describe_pixels(made, level, tiles)
    _place(made, common, level)
    _optics(made, common)
    _specimen(made, common)
    return made


def _describe_pixels(made: Dataset, level: LevelFacts, tiles: int) -> None:
    from pydicom.dataset import Dataset

    made.SamplesPerPixel, made.PlanarConfiguration = 3, 0
    made.PhotometricInterpretation = level.photometric
    made.Columns, made.Rows = level.tile
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.NumberOfFrames = tiles
    made.TotalPixelMatrixColumns, made.TotalPixelMatrixRows = level.size
    made.TotalPixelMatrixFocalPlanes = made.NumberOfOpticalPaths = 1
    made.DimensionOrganizationType = "TILED_FULL"
    organization = Dataset()
    organization.DimensionOrganizationUID = uids.derived_uid("slide dimensions", made.SOPInstanceUID)
    made.DimensionOrganizationSequence = [organization]


def _place(made: Dataset, common: SlideCommon, level: LevelFacts) -> None:
    """Where the pixels lie on the slide (PS3.3 C.8.12.2, C.8.12.4); of the origin nothing is known."""
    from pydicom.dataset import Dataset

    across, down = (one * level.shrink / 1000 for one in common.mpp)
    made.ImagedVolumeWidth, made.ImagedVolumeHeight = across * level.size[0], down * level.size[1]
    made.ImagedVolumeDepth = _DEPTH_MM * 1000  # in micrometres
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = origin.YOffsetInSlideCoordinateSystem = "0"
    origin.ZOffsetInSlideCoordinateSystem = "0"
    made.TotalPixelMatrixOriginSequence = [origin]
    made.ImageOrientationSlide = ["0", "-1", "0", "-1", "0", "0"]
    measures, kind, path, groups = Dataset(), Dataset(), Dataset(), Dataset()
    measures.SliceThickness = f"{_DEPTH_MM:.4f}"
    measures.PixelSpacing = [f"{down:.12f}"[:16], f"{across:.12f}"[:16]]
    kind.FrameType = made.ImageType
    path.OpticalPathIdentifier = "1"
    groups.PixelMeasuresSequence = [measures]
    groups.WholeSlideMicroscopyImageFrameTypeSequence = [kind]
    groups.OpticalPathIdentificationSequence = [path]
    made.SharedFunctionalGroupsSequence = [groups]


def _optics(made: Dataset, common: SlideCommon) -> None:
    from pydicom.dataset import Dataset

    path = Dataset()
    path.OpticalPathIdentifier = "1"
    path.IlluminationTypeCodeSequence = items.code_sequence(BRIGHTFIELD)
    path.IlluminationColorCodeSequence = items.code_sequence(FULL_SPECTRUM)
    path.ICCProfile = common.profile + b"\0" * (len(common.profile) % 2)
    if common.objective:
        path.ObjectiveLensPower = f"{common.objective:g}"
    if common.stain:
        path.OpticalPathDescription = common.stain[:64]
    made.OpticalPathSequence = [path]


def _specimen(made: Dataset, common: SlideCommon) -> None:
    from pydicom.dataset import Dataset

    made.ContainerIdentifier = common.specimen.identifier
    made.IssuerOfTheContainerIdentifierSequence = []
    made.ContainerTypeCodeSequence = items.code_sequence(MICROSCOPE_SLIDE)
    piece = Dataset()
    piece.SpecimenIdentifier = common.specimen.identifier
    piece.IssuerOfTheSpecimenIdentifierSequence = []
    piece.SpecimenUID = uids.checked(common.specimen.uid)
    piece.SpecimenTypeCodeSequence = items.code_sequence(SLIDE)
    if common.specimen.description:
        piece.SpecimenShortDescription = common.specimen.description[:64]
    piece.SpecimenPreparationSequence = []
    made.SpecimenDescriptionSequence = [piece]

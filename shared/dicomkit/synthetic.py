"""Makes synthetic DICOM images with known contents, for tests, benchmarks and the gallery."""

from __future__ import annotations

import copy
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from shared.dicomkit import headers, uids
from shared.dicomkit.headers import EquipmentFacts, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
JPEG2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
TRANSFER_SYNTAXES = (
    IMPLICIT_LITTLE,
    EXPLICIT_LITTLE,
    DEFLATED,
    RLE,
    JPEG_LOSSLESS,
    JPEG_LS_LOSSLESS,
    JPEG2000_LOSSLESS,
    HTJ2K_LOSSLESS,
)
"""All that the makers below can write; all are lossless, so a decoded pixel equals the made one."""

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
CR_IMAGE = "1.2.840.10008.5.1.4.1.1.1"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"

A_PATIENT = PatientFacts("P0000001", "Zhang^San=张^三", dt.date(1980, 5, 17), "M", age="046Y")
A_TIME = dt.datetime(2026, 11, 20, 9, 30)  # fixed, so that the same arguments make the same pictures

STORED_OFFSET = 1024  # stored value = HU + 1024, unsigned, 12 bits


@dataclass(frozen=True)
class CtTruth:
    """What the CT phantom contains. Millimetres in the patient system (PS3.3 C.7.6.2.1.1): x left, y back, z head.

    The origin is the middle of the field of view in the plane (x, y) and of the stack (z). Edges lie on whole pixels,
    so a length read from the picture is right within one pixel spacing.
    """

    field_of_view_mm: float = 358.4
    slice_spacing_mm: float = 1.0
    body_half_axes_mm: tuple[float, float] = (155.0, 110.0)
    air_hu: int = -1000
    tissue_hu: int = 40
    lung_hu: int = -850
    spine_hu: int = 600
    table_hu: int = 150
    sphere_hu: int = 120
    rod_hu: int = 1200
    noise_hu: int = 8  # standard deviation; the table, rods and body carry it alike
    rod_across_mm: float = 100.0  # rod along x at y = -80, slices |z| <= 3
    rod_across_y_mm: float = -80.0
    rod_along_mm: float = 80.0  # rod along z at x = 0, y = -50, radius 5; shorter if the stack is
    rod_along_xy_mm: tuple[float, float] = (0.0, -50.0)
    sphere_left: tuple[float, float, float, float] = (70.0, 0.0, 0.0, 20.0)  # x, y, z, radius: in the left lung
    sphere_right: tuple[float, float, float, float] = (-70.0, 10.0, 0.0, 10.0)


CT_TRUTH = CtTruth()


def ct_volume(slices: int = 300, rows: int = 512, truth: CtTruth = CT_TRUTH) -> NDArray[np.int16]:
    """The phantom in Hounsfield units, shape (slices, rows, rows), index 0 at the feet (lowest z)."""
    spacing = truth.field_of_view_mm / rows
    axis = ((np.arange(rows) - (rows - 1) / 2) * spacing).astype(np.float32)
    x, y = axis[None, :], axis[:, None]
    half_a, half_b = truth.body_half_axes_mm
    body = (x / half_a) ** 2 + (y / half_b) ** 2
    base = np.full((rows, rows), truth.air_hu, np.int16)
    base[body <= 1] = truth.tissue_hu
    base[(x**2 + (y - 75) ** 2) <= 18**2] = truth.spine_hu
    table = np.abs(y - (half_b + 12 - (x / 200) ** 2 * 25)) <= 4
    base[table & (np.abs(x) < 170)] = truth.table_hu
    lungs = np.minimum(((x - 70) / 55) ** 2, ((x + 70) / 55) ** 2) + ((y - 5) / 72) ** 2
    rod_xy = truth.rod_along_xy_mm
    rod_disc = ((x - rod_xy[0]) ** 2 + (y - rod_xy[1]) ** 2) <= 5**2
    across = (np.abs(x) <= truth.rod_across_mm / 2) & (np.abs(y - truth.rod_across_y_mm) <= 3)

    generator = np.random.default_rng(2026)
    noise = (generator.standard_normal((rows * 2, rows * 2), np.float32) * truth.noise_hu).astype(np.int16)
    heights = (np.arange(slices) - (slices - 1) / 2) * truth.slice_spacing_mm
    reach = max(float(abs(heights[0])), truth.slice_spacing_mm)
    volume = np.empty((slices, rows, rows), np.int16)
    for index, z in enumerate(heights):
        plane = base.copy()
        size = 1 - 0.6 * (z / reach) ** 2
        plane[lungs <= size * size] = truth.lung_hu
        if abs(z) <= truth.rod_along_mm / 2:
            plane[rod_disc] = truth.rod_hu
        if abs(z) <= 3:
            plane[across] = truth.rod_hu
        for cx, cy, cz, radius in (truth.sphere_left, truth.sphere_right):
            left = radius * radius - (z - cz) ** 2
            if left > 0:
                plane[((x - cx) ** 2 + (y - cy) ** 2) <= left] = truth.sphere_hu
        down, right = (index * 37) % rows, (index * 91) % rows
        np.add(plane, noise[down : down + rows, right : right + rows], out=volume[index])
    np.clip(volume, -STORED_OFFSET, 4095 - STORED_OFFSET, out=volume)
    return volume


@overload
def ct_series(
    directory: Path,
    slices: int = 300,
    rows: int = 512,
    *,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    series_uid: str | None = None,
    series_number: int = 1,
    transfer_syntax: str = EXPLICIT_LITTLE,
    character_set: str = headers.UTF8,
    started: dt.datetime = A_TIME,
    truth: CtTruth = CT_TRUTH,
) -> list[Path]: ...


@overload
def ct_series(
    directory: None = None,
    slices: int = 300,
    rows: int = 512,
    *,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    series_uid: str | None = None,
    series_number: int = 1,
    transfer_syntax: str = EXPLICIT_LITTLE,
    character_set: str = headers.UTF8,
    started: dt.datetime = A_TIME,
    truth: CtTruth = CT_TRUTH,
) -> list[Dataset]: ...


def ct_series(
    directory: Path | None = None,
    slices: int = 300,
    rows: int = 512,
    *,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    series_uid: str | None = None,
    series_number: int = 1,
    transfer_syntax: str = EXPLICIT_LITTLE,
    character_set: str = headers.UTF8,
    started: dt.datetime = A_TIME,
    truth: CtTruth = CT_TRUTH,
) -> list[Path] | list[Dataset]:
    """A CT series of the phantom, feet to head, instance numbers from 1.

    With a directory the slices are written there (`0001.dcm` …) and the paths returned; without one the data sets are
    returned, file meta included. UIDs are new unless given; the pictures are always the same.
    """
    volume = ct_volume(slices, rows, truth)
    spacing = truth.field_of_view_mm / rows
    study = StudyFacts(study_uid or uids.new_uid(), accession, "1", started, "CT 胸部平扫")
    series = SeriesFacts(series_uid or uids.new_uid(), series_number, "胸部 1.0mm")
    template = headers.new_object(
        CT_IMAGE,
        "CT",
        patient=patient,
        study=study,
        series=series,
        equipment=_scanner("CT"),
        made_at=started,
        character_set=character_set,
    )
    template.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    template.AcquisitionNumber = 1
    template.AcquisitionDate, template.AcquisitionTime = template.StudyDate, template.StudyTime
    template.BodyPartExamined = "CHEST"
    template.PatientPosition = "HFS"
    template.KVP = "120"
    template.XRayTubeCurrent = 200
    template.ConvolutionKernel = "B"
    template.SliceThickness = _ds(truth.slice_spacing_mm)
    template.SpacingBetweenSlices = _ds(truth.slice_spacing_mm)
    _in_plane(template, spacing, uids.new_uid())
    template.PositionReferenceIndicator = ""
    template.RescaleIntercept, template.RescaleSlope, template.RescaleType = str(-STORED_OFFSET), "1", "HU"
    template.WindowCenter, template.WindowWidth = ["40", "-600"], ["400", "1500"]
    template.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG"]
    first = -(rows - 1) / 2 * spacing

    def one(index: int) -> Dataset:
        z = (index - (slices - 1) / 2) * truth.slice_spacing_mm
        made = _next_instance(template, index + 1)
        made.ImagePositionPatient = [_ds(first), _ds(first), _ds(z)]
        made.SliceLocation = _ds(z)
        stored = (volume[index] + STORED_OFFSET).astype(np.uint16)
        _put_pixels(made, stored[None], 12, transfer_syntax)
        return made

    return _deliver(one, slices, directory)


@overload
def mr_series(
    directory: Path,
    slices: int = 24,
    rows: int = 256,
    *,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
    started: dt.datetime = A_TIME,
) -> list[Path]: ...


@overload
def mr_series(
    directory: None = None,
    slices: int = 24,
    rows: int = 256,
    *,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
    started: dt.datetime = A_TIME,
) -> list[Dataset]: ...


def mr_series(
    directory: Path | None = None,
    slices: int = 24,
    rows: int = 256,
    *,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
    started: dt.datetime = A_TIME,
) -> list[Path] | list[Dataset]:
    """A T2-like head of ellipses, axial, 5 mm slices, field of view 240 mm, 16 bits without rescale."""
    spacing = 240.0 / rows
    axis = (np.arange(rows) - (rows - 1) / 2) * spacing
    x, y = axis[None, :], axis[:, None]
    noise = np.random.default_rng(7).integers(0, 24, (rows, rows))
    study = StudyFacts(study_uid or uids.new_uid(), accession, "1", started, "头颅 MRI 平扫")
    series = SeriesFacts(uids.new_uid(), 1, "T2 TSE 轴位")
    template = headers.new_object(
        MR_IMAGE, "MR", patient=patient, study=study, series=series, equipment=_scanner("MR"), made_at=started
    )
    template.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    template.AcquisitionNumber = 1
    template.BodyPartExamined = "HEAD"
    template.PatientPosition = "HFS"
    template.ScanningSequence, template.SequenceVariant, template.ScanOptions = "SE", "SK", ""
    template.MRAcquisitionType, template.EchoTrainLength = "2D", 15
    template.RepetitionTime, template.EchoTime, template.MagneticFieldStrength = "4000", "100", "3"
    template.SliceThickness, template.SpacingBetweenSlices = "5", "5"
    _in_plane(template, spacing, uids.new_uid())
    template.PositionReferenceIndicator = ""
    template.WindowCenter, template.WindowWidth = "400", "900"

    def one(index: int) -> Dataset:
        z = (index - (slices - 1) / 2) * 5.0
        size = max(0.35, 1 - (2 * z / (slices * 5.0)) ** 2 * 0.5)
        plane = np.zeros((rows, rows))
        radius = np.sqrt((x / (78 * size)) ** 2 + (y / (98 * size)) ** 2)
        plane[radius <= 1] = 620  # scalp fat
        plane[radius <= 0.93] = 60  # bone
        plane[radius <= 0.86] = 420 + 40 * np.cos(8 * np.arctan2(y, x) + 10 * radius)[radius <= 0.86]
        for side in (-1, 1):
            plane[((x - side * 14) / (9 * size)) ** 2 + (y / (30 * size)) ** 2 <= 1] = 880  # ventricles
        made = _next_instance(template, index + 1)
        made.ImagePositionPatient = [_ds(axis[0]), _ds(axis[0]), _ds(z)]
        made.SliceLocation = _ds(z)
        _put_pixels(made, (plane + noise).astype(np.uint16)[None], 16, transfer_syntax)
        return made

    return _deliver(one, slices, directory)


def cr_image(
    *,
    rows: int = 1760,
    columns: int = 1760,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
    monochrome1: bool = False,
    started: dt.datetime = A_TIME,
) -> Dataset:
    """A chest-like computed radiograph, 12 bits, 0.2 mm imager pixels, with a 100 mm steel ruler at the lower edge."""
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    plane = np.full((rows, columns), 300.0, np.float32)
    torso = (np.abs(x) ** 3 / 0.9**3 + ((y - 0.25) / 1.25) ** 4) <= 1
    plane += torso * 1900
    for side in (-1, 1):
        field = ((x - side * 0.4) / 0.3) ** 2 + ((y + 0.05) / 0.62) ** 2
        plane -= np.clip(1.05 - field, 0, 0.5) * 2400
        ribs = np.clip(np.sin((y + 0.35 * np.abs(x - side * 0.4)) * 28) - 0.35, 0, 1)
        plane += ribs * 420 * (field < 1.1)
    plane += np.exp(-((x / 0.09) ** 2)) * 700
    plane += np.clip(1 - ((x - 0.12) / 0.28) ** 2 - ((y - 0.28) / 0.3) ** 2, 0, 1) ** 0.5 * 800
    plane += np.random.default_rng(3).standard_normal((rows, columns), np.float32) * 18
    ruler = round(100 / 0.2)
    top, left = rows - 60, (columns - ruler) // 2
    plane[top : top + 8, left : left + ruler] = 3900
    stored = np.clip(plane, 0, 4095).astype(np.uint16)
    if monochrome1:
        stored = 4095 - stored

    study = StudyFacts(study_uid or uids.new_uid(), accession, "1", started, "胸部正位")
    made = headers.new_object(
        CR_IMAGE,
        "CR",
        patient=patient,
        study=study,
        series=SeriesFacts(uids.new_uid(), 1, "胸部后前位"),
        equipment=_scanner("CR"),
        made_at=started,
    )
    made.ImageType = ["ORIGINAL", "PRIMARY", ""]
    made.BodyPartExamined, made.ViewPosition = "CHEST", "PA"
    made.PatientOrientation = ["L", "F"]
    made.ImagerPixelSpacing = ["0.2", "0.2"]
    made.PixelSpacing = ["0.2", "0.2"]
    made.WindowCenter, made.WindowWidth = "1800", "3600"
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    _put_pixels(made, stored[None], 12, transfer_syntax, "MONOCHROME1" if monochrome1 else "MONOCHROME2")
    return made


def us_image(
    *,
    frames: int = 1,
    rows: int = 480,
    columns: int = 640,
    patient: PatientFacts = A_PATIENT,
    accession: str = "",
    study_uid: str | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
    started: dt.datetime = A_TIME,
) -> Dataset:
    """An ultrasound sector with a moving cyst in RGB and a calibrated region of 0.05 cm per pixel.

    More than one frame makes an Ultrasound Multi-frame object at 25 frames a second.
    """
    apex_x = columns / 2
    x = np.arange(columns, dtype=np.float32)[None, :] - apex_x
    y = np.arange(rows, dtype=np.float32)[:, None] + 30
    depth, angle = np.hypot(x, y), np.arctan2(x, y)
    sector = (np.abs(angle) < 0.6) & (depth > 60) & (depth < rows - 10)
    speckle = np.random.default_rng(11).rayleigh(42, (rows, columns)).astype(np.float32)
    grey = speckle * (0.65 + 0.35 * np.sin(depth / 21)) * sector
    pictures = np.zeros((frames, rows, columns, 3), np.uint8)
    for index in range(frames):
        shift = 25 * np.sin(2 * np.pi * index / max(frames, 25))
        cyst = ((x - 40 - shift) ** 2 + (y - rows * 0.5) ** 2) <= 38**2
        plane = np.where(cyst & sector, grey * 0.08, grey)
        pictures[index] = np.clip(plane, 0, 255)[..., None]
        pictures[index, 12:24, 12:140] = (40, 90, 150)  # the vendor's coloured banner

    study = StudyFacts(study_uid or uids.new_uid(), accession, "1", started, "腹部超声")
    made = headers.new_object(
        US_MULTIFRAME if frames > 1 else US_IMAGE,
        "US",
        patient=patient,
        study=study,
        series=SeriesFacts(uids.new_uid(), 1, "肝脏"),
        equipment=_scanner("US"),
        made_at=started,
    )
    made.ImageType = ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0001"]
    made.PatientOrientation = ""
    made.BodyPartExamined = "ABDOMEN"
    made.LossyImageCompression = "00"
    if frames > 1:
        from pydicom.tag import Tag

        made.FrameTime = "40"
        made.FrameIncrementPointer = Tag("FrameTime")
    _calibrate_ultrasound(made, rows, columns)
    _put_pixels(made, pictures, 8, transfer_syntax, "RGB")
    return made


def _calibrate_ultrasound(made: Dataset, rows: int, columns: int) -> None:
    from pydicom.dataset import Dataset

    region = Dataset()  # PS3.3 C.8.5.5
    region.RegionSpatialFormat = 1
    region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 30
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = columns - 1, rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3  # centimetre
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    made.SequenceOfUltrasoundRegions = [region]


def _scanner(modality: str) -> EquipmentFacts:
    return EquipmentFacts("Mingjing", "明镜示范医院", f"SYN{modality}", f"Phantom {modality}")


def _ds(value: float) -> str:
    """A decimal string of at most 16 characters (PS3.5 6.2)."""
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


def _in_plane(made: Dataset, spacing_mm: float, frame_of_reference: str) -> None:
    made.FrameOfReferenceUID = frame_of_reference
    made.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    made.PixelSpacing = [_ds(spacing_mm), _ds(spacing_mm)]


def _next_instance(template: Dataset, number: int) -> Dataset:
    from pydicom.dataset import Dataset

    made = Dataset()
    made.update(template)  # the elements are shared, so those that differ are taken out before they are set
    del made["SOPInstanceUID"], made["InstanceNumber"]
    made.file_meta = copy.deepcopy(template.file_meta)
    made.SOPInstanceUID = uids.new_uid()
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.InstanceNumber = number
    return made


def _put_pixels(
    made: Dataset, frames: NDArray[Any], bits: int, transfer_syntax: str, photometric: str = "MONOCHROME2"
) -> None:
    """Fill the Image Pixel module (PS3.3 C.7.6.3) from `frames`, shape (frames, rows, columns[, 3])."""
    from pydicom.uid import UID

    if transfer_syntax not in TRANSFER_SYNTAXES:
        raise ValueError(f"transfer syntax {transfer_syntax} cannot be made here; choose one of TRANSFER_SYNTAXES")
    made.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    made.PhotometricInterpretation = photometric
    if frames.ndim == 4:
        made.PlanarConfiguration = 0
    if len(frames) > 1:
        made.NumberOfFrames = len(frames)
    made.Rows, made.Columns = int(frames.shape[1]), int(frames.shape[2])
    made.BitsAllocated = frames.dtype.itemsize * 8
    made.BitsStored, made.HighBit = bits, bits - 1
    made.PixelRepresentation = 0
    made.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    if transfer_syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED):
        value = frames.astype(frames.dtype.newbyteorder("<"), copy=False).tobytes()
        made.PixelData = value + b"\0" * (len(value) % 2)
        made["PixelData"].VR = "OW" if frames.dtype.itemsize == 2 else "OB"
        return
    from pydicom.encaps import encapsulate

    made.PixelData = encapsulate([_encode(frame, bits, transfer_syntax) for frame in frames])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    if transfer_syntax in (JPEG2000_LOSSLESS, HTJ2K_LOSSLESS) and frames.ndim == 4:
        made.PhotometricInterpretation = "YBR_RCT"


def _encode(frame: NDArray[Any], bits: int, transfer_syntax: str) -> bytes:
    import imagecodecs

    if transfer_syntax == RLE:
        return _rle(frame)
    if transfer_syntax == JPEG_LS_LOSSLESS:
        return bytes(imagecodecs.jpegls_encode(frame, level=0))
    if transfer_syntax == JPEG_LOSSLESS:
        return bytes(imagecodecs.ljpeg_encode(frame, bitspersample=bits))
    if transfer_syntax == HTJ2K_LOSSLESS:
        return bytes(imagecodecs.htj2k_encode(frame, reversible=True))
    return bytes(
        imagecodecs.jpeg2k_encode(frame, reversible=True, codecformat="j2k", bitspersample=bits, mct=frame.ndim == 3)
    )


def _rle(frame: NDArray[Any]) -> bytes:
    """One RLE frame (PS3.5 Annex G): one PackBits segment per byte plane, most significant byte first."""
    import struct

    import imagecodecs

    samples = frame if frame.ndim == 3 else frame[..., None]
    segments: list[bytes] = []
    for sample in range(samples.shape[2]):
        plane = np.ascontiguousarray(samples[..., sample])
        byte_planes = plane.astype(plane.dtype.newbyteorder(">")).view(np.uint8).reshape(*plane.shape, -1)
        for index in range(byte_planes.shape[-1]):
            # Each row is packed by itself, as G.3.1 asks.
            packed = b"".join(bytes(imagecodecs.packbits_encode(row.tobytes())) for row in byte_planes[..., index])
            segments.append(packed + b"\0" * (len(packed) % 2))
    offsets, position = [], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    header = struct.pack("<16L", len(segments), *offsets, *([0] * (15 - len(offsets))))
    return header + b"".join(segments)


def _deliver(one: Any, count: int, directory: Path | None) -> list[Path] | list[Dataset]:
    # Encoding and file writing release the interpreter lock, so two threads halve the time of the compressed syntaxes.
    with ThreadPoolExecutor(2) as pool:
        if directory is None:
            return list(pool.map(one, range(count)))
        target = Path(directory)
        target.mkdir(parents=True, exist_ok=True)

        def write(index: int) -> Path:
            return headers.write(one(index), target / f"{index + 1:04d}.dcm")

        return list(pool.map(write, range(count)))

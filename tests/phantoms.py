"""Digital phantoms of known geometry and values, written as DICOM files; positions are LPS mm.

What a phantom holds is known as a formula, so the truth of a measurement is exact whatever the pixels are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset

from shared.dicomkit.uids import new_uid

CT, MR, PET = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128"
CR, DX, MG, US = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("1", "1.1", "1.2", "6.1"))
EXPLICIT = "1.2.840.10008.1.2.1"

ORIENTATIONS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "axial, feet first": ((-1, 0, 0), (0, 1, 0)),
    "prone": ((-1, 0, 0), (0, -1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": (
        (math.cos(0.3), math.sin(0.3), 0),
        (-math.sin(0.3) * math.cos(0.2), math.cos(0.3) * math.cos(0.2), math.sin(0.2)),
    ),
}


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a phantom lie."""

    orientation: str = "axial"
    size: tuple[int, int, int] = (48, 96, 80)  # slices, rows, columns
    spacing: tuple[float, float] = (0.7, 0.9)  # of rows, of columns: pixels are not square
    step_mm: float = 1.25  # between slices, along their normal
    tilt_deg: float = 0.0  # slices shear along their columns
    reverse: bool = False  # slices run against the normal
    centre: tuple[float, float, float] = (12.0, -34.0, 56.0)
    missing: tuple[int, ...] = ()

    @property
    def row(self) -> NDArray[Any]:
        return np.array(ORIENTATIONS[self.orientation][0], float)

    @property
    def column(self) -> NDArray[Any]:
        return np.array(ORIENTATIONS[self.orientation][1], float)

    @property
    def normal(self) -> NDArray[Any]:
        return np.cross(self.row, self.column)

    @property
    def step(self) -> NDArray[Any]:
        """From a slice to the next one; with a tilt not along the normal."""
        sign = -1 if self.reverse else 1
        along = self.normal + math.tan(math.radians(self.tilt_deg)) * self.column
        return sign * self.step_mm * np.asarray(along)

    def origin(self, n: float = 0) -> NDArray[Any]:
        """Centre of the first pixel of slice ``n``."""
        slices, rows, columns = self.size
        start = np.array(self.centre) - (slices - 1) / 2 * self.step
        start = start - (rows - 1) / 2 * self.spacing[0] * self.column - (columns - 1) / 2 * self.spacing[1] * self.row
        return np.asarray(start + n * self.step)

    def places(self, n: int) -> NDArray[Any]:
        """LPS mm of the pixel centres of slice ``n``, shape (rows, columns, 3)."""
        _, rows, columns = self.size
        y, x = np.mgrid[:rows, :columns]
        flat = self.origin(n) + y[..., None] * self.spacing[0] * self.column
        return np.asarray(flat + x[..., None] * self.spacing[1] * self.row)

    def at(self, slice_: float, row: float, column: float) -> list[float]:
        """LPS mm of a voxel position."""
        place = self.origin(slice_) + row * self.spacing[0] * self.column + column * self.spacing[1] * self.row
        return [float(v) for v in place]


def header(sop_class: str, modality: str, study: str, series: str, number: int, shape: tuple[int, ...]) -> Dataset:
    """What every phantom image has in common."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(EXPLICIT)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = new_uid()
    ds.PatientID, ds.PatientName = "PHANTOM", "Phantom^Digital"
    ds.PatientBirthDate, ds.PatientSex = "19700101", "O"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = ds.AcquisitionDate = "20260101"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = ds.AcquisitionTime = "100000"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, 1, number
    ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName, ds.Manufacturer = "", "1", "", "Mingjing"
    ds.Rows, ds.Columns = shape[:2]
    ds.SamplesPerPixel = 3 if len(shape) == 3 else 1
    ds.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
    if len(shape) == 3:
        ds.PlanarConfiguration = 0
    return ds


def put_pixels(ds: Dataset, pixels: NDArray[Any]) -> Dataset:
    """The Image Pixel module for uint8, int16 or uint16."""
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, int(pixels.dtype.kind == "i")
    raw = np.ascontiguousarray(pixels).tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    return ds


def write_volume(
    folder: Path,
    grid: Grid,
    value: Callable[[NDArray[Any]], NDArray[Any]],
    *,
    slope: float = 1.0,
    intercept: float = -1024.0,
    modality: str = "CT",
    more: Callable[[Dataset], None] = lambda _ds: None,
) -> NDArray[Any]:
    """One file per slice of the values (in units) that ``value`` gives at LPS places; returns what the files hold."""
    folder.mkdir(parents=True, exist_ok=True)
    study, series, space = new_uid(), new_uid(), new_uid()
    sop_class = {"CT": CT, "MR": MR, "PT": PET}[modality]
    kept = []
    for n in range(grid.size[0]):
        if n in grid.missing:
            continue
        stored = np.rint((value(grid.places(n)) - intercept) / slope).astype(np.int16)
        kept.append(stored * slope + intercept)
        ds = header(sop_class, modality, study, series, n + 1, stored.shape)
        ds.FrameOfReferenceUID = space
        ds.ImagePositionPatient = [f"{v:.8g}" for v in grid.origin(n)]
        ds.ImageOrientationPatient = [f"{v:.10g}" for v in (*grid.row, *grid.column)]
        ds.PixelSpacing = [f"{v:.10g}" for v in grid.spacing]
        ds.SliceThickness = f"{grid.step_mm:g}"
        ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.12g}", f"{intercept:g}"
        if modality == "CT":
            ds.RescaleType = "HU"
        if grid.tilt_deg:
            ds.GantryDetectorTilt = f"{grid.tilt_deg:g}"
        more(ds)
        put_pixels(ds, stored).save_as(folder / f"{n:04d}.dcm", enforce_file_format=True)
    return np.stack(kept)


def ball(
    centre: Sequence[float], radius: float, inside: float, outside: float
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A ball of one value in another."""

    def value(places: NDArray[Any]) -> NDArray[Any]:
        away = np.linalg.norm(places - np.array(centre), axis=-1)
        return np.where(away <= radius, float(inside), float(outside))

    return value


def ramp(gradient: Sequence[float], at_origin: float) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Values that rise evenly through space: any interpolation and any mean is known exactly."""

    def value(places: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(at_origin + places @ np.array(gradient))

    return value


def as_pet(dose_bq: float = 370e6, weight_kg: float = 70.0, minutes: float = 60.0) -> Callable[[Dataset], None]:
    """Facts for the SUV: fluorine 18, injected so long before the scan."""

    def more(ds: Dataset) -> None:
        isotope = Dataset()
        isotope.RadionuclideTotalDose = f"{dose_bq:g}"
        isotope.RadionuclideHalfLife = "6586.2"
        start = 10 * 60 - minutes
        isotope.RadiopharmaceuticalStartTime = f"{int(start // 60):02d}{int(start % 60):02d}00"
        ds.RadiopharmaceuticalInformationSequence = [isotope]
        ds.Units, ds.DecayCorrection, ds.PatientWeight = "BQML", "START", f"{weight_kg:g}"
        ds.CorrectedImage = ["DECY", "ATTN", "SCAT"]

    return more


def write_projection(
    path: Path,
    pixels: NDArray[Any],
    *,
    modality: str,
    pixel_spacing: tuple[float, float] | None = None,
    imager_spacing: tuple[float, float] | None = None,
    magnification: float | None = None,
    calibration: str = "",
) -> Path:
    """A projection image (CR, DX, MG) with the spacings as given."""
    ds = header({"CR": CR, "DX": DX, "MG": MG}[modality], modality, new_uid(), new_uid(), 1, pixels.shape)
    if pixel_spacing is not None:
        ds.PixelSpacing = list(pixel_spacing)
    if imager_spacing is not None:
        ds.ImagerPixelSpacing = list(imager_spacing)
    if magnification is not None:
        ds.EstimatedRadiographicMagnificationFactor = magnification
    if calibration:
        ds.PixelSpacingCalibrationType = calibration
    path.parent.mkdir(parents=True, exist_ok=True)
    put_pixels(ds, pixels).save_as(path, enforce_file_format=True)
    return path


def write_ultrasound(
    path: Path, pixels: NDArray[Any], regions: Sequence[tuple[tuple[int, int, int, int], float, float]]
) -> Path:
    """An ultrasound image; each region is (left, top, right, bottom) and cm per column and per row."""
    ds = header(US, "US", new_uid(), new_uid(), 1, pixels.shape)
    items = []
    for (left, top, right, bottom), x, y in regions:
        item = Dataset()
        item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
        item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
        item.PhysicalDeltaX, item.PhysicalDeltaY = x, y
        item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
        items.append(item)
    ds.SequenceOfUltrasoundRegions = items
    path.parent.mkdir(parents=True, exist_ok=True)
    put_pixels(ds, pixels).save_as(path, enforce_file_format=True)
    return path

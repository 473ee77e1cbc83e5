"""Synthetic studies for tests of the viewer: files on disk and descriptions, valid by default."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from clients.viewer.loading import Arrived
from clients.viewer.study import FrameKey, SeriesDescription, Stack, StudyDescription, stacks_of
from shared.imaging.codecs import EXPLICIT_LE, PixelFormat
from shared.imaging.geometry import Plane, Spacing, SpacingSource
from shared.imaging.header import FrameHeader, ImageHeader
from shared.imaging.lut import Modality, Window

ROOT = "1.2.826.0.1.3680043.8.498.7"


def an_image(n: int = 0, *, side: int = 32, z: float | None = None, series: str = "1", **changes: Any) -> ImageHeader:
    """Image ``n`` of a CT series, 2 mm apart, pixels of 0.5 mm, HU."""
    plane = Plane.of((-8, -8, 2.0 * n if z is None else z), (1, 0, 0, 0, 1, 0), (0.5, 0.5))
    frame = FrameHeader(
        plane, Spacing(0.5, 0.5, SpacingSource.PATIENT), Modality(1, -1024, None, "HU"), (Window(40, 400),)
    )
    values: dict[str, Any] = {
        "sop_instance_uid": f"{ROOT}.{series}.{n + 1}",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "transfer_syntax": EXPLICIT_LE,
        "modality_code": "CT",
        "pixel_format": PixelFormat(side, side, 16, 12),
        "frames": (frame,),
        "instance_number": n + 1,
    }
    return ImageHeader(**{**values, **changes})


def a_series(count: int = 5, *, series: str = "1", modality: str = "CT", **changes: Any) -> SeriesDescription:
    images = tuple(an_image(n, series=series, **changes) for n in range(count))
    return SeriesDescription(f"{ROOT}.{series}", modality, int(series), "薄层", "CHEST", images)


def a_study(*series: SeriesDescription, uid: str = f"{ROOT}.9", patient_id: str = "P1") -> StudyDescription:
    return StudyDescription(
        uid, patient_id, "Zhang^San=张^三", "M", "19800102", "20260302", "0915", "胸部平扫", "A1", "第一医院",
        series or (a_series(),),
    )  # fmt: skip


def a_stack(count: int = 5, **changes: Any) -> Stack:
    return stacks_of(a_study(a_series(count, **changes)))[0]


def pixels_of(image: ImageHeader, frame: int = 0) -> np.ndarray:
    """A disc of soft tissue in air; a bright pixel row tells the image number."""
    side = image.pixel_format.rows
    y, x = np.mgrid[0:side, 0:side]
    values = np.where((x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 3) ** 2, 1064, 24).astype("<u2")
    values[0, : min(image.instance_number + frame, side)] = 2000
    return values


class MemorySource:
    """A source of studies in memory; ``gate`` holds frames back until it is set."""

    batch = 4

    def __init__(self, *studies: StudyDescription) -> None:
        self.known = {study.study_uid: study for study in studies}
        self.images = {i.sop_instance_uid: i for study in studies for s in study.series for i in s.images}
        self.asked: list[FrameKey] = []
        self.gate = threading.Event()
        self.gate.set()
        self.study_gate = threading.Event()
        self.study_gate.set()
        self.broken: dict[FrameKey, Arrived] = {}
        self.before_frame: Callable[[FrameKey], None] = lambda _key: None
        self.closed = False
        self.stopped = False

    def study(self, study_uid: str) -> StudyDescription:
        from clients.viewer.loading import SourceFailed

        self.study_gate.wait(10)
        if study_uid not in self.known:
            raise SourceFailed("The study is not there.")
        return self.known[study_uid]

    def frames(self, keys: Sequence[FrameKey]) -> Iterator[Arrived]:
        for key in keys:
            self.asked.append(key)
            self.gate.wait(10)
            if self.stopped:
                return
            self.before_frame(key)
            if key in self.broken:
                yield self.broken[key]
            else:
                yield Arrived(key, pixels_of(self.images[key.sop_instance_uid], key.frame).tobytes())

    def stop(self) -> None:
        self.stopped = True
        self.gate.set()
        self.study_gate.set()

    def close(self) -> None:
        self.closed = True


def write_series(folder: Path, count: int = 5, *, side: int = 64, series: str = "1", **changes: Any) -> list[Path]:
    """CT slices as Part 10 files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n in range(count):
        image = an_image(n, side=side, series=series)
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = image.sop_class_uid
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = image.sop_instance_uid
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.PatientName, ds.PatientID, ds.PatientSex, ds.PatientAge = "Zhang^San=张^三", "P1", "M", "046Y"
        ds.PatientBirthDate, ds.StudyDate, ds.StudyTime = "19800102", "20260302", "091500"
        ds.StudyDescription, ds.InstitutionName, ds.AccessionNumber = "胸部平扫", "第一医院", "A1"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.9", f"{ROOT}.{series}"
        ds.SeriesNumber, ds.InstanceNumber, ds.Modality, ds.SeriesDescription = int(series), n + 1, "CT", "薄层 1 mm"
        ds.Rows = ds.Columns = side
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [-8, -8, 2.0 * n], [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [0.5, 0.5], 2
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
        ds.WindowCenter, ds.WindowWidth = 40, 400
        ds.PixelData = pixels_of(image).tobytes()
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        path = folder / f"{series}-{n:04d}.dcm"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths

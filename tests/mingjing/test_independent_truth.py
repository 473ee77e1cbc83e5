"""The command line against a second opinion: pydicom, numpy and SimpleITK alone say what it must answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    RLELossless,
    UltrasoundImageStorage,
    generate_uid,
)

from mingjing.__main__ import main

SLICES, ROWS, COLUMNS = 12, 40, 36
ROW_MM, COLUMN_MM, SLICE_MM = 0.9, 0.7, 1.25
ORIGIN = np.array([-12.0, -18.0, 40.0])
AXIAL = np.eye(3)
TURNED = np.linalg.qr(np.array([[0.8, 0.3, -0.2], [-0.4, 0.9, 0.3], [0.3, -0.1, 0.9]]))[0]
TURNED[:, 2] = np.cross(TURNED[:, 0], TURNED[:, 1])


def noise(seed: int = 5) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-900, 1500, (SLICES, ROWS, COLUMNS)).astype(np.int16)


def image(pixels: NDArray[Any], place: Sequence[float] | NDArray[Any], axes: NDArray[Any] = AXIAL) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.5"
    ds.Modality, ds.PatientID, ds.SeriesNumber = "CT", "p", 1
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.PixelSpacing = [ROW_MM, COLUMN_MM]
    ds.ImageOrientationPatient = [round(float(v), 10) for v in (*axes[:, 0], *axes[:, 1])]
    ds.ImagePositionPatient = [round(float(v), 8) for v in place]
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 1, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    ds.PixelData = pixels.astype("<i2").tobytes()
    return ds


def series(folder: Path, kind: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Files of one kind; values, places of the slices and axes (row, column, normal) as they must be understood."""
    folder.mkdir()
    stored = noise()
    axes = TURNED if kind == "oblique" else AXIAL.copy()
    depths = SLICE_MM * np.arange(SLICES)
    if kind == "uneven":
        depths = np.cumsum(np.random.default_rng(1).uniform(0.8, 2.2, SLICES)).round(4)
    places = ORIGIN + depths[:, None] * axes[:, 2]
    if kind == "tilted":
        angle = np.radians(15)
        axes[:, 1], axes[:, 2] = (0, np.cos(angle), np.sin(angle)), (0, -np.sin(angle), np.cos(angle))
    values = stored.astype(np.float64)
    for n in np.random.default_rng(2).permutation(SLICES):
        ds = image(stored[n], places[n], axes)
        ds.InstanceNumber = int(SLICES - n if kind == "reversed" else n + 1)
        if kind == "slopes":
            ds.RescaleSlope, ds.RescaleIntercept = round(0.5 + 0.05 * int(n), 2), int(n) - 10
            values[n] = stored[n] * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        if kind == "mono1":
            ds.PhotometricInterpretation = "MONOCHROME1"
        if kind == "rle":
            ds.compress(RLELossless, generate_instance_uid=False)
        ds.save_as(folder / f"{ds.SOPInstanceUID}.dcm", enforce_file_format=True)
    if kind == "scout":
        scout = image(stored[0], ORIGIN, np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float))
        scout.InstanceNumber = 0
        scout.save_as(folder / "scout.dcm", enforce_file_format=True)
    return values, places, axes


def truth(
    values: NDArray[Any], places: NDArray[Any], axes: NDArray[Any], at: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Trilinear between slices that may be slanted or uneven, NaN outside; and where the edge is too near to tell."""
    depths, wanted = places @ axes[:, 2], at @ axes[:, 2]
    k = np.clip(np.searchsorted(depths, wanted, side="right") - 1, 0, len(depths) - 2)
    f = (wanted - depths[k]) / (depths[k + 1] - depths[k])
    offset = at - places[k] * (1 - f[..., None]) - places[k + 1] * f[..., None]
    r, c = offset @ axes[:, 1] / ROW_MM, offset @ axes[:, 0] / COLUMN_MM
    margins = np.stack([f + k, len(depths) - 1 - f - k, r, ROWS - 1 - r, c, COLUMNS - 1 - c]).min(0)
    r, c, f = np.clip(r, 0, ROWS - 1), np.clip(c, 0, COLUMNS - 1), np.clip(f, 0, 1)
    r0, c0 = np.minimum(r.astype(int), ROWS - 2), np.minimum(c.astype(int), COLUMNS - 2)
    result = np.zeros(f.shape)
    for dk, dr, dc in np.ndindex(2, 2, 2):
        weight = (f if dk else 1 - f) * (r - r0 if dr else 1 - r + r0) * (c - c0 if dc else 1 - c + c0)
        result += weight * values[k + dk, r0 + dr, c0 + dc]
    result[margins < 0] = np.nan
    return result, np.abs(margins) < 2e-3


def numbers(vector: Sequence[float] | NDArray[Any]) -> str:
    return ",".join(repr(float(v)) for v in vector)


def rendered(source: Path, out: Path, *options: str) -> NDArray[Any]:
    assert main(["render", str(source), "--out", str(out), *options]) == 0
    picture: NDArray[Any] = np.load(out)
    assert picture.dtype == np.float32
    return picture


def plane_options(first: NDArray[Any], row: NDArray[Any], column: NDArray[Any], mm: float, size: str) -> list[str]:
    directions = ["--origin", numbers(first), "--row", numbers(row), "--column", numbers(column)]
    return [*directions, "--spacing", str(mm), "--size", size]


def points_of(first: NDArray[Any], row: NDArray[Any], column: NDArray[Any], mm: float, w: int, h: int) -> NDArray[Any]:
    points: NDArray[Any] = first + np.arange(w)[:, None] * mm * row + np.arange(h)[:, None, None] * mm * column
    return points


KINDS = ["plain", "oblique", "reversed", "tilted", "uneven", "slopes", "mono1", "rle", "scout"]


@pytest.mark.parametrize("kind", KINDS)
def test_planes_and_slabs_of_every_series(kind: str, tmp_path: Path) -> None:
    values, places, axes = series(tmp_path / "ct", kind)
    row, column = axes[:, 0], axes[:, 1]

    whole = rendered(
        tmp_path / "ct",
        tmp_path / "a.npy",
        "--view",
        "plane",
        *plane_options(places[5], row, column, COLUMN_MM, f"{COLUMNS},30"),
    )
    expected, edge = truth(values, places, axes, points_of(places[5], row, column, COLUMN_MM, COLUMNS, 30))
    assert np.nanmax(np.abs(whole - expected)) < 0.01
    assert (np.isnan(whole) == np.isnan(expected))[~edge].all()

    middle = places.mean(0) + row * COLUMN_MM * COLUMNS / 2 + column * ROW_MM * ROWS / 2
    across, down = TURNED[:, 1], -TURNED[:, 2]
    first = middle - across * 20 - down * 20
    slanted = rendered(
        tmp_path / "ct",
        tmp_path / "b.npy",
        "--view",
        "plane",
        *plane_options(first, across, down, 0.8, "50,50"),
    )
    expected, edge = truth(values, places, axes, points_of(first, across, down, 0.8, 50, 50))
    assert (np.isnan(slanted) == np.isnan(expected))[~edge].all()
    assert 100 < np.isfinite(slanted).sum() < slanted.size
    assert np.nanmax(np.abs(slanted - expected)) < 0.05

    thickness, normal, inside = 3.3, np.cross(row, column), places[5] + row * 3.3 + column * 2.7
    depths = (places - inside) @ normal
    offsets = np.linspace(-thickness / 2, thickness / 2, 301)
    offsets = np.sort([*offsets, *depths[np.abs(depths) < thickness / 2]])
    grid = points_of(inside, row, column, 0.6, 30, 40)
    samples = np.stack([truth(values, places, axes, grid + normal * offset)[0] for offset in offsets])
    exact = {"max": samples.max(0), "min": samples.min(0), "mean": np.trapezoid(samples, offsets, axis=0) / thickness}
    for projection, wanted in exact.items():
        slab = rendered(
            tmp_path / "ct",
            tmp_path / "c.npy",
            "--view",
            "slab",
            *plane_options(inside, row, column, 0.6, "30,40"),
            "--thickness",
            str(thickness),
            "--projection",
            projection,
        )
        # Across slanted slices the line of sight has its extremes between the samples, and the voxels are noise.
        assert np.abs(slab - wanted).max() < (25 if kind == "tilted" else 1), projection


def test_a_plane_is_that_of_simpleitk(tmp_path: Path) -> None:
    values, places, axes = series(tmp_path / "ct", "oblique")
    volume = sitk.GetImageFromArray(values)
    volume.SetOrigin(ORIGIN.tolist())  # type: ignore[no-untyped-call]
    volume.SetSpacing([COLUMN_MM, ROW_MM, SLICE_MM])  # type: ignore[no-untyped-call]
    volume.SetDirection(axes.ravel().tolist())  # type: ignore[no-untyped-call]
    middle = places.mean(0) + axes[:, 0] * COLUMN_MM * COLUMNS / 2 + axes[:, 1] * ROW_MM * ROWS / 2
    first = middle - np.array([7.5, 6.0, 0.0])
    reference = sitk.Resample(
        volume,
        [30, 24, 1],
        sitk.Transform(),  # type: ignore[no-untyped-call]
        sitk.sitkLinear,
        first.tolist(),
        [0.5, 0.5, 1.0],
        np.eye(3).ravel().tolist(),
        float("nan"),
    )
    picture = rendered(
        tmp_path / "ct",
        tmp_path / "a.npy",
        "--view",
        "plane",
        *plane_options(first, AXIAL[:, 0], AXIAL[:, 1], 0.5, "30,24"),
    )
    both = np.isfinite(picture)
    assert both.sum() > 200
    assert np.abs(picture - sitk.GetArrayFromImage(reference)[0])[both].max() < 0.05


def test_every_frame_of_a_multi_frame_object_by_its_stored_number(tmp_path: Path) -> None:
    """Two time points lie at each place, so the viewer shows two stacks; each frame has a slope of its own."""
    frames = noise()
    ds = image(frames, ORIGIN)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    ds.NumberOfFrames = SLICES
    orientation, spacing = Dataset(), Dataset()
    orientation.ImageOrientationPatient, spacing.PixelSpacing = ds.ImageOrientationPatient, ds.PixelSpacing
    shared = Dataset()
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [spacing]
    ds.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for n in range(SLICES):
        group, position, content, value = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [-12, -18, float(60 - n // 2)]
        content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = "1", n // 2 + 1, n % 2 + 1
        value.RescaleSlope, value.RescaleIntercept, value.RescaleType = str(n + 1), str(-n), "HU"
        group.PlanePositionSequence, group.FrameContentSequence = [position], [content]
        group.PixelValueTransformationSequence = [value]
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType", "ImagePositionPatient", "PixelSpacing"):
        delattr(ds, keyword)
    ds.save_as(tmp_path / "enhanced.dcm", enforce_file_format=True)

    for n in range(SLICES):
        frame = rendered(tmp_path / "enhanced.dcm", tmp_path / "a.npy", "--view", "frame", "--index", str(n))
        assert np.array_equal(frame, (frames[n] * np.float64(n + 1) - n).astype(np.float32)), n
    with pytest.raises(AssertionError):
        rendered(tmp_path / "enhanced.dcm", tmp_path / "a.npy", "--view", "frame", "--index", str(SLICES))


def test_what_has_no_truth_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series(tmp_path / "ct", "plain")
    bare = tmp_path / "bare"
    bare.mkdir()
    report = tmp_path / "report.dcm"
    for n, path in enumerate(sorted((tmp_path / "ct").iterdir())):
        ds = pydicom.dcmread(path)
        del ds.PixelSpacing
        ds.save_as(bare / f"{n}.dcm")
    del ds.PixelData
    ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.88.33", "SR"
    del ds.Rows
    ds.save_as(report)
    plane = ["--view", "plane", *plane_options(ORIGIN, AXIAL[:, 0], AXIAL[:, 1], 1, "4,4")]
    out = ["--out", str(tmp_path / "a.png")]
    for source, options, wanted in (
        (bare, plane, "no distance between pixels"),
        (report, ["--view", "frame"], "only other objects (SR)"),
        (tmp_path / "ct", ["--view", "frame", "--window", "0,40"], "a width above zero"),
        (tmp_path / "ct", ["--view", "frame", "--index", str(SLICES)], "counted from 0"),
        (tmp_path / "ct", ["--view", "cpr", "--points", str(report)], "cannot be read"),
    ):
        assert main(["render", str(source), *options, *out]) == 1
        assert wanted in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_points_may_be_written_in_several_ways(tmp_path: Path) -> None:
    series(tmp_path / "ct", "plain")
    points = [(-2.0, -4.0, 41.0), (0.0, 0.0, 46.0), (2.0, 5.0, 52.0)]
    forms = ("{},{},{}", "{} {} {}", "{}; {}; {}", "[{}, {}, {}]", "{},\t{},{}  # here")
    pictures = []
    for form in forms:
        text = "\ufeffx,y,z\r\n\r\n# the vessel\r\n" + "\r\n".join(form.format(*point) for point in points)
        (tmp_path / "points.txt").write_bytes(text.encode())
        pictures.append(
            rendered(tmp_path / "ct", tmp_path / "a.npy", "--view", "cpr", "--points", str(tmp_path / "points.txt"))
        )
    assert all(np.array_equal(pictures[0], other, equal_nan=True) for other in pictures[1:])


def test_an_ultrasound_region_of_nothing_hides_no_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Seen on a real device: a region without units lies over the calibrated one, both of the same priority."""
    ds = image(noise()[0], ORIGIN)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    ds.Modality = "US"
    del ds.PixelSpacing
    nothing = Dataset()
    nothing.RegionSpatialFormat = nothing.RegionDataType = 0
    nothing.RegionFlags = 3
    nothing.RegionLocationMinX0 = nothing.RegionLocationMinY0 = 0
    nothing.RegionLocationMaxX1, nothing.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    nothing.PhysicalUnitsXDirection = nothing.PhysicalUnitsYDirection = 0
    nothing.PhysicalDeltaX = nothing.PhysicalDeltaY = 1.0
    tissue = copy.deepcopy(nothing)
    tissue.RegionSpatialFormat = tissue.RegionDataType = 1
    tissue.PhysicalUnitsXDirection = tissue.PhysicalUnitsYDirection = 3
    tissue.PhysicalDeltaX, tissue.PhysicalDeltaY = -0.05, 0.02
    ds.SequenceOfUltrasoundRegions = [nothing, tissue]
    ds.save_as(tmp_path / "us.dcm", enforce_file_format=True)
    (tmp_path / "s.json").write_text(json.dumps([{"type": "length", "points": [[5, 5], [11, 20]]}]))

    assert main(["measure", str(tmp_path / "us.dcm"), "--shapes", str(tmp_path / "s.json"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)[0]
    assert answer["length_mm"] == pytest.approx(np.hypot(6 * 0.5, 15 * 0.2))

"""Blackens parts of every frame of an image: given rectangles, and what lies outside of ultrasound regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.archive.exchange.rewriting import written
from shared.contract.exchange import Rectangle

if TYPE_CHECKING:
    from pydicom import Dataset

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_NATIVE = frozenset({"1.2.840.10008.1.2", EXPLICIT_LITTLE, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})
_VIDEO = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in range(100, 109))


def blacken(
    ds: Dataset, syntax: str, rectangles: Sequence[Rectangle], decode: Callable[[bytes, str], bytes] | None
) -> tuple[Dataset, str, list[str]]:
    """The data set with those pixels black, its transfer syntax now, and warnings.

    Raises ValueError when the pixels cannot be decoded: an image that should be cleaned is not given out as it is.
    """
    import pydicom

    if "PixelData" not in ds:
        return ds, syntax, []
    if syntax in _VIDEO:
        raise ValueError("a video cannot be cleaned")
    regions = _regions(ds)
    if not rectangles and regions is None:
        return ds, syntax, ["No part of the pixels was named and the image states no ultrasound region: not cleaned."]
    if syntax not in _NATIVE:
        if decode is None:
            raise ValueError("no decoder")
        decoded = decode(written(ds, syntax), syntax)
        meta = ds.file_meta
        ds = pydicom.dcmread(BytesIO(decoded), force=True)
        ds.file_meta = meta
        syntax = EXPLICIT_LITTLE
        ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    _blacken_frames(ds, _mask(ds, rectangles, regions))
    return ds, syntax, []


def _regions(ds: Dataset) -> list[tuple[int, int, int, int]] | None:
    """The calibrated regions of an ultrasound image (PS3.3 C.8.5.5), ends included; None without any."""
    found = []
    for item in ds.get("SequenceOfUltrasoundRegions") or ():
        found.append(
            (
                int(item.RegionLocationMinX0),
                int(item.RegionLocationMinY0),
                int(item.RegionLocationMaxX1),
                int(item.RegionLocationMaxY1),
            )
        )
    return found or None


def _mask(ds: Dataset, rectangles: Sequence[Rectangle], regions: list[tuple[int, int, int, int]] | None) -> Any:
    import numpy as np

    mask = np.zeros((int(ds.Rows), int(ds.Columns)), bool)  # True: becomes black
    if regions is not None:
        mask[:] = True
        for left, top, right, bottom in regions:
            mask[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = False
    for one in rectangles:
        mask[one.top : one.bottom, one.left : one.right] = True
    return mask


def _blacken_frames(ds: Dataset, mask: Any) -> None:
    import numpy as np

    allocated = int(ds.BitsAllocated)
    if allocated not in (8, 16, 32):
        raise ValueError(f"pixels of {allocated} bits cannot be cleaned")
    big = str(ds.file_meta.TransferSyntaxUID) == "1.2.840.10008.1.2.2"
    kind = np.dtype(f"{'>' if big else '<'}u{allocated // 8}")
    samples, frames = int(ds.get("SamplesPerPixel", 1)), int(ds.get("NumberOfFrames", 1) or 1)
    planar = int(ds.get("PlanarConfiguration", 0) or 0)
    rows, columns = mask.shape
    needed = frames * rows * columns * samples * kind.itemsize
    data = np.frombuffer(bytes(ds.PixelData[:needed]), kind).copy()
    photometric = str(ds.PhotometricInterpretation)
    if photometric.startswith("YBR_FULL_422") or photometric.startswith("YBR_PARTIAL"):
        raise ValueError("subsampled colour cannot be cleaned")
    # black: the largest value where that is black, the neutral chroma for YBR, the smallest stored value if signed
    black = [0] * samples
    if photometric == "MONOCHROME1":
        black = [(1 << int(ds.BitsStored)) - 1]
    elif photometric.startswith("YBR") and samples == 3:
        black = [0, 1 << (allocated - 1), 1 << (allocated - 1)]
    if int(ds.get("PixelRepresentation", 0)) == 1 and samples == 1:
        smallest = int(data.view(kind.str.replace("u", "i")).min())
        black = [smallest % (1 << allocated)]
    shaped = data.reshape(
        (frames, samples, rows, columns) if planar and samples > 1 else (frames, rows, columns, samples)
    )
    for sample in range(samples):
        if planar and samples > 1:
            shaped[:, sample][:, mask] = black[sample]
        else:
            shaped[..., sample][:, mask] = black[sample]
    raw = shaped.tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    ds["PixelData"].is_undefined_length = False

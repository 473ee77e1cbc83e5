"""Slabs of a stack on screen: neighbouring parallel images as their maximum, minimum or mean (VW-SLB-01).

The stored images stay as they are (VW-OPN-10). No Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clients.viewer.viewport.state import Slab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.pixels import StackPixels
    from clients.viewer.study import Stack

NAMES = {"max": "MIP", "min": "MinIP", "mean": "AvgIP"}
"""Names of the projections as readers know them, the same in all languages."""


@dataclass(frozen=True, slots=True)
class SlabFrame:
    """The picture of a slab: values like those of the middle image, how many images went in and how many should."""

    values: NDArray[Any]
    used: int
    wanted: int
    token: object


def slab_images(stack: Stack, index: int, slab: Slab) -> tuple[int, ...]:
    """The images within half of the thickness to both sides of ``index``, in their order; itself at least.

    Only neighbours that go on in one direction count, so that the phases of a dynamic series never mix.
    """
    here = stack.frame_header(index).plane
    if here is None:
        return (index,)
    found = [index]
    for step in (-1, 1):
        n, last = index + step, 0.0
        while 0 <= n < len(stack):
            plane = stack.frame_header(n).plane
            if plane is None or not here.parallel_to(plane):
                break
            away = abs(plane.depth_mm - here.depth_mm)
            if away <= last + 1e-3 or away > slab.thickness_mm / 2 + 1e-3:
                break
            found.append(n)
            last, n = away, n + step
    return tuple(sorted(found))


class SlabMaker:
    """Makes and keeps the slab of one viewport."""

    def __init__(self) -> None:
        self._key: object = None
        self._frame: SlabFrame | None = None

    def frame(self, stack: Stack, pixels: StackPixels, index: int, slab: Slab | None) -> SlabFrame | None:
        """The slab around an image; None where there is none to make: colour, no neighbours, not loaded."""
        middle = pixels.frame(index)
        if slab is None or middle is None or middle.ndim != 2:
            return None
        images = slab_images(stack, index, slab)
        loaded = tuple(n for n in images if (frame := pixels.frame(n)) is not None and frame.shape == middle.shape)
        if len(images) < 2:
            return None
        key = (id(stack), id(pixels), index, slab, loaded)
        if key != self._key or self._frame is None:
            values = _projected(pixels, loaded, index, slab.projection)
            self._key, self._frame = key, SlabFrame(values, len(loaded), len(images), key)
        return self._frame

    def forget(self) -> None:
        self._key = self._frame = None


def _projected(pixels: StackPixels, images: tuple[int, ...], index: int, projection: str) -> NDArray[Any]:
    """Stored values in the scale of the image at ``index``; images with another slope are brought to it."""
    import numpy as np

    own = pixels.modality(index)
    frames = []
    for n in images:
        frame, modality = pixels.frame(n), pixels.modality(n)
        assert frame is not None
        same = modality is own or (modality.slope, modality.intercept) == (own.slope, own.intercept)
        if not same and own.table is None and own.slope != 0:
            frame = (modality(frame) - own.intercept) / own.slope
        frames.append(frame)
    first = pixels.frame(index)
    assert first is not None
    plain = all(frame.dtype == first.dtype for frame in frames)
    if projection == "mean" or not plain:
        total = np.zeros(first.shape, np.float32)
        if projection == "mean":
            for frame in frames:
                np.add(total, frame, out=total, casting="unsafe")
            total /= len(frames)
        else:
            total = np.maximum.reduce(frames) if projection == "max" else np.minimum.reduce(frames)
        limits = np.iinfo(first.dtype)
        return np.clip(np.rint(total), limits.min, limits.max).astype(first.dtype)
    join = np.maximum if projection == "max" else np.minimum
    result: NDArray[Any] = frames[0].copy()
    for frame in frames[1:]:
        join(result, frame, out=result)
    return result

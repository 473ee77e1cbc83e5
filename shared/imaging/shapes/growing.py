"""Regions that grow by grey value: the smart brush in one image, the connected region in a volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared.imaging.shapes.lines import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPREAD = 2.5
"""The brush takes grey values within so many standard deviations of what was painted."""


def grown_region(frame: NDArray[Any], stroke: Sequence[tuple[float, float]], radius: float) -> NDArray[Any]:
    """The region that a painted stroke means: pixels like those under the brush, joined to it, near to it.

    ``frame`` is one grey frame (rows, columns); ``stroke`` are (column, row) under the middle of a round brush of
    ``radius`` pixels. Growth ends three radii from the stroke, so that a vessel does not fill the whole aorta. Pixels
    under the middle line always belong to it; holes are closed. Returns bool (rows, columns).
    Raises :class:`ShapeError` when the stroke lies beside the image.
    """
    import cv2
    import numpy as np

    rows, columns = frame.shape
    line = np.rint(np.asarray(stroke, np.float64).reshape(-1, 1, 2)).astype(np.int32)
    painted, middle, reach = (np.zeros(frame.shape, np.uint8) for _ in range(3))
    wide = max(1, round(2 * radius))
    cv2.polylines(middle, [line], False, 1, 1)
    cv2.polylines(painted, [line], False, 1, wide)
    cv2.polylines(reach, [line], False, 1, 4 * wide)
    for x, y in line[:, 0]:  # a click without a drag, and round ends
        cv2.circle(middle, (int(x), int(y)), 0, 1, -1)
        cv2.circle(painted, (int(x), int(y)), wide // 2, 1, -1)
        cv2.circle(reach, (int(x), int(y)), 2 * wide, 1, -1)
    under = frame[painted.astype(bool)].astype(np.float64)
    if under.size == 0:
        raise ShapeError("The stroke lies beside the image.")
    # Median and its deviation: a stroke that touches the border of an organ is not led astray by the few outside.
    centre = float(np.median(under))
    spread = 1.4826 * float(np.median(np.abs(under - centre)))
    slack = SPREAD * max(spread, 0.005 * float(np.ptp(under)) + 0.5)
    alike = (np.abs(frame.astype(np.float64) - centre) <= slack) & reach.astype(bool)
    opened = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    joined = ((opened | (alike & painted.astype(bool)).astype(np.uint8)) | middle).astype(np.uint8)
    count, labels = cv2.connectedComponents(joined, connectivity=4)
    kept = np.zeros(count, bool)
    kept[np.unique(labels[middle.astype(bool)])] = True
    kept[0] = False
    region = kept[labels].astype(np.uint8)
    outer, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros((rows, columns), np.uint8)
    cv2.drawContours(filled, outer, -1, 1, -1)
    result: NDArray[Any] = filled.astype(bool)
    return result


def region_outline(region: NDArray[Any], most: int = 96) -> tuple[tuple[float, float], ...]:
    """The outline (column, row) of the largest part of a region along the edges of its pixels; holes are closed.

    At most about ``most`` corners: steps are smoothed within half a pixel, more where that is not enough. The outline
    encloses as much as the pixels of that part do. Raises :class:`ShapeError` for an empty region.
    """
    import cv2
    import numpy as np

    rows, columns = np.nonzero(region.any(1))[0], np.nonzero(region.any(0))[0]
    if not rows.size:
        raise ShapeError("The region is empty.")
    top, left = int(rows[0]), int(columns[0])
    part = region[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.uint8)
    # A lattice of half pixels on which each pixel covers its own edges, so that a contour runs along them.
    doubled = np.repeat(np.repeat(part, 2, 0), 2, 1)
    lattice = np.zeros((doubled.shape[0] + 1, doubled.shape[1] + 1), np.uint8)
    for rows_from in (0, 1):
        for columns_from in (0, 1):
            lattice[rows_from : rows_from + doubled.shape[0], columns_from : columns_from + doubled.shape[1]] |= doubled
    found, _ = cv2.findContours(lattice, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(found, key=cv2.contourArea)
    tolerance = 1.0
    corners = cv2.approxPolyDP(largest, tolerance, True)
    while len(corners) > most:
        tolerance *= 1.5
        corners = cv2.approxPolyDP(largest, tolerance, True)
    points = corners[:, 0].astype(np.float64)
    # Contours cut the inner corners of steps; what counts is the number of pixels, each two by two lattice units.
    parts, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(part), [max(parts, key=cv2.contourArea)], -1, 1, -1)
    wanted, have = 4.0 * cv2.countNonZero(filled), cv2.contourArea(corners)
    if have > 0 and abs(wanted / have - 1) < 0.2:
        middle = points.mean(axis=0)
        points = middle + (points - middle) * (wanted / have) ** 0.5
    return tuple((float(x) / 2 - 0.5 + left, float(y) / 2 - 0.5 + top) for x, y in points)


def connected_region(
    voxels: NDArray[Any], seed: tuple[int, int, int], low: float, high: float, limit: int = 200_000_000
) -> NDArray[Any]:
    """Voxels [slice, row, column] of ``low`` to ``high`` that are joined to ``seed`` by faces; bool of the same shape.

    Slice by slice: parts of a slice are labelled, and parts of neighbouring slices that overlap are one.
    Raises :class:`ShapeError` when the seed lies outside of the volume or of the range.
    """
    import cv2
    import numpy as np

    if voxels.size > limit:
        raise ShapeError("The volume is too large for a region.")
    if any(not 0 <= n < size for n, size in zip(seed, voxels.shape, strict=True)):
        raise ShapeError("The seed lies outside of the volume.")
    if not low <= float(voxels[seed]) <= high:
        raise ShapeError("The value at the seed lies outside of the range.")
    labels = np.zeros(voxels.shape, np.int32)
    top = 0
    parents = [0]

    def root(n: int) -> int:
        while parents[n] != n:
            parents[n] = parents[parents[n]]
            n = parents[n]
        return n

    for z, plane in enumerate(voxels):
        count, here = cv2.connectedComponents(((plane >= low) & (plane <= high)).astype(np.uint8), connectivity=4)
        labels[z] = np.where(here > 0, here + top, 0)
        parents.extend(range(top + 1, top + count))
        top += count - 1
        if z:
            both = (labels[z] > 0) & (labels[z - 1] > 0)
            pairs = np.unique(labels[z][both].astype(np.int64) << 32 | labels[z - 1][both])
            for pair in pairs.tolist():
                a, b = root(pair >> 32), root(pair & 0xFFFFFFFF)
                parents[max(a, b)] = min(a, b)
    wanted = root(int(labels[seed]))
    kept = np.fromiter((n > 0 and root(n) == wanted for n in range(top + 1)), bool, top + 1)
    result: NDArray[Any] = kept[labels]
    return result

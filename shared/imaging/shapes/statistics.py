"""Mean, standard deviation, extremes and number of the values in a region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.lut import Modality
from shared.imaging.shapes.outlines import Outline, box_of, covered

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Values in output units of the modality LUT (HU, SUV …).

    ``sd`` is the standard deviation of the population: the squares are divided by ``count``, as reading stations do,
    because the pixels are all that the region holds and no sample of it. All are NaN when ``count`` is 0.
    """

    count: int
    mean: float = math.nan
    sd: float = math.nan
    minimum: float = math.nan
    maximum: float = math.nan
    total: float = math.nan

    def scaled(self, slope: float, intercept: float) -> RegionStatistics:
        """Statistics of ``slope`` × value + ``intercept``."""
        ends = sorted((self.minimum * slope + intercept, self.maximum * slope + intercept))
        return RegionStatistics(
            self.count,
            self.mean * slope + intercept,
            self.sd * abs(slope),
            ends[0],
            ends[1],
            self.total * slope + intercept * self.count,
        )


def statistics_of(values: NDArray[Any]) -> RegionStatistics:
    """Statistics of an array of any shape; values that are no number (outside of a volume) do not count."""
    import numpy as np

    flat = values.ravel()
    if flat.dtype.kind == "f":
        known = np.isfinite(flat)
        if not known.all():
            flat = flat[known]
    if flat.size == 0:
        return RegionStatistics(0)
    numbers = flat.astype(np.float64)
    total = float(numbers.sum())
    mean = total / flat.size
    numbers -= mean  # in place: no second array for the squares, and no cancellation
    sd = math.sqrt(float(np.dot(numbers, numbers)) / flat.size)
    return RegionStatistics(int(flat.size), mean, sd, float(flat.min()), float(flat.max()), total)


def statistics_under(outline: Outline, stored: NDArray[Any], modality: Modality) -> RegionStatistics:
    """Statistics of the pixels whose centres lie inside or on ``outline`` (column, row).

    ``stored`` is one grey frame (rows, columns) as kept; ``modality`` makes units of it. Slope and intercept are
    applied to the result, so whole stored numbers stay exact.
    """
    rows, columns = box_of(outline, stored.shape[1], stored.shape[0])
    part, mask = stored[rows, columns], covered(outline, rows, columns)
    if modality.table is not None:
        return statistics_of(modality(part[mask]))
    whole = part.dtype.name in _WHOLE and part.ndim == 2
    found = _of_whole_numbers(part, mask) if whole else statistics_of(part[mask])
    return found.scaled(modality.slope, modality.intercept)


_WHOLE = ("uint8", "int8", "uint16", "int16")


def _of_whole_numbers(part: NDArray[Any], mask: NDArray[Any]) -> RegionStatistics:
    """OpenCV sums whole numbers of 16 bits exactly and without a copy, so that values follow a dragged handle."""
    import cv2
    import numpy as np

    bits = mask.view(np.uint8)
    count = cv2.countNonZero(bits) if bits.size else 0
    if count == 0:
        return RegionStatistics(0)
    mean, sd = cv2.meanStdDev(part, mask=bits)
    least, most, _, _ = cv2.minMaxLoc(part, mask=bits)
    middle = float(mean[0, 0])
    return RegionStatistics(count, middle, float(sd[0, 0]), float(least), float(most), middle * count)

"""Nuclei of a stained field found and graded: a suggestion that the doctor corrects (PA-ANA-03).

Density of the nuclear stains, Otsu's threshold over the local ground, and nuclei that touch are parted by a watershed
on the distance to the ground, from seeds that a scale-space blob filter confirms (Al-Kofahi et al., IEEE Trans. Biomed.
Eng. 2010;57:841). A nucleus is as positive as its mean optical density of DAB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from clients.pathology.analysis.stains import amounts
from shared.contract.pathology_counts import MOST_CELLS, Cell, Grade

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]
WORKING_DIAMETER = 20.0
"""Pixels of a nucleus at which is worked."""
LEAST_DIAMETER, MOST_DIAMETER = 4.0, 400.0
USUAL_UM = 8.0
"""Diameter of a nucleus in micrometres, unless the doctor says another."""
_LEAST_DENSITY = 0.06
_LEAST_AREA, _MOST_AREA = 0.25, 6.0
"""Of the area of a nominal nucleus."""
_NEIGHBOURHOOD, _SHARE_OF_NEAR = 0.5, 0.62
"""Within half a diameter of something darker, a nucleus has at least this share of its density."""
_RISE = 0.03
"""By how much a hill stands over its saddle, in radii."""
_LEAST_STEP = 0.57
"""Nuclei lie at least so many diameters apart, measured from middle to middle."""


class Channel(StrEnum):
    """What makes a nucleus."""

    BOTH = "both"  # haematoxylin and DAB together: nuclear markers
    HAEMATOXYLIN = "haematoxylin"  # where DAB stains membranes or cytoplasm


@dataclass(frozen=True)
class Settings:
    """How nuclei are looked for."""

    diameter_px: float  # of a usual nucleus in pixels of the picture
    sensitivity: float = 0.0  # -0.5 fewer … 0.5 more
    positive_from: float = 0.20  # optical density of DAB from which a nucleus is positive: 1+
    moderate_from: float = 0.40  # 2+
    strong_from: float = 0.60  # 3+
    channel: Channel = Channel.BOTH

    @property
    def words(self) -> str:
        """As it is kept with the count."""
        return (
            f"H-DAB {self.channel.value}, d={self.diameter_px:.4g}px, s={self.sensitivity:g}, "
            f"DAB {self.positive_from:g}/{self.moderate_from:g}/{self.strong_from:g}"
        )


class CannotCount(ValueError):
    """Nothing can be counted; the argument is a Chinese source sentence."""


@dataclass(frozen=True)
class Nucleus:
    """One that was found: its middle in pixels of the picture, and its mean optical density of DAB."""

    x: float
    y: float
    dab: float


def find(picture: NDArray[Any], settings: Settings, region: Sequence[Point] = ()) -> tuple[Nucleus, ...]:
    """The nuclei of a picture, or those whose middle lies in the region (corners in pixels; fewer than three: all).

    `picture` is uint8 [row, column, (blue, green, red)]. Raises CannotCount.
    """
    import cv2
    import numpy as np

    if not LEAST_DIAMETER <= settings.diameter_px <= MOST_DIAMETER:
        raise CannotCount("细胞核直径不合适，请改为实际大小。")
    height, width = picture.shape[:2]
    left, top, right, bottom = _around(region, width, height, settings.diameter_px)
    part = picture[top:bottom, left:right]
    if min(part.shape[:2]) < LEAST_DIAMETER:
        raise CannotCount("计数区域太小，请重新画。")
    scale = min(2.0, WORKING_DIAMETER / settings.diameter_px)
    stains = amounts(np.ascontiguousarray(part))
    size = (max(4, round(part.shape[1] * scale)), max(4, round(part.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    stains = cv2.resize(stains, size, interpolation=how)
    diameter = settings.diameter_px * scale
    labels, count = _parted(_nuclear(stains, settings, diameter), diameter, settings.sensitivity)
    if not count:
        return ()
    found = _measured(labels, count, stains[..., 1], diameter)
    back = (part.shape[1] / size[0], part.shape[0] / size[1])
    placed = (Nucleus((x + 0.5) * back[0] - 0.5 + left, (y + 0.5) * back[1] - 0.5 + top, dab) for x, y, dab in found)
    kept = tuple(one for one in placed if len(region) < 3 or inside((one.x, one.y), region))
    if len(kept) > MOST_CELLS:
        raise CannotCount("细胞核太多，请缩小计数区域或改正细胞核直径。")
    return kept


def graded(nuclei: Sequence[Nucleus], settings: Settings) -> tuple[Cell, ...]:
    """The nuclei with their grades."""
    return tuple(Cell(round(one.x, 1), round(one.y, 1), grade_of(one.dab, settings)) for one in nuclei)


def grade_of(dab: float, settings: Settings) -> Grade:
    """The grade of a mean optical density of DAB."""
    if dab < settings.positive_from:
        return Grade.NEGATIVE
    if dab < settings.moderate_from:
        return Grade.WEAK
    return Grade.MODERATE if dab < settings.strong_from else Grade.STRONG


def inside(point: Point, corners: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon (even-odd rule)."""
    x, y = point
    found = False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            found = not found
    return found


def area_of(corners: Sequence[Point]) -> float:
    """Area of a polygon in square pixels (Gauss)."""
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True) if corners else ()
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


# --- inside -------------------------------------------------------------------------------------------------


def _around(region: Sequence[Point], width: int, height: int, margin: float) -> tuple[int, int, int, int]:
    if len(region) < 3:
        return 0, 0, width, height
    xs, ys = [x for x, _y in region], [y for _x, y in region]
    left, top = max(0, math.floor(min(xs) - 2 * margin)), max(0, math.floor(min(ys) - 2 * margin))
    right, bottom = min(width, math.ceil(max(xs) + 2 * margin)), min(height, math.ceil(max(ys) + 2 * margin))
    return left, top, max(left, right), max(top, bottom)


def _nuclear(stains: NDArray[Any], settings: Settings, diameter: float) -> NDArray[Any]:
    """Density of what makes nuclei above the local ground, float32 [row, column]."""
    import cv2
    import numpy as np

    density = stains[..., 0] if settings.channel is Channel.HAEMATOXYLIN else stains.sum(axis=2)
    density = cv2.GaussianBlur(density, (0, 0), max(0.6, diameter / 12))
    # The ground under nuclei: stroma and cytoplasm are paler than any nucleus, but not empty. An opening on a smaller
    # picture is as good and far quicker.
    small = cv2.resize(density, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    reach = max(3, round(diameter * 2.5 / 4)) | 1
    ground = cv2.morphologyEx(small, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    ground = cv2.GaussianBlur(ground, (0, 0), reach / 2)
    ground = cv2.resize(ground, density.shape[::-1], interpolation=cv2.INTER_LINEAR)
    above: NDArray[Any] = np.maximum(density - ground, 0.0)
    return above


def _parted(density: NDArray[Any], diameter: float, sensitivity: float) -> tuple[NDArray[Any], int]:
    """Labels of nuclei, int32 [row, column] (0 the ground), and how many there are."""
    import cv2
    import numpy as np

    level = max(_threshold(density) * (1.0 - sensitivity), _LEAST_DENSITY)
    # A dark nucleus has a halo that would join it to its neighbours: near it, only what is dark too belongs to one.
    near = cv2.dilate(density, _disc(diameter * _NEIGHBOURHOOD))
    stained = cv2.morphologyEx((density > level).astype(np.uint8), cv2.MORPH_OPEN, _disc(3))
    mask: Any = _without_holes(stained, diameter) & (density > _SHARE_OF_NEAR * near).astype(np.uint8)
    if not mask.any():
        return mask.astype(np.int32), 0
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = cv2.GaussianBlur(distance, (0, 0), diameter / 30)
    # Both agree on the middle of a nucleus: it is far from the ground, and the blob filter answers.
    height = distance / (diameter / 2) + 0.5 * _blobs(np.minimum(density, 2.0 * level), diameter)
    height = np.where(mask > 0, height, 0.0).astype(np.float32)
    seeds, count = _seeds(height, diameter)
    return (_flooded(height, seeds, mask), count) if count else (mask.astype(np.int32), 0)


def _without_holes(mask: NDArray[Any], diameter: float) -> NDArray[Any]:
    """Pale spots within nuclei filled; gaps that nuclei enclose stay open."""
    import numpy as np
    from scipy import ndimage

    holes, count = ndimage.label(mask == 0)
    sizes = np.bincount(holes.ravel(), minlength=count + 1)
    small = sizes < 0.25 * math.pi * (diameter / 2) ** 2
    small[0] = False
    filled: NDArray[Any] = mask | small[holes].astype(np.uint8)
    return filled


def _disc(width: float) -> NDArray[Any]:
    import cv2

    pixels = max(3, round(width) | 1)
    found: NDArray[Any] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pixels, pixels))
    return found


def _threshold(density: NDArray[Any]) -> float:
    """Otsu's threshold of the logarithm of what is stained at all (IEEE Trans. SMC 1979;9:62).

    Dark DAB beside pale haematoxylin makes three heaps of densities; in the logarithm the two of nuclei lie close
    together and the ground far below.
    """
    import numpy as np

    stained = density[density > _LEAST_DENSITY / 2]
    if stained.size < 16 or float(np.percentile(stained, 99.0)) <= _LEAST_DENSITY:
        return math.inf
    top = float(np.percentile(stained, 99.5))
    lowest = math.log(_LEAST_DENSITY / 2)
    return math.exp(_otsu(np.log(np.minimum(stained, top)) - lowest) + lowest)


def _otsu(values: NDArray[Any]) -> float:
    import cv2
    import numpy as np

    top = float(values.max())
    grey = np.rint(values * (255.0 / top)).astype(np.uint8).reshape(1, -1)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(level) * top / 255.0


def _blobs(density: NDArray[Any], diameter: float) -> NDArray[Any]:
    """Answer of the Laplacian of Gaussians over the sizes that nuclei have, 0 to 1 (Lindeberg, IJCV 1998;30:79)."""
    import numpy as np
    from scipy import ndimage

    best: NDArray[Any] = np.zeros(density.shape, np.float32)
    for share in (0.7, 0.95):
        sigma = share * diameter / (2 * math.sqrt(2))
        answer = -(sigma**2) * ndimage.gaussian_laplace(density, sigma)
        best = np.maximum(best, answer)
    top = float(np.percentile(best[best > 0], 99)) if (best > 0).any() else 1.0
    clipped: NDArray[Any] = np.clip(best / max(top, 1e-6), 0, 1)
    return clipped


def _seeds(height: NDArray[Any], diameter: float) -> tuple[NDArray[Any], int]:
    """Seeds of nuclei, int32 [row, column], and how many: hills that rise over their saddle (h-maxima, Soille 2003,
    6.3.5), of two that stand closer than nuclei can the higher one."""
    import numpy as np
    from scipy import ndimage
    from scipy.spatial import cKDTree

    flat = _reconstructed(height - _RISE, height)
    hills = (height - flat >= _RISE - 1e-3) & (height > 0.25)
    seeds, count = ndimage.label(hills)
    if not count:
        return seeds.astype(np.int32), 0
    numbers = np.arange(1, count + 1)
    middles = np.array(ndimage.center_of_mass(hills, seeds, numbers))
    tops = np.asarray(ndimage.maximum(height, seeds, numbers))
    tree, is_free = cKDTree(middles), np.ones(count, bool)
    for one in np.argsort(-tops, kind="stable"):
        if is_free[one]:
            is_free[tree.query_ball_point(middles[one], _LEAST_STEP * diameter)] = False
            is_free[one] = True
    # What was suppressed by a hill that was itself suppressed stays away: hills are taken from the highest down.
    names = np.zeros(count + 1, np.int32)
    names[1:][is_free] = np.arange(1, int(is_free.sum()) + 1)
    return names[seeds], int(is_free.sum())


def _reconstructed(marker: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    """Morphological reconstruction by dilation (Vincent, IEEE Trans. Image Process. 1993;2:176)."""
    import SimpleITK

    sitk: Any = SimpleITK
    done = sitk.ReconstructionByDilation(sitk.GetImageFromArray(marker), sitk.GetImageFromArray(mask), True)
    found: NDArray[Any] = sitk.GetArrayFromImage(done)
    return found


def _flooded(height: NDArray[Any], seeds: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    """The watershed from the seeds, within the mask."""
    import SimpleITK

    sitk: Any = SimpleITK
    filled = sitk.MorphologicalWatershedFromMarkers(
        sitk.GetImageFromArray(-height), sitk.GetImageFromArray(seeds), markWatershedLine=False, fullyConnected=True
    )
    labels: NDArray[Any] = sitk.GetArrayFromImage(filled)
    labels[mask == 0] = 0
    return labels


def _measured(labels: NDArray[Any], count: int, dab: NDArray[Any], diameter: float) -> list[tuple[float, float, float]]:
    """Middle and mean DAB of every label whose size a nucleus may have."""
    import numpy as np

    flat = labels.ravel()
    areas = np.bincount(flat, minlength=count + 1).astype(np.float64)
    rows, columns = np.divmod(np.arange(flat.size), labels.shape[1])
    safe = np.maximum(areas, 1)
    xs = np.bincount(flat, columns, count + 1) / safe
    ys = np.bincount(flat, rows, count + 1) / safe
    means = np.bincount(flat, dab.ravel(), count + 1) / safe
    nominal = math.pi * (diameter / 2) ** 2
    fits = (areas >= _LEAST_AREA * nominal) & (areas <= _MOST_AREA * nominal)
    return [(float(xs[one]), float(ys[one]), float(means[one])) for one in range(1, count + 1) if fits[one]]

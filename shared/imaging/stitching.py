"""Stitching of projection images: where the next image joins the one before, and one picture of all. No Qt.

Long-leg and spine images overlap by some centimetres. The joint is searched in three steps: normalised
cross-correlation of all shifts at low resolution (with masks, Padfield, IEEE TIP 2012;21:2706), refinement over a
pyramid, and a fraction of a pixel by a parabola. How well it holds is measured afterwards in blocks of the overlap.
Images are float32 ``[row, column]``; a shift is (rows, columns) of the second image's first pixel in the first one's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW_SIDE = 192  # pixels of the longer side at which all shifts are tried
LEAST_OVERLAP, MOST_OVERLAP = 0.03, 0.75  # shares of the image along the direction
LARGEST_SIDEWAYS = 0.25
LEAST_LIKENESS = 0.5
BLOCK, REACH = 48, 6  # pixels of a block of the residual, and how far it is searched
MOST_LOOKED_AT = 640
MAX_PIXELS = 200_000_000
SAME_SPACING = 0.002


class Direction(StrEnum):
    """How the second image follows the first."""

    DOWN = "down"
    RIGHT = "right"


class Blending(StrEnum):
    """What is shown where images overlap."""

    FEATHER = "feather"  # one goes over into the other
    MEAN = "mean"
    FIRST = "first"
    LAST = "last"


class NoJoint(ValueError):
    """The images cannot be stitched; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Where the second of two images begins in the first, in pixels, and how much to believe it."""

    row: float
    column: float
    likeness: float  # correlation in the overlap, -1 to 1
    residual_mm: float  # root mean square of what blocks of the overlap still miss; NaN where nothing could be measured
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """An image in the common picture: its first pixel, in pixels of the first image, and a turn about its middle."""

    row: float
    column: float
    rotation_deg: float = 0.0


@dataclass(frozen=True, eq=False)
class Projection:
    """One image to be stitched: values ``[row, column]``, mm of a pixel (rows, columns), whether high is dark."""

    values: NDArray[Any]
    spacing_mm: tuple[float, float]
    inverted: bool = False


def alike(images: Sequence[Projection]) -> tuple[NDArray[Any], ...]:
    """All as float32 with the pixel size and the greys of the first; raises :class:`NoJoint` without a pixel size."""
    import cv2
    import numpy as np

    if not images or any(not (0 < mm < 100) for image in images for mm in image.spacing_mm):
        raise NoJoint("The size of the pixels is not known, so the images cannot be stitched.")
    first, made = images[0], []
    for image in images:
        values: NDArray[Any] = np.asarray(image.values, np.float32)
        if image.inverted != first.inverted:
            values = values.max() + values.min() - values
        shares = [own / wanted for own, wanted in zip(image.spacing_mm, first.spacing_mm, strict=True)]
        if any(abs(share - 1) > SAME_SPACING for share in shares):
            rows, columns = (max(1, round(n * share)) for n, share in zip(values.shape, shares, strict=True))
            if rows * columns > MAX_PIXELS:
                raise NoJoint("The images have very different pixels and cannot be stitched.")
            how = cv2.INTER_AREA if min(shares) < 1 else cv2.INTER_LINEAR
            values = cv2.resize(values, (columns, rows), interpolation=how)
        made.append(values)
    return tuple(made)


def find_joint(
    first: NDArray[Any],
    second: NDArray[Any],
    spacing_mm: tuple[float, float],
    direction: Direction = Direction.DOWN,
) -> Joint:
    """Find where ``second`` joins ``first``; both have the pixel spacing ``spacing_mm`` (rows, columns).

    Raises :class:`NoJoint` when there is nothing to compare at all.
    """
    import numpy as np

    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    if min(*a.shape, *b.shape) < 16:
        raise NoJoint("The images are too small to be stitched.")
    if direction is Direction.RIGHT:
        found = find_joint(a.T, b.T, (spacing_mm[1], spacing_mm[0]))
        return Joint(found.column, found.row, found.likeness, found.residual_mm, found.refused)
    levels = max(0, math.ceil(math.log2(max(*a.shape, *b.shape) / LOW_SIDE)))
    scales = [2**n for n in range(levels, -1, -1)]
    row, column, runner_up = _coarse(_details(_smaller(a, scales[0])), _details(_smaller(b, scales[0])))
    place, best = (float(row), float(column)), 0.0
    for n, scale in enumerate(scales):
        if n:
            place = (place[0] * 2, place[1] * 2)
        low_a, low_b = _details(_smaller(a, scale)), _details(_smaller(b, scale))
        place, likeness = _refine(low_a, low_b, place, reach=3 if n else 2)
        best = likeness if n == 0 else max(likeness, best * 0.6)
    residual = _residual(_details(a), _details(b), place, spacing_mm)
    refused = ""
    if best < LEAST_LIKENESS:
        refused = "The images do not show a common part."
    elif runner_up > best * 0.97:
        refused = "There are two places where the images would fit equally well."
    elif residual > 1.0:
        refused = f"The overlap does not fit: {residual:.1f} mm are left over."
    return Joint(place[0], place[1], best, residual, refused)


def placements_of(joints: Sequence[Joint]) -> tuple[Placement, ...]:
    """Places of n + 1 images from their n joints, the first at 0, 0."""
    places = [Placement(0.0, 0.0)]
    for joint in joints:
        last = places[-1]
        places.append(Placement(last.row + joint.row, last.column + joint.column))
    return tuple(places)


def compose(
    images: Sequence[NDArray[Any]],
    places: Sequence[Placement],
    blending: Blending = Blending.FEATHER,
    *,
    level: bool = True,
    background: float = 0.0,
) -> NDArray[Any]:
    """One float32 picture of all images on the grid of the first; ``background`` where there is none.

    ``level`` evens out the exposure: each further image is brought to the mean and spread of its overlap with what
    lies there already. Pixel values are then relative, as projections are. Raises :class:`NoJoint` when the picture
    would be larger than can be held.
    """
    import cv2
    import numpy as np

    if not images or len(images) != len(places):
        raise NoJoint("Every image needs a place.")
    corners = np.concatenate([_corners(i.shape, p) for i, p in zip(images, places, strict=True)])
    low, high = np.floor(corners.min(0) + 1e-6), np.ceil(corners.max(0) - 1e-6)
    rows, columns = (int(v) + 1 for v in high - low)
    if rows * columns > MAX_PIXELS:
        raise NoJoint("The stitched picture would be too large; move the images closer together.")
    total = np.zeros((rows, columns), np.float32)
    weights = np.zeros((rows, columns), np.float32)
    for image, place in zip(images, places, strict=True):
        matrix = _to_picture(image.shape, place, low)
        size = (columns, rows)
        values = cv2.warpAffine(
            np.asarray(image, np.float32), matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        there = cv2.warpAffine(np.ones(image.shape, np.float32), matrix, size, flags=cv2.INTER_LINEAR) > 0.999
        common = there & (weights > 0)
        if level and common.sum() > 256:
            values = _levelled(values, total[common] / weights[common], common)
        weight = _weight(image.shape, matrix, size, there, blending)
        if blending is Blending.FIRST:
            weight = np.where(weights > 0, np.float32(0), weight)
        elif blending is Blending.LAST:
            total[there], weights[there] = 0, 0
        total += values * weight
        weights += weight
    result: NDArray[Any] = np.where(weights > 0, total / np.maximum(weights, 1e-6), np.float32(background))
    return result


# --- inside -------------------------------------------------------------------------------------------------


def _smaller(image: NDArray[Any], scale: int) -> NDArray[Any]:
    import cv2

    if scale == 1:
        return image
    size = (max(8, round(image.shape[1] / scale)), max(8, round(image.shape[0] / scale)))
    small: NDArray[Any] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small


def _details(image: NDArray[Any]) -> NDArray[Any]:
    """Edges and trabeculae without the exposure: a band of the image, at equal strength everywhere."""
    import cv2
    import numpy as np

    wide = max(2.0, min(image.shape) / 24)
    band = cv2.GaussianBlur(image, (0, 0), 0.8) - _blurred(image, wide)
    strength = np.sqrt(_blurred(band * band, wide * 2))
    return np.asarray(band / (strength + 0.05 * float(strength.max()) + 1e-6), np.float32)


def _blurred(image: NDArray[Any], sigma: float) -> NDArray[Any]:
    """A wide blur, on a smaller image where it is so wide that nobody sees the difference."""
    import cv2

    scale = 1 << max(0, math.floor(math.log2(sigma / 4)))
    small = _smaller(image, scale)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / scale)
    if scale == 1:
        return blurred
    wide: NDArray[Any] = cv2.resize(blurred, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return wide


def _coarse(a: NDArray[Any], b: NDArray[Any]) -> tuple[int, int, float]:
    """Best shift of all allowed ones, and the correlation of the best place elsewhere."""
    import numpy as np

    scores = _correlations(a, b)
    rows = np.arange(scores.shape[0]) - (b.shape[0] - 1)
    columns = np.arange(scores.shape[1]) - (b.shape[1] - 1)
    shorter = min(a.shape[0], b.shape[0])
    overlap = a.shape[0] - rows
    allowed_rows = (rows > 0) & (overlap >= max(6, LEAST_OVERLAP * shorter)) & (overlap <= MOST_OVERLAP * shorter)
    sideways = LARGEST_SIDEWAYS * min(a.shape[1], b.shape[1])
    allowed = allowed_rows[:, None] & (np.abs(columns) <= sideways)[None, :]
    scores = np.where(allowed, scores, -1.0)
    # A likeness of few pixels is large by chance.
    trust = np.sqrt(np.clip(overlap / (0.12 * shorter), 0.0, 1.0))[:, None]
    weighed = scores * np.where(scores > 0, trust, 1.0)
    at = np.unravel_index(int(weighed.argmax()), weighed.shape)
    rest = weighed.copy()
    near = max(4, shorter // 20)
    rest[max(0, at[0] - near) : at[0] + near + 1, max(0, at[1] - near) : at[1] + near + 1] = -1.0
    return int(rows[at[0]]), int(columns[at[1]]), float(rest.max())


def _correlations(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Normalised cross-correlation of all shifts of ``b`` in ``a``, index [0, 0] being the farthest up and left."""
    import numpy as np

    shape = (a.shape[0] + b.shape[0] - 1, a.shape[1] + b.shape[1] - 1)
    size = tuple(1 << (n - 1).bit_length() for n in shape)
    ones_a, ones_b = np.ones(a.shape), np.ones(b.shape)
    turned = b[::-1, ::-1]
    fa, fb = np.fft.rfft2(a, size), np.fft.rfft2(turned, size)
    fa2, fb2 = np.fft.rfft2(a * a, size), np.fft.rfft2(turned * turned, size)
    ma, mb = np.fft.rfft2(ones_a, size), np.fft.rfft2(ones_b, size)

    def back(product: NDArray[Any]) -> NDArray[Any]:
        whole: NDArray[Any] = np.fft.irfft2(product, size)[: shape[0], : shape[1]]
        return whole

    count = np.maximum(np.rint(back(ma * mb)), 1)
    sum_a, sum_b = back(fa * mb), back(ma * fb)
    covariance = back(fa * fb) - sum_a * sum_b / count
    spread_a = np.maximum(back(fa2 * mb) - sum_a**2 / count, 0)
    spread_b = np.maximum(back(ma * fb2) - sum_b**2 / count, 0)
    spread = np.sqrt(spread_a * spread_b)
    scores: NDArray[Any] = np.where(spread > 1e-3 * spread.max(), covariance / np.maximum(spread, 1e-9), -1.0)
    return scores


def _refine(
    a: NDArray[Any], b: NDArray[Any], place: tuple[float, float], *, reach: int
) -> tuple[tuple[float, float], float]:
    """The best shift within ``reach`` pixels of ``place``, to a fraction of a pixel, and its correlation."""
    import numpy as np

    middle = (round(place[0]), round(place[1]))
    scores = np.full((2 * reach + 1, 2 * reach + 1), -1.0)
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            scores[i + reach, j + reach] = _likeness(a, b, middle[0] + i, middle[1] + j)
    at = np.unravel_index(int(scores.argmax()), scores.shape)
    row, column = int(at[0]), int(at[1])
    fine_row = middle[0] + row - reach + _vertex(scores[:, column], row)
    fine_column = middle[1] + column - reach + _vertex(scores[row], column)
    return (fine_row, fine_column), float(scores[row, column])


def _likeness(a: NDArray[Any], b: NDArray[Any], row: int, column: int) -> float:
    """Correlation of the common part when ``b`` begins at (row, column) of ``a``."""
    import numpy as np

    top, bottom = max(0, row), min(a.shape[0], row + b.shape[0])
    left, right = max(0, column), min(a.shape[1], column + b.shape[1])
    if bottom - top < 4 or right - left < 4:
        return -1.0
    top, bottom, left, right = *_middle(top, bottom), *_middle(left, right)
    one = a[top:bottom, left:right]
    other = b[top - row : bottom - row, left - column : right - column]
    one, other = one - one.mean(), other - other.mean()
    spread = math.sqrt(float((one * one).sum()) * float((other * other).sum()))
    return float(np.vdot(one, other)) / spread if spread > 0 else -1.0


def _middle(low: int, high: int) -> tuple[int, int]:
    """At most `MOST_LOOKED_AT` pixels in the middle: more say nothing new and cost time."""
    spare = max(0, high - low - MOST_LOOKED_AT) // 2
    return low + spare, high - spare


def _vertex(scores: NDArray[Any], at: int) -> float:
    """Where between the neighbours the top of a parabola lies."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    left, middle, right = (float(v) for v in scores[at - 1 : at + 2])
    bend = left - 2 * middle + right
    return min(max(0.5 * (left - right) / bend, -0.5), 0.5) if bend < 0 else 0.0


def _residual(a: NDArray[Any], b: NDArray[Any], place: tuple[float, float], spacing_mm: tuple[float, float]) -> float:
    """Root mean square in mm of the shifts that blocks of the overlap still want; NaN when no block has details."""
    import cv2
    import numpy as np

    row, column = round(place[0]), round(place[1])
    top, bottom = max(0, row), min(a.shape[0], row + b.shape[0])
    left, right = max(0, column), min(a.shape[1], column + b.shape[1])
    strong = float(np.abs(a[top:bottom, left:right]).mean()) if bottom > top and right > left else 0.0
    squares = []
    side = min(BLOCK, max(12, (bottom - top) // 2 - 2 * REACH))
    for y in range(top + REACH, bottom - side - REACH + 1, side):
        for x in range(left + REACH, right - side - REACH + 1, side):
            block = a[y : y + side, x : x + side]
            if float(np.abs(block).mean()) < 0.7 * strong:
                continue
            y_b, x_b = y - row - REACH, x - column - REACH
            if y_b < 0 or x_b < 0:
                continue
            around = b[y_b : y_b + side + 2 * REACH, x_b : x_b + side + 2 * REACH]
            if around.shape != (side + 2 * REACH, side + 2 * REACH):
                continue
            found = cv2.matchTemplate(around, np.ascontiguousarray(block), cv2.TM_CCOEFF_NORMED)
            at = np.unravel_index(int(found.argmax()), found.shape)
            if found[at] < 0.6:
                continue
            shift = (
                at[0] - REACH + _vertex(found[:, at[1]], int(at[0])) + (place[0] - row),
                at[1] - REACH + _vertex(found[at[0]], int(at[1])) + (place[1] - column),
            )
            squares.append((shift[0] * spacing_mm[0]) ** 2 + (shift[1] * spacing_mm[1]) ** 2)
    if not squares:
        return math.nan
    # Grids, markers and noise spoil single blocks; what most of them say counts.
    kept = sorted(squares)[: max(1, round(0.8 * len(squares)))]
    return math.sqrt(sum(kept) / len(kept))


def _to_picture(shape: tuple[int, ...], place: Placement, low: NDArray[Any]) -> NDArray[Any]:
    """2 x 3 matrix from (column, row) of an image to the common picture."""
    import numpy as np

    angle = math.radians(place.rotation_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    return np.array(
        [
            [cos, -sin, x - cos * x + sin * y + place.column - low[1]],
            [sin, cos, y - sin * x - cos * y + place.row - low[0]],
        ]
    )


def _corners(shape: tuple[int, ...], place: Placement) -> NDArray[Any]:
    """(row, column) of the four corner pixels in the common picture, shape (4, 2)."""
    import numpy as np

    matrix = _to_picture(shape, place, np.zeros(2))
    ends = np.array([[x, y, 1.0] for x in (0, shape[1] - 1) for y in (0, shape[0] - 1)])
    corners: NDArray[Any] = (ends @ matrix.T)[:, ::-1]
    return corners


def _weight(
    shape: tuple[int, ...], matrix: NDArray[Any], size: tuple[int, int], there: NDArray[Any], blending: Blending
) -> NDArray[Any]:
    """1 where the image is, or less towards its edges for feathering."""
    import cv2
    import numpy as np

    if blending is not Blending.FEATHER:
        return there.astype(np.float32)
    rows, columns = shape[:2]
    down = np.minimum(np.arange(rows) + 1, rows - np.arange(rows)).astype(np.float32)
    across = np.minimum(np.arange(columns) + 1, columns - np.arange(columns)).astype(np.float32)
    distance = np.minimum(down[:, None], across[None, :])
    weight: NDArray[Any] = cv2.warpAffine(distance, matrix, size, flags=cv2.INTER_LINEAR)
    return np.where(there, np.maximum(weight, np.float32(1e-3)), np.float32(0))


def _levelled(values: NDArray[Any], known: NDArray[Any], common: NDArray[Any]) -> NDArray[Any]:
    """``values`` with the mean and spread that ``known`` has in the common part."""
    own = values[common]
    spread = float(own.std())
    gain = float(known.std()) / spread if spread > 1e-6 else 1.0
    gain = min(max(gain, 0.25), 4.0)
    result: NDArray[Any] = (values - float(own.mean())) * gain + float(known.mean())
    return result

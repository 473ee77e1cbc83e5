"""Several fields of the camera joined to one picture (图像拼接): where each lies is found by itself, in any order.

Every pair of fields is tried: phase correlation of their details over the whole overlap (Kuglin & Hines 1975) proposes
a shift, normalised correlation of the overlap judges it, and a fraction of a pixel follows from `shared.imaging`'s
measure. The places are those that fit all good joints best (least squares, as Preibisch et al., Bioinformatics
2009;25:1463), so that no field drifts. Pictures are uint8 [row, column, (blue, green, red)].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_FIELDS = 36
MOST_PIXELS = 100_000_000
LEAST_LIKENESS = 0.45
LEAST_OVERLAP = 0.04
"""Share of the smaller field that two fields have in common at least."""
_LEAST_STRUCTURE = 0.3
"""Grey levels by which an overlap varies at least: empty glass fits everywhere."""
_LOOKED_AT = 640  # pixels of the longer side at which shifts are searched


class CannotJoin(ValueError):
    """The fields make no picture; the argument is a Chinese source sentence."""


@dataclass(frozen=True)
class Link:
    """Where the second of two fields begins in the first, in pixels, and how alike their overlap is (-1 to 1)."""

    first: int
    second: int
    x: float
    y: float
    likeness: float


@dataclass(frozen=True)
class Mosaic:
    """The joined picture and where each field lies in it; fields without a place were left out."""

    picture: NDArray[Any]
    places: tuple[tuple[float, float] | None, ...]  # x, y
    residual: float  # root mean square of what the joints disagree about, in pixels

    @property
    def left_out(self) -> tuple[int, ...]:
        """Numbers (from 0) of fields that fit nowhere."""
        return tuple(number for number, place in enumerate(self.places) if place is None)


def join(fields: Sequence[NDArray[Any]], report: Callable[[float], None] = lambda _share: None) -> Mosaic:
    """Join fields of the same scale; the largest group that hangs together is the picture. Raises CannotJoin."""
    if not 2 <= len(fields) <= MOST_FIELDS:
        raise CannotJoin("请选择 2 到 36 幅图像。")
    links = find_links(fields, report)
    group = _largest_group(len(fields), links)
    if len(group) < 2:
        raise CannotJoin("这些图像没有重叠的部分，不能拼接。相邻视野应重叠约四分之一。")
    used = [one for one in links if one.first in group and one.second in group]
    places, residual = _placed(group, used)
    return Mosaic(_composed(fields, places), tuple(places.get(number) for number in range(len(fields))), residual)


def find_links(fields: Sequence[NDArray[Any]], report: Callable[[float], None] = lambda _share: None) -> list[Link]:
    """Every pair that overlaps."""
    import cv2
    import numpy as np

    scale = min(1.0, _LOOKED_AT / max(max(one.shape[:2]) for one in fields))
    small, whole = [], []
    for field in fields:
        grey = cv2.cvtColor(field, cv2.COLOR_BGR2GRAY).astype(np.float32)
        whole.append(_details(grey))
        small.append(_details(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)))
    pairs, found = list(combinations(range(len(fields)), 2)), []
    for done, (first, second) in enumerate(pairs):
        rough = _shift(small[first], small[second])
        if rough is not None and rough[2] >= LEAST_LIKENESS * 0.7:
            x, y, likeness = _refined(whole[first], whole[second], rough[0] / scale, rough[1] / scale, 1 / scale)
            if likeness >= LEAST_LIKENESS:
                found.append(Link(first, second, x, y, likeness))
        report((done + 1) / len(pairs))
    return found


# --- inside -------------------------------------------------------------------------------------------------


def _details(grey: NDArray[Any]) -> NDArray[Any]:
    """Structure without the uneven light of the lamp."""
    import cv2

    band: NDArray[Any] = cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 12.0)
    return band


def _shift(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float, float] | None:
    """Best shift (x, y) of `b` in `a`, and the likeness of the overlap there."""
    import numpy as np

    rows, columns = a.shape[0] + b.shape[0], a.shape[1] + b.shape[1]
    one, two = np.fft.rfft2(_faded(a), (rows, columns)), np.fft.rfft2(_faded(b), (rows, columns))
    cross = one * np.conj(two)
    answer = np.fft.irfft2(cross / (np.abs(cross) + 1e-6 * float(np.abs(cross).max())), (rows, columns))
    best: tuple[float, float, float] | None = None
    for place in np.argpartition(answer, -8, axis=None)[-8:]:
        y, x = divmod(int(place), columns)
        y, x = (y - rows if y > a.shape[0] else y), (x - columns if x > a.shape[1] else x)
        likeness = _likeness(a, b, x, y)
        if likeness is not None and (best is None or likeness > best[2]):
            best = (float(x), float(y), likeness)
    return best


def _faded(image: NDArray[Any]) -> NDArray[Any]:
    """The image with its edge fading out: a hard edge is the strongest structure of all."""
    import numpy as np

    windows = [np.minimum(1.0, np.minimum(np.arange(n) + 1, np.arange(n)[::-1] + 1) / (0.08 * n)) for n in image.shape]
    faded: NDArray[Any] = image * windows[0][:, None] * windows[1][None, :]
    return faded


def _likeness(a: NDArray[Any], b: NDArray[Any], x: int, y: int) -> float | None:
    """Correlation of the overlap when `b` begins at x, y of `a`; None where too little is in common."""
    import numpy as np

    left, top = max(0, x), max(0, y)
    right, bottom = min(a.shape[1], b.shape[1] + x), min(a.shape[0], b.shape[0] + y)
    area = (right - left) * (bottom - top)
    if min(right - left, bottom - top) < 8 or area < LEAST_OVERLAP * min(a.size, b.size):
        return None
    one = a[top:bottom, left:right]
    two = b[top - y : bottom - y, left - x : right - x]
    one, two = one - one.mean(), two - two.mean()
    strength = float(np.sqrt((one * one).sum() * (two * two).sum()))
    return float((one * two).sum()) / strength if strength > _LEAST_STRUCTURE**2 * area else None


def _refined(a: NDArray[Any], b: NDArray[Any], x: float, y: float, reach: float) -> tuple[float, float, float]:
    """The shift at full size, to a fraction of a pixel by a parabola through its neighbours."""
    import math

    steps = math.ceil(reach)
    at = (round(x), round(y))
    known: dict[tuple[int, int], float] = {}

    def score(place: tuple[int, int]) -> float:
        if place not in known:
            value = _likeness(a, b, *place)
            known[place] = -1.0 if value is None else value
        return known[place]

    for step in (steps, max(1, steps // 2), 1, 1, 1):
        around = [(at[0] + dx * step, at[1] + dy * step) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        at = max(around, key=score)
    while (better := max(((at[0] + dx, at[1] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)), key=score)) != at:
        at = better
    fine = [
        _peak(score((at[0] - dx, at[1] - dy)), score(at), score((at[0] + dx, at[1] + dy)))
        for dx, dy in ((1, 0), (0, 1))
    ]
    return at[0] + fine[0], at[1] + fine[1], score(at)


def _peak(before: float, here: float, after: float) -> float:
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, 0.5 * (before - after) / bend))


def _largest_group(count: int, links: Sequence[Link]) -> frozenset[int]:
    leader = list(range(count))

    def head(one: int) -> int:
        while leader[one] != one:
            one = leader[one]
        return one

    for link in links:
        leader[head(link.first)] = head(link.second)
    groups: dict[int, list[int]] = {}
    for one in range(count):
        groups.setdefault(head(one), []).append(one)
    sizes = {name: len(members) for name, members in groups.items()}
    return frozenset(groups[max(sizes, key=lambda name: sizes[name])])


def _placed(group: frozenset[int], links: Sequence[Link]) -> tuple[dict[int, tuple[float, float]], float]:
    """Places that fit the links best; links that disagree by far with all others are dropped one by one."""
    import numpy as np

    numbers, kept = sorted(group), list(links)
    index = {number: at for at, number in enumerate(numbers)}
    while True:
        matrix, wanted = np.zeros((len(kept) + 1, len(numbers))), np.zeros((len(kept) + 1, 2))
        for row, link in enumerate(kept):
            matrix[row, index[link.first]], matrix[row, index[link.second]] = -link.likeness, link.likeness
            wanted[row] = link.likeness * link.x, link.likeness * link.y
        matrix[-1, 0] = 1.0  # the first field stands still
        places = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
        misses = [
            float(np.hypot(*(places[index[one.second]] - places[index[one.first]] - (one.x, one.y)))) for one in kept
        ]
        worst = int(np.argmax(misses))
        rest = kept[:worst] + kept[worst + 1 :]
        if misses[worst] <= 4.0 or len(_largest_group(max(numbers) + 1, rest)) < len(group):
            break
        kept = rest
    places -= places.min(axis=0)
    residual = float(np.sqrt(np.mean(np.square(misses)))) if misses else 0.0
    return {number: (float(places[at][0]), float(places[at][1])) for number, at in index.items()}, residual


def _composed(fields: Sequence[NDArray[Any]], places: dict[int, tuple[float, float]]) -> NDArray[Any]:
    """All fields on one ground; where they overlap each counts more the farther its own edge is (feathering)."""
    import cv2
    import numpy as np

    width = round(max(x + fields[n].shape[1] for n, (x, _y) in places.items()))
    height = round(max(y + fields[n].shape[0] for n, (_x, y) in places.items()))
    if width * height > MOST_PIXELS:
        raise CannotJoin("拼接后的图像太大，请减少图像。")
    total, weights = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    for number, (x, y) in places.items():
        field = fields[number]
        rows, columns = field.shape[:2]
        left, top = int(x), int(y)
        right, bottom = min(width, left + columns + 1), min(height, top + rows + 1)
        move = np.array([[1, 0, x - left], [0, 1, y - top]], np.float32)
        size = (right - left, bottom - top)
        edge = np.minimum(np.arange(rows) + 1, np.arange(rows)[::-1] + 1)[:, None]
        side = np.minimum(np.arange(columns) + 1, np.arange(columns)[::-1] + 1)[None, :]
        weight = np.minimum(edge, side).astype(np.float32)
        moved = cv2.warpAffine(field, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpAffine(weight, move, size, flags=cv2.INTER_LINEAR)
        total[top:bottom, left:right] += moved.astype(np.float32) * share[..., None]
        weights[top:bottom, left:right] += share
    made = np.where(weights[..., None] > 0, total / np.maximum(weights, 1e-6)[..., None], 255.0)
    picture: NDArray[Any] = np.clip(np.rint(made), 0, 255).astype(np.uint8)
    return picture

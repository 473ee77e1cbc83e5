"""Averaged beats: complexes aligned on one another, sorted by shape, and averaged with the median.

Leader clustering on the correlation of aligned complexes over all leads (as QRS classing of Holter programs does);
the median keeps single artefacts out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform import filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALIGN_MS = 40.0
_QRS_BEFORE_MS = 80.0
_QRS_AFTER_MS = 100.0
_SAME_SHAPE = 0.90
_SAME_AVERAGE = 0.93  # averages are less noisy than beats: two that agree so well are one shape
_COMPARED_BELOW_HZ = 40.0
_MOST_SHAPES = 24
MOST_AVERAGED = 60


@dataclass(slots=True)
class Shape:
    """Beats of one QRS shape. ``members`` index the list of beats."""

    pattern: NDArray[Any]  # (lead, sample) of the QRS window
    members: list[int]


@dataclass(frozen=True, slots=True)
class Template:
    """The averaged beat of a shape: (lead, sample) with the fiducial at ``fiducial``."""

    beat: NDArray[Any]
    fiducial: int
    noise: NDArray[Any]  # (lead,) standard deviation of what single beats add to the average


def sort_by_shape(
    values: NDArray[Any], beats: NDArray[Any], rate_hz: float, known: list[NDArray[Any]] | None = None
) -> tuple[NDArray[Any], list[Shape]]:
    """Align the beats and put them into shapes; returns (fiducials as moved, shapes, those known first).

    ``values`` (lead, sample) without baseline; ``known`` patterns of earlier chunks keep their order, some stay empty.
    """
    import numpy as np

    ms = rate_hz / 1000.0
    values = filters.low_pass(values, rate_hz, _COMPARED_BELOW_HZ)
    before, after, reach = round(_QRS_BEFORE_MS * ms), round(_QRS_AFTER_MS * ms), round(_ALIGN_MS * ms)
    padded = np.pad(values, ((0, 0), (before + reach, after + reach)), mode="edge")
    fiducials = _on_energy(values, beats, rate_hz)
    shapes = [Shape(pattern.copy(), []) for pattern in known or []]
    moved = fiducials.copy()
    for index, fiducial in enumerate(fiducials):
        window = padded[:, fiducial : fiducial + before + after + 2 * reach]
        best_shape, best, shift = -1, -1.0, 0
        for number, shape in enumerate(shapes):
            similarity, move = best_match(window, shape.pattern)
            if similarity > best:
                best_shape, best, shift = number, similarity, move
        if best >= _SAME_SHAPE or (len(shapes) >= _MOST_SHAPES and best_shape >= 0):
            shape = shapes[best_shape]
            seen = min(len(shape.members) + 1, 20)
            aligned = window[:, shift : shift + before + after]
            shape.pattern += (aligned - shape.pattern) / (seen + 1)
            shape.members.append(index)
            moved[index] = fiducial + shift - reach
        else:
            shapes.append(Shape(window[:, reach : reach + before + after].copy(), [index]))
    _merge(shapes, moved, reach)
    # A beat cut off by an end of the record may fit best outside of it.
    return np.clip(moved, 0, values.shape[1] - 1), shapes


def _merge(shapes: list[Shape], moved: NDArray[Any], reach: int) -> None:
    """Put the beats of a shape to an earlier one where their averages agree; the emptied one stays in the list."""
    import numpy as np

    order = sorted(range(len(shapes)), key=lambda number: -len(shapes[number].members))
    for position, number in enumerate(order):
        for other in order[position + 1 :]:
            if not (shapes[number].members and shapes[other].members):
                continue
            window = np.pad(shapes[other].pattern, ((0, 0), (reach, reach)), mode="edge")
            similarity, shift = best_match(window, shapes[number].pattern)
            if similarity >= _SAME_AVERAGE:
                moved[shapes[other].members] += shift - reach
                shapes[number].members.extend(shapes[other].members)
                shapes[other].members.clear()


def best_match(window: NDArray[Any], pattern: NDArray[Any]) -> tuple[float, int]:
    """Highest similarity of the pattern within a longer window over all shifts, and the shift.

    The similarity is the correlation over all leads together, lowered where the size differs by more than half.
    """
    import numpy as np

    width = pattern.shape[1]
    views = np.lib.stride_tricks.sliding_window_view(window, width, axis=1)  # (lead, shift, sample)
    means = views.mean(axis=2)
    flat = pattern - pattern.mean(axis=1, keepdims=True)
    product = np.einsum("lsw,lw->s", views, flat)
    energy = np.einsum("lsw,lsw->s", views, views) - width * np.einsum("ls,ls->s", means, means)
    own = float((flat**2).sum())
    similarity = product / np.sqrt(np.maximum(energy * own, 1e-9))
    ratio = np.sqrt(np.maximum(energy, 1e-9) / max(own, 1e-9))
    similarity = similarity - 0.25 * np.maximum(0.0, np.abs(np.log(ratio)) - np.log(1.5))
    best = int(np.argmax(similarity))
    return float(similarity[best]), best


def averaged(
    values: NDArray[Any], fiducials: NDArray[Any], before: int, after: int, ends: NDArray[Any] | None = None
) -> Template:
    """The median of the windows [fiducial − before, fiducial + after); samples outside the record do not count.

    ``ends``: for each beat the sample where the next beat begins; what lies behind it does not count either.
    """
    import numpy as np

    if fiducials.size > MOST_AVERAGED:
        chosen = np.linspace(0, fiducials.size - 1, MOST_AVERAGED).astype(int)
        fiducials, ends = fiducials[chosen], None if ends is None else ends[chosen]
    padded = np.pad(values, ((0, 0), (before, after)), constant_values=np.nan)
    stack = np.stack([padded[:, place : place + before + after] for place in fiducials])
    if ends is not None:
        for row, (place, end) in enumerate(zip(fiducials, ends, strict=True)):
            stack[row, :, max(before + 1, int(end - place) + before) :] = np.nan
    counts = np.isfinite(stack[:, 0, :]).sum(axis=0)
    beat = _nan_median(stack)
    beat = _held(beat, counts)
    if len(stack) > 2:
        residual = np.where(np.isfinite(stack), stack - beat, 0.0)
        noise = np.sqrt(np.mean(residual**2, axis=(0, 2))) / np.sqrt(len(stack))
    else:
        noise = np.zeros(values.shape[0])
    return Template(beat, before, noise)


def _nan_median(stack: NDArray[Any]) -> NDArray[Any]:
    import warnings

    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns that no beat reaches; they are held below
        result: NDArray[Any] = np.nanmedian(stack, axis=0)
    return result


def _held(beat: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
    """Columns that no beat reaches repeat their nearest neighbour, so that no step stands at the border."""
    import numpy as np

    good = np.flatnonzero(counts > 0)
    nearest = np.clip(np.arange(beat.shape[1]), good[0], good[-1])
    inner = np.interp(nearest, good, good).round().astype(int)
    result: NDArray[Any] = beat[:, inner]
    return result


def _on_energy(values: NDArray[Any], beats: NDArray[Any], rate_hz: float) -> NDArray[Any]:
    """Move each beat to the strongest slope energy within 60 ms, where the alignment starts from."""
    import numpy as np

    from shared.waveform.delineation import slope_of

    energy = slope_of(values, rate_hz, 16.0)
    reach = round(0.06 * rate_hz)
    moved = []
    for beat in beats:
        start = max(0, int(beat) - reach)
        moved.append(start + int(np.argmax(energy[start : int(beat) + reach + 1])))
    return np.array(moved, dtype=np.int64)

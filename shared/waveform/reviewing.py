"""QRS candidates seen again, lead by lead: what recurs is a beat, what looks like nothing beside a beat is none.

A first choice by height takes the leads together. Where one lead is noisy, that hides a wide beat which the other shows
plainly, and takes the noise for a beat. Here each lead is compared with the shapes that it showed several times:
matched filtering by templates of the record itself, as in Holter programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_S = 0.12  # of the shapes: a ventricular beat is as wide
_SHIFT_S = 0.10
_STEP = 2  # samples between the shifts tried
_SAME_SHAPE = 0.90
_MOST_SHAPES = 6
_FEWEST_ALIKE = 3
_SURE_LOOKED_AT = 400
_CONFIRMED, _SMALLEST, _LARGEST = 0.93, 0.6, 1.6  # correlation and relative size that make a beat of a candidate
_RESEMBLES, _HALF_SIZE, _DOUBLE_SIZE = 0.80, 0.5, 2.0
_STANDS_OUT = 1.6  # times the lead's usual unrest: of a shape that may confirm
_AFTER_S, _BEFORE_S = 0.30, 0.30  # no beat is added closer to another
_SAME_S = 0.06
_TOO_EARLY_S = 0.25  # the ventricles do not answer so soon
_BESIDE_S = 0.38
_NARROW_S = 0.30


@dataclass(frozen=True, slots=True)
class Seen:
    """Candidates: (peak,) whether a lead confirms each, whether one resembles a beat at all, and where that beat is."""

    confirmed: NDArray[Any]
    resembles: NDArray[Any]
    at: NDArray[Any]


def compared(leads: NDArray[Any], places: NDArray[Any], chosen: NDArray[Any], rate_hz: float) -> Seen:
    """The candidates at ``places`` of (lead, sample) µV, 2–25 Hz, against the shapes that recur at ``chosen``."""
    import numpy as np

    confirmed, resembles = np.zeros(len(places), dtype=bool), np.zeros(len(places), dtype=bool)
    at, nearest = places.copy(), np.zeros(len(places))
    half, shift = round(_HALF_S * rate_hz), round(_SHIFT_S * rate_hz)
    reach = half + shift
    if len(chosen) < _FEWEST_ALIKE or leads.shape[1] < 2 * reach + 1:
        return Seen(confirmed, resembles, at)
    inside = np.clip(places, reach, leads.shape[1] - reach - 1)
    for values in leads:
        shapes = _recurring(values, chosen, half, shift)
        if not shapes:
            continue
        windows = values[inside[:, None] + np.arange(-reach, reach + 1)]
        unrest = float(np.median(np.linalg.norm(_between(values, chosen, half), axis=1)))
        alike, size, moved, stands_out = _best(windows, shapes, half, shift, unrest)
        confirmed |= (alike >= _CONFIRMED) & (size >= _SMALLEST) & (size <= _LARGEST) & stands_out
        fits = (alike >= _RESEMBLES) & (size >= _HALF_SIZE) & (size <= _DOUBLE_SIZE) & stands_out
        resembles |= fits
        better = fits & (alike > nearest)
        at[better], nearest[better] = (inside + moved)[better], alike[better]
    return Seen(confirmed, resembles, at)


def reviewed(
    chosen: NDArray[Any], places: NDArray[Any], seen: Seen, doubtful: NDArray[Any], rate_hz: float
) -> NDArray[Any]:
    """The chosen beats with confirmed candidates put in where there is room, and without noise beside beats.

    ``chosen`` are among ``places``; ``doubtful`` (peak,) which of those hardly stand out, or not in every lead.
    """
    import numpy as np

    number = {int(place): index for index, place in enumerate(places)}
    beats = {int(place): _Beat.of(seen, number[int(place)], int(place)) for place in chosen}
    for index in np.flatnonzero(seen.confirmed).tolist():
        place = int(places[index])
        at = int(seen.at[index])
        if place in beats:
            continue
        gaps = [(at - beat.at) / rate_hz for beat in beats.values() if beat.like]
        if all(gap >= _AFTER_S or gap <= -_BEFORE_S for gap in gaps):
            beats[place] = _Beat.of(seen, index, place)
    order = sorted(beats)
    kept = []
    for rank, place in enumerate(order):
        beat = beats[place]
        beside = [beats[order[n]] for n in (rank - 1, rank + 1) if 0 <= n < len(order)]
        # What it resembles may be the beat beside it, seen in the same window.
        odd = not beat.like or any(other.like and abs(other.at - beat.at) < _SAME_S * rate_hz for other in beside)
        gaps = [abs(other.place - place) / rate_hz for other in beside if other.like]
        if gaps and not beat.sure:
            early = min(gaps) < _BESIDE_S and doubtful[number[place]]
            if (odd and (min(gaps) < _TOO_EARLY_S or early)) or (len(gaps) == 2 and max(gaps) < _NARROW_S):
                continue
        kept.append(place)
    return np.array(kept, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Beat:
    """A beat: its place, where the shape lies that it is like, whether it is surely or perhaps like one."""

    place: int
    at: int
    sure: bool
    like: bool

    @classmethod
    def of(cls, seen: Seen, index: int, place: int) -> _Beat:
        sure = bool(seen.confirmed[index])
        return cls(place, int(seen.at[index]), sure, sure or bool(seen.resembles[index]))


def _recurring(values: NDArray[Any], sure: NDArray[Any], half: int, shift: int) -> list[NDArray[Any]]:
    """Averages of the shapes that several of the beats have in this lead."""
    import numpy as np

    reach, width = half + shift, 2 * half + 1
    centres = np.clip(sure[:_SURE_LOOKED_AT], reach, values.size - reach - 1)
    windows = values[centres[:, None] + np.arange(-reach, reach + 1)]
    views = np.lib.stride_tricks.sliding_window_view(windows, width, axis=1)[:, ::_STEP]
    lengths = np.maximum(np.linalg.norm(views, axis=2), 1e-9)
    sums = np.zeros((width, 0))
    counts: list[int] = []
    for window, view, length in zip(windows, views, lengths, strict=True):
        alike = view @ (sums / np.maximum(np.linalg.norm(sums, axis=0), 1e-9)) / length[:, None]
        if alike.size and float(alike.max()) >= _SAME_SHAPE:
            at, number = np.unravel_index(int(alike.argmax()), alike.shape)
            sums[:, number] += view[at]
            counts[int(number)] += 1
        elif len(counts) < 4 * _MOST_SHAPES:
            sums = np.column_stack([sums, window[shift : shift + width]])
            counts.append(1)
    found = sorted(zip(counts, range(len(counts)), strict=True), reverse=True)[:_MOST_SHAPES]
    return [sums[:, index] / count for count, index in found if count >= _FEWEST_ALIKE]


def _between(values: NDArray[Any], sure: NDArray[Any], half: int) -> NDArray[Any]:
    """(pause, sample) the stretches in the middle between sure beats: what the lead shows without a beat."""
    import numpy as np

    middles = ((sure[1:] + sure[:-1]) // 2)[np.diff(sure) > 4 * half]
    if not middles.size:
        return np.zeros((1, 2 * half + 1))
    result: NDArray[Any] = values[np.clip(middles, half, values.size - half - 1)[:, None] + np.arange(-half, half + 1)]
    return result


def _best(
    windows: NDArray[Any], shapes: list[NDArray[Any]], half: int, shift: int, unrest: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(peak,) correlation with the nearest shape, relative size, the shift in samples, whether the shape stands out."""
    import numpy as np

    matrix = np.stack(shapes, axis=1)
    norms = np.linalg.norm(matrix, axis=0)
    best, size = np.zeros(len(windows)), np.zeros(len(windows))
    moved, out = np.zeros(len(windows), dtype=np.int64), np.zeros(len(windows), dtype=bool)
    for start in range(0, 2 * shift + 1, _STEP):
        part = windows[:, start : start + 2 * half + 1]
        length = np.linalg.norm(part, axis=1)
        alike = part @ matrix / np.maximum(length[:, None] * norms[None, :], 1e-9)
        nearest = alike.argmax(axis=1)
        value = alike[np.arange(len(windows)), nearest]
        better = value > best
        best[better] = value[better]
        size[better] = (length / np.maximum(norms[nearest], 1e-9))[better]
        moved[better] = start - shift
        out[better] = (norms[nearest] >= _STANDS_OUT * unrest)[better]
    return best, size, moved, out

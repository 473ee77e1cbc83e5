"""The beats of a long record as arrays: where they are, what class, RR; the tachogram by columns. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform.beats import BeatClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.beats import Beat

CLASSES = tuple(BeatClass)


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """``seconds`` of each R, number of its class in CLASSES, and RR before it in ms (NaN for the first)."""

    seconds: NDArray[Any]
    kinds: NDArray[Any]
    rr_ms: NDArray[Any]

    def between(self, start: float, stop: float) -> slice:
        """The beats between two seconds."""
        import numpy as np

        first, last = np.searchsorted(self.seconds, (start, stop))
        return slice(int(first), int(last))

    def next_of(self, kind: BeatClass, seconds: float, forward: bool = True) -> float | None:
        """The second of the next (or last) beat of a class, None when there is none further on."""
        import numpy as np

        places = self.seconds[self.kinds == CLASSES.index(kind)]
        if forward:
            index = int(np.searchsorted(places, seconds + 1e-6, side="right"))
        else:
            index = int(np.searchsorted(places, seconds - 1e-6)) - 1
        return float(places[index]) if 0 <= index < places.size else None

    def count(self, kind: BeatClass) -> int:
        """How many there are."""
        return int((self.kinds == CLASSES.index(kind)).sum())

    def tachogram(self, seconds: float, columns: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Shortest and longest RR (ms) that ends in each of ``columns`` columns of a record; NaN where none does."""
        import numpy as np

        low, high = np.full(columns, np.nan), np.full(columns, np.nan)
        there = np.isfinite(self.rr_ms)
        place = (self.seconds[there] / seconds * columns).astype(np.int64).clip(0, columns - 1)
        if place.size:
            starts = np.flatnonzero(np.diff(place, prepend=-1))
            low[place[starts]] = np.minimum.reduceat(self.rr_ms[there], starts)
            high[place[starts]] = np.maximum.reduceat(self.rr_ms[there], starts)
        return low, high


def rhythm_of(beats: tuple[Beat, ...]) -> Rhythm:
    """As arrays; beats come in the order of time."""
    import numpy as np

    seconds = np.array([beat.r_ms for beat in beats], dtype=float) / 1000.0
    kinds = np.array([CLASSES.index(beat.kind) for beat in beats], dtype=np.int8)
    rr = np.full(seconds.size, np.nan)
    rr[1:] = np.diff(seconds) * 1000.0
    return Rhythm(seconds, kinds, rr)

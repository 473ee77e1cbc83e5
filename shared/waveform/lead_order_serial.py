"""Electrodes exchanged since the patient's last record: the sure way for LA and LL, seldom seen in one record alone.

The P wave, QRS complex and T wave of both median beats are laid over each other, as recorded and with each exchange
undone. An exchange is suspected when undoing it makes the record far more like the last one: what a disease changes is
seldom just that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.waveform.lead_order import CHEST_SWAPS, LIMB_SWAPS, Swap, exchange, waves_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from shared.waveform.median_beat import MedianBeat

_WEIGHT = {"p": 0.3, "qrs": 1.0, "t": 0.5}
_COLUMNS = 48
_SHIFTS = 4  # columns that a wave may lie elsewhere in its window
# Undoing an exchange must leave less unlikeness by so much, of the whole wave, and only such a part of what it was.
# Chest electrodes lie a little elsewhere each time, and their exchange changes less.
_LIMB_BETTER, _LIMB_PART = 0.08, 0.5
_CHEST_BETTER, _CHEST_PART = 0.02, 0.6

Waves = dict[str, "NDArray[Any]"]


def exchanged_since(beat: MedianBeat, earlier: MedianBeat, *, chest: bool = True) -> Swap | None:
    """The exchange that lies between the median beats of two 12-lead records of a patient; None where there is none.

    ``margin`` counts in what makes one suspicious, as with `suspected_swap`. Without ``chest`` only limb electrodes.
    Which of the two records was taken wrongly this cannot tell.
    """
    return exchanged_between(waves_of(beat), waves_of(earlier), chest=chest)


def exchanged_between(now: Waves, before: Waves, *, chest: bool = True) -> Swap | None:
    """The same of waves as `waves_of` gives them: by name (lead of EIGHT, sample)."""
    if "qrs" not in now or "qrs" not in before:
        return None
    wanted = {wave: _columns(part) for wave, part in before.items()}
    given = {wave: _columns(part) for wave, part in now.items() if wave in wanted}
    found = _best(given, wanted, tuple(LIMB_SWAPS), _limb, _LIMB_BETTER, _LIMB_PART)
    if found is None and chest:
        found = _best(given, wanted, CHEST_SWAPS, _chest, _CHEST_BETTER, _CHEST_PART)
    return found


def _best(
    given: Waves,
    wanted: Waves,
    names: tuple[str, ...],
    leads: Callable[[NDArray[Any]], NDArray[Any]],
    better: float,
    part: float,
) -> Swap | None:
    import numpy as np

    sought = {wave: leads(values) for wave, values in wanted.items()}
    as_recorded = _unlikeness({wave: leads(values) for wave, values in given.items()}, sought)
    best: Swap | None = None
    for name in names:
        undone = np.linalg.inv(exchange(name))
        left = _unlikeness({wave: leads(undone @ values) for wave, values in given.items()}, sought)
        margin = (as_recorded - left) / better
        if margin >= 1.0 and left <= part * as_recorded and (best is None or margin > best.margin):
            best = Swap(name, round(margin, 2))
    return best


def _limb(values: NDArray[Any]) -> NDArray[Any]:
    """I, II and III: each pair of electrodes has its say, and the larger chest leads have none."""
    import numpy as np

    return np.vstack([values[0], values[1], values[1] - values[0]])


def _chest(values: NDArray[Any]) -> NDArray[Any]:
    return values[2:]


def _unlikeness(given: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]) -> float:
    """0 for the same waves but for their size, 1 for waves that have nothing in common."""
    total = sum(_WEIGHT[wave] for wave in given)
    return sum(_WEIGHT[wave] * (1.0 - _alike(part, wanted[wave])) for wave, part in given.items()) / total


def _alike(one: NDArray[Any], two: NDArray[Any]) -> float:
    """The highest correlation over all leads together while one is moved a little over the other."""
    import numpy as np

    best = -1.0
    for shift in range(-_SHIFTS, _SHIFTS + 1):
        first = one[:, max(0, shift) : _COLUMNS + min(0, shift)]
        second = two[:, max(0, -shift) : _COLUMNS + min(0, -shift)]
        size = float(np.linalg.norm(first) * np.linalg.norm(second))
        best = max(best, float((first * second).sum()) / max(size, 1e-9))
    return best


def _columns(part: NDArray[Any]) -> NDArray[Any]:
    """The wave at _COLUMNS places, however long it is."""
    import numpy as np

    places = np.linspace(0.0, part.shape[1] - 1.0, _COLUMNS)
    return np.array([np.interp(places, np.arange(part.shape[1]), row) for row in part])

"""Electrodes on the wrong place: which exchange would make the record look like one taken rightly?

After Kors & van Herpen (2001): each lead is compared with what the other leads make expect of it; the exchange under
which leads agree best is suspected when it is far better than the order as recorded. Expectation comes from the dipole
of Dower (1980) and from coefficients between the leads (``lead_order.json``, fitted over public records by
``tests/benchmarks/fit_lead_order.py``), each for the P wave, the QRS complex and the T wave; a P wave that runs outside
15 … 80 degrees counts against an order. Exchanges of LA and LL change little and are found only when clear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shared.waveform.median_beat import MedianBeat

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
# Dower, Machado & Osborne 1980: rows EIGHT, columns X Y Z.
DOWER = (
    (0.632, -0.235, 0.059),
    (0.235, 1.066, -0.132),
    (-0.515, 0.157, -0.917),
    (0.044, 0.164, -1.387),
    (0.882, 0.098, -1.277),
    (1.213, 0.127, -0.601),
    (1.125, 0.127, -0.086),
    (0.831, 0.076, 0.230),
)
_WAVE_WEIGHT = {"p": 0.5, "qrs": 1.0, "t": 0.5}
_DOWER_WEIGHT = 0.5
_P_AXIS = (15.0, 80.0)
_DEGREES_PER_UNIT = 20.0
_MARGIN = 1.0
LIMB_SWAPS = {"LA-RA": (1, 0, 2), "LA-LL": (0, 2, 1), "RA-LL": (2, 1, 0), "RA-LA-LL": (1, 2, 0), "LL-LA-RA": (2, 0, 1)}
CHEST_SWAPS = tuple(f"V{one}-V{two}" for one in range(1, 6) for two in range(one + 1, 7))


@dataclass(frozen=True, slots=True)
class Swap:
    """A suspected exchange of electrodes; ``margin`` says how much better it fits (1 is suspicious, 3 is sure)."""

    name: str
    margin: float

    @property
    def limb(self) -> bool:
        return self.name in LIMB_SWAPS


@cache
def exchange(name: str) -> NDArray[Any]:
    """(8, 8): what an exchange of electrodes makes of the leads EIGHT as they should be."""
    import numpy as np

    matrix = np.eye(8)
    if name in LIMB_SWAPS:
        # Potentials of RA, LA, LL against RA, written with I and II: the cable picks up another electrode's.
        potentials = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])[list(LIMB_SWAPS[name])]
        matrix[0, :2] = potentials[1] - potentials[0]
        matrix[1, :2] = potentials[2] - potentials[0]
    elif name:
        one, two = (EIGHT.index(lead) for lead in name.split("-"))
        matrix[[one, two]] = matrix[[two, one]]
    return matrix


def suspected_swap(beat: MedianBeat, *, chest: bool = True) -> Swap | None:
    """The exchange that the median beat of a 12-lead record suggests, None where the order looks right.

    Without ``chest`` only limb electrodes are asked about, as when the gains of the chest leads are not known.
    """
    import numpy as np

    waves = waves_of(beat)
    if "qrs" not in waves:
        return None
    as_recorded = _strangeness(waves)
    best: Swap | None = None
    for name in (*LIMB_SWAPS, *(CHEST_SWAPS if chest else ())):
        undone = np.linalg.inv(exchange(name))
        better = as_recorded - _strangeness({wave: undone @ values for wave, values in waves.items()})
        margin = better / _MARGIN
        if margin >= 1.0 and (best is None or margin > best.margin):
            best = Swap(name, round(float(margin), 2))
    return best


def waves_of(beat: MedianBeat) -> dict[str, NDArray[Any]]:
    """(8, sample) of P (over its chord), QRS and T (over the level at QRS onset); empty without all of EIGHT."""
    import numpy as np

    rows = [beat.lead(name) for name in EIGHT]
    if any(row is None for row in rows):
        return {}
    values = np.array(rows)
    level = values - values[:, beat.qrs_on : beat.qrs_on + 1]
    waves = {"qrs": level[:, beat.qrs_on : beat.qrs_off]}
    if beat.t_off is not None:
        start = beat.qrs_off + round(0.3 * (beat.t_off - beat.qrs_off))
        waves["t"] = level[:, start : beat.t_off]
    if beat.p_on is not None and beat.p_off is not None:
        part = values[:, beat.p_on : beat.p_off]
        waves["p"] = part - part[:, :1] - (part[:, -1:] - part[:, :1]) * np.linspace(0.0, 1.0, part.shape[1])
    return {name: part for name, part in waves.items() if part.shape[1] >= 8 and float(np.abs(part).max()) > 15.0}


def normed(part: NDArray[Any]) -> NDArray[Any]:
    """At most some 40 samples of a wave, its root mean square 1."""
    import numpy as np

    thin = part[:, :: max(1, part.shape[1] // 40)]
    result: NDArray[Any] = thin / np.sqrt(np.mean(thin**2))
    return result


def others(lead: int) -> list[int]:
    """The leads that a lead is compared with: I and II only with the chest leads, as an exchange changes both."""
    return [2, 3, 4, 5, 6, 7] if lead < 2 else [each for each in range(8) if each != lead]


def _strangeness(waves: Mapping[str, NDArray[Any]]) -> float:
    import numpy as np

    dower = np.array(DOWER)
    total = 0.0
    for wave, part in waves.items():
        values = normed(part)
        misfit = float(np.mean((values - _coefficients(wave) @ values) ** 2))
        dipole, *_ = np.linalg.lstsq(dower, values, rcond=None)
        beyond = float(np.mean((values - dower @ dipole) ** 2))
        total += _WAVE_WEIGHT[wave] * (math.log(max(misfit, 0.01)) + _DOWER_WEIGHT * math.log(max(beyond, 0.02)))
    if "p" in waves:
        one, two = float(waves["p"][0].mean()), float(waves["p"][1].mean())
        axis = math.degrees(math.atan2((two - one / 2.0) * 2.0 / math.sqrt(3.0), one))
        outside = max(0.0, _P_AXIS[0] - axis, axis - _P_AXIS[1])
        total += min(3.0, min(outside, 360.0 - outside) / _DEGREES_PER_UNIT)
    return total


@cache
def _coefficients(wave: str) -> NDArray[Any]:
    """(8, 8): each lead from the others, diagonal 0."""
    import json
    from importlib import resources

    import numpy as np

    text = resources.files("shared.waveform").joinpath("lead_order.json").read_text(encoding="utf-8")
    return np.array(json.loads(text)["coefficients"][wave])

"""The greyscale standard display function (PS3.14) and how far a measured screen is from it. No Qt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

FIRST_JND, LAST_JND = 1.0, 1023.0
LEVELS = 18
"""Patches of the luminance test, evenly spaced driving levels (AAPM TG18, 4.3.3)."""
PRIMARY_LIMIT, SECONDARY_LIMIT = 0.10, 0.20
"""Largest deviation of the contrast response of screens for diagnosis and of others (AAPM TG18)."""


def luminance(jnd: float) -> float:
    """Luminance in cd/m² of a JND index from 1 to 1023 (PS3.14 section 7, equation 7-1)."""
    x = math.log(jnd)
    above = -1.3011877 + 8.0242636e-2 * x + 1.3646699e-1 * x**2 - 2.5468404e-2 * x**3 + 1.3635334e-3 * x**4
    below = (
        1.0 - 2.5840191e-2 * x - 1.0320229e-1 * x**2 + 2.8745620e-2 * x**3 - 3.1978977e-3 * x**4 + 1.2992634e-4 * x**5
    )
    return float(10 ** (above / below))


def jnd_of(cd_m2: float) -> float:
    """The JND index of a luminance; the ends for what lies beyond. The function rises, so halving finds it."""
    low, high = FIRST_JND, LAST_JND
    for _ in range(60):
        middle = (low + high) / 2
        if luminance(middle) < cd_m2:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def driving_levels(count: int = LEVELS) -> tuple[int, ...]:
    """Greys of the patches, 0 to 255."""
    return tuple(round(255 * n / (count - 1)) for n in range(count))


def deviation(measured: Sequence[float]) -> float:
    """Largest relative error of the contrast per JND against the standard, for luminances from black to white.

    Raises ValueError when the luminances do not rise.
    """
    if len(measured) < 3 or any(not b > a > 0 for a, b in itertools.pairwise(measured)):
        raise ValueError("Luminances must rise from black to white.")
    first, last = jnd_of(measured[0]), jnd_of(measured[-1])
    steps = len(measured) - 1
    wanted = [luminance(first + (last - first) * n / steps) for n in range(steps + 1)]
    worst = 0.0
    for n in range(steps):
        worst = max(worst, abs(_contrast(measured[n], measured[n + 1]) / _contrast(wanted[n], wanted[n + 1]) - 1))
    return worst


def _contrast(darker: float, brighter: float) -> float:
    return 2 * (brighter - darker) / (brighter + darker)

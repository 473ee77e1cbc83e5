"""Amplitudes of a median beat: Q R S R' S' of each lead, P and T, ST levels, axes.

Levels as CSE and IEC 60601-2-25 define them: QRS, ST and T against the level at QRS onset, P against the straight line
between its onset and its offset. A deflection of QRS counts from 20 µV and 6 ms on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.median_beat import MedianBeat

_SMALLEST_UV = 20.0
_SHORTEST_MS = 6.0


@dataclass(frozen=True, slots=True)
class LeadAmplitudes:
    """Of one lead, in µV, negative where the deflection points down; None where there is none."""

    p_uv: float | None
    q_uv: float | None
    r_uv: float | None
    s_uv: float | None
    r2_uv: float | None  # R'
    s2_uv: float | None  # S'
    t_uv: float | None
    j_uv: float
    st60_uv: float
    st80_uv: float
    q_ms: float
    r_ms: float  # width of R
    r_peak_ms: float | None  # from QRS onset to the top of the last R (intrinsicoid deflection)


def amplitudes_of(beat: MedianBeat) -> dict[str, LeadAmplitudes]:
    """The amplitudes of every lead."""
    return {name: _lead(beat, row) for name, row in zip(beat.leads, beat.samples, strict=True)}


@dataclass(frozen=True, slots=True)
class Axes:
    """Frontal axes in degrees, −179 … 180; None without limb leads or where the wave is too small to have one."""

    p: int | None
    qrs: int | None
    t: int | None


def axes_of(beat: MedianBeat) -> Axes:
    """From the net areas in I and aVF: angle = atan2(2 aVF / √3, I)."""
    import numpy as np

    one, foot = beat.lead("I"), beat.lead("aVF")
    if one is None or foot is None:
        return Axes(None, None, None)

    def angle(start: int | None, stop: int | None, chord: bool) -> int | None:
        if start is None or stop is None or stop - start < 3:
            return None
        parts = []
        for row in (one, foot):
            part = row[start : stop + 1]
            base = np.linspace(part[0], part[-1], part.size) if chord else row[beat.qrs_on]
            parts.append(float(np.mean(part - base)))
        x, y = parts[0], 2.0 / math.sqrt(3.0) * parts[1]
        if math.hypot(x, y) < 3.0:  # µV on average: no direction to speak of
            return None
        degrees = round(math.degrees(math.atan2(y, x)))
        return 180 if degrees == -180 else degrees

    t_start = beat.qrs_off if beat.t_off is None else beat.qrs_off + round(0.3 * (beat.t_off - beat.qrs_off))
    return Axes(
        angle(beat.p_on, beat.p_off, chord=True),
        angle(beat.qrs_on, beat.qrs_off, chord=False),
        angle(t_start, beat.t_off, chord=False),
    )


def deflections(part: NDArray[Any], rate_hz: float) -> list[tuple[float, int, int, int]]:
    """(amplitude, peak, first, last) of the deflections of one QRS complex, level taken off, in their order."""
    import numpy as np

    signs = np.sign(part)
    borders = np.flatnonzero(np.diff(signs) != 0) + 1
    found: list[tuple[float, int, int, int]] = []
    for first, last in zip([0, *borders], [*borders, part.size], strict=True):
        piece = part[first:last]
        peak = int(np.argmax(np.abs(piece)))
        if abs(piece[peak]) >= _SMALLEST_UV and piece.size * 1000.0 / rate_hz >= _SHORTEST_MS:
            found.append((float(piece[peak]), int(first) + peak, int(first), int(last)))
    return found


def _lead(beat: MedianBeat, row: NDArray[Any]) -> LeadAmplitudes:
    rate = beat.sampling_hz
    level = float(row[beat.qrs_on])
    found = deflections(row[beat.qrs_on : beat.qrs_off + 1] - level, rate)
    named: dict[str, tuple[float, int, int, int]] = {}
    for deflection in found:
        if deflection[0] > 0:
            name = "r" if "r" not in named else "r2"
        elif "r" not in named:
            name = "q"
        else:
            name = "s" if "s" not in named else "s2"
        if name not in named or abs(deflection[0]) > abs(named[name][0]):
            named[name] = deflection
    if "q" in named and "r" not in named:  # QS: written as S, as measurement tables do for sums like RV5 + SV1
        named["s"] = named["q"]

    def value(name: str) -> float | None:
        return round(named[name][0], 1) if name in named else None

    def width(name: str) -> float:
        return round((named[name][3] - named[name][2]) * 1000.0 / rate, 1) if name in named else 0.0

    def at(milliseconds: float) -> float:
        place = min(row.size - 1, beat.qrs_off + round(milliseconds * rate / 1000.0))
        return round(float(row[place]) - level, 1)

    last_r = named.get("r2") or named.get("r")
    return LeadAmplitudes(
        p_uv=_p_amplitude(beat, row),
        q_uv=value("q"),
        r_uv=value("r"),
        s_uv=value("s"),
        r2_uv=value("r2"),
        s2_uv=value("s2"),
        t_uv=_t_amplitude(beat, row, level),
        j_uv=at(0.0),
        st60_uv=at(60.0),
        st80_uv=at(80.0),
        q_ms=width("q"),
        r_ms=width("r"),
        r_peak_ms=round(last_r[1] * 1000.0 / rate, 1) if last_r else None,
    )


def _p_amplitude(beat: MedianBeat, row: NDArray[Any]) -> float | None:
    import numpy as np

    if beat.p_on is None or beat.p_off is None or beat.p_off - beat.p_on < 2:
        return None
    part = row[beat.p_on : beat.p_off + 1]
    over = part - np.linspace(part[0], part[-1], part.size)
    return round(float(over[int(np.argmax(np.abs(over)))]), 1)


def _t_amplitude(beat: MedianBeat, row: NDArray[Any], level: float) -> float | None:
    """The larger peak of the T wave within 60 ms of the global one; a biphasic wave gives its larger part."""
    import numpy as np

    if beat.t_peak is None or beat.t_off is None:
        return None
    reach = round(0.06 * beat.sampling_hz)
    part = row[max(beat.qrs_off, beat.t_peak - reach) : min(beat.t_off, beat.t_peak + reach) + 1] - level
    return round(float(part[int(np.argmax(np.abs(part)))]), 1) if part.size else None

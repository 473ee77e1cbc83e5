"""Atrial activity that no beat carries with it: P waves of their own rate (complete AV block), flutter waves.

Asked only where beats have no P wave before them: the averaged QRS-T is taken off each beat, and the autocorrelation of
what is left over all leads tells whether it repeats, and how often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.waveform import conditioning, filters, templates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.beats import Delineation
    from shared.waveform.record import EcgRecord

_RATE_HZ = 250.0
_LOOK_S = 60.0
_SHORTEST_S, _LONGEST_S = 0.16, 1.6
_REPEATS = 0.33
_AGAIN = 0.6
_SMALLEST_UV = 8.0
_NEAR_RR = 0.06


def atrial_rate(record: EcgRecord, found: Delineation) -> int | None:
    """Rate per minute of atrial waves independent of the beats; None where nothing repeats (fibrillation, no atria)."""
    import numpy as np

    rows = [record.leads.index(name) for name in found.leads]
    stop = min(record.sample_count, round(_LOOK_S * record.sampling_hz))
    if not rows or len(found.beats) < 4 or stop < 6 * record.sampling_hz:
        return None
    values, _ = conditioning.conditioned(record, rows, 0, stop, _RATE_HZ)
    values = filters.band_pass(values, _RATE_HZ, 1.0, 20.0)
    rest = _without_beats(values, found)
    if float(np.sqrt(np.mean(rest**2))) < _SMALLEST_UV:
        return None
    likeness = _autocorrelation(rest)
    first, last = round(_SHORTEST_S * _RATE_HZ), min(round(_LONGEST_S * _RATE_HZ), likeness.size - 2)
    rr = float(np.median(np.diff([beat.r_ms for beat in found.beats]))) * _RATE_HZ / 1000.0
    best = 0
    for lag in range(first, last):
        top = likeness[lag] >= likeness[lag - 1] and likeness[lag] >= likeness[lag + 1] and likeness[lag] >= _REPEATS
        # What the average leaves of each beat repeats with RR, and is no atrial activity.
        if not top or abs(lag - rr) <= _NEAR_RR * rr or likeness[lag] <= 1.1 * (likeness[best] if best else 0.0):
            continue
        # A rhythm repeats after two of its cycles as well.
        near = likeness[round(1.92 * lag) : round(2.08 * lag) + 1]
        if near.size and float(near.max()) >= _AGAIN * likeness[lag]:
            best = lag
    return round(60.0 * _RATE_HZ / best) if best else None


def _without_beats(values: NDArray[Any], found: Delineation) -> NDArray[Any]:
    """The values less the averaged beat of each shape, from QRS onset to 600 ms on or to the next beat."""
    import numpy as np

    rest = values.copy()
    places = np.array([round(beat.r_ms * _RATE_HZ / 1000.0) for beat in found.beats])
    usable = (places > 0.1 * _RATE_HZ) & (places < values.shape[1])
    before, after = round(0.08 * _RATE_HZ), round(0.6 * _RATE_HZ)
    for shape in {beat.shape for beat in found.beats}:
        mine = places[usable & np.array([beat.shape == shape for beat in found.beats])]
        if mine.size == 0:
            continue
        average = templates.averaged(values, mine, before, after).beat
        average = average * _taper(before + after)
        for place in mine:
            start, stop = place - before, min(values.shape[1], place + after)
            if start >= 0:
                rest[:, start:stop] -= average[:, : stop - start]
    return rest


def _taper(width: int) -> NDArray[Any]:
    import numpy as np

    edge = round(0.02 * _RATE_HZ)
    window = np.ones(width)
    window[:edge] = np.linspace(0.0, 1.0, edge)
    window[-edge:] = np.linspace(1.0, 0.0, edge)
    return window


def _autocorrelation(rest: NDArray[Any]) -> NDArray[Any]:
    """Over all leads together, 1 at lag 0, each lag divided by how much of the record overlaps."""
    import numpy as np

    count = rest.shape[1]
    size = 2 ** int(np.ceil(np.log2(2 * count)))
    power = np.abs(np.fft.rfft(rest, size, axis=1)) ** 2
    total = np.fft.irfft(power.sum(axis=0), size)[: count // 2]
    total /= np.arange(count, count - total.size, -1)
    result: NDArray[Any] = total / max(float(total[0]), 1e-12)
    return result

"""From a drag on the paper to a measurement: edges on samples, corners near the trace on the trace. No Qt."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from clients.ecg.trace.calipers import on_sample
from clients.ecg.trace.measurement import Measurement, Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clients.ecg.trace.scene import Curve
    from shared.waveform.beats import Beat
    from shared.waveform.layouts import Ruling


def corner(
    ruling: Ruling, curve: Curve, x: float, y: float, reach_mm: float = 0.0, last_s: float | None = None
) -> tuple[float, float]:
    """Seconds (of a sample) and mV at a place in mm of the paper; within ``reach_mm`` of the trace its own voltage."""
    import math

    strip = curve.strip
    end = strip.start + strip.seconds if last_s is None else last_s
    seconds = on_sample(min(max(ruling.seconds(strip, x), strip.start), end), curve.sampling_hz)
    millivolts = (curve.level - y) / ruling.gain
    index = round((seconds - curve.start) * curve.sampling_hz)
    if reach_mm and 0 <= index < curve.values.size:
        value = float(curve.values[index]) / 1000.0
        if math.isfinite(value) and abs(value - millivolts) * ruling.gain <= reach_mm:
            millivolts = value
    return seconds, round(-millivolts if strip.turned else millivolts, 4)


def measurement(
    parameter: Parameter,
    lead: str,
    one: tuple[float, float],
    two: tuple[float, float],
    beats: Sequence[Beat] = (),
    rr_ms: float | None = None,
) -> Measurement | None:
    """Between two corners; None when they lie on the same sample. Several R peaks inside an RR are counted."""
    (start, start_mv), (end, end_mv) = sorted((one, two), key=lambda corner: corner[0])
    if end <= start and parameter is not Parameter.AMPLITUDE:
        return None
    cycles = 1
    if parameter is Parameter.RR and len(beats) > 2:
        usual = sorted(after.r_ms - before.r_ms for before, after in pairwise(beats))
        shortest = usual[len(usual) // 2] / 4000.0
        inside = sum(start + shortest < beat.r_ms / 1000.0 < end - shortest for beat in beats)
        cycles = inside + 1
    return Measurement(parameter, lead, start, end, start_mv, end_mv, rr_ms, cycles)

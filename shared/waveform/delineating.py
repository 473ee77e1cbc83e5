"""Delineate a record: detect, sort by shape, average, find the points, place them in each beat.

Long records go through in chunks of 45 s, so that memory does not grow with their length and templates follow the
patient; shapes keep their numbers from chunk to chunk.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from shared.waveform import classing, conditioning
from shared.waveform.beats import Beat, Delineation
from shared.waveform.chunk import Known, beats_of_chunk

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

CHUNK_S = 45.0
_WHOLE_S = 75.0  # up to here in one piece
_MARGIN_S = 3.0
_SAME_BEAT_MS = 150.0
_NARROWER_MS = 20.0
_LONG_S = 3600.0  # beyond: analysed at 250 Hz


def delineate(record: EcgRecord) -> Delineation:
    """All beats of the record. A record without usable leads or beats gives an empty answer, never an error."""
    usable = conditioning.usable_leads(record)
    if not usable:
        return Delineation((), (), False)
    rate = 500.0 if record.seconds <= _LONG_S else 250.0
    known = Known()
    beats: list[Beat] = []
    spikes: list[float] = []
    for start, stop, first, last in _chunks(record):
        values, places = conditioning.conditioned(record, usable, first, last, rate)
        offset_ms = 1000.0 * first / record.sampling_hz
        found = beats_of_chunk(values, rate, offset_ms, known)
        low, high = 1000.0 * start / record.sampling_hz, 1000.0 * stop / record.sampling_hz
        # A beat on the edge may lie on either side of it, seen from either side: taken once.
        after = beats[-1].r_ms + _SAME_BEAT_MS if beats else -_SAME_BEAT_MS
        beats.extend(beat for beat in found if max(0.0, low - _SAME_BEAT_MS, after) <= beat.r_ms < high)
        spikes.extend(ms for ms in places if low <= ms < high)
    ordered = _dominant_first(beats)
    p_waves = known.p_yes > known.p_no
    classed = classing.classed(ordered, spikes, p_waves)
    leads = tuple(record.leads[row] for row in usable)
    return Delineation(classed, leads, p_waves, tuple(spikes))


def _chunks(record: EcgRecord) -> list[tuple[int, int, int, int]]:
    """(start, stop) of the part whose beats count and (first, last) of the samples looked at, for each chunk."""
    if record.seconds <= _WHOLE_S:
        return [(0, record.sample_count, 0, record.sample_count)]
    count = max(1, round(record.seconds / CHUNK_S))
    edges = [round(index * record.sample_count / count) for index in range(count + 1)]
    margin = round(_MARGIN_S * record.sampling_hz)
    return [
        (start, stop, max(0, start - margin), min(record.sample_count, stop + margin))
        for start, stop in itertools.pairwise(edges)
    ]


def _dominant_first(beats: list[Beat]) -> list[Beat]:
    """Number the shapes by rank: 0 the dominant one, the most frequent unless one with 30 % of the beats is narrower.

    In bigeminy the ectopic beats may be the more frequent ones; they are wider by 20 ms at least.
    """
    from collections import Counter, defaultdict
    from dataclasses import replace
    from statistics import median

    if not beats:
        return []
    counts = Counter(beat.shape for beat in beats)
    widths: dict[int, list[float]] = defaultdict(list)
    for beat in beats:
        if beat.qrs_on_ms is not None and beat.qrs_off_ms is not None:
            widths[beat.shape].append(beat.qrs_off_ms - beat.qrs_on_ms)
    large = [shape for shape, count in counts.items() if count >= 0.3 * len(beats)] or [
        shape for shape, _ in counts.most_common(1)
    ]
    large.sort(key=lambda shape: -counts[shape])
    usual = {shape: median(widths[shape]) if widths[shape] else 1e9 for shape in large}
    leader = large[0]
    large.sort(key=lambda shape: usual[shape] + _NARROWER_MS > usual[leader])
    order = large[:1] + [shape for shape, _ in counts.most_common() if shape not in large[:1]]
    numbers = {shape: number for number, shape in enumerate(order)}
    return [replace(beat, shape=numbers[beat.shape]) for beat in beats]

"""Delineate a record: detect, sort by shape, average, find the points, place them in each beat.

Long records go through in chunks of 45 s, so that memory does not grow with their length and templates follow the
patient; shapes keep their numbers from chunk to chunk.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.waveform import classing, conditioning, delineation, detection, placing, templates
from shared.waveform.beats import Beat, Delineation
from shared.waveform.delineation import WavePoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

CHUNK_S = 45.0
_WHOLE_S = 75.0  # up to here in one piece
_MARGIN_S = 3.0
_SAME_BEAT_MS = 150.0
_NARROWER_MS = 20.0
_LONG_S = 3600.0  # beyond: analysed at 250 Hz


@dataclass(slots=True)
class _Known:
    """What earlier chunks teach: the patterns of shapes, how many beats each had, the width of their QRS."""

    patterns: list[NDArray[Any]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    p_yes: int = 0
    p_no: int = 0


def delineate(record: EcgRecord) -> Delineation:
    """All beats of the record. A record without usable leads or beats gives an empty answer, never an error."""
    usable = conditioning.usable_leads(record)
    if not usable:
        return Delineation((), (), False)
    rate = 500.0 if record.seconds <= _LONG_S else 250.0
    known = _Known()
    beats: list[Beat] = []
    spikes: list[float] = []
    for start, stop, first, last in _chunks(record):
        values = conditioning.conditioned(record, usable, first, last, rate)
        offset_ms = 1000.0 * first / record.sampling_hz
        found = _chunk_beats(values, rate, offset_ms, known)
        low, high = 1000.0 * start / record.sampling_hz, 1000.0 * stop / record.sampling_hz
        # A beat on the edge may lie on either side of it, seen from either side: taken once.
        after = beats[-1].r_ms + _SAME_BEAT_MS if beats else -_SAME_BEAT_MS
        beats.extend(beat for beat in found if max(low - _SAME_BEAT_MS, after) <= beat.r_ms < high)
        spikes.extend(ms for ms in conditioning.spikes_ms(record, first, last) if low <= ms < high)
    ordered = _dominant_first(beats)
    spikes = classing.true_spikes(spikes, ordered)
    classed = classing.classed(ordered, spikes)
    leads = tuple(record.leads[row] for row in usable)
    return Delineation(classed, leads, known.p_yes > known.p_no, tuple(spikes))


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


def _chunk_beats(values: NDArray[Any], rate: float, offset_ms: float, known: _Known) -> list[Beat]:
    import numpy as np

    rough = detection.detect(values, rate)
    if rough.size == 0:
        return []
    fiducials, shapes = templates.sort_by_shape(values, rough, rate, known.patterns)
    order = np.argsort(fiducials, kind="stable")
    intervals = np.diff(fiducials[order])
    typical = float(np.median(intervals)) if intervals.size else rate
    nexts = np.full(fiducials.size, values.shape[1] + round(rate), dtype=np.int64)
    nexts[order[:-1]] = fiducials[order[1:]]
    smooth = conditioning.smoothed_for_waves(values, rate)
    known.patterns = [shape.pattern for shape in shapes]
    changes = np.abs(np.diff(intervals))
    irregularity = float(np.median(changes)) / typical if changes.size > 2 else 0.0
    waves = _Waves(values, smooth, rate, typical, irregularity)
    counts = [len(shape.members) for shape in shapes]
    beats: list[Beat | None] = [None] * fiducials.size
    for number in sorted(range(len(shapes)), key=lambda each: -counts[each]):
        members = np.array(shapes[number].members, dtype=int)
        if members.size:
            made = waves.beats_of(fiducials[members], nexts[members], number, offset_ms, known)
            for index, beat in zip(members, made, strict=True):
                beats[index] = beat
    return sorted((beat for beat in beats if beat is not None), key=lambda beat: beat.r_ms)


@dataclass(slots=True)
class _Waves:
    """Delineation of the shapes of one chunk; the P wave of the first (largest) shape serves the others too."""

    values: NDArray[Any]
    smooth: NDArray[Any]
    rate: float
    typical: float  # RR in samples
    irregularity: float
    leading_p: placing.Wave | None = None
    leading_done: bool = False

    def beats_of(
        self, fiducials: NDArray[Any], nexts: NDArray[Any], shape: int, offset_ms: float, known: _Known
    ) -> list[Beat]:
        import numpy as np

        rate = self.rate
        before = round(min(max(0.6 * self.typical, 0.2 * rate), 0.42 * rate))
        after = round(min(max(0.8 * self.typical, 0.32 * rate), 0.72 * rate))
        ends = nexts - round(0.04 * rate)
        template = templates.averaged(self.values, fiducials, before, after, ends)
        leads = _clean_leads(template)
        beat = template.beat[leads]
        points = _points_of(beat, before, rate, self.typical)
        smooth = self.smooth[leads]
        average = templates.averaged(smooth, fiducials, before, after, ends).beat
        p = placing.p_wave(average, before, points, rate)
        least = 0.5
        if fiducials.size >= 3:
            agreement = placing.p_agreement(smooth, fiducials, p) if p is not None else 0.0
            if not placing.agrees(agreement, self.irregularity):
                p = None
            if p is None:
                known.p_no += fiducials.size
            else:
                known.p_yes += fiducials.size
        elif self.leading_done:
            p, least, smooth = self.leading_p, 0.8, self.smooth
        if not self.leading_done:
            self.leading_done = True
            pattern_leads = p is not None and bool(leads.all())
            self.leading_p = p if pattern_leads else None
        if p is not None and p.pattern.shape[0] != smooth.shape[0]:
            p = None
        t = placing.t_wave(average, before, points, rate)
        signal_uv = float(np.sqrt(np.mean(beat**2)))
        sure = signal_uv / (signal_uv + 10.0 * float(np.mean(template.noise[leads])) + 1e-9)
        context = _Context(points, before, p, least, t, sure, shape, offset_ms)
        return [
            self._beat(int(place), int(following), context, smooth, self.smooth[leads])
            for place, following in zip(fiducials, nexts, strict=True)
        ]

    def _beat(
        self, place: int, following: int, context: _Context, p_values: NDArray[Any], t_values: NDArray[Any]
    ) -> Beat:
        rate, points, zero = self.rate, context.points, context.zero
        length = self.values.shape[1]

        def ms(sample: float | None) -> float | None:
            if sample is None or not 0 <= sample <= length - 1:
                return None
            return round(context.offset_ms + 1000.0 * sample / rate, 1)

        on, off = place + points.qrs_on - zero, place + points.qrs_off - zero
        facts: dict[str, Any] = {}
        p = placing.place_p(p_values, place, context.p, rate, context.least) if context.p is not None else None
        if p is not None and context.p is not None and context.p.on is not None:
            moved = place + p.shift
            end = min(moved + context.p.off, on)
            if moved + context.p.on >= 0 and end > moved + context.p.peak:
                facts |= {"p_on_ms": ms(moved + context.p.on), "p_peak_ms": ms(moved + context.p.peak)}
                facts |= {"p_off_ms": ms(end), "p_confidence": round(max(0.0, p.fit) * context.sure, 3)}
        if context.t is not None:
            t = placing.place_t(t_values, place, context.t, rate)
            peak, end = place + t.shift + context.t.peak, place + t.shift + context.t.off
            if end < min(following - 0.03 * rate, length - 1):
                facts |= {"t_peak_ms": ms(peak), "t_off_ms": ms(end)}
                facts |= {"t_confidence": round(max(0.1, t.fit) * context.sure, 3)}
        r = context.offset_ms + 1000.0 * (place + points.r - zero) / rate
        return Beat(
            r_ms=round(r, 1),
            qrs_on_ms=ms(on),
            qrs_off_ms=ms(off),
            shape=context.shape,
            qrs_confidence=round(context.sure, 3),
            **facts,
        )


@dataclass(frozen=True, slots=True)
class _Context:
    points: WavePoints
    zero: int  # the fiducial within the averaged beat
    p: placing.Wave | None
    least: float
    t: placing.Wave | None
    sure: float
    shape: int
    offset_ms: float


def _points_of(beat: NDArray[Any], fiducial: int, rate: float, typical: float) -> WavePoints:
    """The points of an averaged beat. P is looked for close to QRS first, then T before it, then P again after T."""
    on, r, off = delineation.qrs_points(beat, fiducial, rate)
    near = round(on - min(0.32 * rate, 0.42 * typical))
    p = delineation.p_points(beat, near, on, rate)
    begin = p[0] if p is not None else on - 0.06 * rate
    latest = round(min(beat.shape[1] - 1, begin + typical - 0.01 * rate))
    t = delineation.t_points(beat, off, latest, rate)
    if t is not None:
        p = delineation.p_points(beat, min(round(t[1] - typical), near), on, rate)
    found = (*(p or (None, None, None)), *(t or (None, None)))
    return WavePoints(on, r, off, *found)


def _clean_leads(template: templates.Template) -> NDArray[Any]:
    """(lead,) bool: leads whose average is not far noisier than that of the others."""
    import numpy as np

    limit = max(3.0 * float(np.median(template.noise)), 10.0)
    good: NDArray[Any] = template.noise <= limit
    return good if good.any() else np.ones_like(good)


def _dominant_first(beats: list[Beat]) -> list[Beat]:
    """Number the shapes by rank: 0 the dominant one, the most frequent unless one with 30 % of the beats is narrower.

    In bigeminy the ectopic beats may be the more frequent ones; they are wider by 20 ms at least.
    """
    from collections import Counter, defaultdict
    from dataclasses import replace
    from statistics import median

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

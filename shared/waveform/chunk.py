"""The beats of one stretch of a record: shapes averaged, delineated, and placed in each beat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.waveform import conditioning, delineation, detection, placing, templates
from shared.waveform.beats import Beat
from shared.waveform.delineation import WavePoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 3  # beats below which nothing can be said about their agreement
_SOME = 5  # beats below which their average is noisy
_LARGE = 0.3  # share of the beats that makes a shape one of the leading ones
_ELSEWHERE_FITS = 0.8  # a P wave taken over from another shape must fit so well
_SAME_PR_MS = 70.0
_EARLY = 0.85  # of the usual RR


@dataclass(slots=True)
class Known:
    """What earlier chunks teach: the patterns of shapes, and how many beats had P waves and had none."""

    patterns: list[NDArray[Any]] = field(default_factory=list)
    p_yes: int = 0
    p_no: int = 0


@dataclass(slots=True)
class _Shape:
    """One shape in this chunk: its beats and what its average shows."""

    number: int
    members: NDArray[Any]  # indices of the beats
    leads: NDArray[Any]  # (lead,) bool: clean enough
    zero: int  # the fiducial within the averaged beat
    points: WavePoints
    p: placing.Wave | None
    t: placing.Wave | None
    sure: float
    agreement: float
    rate: float
    later: dict[int, int]  # by beat: samples by which its QRS complex begins later than the average says
    least: float = placing.P_FITS

    @property
    def width(self) -> float:
        return self.points.qrs_off - self.points.qrs_on


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The signals of the chunk: (lead, sample) without baseline, the same smoothed, and its rhythm."""

    values: NDArray[Any]
    smooth: NDArray[Any]
    rate: float
    offset_ms: float
    fiducials: NDArray[Any]
    nexts: NDArray[Any]  # the fiducial that follows each
    intervals: NDArray[Any]  # from the fiducial before to each; as long as can be for the first
    typical: float  # median RR in samples
    mean: float  # mean RR: in bigeminy the median may be either interval
    irregularity: float


def beats_of_chunk(values: NDArray[Any], rate: float, offset_ms: float, known: Known) -> list[Beat]:
    """Beats of (lead, sample) µV at ``rate`` whose first sample is ``offset_ms`` into the record, in order of time."""
    rough = detection.detect(values, rate)
    if rough.size == 0:
        return []
    fiducials, found = templates.sort_by_shape(values, rough, rate, known.patterns)
    known.patterns = [shape.pattern for shape in found]
    stretch = _stretch(values, rate, offset_ms, fiducials)
    shapes = [_averaged(stretch, number, shape) for number, shape in enumerate(found) if shape.members]
    leading = _leading(shapes, fiducials.size)
    _settle_p(shapes, leading, stretch.irregularity)
    if leading.members.size >= _FEW:
        if leading.p is None:
            known.p_no += leading.members.size
        else:
            known.p_yes += leading.members.size
    beats = [_beat(stretch, shape, int(index)) for shape in shapes for index in shape.members]
    return sorted(beats, key=lambda beat: beat.r_ms)


def _stretch(values: NDArray[Any], rate: float, offset_ms: float, fiducials: NDArray[Any]) -> _Stretch:
    import numpy as np

    order = np.argsort(fiducials, kind="stable")
    intervals = np.diff(fiducials[order])
    typical = float(np.median(intervals)) if intervals.size else rate
    mean = float(np.mean(intervals)) if intervals.size else rate
    changes = np.abs(np.diff(intervals))
    irregularity = float(np.median(changes)) / max(typical, 1.0) if changes.size > 2 else 0.0
    nexts = np.full(fiducials.size, values.shape[1] + round(rate), dtype=np.int64)
    nexts[order[:-1]] = fiducials[order[1:]]
    before = np.full(fiducials.size, values.shape[1], dtype=np.int64)
    before[order[1:]] = intervals
    smooth = conditioning.smoothed_for_waves(values, rate)
    return _Stretch(values, smooth, rate, offset_ms, fiducials, nexts, before, typical, mean, irregularity)


def _averaged(stretch: _Stretch, number: int, shape: templates.Shape) -> _Shape:
    import numpy as np

    rate, typical = stretch.rate, stretch.typical
    members = np.array(shape.members, dtype=int)
    places, nexts = stretch.fiducials[members], stretch.nexts[members]
    before = round(min(max(0.6 * typical, 0.2 * rate), 0.42 * rate))
    after = round(min(max(0.8 * max(typical, stretch.mean), 0.32 * rate), 0.72 * rate))
    ends = nexts - round(0.04 * rate)
    template = templates.averaged(stretch.values, places, before, after, ends)
    leads = _clean_leads(template)
    beat = template.beat[leads]
    usual = max(typical, 0.9 * stretch.mean)
    few = members.size < _SOME
    preceding, following = float(np.median(stretch.intervals[members])), float(np.median(nexts - places))
    points = _points_of(beat, before, rate, usual, preceding, following, few)
    average = templates.averaged(stretch.smooth[leads], places, before, after, ends).beat
    p = placing.p_wave(average, before, points, rate)
    agreement = placing.p_agreement(stretch.smooth[leads], places, p) if p is not None else 0.0
    signal_uv = float(np.sqrt(np.mean(beat**2)))
    sure = signal_uv / (signal_uv + 10.0 * float(np.mean(template.noise[leads])) + 1e-9)
    t = placing.t_wave(average, before, points, rate)
    later: dict[int, int] = {}
    if not few:
        shifts = placing.onset_shifts(stretch.values[leads], places, beat, before, points.qrs_on, rate)
        later = dict(zip(members.tolist(), shifts.tolist(), strict=True))
    return _Shape(number, members, leads, before, points, p, t, sure, agreement, rate, later)


def _leading(shapes: list[_Shape], count: int) -> _Shape:
    """The shape of the heart's own rhythm: the narrowest of those with many beats."""
    large = [shape for shape in shapes if shape.members.size >= _LARGE * count]
    return min(large, key=lambda shape: shape.width) if large else max(shapes, key=lambda shape: shape.members.size)


def _settle_p(shapes: list[_Shape], leading: _Shape, irregularity: float) -> None:
    """Which shapes have P waves: those whose beats agree, and where the leading shape has its own.

    What precedes ectopic beats at a fixed distance is a T wave, not a P wave; shapes of one or two beats may have the P
    wave of the leading shape.
    """
    if leading.members.size >= _FEW and not placing.agrees(leading.agreement, leading.p, irregularity):
        leading.p = None
    for shape in shapes:
        if shape is leading or leading.members.size < _FEW:
            continue
        own = shape.p
        if leading.p is None or leading.p.on is None:
            shape.p = None
        elif shape.members.size < _FEW:
            same_leads = bool((shape.leads == leading.leads).all())
            shape.p, shape.least = (leading.p if same_leads else None), _ELSEWHERE_FITS
        elif (
            own is None
            or not placing.agrees(shape.agreement, own, irregularity)
            or abs((own.on or 0.0) - leading.p.on) > _SAME_PR_MS * leading.rate / 1000.0
        ):
            shape.p = None


def _beat(stretch: _Stretch, shape: _Shape, index: int) -> Beat:
    """The beat with the points of its shape, P and T moved to where they fit."""
    rate, points, zero = stretch.rate, shape.points, shape.zero
    place, following = int(stretch.fiducials[index]), int(stretch.nexts[index])
    last = stretch.values.shape[1] - 1

    def ms(sample: float) -> float | None:
        return round(stretch.offset_ms + 1000.0 * sample / rate, 1) if 0 <= sample <= last else None

    on, off = place + points.qrs_on - zero + shape.later.get(index, 0), place + points.qrs_off - zero
    facts: dict[str, Any] = {}
    smooth = stretch.smooth[shape.leads]
    p = placing.place_p(smooth, place, shape.p, rate, shape.least) if shape.p is not None else None
    if p is not None and shape.p is not None and shape.p.on is not None:
        moved = place + p.shift
        end = min(moved + shape.p.off, on)
        if moved + shape.p.on >= 0 and end > moved + shape.p.peak:
            facts |= {"p_on_ms": ms(moved + shape.p.on), "p_peak_ms": ms(moved + shape.p.peak), "p_off_ms": ms(end)}
            facts |= {"p_confidence": round(max(0.0, p.fit) * shape.sure, 3)}
    if shape.t is not None:
        t = placing.place_t(smooth, place, shape.t, rate)
        peak, end = place + t.shift + shape.t.peak, place + t.shift + shape.t.off
        if end < min(following - 0.03 * rate, last):
            facts |= {"t_peak_ms": ms(peak), "t_off_ms": ms(end)}
            facts |= {"t_confidence": round(max(0.1, t.fit) * shape.sure, 3)}
    return Beat(
        r_ms=round(stretch.offset_ms + 1000.0 * (place + points.r - zero) / rate, 1),
        qrs_on_ms=ms(on),
        qrs_off_ms=ms(off),
        shape=shape.number,
        qrs_confidence=round(shape.sure, 3),
        **facts,
    )


def _points_of(
    beat: NDArray[Any], fiducial: int, rate: float, typical: float, preceding: float, following: float, few: bool
) -> WavePoints:
    """The points of an averaged beat. P is looked for close to QRS first, then T before the next beat, then P again.

    ``typical`` is the usual RR, ``preceding`` and ``following`` the distances from what precedes this shape and to what
    follows it, in samples: the T wave before an early beat is no P wave of it, and a beat that follows too early has no
    P wave in between. ``few`` beats make a noisy average.
    """
    on, r, off = delineation.qrs_points(beat, fiducial, rate, few)
    near = round(on - min(0.32 * rate, 0.42 * typical))
    p = delineation.p_points(beat, near, on, rate)
    begin = p[0] if p is not None and following > _EARLY * typical else on - 0.02 * rate
    latest = round(min(beat.shape[1] - 1, begin + following - 0.01 * rate))
    t = delineation.t_points(beat, on, off, latest, rate)
    if t is not None:
        early = preceding <= _EARLY * typical
        earliest = round(t[1] - preceding) if early else min(round(t[1] - typical), near)
        p = delineation.p_points(beat, earliest, on, rate)
    found = (*(p or (None, None, None)), *(t or (None, None)))
    return WavePoints(on, r, off, *found)


def _clean_leads(template: templates.Template) -> NDArray[Any]:
    """(lead,) bool: leads whose average is not far noisier than that of the others."""
    import numpy as np

    limit = max(3.0 * float(np.median(template.noise)), 10.0)
    good: NDArray[Any] = template.noise <= limit
    return good if good.any() else np.ones_like(good)

"""What delineation gives: beats with their points and classes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BeatClass(StrEnum):
    """Classes of beats, with the letters of ANSI/AAMI EC57."""

    NORMAL = "N"
    SUPRAVENTRICULAR = "S"  # premature, of the same shape
    VENTRICULAR = "V"
    PACED = "P"


POINTS = ("p_on_ms", "p_peak_ms", "p_off_ms", "qrs_on_ms", "r_ms", "qrs_off_ms", "t_peak_ms", "t_off_ms")


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat: global points in ms from the start of the record; None where absent or outside the record."""

    r_ms: float
    qrs_on_ms: float | None = None
    qrs_off_ms: float | None = None
    p_on_ms: float | None = None
    p_peak_ms: float | None = None
    p_off_ms: float | None = None
    t_peak_ms: float | None = None
    t_off_ms: float | None = None
    kind: BeatClass = BeatClass.NORMAL
    shape: int = 0  # beats of one number look alike; 0 is the dominant shape
    p_confidence: float = 0.0  # 0 … 1
    qrs_confidence: float = 0.0
    t_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Delineation:
    """All beats of a record, and on which leads they were found."""

    beats: tuple[Beat, ...]
    leads: tuple[str, ...]  # used; others were flat, off or far noisier
    p_waves: bool  # P waves precede most beats of the dominant shape: False is the answer "no P wave"
    spikes_ms: tuple[float, ...] = ()  # pacemaker spikes

    def of_kind(self, kind: BeatClass) -> tuple[Beat, ...]:
        return tuple(beat for beat in self.beats if beat.kind == kind)

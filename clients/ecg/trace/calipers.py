"""The electronic caliper: two legs on samples, marching along the strip, and how well beats keep the step. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

_MOST = 400


@dataclass(frozen=True, slots=True)
class Caliper:
    """Legs in seconds of the record, ``first`` < ``second``; on which lead it was laid."""

    first: float
    second: float
    lead: str = ""

    @property
    def interval_ms(self) -> float:
        """From leg to leg."""
        return round((self.second - self.first) * 1000.0, 3)

    @property
    def rate(self) -> int | None:
        """The rate of that interval, per minute."""
        return round(60_000.0 / self.interval_ms) if self.interval_ms > 0 else None

    def march(self, start: float, stop: float) -> tuple[float, ...]:
        """Where all legs stand between two seconds, marched out to both sides; empty for a caliper that is shut."""
        import math

        step = self.second - self.first
        if step <= 0 or (stop - start) / step > _MOST:
            return tuple(place for place in (self.first, self.second) if start <= place <= stop)
        begin, end = math.ceil((start - self.first) / step - 1e-9), math.floor((stop - self.first) / step + 1e-9)
        return tuple(self.first + n * step for n in range(begin, end + 1))

    def moved(self, leg: int, to: float, sampling_hz: float) -> Caliper:
        """Leg 0 or 1 at another place, or (2) the whole caliper with its first leg there; on samples."""
        to = on_sample(to, sampling_hz)
        if leg == 2:
            return replace(self, first=to, second=to + (self.second - self.first))
        first, second = (to, self.second) if leg == 0 else (self.first, to)
        return replace(self, first=min(first, second), second=max(first, second))


def on_sample(seconds: float, sampling_hz: float) -> float:
    """The time of the nearest sample."""
    return round(seconds * sampling_hz) / sampling_hz


def off_step(caliper: Caliper, r_ms: Sequence[float]) -> tuple[float, ...]:
    """For each R, how many ms it lies from the nearest leg: what shows a dropped or an early beat."""
    step = caliper.interval_ms
    if step <= 0:
        return ()
    first = caliper.first * 1000.0
    return tuple(round(r - first - round((r - first) / step) * step, 1) for r in r_ms)

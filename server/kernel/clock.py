"""Time as the server sees it: UTC inside, the hospital's zone where a day is meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Source of the present moment; tests inject a fixed one."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class HospitalTime:
    """Days and wall-clock times in the hospital's time zone."""

    def __init__(self, clock: Clock, zone: str) -> None:
        self._clock = clock
        self.zone = ZoneInfo(zone)

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return self._clock.now()

    def today(self) -> date:
        """Return the present day of the hospital."""
        return self.local(self.now()).date()

    def local(self, moment: datetime) -> datetime:
        """Return `moment` as the hospital's wall clock shows it."""
        return moment.astimezone(self.zone)

    def at(self, day: date, wall: time) -> datetime:
        """Return the UTC moment at which the hospital's clock shows `wall` on `day`."""
        return datetime.combine(day, wall, tzinfo=self.zone).astimezone(UTC)

    def day_bounds(self, first: date, last: date | None = None) -> tuple[datetime, datetime]:
        """Return the UTC half-open interval of the days `first` to `last`, both included."""
        end = (last or first) + timedelta(days=1)
        return self.at(first, time.min), self.at(end, time.min)

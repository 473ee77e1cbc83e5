"""The hall's clock: the server's time carried on by a counter, so that a wrong clock or zone of the PC does no harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone


class HallClock:
    """Until the server has told its time, the PC's clock must do."""

    def __init__(self, wall: Callable[[], datetime], counter: Callable[[], float]) -> None:
        """`wall` is the PC's clock with its zone; `counter` counts seconds and never jumps (time.monotonic)."""
        self._wall = wall
        self._counter = counter
        self._server: datetime | None = None
        self._counted = 0.0

    def set(self, server: datetime, utc_offset_minutes: int) -> None:
        """The server says what time it is now and how far the hospital's wall clock is from UTC."""
        self._server = server.astimezone(timezone(timedelta(minutes=utc_offset_minutes)))
        self._counted = self._counter()

    def now(self) -> datetime:
        """The present moment on the hospital's wall clock, with its zone."""
        if self._server is None:
            return self._wall()
        return self._server + timedelta(seconds=self._counter() - self._counted)

    def local(self, moment: datetime) -> datetime:
        """A moment of the server on the hospital's wall clock."""
        return moment.astimezone(self.now().tzinfo)

    def seconds(self) -> float:
        """The counter, for pauses."""
        return self._counter()

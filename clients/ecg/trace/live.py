"""Live traces while a device records: a sweeping pen that overwrites the oldest picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.kit.settings import UserSettings


class LiveTraces(QWidget):
    """All leads in two columns, drawn from left to right with a gap before the pen; then over again from the left.

    Draws at most 30 times a second, whatever the rate of ``push``. Call everything in the GUI thread.
    """

    def __init__(self, desk_settings: UserSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def start(self, leads: Sequence[str], sampling_hz: float) -> None:
        """An empty sweep for these leads."""
        raise NotImplementedError

    def push(self, samples: NDArray[Any]) -> None:
        """More samples, (lead, sample) in µV; NaN where nothing was recorded. Any number at a time."""
        raise NotImplementedError

    def set_lead_off(self, leads: Sequence[str]) -> None:
        """Leads that are off now: drawn dashed with 导联脱落 beside the name. Empty: all are on."""
        raise NotImplementedError

    def set_scale(self, mm_per_s: float, mm_per_mv: float) -> None:
        """Default 25 mm/s, 10 mm/mV; rows too low for the gain halve it."""
        raise NotImplementedError

    def set_words(self, words: str) -> None:
        """A line at the upper right: time recorded, state."""
        raise NotImplementedError

    def freeze(self, frozen: bool) -> None:
        """Keep the picture while samples go on coming in."""
        raise NotImplementedError

    def clear(self) -> None:
        """No leads, no traces."""
        raise NotImplementedError

"""The values that are drawn: microvolts of a part of the record through the chosen filters, kept for the next time.

Filtering runs in a worker (``SignalStore.wanted`` gives the work); the stored samples are never touched (ECG-FILT-01).
No Qt.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform.filters import WHOLE_S, FilterSettings, filtered_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

_KEPT = 6


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """(lead, sample) µV of the record from sample ``first`` on; NaN where not recorded."""

    first: int
    values: NDArray[Any]
    sampling_hz: float

    @property
    def stop(self) -> int:
        """The sample after the last."""
        return self.first + int(self.values.shape[1])


class SignalStore:
    """Pieces of one record by filter and place."""

    def __init__(self, record: EcgRecord) -> None:
        self.record = record
        self._pieces: OrderedDict[tuple[FilterSettings | None, int, int], Piece] = OrderedDict()

    def piece(self, settings: FilterSettings | None, start_s: float, stop_s: float) -> Piece | None:
        """The piece that holds these seconds, if it was made already."""
        key = self._key(settings, start_s, stop_s)
        found = self._pieces.get(key)
        if found is not None:
            self._pieces.move_to_end(key)
        return found

    def raw(self, start_s: float, stop_s: float) -> Piece:
        """As recorded: what is shown until the filter is through."""
        _, first, stop = self._key(None, start_s, stop_s)
        return Piece(first, self.record.microvolts(first, stop), self.record.sampling_hz)

    def work(self, settings: FilterSettings | None, start_s: float, stop_s: float) -> Callable[[], Piece]:
        """What a worker does; hand its result to ``keep``."""
        _, first, stop = self._key(settings, start_s, stop_s)
        return lambda: self._made(settings, first, stop)

    def keep(self, settings: FilterSettings | None, start_s: float, stop_s: float, piece: Piece) -> None:
        """Remember a piece that a worker made."""
        self._pieces[self._key(settings, start_s, stop_s)] = piece
        while len(self._pieces) > _KEPT:
            self._pieces.popitem(last=False)

    def _key(
        self, settings: FilterSettings | None, start_s: float, stop_s: float
    ) -> tuple[FilterSettings | None, int, int]:
        record = self.record
        if record.seconds <= WHOLE_S:
            return settings, 0, record.sample_count
        first = max(0, round(start_s * record.sampling_hz))
        return settings, first, min(record.sample_count, round(stop_s * record.sampling_hz) + 2)

    def _made(self, settings: FilterSettings | None, first: int, stop: int) -> Piece:
        if stop <= first:
            return Piece(first, self.record.microvolts(first, first), self.record.sampling_hz)
        return Piece(first, filtered_part(self.record, first, stop, settings), self.record.sampling_hz)

"""Lowest and highest values of a long record in ever larger blocks, so that any width is drawn at once. No Qt.

Reads the record piece by piece: its samples may be a file mapped into memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform.record import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

BLOCK = 8
_FACTOR = 4
_PIECE = BLOCK * 131_072


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Blocks of ``block`` samples: lowest and highest value in µV, float32, NaN where nothing was recorded."""

    block: int
    low: NDArray[Any]
    high: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """All levels of one lead, the finest first."""

    lead: str
    sampling_hz: float
    sample_count: int
    levels: tuple[Level, ...]

    def columns(self, start: float, per_column: float, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Lowest and highest µV of ``count`` columns of ``per_column`` samples from sample ``start`` on.

        Values are those of whole blocks of at most a column's width (a column may show a neighbour's edge); NaN outside
        the record. ``per_column`` below BLOCK samples gives steps of BLOCK.
        """
        import numpy as np

        level = self.levels[0]
        for each in self.levels:
            if each.block <= per_column:
                level = each
        edges = (start + np.arange(count + 1) * per_column) / level.block
        first = np.floor(edges[:-1]).astype(np.int64)
        last = np.maximum(np.ceil(edges[1:]).astype(np.int64), first + 1)
        low, high = np.full(count, np.nan), np.full(count, np.nan)
        inside = (first >= 0) & (first < level.low.size)
        if not inside.any():
            return low, high
        begin, end = int(first[inside].min()), min(int(last[inside].max()), level.low.size)
        starts = first[inside] - begin
        low[inside] = np.fmin.reduceat(level.low[begin:end], starts)
        high[inside] = np.fmax.reduceat(level.high[begin:end], starts)
        ends = np.minimum(last[inside], level.low.size) - 1  # the block that a column shares with the next one
        low[inside] = np.fmin(low[inside], level.low[ends])
        high[inside] = np.fmax(high[inside], level.high[ends])
        return low, high


def build(record: EcgRecord, lead: str, report: Callable[[int, int], None] | None = None) -> Pyramid:
    """The pyramid of a lead; ``report(done, total)`` is called for each piece and may raise to stop."""
    import numpy as np

    row = record.leads.index(lead)
    gain, baseline = record.gain_uv[row], record.baseline[row]
    count = record.sample_count
    low, high = [], []
    for begin in range(0, count, _PIECE):
        if report is not None:
            report(begin, count)
        part = np.asarray(record.samples[row, begin : begin + _PIECE])
        spare = -part.size % BLOCK
        values = ((part - baseline) * gain).astype(np.float32)
        values[part == MISSING] = np.nan
        blocks = np.pad(values, (0, spare), constant_values=np.nan).reshape(-1, BLOCK)
        low.append(np.fmin.reduce(blocks, axis=1))
        high.append(np.fmax.reduce(blocks, axis=1))
    empty = np.empty(0, dtype=np.float32)
    levels = [Level(BLOCK, np.concatenate(low or [empty]), np.concatenate(high or [empty]))]
    while levels[-1].low.size > 4096:
        levels.append(_coarser(levels[-1]))
    return Pyramid(lead, record.sampling_hz, count, tuple(levels))


def _coarser(level: Level) -> Level:
    import numpy as np

    spare = -level.low.size % _FACTOR
    low = np.pad(level.low, (0, spare), constant_values=np.nan).reshape(-1, _FACTOR)
    high = np.pad(level.high, (0, spare), constant_values=np.nan).reshape(-1, _FACTOR)
    return Level(level.block * _FACTOR, np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1))

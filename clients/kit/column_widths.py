"""How wide the columns of a list are on the room there is; pure arithmetic, knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_GROWTH = 0.6
"""How much of its own width a column may grow on a wide screen."""


@dataclass(frozen=True)
class ColumnRoom:
    """What one column asks for, in pixels: `wanted` as declared or dragged, `needed` for its title and badges.

    A flexible column takes what is left over. A dragged one stays exactly as the user made it.
    """

    wanted: int
    needed: int
    flexible: bool = False
    dragged: bool = False


def lay_out(columns: Sequence[ColumnRoom], room: int, *, flexible_most: int) -> list[int]:
    """Widths for `room` pixels.

    Spare room goes to flexible columns first, up to `flexible_most` each, then to the others, so that no gap opens in
    the middle of a row, and the rest to the last flexible one. Where it is too tight, columns shrink towards what they
    need; if that is not enough they keep their widths and the list scrolls sideways.
    """
    sizes = [c.wanted if c.dragged else max(c.wanted, c.needed) for c in columns]
    spare = room - sum(sizes)
    if spare < 0:
        return _shrink(columns, sizes, -spare)
    flexible = [i for i, column in enumerate(columns) if column.flexible]
    if not flexible:
        return sizes
    for place, i in enumerate(flexible):
        share = min(spare // (len(flexible) - place), max(0, flexible_most - sizes[i]))
        sizes[i] += share
        spare -= share
    others = [i for i, column in enumerate(columns) if not column.flexible and not column.dragged]
    together = sum(sizes[i] for i in others)
    if spare > 0 and together:
        growth = min(MOST_GROWTH, spare / together)
        for i in others:
            share = int(sizes[i] * growth)
            sizes[i] += share
            spare -= share
    sizes[flexible[-1]] += spare
    return sizes


def _shrink(columns: Sequence[ColumnRoom], sizes: list[int], excess: int) -> list[int]:
    slack = [0 if c.dragged else max(0, size - max(c.needed, 48)) for c, size in zip(columns, sizes, strict=True)]
    if sum(slack) < excess:
        return sizes
    shrunk = [size - excess * give // sum(slack) for size, give in zip(sizes, slack, strict=True)]
    for i, give in enumerate(slack):  # the last pixels, lost in rounding
        if sum(shrunk) <= sum(sizes) - excess:
            break
        if give:
            shrunk[i] -= min(sum(shrunk) - (sum(sizes) - excess), shrunk[i] - (sizes[i] - give))
    return shrunk

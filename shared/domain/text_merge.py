"""Three-way merge of rich texts by sentences (diff3): what only one side changed is taken, the rest is asked; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum

from shared.domain.text_units import Start, Unit, text_of, units_of


class Take(StrEnum):
    """Which side a conflict is decided for."""

    BASE = "base"
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"  # mine, then theirs


class Source(StrEnum):
    """Who wrote an agreed piece."""

    BASE = "base"  # unchanged
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"  # both made the same change


@dataclass(frozen=True, slots=True)
class Agreed:
    """Units that need no decision. `was` is what stood there before."""

    units: tuple[Unit, ...]
    source: Source
    was: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both sides changed in different ways."""

    base: tuple[Unit, ...]
    mine: tuple[Unit, ...]
    theirs: tuple[Unit, ...]

    def taken(self, take: Take) -> tuple[Unit, ...]:
        """Return the units of a decision."""
        if take is Take.BOTH:
            return (*self.mine, *self.theirs)
        return {Take.BASE: self.base, Take.MINE: self.mine, Take.THEIRS: self.theirs}[take]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged text with its open questions, in reading order."""

    parts: tuple[Agreed | Conflict, ...] = field(default_factory=tuple)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The places to be decided."""
        return tuple(part for part in self.parts if isinstance(part, Conflict))

    def text(self, takes: Sequence[Take] = ()) -> str:
        """Return the rich text with the conflicts decided, one decision each. Raises ValueError for another number."""
        if len(takes) != len(self.conflicts):
            raise ValueError(f"{len(self.conflicts)} conflicts need as many decisions, not {len(takes)}")
        units: list[Unit] = []
        decisions = iter(takes)
        for part in self.parts:
            units.extend(part.units if isinstance(part, Agreed) else part.taken(next(decisions)))
        return text_of(_with_starts(units))


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Merge two texts that both come from `base`."""
    old, ours, others = units_of(base), units_of(mine), units_of(theirs)
    to_mine, to_theirs = _matches(old, ours), _matches(old, others)
    parts: list[Agreed | Conflict] = []
    at = at_mine = at_theirs = 0
    while at < len(old) or at_mine < len(ours) or at_theirs < len(others):
        length = 0
        while (
            at + length < len(old)
            and to_mine.get(at + length) == at_mine + length
            and to_theirs.get(at + length) == at_theirs + length
        ):
            length += 1
        if length:
            parts.append(Agreed(old[at : at + length], Source.BASE))
            at, at_mine, at_theirs = at + length, at_mine + length, at_theirs + length
            continue
        end = next((i for i in range(at, len(old)) if i in to_mine and i in to_theirs), len(old))
        end_mine = to_mine.get(end, len(ours))
        end_theirs = to_theirs.get(end, len(others))
        _decide(parts, old[at:end], ours[at_mine:end_mine], others[at_theirs:end_theirs])
        at, at_mine, at_theirs = end, end_mine, end_theirs
    return Merge(tuple(parts))


def _decide(
    parts: list[Agreed | Conflict], base: tuple[Unit, ...], mine: tuple[Unit, ...], theirs: tuple[Unit, ...]
) -> None:
    if mine == theirs:
        parts.append(Agreed(mine, Source.BOTH, base))
    elif theirs == base:
        parts.append(Agreed(mine, Source.MINE, base))
    elif mine == base:
        parts.append(Agreed(theirs, Source.THEIRS, base))
    else:
        parts.append(Conflict(base, mine, theirs))


def _matches(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, int]:
    """Return where the units of the old text are in the new one, both in order."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return {
        block.a + offset: block.b + offset for block in matcher.get_matching_blocks() for offset in range(block.size)
    }


def _with_starts(units: list[Unit]) -> list[Unit]:
    """The first words of a text stand in a block of their own, whatever was decided about its beginning."""
    return units if not units or isinstance(units[0], Start) else [Start("p"), *units]

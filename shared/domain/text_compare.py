"""Word by word what changed between two rich texts; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from shared.domain.text_units import Run, words_of


class Change(StrEnum):
    """What became of a piece."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    MARKED = "marked"  # the same words, other marks (bold, raised …)


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row that share a fate."""

    change: Change
    text: str


def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Return the pieces of both texts in reading order.

    SAME, MARKED and REMOVED pieces together are the words of `before`; SAME, MARKED and ADDED those of `after`.
    """
    old, new = words_of(before), words_of(after)
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, [one.text for one in old], [one.text for one in new], autojunk=False)
    for tag, a, b, c, d in _without_islands(matcher.get_opcodes(), old):
        if tag == "equal":
            for one, other in zip(old[a:b], new[c:d], strict=True):
                _add(pieces, Change.SAME if one.marks == other.marks else Change.MARKED, one.text)
        else:
            _add(pieces, Change.REMOVED, "".join(one.text for one in old[a:b]))
            _add(pieces, Change.ADDED, "".join(one.text for one in new[c:d]))
    return tuple(pieces)


def is_changed(pieces: Sequence[Piece]) -> bool:
    """Say whether anything differs."""
    return any(piece.change is not Change.SAME for piece in pieces)


_Op = tuple[str, int, int, int, int]


def _without_islands(ops: Sequence[_Op], old: Sequence[Run]) -> list[_Op]:
    """Join changes parted by a single character: 左→右 肺→叶 with 上 between reads better as one change."""
    found: list[_Op] = []
    for number, op in enumerate(ops):
        tag, a, b, c, d = op
        is_island = (
            tag == "equal" and b - a == 1 and 0 < number < len(ops) - 1 and old[a].text not in "\n，。；、" and found
        )
        if is_island or (tag != "equal" and found and found[-1][0] != "equal"):
            _, first, _, third, _ = found[-1]
            found[-1] = ("replace", first, b, third, d)
        else:
            found.append((tag if tag == "equal" else "replace", a, b, c, d))
    return found


def _add(pieces: list[Piece], change: Change, text: str) -> None:
    if not text:
        return
    if pieces and pieces[-1].change is change:
        pieces[-1] = Piece(change, pieces[-1].text + text)
    else:
        pieces.append(Piece(change, text))

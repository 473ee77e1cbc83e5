"""Spreads pieces over pages: what belongs together stays together, tables repeat their heading; knows no blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.paper.marks import Mark

_SLACK = 0.01


@dataclass(frozen=True)
class Piece:
    """Marks in millimetres from the piece's upper left corner; a piece is never cut.

    `keeps`: stays on the page of the next piece. `is_gap`: white space, none at the top of a page. `sinks`: goes to the
    foot of its page. `own_page`: begins a page. `head`: what is drawn above it where it begins a page.
    """

    height: float
    marks: tuple[Mark, ...] = ()
    keeps: bool = False
    is_gap: bool = False
    sinks: bool = False
    own_page: bool = False
    is_line: bool = False  # a line of running text
    head: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A piece and how far below the top of the page's room it stands, in millimetres."""

    piece: Piece
    offset: float


class TooHigh(ValueError):
    """A piece is higher than a page."""


def spread(pieces: Sequence[Piece], first_room: float, later_room: float) -> list[list[Placed]]:
    """Place every piece. Raises TooHigh."""
    pages: list[list[Placed]] = [[]]
    room, used = first_room, 0.0
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        at_top = not pages[-1]
        if at_top and piece.is_gap:
            index += 1
            continue
        turns = not at_top and (piece.own_page or _chain(pieces, index) > room - used + _SLACK)
        if turns or (at_top and piece.height > room + _SLACK and room < later_room and len(pages) == 1):
            pages.append([])
            room, used = later_room, 0.0
            for head in piece.head:
                pages[-1].append(Placed(head, used))
                used += head.height
            if piece.is_gap:
                index += 1
                continue
        if piece.height > room - used + _SLACK:
            if not at_top and not turns:  # its chain was longer than a page: break here
                pages.append([])
                room, used = later_room, 0.0
                continue
            raise TooHigh
        offset = max(used, room - piece.height) if piece.sinks else used
        pages[-1].append(Placed(piece, offset))
        used = offset + piece.height
        index += 1
    while len(pages) > 1 and not pages[-1]:
        pages.pop()
    return pages


def _chain(pieces: Sequence[Piece], index: int) -> float:
    """Height that a piece needs here, with what it may not be parted from."""
    total = 0.0
    for piece in pieces[index:]:
        total += piece.height
        if not piece.keeps:
            break
    return total

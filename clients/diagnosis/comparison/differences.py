"""Word-by-word differences of two texts; Chinese counts by character, figures and Latin words as one. Knows no Qt."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORDS = re.compile(r"\d+(?:[.,:]\d+)*|[A-Za-z]+|\s+|.", re.DOTALL)
_MOST = 20_000
"""Characters compared; what is longer is shown without marks."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, and whether the other text lacks it."""

    text: str
    is_own: bool


def pieces(text: str, other: str) -> tuple[Piece, ...]:
    """Return `text` in pieces: what it shares with `other`, and what only it says."""
    if max(len(text), len(other)) > _MOST or not text:
        return (Piece(text, is_own=False),) if text else ()
    mine, theirs = _WORDS.findall(text), _WORDS.findall(other)
    found: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    for tag, first, last, _, _ in matcher.get_opcodes():
        words = "".join(mine[first:last])
        if words:
            found.append(Piece(words, is_own=tag != "equal" and bool(words.strip())))
    return tuple(found)


def marked(found: Iterable[Piece], ground: str) -> str:
    """Return pieces as HTML; own ones are underlined on this ground, so that colour is not the only sign."""
    made = []
    for piece in found:
        text = html.escape(piece.text).replace("\n", "<br>")
        made.append(f'<u style="background-color:{ground}">{text}</u>' if piece.is_own else text)
    return f"<p>{''.join(made)}</p>"

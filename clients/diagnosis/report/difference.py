"""Differences as rich text on screen: colour, underline or strike, and a sign, so that colour is not the only mark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.domain.text_compare import Change, Piece, compare

_LOOKS = {
    Change.ADDED: (Tone.SUCCESS, "underline", "+"),
    Change.REMOVED: (Tone.DANGER, "line-through", "−"),
    Change.MARKED: (Tone.INFO, "none", "~"),
}


def pieces_html(pieces: Sequence[Piece]) -> str:
    """Return compared pieces as HTML in the colours of the present theme."""
    theme = current_theme()
    parts: list[str] = []
    for piece in pieces:
        words = escape(piece.text, quote=False).replace("\n", "<br>")
        if piece.change is Change.SAME:
            parts.append(words)
            continue
        tone, line, sign = _LOOKS[piece.change]
        colours = theme.tone(tone)
        look = f"color:{colours.text};background-color:{colours.ground}"
        inside = f'<span style="{look};text-decoration:{line}">{words}</span>'
        parts.append(f'<span style="{look}"><b>[{sign}</b></span>{inside}<span style="{look}"><b>]</b></span>')
    return "".join(parts)


def difference_html(before: str, after: str) -> str:
    """Return what changed from one rich text to another."""
    return pieces_html(compare(before, after))


def legend_html() -> str:
    """Return what the signs mean."""
    shown = (
        Piece(Change.ADDED, tr("增加")),
        Piece(Change.REMOVED, tr("删去")),
        Piece(Change.MARKED, tr("只改格式")),
    )
    return "&nbsp;&nbsp;".join(pieces_html([one]) for one in shown)

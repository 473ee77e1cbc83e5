"""Gives the type faces of shared.paper.faces to reportlab and measures in points."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

from server.printing.layout.archival import mend_widths
from shared.paper import faces

REGULAR = faces.REGULAR.name
BOLD = faces.BOLD.name
REPLACEMENT = faces.REPLACEMENT

_lock = threading.Lock()


def font_file(bold: bool = False) -> Path:
    """The TrueType file shipped with the suite."""
    return (faces.BOLD if bold else faces.REGULAR).path


@lru_cache(maxsize=8)
def _registered(face: faces.Face) -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    _mend_unicode_map()
    font = TTFont(face.name, str(face.path))
    mend_widths(font.face)
    pdfmetrics.registerFont(font)
    return face.name


@lru_cache(maxsize=1)
def _mend_unicode_map() -> None:
    """Let reportlab write characters beyond U+FFFF into ToUnicode maps as UTF-16 (ISO 32000-1 9.10.3).

    It writes their five digits, which no reader understands: a name with 𠮷 could neither be searched nor copied.
    """
    from reportlab.pdfbase import ttfonts

    theirs = ttfonts.makeToUnicodeCMap

    def mended(font_name: str, subset: list[int]) -> str:
        text = str(theirs(font_name, subset))
        for code in subset:
            if code > 0xFFFF:
                text = text.replace(f" <{code:04X}>", f" <{chr(code).encode('utf-16-be').hex().upper()}>")
        return text

    ttfonts.makeToUnicodeCMap = mended


def ensure_registered(*wanted: faces.Face) -> None:
    """Give faces to reportlab once, the two usual ones at least (about 0.2 s); safe to call from any thread."""
    with _lock:
        for face in (faces.REGULAR, faces.BOLD, *wanted):
            _registered(face)

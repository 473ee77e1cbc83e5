"""The two type faces of every document and the characters they lack."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import shared

REGULAR = "MingjingSC"
BOLD = "MingjingSC-Bold"
REPLACEMENT = "〓"  # the geta mark: the printers' customary sign for "this character is missing"

_lock = threading.Lock()


def font_file(bold: bool = False) -> Path:
    """The TrueType file shipped with the suite."""
    return Path(shared.__file__).parent / "fonts" / ("NotoSansSC-Bold.ttf" if bold else "NotoSansSC-Regular.ttf")


@lru_cache(maxsize=1)
def _registered() -> tuple[Any, Any]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    faces = (TTFont(REGULAR, str(font_file())), TTFont(BOLD, str(font_file(bold=True))))
    for face in faces:
        pdfmetrics.registerFont(face)
    return faces


def ensure_registered() -> None:
    """Give the faces to reportlab once (about 0.2 s); safe to call from any thread."""
    with _lock:
        _registered()


def missing_glyphs(text: str) -> tuple[str, ...]:
    """The characters of `text` that one of the faces cannot draw, each once, in order of appearance."""
    ensure_registered()
    regular, bold = (face.face.charToGlyph for face in _registered())
    lacking = (c for c in text if c >= " " and (ord(c) not in regular or ord(c) not in bold))
    return tuple(dict.fromkeys(lacking))


@lru_cache(maxsize=50_000)
def _advance(character: str, font: str) -> float:
    from reportlab.pdfbase import pdfmetrics

    return float(pdfmetrics.stringWidth(character, font, 1000)) / 1000


def width_of(text: str, font: str, size: float) -> float:
    """Width in points; the faces have no kerning in reportlab, so it is the sum of the advances."""
    ensure_registered()
    return sum(_advance(c, font) for c in text) * size

"""Colours of the viewer on top of the dark theme: chrome never brighter than the image. A look changes some of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

BACKGROUND = "#000000"
GRID = "#1b2125"  # lines between viewports
ACTIVE = "#3b7f8a"  # frame of the selected viewport
TEXT = "#c9cfc4"
TEXT_SHADOW = "#000000"
WARNING = "#e0ad58"
LETTER = "#9fb8bd"
SCALE = "#9fb8bd"
MEASURE = "#62bdcb"
MEASURE_SELECTED = "#f0d060"
REFERENCE = "#c8a050"  # where another viewport's image cuts
HANDLE = "#f0d000"  # the requirements say yellow
PROGRESS = "#3b7f8a"
KEY_IMAGE = "#e0ad58"
ERROR = "#f08b82"
CROSS = "#d06a5a"

FILM = BACKGROUND
"""The ground of films: black in every look."""
_ON_FILM = {name: globals()[name] for name in ("BACKGROUND", "GRID", "TEXT", "TEXT_SHADOW", "LETTER", "SCALE")}


@contextmanager
def on_film() -> Iterator[None]:
    """The colours of films, whatever look the reader chose; for painting in the GUI thread."""
    chosen = {name: globals()[name] for name in _ON_FILM}
    globals().update(_ON_FILM)
    try:
        yield
    finally:
        globals().update(chosen)

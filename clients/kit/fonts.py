"""The suite's own typeface: Noto Sans SC from the package, so that every machine shows the same text."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

FAMILY = "Noto Sans SC"
FONT_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "fonts"
FONT_FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
RARE_FAMILY, RARE_FILE = "Mingjing Rare Han", "MingjingRareHan.ttf"
"""Ideographs of names that the usual typeface lacks, as on printed documents."""


class FontMissing(RuntimeError):
    """The fonts that belong to the installation are not there or damaged."""


def load_fonts() -> None:
    """Make the typeface known to Qt; needs a QApplication; loading twice is harmless. Raises FontMissing."""
    if RARE_FAMILY not in QFontDatabase.families():
        QFontDatabase.addApplicationFont(str(FONT_FOLDER / RARE_FILE))  # without it such names show boxes, no more
    if {"Regular", "Bold"} <= set(QFontDatabase.styles(FAMILY)):  # a machine may have one face of its own
        return
    for name in FONT_FILES:
        if QFontDatabase.addApplicationFont(str(FONT_FOLDER / name)) < 0:
            raise FontMissing(f"the font {name} cannot be loaded from {FONT_FOLDER}; install the suite again")


def text_font(pixel_size: float, *, bold: bool = False) -> QFont:
    """A font of the suite, `pixel_size` in device-independent pixels, with figures of equal width."""
    return QFont(_text_font(pixel_size, bold))


@lru_cache(maxsize=64)
def _text_font(pixel_size: float, bold: bool) -> QFont:
    font = QFont([FAMILY, RARE_FAMILY])
    font.setPixelSize(max(1, round(pixel_size)))
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font

"""How large a pixel is on the screen of a widget: measured (calibrated), or what the screen says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget

from clients.viewer.screens.facts import LARGEST_PITCH_MM, LEAST_PITCH_MM, ScreenBook, ScreenFacts

if TYPE_CHECKING:
    from clients.kit.settings import UserSettings

_USUAL_DPI = 96.0


@dataclass(frozen=True, slots=True)
class Pitch:
    """mm from device pixel to device pixel, and whether somebody measured it."""

    mm: float
    calibrated: bool


def pitch_of(widget: QWidget, settings: UserSettings | None) -> Pitch:
    """Of the widget's present screen."""
    screen = widget.screen()
    if settings is not None:
        known = facts_of(screen, settings).pitch_mm
        if known is not None:
            return Pitch(known, True)
    ratio = screen.devicePixelRatio() or 1.0
    told = 25.4 / ((screen.physicalDotsPerInch() or _USUAL_DPI) * ratio)
    if not LEAST_PITCH_MM <= told <= LARGEST_PITCH_MM:
        told = 25.4 / (_USUAL_DPI * ratio)
    return Pitch(told, False)


def facts_of(screen: QScreen, settings: UserSettings) -> ScreenFacts:
    """What the desk keeps of this screen; the same key as the viewer's, so that one calibration serves both."""
    size = screen.geometry().size() * screen.devicePixelRatio()
    parts = (screen.manufacturer(), screen.model(), screen.serialNumber(), screen.name())
    key = "|".join((*parts, f"{size.width()}x{size.height()}"))
    return ScreenBook(settings).of(key, screen.model() or screen.name(), size.width(), size.height())

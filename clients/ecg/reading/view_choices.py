"""What a user chose about the picture, kept in the user's settings and put on paper. Knows no Qt."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from clients.ecg.trace.choices import Mark, Spacing, ViewChoices
from shared.contract.ecg_reports import PaperLook
from shared.waveform.filters import FilterSettings
from shared.waveform.paper import GAINS, SPEEDS

if TYPE_CHECKING:
    from clients.kit.settings import UserSettings

VIEW_KEY = "ecg/view"


def remember(settings: UserSettings, choices: ViewChoices) -> None:
    """Keep the choices of this user."""
    kept = asdict(choices)
    kept["marks"] = sorted(mark.value for mark in choices.marks)
    kept["rhythm"] = list(choices.rhythm)
    if settings.get(VIEW_KEY) != kept:
        settings.set(VIEW_KEY, kept)


def remembered(settings: UserSettings) -> ViewChoices:
    """The choices of this user; the defaults where nothing sensible was kept."""
    kept: Any = settings.get(VIEW_KEY)
    if not isinstance(kept, dict):
        return ViewChoices()
    try:
        filters = kept["filters"]
        return ViewChoices(
            layout=str(kept["layout"]),
            rhythm=tuple(str(lead) for lead in kept["rhythm"]) or ("II",),
            speed=float(kept["speed"]),
            gain=None if kept["gain"] is None else float(kept["gain"]),
            filters=None if filters is None else FilterSettings(**filters),
            spacing=Spacing(kept["spacing"]),
            marks=frozenset(Mark(mark) for mark in kept["marks"]),
        )
    except (KeyError, TypeError, ValueError):  # of another version of the program
        return ViewChoices()


def paper_look(choices: ViewChoices, start: float = 0.0) -> PaperLook:
    """Scale and filters of the screen for the report; zoom and spacing have no part in it (ECG-LEAD-03)."""
    filters = choices.filters
    return PaperLook(
        speed=choices.speed if choices.speed in SPEEDS else 25.0,
        gain=choices.gain if choices.gain in GAINS and choices.gain is not None else 10.0,
        high_pass_hz=(filters.high_pass_hz or None) if filters is not None else None,
        low_pass_hz=(filters.low_pass_hz or None) if filters is not None else None,
        mains_hz=(filters.notch_hz or None) if filters is not None else None,
        muscle=filters is not None and filters.muscle,
        baseline=filters is not None and filters.baseline,
        rhythm=choices.rhythm,
        start=start,
    )

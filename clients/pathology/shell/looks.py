"""How states and flags of pathology look in lists and above the tabs (PA-CLR); knows no Qt."""

from __future__ import annotations

from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from shared.domain.pathology import CASE_FLAGS, CASE_STATES, SPECIMEN_STATES, CaseFlag, CaseState, SpecimenState

CASE_LOOKS: dict[str, StateLook] = {
    state: StateLook(mark.zh, Tone.INFO, "dot", mark=mark.glyph, colour=mark.colour)
    for state, mark in CASE_STATES.items()
}
"""Each state as a stamp: its glyph on its colour."""

_FLAGS: dict[CaseFlag, tuple[Tone, str]] = {
    CaseFlag.URGENT: (Tone.DANGER, "alert"),
    CaseFlag.ARREARS: (Tone.WARNING, "money"),
    CaseFlag.DELAYED: (Tone.WARNING, "clock"),
    CaseFlag.CONSULTATION: (Tone.INFO, "users"),
    CaseFlag.FAVOURITE: (Tone.WARNING, "star_filled"),
    CaseFlag.FOLLOW_UP: (Tone.INFO, "history"),
    CaseFlag.REGROSSING: (Tone.WARNING, "call_again"),
    CaseFlag.ORDERS: (Tone.INFO, "clipboard"),
    CaseFlag.FROZEN_REPORTED: (Tone.ACTIVE, "spark"),
    CaseFlag.LOCKED: (Tone.NEUTRAL, "lock"),
    CaseFlag.INFECTIOUS: (Tone.DANGER, "flag"),
    CaseFlag.LOST_MATERIAL: (Tone.DANGER, "help"),
}
FLAG_LOOKS: dict[str, StateLook] = {
    flag: StateLook(word.zh, *_FLAGS.get(flag, (Tone.NEUTRAL, "flag"))) for flag, word in CASE_FLAGS.items()
}
LIST_FLAGS = (CaseFlag.URGENT, CaseFlag.INFECTIOUS, CaseFlag.LOST_MATERIAL, CaseFlag.ARREARS, CaseFlag.DELAYED)
"""Flags that stand beside the number in lists; all of them stand in the header of the open case."""

SPECIMEN_LOOKS: dict[str, StateLook] = {
    SpecimenState.REGISTERED: StateLook(SPECIMEN_STATES[SpecimenState.REGISTERED].zh, Tone.INFO, "circle"),
    SpecimenState.ACCEPTED: StateLook(SPECIMEN_STATES[SpecimenState.ACCEPTED].zh, Tone.SUCCESS, "check_circle"),
    SpecimenState.REJECTED: StateLook(SPECIMEN_STATES[SpecimenState.REJECTED].zh, Tone.DANGER, "cross_circle"),
    SpecimenState.GROSSED: StateLook(SPECIMEN_STATES[SpecimenState.GROSSED].zh, Tone.ACTIVE, "half_circle"),
    SpecimenState.STORED: StateLook(SPECIMEN_STATES[SpecimenState.STORED].zh, Tone.NEUTRAL, "archive"),
    SpecimenState.DISPOSED: StateLook(SPECIMEN_STATES[SpecimenState.DISPOSED].zh, Tone.NEUTRAL, "cross_circle"),
}


def case_look(state: CaseState | str) -> StateLook:
    """The stamp of a state; an unknown one is shown as such."""
    return CASE_LOOKS.get(state, StateLook(str(state), Tone.NEUTRAL, "help", mark="?", colour="#FFFFFF"))


def flag_looks(flags: tuple[CaseFlag, ...], wanted: tuple[CaseFlag, ...] | None = None) -> list[StateLook]:
    """Badges of the flags that are set, in a fixed order."""
    order = wanted if wanted is not None else tuple(CASE_FLAGS)
    return [FLAG_LOOKS[flag] for flag in order if flag in flags]

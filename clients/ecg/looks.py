"""How states of the ECG network look in lists: word, tone and glyph, so that colour alone never carries the meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from clients.kit.fields import Choice
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language
from shared.domain.ecg import (
    CONSULTATION_STATES,
    DEVICE_STATES,
    EXAM_STATES,
    ORPHAN_STATES,
    REQUEST_STATES,
    URGENCIES,
    ConsultationState,
    DeviceState,
    ExamState,
    OrphanState,
    RequestState,
    Urgency,
    Word,
)
from shared.domain.ecg_reports import CLOCK_COLOURS, DANGERS, ClockColour, Danger
from shared.domain.states import Sex


def _looks(words: Mapping[Any, Word], looks: Mapping[Any, tuple[Tone, str]]) -> dict[str, StateLook]:
    return {state: StateLook(word.zh, *looks.get(state, (Tone.NEUTRAL, "circle"))) for state, word in words.items()}


_WAITS = (Tone.WARNING, "hourglass")
_GOES_ON = (Tone.ACTIVE, "half_circle")
_DONE = (Tone.SUCCESS, "check_circle")
_ENDED = (Tone.NEUTRAL, "cross_circle")
"""What waits, goes on, is done or came to nothing looks the same everywhere."""

EXAM_LOOKS = _looks(
    EXAM_STATES,
    {
        ExamState.AWAITING: _WAITS,
        ExamState.ACQUIRED: (Tone.INFO, "voice"),
        ExamState.REPORTED: _DONE,
        ExamState.CANCELLED: _ENDED,
    },
)
REQUEST_LOOKS = _looks(
    REQUEST_STATES,
    {
        RequestState.OPEN: (Tone.INFO, "circle"),
        RequestState.REGISTERED: _GOES_ON,
        RequestState.EXAMINED: _DONE,
        RequestState.CANCELLED: _ENDED,
    },
)
CONSULTATION_LOOKS = _looks(
    CONSULTATION_STATES,
    {
        ConsultationState.WAITING: _WAITS,
        ConsultationState.ACCEPTED: _GOES_ON,
        ConsultationState.PUBLISHED: (Tone.INFO, "send"),
        ConsultationState.COMPLETED: _DONE,
        ConsultationState.WITHDRAWN: (Tone.NEUTRAL, "undo"),
        ConsultationState.REFUSED: (Tone.DANGER, "reject"),
    },
)
URGENCY_LOOKS = _looks(
    URGENCIES,
    {
        Urgency.ROUTINE: (Tone.NEUTRAL, "dot"),
        Urgency.URGENT: (Tone.WARNING, "flag"),
        Urgency.EMERGENCY: (Tone.DANGER, "flag"),
    },
)
DANGER_LOOKS = _looks(
    DANGERS,
    {
        Danger.NONE: (Tone.SUCCESS, "check"),
        Danger.UNKNOWN: (Tone.NEUTRAL, "help"),
        Danger.ABNORMAL: (Tone.INFO, "dot"),
        Danger.WARNING: (Tone.WARNING, "alert"),
        Danger.CRITICAL: (Tone.DANGER, "bell"),
    },
)
CLOCK_LOOKS = _looks(
    CLOCK_COLOURS,
    {
        ClockColour.STOPPED: (Tone.NEUTRAL, "check"),
        ClockColour.GREEN: (Tone.SUCCESS, "clock"),
        ClockColour.YELLOW: _WAITS,
        ClockColour.RED: (Tone.DANGER, "alert"),
    },
)
DEVICE_LOOKS = _looks(
    DEVICE_STATES,
    {
        DeviceState.IDLE: _DONE,
        DeviceState.ACQUIRING: _GOES_ON,
        DeviceState.SUCCEEDED: _DONE,
        DeviceState.OCCUPIED: (Tone.WARNING, "lock"),
        DeviceState.UNBOUND: (Tone.NEUTRAL, "help"),
        DeviceState.DISABLED: _ENDED,
    },
)
ORPHAN_LOOKS = _looks(
    ORPHAN_STATES,
    {
        OrphanState.WAITING: (Tone.WARNING, "help"),
        OrphanState.PROPOSED: _GOES_ON,
        OrphanState.MATCHED: _DONE,
        OrphanState.DISCARDED: _ENDED,
    },
)
CRITICAL_LOOK = StateLook("心电危急值", Tone.DANGER, "bell")
URGENT_LOOK = URGENCY_LOOKS[Urgency.URGENT]
POOR_LOOK = StateLook("质量不合格", Tone.WARNING, "alert")
COLLECTED_LOOK = StateLook("已收藏", Tone.WARNING, "star_filled")

SEX_WORDS = {Sex.MALE: Word("男", "Male"), Sex.FEMALE: Word("女", "Female")}


def word(words: Mapping[Any, Word], value: StrEnum | str) -> str:
    """What a member of an enumeration is called in the language of the moment."""
    for member, named in words.items():
        if member == value:
            return named.en if language() is Language.ENGLISH else named.zh
    return str(value)


def sex_word(sex: Sex | str) -> str:
    """男 or 女 in the language of the moment; empty when it is not known."""
    return word(SEX_WORDS, sex) if sex in SEX_WORDS else ""


def choices(words: Mapping[Any, Word], *, everything: bool = False) -> list[Choice]:
    """The members of an enumeration to choose from, with 全部 in front where nothing may be chosen."""
    offered = [Choice(member, named.zh) for member, named in words.items()]
    return [Choice(None, "全部"), *offered] if everything else offered

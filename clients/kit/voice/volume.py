"""The volume of a hall by the time of day; knows no device."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.contract.halls import VolumeStep

FULL = 100


def volume_at(plan: Sequence[VolumeStep], now: datetime) -> int:
    """Percent at this wall-clock time. Before the first step of the day the last one of yesterday still holds."""
    if not plan:
        return FULL
    minute = now.hour * 60 + now.minute
    steps = sorted(plan, key=lambda step: step.minute)
    present = [step for step in steps if step.minute <= minute]
    return (present or steps)[-1].percent


def amplitude(percent: int) -> float:
    """The factor of a volume: halving the percent sounds about half as loud (12 dB less)."""
    return (min(max(percent, 0), FULL) / FULL) ** 2

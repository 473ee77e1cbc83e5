"""How a report's clock is said: what is left, how long it is over; knows no Qt."""

from __future__ import annotations

from datetime import datetime

from clients.kit.translations import tr
from shared.contract.pathology_reports import ClockView
from shared.domain.pathology_reports import URGENCIES, Urgency

RUNNING = (Urgency.CALM, Urgency.SOON, Urgency.OVERDUE)


def spoken(seconds: int) -> str:
    """Return a duration as words: 3 天 4 小时, 2 小时 05 分, 12:34."""
    seconds = abs(seconds)
    if seconds >= 86_400:
        return tr("{days} 天 {hours} 小时", days=seconds // 86_400, hours=seconds % 86_400 // 3600)
    if seconds >= 3600:
        return tr("{hours} 小时 {minutes} 分", hours=seconds // 3600, minutes=f"{seconds % 3600 // 60:02d}")
    return f"{seconds // 60}:{seconds % 60:02d}"


def clock_words(clock: ClockView, now: datetime) -> tuple[Urgency, str]:
    """Return how a clock stands at a moment of this computer, and its words."""
    if clock.due_at is None or clock.urgency not in RUNNING:
        return clock.urgency, tr(URGENCIES[clock.urgency].zh)
    left = int((clock.due_at - now).total_seconds())
    urgency = Urgency.OVERDUE if left < 0 else clock.urgency
    if left < 0:
        return urgency, tr("超时 {time}", time=spoken(left))
    return urgency, tr("剩余 {time}", time=spoken(left))

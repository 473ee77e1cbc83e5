"""Words that the pages of appointments share: clocks, weekdays, rooms, and who has to be moved."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from clients.administration.table.spec import Unclear
from clients.kit.fields import Choice
from clients.kit.translations import Language, language, tr
from shared.contract.organisation import RoomView
from shared.contract.scheduling import (
    PlanSaved,
)
from shared.domain.states import VisitKind

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
KINDS = {
    VisitKind.OUTPATIENT: "门诊",
    VisitKind.INPATIENT: "住院",
    VisitKind.EMERGENCY: "急诊",
    VisitKind.HEALTH_CHECK: "体检",
}
ALL = 0
"""The choice of all rooms."""
_CLOCK = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})")


def clock_of(text: object) -> int:
    """Minutes of the day for "08:30"; 24:00 is the end of the day. Raises Unclear."""
    found = _CLOCK.fullmatch(str(text or "").strip())
    minute = int(found.group(1)) * 60 + int(found.group(2)) if found else -1
    if found is None or int(found.group(2)) > 59 or not 0 <= minute <= 1440:
        raise Unclear(tr("时间请写作 08:30，而不是：{text}", text=str(text or "")[:20]))
    return minute


def clock_words(minute: int) -> str:
    """The other way round."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def stranded_words(saved: Any) -> str:
    """Who has to be moved after a change; empty if nobody."""
    if not isinstance(saved, PlanSaved) or not saved.stranded:
        return ""
    names = [f"{one.patient_name} {one.planned_at.astimezone():%m-%d %H:%M}" for one in saved.stranded[:5]]
    more = "…" if len(saved.stranded) > 5 else ""
    return tr(
        "有 {count} 位已预约的患者不在开放时间内，请在登记管理中改约：{names}",
        count=len(saved.stranded),
        names="、".join(names) + more,
    )


def named_room(room: RoomView) -> str:
    """A room's name in the language of the moment."""
    return (room.name_en or room.name) if language() is Language.ENGLISH else room.name


def room_choices(rooms: Iterable[RoomView]) -> list[Choice]:
    """Rooms to choose from."""
    return [Choice(room.id, named_room(room), translate=False) for room in rooms]

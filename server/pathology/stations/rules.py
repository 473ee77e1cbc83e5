"""What settings and log-in choices may be; pure."""

from __future__ import annotations

from shared.contract.pathology import CaseEntry
from shared.contract.pathology_stations import MAX_IDLE_MINUTES, StationSettings
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

_FIELDS = frozenset(CaseEntry.__struct_fields__) - {"patient_id"}
MOST_UNIT = 100


def settings_fault(settings: StationSettings) -> tuple[str, str] | None:
    """The field that is wrong and a sentence, or None."""
    if not 0 <= settings.idle_minutes <= MAX_IDLE_MINUTES:
        return "idle_minutes", f"自动注销时间应在 0 到 {MAX_IDLE_MINUTES} 分钟之间，0 表示关闭。"
    if len(settings.sending_unit) > MOST_UNIT:
        return "sending_unit", f"送检单位最多 {MOST_UNIT} 个字。"
    unknown = [name for name in settings.quick_fields if name not in _FIELDS]
    if unknown or len(set(settings.quick_fields)) != len(settings.quick_fields):
        return "quick_fields", "快速录入的栏目有重复或不存在，请重新选择。"
    return None


def is_of_department(permissions: frozenset[Permission]) -> bool:
    """Whether an account works in pathology: it may do something there."""
    return any(permission in PATHOLOGY_WORDS for permission in permissions)

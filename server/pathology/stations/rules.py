"""What settings and log-in choices may be; pure."""

from __future__ import annotations

from shared.contract.pathology import CaseEntry
from shared.contract.pathology_stations import (
    LEAST_REFRESH_S,
    MAX_IDLE_MINUTES,
    MAX_LIST_DAYS,
    MOST_REFRESH_S,
    SPECIAL_LISTS,
    StationSettings,
)
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

_FIELDS = frozenset(CaseEntry.__struct_fields__) - {"patient_id"}
MOST_UNIT = 100
MOST_COLUMNS = 60
_JOINS = "、，,;；/ +和及"


def settings_fault(settings: StationSettings) -> tuple[str, str] | None:
    """The field that is wrong and a sentence, or None."""
    if not 0 <= settings.idle_minutes <= MAX_IDLE_MINUTES:
        return "idle_minutes", f"自动注销时间应在 0 到 {MAX_IDLE_MINUTES} 分钟之间，0 表示关闭。"
    if len(settings.sending_unit) > MOST_UNIT:
        return "sending_unit", f"送检单位最多 {MOST_UNIT} 个字。"
    unknown = [name for name in settings.quick_fields if name not in _FIELDS]
    if unknown or len(set(settings.quick_fields)) != len(settings.quick_fields):
        return "quick_fields", "快速录入的栏目有重复或不存在，请重新选择。"
    if not 0 <= settings.list_days <= MAX_LIST_DAYS:
        return "list_days", f"列表天数应在 0 到 {MAX_LIST_DAYS} 之间，0 表示全部。"
    if settings.refresh_seconds and not LEAST_REFRESH_S <= settings.refresh_seconds <= MOST_REFRESH_S:
        return "refresh_seconds", f"列表刷新间隔应在 {LEAST_REFRESH_S} 到 {MOST_REFRESH_S} 秒之间，0 表示只随变化刷新。"
    if not 1 <= len(settings.join_mark) <= 3 or any(mark not in _JOINS for mark in settings.join_mark):
        return "join_mark", "连接符只能用 、 ， ； / + 和 及，最多 3 个字。"
    return _columns_fault(settings)


def _columns_fault(settings: StationSettings) -> tuple[str, str] | None:
    for name, keys in settings.list_columns.items():
        if name not in SPECIAL_LISTS or not 1 <= len(keys) <= MOST_COLUMNS or len(set(keys)) != len(keys):
            return "list_columns", "列表显示设置有重复或不存在的列表，请重新选择。"
        if any(not 1 <= len(key) <= 40 for key in keys):
            return "list_columns", "列名太长，请重新选择。"
    return None


def is_of_department(permissions: frozenset[Permission]) -> bool:
    """Whether an account works in pathology: it may do something there."""
    return any(permission in PATHOLOGY_WORDS for permission in permissions)

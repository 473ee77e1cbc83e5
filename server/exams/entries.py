"""Checks of what was typed or handed in, before any row is touched."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.errors import invalid
from shared.contract.exams import ClinicalEntry, ItemEntry, PatientEntry, RequesterEntry

MAX_ITEMS = 30
MAX_TEXT = 4000
MAX_PRICE_FEN = 100_000_00
FURTHEST = timedelta(days=366)


def check_items(items: tuple[ItemEntry, ...]) -> None:
    """Raise INVALID unless there are items with name, code and a sane price."""
    if not items:
        raise invalid("items", "请至少添加一个检查项目。")
    if len(items) > MAX_ITEMS:
        raise invalid("items", f"一次检查最多 {MAX_ITEMS} 个项目，请分开登记。")
    for index, item in enumerate(items):
        if not item.name.strip() or not item.code.strip():
            raise invalid(f"items.{index}.name", "检查项目必须有名称和编码。")
        if len(item.name) > 100 or len(item.code) > 16 or len(item.body_part) > 50:
            raise invalid(f"items.{index}.name", "检查项目的名称、编码或部位太长。")
        if not 0 <= item.price_fen <= MAX_PRICE_FEN:
            raise invalid(f"items.{index}.price_fen", "单价必须在 0 到 100000 元之间。")
    codes = [item.code for item in items]
    if len(set(codes)) < len(codes):
        raise invalid("items", "同一个检查项目添加了两次，请删除重复的一项。")


def check_measures(entry: PatientEntry) -> None:
    """Raise INVALID for a height or weight that no person has."""
    if entry.height_cm is not None and not 20 <= entry.height_cm <= 260:
        raise invalid("patient.height_cm", "身高请填 20 到 260 厘米。")
    if entry.weight_kg is not None and not 0.2 <= entry.weight_kg <= 500:
        raise invalid("patient.weight_kg", "体重请填 0.2 到 500 千克。")


def check_texts(clinical: ClinicalEntry, requester: RequesterEntry) -> None:
    """Raise INVALID for texts that are too long or hold control characters, and for a time without zone."""
    for name, struct, limit in (("clinical", clinical, MAX_TEXT), ("requester", requester, 64)):
        for field, value in msgspec.structs.asdict(struct).items():
            if not isinstance(value, str):
                continue
            if len(value) > limit:
                raise invalid(f"{name}.{field}", f"内容太长，最多 {limit} 个字符。")
            if any(ord(character) < 32 and character not in "\n\r\t" for character in value):
                raise invalid(f"{name}.{field}", "内容中有不能保存的控制字符，请重新输入。")
    if requester.requested_at is not None and requester.requested_at.tzinfo is None:
        raise invalid("requester.requested_at", "请检时间必须带时区。")


def checked_plan(time: HospitalTime, planned_at: datetime) -> datetime:
    """Return the planned time. Raises INVALID when it has no zone, is before today or more than a year ahead."""
    if planned_at.tzinfo is None:
        raise invalid("planned_at", "预检时间必须带时区。")
    if planned_at > time.now() + FURTHEST:
        raise invalid("planned_at", "预检时间不能晚于一年以后。")
    if planned_at < time.day_bounds(time.today())[0]:
        raise invalid("planned_at", "预检时间不能早于今天，请重新选择。")
    return planned_at

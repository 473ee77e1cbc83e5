"""What the settings of a hall must satisfy; knows no database."""

from __future__ import annotations

from collections.abc import Collection

from shared.contract.halls import HallSettings

NAME_LENGTH = 60
TEXT_LENGTH = 200
MOST_NEWS = 20
MOST_STEPS = 24
MINUTES_OF_A_DAY = 1440


def fault_of(settings: HallSettings, known_rooms: Collection[int]) -> tuple[str, str] | None:
    """Return (field, sentence) for what is wrong with the settings, or None."""
    name = settings.name.strip()
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        return "name", f"请填写大厅名称，最多 {NAME_LENGTH} 个字。"
    if len(settings.name_en) > NAME_LENGTH:
        return "name_en", f"英文名称最多 {NAME_LENGTH} 个字符。"
    if len(set(settings.room_ids)) != len(settings.room_ids) or not set(settings.room_ids) <= set(known_rooms):
        return "room_ids", "有检查室不存在或重复，请重新选择检查室。"
    if len(settings.news) > MOST_NEWS:
        return "news", f"滚动消息最多 {MOST_NEWS} 条。"
    for line in settings.news:
        if not line.text.strip() or not all(_is_line(text) for text in (line.text, line.text_en)):
            return "news", f"每条滚动消息须有中文，中英文各不超过 {TEXT_LENGTH} 个字。"
    if not 1 <= settings.repetitions <= 9:
        return "repetitions", "播报遍数须在 1 到 9 之间。"
    if not 0.3 <= settings.pause_s <= 5:
        return "pause_s", "间隔须在 0.3 到 5 秒之间。"
    if not 0 <= settings.rooms_per_page <= 16:
        return "rooms_per_page", "每页检查室须在 1 到 16 之间，0 表示自动。"
    if not 4 <= settings.page_seconds <= 120:
        return "page_seconds", "翻页时间须在 4 到 120 秒之间。"
    return _fault_of_volumes(settings)


def _fault_of_volumes(settings: HallSettings) -> tuple[str, str] | None:
    minutes = [step.minute for step in settings.volumes]
    if len(minutes) > MOST_STEPS or any(not 0 <= minute < MINUTES_OF_A_DAY for minute in minutes):
        return "volumes", f"音量计划的时间须在 00:00 到 23:59 之间，最多 {MOST_STEPS} 段。"
    if minutes != sorted(set(minutes)):
        return "volumes", "音量计划须按时间先后排列，同一时间只写一次。"
    if any(not 0 <= step.percent <= 100 for step in settings.volumes):
        return "volumes", "音量须在 0 到 100 之间。"
    return None


def _is_line(text: str) -> bool:
    return len(text) <= TEXT_LENGTH and (not text or text.isprintable())

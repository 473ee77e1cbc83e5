"""Waiting halls: rooms, news, voice and volume by the hour of each hall display."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.administration.entering import number
from clients.administration.table.spec import TableSpec, Unclear, Values
from clients.kit.fields import (
    Choice,
    ChoiceField,
    LongTextField,
    NumberField,
    Section,
    SwitchField,
    TextField,
    TicksField,
)
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr, verbatim
from shared.contract.base import Request
from shared.contract.halls import (
    HallSettings,
    HallView,
    ListHalls,
    NewsLine,
    RemoveHall,
    SaveHall,
    SpokenLanguages,
    SpokenName,
    SpokenNumber,
    VolumeStep,
)
from shared.contract.organisation import GetHospital, RoomView

LANGUAGES = {
    SpokenLanguages.CHINESE: "普通话",
    SpokenLanguages.BOTH: "普通话和英语",
    SpokenLanguages.ENGLISH: "英语",
}
NAMES = {
    SpokenName.FULL: "全名",
    SpokenName.MASKED: "隐去中间（张某明）",
    SpokenName.NUMBER_ONLY: "不报姓名，只报号码",
}
NUMBERS = {
    SpokenNumber.PLAIN: verbatim("十二号"),
    SpokenNumber.WITH_LETTER: verbatim("A 十二号"),
    SpokenNumber.DIGITS: verbatim("A 零一二号"),
}
_STEP = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})[\s=,，]+([0-9]{1,3})\s*%?")


@dataclass(frozen=True)
class HallList:
    """The halls, and the rooms that can be shown in them."""

    halls: tuple[HallView, ...]
    rooms: tuple[RoomView, ...]


def _load(call: Any) -> HallList:
    return HallList(call(ListHalls()), call(GetHospital()).rooms)


def volumes_of(text: str) -> tuple[VolumeStep, ...]:
    """The plan in lines such as "07:30 80"; a text without a line is no plan. Raises Unclear."""
    steps = []
    for line in text.splitlines():
        if not line.strip():
            continue
        found = _STEP.fullmatch(line.strip())
        if found is None or int(found.group(1)) > 23 or int(found.group(2)) > 59 or int(found.group(3)) > 100:
            raise Unclear(tr("音量计划请每行写一个时间和音量，例如 07:30 80，而不是：{line}", line=line.strip()[:40]))
        hour, minute, percent = (int(group) for group in found.groups())
        steps.append(VolumeStep(minute=hour * 60 + minute, percent=percent))
    return tuple(sorted(steps, key=lambda step: step.minute))


def volume_lines(steps: Sequence[VolumeStep]) -> str:
    """The plan as people write it."""
    return "\n".join(f"{step.minute // 60:02d}:{step.minute % 60:02d} {step.percent}" for step in steps)


def news_of(text: str) -> tuple[NewsLine, ...]:
    """One text a line, its English behind a bar."""
    lines = []
    for line in text.splitlines():
        chinese, _, english = line.partition("|")
        if chinese.strip():
            lines.append(NewsLine(text=chinese.strip(), text_en=english.strip()))
    return tuple(lines)


def news_lines(news: Sequence[NewsLine]) -> str:
    """The texts as people write them."""
    return "\n".join(f"{line.text} | {line.text_en}" if line.text_en else line.text for line in news)


def _settings(values: Values) -> HallSettings:
    return HallSettings(
        name=values["name"].strip(),
        name_en=values["name_en"].strip(),
        room_ids=tuple(values["room_ids"]),
        news=news_of(values["news"]),
        languages=SpokenLanguages(values["languages"]),
        spoken_name=SpokenName(values["spoken_name"]),
        spoken_number=SpokenNumber(values["spoken_number"]),
        says_yao=values["says_yao"],
        repetitions=number(values["repetitions"], 2),
        pause_s=float(values["pause_s"] if values["pause_s"] is not None else 1.0),
        has_chime=values["has_chime"],
        volumes=volumes_of(values["volumes"]),
        rooms_per_page=number(values["rooms_per_page"], 0),
        page_seconds=number(values["page_seconds"], 12),
        shows_passed=values["shows_passed"],
        shows_forecast=values["shows_forecast"],
    )


def _save(values: Values, row: HallView | None) -> Request[Any]:
    return SaveHall(
        id=0 if row is None else row.id, version=0 if row is None else row.version, settings=_settings(values)
    )


def _values(row: HallView) -> dict[str, Any]:
    settings = row.settings
    return {
        "name": settings.name,
        "name_en": settings.name_en,
        "room_ids": settings.room_ids,
        "news": news_lines(settings.news),
        "languages": settings.languages.value,
        "spoken_name": settings.spoken_name.value,
        "spoken_number": settings.spoken_number.value,
        "says_yao": settings.says_yao,
        "repetitions": settings.repetitions,
        "pause_s": settings.pause_s,
        "has_chime": settings.has_chime,
        "volumes": volume_lines(settings.volumes),
        "rooms_per_page": settings.rooms_per_page,
        "page_seconds": settings.page_seconds,
        "shows_passed": settings.shows_passed,
        "shows_forecast": settings.shows_forecast,
    }


def _rooms(row: HallView) -> str:
    if not row.settings.room_ids:
        return tr("全部检查室")
    return "、".join(room.name for room in row.rooms)


def _choices(found: HallList) -> list[Choice]:
    return [Choice(room.id, room.name, translate=False) for room in found.rooms]


HALLS = TableSpec(
    id="halls",
    columns=(
        Column("settings", "大厅", 150, strong=True, value=lambda row: row.settings.name),
        Column("rooms", "检查室", 0, value=_rooms),
        Column("languages", "语音", 160, value=lambda row: tr(LANGUAGES[row.settings.languages])),
        Column("repetitions", "遍数", 60, Align.RIGHT, value=lambda row: row.settings.repetitions),
        Column("news", "滚动消息", 80, Align.RIGHT, value=lambda row: len(row.settings.news)),
    ),
    empty=EmptyWords("没有大厅", "没有建立大厅时，大屏显示全部检查室，用普通话播报两遍。", "call"),
    load=lambda _values: _load,
    rows=lambda reply: reply.halls,
    choices={"room_ids": _choices},
    row_id=lambda row: row.id,
    intro="大屏用 --hall 和这里的名称启动；保存后各大屏立即改变。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="名称", required=True, max_length=60),
                TextField(key="name_en", label="英文名称", max_length=60),
                TicksField(key="room_ids", label="检查室", hint="不选则显示全部", columns=2),
            ),
        ),
        Section(
            "屏幕",
            (
                LongTextField(key="news", label="滚动消息", hint="每行一条；英文写在 | 之后", lines=4, max_length=8200),
                NumberField(key="rooms_per_page", label="每页检查室", maximum=16, initial=0, hint="0：按屏幕大小自动"),
                NumberField(key="page_seconds", label="翻页", unit="秒", minimum=4, maximum=120, initial=12),
                SwitchField(key="shows_passed", label="显示过号", initial=True),
                SwitchField(key="shows_forecast", label="显示预计等待", initial=True),
            ),
        ),
        Section(
            "语音",
            (
                ChoiceField(
                    key="languages",
                    label="语言",
                    choices=[Choice(one.value, text) for one, text in LANGUAGES.items()],
                    initial="zh",
                ),
                NumberField(key="repetitions", label="遍数", minimum=1, maximum=9, initial=2),
                ChoiceField(
                    key="spoken_name",
                    label="姓名",
                    choices=[Choice(one.value, text) for one, text in NAMES.items()],
                    initial="full",
                ),
                ChoiceField(
                    key="spoken_number",
                    label="号码 A012 读作",
                    choices=[Choice(one.value, text, translate=False) for one, text in NUMBERS.items()],
                    initial="plain",
                ),
                SwitchField(key="says_yao", label="逐字读时 1 读作“幺”"),
                SwitchField(key="has_chime", label="播报前铃声", initial=True),
                NumberField(key="pause_s", label="间隔", unit="秒", minimum=0.3, maximum=5, decimals=1, initial=1.0),
                LongTextField(
                    key="volumes",
                    label="音量计划",
                    hint="每行一个时间和音量，例如 07:30 80；不写则全天 100",
                    lines=4,
                    max_length=400,
                ),
            ),
        ),
    ),
    values=_values,
    save=_save,
    remove=lambda row: RemoveHall(id=row.id),
    removed_words=lambda row: tr("已删除大厅 {name}", name=row.settings.name),
    undo_remove=lambda row: SaveHall(settings=row.settings),
    search=lambda row: f"{row.settings.name} {row.settings.name_en}",
    entities=("hall", "hospital"),
    new_text="新建大厅",
)

"""How blocks, slides and orders look in the lists of the technical room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from clients.kit.paging import Align, Column, local_clock, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.pathology_preparation import SlideRow
from shared.contract.pathology_technique import BlockRow
from shared.domain.pathology import BLOCK_STATES, SLIDE_STATES, TASK_SOURCES, BlockState, SlideState

_BLOCK = {
    BlockState.TO_VERIFY: (Tone.INFO, "hourglass"),
    BlockState.TO_EMBED: (Tone.ACTIVE, "half_circle"),
    BlockState.TO_SECTION: (Tone.ACTIVE, "half_circle"),
    BlockState.SECTIONED: (Tone.SUCCESS, "check"),
    BlockState.LOST: (Tone.DANGER, "alert"),
}
_SLIDE = {
    SlideState.CUT: (Tone.INFO, "hourglass"),
    SlideState.LABELLED: (Tone.ACTIVE, "tag"),
    SlideState.CHECKED: (Tone.ACTIVE, "check"),
    SlideState.HANDED_OVER: (Tone.SUCCESS, "check_circle"),
    SlideState.LOST: (Tone.DANGER, "alert"),
}
BLOCK_LOOKS = {
    state.value: StateLook(word.zh, *_BLOCK.get(state, (Tone.NEUTRAL, "archive")))
    for state, word in BLOCK_STATES.items()
}
SLIDE_LOOKS = {
    state.value: StateLook(word.zh, *_SLIDE.get(state, (Tone.NEUTRAL, "archive")))
    for state, word in SLIDE_STATES.items()
}
URGENT = StateLook("急", Tone.DANGER, "alert")


def _urgent(row: Any) -> list[StateLook]:
    return [URGENT] if row.is_urgent else []


def source_words(piece: Any) -> str:
    """任务来源 in the language of the moment."""
    return getattr(piece, "source_note", "") or tr(TASK_SOURCES[piece.source].zh)


def _of_block(name: str) -> Any:
    def value(row: BlockRow) -> Any:
        return getattr(row.block, name)

    return value


def _of_slide(name: str) -> Any:
    def value(row: SlideRow) -> Any:
        return getattr(row.slide, name)

    return value


def _short(moment: datetime | None) -> str:
    """Month, day and minute: lists of this room hold a few days."""
    return local_time(moment)[5:]


def _prints(count: object) -> str:
    return tr("已打印") if count else ""


BLOCK_COLUMNS = (
    Column("label", "蜡块号", 126, value=_of_block("label"), strong=True, marks=_urgent, sort=False),
    Column("patient_name", "姓名", 88, sort=False),
    Column("source", "任务来源", 80, value=lambda row: source_words(row.block), sort=False),
    Column("site", "取材部位", 0, value=_of_block("site"), sort=False),
    Column("pieces", "材块数", 66, Align.RIGHT, value=_of_block("pieces"), strong=True, sort=False),
    Column("grosser", "取材医生", 84, value=_of_block("grosser"), sort=False),
    Column("grossed_at", "取材日期", 100, value=_of_block("grossed_at"), format=_short, quiet=True, sort=False),
)
BLOCK_STATE = Column("state", "制片状态", 96, value=lambda row: row.block.state.value, looks=BLOCK_LOOKS, sort=False)
CASSETTE = Column("printed", "包埋条码", 84, value=_of_block("label_prints"), format=_prints, quiet=True, sort=False)
SLIDE_COLUMNS = (
    Column("number", "玻片号", 146, value=_of_slide("number"), strong=True, marks=_urgent, sort=False),
    Column("patient_name", "姓名", 88, sort=False),
    Column("source", "任务来源", 84, value=lambda row: source_words(row.slide), sort=False),
    Column("stain", "染色/标记物", 0, value=_of_slide("stain"), sort=False),
    Column("made_by", "制片人", 80, value=_of_slide("made_by"), sort=False),
    Column("made_at", "切片时间", 76, value=_of_slide("made_at"), format=local_clock, quiet=True, sort=False),
    Column("printed", "标签", 72, value=_of_slide("label_prints"), format=_prints, quiet=True, sort=False),
    Column("to", "接收人", 80, value=_of_slide("handed_over_to"), sort=False),
    Column("state", "制片状态", 116, value=lambda row: row.slide.state.value, looks=SLIDE_LOOKS, sort=False),
)

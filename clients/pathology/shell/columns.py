"""The columns of the case list; each station shows some at first, users choose their own (自定义表头)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from clients.kit.ages import age_for_reader
from clients.kit.paging import Column
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.shell.clock_words import clock_words
from clients.pathology.shell.looks import LIST_FLAGS, case_look, flag_looks
from shared.contract.pathology import CaseRow
from shared.contract.pathology_reports import ClockView
from shared.domain.pathology import CASE_STATES
from shared.domain.pathology_reports import Urgency
from shared.domain.states import Sex

CLOCK_LOOKS = {
    Urgency.NONE: (Tone.NEUTRAL, "circle"),
    Urgency.CALM: (Tone.INFO, "clock"),
    Urgency.SOON: (Tone.WARNING, "hourglass"),
    Urgency.OVERDUE: (Tone.DANGER, "alert"),
    Urgency.MET: (Tone.SUCCESS, "check"),
    Urgency.MISSED: (Tone.DANGER, "alert"),
}
SEX_WORDS = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他", Sex.UNKNOWN: "未知"}


def number_marks(row: CaseRow) -> list[StateLook]:
    """The colour mark of the case number (PA-CLR-01)."""
    return [case_look(row.state)]


def flag_marks(row: CaseRow) -> list[StateLook]:
    """The two most important flags; all of them stand in the header of the open case."""
    return flag_looks(row.flags, LIST_FLAGS)[:2]


def sex_and_age(row: Any) -> str:
    """女 45岁."""
    sex = tr(SEX_WORDS.get(row.sex, "未知")) if row.sex is not Sex.UNKNOWN else ""
    return " ".join(part for part in (sex, age_for_reader(row.age)) if part)


COLUMNS: tuple[Column, ...] = (
    Column("number", "病理号", 112, strong=True, firm=True, marks=number_marks, sort=False),
    Column("patient_name", "姓名", 64, firm=True, sort=False),
    Column("flags", "标记", 60, value=lambda _row: "", marks=flag_marks, firm=True, sort=False),
    Column("state", "状态", 72, value=lambda row: tr(CASE_STATES[row.state].zh), sort=False),
    Column("sex_age", "性别年龄", 74, value=sex_and_age, sort=False),
    Column("department", "送检科室", 86, sort=False),
    Column("bed", "床号", 56, sort=False, visible=False),
    Column("sending_unit", "送检单位", 110, sort=False, visible=False),
    Column("sending_doctor", "送检医生", 80, sort=False, visible=False),
    Column("specimen", "标本名称", 96, value=lambda row: row.specimen_name, sort=False),
    Column("clinical_diagnosis", "临床诊断", 140, sort=False, visible=False),
    Column("application_number", "申请号", 110, sort=False, visible=False),
    Column("outpatient_number", "门诊号", 100, sort=False, visible=False),
    Column("inpatient_number", "住院号", 100, sort=False, visible=False),
    Column("received", "收到日期", 126, value=lambda row: row.received_at, quiet=True, sort=False, visible=False),
    Column("registered", "登记日期", 126, value=lambda row: row.registered_at, quiet=True, sort=False),
    Column("registered_by", "登记人", 80, sort=False, visible=False),
    Column("first_doctor", "初诊医师", 80, sort=False, visible=False),
    Column("chief_doctor", "主诊医师", 80, sort=False),
    Column("second_doctor", "复诊医师", 80, sort=False, visible=False),
    Column("auditor", "审核医师", 80, sort=False, visible=False),
    Column("delay_reason", "延期原因", 140, sort=False, visible=False),
)


def columns_for(visible: Sequence[str], clocks: Mapping[int, ClockView] | None = None) -> tuple[Column, ...]:
    """All columns, those named shown at first; the number and the flags always are, the clock where there are any."""
    shown = {"number", "flags", *visible}
    columns = tuple(replace(column, visible=column.key in shown) for column in COLUMNS)
    if clocks is None:
        return columns
    time = Column(
        "clock", "报告时限", 104, value=lambda _row: "", marks=partial(clock_marks, clocks), firm=True, sort=False
    )
    return (*columns[:3], time, *columns[3:])


def clock_marks(clocks: Mapping[int, ClockView], row: Any) -> list[StateLook]:
    """How the turn-around of a case stands (EX-PA-03): colour, glyph and the time that is left."""
    clock = clocks.get(row.id)
    if clock is None or clock.urgency is Urgency.NONE:
        return []
    urgency, words = clock_words(clock, datetime.now(UTC))
    return [StateLook(words, *CLOCK_LOOKS[urgency])]

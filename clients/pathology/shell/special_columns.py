"""The columns of the eight special lists (PA-CASE-21, PA-SET-05): what there is, what is shown at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clients.kit.paging import Column
from clients.kit.translations import tr
from clients.pathology.shell.columns import COLUMNS, columns_for, sex_and_age
from clients.pathology.shell.looks import case_look
from shared.contract.pathology_reports import FollowUpView
from shared.contract.pathology_stations import SPECIAL_LISTS, StationSettings
from shared.domain.pathology import CASE_STATES

_STATE = Column("state", "状态", 90, value=lambda row: tr(CASE_STATES[row.state].zh))
_NAME = Column("patient_name", "姓名", 90)

FAVOURITES = (
    Column("case_number", "病理号", 130, strong=True, marks=lambda row: [case_look(row.state)]),
    _NAME,
    _STATE,
    Column("folder", "收藏夹", 100),
    Column("note", "备注", 0),
    Column("added_at", "收藏时间", 130, quiet=True),
)


def _due_word(row: FollowUpView) -> str:
    return tr("已到期") if row.is_due else ""


FOLLOW_UPS = (
    Column("case_number", "病理号", 120, strong=True),
    _NAME,
    Column("due_on", "随访日期", 100),
    Column("is_due", "到期", 72, value=_due_word),
    Column("contact", "联系人", 110),
    Column("reason", "随访原因", 0),
    Column("by", "记录人", 80, quiet=True),
)
APPOINTMENTS = (
    Column("patient_name", "姓名", 84, strong=True),
    Column("sex_age", "性别年龄", 80, value=sex_and_age),
    Column("department", "送检科室", 110),
    Column("specimen_name", "标本名称", 110),
    Column("clinical_diagnosis", "临床诊断", 0),
    Column("application_number", "申请号", 110),
    Column("registered_at", "预约时间", 130, quiet=True),
    Column("registered_by", "登记人", 80, quiet=True, visible=False),
)

_USUAL = ("patient_name", "sex_age", "department", "specimen", "registered", "chief_doctor")
_OF_CASES = {
    "delayed": ("延迟未发病例", ("patient_name", "delay_reason", "chief_doctor", "received", "specimen")),
    "consultations": ("会诊病例", (*_USUAL, "state")),
    "urgent": ("急诊病例", (*_USUAL, "state")),
    "arrears": ("欠费病例", (*_USUAL, "inpatient_number")),
    "registered": ("登记病例", ("patient_name", "sex_age", "department", "specimen", "registered", "registered_by")),
}
TITLES = {
    "appointments": "预约登记表",
    **{name: title for name, (title, _shown) in _OF_CASES.items()},
    "favourites": "我的收藏病例",
    "follow_ups": "追踪回访病例",
}
"""Chinese titles by the names of `SPECIAL_LISTS`."""
_OWN = {"appointments": APPOINTMENTS, "favourites": FAVOURITES, "follow_ups": FOLLOW_UPS}
assert set(TITLES) == set(SPECIAL_LISTS)


def name_of(title: str) -> str:
    """The name of a list that shows rows of the case list, by its Chinese title; empty for any other."""
    return next((name for name, (own, _shown) in _OF_CASES.items() if own == title), "")


def list_id(name: str) -> str:
    """Under which id the kit remembers what a user chose for a list."""
    return f"pathology.window.{name}" if name in _OWN else f"pathology.special.{name}"


def fixed(name: str) -> tuple[str, ...]:
    """Columns that are always shown."""
    return (_OWN[name][0].key,) if name in _OWN else ("number", "flags")


def columns_of(name: str, settings: StationSettings) -> tuple[Column, ...]:
    """All columns of a list, shown at first as the department wants it, else as the program brings it."""
    wanted = settings.list_columns.get(name)
    own = _OWN.get(name)
    if own is None:
        return columns_for(_OF_CASES[name][1] if wanted is None else wanted)
    return own if wanted is None else _shown(own, (*fixed(name), *wanted))


def _shown(columns: Sequence[Column], wanted: Sequence[str]) -> tuple[Column, ...]:
    return tuple(replace(column, visible=column.key in wanted) for column in columns)


KEYS = {name: tuple(column.key for column in _OWN.get(name, COLUMNS)) for name in SPECIAL_LISTS}
"""Every column of each list."""

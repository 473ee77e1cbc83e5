"""The library and the duty roster as kinds of master data: listed, changed, imported and remembered like the rest."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import func, select

from server.critical.library import ENTRIES
from server.critical.tables import CriticalValueRow, DutyRow
from server.kernel.database import UnitOfWork, next_number
from server.kernel.errors import invalid
from server.kernel.rows.fields import FieldSpec, Form, pattern, words_of
from server.kernel.rows.kinds import Kind, References
from server.organisation.initials import initials
from server.organisation.tables import ExamTypeRow
from shared.contract.master import CriticalValueEntry, DutyEntry, MasterKind
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, Weekday

_CODE = pattern(r"[A-Za-z0-9][A-Za-z0-9_.\-/]*", "编码只能用字母、数字和 _ . - /，以字母或数字开头。")
_PHONE = pattern(r"[0-9+\-() ]*", "电话只能用数字、空格和 + - ( )。")
_CLOCK = pattern(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", "时间写作 08:00，午夜结束写作 24:00。")
_MOST_KEYWORDS = 40
_MAX_MINUTES = 24 * 60
_LIMIT = re.compile(r"[^>≥＞]+(?:>=|≥|>|＞)\d{1,4}(?:\.\d{1,2})?(?:%|mm|cm|ml)")

REGION_WORDS = words_of(
    CriticalRegion,
    "头颅",
    "头颈",
    "胸部",
    "心脏大血管",
    "腹部",
    "盆腔与妇产",
    "脊柱",
    "四肢与外周血管",
    "全身与检查中",
)
LEVEL_WORDS = words_of(CriticalLevel, "一级", "二级")
ESCALATION_WORDS = words_of(Escalation, "请检医生", "病区值班", "科主任", "医务处")
DAY_WORDS = words_of(Weekday, "周一", "周二", "周三", "周四", "周五", "周六", "周日")


def _day_fault(text: str) -> str | None:
    try:
        date.fromisoformat(text)
    except ValueError:
        return "日期写作 2026-03-01。"
    return None if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else "日期写作 2026-03-01。"


class CriticalValueKind(Kind):
    kind, word, table, entry_type = MasterKind.CRITICAL_VALUE, "危急值", CriticalValueRow, CriticalValueEntry
    group_field = "region"
    fields = (
        FieldSpec(key="code", title="编码", title_en="Code", required=True, length=20, fault=_CODE, width=12),
        FieldSpec(key="name", title="名称", title_en="Name", required=True, length=100, width=28),
        FieldSpec(key="name_en", title="英文名称", title_en="English name", length=100, width=32),
        FieldSpec(
            key="region",
            title="部位",
            title_en="Body part",
            form=Form.WORD,
            required=True,
            words=REGION_WORDS,
            width=16,
        ),
        FieldSpec(
            key="exam_types",
            title="检查类型",
            title_en="Exam types",
            form=Form.LIST,
            refers=MasterKind.EXAM_TYPE,
            width=16,
        ),
        FieldSpec(key="criterion", title="判据", title_en="Criterion", form=Form.LONG, length=500, width=40),
        FieldSpec(key="keywords", title="关键词", title_en="Keywords", form=Form.LIST, required=True, width=60),
        FieldSpec(key="level", title="级别", title_en="Level", form=Form.WORD, words=LEVEL_WORDS, width=8),
        FieldSpec(
            key="minutes",
            title="通知时限（分钟）",
            title_en="Tell within (min)",
            form=Form.NUMBER,
            required=True,
            maximum=_MAX_MINUTES,
            width=16,
        ),
    )

    def entry(self, row: Any, refs: References) -> CriticalValueEntry:
        return CriticalValueEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            region=CriticalRegion(row.region),
            exam_types=tuple(row.exam_types),
            criterion=row.criterion,
            keywords=tuple(row.keywords),
            level=CriticalLevel(row.level),
            minutes=row.minutes,
        )

    def columns(self, entry: CriticalValueEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "region": entry.region.value,
            "exam_types": list(entry.exam_types),
            "criterion": entry.criterion,
            "keywords": list(dict.fromkeys(entry.keywords)),
            "level": entry.level.value,
            "minutes": entry.minutes,
        }

    def check(self, entry: CriticalValueEntry, row: Any | None, refs: References) -> None:
        if len(entry.keywords) > _MOST_KEYWORDS:
            raise invalid("keywords", f"关键词最多 {_MOST_KEYWORDS} 个。")
        for keyword in entry.keywords:
            fault = fault_of_keyword(keyword)
            if fault:
                raise invalid("keywords", fault)


def fault_of_keyword(keyword: str) -> str | None:
    """Say what is wrong with a keyword, or None; the forms are those of server.critical.detector."""
    if not 2 <= len(keyword) <= 60:
        return f"关键词“{keyword[:20]}”应为 2 到 60 个字符。"
    words, *unless = keyword.split("!")
    parts = [part for piece in words.split("+") for part in piece.split("..")]
    if len(unless) > 1 or not all(parts) or not all(unless):
        return f"关键词“{keyword[:20]}”的写法不对：同句都要出现用“+”，依次出现用“..”，排除用“!”。"
    for piece in words.split("+"):
        if re.search(r"[<>≥≤＞＜=]", piece) and not _LIMIT.fullmatch(piece):
            return f"关键词“{keyword[:20]}”的数值应写作 >=30%、>=5mm、>=5cm 或 >=30ml。"
    return None


class DutyKind(Kind):
    kind, word, table, entry_type = MasterKind.DUTY, "值班", DutyRow, DutyEntry
    names_are_unique = False  # one person has many shifts
    fields = (
        FieldSpec(key="code", title="编码", title_en="Code", length=20, fault=_CODE, width=12),
        FieldSpec(key="name", title="值班人", title_en="On duty", required=True, length=60),
        FieldSpec(
            key="level", title="级别", title_en="Level", form=Form.WORD, required=True, words=ESCALATION_WORDS, width=12
        ),
        FieldSpec(key="department", title="科室", title_en="Department", length=120, width=18),
        FieldSpec(key="phone", title="电话", title_en="Phone", length=32, fault=_PHONE),
        FieldSpec(key="days", title="星期", title_en="Days", form=Form.LIST, required=True, words=DAY_WORDS, width=30),
        FieldSpec(key="begins", title="开始", title_en="Begins", required=True, length=5, fault=_CLOCK, width=8),
        FieldSpec(key="ends", title="结束", title_en="Ends", required=True, length=5, fault=_CLOCK, width=8),
        FieldSpec(key="valid_from", title="起始日期", title_en="Valid from", length=10, fault=_day_fault, width=12),
        FieldSpec(key="valid_to", title="截止日期", title_en="Valid to", length=10, fault=_day_fault, width=12),
    )

    def entry(self, row: Any, refs: References) -> DutyEntry:
        return DutyEntry(
            code=row.code,
            name=row.name,
            level=Escalation(row.level),
            department=row.department,
            phone=row.phone,
            days=tuple(Weekday(one) for one in row.days),
            begins=row.begins,
            ends=row.ends,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )

    def columns(self, entry: DutyEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "level": entry.level.value,
            "department": entry.department,
            "phone": entry.phone,
            "days": [one.value for one in Weekday if one in entry.days],
            "begins": entry.begins,
            "ends": entry.ends,
            "valid_from": entry.valid_from,
            "valid_to": entry.valid_to,
        }

    def completed(self, entry: DutyEntry, uow: UnitOfWork, row: Any | None) -> DutyEntry:
        if entry.code:
            return entry
        code = row.code if row is not None else _free_duty_code(uow)
        return msgspec.structs.replace(entry, code=code)

    def check(self, entry: DutyEntry, row: Any | None, refs: References) -> None:
        if entry.begins == "24:00":
            raise invalid("begins", "开始时间写作 00:00 到 23:59。")
        if entry.begins == entry.ends:
            raise invalid("ends", "结束时间不能等于开始时间；全天写作 00:00 到 24:00。")
        if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
            raise invalid("valid_to", "截止日期不能早于起始日期。")


def _free_duty_code(uow: UnitOfWork) -> str:
    while True:
        code = f"D{next_number(uow.session, 'duty'):05d}"
        if uow.session.scalar(select(DutyRow.id).where(DutyRow.code == code)) is None:
            return code


def seed_library(uow: UnitOfWork) -> bool:
    """Fill an empty library with what the program comes with; return whether it was empty."""
    if uow.session.execute(select(func.count()).select_from(CriticalValueRow)).scalar_one():
        return False
    known = set(uow.session.scalars(select(ExamTypeRow.code)))
    for place, entry in enumerate(ENTRIES, 1):
        uow.session.add(
            CriticalValueRow(
                code=entry.code,
                name=entry.name,
                name_en=entry.name_en,
                region=entry.region.value,
                exam_types=[one for one in entry.types if one in known],
                criterion=entry.criterion,
                keywords=list(entry.keywords),
                level=entry.level.value,
                minutes=entry.minutes,
                position=place,
                pinyin=initials(entry.name)[:50],
                version=1,
                is_active=True,
            )
        )
    uow.session.flush()
    return True

"""The dictionary: seeded once, read as a tree, searched by text and pinyin initials, changed by right."""

from __future__ import annotations

import re
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select

from server.ecg.terms.starting_diagnoses import DIAGNOSES
from server.ecg.terms.starting_findings import FINDINGS
from server.ecg.terms.tables import EcgCategoryRow, EcgTermRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from shared.contract.base import Changed
from shared.contract.ecg_terms import CategoryView, TermTree, TermView
from shared.contract.errors import ErrorCode
from shared.dicomkit.names import search_keys
from shared.domain.ecg_reports import TermKind, TermScope
from shared.domain.permissions import Permission

_RowT = TypeVar("_RowT", EcgTermRow, EcgCategoryRow)

ENTITY = "ecg_terms"
AHA = "aha"
_FOUND = 50
_LONGEST = 200
_RUNS = re.compile(r"[\u2e80-\u9fff]+|[A-Za-z0-9]+")
_ROMAN = str.maketrans({"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "Ⅳ": "4", "Ⅴ": "5", "Ⅵ": "6"})
SUGGESTED = {
    "sinus_rhythm": "20", "sinus_tachycardia": "21", "sinus_bradycardia": "22", "atrial_rhythm": "34",
    "atrial_tachycardia": "52", "af": "50", "flutter": "51", "av_block_1": "82", "av_block_3": "88",
    "short_pr": "80", "rbbb": "106", "irbbb": "105", "lbbb": "104", "lafb": "101", "ivcd": "107",
    "left_axis": "121", "right_axis": "120", "extreme_axis": "122", "long_qt": "148", "short_qt": "149",
    "low_voltage": "125", "apc": "30", "vpc": "60", "st_elevation": "145", "st_depression": "145",
    "t_inversion": "147",
}  # fmt: skip
"""Codes of shared.waveform.statements → AHA/ACC/HRS statements of the same meaning; others have none."""


def keys_of(text: str) -> tuple[str, str]:
    """Return pinyin and initials of a term; letters and figures stand as they are: 二度Ⅰ型 → erdu1xing, ed1x."""
    keys = [
        search_keys(run) if run[0] >= "\u2e80" else (run.lower(), run.lower())
        for run in _RUNS.findall(text.translate(_ROMAN))
    ]
    return "".join(one for one, _two in keys)[:400], "".join(two for _one, two in keys)[:200]


def parsed(text: str) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Return categories of starting content: Chinese, English, and their terms with numbers."""
    found: list[tuple[str, str, list[tuple[str, str, str]]]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        parts = [part.strip() for part in line.lstrip("# ").split("|")]
        if line.startswith("#"):
            found.append((parts[0], parts[1], []))
        else:
            found[-1][2].append((parts[0], parts[1], parts[2] if len(parts) > 2 else ""))
    return found


class Terms:
    """Works in the caller's unit of work."""

    # ── starting content ─────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def seed(uow: UnitOfWork) -> None:
        """Fill an empty dictionary."""
        if uow.session.scalar(select(func.count()).select_from(EcgTermRow)):
            return
        for kind, text in ((TermKind.DIAGNOSIS, DIAGNOSES), (TermKind.FINDING, FINDINGS)):
            for place, (zh, en, terms) in enumerate(parsed(text)):
                category = EcgCategoryRow(
                    kind=kind.value, scope=TermScope.BUILT_IN.value, zh=zh, en=en, position=place * 10
                )
                uow.session.add(category)
                uow.session.flush()
                uow.session.add_all(
                    _term(category.id, kind, TermScope.BUILT_IN, one[0], one[1], one[2], number * 10)
                    for number, one in enumerate(terms)
                )
        uow.session.flush()

    @staticmethod
    def codes_of(suggestion_code: str) -> tuple[str, str]:
        """Return system and code of a rule's suggestion; empty where the list has no statement of that meaning."""
        code = SUGGESTED.get(suggestion_code, "")
        return (AHA, code) if code else ("", "")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def tree(self, uow: UnitOfWork, caller: Caller, kind: TermKind | None) -> TermTree:
        """Return everything that the account sees."""
        categories = select(EcgCategoryRow).where(_seen(EcgCategoryRow, caller))
        terms = select(EcgTermRow).where(_seen(EcgTermRow, caller), EcgTermRow.is_active)
        if kind is not None:
            categories = categories.where(EcgCategoryRow.kind == kind.value)
            terms = terms.where(EcgTermRow.kind == kind.value)
        order = EcgCategoryRow.position, EcgCategoryRow.id
        return TermTree(
            categories=tuple(_category_view(one, caller) for one in uow.session.scalars(categories.order_by(*order))),
            terms=tuple(
                _view(one, caller) for one in uow.session.scalars(terms.order_by(EcgTermRow.position, EcgTermRow.id))
            ),
        )

    def search(self, uow: UnitOfWork, caller: Caller, text: str, kind: TermKind | None) -> tuple[TermView, ...]:
        """Return terms by words of the text, or pinyin or its initials from the beginning; best first."""
        wanted = "".join(text.split()).casefold()[:60]
        if not wanted:
            return ()
        rows = select(EcgTermRow).where(_seen(EcgTermRow, caller), EcgTermRow.is_active)
        if kind is not None:
            rows = rows.where(EcgTermRow.kind == kind.value)
        found = [(place, one) for one in uow.session.scalars(rows) if (place := _place(one, wanted)) is not None]
        found.sort(key=lambda pair: (pair[0], len(pair[1].zh), pair[1].id))
        return tuple(_view(one, caller) for _fit, one in found[:_FOUND])

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────

    def save(self, uow: UnitOfWork, caller: Caller, wanted: TermView) -> TermView:
        """Add or change a term. Raises INVALID, CONFLICT, NOT_FOUND, DUPLICATE, PERMISSION_MISSING."""
        scope = _scope_to_write(caller, wanted.scope)
        zh, en = _text("zh", wanted.zh, "请填写术语。"), _text("en", wanted.en)
        category = uow.session.get(EcgCategoryRow, wanted.category_id)
        if category is None or category.kind != wanted.kind.value:
            raise invalid("category_id", "请选择术语所属的分类。")
        if len(wanted.code) > 32 or len(wanted.system) > 16:
            raise invalid("code", "编码过长。")
        row = self._own(uow, caller, EcgTermRow, wanted.id) if wanted.id else None
        if row is not None:
            row.expect(wanted.version)
        else:
            row = _term(category.id, wanted.kind, scope, zh, en, "", wanted.position)
            row.campus_id, row.owner_id = _holder(caller, scope)
        same = select(EcgTermRow.id).where(
            _seen(EcgTermRow, caller),
            EcgTermRow.is_active,
            EcgTermRow.zh == zh,
            EcgTermRow.category_id == category.id,
            EcgTermRow.id != (wanted.id or 0),
        )
        double = uow.session.scalar(same.limit(1))
        if double is not None:
            raise Refusal(ErrorCode.DUPLICATE, f"该分类中已有术语“{zh}”。", existing_id=double)
        row.category_id, row.zh, row.en, row.position = category.id, zh, en, wanted.position
        row.code, row.system = wanted.code.strip(), wanted.system.strip()
        row.pinyin, row.initials = keys_of(zh)
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        self._tell(uow)
        return _view(row, caller)

    def remove(self, uow: UnitOfWork, caller: Caller, term_id: int, version: int) -> None:
        """Take a term out. Raises NOT_FOUND, CONFLICT, PERMISSION_MISSING."""
        row = self._own(uow, caller, EcgTermRow, term_id)
        row.expect(version)
        row.is_active = False
        row.touch()
        uow.session.flush()
        self._tell(uow)

    def save_category(self, uow: UnitOfWork, caller: Caller, wanted: CategoryView) -> CategoryView:
        """Add or rename a category. Raises INVALID, NOT_FOUND, PERMISSION_MISSING."""
        scope = _scope_to_write(caller, wanted.scope)
        zh, en = _text("zh", wanted.zh, "请填写分类名称。"), _text("en", wanted.en)
        if len(zh) > 100:
            raise invalid("zh", "分类名称最多 100 字。")
        parent = uow.session.get(EcgCategoryRow, wanted.parent_id) if wanted.parent_id else None
        if wanted.parent_id and (parent is None or parent.kind != wanted.kind.value or parent.id == wanted.id):
            raise invalid("parent_id", "请选择上级分类。")
        if wanted.id:
            row = self._own(uow, caller, EcgCategoryRow, wanted.id)
        else:
            row = EcgCategoryRow(kind=wanted.kind.value, scope=scope.value)
            row.campus_id, row.owner_id = _holder(caller, scope)
        row.parent_id, row.zh, row.en, row.position = wanted.parent_id, zh, en, wanted.position
        uow.session.add(row)
        uow.session.flush()
        self._tell(uow)
        return _category_view(row, caller)

    def remove_category(self, uow: UnitOfWork, caller: Caller, category_id: int) -> None:
        """Take an empty category out. Raises NOT_FOUND, ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._own(uow, caller, EcgCategoryRow, category_id)
        used = select(EcgTermRow.id).where(EcgTermRow.category_id == row.id, EcgTermRow.is_active).limit(1)
        below = select(EcgCategoryRow.id).where(EcgCategoryRow.parent_id == row.id).limit(1)
        if uow.session.scalar(used) is not None or uow.session.scalar(below) is not None:
            raise illegal_action("used", "该分类下还有术语或下级分类，请先移走。")
        uow.session.delete(row)
        uow.session.flush()
        self._tell(uow)

    @staticmethod
    def _own(uow: UnitOfWork, caller: Caller, kind: type[_RowT], row_id: int) -> _RowT:
        """Return a row that the account may change. Raises NOT_FOUND, PERMISSION_MISSING."""
        row = uow.session.get(kind, row_id)
        if row is None:
            raise not_found("该项")
        if not _may_edit(row, caller):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "您不能修改这一项；本院和标准术语需要“心电术语维护”权限。")
        return row

    @staticmethod
    def _tell(uow: UnitOfWork) -> None:
        uow.publish(Changed(entity=ENTITY, id=0, version=0))


def _term(category_id: int, kind: TermKind, scope: TermScope, zh: str, en: str, code: str, position: int) -> EcgTermRow:
    pinyin, initials = keys_of(zh)
    return EcgTermRow(
        version=1 if scope is TermScope.BUILT_IN else 0,
        category_id=category_id,
        kind=kind.value,
        scope=scope.value,
        campus_id=0,
        owner_id=0,
        zh=zh,
        en=en,
        pinyin=pinyin,
        initials=initials,
        code=code,
        system=AHA if code else "",
        position=position,
        is_active=True,
    )


def _seen(kind: type[EcgTermRow] | type[EcgCategoryRow], caller: Caller) -> ColumnElement[bool]:
    """Everybody's, those of the account's hospitals, its own."""
    hospital = kind.scope == TermScope.HOSPITAL.value
    if caller.campus_ids:
        hospital = hospital & kind.campus_id.in_((0, *sorted(caller.campus_ids)))
    personal = (kind.scope == TermScope.PERSONAL.value) & (kind.owner_id == caller.user_id)
    return or_(kind.scope == TermScope.BUILT_IN.value, hospital, personal)


def _scope_to_write(caller: Caller, scope: TermScope) -> TermScope:
    if scope is not TermScope.PERSONAL and not caller.may(Permission.ECG_TERMS):
        raise Refusal(ErrorCode.PERMISSION_MISSING, "本院和标准术语需要“心电术语维护”权限，您可以存为个人术语。")
    return scope


def _holder(caller: Caller, scope: TermScope) -> tuple[int, int]:
    """Return the campus and the account that a new entry belongs to."""
    if scope is TermScope.PERSONAL:
        return 0, caller.user_id
    if scope is TermScope.HOSPITAL and caller.campus_ids:
        return min(caller.campus_ids), 0
    return 0, 0


def _may_edit(row: EcgTermRow | EcgCategoryRow, caller: Caller) -> bool:
    if row.scope == TermScope.PERSONAL.value:
        return row.owner_id == caller.user_id
    if not caller.may(Permission.ECG_TERMS):
        return False
    if row.scope == TermScope.BUILT_IN.value:
        return True
    return not caller.campus_ids or row.campus_id in (0, *caller.campus_ids)


def _text(field: str, text: str, missing: str = "") -> str:
    found = " ".join(text.split())
    if missing and not found:
        raise invalid(field, missing)
    if len(found) > _LONGEST:
        raise invalid(field, f"最多 {_LONGEST} 字，请删减。")
    return found


def _place(one: EcgTermRow, wanted: str) -> int | None:
    """How well a term fits, 0 best; None: not at all."""
    zh, english = "".join(one.zh.split()).casefold(), "".join(one.en.split()).casefold()
    if zh.startswith(wanted):
        return 0
    if one.initials.startswith(wanted):
        return 1
    if wanted in zh:
        return 2
    if one.pinyin.startswith(wanted):
        return 3
    if wanted in one.initials and len(wanted) > 1:
        return 4
    return 5 if len(wanted) > 2 and wanted in english else None


def _view(row: EcgTermRow, caller: Caller) -> TermView:
    return TermView(
        id=row.id,
        version=row.version,
        category_id=row.category_id,
        kind=TermKind(row.kind),
        scope=TermScope(row.scope),
        zh=row.zh,
        en=row.en,
        initials=row.initials,
        code=row.code,
        system=row.system,
        position=row.position,
        is_editable=_may_edit(row, caller),
    )


def _category_view(row: EcgCategoryRow, caller: Caller) -> CategoryView:
    return CategoryView(
        id=row.id,
        parent_id=row.parent_id,
        kind=TermKind(row.kind),
        scope=TermScope(row.scope),
        zh=row.zh,
        en=row.en,
        position=row.position,
        is_editable=_may_edit(row, caller),
    )

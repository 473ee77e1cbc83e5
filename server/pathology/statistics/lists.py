"""Lists of cases by what they hold: pages in the database's order, cells as they are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid
from server.pathology.cases.tables import CaseRow, FlagRow
from server.pathology.cases.walking import Spot, between, read_spot
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import CodeRow, Report, ReportVersion
from server.pathology.statistics.conditions import OF_REPORT, TEXT_COLUMNS, meets
from server.pathology.statistics.figures import Figures, check_filter, of_cases
from server.pathology.statistics.indicators import Indicators
from server.pathology.statistics.rules import RuleBook
from server.pathology.statistics.wording import Wording, word_of
from server.pathology.technique.tables import BlockRow, SlideRow
from shared.contract.errors import ErrorCode
from shared.contract.pathology_statistics import (
    Basis,
    BookOf,
    CaseLine,
    CasesWhere,
    CaseTable,
    FigureOf,
    Group,
    Which,
)
from shared.domain.pathology import ORDER_KINDS, SLIDE_GRADES, CaseFlag, CaseState, OrderKind, SlideGrade
from shared.domain.pathology_queries import Field
from shared.domain.pathology_reports import PaperState, ReportKind
from shared.domain.pathology_statistics import Subject
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

_MOST_ROWS = 500
_MOST_FIELDS = 40
_AT_ONCE = 500
_DELETED = "deleted"


def right_of(subject: Subject) -> Permission:
    """The right that a statistic needs."""
    if subject is Subject.CHARGES:
        return Permission.PATHOLOGY_CHARGES
    return Permission.PATHOLOGY_VIEW if subject is Subject.PREPARATION else Permission.PATHOLOGY_STATISTICS


def demand(caller: Caller, right: Permission) -> None:
    """Raise PERMISSION_MISSING without a right."""
    if not caller.may(right):
        raise Refusal(ErrorCode.PERMISSION_MISSING, f"需要“{PATHOLOGY_WORDS[right][0]}”权限，请联系管理员。")


class Lists:
    """Pages of cases."""

    def __init__(
        self, time: HospitalTime, figures: Figures, indicators: Indicators, rules: RuleBook, wording: Wording
    ) -> None:
        self._time, self._figures, self._indicators = time, figures, indicators
        self._rules, self._wording = rules, wording

    def page(
        self,
        uow: UnitOfWork,
        caller: Caller,
        which: Which,
        fields: Sequence[Field],
        cursor: str,
        limit: int,
        tongue: str,
    ) -> CaseTable:
        """Return a page. Raises INVALID, PERMISSION_MISSING."""
        if not 1 <= limit <= _MOST_ROWS:
            raise invalid("limit", f"每页应为 1 到 {_MOST_ROWS} 行。")
        chosen = _checked(fields)
        condition = self._condition(uow, caller, which)
        by_number = isinstance(which, BookOf)
        at_once = isinstance(which, CasesWhere) and _looks_into_reports(which.condition)
        ids, following, total = self._ids(uow, condition, by_number, cursor, limit, counts=at_once)
        if not at_once and not cursor:
            total = int(uow.session.execute(select(func.count()).select_from(CaseRow).where(condition)).scalar_one())
        return CaseTable(fields=chosen, lines=self._lines(uow, ids, chosen, tongue), next_cursor=following, total=total)

    def every(
        self, uow: UnitOfWork, caller: Caller, which: Which, fields: Sequence[Field], most: int, tongue: str
    ) -> tuple[CaseLine, ...]:
        """Return all of them. Raises INVALID (more than `most`, none), PERMISSION_MISSING."""
        chosen = _checked(fields)
        condition = self._condition(uow, caller, which)
        found: list[CaseLine] = []
        cursor = ""
        while True:
            ids, cursor, total = self._ids(uow, condition, isinstance(which, BookOf), cursor, _AT_ONCE)
            if total > most:
                raise invalid("which", f"结果超过 {most:,} 例，请缩小查询范围后再导出或打印。")
            found += self._lines(uow, ids, chosen, tongue)
            if not cursor:
                break
        if not found:
            raise invalid("which", "没有符合条件的病例，请调整查询条件。")
        return tuple(found)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _condition(self, uow: UnitOfWork, caller: Caller, which: Which) -> ColumnElement[bool]:
        if isinstance(which, CasesWhere):
            hidden = [_DELETED] if _asks_state(which.condition) else [_DELETED, CaseState.APPOINTED.value]
            return and_(CaseRow.state.not_in(hidden), meets(which.condition, self._time))
        if isinstance(which, BookOf):
            check_filter(which.filter)
            begin, end = self._time.day_bounds(which.filter.first, which.filter.last)
            return and_(*of_cases(which.filter, self._time), CaseRow.number.is_not(None), *_at(which.basis, begin, end))
        if isinstance(which, FigureOf):
            demand(caller, right_of(which.subject))
            return self._figures.cases_of(which, self._rules.rules(uow))
        demand(caller, Permission.PATHOLOGY_STATISTICS)
        return self._indicators.cases_of(uow, which)

    @staticmethod
    def _ids(
        uow: UnitOfWork,
        condition: ColumnElement[bool],
        by_number: bool,
        cursor: str,
        limit: int,
        *,
        counts: bool = True,
    ) -> tuple[list[int], str, int]:
        """The ids of a page, where the next one begins, and, if it `counts`, on the first page how many there are.

        Page and number in one statement: the texts of all reports are looked through once. Where an index leads to
        the page, counting by itself is quicker.
        """
        counted: Any = func.count().over() if counts and not cursor else literal(0)
        if by_number:
            beyond = [CaseRow.number > cursor] if cursor else []
            statement = select(CaseRow.id, CaseRow.number, counted).where(condition, *beyond).order_by(CaseRow.number)
            rows = uow.session.execute(statement.limit(limit + 1)).all()
            following = str(rows[limit - 1][1]) if len(rows) > limit else ""
            return [row[0] for row in rows[:limit]], following, rows[0][2] if rows else 0
        spot = read_spot(cursor)
        at, number = CaseRow.registered_at, CaseRow.id
        after = [] if spot is None else [at <= spot.at, or_(at < spot.at, number < spot.id)]
        newest = select(number, at, counted).where(condition, *after).order_by(at.desc(), number.desc())
        found = uow.session.execute(newest.limit(limit + 1)).all()
        more = str(Spot(found[limit - 1][1], found[limit - 1][0])) if len(found) > limit else ""
        return [row[0] for row in found[:limit]], more, found[0][2] if found else 0

    def _lines(self, uow: UnitOfWork, ids: Sequence[int], fields: Sequence[Field], tongue: str) -> tuple[CaseLine, ...]:
        found: dict[int, CaseLine] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            beside = {field: self._beside(uow, field, some, tongue) for field in fields if field in _BESIDE}
            libraries = self._wording.libraries(uow, tongue) if Field.LIBRARY in fields else {}
            for row in uow.session.scalars(select(CaseRow).where(CaseRow.id.in_(some))):
                cells = tuple(self._cell(row, field, beside, libraries, tongue) for field in fields)
                found[row.id] = CaseLine(case_id=row.id, state=CaseState(row.state), cells=cells)
        return tuple(found[one] for one in ids if one in found)

    def _cell(self, row: CaseRow, field: Field, beside: Any, libraries: dict[str, str], tongue: str) -> str:
        if field in beside:
            return str(beside[field].get(row.id, ""))
        if field in TEXT_COLUMNS:
            return str(getattr(row, TEXT_COLUMNS[field].key) or "")
        if field is Field.LIBRARY:
            return libraries.get(str(row.library_id), "")
        if field is Field.STATE:
            return self._wording.state(row.state, tongue)
        if field is Field.SEX:
            return self._wording.sex(row.sex, tongue)
        if field is Field.AGE:
            return row.age
        return self._wording.minute(row.received_at if field is Field.RECEIVED else row.registered_at)

    def _beside(self, uow: UnitOfWork, field: Field, ids: Sequence[int], tongue: str) -> dict[int, Any]:
        """What stands in other tables, by case."""
        if field in (Field.FINDINGS, Field.DIAGNOSIS, Field.COMMENT, Field.REPORTED):
            return self._of_reports(uow, field, ids)
        if field in (Field.BLOCKS, Field.SLIDES):
            row: Any = BlockRow if field is Field.BLOCKS else SlideRow
            counted = select(row.case_id, func.count()).where(row.case_id.in_(ids), row.state != _DELETED)
            return dict(uow.session.execute(counted.group_by(row.case_id)).all())
        joined: dict[int, dict[str, None]] = defaultdict(dict)
        for case_id, words in self._words(uow, field, ids, tongue):
            if words:
                joined[case_id][words] = None
        return {case_id: "、".join(words) if tongue != "en" else ", ".join(words) for case_id, words in joined.items()}

    def _of_reports(self, uow: UnitOfWork, field: Field, ids: Sequence[int]) -> dict[int, str]:
        own = (Report.case_id.in_(ids), Report.kind == ReportKind.MAIN.value)
        if field is Field.REPORTED:
            at = select(Report.case_id, Report.audited_at).where(*own, Report.state != PaperState.WRITING.value)
            return {case_id: self._wording.minute(moment) for case_id, moment in uow.session.execute(at)}
        text = (ReportVersion.report_id == Report.id) & (ReportVersion.number == Report.text_number)
        column = getattr(ReportVersion, field.value)
        return dict(uow.session.execute(select(Report.case_id, column).join(ReportVersion, text).where(*own)).all())

    def _words(self, uow: UnitOfWork, field: Field, ids: Sequence[int], tongue: str) -> Iterator[tuple[int, str]]:
        run = uow.session.execute
        if field is Field.FLAG:
            for case_id, flag in run(select(FlagRow.case_id, FlagRow.flag).where(FlagRow.case_id.in_(ids))):
                yield case_id, self._wording.flag(CaseFlag(flag), tongue)
        elif field is Field.CODE:
            codes = select(CodeRow.case_id, CodeRow.code, CodeRow.meaning).where(CodeRow.case_id.in_(ids))
            for case_id, code, meaning in run(codes.order_by(CodeRow.position)):
                yield case_id, f"{code} {meaning}".strip()
        elif field is Field.GROSSER:
            living = (BlockRow.case_id.in_(ids), BlockRow.state != _DELETED)
            yield from run(select(BlockRow.case_id, BlockRow.grosser).where(*living).order_by(BlockRow.id))
        elif field in (Field.STAIN, Field.GRADE):
            of_slides = (SlideRow.case_id.in_(ids), SlideRow.state != _DELETED)
            slides = select(SlideRow.case_id, SlideRow.stain, SlideRow.grade).where(*of_slides).order_by(SlideRow.id)
            for case_id, stain, grade in run(slides):
                graded = word_of(SLIDE_GRADES[SlideGrade(grade)], tongue) if grade else ""
                yield case_id, stain if field is Field.STAIN else graded
        else:
            of_orders = (OrderRow.case_id.in_(ids), OrderRow.state != _DELETED)
            orders = select(OrderRow.case_id, OrderRow.marker, OrderRow.kind).where(*of_orders).order_by(OrderRow.id)
            for case_id, marker, kind in run(orders):
                yield case_id, marker if field is Field.MARKER else word_of(ORDER_KINDS[OrderKind(kind)], tongue)


_BESIDE = frozenset(
    {
        *(Field.FINDINGS, Field.DIAGNOSIS, Field.COMMENT, Field.REPORTED, Field.BLOCKS, Field.SLIDES, Field.FLAG),
        *(Field.CODE, Field.GROSSER, Field.STAIN, Field.GRADE, Field.MARKER, Field.ORDER),
    }
)
"""Fields that do not stand in the row of the case."""


def _at(basis: Basis, begin: Any, end: Any) -> list[ColumnElement[bool]]:
    if basis is Basis.REPORTED:
        own = (Report.kind == ReportKind.MAIN.value, Report.state != PaperState.WRITING.value)
        return [CaseRow.id.in_(select(Report.case_id).where(*own, *between(Report.audited_at, begin, end)))]
    return between(CaseRow.received_at if basis is Basis.RECEIVED else CaseRow.registered_at, begin, end)


def _asks_state(group: Group) -> bool:
    return any(_asks_state(part) if isinstance(part, Group) else part.field is Field.STATE for part in group.parts)


def _looks_into_reports(group: Group) -> bool:
    return any(
        _looks_into_reports(part) if isinstance(part, Group) else part.field in OF_REPORT for part in group.parts
    )


def _checked(fields: Sequence[Field]) -> tuple[Field, ...]:
    chosen = tuple(dict.fromkeys(fields))
    if not 1 <= len(chosen) <= _MOST_FIELDS:
        raise invalid("fields", "请至少选择一列。")
    return chosen

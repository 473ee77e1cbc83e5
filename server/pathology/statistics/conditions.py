"""From conditions that a user combined to a condition of the database on a case; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, select, true

from server.kernel.clock import HospitalTime
from server.kernel.errors import Refusal, invalid
from server.pathology.cases.tables import CaseRow, FlagRow
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import CodeRow, Report, ReportVersion
from server.pathology.technique.tables import BlockRow, SlideRow
from shared.contract.pathology_statistics import (
    MOST_CONDITIONS,
    MOST_DEPTH,
    Condition,
    Group,
    Joined,
)
from shared.domain.pathology import (
    LOCKED_STATES,
    BlockState,
    CaseFlag,
    CaseState,
    OrderKind,
    OrderState,
    SlideGrade,
    SlideState,
)
from shared.domain.pathology_queries import FIELDS, OPERATORS_OF, VALUES_OF, Field, FieldKind, Operator
from shared.domain.pathology_reports import ReportKind
from shared.domain.states import Sex

_LONGEST = 200
_O = Operator
_NEGATIVE = {_O.IS_NOT: _O.IS, _O.LACKS: _O.CONTAINS, _O.EMPTY: _O.FILLED}
"""What is asked of things beside the case (its slides, codes, report): whether none of them is so."""

_COLUMNS: dict[Field, Any] = {
    Field.NUMBER: CaseRow.number,
    Field.NAME: CaseRow.patient_name,
    Field.APPLICATION: CaseRow.application_number,
    Field.PATIENT_ID: CaseRow.hospital_patient_id,
    Field.OUTPATIENT: CaseRow.outpatient_number,
    Field.INPATIENT: CaseRow.inpatient_number,
    Field.ID_NUMBER: CaseRow.id_number,
    Field.DEPARTMENT: CaseRow.department,
    Field.BED: CaseRow.bed,
    Field.UNIT: CaseRow.sending_unit,
    Field.SENDER: CaseRow.sending_doctor,
    Field.SPECIMEN_TYPE: CaseRow.specimen_type,
    Field.SPECIMEN: CaseRow.specimen_name,
    Field.CLINICAL: CaseRow.clinical_diagnosis,
    Field.REGISTRAR: CaseRow.registered_by,
    Field.GROSS: CaseRow.gross_description,
    Field.FIRST_DOCTOR: CaseRow.first_doctor,
    Field.CHIEF_DOCTOR: CaseRow.chief_doctor,
    Field.SECOND_DOCTOR: CaseRow.second_doctor,
    Field.AUDITOR: CaseRow.auditor,
    Field.DELAY: CaseRow.delay_reason,
}
TEXT_COLUMNS = _COLUMNS
"""Fields that are texts of the case itself."""
OF_REPORT = {
    Field.FINDINGS: ReportVersion.findings,
    Field.DIAGNOSIS: ReportVersion.diagnosis,
    Field.COMMENT: ReportVersion.comment,
}
CHOICES: dict[Field, tuple[str, ...]] = {
    Field.STATE: tuple(one.value for one in CaseState if one is not CaseState.DELETED),
    Field.FLAG: tuple(one.value for one in CaseFlag if one is not CaseFlag.FAVOURITE),
    Field.SEX: tuple(one.value for one in Sex),
    Field.GRADE: tuple(one.value for one in SlideGrade),
    Field.ORDER: tuple(one.value for one in OrderKind),
}
"""Values of the fields of choices; libraries have ids."""


def check_group(group: Group) -> None:
    """Raise INVALID where conditions are too many, too deep, or do not make sense."""
    if _count(group, 1) > MOST_CONDITIONS:
        raise invalid("condition", f"查询条件最多 {MOST_CONDITIONS} 个，请减少条件。")


def _count(group: Group, depth: int) -> int:
    if depth > MOST_DEPTH:
        raise invalid("condition", f"条件组最多 {MOST_DEPTH} 层，请减少嵌套。")
    found = 0
    for part in group.parts:
        if isinstance(part, Group):
            found += _count(part, depth + 1)
        else:
            _check(part)
            found += 1
    return found


def _check(condition: Condition) -> None:
    word, kind = FIELDS[condition.field]
    if condition.operator not in OPERATORS_OF[kind]:
        raise _wrong(condition, f"“{word.zh}”不能这样比较，请换一种比较方式。")
    least, most = VALUES_OF[condition.operator]
    if not least <= len(condition.values) <= most or any(len(one) > _LONGEST for one in condition.values):
        raise _wrong(condition, f"请填写“{word.zh}”的查询值。")
    if any(not one.strip() for one in condition.values):
        raise _wrong(condition, f"请填写“{word.zh}”的查询值。")
    if kind is FieldKind.CHOICE and any(one not in CHOICES.get(condition.field, (one,)) for one in condition.values):
        raise _wrong(condition, f"“{word.zh}”没有这个选项，请重新选择。")


def _wrong(condition: Condition, message: str) -> Refusal:
    return invalid(f"condition.{condition.field.value}", message)


def meets(group: Group, time: HospitalTime) -> ColumnElement[bool]:
    """Return the condition on `CaseRow`. Raises INVALID."""
    check_group(group)
    return _of_group(group, time)


def _of_group(group: Group, time: HospitalTime) -> ColumnElement[bool]:
    parts = [_of_group(part, time) if isinstance(part, Group) else _of(part, time) for part in group.parts]
    if not parts:
        return true()
    joined = and_(*parts) if group.joined is Joined.ALL else or_(*parts)
    # an age that is not known is neither below nor above anything: the opposite holds for it
    return not_(func.coalesce(joined, false())) if group.is_not else joined


def _of(condition: Condition, time: HospitalTime) -> ColumnElement[bool]:
    field, operator, values = condition.field, condition.operator, condition.values
    kind = FIELDS[field][1]
    if kind is FieldKind.NUMBER:
        return _number(_NUMBERS[field](), condition)
    if field is Field.REPORTED:
        return _beside(operator, lambda asked: _reported(asked, condition, time))
    if kind is FieldKind.DAY:
        at = CaseRow.received_at if field is Field.RECEIVED else CaseRow.registered_at
        return _days(at, operator, condition, time)
    if field in _COLUMNS:
        return text_is(_COLUMNS[field], operator, values)
    if field in OF_REPORT:
        column = OF_REPORT[field]
        return _beside(operator, lambda asked: of_report(text_is(column, asked, values)))
    if field in (Field.LIBRARY, Field.STATE, Field.SEX):
        return _chosen(condition)
    return _beside(operator, lambda asked: _things(field, asked, values))


def _beside(operator: Operator, ask: Callable[[Operator], ColumnElement[bool]]) -> ColumnElement[bool]:
    positive = _NEGATIVE.get(operator)
    return not_(ask(positive)) if positive is not None else ask(operator)


def text_is(column: Any, operator: Operator, values: Sequence[str]) -> ColumnElement[bool]:
    """Compare a text; letters of either case are the same, spaces around the value do not count."""
    wanted = [one.strip() for one in values]
    if operator is _O.EMPTY:
        return func.coalesce(column, "") == ""
    if operator is _O.FILLED:
        return func.coalesce(column, "") != ""
    if operator is _O.ONE_OF:
        return or_(*(_text(column, one) for one in wanted))
    value = wanted[0]
    if operator is _O.CONTAINS:
        return holds(column, value)
    if operator is _O.LACKS:
        return not_(func.coalesce(column, "").icontains(value, autoescape=True))
    if operator is _O.BEGINS:
        begins: ColumnElement[bool] = column.istartswith(value, autoescape=True)
        return begins
    return _text(column, value) if operator is _O.IS else not_(_text(func.coalesce(column, ""), value))


def holds(column: Any, value: str) -> ColumnElement[bool]:
    """Whether a text contains another; letters of either case are the same. Chinese has no case: that is quicker."""
    has_case = value.lower() != value.upper()
    found: ColumnElement[bool] = (column.icontains if has_case else column.contains)(value, autoescape=True)
    return found


def _text(column: Any, value: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column) == value.lower()
    return found


def _chosen(condition: Condition) -> ColumnElement[bool]:
    field = condition.field
    values: Sequence[Any] = condition.values
    if field is Field.LIBRARY:
        if not all(one.isdecimal() and len(one) < 10 for one in condition.values):
            raise _wrong(condition, "病例库不存在，请重新选择。")
        values = [int(one) for one in condition.values]
    column: Any = {Field.LIBRARY: CaseRow.library_id, Field.STATE: CaseRow.state, Field.SEX: CaseRow.sex}[field]
    found: ColumnElement[bool] = column.in_(values)
    return not_(found) if condition.operator is _O.IS_NOT else found


def _number(column: Any, condition: Condition) -> ColumnElement[bool]:
    values = []
    for one in condition.values:
        try:
            values.append(float(one))
        except ValueError as error:
            raise _wrong(condition, f"“{FIELDS[condition.field][0].zh}”请填写数字。") from error
    if not all(abs(one) <= 1e9 for one in values):
        raise _wrong(condition, f"“{FIELDS[condition.field][0].zh}”请填写合理的数字。")
    if condition.operator is _O.IS:
        return and_(column >= values[0], column < values[0] + 1)
    low = values[0] if condition.operator in (_O.FROM, _O.BETWEEN) else None
    high = values[-1] if condition.operator in (_O.TO, _O.BETWEEN) else None
    # "at most 59 years" means everybody who is not 60 yet
    return and_(*([column >= low] if low is not None else []), *([column < high + 1] if high is not None else []))


def _days(column: Any, operator: Operator, condition: Condition, time: HospitalTime) -> ColumnElement[bool]:
    if operator is _O.FILLED:
        return and_(column.is_not(None))
    if operator is _O.EMPTY:
        return and_(column.is_(None))
    days = []
    for one in condition.values:
        try:
            days.append(date.fromisoformat(one.strip()))
            time.day_bounds(days[-1])
        except (ValueError, OverflowError) as error:
            raise _wrong(condition, f"“{FIELDS[condition.field][0].zh}”请填写日期，例如 2026-11-22。") from error
    if operator is _O.FROM:
        return and_(column >= time.day_bounds(days[0])[0])
    if operator is _O.TO:
        return and_(column < time.day_bounds(days[0])[1])
    if days[-1] < days[0]:
        raise _wrong(condition, "结束日期不能早于起始日期。")
    begin, end = time.day_bounds(days[0], days[-1])
    return and_(column >= begin, column < end)


def of_report(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the present text of a case's main report meets a condition."""
    return (
        select(literal(1))
        .select_from(Report)
        .join(ReportVersion, and_(ReportVersion.report_id == Report.id, ReportVersion.number == Report.text_number))
        .where(Report.case_id == CaseRow.id, Report.kind == ReportKind.MAIN.value, condition)
        .correlate(CaseRow)
        .exists()
    )


def _reported(operator: Operator, condition: Condition, time: HospitalTime) -> ColumnElement[bool]:
    at = _days(Report.audited_at, operator, condition, time)
    own = (Report.case_id == CaseRow.id, Report.kind == ReportKind.MAIN.value, Report.audited_at.is_not(None))
    return select(literal(1)).select_from(Report).where(*own, at).correlate(CaseRow).exists()


def _things(field: Field, operator: Operator, values: Sequence[str]) -> ColumnElement[bool]:
    """Whether some flag, code, block, slide or order of the case is so."""
    row, conditions = _thing(field, operator, values)
    has = select(literal(1)).select_from(row).where(row.case_id == CaseRow.id, *conditions)
    found: ColumnElement[bool] = has.correlate(CaseRow).exists()
    if field is Field.FLAG and CaseFlag.LOCKED.value in values:
        return or_(found, CaseRow.state.in_([one.value for one in LOCKED_STATES]))
    return found


def _thing(field: Field, operator: Operator, values: Sequence[str]) -> tuple[Any, tuple[ColumnElement[bool], ...]]:
    living_slide = SlideRow.state != SlideState.DELETED.value
    living_order = OrderRow.state != OrderState.DELETED.value
    if field is Field.FLAG:
        return FlagRow, (FlagRow.flag.in_(values),)
    if field is Field.CODE:
        return CodeRow, (or_(text_is(CodeRow.code, operator, values), text_is(CodeRow.meaning, operator, values)),)
    if field is Field.GROSSER:
        return BlockRow, (BlockRow.state != BlockState.DELETED.value, text_is(BlockRow.grosser, operator, values))
    if field is Field.STAIN:
        return SlideRow, (living_slide, text_is(SlideRow.stain, operator, values))
    if field is Field.GRADE:
        return SlideRow, (living_slide, SlideRow.grade.in_(values))
    if field is Field.MARKER:
        return OrderRow, (living_order, text_is(OrderRow.marker, operator, values))
    if field is Field.ORDER:
        return OrderRow, (living_order, OrderRow.kind.in_(values))
    return FlagRow, (false(),)


def blocks_of_case() -> Any:
    """How many living blocks a case has, as a column."""
    own = (BlockRow.case_id == CaseRow.id, BlockRow.state != BlockState.DELETED.value)
    return select(func.count()).select_from(BlockRow).where(*own).correlate(CaseRow).scalar_subquery()


def slides_of_case() -> Any:
    """How many living slides a case has, as a column."""
    own = (SlideRow.case_id == CaseRow.id, SlideRow.state != SlideState.DELETED.value)
    return select(func.count()).select_from(SlideRow).where(*own).correlate(CaseRow).scalar_subquery()


_NUMBERS: dict[Field, Callable[[], Any]] = {
    Field.AGE: lambda: CaseRow.age_years,
    Field.BLOCKS: blocks_of_case,
    Field.SLIDES: slides_of_case,
}

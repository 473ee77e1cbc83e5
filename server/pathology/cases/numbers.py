"""Case numbers: the coding rule without a database, and giving them out so that none is given twice."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.kernel.database import counters, next_number
from server.kernel.errors import Refusal, invalid
from server.pathology.cases.tables import LibraryRow, NumberRow
from shared.contract.errors import ErrorCode
from shared.contract.pathology import NumberAnswer, NumberGap, NumberingRule
from shared.domain.pathology import DatePart, ResetPeriod

MAX_GAPS = 10_000
CURRENT, FORMER, FREE, KEPT = "current", "former", "free", "kept"
_TYPED = re.compile(r"[A-Z0-9]{1,20}")
_PREFIX = re.compile(r"[A-Z0-9]{0,6}")
_FORMATS = {
    DatePart.NONE: "",
    DatePart.YY: "%y",
    DatePart.YYYY: "%Y",
    DatePart.YYMM: "%y%m",
    DatePart.YYYYMM: "%Y%m",
    DatePart.YYMMDD: "%y%m%d",
    DatePart.YYYYMMDD: "%Y%m%d",
}
_PERIODS = {ResetPeriod.NEVER: "", ResetPeriod.YEAR: "%Y", ResetPeriod.MONTH: "%Y%m", ResetPeriod.DAY: "%Y%m%d"}
_FINENESS = {
    DatePart.NONE: 0,
    DatePart.YY: 1,
    DatePart.YYYY: 1,
    DatePart.YYMM: 2,
    DatePart.YYYYMM: 2,
    DatePart.YYMMDD: 3,
    DatePart.YYYYMMDD: 3,
}
_NEEDED = {ResetPeriod.NEVER: 0, ResetPeriod.YEAR: 1, ResetPeriod.MONTH: 2, ResetPeriod.DAY: 3}


def check_rule(rule: NumberingRule) -> None:
    """Raise INVALID for a rule that cannot number: it would give the same numbers again after a reset."""
    if not _PREFIX.fullmatch(rule.prefix):
        raise invalid("entry.rule.prefix", "编号前缀最多 6 位，只能用大写字母和数字。")
    if not 1 <= rule.serial_width <= 8:
        raise invalid("entry.rule.serial_width", "流水号位数应为 1 到 8。")
    if _FINENESS[rule.date_part] < _NEEDED[rule.reset]:
        raise invalid("entry.rule.reset", "流水号重置得比编号中的日期更频繁，编号会重复，请改用更细的日期。")


def rule_of(row: LibraryRow) -> NumberingRule:
    """Return the rule of a library."""
    return NumberingRule(
        prefix=row.prefix,
        date_part=DatePart(row.date_part),
        serial_width=row.serial_width,
        reset=ResetPeriod(row.reset),
    )


def format_number(rule: NumberingRule, day: date, serial: int) -> str:
    """Return a number of the rule: prefix, date, serial."""
    return f"{rule.prefix}{day.strftime(_FORMATS[rule.date_part])}{serial:0{rule.serial_width}d}"


def typed_number(text: str) -> str:
    """Return a typed number as it is kept. Raises INVALID."""
    number = text.strip().upper()
    if not _TYPED.fullmatch(number):
        raise invalid("number", "病理号只能用字母和数字，最多 20 位。")
    return number


def next_free(session: Session, library: LibraryRow, day: date) -> str:
    """Return the number that `take_next` would give now."""
    rule = rule_of(library)
    value = session.execute(select(counters.c.value).where(counters.c.name == _counter(library, rule, day)))
    serial = int(value.scalar_one_or_none() or 0) + 1
    while session.get(NumberRow, number := format_number(rule, day, serial)) is not None:
        serial += 1
    return number


def take_next(session: Session, library: LibraryRow, day: date, case_id: int) -> str:
    """Give the next number of the library to a case, in the caller's transaction.

    The counter's row makes a second station wait until the first has committed; numbers typed by hand are passed over.
    """
    rule = rule_of(library)
    while True:
        serial = next_number(session, _counter(library, rule, day))
        number = format_number(rule, day, serial)
        if len(number) > 20:
            raise invalid("number", "按编码规则生成的病理号超过 20 位，请联系管理员修改病例库设置。")
        if _insert(session, number, case_id):
            return number


def take_typed(session: Session, number: str, case_id: int) -> None:
    """Give a typed number to a case. Raises DUPLICATE when another case has it, or its labels are in use."""
    if _insert(session, number, case_id):
        return
    freed = session.execute(
        update(NumberRow)
        .where(NumberRow.number == number, NumberRow.use == FREE)
        .values(case_id=case_id, use=CURRENT)
        .returning(NumberRow.number)
        .execution_options(synchronize_session=False)
    )
    if freed.scalar_one_or_none() is None:
        answer = check(session, number)
        raise Refusal(ErrorCode.DUPLICATE, answer.message, field="number", existing_id=answer.existing_id)


def check(session: Session, number: str) -> NumberAnswer:
    """Say whether a number may be given."""
    row = session.get(NumberRow, number, populate_existing=True)
    if row is None or row.use == FREE:
        return NumberAnswer(number=number, is_free=True)
    message = {
        CURRENT: f"病理号 {number} 已经登记，请核对后重新输入。",
        FORMER: f"病理号 {number} 曾用于一例已转存的病例，不能再用。",
        KEPT: f"病理号 {number} 的病例已删除，但已有蜡块或玻片使用该号，不能再用。",
    }[row.use]
    return NumberAnswer(number=number, is_free=False, message=message, existing_id=row.case_id)


def release(session: Session, number: str, *, keep: bool) -> None:
    """The case of a number was deleted; `keep` where its blocks or slides exist."""
    _set_use(session, number, KEPT if keep else FREE)


def make_former(session: Session, number: str) -> None:
    """The case of a number got another one; this one still leads to it."""
    _set_use(session, number, FORMER)


def former_numbers(session: Session, case_id: int) -> tuple[str, ...]:
    """Return the numbers that a case had before its present one."""
    found = session.scalars(
        select(NumberRow.number).where(NumberRow.case_id == case_id, NumberRow.use == FORMER).order_by(NumberRow.number)
    )
    return tuple(found)


def case_of(session: Session, number: str) -> int | None:
    """Return the case that a present or former number leads to."""
    found = session.execute(
        select(NumberRow.case_id).where(NumberRow.number == number, NumberRow.use.in_((CURRENT, FORMER)))
    )
    return found.scalar_one_or_none()


def gaps(session: Session, first: str, last: str) -> tuple[NumberGap, ...]:
    """Return the numbers from one to another that no case has (PA-NUM-05). Raises INVALID."""
    first, last = typed_number(first), typed_number(last)
    head, low, width = _split(first)
    other, high, other_width = _split(last)
    if head != other or width != other_width or high < low:
        raise invalid("last", "起止病理号的格式应相同，且终止号不小于起始号。")
    if high - low >= MAX_GAPS:
        raise invalid("last", f"一次最多查找 {MAX_GAPS} 个编号，请缩小范围。")
    rows = session.execute(
        select(NumberRow.number, NumberRow.use).where(NumberRow.number >= first, NumberRow.number <= last)
    )
    there: dict[str, str] = {number: use for number, use in rows}  # noqa: C416  rows are not pairs to mypy
    expected = (f"{head}{serial:0{width}d}" for serial in range(low, high + 1))
    return tuple(
        NumberGap(number=one, was_deleted=one in there, is_free=there.get(one, FREE) == FREE)
        for one in expected
        if there.get(one, FREE) in (FREE, KEPT)
    )


def _split(number: str) -> tuple[str, int, int]:
    """The digits that count are at most the last eight; what stands before them must be equal."""
    digits = re.search(r"[0-9]{1,8}$", number)
    if digits is None:
        raise invalid("first", "病理号应以数字结尾。")
    return number[: digits.start()], int(digits.group()), len(digits.group())


def _counter(library: LibraryRow, rule: NumberingRule, day: date) -> str:
    return f"pathology:{library.id}:{rule.prefix}:{rule.date_part}:{day.strftime(_PERIODS[rule.reset])}"


def _insert(session: Session, number: str, case_id: int) -> bool:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(NumberRow).values(number=number, case_id=case_id, use=CURRENT).on_conflict_do_nothing()
    return session.execute(statement.returning(NumberRow.number)).scalar_one_or_none() is not None


def _set_use(session: Session, number: str, use: str) -> None:
    session.execute(
        update(NumberRow)
        .where(NumberRow.number == number)
        .values(use=use)
        .execution_options(synchronize_session="fetch")
    )

"""What clerks type and read for ages and money, turned into dates and fen and back; knows no screen."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from clients.kit.translations import verbatim

YEARS, MONTHS, DAYS = verbatim("岁"), verbatim("月"), verbatim("天")
"""Units of ages in the data of the suite, in Chinese whatever the language of the screen."""
_UNITS = verbatim("岁|月|个月|周|天|日")
_WEEKS = (verbatim("周"), "w")
_AGE = re.compile(rf"^\s*(\d{{1,3}})\s*({_UNITS}|y|m|w|d)?\s*$", re.IGNORECASE)


def age_text(born: date, on: date) -> str:
    """The age on a day as the suite writes it in Chinese: 45岁, 7月 below two years, 12天 below one month."""
    if on < born:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if months >= 24:
        return f"{months // 12}{YEARS}"
    return f"{months}{MONTHS}" if months >= 1 else f"{(on - born).days}{DAYS}"


def birth_date_for(age: str, on: date) -> date | None:
    """The birth date that a typed age (45, 45岁, 7月, 3周, 12天) stands for; None if it is no age up to 150 years."""
    match = _AGE.match(age)
    if match is None:
        return None
    count, unit = int(match[1]), (match[2] or YEARS).lower()
    if unit in (YEARS, "y"):
        return _shifted(on, 12 * count) if count <= 150 else None
    if unit.endswith(MONTHS) or unit == "m":
        return _shifted(on, count)
    return on - timedelta(days=count * (7 if unit in _WEEKS else 1))


def _shifted(on: date, months: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, 28))


def yuan(fen: int) -> str:
    """Money with two decimals and thousands separators: 1,280.00."""
    return f"{Decimal(fen) / 100:,.2f}"


def fen_from(text: str) -> int | None:
    """The fen for typed yuan (￥ and separators allowed); None if it is no amount from 0 to 1,000,000 yuan."""
    plain = text.strip().lstrip("¥￥").replace(",", "").replace("，", "").strip()
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= 1_000_000:
        return None
    fen = amount * 100
    return int(fen) if fen == fen.to_integral_value() else None


def short_time(moment: datetime) -> str:
    """Day and clock in the desk's time; the year only when it is another one."""
    local = moment.astimezone()
    return local.strftime("%m-%d %H:%M" if local.year == datetime.now().astimezone().year else "%Y-%m-%d %H:%M")

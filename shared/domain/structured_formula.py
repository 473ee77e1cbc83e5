"""The small expression language of structured templates: numbers, comparisons, conditions; pure, no names from Python.

    round(ellipsoid(a, b, c) / 1000, 1)        volume of a gland from three diameters
    if(size >= 15, '4B', if(size >= 8, '4A', '3'))
    change(prior.size, size) > 20 and not has(signs, 'calcified')

Whatever is unknown makes arithmetic unknown (None) and comparisons untrue, so a half-filled form says nothing wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

Value = float | str | bool | date | frozenset[str] | tuple["Value", ...] | None
Names = Callable[[str], Value]
"""Gives the value of a name; None for what is unknown."""

LONGEST = 2000
_DEEPEST = 40


class FormulaError(ValueError):
    """An expression that cannot be read; the sentence (Chinese) says where and why."""


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression that was read. `names` are all it asks for."""

    source: str
    names: frozenset[str]
    _run: Callable[[Names], Value]

    def value(self, names: Names) -> Value:
        """Work it out; None when something it needs is unknown or the numbers go beyond all bounds."""
        try:
            found = self._run(names)
        except (OverflowError, ZeroDivisionError, TypeError, ValueError):
            return None
        if isinstance(found, float) and not math.isfinite(found):
            return None
        return found

    def is_true(self, names: Names) -> bool:
        """Say whether it holds; unknown does not."""
        return self.value(names) is True


@lru_cache(maxsize=2048)
def formula(source: str) -> Formula:
    """Read an expression. Raises FormulaError."""
    if len(source) > LONGEST:
        raise FormulaError(f"公式太长，最多 {LONGEST} 个字符。")
    reader = _Reader(source)
    run = reader.either()
    reader.expect_end()
    return Formula(source, frozenset(reader.names), run)


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)
  | (?P<text>'[^']*')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)
  | (?P<sign><=|>=|==|!=|[-+*/(),<>])
)""",
    re.VERBOSE,
)


def _tokens(source: str) -> list[tuple[str, str, int]]:
    found, at = [], 0
    end = len(source.rstrip())
    while at < end:
        match = _TOKEN.match(source, at)
        if match is None:
            raise FormulaError(f"公式第 {at + 1} 个字符处看不懂：{source[at : at + 10]}")
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind), match.start(kind)))
        at = match.end()
    return found


_Run = Callable[[Names], Value]


class _Reader:
    """Recursive descent: either → both → inverse → compared → added → multiplied → signed → atom."""

    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._at = 0
        self._depth = 0
        self.names: set[str] = set()

    def _peek(self) -> tuple[str, str]:
        if self._at < len(self._tokens):
            kind, text, _place = self._tokens[self._at]
            return kind, text
        return "end", ""

    def _next(self) -> tuple[str, str]:
        found = self._peek()
        self._at += 1
        return found

    def _takes(self, *words: str) -> str:
        kind, text = self._peek()
        if kind in ("sign", "name") and text in words:
            self._at += 1
            return text
        return ""

    def _wrong(self, wanted: str) -> FormulaError:
        place = self._tokens[self._at][2] + 1 if self._at < len(self._tokens) else 0
        where = f"第 {place} 个字符处" if place else "末尾"
        return FormulaError(f"公式{where}应为{wanted}。")

    def expect_end(self) -> None:
        if self._peek()[0] != "end":
            raise self._wrong("结尾")

    def either(self) -> _Run:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaError("公式嵌套太深。")
        left = self._both()
        while self._takes("or"):
            left = _either(left, self._both())
        self._depth -= 1
        return left

    def _both(self) -> _Run:
        left = self._inverse()
        while self._takes("and"):
            left = _both(left, self._inverse())
        return left

    def _inverse(self) -> _Run:
        inverse = False
        while self._takes("not"):
            inverse = not inverse
        inner = self._compared()
        return (lambda names: inner(names) is not True) if inverse else inner

    def _compared(self) -> _Run:
        left = self._added()
        sign = self._takes("<=", ">=", "==", "!=", "<", ">")
        return _compared(sign, left, self._added()) if sign else left

    def _added(self) -> _Run:
        left = self._multiplied()
        while sign := self._takes("+", "-"):
            left = _calculated(sign, left, self._multiplied())
        return left

    def _multiplied(self) -> _Run:
        left = self._signed()
        while sign := self._takes("*", "/"):
            left = _calculated(sign, left, self._signed())
        return left

    def _signed(self) -> _Run:
        minus = False
        while self._takes("-"):
            minus = not minus
        inner = self._atom()
        return _calculated("-", lambda _names: 0.0, inner) if minus else inner

    def _atom(self) -> _Run:
        kind, text = self._next()
        if kind == "number":
            number = float(text)
            return lambda _names: number
        if kind == "text":
            words = text[1:-1]
            return lambda _names: words
        if kind == "sign" and text == "(":
            inner = self.either()
            self._close()
            return inner
        if kind == "name" and text not in ("and", "or", "not"):
            if text in ("true", "false"):
                known = text == "true"
                return lambda _names: known
            return self._call(text) if self._takes("(") else self._name(text)
        self._at -= 1
        raise self._wrong("数字、名称或括号")

    def _name(self, name: str) -> _Run:
        self.names.add(name)
        return lambda names: names(name)

    def _call(self, name: str) -> _Run:
        function = FUNCTIONS.get(name)
        if function is None:
            raise FormulaError(f"没有这个函数：{name}。")
        arguments = []
        if not self._takes(")"):
            arguments.append(self.either())
            while self._takes(","):
                arguments.append(self.either())
            self._close()
        if not function.least <= len(arguments) <= function.most:
            raise FormulaError(f"函数 {name} 的参数个数不对。")
        work = function.work
        return lambda names: work([argument(names) for argument in arguments])

    def _close(self) -> None:
        if not self._takes(")"):
            raise self._wrong("右括号")


def _either(left: _Run, right: _Run) -> _Run:
    return lambda names: left(names) is True or right(names) is True


def _both(left: _Run, right: _Run) -> _Run:
    return lambda names: left(names) is True and right(names) is True


def _is_number(value: Value) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _compared(sign: str, left: _Run, right: _Run) -> _Run:
    def run(names: Names) -> Value:
        one, two = left(names), right(names)
        if one is None or two is None:
            return False
        if sign == "==":
            return one == two
        if sign == "!=":
            return one != two
        alike = (_is_number(one) and _is_number(two)) or (isinstance(one, date) and isinstance(two, date))
        if not alike:
            return False
        first, second = one, two
        return {
            "<": lambda: first < second,  # type: ignore[operator]  # both numbers or both days, checked above
            "<=": lambda: first <= second,  # type: ignore[operator]
            ">": lambda: first > second,  # type: ignore[operator]
            ">=": lambda: first >= second,  # type: ignore[operator]
        }[sign]()

    return run


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None


def _calculated(sign: str, left: _Run, right: _Run) -> _Run:
    def run(names: Names) -> Value:
        one, two = _number(left(names)), _number(right(names))
        if one is None or two is None:
            return None
        if sign == "+":
            return one + two
        if sign == "-":
            return one - two
        if sign == "*":
            return one * two
        return one / two

    return run


# ── functions ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Function:
    least: int
    most: int
    help: str
    work: Callable[[list[Value]], Value]


def _all_numbers(values: list[Value]) -> list[float]:
    """The known numbers among values and lists of values."""
    found: list[float] = []
    for value in values:
        if isinstance(value, tuple):
            found += _all_numbers(list(value))
        else:
            number = _number(value)
            if number is not None:
                found.append(number)
    return found


def _over_numbers(work: Callable[[list[float]], float]) -> Callable[[list[Value]], Value]:
    def run(values: list[Value]) -> Value:
        found = _all_numbers(values)
        return work(found) if found else None

    return run


def _of_numbers(work: Callable[..., float]) -> Callable[[list[Value]], Value]:
    def run(values: list[Value]) -> Value:
        found = [_number(value) for value in values]
        return None if None in found else work(*found)

    return run


def _ellipsoid(a: float, b: float, c: float) -> float:
    """Volume of an ellipsoid of three diameters: π/6·abc."""
    return math.pi / 6 * a * b * c


def _doubling(before: float, now: float, days: float) -> float:
    """Days in which a volume doubles, from two volumes and the days between: Δt·ln 2 / ln(V2/V1)."""
    return days * math.log(2) / math.log(now / before)


def _change(before: float, now: float) -> float:
    """Change in percent of the earlier value."""
    return (now - before) / before * 100


def _round(values: list[Value]) -> Value:
    number, digits = _number(values[0]), _number(values[1]) if len(values) > 1 else 0.0
    if number is None or digits is None:
        return None
    scale = 10.0 ** max(0, min(6, int(digits)))
    return math.floor(abs(number) * scale + 0.5) / scale * (1 if number >= 0 else -1)


def _choose(values: list[Value]) -> Value:
    return values[1] if values[0] is True else values[2]


def _has(values: list[Value]) -> Value:
    chosen = values[0]
    if isinstance(chosen, tuple):
        return any(_has([one, *values[1:]]) is True for one in chosen)
    if isinstance(chosen, str):
        return chosen in values[1:]
    return isinstance(chosen, frozenset) and any(one in chosen for one in values[1:])


def _known(values: list[Value]) -> Value:
    return all(value is not None and value not in (frozenset(), "") for value in values)


def _count(values: list[Value]) -> Value:
    value = values[0]
    if isinstance(value, tuple | frozenset):
        return float(len([one for one in value if one is not None]))
    return 0.0 if value is None else 1.0


def _days(values: list[Value]) -> Value:
    one, two = values
    return float((two - one).days) if isinstance(one, date) and isinstance(two, date) else None


def _first(values: list[Value]) -> Value:
    return next((value for value in values if value is not None), None)


_MANY = 40
FUNCTIONS: Mapping[str, _Function] = {
    "min": _Function(1, _MANY, "最小值", _over_numbers(min)),
    "max": _Function(1, _MANY, "最大值", _over_numbers(max)),
    "sum": _Function(1, _MANY, "总和", _over_numbers(sum)),
    "mean": _Function(1, _MANY, "平均值", _over_numbers(lambda found: sum(found) / len(found))),
    "count": _Function(1, 1, "个数", _count),
    "abs": _Function(1, 1, "绝对值", _of_numbers(abs)),
    "sqrt": _Function(1, 1, "平方根", _of_numbers(math.sqrt)),
    "round": _Function(1, 2, "四舍五入", _round),
    "ellipsoid": _Function(3, 3, "椭球体积", _of_numbers(_ellipsoid)),
    "doubling": _Function(3, 3, "倍增时间（天）", _of_numbers(_doubling)),
    "change": _Function(2, 2, "变化百分比", _of_numbers(_change)),
    "days": _Function(2, 2, "相差天数", _days),
    "if": _Function(3, 3, "条件", _choose),
    "has": _Function(2, _MANY, "选中了其中之一", _has),
    "known": _Function(1, _MANY, "都已填写", _known),
    "first": _Function(1, _MANY, "第一个已填写的值", _first),
}
"""Functions by name, with what they do (Chinese, for the template editor)."""

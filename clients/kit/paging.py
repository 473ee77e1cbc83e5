"""Lists as data: columns, row actions, pages and the source of rows; knows no Qt."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, Protocol, TypeVar

from clients.kit.states import StateLook

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class Align(enum.Enum):
    """Where a cell's text stands; figures stand right."""

    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


class ListDeclarationError(ValueError):
    """Columns or row actions are declared wrongly."""


@dataclass(frozen=True)
class Column:
    """One column. `title` is a Chinese source string, `width` in pixels (0 takes what is left over).

    `value` gets the row (default: the attribute named `key`); `format` makes the text. With `looks` the value is a
    state and is painted as a badge. `marks` gives further small badges in front of the text (emergency, arrears).
    `sort` False means that the source cannot order by this column; `quiet` is for secondary text. A `firm` column never
    gets narrower than declared: what it holds must be read whole.
    """

    key: str
    title: str
    width: int = 96
    align: Align = Align.LEFT
    value: Callable[[Any], object] | None = None
    format: Callable[[Any], str] | None = None
    looks: Mapping[str, StateLook] | None = None
    marks: Callable[[Any], Sequence[StateLook]] | None = None
    sort: bool = True
    visible: bool = True
    quiet: bool = False
    strong: bool = False
    firm: bool = False

    def raw(self, row: Any) -> Any:
        """The value of this column in `row`."""
        return self.value(row) if self.value is not None else getattr(row, self.key)

    def text(self, row: Any) -> str:
        """What stands in the cell."""
        value = self.raw(row)
        if self.format is not None:
            return self.format(value)
        return plain_text(value)


def plain_text(value: object) -> str:
    """The usual way to write a value: nothing for None, local times to the minute, dates as they are."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return local_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def local_time(value: datetime | None) -> str:
    """A moment (with zone) as the desk's local date and time to the minute; empty for None."""
    if value is None:
        return ""
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def local_clock(value: datetime | None) -> str:
    """A moment (with zone) as hours and minutes of the desk's local time; empty for None."""
    return local_time(value)[11:]


def _in_allowed(action_id: str) -> Callable[[Any], bool]:
    def rule(row: Any) -> bool:
        return action_id in row.allowed

    return rule


@dataclass(frozen=True)
class RowAction:
    """Something that can be done to a row, shown as a small button when allowed.

    `allowed` gets the row; by default the action's id must be in the row's `allowed`. The first actions of a list are
    drawn as icons as far as the column has room; all of them stand in the row's menu.
    """

    id: str
    text: str
    icon: str
    allowed: Callable[[Any], bool] | None = None
    danger: bool = False

    def is_allowed(self, row: Any) -> bool:
        """Say whether the action can be done to `row`."""
        return (self.allowed or _in_allowed(self.id))(row)


@dataclass(frozen=True)
class Sort:
    """The order of a list."""

    key: str
    descending: bool = False


@dataclass(frozen=True)
class PageRequest:
    """Rows `offset` to `offset + limit` in this order; `sort` None is the source's own order."""

    offset: int
    limit: int
    sort: Sort | None = None


@dataclass(frozen=True)
class PageOfRows(Generic[Row_co]):
    """What a source answers: the rows asked for, and how many there are in all."""

    rows: Sequence[Row_co]
    total: int


class RowSource(Protocol[Row_co]):
    """Gives pages of a list; called in a worker thread; may raise RpcError."""

    def __call__(self, request: PageRequest) -> PageOfRows[Row_co]:
        """Fetch one page (blocking)."""
        ...


@dataclass(frozen=True)
class EmptyWords:
    """What an empty list says, in Chinese source strings: why (title), what to do (hint), `action` for a button."""

    title: str = "暂无记录"
    hint: str = "调整上方的查询条件后再试。"
    glyph: str = "empty"
    action: str = ""


def check_columns(columns: Sequence[Column], actions: Sequence[RowAction]) -> None:
    """Raise ListDeclarationError if keys are used twice or no column is visible."""
    for what, keys in (("column", [c.key for c in columns]), ("row action", [a.id for a in actions])):
        double = {key for key in keys if keys.count(key) > 1}
        if double:
            raise ListDeclarationError(f"two {what}s have the key {double.pop()!r}")
    if not any(column.visible for column in columns):
        raise ListDeclarationError("no column is visible")

"""Form fields as data: what is asked, how it is checked, in words that say what to do; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clients.kit.translations import tr

Check = Callable[[Any], str]
"""Gets the value and returns a finished sentence (translated) if it is wrong, else an empty string."""


@dataclass(frozen=True)
class Choice:
    """One thing to choose: the stored value and the words shown; `translate=False` for data (names of rooms)."""

    value: Any
    text: str
    translate: bool = True

    def words(self) -> str:
        """The words in the language of the moment."""
        return tr(self.text) if self.translate else self.text


@dataclass(frozen=True, kw_only=True)
class Field:
    """What all fields have. `label` and `hint` are Chinese source strings; `span` counts the columns it takes."""

    key: str
    label: str
    required: bool = False
    hint: str = ""
    check: Check | None = None
    span: int = 1
    read_only: bool = False

    @property
    def empty(self) -> Any:
        """The value of the untouched field."""
        return ""

    def problem(self, value: Any) -> str:
        """What is wrong with `value`, as a sentence; empty if nothing is."""
        if self.required and (value is None or value == "" or (isinstance(value, str) and not value.strip())):
            return self.missing()
        if self.check is not None and value not in (None, ""):
            return self.check(value)
        return ""

    def missing(self) -> str:
        """What to say when a required value is missing."""
        return tr("请填写{label}", label=tr(self.label))


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """One line of text; surrounding space is cut off."""

    max_length: int = 64
    placeholder: str = ""
    initial: str = ""
    secret: bool = False

    @property
    def empty(self) -> str:
        return self.initial


@dataclass(frozen=True, kw_only=True)
class PromptField(TextField):
    """One line of text with a list of prompts that can be typed by pinyin initials; other text may be typed too.

    `source` gives the prompts of the moment (at once, from memory).
    """

    source: Callable[[], Sequence[Prompt]] = tuple


@dataclass(frozen=True, slots=True)
class Prompt:
    """One entry of a list of prompts: the words, and the menus that lead to it (empty for the first level)."""

    text: str
    path: tuple[str, ...] = ()
    code: str = ""
    """What may be typed for it beside pinyin initials; empty for only these."""


@dataclass(frozen=True, kw_only=True)
class LongTextField(Field):
    """Several lines of text."""

    lines: int = 3
    max_length: int = 4000
    span: int = 2


@dataclass(frozen=True, kw_only=True)
class NumberField(Field):
    """A number with its unit; the value is a float (an int when `decimals` is 0) or None."""

    unit: str = ""
    minimum: float = 0
    maximum: float = 1e9
    decimals: int = 0
    initial: float | None = None

    @property
    def empty(self) -> float | None:
        return self.initial

    def problem(self, value: Any) -> str:
        if value is not None and value != "" and not self.minimum <= value <= self.maximum:
            return tr(
                "{label}应在 {minimum} 到 {maximum} 之间",
                label=tr(self.label),
                minimum=_number(self.minimum),
                maximum=_number(self.maximum),
            )
        return super().problem(value)


@dataclass(frozen=True, kw_only=True)
class ChoiceField(Field):
    """One of several, found by typing words or pinyin initials; the value is the choice's value or None."""

    choices: Sequence[Choice] = ()
    initial: Any = None
    placeholder: str = "请选择"

    @property
    def empty(self) -> Any:
        return self.initial

    def missing(self) -> str:
        return tr("请选择{label}", label=tr(self.label))


@dataclass(frozen=True, kw_only=True)
class TicksField(Field):
    """Any number of several; the value is a tuple of the choices' values in the order of the choices."""

    choices: Sequence[Choice] = ()
    initial: Sequence[Any] = ()
    columns: int = 1
    nothing: str = ""  # what to say when there is nothing to choose from, Chinese source
    span: int = 2

    @property
    def empty(self) -> tuple[Any, ...]:
        return tuple(self.initial)

    def problem(self, value: Any) -> str:
        if self.required and not value:
            return tr("请选择{label}", label=tr(self.label))
        return super().problem(value)


@dataclass(frozen=True, kw_only=True)
class DateField(Field):
    """A day, typed as 2024-05-31 or 20240531 or chosen in the calendar; the value is a date or None."""

    earliest: date = date(1880, 1, 1)
    latest: date = date(2200, 1, 1)
    initial: date | None = None

    @property
    def empty(self) -> date | None:
        return self.initial

    def problem(self, value: Any) -> str:
        if isinstance(value, str) and value:
            return tr("请按 年-月-日 填写，例如 2024-05-31")
        if isinstance(value, date) and not self.earliest <= value <= self.latest:
            return tr("日期应在 {first} 到 {last} 之间", first=self.earliest.isoformat(), last=self.latest.isoformat())
        return super().problem(value)


@dataclass(frozen=True, kw_only=True)
class DateTimeField(Field):
    """A moment in the desk's local time; the value is an aware datetime or None."""

    initial: Callable[[], datetime] | None = None

    @property
    def empty(self) -> datetime | None:
        return self.initial() if self.initial is not None else None

    def problem(self, value: Any) -> str:
        if isinstance(value, str) and value:
            return tr("请按 年-月-日 时:分 填写，例如 2024-05-31 08:30")
        return super().problem(value)


@dataclass(frozen=True, kw_only=True)
class SwitchField(Field):
    """On or off; the value is a bool."""

    initial: bool = False

    @property
    def empty(self) -> bool:
        return self.initial


@dataclass(frozen=True)
class Section:
    """Fields that belong together under a heading (Chinese source; empty for no heading)."""

    title: str
    fields: Sequence[Field] = field(default_factory=tuple)


class FormDeclarationError(ValueError):
    """A form is declared wrongly."""


def check_form(sections: Sequence[Section]) -> None:
    """Raise FormDeclarationError if two fields share a key or a choice has no choices to choose from twice."""
    keys = [item.key for section in sections for item in section.fields]
    double = {key for key in keys if keys.count(key) > 1}
    if double:
        raise FormDeclarationError(f"two fields have the key {double.pop()!r}")


def parse_date(text: str) -> date | None:
    """Read 2024-05-31, 2024/5/31, 2024.5.31 or 20240531; None if it is no day of the calendar."""
    clean = text.strip().replace("/", "-").replace(".", "-")
    if len(clean) == 8 and clean.isdigit():
        clean = f"{clean[:4]}-{clean[4:6]}-{clean[6:]}"
    parts = clean.split("-")
    if len(parts) != 3 or not all(p.isdigit() for p in parts) or len(parts[0]) != 4:
        return None
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def parse_moment(text: str) -> datetime | None:
    """Read a day followed by 08:30, 8:30 or 0830 as local time; None if it is no moment."""
    day_text, _, clock = text.strip().partition(" ")
    day = parse_date(day_text)
    clock = clock.strip().replace("：", ":")
    if day is None or not clock:
        return None
    if ":" not in clock and len(clock) == 4:
        clock = f"{clock[:2]}:{clock[2:]}"
    hours, _, minutes = clock.partition(":")
    if not (hours.isdigit() and minutes.isdigit()) or int(hours) > 23 or int(minutes) > 59:
        return None
    return datetime(day.year, day.month, day.day, int(hours), int(minutes)).astimezone()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)

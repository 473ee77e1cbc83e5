"""The tree of a template. Places in the source are kept beside each node and do not count when trees are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Plain characters in their original width, escapes already taken away."""

    value: str
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class PlainParen:
    """Parentheses without a semicolon outside braces: plain text with its own marks (PA-TPL-21)."""

    opening: str
    value: str
    closing: str
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Multi:
    """`[a；b；c]`: any of the options; a single option is an optional phrase."""

    options: tuple[str, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Single:
    """`（a；b）`: exactly one of the options."""

    options: tuple[str, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a number in a numeric item; `preset` is empty or a number or range."""

    preset: str = ""
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Numeric:
    """`{ … （ ） … }`: words and one or more slots, which stand or vanish together."""

    parts: tuple[str | Slot, ...]
    column: int = field(default=1, compare=False)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots in their order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    @property
    def words(self) -> str:
        """The text of the item without its numbers, such as its unit."""
        return "".join(part for part in self.parts if isinstance(part, str))


Asking: TypeAlias = Multi | Single | Numeric
Element: TypeAlias = Text | PlainParen | Asking


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence segment (句段); `number` counts from 1."""

    elements: tuple[Element, ...]
    number: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Template:
    """All sentence segments in order; never empty (an empty text is one empty line)."""

    lines: tuple[Line, ...]


def asking(line: Line) -> tuple[Asking, ...]:
    """Return the elements of a line that ask for an answer, in order."""
    return tuple(one for one in line.elements if isinstance(one, (Multi, Single, Numeric)))

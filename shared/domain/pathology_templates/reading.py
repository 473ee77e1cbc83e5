"""Reading a template: one pass with a stack per line, so that any text is read in linear time and without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.pathology_templates.model import (
    Element,
    Line,
    Multi,
    Numeric,
    PlainParen,
    Single,
    Slot,
    Template,
    Text,
)
from shared.domain.pathology_templates.numbers import BLANKS, is_number

MOST_ISSUES = 1000
"""Issues that are listed; the rest is only counted, so that a hostile text cannot fill the memory."""

_FOLDED = {"（": "(", "）": ")", "［": "[", "］": "]", "｛": "{", "｝": "}", "；": ";"}
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_MARKS = re.escape("()[]{};") + "".join(_FOLDED)
_TOKEN = re.compile(rf"\\([{_MARKS}\\])|\\|[{_MARKS}]")
LINE_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
"""A line break of any convention (Unicode 5.8, Newline Guidelines)."""


class IssueCode(StrEnum):
    """What 检验报告 can find; E9 is a backslash that the grammar has no place for."""

    UNCLOSED = "E1"
    UNOPENED = "E2"
    NESTED = "E3"
    NO_SLOT = "E4"
    EMPTY_OPTION = "E5"
    SEMICOLON = "E6"
    PRESET = "E7"
    TOUCHING = "E8"
    BACKSLASH = "E9"

    @property
    def is_warning(self) -> bool:
        """Whether the template may be used all the same."""
        return self in _WARNINGS


_WARNINGS = frozenset({IssueCode.SEMICOLON, IssueCode.TOUCHING})


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One finding, at a line and a column counted from 1 in characters."""

    line: int
    column: int
    code: IssueCode


@dataclass(frozen=True, slots=True)
class Reading:
    """A template, or None with errors; the first issues in the order of the text, and how many there are."""

    template: Template | None
    issues: tuple[Issue, ...] = ()
    errors_found: int = 0
    warnings_found: int = 0

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that forbid the use."""
        return tuple(issue for issue in self.issues if not issue.code.is_warning)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """The issues that do not."""
        return tuple(issue for issue in self.issues if issue.code.is_warning)

    @property
    def usable(self) -> bool:
        """Whether the text obeys the grammar."""
        return self.template is not None


class TemplateRefused(ValueError):
    """The text does not obey the grammar; `issues` says where."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        first = issues[0]
        super().__init__(f"line {first.line} column {first.column}: {first.code}")
        self.issues = issues


def parse(text: str) -> Template:
    """Return the tree of a text. Raises TemplateRefused with line and column of each error."""
    reading = read(text)
    if reading.template is None:
        raise TemplateRefused(reading.errors)
    return reading.template


def read(text: str) -> Reading:
    """Return the tree of a text and what the check finds; any text is answered, none raises."""
    findings = _Findings()
    lines = tuple(
        Line(_LineReader(number, source, findings).elements(), number)
        for number, source in enumerate(LINE_BREAK.split(text), 1)
    )
    template = None if findings.errors else Template(lines)
    return Reading(template, tuple(sorted(findings.kept)), findings.errors, findings.warnings)


@dataclass(slots=True)
class _Findings:
    """Issues are counted, and kept while there is room; errors have room of their own, so one is always named."""

    kept: list[Issue] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0

    def add(self, line: int, column: int, code: IssueCode) -> None:
        if code in _WARNINGS:
            self.warnings += 1
            count = self.warnings
        else:
            self.errors += 1
            count = self.errors
        if count <= MOST_ISSUES // 2:
            self.kept.append(Issue(line, column, code))


@dataclass(slots=True)
class _Nested:
    """A mark where the grammar has none: only its end is looked for. Small, a hostile text may open a million."""

    mark: str
    column: int


@dataclass(slots=True)
class _Open:
    """A choice, parentheses, or a slot that waits for its closing mark."""

    mark: str
    source: str
    column: int
    options: list[list[str]] = field(default_factory=lambda: [[]])  # the text cut at semicolons
    ends: list[int] = field(default_factory=list)  # columns of the semicolons
    filled: set[int] = field(default_factory=set)  # options that hold something other than text


@dataclass(slots=True)
class _Braces:
    """A numeric item that waits for its closing mark."""

    column: int
    words: list[str] = field(default_factory=list)  # since the last slot
    parts: list[str | Slot] = field(default_factory=list)
    has_slot: bool = False
    mark: str = "{"

    def end_words(self) -> None:
        if self.words:
            self.parts.append("".join(self.words))
            self.words = []


class _LineReader:
    def __init__(self, number: int, source: str, findings: _Findings) -> None:
        self._number = number
        self._source = source
        self._findings = findings
        self._stack: list[_Open | _Braces | _Nested] = []
        self._open_marks = dict.fromkeys(_OPENING, 0)
        self._elements: list[Element] = []
        self._words: list[str] = []
        self._words_column = 1

    def elements(self) -> tuple[Element, ...]:
        """Read the line; the elements are complete only if no error was found."""
        for column, token, text in _tokens(self._source):
            if token == "text":
                self._text(column, text)
            elif token == "\\":
                self._report(IssueCode.BACKSLASH, column)
            elif token == ";":
                self._semicolon(column, text)
            elif token in _OPENING:
                self._opened(column, token, text)
            else:
                self._closed(column, token, text)
        for left in self._stack:
            self._report(IssueCode.UNCLOSED, left.column)
        self._end_words()
        return tuple(self._elements)

    def _report(self, code: IssueCode, column: int) -> None:
        self._findings.add(self._number, column, code)

    def _text(self, column: int, text: str) -> None:
        top = self._stack[-1] if self._stack else None
        if isinstance(top, _Open):
            top.options[-1].append(text)
        elif isinstance(top, _Braces):
            top.words.append(text)
        elif top is None:
            if not self._words:
                self._words_column = column
            self._words.append(text)

    def _end_words(self) -> None:
        if self._words:
            self._elements.append(Text("".join(self._words), self._words_column))
            self._words = []

    def _semicolon(self, column: int, text: str) -> None:
        top = self._stack[-1] if self._stack else None
        if isinstance(top, _Open):
            top.ends.append(column)
            top.options.append([])
        elif top is None or isinstance(top, _Braces):
            self._report(IssueCode.SEMICOLON, column)
            self._text(column, text)

    def _opened(self, column: int, mark: str, source: str) -> None:
        self._open_marks[mark] += 1
        top = self._stack[-1] if self._stack else None
        if top is None:
            self._end_words()
            self._stack.append(_Braces(column) if mark == "{" else _Open(mark, source, column))
        elif isinstance(top, _Braces) and mark == "(":
            top.end_words()
            top.has_slot = True
            self._stack.append(_Open(mark, source, column))
        else:
            if isinstance(top, _Open):
                top.filled.add(len(top.options) - 1)
            if not (isinstance(top, _Nested) and top.mark == "{" and mark == "("):  # a slot of a nested item
                self._report(IssueCode.NESTED, column)
            self._stack.append(_Nested(mark, column))

    def _closed(self, column: int, mark: str, source: str) -> None:
        opening = _CLOSING[mark]
        if not self._open_marks[opening]:
            self._report(IssueCode.UNOPENED, column)
            top = self._stack[-1] if self._stack else None
            if isinstance(top, _Open):
                top.filled.add(len(top.options) - 1)
            return
        while True:
            ended = self._stack.pop()
            self._open_marks[ended.mark] -= 1
            if ended.mark == opening:
                break
            self._report(IssueCode.UNCLOSED, ended.column)
        if isinstance(ended, _Braces):
            self._end_numeric(ended)
        elif isinstance(ended, _Open):
            braces = self._stack[-1] if self._stack else None
            if isinstance(braces, _Braces):
                self._end_slot(ended, braces)
            else:
                self._end_choice(ended, column, source)

    def _end_slot(self, slot: _Open, braces: _Braces) -> None:
        content = ";".join("".join(option) for option in slot.options)
        preset = content.strip(BLANKS)
        if preset and not slot.filled and not is_number(preset):
            start = len(content) - len(content.lstrip(BLANKS))
            self._report(IssueCode.PRESET, slot.column + 1 + start)
        if braces.parts and isinstance(braces.parts[-1], Slot):
            self._report(IssueCode.TOUCHING, slot.column)
        braces.parts.append(Slot(preset, slot.column))

    def _end_choice(self, opened: _Open, column: int, source: str) -> None:
        options = tuple("".join(option) for option in opened.options)
        if opened.mark == "(" and len(options) == 1:
            self._elements.append(PlainParen(opened.source, options[0], source, opened.column))
            return
        for index, (option, end) in enumerate(zip(options, [*opened.ends, column], strict=True)):
            if not option and index not in opened.filled:
                self._report(IssueCode.EMPTY_OPTION, end)
        kind = Multi if opened.mark == "[" else Single
        self._elements.append(kind(options, opened.column))

    def _end_numeric(self, braces: _Braces) -> None:
        braces.end_words()
        if not braces.has_slot:
            self._report(IssueCode.NO_SLOT, braces.column)
        before = self._elements[-1] if self._elements else None
        first = braces.parts[0] if braces.parts else None
        last = before.parts[-1] if isinstance(before, Numeric) and before.parts else None
        if isinstance(first, Slot) and isinstance(last, Slot):
            self._report(IssueCode.TOUCHING, first.column)
        self._elements.append(Numeric(tuple(braces.parts), braces.column))


def _tokens(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield (column from 1, kind, characters): text, a folded mark, or a lone backslash. Escaped marks are text."""
    start = 0
    for match in _TOKEN.finditer(source):
        if match.start() > start:
            yield start + 1, "text", source[start : match.start()]
        found = match.group()
        if match.group(1) is not None:
            yield match.start() + 1, "text", match.group(1)
        else:
            yield match.start() + 1, _FOLDED.get(found, found), found
        start = match.end()
    if start < len(source):
        yield start + 1, "text", source[start:]

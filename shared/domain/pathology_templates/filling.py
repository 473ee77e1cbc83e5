"""From answers to text: what is taken, what vanishes, what the doctor has to confirm (PA-TPL-16, 19, 20, 22 to 25)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from shared.domain.pathology_templates.model import (
    Asking,
    Element,
    Line,
    Multi,
    Numeric,
    PlainParen,
    Single,
    Slot,
    Template,
    Text,
    asking,
)
from shared.domain.pathology_templates.numbers import BLANKS, is_number
from shared.domain.pathology_templates.printing import print_element

JOIN = "、"
"""Between the taken options of a multiple choice (PA-TPL-19)."""
CONNECTORS = frozenset("×xX*~/＊～／ｘＸ")
"""Single characters that join numeric items to a chain (PA-TPL-20), full-width forms included."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one element.

    `options` are the taken options of a choice, counted from 0. `values` has one entry for each slot of a numeric
    item: None is an untouched slot (its preset counts), an empty text a cleared one, otherwise the number as typed.
    """

    options: tuple[int, ...] = ()
    values: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class LineAnswers:
    """Whether a sentence is taken, and the answers to its asking elements in order; missing ones are untouched."""

    taken: bool = False
    answers: tuple[Answer, ...] = ()


class ProblemKind(StrEnum):
    """Why a text cannot be completed yet."""

    UNANSWERED = "unanswered"  # a single choice was not touched
    PARTLY = "partly"  # some slots of one item are empty
    NOT_A_NUMBER = "not_a_number"
    NO_SUCH_OPTION = "no_such_option"
    TOO_MANY = "too_many"  # answers, values or options


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What blocks, at a line and column counted from 1; `detail` is what was given."""

    line: int
    column: int
    kind: ProblemKind
    detail: str = ""


class WarningKind(StrEnum):
    """What the doctor confirms before the text is taken over (PA-TPL-25)."""

    DIMENSION_LOST = "dimension_lost"
    UNIT_LOST = "unit_lost"
    RUN_TOGETHER = "run_together"  # digits of two items touch


@dataclass(frozen=True, slots=True, order=True)
class Warned:
    """What to confirm, at a line and column counted from 1; `detail` is the lost unit."""

    line: int
    column: int
    kind: WarningKind
    detail: str = ""


class FillRefused(ValueError):
    """The text is not complete; `problems` says what is missing and where."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(f"line {first.line} column {first.column}: {first.kind}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class FilledLine:
    """One sentence as far as it is answered. With problems its text shows the open elements as they are written.

    `is_dropped`: nothing is left of it, so its line break goes too (PA-TPL-23).
    """

    number: int
    text: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Warned, ...] = ()

    @property
    def is_dropped(self) -> bool:
        """Whether no element left a character."""
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class Filled:
    """The finished text, lines divided by a line feed; warnings are to be confirmed first."""

    text: str
    warnings: tuple[Warned, ...] = ()


_Pieces: TypeAlias = list[str | None]
"""What each element of a line gives; None: it vanished."""


def fill(template: Template, answers: Sequence[LineAnswers], join: str = JOIN) -> Filled:
    """Return the text of the taken sentences; lines without an answer are not taken. Raises FillRefused."""
    filled = [
        fill_line(line, given, join)
        for line, given in zip(template.lines, answers, strict=False)
        if given.taken  # a template may have more lines than the answers speak of
    ]
    problems = tuple(problem for line in filled for problem in line.problems)
    surplus = answers[len(template.lines) :]
    if any(given.taken for given in surplus):
        problems += (Problem(len(template.lines) + 1, 1, ProblemKind.TOO_MANY, str(len(answers))),)
    if problems:
        raise FillRefused(problems)
    warnings = tuple(warning for line in filled for warning in line.warnings)
    return Filled("\n".join(line.text for line in filled if not line.is_dropped), warnings)


def fill_line(line: Line, given: LineAnswers, join: str = JOIN) -> FilledLine:
    """Return one sentence with the answers that are there; what is missing is named and shown as written."""
    return _LineFiller(line, given, join).filled()


@dataclass(slots=True)
class _LineFiller:
    line: Line
    given: LineAnswers
    join: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    def filled(self) -> FilledLine:
        asked = asking(self.line)
        if len(self.given.answers) > len(asked):
            self._problem(1, ProblemKind.TOO_MANY, str(len(self.given.answers)))
        answers = iter(self.given.answers)
        pieces: _Pieces = [self._piece(element, answers) for element in self.line.elements]
        self._settle_chains(pieces)
        self._warn_of_touching(pieces)
        text = "".join(piece for piece in pieces if piece)
        return FilledLine(self.line.number, text, tuple(sorted(self.problems)), tuple(sorted(self.warnings)))

    def _problem(self, column: int, kind: ProblemKind, detail: str = "") -> None:
        self.problems.append(Problem(self.line.number, column, kind, detail))

    def _piece(self, element: Element, answers: Iterator[Answer]) -> str | None:
        if isinstance(element, Text):
            return element.value
        if isinstance(element, PlainParen):
            return f"{element.opening}{element.value}{element.closing}"
        answer = next(answers, Answer())
        if isinstance(element, Numeric):
            return self._numeric(element, answer)
        return self._choice(element, answer)

    def _choice(self, element: Multi | Single, answer: Answer) -> str | None:
        wrong = [index for index in answer.options if not 0 <= index < len(element.options)]
        if wrong:
            self._problem(element.column, ProblemKind.NO_SUCH_OPTION, str(wrong[0] + 1))
            return print_element(element)
        if answer.values:
            self._problem(element.column, ProblemKind.TOO_MANY, str(len(answer.values)))
        taken = [element.options[index] for index in sorted(set(answer.options))]
        if isinstance(element, Multi):
            return self.join.join(taken) if taken else None
        if not taken:
            self._problem(element.column, ProblemKind.UNANSWERED)
        elif len(taken) > 1:
            self._problem(element.column, ProblemKind.TOO_MANY, str(len(taken)))
        return taken[0] if len(taken) == 1 else print_element(element)

    def _numeric(self, element: Numeric, answer: Answer) -> str | None:
        slots = element.slots
        if len(answer.values) > len(slots) or answer.options:
            self._problem(element.column, ProblemKind.TOO_MANY, str(max(len(answer.values), len(answer.options))))
            return print_element(element)
        given = answer.values + (None,) * (len(slots) - len(answer.values))
        values = [_value(slot, value) for slot, value in zip(slots, given, strict=True)]
        if not any(values):
            return None
        before = len(self.problems)
        for slot, value in zip(slots, values, strict=True):
            if not value:
                self._problem(slot.column, ProblemKind.PARTLY)
            elif not is_number(value):
                self._problem(slot.column, ProblemKind.NOT_A_NUMBER, value)
        if len(self.problems) > before:
            return print_element(element)
        numbers = iter(values)
        return "".join(next(numbers) if isinstance(part, Slot) else part for part in element.parts)

    def _settle_chains(self, pieces: _Pieces) -> None:
        """Each surviving item but the first keeps the connector before it; every other connector goes."""
        for chain in _chains(self.line):
            survivors = [index for index in chain if pieces[index] is not None]
            for index in chain[1:]:
                if pieces[index] is None or index == survivors[0]:
                    pieces[index - 1] = None
            if survivors:
                self._warn_of_lost([index for index in chain if pieces[index] is None], survivors)

    def _warn_of_lost(self, lost: list[int], survivors: list[int]) -> None:
        kept = {self._item(index).words.strip() for index in survivors}
        for index in lost:
            item = self._item(index)
            unit = item.words.strip()
            kind = WarningKind.UNIT_LOST if unit and unit not in kept else WarningKind.DIMENSION_LOST
            detail = unit if kind is WarningKind.UNIT_LOST else ""
            self.warnings.append(Warned(self.line.number, item.column, kind, detail))

    def _warn_of_touching(self, pieces: _Pieces) -> None:
        """Digits of two items must not make one number, whatever vanished between them."""
        before: str | None = None
        for index, piece in enumerate(pieces):
            if not piece:
                continue
            is_item = isinstance(self.line.elements[index], Numeric)
            if is_item and before is not None and before[-1] in _DIGITS and piece[0] in _DIGITS:
                place = self.line.elements[index].column
                self.warnings.append(Warned(self.line.number, place, WarningKind.RUN_TOGETHER))
            before = piece if is_item else None

    def _item(self, index: int) -> Numeric:
        item = self.line.elements[index]
        assert isinstance(item, Numeric)
        return item


_DIGITS = frozenset("0123456789.")


def _value(slot: Slot, given: str | None) -> str:
    return (slot.preset if given is None else given).strip(BLANKS)


def _chains(line: Line) -> list[list[int]]:
    """Return the chains of two and more items: indexes of numeric items with one connector between neighbours."""
    chains: list[list[int]] = []
    elements = line.elements
    for index, element in enumerate(elements):
        if not isinstance(element, Numeric):
            continue
        if chains and chains[-1][-1] == index - 2 and _is_connector(elements[index - 1]):
            chains[-1].append(index)
        else:
            chains.append([index])
    return [chain for chain in chains if len(chain) > 1]


def _is_connector(element: Element) -> bool:
    return isinstance(element, Text) and element.value.strip(BLANKS) in CONNECTORS


def is_untouched(element: Asking, answer: Answer) -> bool:
    """Whether the answer still has to be given: a single choice without an option."""
    return isinstance(element, Single) and not answer.options

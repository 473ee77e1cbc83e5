"""Answers as a script writes them (JSON) → the answers of the filler. The format stands in `FORMAT`."""

from __future__ import annotations

import json
from typing import Any

from shared.domain.pathology_templates.filling import Answer, FillRefused, LineAnswers, Problem, ProblemKind
from shared.domain.pathology_templates.model import Asking, Line, Multi, Numeric, Single, Template, asking

FORMAT = """\
Answers are JSON: a list with one entry for each line of the template, or {"lines": [...], "join": "、"}.

  an entry      false or null        the sentence is not taken (as are lines after the last entry)
                true                 taken, every element untouched
                [answer, ...]        taken, one answer for each element that asks, from left to right
                {"taken": true, "answers": [...]}    the same in words
  [a；b；c]      [1, 3] or ["a", "c"]   option numbers from 1 or the texts themselves; [] or null: none;
                                     options appear in the order of the template
  （a；b）        2 or "b"             one option; null or nothing: untouched, which blocks the text
  {（2.0）cm}     3 or "3" or "1.5-2"  the number as it shall be printed ("1.50" stays 1.50)
                null                 Enter without typing: a preset is accepted, an empty slot makes the item vanish
                ""                   the preset was cleared: the item vanishes
                [3, 2, null]         one entry for each slot of an item with several slots

Example: template  送检（胃窦；胃体）黏膜{（ ）块}。   answers  [["胃窦", 4]]   text  送检胃窦黏膜4块。
"""
MOST_CHARACTERS = 16 * 1024 * 1024
"""Of an answer file."""


class AnswersRefused(ValueError):
    """The answers are no JSON or have another shape; the sentence says where."""


class _JsonNumber(str):
    """A number as it was written, so that 1.50 stays 1.50."""

    __slots__ = ()


def answers_from(template: Template, text: str) -> tuple[tuple[LineAnswers, ...], str | None]:
    """Return the answers of a JSON text, and its join mark if it names one.

    Raises AnswersRefused for another shape and FillRefused where an answer does not fit its element.
    """
    if len(text) > MOST_CHARACTERS:
        raise AnswersRefused(f"the answers are longer than {MOST_CHARACTERS} characters")
    try:
        given = json.loads(text, parse_int=_JsonNumber, parse_float=_JsonNumber, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise AnswersRefused(f"the answers are no JSON: {error}") from None
    lines, join = _entries(given)
    if len(lines) > len(template.lines):
        raise AnswersRefused(f"there are {len(lines)} entries for {len(template.lines)} lines")
    found: list[LineAnswers] = []
    problems: list[Problem] = []
    for line, entry in zip(template.lines, lines, strict=False):
        found.append(_line(line, entry, problems))
    if problems:
        raise FillRefused(tuple(problems))
    return tuple(found), join


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _entries(given: Any) -> tuple[list[Any], str | None]:
    join = None
    if isinstance(given, dict):
        unknown = set(given) - {"lines", "join"}
        if unknown:
            raise AnswersRefused(f"unknown name {sorted(unknown)[0]!r}; known are lines and join")
        join = given.get("join")
        if join is not None and (not isinstance(join, str) or isinstance(join, _JsonNumber)):
            raise AnswersRefused("join must be a text")
        given = given.get("lines")
    if not isinstance(given, list):
        raise AnswersRefused("the answers must be a list with one entry for each line")
    return given, join


def _line(line: Line, entry: Any, problems: list[Problem]) -> LineAnswers:
    taken: Any = True
    answers: Any = entry
    if isinstance(entry, dict):
        unknown = set(entry) - {"taken", "answers"}
        if unknown:
            raise AnswersRefused(f"line {line.number}: unknown name {sorted(unknown)[0]!r}")
        taken, answers = entry.get("taken", True), entry.get("answers")
    elif entry is None or isinstance(entry, bool):
        taken, answers = bool(entry), []
    answers = [] if answers is None else answers
    if not isinstance(taken, bool) or not isinstance(answers, list):
        raise AnswersRefused(f"line {line.number}: an entry is true, false, a list of answers, or an object")
    if not taken:
        return LineAnswers()
    asked = asking(line)
    if len(answers) > len(asked):
        raise AnswersRefused(f"line {line.number}: {len(answers)} answers for {len(asked)} elements that ask")
    read = (_answer(line, element, one, problems) for element, one in zip(asked, answers, strict=False))
    return LineAnswers(True, tuple(read))


def _answer(line: Line, element: Asking, given: Any, problems: list[Problem]) -> Answer:
    if isinstance(element, Numeric):
        return _numeric(line, element, given)
    many = given if isinstance(given, list) else [] if given is None or given == "" else [given]
    if isinstance(element, Single) and len(many) > 1:
        problems.append(Problem(line.number, element.column, ProblemKind.TOO_MANY, str(len(many))))
        return Answer()
    found: list[int] = []
    for one in many:
        index = _option(element, one)
        if index is None:
            problems.append(Problem(line.number, element.column, ProblemKind.NO_SUCH_OPTION, _shown(one)))
        else:
            found.append(index)
    return Answer(options=tuple(found))


def _option(element: Multi | Single, given: Any) -> int | None:
    if isinstance(given, _JsonNumber):
        if not given.isascii() or not given.isdigit() or len(given) > 9:
            return None
        return int(given) - 1 if 1 <= int(given) <= len(element.options) else None
    if isinstance(given, str) and given in element.options:
        return element.options.index(given)
    return None


def _numeric(line: Line, element: Numeric, given: Any) -> Answer:
    values = given if isinstance(given, list) else [given]
    if len(values) > len(element.slots):
        raise AnswersRefused(
            f"line {line.number} column {element.column}: {len(values)} values for {len(element.slots)} slots"
        )
    for value in values:
        if value is not None and not isinstance(value, str):
            raise AnswersRefused(f"line {line.number} column {element.column}: a value is a number, a text or null")
    return Answer(values=tuple(None if value is None else str(value) for value in values))


def _shown(given: Any) -> str:
    return str(given)[:60] if isinstance(given, str) else json.dumps(given, ensure_ascii=False)[:60]

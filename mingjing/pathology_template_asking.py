"""Answers asked at a terminal, sentence by sentence."""

from __future__ import annotations

import sys

from shared.domain import pathology_templates as language
from shared.domain.pathology_templates.model import Asking


class Stopped(Exception):
    """The user ended the questions."""


def ask_answers(template: language.Template) -> tuple[language.LineAnswers, ...]:
    """Ask for every sentence whether it is taken, then for its elements; asks again until the line is complete.

    A warning that is not confirmed asks the sentence again. Raises Stopped at the end of input and on Ctrl+C.
    """
    try:
        return tuple(_line(line) for line in template.lines)
    except (EOFError, KeyboardInterrupt):
        raise Stopped from None


def _line(line: language.Line) -> language.LineAnswers:
    source = language.print_line(line)
    if not source.strip():
        return language.LineAnswers()
    _tell(f"\n{line.number}: {source}")
    if _prompt("  take this sentence? [Y/n] ").lower() in ("n", "no"):
        return language.LineAnswers()
    while True:
        answers = language.LineAnswers(True, tuple(_element(element) for element in language.asking(line)))
        filled = language.fill_line(line, answers)
        for problem in filled.problems:
            _tell(f"  column {problem.column}: {language.problem_reason(problem, english=True)}")
        if filled.problems:
            continue
        _tell(f"  = {filled.text}")
        for warning in filled.warnings:
            _tell(f"  column {warning.column}: {language.warning_reason(warning, english=True)}")
        if not filled.warnings or _prompt("  take it all the same? [y/N] ").lower() in ("y", "yes"):
            return answers


def _element(element: Asking) -> language.Answer:
    if isinstance(element, language.Numeric):
        return language.Answer(values=tuple(_slot(element, slot) for slot in element.slots))
    for number, option in enumerate(element.options, 1):
        _tell(f"    {number}  {option}")
    many = isinstance(element, language.Multi)
    while True:
        given = _prompt("  numbers, blanks between: " if many else "  number: ").replace(",", " ").split()
        if all(one.isascii() and one.isdigit() and len(one) < 10 and int(one) > 0 for one in given):
            return language.Answer(options=tuple(int(one) - 1 for one in given))


def _slot(element: language.Numeric, slot: language.Slot) -> str | None:
    words = "".join("( )" if isinstance(part, language.Slot) else part for part in element.parts)
    preset = f" [{slot.preset}; a space clears it]" if slot.preset else ""
    given = _prompt(f"  {words}{preset}: ", strip=False)
    return given.strip() if given else None


def _prompt(question: str, strip: bool = True) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = input()
    return line.strip() if strip else line


def _tell(text: str) -> None:
    print(text, file=sys.stderr)

"""`mingjing pathology template check|fill|print FILE`: report templates on the command line, for people and scripts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shared.domain.pathology_templates as language
from mingjing.pathology_template_asking import Stopped, ask_answers
from shared.domain.pathology_templates.answers import FORMAT

OK, FAULTY, UNUSABLE = 0, 1, 2
"""Exit statuses: done; the template or the answers have errors; the call or a file is unusable."""


class _Unusable(Exception):
    """A sentence about a file that cannot be read."""


def main(arguments: Sequence[str]) -> int:
    """Run `check`, `fill` or `print`; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        reading = language.read(_text_of(chosen.file))
        if chosen.word == "check":
            return _check(reading, chosen)
        if reading.template is None:
            return _refused(reading, chosen.json)
        if chosen.word == "print":
            return _print(reading.template, chosen.json)
        return _fill(reading.template, chosen)
    except (_Unusable, language.AnswersRefused) as error:
        if chosen.json:
            _say_json({"ok": False, "reason": str(error)})
        _say(f"mingjing pathology template: {error}", sys.stderr)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mingjing pathology template",
        description="Report templates: one sentence a line; [a；b] takes any options, （a；b） exactly one, "
        "{（ ）cm} a number with its words. Files are UTF-8 (with or without a mark) or GB18030.",
        epilog="Exit status: 0 done, 1 errors in the template or the answers, 2 a file or the call is unusable.",
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="check|fill|print")
    check = words.add_parser("check", help="name line, column and reason of each error (检验报告)")
    fill = words.add_parser(
        "fill",
        help="make the report text from answers",
        description="Print the report text. Without --answers the answers are asked at a terminal, or read from "
        "the standard input when that is no terminal.",
        epilog=FORMAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shown = words.add_parser("print", help="print the template in its normal form, with --json its tree")
    for word in (check, fill, shown):
        word.add_argument("file", metavar="FILE", help="the template; - for the standard input")
        word.add_argument("--json", action="store_true", help="answer as one JSON object")
    fill.add_argument("--answers", metavar="FILE.json", help="the answers; - for the standard input")
    fill.add_argument("--join", metavar="MARK", help="between taken options of a multiple choice (、)")
    fill.add_argument("--strict", action="store_true", help="exit 1 when there is something to confirm")
    return parser


def _check(reading: language.Reading, chosen: argparse.Namespace) -> int:
    if chosen.json:
        _say_json(_verdict(reading))
    else:
        for issue in reading.issues:
            _say(_issue_line(issue))
        unlisted = reading.errors_found + reading.warnings_found - len(reading.issues)
        if unlisted:
            _say(f"and {unlisted} more")
        if not reading.issues:
            _say("ok")
    return OK if reading.usable else FAULTY


def _refused(reading: language.Reading, as_json: bool) -> int:
    if as_json:
        _say_json({**_verdict(reading), "text": None})
    for issue in reading.errors:
        _say(_issue_line(issue), sys.stderr)
    _say("mingjing pathology template: the template has errors and cannot be used until corrected", sys.stderr)
    return FAULTY


def _verdict(reading: language.Reading) -> dict[str, Any]:
    return {
        "ok": reading.usable,
        "errors": [_issue(issue) for issue in reading.errors],
        "warnings": [_issue(issue) for issue in reading.warnings],
        "errors_found": reading.errors_found,
        "warnings_found": reading.warnings_found,
    }


def _issue(issue: language.Issue) -> dict[str, Any]:
    return {
        "code": issue.code.value,
        "line": issue.line,
        "column": issue.column,
        "severity": "warning" if issue.code.is_warning else "error",
        "reason": language.reason_of(issue.code, english=True),
        "reason_zh": language.reason_of(issue.code),
    }


def _issue_line(issue: language.Issue) -> str:
    ending = " (warning)" if issue.code.is_warning else ""
    return f"line {issue.line} column {issue.column}: {issue.code} {language.reason_of(issue.code, True)}{ending}"


def _print(template: language.Template, as_json: bool) -> int:
    text = language.print_template(template)
    if as_json:
        lines = [[_element(element) for element in line.elements] for line in template.lines]
        _say_json({"ok": True, "text": text, "lines": lines})
    else:
        _say(text)
    return OK


def _element(element: language.Element) -> dict[str, Any]:
    place = {"column": element.column}
    if isinstance(element, language.Text):
        return {"kind": "text", "text": element.value, **place}
    if isinstance(element, language.PlainParen):
        return {"kind": "plain-paren", "text": f"{element.opening}{element.value}{element.closing}", **place}
    if isinstance(element, language.Numeric):
        parts = [{"preset": part.preset} if isinstance(part, language.Slot) else part for part in element.parts]
        return {"kind": "numeric", "parts": parts, **place}
    kind = "multi" if isinstance(element, language.Multi) else "single"
    return {"kind": kind, "options": list(element.options), **place}


def _fill(template: language.Template, chosen: argparse.Namespace) -> int:
    join: str | None = None
    try:
        if chosen.answers is None and chosen.file != "-" and sys.stdin.isatty():
            answers = ask_answers(template)
        else:
            answers, join = language.answers_from(template, _answers_text(chosen))
        filled = language.fill(template, answers, chosen.join or join or "、")
    except language.FillRefused as refused:
        return _blocked(refused.problems, chosen.json)
    except Stopped:
        _say("\nmingjing pathology template: stopped, nothing was made", sys.stderr)
        return FAULTY
    blocked = chosen.strict and bool(filled.warnings)
    if chosen.json:
        warnings = [_finding(one, language.warning_reason(one, True)) for one in filled.warnings]
        text = None if blocked else filled.text
        _say_json({"ok": not blocked, "text": text, "warnings": warnings, "needs_confirmation": bool(warnings)})
    elif not blocked:
        _say(filled.text)
    for warning in filled.warnings:
        sentence = language.warning_reason(warning, english=True)
        _say(f"line {warning.line} column {warning.column}: warning: {sentence}", sys.stderr)
    return FAULTY if blocked else OK


def _blocked(problems: tuple[language.Problem, ...], as_json: bool) -> int:
    if as_json:
        found = [_finding(problem, language.problem_reason(problem, True)) for problem in problems]
        _say_json({"ok": False, "text": None, "problems": found})
    for problem in problems:
        sentence = language.problem_reason(problem, english=True)
        _say(f"line {problem.line} column {problem.column}: {sentence}", sys.stderr)
    return FAULTY


def _finding(one: language.Problem | language.Warned, reason: str) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "line": one.line,
        "column": one.column,
        "detail": one.detail,
        "reason": reason,
    }


def _answers_text(chosen: argparse.Namespace) -> str:
    source = "-" if chosen.answers is None else chosen.answers
    if source == "-" and chosen.file == "-":
        raise _Unusable("template and answers cannot both come from the standard input; name --answers FILE")
    return _text_of(source)


def _text_of(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(language.MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(language.MOST_BYTES + 1)
        return language.decode(data)
    except (OSError, ValueError) as error:  # NotText is a ValueError, as is a name with a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise _Unusable(f"{name}: {reason}") from None


def _say_json(answer: dict[str, Any]) -> None:
    _say(json.dumps(answer, ensure_ascii=False))


def _say(text: str, stream: Any = None) -> None:
    """Print; a half character from a script's answers must not end in a traceback."""
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"), file=stream or sys.stdout)

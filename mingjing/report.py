"""`mingjing report`: what the checker says to reports of a department, and whether a report is genuine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from mingjing import report_export, report_lines, report_verify

_LONGEST_LINE = 4 << 20


def main(arguments: list[str]) -> int:
    """Run the word; returns 0, or 1 when a line could not be read as a report, or 2 when the file could not."""
    parser = argparse.ArgumentParser(
        prog="mingjing report",
        description="check: alarms of reports before a department goes live, one JSON object a line with id, exam_type,"
        " body_part, side, sex, age, prior, findings, impression; one line is printed for each. verify: who signed a"
        " report, when, and whether anything was changed. export: an approved report as a file for another system.",
    )
    words = parser.add_subparsers(dest="word", required=True)
    check = words.add_parser("check", help="print the alarms of each report of a file")
    check.add_argument(
        "file", metavar="FILE.jsonl", help="the reports, UTF-8 or GB18030, one JSON object a line; - for standard input"
    )
    report_verify.add_word(words)
    report_export.add_word(words)
    options = parser.parse_args(arguments)
    if options.word == "verify":
        return report_verify.run(options)
    if options.word == "export":
        return report_export.run(options)
    with ExitStack() as stack:
        if options.file == "-":
            lines: IO[bytes] = sys.stdin.buffer
        else:
            try:
                lines = stack.enter_context(Path(options.file).open("rb"))
            except OSError as error:
                print(
                    f"mingjing report: {options.file} cannot be read ({error.strerror}); name a file", file=sys.stderr
                )
                return 2
        bad = 0
        try:
            for answer in answers(lines, doubted=lambda doubt: print(f"mingjing report: {doubt}", file=sys.stderr)):
                bad += "error" in answer
                _write(answer)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader (head) has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except OSError as error:
            print(f"mingjing report: {options.file} cannot be read ({error.strerror}); name a file", file=sys.stderr)
            return 2
    if bad:
        print(f'mingjing report: {bad} line(s) were no report; see their "error"', file=sys.stderr)
    return 1 if bad else 0


def _write(answer: dict[str, Any]) -> None:
    """Print one line of JSON in UTF-8, whatever the console's character set is; half characters are escaped."""
    text = json.dumps(answer, ensure_ascii=False)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = json.dumps(answer).encode()
    if (buffer := getattr(sys.stdout, "buffer", None)) is None:  # a stand-in of a test
        sys.stdout.write(data.decode() + "\n")
        return
    sys.stdout.flush()
    buffer.write(data + b"\n")


def answers(lines: IO[bytes], doubted: Callable[[str], None] | None = None) -> Iterator[dict[str, Any]]:
    """One object for each line: `{"id", "alarms": [{"kind", "text", "why"}]}`; with "error" where it is no report.

    `doubted` hears an English sentence for each field that was not understood, so that it was not checked.
    """
    from server.reporting.checker import BadReport, check, subject_of

    number, is_told = 0, False
    while line := lines.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = lines.readline(_LONGEST_LINE)
            yield {"id": None, "alarms": [], "error": f"line {number} is longer than {_LONGEST_LINE >> 20} MB"}
            continue
        if not line.strip():
            continue
        name = None
        try:
            text, is_other = report_lines.decoded(line)
            given = report_lines.parsed(text)
            name = report_lines.reply_id(given)
            fields, doubts = report_lines.understood(given)
            alarms = check(subject_of(fields))
        except (BadReport, report_lines.NotALine) as error:
            yield {"id": name, "alarms": [], "error": f"line {number}: {error}"}
            continue
        if is_other and not is_told:
            is_told = True
            doubts.insert(0, "the file is no UTF-8; it is read as GB18030")
        if doubted is not None:
            for doubt in doubts:
                doubted(f"line {number}: {doubt}")
        yield {
            "id": name,
            "alarms": [{"kind": str(alarm.kind), "text": alarm.text, "why": alarm.why} for alarm in alarms],
        }

"""`mingjing report`: what the checker says to reports of a department, and whether a report is genuine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from mingjing import report_export, report_verify

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
        "file", metavar="FILE.jsonl", help="the reports, UTF-8, one JSON object a line; - for standard input"
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
        for answer in answers(lines):
            bad += "error" in answer
            print(json.dumps(answer, ensure_ascii=False))
    if bad:
        print(f'mingjing report: {bad} line(s) were no report; see their "error"', file=sys.stderr)
    return 1 if bad else 0


def answers(lines: IO[bytes]) -> Iterator[dict[str, Any]]:
    """One object for each line: `{"id", "alarms": [{"kind", "text", "why"}]}`; with "error" where it is no report."""
    from server.reporting.checker import BadReport, check, subject_of

    number = 0
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
            fields = json.loads(line.decode("utf-8-sig"))
            if not isinstance(fields, dict):
                raise BadReport("not a JSON object")
            name = fields.get("id")
            alarms = check(subject_of(fields))
        except (UnicodeDecodeError, ValueError, RecursionError) as error:  # BadReport and JSON's are ValueErrors
            reason = str(error) if isinstance(error, BadReport) else "not a JSON object in UTF-8"
            yield {"id": name, "alarms": [], "error": f"line {number}: {reason}"}
            continue
        yield {
            "id": name,
            "alarms": [{"kind": str(alarm.kind), "text": alarm.text, "why": alarm.why} for alarm in alarms],
        }

"""`mingjing report export`: an approved report as a file, in the form that another system reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mingjing import session
from shared.contract.results import ExportKind, ExportReport

if TYPE_CHECKING:
    Words = argparse._SubParsersAction[argparse.ArgumentParser]


def add_word(words: Words) -> None:
    """Add `export` to `mingjing report`."""
    export = words.add_parser("export", help="write an approved report as DICOM SR, PDF, CDA, FHIR or HL7 v2")
    export.add_argument("report", help="the accession number, or the report's number with # before it (#12)")
    export.add_argument("--as", dest="kind", required=True, choices=[kind.value for kind in ExportKind])
    export.add_argument("--out", type=Path, help="file or folder (default: here; - for standard output)")
    session.add_options(export)


def run(options: argparse.Namespace) -> int:
    """Write the file and print where it is; returns 0, or 1 with a sentence."""

    def write() -> int:
        by_number = options.report.startswith("#") and options.report[1:].isdecimal()
        request = ExportReport(
            kind=ExportKind(options.kind),
            report_id=int(options.report[1:]) if by_number else 0,
            accession_number="" if by_number else options.report,
        )
        with session.signed_in(options) as client:
            made = client.call(request)
        if str(options.out) == "-":
            sys.stdout.buffer.write(made.data)
            return 0
        name = Path(made.file_name).name  # whatever the server says, it is written here
        place = options.out / name if options.out and options.out.is_dir() else options.out or Path(name)
        try:
            place.write_bytes(made.data)
        except OSError as error:
            print(f"mingjing report: {place} cannot be written ({error.strerror}); name another", file=sys.stderr)
            return 1
        print(place)
        return 0

    return session.explain(write)

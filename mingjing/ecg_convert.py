"""`mingjing ecg convert`: a record of any format into another, and what the target could not hold."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

_KINDS = ("dicom", "scp", "aecg", "muse", "mfer", "edf", "wfdb", "csv", "pdf", "ishne")
_HELP = """\
SOURCE is DICOM ECG, SCP-ECG, HL7 aECG, MUSE XML, Philips XML, MFER, EDF+, WFDB (.hea), ISHNE, Contec, CSV or a PDF with
drawn traces; what it is shows in its content, not in its name. PATH is a file, or a folder where the name of SOURCE is
kept. WFDB makes two or three files beside one another. What a target cannot hold exactly is told as a finding; what it
cannot hold at all is refused (exit status 1).

example
  mingjing ecg convert resting.scp --to dicom --out resting.dcm
"""


def main(arguments: list[str]) -> int:
    """Run the word; returns 0, 1 when the target cannot hold the record, 2 when a file cannot be read or written."""
    parser = argparse.ArgumentParser(
        prog="mingjing ecg convert",
        description="Convert an ECG record.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="the record; of WFDB the .hea file")
    parser.add_argument("--to", required=True, choices=_KINDS, help="the format to write")
    parser.add_argument("--out", required=True, metavar="PATH", help="the file or folder to write into")
    parser.add_argument("--json", action="store_true", help="tell what was done as JSON")
    options = parser.parse_args(arguments)

    from shared.waveform import formats

    try:
        record = formats.read(Path(options.source))
    except (formats.EcgFormatError, OSError) as error:
        return _complain(options, f"{options.source}: {error}", 2)
    out = Path(options.out)
    folder, stem = (out, Path(options.source).stem) if out.is_dir() else (out.parent, out.stem)
    try:
        made = formats.write(record, options.to, stem)
    except formats.CannotHold as error:
        return _complain(options, f"{options.source}: {error}", 1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, data in made.files.items():
            # One file takes the name that was asked for, whatever its ending.
            place = out if len(made.files) == 1 and not out.is_dir() else folder / name
            place.write_bytes(data)
            written.append(str(place))
    except OSError as error:
        return _complain(options, str(error), 2)
    findings = [*formats.findings_of(record), *made.findings]
    _tell(options, record, written, findings)
    return 0


def _tell(options: argparse.Namespace, record: Any, written: list[str], findings: list[str]) -> None:
    if options.json:
        answer = {
            "files": written,
            "leads": list(record.leads),
            "sampling_hz": record.sampling_hz,
            "samples": record.sample_count,
            "seconds": round(record.seconds, 6),
            "findings": findings,
        }
        print(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    print(f"{', '.join(written)}: {len(record.leads)} leads, {record.seconds:.2f} s at {record.sampling_hz:g} Hz")
    for finding in findings:
        print(f"  ! {finding}")


def _complain(options: argparse.Namespace, sentence: str, status: int) -> int:
    if options.json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    print(f"mingjing ecg convert: {sentence}", file=sys.stderr)
    return status

"""The ECG quality gate on real records: `bench_ecg_gate.py FOLDER… [--seed N]`: false alarms, and what it finds.

Good records are all 12-lead records in the folders; from each, every kind of fault is made once (tests/ecg_faults.py,
seeded). Prints Markdown: how many of each kind fail the gate. With --named, names good records that fail.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.truth_page import printed, write_section
from ecg_faults import faults

from shared.waveform.formats import EcgFormatError, read
from shared.waveform.leads import TWELVE
from shared.waveform.quality import check
from shared.waveform.record import EcgRecord

_ABOUT = """\
Good 12-lead records (LUDB, PTB, sample files of carts) and bad ones made of them, each kind once from each record,
seeded (tests/ecg_faults.py). Repeated with

    python tests/benchmarks/bench_ecg_gate.py FOLDER… --write

The expectations between leads (shared/waveform/lead_order.json) were fitted on these records; with the record tried
left out of the fit (tests/benchmarks/fit_lead_order.py --left-out) nearly as many are found, and no good record
is suspected. An exchange of LA and LL changes least and is what published methods too find least often; compared with
the patient's last record it is found like the others, see the section after this one.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--named", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured-truth.md")
    options = parser.parse_args()
    text = printed(lambda: _all(options))
    if options.write:
        write_section("ECG: quality gate", f"{_ABOUT}\n{text}")
    return 0


def _all(options: argparse.Namespace) -> None:
    good = _records(options.folders)
    alarms = [(name, verdict) for name, record in good if not (verdict := check(record)).passed]
    print(f"| kind | records | fail the gate | % |\n|---|---|---|---|\n{_row('good records', len(alarms), len(good))}")
    if options.named:
        for name, verdict in alarms:
            print(name, [(each.fault.value, each.leads, each.value) for each in verdict.findings], file=sys.stderr)
    random = np.random.default_rng(options.seed)
    total = [0, 0]
    for kind, spoil in faults().items():
        found = 0
        for name, record in good:
            passed = check(spoil(record, random)).passed
            found += not passed
            if passed and options.named:
                print("not found:", kind, name, file=sys.stderr)
        print(_row(kind, found, len(good)), flush=True)
        total[0] += found
        total[1] += len(good)
    print(_row("all bad records", *total))


def _row(kind: str, found: int, count: int) -> str:
    return f"| {kind} | {count} | {found} | {100.0 * found / max(1, count):.1f} |"


def _records(folders: list[Path]) -> list[tuple[str, EcgRecord]]:
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in {".hea", ".xml", ".dcm", ".scp"}:
                continue
            try:
                record = read(path)
            except EcgFormatError as error:
                print(path.name, error, file=sys.stderr)
                continue
            if set(TWELVE) <= set(record.leads):
                found.append((path.name, record))
    return found


if __name__ == "__main__":
    sys.exit(main())

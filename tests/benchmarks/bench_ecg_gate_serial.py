"""Electrode exchanges against an earlier record: `bench_ecg_gate_serial.py FOLDER… [--write]`.

Public records hold one record of a patient each: the later one is made, by another heart position, other sizes, chest
electrodes between two places, other rate and noise (all seeded). Prints Markdown: how many exchanges are found with
their right name, and how many later records without exchange are suspected.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_ecg_gate import _records
from benchmarks.truth_page import printed, write_section
from ecg_faults import later

from shared.waveform.gains import chest_is_comparable, with_common_gain
from shared.waveform.lead_order import CHEST_SWAPS, LIMB_SWAPS, exchange, waves_of
from shared.waveform.lead_order_serial import exchanged_between
from shared.waveform.measuring import analyse
from shared.waveform.record import EcgRecord

_ABOUT = """\
An exchange changes the record against the last one of the patient (shared/waveform/lead_order_serial.py). No public set
here has two records of one patient, so the later record is made of each (tests/ecg_faults.py, `later`): frontal axis
turned by up to 25 degrees, each lead's size by up to 25 %, each chest electrode up to 30 % towards its neighbour, slow
waves by up to 40 %, noise; exchanges are made in its median beat. Repeated with

    python tests/benchmarks/bench_ecg_gate_serial.py FOLDER… --write
"""
_ROUNDS = 6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured-truth.md")
    options = parser.parse_args()
    text = printed(lambda: _all(options))
    if options.write:
        write_section("ECG: electrodes exchanged since the last record", f"{_ABOUT}\n{text}")
    return 0


def _all(options: argparse.Namespace) -> None:
    random = np.random.default_rng(options.seed)
    kinds = ("", *LIMB_SWAPS, *CHEST_SWAPS)
    found = dict.fromkeys(kinds, 0)
    named = dict.fromkeys(kinds, 0)
    count = dict.fromkeys(kinds, 0)
    for _, stored in _records(options.folders):
        record: EcgRecord = with_common_gain(stored)
        earlier = analyse(record).median
        chest = chest_is_comparable(stored, record)
        for _ in range(_ROUNDS):
            beat = analyse(later(record, random)).median
            if earlier is None or beat is None:
                continue
            before, now = waves_of(earlier), waves_of(beat)
            for kind in kinds:
                if "V" in kind and not chest:
                    continue
                made = {wave: exchange(kind) @ part for wave, part in now.items()}
                swap = exchanged_between(made, before, chest=chest)
                count[kind] += 1
                found[kind] += swap is not None
                named[kind] += swap is not None and swap.name == kind
    print("| later record | records | suspected | % | by its name |\n|---|---|---|---|---|")
    for kind in kinds:
        share = 100.0 * found[kind] / max(1, count[kind])
        print(f"| {kind or 'no exchange'} | {count[kind]} | {found[kind]} | {share:.1f} | {named[kind]} |")


if __name__ == "__main__":
    sys.exit(main())

"""Recall of each kind of mistake and false alarms of the checker over `report_trials`: `bench_trials.py [--show]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.reporting.checker import check, subject_of
from tests.benchmarks.report_trials import KINDS, trials


def main() -> None:
    """Prints the numbers, and with --show every miss and every false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    totals: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    any_alarm: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    lines: defaultdict[str, list[str]] = defaultdict(list)
    correct = alarmed = 0
    start = time.perf_counter()
    cases = trials(options.seed)
    for case in cases:
        report, kind = case["report"], case["kind"]
        alarms = list(check(subject_of(report)))
        found = {str(alarm.kind) for alarm in alarms}
        text = f"{report['id']}  {case['note']}\n    " + "\n    ".join(str(alarm) for alarm in alarms)
        if kind is None:
            correct += 1
            if alarms:
                alarmed += 1
                lines["false alarm"].append(text)
            continue
        totals[kind] += 1
        any_alarm[kind] += bool(found)
        hits[kind] += kind in found
        extra[kind] += bool(found - {kind})
        if kind not in found:
            lines[f"miss {kind}"].append(text.rstrip())
    seconds = time.perf_counter() - start
    print(f"{'kind':<14} reports  found  recall  any alarm  other kinds too")
    for kind in KINDS:
        total = totals[kind]
        shares = f"{hits[kind] / total:7.1%} {any_alarm[kind] / total:10.1%}"
        print(f"{kind:<14} {total:7} {hits[kind]:6} {shares} {extra[kind]:16}")
    whole = sum(totals.values())
    print(f"{'all':<14} {whole:7} {sum(hits.values()):6} {sum(hits.values()) / whole:7.1%}")
    print(f"correct reports with an alarm: {alarmed} of {correct} ({alarmed / correct:.1%})")
    print(f"{len(cases)} reports in {seconds:.2f} s")
    if options.show:
        for title, found_lines in sorted(lines.items()):
            print(f"\n== {title}: {len(found_lines)}")
            print("\n".join(found_lines))


if __name__ == "__main__":
    main()

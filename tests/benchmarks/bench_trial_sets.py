"""Recall of each kind and false alarms over the hand-written sets: `bench_trial_sets.py set_a [--show]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.reporting.checker import check, subject_of
from tests.benchmarks.trial_sets import read_trials


def main() -> None:
    """Prints the numbers, and with --show every miss and every false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    totals: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    any_alarm: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    lines: defaultdict[str, list[str]] = defaultdict(list)
    clean = alarmed = 0
    cases = [trial for name in options.sets for trial in read_trials(name)]
    start = time.perf_counter()
    for case in cases:
        alarms = list(check(subject_of(case.record)))
        found = {str(alarm.kind) for alarm in alarms}
        text = f"{case.record['id']}  {case.change}\n    " + "\n    ".join(
            f"{alarm.kind} 「{alarm.text}」 {alarm.why}" for alarm in alarms
        )
        if case.expected is None:
            clean += 1
            if alarms:
                alarmed += 1
                lines["false alarm"].append(text)
            continue
        totals[case.expected] += 1
        any_alarm[case.expected] += bool(found)
        hits[case.expected] += case.expected in found
        extra[case.expected] += bool(found - {case.expected})
        if case.expected not in found:
            lines[f"miss {case.expected}"].append(text.rstrip())
        elif found - {case.expected}:
            lines[f"other kinds with {case.expected}"].append(text.rstrip())
    seconds = time.perf_counter() - start
    print(f"{'kind':<14} reports  found  recall  any alarm  other kinds too")
    for kind in sorted(totals):
        total = totals[kind]
        shares = f"{hits[kind] / total:7.1%} {any_alarm[kind] / total:10.1%}"
        print(f"{kind:<14} {total:7} {hits[kind]:6} {shares} {extra[kind]:16}")
    whole, found_all = sum(totals.values()), sum(hits.values())
    print(f"{'all':<14} {whole:7} {found_all:6} {found_all / max(whole, 1):7.1%}")
    print(f"clean reports with an alarm: {alarmed} of {clean} ({alarmed / max(clean, 1):.1%})")
    print(f"{len(cases)} reports in {seconds:.2f} s, {len(cases) / seconds:.0f} a second")
    if options.show:
        for title, found_lines in sorted(lines.items()):
            print(f"\n== {title}: {len(found_lines)}")
            print("\n".join(found_lines))


if __name__ == "__main__":
    main()

"""How many of the mistakes put into reports the checker finds, and how often it cries for nothing.

python tests/benchmarks/bench_checker.py [--each 40] [--right 400] [--seed 1] [--show]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.reporting.checker import check, subject_of
from tests.benchmarks.report_seeds import MISTAKES, seeds


def measure(each: int, right: int, seed: int, show: bool = False) -> tuple[dict[str, float], float, float]:
    """Recall per kind, the share of right reports with an alarm, the share of alarms not of the mistake's kind."""
    found: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    false = others = alarms_in_all = 0
    for one in seeds(each, right, seed):
        alarms = check(subject_of(one.report))
        if one.kind is None:
            all_of["right"] += 1
            false += bool(alarms)
            if alarms and show:
                print("FALSE", one.report["id"], [(str(a.kind), a.text, a.why) for a in alarms], one.report)
            continue
        all_of[one.kind] += 1
        kinds = [str(alarm.kind) for alarm in alarms]
        alarms_in_all += len(kinds)
        others += sum(kind != one.kind for kind in kinds)
        if one.kind in kinds:
            found[one.kind] += 1
        elif show:
            print("MISSED", one.report["id"], kinds, one.report)
    recall = {kind: found[kind] / all_of[kind] for kind in MISTAKES if all_of[kind]}
    return recall, false / max(1, all_of["right"]), others / max(1, alarms_in_all)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--right", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print what was missed and what was cried for nothing")
    options = parser.parse_args()
    started = time.perf_counter()
    recall, false, others = measure(options.each, options.right, options.seed, options.show)
    seconds = time.perf_counter() - started
    for kind, share in recall.items():
        print(f"{kind:<14} recall {share:.1%}")
    print(f"all            recall {sum(recall.values()) / len(recall):.1%}")
    print(f"false alarms   {false:.1%} of right reports; {others:.1%} of the alarms on wrong ones are of another kind")
    print(f"{seconds * 1000 / (options.each * len(recall) + options.right):.2f} ms a report")


if __name__ == "__main__":
    main()

"""From approval to results: how long until the SR, the key images, the PDF and the CDA document are there.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_results.py [--reports 10] [--slices 3]

A real server with its sockets; the clock starts when the approval is answered and stops when the overview says that
every result is done. Of each kind the server's own time from the issue to the index is given too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from shared.contract.results import ResultState
from tests.results_house import a_results_house
from tests.server_process import running_server


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=10)
    parser.add_argument("--slices", type=int, default=3)
    options = parser.parse_args()
    whole: list[float] = []
    by_kind: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder)) as server,
        a_results_house(server) as house,
    ):
        for number in range(options.reports + 1):
            _, report_id = house.examined(f"病人{number}", slices=options.slices)
            house.approved(report_id)
            started = time.perf_counter()
            while True:
                rows = house.results(report_id)
                if len(rows) == 4 and all(row.state is not ResultState.WAITING for row in rows):
                    break
                if time.perf_counter() - started > 60:
                    raise SystemExit("the results did not come about within 60 s")
                time.sleep(0.01)
            if not number:
                continue  # the first one also loads the printing and signing
            whole.append(time.perf_counter() - started)
            for row in rows:
                assert row.state is ResultState.DONE and row.finished_at is not None, row.sentence
                waited = (row.finished_at - row.made_at).total_seconds()
                by_kind.setdefault(row.kind.value, []).append(waited)
    print(f"{len(whole)} reports of {options.slices} images, approval until all results are there:")
    print(f"  median {statistics.median(whole):.2f} s, most {max(whole):.2f} s")
    for kind, waits in by_kind.items():
        print(f"  {kind}: median {statistics.median(waits):.2f} s, most {max(waits):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How fast clerks can register and lists answer, without a network: the service beside the bare database.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_registration.py [--kind sqlite] [--clerks 1,4] [--seconds 5]
        [--exams 500000]
    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_registration.py --storm [--clerks 30] [--rate 5]
        [--seconds 600] [--stations 20]

With `--storm`: clerks register at a steady rate through a real server and its sockets while stations follow the lists;
no number, ticket or slot may be given twice, 95 % are answered within 200 ms, lists follow within a second.
Without it:
Registers as fast as the clerks can press (each registration is its own synced transaction), beside as many bare
synced transactions of one row in the same run; then times the lists over `--exams` rows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from server.kernel.database import next_number
from shared.contract.base import Page
from shared.contract.exams import ListExams
from shared.contract.patients import SearchPatients
from shared.contract.queueing import GetBoard, GetQueue
from tests.crowd import crowd
from tests.databases import a_database
from tests.hospital import CLERK, Hospital


def rate(work: Callable[[int], Any], threads: int, seconds: float) -> float:
    """Return how often `work` was done per second by so many threads."""
    numbers, done, end = count(1), [0] * threads, time.perf_counter() + seconds

    def run(index: int) -> None:
        while time.perf_counter() < end:
            work(next(numbers))
            done[index] += 1

    workers = [threading.Thread(target=run, args=(index,)) for index in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.perf_counter() - started)


def bare(hospital: Hospital) -> Callable[[int], Any]:
    """Return a transaction that counts one number and nothing else."""

    def work(_number: int) -> None:
        with hospital.write() as uow:
            next_number(uow.session, "bench")

    return work


def milliseconds(work: Callable[[], Any], times: int = 15) -> float:
    """Return the median of `times` runs."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def storm_of(options: argparse.Namespace) -> None:
    """Play the storm against a server process of its own and print the figures."""
    from tests.registration_storm import Storm, play, report
    from tests.server_process import running_server

    clerks = options.clerks if options.clerks != "1,4" else "30"
    storm = Storm(clerks=int(clerks), per_second=options.rate, seconds=options.seconds, stations=options.stations)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        admin = server.client()
        try:
            outcome = play(server.connection, admin, storm)
        finally:
            admin.close()
    print(report(storm, outcome))
    for failure in outcome.failures[:5]:
        print("failure:", failure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kind", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--clerks", default="1,4")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--exams", type=int, default=500_000)
    parser.add_argument("--storm", action="store_true")
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--stations", type=int, default=20)
    options = parser.parse_args()
    if options.storm:
        storm_of(options)
        return
    with tempfile.TemporaryDirectory() as folder, a_database(options.kind, Path(folder)) as database:
        hospital = Hospital(database)
        for run, clerks in enumerate(map(int, options.clerks.split(","))):
            floor = rate(bare(hospital), clerks, options.seconds)
            made = rate(
                lambda n, run=run: hospital.registered(f"患者{run}号{n}"),  # type: ignore[misc]
                clerks,
                options.seconds,
            )
            print(f"{options.kind}, {clerks} clerks: {made:6.1f} registrations/s; bare transactions {floor:6.1f}/s")
    with tempfile.TemporaryDirectory() as folder, a_database(options.kind, Path(folder)) as database:
        hospital = Hospital(database)
        crowd(hospital, options.exams, days=1500)
        today = hospital.time.today()
        lists: dict[str, Any] = {
            "today": ListExams(planned_from=today, planned_to=today),
            "a month": ListExams(planned_from=today - timedelta(days=30), planned_to=today),
            "all": ListExams(),
            "all, page at row 100,000": ListExams(page=Page(offset=100_000)),
            "name over all": ListExams(patient_name="王伟"),
            "initials over all": ListExams(patient_name="zw"),
            "accession number": ListExams(accession_number="X000000777"),
            "patients by pinyin": SearchPatients(text="zhangwei"),
            "patients by a part from the middle": SearchPatients(text="秀霞"),
            "queue": GetQueue(),
            "board": GetBoard(),
        }
        for name, request in lists.items():
            print(f"{options.exams} exams, {name}: {milliseconds(lambda r=request: hospital.call(r, CLERK)):.1f} ms")  # type: ignore[misc]


if __name__ == "__main__":
    main()

"""C-STORE into an empty index and into one of a million instances, in turn; and with two and eight senders.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_growth.py [--instances 1000000] [--count 2000] [--rounds 7]
        [--bars]

Rows are made in the database beforehand, 100 instances a series, 500 a study; the objects that are sent then are tiny
(1.6 kB), so that the index weighs most. Two servers run, one on each index, and take turns; "indexed" counts. With
--bars the exit status tells whether a million costs less than 10 %. Senders' scaling with CT slices is in
bench_archive.py (rows of 2 and 8 associations).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from server.archive.tables import ImagePatient, Instance, Series, Study
from server.bootstrap import load_tables
from server.kernel.database import Database, migrate
from tests.benchmarks.bench_archive import start_server
from tests.benchmarks.bench_soak import IN_SERIES, IN_STUDY, store
from tests.benchmarks.bench_store import CT, EXPLICIT_LE

_AT_ONCE = 20_000


def fill(folder: Path, count: int) -> None:
    """Rows of `count` instances whose files do not exist."""
    load_tables()
    database = Database.in_folder(folder)
    migrate.upgrade(database)
    now = datetime.now(UTC)
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count))
        people, studies, series, instances = ([] for _ in range(4))  # type: tuple[list[dict[str, Any]], ...]
        for number in numbers:
            study, one = number // IN_STUDY + 1, number // IN_SERIES + 1
            if number % IN_STUDY == 0:
                person = {"patient_id": f"P{study:08d}", "name_key": f"zhang^san{study}"}
                people.append({"id": study, "identity": f"P{study:08d}\n", **person})
                studies.append(
                    {
                        "id": study,
                        "version": 1,
                        "uid": f"1.2.3.{study}",
                        "image_patient_id": study,
                        "accession": f"A{study:09d}",
                        "study_date": "20250101",
                        "received_at": now,
                        "changed_at": now,
                        "match_state": "refused",
                        "instance_count": IN_STUDY,
                        **person,
                    }
                )
            if number % IN_SERIES == 0:
                series.append({"id": one, "uid": f"1.2.3.{study}.{one}", "study_pk": study, "attributes": b""})
            instances.append(
                {
                    "uid": f"1.2.3.{study}.{one}.{number}",
                    "series_pk": one,
                    "number": number % IN_SERIES + 1,
                    "sop_class_uid": CT,
                    "transfer_syntax_uid": EXPLICIT_LE,
                    "object_key": f"{number:064x}",
                    "size_bytes": 526_000,
                    "data_offset": 300,
                    "attributes": bytes(40),
                }
            )
        with database.write() as uow:
            for table, rows in ((ImagePatient, people), (Study, studies), (Series, series), (Instance, instances)):
                if rows:
                    uow.session.execute(insert(table.__table__), rows)
    database.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bars", action="store_true")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="bench-growth-"))
    folders = {"empty": work / "empty", "full": work / "full"}
    try:
        began = time.perf_counter()
        fill(folders["full"], options.instances)
        print(f"{options.instances} rows made in {time.perf_counter() - began:.0f} s", flush=True)
        there = {"empty": 0, "full": options.instances}
        targets = {name: start_server(folder) for name, folder in folders.items()}
        rates: dict[str, list[float]] = {name: [] for name in folders}
        try:
            for turn in range(options.rounds):
                for name in ("empty", "full") if turn % 2 else ("full", "empty"):
                    began = time.perf_counter()
                    store(targets[name], range(turn * options.count, (turn + 1) * options.count))
                    there[name] += options.count
                    _indexed(folders[name], there[name])
                    rates[name].append(options.count / (time.perf_counter() - began))
        finally:
            for target in targets.values():
                target.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    ratio = statistics.median(full / empty for full, empty in zip(rates["full"], rates["empty"], strict=True))
    empty, full = (statistics.median(rates[name]) for name in ("empty", "full"))
    print(f"| into an empty index | into {options.instances} instances | ratio |\n| --- | --- | --- |")
    print(f"| {empty:.0f}/s | {full:.0f}/s | **{ratio:.2f}** |")
    return 1 if options.bars and ratio < 0.9 else 0


def _indexed(folder: Path, count: int) -> None:
    """As bench_archive's, by the highest id: counting a million rows would be most of the time."""
    import sqlite3

    connection = sqlite3.connect(f"file:{folder / 'mingjing.db'}?mode=ro", uri=True)
    end = time.monotonic() + 60
    while (connection.execute("SELECT max(id) FROM instances").fetchone()[0] or 0) < count:
        if time.monotonic() > end:
            raise SystemExit("The index did not catch up within a minute.")
        time.sleep(0.002)
    connection.close()


if __name__ == "__main__":
    sys.exit(main())

"""C-STORE into the whole server (door, archive, index, all other areas) beside Orthanc as Debian packages it.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_archive.py [--count 400] [--rounds 3] [--assoc 1,4] [--bar 1.0]

Both start on an empty store for every round, both sync every object before its answer and index it; the order turns
from round to round. "indexed" counts until a query finds all objects. The ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_store import Target, make_pixels, make_slices, send_storescu, start_orthanc


def start_server(folder: Path) -> Target:
    """`mingjing server` on free ports."""
    command = [sys.executable, "-m", "mingjing", "server", "--data", str(folder)]
    command += ["--rpc-port", "0", "--dicom-port", "0", "--http-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = next((line for line in process.stdout if line.startswith("ready")), "")
    if not line:
        raise SystemExit("The server did not start; see its output above.")
    port = int(line.split("dicom=")[1].split()[0].rsplit(":", 1)[1])

    def stop() -> None:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()

    return Target("127.0.0.1", port, "MINGJING", stop)


def indexed(folder: Path, count: int) -> None:
    """Return when the index of a data folder has so many instances."""
    connection = sqlite3.connect(f"file:{folder / 'mingjing.db'}?mode=ro", uri=True)
    end = time.monotonic() + 60
    while connection.execute("SELECT count(*) FROM instances").fetchone()[0] < count:
        if time.monotonic() > end:
            raise SystemExit("The index did not catch up within a minute.")
        time.sleep(0.002)
    connection.close()


def round_of(name: str, groups: list[list[Path]]) -> tuple[float, float]:
    """Objects per second answered and indexed, on an empty store."""
    folder = Path(tempfile.mkdtemp(prefix="bench-archive-"))
    target = start_server(folder) if name == "ours" else start_orthanc(folder)
    count = sum(map(len, groups))
    try:
        start = time.perf_counter()
        send_storescu(target, groups)
        answered = time.perf_counter() - start
        if name == "ours":
            indexed(folder, count)
        return count / answered, count / (time.perf_counter() - start)
    finally:
        target.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assoc", default="1,4")
    parser.add_argument("--bar", type=float, default=0.0, help="exit with 1 when a ratio is below this")
    options = parser.parse_args()
    if not shutil.which("storescu") or not Path("/usr/sbin/Orthanc").exists():
        print("This benchmark needs Orthanc and DCMTK: apt-get install orthanc dcmtk", file=sys.stderr)
        return 2
    work = Path(tempfile.mkdtemp(prefix="bench-archive-ct-"))
    worst = float("inf")
    try:
        files = make_slices(work, make_pixels(), options.count, 1)
        print("| associations | ours answered/s | indexed/s | Orthanc/s | ratio answered | ratio indexed |")
        print("| --- | --- | --- | --- | --- | --- |")
        for associations in map(int, options.assoc.split(",")):
            groups = [files[i::associations] for i in range(associations)]
            rounds = []
            for number in range(options.rounds):
                order = ["ours", "orthanc"] if number % 2 == 0 else ["orthanc", "ours"]
                found = {name: round_of(name, groups) for name in order}
                rounds.append((*found["ours"], found["orthanc"][0]))
            ours, whole, orthanc = (statistics.median(column) for column in zip(*rounds, strict=True))
            answered = statistics.median(one[0] / one[2] for one in rounds)
            settled = statistics.median(one[1] / one[2] for one in rounds)
            worst = min(worst, settled)
            print(f"| {associations} | {ours:.0f} | {whole:.0f} | {orthanc:.0f} | {answered:.2f} | {settled:.2f} |")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if worst < options.bar else 0


if __name__ == "__main__":
    sys.exit(main())

"""C-STORE into the whole server (door, archive, index, all other areas) beside other servers, in the same rounds.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_archive.py [--kinds ct,mr,tiny,nosync,nagle,pynetdicom]
        [--assoc 1,2,4,8] [--rounds 3] [--count 1000] [--bars]

kinds:  ct, mr, tiny   512x512 CT, 256x256 MR, objects of 1.6 kB with a study each; beside Orthanc as Debian has it,
                       but TCP_NODELAY=1 for it and the sender; both sync each object before its answer and index it
        nosync         CT with durability none beside dcmtk's `storescp +B --fork`, which keeps no index
        nagle          CT, Nagle's algorithm left on in the sender and in Orthanc, as packaged
        pynetdicom     CT with durability none beside the storage SCP of pynetdicom's documentation, which syncs nothing

Every measurement begins with an empty store. All kinds and numbers of associations are measured in every round, and
the order of the two servers turns from round to round; a ratio is the median of the rounds' ratios. "indexed" counts
until the index has every object. A measurement shall last a second or more: below that the start of the senders'
processes, the same for all servers, is a good part of it and hides what is to be compared. What was stored is removed
at the end only: ext4 is slow to make files after many were removed, for everybody. With --bars the exit status tells
whether all ratios reach the project's bars.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.bench_store import (
    Target,
    free_port,
    make_pixels,
    part10,
    send_storescu,
    start_orthanc,
    wait_for_port,
)


def start_server(folder: Path, settings: str = "") -> Target:
    """`mingjing server` on free ports; `settings` is the text of a settings file."""
    command = [sys.executable, "-m", "mingjing", "server", "--data", str(folder)]
    command += ["--rpc-port", "0", "--dicom-port", "0", "--http-port", "0", "--hl7-port", "0"]
    if settings:
        file = folder.with_suffix(".toml")
        file.write_text(settings, encoding="utf-8")
        command += ["--settings", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = next((line for line in process.stdout if line.startswith("ready")), "")
    if not line:
        raise SystemExit("The server did not start; see its output above.")
    port = int(line.split("dicom=")[1].split()[0].rsplit(":", 1)[1])

    def stop() -> None:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()

    return Target("127.0.0.1", port, "MINGJING", stop, pids=(process.pid,))


def start_storescp(folder: Path) -> Target:
    """dcmtk's storage server as its manual makes it quickest: bit preserving, a process for each association."""
    port = free_port()
    command = ["storescp", "+B", "--fork", "-od", str(folder), str(port)]
    return _started(command, port, dict(os.environ, TCP_NODELAY="1"))


def start_pynetdicom(folder: Path) -> Target:
    """pynetdicom as its documentation shows it."""
    port = free_port()
    return _started([sys.executable, str(Path(__file__).with_name("pynetdicom_scp.py")), str(port), str(folder)], port)


def _started(command: list[str], port: int, env: dict[str, str] | None = None) -> Target:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    wait_for_port(port, process)

    def stop() -> None:
        process.terminate()
        process.wait(20)

    return Target("127.0.0.1", port, "ANY", stop)


def indexed(folder: Path, count: int) -> None:
    """Return when the index of a data folder has so many instances."""
    connection = sqlite3.connect(f"file:{folder / 'mingjing.db'}?mode=ro", uri=True)
    end = time.monotonic() + 60
    while connection.execute("SELECT count(*) FROM instances").fetchone()[0] < count:
        if time.monotonic() > end:
            raise SystemExit("The index did not catch up within a minute.")
        time.sleep(0.002)
    connection.close()


@dataclass(frozen=True)
class Kind:
    """What is sent and to whom."""

    objects: str
    peer_name: str
    peer: Callable[[Path], Target]
    bar: float
    settings: str = ""
    nodelay: bool = True
    share: float = 1.0  # of --count
    associations: tuple[int, ...] = ()  # () means those of the command line


KINDS = {
    "ct": Kind("ct", "Orthanc", start_orthanc, 2.0),
    "mr": Kind("mr", "Orthanc", start_orthanc, 1.3, share=2.0),
    "tiny": Kind("tiny", "Orthanc", start_orthanc, 1.3, share=2.0),
    "nosync": Kind("ct", "storescp", start_storescp, 0.8, 'durability = "none"\n'),
    "nagle": Kind(
        "ct", "Orthanc, Nagle", partial(start_orthanc, nodelay=False), 10.0, "", False, 0.1, associations=(1,)
    ),
    "pynetdicom": Kind("ct", "pynetdicom", start_pynetdicom, 5.0, 'durability = "none"\n'),
}


def make_objects(folder: Path, kind: str, count: int) -> list[Path]:
    """Part 10 files of synthetic objects."""
    folder.mkdir()
    pixels = make_pixels()
    files = []
    for index in range(count):
        if kind == "ct":
            data = part10(1, index, pixels[index % len(pixels)])
        elif kind == "mr":
            data = part10(2, index, pixels[index % len(pixels)][: 256 * 256 * 2], 256)
        else:
            data = part10(1000 + index, index, bytes(2 * 12 * 12), 12)
        files.append(folder / f"{index:05d}.dcm")
        files[-1].write_bytes(data)
    return files


def measure(kind: Kind, ours: bool, groups: list[list[Path]], work: Path) -> tuple[float, float]:
    """Objects per second answered and indexed, on an empty store."""
    folder = Path(tempfile.mkdtemp(dir=work))
    target = start_server(folder, kind.settings) if ours else kind.peer(folder)
    count = sum(map(len, groups))
    try:
        start = time.perf_counter()
        send_storescu(target, groups, nodelay=kind.nodelay)
        answered = time.perf_counter() - start
        if ours:
            indexed(folder, count)
        return count / answered, count / (time.perf_counter() - start)
    finally:
        target.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="ct,mr,tiny,nosync,nagle,pynetdicom")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assoc", default="1,2,4,8")
    parser.add_argument("--bars", action="store_true", help="exit with 1 when a ratio is below its bar")
    options = parser.parse_args()
    if not shutil.which("storescu") or not Path("/usr/sbin/Orthanc").exists():
        print("This benchmark needs Orthanc and DCMTK: apt-get install orthanc dcmtk", file=sys.stderr)
        return 2
    work = Path(tempfile.mkdtemp(prefix="bench-archive-"))
    kinds = {name: KINDS[name] for name in options.kinds.split(",")}
    numbers = tuple(map(int, options.assoc.split(",")))
    cases = [(name, number) for name, kind in kinds.items() for number in kind.associations or numbers]
    found: dict[tuple[str, int], list[tuple[float, float, float]]] = {case: [] for case in cases}
    try:
        files = {
            objects: make_objects(
                work / objects,
                objects,
                int(options.count * max(kind.share for kind in kinds.values() if kind.objects == objects)),
            )
            for objects in {kind.objects for kind in kinds.values()}
        }
        for turn in range(options.rounds):
            for name, number in cases[turn % len(cases) :] + cases[: turn % len(cases)]:
                kind = kinds[name]
                some = files[kind.objects][: int(options.count * kind.share)]
                groups = [some[i::number] for i in range(number)]
                order = (True, False) if turn % 2 == 0 else (False, True)
                result = {ours: measure(kind, ours, groups, work) for ours in order}
                found[name, number].append((*result[True], result[False][0]))
                print(f"  round {turn + 1} {name} x{number}: {result[True][1]:.0f} {result[False][0]:.0f}", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    missed = False
    print("| kind | associations | ours answered/s | indexed/s | peer/s | ratio answered | ratio indexed | bar |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (name, number), rounds in found.items():
        ours, whole, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
        answered = statistics.median(one[0] / one[2] for one in rounds)
        settled = statistics.median(one[1] / one[2] for one in rounds)
        bar = KINDS[name].bar
        missed = missed or settled < bar
        print(
            f"| {name} | {number} | {ours:.0f} | {whole:.0f} | {KINDS[name].peer_name} {peer:.0f} | {answered:.2f} |"
            f" **{settled:.2f}** | {bar} |"
        )
    return 1 if missed and options.bars else 0


if __name__ == "__main__":
    sys.exit(main())

"""Memory, descriptors and threads of the whole server over many objects, and over many associations.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_soak.py [--objects 200000] [--every 10000]
        [--associations 10000] [--bar 5]

Tiny objects (1.6 kB) in series of 100, five series a study, four senders. Memory is the proportional set size of all
the server's processes together (shared pages counted once). The first tenth fills caches; with --bar the exit status
tells whether memory stays within so many per cent of what it was after that tenth, and whether descriptors and threads
are as many after the associations as before. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from server.doors.dicom.requestor import RequestedAssociation
from tests.benchmarks.bench_archive import indexed, start_server
from tests.benchmarks.bench_store import CT, EXPLICIT_LE, Target, family, part10

SENDERS = 4
IN_SERIES, IN_STUDY = 100, 500


@dataclass(frozen=True)
class Load:
    """What the server's processes hold."""

    mib: float
    descriptors: int
    threads: int
    by_process: tuple[float, ...]


def load_of(pid: int) -> Load:
    """The sums over a process and its descendants."""
    sizes, descriptors, threads = [], 0, 0
    for one in family(pid):
        folder = Path(f"/proc/{one}")
        rollup = (folder / "smaps_rollup").read_text().splitlines()
        sizes.append(next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024)
        descriptors += sum(1 for _ in (folder / "fd").iterdir())
        threads += sum(1 for _ in (folder / "task").iterdir())
    return Load(sum(sizes), descriptors, threads, tuple(sizes))


class Template:
    """A tiny object whose UIDs are replaced by others of the same length, which costs the sender nothing."""

    def __init__(self) -> None:
        whole = part10(1, 1, bytes(2 * 12 * 12), 12)
        self._data = whole[whole.index(b"\x08\0\5\0CS") :]

    def make(self, number: int) -> tuple[str, bytes]:
        """The SOP Instance UID and the data set of the object `number`."""
        study, series = number // IN_STUDY, number // IN_SERIES
        uid = f"2.25.{10**30 + number}"
        given = {0x00080018: uid, 0x0020000D: f"2.25.{2 * 10**30 + study}", 0x0020000E: f"2.25.{3 * 10**30 + series}"}
        data = self._data
        for tag, text in given.items():
            head = tag.to_bytes(4, "big")
            start = data.index(bytes((head[1], head[0], head[3], head[2])) + b"UI")
            length = int.from_bytes(data[start + 6 : start + 8], "little")
            value = (text + "\0" * (len(text) & 1)).encode()
            data = data[: start + 6] + len(value).to_bytes(2, "little") + value + data[start + 8 + length :]
        return uid, data


def store(target: Target, numbers: range) -> None:
    """Send the objects with four associations; raises RuntimeError when one is refused."""
    troubles: list[str] = []

    def send(mine: range) -> None:
        template = Template()
        with RequestedAssociation.open(
            target.host, target.port, called_ae=target.ae_title, calling_ae="SOAK", contexts=[(CT, (EXPLICIT_LE,))]
        ) as association:
            for number in mine:
                uid, data = template.make(number)
                status = association.store(CT, uid, EXPLICIT_LE, memoryview(data))
                if status:
                    troubles.append(f"{status:04X}")
                    return

    threads = [threading.Thread(target=send, args=(numbers[start::SENDERS],)) for start in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise RuntimeError(f"objects were refused: {troubles}")


def associate(target: Target, count: int) -> None:
    """Open associations one after the other; one is released, one aborted, one is a connection without a word."""
    for number in range(count):
        if number % 3 == 2:
            socket.create_connection((target.host, target.port)).close()
            continue
        association = RequestedAssociation.open(
            target.host, target.port, called_ae=target.ae_title, calling_ae="SOAK", contexts=[(CT, (EXPLICIT_LE,))]
        )
        if number % 3:
            association.release()
        else:
            association.abort()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--every", type=int, default=10_000)
    parser.add_argument("--associations", type=int, default=10_000)
    parser.add_argument("--bar", type=float, default=0.0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-soak-"))
    target = start_server(folder)
    pid = target.pids[0]
    try:
        print("| objects | objects/s | MiB | by process | descriptors | threads |")
        print("| --- | --- | --- | --- | --- | --- |")
        loads = []
        for start in range(0, options.objects, options.every):
            began = time.perf_counter()
            store(target, range(start, min(start + options.every, options.objects)))
            rate = options.every / (time.perf_counter() - began)
            indexed(folder, min(start + options.every, options.objects))
            loads.append(load_of(pid))
            print(_line(f"{start + options.every} | {rate:.0f}", loads[-1]), flush=True)
        settled = loads[len(loads) // 10 :] or loads
        growth = max(one.mib for one in settled) / settled[0].mib * 100 - 100 if settled else 0.0
        print(f"after the first tenth memory grew by at most {growth:.1f} %")
        associate(target, 200)
        time.sleep(2)
        before = load_of(pid)
        associate(target, options.associations)
        time.sleep(2)
        after = load_of(pid)
        print(_line("before the associations | ", before))
        print(_line(f"after {options.associations} | ", after))
    finally:
        target.stop()
        shutil.rmtree(folder, ignore_errors=True)
    leaked = after.descriptors > before.descriptors + 4 or after.threads > before.threads + 4
    return 1 if options.bar and (growth > options.bar or leaked or after.mib > before.mib * 1.05) else 0


def _line(name: str, load: Load) -> str:
    parts = " ".join(f"{size:.0f}" for size in load.by_process)
    return f"| {name} | {load.mib:.1f} | {parts} | {load.descriptors} | {load.threads} |"


if __name__ == "__main__":
    sys.exit(main())

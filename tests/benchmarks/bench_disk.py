"""Ways to make received objects durable, on this machine's disk: decides docs/decisions/007.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_disk.py [--size 526000] [--count 200] [--rounds 5]
        [--writers 1,4] [--folder .]

All ways take turns in every round. The ratio is to the way that the archive uses (file: write, rename, fsync, later a
rename into its place); the median over the rounds. "twice" is a journal that is copied into files afterwards.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

Writer = Callable[[Path, int, int, bytes], None]
"""``writer(folder, number of the writer, count, data)``."""


def a_file_each(folder: Path, number: int, count: int, data: bytes) -> None:
    """The archive's way."""
    _files(folder, number, count, data, os.fsync, parts=1)


def a_file_in_parts(folder: Path, number: int, count: int, data: bytes) -> None:
    """The same, written in parts of 128 kB as they come from a sender."""
    _files(folder, number, count, data, os.fsync, parts=4)


def not_synced(folder: Path, number: int, count: int, data: bytes) -> None:
    """A file each, in the page cache only."""
    _files(folder, number, count, data, lambda _descriptor: None, parts=1)


def _files(folder: Path, number: int, count: int, data: bytes, sync: Callable[[int], None], parts: int) -> None:
    step = -(-len(data) // parts)
    view = memoryview(data)
    for index in range(count):
        partial, ready = folder / f"{number}-{index}.part", folder / f"{number}-{index}.dcm"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        for start in range(0, len(data), step):
            os.write(descriptor, view[start : start + step])
        partial.rename(ready)
        sync(descriptor)
        os.close(descriptor)
        ready.rename(folder / "places" / f"{number}-{index}")


def a_pack(folder: Path, number: int, count: int, data: bytes, *, prepared: bool = False, twice: bool = False) -> None:
    """Appended to one file for each writer."""
    sync = getattr(os, "fdatasync", os.fsync)
    descriptor = os.open(folder / f"{number}.pack", os.O_WRONLY | os.O_CREAT)
    if prepared and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, len(data) * count)
    for index in range(count):
        os.write(descriptor, data)
        sync(descriptor)
        if twice:
            (folder / "places" / f"{number}-{index}").write_bytes(data)
    os.close(descriptor)


def a_pack_prepared(folder: Path, number: int, count: int, data: bytes) -> None:
    """The same with its blocks allocated beforehand."""
    a_pack(folder, number, count, data, prepared=True)


def a_pack_twice(folder: Path, number: int, count: int, data: bytes) -> None:
    """A pack as journal only."""
    a_pack(folder, number, count, data, prepared=True, twice=True)


WAYS: dict[str, Writer] = {
    "file, rename, fsync (ours)": a_file_each,
    "the same in four parts": a_file_in_parts,
    "file, not synced": not_synced,
    "pack, fdatasync": a_pack,
    "pack preallocated, fdatasync": a_pack_prepared,
    "pack as journal, files later": a_pack_twice,
}


def measure(way: Writer, writers: int, count: int, data: bytes, base: Path) -> tuple[float, float]:
    """Objects per second and CPU milliseconds an object."""
    folder = Path(tempfile.mkdtemp(dir=base))
    (folder / "places").mkdir()
    threads = [threading.Thread(target=way, args=(folder, number, count, data)) for number in range(writers)]
    cpu, start = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return writers * count / seconds, (time.process_time() - cpu) / writers / count * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=526_000)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--writers", default="1,4")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    data = os.urandom(options.size)
    base = Path(tempfile.mkdtemp(prefix="bench-disk-", dir=options.folder))
    try:
        print("| way | writers | objects/s | ratio | CPU ms an object |\n| --- | --- | --- | --- | --- |")
        for writers in map(int, options.writers.split(",")):
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
            names = list(WAYS)
            for turn in range(options.rounds):
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    found[name].append(measure(WAYS[name], writers, options.count // writers, data, base))
            ours = found[names[0]]
            for name, results in found.items():
                ratio = statistics.median(a[0] / b[0] for a, b in zip(results, ours, strict=True))
                rate, cpu = (statistics.median(column) for column in zip(*results, strict=True))
                print(f"| {name} | {writers} | {rate:.0f} | {ratio:.2f} | {cpu:.2f} |", flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Receive and index CT slices beside plain file writes of the same bytes, in the same rounds on the same disk.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_receive.py [--count 400] [--rounds 5] [--threads 1,4]
        [--durability object] [--folder DIR] [--processes] [--bar 0.5]

What is measured is the archive's own path, without network: a data set in memory → header, hash, inbox file, flush →
row → place. "answered" is the rate at which senders get their success; "indexed" counts until the last row is
committed and the last file moved. The plain writer makes a file per object with the same flush and nothing else.
With --processes the receivers run in processes of their own and tell the indexer through the relay, as in the server.
The ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from server.archive.index import Indexer
from server.archive.receive import ObjectName, Receiver
from server.archive.relay import RelayListener, RelaySender
from server.bootstrap import load_tables
from server.kernel.database import Database
from server.kernel.storage.durability import Durability, Flusher
from server.kernel.storage.folder import FolderStorage
from tests.server.archive.archive_house import encoded

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
STUDY, SERIES, SOP = "1.2.826.0.1.11111111111", "1.2.826.0.1.22222222222", "1.2.826.0.1.33333333333"


def basis() -> bytes:
    """One slice of 512x512 whose UIDs can be replaced by others of the same length."""
    from shared.dicomkit.synthetic import ct_series

    one = ct_series(None, 1, 512)[0]
    one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID = STUDY, SERIES, SOP
    return encoded(one)


def slices(data: bytes, thread: int, count: int) -> list[tuple[str, bytes]]:
    """Objects of one sender: one series of its own."""
    prefix = f"1.2.826.0.1.{thread + 10:02d}"
    made = []
    for number in range(count):
        uid = f"{prefix}{number:09d}"
        body = data.replace(SOP.encode(), uid.encode(), 1)
        body = body.replace(SERIES.encode(), f"{prefix}200000000".encode(), 1)
        made.append((uid, body.replace(STUDY.encode(), f"{prefix}100000000".encode(), 1)))
    return made


def in_threads(work: Callable[[int], None], threads: int) -> float:
    """Seconds that `work(thread)` takes in all threads."""
    crew = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    start = time.perf_counter()
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    return time.perf_counter() - start


def plain(folder: Path, objects: list[list[tuple[str, bytes]]], durability: Durability) -> float:
    """Objects per second of writing files and flushing them."""
    folder.mkdir(parents=True)
    flusher = Flusher(durability)

    def write(thread: int) -> None:
        for uid, data in objects[thread]:
            descriptor = os.open(folder / uid, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0))
            os.write(descriptor, data)
            flusher.flush(descriptor)
            os.close(descriptor)

    seconds = in_threads(write, len(objects))
    return sum(map(len, objects)) / seconds


def send(receiver: Receiver, objects: list[tuple[str, bytes]]) -> None:
    for uid, data in objects:
        receiver.receive(ObjectName(CT, uid, EXPLICIT), "BENCH", memoryview(data))


def sender_process(
    inbox: Path, relay: tuple[str, str], thread: int, count: int, durability: Durability, barrier: object
) -> None:
    """A worker of the DICOM door, without the door."""
    sender = RelaySender(*relay)
    receiver = Receiver(inbox, sender.send, durability=durability, reserve_bytes=0)
    objects = slices(basis(), thread, count)
    barrier.wait()  # type: ignore[attr-defined]
    send(receiver, objects)
    barrier.wait()  # type: ignore[attr-defined]
    sender.close()


def archive(folder: Path, objects: list[list[tuple[str, bytes]]], options: argparse.Namespace) -> tuple[float, float]:
    """Objects per second answered and indexed."""
    load_tables()
    durability = Durability(options.durability)
    database = Database.in_folder(folder)
    database.create_schema()
    indexer = Indexer(database, FolderStorage(folder / "archive", durability=durability), folder / "inbox")
    indexer.start()
    count = sum(map(len, objects))
    if options.processes:
        relay = RelayListener(indexer.submit)
        relay.start()
        spawn = multiprocessing.get_context("spawn")
        barrier = spawn.Barrier(len(objects) + 1)
        crew = [
            spawn.Process(
                target=sender_process,
                args=(folder / "inbox", (relay.address, relay.token), n, len(objects[n]), durability, barrier),
            )
            for n in range(len(objects))
        ]
        for one in crew:
            one.start()
        barrier.wait()
        start = time.perf_counter()
        barrier.wait()
        answered = time.perf_counter() - start
        for one in crew:
            one.join()
        wait_for(folder / "inbox", indexer)
        whole = time.perf_counter() - start
        relay.stop()
    else:
        receiver = Receiver(folder / "inbox", indexer.submit, durability=durability, reserve_bytes=0)
        start = time.perf_counter()
        answered = in_threads(lambda thread: send(receiver, objects[thread]), len(objects))
        wait_for(folder / "inbox", indexer)
        whole = time.perf_counter() - start
    indexer.stop()
    database.close()
    return count / answered, count / whole


def wait_for(inbox: Path, indexer: Indexer) -> None:
    while indexer.backlog or any(inbox.iterdir()):
        time.sleep(0.001)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400, help="objects a round, all senders together")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,4")
    parser.add_argument("--durability", default="object", choices=[one.value for one in Durability])
    parser.add_argument("--folder", type=Path, help="on the disk to measure; a temporary folder otherwise")
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--bar", type=float, help="fail below this ratio of indexed to plain")
    options = parser.parse_args()
    data = basis()
    worst = float("inf")
    print(f"{len(data)} bytes an object, durability {options.durability}, medians of {options.rounds} rounds")
    print("| senders | plain files/s | answered/s | ratio | indexed/s | ratio |\n| --- | --- | --- | --- | --- | --- |")
    for threads in map(int, options.threads.split(",")):
        objects = [slices(data, thread, options.count // threads) for thread in range(threads)]
        rounds = []
        for _ in range(options.rounds):
            folder = Path(tempfile.mkdtemp(dir=options.folder))
            try:
                base = plain(folder / "plain", objects, Durability(options.durability))
                shutil.rmtree(folder / "plain")
                rounds.append((base, *archive(folder, objects, options)))
            finally:
                shutil.rmtree(folder)
        middle = [statistics.median(column) for column in zip(*rounds, strict=True)]
        answered = statistics.median(one[1] / one[0] for one in rounds)
        indexed = statistics.median(one[2] / one[0] for one in rounds)
        worst = min(worst, indexed)
        print(f"| {threads} | {middle[0]:.0f} | {middle[1]:.0f} | {answered:.2f} | {middle[2]:.0f} | {indexed:.2f} |")
    if options.bar is not None and worst < options.bar:
        print(f"below the bar: {worst:.2f} < {options.bar}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

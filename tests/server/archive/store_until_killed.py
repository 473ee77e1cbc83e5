"""Child process of the kill test: four senders store as fast as they can and report what was answered with success."""

from __future__ import annotations

import itertools
import mmap
import multiprocessing
import os
import sys
import threading
from pathlib import Path

from server.archive import receive
from server.archive.index import Indexer
from server.archive.receive import ObjectName, Receiver
from server.archive.relay import RelayListener, RelaySender
from server.kernel.database import Database
from server.kernel.storage.direct import PAGE
from server.kernel.storage.folder import FolderStorage

SENDERS = 4
CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def template(folder: Path) -> bytes:
    """A CT slice of some pages, made once for a folder, whose three UIDs have as many digits as those put in later."""
    kept = folder / "template"
    if kept.exists():
        return kept.read_bytes()
    # only the test itself comes here: the child finds the file and starts without pydicom
    from tests.server.archive.archive_house import a_series, encoded

    slice_ = a_series(1, 64)[0]
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.SOPInstanceUID = uids(0, 0, 0)
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(encoded(slice_))
    return kept.read_bytes()


def uids(round_: int, sender: int, number: int) -> tuple[str, str, str]:
    """Study, series and instance UID of an object: 40 objects make a series, 3 series a study."""
    prefix = f"1.2.826.{round_ + 1000:04d}.{sender + 1}"
    return (
        f"{prefix}.1.{number // 120 + 10000:05d}",
        f"{prefix}.2.{number // 40 + 10000:05d}",
        f"{prefix}.3.{number + 1000000:07d}",
    )


def an_object(basis: bytes, round_: int, sender: int, number: int) -> bytes:
    """The data set of an object, the same for the same numbers."""
    for old, new in zip(uids(0, 0, 0), uids(round_, sender, number), strict=True):
        basis = basis.replace(old.encode(), new.encode())
    return basis


def send(folder: Path, round_: int, sender: int, receiver: Receiver) -> None:
    """Store without end; each answered object is a line on standard output.

    Two of the senders' objects come in parts, into memory that the next object comes into, and are written past the
    page cache; the others' are there at once.
    """
    basis = template(folder)
    memory = memoryview(mmap.mmap(-1, 1 << 20))
    for number in itertools.count():
        what = ObjectName(CT, uids(round_, sender, number)[2], EXPLICIT)
        data = memoryview(an_object(basis, round_, sender, number))
        arriving = receiver.begin(what) if sender % 2 else None
        if arriving is not None:
            length = arriving.lead + len(data)
            for end in (arriving.lead + 5000, length):
                memory[arriving.lead : end] = data[: end - arriving.lead]
                arriving.take(memory[:end])
            data = memory[arriving.lead : length].toreadonly()
        receiver.receive(what, f"CT{sender}", data, arriving)
        os.write(1, f"{sender} {number}\n".encode())  # one write below PIPE_BUF: never torn


def work(folder: Path, round_: int, senders: tuple[int, ...], relay: tuple[str, str] | None, indexer: object) -> None:
    """Receive as a worker process does, or in the indexer's own process."""
    if relay is not None:
        notify = RelaySender(*relay).send
    else:
        assert isinstance(indexer, Indexer)
        notify = indexer.submit
    receive.LEAST_BYTES, receive.DIRECT_STEP = 0, PAGE  # for small objects, too
    receiver = Receiver(folder / "inbox", notify, reserve_bytes=0)
    crew = [threading.Thread(target=send, args=(folder, round_, one, receiver), daemon=True) for one in senders]
    for one in crew:
        one.start()
    for one in crew:
        one.join()


def main(folder: Path, round_: int, processes: bool) -> None:
    database = Database.in_folder(folder)
    database.create_schema()
    template(folder)
    indexer = Indexer(database, FolderStorage(folder / "archive"), folder / "inbox", scan_every_s=0.3)
    indexer.start()
    if not processes:
        os.write(1, b"ready\n")
        work(folder, round_, tuple(range(SENDERS)), None, indexer)
        return
    relay = RelayListener(indexer.submit)
    relay.start()
    spawn = multiprocessing.get_context("spawn")
    crew = [
        spawn.Process(target=work, args=(folder, round_, senders, (relay.address, relay.token), None))
        for senders in ((0, 1), (2, 3))
    ]
    for one in crew:
        one.start()
    os.write(1, f"ready {' '.join(str(one.pid) for one in crew)}\n".encode())
    for one in crew:
        one.join()  # one of them may be killed alone: the others and the indexer go on
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "processes")

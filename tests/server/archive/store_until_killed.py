"""Child process of the kill test: four senders store as fast as they can and report what was answered with success."""

from __future__ import annotations

import itertools
import os
import sys
import threading
from pathlib import Path

from server.archive.index import Indexer
from server.archive.receive import ObjectName, Receiver
from server.kernel.database import Database
from server.kernel.storage.folder import FolderStorage
from tests.server.archive.archive_house import encoded, uncompressed_slice

SENDERS = 4
CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def template(folder: Path) -> bytes:
    """A small CT slice, made once for a folder, whose three UIDs have as many digits as those put in later."""
    kept = folder / "template"
    if kept.exists():
        return kept.read_bytes()
    slice_ = uncompressed_slice()
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


def main(folder: Path, round_: int) -> None:
    database = Database.in_folder(folder)
    database.create_schema()
    indexer = Indexer(database, FolderStorage(folder / "archive"), folder / "inbox", scan_every_s=0.3)
    indexer.start()
    receiver = Receiver(folder / "inbox", indexer.submit, reserve_bytes=0)
    basis = template(folder)
    os.write(1, b"ready\n")

    def send(sender: int) -> None:
        for number in itertools.count():
            uid = uids(round_, sender, number)[2]
            data = memoryview(an_object(basis, round_, sender, number))
            receiver.receive(ObjectName(CT, uid, EXPLICIT), f"CT{sender}", data)
            os.write(1, f"{sender} {number}\n".encode())  # one write below PIPE_BUF: never torn

    for sender in range(SENDERS):
        threading.Thread(target=send, args=(sender,), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

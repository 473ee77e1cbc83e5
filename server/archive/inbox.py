"""The inbox: a folder that is the journal of what was accepted and not yet confirmed by the index.

A file's name says when it came, the key of its bytes and who sent it, all as digits: nothing of a name is text
from the data.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READY = ".dcm"
PARTIAL = ".part"


@dataclass(frozen=True, slots=True)
class InboxName:
    """What the name of a file in the inbox says; `received_ns` is UTC since 1970 in nanoseconds."""

    received_ns: int
    key: str
    calling_ae: str

    def text(self) -> str:
        """A fresh file name; random digits keep two that came at once apart."""
        sender = self.calling_ae.encode("ascii", "replace")[:16].hex()
        return f"{self.received_ns:020d}-{random.getrandbits(32):08x}-{self.key}-{sender}{READY}"

    @classmethod
    def parse(cls, name: str) -> InboxName | None:
        """Read a name, or None if the inbox did not make it."""
        parts = name.removesuffix(READY).split("-")
        if not name.endswith(READY) or len(parts) != 4 or len(parts[2]) != 64 or not parts[0].isdecimal():
            return None
        try:
            return cls(int(parts[0]), parts[2], bytes.fromhex(parts[3]).decode("ascii", "replace"))
        except ValueError:
            return None


def ready_files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Files that were accepted, in no particular order."""
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name.endswith(READY))


def remove_partial(folder: Path) -> int:
    """Remove what a crash left half-written and therefore unanswered; before any receiver runs. Returns the count."""
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(PARTIAL):
                Path(entry.path).unlink()
                count += 1
    return count


def find(folder: Path, key: str) -> Path | None:
    """The file with this key, if it still waits."""
    for entry in ready_files(folder):
        if f"-{key}-" in entry.name:
            return Path(entry.path)
    return None

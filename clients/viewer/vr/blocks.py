"""Memory that two processes see: anonymous, gone with its last user however that ends, never a file with pixels."""

from __future__ import annotations

import mmap
import os
import sys
import uuid
from typing import NamedTuple


class Ticket(NamedTuple):
    """How another process of the same user finds a block."""

    owner: int  # process that made the block
    descriptor: int
    name: str
    size: int


class SharedBlock:
    """``size`` bytes; the maker must live as long as others may want to attach."""

    def __init__(self, size: int) -> None:
        if sys.platform == "win32":
            name = f"mingjing-{uuid.uuid4().hex}"
            self._descriptor = -1
            self.memory = mmap.mmap(-1, size, tagname=name)
        else:
            # Not limited by the size of /dev/shm as named shared memory is, and without a name to leave behind.
            name = ""
            self._descriptor = os.memfd_create("mingjing-volume")
            os.ftruncate(self._descriptor, size)
            self.memory = mmap.mmap(self._descriptor, size)
        self.ticket = Ticket(os.getpid(), self._descriptor, name, size)

    def close(self) -> None:
        """Let go; processes that are attached keep what they see."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def attach(ticket: Ticket, *, private: bool) -> mmap.mmap:
    """The block of another process: read-only, or ``private``: writable, with changes that nobody else sees.

    A private block costs memory only for the pages that are written. Raises OSError when the owner is gone.
    """
    access = mmap.ACCESS_COPY if private else mmap.ACCESS_READ
    if sys.platform == "win32":
        return mmap.mmap(-1, ticket.size, tagname=ticket.name, access=access)
    descriptor = os.open(f"/proc/{ticket.owner}/fd/{ticket.descriptor}", os.O_RDONLY)
    try:
        return mmap.mmap(descriptor, ticket.size, access=access)
    finally:
        os.close(descriptor)

"""Writing past the page cache, where system and file system can (Linux: O_DIRECT).

An object that is received is written once and read later, if at all. The page cache would cost a copy, and on a virtual
machine whose memory grows as it is used ten times as much; nor is it pushed out of memory then what is read often, the
database. Decision 016 has the figures.
"""

from __future__ import annotations

import errno
import os
import sys

if sys.platform != "win32":
    import fcntl

PAGE = 4096
"""Memory, position and length of a direct write are multiples of this: as much as any present disk asks for."""
LEAST_BYTES = 64 << 10
"""Smaller files gain nothing: their one write would wait for the disk twice."""

_DIRECT: int = getattr(os, "O_DIRECT", 0)


class NewFiles:
    """Creates files of one folder and writes them from memory that begins at a page; one object serves all threads.

    With `direct` they are written past the page cache as far as pages are whole. A file system that refuses that is
    not asked again.
    """

    def __init__(self, *, direct: bool = True) -> None:
        self.direct = direct and bool(_DIRECT)
        """Whether large files are written past the page cache."""

    def create(self, path: str, *, direct: bool) -> NewFile:
        """A file that did not exist; `direct` is the caller's wish. Raises OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        if direct and self.direct:
            try:
                return NewFile(self, os.open(path, flags | _DIRECT, 0o640), direct=True)
            except OSError as error:
                if error.errno not in _REFUSALS:
                    raise
                self.direct = False  # the file may be there already: some file systems make it and refuse then
                flags &= ~os.O_EXCL
        return NewFile(self, os.open(path, flags, 0o640), direct=False)


_REFUSALS = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


class NewFile:
    """A file in the making: bytes are only added. Used by one thread."""

    def __init__(self, files: NewFiles, descriptor: int, *, direct: bool) -> None:
        self._files = files
        self.descriptor = descriptor
        self.is_direct = direct

    def add(self, memory: memoryview) -> None:
        """Write what comes next; while `is_direct` the memory begins at a page of itself and of the file.

        Only the last call may have a length that is no multiple of `PAGE`. Raises OSError.
        """
        if self.is_direct:
            memory = self._add_pages(memory)
        while len(memory):
            memory = memory[os.write(self.descriptor, memory) :]

    def add_two(self, first: bytes, then: memoryview) -> None:
        """Write two that do not lie together, in one call where the system can; never direct. Raises OSError."""
        written = os.writev(self.descriptor, (first, then)) if hasattr(os, "writev") else 0
        while written < len(first):  # a disk that is nearly full, or a system that has no such call
            written += os.write(self.descriptor, first[written:])
        self.add(then[written - len(first) :])

    def close(self) -> None:
        """Give the descriptor back; safe to call twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _add_pages(self, memory: memoryview) -> memoryview:
        """Write the whole pages; what is left goes through the page cache, now and afterwards."""
        whole = len(memory) // PAGE * PAGE
        done = 0
        try:
            while done < whole and done % PAGE == 0:
                done += os.write(self.descriptor, memory[done:whole])
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self._files.direct = False
        if done < len(memory):
            self._leave_direct()
        return memory[done:]

    def _leave_direct(self) -> None:
        self.is_direct = False
        if sys.platform != "win32":
            fcntl.fcntl(self.descriptor, fcntl.F_SETFL, fcntl.fcntl(self.descriptor, fcntl.F_GETFL) & ~_DIRECT)

"""Makes written files survive a loss of power, alone or several with one flush."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path


class Durability(StrEnum):
    """What an answer promises."""

    OBJECT = "object"  # each object is flushed before its answer
    GROUP = "group"  # the same promise, but all that wait share one flush
    NONE = "none"  # the answer may come before the disk has the bytes: a loss of power loses seconds


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Windows has no such call: its journal orders names itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_syncfs() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError):
        return None
    function.argtypes = [ctypes.c_int]
    function.restype = ctypes.c_int
    return lambda descriptor: int(function(descriptor))


def sync_disk_of(folder: Path) -> bool:
    """Make everything that was written to the disk of `folder` durable, at once; False where the system cannot.

    Other disks are left alone where possible: one that hangs, as a lost network folder does, must hold up nobody here.
    """
    syncfs = _find_syncfs()
    if syncfs is not None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if syncfs(descriptor) == 0:
                return True
        finally:
            os.close(descriptor)
    if not hasattr(os, "sync"):
        return False
    os.sync()
    return True


class _Round:
    """Files that wait for one flush."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self.done = threading.Event()
        self.trouble: OSError | None = None


class Flusher:
    """Flushes open files by the chosen Durability; one object serves all threads of a process.

    In group mode the first thread that comes flushes for all that came while the flush before was under way:
    one syncfs (Linux) or, where there is none, an fsync each.
    """

    # Where the system can, a file is renamed before its flush: one fsync then makes bytes and name durable.
    renames_open_files = os.name != "nt"

    def __init__(self, durability: Durability) -> None:
        self.durability = durability
        self._syncfs = _find_syncfs() if durability is Durability.GROUP else None
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._waiting = _Round()

    def flush(self, descriptor: int) -> None:
        """Return when what was written to `descriptor`, and its name, is on the disk (at once for NONE)."""
        if self.durability is Durability.NONE:
            return
        if self.durability is Durability.OBJECT:
            os.fsync(descriptor)
            return
        with self._lock:
            mine = self._waiting
            mine.descriptors.append(descriptor)
            leads = len(mine.descriptors) == 1
        if leads:
            self._lead(mine)
        mine.done.wait()
        if mine.trouble is not None:
            raise mine.trouble

    def rename_closed(self, source: str, target: str) -> None:
        """Rename a closed file, then flush it under its new name: for systems that cannot rename an open one."""
        os.replace(source, target)  # noqa: PTH105 - callers are on the hottest path and have texts
        descriptor = os.open(target, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            self.flush(descriptor)
        finally:
            os.close(descriptor)

    def _lead(self, mine: _Round) -> None:
        with self._flushing:
            with self._lock:
                self._waiting = _Round()
            try:
                self._flush_all(mine.descriptors)
            except OSError as trouble:
                mine.trouble = trouble
            finally:
                mine.done.set()

    def _flush_all(self, descriptors: list[int]) -> None:
        if self._syncfs is not None and len(descriptors) > 1 and self._syncfs(descriptors[0]) == 0:
            return
        for descriptor in descriptors:
            os.fsync(descriptor)

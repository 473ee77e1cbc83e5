"""The process that writes the archive's index, and how any process of the server hands objects to it.

A door, the importer or a job that takes objects in builds a `Receiver` with `receiver_of`: it writes the inbox itself
and tells the indexer, so that objects never travel between processes.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from server.archive.corrections.placement import CachedCoercion, CorrectionPlacement
from server.archive.inbox import remove_partial
from server.archive.index import Indexer
from server.archive.receive import Receiver
from server.archive.relay import RelayListener, RelaySender
from server.archive.routing.coercion import coercion_of
from server.bootstrap import ecg_traces, load_tables
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.folders import Folders
from server.kernel.database import Database
from server.kernel.folderlock import FolderInUse, FolderLock
from server.kernel.logs import start_logging
from server.kernel.processes import ChildProcess, context
from server.kernel.storage.durability import Durability
from server.settings import Settings, from_text, to_text

_LOCK_WAIT_S = 20.0
_REPORT_S = 0.25


def receiver_of(settings: Settings, relay_address: str, relay_token: str, areas: Areas) -> Receiver:
    """A receiver for this process; call its `close` at the end.

    `relay_address` and `relay_token` are those of the server's `IndexingProcess`; every process is given them.
    """
    relay = RelaySender(relay_address, relay_token)
    return Receiver(
        Folders(settings.data).inbox,
        relay.send,
        durability=Durability(settings.durability),
        reserve_bytes=settings.reserve_mb << 20,
        is_kept=areas.archive.objects.holds,
        closing=relay.close,
        algorithm=settings.object_keys,
        direct=settings.direct_writes,
    )


class IndexingProcess:
    """The indexer's process as the server sees it. `address` and `token` stay the same when it is started again."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self.address = _fresh_address()
        self.token = secrets.token_hex(32)
        self._inbox = Folders(settings.data).inbox
        self._backlog: Synchronized[int] = context().Value("q", 0, lock=False)
        arguments = (to_text(settings), database_url, self.address, self.token, self._backlog)
        self._process = ChildProcess("archive-index", run, arguments)

    @property
    def backlog(self) -> int:
        """Objects accepted and not yet confirmed by the index, as of a moment ago."""
        return self._backlog.value

    @property
    def pid(self) -> int | None:
        """The process id, None while none runs."""
        return self._process.pid

    def start(self) -> None:
        """Start it; before any receiver of this data folder runs."""
        remove_partial(self._inbox)
        self._process.start()

    def stop(self) -> None:
        """Let it finish what it was told and end; what comes later waits in the inbox for the next start."""
        self._process.stop()
        _remove_address(self.address)


def run(
    ready: Callable[[], None],
    stop: threading.Event,
    settings_text: str,
    database_url: str,
    relay_address: str,
    relay_token: str,
    backlog: Synchronized[int],
) -> None:
    """The process: a target of server.kernel.processes.ChildProcess."""
    settings = from_text(settings_text)
    folders = Folders(settings.data)
    start_logging(folders.logs, multiprocessing.current_process().name, settings.log_level)
    load_tables()
    lock = exclusive(folders)
    database = Database(database_url, relaxed=True)
    try:
        areas = build_areas(settings, database)
        indexer = indexer_of(areas, database, folders, warm=settings.direct_writes)
        _remove_address(relay_address)  # a process that was killed left it behind
        listener = RelayListener(indexer.submit, address=relay_address, token=relay_token)
        indexer.warm_up()
        gc.freeze()  # a collection need not look at the modules again and again
        indexer.start(replay=False)  # receivers may be writing: the first scan finds what the last run left
        listener.start()
        ready()
        while not stop.wait(_REPORT_S):
            backlog.value = indexer.backlog
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            # The server was killed, and the next one waits for our lock: what is not indexed lies in the inbox.
            _remove_address(relay_address)
            os._exit(1)
        listener.stop()
        indexer.stop()
        backlog.value = indexer.backlog
    finally:
        database.close()
        lock.close()


def indexer_of(areas: Areas, database: Database, folders: Folders, *, warm: bool = False) -> Indexer:
    """The indexer over the areas of this process; one may work in a data folder at a time, see `exclusive`.

    With `warm` it has the system read what came into memory.
    """
    matching = areas.archive.matching

    def settle(studies: Collection[int]) -> None:
        areas.archive.settle(studies)
        areas.rejection.settle(studies)
        ecg_traces.settle(database, studies)

    return Indexer(
        database,
        areas.storage,
        folders.inbox,
        settle=settle,
        rematch=matching.rematch,
        placement=CorrectionPlacement(CachedCoercion(coercion_of)),
        warm=areas.storage.warm if warm else None,
    )


def exclusive(folders: Folders) -> FolderLock:
    """Wait until no other process writes the index: one whose server was killed may still be ending."""
    end = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            return FolderLock(folders.inbox)
        except FolderInUse:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _fresh_address() -> str:
    name = f"mingjing-index-{secrets.token_hex(8)}"
    if sys.platform == "win32":
        return rf"\\.\pipe\{name}"
    return str(Path(tempfile.gettempdir()) / name)


def _remove_address(address: str) -> None:
    if os.name != "nt":
        Path(address).unlink(missing_ok=True)

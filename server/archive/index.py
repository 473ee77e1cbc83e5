"""Writes the index: takes what receivers accepted, commits rows in batches, then moves the files to their places.

One indexer runs for a data folder. The order is what makes it safe: a file leaves the inbox only after its row is
committed and synced, and whatever a crash leaves in the inbox is indexed at the next start. The database may be a
relaxed one (see Database): then many wait for one sync, which holds up no other writer.
"""

from __future__ import annotations

import logging
import mmap
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path

from sqlalchemy.exc import OperationalError

from server.archive import inbox
from server.archive.header import DamagedHeader, Header, read_header
from server.archive.part10 import MAX_META_BYTES, NotPart10, read_meta
from server.archive.ports import Placement
from server.archive.receive import ObjectName, Received, add_non_patient_uids, decode_received, record_of
from server.archive.rows import IndexRows
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.kernel.storage.fingerprint import is_key_of
from server.kernel.storage.port import ObjectStorage
from shared.dicomkit.uids import derived_uid

logger = logging.getLogger(__name__)

BATCH = 500
_QUIET_S = 0.008  # a batch is worked on when nothing came for so long
_LINGER_S = 0.1  # or after this time: a large batch costs little more than a small one
_EXAMPLES = 5  # new series, enough for the statements that only many need
_CHECKPOINT_OBJECTS = 5_000  # rows after which the database's journal is worked off, or at the next pause
_SCAN_LOOK_S = 0.25
_SETTLE_LOOK_S = 0.05
_SETTLE_S = 1.0  # a study that is being received is announced at most this often
_SCAN_S = 5.0
_SETTLED_AGE_S = 2.0  # a younger file in the inbox has its message still under way
_REMATCH_S = 10.0
_CACHE = 20_000
_IN_HAND = 20_000  # messages kept in memory; more stay in the inbox
_FRESH = 2_000  # objects that just came and are not yet read into memory; of more the oldest are left out
_WARM_AT_ONCE = 40  # a twentieth of the processor
_TROUBLE_S = 1.0  # pause while the database cannot be written
_RETRY_S = 30.0  # pause before an object is tried again that failed alone


class _TakeBack(Exception):
    """Ends a transaction without keeping anything."""


def _example(number: int) -> Received:
    name = inbox.InboxName(0, "0" * 64, "")
    what = ObjectName("1.2.840.10008.5.1.4.1.1.7", derived_uid("example", str(number)), "1.2.840.10008.1.2.1")
    tags = {0x00080060: b"OT", 0x00100010: "Ming^Jing=明^镜".encode(), 0x00080005: b"ISO_IR 192", 0x00200013: b"1"}
    tags |= {uid: derived_uid("example", f"{uid}.{number}").encode() for uid in (0x0020000D, 0x0020000E)}
    return record_of(name.text(), name, what, Header(tags, big_endian=False), 0, 0)


def _nothing(_studies: Collection[int]) -> None:
    return


def _no_rematch() -> None:
    return


class Indexer:
    """Owns the only thread that writes the archive's rows of instances.

    `settle` is told the ids of studies that got new instances, soon for a new study and at most every second while
    more arrive; `rematch` is called every ten seconds. `warm` is called with the keys of objects that just came, while
    no others wait: their first reader shall find in memory what was written past the page cache.
    """

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        inbox_folder: Path,
        *,
        settle: Callable[[Collection[int]], None] = _nothing,
        rematch: Callable[[], None] = _no_rematch,
        scan_every_s: float = _SCAN_S,
        placement: Placement | None = None,
        warm: Callable[[str], None] | None = None,
    ) -> None:
        inbox_folder.mkdir(parents=True, exist_ok=True)
        self._database = database
        self._storage = storage
        self._inbox = inbox_folder
        self._settle = settle
        self._rematch = rematch
        self._scan_every_s = scan_every_s
        self._waiting: list[Received] = []
        self._came = threading.Event()
        self._hurry = threading.Event()
        self._queued: set[str] = set()
        self._not_before: dict[str, float] = {}  # files in the inbox that failed: when to try again
        self._rows = IndexRows(storage, inbox_folder, self._record_of_file, placement)
        self._warm = warm
        self._fresh: deque[str] = deque(maxlen=_FRESH)
        self._touched: dict[int, None] = {}  # studies to announce, in order
        self._announced: dict[int, float] = {}  # study → when that was done last
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._since_checkpoint = 0
        self._next_scan = time.monotonic() + scan_every_s
        self._state = threading.Lock()
        self._announcing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="archive-index", daemon=True)
        self._settler = threading.Thread(target=self._settle_on, name="archive-settle", daemon=True)

    @property
    def backlog(self) -> int:
        """Objects accepted and not yet confirmed by the index."""
        return len(self._queued)

    def start(self, *, replay: bool = True) -> None:
        """Index what the last run left in the inbox, then begin; call before any receiver runs.

        Without `replay` receivers may run already: it begins at once and scans for what was left.
        """
        if replay:
            inbox.remove_partial(self._inbox)
            self.replay()
        else:
            self._next_scan = time.monotonic()
        self._thread.start()
        self._settler.start()

    def warm_up(self) -> None:
        """Compile once, in a transaction that is taken back, the statements that the first batch would wait for."""
        try:
            with self._database.write() as uow:
                self._rows.write(uow.session, [_example(number) for number in range(_EXAMPLES)])
                raise _TakeBack
        except _TakeBack:
            self._rows.forget()

    def stop(self) -> None:
        """Finish what is queued and end. What comes later waits in the inbox for the next start."""
        self._stopping.set()
        self._came.set()
        for thread in (self._thread, self._settler):
            if thread.is_alive():
                thread.join(30)
        self._announce(force=True)

    def submit(self, message: bytes) -> None:
        """Take a receiver's message; any thread. An empty one says that somebody waits for those before it."""
        if not message:
            self._hurry.set()
            return
        record = decode_received(message)
        if len(self._queued) >= _IN_HAND:
            return  # the database is in trouble: the file waits in the inbox, a scan will find it
        self._put(record)

    def wait_until_idle(self, timeout_s: float = 10.0) -> bool:
        """Wait until everything submitted is committed, moved and announced; False if that took longer."""
        return self._idle.wait(timeout_s)

    def replay(self) -> int:
        """Index the files that wait in the inbox without a message; returns how many."""
        names = sorted(entry.name for entry in inbox.ready_files(self._inbox) if entry.name not in self._queued)
        for start in range(0, len(names), BATCH):
            self._index_safely(
                [record for name in names[start : start + BATCH] if (record := self._record_of_file(name))],
                patient=False,
            )
        self._announce(force=True)
        return len(names)

    # the thread

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            if batch:
                self._index_safely(batch)
            if not batch and self._stopping.is_set():
                return
            self._look_whether_idle()
            if self._since_checkpoint >= _CHECKPOINT_OBJECTS or (self._since_checkpoint and not batch):
                self._outermost(self._database.checkpoint)
                self._since_checkpoint = 0
            now = time.monotonic()
            if now >= self._next_scan and not self._stopping.is_set():
                self._outermost(self._scan)
                self._next_scan = now + self._scan_every_s

    def _settle_on(self) -> None:
        """A thread of its own: what studies mean to exams must not hold up what comes in."""
        next_rematch = time.monotonic() + _REMATCH_S
        while not self._stopping.wait(_SETTLE_LOOK_S):
            self._announce(force=False)
            self._look_whether_idle()
            self._outermost(self._warm_some)
            if time.monotonic() >= next_rematch:
                self._outermost(self._rematch)
                self._database.sync()
                next_rematch = time.monotonic() + _REMATCH_S

    def _warm_some(self) -> None:
        for _ in range(_WARM_AT_ONCE):
            if self._warm is None or self._queued or not self._fresh:
                return
            self._warm(self._fresh.popleft())

    def _look_whether_idle(self) -> None:
        if self._announcing.acquire(blocking=False):
            with self._state:
                if not self._queued and not self._touched:
                    self._idle.set()
            self._announcing.release()

    def _put(self, record: Received) -> None:
        with self._state:
            self._idle.clear()
            self._queued.add(record.name)
            self._waiting.append(record)
            if len(self._waiting) == 1:
                self._came.set()

    def _next_batch(self) -> list[Received]:
        if not self._waiting and not self._stopping.is_set():
            self._came.wait(_SCAN_LOOK_S)
        end = time.monotonic() + _LINGER_S
        seen = 0
        while seen < len(self._waiting) < BATCH and time.monotonic() < end and not self._stopping.is_set():
            seen = len(self._waiting)
            if self._hurry.wait(_QUIET_S):
                break
        with self._state:
            self._hurry.clear()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting and not self._stopping.is_set():
                self._came.clear()
        return batch

    def _index_safely(self, batch: list[Received], *, patient: bool = True) -> None:
        """Index a batch; on a defect, object by object, so that one bad object never holds up the others.

        While the database cannot be written (full disk, lost server) a patient caller waits here.
        """
        if not batch:
            return
        try:
            while not self._try(batch):
                if not patient or self._stopping.wait(_TROUBLE_S):
                    self._let_wait(batch, 0.0)
                    return
        except Exception:
            self._rows.forget()
            if len(batch) > 1:
                logger.warning(
                    "archive: a batch of %d failed; trying its objects one by one", len(batch), exc_info=True
                )
                for record in batch:
                    self._index_safely([record])
                return
            logger.exception("archive: an object stays in the inbox and will be tried again: %s", batch[0].name)
            self._let_wait(batch, _RETRY_S)

    def _try(self, batch: list[Received]) -> bool:
        """Index a batch; False if the database cannot be written at present."""
        try:
            self._index(batch)
        except (Refusal, OperationalError) as trouble:
            self._rows.forget()
            logger.warning(
                "archive: the index cannot be written, %d objects wait: %s", len(batch), type(trouble).__name__
            )
            return False
        return True

    def _let_wait(self, batch: list[Received], seconds: float) -> None:
        """Leave objects to a later scan."""
        later = time.monotonic() + seconds
        for record in batch:
            self._queued.discard(record.name)
            self._not_before[record.name] = later

    def _scan(self) -> None:
        oldest_ns = time.time_ns() - int(_SETTLED_AGE_S * 1e9)
        now = time.monotonic()
        for entry in inbox.ready_files(self._inbox):
            if len(self._queued) >= _IN_HAND:
                return
            if entry.name in self._queued or self._not_before.get(entry.name, 0.0) > now:
                continue
            name = inbox.InboxName.parse(entry.name)
            if name is not None and name.received_ns < oldest_ns:
                self._not_before.pop(entry.name, None)
                record = self._record_of_file(entry.name)
                if record is not None:
                    self._put(record)

    def _announce(self, *, force: bool) -> None:
        with self._announcing:
            now = time.monotonic()
            with self._state:
                due = [one for one in self._touched if force or now - self._announced.get(one, -1e9) >= _SETTLE_S]
                for study in due:
                    del self._touched[study]
            if not due:
                return
            if len(self._announced) > _CACHE:
                self._announced.clear()
            self._announced.update(dict.fromkeys(due, now))
            self._outermost(lambda: self._settle(due))
            self._outermost(self._database.sync)

    def _outermost(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            logger.exception("archive: a task of the indexer failed; it will be tried again")

    # one batch

    def _index(self, records: list[Received]) -> None:
        with self._database.write() as uow:
            batch = self._rows.write(uow.session, records)
        self._database.sync()
        for record in records:
            surplus = record.name in batch.surplus
            if surplus or record.key not in batch.going:  # else a later scan moves it; readers look into the inbox too
                self._move(record, surplus)
        if self._warm is not None:
            self._fresh.extend(record.key for record in records)
        with self._state:
            self._touched.update(dict.fromkeys(batch.studies))
            self._queued.difference_update(record.name for record in records)
        self._since_checkpoint += len(records)

    # files

    def _move(self, record: Received, surplus: bool) -> None:
        path = self._inbox / record.name
        try:
            if surplus:
                path.unlink()
            else:
                self._storage.put(path, record.key)
        except FileNotFoundError:
            if not surplus and not self._storage.exists(record.key):
                logger.error("archive: a received file vanished before it was moved: %s", record.name)
        except OSError:
            # the row is committed and readers look into the inbox as well; the next scan moves the file
            logger.exception("archive: a file could not be moved out of the inbox yet: %s", record.name)

    def _record_of_file(self, name: str) -> Received | None:
        """Read a file in the inbox as its receiver did. What cannot be read is set aside with a line in the log."""
        path = self._inbox / name
        known = inbox.InboxName.parse(name)
        try:
            if known is None:
                raise NotPart10("its name was not made by the inbox")
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                if not is_key_of(known.key, mapped):
                    raise NotPart10("its bytes are not those that were accepted")
                what, offset = read_meta(mapped[: MAX_META_BYTES + 256])
                with memoryview(mapped) as view, view[offset:] as data:
                    header = read_header(data, what.transfer_syntax_uid)
                    add_non_patient_uids(header.tags, what.sop_class_uid)
                    return record_of(name, known, what, header, offset, len(data))
        except FileNotFoundError:
            return None  # moved meanwhile
        except (NotPart10, DamagedHeader, ValueError) as fault:
            aside = self._inbox.parent / "damaged"
            aside.mkdir(exist_ok=True)
            path.replace(aside / name)
            logger.error("archive: a file in the inbox was set aside into %s: %s", aside, fault)
            return None

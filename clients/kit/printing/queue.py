"""Documents on their way to printers: tried at once, kept on disk and tried again until they are printed."""

from __future__ import annotations

import base64
import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from clients.kit.printing.setup import PrinterSetup
from clients.kit.printing.transports import PrinterTrouble, Sheet, Transport
from clients.kit.settings import data_folder, write_atomically

log = logging.getLogger(__name__)

RETRY_S = 15.0
LONGEST_RETRY_S = 120.0
MOST_JOBS = 500
_NAME = re.compile(r"\d{20}-\d{4}\.job")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One document for one printer. `key` orders them; `trouble` is the source sentence of the last try."""

    key: str
    kind: str
    document_id: int
    media_type: str
    setup: PrinterSetup
    data: str  # base64
    tries: int = 0
    trouble: str = ""
    is_printed: bool = False  # only the server does not know yet
    is_lost: bool = False  # it will never print here and is not kept

    @property
    def printer(self) -> str:
        """Jobs of one printer keep their order."""
        return self.setup.printer


MakeTransport = Callable[[PrinterSetup], Transport]
Told = Callable[[Job], None]


class PrintQueue:
    """Thread-safe. `transport` finds the way to a printer; `printed` tells the server and may raise OSError or
    anything that `is_offline` calls a lost line: then it is told later."""

    def __init__(
        self,
        transport: MakeTransport,
        printed: Told = lambda _job: None,
        is_offline: Callable[[Exception], bool] = lambda _fault: False,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._printed = printed
        self._is_offline = is_offline
        self._folder = folder or data_folder() / "print-queue"
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._next_try: dict[str, float] = {}
        self._working: set[str] = set()
        self._lines: dict[str, threading.Lock] = {}
        self._count = 0
        self._listeners: list[Callable[[], None]] = []
        self._load()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear that the queue looks different, on any thread; what is returned ends that."""
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is not printed yet, oldest first."""
        with self._lock:
            return tuple(job for _, job in sorted(self._jobs.items()) if not job.is_printed)

    @property
    def has_work(self) -> bool:
        """Whether anything waits for a printer or for the server to hear of it."""
        with self._lock:
            return bool(self._jobs)

    def submit(self, *, kind: str, document_id: int, media_type: str, data: bytes, setup: PrinterSetup) -> Job:
        """Keep the document and try to print it now, after those that wait for the same printer (blocking).

        The job returned has no `trouble` if it is printed. Raises OSError if the desk's disk is full.
        """
        with self._lock:
            if len(self.jobs) >= MOST_JOBS:
                raise PrinterTrouble("等待打印的任务过多，请先处理打印队列。")
            self._count += 1
            key = f"{int(self._clock() * 1e9):020d}-{self._count % 10000:04d}"
            job = Job(
                key=key,
                kind=kind,
                document_id=document_id,
                media_type=media_type,
                setup=setup,
                data=base64.b64encode(data).decode("ascii"),
            )
            self._keep(job)
        return self._work(setup.printer, until=key) or job

    def retry(self, key: str = "") -> None:
        """Try now what waits: the printer of one job, or of every job (blocking)."""
        with self._lock:
            printers = {job.printer for job in self._jobs.values() if not key or job.key == key}
        for printer in sorted(printers):
            self._work(printer)

    def work_due(self) -> None:
        """Try what is due again (blocking)."""
        with self._lock:
            now = self._clock()
            printers = {job.printer for job in self._jobs.values()}
            due = [printer for printer in sorted(printers) if self._next_try.get(printer, 0.0) <= now]
        for printer in due:
            self._work(printer)

    def cancel(self, key: str) -> None:
        """Give a waiting document up."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.is_printed or key in self._working:
                return
            self._forget(key)
        self._tell()

    def _work(self, printer: str, until: str = "") -> Job | None:
        """Print the jobs of one printer in order until one fails; returns the job asked about as it is then."""
        with self._line(printer):
            asked = self._print_in_order(printer, until)
        self._tell()
        return asked

    def _line(self, printer: str) -> threading.Lock:
        """One document at a time goes to a printer, else a later one could overtake."""
        with self._lock:
            return self._lines.setdefault(printer, threading.Lock())

    def _print_in_order(self, printer: str, until: str) -> Job | None:
        asked: Job | None = None
        for job in self._waiting(printer):
            with self._lock:
                job_now = self._jobs.get(job.key)
                if job_now is None:
                    continue
                self._working.add(job.key)
            try:
                after = self._try(job_now)
            finally:
                with self._lock:
                    self._working.discard(job.key)
            if job.key == until:
                asked = after
            if after.trouble and not after.is_lost:
                break
        if until and asked is None:
            with self._lock:
                asked = self._jobs.get(until)
                if asked is not None and not asked.trouble:
                    asked = msgspec.structs.replace(asked, trouble="前面的任务正在等待这台打印机。")
                    self._keep(asked)
        return asked

    def _waiting(self, printer: str) -> list[Job]:
        with self._lock:
            return [job for _, job in sorted(self._jobs.items()) if job.printer == printer]

    def _try(self, job: Job) -> Job:
        where = ""
        if not job.is_printed:
            sheet = Sheet(f"{job.kind}-{job.document_id}", job.media_type, base64.b64decode(job.data), job.setup.copies)
            try:
                where = self._transport(job.setup).send(sheet)
            except PrinterTrouble as fault:
                if fault.is_final:  # it would only hold up those behind it
                    with self._lock:
                        self._forget(job.key)
                    return msgspec.structs.replace(job, trouble=fault.source, is_lost=True)
                waiting = msgspec.structs.replace(job, tries=job.tries + 1, trouble=fault.source)
                pause = min(RETRY_S * 2 ** min(job.tries, 5), LONGEST_RETRY_S)
                with self._lock:
                    self._next_try[job.printer] = self._clock() + pause
                    if job.key in self._jobs:
                        self._keep(waiting)
                return waiting
            # From here on it is on paper: whatever happens, it must not be printed twice.
            job = msgspec.structs.replace(job, is_printed=True, trouble="", data="")
            with self._lock:
                self._next_try.pop(job.printer, None)
                self._keep(job)
        self._record(job)
        return msgspec.structs.replace(job, data=where)

    def _record(self, job: Job) -> None:
        try:
            if job.printer:
                self._printed(job)
        except Exception as fault:  # noqa: BLE001 - the paper is out; whatever the server says must not print it again
            if self._is_offline(fault):
                with self._lock:
                    self._next_try[job.printer] = self._clock() + RETRY_S
                return
            log.warning("a print could not be recorded: %s", type(fault).__name__)
        with self._lock:
            self._forget(job.key)

    def _keep(self, job: Job) -> None:
        self._jobs[job.key] = job
        write_atomically(self._folder / f"{job.key}.job", msgspec.json.encode(job))

    def _forget(self, key: str) -> None:
        self._jobs.pop(key, None)
        (self._folder / f"{key}.job").unlink(missing_ok=True)

    def _load(self) -> None:
        try:
            paths = sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        except OSError:
            return
        for path in paths[:MOST_JOBS]:
            try:
                job = msgspec.json.decode(path.read_bytes(), type=Job)
            except (OSError, msgspec.MsgspecError):
                log.warning("a waiting print of an earlier start cannot be read and stays where it is")
                continue
            if f"{job.key}.job" == path.name:
                self._jobs[job.key] = job

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

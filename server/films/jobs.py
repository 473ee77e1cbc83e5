"""The job that prints a task: film by film, so that one that is through is not printed again after an interruption."""

from __future__ import annotations

import logging
import zlib
from datetime import timedelta

import msgspec
from sqlalchemy import select

from server.films.ports import Printers, PrinterTrouble, Sheet
from server.films.service import PRINT_JOB, FilmService
from server.films.tables import FilmPartRow, FilmTaskRow
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobKind, JobRetry, Schedule
from server.kernel.jobs.runner import JobCancelled
from server.kernel.storage.port import ObjectStorage, StorageError
from shared.contract.base import Changed
from shared.contract.film import BeginFilmTask, FilmPrinter, FilmSheet, FilmState, FilmTrouble

logger = logging.getLogger(__name__)

EXPIRE_JOB = "film.expire"
SCHEDULES = (Schedule(EXPIRE_JOB, timedelta(hours=6)),)
PAUSES_S = (5.0, 15.0, 60.0, 120.0, 300.0, 600.0)
MOST_ATTEMPTS = 60
"""With the longest pause of ten minutes: a printer may be off for a night."""
_BATCH_BYTES = 128 << 20
"""Films of one association, so that a long task does not fill the memory."""


class SheetDamaged(Exception):
    """The bytes of a sheet are not what they were."""


class FilmPrinting:
    """`kinds` are for the runner of jobs."""

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        service: FilmService,
        printers: Printers,
        time: HospitalTime,
    ) -> None:
        self._database = database
        self._storage = storage
        self._service = service
        self._printers = printers
        self._time = time

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [
            JobKind(PRINT_JOB, self.print, lane="films", max_attempts=1_000),
            JobKind(EXPIRE_JOB, self.expire, lane="house"),
        ]

    def expire(self, _context: JobContext) -> str:
        """Delete old sheets."""
        with self._database.write() as uow:
            return f"{self._service.expire(uow)} parts of films deleted."

    def print(self, context: JobContext) -> str:
        """Print what is left of a task; nothing when it was cancelled or another job took it over."""
        task_id = int(context.payload["task"])
        while True:
            self._still_wanted(context, task_id)
            begun = self._begin(task_id, context.job_id)
            if begun is None:
                return "Nothing to do."
            asked, printer, done = begun
            if printer is None:
                return self._end(task_id, FilmState.FAILED, FilmTrouble.PRINTER_GONE)
            if done >= len(asked.sheets):
                return self._end(task_id, FilmState.PRINTED)
            try:
                sheets = self._sheets(task_id, asked, done)
                warnings = self._printers.send(printer, asked, sheets, lambda n: self._printed(context, task_id, n))
            except SheetDamaged:
                return self._end(task_id, FilmState.FAILED, FilmTrouble.DAMAGED)
            except PrinterTrouble as trouble:
                return self._trouble(task_id, trouble)
            self._warn(task_id, warnings)

    def _still_wanted(self, context: JobContext, task_id: int) -> None:
        try:
            context.step()
        except JobCancelled:
            self._end(task_id, FilmState.CANCELLED)
            raise

    def _begin(self, task_id: int, job_id: int) -> tuple[BeginFilmTask, FilmPrinter | None, int] | None:
        with self._database.write() as uow:
            row = uow.session.get(FilmTaskRow, task_id, with_for_update=True)
            if row is None or row.job_id != job_id or row.state not in (FilmState.WAITING, FilmState.SENDING):
                return None
            try:
                printer = self._service.printer(uow, row.printer_id)
            except Refusal:
                printer = None
            self._change(uow, row, FilmState.SENDING)
            return msgspec.msgpack.decode(row.body, type=BeginFilmTask), printer, row.printed

    def _sheets(self, task_id: int, asked: BeginFilmTask, first: int) -> list[Sheet]:
        """The next films, as many as fit into a batch, at least one. Raises SheetDamaged."""
        sheets: list[Sheet] = []
        total = 0
        for number in range(first, len(asked.sheets)):
            facts = asked.sheets[number]
            total += facts.rows * facts.columns * facts.samples
            if sheets and total > _BATCH_BYTES:
                break
            sheets.append(Sheet(facts, self._pixels(task_id, number, facts)))
        return sheets

    def _pixels(self, task_id: int, number: int, facts: FilmSheet) -> bytes:
        places = select(FilmPartRow.digest).where(FilmPartRow.task_id == task_id, FilmPartRow.sheet == number)
        with self._database.read() as uow:
            digests = list(uow.session.scalars(places.order_by(FilmPartRow.offset)))
        wanted = facts.rows * facts.columns * facts.samples
        unpacked = zlib.decompressobj()
        parts: list[bytes] = []
        try:
            for digest in digests:
                with self._storage.open(digest) as reader:
                    parts.append(unpacked.decompress(reader.read(), wanted + 1))
        except (StorageError, zlib.error, OSError) as error:
            logger.exception("film task %d: sheet %d cannot be read", task_id, number)
            raise SheetDamaged from error
        pixels = b"".join(parts)
        if len(pixels) != wanted or not unpacked.eof:
            raise SheetDamaged
        return pixels

    def _printed(self, context: JobContext, task_id: int, _number: int) -> bool:
        """A film is through: remember it before the next one goes."""
        with self._database.write() as uow:
            row = uow.session.get(FilmTaskRow, task_id, with_for_update=True)
            if row is None:
                return False
            row.printed = min(row.printed + 1, row.sheets)
            row.changed_at = self._time.now()
            row.touch()
            uow.publish(Changed("film_task", row.id, row.version))
            if row.state != FilmState.SENDING:
                return False
        return not context.is_stopping

    def _trouble(self, task_id: int, trouble: PrinterTrouble) -> str:
        """Refused films fail at once; a printer that is off or not ready is tried again. Raises JobRetry."""
        kind = FilmTrouble.UNREACHABLE
        if trouble.failure:
            kind = FilmTrouble.PRINTER_FAILURE
        elif trouble.refused:
            kind = FilmTrouble.REFUSED
        with self._database.write() as uow:
            row = uow.session.get(FilmTaskRow, task_id, with_for_update=True)
            if row is None or row.state != FilmState.SENDING:
                return "Cancelled."
            row.attempts += 1
            row.trouble, row.detail = kind.value, trouble.detail[:400]
            if trouble.refused or row.attempts >= MOST_ATTEMPTS:
                self._change(uow, row, FilmState.FAILED)
                return trouble.detail
            pause = PAUSES_S[min(row.attempts, len(PAUSES_S)) - 1]
            self._change(uow, row, FilmState.WAITING)
            row.next_try = self._time.now() + timedelta(seconds=pause)
        raise JobRetry(trouble.detail, pause) from trouble

    def _end(self, task_id: int, state: FilmState, trouble: FilmTrouble = FilmTrouble.NONE) -> str:
        with self._database.write() as uow:
            row = uow.session.get(FilmTaskRow, task_id, with_for_update=True)
            if row is not None and row.state == FilmState.SENDING:
                row.trouble, row.detail = trouble.value, ""
                self._change(uow, row, state)
        return f"{state.value}."

    def _warn(self, task_id: int, warnings: tuple[str, ...]) -> None:
        if not warnings:
            return
        with self._database.write() as uow:
            row = uow.session.get(FilmTaskRow, task_id, with_for_update=True)
            if row is not None:
                known = (row.warnings or "").splitlines()
                row.warnings = "\n".join(dict.fromkeys([*known, *warnings]))[:2000]

    def _change(self, uow: UnitOfWork, row: FilmTaskRow, state: FilmState) -> None:
        row.state, row.changed_at, row.next_try = state.value, self._time.now(), None
        row.touch()
        uow.publish(Changed("film_task", row.id, row.version))

"""Use cases of films: printers, tasks, their sheets."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec
from sqlalchemy import delete, func, select

from server.films import rules
from server.films.tables import FilmPartRow, FilmPrinterRow, FilmTaskRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.jobs import enqueue
from server.kernel.storage.port import ObjectStorage, StorageFull
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.film import (
    BeginFilmTask,
    FilmPrinter,
    FilmState,
    FilmTask,
    FilmTrouble,
    PutSheet,
)

PRINT_JOB = "film.print"
MOST_LISTED = 100
_KEEP_SHEETS = timedelta(days=7)
_KEEP_UNFINISHED = timedelta(days=1)
_KEEP_TASKS = timedelta(days=180)


class FilmService:
    """Methods work in the caller's unit of work. Bytes are durable before the row of a part is."""

    def __init__(self, storage: ObjectStorage, time: HospitalTime) -> None:
        self._storage = storage
        self._time = time

    # --- printers

    def printers(self, uow: UnitOfWork) -> tuple[FilmPrinter, ...]:
        """Return all printers by name."""
        return tuple(
            printer_of(row) for row in uow.session.scalars(select(FilmPrinterRow).order_by(FilmPrinterRow.name))
        )

    def printer(self, uow: UnitOfWork, printer_id: int) -> FilmPrinter:
        """Return a printer. Raises NOT_FOUND."""
        row = uow.session.get(FilmPrinterRow, printer_id)
        if row is None:
            raise not_found("胶片打印机")
        return printer_of(row)

    def save_printer(self, uow: UnitOfWork, asked: FilmPrinter) -> FilmPrinter:
        """Add or change a printer. Raises NOT_FOUND, CONFLICT, INVALID."""
        fault = rules.fault_of_printer(asked)
        if fault:
            raise invalid("printer", fault)
        same = select(FilmPrinterRow.id).where(FilmPrinterRow.name == asked.name.strip(), FilmPrinterRow.id != asked.id)
        if uow.session.execute(same).first() is not None:
            raise invalid("name", "已有同名的打印机，请换一个名称。")
        row = uow.session.get(FilmPrinterRow, asked.id) if asked.id else FilmPrinterRow(version=0)
        if row is None:
            raise not_found("胶片打印机")
        row.expect(asked.version if asked.id else 0)
        row.name, row.body = asked.name.strip(), msgspec.msgpack.encode(asked)
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("film_printer", row.id, row.version))
        return printer_of(row)

    def remove_printer(self, uow: UnitOfWork, printer_id: int) -> None:
        """Forget a printer. Raises NOT_FOUND."""
        row = uow.session.get(FilmPrinterRow, printer_id)
        if row is None:
            raise not_found("胶片打印机")
        uow.session.delete(row)
        uow.publish(Changed("film_printer", printer_id, 0))

    # --- tasks

    def begin(self, uow: UnitOfWork, caller: Caller, asked: BeginFilmTask) -> FilmTask:
        """Announce films. Raises NOT_FOUND, INVALID."""
        printer = self.printer(uow, asked.printer_id)
        fault = rules.fault_of_task(asked, printer)
        if fault:
            raise invalid("task", fault)
        now = self._time.now()
        row = FilmTaskRow(
            printer_id=printer.id,
            printer_name=printer.name,
            title=asked.title[:200],
            state=FilmState.COMPOSING.value,
            sheets=len(asked.sheets),
            created_by=caller.name[:64],
            created_at=now,
            changed_at=now,
            version=1,
            body=msgspec.msgpack.encode(asked),
        )
        uow.session.add(row)
        uow.session.flush()
        return task_of(row)

    def put(self, uow: UnitOfWork, asked: PutSheet) -> None:
        """Keep a part of a sheet. Raises NOT_FOUND, INVALID, DISK_FULL, ILLEGAL_ACTION."""
        row = self._row(uow, asked.task_id)
        if row.state != FilmState.COMPOSING:
            raise illegal_action(row.state, "这个打印任务已提交，不能再添加胶片。")
        sheets = msgspec.msgpack.decode(row.body, type=BeginFilmTask).sheets
        if not 0 <= asked.sheet < len(sheets):
            raise invalid("sheet", "没有这张胶片。")
        fault = rules.fault_of_part(sheets[asked.sheet], asked.offset, len(asked.data))
        if fault:
            raise invalid("data", fault)
        place = (
            FilmPartRow.task_id == row.id,
            FilmPartRow.sheet == asked.sheet,
            FilmPartRow.offset == asked.offset,
        )
        if uow.session.execute(select(FilmPartRow.id).where(*place)).first() is not None:
            return
        digest = hashlib.sha256(asked.data).hexdigest()
        try:
            self._storage.put(asked.data, digest)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, "服务器磁盘已满，胶片没有保存，请联系管理员。") from full
        uow.session.add(
            FilmPartRow(task_id=row.id, sheet=asked.sheet, offset=asked.offset, size=len(asked.data), digest=digest)
        )

    def submit(self, uow: UnitOfWork, task_id: int) -> FilmTask:
        """Queue a task whose sheets are all there. Raises NOT_FOUND, INVALID."""
        row = self._row(uow, task_id)
        if row.state != FilmState.COMPOSING:
            return task_of(row)
        counted = select(func.coalesce(func.sum(FilmPartRow.size), 0)).where(FilmPartRow.task_id == task_id)
        there = int(uow.session.execute(counted).scalar_one())
        wanted = sum(s.compressed_bytes for s in msgspec.msgpack.decode(row.body, type=BeginFilmTask).sheets)
        if there != wanted:
            raise invalid("sheets", f"胶片数据不完整（{there}/{wanted} 字节），请重新打印。")
        self._queue(uow, row)
        return task_of(row)

    def tasks(self, uow: UnitOfWork) -> tuple[FilmTask, ...]:
        """Return the newest tasks."""
        newest = select(FilmTaskRow).order_by(FilmTaskRow.id.desc()).limit(MOST_LISTED)
        return tuple(task_of(row) for row in uow.session.scalars(newest))

    def cancel(self, uow: UnitOfWork, task_id: int) -> FilmTask:
        """Print no more. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = self._row(uow, task_id)
        if FilmState(row.state) not in rules.CAN_CANCEL:
            raise illegal_action(row.state, "这个打印任务已经结束。")
        self._set(uow, row, FilmState.CANCELLED)
        return task_of(row)

    def retry(self, uow: UnitOfWork, task_id: int, printer_id: int) -> FilmTask:
        """Print again. Raises NOT_FOUND, ILLEGAL_ACTION, INVALID (the other printer cannot print it)."""
        row = self._row(uow, task_id)
        if FilmState(row.state) not in rules.CAN_RETRY:
            raise illegal_action(row.state, "这个打印任务正在发送，请等它结束。")
        if not row.kept:
            raise illegal_action(row.state, "胶片数据已过保存期，请重新排版打印。")
        asked = msgspec.msgpack.decode(row.body, type=BeginFilmTask)
        printer = self.printer(uow, printer_id or row.printer_id)
        fault = rules.fault_of_task(asked, printer)
        if fault:
            raise invalid("printer_id", fault)
        row.printer_id, row.printer_name = printer.id, printer.name
        if row.state == FilmState.PRINTED:
            row.printed = 0
        row.attempts, row.warnings = 0, ""
        self._queue(uow, row)
        return task_of(row)

    def expire(self, uow: UnitOfWork) -> int:
        """Delete sheets of tasks that ended a week ago, and tasks that nobody asks for; returns how many parts."""
        now = self._time.now()
        ended = select(FilmTaskRow).where(
            FilmTaskRow.kept.is_(True),
            FilmTaskRow.state.in_([FilmState.PRINTED, FilmState.FAILED, FilmState.CANCELLED]),
            FilmTaskRow.changed_at < now - _KEEP_SHEETS,
        )
        unfinished = select(FilmTaskRow).where(
            FilmTaskRow.state == FilmState.COMPOSING, FilmTaskRow.changed_at < now - _KEEP_UNFINISHED
        )
        gone = 0
        for row in [*uow.session.scalars(ended), *uow.session.scalars(unfinished)]:
            gone += self._drop_parts(uow, row.id)
            row.kept = False
            if row.state == FilmState.COMPOSING:
                row.state = FilmState.CANCELLED
        uow.session.flush()
        uow.session.execute(
            delete(FilmTaskRow).where(FilmTaskRow.kept.is_(False), FilmTaskRow.changed_at < now - _KEEP_TASKS)
        )
        return gone

    # --- inside

    def _drop_parts(self, uow: UnitOfWork, task_id: int) -> int:
        """The same film of two tasks lies in the store once, so its bytes go with the last of them."""
        parts = list(uow.session.scalars(select(FilmPartRow).where(FilmPartRow.task_id == task_id)))
        for part in parts:
            uow.session.delete(part)
        uow.session.flush()
        for digest in {part.digest for part in parts}:
            if uow.session.execute(select(FilmPartRow.id).where(FilmPartRow.digest == digest)).first() is None:
                self._storage.delete(digest)
        return len(parts)

    def _row(self, uow: UnitOfWork, task_id: int) -> FilmTaskRow:
        row = uow.session.get(FilmTaskRow, task_id, with_for_update=True)
        if row is None:
            raise not_found("打印任务")
        return row

    def _queue(self, uow: UnitOfWork, row: FilmTaskRow) -> None:
        row.trouble, row.detail, row.next_try = FilmTrouble.NONE.value, "", None
        self._set(uow, row, FilmState.WAITING)
        row.job_id = enqueue(uow, PRINT_JOB, {"task": row.id}, title="胶片打印")

    def _set(self, uow: UnitOfWork, row: FilmTaskRow, state: FilmState) -> None:
        row.state, row.changed_at, row.next_try = state.value, self._time.now(), None
        row.touch()
        uow.session.flush()
        uow.publish(Changed("film_task", row.id, row.version))


def printer_of(row: FilmPrinterRow) -> FilmPrinter:
    """Return a row as workstations see it."""
    kept = msgspec.msgpack.decode(row.body, type=FilmPrinter)
    return msgspec.structs.replace(kept, id=row.id, version=row.version, name=row.name)


def task_of(row: FilmTaskRow) -> FilmTask:
    """Return a row as workstations see it."""
    asked = msgspec.msgpack.decode(row.body, type=BeginFilmTask)
    state = FilmState(row.state)
    return FilmTask(
        id=row.id,
        version=row.version,
        title=row.title,
        printer_id=row.printer_id,
        printer_name=row.printer_name,
        state=state,
        trouble=FilmTrouble(row.trouble or ""),
        detail=row.detail or "",
        warnings=tuple((row.warnings or "").splitlines()),
        sheets=row.sheets,
        printed=row.printed or 0,
        copies=asked.copies,
        attempts=row.attempts or 0,
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
        next_try=row.next_try,
        can_retry=row.kept is not False and state in rules.CAN_RETRY,
        is_true_size=any(sheet.width_mm for sheet in asked.sheets),
    )

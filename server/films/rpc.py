"""Handlers of films."""

from __future__ import annotations

from server.films.ports import Printers
from server.films.service import FilmService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract.base import Nothing
from shared.contract.film import (
    AskFilmPrinter,
    BeginFilmTask,
    CancelFilmTask,
    FilmPrinter,
    FilmTask,
    ListFilmPrinters,
    ListFilmTasks,
    PrinterState,
    PutSheet,
    RemoveFilmPrinter,
    RetryFilmTask,
    SaveFilmPrinter,
    SubmitFilmTask,
)


class FilmRpc:
    """What viewers ask about films."""

    def __init__(self, service: FilmService, printers: Printers) -> None:
        self._service = service
        self._printers = printers

    @handles
    def list_printers(self, _request: ListFilmPrinters, _caller: Caller, uow: UnitOfWork) -> tuple[FilmPrinter, ...]:
        return self._service.printers(uow)

    @handles
    def save_printer(self, request: SaveFilmPrinter, _caller: Caller, uow: UnitOfWork) -> FilmPrinter:
        return self._service.save_printer(uow, request.printer)

    @handles
    def remove_printer(self, request: RemoveFilmPrinter, _caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.remove_printer(uow, request.printer_id)
        return Nothing()

    @handles
    def ask_printer(self, request: AskFilmPrinter, _caller: Caller, uow: UnitOfWork) -> PrinterState:
        return self._printers.state(self._service.printer(uow, request.printer_id))

    @handles
    def begin(self, request: BeginFilmTask, caller: Caller, uow: UnitOfWork) -> FilmTask:
        return self._service.begin(uow, caller, request)

    @handles
    def put_sheet(self, request: PutSheet, _caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.put(uow, request)
        return Nothing()

    @handles
    def submit(self, request: SubmitFilmTask, _caller: Caller, uow: UnitOfWork) -> FilmTask:
        return self._service.submit(uow, request.task_id)

    @handles
    def list_tasks(self, _request: ListFilmTasks, _caller: Caller, uow: UnitOfWork) -> tuple[FilmTask, ...]:
        return self._service.tasks(uow)

    @handles
    def cancel(self, request: CancelFilmTask, _caller: Caller, uow: UnitOfWork) -> FilmTask:
        return self._service.cancel(uow, request.task_id)

    @handles
    def retry(self, request: RetryFilmTask, _caller: Caller, uow: UnitOfWork) -> FilmTask:
        return self._service.retry(uow, request.task_id, request.printer_id)

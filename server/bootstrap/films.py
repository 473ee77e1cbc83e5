"""Puts films together: the store of their sheets, DICOM printers, the job that prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.doors.dicom.ports import Peer
from server.doors.dicom.scu.ours import Ours, ScuFailed
from server.doors.dicom.scu.printing import Film, FilmImage, FilmSession, print_films, printer_status
from server.films.jobs import SCHEDULES, FilmPrinting
from server.films.ports import PrinterTrouble, Sheet
from server.films.rpc import FilmRpc
from server.films.service import FilmService
from server.kernel.clock import HospitalTime
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.settings import Settings
from shared.contract.film import BeginFilmTask, FilmPrinter, PrinterState

if TYPE_CHECKING:
    from server.bootstrap.folders import Folders
    from server.bootstrap.jobs import JobsHouse
    from server.kernel.jobs import JobKind
    from server.kernel.storage.port import ObjectStorage

__all__ = ["SCHEDULES", "Films", "build_films", "job_kinds"]

_ASK_CONNECT_S, _ASK_RESPONSE_S = 3.0, 5.0


@dataclass(frozen=True, slots=True)
class Films:
    """The area, put together."""

    service: FilmService
    storage: ObjectStorage
    printers: DicomPrinters
    handlers: FilmRpc


class DicomPrinters:
    """films.ports.Printers over the door's Print SCU."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def state(self, printer: FilmPrinter) -> PrinterState:
        ours = replace(self._ours(), connect_s=_ASK_CONNECT_S, response_s=_ASK_RESPONSE_S)
        try:
            said = printer_status(_peer(printer), ours, colour=printer.is_colour)
        except ScuFailed as failed:
            return PrinterState(status="", info="", name="", detail=failed.sentence)
        return PrinterState(status=said.status, info=said.info, name=said.name)

    def send(
        self, printer: FilmPrinter, asked: BeginFilmTask, sheets: Sequence[Sheet], printed: Callable[[int], bool]
    ) -> tuple[str, ...]:
        going = True
        done = 0

        def progress(count: int, _total: int) -> None:
            nonlocal going, done
            done = count
            going = printed(count)

        session = FilmSession(copies=asked.copies, priority=asked.priority, medium=asked.medium)
        films = [_film(sheet, asked) for sheet in sheets]
        try:
            return print_films(
                _peer(printer), films, self._ours(), session, progress=progress, cancelled=lambda: not going
            )
        except ScuFailed as failed:
            if not going:
                return ()
            raise PrinterTrouble(
                failed.sentence, printed=done, refused=failed.status != 0, failure=failed.is_printer_failure
            ) from failed
        except ValueError as error:
            raise PrinterTrouble(str(error), printed=done, refused=True) from error

    def _ours(self) -> Ours:
        from server.bootstrap.dicom import tls_files  # it imports the areas, which import this module

        return Ours(self._settings.ae_title, tls=tls_files(self._settings))


def _peer(printer: FilmPrinter) -> Peer:
    return Peer(printer.ae_title, printer.host, printer.port, tls=printer.tls)


def _film(sheet: Sheet, asked: BeginFilmTask) -> Film:
    facts = sheet.facts
    image = FilmImage(
        facts.rows,
        facts.columns,
        sheet.pixels,
        samples=facts.samples,
        inverse=asked.reverse,
        width_mm=facts.width_mm,
    )
    return Film([image], size=facts.size, orientation=facts.orientation, magnification=asked.magnification)


def build_films(settings: Settings, folders: Folders, time: HospitalTime) -> Films:
    """The service and its handlers. Sheets have a store of their own: they are deleted after some days."""
    storage = FolderStorage(folders.films, durability=Durability.OBJECT, reserve_bytes=settings.reserve_mb << 20)
    service, printers = FilmService(storage, time), DicomPrinters(settings)
    return Films(service, storage, printers, FilmRpc(service, printers))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Printing and clearing up."""
    films = house.areas.films
    return FilmPrinting(house.database, films.storage, films.service, films.printers, house.areas.time).kinds()

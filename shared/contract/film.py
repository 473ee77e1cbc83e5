"""Films: composed by the viewer sheet by sheet, kept in a queue on the server, printed by DICOM (PS3.4 annex H)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission

MOST_SHEETS = 200
MOST_COPIES = 99
MOST_PIXELS = 64_000_000
"""Of one sheet: 14 x 17 inches at 500 dpi."""
PART_BYTES = 4 << 20
"""Most bytes of one `PutSheet`."""

FILM_SIZES: dict[str, tuple[float, float]] = {
    "8INX10IN": (203.2, 254.0),
    "8_5INX11IN": (215.9, 279.4),
    "10INX12IN": (254.0, 304.8),
    "10INX14IN": (254.0, 355.6),
    "11INX14IN": (279.4, 355.6),
    "11INX17IN": (279.4, 431.8),
    "14INX14IN": (355.6, 355.6),
    "14INX17IN": (355.6, 431.8),
    "24CMX24CM": (240.0, 240.0),
    "24CMX30CM": (240.0, 300.0),
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
}
"""Film Size ID (PS3.3 C.13.3, 2010,0050) → width and height in mm, upright."""
MEDIA = ("BLUE FILM", "CLEAR FILM", "PAPER", "MAMMO CLEAR FILM", "MAMMO BLUE FILM")
"""Medium Type (2000,0030)."""
MAGNIFICATIONS = ("", "CUBIC", "BILINEAR", "REPLICATE", "NONE")
"""Magnification Type (2010,0060); empty: the printer's own."""
PRIORITIES = ("HIGH", "MED", "LOW")
"""Print Priority (2000,0020)."""


class FilmPrinter(msgspec.Struct, frozen=True, kw_only=True):
    """A film printer (Print SCP). ``sizes`` and ``media``: what it holds; empty: everything."""

    id: int
    version: int
    name: str
    ae_title: str
    host: str
    port: int
    is_colour: bool = False
    sizes: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    dpi: int = 300
    margin_mm: float = 5.0  # at each side, where it cannot print
    tls: bool = False
    enabled: bool = True


class FilmState(StrEnum):
    """How a task stands."""

    COMPOSING = "composing"  # sheets are still coming
    WAITING = "waiting"
    SENDING = "sending"
    PRINTED = "printed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FilmTrouble(StrEnum):
    """Why a task waits or failed; the words for the person are the workstation's."""

    NONE = ""
    UNREACHABLE = "unreachable"  # nobody answers: switched off, network
    PRINTER_FAILURE = "printer_failure"  # the printer says FAILURE: no film, door open
    REFUSED = "refused"  # the printer does not accept this film
    PRINTER_GONE = "printer_gone"  # taken out of the list
    DAMAGED = "damaged"  # the sheets on the server are damaged


class FilmSheet(msgspec.Struct, frozen=True, kw_only=True):
    """One composed film. Its bytes are rows x columns x samples, 8 bits, RGBRGB… for 3 samples, zlib-compressed.

    ``width_mm`` asks the printer for this width on the film (Requested Image Size, 2020,0030); 0 leaves it to it.
    """

    rows: int
    columns: int
    samples: int = 1
    size: str = ""  # Film Size ID; empty: the printer's own
    orientation: str = "PORTRAIT"
    width_mm: float = 0.0
    compressed_bytes: int


class FilmTask(msgspec.Struct, frozen=True, kw_only=True):
    """A job of one or more films."""

    id: int
    version: int
    title: str  # patient and exam, for people
    printer_id: int
    printer_name: str
    state: FilmState
    trouble: FilmTrouble
    detail: str  # the printer's or the network's own words
    warnings: tuple[str, ...]
    sheets: int
    printed: int
    copies: int
    attempts: int
    created_by: str
    created_at: datetime
    changed_at: datetime
    next_try: datetime | None
    can_retry: bool  # its sheets are still kept
    is_true_size: bool = False


class PrinterState(msgspec.Struct, frozen=True, kw_only=True):
    """What a printer says of itself (N-GET of the Printer SOP Instance). ``status`` empty: it did not answer."""

    status: str  # NORMAL, WARNING, FAILURE
    info: str  # e.g. SUPPLY LOW
    name: str
    detail: str = ""  # why there is no answer


class ListFilmPrinters(Query[tuple[FilmPrinter, ...]], frozen=True, kw_only=True):
    """All film printers by name."""

    method = "film.list_printers"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.ROUTINE


class SaveFilmPrinter(Command[FilmPrinter], frozen=True, kw_only=True):
    """Add (`id` 0) or change a printer. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "film.save_printer"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    printer: FilmPrinter


class RemoveFilmPrinter(Command[Nothing], frozen=True, kw_only=True):
    """Forget a printer; what waits for it fails with a sentence. Refusals: NOT_FOUND."""

    method = "film.remove_printer"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    printer_id: int


class AskFilmPrinter(Query[PrinterState], frozen=True, kw_only=True):
    """How a printer is now. Refusals: NOT_FOUND."""

    method = "film.ask_printer"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE

    printer_id: int


class BeginFilmTask(Command[FilmTask], frozen=True, kw_only=True):
    """Announce films; their bytes follow with `PutSheet`, then `SubmitFilmTask`. Refusals: NOT_FOUND, INVALID."""

    method = "film.begin"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    printer_id: int
    title: str
    study_uids: tuple[str, ...]
    sheets: tuple[FilmSheet, ...]
    copies: int = 1
    medium: str = ""
    priority: str = "MED"
    magnification: str = ""
    reverse: bool = False  # Polarity REVERSE


class PutSheet(Command[Nothing], frozen=True, kw_only=True):
    """Bytes of a sheet from `offset`; the same part again changes nothing. Refusals: NOT_FOUND, INVALID, DISK_FULL,
    ILLEGAL_ACTION (the task was submitted)."""

    method = "film.put_sheet"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE

    task_id: int
    sheet: int  # from 0
    offset: int
    data: bytes


class SubmitFilmTask(Command[FilmTask], frozen=True, kw_only=True):
    """All sheets are there: print. From here on the films survive everything. Refusals: NOT_FOUND, INVALID."""

    method = "film.submit"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    task_id: int


class ListFilmTasks(Query[tuple[FilmTask, ...]], frozen=True, kw_only=True):
    """The newest tasks, at most 100."""

    method = "film.list_tasks"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE


class CancelFilmTask(Command[FilmTask], frozen=True, kw_only=True):
    """Print no more films of the task. Refusals: NOT_FOUND, ILLEGAL_ACTION (it is printed)."""

    method = "film.cancel"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    task_id: int


class RetryFilmTask(Command[FilmTask], frozen=True, kw_only=True):
    """Print what is not printed yet, at once; a printed task is printed again, whole. `printer_id` sends it to another
    printer (0: the same). Refusals: NOT_FOUND, ILLEGAL_ACTION (sheets are gone, it is being sent)."""

    method = "film.retry"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    task_id: int
    printer_id: int = 0

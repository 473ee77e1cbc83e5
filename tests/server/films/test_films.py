"""Films on the server: what is refused, the queue and its retries, real printing by dcmtk's print server."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from server.bootstrap.films import DicomPrinters
from server.films.jobs import FilmPrinting
from server.films.ports import PrinterTrouble, Sheet
from server.films.rules import fault_of_printer, fault_of_task
from server.films.service import PRINT_JOB, FilmService
from server.films.tables import FilmPartRow
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.kernel.jobs import JobRunner
from server.kernel.jobs.tables import Job
from server.kernel.storage.folder import FolderStorage
from server.settings import load
from shared.contract.film import (
    PART_BYTES,
    BeginFilmTask,
    FilmPrinter,
    FilmSheet,
    FilmState,
    FilmTask,
    FilmTrouble,
    PrinterState,
    PutSheet,
)
from tests.databases import make_tables
from tests.film_printer import HAS_PRINTER, FilmPrinterProcess, a_film_printer
from tests.hospital import SetClock, a_caller

TECHNICIAN = a_caller("technician", 21)
OFFICE = FilmPrinter(id=0, version=0, name="办公室", ae_title="PRINTER", host="127.0.0.1", port=11112)


class PaperPrinters:
    """A printer in memory; `trouble` is raised as long as it stands."""

    def __init__(self) -> None:
        self.films: list[bytes] = []
        self.trouble: PrinterTrouble | None = None
        self.after_each: Callable[[], object] = lambda: None

    def state(self, printer: FilmPrinter) -> PrinterState:
        return PrinterState(status="NORMAL", info="", name=printer.name)

    def send(
        self, printer: FilmPrinter, asked: BeginFilmTask, sheets: Sequence[Sheet], printed: Callable[[int], bool]
    ) -> tuple[str, ...]:
        for number, sheet in enumerate(sheets, start=1):
            if self.trouble is not None:
                raise self.trouble
            self.films.append(sheet.pixels)
            going = printed(number)
            self.after_each()
            if not going:
                return ()
        return ("SUPPLY LOW",)


class House:
    """The area over a database and a store in a folder."""

    def __init__(self, folder: Path, printers: Any) -> None:
        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.storage = FolderStorage(folder / "films")
        self.clock = SetClock()
        time = HospitalTime(self.clock, "Asia/Shanghai")
        self.service = FilmService(self.storage, time)
        self.printing = FilmPrinting(self.database, self.storage, self.service, printers, time)
        self.runner = JobRunner(self.database, self.printing.kinds())

    def do(self, call: Callable[..., Any], *args: Any) -> Any:
        with self.database.write() as uow:
            return call(uow, *args)

    def ask(self, pixels: Sequence[np.ndarray], printer: FilmPrinter, **changes: Any) -> FilmTask:
        """Announce, upload and submit films."""
        packed = [zlib.compress(p.tobytes(), 1) for p in pixels]
        sheets = tuple(a_sheet(p, len(z)) for p, z in zip(pixels, packed, strict=True))
        facts = {"printer_id": printer.id, "title": "张三 CT", "study_uids": ("1.2",), "sheets": sheets, **changes}
        task: FilmTask = self.do(self.service.begin, TECHNICIAN, BeginFilmTask(**facts))
        for number, data in enumerate(packed):
            for offset in range(0, len(data), PART_BYTES):
                part = data[offset : offset + PART_BYTES]
                self.do(self.service.put, PutSheet(task_id=task.id, sheet=number, offset=offset, data=part))
        submitted: FilmTask = self.do(self.service.submit, task.id)
        return submitted

    def task(self) -> FilmTask:
        newest: FilmTask = self.do(self.service.tasks)[0]
        return newest

    def at_once(self) -> None:
        """Let jobs that wait for later be due."""
        with self.database.write() as uow:
            first = uow.session.execute(select(Job.created_at).order_by(Job.id)).scalars().first()
            uow.session.execute(update(Job).values(not_before=first))


def a_sheet(pixels: np.ndarray, packed: int, **changes: Any) -> FilmSheet:
    samples = 3 if pixels.ndim == 3 else 1
    facts = {"rows": pixels.shape[0], "columns": pixels.shape[1], "samples": samples, "size": "8INX10IN"}
    return FilmSheet(**{**facts, "compressed_bytes": packed, **changes})


def a_film(seed: int, rows: int = 60, columns: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns), np.uint8)


@pytest.fixture
def paper() -> PaperPrinters:
    return PaperPrinters()


@pytest.fixture
def house(tmp_path: Path, paper: PaperPrinters) -> Iterator[House]:
    house = House(tmp_path, paper)
    yield house
    house.database.close()


@pytest.fixture
def printer(house: House) -> FilmPrinter:
    saved: FilmPrinter = house.do(house.service.save_printer, OFFICE)
    return saved


def test_a_task_is_printed_and_its_warnings_are_kept(house: House, printer: FilmPrinter, paper: PaperPrinters) -> None:
    films = [a_film(1), a_film(2)]
    task = house.ask(films, printer, copies=2)
    assert task.state is FilmState.WAITING and task.sheets == 2 and task.copies == 2

    assert house.runner.run_one(PRINT_JOB)

    task = house.task()
    assert task.state is FilmState.PRINTED and task.printed == 2 and task.warnings == ("SUPPLY LOW",)
    assert paper.films == [film.tobytes() for film in films]


def test_large_sheets_come_in_parts_and_one_that_is_missing_is_noticed(
    house: House, printer: FilmPrinter, paper: PaperPrinters
) -> None:
    film = a_film(3, 2400, 2400)
    packed = zlib.compress(film.tobytes(), 1)
    assert len(packed) > PART_BYTES
    asked = BeginFilmTask(printer_id=printer.id, title="", study_uids=(), sheets=(a_sheet(film, len(packed)),))
    task = house.do(house.service.begin, TECHNICIAN, asked)
    first = PutSheet(task_id=task.id, sheet=0, offset=0, data=packed[:PART_BYTES])
    house.do(house.service.put, first)
    house.do(house.service.put, first)  # the line broke before the answer came
    with pytest.raises(Refusal, match="不完整"):
        house.do(house.service.submit, task.id)
    house.do(house.service.put, PutSheet(task_id=task.id, sheet=0, offset=PART_BYTES, data=packed[PART_BYTES:]))
    house.do(house.service.submit, task.id)

    house.runner.run_one(PRINT_JOB)

    assert paper.films == [film.tobytes()]


def test_a_printer_that_is_off_is_tried_again_and_films_that_are_through_are_not_repeated(
    house: House, printer: FilmPrinter, paper: PaperPrinters
) -> None:
    films = [a_film(n) for n in range(3)]
    house.ask(films, printer)
    paper.after_each = lambda: setattr(paper, "trouble", PrinterTrouble("no route to host"))
    house.runner.run_one(PRINT_JOB)

    task = house.task()
    assert (task.state, task.trouble, task.printed) == (FilmState.WAITING, FilmTrouble.UNREACHABLE, 1)
    assert task.detail == "no route to host" and task.next_try is not None and task.attempts == 1
    assert not house.runner.run_one(PRINT_JOB)  # not before its time

    paper.trouble, paper.after_each = None, lambda: None
    house.at_once()
    house.runner.run_one(PRINT_JOB)
    assert house.task().state is FilmState.PRINTED
    assert paper.films == [film.tobytes() for film in films]


def test_a_refused_film_fails_and_goes_to_another_printer(
    house: House, printer: FilmPrinter, paper: PaperPrinters
) -> None:
    house.ask([a_film(1)], printer)
    paper.trouble = PrinterTrouble("0106 film size", refused=True)
    house.runner.run_one(PRINT_JOB)
    task = house.task()
    assert (task.state, task.trouble, task.can_retry) == (FilmState.FAILED, FilmTrouble.REFUSED, True)

    other = house.do(house.service.save_printer, FilmPrinter(**{**_facts(OFFICE), "name": "二楼"}))
    paper.trouble = None
    house.do(house.service.retry, task.id, other.id)
    house.runner.run_one(PRINT_JOB)
    task = house.task()
    assert (task.state, task.printer_name, task.trouble) == (FilmState.PRINTED, "二楼", FilmTrouble.NONE)


def test_cancelling_stops_after_the_film_that_is_being_printed(
    house: House, printer: FilmPrinter, paper: PaperPrinters
) -> None:
    task = house.ask([a_film(1), a_film(2), a_film(3)], printer)
    paper.after_each = lambda: len(paper.films) == 1 and house.do(house.service.cancel, task.id)
    house.runner.run_one(PRINT_JOB)
    task = house.task()
    assert task.state is FilmState.CANCELLED and len(paper.films) == 2
    with pytest.raises(Refusal, match="已经结束"):
        house.do(house.service.cancel, task.id)


def test_the_queue_goes_on_after_the_server_died_in_the_middle(
    tmp_path: Path, house: House, printer: FilmPrinter, paper: PaperPrinters
) -> None:
    films = [a_film(n) for n in range(3)]
    house.ask(films, printer)

    class PowerCut(BaseException):
        pass

    def cut() -> None:
        raise PowerCut

    paper.after_each = cut
    with pytest.raises(PowerCut):
        house.runner.run_one(PRINT_JOB)
    house.database.close()

    paper.after_each = lambda: None
    later = House(tmp_path, paper)
    assert later.task().state is FilmState.SENDING and later.task().printed == 1
    later.runner.take_over_all()
    later.runner.run_one(PRINT_JOB)
    assert later.task().state is FilmState.PRINTED
    assert paper.films == [film.tobytes() for film in films]
    later.database.close()


def test_damaged_sheets_are_not_printed(house: House, printer: FilmPrinter, paper: PaperPrinters) -> None:
    house.ask([a_film(1)], printer)
    with house.database.read() as uow:
        digest = uow.session.execute(select(FilmPartRow.digest)).scalar_one()
    house.storage.delete(digest)
    house.runner.run_one(PRINT_JOB)
    task = house.task()
    assert (task.state, task.trouble) == (FilmState.FAILED, FilmTrouble.DAMAGED) and paper.films == []


def test_sheets_go_a_week_after_the_end_but_not_those_of_another_task(house: House, printer: FilmPrinter) -> None:
    house.ask([a_film(1)], printer)
    house.runner.run_one(PRINT_JOB)
    house.clock.forward(days=6)
    house.ask([a_film(1)], printer)
    assert len(set(house.storage.keys())) == 1
    house.clock.forward(days=2)
    assert house.do(house.service.expire) == 1
    assert len(set(house.storage.keys())) == 1  # the second task still waits with the same bytes
    first = house.do(house.service.tasks)[1]
    with pytest.raises(Refusal, match="保存期"):
        house.do(house.service.retry, first.id, 0)
    house.runner.run_one(PRINT_JOB)
    house.clock.forward(days=8)
    house.do(house.service.expire)
    assert list(house.storage.keys()) == []


def test_what_cannot_be_printed_is_refused_with_a_sentence(house: House, printer: FilmPrinter) -> None:
    film = a_film(1)
    good: dict[str, Any] = {
        "printer_id": printer.id, "title": "", "study_uids": (), "sheets": (a_sheet(film, 100),),
    }  # fmt: skip
    assert fault_of_task(BeginFilmTask(**good), printer) == ""
    small = FilmPrinter(**{**_facts(printer), "sizes": ("A4",), "media": ("PAPER",)})
    wrong: list[tuple[dict[str, Any], FilmPrinter, str]] = [
        ({}, small, "没有这种尺寸"),
        ({"medium": "BLUE FILM"}, small, "没有这种介质"),
        ({"copies": 0}, printer, "份数"),
        ({"sheets": ()}, printer, "1 到 200 张"),
        ({"sheets": (a_sheet(film, 100, samples=3),)}, printer, "不能打印彩色"),
        ({"sheets": (a_sheet(film, 100, rows=9000, columns=9000),)}, printer, "像素太多"),
        ({"sheets": (a_sheet(film, 1 << 30),)}, printer, "数据量"),
        ({}, FilmPrinter(**{**_facts(printer), "enabled": False}), "已停用"),
    ]
    for changes, where, word in wrong:
        assert word in fault_of_task(BeginFilmTask(**{**good, **changes}), where), word
    bad_printers: list[tuple[dict[str, Any], str]] = [
        ({"name": " "}, "名称"),
        ({"ae_title": "A\\B"}, "AE"),
        ({"port": 0}, "端口"),
        ({"dpi": 5000}, "分辨率"),
        ({"margin_mm": -1.0}, "边距"),
    ]
    for facts, word in bad_printers:
        assert word in fault_of_printer(FilmPrinter(**{**_facts(printer), **facts})), word
    with pytest.raises(Refusal, match="同名"):
        house.do(house.service.save_printer, OFFICE)


def _facts(printer: FilmPrinter) -> dict[str, Any]:
    return {name: getattr(printer, name) for name in printer.__struct_fields__}


# --- a real printer ---------------------------------------------------------------------------------------


@pytest.fixture
def dcmtk(tmp_path: Path) -> Iterator[FilmPrinterProcess]:
    with a_film_printer(tmp_path / "printer") as running:
        yield running


@pytest.mark.skipif(not HAS_PRINTER, reason="dcmtk is not installed")
def test_dcmtk_prints_what_was_composed_and_is_waited_for(tmp_path: Path, dcmtk: FilmPrinterProcess) -> None:
    settings = load(None, {"data": tmp_path / "data", "durability": "none"})
    printers = DicomPrinters(settings)
    house = House(tmp_path / "house", printers)
    printer = house.do(house.service.save_printer, FilmPrinter(**{**_facts(OFFICE), "port": dcmtk.port}))
    assert printers.state(printer).status == "NORMAL"

    film = a_film(7, 300, 240)
    packed = len(zlib.compress(film.tobytes(), 1))
    sheet = a_sheet(film, packed, width_mm=193.2, orientation="LANDSCAPE")
    facts: dict[str, Any] = {"medium": "BLUE FILM", "magnification": "CUBIC", "copies": 2, "sheets": (sheet,)}
    house.ask([film], printer, **facts)
    house.runner.run_one(PRINT_JOB)
    assert house.task().state is FilmState.PRINTED, house.task().detail
    stored, pixels = dcmtk.films(1)[0]
    assert np.array_equal(pixels, film)
    box = stored.FilmBoxContentSequence[0]
    assert (box.FilmSizeID, box.FilmOrientation, box.MagnificationType) == ("8INX10IN", "LANDSCAPE", "CUBIC")
    assert float(stored.ImageBoxContentSequence[0].RequestedImageSize) == 193.2

    dcmtk.stop()
    assert printers.state(printer).status == "" and printers.state(printer).detail
    house.ask([film], printer)
    house.runner.run_one(PRINT_JOB)
    assert house.task().trouble is FilmTrouble.UNREACHABLE
    dcmtk.start()
    house.at_once()
    house.runner.run_one(PRINT_JOB)
    assert house.task().state is FilmState.PRINTED

    house.ask([film], printer, sheets=(a_sheet(film, packed, size="A3"),))  # the printer has no such film
    house.runner.run_one(PRINT_JOB)
    task = house.task()
    assert (task.state, task.trouble) == (FilmState.FAILED, FilmTrouble.REFUSED) and "0106" in task.detail
    house.database.close()

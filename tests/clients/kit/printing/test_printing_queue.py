"""The print queue: nothing is lost, nothing is printed twice, order is kept, and people are told why."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from clients.kit.printing.queue import RETRY_S, Job, PrintQueue
from clients.kit.printing.setup import Desk, PrinterSetup
from clients.kit.printing.transports import PrinterTrouble, Sheet, Transport
from clients.kit.settings import UserSettings

ZEBRA = PrinterSetup(via="tcp", host="zebra")
OTHER = PrinterSetup(via="tcp", host="other")


class Printers:
    """Printers by host; those in `absent` refuse."""

    def __init__(self) -> None:
        self.absent: set[str] = set()
        self.printed: list[tuple[str, bytes]] = []

    def way(self, setup: PrinterSetup) -> Transport:
        printers = self

        class Way:
            def send(self, sheet: Sheet) -> str:
                if sheet.data == b"666":
                    raise PrinterTrouble("文档已损坏，请重新打印。", is_final=True)
                if setup.host in printers.absent:
                    raise PrinterTrouble("缺纸，请装入标签纸。")
                printers.printed.append((setup.host, sheet.data))
                return ""

        return Way()


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printers = Printers()
        self.now = 1000.0
        self.told: list[int] = []
        self.offline = False
        self.queue = self.restart()

    def restart(self) -> PrintQueue:
        self.queue = PrintQueue(
            self.printers.way,
            self._told,
            lambda fault: isinstance(fault, ConnectionError),
            self.folder,
            lambda: self.now,
        )
        return self.queue

    def _told(self, job: Job) -> None:
        if self.offline:
            raise ConnectionError
        self.told.append(job.document_id)

    def submit(self, number: int, setup: PrinterSetup = ZEBRA) -> Job:
        return self.queue.submit(
            kind="barcode", document_id=number, media_type="application/zpl", data=b"%d" % number, setup=setup
        )

    @property
    def printed(self) -> list[bytes]:
        return [data for _, data in self.printers.printed]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "queue")


def test_what_can_be_printed_is_printed_told_and_forgotten(house: House) -> None:
    assert house.submit(1).trouble == ""
    assert house.printed == [b"1"]
    assert house.told == [1]
    assert house.queue.jobs == ()
    assert list(house.folder.iterdir()) == []


def test_an_absent_printer_keeps_the_order_and_prints_when_it_is_back(house: House) -> None:
    house.printers.absent.add("zebra")
    assert house.submit(1).trouble == "缺纸，请装入标签纸。"
    assert house.submit(2).trouble == "前面的任务正在等待这台打印机。"
    assert house.submit(3, OTHER).trouble == ""
    house.printers.absent.clear()
    house.queue.work_due()
    assert house.printed == [b"3"]  # not due yet
    house.now += RETRY_S * 4
    house.queue.work_due()
    assert house.printed == [b"3", b"1", b"2"]
    assert house.told == [3, 1, 2]


def test_a_new_document_waits_for_its_elders_and_goes_with_them(house: House) -> None:
    house.printers.absent.add("zebra")
    house.submit(1)
    house.printers.absent.clear()
    assert house.submit(2).trouble == ""
    assert house.printed == [b"1", b"2"]


def test_waiting_documents_survive_a_restart(house: House) -> None:
    house.printers.absent.add("zebra")
    house.submit(1)
    house.submit(2)
    (house.folder / "00000000000000000009-0001.job").write_bytes(b"damaged")
    house.printers.absent.clear()
    house.restart().retry()
    assert house.printed == [b"1", b"2"]


def test_a_print_is_told_later_when_the_line_is_gone_and_never_printed_twice(house: House) -> None:
    house.offline = True
    assert house.submit(1).trouble == ""
    assert house.queue.jobs == ()
    assert house.queue.has_work
    house.restart().work_due()
    assert house.told == []
    house.offline = False
    house.now += RETRY_S + 1
    house.queue.work_due()
    assert house.told == [1]
    assert house.printed == [b"1"]
    assert not house.queue.has_work


def test_a_document_that_can_never_print_holds_nobody_up(house: House) -> None:
    job = house.submit(666)
    assert (job.is_lost, job.trouble) == (True, "文档已损坏，请重新打印。")
    assert not house.queue.has_work
    house.printers.absent.add("zebra")
    house.submit(1)
    house.printers.absent.clear()
    house.submit(666)
    house.submit(2)
    assert house.printed == [b"1", b"2"]


def test_a_waiting_document_can_be_given_up(house: House) -> None:
    house.printers.absent.add("zebra")
    house.submit(1)
    house.submit(2)
    house.queue.cancel(house.queue.jobs[0].key)
    house.printers.absent.clear()
    house.queue.retry()
    assert house.printed == [b"2"]
    house.queue.cancel("unknown")


def test_listeners_hear_until_they_do_not_want_to(house: House) -> None:
    heard: list[int] = []
    forget = house.queue.on_change(lambda: heard.append(len(house.queue.jobs)))
    house.printers.absent.add("zebra")
    house.submit(1)
    forget()
    house.submit(2)
    assert heard == [1]


def test_many_threads_print_everything_once(house: House) -> None:
    threads = [threading.Thread(target=house.submit, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    house.queue.retry()
    assert sorted(house.printed, key=int) == [b"%d" % number for number in range(20)]


def test_set_ups_are_kept_by_the_desk(tmp_path: Path) -> None:
    settings = UserSettings(tmp_path / "settings.json")
    desk = Desk(settings)
    assert desk.setup("barcode").printer == ""
    settings.set("printing/report/printer", "Laser")  # as earlier versions kept it
    assert desk.setup("report_preview") == PrinterSetup(via="driver", name="Laser")
    zebra = PrinterSetup(via="tcp", host="10.0.0.5", language="tspl", dpi=300, darkness=12, offset_x_mm=-1.5, copies=2)
    desk.keep("barcode", zebra)
    again = Desk(UserSettings(tmp_path / "settings.json"))
    assert again.setup("barcode") == zebra
    assert again.setup("barcode_zpl").printer == "10.0.0.5:9100"
    assert msgspec.to_builtins(again.setup("barcode").output) == {
        "format": "tspl", "dpi": 300, "copies": 2, "offset_x_mm": -1.5, "offset_y_mm": 0.0, "darkness": 12,
    }  # fmt: skip
    settings.set("printing/ticket/setup", {"via": 7})
    assert desk.setup("ticket") == PrinterSetup()

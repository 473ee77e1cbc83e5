"""Ways to printers: a socket, the Windows spooler behind its own calls, CUPS' command, a driver, a folder."""

from __future__ import annotations

import ctypes
import socket
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fakes.label_printer import LabelPrinter

from clients.kit.printing import zebra
from clients.kit.printing.setup import PrinterSetup
from clients.kit.printing.transports import (
    Cups,
    FolderPrinter,
    PrinterTrouble,
    QueuePrinter,
    Sheet,
    TcpPrinter,
    transport_for,
)
from clients.kit.printing.windows_spooler import WindowsSpooler

LABEL = b"^XA^CI28^PW400^LL240^LH0,0^FO40,40^BY2^BCN,80,N,N,N,A^FH_^FDCT2026^FS^PQ1^XZ\n"
SHEET = Sheet("barcode-7", "application/zpl", LABEL)


def way_to(printer: LabelPrinter, status_s: float = 2.0) -> TcpPrinter:
    return TcpPrinter("127.0.0.1", printer.port, asks=True, status_s=status_s)


def test_a_label_reaches_the_printer() -> None:
    with LabelPrinter() as printer:
        assert way_to(printer).send(SHEET) == ""
        assert printer.wait_for_labels(1)[0].fields == ["CT2026"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"paper_out": True}, "缺纸，请装入标签纸。"),
        ({"head_open": True}, "打印头已打开，请合上。"),
        ({"ribbon_out": True}, "碳带用尽，请更换。"),
        ({"paused": True}, "打印机已暂停，请按打印机上的暂停键恢复。"),
    ],
)
def test_a_printer_that_cannot_print_says_why_and_gets_nothing(state: dict[str, bool], sentence: str) -> None:
    with LabelPrinter(**state) as printer:  # type: ignore[arg-type]
        with pytest.raises(PrinterTrouble) as trouble:
            way_to(printer).send(SHEET)
        assert trouble.value.source == sentence
        assert printer.labels == []


def test_a_printer_that_does_not_tell_its_state_prints() -> None:
    with LabelPrinter(answers_status=False) as printer:
        way_to(printer, status_s=0.2).send(SHEET)
        assert printer.wait_for_labels(1)


def test_a_slow_printer_prints() -> None:
    with LabelPrinter(slow_s=0.3) as printer:
        way_to(printer).send(SHEET)
        assert printer.wait_for_labels(1)


def test_a_line_cut_within_the_label_is_told() -> None:
    with LabelPrinter(cut_after=50, answers_status=False) as printer:
        long = Sheet("barcode-7", "application/zpl", LABEL * 200_000)
        with pytest.raises(PrinterTrouble) as trouble:
            way_to(printer, status_s=0.1).send(long)
        assert "中断" in trouble.value.source


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PrinterTrouble) as trouble:
        TcpPrinter("127.0.0.1", port, asks=True).send(SHEET)
    assert "拒绝连接" in trouble.value.source


def test_a_page_is_not_sent_to_a_label_printer() -> None:
    with pytest.raises(PrinterTrouble) as trouble:
        TcpPrinter("127.0.0.1", 1, asks=True).send(Sheet("report-1", "application/pdf", b"%PDF"))
    assert "普通打印机" in trouble.value.source


def test_only_whole_answers_are_a_state() -> None:
    whole = LabelPrinter(paper_out=True).status()
    status = zebra.parse(whole)
    assert status is not None
    assert status.paper_out
    for end in range(len(whole) - 30):
        zebra.parse(whole[:end])
    assert zebra.parse(b"\x02\xff\xff\x03\x02,,,\x03\x02\x03") is None


class FakeWinspool:
    """What winspool.drv does with these calls."""

    def __init__(self, *, refuses: str = "", chunk: int = 1000) -> None:
        self.refuses = refuses
        self.chunk = chunk
        self.printed = bytearray()
        self.about: tuple[str, str] = ("", "")
        self.open = 0

    def OpenPrinterW(self, name: Any, handle: Any, _defaults: Any) -> int:
        if self.refuses == "open" or name.value != r"\\counter\zebra":
            return 0
        self.open += 1
        ctypes.cast(handle, ctypes.POINTER(ctypes.c_void_p))[0] = ctypes.c_void_p(7)
        return 1

    def StartDocPrinterW(self, _handle: Any, level: int, about: Any) -> int:
        document = about._obj
        self.about = (document.document_name, document.data_type)
        return 0 if self.refuses == "start" or level != 1 else 12

    def StartPagePrinter(self, _handle: Any) -> int:
        return 1

    def WritePrinter(self, _handle: Any, part: bytes, count: int, written: Any) -> int:
        if self.refuses == "write":
            return 0
        taken = part[: min(count, self.chunk)]
        self.printed += taken
        written._obj.value = len(taken)
        return 1

    def EndPagePrinter(self, _handle: Any) -> int:
        return 1

    def EndDocPrinter(self, _handle: Any) -> int:
        return 1

    def ClosePrinter(self, _handle: Any) -> int:
        self.open -= 1
        return 1


def test_the_windows_spooler_gets_the_bytes_raw_and_whole() -> None:
    library = FakeWinspool()
    QueuePrinter(r"\\counter\zebra", WindowsSpooler(library)).send(Sheet("barcode-7", "application/zpl", LABEL * 999))
    assert bytes(library.printed) == LABEL * 999
    assert library.about == ("barcode-7", "RAW")
    assert library.open == 0


@pytest.mark.parametrize("refuses", ["open", "start", "write"])
def test_every_refusal_of_the_windows_spooler_is_a_sentence(refuses: str) -> None:
    library = FakeWinspool(refuses=refuses)
    with pytest.raises(PrinterTrouble):
        WindowsSpooler(library).print_raw(r"\\counter\zebra", "barcode-7", LABEL)
    assert library.open == 0


def test_cups_gets_the_bytes_by_lp() -> None:
    calls: list[tuple[list[str], bytes]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        calls.append((command, options["input"]))
        return subprocess.CompletedProcess(command, 0, b"", b"")

    QueuePrinter("zebra", Cups(run)).send(SHEET)
    assert calls == [(["lp", "-d", "zebra", "-o", "raw", "-t", "barcode-7", "-"], LABEL)]


def test_troubles_of_cups() -> None:
    def absent(command: list[str], **_options: Any) -> subprocess.CompletedProcess[bytes]:
        raise FileNotFoundError

    def refused(command: list[str], **_options: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, 1, b"", b"lp: unknown destination")

    for run, words in ((absent, "CUPS"), (refused, "打印队列不可用")):
        with pytest.raises(PrinterTrouble) as trouble:
            Cups(run).print_raw("zebra", "x", LABEL)
        assert words in trouble.value.source
    with pytest.raises(PrinterTrouble):
        Cups(refused).print_raw("-o evil", "x", LABEL)


def test_a_folder_takes_files_and_says_where(tmp_path: Path) -> None:
    assert FolderPrinter(tmp_path / "out").send(SHEET) == "out/barcode-7.zpl"
    assert (tmp_path / "out" / "barcode-7.zpl").read_bytes() == LABEL
    (tmp_path / "file").write_text("")
    with pytest.raises(PrinterTrouble):
        FolderPrinter(tmp_path / "file").send(SHEET)


def test_a_driver_draws_the_pages_in_their_true_size(tmp_path: Path, qapp: object) -> None:
    from pypdf import PdfReader
    from PySide6.QtPrintSupport import QPrinter
    from reportlab.pdfgen.canvas import Canvas

    from clients.kit.printing.driver import draw_on

    source = BytesIO()
    canvas = Canvas(source, pagesize=(50 / 25.4 * 72, 30 / 25.4 * 72))
    for _ in range(2):
        canvas.rect(10, 10, 50, 30, fill=1)
        canvas.showPage()
    canvas.save()
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    draw_on(printer, source.getvalue())
    pages = PdfReader(tmp_path / "printed.pdf").pages
    assert len(pages) == 2
    assert {round(float(side)) for side in pages[0].mediabox[2:]} == {142, 85}
    with pytest.raises(PrinterTrouble):
        draw_on(printer, b"no pdf")


def test_set_ups_find_their_way(tmp_path: Path) -> None:
    assert isinstance(transport_for(PrinterSetup(), str(tmp_path)), FolderPrinter)
    assert isinstance(transport_for(PrinterSetup(via="tcp")), FolderPrinter)  # no address yet
    assert isinstance(transport_for(PrinterSetup(via="tcp", host="127.0.0.1")), TcpPrinter)
    assert isinstance(transport_for(PrinterSetup(via="queue", name="zebra"), spooler=Cups()), QueuePrinter)

"""The label printer of the tests prints what ZPL says, tells its state, and fails as printers fail."""

from __future__ import annotations

import socket

import pytest
import zxingcpp
from fakes.label_printer import LabelPrinter
from fakes.zpl_interpreter import ZplError, draw_labels

LABEL = b"^XA^CI28^PW400^LL240^LH0,0^FO40,40^BY2^BCN,80,N,N,N,A^FH_^FDCT2026_5E01^FS^PQ2^XZ\n"


def ask(printer: LabelPrinter, data: bytes, count: int = 4096) -> bytes:
    with socket.create_connection(("127.0.0.1", printer.port), timeout=5) as line:
        line.sendall(data)
        line.settimeout(5)
        answer = b""
        while answer.count(b"\x03") < 3:
            more = line.recv(count)
            if not more:
                break
            answer += more
        return answer


def test_bars_with_escaped_signs_are_drawn_so_that_a_scanner_reads_them() -> None:
    label = draw_labels(LABEL)[0]
    assert label.image.size == (400, 240)
    assert label.copies == 2
    assert label.fields == ["CT2026^01"]
    assert [code.text for code in zxingcpp.read_barcodes(label.image.convert("L"))] == ["CT2026^01"]


def test_a_compressed_picture_is_drawn() -> None:
    # 3 rows of 2 bytes: full, the same again, one dot
    label = draw_labels(b"^XA^PW16^LL3^FO0,0^GFA,6,6,2,JF:8,^FS^XZ")[0]
    assert [label.image.getpixel((x, 0)) for x in (0, 15)] == [0, 0]
    assert [label.image.getpixel((x, 1)) for x in (0, 15)] == [0, 0]
    assert [label.image.getpixel((x, 2)) for x in (0, 1)] == [0, 255]


@pytest.mark.parametrize(
    "bad", [b"^XA^PW10^LL10", b"^FO1,1", b"^XA^ZZ1^XZ", b"^XA^PW8^LL1^FO0,0^GFA,2,2,1,FF^FS^XZ", b"^XA^FDx^FS^XZ"]
)
def test_what_is_no_label_is_a_fault(bad: bytes) -> None:
    with pytest.raises(ZplError):
        draw_labels(bad)


def test_labels_come_out_and_the_state_is_told() -> None:
    with LabelPrinter() as printer:
        assert ask(printer, b"~HS\r\n").startswith(b"\x02030,0,0,")
        with socket.create_connection(("127.0.0.1", printer.port), timeout=5) as line:
            line.sendall(LABEL[:30])
            line.sendall(LABEL[30:])
            assert len(printer.wait_for_labels(2)) == 2
        printer.paper_out = printer.head_open = True
        assert ask(printer, b"~HS\r\n").split(b"\r\n")[0].startswith(b"\x02030,1,0")


def test_a_printer_without_paper_prints_nothing() -> None:
    with LabelPrinter(paper_out=True) as printer:
        with socket.create_connection(("127.0.0.1", printer.port), timeout=5) as line:
            line.sendall(LABEL + b"~HS")
            assert line.recv(10)
        assert printer.labels == []


def test_a_cut_line_is_reset() -> None:
    with (
        LabelPrinter(cut_after=10) as printer,
        socket.create_connection(("127.0.0.1", printer.port), timeout=5) as line,
    ):
        line.sendall(LABEL)
        with pytest.raises(ConnectionResetError):
            line.recv(1)
        assert printer.labels == []

"""Pages of a PDF on a printer of the system, at the printer's own resolution."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QPageLayout, QPageSize, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from clients.kit.printing.transports import PrinterTrouble

MOST_DOTS = 12_000


def print_pdf(data: bytes, printer_name: str, copies: int = 1) -> None:
    """Print every page. Raises PrinterTrouble."""
    info = QPrinterInfo.printerInfo(printer_name)
    if info.isNull():
        raise PrinterTrouble("这台电脑上没有这台打印机，请检查打印机设置。")
    draw_on(QPrinter(info, QPrinter.PrinterMode.HighResolution), data, copies)


def draw_on(printer: QPrinter, data: bytes, copies: int = 1) -> None:
    """Draw every page of the PDF in its true size. Raises PrinterTrouble."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    pdf = QPdfDocument()
    pdf.load(buffer)
    if pdf.pageCount() < 1:
        raise PrinterTrouble("文档已损坏，请重新打印。", is_final=True)
    size = pdf.pagePointSize(0)
    wide = size.width() > size.height()
    orientation = QPageLayout.Orientation.Landscape if wide else QPageLayout.Orientation.Portrait
    printer.setPageSize(QPageSize(size.transposed() if wide else size, QPageSize.Unit.Point))
    printer.setPageOrientation(orientation)
    printer.setFullPage(True)
    printer.setCopyCount(copies)
    dots = printer.resolution() / 72
    painter = QPainter()
    if not painter.begin(printer):
        raise PrinterTrouble("打印机不可用，请检查打印机是否开机。")
    try:
        for number in range(pdf.pageCount()):
            if number:
                printer.newPage()
            page = pdf.pagePointSize(number)
            sharp = min(dots, MOST_DOTS / max(page.width(), page.height()))
            picture = pdf.render(number, QSize(round(page.width() * sharp), round(page.height() * sharp)))
            painter.drawImage(QRectF(0, 0, page.width() * dots, page.height() * dots), picture)
    finally:
        painter.end()

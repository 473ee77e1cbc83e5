"""Documents of the server on their way to a printer, or to a folder where no printer is set up."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from clients.kit.settings import UserSettings, data_folder, write_atomically
from clients.kit.translations import tr
from shared.contract.printing import DocumentView

PRINTER_KEY = "printing/{kind}/printer"
FOLDER_KEY = "printing/folder"

KIND_WORDS = {
    "barcode": "检查条码",
    "barcode_zpl": "检查条码",
    "registration_form": "登记单",
    "ticket": "排队小票",
    "report": "报告",
}
_SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "application/zpl": ".zpl"}


class Fetcher(Protocol):
    """Where bytes of documents come from: the server connection of the kit."""

    def fetch_document(self, document_id: int) -> bytes:
        """The bytes of a document (blocking); raises RpcError."""
        ...


class ServerDocuments:
    """Prints on the printer that this desk chose for the kind of document; without one, saves a file."""

    def __init__(self, fetcher: Fetcher, desk: UserSettings) -> None:
        self._fetcher = fetcher
        self._desk = desk

    def read(self, document: DocumentView) -> bytes:
        """The bytes of a document (blocking)."""
        return self._fetcher.fetch_document(document.id)

    def hand_out(self, document: DocumentView) -> str:
        """Print or save (blocking, any thread); the sentence says where it went."""
        data = self.read(document)
        what = tr(KIND_WORDS.get(document.kind, "文档"))
        printer = str(self._desk.get(PRINTER_KEY.format(kind=document.kind), ""))
        if printer and document.media_type == "application/pdf" and _print_pdf(data, printer):
            return tr("{what}已送往打印机 {printer}。", what=what, printer=printer)
        path = self.folder / f"{document.kind}-{document.id}{_SUFFIXES.get(document.media_type, '.bin')}"
        write_atomically(path, data)
        shown = f"{path.parent.name}/{path.name}"
        if printer:
            return tr("打印机 {printer} 不可用，{what}已保存到 {path}。", what=what, printer=printer, path=shown)
        return tr("未设置打印机，{what}已保存到 {path}。", what=what, path=shown)

    @property
    def folder(self) -> Path:
        """Where documents are saved when there is no printer."""
        chosen = str(self._desk.get(FOLDER_KEY, ""))
        return Path(chosen) if chosen else data_folder() / "printed"


def _print_pdf(data: bytes, printer_name: str) -> bool:
    """Draw every page at the printer's resolution; False if the printer is not there."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
    from PySide6.QtGui import QPageLayout, QPageSize, QPainter
    from PySide6.QtPdf import QPdfDocument
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    info = QPrinterInfo.printerInfo(printer_name)
    if info.isNull():
        return False
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    pdf = QPdfDocument()
    pdf.load(buffer)
    if pdf.pageCount() < 1:
        return False
    printer = QPrinter(info, QPrinter.PrinterMode.HighResolution)
    size = pdf.pagePointSize(0)
    wide = size.width() > size.height()
    orientation = QPageLayout.Orientation.Landscape if wide else QPageLayout.Orientation.Portrait
    printer.setPageSize(QPageSize(size.transposed() if wide else size, QPageSize.Unit.Point))
    printer.setPageOrientation(orientation)
    printer.setFullPage(True)
    dots = printer.resolution() / 72
    with QPainter(printer) as painter:
        for number in range(pdf.pageCount()):
            if number:
                printer.newPage()
            page = pdf.pagePointSize(number)
            picture = pdf.render(number, QSize(round(page.width() * dots), round(page.height() * dots)))
            painter.drawImage(QRectF(0, 0, page.width() * dots, page.height() * dots), picture)
    return True

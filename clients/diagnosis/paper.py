"""Hands a PDF to the printer of this desk, or keeps it as a file where no printer is set up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from clients.diagnosis.ports import HandedOut
from clients.kit.messages import Messages
from clients.kit.settings import data_folder, write_atomically
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.report_paper import CopyOutcome

_DPI = 300


class Paper:
    """Prints reports in the GUI thread; says where the paper went."""

    def __init__(self, messages: Messages, folder: Path | None = None) -> None:
        self._messages = messages
        self._folder = folder

    def hand_out(self, pdf: bytes) -> HandedOut:
        """Print on the default printer, or save below the user's data folder; returns what became of it."""
        printer_info = QPrinterInfo.defaultPrinter()
        if printer_info.isNull():
            path = self._save(pdf)
            self._messages.say(tr("没有安装打印机，报告已存为 {path}", path=path), Tone.WARNING)
            return HandedOut(CopyOutcome.SAVED)
        if print_pdf(pdf, QPrinter(printer_info, QPrinter.PrinterMode.HighResolution)):
            self._messages.say(tr("已送往打印机 {name}", name=printer_info.printerName()), Tone.SUCCESS)
            return HandedOut(CopyOutcome.PRINTED, printer_info.printerName())
        path = self._save(pdf)
        self._messages.say(tr("打印机没有接受任务，报告已存为 {path}", path=path), Tone.DANGER)
        return HandedOut(CopyOutcome.SAVED, printer_info.printerName(), tr("打印机没有接受任务"))

    def _save(self, pdf: bytes) -> Path:
        folder = self._folder or data_folder() / "printed"
        path = folder / f"report-{datetime.now().astimezone():%Y%m%d-%H%M%S}.pdf"
        number = 1
        while path.exists():
            number += 1
            path = path.with_stem(f"{path.stem}-{number}")
        write_atomically(path, pdf)
        return path


def print_pdf(pdf: bytes, printer: QPrinter) -> bool:
    """Draw every page at 300 dpi on the printer's page; False when document or printer refuses."""
    buffer = QBuffer()
    buffer.setData(QByteArray(pdf))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document = QPdfDocument()
    document.load(buffer)
    if document.pageCount() < 1:
        return False
    printer.setFullPage(True)
    painter = QPainter()
    if not painter.begin(printer):
        return False
    for page in range(document.pageCount()):
        if page:
            printer.newPage()
        points = document.pagePointSize(page)
        size = QSize(round(points.width() / 72 * _DPI), round(points.height() / 72 * _DPI))
        picture = document.render(page, size).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        painter.drawImage(QRectF(painter.viewport()), picture)
    return painter.end()

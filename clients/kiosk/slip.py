"""The ticket that a kiosk prints: its lines, and the printer that draws them; the printer needs no server."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clients.kiosk.words import campus_of, is_english, room_of, wait_words
from clients.kit.translations import tr
from shared.contract.queueing import KioskExam

log = logging.getLogger(__name__)

WIDTH_MM, LENGTH_MM = 80, 110


@dataclass(frozen=True)
class Slip:
    """One ticket: heading, the number in large type, and lines below it."""

    heading: str
    number: str
    lines: tuple[str, ...]
    footer: str


def slips_of(exams: Sequence[KioskExam], hospital: str, hospital_en: str, now: datetime) -> tuple[Slip, ...]:
    """The tickets of these exams in the language of the moment."""
    return tuple(
        Slip(
            heading=(hospital_en or hospital) if is_english() else hospital,
            number=exam.number,
            lines=tuple(
                line
                for line in (
                    f"{exam.masked_name}　{exam.items}",
                    room_of(exam),
                    "　".join(part for part in (campus_of(exam), exam.way) if part),
                    tr("预约 {time}", time=f"{exam.planned_at.astimezone(now.tzinfo):%H:%M}"),
                    wait_words(exam.forecast),
                )
                if line.strip()
            ),
            footer=tr("签到时间 {time}，请留意叫号", time=f"{now:%Y-%m-%d %H:%M}"),
        )
        for exam in exams
    )


class QtSlipPrinter:
    """Draws tickets on a printer of the machine, or as PDF files into a folder."""

    def __init__(self, printer_name: str = "", folder: Path | None = None) -> None:
        self._printer_name = printer_name
        self._folder = folder
        self._count = 0

    def print(self, slips: tuple[Slip, ...]) -> None:
        """Print each ticket (blocking). Raises OSError when there is no such printer, or it does not begin."""
        from PySide6.QtCore import QMarginsF, QSizeF
        from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter
        from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

        size = QPageSize(QSizeF(WIDTH_MM, LENGTH_MM), QPageSize.Unit.Millimeter)
        margins = QMarginsF(4, 4, 4, 4)
        for slip in slips:
            device: QPrinter | QPdfWriter
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._count += 1
                safe = "".join(letter for letter in slip.number if letter.isascii() and letter.isalnum())
                device = QPdfWriter(str(self._folder / f"ticket-{self._count:04d}-{safe}.pdf"))
                device.setResolution(203)
            else:
                info = QPrinterInfo.printerInfo(self._printer_name)
                if info.isNull():
                    raise OSError(f"no printer {self._printer_name!r}")
                device = QPrinter(info, QPrinter.PrinterMode.HighResolution)
            upright, unit = QPageLayout.Orientation.Portrait, QPageLayout.Unit.Millimeter
            device.setPageLayout(QPageLayout(size, upright, margins, unit))
            painter = QPainter()
            if not painter.begin(device):
                raise OSError("the printer does not begin")
            try:
                draw(slip, painter, device.logicalDpiX() / 25.4)
            finally:
                painter.end()


def draw(slip: Slip, painter: object, dots_per_mm: float) -> None:
    """Draw a ticket with its upper left corner at the painter's origin, WIDTH_MM less margins wide."""
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QPainter

    from clients.kit import fonts

    assert isinstance(painter, QPainter)
    width, y = (WIDTH_MM - 8) * dots_per_mm, 0.0
    centred = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    rows = [(slip.heading, 4.2, False), (slip.number, 17.0, True)]
    rows += [(line, 5.6 if place == 1 else 4.4, place == 1) for place, line in enumerate(slip.lines)]
    rows.append((slip.footer, 3.4, False))
    for text, height_mm, bold in rows:
        font = fonts.text_font(10, bold=bold)
        font.setPixelSize(max(1, round(height_mm * dots_per_mm)))
        painter.setFont(font)
        area = QRectF(0, y, width, LENGTH_MM * dots_per_mm)
        used = painter.drawText(area, int(centred), text)
        y += used.height() + 1.4 * dots_per_mm

"""Films as files: PDF with pages of the film's exact size, PNG or JPEG a film (VW-PRT-12, VW-OPN-13)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter

from clients.kit.translations import tr
from clients.viewer.film.sheets import MM_PER_INCH, SheetSetup

JPEG_QUALITY = 95


def page_layout(setup: SheetSetup) -> QPageLayout:
    """A page as large as the film."""
    width, height = setup.sheet_mm
    size = QPageSize(QSizeF(width, height), QPageSize.Unit.Millimeter, setup.size, QPageSize.SizeMatchPolicy.ExactMatch)
    return QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))


def paint_page(painter: QPainter, image: QImage, setup: SheetSetup, dots_per_mm: float) -> None:
    """A composed film at its place on a page, in dots of the device; no pixel of it is changed by the PDF."""
    width, height = setup.printable_mm
    margin = setup.margin_mm * dots_per_mm
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, True)
    painter.drawImage(QRectF(margin, margin, width * dots_per_mm, height * dots_per_mm), image)


def paint_pages(device: QPagedPaintDevice, images: Sequence[QImage], setup: SheetSetup, dpi: int) -> bool:
    """Composed films on the pages of a PDF or of a paper printer; False when it cannot be painted on."""
    painter = QPainter()
    if not painter.begin(device):
        return False
    for number, image in enumerate(images):
        if number and not device.newPage():
            painter.end()
            return False
        paint_page(painter, image, setup, dpi / MM_PER_INCH)
    return bool(painter.end())


def write_pdf(path: Path, images: Sequence[QImage], setup: SheetSetup, title: str = "") -> None:
    """All films as one PDF, whole or not at all. For any thread. Raises OSError with a sentence."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    os.close(handle)
    try:
        writer = QPdfWriter(name)
        writer.setResolution(setup.dpi)
        writer.setTitle(title)
        writer.setCreator("Mingjing")
        writer.setPageLayout(page_layout(setup))
        if not paint_pages(writer, images, setup, setup.dpi):
            raise OSError(_not_written(path))
        del writer
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_pictures(path: Path, images: Sequence[QImage], numbers: Sequence[int], setup: SheetSetup) -> list[Path]:
    """A picture a film, ``NAME-1.png`` and so on where there are several; they know their dots per metre.

    For any thread. Raises OSError with a sentence.
    """
    written = []
    for number, image in zip(numbers, images, strict=True):
        target = path if len(images) == 1 else path.with_name(f"{path.stem}-{number + 1}{path.suffix}")
        dots = round(setup.pixels_per_mm * 1000)
        image.setDotsPerMeterX(dots)
        image.setDotsPerMeterY(dots)
        if not image.save(str(target), None, JPEG_QUALITY):
            raise OSError(_not_written(target))
        written.append(target)
    return written


def _not_written(path: Path) -> str:
    return tr("无法写入 {path}，请换一个位置", path=str(path))

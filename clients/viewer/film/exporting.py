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


class FilmFiles:
    """Films on their way into files, one after the other so that they need not be held all at once.

    All methods are called in one and the same thread. A PDF comes into being whole or not at all. Raises OSError with
    a sentence.
    """

    def __init__(self, path: Path, setup: SheetSetup, *, single: bool) -> None:
        """By the ending of ``path``: PDF, or a picture a film, ``NAME-1.png`` and so on unless there is a ``single``
        one."""
        self._path, self._setup, self._single = path, setup, single
        self._is_pdf = path.suffix.lower() == ".pdf"
        self._temporary: Path | None = None
        self._writer: QPdfWriter | None = None
        self._painter: QPainter | None = None
        self._count = 0

    def add(self, number: int, image: QImage) -> None:
        """The next film, its number from 0."""
        if self._is_pdf:
            self._add_page(image)
            return
        path = (
            self._path if self._single else self._path.with_name(f"{self._path.stem}-{number + 1}{self._path.suffix}")
        )
        dots = round(self._setup.pixels_per_mm * 1000)
        image.setDotsPerMeterX(dots)
        image.setDotsPerMeterY(dots)
        if not image.save(str(path), None, JPEG_QUALITY):
            raise OSError(_not_written(path))
        self._count += 1

    def finish(self) -> int:
        """Number of files written."""
        if self._painter is not None and self._temporary is not None:
            ended = self._painter.end()
            self._painter = self._writer = None
            if not ended:
                raise OSError(_not_written(self._path))
            self._temporary.replace(self._path)
            self._count = 1
        return self._count

    def give_up(self) -> None:
        """Leave no half PDF behind."""
        if self._painter is not None:
            self._painter.end()
        self._painter = self._writer = None
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    def _add_page(self, image: QImage) -> None:
        if self._painter is None or self._writer is None:
            self._begin()
        elif not self._writer.newPage():
            raise OSError(_not_written(self._path))
        assert self._painter is not None
        paint_page(self._painter, image, self._setup, self._setup.pixels_per_mm)

    def _begin(self) -> None:
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name + ".")
        except OSError as error:
            raise OSError(_not_written(self._path)) from error
        os.close(handle)
        self._temporary = Path(name)
        self._writer = QPdfWriter(name)
        self._writer.setResolution(self._setup.dpi)
        self._writer.setTitle(self._path.stem)
        self._writer.setCreator("Mingjing")
        self._writer.setPageLayout(page_layout(self._setup))
        self._painter = QPainter()
        if not self._painter.begin(self._writer):
            raise OSError(_not_written(self._path))


def _not_written(path: Path) -> str:
    return tr("无法写入 {path}，请换一个位置", path=str(path))

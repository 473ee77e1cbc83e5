"""Pictures of PDF pages, for the record's page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPdf import QPdfDocument

from mingjing.demo.record import Record, Step

LONG_SIDE_PX = 1200


def picture_of(pdf: Path, record: Record, step: Step) -> None:
    """Make a PNG of each page, listed in the step. Raises OSError when the file cannot be shown."""
    document = QPdfDocument()
    if document.load(str(pdf)) is not QPdfDocument.Error.None_:
        raise OSError(f"{pdf.name} is no PDF that can be shown")
    for page in range(document.pageCount()):
        size = document.pagePointSize(page)
        scale = LONG_SIDE_PX / max(size.width(), size.height())
        picture = _on_white(document.render(page, (size * scale).toSize()))
        picture.save(str(record.file(step, f"{pdf.stem[3:]}-{page + 1}.png")))


def _on_white(picture: QImage) -> QImage:
    paper = QImage(picture.size(), QImage.Format.Format_RGB32)
    paper.fill(Qt.GlobalColor.white)
    with QPainter(paper) as painter:
        painter.drawImage(0, 0, picture)
    return paper

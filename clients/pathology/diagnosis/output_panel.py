"""报告输出: the report as PDF, Word document, picture or web page in a folder of the doctor's choice (PA-RPT-06)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize
from PySide6.QtPdf import QPdfDocument
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, Label
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk
from shared.contract.pathology_reports import OutputReport
from shared.domain.pathology_reports import FileFormat

_PNG_DPI = 200


class OutputPanel(QWidget):
    """Choose the format, then the file."""

    def __init__(self, desk: Desk, report_id: int) -> None:
        super().__init__()
        self._desk, self._report_id = desk, report_id
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(Label("审核后的报告可以另存为文件。", "quiet", wrap=True))
        self.format = SegmentedControl(
            [
                Option(FileFormat.PDF, "PDF"),
                Option(FileFormat.DOCX, "Word"),
                Option(FileFormat.PNG, "图像"),
                Option(FileFormat.HTML, "网页"),
            ]
        )
        box.addWidget(self.format)
        self.button = Button("保存为…", "primary", "download", on_click=self.choose)
        box.addWidget(self.button)
        box.addStretch(1)

    def choose(self) -> None:
        """Ask for the file's place."""
        number = self._desk.case.number if self._desk.case is not None else "report"
        ending = self.format.current
        name, _filter = QFileDialog.getSaveFileName(self, tr("报告输出"), f"{number}.{ending}", f"*.{ending}")
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Fetch and write, off the GUI thread."""
        place, papers, wanted = self._desk.place, self._desk.papers, FileFormat(self.format.current)
        spoken = "en" if language() is Language.ENGLISH else "zh"
        request = OutputReport(report_id=self._report_id, file_format=wanted, language=spoken)

        def work() -> bytes:
            content: bytes = papers.read(place.connection.call(request))
            if wanted is not FileFormat.PNG:
                path.write_bytes(content)
            return content

        def done(content: bytes) -> None:
            if wanted is FileFormat.PNG:
                save_pictures(content, path)
            place.messages.say(tr("已保存到 {path}", path=str(path)), Tone.SUCCESS)
            self._desk.close_panel()

        place.runner.run(work, done, place.messages.report)


def save_pictures(pdf: bytes, path: Path) -> int:
    """Write every page as PNG: `name.png`, `name-2.png` …; returns how many. Raises OSError."""
    document, buffer = QPdfDocument(), QBuffer()
    buffer.setData(QByteArray(pdf))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(buffer)
    pages = document.pageCount()
    for number in range(pages):
        points = document.pagePointSize(number)
        size = QSize(round(points.width() / 72 * _PNG_DPI), round(points.height() / 72 * _PNG_DPI))
        image = document.render(number, size)
        white = image.copy()
        white.fill(0xFFFFFFFF)
        from PySide6.QtGui import QPainter

        with QPainter(white) as painter:
            painter.drawImage(0, 0, image)
        target = path if number == 0 else path.with_name(f"{path.stem}-{number + 1}{path.suffix}")
        if not white.save(str(target.with_suffix(".png"))):
            raise OSError(f"cannot write {target}")
    document.close()
    return pages

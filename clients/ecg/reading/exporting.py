"""导出: the trace with the report's values as a file of another format (EX-ECG-06)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from clients.kit.settings import write_atomically
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_reports import ExportTrace
from shared.domain.ecg_reports import ExportFormat

if TYPE_CHECKING:
    from clients.ecg.reading.page import ReadingPage

_SUFFIXES = {
    ExportFormat.DICOM: ".dcm",
    ExportFormat.AECG: ".xml",
    ExportFormat.SCP: ".scp",
    ExportFormat.CSV: ".csv",
    ExportFormat.PDF: ".pdf",
}


class Exporting:
    """Asks where to, lets the server write the format, saves the file."""

    def __init__(self, page: ReadingPage) -> None:
        self._page = page

    def export(self, file_format: ExportFormat) -> None:
        """Ask for a place and export."""
        exam = self._page.presenter.state.exam
        name = exam.row.accession_number if exam is not None else "ecg"
        suffix = _SUFFIXES[file_format]
        path, _kind = QFileDialog.getSaveFileName(self._page, tr("导出心电图"), f"{name}{suffix}", f"*{suffix}")
        if path:
            self.export_to(file_format, Path(path))

    def export_to(self, file_format: ExportFormat, path: Path) -> None:
        """Fetch the file (off the GUI thread) and write it."""
        presenter, papers = self._page.presenter, self._page.papers
        drawn = presenter.state.in_front
        exam_id = presenter.state.past.row.id if presenter.state.past is not None else presenter.exam_id
        trace_id = drawn.trace.id if drawn is not None and drawn.trace is not None else 0
        request = ExportTrace(exam_id=exam_id, file_format=file_format, trace_id=trace_id)
        connection = presenter.place.connection

        def work() -> Path:
            write_atomically(path, papers.read(connection.call(request)))
            return path

        presenter.run(work, self._done, None, "export")

    def _done(self, path: Path) -> None:
        self._page.place.messages.say(tr("已导出到 {path}", path=path), Tone.SUCCESS)

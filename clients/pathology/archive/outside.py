"""外院诊断书 of a loan: scanned or chosen from files, looked at page by page, taken off again (PA-AWS-09)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.dialogs import Question
from clients.kit.labels import Button, IconButton, Label, hairline
from clients.kit.messages import message_for
from clients.kit.panels import Banner, EmptyState
from clients.kit.pdf_preview import PdfPreview
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.media.canvas import PictureCanvas
from shared.contract.pathology_keeping import MAX_PAPER_BYTES, AddLoanPaper, GetLoan, LoanView, RemoveLoanPaper
from shared.domain.permissions import Permission

SIZE = (900, 760)
_JPEG_QUALITY = 88


class OutsidePage(QWidget):
    """The pages of one loan; `changed` hears of the loan as it is now."""

    def __init__(self, desk: Desk, loan: LoanView, changed: Callable[[LoanView], None] = lambda _loan: None) -> None:
        super().__init__()
        self.desk, self.loan, self._changed = desk, loan, changed
        self._is_open, self._at = True, 0
        self.question: Question | None = None
        self.banner = Banner()
        self.canvas = PictureCanvas()
        self.canvas.set_shown(scale_bar=False)
        self.pdf = PdfPreview()
        self.empty = EmptyState("document", "还没有外院诊断书", "扫描纸质报告，或添加已有的文件。")
        self.stack = QStackedWidget()
        for page in (self.empty, self.canvas, self.pdf):
            self.stack.addWidget(page)
        self.before = IconButton("chevron_left", "上一页", on_click=lambda: self.turn(-1))
        self.after = IconButton("chevron_right", "下一页", on_click=lambda: self.turn(1))
        self.place = Label("", "caption")
        self.scan_button = Button("扫描纸质报告", "primary", "scan", on_click=self.scan)
        self.file_button = Button("添加文件…", "", "upload", on_click=self.choose_files)
        self.remove_button = Button("删除本页", "quiet", "clear", on_click=self._ask_remove)
        may = desk.place.may(Permission.PATHOLOGY_LEND.value)
        for button in (self.scan_button, self.file_button, self.remove_button):
            button.setVisible(may)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(8)
        for widget in (self.before, self.place, self.after):
            foot.addWidget(widget)
        foot.addWidget(self.remove_button)
        foot.addStretch(1)
        foot.addWidget(self.file_button)
        foot.addWidget(self.scan_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.banner)
        box.addWidget(self.stack, 1)
        box.addWidget(hairline())
        box.addLayout(foot)
        self.show_page()

    @property
    def ids(self) -> tuple[int, ...]:
        """Documents of the loan."""
        return self.loan.document_ids

    def turn(self, by: int) -> None:
        """The next or the page before."""
        self._at += by
        self.show_page()

    def show_page(self) -> None:
        """Fetch and show the present page."""
        count = len(self.ids)
        self._at = max(0, min(self._at, count - 1))
        self.place.set_source("{page} / {pages}", page=self._at + 1 if count else 0, pages=count)
        self.before.setEnabled(self._at > 0)
        self.after.setEnabled(self._at < count - 1)
        self.remove_button.setEnabled(bool(count))
        if not count:
            self.stack.setCurrentWidget(self.empty)
            return
        papers, wanted = self.desk.papers, self.ids[self._at]

        def came(data: bytes) -> None:
            if self._is_open and self.ids and self.ids[self._at] == wanted:
                self._show(data)

        self.desk.place.runner.run(
            lambda: papers.read(SimpleNamespace(id=wanted)), came, self._failed, key="pathology.loan.paper"
        )

    def scan(self) -> None:
        """Scan the pages that lie in the scanner of this computer (扫描设备选择)."""
        from clients.pathology.media.entries import chosen_scanner

        found = chosen_scanner(self.desk)
        if found is None:
            return
        scanner, device = found
        self._tell("正在扫描…", Tone.INFO)
        self._add(lambda: [as_jpeg(page) for page in scanner.scan(device)])

    def choose_files(self) -> None:
        """Let the user pick files."""
        names, _ = QFileDialog.getOpenFileNames(self, tr("添加文件"), "", "PDF, JPEG, PNG (*.pdf *.jpg *.jpeg *.png)")
        if names:
            self.add_files([Path(name) for name in names])

    def add_files(self, paths: Sequence[Path]) -> None:
        """Keep files as pages."""
        self._add(lambda: [_read(path) for path in paths])

    def remove(self) -> None:
        """Take the present page off."""
        wanted, line = self.ids[self._at], self.desk.place.connection
        request = RemoveLoanPaper(loan_id=self.loan.id, document_id=wanted)
        self.desk.place.runner.run(lambda: line.call(request), self._took, self._failed)

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _add(self, pages: Callable[[], list[bytes]]) -> None:
        line, loan_id = self.desk.place.connection, self.loan.id
        self.scan_button.setEnabled(False)

        def work() -> LoanView:
            made = pages()
            for data in made:
                line.call(AddLoanPaper(loan_id=loan_id, data=data))
            return line.call(GetLoan(loan_id=loan_id))

        def came(loan: LoanView) -> None:
            if self._is_open:
                self._at = len(loan.document_ids) - 1
                self.banner.hide()
            self._took(loan)

        self.desk.place.runner.run(work, came, self._failed)

    def _took(self, loan: LoanView) -> None:
        self._changed(loan)
        if self._is_open:
            self.loan = loan
            self.scan_button.setEnabled(True)
            self.show_page()

    def _show(self, data: bytes) -> None:
        if data.startswith(b"%PDF-"):
            self.pdf.show_pdf(data)
            self.stack.setCurrentWidget(self.pdf)
            return
        image = QImage.fromData(data)
        if image.isNull():
            self._tell("图像已损坏，不能显示。", Tone.DANGER)
            return
        self.canvas.show_picture(image)
        self.stack.setCurrentWidget(self.canvas)

    def _ask_remove(self) -> None:
        def answered(key: str) -> None:
            self.question = None
            if key == "yes" and self._is_open:
                self.remove()

        words = tr("从借阅记录中删除第 {page} 页？删除会记入备注。", page=self._at + 1)
        self.question = Question(self, "删除本页", words, (("yes", "删除", "danger"), ("no", "取消", "")), answered)
        self.question.open()

    def _tell(self, words: str, tone: Tone) -> None:
        self.banner.show_message(tr(words), tone)

    def _failed(self, error: Exception) -> None:
        from clients.pathology.media.scanning import ScanTrouble

        if not self._is_open:
            return
        self.scan_button.setEnabled(True)
        if isinstance(error, ScanTrouble):
            self._tell(str(error), Tone.WARNING)
        elif isinstance(error, OSError):
            self._tell("文件打不开或太大，请检查后重试。", Tone.DANGER)
        else:
            self.banner.show_message(message_for(error).text, Tone.DANGER)


def show_outside(desk: Desk, loan: LoanView, changed: Callable[[LoanView], None] = lambda _loan: None) -> None:
    """Open the pages in a window of their own."""
    desk.show_window("外院诊断书", OutsidePage(desk, loan, changed), SIZE)


def as_jpeg(page: Any) -> bytes:
    """A scanned page (uint8 [row, column, (blue, green, red)]) as JPEG."""
    import cv2

    return bytes(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_PAPER_BYTES + 1)
    if len(data) > MAX_PAPER_BYTES:
        raise OSError(f"{path.name} is larger than {MAX_PAPER_BYTES >> 20} MB")
    return data

"""Received documents where the trace would stand: what a Holter or stress program made of the exam (EX-ECG-14)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from clients.kit.messages import message_for
from clients.kit.panels import EmptyState
from clients.kit.pdf_preview import PdfPreview
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg import AttachDocument, DocumentView, GetDocument, OriginalFile

if TYPE_CHECKING:
    from clients.ecg.reading.page import ReadingPage

MAX_PDF_BYTES = 6_000_000
"""What the server takes (`shared.contract.ecg.AttachDocument`)."""
_STEP = 1.25


class DocumentPaper(QWidget):
    """The pages of one document; a tab for each where there are several."""

    wanted = Signal(object)
    """A DocumentView whose bytes are not here yet."""

    def __init__(self) -> None:
        super().__init__()
        self._documents: tuple[DocumentView, ...] = ()
        self._content: dict[int, bytes] = {}
        self._shown = 0
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.currentChanged.connect(self._on_tab)
        box.addWidget(self.tabs)
        self.preview = PdfPreview()
        self.words = EmptyState("document", "正在打开文档…")
        self.words.acted.connect(self._ask)
        self.layers = QStackedWidget()
        self.layers.addWidget(self.words)
        self.layers.addWidget(self.preview)
        box.addWidget(self.layers, 1)

    @property
    def front(self) -> DocumentView | None:
        """The document that is shown."""
        index = self.tabs.currentIndex()
        return self._documents[index] if 0 <= index < len(self._documents) else None

    def show_documents(self, documents: tuple[DocumentView, ...]) -> None:
        """Show these; the one in front stays in front."""
        if documents == self._documents:
            return
        front = self.front
        self._documents = documents
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for one in documents:
            self.tabs.addTab(one.title or one.file_name)
        at = next((i for i, one in enumerate(documents) if front is not None and one.id == front.id), 0)
        self.tabs.setCurrentIndex(at)
        self.tabs.blockSignals(False)
        self.tabs.setVisible(len(documents) > 1)
        self._on_tab()

    def show_content(self, document_id: int, content: bytes) -> None:
        """The bytes of a document came."""
        self._content[document_id] = content
        if self.front is not None and self.front.id == document_id and self._shown != document_id:
            self._shown = document_id
            self.preview.show_pdf(content)
            self.layers.setCurrentWidget(self.preview)

    def show_trouble(self, document_id: int, sentence: str) -> None:
        """The bytes of a document did not come."""
        if self.front is not None and self.front.id == document_id:
            self.words.show_words("alert", "文档无法打开", sentence, "重试", Tone.WARNING)

    def zoom(self, *, closer: bool) -> None:
        """放大, 缩小."""
        self.preview.set_zoom(self.preview.zoom * (_STEP if closer else 1 / _STEP))

    def reset(self) -> None:
        """Pages as wide as the view again."""
        self.preview.set_zoom(1.0)

    def _on_tab(self, *_index: int) -> None:
        front = self.front
        if front is None:
            return
        self._shown = 0
        if front.id in self._content:
            self.show_content(front.id, self._content[front.id])
        else:
            self._ask()

    def _ask(self) -> None:
        self.words.show_words("document", "正在打开文档…")
        self.layers.setCurrentWidget(self.words)
        if self.front is not None:
            self.wanted.emit(self.front)


class Documents:
    """Fetches the documents of a page, attaches further ones, and says which of them follow the report on paper."""

    def __init__(self, page: ReadingPage) -> None:
        self._page = page

    def fetch(self, document: DocumentView) -> None:
        """Bring the bytes of a document to its paper."""
        paper, presenter = self._page.documents, self._page.presenter

        def came(found: OriginalFile) -> None:
            paper.show_content(document.id, found.data)

        def failed(error: Exception) -> None:
            paper.show_trouble(document.id, message_for(error).text)

        presenter.ask(GetDocument(document_id=document.id), came, failed, f"document-{document.id}")

    def toggle_printed(self, document: DocumentView) -> None:
        """随报告打印 on or off; a report about documents alone keeps at least one."""
        state, presenter = self._page.presenter.state, self._page.presenter
        printed = state.printed_documents
        if document.id not in printed:
            presenter.set_documents((*printed, document.id))
        elif len(printed) > 1 or state.drawn is not None:
            presenter.set_documents(tuple(one for one in printed if one != document.id))
        else:
            presenter.place.messages.say(tr("没有波形的报告至少附一份文档。"), Tone.WARNING)

    def attach(self) -> None:
        """附加文档: ask for a PDF and send it."""
        path, _kind = QFileDialog.getOpenFileName(self._page, tr("附加 PDF 文档"), "", "PDF (*.pdf)")
        if path:
            self.attach_file(Path(path))

    def attach_file(self, path: Path) -> None:
        """Read a PDF in a worker and attach it to the exam."""
        presenter = self._page.presenter
        connection, exam_id = presenter.place.connection, presenter.exam_id

        def work() -> DocumentView | str:
            try:
                if path.stat().st_size > MAX_PDF_BYTES:
                    return tr("文件超过 6 MB，请压缩或分成几份后再附加。")
                data = path.read_bytes()
            except OSError:
                return tr("无法读取这个文件，请检查后重试。")
            if b"%PDF-" not in data[:1024]:
                return tr("这不是 PDF 文件，请选择 PDF 报告。")
            request = AttachDocument(exam_id=exam_id, title=path.stem, file_name=path.name, data=data)
            answer: DocumentView = connection.call(request)
            return answer

        def done(found: DocumentView | str) -> None:
            if isinstance(found, str):
                presenter.place.messages.say(found, Tone.DANGER)
                return
            presenter.place.messages.say(tr("已附加 {name}", name=found.file_name), Tone.SUCCESS)
            presenter.reload()
            presenter.tell_changed()

        presenter.run(work, done, None, "attach")

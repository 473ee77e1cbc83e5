"""A document in the side panel before it is printed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, ValueLabel, hairline
from clients.kit.pdf_preview import PdfPreview
from clients.kit.printing.documents import words_of
from clients.registration.exam_actions import Preview


class PreviewPanel(QWidget):
    """The pages, what they are, and the button that prints them."""

    WIDTH = 560
    """Pixels of the side panel that a page needs to be read."""

    def __init__(self, preview: Preview, print_it: Callable[[], None]) -> None:
        super().__init__()
        self._preview = preview
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.pages = PdfPreview()
        self.pages.setMinimumHeight(400)
        layout.addWidget(self.pages, 1)
        layout.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        self._words = ValueLabel("", "caption")
        foot.addWidget(self._words, 1)
        self.print_button = Button("打印", "primary", "print", on_click=print_it)
        foot.addWidget(self.print_button)
        layout.addLayout(foot)
        self.pages.show_pdf(preview.data)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._name()

    def _name(self) -> None:
        words = words_of(self._preview.document.kind)
        self._words.set_text(self._preview.document.warning or words)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_words"):
            self._name()
        super().changeEvent(event)

"""A paper of the server with preview and print (PA-DOC-02); a filter above it where the paper asks for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import Field, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button
from clients.kit.messages import message_for
from clients.kit.panels import EmptyState
from clients.kit.pdf_preview import PdfPreview
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language
from clients.pathology.desk import Desk
from shared.contract.base import Request
from shared.contract.printing import DocumentView

Make = Callable[[dict[str, Any], str], Request[DocumentView]]
"""Values of the filter's fields and the language ("zh", "en") → what draws the paper."""


class SheetView(QWidget):
    """查询 draws the paper and shows it; 打印 hands it to the printer of this desk."""

    def __init__(self, desk: Desk, make: Make, fields: Sequence[Field] = (), values: dict[str, Any] | None = None):
        super().__init__()
        self._desk, self._make = desk, make
        self.document: DocumentView | None = None
        self._open = True
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 12, 12, 12)
        box.setSpacing(8)
        self.form: FormView | None = None
        row = QHBoxLayout()
        row.setSpacing(8)
        if fields:
            self.form = FormView([Section("", list(fields))], columns=min(len(fields), 5))
            self.form.set_values(values or {})
            self.form.submitted.connect(self.load)
            row.addWidget(self.form, 1)
        else:
            row.addStretch(1)
        self.query = Button("查询", "", "search", on_click=self._query)
        self.query.setVisible(bool(fields))
        row.addWidget(self.query)
        self.print_button = Button("打印", "primary", "print", on_click=self.print_paper)
        self.print_button.setEnabled(False)
        row.addWidget(self.print_button)
        box.addLayout(row)
        self.empty = EmptyState("document", "正在生成…")
        self.preview = PdfPreview()
        self.preview.hide()
        box.addWidget(self.empty, 1)
        box.addWidget(self.preview, 1)
        self.load()

    def load(self) -> None:
        """Draw the paper with the filter's values and show it."""
        values = self.form.values() if self.form is not None else {}
        request = self._make(values, "en" if language() is Language.ENGLISH else "zh")
        place = self._desk.place

        def work() -> tuple[DocumentView, bytes]:
            document = place.connection.call(request)
            return document, self._desk.papers.read(document)

        place.runner.run(work, self._came, self._failed, key="pathology.sheet")

    def print_paper(self) -> None:
        """Hand the shown paper to the printer."""
        document, place = self.document, self._desk.place
        if document is not None:
            place.runner.run(
                lambda: self._desk.papers.hand_out(document),
                lambda sentence: place.messages.say(sentence, Tone.SUCCESS),
                place.messages.report,
            )

    def closeEvent(self, event: object) -> None:
        self._open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _query(self) -> None:
        if self.form is not None:
            self.form.submit()

    def _came(self, result: tuple[DocumentView, bytes]) -> None:
        if not self._open:
            return
        self.document, data = result
        self.print_button.setEnabled(True)
        self.preview.show_pdf(data)
        self.preview.show()
        self.empty.hide()
        if self.document.warning:
            self._desk.place.messages.say(self.document.warning, Tone.WARNING)

    def _failed(self, error: Exception) -> None:
        if not self._open:
            return
        self.document = None
        self.print_button.setEnabled(False)
        self.preview.hide()
        self.empty.show_words("document", "没有可显示的表单", "", tone=None)
        self.empty.show()
        message = message_for(error)
        self._desk.place.messages.say(message.text, message.tone)

"""The form of a return: reasons to choose from the hospital's list, and free words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.shell import Workplace
from clients.kit.translations import Language, language, tr
from shared.contract.organisation import Dictionary, GetHospital, HospitalView

_MOST = 12


class RejectPanel(QWidget):
    """退回理由 with the button that returns the report."""

    def __init__(self, reject: Callable[[str], None], place: Workplace | None = None) -> None:
        """With a `place` the hospital's own reasons are offered."""
        super().__init__()
        self._reject = reject
        self.reason = QPlainTextEdit()
        self.reason.setPlaceholderText(tr("写明需要修改或补充的内容"))
        self.problem = Label("", "error")
        self._offered = QVBoxLayout()
        self._offered.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(Label("退回理由", "strong"))
        layout.addLayout(self._offered)
        layout.addWidget(self.reason)
        layout.addWidget(self.problem)
        layout.addWidget(Button("驳回报告", "danger", "reject", on_click=self._press))
        layout.addStretch(1)
        if place is not None:
            line = place.connection
            place.runner.run(lambda: line.call(GetHospital()), self._on_hospital, _ignore, key="report.reasons")

    def offer(self, reasons: Sequence[str]) -> None:
        """Show reasons to choose from."""
        for words in reasons[:_MOST]:
            self._offered.addWidget(ReasonButton(self, words))

    def choose(self, words: str) -> None:
        """Put a reason below what is written; a chosen one once more takes it out."""
        lines = [line for line in self.reason.toPlainText().splitlines() if line.strip()]
        lines = [line for line in lines if line != words] if words in lines else [*lines, words]
        self.reason.setPlainText("\n".join(lines))
        self.reason.setFocus()

    def _on_hospital(self, hospital: HospitalView) -> None:
        english = language() is Language.ENGLISH
        self.offer(
            [
                word.text_en if english and word.text_en else word.text
                for word in hospital.words
                if word.dictionary == Dictionary.RETURN_REASON
            ]
        )

    def _press(self) -> None:
        words = self.reason.toPlainText().strip()
        if not words:
            self.problem.set_source("请填写退回理由。")
            self.reason.setFocus()
            return
        self._reject(words)


class ReasonButton(Button):
    """One reason of the hospital's list, in the language of the moment."""

    def __init__(self, panel: RejectPanel, words: str) -> None:
        super().__init__(words, "", "add", on_click=self._choose)
        self._panel, self.words = panel, words

    def _choose(self) -> None:
        self._panel.choose(self.words)


def _ignore(_error: Exception) -> None:
    """Without the list the words are typed."""

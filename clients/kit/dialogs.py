"""Windows over the workstation, for the few things that are no routine: a question, a list opened from a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.translations import tr


class Question(QDialog):
    """A sentence with two or three answers. `open()` shows it; Escape gives the last answer.

    `choices` are (key, Chinese source text, look); the first one has the keyboard.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        sentence: str,
        choices: Sequence[tuple[str, str, str]],
        answered: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._answered: Callable[[str], None] | None = answered
        self._last = choices[-1][0]
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(16)
        box.addWidget(Label(title, "title"))
        words = ValueLabel(sentence, wrap=True)
        words.setMinimumWidth(360)
        box.addWidget(words)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.buttons: dict[str, Button] = {}
        for key, text, look in choices:
            button = Button(text, look, on_click=_Answer(self, key))
            button.setAutoDefault(False)
            self.buttons[key] = button
            row.addWidget(button)
        box.addLayout(row)
        self.buttons[choices[0][0]].setDefault(True)
        self.buttons[choices[0][0]].setFocus()
        self.rejected.connect(lambda: self.answer(self._last))
        self.setWindowTitle(tr(title))

    def answer(self, key: str) -> None:
        """Close with this answer, as the user would."""
        answered, self._answered = self._answered, None
        self.close()
        if answered is not None:
            answered(key)


class _Answer:
    def __init__(self, question: Question, key: str) -> None:
        self._question, self._key = question, key

    def __call__(self) -> None:
        self._question.answer(self._key)


class ContentWindow(QDialog):
    """A widget in a window of its own that does not block the workstation; Escape closes it."""

    def __init__(self, parent: QWidget, title: str, content: QWidget, size: tuple[int, int] | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.content = content
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setProperty("look", "surface")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(content)
        room = parent.window().size()
        wide, high = size or (960, 600)
        self.resize(min(wide, room.width() - 48), min(high, room.height() - 48))
        self.setWindowTitle(tr(title))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return  # Enter belongs to fields and lists; no button is pressed by it
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setWindowTitle(tr(self._title))
        super().changeEvent(event)

    def done(self, result: int) -> None:
        self.content.close()
        super().done(result)

    def closeEvent(self, event: object) -> None:
        self.content.close()
        super().closeEvent(event)  # type: ignore[arg-type]

"""What the settings pages share: asking the server off the screen's thread, refusals at their field, a foot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidgetItem, QVBoxLayout, QWidget

from clients.kit.dialogs import Question
from clients.kit.forms import FormView
from clients.kit.labels import Label, hairline
from clients.kit.messages import message_for
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError

T = TypeVar("T")


class SettingsPage(QWidget):
    """A page in a window of its own; answers that come after it was closed are dropped."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.is_open = True
        self.question: Question | None = None
        self.trouble = Label("", "error", wrap=True)
        self.trouble.hide()

    def ask(
        self,
        request: Request[T],
        came: Callable[[T], None],
        form: FormView | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Call the server; what it refuses stands at the field of `form` (`names`: its field → ours), else below."""
        line = self.desk.place.connection
        self.run(lambda: line.call(request), came, form, names)

    def run(
        self,
        work: Callable[[], T],
        came: Callable[[T], None],
        form: FormView | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Do blocking work elsewhere and go on with what it gave."""

        def done(found: T) -> None:
            if self.is_open:
                self.show_trouble("")
                came(found)

        def failed(error: Exception) -> None:
            if self.is_open:
                self.failed(error, form, names or {})

        self.desk.place.runner.run(work, done, failed)

    def failed(self, error: Exception, form: FormView | None, names: Mapping[str, str]) -> None:
        """Say what went wrong: at its field, or at the foot of the page."""
        message = message_for(error)
        if isinstance(error, RpcError) and error.code is ErrorCode.DUPLICATE and language() is Language.ENGLISH:
            message = replace(message, text=tr("这个名称或代码已被使用，请换一个。"))  # the kit's word is of exams
        field = names.get(message.field, message.field.rpartition(".")[2])
        if form is not None and field in form.rows:
            form.show_problems({field: message.text})
        else:
            self.show_trouble(message.text)

    def show_trouble(self, sentence: str) -> None:
        """A finished sentence at the foot; empty takes it away."""
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))

    def say(self, text: str) -> None:
        """Tell that something was stored; `text` is a Chinese source sentence."""
        self.desk.place.messages.say(tr(text), Tone.SUCCESS)

    def confirm(self, title: str, sentence: str, yes: str, then: Callable[[], None], look: str = "danger") -> None:
        """Ask before something that matters; words are Chinese source, the sentence is finished."""

        def answered(key: str) -> None:
            self.question = None
            if key == "yes" and self.is_open:
                then()

        self.question = Question(self, title, sentence, (("yes", yes, look), ("no", "取消", "")), answered)
        self.question.open()

    def closeEvent(self, event: object) -> None:
        self.is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]


def list_item(words: str, key: str) -> QListWidgetItem:
    """A row of a plain list: finished words, and the key that it stands for."""
    item = QListWidgetItem(words)
    item.setData(Qt.ItemDataRole.UserRole, key)
    item.setSizeHint(QSize(0, current_theme().metrics.control))
    return item


def framed(page: SettingsPage, middle: QWidget, foot: QHBoxLayout) -> None:
    """Lay a page out: its middle, and below a line its trouble and its buttons."""
    box = QVBoxLayout(page)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(0)
    box.addWidget(middle, 1)
    box.addWidget(hairline())
    box.addWidget(column_of(page.trouble, foot, spacing=6))

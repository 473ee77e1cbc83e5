"""The dialogs of the ECG workstation: a form, what went wrong, and buttons; nothing blocks, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.messages import message_for
from clients.kit.panels import scrolling
from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.ecg.desk import Desk

T = TypeVar("T")

DONE, AND_ACQUIRE = "Ctrl+Return", "F2"
"""The keys of a dialog's usual button and of 登记并采集."""


class EcgDialog(QDialog):
    """A window over the workstation. Escape closes it; calls run off the GUI thread; late answers are dropped.

    A subclass fills `body` and calls `add_button`; `form`, when it is set, gets the sentences of refused fields.
    """

    def __init__(self, desk: Desk, parent: QWidget, title: str, *, width: int = 560) -> None:
        super().__init__(parent)
        self._desk = desk
        self._title = title
        self._is_open = True
        self._busy = False
        self.form: FormView | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setProperty("look", "surface")
        self.setMinimumWidth(min(width, parent.window().width() - 48))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.setSpacing(12)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        outer.addLayout(self.body, 1)
        self.note = Label("", "error", wrap=True)
        self.note.hide()
        outer.addWidget(self.note)
        outer.addWidget(hairline())
        self._foot = QHBoxLayout()
        self._foot.setSpacing(8)
        self._foot.addStretch(1)
        outer.addLayout(self._foot)
        self.buttons: dict[str, Button] = {}
        self.setWindowTitle(tr(title))

    def put_form(self, form: FormView, *, height: int = 0) -> None:
        """Show a form in a scroll area, `height` pixels high where the screen has them."""
        self.form = form
        area = scrolling(form)
        if height:
            parent = self.parentWidget()
            room = parent.window().height() if parent is not None else height
            area.setMinimumHeight(min(height, room - 190))
        self.body.addWidget(area, 1)

    def add_button(
        self, key: str, text: str, look: str = "", on_click: Callable[[], None] | None = None, shortcut: str = ""
    ) -> Button:
        """Add a button at the foot; `text` is a Chinese source string. `DONE` presses a primary one from any field."""
        usual = DONE if look == "primary" and on_click is not None else ""
        button = Button(text, look, on_click=on_click or self.close_it, shortcut=shortcut or usual)
        button.setAutoDefault(False)
        self.buttons[key] = button
        self._foot.addWidget(button)
        return button

    def call(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """Run `work` in another thread while the buttons rest; an answer after closing is dropped."""
        if self._busy:
            return
        self._set_busy(True)

        def arrived(result: T) -> None:
            if self._is_open:
                self._set_busy(False)
                done(result)

        def broke(error: Exception) -> None:
            if self._is_open:
                self._set_busy(False)
                failed(error)

        self._desk.place.runner.run(work, arrived, broke)

    def ask(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """As `call`; what goes wrong is said at the field or above the buttons, and everything typed stays."""
        self.say("")
        self.call(work, done, self.show_error)

    def show_error(self, error: Exception) -> None:
        """Say why it did not work: at the field that the server names, else above the buttons."""
        message = message_for(error)
        field = message.field.rsplit(".", 1)[-1]
        if self.form is not None and field in self.form.rows:
            self.form.show_problems({field: message.text})
        else:
            self.say(message.text)

    def say(self, sentence: str) -> None:
        """Show a finished sentence above the buttons, or take it away."""
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))

    def close_it(self) -> None:
        """Close; what was typed is thrown away."""
        self.reject()

    def settle(self) -> None:
        """Hear that buttons may have to be enabled otherwise; called when a call ended."""

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for key, button in self.buttons.items():
            button.setEnabled(not busy or key == "close")
        if not busy:
            self.settle()

    def done(self, result: int) -> None:
        self._is_open = False
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return  # Enter belongs to the fields
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setWindowTitle(tr(self._title))
        super().changeEvent(event)


class ReasonDialog(EcgDialog):
    """Asks for a reason that is kept: refusal, withdrawal, cancellation."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        title: str,
        sentence: str,
        button: str,
        confirm: Callable[[ReasonDialog, str], None],
        *,
        required: bool = True,
        danger: bool = True,
    ) -> None:
        from clients.kit.fields import LongTextField, Section
        from clients.kit.labels import ValueLabel

        super().__init__(desk, parent, title, width=480)
        self.body.addWidget(ValueLabel(sentence, wrap=True))
        self.put_form(
            FormView(
                [Section("", [LongTextField(key="reason", label="原因", required=required, max_length=200, span=1)])],
                columns=1,
            )
        )
        self._confirm = confirm
        self.add_button("close", "取消")
        self.add_button("confirm", button, "danger" if danger else "primary", self.confirm, DONE)
        assert self.form is not None
        self.form.submitted.connect(self.confirm)
        self.form.focus("reason")

    def confirm(self) -> None:
        """Go on with the reason."""
        assert self.form is not None
        if self.form.validate():
            self._confirm(self, str(self.form.value("reason")).strip())

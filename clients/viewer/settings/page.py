"""What a page of the settings is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Label
from clients.kit.theme import current_theme
from clients.viewer.desk import Desk
from clients.viewer.settings.applying import Applying
from clients.viewer.settings.store import Preferences

LABEL_WIDTH = 168


@dataclass(frozen=True)
class Context:
    """What pages work with."""

    desk: Desk
    applying: Applying
    say: Callable[[str], object]
    renew_elements: Callable[[], object]

    @property
    def preferences(self) -> Preferences:
        return self.applying.preferences


class Page(QWidget):
    """Base of all pages; made anew when the language changes."""

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    """Chinese source text."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, False)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 8, 0)
        self.column.setSpacing(10)

    def take(self) -> None:
        """The page comes on show: read again what may have changed elsewhere."""

    def row(self, label: str, widget: QWidget, hint: str = "") -> None:
        """A labelled control; texts are Chinese source strings."""
        line = QHBoxLayout()
        line.setSpacing(12)
        name = Label(label)
        name.setFixedWidth(current_theme().px(LABEL_WIDTH))
        name.setWordWrap(True)
        line.addWidget(name)
        line.addWidget(widget)
        if hint:
            line.addWidget(Label(hint, "caption", wrap=True), 1)
        else:
            line.addStretch(1)
        self.column.addLayout(line)

    def note(self, text: str) -> None:
        """A quiet sentence; a Chinese source string."""
        self.column.addWidget(Label(text, "caption", wrap=True))


def choice(options: Iterable[tuple[str, str]], current: str, chosen: Callable[[str], object]) -> QComboBox:
    """A drop-down of (key, text as shown)."""
    box = QComboBox()
    for key, text in options:
        box.addItem(text, key)
    box.setCurrentIndex(max(box.findData(current), 0))
    box.setMinimumWidth(current_theme().px(180))
    box.activated.connect(lambda _row: chosen(str(box.currentData())))
    return box

"""Small parts that the panels share: a titled row, and asking for a name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QWidget

from clients.kit.labels import Label
from clients.kit.translations import tr

LONGEST = 60


def titled(text: str, *widgets: QWidget) -> QHBoxLayout:
    """A heading with something at its right end."""
    row = QHBoxLayout()
    row.setSpacing(2)
    row.addWidget(Label(text, "strong"))
    row.addStretch(1)
    for widget in widgets:
        row.addWidget(widget)
    return row


class _Answer(QObject):
    """Keeps what shall be done with the name, as long as the dialog lives."""

    def __init__(self, done: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._done = done

    @Slot(str)
    def take(self, text: str) -> None:
        name = text.strip()[:LONGEST]
        if name:
            self._done(name)


def ask_name(parent: QWidget, title: str, label: str, first: str, done: Callable[[str], None]) -> QInputDialog:
    """Ask for a name without stopping anything else; ``done`` gets it, never an empty one."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setLabelText(label)
    dialog.setTextValue(first)
    dialog.setOkButtonText(tr("确定"))
    dialog.setCancelButtonText(tr("取消"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.textValueSelected.connect(_Answer(done, dialog).take)
    dialog.open()
    return dialog

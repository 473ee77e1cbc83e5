"""A small window that asks for a name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.translations import tr


class NameWindow(QDialog):
    """Asks one line; `named` gets it. Enter confirms, Escape forgets; an empty name is not taken."""

    def __init__(
        self, parent: QWidget, title: str, label: str, named: Callable[[str], None], value: str = "", most: int = 60
    ) -> None:
        super().__init__(parent)
        self._named = named
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr(title))
        self.line = QLineEdit(value)
        self.line.setMaxLength(most)
        self.line.setMinimumWidth(320)
        self.line.selectAll()
        self.confirm = Button("确定", "primary", on_click=self.take)
        self.confirm.setDefault(True)
        cancel = Button("取消", "quiet", on_click=self.reject)
        cancel.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.confirm)
        buttons.addWidget(cancel)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 20, 24, 16)
        box.setSpacing(12)
        box.addWidget(Label(label, "caption"))
        box.addWidget(self.line)
        box.addLayout(buttons)
        self.line.setFocus()

    def take(self) -> None:
        """Confirm, as Enter does."""
        name = self.line.text().strip()
        if name:
            self.accept()
            self._named(name)

"""The form that keeps the present text as a personal template (RIS-RPD-08)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.translations import tr


class SaveAsTemplate(QWidget):
    """Folder below 知识库, name, save."""

    def __init__(self, save: Callable[[str, str], None]) -> None:
        super().__init__()
        self._save = save
        self.name, self.folder = QLineEdit(), QLineEdit(tr("知识库"))
        self.name.setMaxLength(60)
        self.folder.setMaxLength(60)
        self.problem = Label("", "error")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        for label, field in (("名称", self.name), ("目录", self.folder)):
            layout.addWidget(Label(label, "caption"))
            layout.addWidget(field)
        layout.addWidget(self.problem)
        layout.addWidget(Button("保存到个人模板", "primary", "save", on_click=self._press))
        layout.addStretch(1)
        self.name.returnPressed.connect(self._press)

    def _press(self) -> None:
        name = self.name.text().strip()
        if not name:
            self.problem.set_source("请填写名称。")
            self.name.setFocus()
            return
        self._save(name, self.folder.text().strip())

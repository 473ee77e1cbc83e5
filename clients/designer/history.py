"""Side panels of the designer: the versions of a template, and its text."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from clients.designer.presenter import TemplatesPresenter
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.translations import tr
from shared.contract.printing import TemplateInfo


class History(QWidget):
    """Every version with who, when and why; any of them can be brought back."""

    def __init__(self, presenter: TemplatesPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(8)
        self.buttons: dict[int, Button] = {}
        for info in presenter.state.versions:
            box.addWidget(self._row(info))
            box.addWidget(hairline())
        box.addStretch(1)
        outer.addWidget(scrolling(inside))

    def _row(self, info: TemplateInfo) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        words = QVBoxLayout()
        words.setSpacing(0)
        title = tr("第 {version} 版", version=info.version) if info.version else tr("系统自带")
        words.addWidget(ValueLabel(title, "strong"))
        about = "  ".join(part for part in (info.saved_by, local_time(info.saved_at) if info.saved_at else "") if part)
        if about:
            words.addWidget(ValueLabel(about, "caption"))
        if info.note:
            words.addWidget(ValueLabel(info.note, "caption"))
        line.addLayout(words, 1)
        if info.is_current:
            line.addWidget(Label("使用中", "quiet"))
        else:
            self.buttons[info.version] = Button("恢复", on_click=lambda: self._presenter.restore(info.version))
            line.addWidget(self.buttons[info.version])
        return row


class TemplateText(QWidget):
    """The template as text, to copy to another hospital or to change by hand."""

    def __init__(self, presenter: TemplatesPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 16)
        box.addWidget(Label("可复制到其他医院使用。修改后按“应用”，有错误时指出行和字段。", "quiet", wrap=True))
        self.text = QPlainTextEdit()
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlainText(presenter.text)
        box.addWidget(self.text, 1)
        self.apply = Button("应用", "primary", on_click=lambda: presenter.put_text(self.text.toPlainText()))
        box.addWidget(self.apply)

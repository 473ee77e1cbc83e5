"""A page in the place of the viewports for one document: its title, a way back, and the widget that shows it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.objects.prose import parsed_link


class DocumentPage(QWidget):
    """Title bar and content; Escape and the button go back to the images."""

    left = Signal()
    """The reader goes back to the images."""

    def __init__(self, title: str, content: QWidget, extra: tuple[QWidget, ...] = ()) -> None:
        super().__init__()
        colours = current_theme().colours
        self.content = content
        back = QPushButton("‹ " + tr("返回图像"))
        back.setObjectName("document.back")
        back.clicked.connect(self.left)
        name = QLabel(title)
        name.setObjectName("document.title")
        name.setStyleSheet(f"color: {colours.text}; font-weight: 600;")
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 12, 6)
        head.setSpacing(12)
        head.addWidget(back)
        head.addWidget(name, 1)
        for widget in extra:
            head.addWidget(widget)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(head)
        self._body = QHBoxLayout()
        self._body.setSpacing(0)
        self._body.addWidget(content, 1)
        box.addLayout(self._body, 1)
        self._box = box
        self.setObjectName("DocumentPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setStyleSheet(f"QWidget#DocumentPage {{ background: {colours.window}; }}")
        self.setFocusProxy(content)

    def add_row(self, widget: QWidget) -> None:
        """A row of tools between the title and the content."""
        self._box.insertWidget(1, widget)

    def add_side(self, widget: QWidget) -> None:
        """A panel right of the content."""
        self._body.addWidget(widget)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


class TextPage(QTextBrowser):
    """HTML made by `prose`; links lead to images."""

    def __init__(self, body: str, open_image: Callable[[str, int], object] | None = None) -> None:
        super().__init__()
        colours = current_theme().colours
        self._open_image = open_image
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(28)
        self.document().setDefaultStyleSheet(
            f"body {{ color: {colours.text}; }} h1 {{ font-size: 18pt; }} h2 {{ font-size: 13pt; margin-top: 14px; }}"
            f" h3 {{ font-size: 11pt; margin-top: 10px; }} h4 {{ font-size: 10pt; margin-top: 6px; }}"
            f" p {{ margin: 3px 0; }} .quiet {{ color: {colours.text_quiet}; }} .warn {{ color: #e0ad58; }}"
            f" a {{ color: #62bdcb; text-decoration: none; }} th {{ color: {colours.text_quiet}; }}"
        )
        self.setStyleSheet(f"QTextBrowser {{ background: {colours.window}; color: {colours.text}; border: none; }}")
        self.setHtml(f"<body>{body}</body>")
        self.anchorClicked.connect(self._on_link)

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Nothing is fetched, whatever a document names."""
        return None

    def _on_link(self, address: QUrl) -> None:
        target = parsed_link(address.toString())
        if target is not None and self._open_image is not None:
            self._open_image(*target)

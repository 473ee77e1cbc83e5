"""The column right of the text: templates, log, or details with a title that can be closed again (area D, F, G)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.labels import IconButton, Label, hairline


class Aside(QStackedWidget):
    """Fixed pages by name, and one for details that come and go."""

    def __init__(self, pages: dict[str, QWidget]) -> None:
        super().__init__()
        self._names = list(pages)
        self._pages = dict(pages)
        for page in pages.values():
            self.addWidget(page)
        self._before = self._names[0]
        self._was_shown = True
        self._title = Label("", "strong")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        details = QWidget()
        column = QVBoxLayout(details)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 4, 4, 4)
        head.addWidget(self._title, 1)
        head.addWidget(IconButton("close", "关闭", on_click=self.close_details))
        column.addLayout(head)
        column.addWidget(hairline())
        column.addWidget(self._scroll, 1)
        self._details = details
        self.addWidget(details)

    @property
    def page(self) -> str:
        """Name of the page in front; empty while details are shown."""
        present = self.currentWidget()
        return next((name for name, page in self._pages.items() if page is present), "")

    def add(self, name: str, page: QWidget) -> None:
        """Add a page that was made later than the others."""
        self._names.append(name)
        self._pages[name] = page
        self.addWidget(page)

    def bring(self, name: str) -> None:
        """Bring a page to the front."""
        self.setCurrentWidget(self._pages[name])
        self.show()

    def toggle(self, name: str) -> None:
        """Bring a page to the front, or fold the column away when it is there already."""
        is_there = not self.isHidden() and self.page == name
        self.setCurrentWidget(self._pages[name])
        self.setVisible(not is_there)

    def show_details(self, title: str, content: QWidget) -> None:
        """Show a widget, which the column now owns, under a title (Chinese source)."""
        if self.page:
            self._before, self._was_shown = self.page, not self.isHidden()
        self._title.set_source(title)
        self._scroll.setWidget(content)
        self.setCurrentWidget(self._details)
        self.show()

    def close_details(self) -> None:
        """Go back to what was shown before the details."""
        if self.page:
            return
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self.setCurrentWidget(self._pages[self._before])
        self.setVisible(self._was_shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.page:
            self.close_details()
            return
        super().keyPressEvent(event)

"""The pop-up of settings: names of pages at the left, the page at the right; what is changed acts at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
)

from clients.kit.labels import Label
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.viewer.desk import Desk
from clients.viewer.settings.applying import Applying
from clients.viewer.settings.page import Context, Page
from clients.viewer.settings.page_information import InformationPage
from clients.viewer.settings.page_presets import PresetsPage
from clients.viewer.settings.page_shortcuts import ShortcutsPage
from clients.viewer.settings.pages import (
    CachePage,
    DisplayPage,
    LanguagePage,
    LayoutsPage,
    MousePage,
    ThemePage,
)

PAGES: tuple[type[Page], ...] = (
    InformationPage,
    ShortcutsPage,
    MousePage,
    PresetsPage,
    LayoutsPage,
    ThemePage,
    LanguagePage,
    CachePage,
    DisplayPage,
)
NAMES_WIDTH = 176


class SettingsDialog(QDialog):
    """Stays open beside the images, so that each change is seen."""

    def __init__(self, desk: Desk, applying: Applying, renew_elements: Callable[[], object]) -> None:
        super().__init__(desk.window)
        self._context = Context(desk, applying, self._say, renew_elements)
        self._building = False
        self.setModal(False)
        self._factor = current_theme().factor
        self.resize(current_theme().px(880), current_theme().px(620))
        self._names = QListWidget()
        self._names.setObjectName("settings.pages")
        self._names.setFrameShape(QFrame.Shape.NoFrame)
        self._stack = QStackedWidget()
        self._title = Label("", "title")
        self._note = Label("", "caption", wrap=True)
        right = QVBoxLayout()
        right.setContentsMargins(24, 20, 16, 16)
        right.setSpacing(12)
        right.addWidget(self._title)
        right.addWidget(self._stack, 1)
        right.addWidget(self._note)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._names)
        row.addLayout(right, 1)
        self._names.currentRowChanged.connect(self._show_page)
        self._build()
        self._names.setCurrentRow(0)

    @property
    def page(self) -> Page:
        """The page on show."""
        area = self._stack.currentWidget()
        assert isinstance(area, QScrollArea)
        page = area.widget()
        assert isinstance(page, Page)
        return page

    def open_page(self, key: str) -> bool:
        """Go to a page by its key; False for an unknown one."""
        for n, kind in enumerate(PAGES):
            if kind.key == key:
                self._names.setCurrentRow(n)
                return True
        return False

    def _build(self) -> None:
        self._building = True
        row = max(self._names.currentRow(), 0)
        self._names.clear()
        while self._stack.count():
            old = self._stack.widget(0)
            assert old is not None
            self._stack.removeWidget(old)
            old.deleteLater()
        for kind in PAGES:
            self._names.addItem(tr(kind.title))
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            self._stack.addWidget(area)
        self.setWindowTitle(tr("设置"))
        self._building = False
        self._dress()
        self._names.setCurrentRow(row)

    def _show_page(self, row: int) -> None:
        if not self._building and row >= 0:
            area = self._stack.widget(row)
            assert isinstance(area, QScrollArea)
            if area.widget() is None:  # made when it is wanted: hundreds of controls make another look slow
                area.setWidget(PAGES[row](self._context))
            self._stack.setCurrentIndex(row)
            self._title.set_source(PAGES[row].title)
            self._say("")
            self.page.take()

    def _say(self, sentence: str) -> None:
        """A line at the foot, already in the reader's language."""
        self._note.setText(sentence)

    def _dress(self) -> None:
        colours, px = current_theme().colours, current_theme().px
        self._names.setFixedWidth(px(NAMES_WIDTH))
        self._names.setStyleSheet(
            f"QListWidget {{ background: {colours.window}; border: none; border-right: 1px solid {colours.hairline};"
            " padding: 12px 8px; outline: 0; }"
            f"QListWidget::item {{ height: {px(34)}px; padding-left: 10px; border-radius: 4px; }}"
            f"QListWidget::item:selected {{ background: {colours.selected}; color: {colours.accent}; }}"
        )
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(colours.surface))
        self.setPalette(palette)  # no style sheet: it would be worked through for every control

    def _look(self) -> None:
        if self._factor == current_theme().factor:
            self._dress()
            return
        self._factor, px = current_theme().factor, current_theme().px
        self.resize(QSize(px(880), px(620)).boundedTo(self.screen().availableGeometry().size()))
        self._build()  # sizes of controls are set when they are made

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and not self._building:
            # After the page that asked for the language has come back from its signal.
            self._context.desk.background.later(self._build)
        elif is_look_change(event) and not self._building and hasattr(self, "_context"):
            self._context.desk.background.later(self._look)
        super().changeEvent(event)

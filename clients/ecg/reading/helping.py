"""When the dictionary and the symbols appear beside the boxes, and where what is chosen goes (ECG-CONC-02, -03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from clients.ecg.reading.helper_panel import HEIGHT, WIDTH, HelperPanel
from clients.ecg.reading.term_search import words
from clients.kit.theme import current_theme
from clients.kit.translations import Language, language
from shared.contract.ecg_terms import ListTerms, TermTree, TermView

if TYPE_CHECKING:
    from clients.ecg.reading.page import ReadingPage


class Helping(QObject):
    """Shows the panel while the cursor is in a box or in the panel itself."""

    def __init__(self, page: ReadingPage) -> None:
        super().__init__(page)
        self._page = page
        self._box = "diagnosis"
        self._alive = True
        self._quiet = False
        self._panel: HelperPanel | None = None
        self._terms: TermTree | None = None
        page.conclusion.focused.connect(self.show_for)
        page.conclusion.escaped.connect(self.hide)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    @property
    def panel(self) -> HelperPanel:
        """The panel, made when it is first wanted."""
        if self._panel is None:
            self._panel = HelperPanel()
            self._panel.setParent(self._page)
            self._panel.hide()
            self._panel.term_chosen.connect(self.insert_term)
            self._panel.symbol_chosen.connect(self.insert_symbol)
            self._panel.closed.connect(self._closed)
            if self._terms is not None:
                self._panel.set_terms(self._terms)
        return self._panel

    @property
    def is_shown(self) -> bool:
        """Whether the panel lies over the waveform."""
        return self._panel is not None and not self._panel.isHidden()

    def hide(self) -> None:
        """Nothing can be written any more."""
        if self._panel is not None:
            self._panel.hide()

    def load_terms(self) -> None:
        """Fetch the dictionary; the page works without it."""
        self._page.presenter.ask(ListTerms(), self._terms_came, _ignore)

    def _terms_came(self, terms: TermTree) -> None:
        self._terms = terms
        if self._panel is not None:
            self._panel.set_terms(terms)

    def show_for(self, box: str) -> None:
        """A box has the cursor."""
        if self._page.presenter.state.may_write and not self._quiet:
            self._box = box
            self.panel.show_for(box)
            self.place()

    def search(self) -> None:
        """The keyboard goes into the search of the dictionary."""
        self.show_for(self._box)
        if self.is_shown:
            self.panel.search.setFocus()
            self.panel.search.selectAll()

    def insert_term(self, term: TermView) -> None:
        """Put a term at the cursor and the keyboard back into the box."""
        editor = self._page.conclusion.editors[self._box]
        editor.insert_term(words(term, language() is Language.ENGLISH))
        self._page.presenter.term_taken(term)
        editor.setFocus()

    def insert_symbol(self, symbol: str) -> None:
        """Put a symbol at the cursor."""
        editor = self._page.conclusion.editors[self._box]
        editor.insert_symbol(symbol)
        editor.setFocus()

    def place(self) -> None:
        """To the left of the boxes, its foot where theirs is."""
        if not self.is_shown:
            return
        page, scale = self._page, current_theme().metrics.control / 32
        high = max(200, min(round(HEIGHT * scale), page.paper.height() - 8))
        wide = round(WIDTH * scale)
        left = page.column.mapTo(page, page.column.rect().topLeft()).x() - wide - 4
        self.panel.setGeometry(max(4, left), page.height() - high - 4, wide, high)
        self.panel.raise_()

    def close(self) -> None:
        """The page goes."""
        self._alive = False
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.disconnect(self._focus_moved)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if not self._alive or not self.is_shown or new is None or new.window() is not self._page.window():
            return
        editors: list[QPlainTextEdit] = list(self._page.conclusion.editors.values())
        if new not in editors and not self.panel.isAncestorOf(new) and new is not self.panel:
            self.panel.hide()

    def _closed(self) -> None:
        """The cursor goes back without opening the panel again."""
        self._quiet = True
        self._page.conclusion.editors[self._box].setFocus()
        self._quiet = False


def _ignore(_error: Exception) -> None:
    """The page works without the dictionary."""

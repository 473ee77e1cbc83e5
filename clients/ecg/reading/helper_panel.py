"""诊断术语词库 and 特殊符号键盘: the panel that appears to the left of the box with the cursor (ECG-CONC-02 … -05)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from clients.ecg.reading import term_search
from clients.kit.labels import IconButton, Label
from clients.kit.theme import current_theme
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_terms import CategoryView, TermTree, TermView
from shared.domain.ecg_reports import SYMBOLS, TermKind

WIDTH, HEIGHT = 340, 420
_PER_ROW = 10
_KINDS = {"findings": TermKind.FINDING, "diagnosis": TermKind.DIAGNOSIS}
_TERM = Qt.ItemDataRole.UserRole


class HelperPanel(QFrame):
    """Lies over the waveform; a click or Enter puts a term or symbol at the cursor of the box."""

    term_chosen = Signal(object)
    """TermView."""
    symbol_chosen = Signal(str)
    closed = Signal()
    """the user closed it; it stays away until the next box gets the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._terms: TermTree | None = None
        self._kind = TermKind.DIAGNOSIS
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 8)
        box.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(Label("诊断术语词库", "strong"))
        self._for = Label("", "caption")
        head.addWidget(self._for)
        head.addStretch(1)
        head.addWidget(IconButton("close", "关闭", on_click=self.close_panel, small=True))
        box.addLayout(head)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_terms)
        self.search.installEventFilter(self)
        box.addWidget(self.search)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(True)
        self.tree.setIndentation(14)
        self.tree.setUniformRowHeights(True)
        self.tree.itemClicked.connect(self._on_clicked)
        self.tree.installEventFilter(self)
        box.addWidget(self.tree, 1)
        box.addWidget(Label("特殊符号键盘", "caption"))
        box.addLayout(self._make_keys())
        self._translate()
        self.hide()

    def show_for(self, box: str) -> None:
        """Show the terms of a box."""
        kind = _KINDS[box]
        changed = kind is not self._kind or self.tree.topLevelItemCount() == 0
        self._kind = kind
        self._for.set_source("检查所见" if kind is TermKind.FINDING else "心电诊断")
        if changed:
            self._show_terms()
        self.show()
        self.raise_()

    def set_terms(self, terms: TermTree) -> None:
        """The dictionary arrived or changed."""
        self._terms = terms
        self._show_terms()

    def close_panel(self) -> None:
        """Hide; the keyboard goes back to the box."""
        self.hide()
        self.closed.emit()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def terms_shown(self) -> list[str]:
        """Terms in the list now, for tests and screen readers."""
        found: list[str] = []

        def walk(item: QTreeWidgetItem | None) -> None:
            if item is None:
                return
            if item.data(0, _TERM) is not None:
                found.append(item.text(0))
            for at in range(item.childCount()):
                walk(item.child(at))

        for at in range(self.tree.topLevelItemCount()):
            walk(self.tree.topLevelItem(at))
        return found

    # ── terms ────────────────────────────────────────────────────────────────────────────────────────

    def _show_terms(self) -> None:
        self.tree.clear()
        if self._terms is None:
            self._say(tr("正在读取术语…"))
            return
        english = language() is Language.ENGLISH
        categories, terms = term_search.of_kind(self._terms, self._kind)
        typed = self.search.text()
        if typed.strip():
            results = term_search.found(terms, typed)
            for term in results:
                self.tree.addTopLevelItem(_leaf(term, english))
            if not results:
                self._say(tr("没有找到，可换拼音首字母或直接输入"))
            self._select_first()
            return
        for category in term_search.children(categories, 0):
            self.tree.addTopLevelItem(self._branch(category, categories, terms, english))
        if not categories:
            self._say(tr("词库为空，请在“术语词库”页面添加"))

    def _branch(
        self,
        category: CategoryView,
        categories: tuple[CategoryView, ...],
        terms: tuple[TermView, ...],
        english: bool,
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem([term_search.words(category, english)])
        for below in term_search.children(categories, category.id):
            item.addChild(self._branch(below, categories, terms, english))
        for term in terms:
            if term.category_id == category.id:
                item.addChild(_leaf(term, english))
        return item

    def _select_first(self) -> None:
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)

    def _say(self, sentence: str) -> None:
        item = QTreeWidgetItem([sentence])
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.tree.addTopLevelItem(item)

    def _on_clicked(self, item: QTreeWidgetItem) -> None:
        term = item.data(0, _TERM)
        if isinstance(term, TermView):
            self.term_chosen.emit(term)
        else:
            item.setExpanded(not item.isExpanded())

    def _take_current(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self._on_clicked(item)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take_current()
                return True
            if key == Qt.Key.Key_Escape:
                self.close_panel()
                return True
            if watched is self.search and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.tree.setFocus()
                if self.tree.currentItem() is None:
                    self._select_first()
                return True
        return super().eventFilter(watched, event)

    # ── symbols ──────────────────────────────────────────────────────────────────────────────────────

    def _make_keys(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2)
        self.keys: dict[str, QToolButton] = {}
        for at, symbol in enumerate(SYMBOLS):
            key = QToolButton()
            key.setText(symbol)
            key.setProperty("small", "true")
            key.setProperty("ground", "surface")
            key.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            key.setToolTip(symbol)
            font = current_theme().font("title")
            key.setFont(font)
            key.clicked.connect(_Typed(self, symbol))
            self.keys[symbol] = key
            grid.addWidget(key, at // _PER_ROW, at % _PER_ROW)
        return grid

    def _translate(self) -> None:
        self.search.setPlaceholderText(tr("输入文字或拼音首字母查找"))
        self.search.setAccessibleName(tr("查找术语"))
        self.tree.setAccessibleName(tr("诊断术语词库"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._translate()
            self._show_terms()
        super().changeEvent(event)


class _Typed(QObject):
    def __init__(self, panel: HelperPanel, symbol: str) -> None:
        super().__init__(panel)
        self._panel, self._symbol = panel, symbol

    def __call__(self) -> None:
        self._panel.symbol_chosen.emit(self._symbol)


def _leaf(term: TermView, english: bool) -> QTreeWidgetItem:
    item = QTreeWidgetItem([term_search.words(term, english)])
    item.setData(0, _TERM, term)
    other = term.zh if english else term.en
    code = f"{term.system} {term.code}".strip() if term.code else ""
    item.setToolTip(0, "\n".join(part for part in (other, term.initials, code) if part))
    return item

"""词典: choices of a field put into a long text, by pinyin initials or by their groups (PA-GRS-18, PA-DX-06)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from clients.kit import prompting
from clients.kit.fields import Prompt
from clients.kit.labels import Label
from clients.kit.translations import tr

_TEXT = Qt.ItemDataRole.UserRole
_MOST = 200


def open_dictionary(
    parent: QWidget, prompts: Sequence[Prompt], insert: Callable[[str], None], title: str = "词典"
) -> DictionaryWindow:
    """Show the choices over `parent`; `insert` gets each one that is taken. Ctrl+Enter takes and stays."""
    window = DictionaryWindow(parent, prompts, insert, title)
    window.open()
    return window


class DictionaryWindow(QDialog):
    """A search line and the tree of groups; typing shows what fits, best first."""

    def __init__(self, parent: QWidget, prompts: Sequence[Prompt], insert: Callable[[str], None], title: str) -> None:
        super().__init__(parent)
        self._prompts, self._insert = prompts, insert
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr(title))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("内容或拼音首字母"))
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tree.itemClicked.connect(self._clicked)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 12)
        box.setSpacing(8)
        box.addWidget(self.search)
        box.addWidget(self.tree, 1)
        box.addWidget(Label("回车插入；Ctrl+Enter 插入后继续", "caption"))
        self.resize(420, 480)
        self._fill("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move(event.key() == Qt.Key.Key_Down)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.take(stay=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
                return True
        return super().eventFilter(watched, event)

    def take(self, *, stay: bool = False) -> None:
        """Insert the chosen choice; a group opens instead."""
        item = self.tree.currentItem()
        text = item.data(0, _TEXT) if item is not None else None
        if item is not None and text is None:
            item.setExpanded(not item.isExpanded())
        if text is None:
            return
        self._insert(str(text))
        if stay:
            self.search.selectAll()
        else:
            self.accept()

    def _clicked(self, _item: QTreeWidgetItem) -> None:
        self.take()

    def _move(self, down: bool) -> None:
        item = self.tree.currentItem()
        other = None if item is None else self.tree.itemBelow(item) if down else self.tree.itemAbove(item)
        if other is not None:
            self.tree.setCurrentItem(other)

    def _fill(self, typed: str) -> None:
        self.tree.clear()
        if typed.strip():
            for prompt in prompting.found(self._prompts, typed, _MOST):
                self._add(self.tree.invisibleRootItem(), prompt.text, prompt.text)
        else:
            groups: dict[tuple[str, ...], QTreeWidgetItem] = {(): self.tree.invisibleRootItem()}
            for prompt in self._prompts:
                for depth in range(1, len(prompt.path) + 1):
                    path = prompt.path[:depth]
                    if path not in groups:
                        groups[path] = self._add(groups[path[:-1]], path[-1], None)
                self._add(groups[prompt.path], prompt.text, prompt.text)
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)

    @staticmethod
    def _add(above: QTreeWidgetItem, words: str, text: str | None) -> QTreeWidgetItem:
        item = QTreeWidgetItem([words])
        item.setData(0, _TEXT, text)
        above.addChild(item)
        return item

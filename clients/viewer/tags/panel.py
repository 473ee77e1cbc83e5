"""The panel of DICOM elements: search, tree, copy, differences to the neighbouring image."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.viewer.tags.model import Node, found

WIDTH = 460
OPEN_AT_MOST = 60  # more matches stay folded


class TagsPanel(QWidget):
    """Shows what it is given; children are made when their parent is unfolded."""

    differences_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._nodes: Sequence[Node] = ()
        self._different: Collection[str] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("查找标签、名称或值"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._fill())
        self.differ = QCheckBox(tr("标出与相邻图像的不同"))
        self.differ.toggled.connect(self.differences_wanted)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self.tree = QTreeWidget()
        self.tree.setObjectName("tags.tree")
        self.tree.setHeaderLabels([tr("标签"), tr("名称"), tr("值")])
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(12)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.tree.header().setStretchLastSection(True)
        self.tree.setColumnWidth(0, 122)
        self.tree.setColumnWidth(1, 150)
        self.tree.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.itemExpanded.connect(self._unfold)
        self.copy_button = QPushButton(tr("复制选中"))
        self.copy_button.clicked.connect(self.copy)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.tree)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self.copy)
        foot = QHBoxLayout()
        foot.addWidget(self.differ, 1)
        foot.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.message)
        column.addWidget(self.tree, 1)
        column.addLayout(foot)

    def show_nodes(self, nodes: Sequence[Node], different: Collection[str] = ()) -> None:
        """Another image's elements; the search and the place in the list stay."""
        self._nodes, self._different = nodes, different
        self.message.hide()
        self._fill()

    def show_message(self, sentence: str) -> None:
        """Why there is nothing, in the reader's language."""
        self._nodes = ()
        self.message.setText(sentence)
        self.message.show()
        self._fill()

    def _fill(self) -> None:
        place = self.tree.verticalScrollBar().value()
        unfolded = {path for item in self._items() if item.isExpanded() and (path := _node(item).path)}
        wanted = self.search.text()
        self.tree.clear()
        nodes = found(list(self._nodes), wanted)
        self.tree.addTopLevelItems([self._item(node) for node in nodes])
        if wanted and len(nodes) <= OPEN_AT_MOST:
            self.tree.expandAll()
        for item in self._items():
            if _node(item).path in unfolded:
                item.setExpanded(True)
        self.tree.verticalScrollBar().setValue(place)

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _item(self, node: Node) -> QTreeWidgetItem:
        theme = current_theme()
        name = node.name if node.tag else tr("第 {n} 项", n=node.name)
        if node.is_private and not node.name:
            name = tr("私有")
        value = tr("{n} 项", n=node.value) if node.vr == "SQ" else node.value
        item = QTreeWidgetItem([node.tag, name, value])
        item.setData(0, Qt.ItemDataRole.UserRole, node)
        item.setToolTip(2, node.value)
        item.setToolTip(1, f"{name}  {node.vr}".strip())
        if node.is_private:
            for column in range(3):
                item.setForeground(column, QColor(theme.colours.text_quiet))
        if node.path in self._different:
            for column in range(3):
                item.setForeground(column, QColor(theme.tone(Tone.WARNING).text))
        if node.children:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        return item

    def _unfold(self, item: QTreeWidgetItem) -> None:
        node = _node(item)
        if node.children and item.childCount() == 0:
            item.addChildren([self._item(child) for child in node.children])
            only = item.child(0)
            if only is not None and len(node.children) == 1 and not node.children[0].tag:
                only.setExpanded(True)

    def copy(self) -> None:
        """The selected lines to the clipboard, tab-separated."""
        lines = [_node(item).line() for item in self.tree.selectedItems()]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))


def _node(item: QTreeWidgetItem) -> Node:
    node = item.data(0, Qt.ItemDataRole.UserRole)
    assert isinstance(node, Node)
    return node

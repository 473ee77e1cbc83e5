"""Markers and panels to tick, found by letters or pinyin initials; Enter ticks the first that fits (PA-SPT-05)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from clients.kit.labels import Label
from clients.kit.pinyin import matches
from clients.kit.translations import tr
from shared.contract.pathology_templates import MarkerBook, MarkerKind

_NAME = Qt.ItemDataRole.UserRole


class MarkerPicker(QWidget):
    """A search line above the list; what was chosen stands in one line below."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._book = MarkerBook(markers=(), panels=())
        self._kind: MarkerKind | None = None
        self.markers: list[str] = []
        """Names that were ticked, in that order."""
        self.panels: list[str] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("标记物或套餐，可输拼音首字母；回车勾选"))
        self.search.textChanged.connect(lambda _text: self._fill())
        self.search.installEventFilter(self)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setColumnCount(2)
        self.tree.itemChanged.connect(self._ticked)
        self.chosen = Label("", "quiet")
        self.chosen.setWordWrap(True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addWidget(self.search)
        box.addWidget(self.tree, 1)
        box.addWidget(self.chosen)
        self._say()

    def show_book(self, book: MarkerBook, kind: MarkerKind | None) -> None:
        """Offer the markers of a kind and the panels that have one of them; None: nothing is to be chosen."""
        if kind is not self._kind:
            self.markers, self.panels = [], []
        self._book, self._kind = book, kind
        self.setEnabled(kind is not None)
        self._fill()
        self._say()

    def clear(self) -> None:
        """Choose nothing."""
        self.markers, self.panels = [], []
        self.search.clear()
        self._fill()
        self._say()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
                self._toggle(self.tree.currentItem())
                self.search.selectAll()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move(event.key() == Qt.Key.Key_Down)
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        typed = self.search.text().strip()
        own = {marker.id: marker.name for marker in self._book.markers if marker.kind is self._kind}
        self.tree.blockSignals(True)
        self.tree.clear()
        found: list[tuple[int, str, str, str]] = []
        for panel in self._book.panels:
            inside = [own[one] for one in panel.marker_ids if one in own]
            if inside and (not typed or matches(panel.name, typed)):
                found.append((_rank(panel.name, typed), "panel", panel.name, "、".join(inside)))
        for marker in self._book.markers:
            if marker.id in own and (not typed or matches(marker.name, typed) or matches(marker.note, typed)):
                found.append((_rank(marker.name, typed), "marker", marker.name, marker.note))
        for _place, what, name, note in sorted(found, key=lambda one: one[0]):
            item = QTreeWidgetItem([f"{tr('套餐')} {name}" if what == "panel" else name, note])
            item.setData(0, _NAME, (what, name))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            taken = name in (self.panels if what == "panel" else self.markers)
            item.setCheckState(0, Qt.CheckState.Checked if taken else Qt.CheckState.Unchecked)
            item.setToolTip(0, f"{name} {note}".strip())
            item.setToolTip(1, note)
            self.tree.addTopLevelItem(item)
        self.tree.setColumnWidth(0, 210)
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)
        self.tree.blockSignals(False)

    def _toggle(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            taken = item.checkState(0) is Qt.CheckState.Checked
            item.setCheckState(0, Qt.CheckState.Unchecked if taken else Qt.CheckState.Checked)

    def _move(self, down: bool) -> None:
        here = self.tree.currentItem()
        other = None if here is None else self.tree.itemBelow(here) if down else self.tree.itemAbove(here)
        if other is not None:
            self.tree.setCurrentItem(other)

    def _ticked(self, item: QTreeWidgetItem) -> None:
        what, name = item.data(0, _NAME)
        names = self.panels if what == "panel" else self.markers
        if name in names:
            names.remove(name)
        if item.checkState(0) is Qt.CheckState.Checked:
            names.append(name)
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        if self._kind is None:
            self.chosen.set_source("此类医嘱不需要标记物")
            return
        names = [*(f"{tr('套餐')} {name}" for name in self.panels), *self.markers]
        if names:
            self.chosen.set_source("已选 {names}", names="、".join(names))
        else:
            self.chosen.set_source("还没有选择标记物")


def _rank(name: str, typed: str) -> int:
    """Names that begin as typed come first."""
    return 0 if not typed or name.lower().startswith(typed.lower()) else 1

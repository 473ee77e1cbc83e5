"""特染标记物/套餐 (PA-SET-07): left the markers by first letter, right the panels and what is in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.dialogs import Question
from clients.kit.labels import Button, Label, hairline
from clients.kit.messages import message_for
from clients.kit.pinyin import matches
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from clients.pathology.templates.naming import NameWindow
from clients.pathology.templates.trouble import TroubleLine
from shared.contract.pathology_templates import (
    DeleteMarker,
    DeletePanel,
    ListMarkers,
    Marker,
    MarkerBook,
    MarkerKind,
    Panel,
    SaveMarker,
    SavePanel,
)

_ROW = Qt.ItemDataRole.UserRole
KINDS = {MarkerKind.IHC: "免疫组化", MarkerKind.SPECIAL_STAIN: "特殊染色", MarkerKind.MOLECULAR: "分子病理"}


class MarkersView(QWidget):
    """Every change is kept at once; the book is fetched again after each."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._gone = False
        self._book = MarkerBook(markers=(), panels=())
        self._panel_id = 0
        self.kind = SegmentedControl([Option(kind.value, text) for kind, text in KINDS.items()])
        self.kind.chosen.connect(lambda _key: self._fill())
        self.search = QLineEdit()
        self.search.textChanged.connect(lambda _text: self._fill())
        self.markers = _tree(self._marker_menu_at)
        self.markers.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.markers.setColumnCount(2)
        self.markers.itemDoubleClicked.connect(lambda _item, _column: self._into_panel())
        self.add_button = Button("增加标记物", "primary", "add", on_click=self.ask_marker)
        self.into_button = Button("加入套餐", "", "arrow_right", on_click=self._into_panel)
        self.panels = _tree(self._panel_menu_at)
        self.panels.currentItemChanged.connect(self._panel_chosen)
        self.panel_button = Button("新建套餐", "", "add", on_click=self.ask_panel)
        self.trouble = TroubleLine()
        self._arrange()
        self._words()
        self.refresh()

    def refresh(self) -> None:
        """Fetch all markers and panels."""
        self._do(ListMarkers(), self._loaded)

    def closeEvent(self, event: object) -> None:
        self._gone = True
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._words()
        super().changeEvent(event)

    def add_marker(self, name: str) -> None:
        """Add a marker of the kind shown; the server places it by its first letter."""
        self._keep(SaveMarker(marker=Marker(id=0, version=0, kind=MarkerKind(self.kind.current), name=name)))

    def ask_marker(self) -> None:
        """Ask for the name of a new marker."""
        NameWindow(self, "增加标记物", "标记物名称", self.add_marker).open()

    def ask_panel(self) -> None:
        """Ask for the name of a panel of the markers selected."""
        ids = tuple(one.id for one in self._selected())
        if not ids:
            self.trouble.set_text(tr("请先在左侧选择标记物。"))
            return
        NameWindow(
            self,
            "新建套餐",
            "套餐名称",
            lambda name: self._keep(SavePanel(panel=Panel(id=0, version=0, name=name, marker_ids=ids))),
        ).open()

    def _do(self, request: Any, done: Callable[[Any], None]) -> None:
        connection = self._place.connection
        self._place.runner.run(lambda: connection.call(request), done, self._failed)

    def _keep(self, request: Any) -> None:
        self._do(request, lambda _reply: self.refresh())

    def _loaded(self, book: MarkerBook) -> None:
        if not self._gone:
            self._book = book
            self.trouble.set_text("")
            self._fill()

    def _failed(self, error: Exception) -> None:
        if not self._gone:
            self.trouble.set_text(message_for(error).text)

    def _fill(self) -> None:
        self.markers.clear()
        kind, typed = MarkerKind(self.kind.current), self.search.text()
        letters: dict[str, QTreeWidgetItem] = {}
        for marker in self._book.markers:
            if marker.kind is not kind or not (matches(marker.name, typed) or matches(marker.note, typed)):
                continue
            top = letters.get(marker.letter)
            if top is None:
                top = letters[marker.letter] = QTreeWidgetItem([marker.letter])
                top.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.markers.addTopLevelItem(top)
                top.setExpanded(True)
            item = QTreeWidgetItem([marker.name, marker.note])
            item.setData(0, _ROW, marker)
            top.addChild(item)
        self.markers.setColumnWidth(0, 220)
        self._fill_panels()

    def _fill_panels(self) -> None:
        names = {marker.id: marker for marker in self._book.markers}
        opened = {item.text(0) for item in self._tops(self.panels) if item.isExpanded()}
        self.panels.blockSignals(True)
        self.panels.clear()
        for panel in self._book.panels:
            top = QTreeWidgetItem([f"{panel.name}（{len(panel.marker_ids)}）"])
            top.setData(0, _ROW, panel)
            self.panels.addTopLevelItem(top)
            for marker_id in panel.marker_ids:
                if marker_id in names:
                    item = QTreeWidgetItem([names[marker_id].name])
                    item.setData(0, _ROW, names[marker_id])
                    top.addChild(item)
            top.setExpanded(top.text(0) in opened or panel.id == self._panel_id)
            if panel.id == self._panel_id:
                self.panels.setCurrentItem(top)
        self.panels.blockSignals(False)

    @staticmethod
    def _tops(tree: QTreeWidget) -> list[QTreeWidgetItem]:
        found = (tree.topLevelItem(at) for at in range(tree.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _selected(self) -> list[Marker]:
        rows = (item.data(0, _ROW) for item in self.markers.selectedItems())
        return [row for row in rows if isinstance(row, Marker)]

    def _panel(self) -> Panel | None:
        return next((panel for panel in self._book.panels if panel.id == self._panel_id), None)

    def _panel_chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        while item is not None and not isinstance(item.data(0, _ROW), Panel):
            item = item.parent()
        if item is not None:
            self._panel_id = item.data(0, _ROW).id

    def _into_panel(self) -> None:
        panel = self._panel()
        chosen = [one.id for one in self._selected()]
        if panel is None or not chosen:
            self.trouble.set_text(tr("请先在左侧选择标记物，在右侧选择套餐。"))
            return
        ids = tuple(dict.fromkeys((*panel.marker_ids, *chosen)))
        self._keep(SavePanel(panel=msgspec.structs.replace(panel, marker_ids=ids)))

    def _out_of_panel(self, panel: Panel, marker: Marker) -> None:
        ids = tuple(one for one in panel.marker_ids if one != marker.id)
        self._keep(SavePanel(panel=msgspec.structs.replace(panel, marker_ids=ids)))

    def _marker_menu_at(self, point: QPoint) -> None:
        item = self.markers.itemAt(point)
        marker = item.data(0, _ROW) if item is not None else None
        menu = _menu(self)
        menu.addAction(tr("增加标记物"), self.ask_marker)
        if isinstance(marker, Marker):
            menu.addAction(tr("说明"), lambda: self._ask_note(marker))
            menu.addAction(tr("加入套餐"), self._into_panel)
            menu.addSeparator()
            menu.addAction(tr("删除标记物"), lambda: self._ask_delete_marker(marker))
        menu.popup(self.markers.viewport().mapToGlobal(point))

    def _panel_menu_at(self, point: QPoint) -> None:
        item = self.panels.itemAt(point)
        row = item.data(0, _ROW) if item is not None else None
        menu = _menu(self)
        menu.addAction(tr("新建套餐"), self.ask_panel)
        if isinstance(row, Panel):
            menu.addAction(tr("改名"), lambda: self._rename_panel(row))
            menu.addAction(tr("删除套餐"), lambda: self._ask_delete_panel(row))
        above = item.parent() if item is not None else None
        if isinstance(row, Marker) and above is not None:
            panel = above.data(0, _ROW)
            menu.addAction(tr("移出套餐"), lambda: self._out_of_panel(panel, row))
        menu.popup(self.panels.viewport().mapToGlobal(point))

    def _ask_note(self, marker: Marker) -> None:
        def keep(note: str) -> None:
            self._keep(SaveMarker(marker=msgspec.structs.replace(marker, note=note)))

        NameWindow(self, "说明", "克隆号或说明", keep, marker.note, 200).open()

    def _rename_panel(self, panel: Panel) -> None:
        def keep(name: str) -> None:
            self._keep(SavePanel(panel=msgspec.structs.replace(panel, name=name)))

        NameWindow(self, "改名", "套餐名称", keep, panel.name).open()

    def _ask_delete_marker(self, marker: Marker) -> None:
        words = tr("删除标记物“{name}”？含有它的套餐也会去掉它。", name=marker.name)
        self._confirm(words, DeleteMarker(marker_id=marker.id, version=marker.version))

    def _ask_delete_panel(self, panel: Panel) -> None:
        words = tr("删除套餐“{name}”？", name=panel.name)
        self._confirm(words, DeletePanel(panel_id=panel.id, version=panel.version))

    def _confirm(self, words: str, request: Any) -> None:
        def answered(key: str) -> None:
            if key == "delete":
                self._keep(request)

        choices = (("delete", "删除", "danger"), ("stay", "取消", "quiet"))
        Question(self, "特染标记物/套餐", words, choices, answered).open()

    def _words(self) -> None:
        self.search.setPlaceholderText(tr("标记物名称"))
        self.markers.setHeaderLabels([tr("标记物"), tr("说明")])
        self.panels.setHeaderLabels([tr("套餐")])

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(16, 12, 16, 12)
        left.setSpacing(8)
        left.addWidget(self.kind)
        left.addWidget(self.search)
        left.addWidget(self.markers, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        buttons.addWidget(self.into_button)
        left.addLayout(buttons)
        right = QVBoxLayout()
        right.setContentsMargins(16, 12, 16, 12)
        right.setSpacing(8)
        right.addWidget(Label("常见病套餐", "strong"))
        right.addWidget(self.panels, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.panel_button)
        foot.addStretch(1)
        right.addLayout(foot)
        panes = QHBoxLayout()
        panes.setSpacing(0)
        panes.addLayout(left, 1)
        panes.addWidget(hairline(vertical=True))
        panes.addLayout(right, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(panes, 1)
        self.trouble.setContentsMargins(16, 0, 16, 8)
        box.addWidget(self.trouble)


def _tree(menu_at: Callable[[QPoint], None]) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    tree.customContextMenuRequested.connect(menu_at)
    return tree


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu

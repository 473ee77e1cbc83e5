"""ＴＣＴ描述项目设置 (PA-SET-09): descriptors of each specimen type, edited in place, kept with 保存."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.dialogs import Question
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.templates.naming import NameWindow
from clients.pathology.templates.trouble import TroubleLine
from shared.contract.pathology_templates import (
    DeleteDescriptors,
    Descriptor,
    DescriptorGroup,
    DescriptorSet,
    ListDescriptors,
    SaveDescriptors,
)

_GROUP = Qt.ItemDataRole.UserRole
_EDITABLE = Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class DescriptorsView(QWidget):
    """Left the specimen types, right groups and items: words, code, words in the report."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._gone = False
        self._sets: tuple[DescriptorSet, ...] = ()
        self._set: DescriptorSet | None = None
        self.types = QListWidget()
        self.types.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.types.customContextMenuRequested.connect(self._type_menu_at)
        self.types.currentRowChanged.connect(self._choose)
        self.title = ValueLabel("", "title")
        self.items = QTreeWidget()
        self.items.setColumnCount(3)
        header = self.items.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.items.setColumnWidth(1, 120)
        self.items.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.items.customContextMenuRequested.connect(self._item_menu_at)
        self.trouble = TroubleLine()
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        self.group_button = Button("增加分组", "", "add", on_click=self.add_group)
        self.item_button = Button("增加描述词", "", "add", on_click=self.add_item)
        self.type_button = Button("增加标本类型", "", "add", on_click=self._ask_type)
        self._arrange()
        self._words()
        self.refresh()

    def refresh(self) -> None:
        """Fetch all sets."""
        connection = self._place.connection
        self._place.runner.run(lambda: connection.call(ListDescriptors()), self._loaded, self._failed)

    def closeEvent(self, event: object) -> None:
        self._gone = True
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._words()
        super().changeEvent(event)

    def edited(self) -> DescriptorSet | None:
        """The set as it stands on screen."""
        if self._set is None:
            return None
        groups: list[DescriptorGroup] = []
        for at in range(self.items.topLevelItemCount()):
            top = self.items.topLevelItem(at)
            if top is None:
                continue
            given = top.data(0, _GROUP)
            rows = [row for place in range(top.childCount()) if (row := top.child(place)) is not None]
            items = tuple(
                Descriptor(code=row.text(1).strip(), text=row.text(0).strip(), report_text=row.text(2).strip())
                for row in rows
            )
            groups.append(msgspec.structs.replace(given, title=top.text(0).strip(), items=items))
        return msgspec.structs.replace(self._set, groups=tuple(groups))

    def save(self) -> None:
        """Keep the set."""
        edited = self.edited()
        if edited is None:
            return
        connection, request = self._place.connection, SaveDescriptors(descriptors=edited)

        def kept(one: DescriptorSet) -> None:
            self._place.messages.say(tr("已保存。"), Tone.SUCCESS)
            self._set = one
            self.refresh()

        self._place.runner.run(lambda: connection.call(request), kept, self._failed)

    def add_group(self) -> None:
        """A new group at the end, to be named in place."""
        if self._set is not None:
            top = self._group_item(DescriptorGroup(title=tr("新分组"), items=()))
            self.items.setCurrentItem(top)
            self.items.editItem(top, 0)

    def add_item(self) -> None:
        """A new item in the chosen group, to be filled in place."""
        item = self.items.currentItem()
        top = item.parent() or item if item is not None else None
        if top is None:
            self.trouble.set_text(tr("请先选择一个分组。"))
            return
        row = _row(Descriptor(code="", text=""))
        top.addChild(row)
        top.setExpanded(True)
        self.items.setCurrentItem(row)
        self.items.editItem(row, 0)

    def _loaded(self, sets: tuple[DescriptorSet, ...]) -> None:
        if self._gone:
            return
        self._sets = sets
        self.trouble.set_text("")
        chosen = self._set.id if self._set is not None else 0
        self.types.blockSignals(True)
        self.types.clear()
        self.types.addItems([one.specimen_type for one in sets])
        self.types.blockSignals(False)
        places = [at for at, one in enumerate(sets) if one.id == chosen] or [0]
        if sets:
            self.types.setCurrentRow(places[0])
            self._choose(places[0])

    def _failed(self, error: Exception) -> None:
        if not self._gone:
            self.trouble.set_text(message_for(error).text)

    def _choose(self, row: int) -> None:
        if not 0 <= row < len(self._sets):
            return
        self._show(self._sets[row])

    def _show(self, one: DescriptorSet) -> None:
        self._set = one
        self.title.set_text(one.specimen_type)
        self.items.clear()
        for group in one.groups:
            self._group_item(group)

    def _group_item(self, group: DescriptorGroup) -> QTreeWidgetItem:
        top = QTreeWidgetItem([group.title, "", _kind_words(group)])
        top.setData(0, _GROUP, group)
        top.setFlags(_EDITABLE)
        top.setFont(0, current_theme().font(bold=True))
        self.items.addTopLevelItem(top)
        for item in group.items:
            top.addChild(_row(item))
        top.setExpanded(True)
        return top

    def _item_menu_at(self, point: QPoint) -> None:
        item = self.items.itemAt(point)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("增加分组"), self.add_group)
        if item is not None:
            menu.addAction(tr("增加描述词"), self.add_item)
            if item.parent() is None:
                group = item.data(0, _GROUP)
                one = menu.addAction(tr("只能选一项"), lambda: self._flag(item, exclusive=not group.exclusive))
                one.setCheckable(True)
                one.setChecked(group.exclusive)
                other = menu.addAction(
                    tr("写入诊断意见"), lambda: self._flag(item, to_diagnosis=not group.to_diagnosis)
                )
                other.setCheckable(True)
                other.setChecked(group.to_diagnosis)
            menu.addSeparator()
            menu.addAction(tr("删除"), lambda: self._remove(item))
        menu.popup(self.items.viewport().mapToGlobal(point))

    def _flag(self, top: QTreeWidgetItem, **flags: bool) -> None:
        group = msgspec.structs.replace(top.data(0, _GROUP), **flags)
        top.setData(0, _GROUP, group)
        top.setText(2, _kind_words(group))

    def _remove(self, item: QTreeWidgetItem) -> None:
        above = item.parent() or self.items.invisibleRootItem()
        above.removeChild(item)

    def _type_menu_at(self, point: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("增加标本类型"), self._ask_type)
        if self._set is not None and self._set.id:
            menu.addAction(tr("删除"), self._ask_delete)
        menu.popup(self.types.viewport().mapToGlobal(point))

    def _ask_type(self) -> None:
        def add(name: str) -> None:
            self._show(DescriptorSet(id=0, version=0, specimen_type=name, words=(name,)))
            self.save()

        NameWindow(self, "增加标本类型", "标本类型", add).open()

    def _ask_delete(self) -> None:
        one = self._set
        if one is None:
            return
        connection, request = self._place.connection, DeleteDescriptors(set_id=one.id, version=one.version)

        def deleted(_reply: object) -> None:
            self._set = None
            self.items.clear()
            self.refresh()

        def answered(key: str) -> None:
            if key == "delete":
                self._place.runner.run(lambda: connection.call(request), deleted, self._failed)

        words = tr("删除标本类型“{name}”和它的描述词？", name=one.specimen_type)
        choices = (("delete", "删除", "danger"), ("stay", "取消", "quiet"))
        Question(self, "ＴＣＴ描述项目设置", words, choices, answered).open()

    def _words(self) -> None:
        self.items.setHeaderLabels([tr("描述词"), tr("编码"), tr("报告文字")])
        for at in range(self.items.topLevelItemCount()):
            top = self.items.topLevelItem(at)
            if top is not None:
                top.setText(2, _kind_words(top.data(0, _GROUP)))

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(12, 12, 12, 12)
        left.setSpacing(8)
        left.addWidget(Label("标本类型", "strong"))
        left.addWidget(self.types, 1)
        left.addWidget(self.type_button)
        holder = QWidget()
        holder.setLayout(left)
        holder.setFixedWidth(240)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        for button in (self.group_button, self.item_button, self.save_button):
            head.addWidget(button)
        right = QVBoxLayout()
        right.setContentsMargins(16, 12, 16, 12)
        right.setSpacing(10)
        right.addLayout(head)
        right.addWidget(self.trouble)
        right.addWidget(self.items, 1)
        right.addWidget(Label("双击修改；报告文字为空时用描述词本身；编码供统计，请勿重复使用", "caption", wrap=True))
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(holder)
        box.addWidget(hairline(vertical=True))
        box.addLayout(right, 1)


def _row(item: Descriptor) -> QTreeWidgetItem:
    row = QTreeWidgetItem([item.text, item.code, item.report_text])
    row.setFlags(_EDITABLE)
    return row


def _kind_words(group: DescriptorGroup) -> str:
    words = [tr("只能选一项")] if group.exclusive else [tr("可选多项")]
    words.append(tr("写入诊断意见") if group.to_diagnosis else tr("写入检查所见"))
    return " · ".join(words)

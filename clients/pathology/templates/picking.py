"""诊断模板 / 检查模板 at work: find a template by pinyin initials, answer it, hand the text over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.pinyin import matches
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from clients.pathology.templates.picking_sheet import GLOVE, PickingSheet, Taken
from clients.pathology.templates.trouble import TroubleLine
from shared.contract.pathology_templates import GetTemplate, ListTree, SiteView, TemplateKind, TemplateText
from shared.domain.pathology_templates import JOIN, TemplateRefused

_ID = Qt.ItemDataRole.UserRole


def pick_template(
    place: Workplace, kind: TemplateKind, insert: Taken, parent: QWidget | None = None, join: str = JOIN
) -> PickingDialog:
    """Open the dialog over the workstation; `insert(findings, diagnosis)` gets the finished text.

    For gross templates the text is the first one and the second is empty. The dialog closes itself. `join` stands
    between several options of a multiple choice, as the department wants it.
    """
    dialog = PickingDialog(place, kind, insert, parent or place.shell, join)
    dialog.open()
    return dialog


class PickingDialog(QDialog):
    """Left the templates that can be used, right the chosen one."""

    def __init__(
        self, place: Workplace, kind: TemplateKind, insert: Taken, parent: QWidget | None, join: str = JOIN
    ) -> None:
        super().__init__(parent)
        self._place, self._kind, self._insert = place, kind, insert
        self._sites: tuple[SiteView, ...] = ()
        self._gone = False
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "surface")
        self.search = QLineEdit()
        self.search.textEdited.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._take_item)
        self.trouble = TroubleLine()
        self.title = ValueLabel("", "title")
        self.sheet = PickingSheet(self._done, gross=kind is TemplateKind.GROSS, join=join)
        self._arrange()
        self._words()
        room = parent.window().size() if parent is not None else self.size()
        self.resize(max(900, min(1180, room.width() - 80)), max(560, min(760, room.height() - 60)))
        self.load()

    def load(self) -> None:
        """Fetch the tree."""
        connection, request = self._place.connection, ListTree(kind=self._kind)
        self._place.runner.run(lambda: connection.call(request), self._loaded, self._failed, key="templates.pick")

    def closeEvent(self, event: object) -> None:
        self._gone = True
        super().closeEvent(event)  # type: ignore[arg-type]

    def done(self, result: int) -> None:
        self._gone = True
        super().done(result)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._words()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.search.setFocus()
            self.search.selectAll()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None:
                    self._take_item(item)
                return True
        return super().eventFilter(watched, event)

    def _loaded(self, sites: tuple[SiteView, ...]) -> None:
        if self._gone:
            return
        self._sites = sites
        self.trouble.set_text("")
        self._filter(self.search.text())

    def _failed(self, error: Exception) -> None:
        if not self._gone:
            self.trouble.set_text(message_for(error).text)

    def _filter(self, typed: str) -> None:
        """Templates whose organ and disease fit; those that cannot be used are shown grey with the reason."""
        self.list.clear()
        words = typed.split()
        for site in self._sites:
            for disease in site.diseases:
                name = f"{site.name} · {disease.name}"
                if not all(matches(site.name, word) or matches(disease.name, word) for word in words):
                    continue
                item = QListWidgetItem(("★ " if site.is_mine else "") + name)
                item.setData(_ID, disease.id)
                if not disease.usable:
                    item.setFlags(Qt.ItemFlag.NoItemFlags)
                    item.setToolTip(tr("还没有文本") if disease.is_empty else tr("文本有错误，改正后才能使用"))
                if self._kind is TemplateKind.GROSS:
                    item.setSizeHint(QSize(0, GLOVE))
                self.list.addItem(item)
        self._move(1)
        if not self.list.count():
            self.trouble.set_text(tr("没有合适的模板。") if self._sites else tr("还没有模板，请在系统设置里添加。"))
        else:
            self.trouble.set_text("")

    def _move(self, by: int) -> None:
        row = self.list.currentRow() + by
        while 0 <= row < self.list.count():
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentRow(row)
                return
            row += by

    def _take_item(self, item: QListWidgetItem) -> None:
        request = GetTemplate(template_id=int(item.data(_ID)))
        connection = self._place.connection
        self._place.runner.run(lambda: connection.call(request), self._open, self._failed, key="templates.text")

    def _open(self, text: TemplateText) -> None:
        if self._gone:
            return
        if not text.usable:
            self.trouble.set_text(tr("文本有错误，改正后才能使用"))
            return
        try:
            self.sheet.open(text.findings, text.diagnosis)
        except TemplateRefused:  # a server of another version found nothing wrong
            self.trouble.set_text(tr("文本有错误，改正后才能使用"))
            return
        self.title.set_text(f"{text.site} · {text.name}")

    def _done(self, findings: str, diagnosis: str) -> None:
        self._insert(findings, diagnosis)
        self.accept()

    def _words(self) -> None:
        gross = self._kind is TemplateKind.GROSS
        self.setWindowTitle(tr("检查模板") if gross else tr("诊断模板"))
        self.search.setPlaceholderText(tr("部位、病种或拼音首字母"))

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(12, 12, 12, 12)
        left.setSpacing(8)
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        left.addWidget(self.trouble)
        hint = Label("↑↓ 选择，回车打开；Ctrl+F 回到查找", "caption", wrap=True)
        left.addWidget(hint)
        holder = QWidget()
        holder.setLayout(left)
        holder.setFixedWidth(280)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 8)
        head.addWidget(self.title)
        right.addLayout(head)
        right.addWidget(self.sheet, 1)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(holder)
        box.addWidget(hairline(vertical=True))
        box.addLayout(right, 1)

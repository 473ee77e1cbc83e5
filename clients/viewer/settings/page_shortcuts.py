"""Page of keys: one for each command; a key that is taken is refused with the name of its command (VW-SET-06)."""

from __future__ import annotations

import functools

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.settings.page import Context, Page

PORTABLE = QKeySequence.SequenceFormat.PortableText
NATIVE = QKeySequence.SequenceFormat.NativeText


class ShortcutsPage(Page):
    """All commands with their keys; the search looks at names and keys."""

    key, title = "shortcuts", "快捷键设置"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._names = self._all_names()
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("查找命令或按键"))
        self.search.textChanged.connect(lambda _text: self._fill())
        self.column.addWidget(self.search)
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([tr("命令"), tr("按键")])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setShowGrid(False)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(1, 200)
        self.table.currentCellChanged.connect(lambda *_: self._chosen())
        self.table.setMinimumHeight(current_theme().px(280))
        self.column.addWidget(self.table, 1)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setEnabled(False)
        self.edit.setMinimumWidth(current_theme().px(200))
        self.edit.editingFinished.connect(self._typed)
        self.row("按下新的按键", self.edit)
        self.clear = QPushButton(tr("不设按键"))
        self.clear.clicked.connect(functools.partial(self._give, ""))
        self.standard = QPushButton(tr("恢复这一项"))
        self.standard.clicked.connect(self._restore)
        reset = QPushButton(tr("全部恢复默认"))
        reset.clicked.connect(self.reset)
        line = QHBoxLayout()
        for button in (self.clear, self.standard, reset):
            line.addWidget(button)
        line.addStretch(1)
        self.column.addLayout(line)
        self._fill()

    def take(self) -> None:
        self._names = self._all_names()
        self._fill()

    def _all_names(self) -> dict[str, str]:
        """Id → name on screen of every command and menu entry."""
        context = self.context
        names = {action.id: tr(action.text) for action in context.desk.commands.declared}
        for name, action in context.applying.entries().items():
            names[name] = action.text().split("\t")[0]
        return names

    def key_of(self, command: str) -> str:
        """The key in force."""
        return self.context.preferences.shortcuts.get(command, self.context.applying.standard_keys.get(command, ""))

    def _fill(self) -> None:
        wanted = self.search.text().strip().lower()
        current = self.selected
        self.table.blockSignals(True)
        self.table.setRowCount(0)
        own = self.context.preferences.shortcuts
        for command, name in self._names.items():
            key = QKeySequence(self.key_of(command), PORTABLE).toString(NATIVE)
            if wanted and wanted not in name.lower() and wanted not in key.lower():
                continue
            row = self.table.rowCount()
            self.table.insertRow(row)
            first, second = QTableWidgetItem(name), QTableWidgetItem(key)
            first.setData(Qt.ItemDataRole.UserRole, command)
            if command in own:
                font = second.font()
                font.setBold(True)
                second.setFont(font)
            self.table.setItem(row, 0, first)
            self.table.setItem(row, 1, second)
        self.table.blockSignals(False)
        if current:
            self.select(current)
        self._chosen()

    @property
    def selected(self) -> str:
        """Id of the chosen command, empty for none."""
        item = self.table.item(self.table.currentRow(), 0)
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def select(self, command: str) -> bool:
        """Choose a command's row; False when it is not listed."""
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) == command:
                self.table.setCurrentCell(row, 0)
                return True
        return False

    def _chosen(self) -> None:
        command = self.selected
        for widget in (self.edit, self.clear, self.standard):
            widget.setEnabled(bool(command))
        self.edit.setKeySequence(QKeySequence(self.key_of(command), PORTABLE))
        line = self.edit.findChild(QLineEdit)
        if isinstance(line, QLineEdit):  # Qt writes its own English there with every key
            line.setPlaceholderText(tr("先选择命令，再按键"))

    def _typed(self) -> None:
        self._give(self.edit.keySequence().toString(PORTABLE))

    def _give(self, key: str) -> None:
        command = self.selected
        if command:
            self.give(command, key)

    def give(self, command: str, key: str) -> bool:
        """Set a key; False and a sentence when another command has it."""
        key = QKeySequence(key, PORTABLE).toString(PORTABLE)
        holder = next((c for c in self._names if c != command and key and self._same(self.key_of(c), key)), "")
        if holder:
            shown = QKeySequence(key, PORTABLE).toString(NATIVE)
            self.context.say(tr("{key} 已用于“{name}”，请先更改那一项", key=shown, name=self._names[holder]))
            self._chosen()
            return False
        own = {c: k for c, k in self.context.preferences.shortcuts.items() if c != command}
        if not self._same(key, self.context.applying.standard_keys.get(command, "")):
            own[command] = key
        self.context.preferences.shortcuts = own
        self.context.applying.shortcuts()
        self.context.say("")
        self._fill()
        return True

    def _restore(self) -> None:
        command = self.selected
        if command:
            self.give(command, self.context.applying.standard_keys.get(command, ""))

    def reset(self) -> None:
        """All keys as delivered."""
        self.context.preferences.shortcuts = {}
        self.context.applying.shortcuts()
        self.context.say(tr("快捷键已恢复默认"))
        self._fill()

    @staticmethod
    def _same(a: str, b: str) -> bool:
        return QKeySequence(a, PORTABLE) == QKeySequence(b, PORTABLE)

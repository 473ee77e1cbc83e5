"""The chosen exam items with their prices, which can be changed, and the sum."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from clients.kit.labels import IconButton, Label, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.registration.measures import yuan
from shared.contract.exams import ItemEntry


class ChosenItems(QWidget):
    """Name, code, body part, price and a cross per item (RIS-REG-30, -31)."""

    removed = Signal(int)
    """place of the item to delete."""
    priced = Signal(int, str)
    """place of the item and the price as typed, in yuan."""

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[ItemEntry, ...] | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        self._grid.setColumnStretch(2, 1)
        self.show_items(())

    def show_items(self, items: Sequence[ItemEntry]) -> None:
        """Show these items; nothing is rebuilt while they are the same."""
        if tuple(items) == self._items:
            return
        self._items = tuple(items)
        while self._grid.count():
            taken = self._grid.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if not self._items:
            self._grid.addWidget(Label("尚未添加检查项目。", "quiet"), 0, 0, 1, 5)
            return
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, title in enumerate(("项目名称", "项目编码", "部位", "单价（元）")):
            head = Label(title, "caption")
            if column == 3:
                head.setAlignment(right)
            self._grid.addWidget(head, 0, column)
        for place, item in enumerate(self._items):
            line = place + 1
            self._grid.addWidget(ValueLabel(item.name, "strong"), line, 0)
            self._grid.addWidget(ValueLabel(item.code, "quiet"), line, 1)
            self._grid.addWidget(ValueLabel(item.body_part, "quiet"), line, 2)
            price = QLineEdit(yuan(item.price_fen))
            price.setAlignment(right)
            price.setFixedWidth(96)
            price.setAccessibleName(tr("单价（元）"))
            price.editingFinished.connect(_Priced(self, place, price))
            self._grid.addWidget(price, line, 3)
            self._grid.addWidget(IconButton("close", "删除项目", on_click=_Removed(self, place), small=True), line, 4)
        if len(self._items) > 1:
            line = len(self._items) + 1
            self._grid.addWidget(Label("合计", "quiet"), line, 2, right)
            total = ValueLabel(yuan(sum(item.price_fen for item in self._items)), "strong")
            total.setAlignment(right)
            total.setFixedWidth(96)
            total.setContentsMargins(0, 0, 8, 0)
            self._grid.addWidget(total, line, 3)
        self._grid.setRowMinimumHeight(1, current_theme().metrics.control)


class _Priced:
    def __init__(self, owner: ChosenItems, place: int, field: QLineEdit) -> None:
        self._owner, self._place, self._field = owner, place, field

    def __call__(self) -> None:
        if self._field.isModified():
            self._field.setModified(False)
            self._owner.priced.emit(self._place, self._field.text())


class _Removed:
    def __init__(self, owner: ChosenItems, place: int) -> None:
        self._owner, self._place = owner, place

    def __call__(self) -> None:
        self._owner.removed.emit(self._place)

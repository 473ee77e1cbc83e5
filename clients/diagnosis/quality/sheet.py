"""The score sheet of a new task: the items of each object, which must make 100 points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.diagnosis.quality.words import OBJECTS
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.translations import Language, language, tr
from shared.contract.quality import QualityObject, SheetItem, usual_sheet

_MOST_ITEMS = 20


@dataclass(frozen=True)
class _Line:
    """The editors of one item, and the item as it was shown."""

    key: QLineEdit
    name: QLineEdit
    points: QLineEdit
    item: SheetItem
    shown: str

    @property
    def value(self) -> int:
        return int(self.points.text() or 0)


class SheetEditor(QWidget):
    """Items with code, name and points, by object."""

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[QualityObject, tuple[SheetItem, ...]] = {}
        self._object = QualityObject.IMAGE
        self.lines: list[_Line] = []
        self.choice = SegmentedControl([Option(one.value, words) for one, words in OBJECTS.items()], self._object.value)
        self.choice.chosen.connect(self._on_object)
        self.total = ValueLabel("", "strong")
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Label("评分表", "strong"))
        head.addWidget(self.choice)
        self.total.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.total, 1)
        self._grid_place = QVBoxLayout()
        self._grid_holder: QWidget | None = None
        self.add_button = Button("添加评分项", "", "add", on_click=self.add_item)
        foot = QHBoxLayout()
        foot.addWidget(self.add_button)
        foot.addWidget(Button("恢复标准评分表", "quiet", on_click=self._restore))
        foot.addStretch(1)
        self.problem = ValueLabel("", "error", wrap=True)
        self.problem.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addLayout(head)
        box.addLayout(self._grid_place)
        box.addLayout(foot)
        box.addWidget(self.problem)
        self.set_sheet(usual_sheet())

    def set_sheet(self, sheet: Sequence[SheetItem]) -> None:
        """Show a sheet."""
        self._items = {one: tuple(item for item in sheet if item.object is one) for one in QualityObject}
        self._show_lines()

    def sheet(self, objects: Sequence[QualityObject]) -> tuple[SheetItem, ...]:
        """Return the items of some objects as they stand."""
        self._take()
        return tuple(item for one in objects for item in self._items[one])

    def total_of(self, one: QualityObject) -> int:
        """Return the points of an object's items."""
        self._take()
        return sum(item.points for item in self._items[one])

    def is_whole(self, objects: Sequence[QualityObject]) -> bool:
        """Whether the points of each object make 100; shows the first object where they do not."""
        for one in objects:
            if (total := self.total_of(one)) != 100:
                self.choice.set_current(one.value)
                self._on_object(one.value)
                self.show_problem(
                    tr("“{object}”的评分项合计 {total} 分，应为 100 分。", object=tr(OBJECTS[one]), total=total)
                )
                return False
        self.show_problem("")
        return True

    def show_problem(self, words: str) -> None:
        """Show a finished sentence below the items, none when empty."""
        self.problem.set_text(words)
        self.problem.setVisible(bool(words))

    def add_item(self) -> None:
        """Add an item with the points that are left."""
        self._take()
        items = self._items[self._object]
        taken = {item.key for item in items}
        key = next(name for number in range(1, _MOST_ITEMS + 2) if (name := f"item_{number}") not in taken)
        left = max(100 - sum(item.points for item in items), 1)
        self._items[self._object] = (*items, SheetItem(object=self._object, key=key, title="", points=left))
        self._show_lines()
        self.lines[-1].name.setFocus()

    def remove_item(self, place: int) -> None:
        """Take an item out."""
        self._take()
        items = self._items[self._object]
        self._items[self._object] = items[:place] + items[place + 1 :]
        self._show_lines()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._take()
            self._show_lines()

    def _restore(self) -> None:
        self._take()
        self._items[self._object] = tuple(item for item in usual_sheet() if item.object is self._object)
        self.show_problem("")
        self._show_lines()

    def _on_object(self, key: str) -> None:
        self._take()
        self._object = QualityObject(key)
        self._show_lines()

    def _take(self) -> None:
        """Keep what stands in the editors."""
        if self.lines:
            self._items[self._object] = tuple(_item(line) for line in self.lines)

    def _show_lines(self) -> None:
        if self._grid_holder is not None:
            self._grid_place.removeWidget(self._grid_holder)
            self._grid_holder.hide()
            self._grid_holder.deleteLater()
        self._grid_holder = QWidget()
        grid = QGridLayout(self._grid_holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for column, words in enumerate(("代码", "名称", "分值")):
            grid.addWidget(Label(words, "quiet"), 0, column)
        self.lines = []
        for place, item in enumerate(self._items[self._object]):
            line = self._line(item)
            self.lines.append(line)
            grid.addWidget(line.key, place + 1, 0)
            grid.addWidget(line.name, place + 1, 1)
            grid.addWidget(line.points, place + 1, 2)
            remove = IconButton("clear", "删除此项", on_click=partial(self.remove_item, place))
            grid.addWidget(remove, place + 1, 3)
        self._grid_place.addWidget(self._grid_holder)
        self.add_button.setEnabled(len(self.lines) < _MOST_ITEMS)
        self._show_total()

    def _line(self, item: SheetItem) -> _Line:
        key, name, points = QLineEdit(item.key), QLineEdit(_shown(item)), QLineEdit(str(item.points))
        key.setMaxLength(32)
        key.setFixedWidth(130)
        key.setAccessibleName(tr("代码"))
        name.setMaxLength(40)
        name.setAccessibleName(tr("名称"))
        points.setValidator(QIntValidator(0, 100, points))
        points.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        points.setFixedWidth(64)
        points.setAccessibleName(tr("分值"))
        points.textChanged.connect(self._show_total)
        return _Line(key, name, points, item, _shown(item))

    def _show_total(self) -> None:
        total = sum(line.value for line in self.lines)
        sentence = tr("合计 {total} / 100 分", total=total)
        self.total.set_text(sentence if total == 100 else f"{sentence}  {tr('须为 100 分')}")
        if total == 100:
            self.show_problem("")


def _shown(item: SheetItem) -> str:
    return item.title_en if language() is Language.ENGLISH and item.title_en else item.title


def _item(line: _Line) -> SheetItem:
    """What stands in the editors; a name that was changed holds in both languages."""
    name, before = line.name.text().strip(), line.item
    is_same = name == line.shown
    return SheetItem(
        object=before.object,
        key=line.key.text().strip(),
        title=before.title if is_same else name,
        title_en=before.title_en if is_same else "",
        points=line.value,
    )

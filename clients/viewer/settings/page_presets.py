"""Page of preset windows: type numbers, pick the system's own, keep further ones (VW-SET-09, -10)."""

from __future__ import annotations

import functools

from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLineEdit, QListWidget, QPushButton

from clients.kit.labels import Label
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.presets import WINDOW_PRESETS
from clients.viewer.settings.page import Context, Page
from clients.viewer.settings.store import MOST_LETTERS, MOST_PRESETS, WIDEST, OwnPreset, window_problem
from clients.viewer.viewport.state import as_window
from shared.imaging.lut import Window


class PresetsPage(Page):
    """What is typed or picked changes the selected viewport at once."""

    key, title = "presets", "预设窗宽窗位"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._taking = False
        self.width_box, self.level_box = _number(0.001, WIDEST), _number(-WIDEST, WIDEST)
        self.width_box.valueChanged.connect(self._typed)
        self.level_box.valueChanged.connect(self._typed)
        self.row("窗宽", self.width_box)
        self.row("窗位", self.level_box)
        self.column.addWidget(Label("系统自带", "strong"))
        grid = QGridLayout()
        grid.setSpacing(8)
        for n, preset in enumerate(WINDOW_PRESETS):
            button = QPushButton(f"{tr(preset.label)}   {preset.window.width:g}/{preset.window.centre:g}")
            button.setObjectName(f"preset.{preset.key}")
            button.clicked.connect(functools.partial(self._pick, preset.window))
            grid.addWidget(button, n // 3, n % 3)
        self.column.addLayout(grid)
        self.column.addWidget(Label("自定义", "strong"))
        self.list = QListWidget()
        self.list.setFixedHeight(current_theme().px(130))
        self.list.itemClicked.connect(lambda _item: self._pick_own())
        self.column.addWidget(self.list)
        line = QHBoxLayout()
        self.name = QLineEdit()
        self.name.setMaxLength(MOST_LETTERS)
        self.name.setPlaceholderText(tr("名称"))
        self.name.returnPressed.connect(self.add)
        add, remove = QPushButton(tr("保存为预设")), QPushButton(tr("删除"))
        add.clicked.connect(self.add)
        remove.clicked.connect(self.remove)
        line.addWidget(self.name, 1)
        line.addWidget(add)
        line.addWidget(remove)
        self.column.addLayout(line)
        self.note("自定义预设出现在工具栏“预设”菜单的末尾。")
        self.column.addStretch(1)
        self._fill()
        self.take()

    def take(self) -> None:
        """The numbers of the selected viewport."""
        voi = self.context.desk.active.voi()
        window = as_window(voi) if voi is not None else Window(40, 400)
        self._taking = True
        self.width_box.setValue(window.width)
        self.level_box.setValue(window.centre)
        self._taking = False

    def _typed(self) -> None:
        if not self._taking:
            self._apply(Window(self.level_box.value(), self.width_box.value()))

    def _apply(self, window: Window) -> None:
        state = self.context.desk.session.active_viewport
        if state.stack is not None:
            state.voi = window

    def _pick(self, window: Window, _checked: bool = False) -> None:
        self._apply(window)
        self._taking = True
        self.width_box.setValue(window.width)
        self.level_box.setValue(window.centre)
        self._taking = False

    def _pick_own(self) -> None:
        presets, row = self.context.preferences.presets, self.list.currentRow()
        if 0 <= row < len(presets):
            self._pick(presets[row].window)
            self.name.setText(presets[row].name)

    def add(self) -> None:
        """Keep the numbers under the name; the same name again changes the preset."""
        name = self.name.text().strip()
        width, level = self.width_box.value(), self.level_box.value()
        problem = "请输入名称" if not name else window_problem(width, level)
        kept = [one for one in self.context.preferences.presets if one.name != name]
        if not problem and len(kept) >= MOST_PRESETS:
            problem = "预设已满，请先删除一个"
        if problem:
            self.context.say(tr(problem))
            return
        self.context.preferences.presets = [*kept, OwnPreset(name, width, level)]
        self.context.say("")
        self._fill()

    def remove(self) -> None:
        """Forget the chosen one."""
        row = self.list.currentRow()
        kept = self.context.preferences.presets
        if 0 <= row < len(kept):
            self.context.preferences.presets = [*kept[:row], *kept[row + 1 :]]
            self._fill()

    def _fill(self) -> None:
        self.list.clear()
        for preset in self.context.preferences.presets:
            self.list.addItem(f"{preset.name}   {preset.width:g}/{preset.level:g}")


def _number(least: float, most: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(3 if least > 0 else 1)
    box.setRange(least, most)
    box.setMinimumWidth(current_theme().px(140))
    box.setKeyboardTracking(False)
    return box

"""Buttons of the volume page: what the left button does, bed, undo, redo, reset, and the six sides."""

from __future__ import annotations

import functools

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QToolButton, QWidget

from clients.kit.actions import tooltip
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.tool_icons import tool_icon
from clients.viewer.vr.camera import NAMED_VIEWS
from clients.viewer.vr.picture_view import MouseTool

_SIDES = {"A": "从前面看", "P": "从后面看", "L": "从左侧看", "R": "从右侧看", "H": "从头侧看", "F": "从足侧看"}

_MOUSE_TOOLS = frozenset(tool.value for tool in MouseTool)
_ICONS = {"box": "crop_box", "bed": "no_bed"}
_TOOLS: tuple[tuple[str, str, str], ...] = (
    (MouseTool.ROTATE.value, "旋转", "左键旋转，中键平移，右键或滚轮缩放"),
    (MouseTool.BOX.value, "框选裁剪", "拖动方框的面，平行切除"),
    (MouseTool.CUT_INSIDE.value, "画笔裁剪", "画一圈，圈内沿视线方向去除"),
    (MouseTool.KEEP_INSIDE.value, "保留圈内", "画一圈，只保留圈内"),
    ("bed", "一键去床", "去除检查床；再按一次恢复"),
    ("undo", "撤销", "Ctrl+Z"),
    ("redo", "重做", "Ctrl+Y"),
    ("reset", "重置", "恢复为原始状态"),
)


class ToolGrid(QWidget):
    """Two rows of four buttons with a word below each, and a row of sides."""

    tool_chosen = Signal(str)
    asked = Signal(str)
    """bed, undo, redo, reset."""
    side_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for n, (key, _, _) in enumerate(_TOOLS):
            button = QToolButton()
            button.setObjectName(f"vr.{key}")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setCheckable(key in _MOUSE_TOOLS or key == "bed")
            button.clicked.connect(functools.partial(self._clicked, key))
            self.buttons[key] = button
            grid.addWidget(button, n // 4, n % 4)
        sides = QHBoxLayout()
        sides.setSpacing(4)
        for side in NAMED_VIEWS:
            button = QToolButton()
            button.setObjectName(f"vr.side.{side}")
            button.setText(side)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(functools.partial(self.side_asked.emit, side))
            self.buttons[side] = button
            sides.addWidget(button, 1)
        grid.addLayout(sides, 2, 0, 1, 4)
        self._dress()

    def show_tool(self, tool: str) -> None:
        """Mark the tool of the left button."""
        for key in MouseTool:
            self.buttons[key.value].setChecked(key.value == tool)

    def _clicked(self, key: str) -> None:
        if key in _MOUSE_TOOLS:
            self.tool_chosen.emit(key)
        else:
            self.asked.emit(key)

    def _dress(self) -> None:
        colours, px = current_theme().colours, current_theme().px
        for key, text, hint in _TOOLS:
            button = self.buttons[key]
            button.setText(tr(text))
            button.setIcon(tool_icon(_ICONS.get(key, key), 20, colours.text_quiet, colours.accent, colours.border))
            by_key = hint.startswith("Ctrl")
            button.setToolTip(tooltip(text, hint) if by_key else tooltip(text, "", hint))
        for side, text in _SIDES.items():
            self.buttons[side].setToolTip(tooltip(text, side))
        # Sizes belong here: the suite's own style sheet would win over setFixedSize.
        self.setStyleSheet(
            f"ToolGrid > QToolButton {{ min-width: {px(62)}px; max-width: {px(80)}px; min-height: {px(44)}px;"
            f" max-height: {px(44)}px; font-size: {px(11)}px; color: {colours.text_quiet}; padding: 1px 0; }}"
            f"ToolGrid > QToolButton:checked {{ color: {colours.accent}; background: {colours.selected}; }}"
            f"ToolGrid > QToolButton:disabled {{ color: {colours.border}; }}"
            f"QToolButton[objectName^='vr.side'] {{ min-width: {px(30)}px; max-width: {px(60)}px;"
            f" min-height: {px(26)}px; max-height: {px(26)}px;"
            f" border: 1px solid {colours.hairline}; font-weight: bold; }}"
        )

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:  # a style sheet set on a change of style would never end
            self._dress()
        super().changeEvent(event)

"""A tool bar of the classical desktop: icon above caption, as wide as the window allows; the rest stands behind »."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QMenu, QToolButton

from clients.kit.actions import ActionGroup
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr


@dataclass(frozen=True, slots=True)
class Tool:
    """One button: an action of the group, its icon is the action's; `caption` is a Chinese source string."""

    action: str
    caption: str
    line: bool = False
    """A hairline stands before it."""


class ToolStrip(QFrame):
    """Buttons that mirror their actions: enabled, checked, tooltip; captions are never cut."""

    def __init__(self, group: ActionGroup, tools: Sequence[Tool]) -> None:
        super().__init__()
        self._group = group
        self._tools = tuple(tools)
        self.setProperty("look", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 8, 3)
        self._row.setSpacing(0)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.buttons: dict[str, QToolButton] = {}
        self._lines: dict[str, QFrame] = {}
        self._overflow = QMenu(self)
        self._overflow.aboutToShow.connect(self._fill_overflow)
        for tool in self._tools:
            if tool.line:
                line = QFrame()
                line.setProperty("look", "vertical")
                self._lines[tool.action] = line
                self._row.addWidget(line)
            button = _ToolButton(tool, group.qt(tool.action))
            self.buttons[tool.action] = button
            self._row.addWidget(button)
        self._more = QToolButton()
        self._more.setObjectName("tool_strip.more")
        self._more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setMenu(self._overflow)
        self._row.addWidget(self._more)
        self._row.addStretch(1)
        self._dress()

    @property
    def hidden_tools(self) -> tuple[str, ...]:
        """Ids of what finds no room."""
        return tuple(tool.action for tool in self._tools if self.buttons[tool.action].isHidden())

    def set_caption(self, action_id: str, caption: str) -> None:
        """Show other words (Chinese source) under an icon; an id without a button does nothing."""
        button = self.buttons.get(action_id)
        if isinstance(button, _ToolButton):
            button.set_caption(caption)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._dress()
        super().changeEvent(event)

    def _dress(self) -> None:
        theme = current_theme()
        self.setFixedHeight(theme.metrics.icon + theme.metrics.caption + 27)
        self._more.setIcon(theme.icon("more"))
        self._more.setToolTip(tr("更多"))
        self._more.setAccessibleName(tr("更多"))
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 24
        widths = [self.buttons[tool.action].sizeHint().width() + (9 if tool.line else 0) for tool in self._tools]
        if sum(widths) > room:
            room -= self._more.sizeHint().width()
        used = 0
        for tool, width in zip(self._tools, widths, strict=True):
            used += width
            shown = used <= room
            self.buttons[tool.action].setVisible(shown)
            if tool.action in self._lines:
                self._lines[tool.action].setVisible(shown)
        self._more.setVisible(used > room)

    def _fill_overflow(self) -> None:
        self._overflow.clear()
        for action_id in self.hidden_tools:
            self._overflow.addAction(self._group.qt(action_id))


class _ToolButton(QToolButton):
    def __init__(self, tool: Tool, source: QAction) -> None:
        super().__init__()
        self._caption = tool.caption
        self._source = source
        self.setObjectName(f"tool.{tool.action}")
        self.setProperty("tool", "true")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setCheckable(source.isCheckable())
        self.clicked.connect(source.trigger)
        source.changed.connect(self._mirror)
        self._mirror()

    def set_caption(self, caption: str) -> None:
        self._caption = caption
        self._mirror()

    def sizeHint(self) -> QSize:
        theme = current_theme()
        words = QFontMetrics(theme.font("caption")).horizontalAdvance(self.text())
        return QSize(max(52, words + 16), theme.metrics.icon + theme.metrics.caption + 21)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _mirror(self) -> None:
        theme = current_theme()
        self.setFont(theme.font("caption"))
        self.setText(tr(self._caption))
        self.setIcon(self._source.icon())
        self.setIconSize(QSize(theme.metrics.icon + 4, theme.metrics.icon + 4))
        self.setToolTip(self._source.toolTip())
        self.setAccessibleName(self._source.text())
        self.setEnabled(self._source.isEnabled())
        if self._source.isCheckable():
            self.setCheckable(True)
            self.setChecked(self._source.isChecked())
        self.updateGeometry()

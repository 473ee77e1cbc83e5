"""The tool bar: buttons of the declared commands and menus, group by group."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QMenu, QToolButton, QWidget

from clients.kit.actions import ActionGroup
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.commands import GROUPS, MENUS, SLOTS, Slot
from clients.viewer.desk import Feature
from clients.viewer.tool_icons import tool_icon

ICON = 20
WIDE, NARROW = 42, 36  # a button with and without its word


class ToolBar(QFrame):
    """One row; words below the icons vanish when the row gets too narrow (VW-SET-16)."""

    def __init__(
        self,
        actions: ActionGroup,
        menus: dict[str, QMenu],
        features: Sequence[Feature],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._buttons: list[tuple[Slot, QToolButton, QAction | None]] = []
        self._texts = {action.id: action.text for action in actions.declared} | {menu.id: menu.text for menu in MENUS}
        self._groups = _groups(menus, features)
        row = QHBoxLayout(self)
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(0)
        for n, group in enumerate(self._groups):
            if n:
                line = QFrame()
                line.setFrameShape(QFrame.Shape.VLine)
                line.setFixedHeight(32)
                line.setStyleSheet(f"color: {current_theme().colours.hairline};")
                row.addSpacing(4)
                row.addWidget(line)
                row.addSpacing(4)
            for slot in group:
                row.addWidget(self._make(slot, actions, menus))
        row.addStretch(1)
        self.setFixedHeight(52)
        self._wide = True
        self._dress()

    def _make(self, slot: Slot, actions: ActionGroup, menus: dict[str, QMenu]) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(slot.action)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAutoRaise(True)
        button.setIconSize(QSize(ICON, ICON))
        action: QAction | None = None
        if slot.action in menus:
            button.setMenu(menus[slot.action])
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        else:
            action = actions.qt(slot.action)
            button.setCheckable(action.isCheckable())
            button.clicked.connect(action.trigger)
            action.changed.connect(self._mirror)
        self._buttons.append((slot, button, action))
        return button

    def _mirror(self) -> None:
        for _, button, action in self._buttons:
            if action is not None:
                button.setChecked(action.isChecked())
                button.setEnabled(action.isEnabled())

    def _dress(self) -> None:
        colours = current_theme().colours
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if self._wide else Qt.ToolButtonStyle.ToolButtonIconOnly
        for slot, button, action in self._buttons:
            button.setIcon(tool_icon(slot.icon, ICON, colours.text_quiet, colours.accent, colours.border))
            button.setToolButtonStyle(style)
            button.setText(tr(slot.word or self._texts[slot.action]))
            button.setToolTip(action.toolTip() if action is not None else tr(self._texts[slot.action]))
        # Sizes belong here: the suite's own style sheet would win over setFixedSize.
        wide = WIDE if self._wide else NARROW
        size = f"min-width: {wide}px; max-width: {wide}px; min-height: 44px; max-height: 44px;"
        self.setStyleSheet(
            f"ToolBar {{ background: {colours.window}; border: none; border-bottom: 1px solid {colours.hairline}; }}"
            f"QToolButton {{ {size} margin: 0; border: none; border-radius: 4px; padding: 0; font-size: 11px;"
            f" color: {colours.text_quiet}; background: transparent; }}"
            f"QToolButton:hover {{ background: {colours.hover}; }}"
            f"QToolButton:checked {{ background: {colours.selected}; color: {colours.accent}; }}"
            f"QToolButton:disabled {{ color: {colours.border}; }}"
            "QToolButton::menu-indicator { image: none; }"
        )

    def minimumSizeHint(self) -> QSize:
        """Small, or the buttons would dictate the width of the window; in a narrow one the words go first."""
        return QSize(320, 52)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = event.size().width() >= len(self._buttons) * WIDE + (len(self._groups) - 1) * 9 + 20
        if wide != self._wide:
            self._wide = wide
            self._dress()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._dress()
        super().changeEvent(event)


def _groups(menus: dict[str, QMenu], features: Sequence[Feature]) -> list[list[Slot]]:
    """The buttons of each group that has any: menus first, then buttons, those of the features in their order."""
    groups = []
    for group in GROUPS:
        slots = [
            Slot(menu.id, menu.icon, menu.word) for menu in MENUS if menu.group == group and menus[menu.id].actions()
        ]
        slots += [slot for feature in features for slot in feature.slots.get(group, ())]
        slots += SLOTS.get(group, ())
        if slots:
            groups.append(slots)
    return groups

"""The tool bar: buttons of the declared commands and menus, group by group; what finds no room goes into a menu."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QMenu, QToolButton, QWidget

from clients.kit.actions import ActionGroup
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.commands import GROUPS, MENUS, SLOTS, Slot
from clients.viewer.desk import Feature
from clients.viewer.menu_icons import MENU_ICONS
from clients.viewer.tool_icons import tool_icon

ICON, WORD, ENTRY_ICON = 20, 11, 18
WIDTHS, NARROW = (52, 42), 34  # a button with its word, as wide as there is room for, and without it
LINE, EDGES = 9, 20  # between two groups, and at the ends of the row
LAST_TO_GO = ("tools", "image", "measure", "grey", "layout", "edit", "volume", "more", "turn")
"""Groups in the order of their use: those at the end lose their buttons first where the row is short."""
ALWAYS = frozenset(
    {
        "view.fit",
        "view.reset",
        "view.invert",
        "view.link",
        "tool.cross",
        "cine.play",
        "image.key",
        "image.send",
        "edit.undo",
        "edit.redo",
    }
)
"""Buttons that keep their place in the row before those of the menus."""
TOGGLES = {"menu.colours": "view.colours"}
"""Menus whose button takes back what was chosen in them, as long as this action is on."""


@dataclass(slots=True)
class _Button:
    slot: Slot
    button: QToolButton
    action: QAction | None  # None for a menu
    group: str
    place: int  # within its group


class ToolBar(QFrame):
    """One row; in a narrow one the words go first (VW-SET-16), then the less used buttons into a menu at the end."""

    def __init__(
        self,
        actions: ActionGroup,
        menus: dict[str, QMenu],
        features: Sequence[Feature],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._actions, self._menus = actions, menus
        self._buttons: list[_Button] = []
        self._ends: list[QWidget] = []
        self._lines: dict[str, QWidget] = {}
        self._texts = {action.id: action.text for action in actions.declared} | {menu.id: menu.text for menu in MENUS}
        self._row = QHBoxLayout(self)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._row.setContentsMargins(8, 2, 8, 2)
        self._sized = 0.0  # the factor of the theme for which the buttons were sized
        self._row.setSpacing(0)
        for n, (group, slots) in enumerate(_groups(menus, features)):
            if n:
                self._lines[group] = self._line()
            for place, slot in enumerate(slots):
                self._row.addWidget(self._make(slot, group, place))
        self._ids = {actions.qt(action.id): action.id for action in actions.declared}
        for menu in menus.values():
            menu.aboutToShow.connect(functools.partial(self._dress_menu, menu))
        self._overflow = QMenu(self)
        self._overflow.aboutToShow.connect(self._fill_overflow)
        self._more = QToolButton(self)
        self._more.setObjectName("tool_bar.overflow")
        self._more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._more.setAutoRaise(True)
        self._more.setMenu(self._overflow)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._row.addWidget(self._more)
        self._row.addStretch(1)
        self._width, self._words = NARROW, True
        self._hidden: list[_Button] = []
        self._fit(self.width())
        self._dress()

    @property
    def words(self) -> bool:
        """Words below the icons where there is room for them (VW-SET-16)."""
        return self._words

    @words.setter
    def words(self, shown: bool) -> None:
        self._words = shown
        self.refit()

    @property
    def hidden(self) -> tuple[str, ...]:
        """Ids of what stands in the menu at the end for want of room."""
        return tuple(button.slot.action for button in self._hidden)

    def add_at_end(self, widget: QWidget) -> None:
        """A widget at the right end of the row, such as a warning about the screen."""
        self._row.addWidget(widget)
        self._ends.append(widget)
        self.refit()

    def refit(self) -> None:
        """Something at the end was shown, hidden or has another size."""
        self._fit(self.width())
        self._dress()

    def _line(self) -> QWidget:
        holder = QWidget(self)
        holder.setFixedWidth(LINE)
        line = QFrame(holder)
        line.setObjectName("line")
        self._row.addWidget(holder)
        return holder

    def _make(self, slot: Slot, group: str, place: int) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(slot.action)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAutoRaise(True)
        action: QAction | None = None
        if slot.action in TOGGLES:
            action = self._actions.qt(TOGGLES[slot.action])
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False: self._toggle(button, slot.action))
            action.changed.connect(self._mirror)
        elif slot.action in self._menus:
            button.setMenu(self._menus[slot.action])
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        else:
            action = self._actions.qt(slot.action)
            button.setCheckable(action.isCheckable())
            button.clicked.connect(action.trigger)
            action.changed.connect(self._mirror)
        self._buttons.append(_Button(slot, button, action, group, place))
        return button

    def _toggle(self, button: QToolButton, menu_id: str) -> None:
        """Take back what the menu put on; where nothing is on, open it."""
        action = self._actions.qt(TOGGLES[menu_id])
        if action.isChecked():
            action.trigger()
        else:
            self._menus[menu_id].popup(button.mapToGlobal(button.rect().bottomLeft()))
        self._mirror()

    def _mirror(self) -> None:
        for known in self._buttons:
            if known.action is not None:
                known.button.setChecked(known.action.isChecked())
                known.button.setEnabled(known.action.isEnabled())

    def _fit(self, width: int) -> None:
        """Words or not, and which buttons have room."""
        extra = sum(widget.sizeHint().width() for widget in self._ends if not widget.isHidden())
        room = width - EDGES - extra - LINE * len(self._lines)
        fitting, px = len(self._buttons), current_theme().px
        longest = self._longest_word() if self._words else 0
        wide = [px(width) for width in WIDTHS]
        with_words = [width for width in wide if self._words and longest <= width and fitting * width <= room]
        narrow = px(NARROW)
        self._width = with_words[0] if with_words else narrow
        if not with_words and fitting * narrow > room:
            fitting = max((room - narrow) // narrow, 1)
        by_use = sorted(self._buttons, key=lambda b: (_rank(b), LAST_TO_GO.index(b.group), b.place))
        kept = {button.slot.action for button in by_use[:fitting]}
        self._hidden = [button for button in self._buttons if button.slot.action not in kept]
        shown_groups = {button.group for button in self._buttons if button.slot.action in kept}
        for button in self._buttons:
            button.button.setVisible(button.slot.action in kept)
        for group, line in self._lines.items():
            line.setVisible(group in shown_groups)
        self._more.setVisible(bool(self._hidden))

    def _longest_word(self) -> int:
        """Pixels; a width in which a word would be cut is no width for this language."""
        font = QFont(self.font())
        font.setPixelSize(current_theme().px(WORD))
        metrics = QFontMetrics(font)
        return max((metrics.horizontalAdvance(self._word(known.slot)) for known in self._buttons), default=0)

    def _word(self, slot: Slot) -> str:
        return tr(slot.word or self._texts[slot.action])

    def _fill_overflow(self) -> None:
        self._overflow.clear()
        shade, large = current_theme().colours, current_theme().px(ICON)
        for hidden in self._hidden:
            icon = tool_icon(hidden.slot.icon, large, shade.text_quiet, shade.accent, shade.border)
            if hidden.slot.action in self._menus:
                menu = self._menus[hidden.slot.action]
                menu.setTitle(tr(self._texts[hidden.slot.action]))
                menu.setIcon(icon)
                self._overflow.addMenu(menu)
            else:
                self._overflow.addAction(self._actions.qt(hidden.slot.action))

    def _dress_menu(self, menu: QMenu) -> None:
        """Icons before the words of its entries; made when the menu is opened first."""
        shade = current_theme().colours
        for action in menu.actions():
            inner = action.menu()
            if isinstance(inner, QMenu):
                self._dress_menu(inner)
            name = MENU_ICONS.get(self._ids.get(action, ""), "")
            if name and action.icon().isNull():
                action.setIcon(tool_icon(name, ENTRY_ICON, shade.text_quiet, shade.accent, shade.border))

    def _dress(self) -> None:
        colours, px = current_theme().colours, current_theme().px
        styles, large = Qt.ToolButtonStyle, px(ICON)
        style = styles.ToolButtonIconOnly if self._width == px(NARROW) else styles.ToolButtonTextUnderIcon
        if self._sized != current_theme().factor:
            self._sized = current_theme().factor
            self._resize(large)
        for known in self._buttons:
            slot, button = known.slot, known.button
            button.setIcon(tool_icon(slot.icon, large, colours.text_quiet, colours.accent, colours.border))
            button.setToolButtonStyle(style)
            button.setText(self._word(slot))
            is_menu = slot.action in self._menus or known.action is None
            button.setToolTip(tr(self._texts[slot.action]) if is_menu else known.action.toolTip())  # type: ignore[union-attr]
        self._more.setIcon(tool_icon("overflow", large, colours.text_quiet, colours.accent, colours.border))
        self._more.setToolTip(tr("其余工具"))
        # Sizes belong here: the suite's own style sheet would win over setFixedSize.
        wide = self._width
        high = px(44)
        size = f"min-width: {wide}px; max-width: {wide}px; min-height: {high}px; max-height: {high}px;"
        style_sheet = (
            f"ToolBar {{ background: {colours.window}; border: none; border-bottom: 1px solid {colours.hairline}; }}"
            f"#line {{ background: {colours.hairline}; }}"
            f"QToolButton {{ {size} margin: 0; border: none; border-radius: 4px; padding: 0; font-size: {px(WORD)}px;"
            f" color: {colours.text_quiet}; background: transparent; }}"
            f"QToolButton:hover {{ background: {colours.hover}; }}"
            f"QToolButton:checked {{ background: {colours.selected}; color: {colours.accent}; }}"
            f"QToolButton:disabled {{ color: {colours.border}; }}"
            "QToolButton::menu-indicator { image: none; }"
        )
        if style_sheet != self.styleSheet():  # Qt styles every button again even where nothing changed
            self.setStyleSheet(style_sheet)

    def _resize(self, large: int) -> None:
        for button in (*(known.button for known in self._buttons), self._more):
            button.setIconSize(QSize(large, large))
        high = current_theme().px(32)
        for holder in self._lines.values():
            holder.setFixedHeight(high)
            for line in holder.findChildren(QFrame, "line"):
                line.setGeometry(LINE // 2, 0, 1, high)
        self.setFixedHeight(current_theme().px(52))

    def minimumSizeHint(self) -> QSize:
        """Small, or the buttons would dictate the width of the window; in a narrow one the words go first."""
        return QSize(320, current_theme().px(52))

    def resizeEvent(self, event: QResizeEvent) -> None:
        before = self._width
        self._fit(event.size().width())
        if before != self._width:
            self._dress()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.refit()
        super().changeEvent(event)


def _rank(button: _Button) -> int:
    """0 for what every reader needs at hand, 1 for menus, 2 for the rest; menus hold a lot in little room."""
    if button.group == "tools" or button.slot.action in ALWAYS:
        return 0
    return 1 if button.slot.action.startswith("menu.") else 2


def _groups(menus: dict[str, QMenu], features: Sequence[Feature]) -> list[tuple[str, list[Slot]]]:
    """The buttons of each group that has any: menus first, then buttons, those of the features in their order."""
    groups = []
    for group in GROUPS:
        slots = [
            Slot(menu.id, menu.icon, menu.word) for menu in MENUS if menu.group == group and menus[menu.id].actions()
        ]
        slots += [slot for feature in features for slot in feature.slots.get(group, ())]
        slots += SLOTS.get(group, ())
        if slots:
            groups.append((group, slots))
    return groups

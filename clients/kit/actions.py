"""Actions are declared as data and checked at start; this module turns them into shortcuts and buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from clients.kit.icons import require_icon
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr


class ActionDeclarationError(ValueError):
    """A wrong declaration: found at start, never by the user."""


def _always(_state: Any) -> bool:
    return True


@dataclass(frozen=True)
class Action:
    """One thing a user can do. `text` is a Chinese source string; `shortcut` is written as Qt writes it ("Ctrl+S").

    `enabled` is the rule: it gets the page's state and says whether the action can be done now. `palette=False` keeps
    the action out of the command palette.
    """

    id: str
    text: str
    shortcut: str = ""
    icon: str = ""
    hint: str = ""
    enabled: Callable[[Any], bool] = _always
    danger: bool = False
    palette: bool = True


def check_actions(actions: Iterable[Action]) -> None:
    """Raise ActionDeclarationError if an id or a shortcut is used twice, or an icon or shortcut does not exist."""
    ids: set[str] = set()
    shortcuts: dict[str, str] = {}
    for action in actions:
        if not action.id or not action.text:
            raise ActionDeclarationError(f"action {action.id!r} needs an id and a text")
        if action.id in ids:
            raise ActionDeclarationError(f"two actions have the id {action.id!r}")
        ids.add(action.id)
        try:
            require_icon(action.icon)
        except KeyError as error:
            raise ActionDeclarationError(f"action {action.id!r}: {error.args[0]}") from error
        if not action.shortcut:
            continue
        sequence = QKeySequence(action.shortcut, QKeySequence.SequenceFormat.PortableText)
        portable = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        if not portable:
            raise ActionDeclarationError(f"action {action.id!r}: {action.shortcut!r} is not a shortcut")
        if portable in shortcuts:
            raise ActionDeclarationError(f"{action.id!r} and {shortcuts[portable]!r} share the shortcut {portable}")
        shortcuts[portable] = action.id


def tooltip(text: str, shortcut: str = "", hint: str = "") -> str:
    """What a tooltip says: the action, its hint and its shortcut, in the current language."""
    keys = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) if shortcut else ""
    first = f"{tr(text)}  ({keys})" if keys else tr(text)
    return f"{first}\n{tr(hint)}" if hint else first


class ActionGroup(QObject):
    """The living actions of one page (or of the whole window): shortcuts that work while the page has the focus.

    `on` connects what happens, `update` applies the enabled rules to a new state, `button` and `icon_button` make
    buttons that follow text, shortcut, icon and enabled rule by themselves.
    """

    def __init__(self, actions: Sequence[Action], owner: QWidget, *, whole_window: bool = False) -> None:
        super().__init__(owner)
        check_actions(actions)
        self.declared = tuple(actions)
        self._by_id = {action.id: action for action in actions}
        self._qt: dict[str, QAction] = {}
        self._keys: dict[str, str] = {}  # other than declared
        context = Qt.ShortcutContext.WindowShortcut if whole_window else Qt.ShortcutContext.WidgetWithChildrenShortcut
        for action in actions:
            made = QAction(self)
            made.setObjectName(action.id)
            if action.shortcut:
                made.setShortcut(QKeySequence(action.shortcut, QKeySequence.SequenceFormat.PortableText))
            made.setShortcutContext(context)
            owner.addAction(made)
            self._qt[action.id] = made
        owner.installEventFilter(self)
        self._retranslate()

    def on(self, action_id: str, callback: Callable[[], object]) -> None:
        """Call `callback` when the user does the action; raises KeyError for an undeclared id."""
        self._qt[action_id].triggered.connect(_Call(callback, self).run)

    def qt(self, action_id: str) -> QAction:
        """The QAction behind a declaration, for menus."""
        return self._qt[action_id]

    def trigger(self, action_id: str) -> None:
        """Do the action as the user would; nothing happens while it is disabled."""
        self._qt[action_id].trigger()

    def update(self, state: Any) -> None:
        """Enable and disable all actions by their rules."""
        for action in self.declared:
            self._qt[action.id].setEnabled(action.enabled(state))

    def set_enabled(self, action_id: str, enabled: bool) -> None:
        """Enable or disable one action."""
        self._qt[action_id].setEnabled(enabled)

    def shortcut(self, action_id: str) -> str:
        """The key in force, as Qt writes it; empty for none."""
        return self._qt[action_id].shortcut().toString(QKeySequence.SequenceFormat.PortableText)

    def set_shortcut(self, action_id: str, shortcut: str) -> None:
        """Give an action another key than the declared one (the user's own choice), or none."""
        self._keys[action_id] = shortcut
        self._qt[action_id].setShortcut(QKeySequence(shortcut, QKeySequence.SequenceFormat.PortableText))
        self._retranslate()

    def available(self) -> list[Action]:
        """Declared actions that can be done now and belong into the command palette."""
        return [action for action in self.declared if action.palette and self._qt[action.id].isEnabled()]

    def button(self, action_id: str, look: str = "") -> QPushButton:
        """A push button for the action; looks: "" plain, "primary", "quiet", "danger", "link"."""
        return ActionButton(self._by_id[action_id], self._qt[action_id], look)

    def icon_button(self, action_id: str) -> QToolButton:
        """A square button with only the icon; the tooltip carries words and shortcut."""
        return ActionIconButton(self._by_id[action_id], self._qt[action_id])

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Fetch icons and words again when the theme or the language changes."""
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._retranslate()
        return False

    def _retranslate(self) -> None:
        theme = current_theme()
        for action in self.declared:
            made = self._qt[action.id]
            made.setText(tr(action.text))
            made.setToolTip(tooltip(action.text, self._keys.get(action.id, action.shortcut), action.hint))
            if action.icon:
                colour = theme.tone(Tone.DANGER).text if action.danger else None
                made.setIcon(theme.icon(action.icon, colour=colour))


class _Call(QObject):
    """Keeps a callback with the group, so that a partial or a method of a plain object can be connected safely."""

    def __init__(self, callback: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._callback = callback

    @Slot()
    def run(self) -> None:
        self._callback()


class ActionButton(QPushButton):
    """A push button that mirrors its action."""

    def __init__(self, action: Action, source: QAction, look: str = "") -> None:
        super().__init__()
        self._action = action
        self._source = source
        self._look = look or ("danger" if action.danger else "")
        self.setProperty("look", self._look)
        self.setObjectName(action.id)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(source.trigger)
        source.changed.connect(self._mirror)
        self._mirror()

    def _mirror(self) -> None:
        theme = current_theme()
        self.setText(self._source.text())
        self.setToolTip(self._source.toolTip())
        self.setEnabled(self._source.isEnabled())
        if self._action.icon:
            colour = {"primary": theme.colours.on_accent, "danger": theme.tone(Tone.DANGER).text}.get(self._look)
            self.setIcon(theme.icon(self._action.icon, colour=colour))
            self.setIconSize(QSize(theme.metrics.icon, theme.metrics.icon))


class ActionIconButton(QToolButton):
    """A square icon button that mirrors its action."""

    def __init__(self, action: Action, source: QAction) -> None:
        super().__init__()
        self._source = source
        self.setObjectName(action.id)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("square", "true")
        self.setAccessibleName(action.text)
        self.clicked.connect(source.trigger)
        source.changed.connect(self._mirror)
        self._mirror()

    def sizeHint(self) -> QSize:
        control = current_theme().metrics.control
        return QSize(control, control)

    def _mirror(self) -> None:
        size = current_theme().metrics.icon
        self.setIcon(self._source.icon())
        self.setIconSize(QSize(size, size))
        self.setToolTip(self._source.toolTip())
        self.setAccessibleName(self._source.text())
        self.setEnabled(self._source.isEnabled())

"""Puts the settings into force in the window: at its start, and at once when one changes."""

from __future__ import annotations

from PySide6.QtGui import QAction, QKeySequence

from clients.kit.theme import apply_theme, current_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.viewer import colours
from clients.viewer.desk import Desk
from clients.viewer.presets import layout_of
from clients.viewer.settings.store import Preferences
from clients.viewer.window_ports import ViewerFrame

_LOOKS: dict[str, dict[str, str]] = {
    "black": {
        "BACKGROUND": "#000000",
        "GRID": "#1b2125",
        "TEXT": "#c9cfc4",
        "TEXT_SHADOW": "#000000",
        "LETTER": "#9fb8bd",
        "SCALE": "#9fb8bd",
    },
    "blue": {
        "BACKGROUND": "#0b2340",
        "GRID": "#1d3c61",
        "TEXT": "#d3dce6",
        "TEXT_SHADOW": "#061424",
        "LETTER": "#a9c3de",
        "SCALE": "#a9c3de",
    },
    "white": {
        "BACKGROUND": "#ffffff",
        "GRID": "#c9d1d6",
        "TEXT": "#1d262c",
        "TEXT_SHADOW": "#ffffff",
        "LETTER": "#2c5560",
        "SCALE": "#2c5560",
    },
}
"""The viewer's colours in each look (VW-SET-12); measurements and warnings keep theirs."""


class Applying:
    """One method for each part of the settings; `everything` does all."""

    def __init__(self, desk: Desk, window: ViewerFrame) -> None:
        self._desk, self._window = desk, window
        self.preferences = Preferences(desk.settings)
        self._standard = {action.id: action.shortcut for action in desk.commands.declared}
        self._looked = "black"
        self._arranged_for = ""
        self._started_at = self.preferences.scale  # Qt enlarges everything by this one itself (application._scale)

    def everything(self) -> None:
        """What was set before the last end of the viewer."""
        self.information()
        self.shortcuts()
        self.mouse()
        self.first_image()
        self.strip()
        self.words()
        self.look()
        self.language()

    def information(self) -> None:
        self._desk.session.information = self.preferences.information

    def shortcuts(self) -> None:
        """The reader's keys for declared commands and for entries of menus, the standard ones for the rest."""
        chosen, commands = self.preferences.shortcuts, self._desk.commands
        for action_id, standard in self._standard.items():
            wanted = chosen.get(action_id, standard)
            if commands.shortcut(action_id) != _portable(wanted):
                commands.set_shortcut(action_id, wanted)
        for action in self.entries().values():
            wanted = chosen.get(action.objectName(), str(action.property("standard") or ""))
            action.setShortcut(QKeySequence(wanted, QKeySequence.SequenceFormat.PortableText))
        self._window.dress()  # tooltips name the keys

    def entries(self) -> dict[str, QAction]:
        """Entries of menus that have a name and a key of their own (presets, layouts)."""
        declared = {id(self._desk.commands.qt(action_id)) for action_id in self._standard}
        found = (action for action in self._desk.window.actions() if id(action) not in declared)
        return {action.objectName(): action for action in found if action.objectName()}

    @property
    def standard_keys(self) -> dict[str, str]:
        """Key of every command and menu entry as delivered."""
        entries = {name: str(action.property("standard") or "") for name, action in self.entries().items()}
        return {**self._standard, **entries}

    def mouse(self) -> None:
        chosen = self.preferences.mouse
        self._desk.session.buttons = {button: tool for button, tool in chosen.items() if button != "left"}
        self._desk.session.tool = chosen["left"]

    def first_image(self) -> None:
        for viewport in self._desk.session.viewports:
            viewport.opens_at = self.preferences.first_image

    def strip(self) -> None:
        self._window.place_strip(below=self.preferences.strip == "below")

    def words(self) -> None:
        self._window.tool_bar.words = self.preferences.words

    def look(self) -> None:
        """Colours of the viewports; the chrome is light only in the white look."""
        look = self.preferences.look
        if look == self._looked:
            return
        self._looked = look
        for name, colour in _LOOKS[look].items():
            setattr(colours, name, colour)
        theme = ThemeName.LIGHT if look == "white" else ThemeName.DARK
        if current_theme().name is not theme:
            apply_theme(theme, current_theme().density, current_theme().factor)
        self._window.dress()

    def scale(self) -> None:
        """The size of the interface (VW-SET-15): beyond what Qt was started with, the theme enlarges it."""
        theme, factor = current_theme(), self.preferences.scale / self._started_at
        if theme.factor != factor:
            apply_theme(theme.name, theme.density, factor)
            self._window.dress()

    def language(self) -> None:
        if self.preferences.language:
            set_language(Language(self.preferences.language))

    def layout(self) -> None:
        """A study was opened: the layout for its modality (VW-SET-11); later ones beside it change nothing."""
        session = self._desk.session
        first = session.studies[0].study_uid if session.studies else ""
        if first == self._arranged_for:
            return
        self._arranged_for = first
        if session.hung:  # a hanging protocol goes before
            return
        key = self.preferences.layouts.get(session.stacks[0].series.modality) if session.stacks else None
        if key is not None:
            session.forget_maximised()
            session.layout = layout_of(key)


def _portable(key: str) -> str:
    return QKeySequence(key, QKeySequence.SequenceFormat.PortableText).toString(
        QKeySequence.SequenceFormat.PortableText
    )

"""Settings as a feature: puts them into force at the start and opens their pop-up (VW-SET-01)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, cast

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue
from clients.viewer.desk import Desk, Feature
from clients.viewer.settings.applying import Applying
from clients.viewer.settings.elements import ElementTexts
from clients.viewer.settings.store import OwnPreset
from clients.viewer.settings.texts import CATALOGUE
from clients.viewer.window_ports import ViewerFrame

if TYPE_CHECKING:
    from clients.viewer.settings.dialog import SettingsDialog

register_catalogue(CATALOGUE)
OPEN = "settings.open"
_ENTRIES = {"menu.more": (OPEN,)}


class SettingsFeature(Feature):
    """One window with a page for each part; everything acts at once."""

    actions = (Action(OPEN, "设置…", "Ctrl+,", hint="显示信息、快捷键、鼠标、预设、主题、语言、缓存、显示方式"),)
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.dialog: SettingsDialog | None = None
        self._menu: QMenu | None = None
        self._own: list[QAction] = []
        desk.commands.on(OPEN, self.show)
        self._elements = ElementTexts(desk)

    def ready(self) -> None:
        """Everything that was set before acts again."""
        self.applying = Applying(self.desk, cast(ViewerFrame, self.desk.window))
        self.applying.everything()
        self.desk.session.studies_changed.connect(self.applying.layout)

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        super().fill_menu(menu_id, menu)
        if menu_id == "menu.presets":
            if self._menu is not menu:
                self._menu = menu
                menu.aboutToShow.connect(self._renew_presets)
            self._own = []

    def perform(self, action: str) -> bool:
        """``settings.PAGE`` opens the pop-up at a page."""
        kind, _, page = action.partition(".")
        if kind != "settings":
            return False
        self.show()
        return self.dialog is not None and self.dialog.open_page(page)

    def closing(self) -> None:
        if self.dialog is not None:
            self.dialog.close()

    def show(self) -> None:
        """Open the pop-up, or bring it to the front."""
        from clients.viewer.settings.dialog import SettingsDialog

        if self.dialog is None:
            self.dialog = SettingsDialog(self.desk, self.applying, self._elements.renew)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _renew_presets(self) -> None:
        """The reader's own presets stand at the end of the menu."""
        menu = self._menu
        if menu is None:
            return
        for action in self._own:
            menu.removeAction(action)
            action.deleteLater()
        self._own = []
        presets = self.applying.preferences.presets
        if presets:
            self._own.append(menu.addSeparator())
        for preset in presets:
            action = QAction(f"{preset.name}   {preset.width:g}/{preset.level:g}", menu)
            action.triggered.connect(functools.partial(self._take, preset))
            menu.addAction(action)
            self._own.append(action)

    def _take(self, preset: OwnPreset, _checked: bool = False) -> None:
        self.desk.session.active_viewport.voi = preset.window

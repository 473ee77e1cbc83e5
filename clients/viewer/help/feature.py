"""Help as a feature."""

from __future__ import annotations

from importlib import metadata

from PySide6.QtGui import QGuiApplication

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.help import texts
from clients.viewer.help.check import Facts, below, facts, lines_of
from clients.viewer.help.dialog import HelpDialog

register_catalogue(texts.CATALOGUE)
OPEN, SEEN, CONTACT = "help.open", "help.seen", "help.contact"
_ENTRIES = {"menu.more": (OPEN,)}


class HelpFeature(Feature):
    """帮助: safety sentences, minimum hardware, contact; shown by itself at the first use (VW-SAF-02)."""

    actions = (Action(OPEN, "帮助与注意事项", "F1"),)
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.dialog: HelpDialog | None = None
        desk.commands.on(OPEN, self.show)

    def perform(self, action: str) -> bool:
        """``help.first``: at the first use of this desk open the page; later warn where the computer is too small."""
        if action != "help.first":
            return False
        if self.desk.settings.get(SEEN) is not True:
            self.show()
            return True
        missing = below(self.facts())
        if missing:
            self.desk.say(tr("这台电脑低于最低配置：{what}", what=tr("、").join(missing)))
        return True

    def closing(self) -> None:
        if self.dialog is not None:
            self.dialog.close()

    def facts(self) -> Facts:
        """Of this computer and its largest screen."""
        sizes = []
        for screen in QGuiApplication.screens():
            size, ratio = screen.size(), screen.devicePixelRatio()
            sizes.append((round(size.width() * ratio), round(size.height() * ratio)))
        return facts(max(sizes, key=lambda size: size[0] * size[1]) if sizes else None)

    def show(self) -> None:
        """Open the page anew, in the language of now."""
        if self.dialog is not None:
            self.dialog.close()
            self.dialog.deleteLater()
        contact = self.desk.settings.get(CONTACT)
        contact = contact if isinstance(contact, str) else ""
        self.dialog = HelpDialog(self.desk.window, lines_of(self.facts()), contact, version())
        self.dialog.contact_changed.connect(self._keep_contact)
        self.dialog.show()
        self.desk.settings.set(SEEN, True)

    def _keep_contact(self, contact: str) -> None:
        self.desk.settings.set(CONTACT, contact)


def version() -> str:
    """Of the release (VW-ENV-08)."""
    try:
        return metadata.version("mingjing")
    except metadata.PackageNotFoundError:
        return "—"

"""Menus and tool bar made of the tables: what exists, what may be used now, what is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar
from shiboken6 import isValid

from clients.kit.actions import Action, ActionGroup
from clients.kit.tool_strip import Tool
from clients.kit.translations import tr
from clients.pathology.desk import Desk, Maker, find_maker
from clients.pathology.menus import ENTRIES, LIST_MENU, LIST_MENU_HEAD, MENUS, SITES, TOOLS, Entry, Menu, Needs
from clients.pathology.stations import SPECS

NOTHING = "没有可用的功能"
_LINES = frozenset({"case.previous", "imaging.live", "report.preview", "report.technical", "case.favourite"})


def available(entries: Mapping[str, Entry] = ENTRIES) -> dict[str, Maker]:
    """The makers of all entries that somebody wrote, by the entry's id."""
    found = {entry_id: find_maker(entry.maker) for entry_id, entry in entries.items()}
    return {entry_id: maker for entry_id, maker in found.items() if maker is not None}


def site_id(station: str) -> str:
    """Id of the action that goes to a workstation."""
    return f"site.{station}"


def declared_actions(makers: Mapping[str, Maker]) -> tuple[Action, ...]:
    """Every entry that exists and every workstation as an action of the kit."""
    entries = [
        Action(entry.id, entry.text, entry.shortcut, entry.icon, entry.hint)
        for entry in ENTRIES.values()
        if entry.id in makers
    ]
    sites = [Action(site_id(spec.id), spec.title, f"Ctrl+Alt+{n}", spec.icon) for n, spec in enumerate(SPECS, 1)]
    return (*entries, *sites)


def tools(makers: Mapping[str, Maker], may: Callable[[str], bool]) -> list[Tool]:
    """The buttons of the tool bar that this user has."""
    shown = [ENTRIES[entry_id] for entry_id in TOOLS if entry_id in makers and is_granted(ENTRIES[entry_id], may)]
    return [Tool(entry.id, entry.caption or entry.text, entry.id in _LINES) for entry in shown]


def is_granted(entry: Entry, may: Callable[[str], bool]) -> bool:
    """Say whether the user's rights allow an entry at all."""
    return not entry.permission or may(entry.permission)


def is_possible(entry: Entry, desk: Desk) -> bool:
    """Say whether an entry can be used with what lies on the desk."""
    if entry.action and not desk.allows(entry.action):
        return False
    match entry.needs:
        case Needs.OPEN:
            return desk.case is not None
        case Needs.DESK:
            return desk.is_open
        case Needs.ROW:
            return desk.selected is not None
        case Needs.CASE:
            return desk.case is not None or desk.selected is not None
    return True


class MenuBar(QMenuBar):
    """The thirteen menus in their order; one in which the user has nothing says so."""

    def __init__(self, desk: Desk, group: ActionGroup, makers: Mapping[str, Maker]) -> None:
        super().__init__()
        self._desk = desk
        self._group = group
        self._makers = makers
        self.menus: dict[str, QMenu] = {}
        self._subs: dict[str, QMenu] = {}
        self._empty: list[QAction] = []
        self._titles = {menu.id: menu.title for menu in MENUS}
        for menu in MENUS:
            made = self.addMenu("")
            made.setToolTipsVisible(True)
            self.menus[menu.id] = made
            self._fill(made, menu)
        self._retranslate()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _fill(self, made: QMenu, menu: Menu) -> None:
        if menu is SITES:
            for spec in SPECS:
                if self._desk.may(spec.permission):
                    made.addAction(self._group.qt(site_id(spec.id)))
        add_entries(made, menu.entries, self._desk, self._group, self._makers, self._subs)
        if made.isEmpty():
            nothing = made.addAction("")
            nothing.setEnabled(False)
            self._empty.append(nothing)

    def _retranslate(self) -> None:
        # A window that was closed hears of a new language too, perhaps when its menus are gone already.
        for menu_id, made in self.menus.items():
            if isValid(made):
                made.setTitle(tr(self._titles[menu_id]))
        for title, made in self._subs.items():
            if isValid(made):
                made.setTitle(tr(title))
        for nothing in self._empty:
            if isValid(nothing):
                nothing.setText(tr(NOTHING))


def add_entries(
    made: QMenu,
    entries: Sequence[Entry],
    desk: Desk,
    group: ActionGroup,
    makers: Mapping[str, Maker],
    subs: dict[str, QMenu],
) -> None:
    """Add the entries that exist and that the user's rights allow."""
    line = False
    for entry in entries:
        line = line or entry.line
        if entry.id not in makers or not is_granted(entry, desk.may):
            continue
        if line and not made.isEmpty():
            made.addSeparator()
        line = False
        target = made
        if entry.submenu:
            if entry.submenu not in subs:
                subs[entry.submenu] = made.addMenu(tr(entry.submenu))
            target = subs[entry.submenu]
        target.addAction(group.qt(entry.id))


def fill_list_menu(menu: QMenu, desk: Desk, group: ActionGroup, makers: Mapping[str, Maker]) -> None:
    """The context menu of the case list (PA-DX-30 to -40)."""
    head = [ENTRIES[entry_id] for entry_id in LIST_MENU_HEAD]
    add_entries(menu, head, desk, group, makers, {})
    if not menu.isEmpty():
        menu.addSeparator()
    add_entries(menu, LIST_MENU, desk, group, makers, {})
    if menu.isEmpty():
        menu.addAction(tr(NOTHING)).setEnabled(False)

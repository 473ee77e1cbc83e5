"""What an entry of a menu is, and where the makers of entries live."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Needs(Enum):
    """What must be there before an entry can be used."""

    NOTHING = "nothing"
    OPEN = "open"  # a stored case lies on the desk
    DESK = "desk"  # a case lies on the desk, be it stored or new
    ROW = "row"  # a row of the case list is under the cursor
    CASE = "case"  # the open case or, without one, the row


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a menu, of the tool bar or of the list's menu."""

    id: str
    text: str  # Chinese source text
    maker: str  # "module:name"
    shortcut: str = ""
    icon: str = ""
    permission: str = ""
    needs: Needs = Needs.NOTHING
    action: str = ""
    """`CaseAction` that must stand in `allowed` of the open case."""
    hint: str = ""  # Chinese source text, second line of the tooltip
    caption: str = ""
    """Short words under the icon in the tool bar; empty for `text`."""
    checkable: bool = False
    line: bool = False
    """A line stands above it."""
    submenu: str = ""
    """Chinese title of the submenu that holds it; empty for the menu itself."""


@dataclass(frozen=True, slots=True)
class Menu:
    """One of the thirteen."""

    id: str
    title: str
    entries: tuple[Entry, ...] = ()


HERE = "clients.pathology."
IN_SHELL = HERE + "shell.entries:"
IN_REGISTRATION = HERE + "registration.entries:"
IN_PREPARATION = HERE + "preparation.entries:"
IN_MEDIA = HERE + "media.entries:"
IN_ANALYSIS = HERE + "analysis.entries:"
IN_STATISTICS = HERE + "statistics.entries:"
IN_DIAGNOSIS = HERE + "diagnosis.entries:"
IN_ORDERS = HERE + "orders.entries:"
IN_ARCHIVE = HERE + "archive.entries:"
IN_SETTINGS = HERE + "settings.entries:"
IN_TEMPLATES = HERE + "templates.entries:"
"""Beginnings of the names of makers."""

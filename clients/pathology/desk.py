"""The desk: what every tab, menu entry and link of the workstation works with. It knows no Qt.

One desk lives as long as a session. It holds the open case, steps through the list, loads, saves and closes, and tells
everybody who listens. All of it happens in the thread of the screens; answers of the server come back there too.

A tab is made by ``maker(desk) -> QWidget`` (`tabs.TABS`), a menu entry is done by ``maker(desk) -> None``
(`menus.ENTRIES`), a link below the list likewise (`links.LINKS`). A tab that edits something of the case registers a
`Part`, so that 保存 of the tool bar, closing and stepping on know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from clients.kit.bell import Bell
from clients.kit.translations import tr
from shared.contract.pathology import CaseDetails, CaseFilter, CaseRow, CaseView, LibraryView, Neighbours
from shared.contract.pathology_stations import StationSettings
from shared.domain.pathology import CaseFlag, CaseState, Station

if TYPE_CHECKING:
    from clients.kit.shell import Workplace
    from clients.pathology.links import Link
    from clients.pathology.stations import StationSpec


class Part(Protocol):
    """What one tab edits of the open case. Texts that are not saved yet are journaled by the tab (`place.drafts`)."""

    def is_dirty(self) -> bool:
        """Say whether something differs from what the server has."""
        ...

    def save(self, done: Callable[[], None], failed: Callable[[], None]) -> None:
        """Store this part (off the GUI thread) and call exactly one of the two, in the GUI thread.

        Whoever calls `failed` has already told the user why: at the field, or through `desk.place.messages`.
        """
        ...

    def discard(self) -> None:
        """Forget the changes and their draft: the user said so."""
        ...


class Answer(Enum):
    """What the user says to 有未保存的修改."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


class View(Protocol):
    """What the desk asks of the window; the window implements it, tests fake it."""

    def ask_unsaved(self, tabs: Sequence[str], answer: Callable[[Answer], None]) -> None:
        """Ask whether the changes on these tabs (Chinese titles) are saved before the case is left."""
        ...

    def show_tab(self, tab_id: str) -> None:
        """Bring a tab to the front; an id that the station does not have does nothing."""
        ...

    def show_panel(self, title: str, content: Any, width: int | None = None) -> None:
        """Show a widget at the right edge under a title (Chinese source)."""
        ...

    def close_panel(self) -> None:
        """Close what `show_panel` opened."""
        ...

    def show_window(self, title: str, content: Any, size: tuple[int, int] | None = None) -> None:
        """Show a widget in a window of its own over the workstation; Escape closes it."""
        ...

    def set_entry(self, entry_id: str, *, enabled: bool | None, checked: bool | None, text: str | None) -> None:
        """Change a menu entry and its button: see `Desk.set_entry`."""
        ...

    def refresh_lists(self) -> None:
        """Load list, counters and links again, soon."""
        ...

    def show_special(self, title: str, flags: tuple[CaseFlag, ...], states: tuple[CaseState, ...]) -> None:
        """Show a special list (Chinese title) in the place of the usual case list."""
        ...

    def toggle_part(self, part: str) -> None:
        """Show or hide `tool_bar`, `status`, `list` or `counters` of the window (PA-GEN-11)."""
        ...

    def fill_list_menu(self, menu: Any) -> None:
        """Add the entries of the list's context menu to a QMenu."""
        ...

    def link_maker(self, link: Link) -> Maker | None:
        """What a link below the list does; None while nobody wrote it."""
        ...


class Server(Protocol):
    """What the desk itself asks of the server; blocking, raises RpcError. `shell.server` implements it."""

    def load(self, case_id: int) -> CaseDetails:
        """The case with everything in it."""
        ...

    def neighbours(self, case_id: int, filter: CaseFilter) -> Neighbours:
        """The cases beside it in the list."""
        ...


class Desk:
    """The workstation as a tab or an entry sees it. Attributes are read; only methods change anything."""

    def __init__(self, place: Workplace, station: StationSpec, library: LibraryView, server: Server) -> None:
        self.place = place
        """Connection, session, runner, messages, drafts, settings, scanner (`clients.kit.shell.Workplace`)."""
        self.station = station
        self.library = library
        """The library that the user chose at the log-in."""
        self.libraries: tuple[LibraryView, ...] = (library,)
        """Every library in use."""
        self.settings = StationSettings()
        """What every station follows: dates and unit of new registrations, fields of quick registration."""
        self.papers: Any = None
        """Hands documents of the server to the printers of this computer (`clients.kit.printing.documents`)."""
        self.details: CaseDetails | None = None
        """The open case with everything in it, or None."""
        self.is_new = False
        """A case is being registered that the server does not know yet; `case` is None then."""
        self.is_quick = False
        """The next new case is to ask only the configured fields (快速登记)."""
        self.is_appointment = False
        """The new case is to be booked only (预约病例)."""
        self.selected: CaseRow | None = None
        """The row of the case list under the cursor, or None."""
        self.filter = CaseFilter()
        """What the case list shows; 上一例 and 下一例 step in it."""
        self.view: View
        """The window; set before any tab is made."""
        self.opened: Bell[CaseDetails] = Bell()
        """A case was opened. Also after 登记 was stored for the first time."""
        self.started: Bell[None] = Bell()
        """登记病例: an empty case is on the desk (`is_new`)."""
        self.changed: Bell[CaseDetails] = Bell()
        """The open case is newer: something was saved here or by another station."""
        self.closed: Bell[None] = Bell()
        """No case is open any more."""
        self.saved: Bell[None] = Bell()
        """保存 of the tool bar finished well."""
        self.selection: Bell[CaseRow | None] = Bell()
        """Another row of the list is under the cursor; the row or None."""
        self.station_changed: Bell[Station] = Bell()
        self.dirty_changed: Bell[None] = Bell()
        """A part says that it became dirty or clean (`touched`)."""
        self.wanted_number: Bell[str] = Bell()
        """A number was chosen for the new case (漏编号查找)."""
        self._server = server
        self._parts: dict[str, tuple[str, Part]] = {}
        self._scans: list[Callable[[str], bool]] = []
        self._busy = False

    # ── what is open ─────────────────────────────────────────────────────────────────────────────────

    @property
    def case(self) -> CaseView | None:
        """The open case, or None."""
        return self.details.case if self.details is not None else None

    @property
    def is_open(self) -> bool:
        """Say whether a case lies on the desk, be it stored or new."""
        return self.case is not None or self.is_new

    def may(self, permission: str) -> bool:
        """Say whether the user has a permission."""
        return self.place.may(permission)

    def allows(self, action: str) -> bool:
        """Say whether the open case allows an action (`CaseAction`) to this user."""
        return self.case is not None and action in self.case.allowed

    def open_case(self, case_id: int, then: Callable[[], None] | None = None) -> None:
        """Open a case instead of the present one; unsaved changes are asked about first."""
        self.leave(lambda: self._open(case_id, then))

    def new_case(self, *, appointment: bool = False) -> None:
        """登记病例 or 预约病例: put an empty case on the desk; unsaved changes are asked about first."""
        self.leave(lambda: self._start(appointment))

    def close_case(self, then: Callable[[], None] | None = None) -> None:
        """关闭病例; unsaved changes are asked about first."""

        def close() -> None:
            self._close()
            if then is not None:
                then()

        self.leave(close)

    def adopt(self, details: CaseDetails) -> None:
        """Show what a command just returned: the open case as it is now, or a new one that was stored."""
        was = self.case
        self.details, self.is_new = details, False
        (self.changed if was is not None and was.id == details.case.id else self.opened).ring(details)

    def reload(self, then: Callable[[], None] | None = None) -> None:
        """Fetch the open case again, because something of it changed."""
        if self.case is None:
            return
        case_id = self.case.id

        def arrived(details: CaseDetails) -> None:
            if self.case is not None and self.case.id == case_id:
                self.adopt(details)
                if then is not None:
                    then()

        self.place.runner.run(
            lambda: self._server.load(case_id), arrived, self.place.messages.report, key="pathology.reload"
        )

    def step(self, by: int) -> None:
        """上一例 (-1), 下一例 (+1): open the neighbour in the list, counted from the open case, else from the row."""
        here = self.case or self.selected
        if here is None:
            return
        case_id = here.id

        def arrived(beside: Neighbours) -> None:
            wanted = beside.previous_id if by < 0 else beside.next_id
            if wanted:
                self.open_case(wanted)
            else:
                self.place.messages.say(tr("已是列表的第一例") if by < 0 else tr("已是列表的最后一例"))

        self.place.runner.run(
            lambda: self._server.neighbours(case_id, self.filter),
            arrived,
            self.place.messages.report,
            key="pathology.step",
        )

    # ── saving ───────────────────────────────────────────────────────────────────────────────────────

    def add_part(self, tab_id: str, title: str, part: Part) -> None:
        """Let a tab take part in saving; `title` is the tab's Chinese title. Parts are saved in this order."""
        self._parts[tab_id] = (title, part)

    def remove_part(self, tab_id: str) -> None:
        """The tab is gone."""
        self._parts.pop(tab_id, None)

    def touched(self) -> None:
        """A part became dirty or clean."""
        self.dirty_changed.ring(None)

    def dirty_tabs(self) -> tuple[str, ...]:
        """Chinese titles of the tabs with unsaved changes."""
        return tuple(title for title, part in self._parts.values() if part.is_dirty())

    def save_all(self, then: Callable[[], None] | None = None) -> None:
        """保存 of the tool bar: store every tab of the open case (PA-GEN-09); stops at the first that fails."""
        if self._busy:
            return
        self._busy = True
        waiting = [part for _title, part in self._parts.values() if part.is_dirty()]

        def next_part() -> None:
            if waiting:
                waiting.pop(0).save(next_part, failed)
                return
            self._busy = False
            self.saved.ring(None)
            self.dirty_changed.ring(None)
            if then is not None:
                then()

        def failed() -> None:
            self._busy = False
            self.dirty_changed.ring(None)

        next_part()

    def save_part(self, tab_id: str, then: Callable[[], None] | None = None) -> None:
        """保存 at the foot of a tab: store that tab only (PA-GEN-09)."""
        if self._busy or tab_id not in self._parts:
            return
        self._busy = True

        def done() -> None:
            self._busy = False
            self.dirty_changed.ring(None)
            if then is not None:
                then()

        def failed() -> None:
            self._busy = False

        self._parts[tab_id][1].save(done, failed)

    def leave(self, then: Callable[[], None]) -> None:
        """Go on with `then` when nothing unsaved would be lost: the user is asked (PA-CASE-07)."""
        tabs = self.dirty_tabs()
        if not tabs:
            then()
            return

        def answered(answer: Answer) -> None:
            if answer is Answer.SAVE:
                self.save_all(then)
            elif answer is Answer.DISCARD:
                for _title, part in self._parts.values():
                    part.discard()
                self.dirty_changed.ring(None)
                then()

        self.view.ask_unsaved(tabs, answered)

    # ── the window ───────────────────────────────────────────────────────────────────────────────────

    def show_tab(self, tab_id: str) -> None:
        """Bring a tab to the front."""
        self.view.show_tab(tab_id)

    def show_panel(self, title: str, content: Any, width: int | None = None) -> None:
        """Show a widget at the right edge; `title` is a Chinese source string."""
        self.view.show_panel(title, content, width)

    def close_panel(self) -> None:
        """Close the panel at the right edge."""
        self.view.close_panel()

    def show_window(self, title: str, content: Any, size: tuple[int, int] | None = None) -> None:
        """Show a widget in a window of its own; `title` is a Chinese source string, `size` in pixels."""
        self.view.show_window(title, content, size)

    def set_entry(
        self, entry_id: str, *, enabled: bool | None = None, checked: bool | None = None, text: str | None = None
    ) -> None:
        """Change an entry in menu and tool bar: whether it can be used, whether it is on, its words (Chinese source).

        `enabled=False` forbids what the rules of the entry would allow; `enabled=True` lifts that again.
        """
        self.view.set_entry(entry_id, enabled=enabled, checked=checked, text=text)

    def refresh_lists(self) -> None:
        """Load list, counters and links again; many calls in a moment are one."""
        self.view.refresh_lists()

    def select(self, row: CaseRow | None) -> None:
        """The list tells which row is under the cursor."""
        self.selected = row
        self.selection.ring(row)

    # ── scanning ─────────────────────────────────────────────────────────────────────────────────────

    def on_scan(self, handler: Callable[[str], bool]) -> Callable[[], None]:
        """Offer every scan to `handler` first, the newest first in line; it says whether the scan was its own.

        What nobody takes opens the case of the barcode (PA-BAR-03). The function returned ends it.
        """
        self._scans.append(handler)

        def forget() -> None:
            if handler in self._scans:
                self._scans.remove(handler)

        return forget

    def take_scan(self, code: str) -> bool:
        """Offer a scan to the handlers; False when nobody took it."""
        return any(handler(code) for handler in reversed(self._scans))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _open(self, case_id: int, then: Callable[[], None] | None) -> None:
        def arrived(details: CaseDetails) -> None:
            if self.is_open:
                self._close()
            self.details, self.is_new = details, False
            self.opened.ring(details)
            if then is not None:
                then()

        self.place.runner.run(
            lambda: self._server.load(case_id), arrived, self.place.messages.report, key="pathology.open"
        )

    def _start(self, appointment: bool) -> None:
        if self.is_open:
            self._close()
        self.is_new, self.is_appointment = True, appointment
        self.started.ring(None)

    def _close(self) -> None:
        self.details, self.is_new = None, False
        self.closed.ring(None)


Maker = Callable[[Desk], Any]
"""What ``"module:name"`` of a table names."""


def find_maker(name: str) -> Maker | None:
    """Import ``"module:name"``; None while nobody wrote it yet (the entry or tab is then left out).

    A module that exists and fails to import is a defect and raises.
    """
    import importlib
    import importlib.util

    module, _, attribute = name.partition(":")
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        if importlib.util.find_spec(".".join(parts[:length])) is None:
            return None
    found: Maker | None = getattr(importlib.import_module(module), attribute, None)
    return found


def catalogues(packages: Mapping[str, str] | Sequence[str]) -> list[Mapping[str, str]]:
    """The English words (`ENTRIES`) of these modules, of those that exist."""
    found: list[Mapping[str, str]] = []
    for module in packages:
        entries = find_maker(f"{module}:ENTRIES")
        if entries is not None:
            found.append(entries)  # type: ignore[arg-type]
    return found

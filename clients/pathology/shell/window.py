"""One station on screen: tool bar, list at the left, header and tabs at the right; the menu bar goes to the shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from clients.kit.coalescing import Coalesced
from clients.kit.dialogs import ContentWindow, Question
from clients.kit.labels import ValueLabel
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.tool_strip import ToolStrip
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Answer, Desk, Maker, find_maker
from clients.pathology.links import Link
from clients.pathology.menus import ENTRIES
from clients.pathology.shell.bars import MenuBar, fill_list_menu, is_granted, is_possible, site_id, tools
from clients.pathology.shell.case_list import CaseList
from clients.pathology.shell.header import CaseHeader
from clients.pathology.shell.idle import IdleGuard
from clients.pathology.shell.tab_area import TabArea
from clients.pathology.stations import SPECS, StationSpec, spec_of
from clients.pathology.tabs import LEFT
from shared.contract.base import Changed, Notice
from shared.contract.pathology import CASE_ENTITY, LibraryView
from shared.contract.pathology_stations import StationSettings
from shared.domain.pathology import CaseFlag, CaseState, Station

STATION_KEY = "pathology/station"
"""Where a user's last station on this computer is remembered (PA-SITE-04)."""
_HIDDEN_KEY = "pathology/hidden"
_SPLIT_KEY = "pathology/list_width"
ROOM_FOR_BOTH = 1000
"""Pixels that list and pages need beside each other."""
_PARTS = {"tool_bar": "view.tool_bar", "status": "view.status", "list": "view.list", "counters": "view.counters"}


class StationWindow(QWidget):
    """The workstation of one session; stations are exchanged inside it without a new log-in (PA-SITE-01)."""

    def __init__(self, place: Workplace, desk: Desk, makers: Mapping[str, Maker]) -> None:
        super().__init__()
        self._place = place
        self.desk = desk
        self._makers = makers
        self._forbidden: set[str] = set()
        self._windows: list[ContentWindow] = []
        self.question: Question | None = None
        desk.view = self
        for entry_id, maker in makers.items():
            action = place.actions.qt(entry_id)
            if ENTRIES[entry_id].checkable:
                action.setCheckable(True)
            place.actions.on(entry_id, _Perform(desk, maker))
        for spec in SPECS:
            place.actions.qt(site_id(spec.id)).setCheckable(True)
            place.actions.on(site_id(spec.id), _Go(self, spec))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.tool_strip = ToolStrip(place.actions, tools(makers, desk.may))
        box.addWidget(self.tool_strip)
        self.across = QSplitter(Qt.Orientation.Horizontal)
        self.across.setChildrenCollapsible(False)
        self.across.splitterMoved.connect(self._dragged)
        box.addWidget(self.across, 1)
        self.left: QWidget | None = None
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.header = CaseHeader(desk)
        self.tabs = TabArea(desk)
        column.addWidget(self.header)
        column.addWidget(self.tabs, 1)
        self.right = right
        self.across.addWidget(right)
        self.menu_bar = MenuBar(desk, place.actions, makers)
        place.shell.bar.hide()
        place.shell.setMenuBar(self.menu_bar)
        self.status_words = ValueLabel("", "caption")
        self.status_words.setMinimumWidth(280)
        self.status_words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        place.shell.add_status(self.status_words)
        self._listen()
        self.enter_station(desk.station)
        self._apply_hidden()
        self.idle = IdleGuard(self, self._protect)
        if (resume := find_maker("clients.pathology.media.session:resume")) is not None:
            resume(desk)  # captures that a crash left behind

    # ── what the desk asks ───────────────────────────────────────────────────────────────────────────

    def ask_unsaved(self, tabs: Sequence[str], answer: Callable[[Answer], None]) -> None:
        """Ask whether changes are saved, thrown away or worked on."""
        if self.question is not None:
            return
        names = tr("、").join(tr(tab) for tab in tabs)

        def answered(key: str) -> None:
            self.question = None
            answer(Answer(key))

        self.question = Question(
            self.window(),
            "有未保存的修改",
            tr("“{tabs}”中的修改还没有保存。", tabs=names),
            (
                (Answer.SAVE.value, "保存", "primary"),
                (Answer.DISCARD.value, "不保存", "danger"),
                (Answer.STAY.value, "继续编辑", ""),
            ),
            answered,
        )
        self.question.open()

    def show_tab(self, tab_id: str) -> None:
        """Bring a tab to the front."""
        self.tabs.show_tab(tab_id)

    def show_panel(self, title: str, content: Any, width: int | None = None) -> None:
        """Show a widget at the right edge."""
        self._place.side_panel.show_content(title, content, width=width)

    def close_panel(self) -> None:
        """Close what stands at the right edge."""
        self._place.side_panel.close_panel()

    def show_window(self, title: str, content: Any, size: tuple[int, int] | None = None) -> None:
        """Show a widget in a window of its own."""
        made = ContentWindow(self.window(), title, content, size)
        self._windows.append(made)
        made.destroyed.connect(_Forget(self._windows, made))
        made.show()

    def set_entry(
        self, entry_id: str, *, enabled: bool | None = None, checked: bool | None = None, text: str | None = None
    ) -> None:
        """Change an entry and its button; ids that are not there do nothing."""
        if entry_id not in self._makers:
            return
        action = self._place.actions.qt(entry_id)
        if enabled is not None:
            (self._forbidden.discard if enabled else self._forbidden.add)(entry_id)
            self.reflect()
        if checked is not None:
            action.setChecked(checked)
        if text is not None:
            action.setText(tr(text))
            self.tool_strip.set_caption(entry_id, text)

    def refresh_lists(self) -> None:
        """Load the list at the left and the counters soon."""
        if isinstance(self.left, CaseList) or (self.left is not None and hasattr(self.left, "refresh")):
            self.left.refresh()

    def show_special(self, title: str, flags: tuple[CaseFlag, ...], states: tuple[CaseState, ...]) -> None:
        """Show a special list in the case list."""
        if isinstance(self.left, CaseList):
            self.set_part_shown("list", True)
            self.left.presenter.show_special(title, flags, states)

    def fill_list_menu(self, menu: QMenu) -> None:
        """Fill the context menu of the list."""
        fill_list_menu(menu, self.desk, self._place.actions, self._makers)

    def link_maker(self, link: Link) -> Maker | None:
        """What a link does, if somebody wrote it."""
        return find_maker(link.maker)

    def toggle_part(self, part: str) -> None:
        """Show or hide a part of the window and remember it."""
        self.set_part_shown(part, part in self._hidden())

    def follow_settings(self, settings: StationSettings) -> None:
        """The department's settings changed."""
        self.desk.settings = settings
        self.idle.set_minutes(settings.idle_minutes)
        if isinstance(self.left, CaseList):
            self.left.follow_settings()

    # ── stations ─────────────────────────────────────────────────────────────────────────────────────

    def go_to_station(self, spec: StationSpec) -> None:
        """Switch the workstation; the open case is closed, unsaved changes are asked about first."""
        if spec.id is self.desk.station.id or not self.desk.may(spec.permission):
            self._show_station()
            return
        self.desk.close_case(lambda: self.enter_station(spec))
        self._show_station()

    def enter_station(self, spec: StationSpec) -> None:
        """Exchange list and tabs."""
        self.desk.station = spec
        self._place.settings.set(STATION_KEY, spec.id.value)
        self.desk.select(None)
        self._place.side_panel.close_panel()
        if self.left is not None:
            self.left.close()
            self.left.hide()
            self.left.deleteLater()
        _title, name = LEFT[spec.left]
        maker = find_maker(name)
        self.left = maker(self.desk) if maker is not None else CaseList(self.desk)
        self.left.setMinimumWidth(328)
        self.across.insertWidget(0, self.left)
        self.across.setStretchFactor(0, 0)
        self.across.setStretchFactor(1, 1)
        self._share_width()
        self.tabs.enter(spec)
        self._apply_hidden()
        self._show_station()
        self.desk.station_changed.ring(spec.id)
        self.reflect()
        if isinstance(self.left, CaseList):
            QTimer.singleShot(0, self.left, self.left.focus_number)  # once it is on screen

    # ── states ───────────────────────────────────────────────────────────────────────────────────────

    def reflect(self) -> None:
        """Enable and disable every entry by rights, rules and what parts forbade."""
        for entry_id in self._makers:
            entry = ENTRIES[entry_id]
            usable = is_granted(entry, self.desk.may) and is_possible(entry, self.desk)
            self._place.actions.set_enabled(entry_id, usable and entry_id not in self._forbidden)
        for spec in SPECS:
            self._place.actions.set_enabled(site_id(spec.id), self.desk.may(spec.permission))

    def set_part_shown(self, part: str, shown: bool) -> None:
        """Show or hide a part of the window and remember it."""
        hidden = self._hidden() - {part} if shown else self._hidden() | {part}
        self._place.settings.set(_HIDDEN_KEY, sorted(hidden))
        self._apply_hidden()

    def may_leave(self, then: Callable[[], object]) -> bool:
        """Say whether the window may close now; else the user is asked and `then` is called afterwards."""
        if not self.desk.dirty_tabs():
            return True
        self.desk.leave(lambda: self._leave_now(then))
        return False

    def closeEvent(self, event: object) -> None:
        self.idle.stop()
        self._forget_notices()
        for window in tuple(self._windows):
            window.close()
        for part in (self.left, self.header, self.tabs):
            if part is not None:
                part.close()
        super().closeEvent(event)  # type: ignore[arg-type]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside a panel at the right edge only the pages stay: half a list helps nobody."""
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self._share_width()
            self._apply_hidden()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show_station()
        super().changeEvent(event)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _listen(self) -> None:
        desk = self.desk
        self._reload_soon = Coalesced(self._reload, self)
        self._listening = True
        self._place.on_notice(self._heard)
        self._bells = [
            desk.opened.listen(lambda _case: self.reflect()),
            desk.changed.listen(lambda _case: self.reflect()),
            desk.closed.listen(lambda _none: self.reflect()),
            desk.started.listen(lambda _none: self.reflect()),
            desk.selection.listen(lambda _row: self.reflect()),
        ]

    def _forget_notices(self) -> None:
        self._listening = False
        for forget in self._bells:
            forget()

    def _heard(self, notice: Notice) -> None:
        case = self.desk.case
        if not self._listening or not isinstance(notice, Changed) or notice.entity != CASE_ENTITY:
            return
        if case is not None and notice.id == case.id and notice.version > case.revision:
            self._reload_soon.poke()

    def _reload(self) -> None:
        if self._listening:
            self.desk.reload()

    def _protect(self) -> None:
        """The idle time is over: drafts are on disk already, the session ends."""
        self._place.shell.logged_out.emit(tr("长时间无操作，已自动注销；未保存的内容保留为草稿。"))

    @staticmethod
    def _leave_now(then: Callable[[], object]) -> None:
        then()

    def _is_narrow(self) -> bool:
        return self.isVisible() and self.width() < ROOM_FOR_BOTH

    def _share_width(self) -> None:
        """The list gets a quarter, between what it needs and what it can use; the user may drag it."""
        kept = self._place.settings.get(_SPLIT_KEY, 0)
        left = kept if isinstance(kept, int) and kept > 0 else min(max(396, round(self.width() * 0.26)), 760)
        self.across.setSizes([left, max(1, self.width() - left)])

    def _dragged(self, position: int, _index: int) -> None:
        self._place.settings.set(_SPLIT_KEY, position)

    def _hidden(self) -> set[str]:
        kept = self._place.settings.get(_HIDDEN_KEY, [])
        return {part for part in kept if part in _PARTS} if isinstance(kept, list) else set()

    def _apply_hidden(self) -> None:
        hidden = self._hidden()
        self.tool_strip.setVisible("tool_bar" not in hidden)
        self._place.shell.status.setVisible("status" not in hidden)
        if self.left is not None:
            self.left.setVisible("list" not in hidden and not self._is_narrow())
        if isinstance(self.left, CaseList):
            self.left.links.setVisible("counters" not in hidden and bool(self.left.links.buttons))
        for part, entry_id in _PARTS.items():
            if entry_id in self._makers:
                self._place.actions.qt(entry_id).setChecked(part not in hidden)

    def _show_station(self) -> None:
        spec = self.desk.station
        for one in SPECS:
            self._place.actions.qt(site_id(one.id)).setChecked(one.id is spec.id)
        session = self._place.session
        who = session.name or session.login
        library = library_name(self.desk.library)
        words = (tr(spec.title), library, tr("用户 {name}", name=who))
        self.status_words.set_text("  ·  ".join(words))
        self._place.shell.setWindowTitle(" · ".join((tr(spec.title), library, tr("明镜影像"))))


def library_name(library: LibraryView) -> str:
    """What a library is called in the language of the moment."""
    entry = library.entry
    return (language() is Language.ENGLISH and entry.name_en) or entry.name


def first_station(place: Workplace, wanted: str = "") -> StationSpec | None:
    """The station to begin with: the one asked for, the last one here, or the first that the user may use."""
    allowed = [spec for spec in SPECS if place.may(spec.permission)]
    for name in (wanted, str(place.settings.get(STATION_KEY, ""))):
        if name in set(Station) and spec_of(name) in allowed:
            return spec_of(name)
    if wanted:
        place.messages.say(tr("您没有这个工作站的权限。"), Tone.WARNING)
    return allowed[0] if allowed else None


class _Perform:
    def __init__(self, desk: Desk, maker: Maker) -> None:
        self._desk, self._maker = desk, maker

    def __call__(self) -> None:
        self._maker(self._desk)


class _Go:
    def __init__(self, window: StationWindow, spec: StationSpec) -> None:
        self._window, self._spec = window, spec

    def __call__(self) -> None:
        self._window.go_to_station(self._spec)


class _Forget:
    def __init__(self, windows: list[ContentWindow], window: ContentWindow) -> None:
        self._windows, self._window = windows, window

    def __call__(self, _object: object = None) -> None:
        if self._window in self._windows:
            self._windows.remove(self._window)

"""The main window of every workstation: navigation, bar, banner, page, side panel, status strip, toasts, palette."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal, SignalInstance, Slot
from PySide6.QtGui import QCloseEvent, QColor, QIcon, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.actions import Action, ActionGroup, check_actions, tooltip
from clients.kit.connection import Connection, LineReport, LineState
from clients.kit.drafts import DraftStore
from clients.kit.icons import require_icon
from clients.kit.labels import Glyph, IconButton, Label, ValueLabel
from clients.kit.login import Mark
from clients.kit.messages import incident_message, message_for
from clients.kit.panels import Banner, SidePanel, Toast, ToastArea
from clients.kit.running import TaskRunner
from clients.kit.scanner import ScannerInput
from clients.kit.settings import UserSettings
from clients.kit.theme import apply_theme, current_theme, is_look_change
from clients.kit.tokens import Density, ThemeName, Tone
from clients.kit.translations import Language, language, set_language, tr
from shared.contract.base import Notice
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.identity import SessionView

THEME_KEY, DENSITY_KEY, LANGUAGE_KEY, PAGE_KEY = "theme", "density", "language", "shell/page"


class ShellDeclarationError(ValueError):
    """Pages are declared wrongly; found at start."""


@dataclass(frozen=True)
class Page:
    """One page of a workstation. `build` makes its widget when it is first shown; `title` is a Chinese source string.

    `permission` keeps the page away from users who lack it. Pages get Ctrl+1, Ctrl+2 … in their order.
    """

    id: str
    title: str
    icon: str
    build: Callable[[Workplace], QWidget]
    actions: Sequence[Action] = field(default_factory=tuple)
    permission: str = ""


@dataclass(frozen=True)
class Workplace:
    """Everything a page may use; given to its `build`."""

    connection: Connection
    session: SessionView
    runner: TaskRunner
    settings: UserSettings
    desk_settings: UserSettings
    messages: ShellMessages
    drafts: DraftStore
    side_panel: SidePanel
    scanner: ScannerInput
    actions: ActionGroup
    shell: Shell

    def go_to(self, page_id: str) -> QWidget:
        """Show another page and return its widget."""
        return self.shell.go_to(page_id)

    def on_notice(self, listener: Callable[[Notice], None]) -> None:
        """Hear every notice, in the GUI thread."""
        self.shell.line.add_notice_listener(listener)

    def may(self, permission: str) -> bool:
        """Say whether the user has a permission."""
        return permission in self.session.permissions


def _say(signal: SignalInstance, what: object) -> None:
    with contextlib.suppress(RuntimeError):  # the window is gone, its connection not yet
        signal.emit(what)


class LineWatcher(QObject):
    """Brings line states and notices from the connection's threads into the GUI thread."""

    _line_heard = Signal(object)
    _notice_heard = Signal(object)
    changed = Signal(object)
    """LineReport."""

    def __init__(self, connection: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self._listeners: list[Callable[[Notice], None]] = []
        self._line_heard.connect(self._on_line)
        self._notice_heard.connect(self._on_notice)
        self.report = LineReport(LineState.ONLINE, datetime.now(UTC))
        connection.on_line_state(partial(_say, self._line_heard))
        connection.on_notice(partial(_say, self._notice_heard))

    def add_notice_listener(self, listener: Callable[[Notice], None]) -> None:
        """Call `listener` in the GUI thread with every notice."""
        self._listeners.append(listener)

    @Slot(object)
    def _on_line(self, report: LineReport) -> None:
        self.report = report
        self.changed.emit(report)

    @Slot(object)
    def _on_notice(self, notice: Notice) -> None:
        for listener in tuple(self._listeners):
            listener(notice)


class ShellMessages:
    """Messages as toasts of the window."""

    def __init__(self, area: ToastArea, session_ended: Callable[[str], None]) -> None:
        self._area = area
        self._session_ended = session_ended

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show a finished sentence for some seconds, longer when it is bad news."""
        self._area.add(Toast(text, tone, 8 if tone in (Tone.DANGER, Tone.WARNING) else 4))

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Say what was done, with a link that takes it back."""
        self._area.add(Toast(text, Tone.SUCCESS, 8, action="撤销", on_action=undo))

    def say_incident(self, number: str) -> None:
        """Tell the number of a defect that was logged."""
        message = incident_message(number)
        self.say(message.text, message.tone)

    def report(self, error: Exception) -> None:
        """Say what went wrong; an ended session leads back to the log-in page."""
        message = message_for(error)
        if isinstance(error, RpcError) and error.code in (ErrorCode.SESSION_EXPIRED, ErrorCode.NOT_SIGNED_IN):
            self._session_ended(message.text)
            return
        self.say(message.text, message.tone)


_SHELL_ACTIONS = (
    Action("shell.palette", "命令面板", "Ctrl+K", "command", palette=False),
    Action("shell.theme", "切换明暗主题", "Ctrl+Shift+D", "moon"),
    Action("shell.language", "切换中英文", "Ctrl+Shift+L", "language"),
    Action("shell.density", "切换大号界面", "Ctrl+Shift+B", "zoom"),
    Action("shell.fullscreen", "全屏", "F11", "fullscreen"),
    Action("shell.password", "修改密码", "Ctrl+Shift+K", "key"),
    Action("shell.logout", "退出登录", "Ctrl+Shift+Q", "log_out"),
)


def check_pages(pages: Sequence[Page]) -> None:
    """Raise ShellDeclarationError or ActionDeclarationError for pages that could not work together."""
    ids = [page.id for page in pages]
    if not pages or len(set(ids)) != len(ids):
        raise ShellDeclarationError(f"pages need different ids, got {ids}")
    for page in pages:
        require_icon(page.icon)
        check_actions([*_SHELL_ACTIONS, *_page_shortcuts(pages), *page.actions])


def _page_shortcuts(pages: Sequence[Page]) -> list[Action]:
    return [
        Action(f"shell.page.{page.id}", page.title, f"Ctrl+{n}" if n < 10 else "", page.icon)
        for n, page in enumerate(pages, 1)
    ]


class Shell(QMainWindow):
    """One user at work: pages on the left, the page in the middle, details at the right."""

    logged_out = Signal(str)
    """the session is over; why, as a finished sentence, or empty if the user wanted it."""
    page_shown = Signal(str)
    """id of the page that came to the front."""
    password_changed = Signal()
    """the server took the user's new password."""
    draft_trouble = Signal()
    """a draft could not be written; emitted in the thread that writes drafts."""

    def __init__(
        self,
        title: str,
        pages: Sequence[Page],
        connection: Connection,
        session: SessionView,
        runner: TaskRunner,
        settings: UserSettings,
        desk_settings: UserSettings | None = None,
        drafts: DraftStore | None = None,
    ) -> None:
        super().__init__()
        check_pages(pages)
        self._title = title
        self.pages = tuple(p for p in pages if not p.permission or p.permission in session.permissions)
        self._runner = runner
        self._settings = settings
        self._desk_settings = desk_settings or settings
        self._session = session
        self.drafts = drafts or DraftStore.for_user(session.login)
        self._connection = connection
        self._built: dict[str, QWidget] = {}
        self._holders: dict[str, QWidget] = {}
        self._groups: dict[str, ActionGroup] = {}
        self._current = ""
        self.guard: Callable[[Callable[[], object]], bool] | None = None
        """Asked before the program closes and before logging out: True lets it; else somebody is asked, and the
        callback does it later."""
        self.setObjectName("shell")
        self.resize(1366, 768)
        self.setMinimumSize(1024, 640)
        centre = QWidget()
        centre.setProperty("look", "surface")
        centre.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCentralWidget(centre)
        across = QHBoxLayout(centre)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.side_panel = SidePanel()
        self.rail = _Rail(self.pages)
        self.rail.chosen.connect(self.go_to)
        across.addWidget(self.rail)
        self.rail.setVisible(len(self.pages) > 1)  # only with a parent: else it flashes up as a window
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        across.addLayout(middle, 1)
        self.bar = self._make_bar()
        middle.addWidget(self.bar)
        self.banner = Banner()
        middle.addWidget(self.banner)
        self._strips = QVBoxLayout()
        self._strips.setSpacing(0)
        middle.addLayout(self._strips)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        self.stack = QStackedWidget()
        body.addWidget(self.stack, 1)
        body.addWidget(self.side_panel)
        middle.addLayout(body, 1)
        self.status = _StatusStrip()
        middle.addWidget(self.status)
        self.toasts = ToastArea(centre, bottom=current_theme().metrics.status + 16)
        self.messages = ShellMessages(self.toasts, self._end_session)
        self.scanner = ScannerInput(self)
        self.scanner.follow(self._desk_settings)
        self.scanner.garbled.connect(self._scan_was_garbled)
        self.actions_of_shell = ActionGroup([*_SHELL_ACTIONS, *_page_shortcuts(self.pages)], self, whole_window=True)
        for page in self.pages:
            self.actions_of_shell.on(f"shell.page.{page.id}", _GoTo(self, page.id))
        for action_id, callback in (
            ("shell.palette", self.open_palette),
            ("shell.theme", self.toggle_theme),
            ("shell.language", self.toggle_language),
            ("shell.density", self.toggle_density),
            ("shell.fullscreen", self.toggle_fullscreen),
            ("shell.password", self.change_password),
            ("shell.logout", self.log_out),
        ):
            self.actions_of_shell.on(action_id, callback)
        self.draft_trouble.connect(self._on_draft_trouble)
        self.drafts.trouble = self._hear_draft_trouble
        self.line = LineWatcher(connection, self)
        self.line.changed.connect(self._on_line)
        self._offline_clock = QTimer(self)
        self._offline_clock.setInterval(1000)
        self._offline_clock.timeout.connect(self._show_line)
        self._retitle()
        wanted = settings.get(PAGE_KEY, "")
        if self.pages:
            self.go_to(wanted if any(p.id == wanted for p in self.pages) else self.pages[0].id)
        self._on_line(self.line.report)
        if session.must_change_password:
            self.change_password()
            self.messages.say(tr("请先修改管理员给您的密码"), Tone.WARNING)

    @property
    def current_page(self) -> str:
        """Id of the page in front."""
        return self._current

    def add_strip(self, strip: QWidget) -> None:
        """Put a strip above every page, below the one of the line; it shows and hides itself."""
        was_hidden = strip.isHidden()
        self._strips.addWidget(strip)
        strip.setHidden(was_hidden)

    def add_status(self, widget: QWidget) -> None:
        """Put a widget into the status strip, before the hint of the command palette."""
        self.status.add(widget)

    def page_widget(self, page_id: str) -> QWidget | None:
        """The widget of a page, None while it has not been shown yet."""
        return self._built.get(page_id)

    def prepare(self, page_id: str) -> None:
        """Build a page that will be wanted soon, so that nobody waits for it then; ids that are not here do nothing."""
        page = next((p for p in self.pages if p.id == page_id), None)
        if page is not None and page_id not in self._built:
            self._build(page)

    def go_to(self, page_id: str) -> QWidget:
        """Bring a page to the front, building it if it was never shown; raises StopIteration for an unknown id."""
        page = next(p for p in self.pages if p.id == page_id)
        if page_id not in self._built:
            self._build(page)
        widget = self._built[page_id]
        if page_id != self._current:
            self.side_panel.close_panel()
            self._current = page_id
            self.stack.setCurrentWidget(self._holders[page_id])
            self.rail.set_current(page_id)
            self._page_title.set_source(page.title)
            self._settings.set(PAGE_KEY, page_id)
            self._retitle()
            QTimer.singleShot(0, self, self._focus_page)
            self.page_shown.emit(page_id)
        return widget

    def _focus_page(self) -> None:
        """Put the keyboard into the first field or list of the page, unless the page has already chosen."""
        holder = self._holders.get(self._current)
        focused = QApplication.focusWidget()
        if holder is None or (focused is not None and holder.isAncestorOf(focused)):
            return
        place: QWidget | None = holder
        while place is not None:
            usable = place.focusPolicy() & Qt.FocusPolicy.TabFocus and place.isEnabled() and place.focusProxy() is None
            if usable and place.isVisible() and holder.isAncestorOf(place):
                place.setFocus(Qt.FocusReason.OtherFocusReason)
                return
            place = place.nextInFocusChain()
            if place is holder:
                return

    def available_actions(self) -> list[tuple[Action, Callable[[], None]]]:
        """What can be done now, page first, with how to do it; the command palette shows these."""
        found: list[tuple[Action, Callable[[], None]]] = []
        for group in (self._groups.get(self._current), self.actions_of_shell):
            if group is not None:
                found += [(action, _Trigger(group, action.id)) for action in group.available()]
        return found

    def _scan_was_garbled(self) -> None:
        self.messages.say(tr("扫描内容被中文输入法改写，请按 Shift 切换到英文后再扫一次。"), Tone.WARNING)

    def open_palette(self) -> None:
        """Open the command palette over the window."""
        from clients.kit.palette import CommandPalette

        self._palette = CommandPalette(self.available_actions(), self)
        self._palette.open_over(self)

    def toggle_theme(self) -> None:
        """Light becomes dark and dark becomes light; remembered for this user."""
        theme = current_theme()
        new = ThemeName.LIGHT if theme.dark else ThemeName.DARK
        self._settings.set(THEME_KEY, new.value)
        self._desk_settings.set(THEME_KEY, new.value)
        apply_theme(new, theme.density)

    def toggle_density(self) -> None:
        """Bigger text and targets, or back; remembered for this user."""
        theme = current_theme()
        new = Density.LARGE if theme.density is Density.REGULAR else Density.REGULAR
        self._settings.set(DENSITY_KEY, new.value)
        apply_theme(theme.name, new)

    def toggle_language(self) -> None:
        """Chinese becomes English and English becomes Chinese; remembered for this user."""
        new = Language.ENGLISH if language() is Language.CHINESE else Language.CHINESE
        self._settings.set(LANGUAGE_KEY, new.value)
        self._desk_settings.set(LANGUAGE_KEY, new.value)
        set_language(new)

    def toggle_fullscreen(self) -> None:
        """Use the whole screen, or give it back."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def log_out(self) -> None:
        """End the session because the user wants it; who has something unsaved is asked first."""
        if self.guard is None or self.guard(self.log_out):
            self._end_session("")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retitle()
            if hasattr(self, "line"):
                self._show_line()
        elif is_look_change(event) and hasattr(self, "status"):
            self.bar.setFixedHeight(current_theme().metrics.bar)
            self.status.setFixedHeight(current_theme().metrics.status)
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        for widget in self._built.values():
            widget.close()
        self._offline_clock.stop()
        self.drafts.trouble = None
        self.drafts.close()
        super().closeEvent(event)

    def _build(self, page: Page) -> None:
        holder = QWidget()
        holder.setObjectName(f"page.{page.id}")
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        group = ActionGroup(page.actions, holder)
        self._groups[page.id] = group
        place = Workplace(
            connection=self._connection,
            session=self._session,
            runner=self._runner,
            settings=self._settings,
            desk_settings=self._desk_settings,
            messages=self.messages,
            drafts=self.drafts,
            side_panel=self.side_panel,
            scanner=self.scanner,
            actions=group,
            shell=self,
        )
        widget = page.build(place)
        layout.addWidget(widget)
        self.stack.addWidget(holder)
        self._built[page.id] = widget
        self._holders[page.id] = holder

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        bar.setProperty("look", "bar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar.setFixedHeight(current_theme().metrics.bar)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(16, 0, 8, 0)
        layout.setSpacing(4)
        self._page_title = Label("", "title")
        layout.addWidget(self._page_title)
        layout.addStretch(1)
        for icon, words, callback in (
            ("command", "命令面板", self.open_palette),
            ("language", "切换中英文", self.toggle_language),
            ("moon", "切换明暗主题", self.toggle_theme),
        ):
            button = IconButton(icon, words, on_click=callback)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # each has a shortcut; Tab belongs to the page
            layout.addWidget(button)
        self.user_button = _UserButton(self._session.name or self._session.login, self._open_user_menu)
        layout.addWidget(self.user_button)
        return bar

    def _open_user_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action_id in ("shell.density", "shell.fullscreen", "shell.password", "shell.logout"):
            menu.addAction(self.actions_of_shell.qt(action_id))
        menu.popup(self.user_button.mapToGlobal(self.user_button.rect().bottomLeft()))

    def change_password(self) -> None:
        """Show the form of the own password at the side."""
        from clients.kit.password import PasswordForm

        form = PasswordForm(self._connection, self._runner, self._password_changed)
        self.side_panel.show_content("修改密码", form)
        form.form.focus("old")

    def _password_changed(self) -> None:
        self.side_panel.close_panel()
        self.messages.say(tr("密码已修改"), Tone.SUCCESS)
        self.password_changed.emit()

    def _end_session(self, why: str) -> None:
        self.logged_out.emit(why)

    def _retitle(self) -> None:
        page = next((p for p in self.pages if p.id == self._current), None)
        parts = [tr(page.title)] if page is not None else []
        self.setWindowTitle(" · ".join([*parts, tr(self._title), tr("明镜影像")]))

    def _hear_draft_trouble(self, _error: OSError) -> None:
        self.draft_trouble.emit()

    @Slot()
    def _on_draft_trouble(self) -> None:
        self.messages.say(tr("草稿无法写入本机磁盘，请腾出空间后继续；当前内容仍在屏幕上。"), Tone.DANGER)

    @Slot(object)
    def _on_line(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE:
            self._offline_clock.stop()
        elif not self._offline_clock.isActive():
            self._offline_clock.start()
        self._show_line()

    @Slot()
    def _show_line(self) -> None:
        report = self.line.report
        self.status.show_line(report.state)
        if report.state is LineState.ONLINE:
            if report.warning:
                self.banner.show_message(report.warning, Tone.WARNING, glyph="alert")
            else:
                self.banner.hide()
            return
        ago = "–"
        if report.last_contact is not None:
            ago = str(max(0, int((datetime.now(UTC) - report.last_contact).total_seconds())))
        if report.state is LineState.RECONNECTING:
            text = tr("连接中断，正在重新连接（上次联系 {seconds} 秒前）。可继续填写，内容已保存在本机。", seconds=ago)
            self.banner.show_message(text, Tone.WARNING, glyph="refresh")
        else:
            text = tr("已离线（上次联系 {seconds} 秒前）。已填写的内容保存在本机，恢复连接后自动提交。", seconds=ago)
            self.banner.show_message(text, Tone.DANGER, glyph="offline")


class _GoTo:
    def __init__(self, shell: Shell, page_id: str) -> None:
        self._shell, self._page_id = shell, page_id

    def __call__(self) -> None:
        self._shell.go_to(self._page_id)


class _Trigger:
    def __init__(self, group: ActionGroup, action_id: str) -> None:
        self._group, self._action_id = group, action_id

    def __call__(self) -> None:
        self._group.trigger(self._action_id)


class _Rail(QWidget):
    """The pages, one above the other: icon and word."""

    chosen = Signal(str)

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__()
        self.setProperty("look", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(current_theme().metrics.rail)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 1, 8)
        layout.setSpacing(0)
        self._top = QWidget()
        self._top.setFixedHeight(current_theme().metrics.bar)
        box = QHBoxLayout(self._top)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(Mark(28), 0, Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._top)
        self.buttons: dict[str, _RailButton] = {}
        pile = QWidget()
        pile.setProperty("look", "surface")
        pile.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rows = QVBoxLayout(pile)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for number, page in enumerate(pages, 1):
            button = _RailButton(page, f"Ctrl+{number}" if number < 10 else "")
            button.clicked.connect(_Chosen(self, page.id))
            self.buttons[page.id] = button
            rows.addWidget(button)
        rows.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # wheel and arrows
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(pile)
        layout.addWidget(self._scroll, 1)
        self.up = IconButton("chevron_up", "上面的页面", on_click=lambda: self._move(-1), small=True)
        self.down = IconButton("chevron_down", "下面的页面", on_click=lambda: self._move(1), small=True)
        self._ways = QWidget()
        ways = QHBoxLayout(self._ways)
        ways.setContentsMargins(0, 2, 0, 0)
        ways.setSpacing(4)
        for way in (self.up, self.down):
            way.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            ways.addWidget(way)
        self._ways.hide()
        layout.addWidget(self._ways)
        bar = self._scroll.verticalScrollBar()
        bar.rangeChanged.connect(self._show_ways)
        bar.valueChanged.connect(self._show_ways)

    def _show_ways(self, *_args: int) -> None:
        """More pages than fit: say so, and let those without a wheel come to them."""
        bar = self._scroll.verticalScrollBar()
        self._ways.setVisible(bar.maximum() > 0)
        self.up.setEnabled(bar.value() > 0)
        self.down.setEnabled(bar.value() < bar.maximum())

    def _move(self, steps: int) -> None:
        bar = self._scroll.verticalScrollBar()
        bar.setValue(bar.value() + steps * bar.pageStep() // 2)

    def set_current(self, page_id: str) -> None:
        for key, button in self.buttons.items():
            button.setChecked(key == page_id)
        if page_id in self.buttons:
            self._scroll.ensureWidgetVisible(self.buttons[page_id], 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height()

    def _share_height(self) -> None:
        """Many pages stand closer together; more than fit are reached by wheel, arrows and palette."""
        times = current_theme().metrics.times
        room = (self.height() - self._top.height() - times(1)) // max(len(self.buttons), 1)
        for button in self.buttons.values():
            button.set_height(min(max(room, times(5) - times(1) // 4), times(8)))

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self.setFixedWidth(current_theme().metrics.rail)
            self._top.setFixedHeight(current_theme().metrics.bar)
            self._share_height()
        super().changeEvent(event)


class _Chosen:
    def __init__(self, rail: _Rail, page_id: str) -> None:
        self._rail, self._page_id = rail, page_id

    def __call__(self, _checked: bool = False) -> None:
        self._rail.chosen.emit(self._page_id)
        self._rail.set_current(self._page_id)


class _RailButton(QAbstractButton):
    def __init__(self, page: Page, shortcut: str) -> None:
        super().__init__()
        self._page = page
        self._shortcut_text = shortcut
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._name()

    def _name(self) -> None:
        self.setToolTip(tooltip(self._page.title, self._shortcut_text))
        self.setAccessibleName(tr(self._page.title))

    def set_height(self, height: int) -> None:
        """Take as much room as the rail has for each page."""
        self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(current_theme().metrics.rail - 1, current_theme().metrics.times(8))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            if self.isChecked():
                painter.fillRect(self.rect(), QColor(colours.selected))
                painter.fillRect(0, 0, 3, self.height(), QColor(colours.accent))
            elif self.underMouse():
                painter.fillRect(self.rect(), QColor(colours.hover))
            colour = colours.accent if self.isChecked() else colours.text_quiet
            middle = self.width() / 2
            icon = 22 if self.height() >= 48 else 18
            top = (self.height() - icon - 20) / 2
            theme.paint_icon(painter, self._page.icon, QRectF(middle - icon / 2, top + 1, icon, icon), colour)
            painter.setFont(theme.font("caption", bold=self.isChecked()))
            painter.setPen(QColor(colour))
            text = painter.fontMetrics().elidedText(tr(self._page.title), Qt.TextElideMode.ElideRight, self.width() - 8)
            painter.drawText(QRectF(0, top + icon + 2, self.width(), 18), Qt.AlignmentFlag.AlignCenter, text)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._name()
            self.update()
        super().changeEvent(event)


class _UserButton(QToolButton):
    def __init__(self, name: str, on_click: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("wide", "true")
        self.setText(name)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(lambda _checked: on_click())
        self._show()

    def _show(self) -> None:
        icon: QIcon = current_theme().icon("patient")
        self.setIcon(icon)
        self.setToolTip(tr("账号与界面"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._show()
        super().changeEvent(event)


class _StatusStrip(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(current_theme().metrics.status)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 1, 16, 0)
        layout.setSpacing(6)
        self._glyph = Glyph("online", 12)
        self._line = Label("已连接", "caption")
        layout.addWidget(self._glyph)
        layout.addWidget(self._line)
        layout.addSpacing(16)
        self.message = ValueLabel("", "caption")
        layout.addWidget(self.message, 1)
        self._more = QHBoxLayout()
        self._more.setSpacing(16)
        layout.addLayout(self._more)
        layout.addSpacing(16)
        layout.addWidget(Label("命令面板 Ctrl+K", "caption"))

    def add(self, widget: QWidget) -> None:
        self._more.addWidget(widget)

    def show_line(self, state: LineState) -> None:
        glyph, words, tone = {
            LineState.ONLINE: ("online", "已连接", Tone.SUCCESS),
            LineState.RECONNECTING: ("refresh", "正在重新连接", Tone.WARNING),
            LineState.OFFLINE: ("offline", "已离线", Tone.DANGER),
        }[state]
        self._glyph.set_glyph(glyph, tone)
        self._line.set_source(words)

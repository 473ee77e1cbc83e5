"""From the log-in to the workstation: the chosen library is entered on the server, then the window is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.messages import message_for
from clients.kit.panels import EmptyState
from clients.kit.printing.documents import ServerDocuments
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk, Maker
from clients.pathology.shell.login import Chosen
from clients.pathology.shell.server import CaseServer
from clients.pathology.shell.window import StationWindow, first_station
from shared.contract.base import Changed, Notice
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology import LibraryView, ListLibraries
from shared.contract.pathology_stations import SETTINGS_ENTITY, EnterLibrary, GetStationSettings, StationSettings


@dataclass(frozen=True)
class Entered:
    """What the server said at the door."""

    library: LibraryView
    libraries: tuple[LibraryView, ...]
    settings: StationSettings


class NoLibrary(Exception):
    """There is no library to enter."""


class Entrance(QWidget):
    """Shows that the library is being opened, then the station; a refusal leads back to the log-in."""

    def __init__(self, place: Workplace, makers: Mapping[str, Maker], chosen: Chosen, station: str) -> None:
        super().__init__()
        self._place = place
        self._makers = makers
        self._chosen = chosen
        self._wanted = station
        self._is_open = True
        self.window_of_station: StationWindow | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.waiting = EmptyState("hourglass", "正在打开病例库…")
        self._box.addWidget(self.waiting)
        place.on_notice(self._heard)
        if place.session.must_change_password:
            # The shell has opened the form at the right edge; nothing else can be done before (PA-USER-04).
            words = ("请先修改初始密码", "在右侧填写原密码和新密码；修改后即可进入工作站。", "修改密码")
            self.waiting.show_words("key", *words, tone=Tone.WARNING)
            self.waiting.acted.connect(place.shell.change_password)
            place.shell.password_changed.connect(self._password_changed)
            return
        self.waiting.acted.connect(self.enter)
        self.enter()

    def enter(self) -> None:
        """Ask the server to let the user into the library."""
        line, chosen, station = self._place.connection, self._chosen.library_id, self._wanted

        def ask() -> Entered:
            libraries = line.call(ListLibraries())
            if not libraries:
                raise NoLibrary
            library = next((one for one in libraries if one.id == chosen), libraries[0])
            return Entered(library, libraries, line.call(EnterLibrary(library_id=library.id, station=station)))

        self._place.runner.run(ask, self._entered, self._refused, key="pathology.enter")

    def _password_changed(self) -> None:
        if self.window_of_station is None and self._is_open:
            self.waiting.acted.disconnect()
            self.waiting.acted.connect(self.enter)
            self.waiting.show_words("hourglass", "正在打开病例库…")
            self.enter()

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        if self.window_of_station is not None:
            self.window_of_station.close()
        super().closeEvent(event)  # type: ignore[arg-type]

    def _entered(self, entered: Entered) -> None:
        if not self._is_open or self.window_of_station is not None:
            return
        spec = first_station(self._place, self._wanted)
        if spec is None:
            self.waiting.show_words(
                "lock", "没有可用的工作站", "您的账号没有病理权限，请联系管理员。", tone=Tone.WARNING
            )
            return
        desk = Desk(self._place, spec, entered.library, CaseServer(self._place.connection))
        desk.libraries = entered.libraries
        desk.settings = entered.settings
        desk.papers = ServerDocuments(self._place.connection, self._place.desk_settings)
        self.window_of_station = StationWindow(self._place, desk, self._makers)
        self.window_of_station.idle.set_minutes(entered.settings.idle_minutes)
        self._place.shell.guard = self.window_of_station.may_leave
        self.waiting.hide()
        self._box.addWidget(self.window_of_station)
        self.setFocusProxy(self.window_of_station)

    def _refused(self, error: Exception) -> None:
        if not self._is_open:
            return
        if isinstance(error, NoLibrary):
            self.waiting.show_words("archive", "还没有病例库", "请管理员在病例库设置中添加。", "重试")
        elif isinstance(error, RpcError) and error.code is ErrorCode.PERMISSION_MISSING:
            self._place.shell.logged_out.emit(tr("您不能进入这个病例库，请另选检查类型。"))
        else:
            self.waiting.show_words("alert", "无法打开病例库", message_for(error).text, "重试", tone=Tone.WARNING)

    def _heard(self, notice: Notice) -> None:
        if self._is_open and isinstance(notice, Changed) and notice.entity == SETTINGS_ENTITY:
            line = self._place.connection
            self._place.runner.run(
                lambda: line.call(GetStationSettings()), self._settings_came, lambda _error: None, key="pathology.set"
            )

    def _settings_came(self, settings: StationSettings) -> None:
        if self.window_of_station is not None:
            self.window_of_station.follow_settings(settings)

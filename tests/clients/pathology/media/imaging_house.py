"""The imaging page on a desk without a window: the server's real room in process, a virtual camera and microphone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from clients.kit.camera.virtual_live import VirtualCamera, VirtualLiveCameras
from clients.kit.messages import CollectedMessages
from clients.kit.sealed_files import SealedFiles
from clients.kit.settings import UserSettings
from clients.kit.sound.virtual_microphones import VirtualMicrophones
from clients.kit.tasks import QtTaskRunner
from clients.kit.voice.players import PacedPlayer
from clients.kit.voice.qt_player import qt_after
from clients.pathology.desk import Desk
from clients.pathology.media import session
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.journal import CaptureJournal
from clients.pathology.media.tab import ImagingTab
from clients.pathology.stations import spec_of
from server.kernel.errors import Refusal
from shared.contract.base import Notice, Request
from shared.contract.errors import error_for
from shared.domain.pathology import CaseState, Station
from tests.server.pathology.media.media_house import CASE, DOCTOR, MediaHouse


def tissue(seed: int = 1, width: int = 640, height: int = 360) -> Any:
    """A picture that looks like a stained section from afar: pink ground, purple nuclei."""
    chance = np.random.default_rng(seed)
    picture = np.full((height, width, 3), (205, 170, 230), np.uint8)
    for x, y, radius in chance.integers((0, 0, 2), (width, height, 7), (width * height // 900, 3)):
        cv2.circle(picture, (int(x), int(y)), int(radius), (140, 60, 110), -1, cv2.LINE_AA)
    return picture


class Connection:
    """kit's Connection over handlers in process; one call at a time, as SQLite wants it."""

    def __init__(self, house: MediaHouse) -> None:
        self._house = house
        self._lock = threading.Lock()

    def call(self, request: Request[Any]) -> Any:
        try:
            with self._lock:
                return self._house.call(request)
        except Refusal as refusal:
            raise error_for(refusal.body) from None

    def open_bulk(self) -> Any:
        house = self._house

        def fetch(item: str, name: str) -> Any:
            with house.database.read() as uow:
                read = house.service.open if item == "pathology_media" else house.service.thumbnail
                return SimpleNamespace(data=read(uow, DOCTOR, int(name)))

        return SimpleNamespace(fetch=fetch, close=lambda: None)


class View:
    """The window, as far as captures use it."""

    def __init__(self) -> None:
        self.panels: list[tuple[str, Any]] = []
        self.checked: dict[str, bool] = {}

    def show_tab(self, tab_id: str) -> None: ...

    def show_panel(self, title: str, content: Any, width: int | None = None) -> None:
        self.panels.append((title, content))

    def show_window(self, title: str, content: Any, size: tuple[int, int] | None = None) -> None:
        self.panels.append((title, content))

    def set_entry(self, entry_id: str, *, enabled: Any = None, checked: Any = None, text: Any = None) -> None:
        if checked is not None:
            self.checked[entry_id] = checked


class ImagingHouse:
    """Everything, put together; `close` ends all threads."""

    def __init__(self, folder: Path, pictures: Path | None = None, *, locked: bool = False) -> None:
        self.server = MediaHouse(folder / "server")
        self.camera = VirtualCamera("Virtual microscope", [tissue(seed) for seed in range(3)], 30.0)
        self.cameras = VirtualLiveCameras.of_path(pictures) if pictures else VirtualLiveCameras(self.camera)
        self.microphones = VirtualMicrophones()
        self.messages = CollectedMessages()
        self.listeners: list[Any] = []
        settings = UserSettings(folder / "settings.json")
        place = SimpleNamespace(
            connection=Connection(self.server),
            runner=QtTaskRunner(),
            messages=self.messages,
            settings=settings,
            desk_settings=settings,
            session=SimpleNamespace(login="wang", name="王医生"),
            on_notice=self.listeners.append,
            may=lambda _permission: True,
        )
        self.place = place
        self.view = View()
        self.desk = Desk(place, spec_of(Station.DIAGNOSIS), None, lambda _id: None)  # type: ignore[arg-type]
        self.desk.view = self.view  # type: ignore[assignment]
        state = CaseState.AUDITED if locked else CaseState.PREPARED
        if locked:
            self.server.cases.locked.add(CASE)
        case = SimpleNamespace(id=CASE, number="2600001", state=state, allowed=())
        piece = SimpleNamespace
        self.desk.details = SimpleNamespace(  # type: ignore[assignment]
            case=case,
            specimens=(piece(id=10, number="2600001/1", code="S10"),),
            grossing=piece(blocks=(piece(id=20, number="2600001-A", label="2600001-A", code="B20", specimen_id=10),)),
            slides=(piece(id=30, number="2600001-A-01", code="L30", specimen_id=10, block_id=20),),
        )
        self.journal = CaptureJournal(SealedFiles.for_user("wang", "captures", folder / "client"))
        self.clicks = 0
        self.bench = CaptureBench(
            self.cameras, self.microphones, self.journal, place.connection.call, settings, self._click
        )
        session._BENCHES.keep(self.desk, self.bench)
        self.tab = ImagingTab(self.desk, self.bench, PacedPlayer(qt_after(self.bench)))
        session.show_tab_of(self.desk, self.tab)
        self.started = datetime.now(UTC)

    def _click(self) -> None:
        self.clicks += 1

    def tell(self, notice: Notice) -> None:
        for listener in self.listeners:
            listener(notice)

    def said(self) -> list[str]:
        return [one.text for one in self.messages.said]

    def close(self) -> None:
        self.bench.close()
        self.tab.close()
        self.place.runner.close()
        self.server.database.close()

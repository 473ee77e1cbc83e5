"""The bench of a desk: made by whoever needs it first, closed with the session's window."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

from clients.kit.kept import Kept
from clients.kit.voice.players import Player
from clients.kit.voice.qt_player import default_player
from clients.kit.voice.sound import tone
from clients.pathology.desk import Desk
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.devices import cameras_of, microphones_of
from clients.pathology.media.journal import CaptureJournal

if TYPE_CHECKING:
    from clients.pathology.media.tab import ImagingTab

log = logging.getLogger(__name__)

_BENCHES: Kept[CaptureBench] = Kept("bench")
_TABS: Kept[ImagingTab] = Kept("imaging tab")


class Click:
    """The click of the shutter: 30 ms of a soft tone, made once."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._wav = tone(1800, 0.03, peak=0.35).wav()
        self._is_heard = False

    def prepare(self) -> None:
        """Look for the loudspeaker now: the first look loads the sound library, which takes a moment."""
        self._is_heard = self._player.silent_reason is None

    def __call__(self) -> None:
        """Sound; without a loudspeaker nothing is heard, the flash on the picture is seen."""
        if self._is_heard:
            self._player.play(self._wav, _nothing)


def _nothing() -> None:
    """Nothing follows a click."""


class _Close:
    """Closes a bench when its window goes; a callable object, because a lambda would keep the desk alive."""

    def __init__(self, bench: CaptureBench) -> None:
        self._bench = bench

    def __call__(self, _gone: QObject | None = None) -> None:
        self._bench.close()


def bench_of(desk: Desk) -> CaptureBench:
    """The capture bench of this session."""
    found = _BENCHES.of(desk)
    if found is not None:
        return found
    place = desk.place
    window = desk.view if isinstance(desk.view, QObject) else None
    owner = window or QObject()
    click = Click(default_player(owner))
    QTimer.singleShot(0, owner, click.prepare)
    bench = CaptureBench(
        cameras_of(place.desk_settings),
        microphones_of(place.desk_settings),
        CaptureJournal.for_user(place.session.login),
        place.connection.call,
        place.desk_settings,
        click,
    )
    bench.setObjectName("capture bench")
    if window is not None:
        window.destroyed.connect(_Close(bench))
    return _BENCHES.keep(desk, bench)


def resume(desk: Desk) -> None:
    """Called at the start of a session: what an earlier one could not send is sent now, not when the tab is opened."""

    def look() -> bool:
        return bool(CaptureJournal.for_user(desk.place.session.login).waiting())

    def go_on(something: bool) -> None:
        if something:
            bench_of(desk)

    desk.place.runner.run(look, go_on, _not_now, key="media.resume")


def _not_now(error: Exception) -> None:
    """The tab tries again when it is opened."""
    log.warning("the journal of captures cannot be read: %s", type(error).__name__)


def show_tab_of(desk: Desk, tab: ImagingTab) -> None:
    """Remember the page of a desk; a new one (another station) replaces it."""
    _TABS.keep(desk, tab)


def tab_of(desk: Desk) -> ImagingTab | None:
    """The imaging page that the desk shows, None where it was closed or never made."""
    tab = _TABS.of(desk)
    return tab if tab is not None and isValid(tab) else None


def fetch(desk: Desk, item: str, name: str) -> bytes:
    """Bytes of the bulk channel (blocking). Raises RpcError."""
    bulk = desk.place.connection.open_bulk()  # type: ignore[attr-defined]  # the port of kit names two kinds only
    try:
        return bytes(bulk.fetch(item, name).data)
    finally:
        bulk.close()

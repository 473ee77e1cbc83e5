"""The player of real workstations: ends once, in time, with and without a sound device."""

from __future__ import annotations

import time

import pytest
from pytestqt.qtbot import QtBot

from clients.kit.voice.players import NO_DEVICE
from clients.kit.voice.qt_player import DEVICE_FAILED, QtPlayer
from clients.kit.voice.sound import tone

# QtMultimedia looks for the libraries of every sound system when it is first used and tells which it did not find.
pytestmark = pytest.mark.qt_log_ignore("Couldn't load", "Couldn't resolve", "PulseAudioService", "pipewire", "ALSA")


@pytest.fixture
def player(qtbot: QtBot) -> QtPlayer:
    return QtPlayer()


def test_a_sound_ends_once_after_its_length(qtbot: QtBot, player: QtPlayer) -> None:
    ended: list[float] = []
    begun = time.monotonic()
    player.play(tone(440, 0.4).wav(), lambda: ended.append(time.monotonic() - begun))
    qtbot.waitUntil(lambda: bool(ended), timeout=30_000)
    qtbot.wait(100)
    assert len(ended) == 1
    assert ended[0] >= 0.35
    assert player.silent_reason in (None, NO_DEVICE, DEVICE_FAILED)


def test_stop_means_no_end(qtbot: QtBot, player: QtPlayer) -> None:
    ended: list[int] = []
    player.play(tone(440, 0.2).wav(), lambda: ended.append(1))
    player.stop()
    qtbot.wait(400)
    assert ended == []


def test_a_new_sound_replaces_the_old_one(qtbot: QtBot, player: QtPlayer) -> None:
    ended: list[str] = []
    player.play(tone(440, 0.3).wav(), lambda: ended.append("old"))
    player.play(tone(440, 0.1).wav(), lambda: ended.append("new"))
    qtbot.waitUntil(lambda: bool(ended), timeout=30_000)
    qtbot.wait(400)
    assert ended == ["new"]


def test_the_next_sound_may_start_from_the_end_of_the_last(qtbot: QtBot, player: QtPlayer) -> None:
    ended: list[str] = []

    def second() -> None:
        ended.append("first")
        player.play(tone(440, 0.1).wav(), lambda: ended.append("second"))

    player.play(tone(440, 0.1).wav(), second)
    qtbot.waitUntil(lambda: len(ended) == 2, timeout=30_000)
    assert ended == ["first", "second"]

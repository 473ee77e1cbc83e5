"""Sounds that a gloved person hears without looking: it fits, or it does not."""

from __future__ import annotations

from PySide6.QtCore import QObject

from clients.kit.voice.players import Player
from clients.kit.voice.qt_player import default_player
from clients.kit.voice.sound import joined, silence, tone


class Beeps:
    """A short high tone for a scan that fits; two long low ones for one that does not. Made when first heard."""

    def __init__(self, owner: QObject, player: Player | None = None) -> None:
        self._owner = owner
        self._player = player
        self._wavs: dict[str, bytes] = {}
        self.heard: list[str] = []
        """What sounded, for whoever wants to know: "fits" and "stop"."""

    def fits(self) -> None:
        """It belongs here."""
        self._play("fits")

    def stop(self) -> None:
        """It does not belong here."""
        self._play("stop")

    def _play(self, name: str) -> None:
        self.heard.append(name)
        del self.heard[:-20]
        if self._player is None:
            self._player = default_player(self._owner)
        if name not in self._wavs:
            low = tone(220, 0.35, peak=0.6)
            sound = tone(1400, 0.09, peak=0.4) if name == "fits" else joined([low, silence(0.08), low])
            self._wavs[name] = sound.wav()
        if self._player.silent_reason is None:
            self._player.stop()
            self._player.play(self._wavs[name], _nothing)


def _nothing() -> None:
    """Nothing follows."""

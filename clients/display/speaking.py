"""Players of a display: one that keeps the sound of what was spoken, one that is meant to be quiet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from clients.kit.voice.players import After, PacedPlayer, Player
from shared.contract.queueing import CallView

log = logging.getLogger(__name__)


class QuietPlayer(PacedPlayer):
    """Plays nothing for as long as the sound lasts, and that is meant to be so: another screen of the hall speaks."""

    def __init__(self, after: After) -> None:
        super().__init__(after, "")

    @property
    def silent_reason(self) -> str | None:
        """None: nothing is missing."""
        return None


class KeepingPlayer:
    """Plays through another player and keeps each WAV as call-ID-NUMBER.wav; trouble with the disk stops nothing."""

    def __init__(self, player: Player, folder: Path) -> None:
        self._player = player
        self._folder = folder
        self.call: CallView | None = None

    @property
    def silent_reason(self) -> str | None:
        """None: the folder is where this display speaks to, whether or not there is a loudspeaker too."""
        return None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        """See Player."""
        number = self.call.number if self.call is not None else ""
        safe = "".join(letter for letter in number if letter.isalnum() and letter.isascii())
        call_id = self.call.call_id if self.call is not None else 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"call-{call_id:06d}-{safe}.wav").write_bytes(wav)
        except OSError as error:
            log.warning("the spoken call could not be kept: %s", error.strerror)
        self._player.play(wav, finished)

    def stop(self) -> None:
        """See Player."""
        self._player.stop()

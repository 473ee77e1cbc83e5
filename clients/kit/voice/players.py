"""The Player port and the player for machines without sound, which lasts as long as the sound would; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from clients.kit.voice.sound import Sound

NO_DEVICE = "没有可用的扬声器：叫号只显示不发声，按语音时长计时"

After = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Call a function after some seconds in the caller's thread; gives a function that cancels it."""


class Player(Protocol):
    """Plays one WAV at a time. Everything is called in the GUI thread."""

    @property
    def silent_reason(self) -> str | None:
        """None if sound is heard, else a sentence that says why not."""
        ...

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        """Play; `finished` is called exactly once at the end, also when the device fails, but not after `stop`."""
        ...

    def stop(self) -> None:
        """Stop at once, without calling `finished`."""
        ...


class PacedPlayer:
    """Plays nothing for as long as the WAV lasts, so that the queue moves at the right pace without a sound device."""

    def __init__(self, after: After, reason: str = NO_DEVICE) -> None:
        self._after = after
        self._reason = reason
        self._cancel: Callable[[], None] | None = None

    @property
    def silent_reason(self) -> str | None:
        return self._reason

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        self.stop()

        def over() -> None:
            self._cancel = None
            finished()

        self._cancel = self._after(Sound.of_wav(wav).seconds, over)

    def stop(self) -> None:
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel()

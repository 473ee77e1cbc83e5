"""The voice of a hall display, ready made: the best voice, the default sound device, calls as the server words them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clients.kit.running import TaskRunner
from clients.kit.voice.announcement import given_announcement
from clients.kit.voice.announcer import Announcer, Ending, SpeakingRules
from clients.kit.voice.players import Player
from clients.kit.voice.voices import SpokenLanguage, Voice, default_voice
from shared.contract.queueing import CallView

if TYPE_CHECKING:
    from PySide6.QtCore import QObject


class CallSpeaker:
    """Speaks the calls of the board through an announcer."""

    def __init__(self, announcer: Announcer, languages: tuple[SpokenLanguage, ...] = ("zh",)) -> None:
        self._announcer = announcer
        self._languages = languages

    def speak(self, call: CallView, over: Callable[[str], None]) -> None:
        """Begin to speak; `over` is called once, with a sentence if nothing could be heard, else with an empty one."""
        announcement = given_announcement(
            str(call.call_id),
            call.spoken_text if "zh" in self._languages else "",
            call.spoken_text_en if "en" in self._languages else "",
        )

        def ended(ending: Ending) -> None:
            over(self._announcer.trouble if ending in (Ending.SILENT, Ending.FAILED) else "")

        if not self._announcer.announce(announcement, ended):
            over("")  # the same call is being spoken already

    def close(self) -> None:
        """Stop speaking and end the voice's process."""
        self._announcer.close()


def hall_announcer(
    parent: QObject,
    runner: TaskRunner,
    *,
    rules: SpeakingRules | None = None,
    voice: Voice | None = None,
    player: Player | None = None,
    problem: Callable[[str], None] = lambda _sentence: None,
) -> Announcer:
    """The announcer of a window; `close` it with the window."""
    from clients.kit.voice.qt_player import default_player

    return Announcer(voice or default_voice(), player or default_player(parent), runner, rules=rules, problem=problem)

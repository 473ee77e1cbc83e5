"""The voice of a hall display, ready made: the best voice, the default sound device, calls as the server words them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from clients.kit.running import TaskRunner
from clients.kit.voice.announcer import Announcer, Ending, SpeakingRules
from clients.kit.voice.calls import announcement_of
from clients.kit.voice.players import Player
from clients.kit.voice.voices import Voice, default_voice
from clients.kit.voice.volume import amplitude, volume_at
from shared.contract.halls import HallSettings, HallView
from shared.contract.queueing import CallView

if TYPE_CHECKING:
    from PySide6.QtCore import QObject


class CallSpeaker:
    """Speaks the calls of the board through an announcer, as the hall wants it at that time of the day."""

    def __init__(self, announcer: Announcer, now: Callable[[], datetime]) -> None:
        """`now` gives the hospital's wall clock."""
        self._announcer = announcer
        self._now = now
        self.hall = HallView(id=0, version=0, settings=HallSettings(name=""))

    def speak(self, calls: Sequence[CallView], over: Callable[[str], None]) -> None:
        """Begin to speak; `over` is called once, with a sentence if nothing could be heard, else with an empty one."""
        settings = self.hall.settings
        announcement = announcement_of(calls, settings, {room.room_id: room for room in self.hall.rooms})
        percent = volume_at(settings.volumes, self._now())
        self._announcer.set_rules(
            SpeakingRules(
                repetitions=settings.repetitions,
                pause_s=settings.pause_s,
                chime=settings.has_chime,
                amplitude=amplitude(percent),
            )
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

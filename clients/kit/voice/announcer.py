"""Speaks calls one after the other: synthesizes away from the screen, plays, reports the end of each; knows no Qt."""

from __future__ import annotations

import contextlib
import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from clients.kit.running import TaskRunner
from clients.kit.voice.announcement import Announcement, SpokenText
from clients.kit.voice.cache import SoundCache
from clients.kit.voice.players import Player
from clients.kit.voice.sound import Sound, chime, joined, silence
from clients.kit.voice.voices import Voice, VoiceError


class Ending(enum.Enum):
    """How an announcement ended."""

    SPOKEN = "spoken"
    SILENT = "silent"  # paced without a sound device
    FAILED = "failed"  # no voice could say it; the display alone called
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class SpeakingRules:
    """How often a call is repeated and with what around it; the hospital's settings."""

    repetitions: int = 2
    pause_s: float = 1.0  # between repetitions and languages
    chime: bool = True
    amplitude: float = 1.0  # of all of it, 0 to 1

    def __post_init__(self) -> None:
        if not 1 <= self.repetitions <= 9:
            raise ValueError(f"重复次数应为 1 至 9，而不是 {self.repetitions}")


def announcement_wav(
    voice: Voice, announcement: Announcement, rules: SpeakingRules, cache: SoundCache | None = None
) -> bytes:
    """The whole announcement as one WAV: chime, sentences, repetitions. Takes as long as the voice needs.

    Raises VoiceError if the voice fails or there is nothing to say.
    """
    known = cache if cache is not None else SoundCache()
    spoken = [Sound.of_wav(_sentence(voice, text, known)) for text in announcement.texts]
    if not spoken:
        raise VoiceError("没有可以朗读的文字")
    rate = spoken[0].rate_hz
    parts = [chime(rate), silence(0.25, rate)] if rules.chime else []
    for round_number in range(rules.repetitions):
        for index, sound in enumerate(spoken):
            if round_number or index:
                parts.append(silence(rules.pause_s, rate))
            parts.append(sound)
    return joined(parts).scaled(rules.amplitude).wav()


def _sentence(voice: Voice, text: SpokenText, cache: SoundCache) -> bytes:
    known = cache.get(voice.name, text)
    if known is not None:
        return known
    wav = voice.synthesize(text.text, text.language)
    cache.put(voice.name, text, wav)
    return wav


def _raise(fault: Exception) -> None:
    raise fault


@dataclass(frozen=True)
class _Waiting:
    announcement: Announcement
    finished: Callable[[Ending], None]


class Announcer:
    """A queue of announcements of which one is spoken at a time. All methods belong to the GUI thread.

    Calls made at the same moment wait for each other (RIS-EX-13). `finished` is called exactly once per announcement.
    """

    def __init__(
        self,
        voice: Voice,
        player: Player,
        runner: TaskRunner,
        *,
        rules: SpeakingRules | None = None,
        problem: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """`problem` receives a sentence when speech fails or nothing can be heard."""
        self._voice = voice
        self._player = player
        self._runner = runner
        self._rules = rules or SpeakingRules()
        self._problem = problem
        self._cache = SoundCache()
        self._queue: deque[_Waiting] = deque()
        self._now: _Waiting | None = None
        self._told: str | None = None
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why the latest announcement was not heard; empty if it was."""
        return self._trouble

    @property
    def waiting(self) -> int:
        """How many announcements wait behind the one being spoken."""
        return len(self._queue)

    @property
    def speaking(self) -> Announcement | None:
        """The one being prepared or spoken."""
        return self._now.announcement if self._now else None

    def set_rules(self, rules: SpeakingRules) -> None:
        """From the next announcement on."""
        self._rules = rules

    def announce(self, announcement: Announcement, finished: Callable[[Ending], None] = lambda _ending: None) -> bool:
        """Queue an announcement; False (and no callback) if one with the same key is already spoken or waiting."""
        if any(item.announcement.key == announcement.key for item in (*self._queue, *filter(None, [self._now]))):
            return False
        self._queue.append(_Waiting(announcement, finished))
        self._next()
        return True

    def warm_up(self) -> None:
        """Let the voice load what it needs, so that the first call is spoken as fast as the others."""

        def speak() -> None:
            with contextlib.suppress(VoiceError):  # the first call will say what is wrong
                self._voice.synthesize("您好", "zh")

        self._runner.run(speak, lambda _nothing: None, _raise, key="warm-up")

    def cancel(self, key: str) -> None:
        """Drop a waiting announcement or stop it if it is being spoken."""
        if self._now is not None and self._now.announcement.key == key:
            self._player.stop()
            self._end(self._now, Ending.CANCELLED)
            return
        for item in [item for item in self._queue if item.announcement.key == key]:
            self._queue.remove(item)
            item.finished(Ending.CANCELLED)

    def close(self) -> None:
        """Stop speaking and drop everything; callbacks get CANCELLED; the voice's process ends."""
        dropped = [*filter(None, [self._now]), *self._queue]
        self._queue.clear()
        self._now = None
        self._player.stop()
        self._runner.cancel("announcement")
        self._runner.cancel("warm-up")
        for item in dropped:
            item.finished(Ending.CANCELLED)
        self._voice.close()

    def _next(self) -> None:
        if self._now is not None or not self._queue:
            return
        item = self._now = self._queue.popleft()
        rules = self._rules

        def prepared(wav: bytes) -> None:
            if self._now is item:
                self._play(item, wav)

        def failed(fault: Exception) -> None:
            if self._now is not item:
                return
            if not isinstance(fault, VoiceError):
                raise fault
            self._trouble = str(fault)
            self._problem(self._trouble)
            self._end(item, Ending.FAILED)

        self._runner.run(lambda: self._sound_of(item.announcement, rules), prepared, failed, key="announcement")

    def _sound_of(self, announcement: Announcement, rules: SpeakingRules) -> bytes:
        return announcement_wav(self._voice, announcement, rules, self._cache)

    def _play(self, item: _Waiting, wav: bytes) -> None:
        reason = self._player.silent_reason
        if reason != self._told:
            self._told = reason
            if reason is not None:
                self._problem(reason)

        def over() -> None:
            self._trouble = self._player.silent_reason or ""
            self._end(item, Ending.SILENT if self._trouble else Ending.SPOKEN)

        self._player.play(wav, over)

    def _end(self, item: _Waiting, ending: Ending) -> None:
        if self._now is not item:
            return
        self._now = None
        item.finished(ending)
        self._next()

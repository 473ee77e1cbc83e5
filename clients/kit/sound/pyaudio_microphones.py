"""Microphones by PyAudio (PortAudio): MME and WASAPI on Windows, ALSA and PulseAudio on Linux."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from clients.kit.sound.port import (
    BLOCK_S,
    BUSY,
    LOST,
    NO_DEVICE,
    NOT_INSTALLED,
    RATE_HZ,
    MicrophoneDevice,
    SoundStream,
    SoundTrouble,
)

log = logging.getLogger(__name__)

_MOST_DEVICES = 16


class PyAudioMicrophones:
    """The microphones of this computer; implements clients.kit.sound.port.Microphones."""

    def devices(self) -> tuple[MicrophoneDevice, ...]:
        module = _module()
        with _quiet():
            audio = module.PyAudio()
        try:
            return tuple(device for device, _ in _inputs(audio))
        finally:
            audio.terminate()

    def open(self, key: str) -> SoundStream:
        module = _module()
        with _quiet():
            audio = module.PyAudio()
            try:
                inputs = _inputs(audio)
                if not inputs:
                    raise SoundTrouble(NO_DEVICE)
                index = next((index for device, index in inputs if device.key == key), None)
                if key and index is None:
                    raise SoundTrouble(NO_DEVICE)
                stream = audio.open(
                    format=module.paInt16,
                    channels=1,
                    rate=RATE_HZ,
                    input=True,
                    input_device_index=index,
                    frames_per_buffer=round(RATE_HZ * BLOCK_S),
                )
            except SoundTrouble:
                audio.terminate()
                raise
            except (OSError, ValueError) as error:
                audio.terminate()
                log.warning("the microphone cannot be opened: %s", error)
                raise SoundTrouble(BUSY) from error
        return _Stream(audio, stream)


class _Stream:
    def __init__(self, audio: Any, stream: Any) -> None:
        self._audio = audio
        self._stream = stream

    def read(self) -> bytes:
        try:
            return bytes(self._stream.read(round(RATE_HZ * BLOCK_S), exception_on_overflow=False))
        except (OSError, ValueError) as error:
            raise SoundTrouble(LOST) from error

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.close()
        self._audio.terminate()


def _inputs(audio: Any) -> list[tuple[MicrophoneDevice, int]]:
    """Devices with a channel to record; the key is the name, because numbers change when something is plugged in."""
    found: dict[str, tuple[MicrophoneDevice, int]] = {}
    for index in range(audio.get_device_count()):
        facts = audio.get_device_info_by_index(index)
        name = str(facts.get("name", "")).strip()[:80]
        if int(facts.get("maxInputChannels", 0)) > 0 and name and name not in found:
            found[name] = (MicrophoneDevice(name, name), index)
    return list(found.values())[:_MOST_DEVICES]


def _module() -> Any:
    try:
        import pyaudio
    except ImportError as error:
        raise SoundTrouble(NOT_INSTALLED) from error
    return pyaudio


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what ALSA and JACK write about devices that are not there out of the terminal."""
    if sys.platform == "win32":
        yield
        return
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)

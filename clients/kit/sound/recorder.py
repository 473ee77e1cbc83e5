"""Records a microphone in its own thread: level meter, pause, loss of the device; knows no Qt.

Samples leave in pieces of about a second through `sink`, which makes them durable: a crash costs less than a second.
"""

from __future__ import annotations

import array
import threading
from collections.abc import Callable
from enum import Enum

from clients.kit.sound.port import RATE_HZ, Microphones, SoundStream, SoundTrouble

PIECE_S = 1.0
MAX_S = 2 * 3600
_RETRY_S = 1.0


class RecorderState(Enum):
    """Where a recording stands."""

    RUNNING = "running"
    PAUSED = "paused"
    LOST = "lost"  # the device is gone; it is looked for, what was recorded is safe
    ENDED = "ended"


class Recorder:
    """One recording. `told` is called in the recorder's thread when the state changes, with a sentence or "".

    The device is opened in the thread: the first `told` says RUNNING, or LOST with why it cannot be opened.
    """

    def __init__(
        self,
        microphones: Microphones,
        key: str,
        sink: Callable[[bytes], None],
        told: Callable[[RecorderState, str], None],
    ) -> None:
        self._microphones = microphones
        self._key = key
        self._sink = sink
        self._told = told
        self._stop = threading.Event()
        self._paused = threading.Event()
        self._level = 0.0
        self._samples = 0
        self._piece = bytearray()
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    @property
    def level(self) -> float:
        """The loudest sample of the last block, 0 to 1; also while paused, so that the doctor can check."""
        return self._level

    @property
    def seconds(self) -> float:
        """How much was recorded, without pauses."""
        return self._samples / RATE_HZ

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def pause(self, on: bool) -> None:
        """Leave out what is said from now on, or go on."""
        if on:
            self._paused.set()
        else:
            self._paused.clear()
        if not self._stop.is_set():
            self._told(RecorderState.PAUSED if on else RecorderState.RUNNING, "")

    def stop(self) -> None:
        """End: everything recorded has gone through `sink` when this returns."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set() and self.seconds < MAX_S:
            try:
                stream = self._microphones.open(self._key)
            except SoundTrouble as trouble:
                self._lose(trouble)
                continue
            try:
                self._told(RecorderState.PAUSED if self._paused.is_set() else RecorderState.RUNNING, "")
                self._listen(stream)
            except SoundTrouble as trouble:
                self._lose(trouble)
            finally:
                stream.close()
        self._hand_over()
        self._level = 0.0
        self._told(RecorderState.ENDED, "")

    def _listen(self, stream: SoundStream) -> None:
        while not self._stop.is_set() and self.seconds < MAX_S:
            block = stream.read()
            samples = array.array("h", block[: len(block) // 2 * 2])
            self._level = max(max(samples, default=0), -min(samples, default=0)) / 32768
            if self._paused.is_set():
                continue
            self._piece += block
            self._samples += len(samples)
            if len(self._piece) >= RATE_HZ * 2 * PIECE_S:
                self._hand_over()

    def _lose(self, trouble: SoundTrouble) -> None:
        self._level = 0.0
        self._hand_over()
        self._told(RecorderState.LOST, str(trouble))
        self._stop.wait(_RETRY_S)

    def _hand_over(self) -> None:
        if self._piece:
            piece, self._piece = bytes(self._piece), bytearray()
            self._sink(piece)

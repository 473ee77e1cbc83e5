"""Records live frames as Motion JPEG in its own thread, in pieces that are safe as soon as they are handed over."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from clients.kit.camera.live_port import Frame
from shared.imaging import motion_avi

QUALITY = 82
PIECE_S = 1.0
PIECE_BYTES = 3 * 1024 * 1024
_WAITING = 24
"""Frames that may wait for the encoder (0.8 s at 30 a second); more are left out and counted."""


class Recording:
    """One recording. `sink` gets the bytes to append, in order, in the recorder's thread; it must make them durable.

    Time is kept by repeating or leaving out frames: a recording lasts as long as what was recorded.
    """

    def __init__(self, rate: float, sink: Callable[[bytes], None], failed: Callable[[Exception], None]) -> None:
        self.rate = max(1.0, min(rate, 120.0))
        self.dropped = 0
        self.written = 0
        self._sink = sink
        self._failed = failed
        self._frames: queue.Queue[Frame | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """How long it is by now."""
        return self.written / self.rate

    def add(self, frame: Frame) -> None:
        """Take a frame; never waits."""
        try:
            self._frames.put_nowait(frame)
        except queue.Full:
            self.dropped += 1

    def stop(self) -> None:
        """End: what was taken is written when this returns."""
        self._frames.put(None)
        self._thread.join(30)

    def _write(self) -> None:
        try:
            self._encode()
        except Exception as error:  # noqa: BLE001 - outermost of the thread: whatever it is, the user is told
            self._failed(error)
            while self._frames.get() is not None:
                self.dropped += 1

    def _encode(self) -> None:
        import cv2

        options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
        piece = bytearray()
        started, size, last_piece = 0.0, (0, 0), 0
        while (frame := self._frames.get()) is not None:
            if not started:
                started, size = frame.taken_at, (frame.picture.shape[1], frame.picture.shape[0])
                piece += motion_avi.header(*size, self.rate)
            due = int((frame.taken_at - started) * self.rate + 0.5) + 1
            if due <= self.written:
                continue
            picture = frame.picture
            if (picture.shape[1], picture.shape[0]) != size:  # the camera came back with another format
                picture = cv2.resize(picture, size)
            chunk = motion_avi.chunk(bytes(cv2.imencode(".jpg", picture, options)[1]))
            repeats = min(due - self.written, int(self.rate))
            for _ in range(repeats):
                piece += chunk
            self.written += repeats
            if len(piece) >= PIECE_BYTES or self.written - last_piece >= self.rate * PIECE_S:
                self._sink(bytes(piece))
                piece.clear()
                last_piece = self.written
        if piece:
            self._sink(bytes(piece))

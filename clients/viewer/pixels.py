"""Decoded frames of stacks: one contiguous pooled buffer per stack of equal frames, with a limit of memory.

Safe to fill from worker threads; a frame counts as there only after its bytes are in place.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from clients.viewer.study import FrameKey, Stack
from shared.imaging.lut import Modality

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_LIMIT_BYTES = 3 << 30
LARGE_FRAME = 4_000_000  # pixels; larger frames are kept at half size too, for the first look
POOL_BYTES = 1 << 30


class BufferPool:
    """Byte buffers used again: a fresh 100 MB costs 60 to 100 ms of page faults, a used one 5."""

    def __init__(self, limit_bytes: int = POOL_BYTES) -> None:
        self._limit = limit_bytes
        self._free: list[NDArray[Any]] = []
        self._lock = threading.Lock()

    def take(self, size: int) -> NDArray[Any]:
        """A one-dimensional uint8 array of at least ``size`` bytes, contents undefined."""
        import numpy as np

        with self._lock:
            fitting = [n for n, buffer in enumerate(self._free) if size <= buffer.nbytes <= 2 * size + (1 << 20)]
            if fitting:
                return self._free.pop(min(fitting, key=lambda n: self._free[n].nbytes))
        return np.empty(size, np.uint8)

    def give(self, buffer: NDArray[Any]) -> None:
        """Take back a buffer that nothing refers to any more."""
        with self._lock:
            self._free.append(buffer)
            while sum(b.nbytes for b in self._free) > self._limit:
                self._free.pop(0)


def presentable(frame: NDArray[Any], modality: Modality) -> tuple[NDArray[Any], Modality]:
    """Frame as uint8, int16 or uint16 (or RGB uint8), and the modality LUT that fits it.

    Values of 32 bits or floating point are spread over 16 bits; the modality's slope and intercept follow, so
    that what is shown and measured keeps its unit to 1/65,535 of the frame's range.
    """
    import numpy as np

    if frame.ndim == 3 or frame.dtype in (np.uint8, np.int16, np.uint16):
        return frame, modality
    if frame.dtype == np.int8:
        return frame.astype(np.int16), modality
    values = np.asarray(frame, np.float64)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    step = (high - low) / 65_535 or 1.0
    spread = np.clip(np.rint((np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / step), 0, 65_535)
    if modality.table is not None:
        return spread.astype(np.uint16), Modality(step, low, None, modality.unit)
    fitted = Modality(modality.slope * step, modality.slope * low + modality.intercept, None, modality.unit)
    return spread.astype(np.uint16), fitted


def unsigned(frame: NDArray[Any]) -> NDArray[Any]:
    """int16 shifted by 32,768 into uint16: interpolation is the same and OpenCV is four times as fast."""
    import numpy as np

    if frame.dtype == np.int16:
        return np.bitwise_xor(frame.view(np.uint16), np.uint16(0x8000))
    return frame


def half_size(frame: NDArray[Any]) -> NDArray[Any]:
    """Averages of two by two pixels, int16 shifted as by :func:`unsigned`."""
    import cv2

    size = (max(1, frame.shape[1] // 2), max(1, frame.shape[0] // 2))
    half: NDArray[Any] = cv2.resize(unsigned(frame), size, interpolation=cv2.INTER_AREA)
    return half


class StackPixels:
    """Frames of one stack. Those like the first share one buffer of shape (frames, rows, columns[, 3])."""

    def __init__(self, stack: Stack, pool: BufferPool) -> None:
        self.stack = stack
        self._pool = pool
        self._buffer: NDArray[Any] | None = None
        self._volume: NDArray[Any] | None = None
        self._odd: dict[int, NDArray[Any]] = {}
        self._halves: dict[int, NDArray[Any]] = {}
        self._there = bytearray(len(stack))
        self._modalities: dict[int, Modality] = {}
        self.errors: dict[int, str] = {}
        self._lock = threading.Lock()

    @property
    def loaded(self) -> int:
        """Frames that are there or known to be unreadable."""
        return self._there.count(1) + len(self.errors)

    @property
    def nbytes(self) -> int:
        buffer = self._buffer
        return (buffer.nbytes if buffer is not None else 0) + sum(
            a.nbytes for a in (*tuple(self._odd.values()), *tuple(self._halves.values()))
        )

    def put(self, index: int, frame: NDArray[Any], modality: Modality) -> None:
        """Store a decoded frame; called by workers."""
        frame, fitted = presentable(frame, modality)
        half = half_size(frame) if frame.shape[0] * frame.shape[1] > LARGE_FRAME else None
        # Under the lock: a buffer that is given back meanwhile may already hold another stack.
        with self._lock:
            if self._volume is None and len(self.stack) > 1:
                self._allocate(frame)
            volume = self._volume
            if volume is not None and volume.shape[1:] == frame.shape and volume.dtype == frame.dtype:
                volume[index] = frame
            else:
                self._odd[index] = frame
            if half is not None:
                self._halves[index] = half
            if fitted is not modality:
                self._modalities[index] = fitted
            self._there[index] = 1

    def copy_of(self, index: int) -> NDArray[Any] | None:
        """The frame as memory of its own, for other threads than the one that releases."""
        with self._lock:
            frame = self.frame(index)
            return frame.copy() if frame is not None else None

    def fail(self, index: int, sentence: str) -> None:
        self.errors[index] = sentence

    def frame(self, index: int) -> NDArray[Any] | None:
        """The frame, a view into the buffer; None while it is not there."""
        if not self._there[index]:
            return None
        odd = self._odd.get(index)
        if odd is not None:
            return odd
        return self._volume[index] if self._volume is not None else None

    def half(self, index: int) -> NDArray[Any] | None:
        """The frame at half its size as :func:`half_size` makes it, for large frames only."""
        return self._halves.get(index)

    def has(self, index: int) -> bool:
        return bool(self._there[index]) or index in self.errors

    def modality(self, index: int) -> Modality:
        """Modality LUT that fits the pixels as they are kept here."""
        return self._modalities.get(index) or self.stack.frame_header(index).modality

    def _allocate(self, like: NDArray[Any]) -> None:
        size = like.nbytes * len(self.stack)
        self._buffer = self._pool.take(size)
        self._volume = self._buffer[:size].view(like.dtype).reshape(len(self.stack), *like.shape)

    def release(self) -> None:
        """Give the memory back; all frames count as not there."""
        with self._lock:
            self._there = bytearray(len(self.stack))
            self._modalities.clear()
            buffer, self._buffer, self._volume = self._buffer, None, None
            self._odd.clear()
            self._halves.clear()
        if buffer is not None:
            self._pool.give(buffer)


class PixelStore:
    """Pixels of all open stacks; over the limit the stacks not shown for longest lose theirs (VW-EX-07)."""

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES, pool: BufferPool | None = None) -> None:
        self.limit_bytes = limit_bytes
        self._pool = pool or BufferPool()
        self._stacks: dict[int, StackPixels] = {}  # id of stack → pixels, least recently shown first

    def of(self, stack: Stack) -> StackPixels:
        pixels = self._stacks.get(id(stack))
        if pixels is None:
            pixels = self._stacks[id(stack)] = StackPixels(stack, self._pool)
        return pixels

    def touch(self, stack: Stack) -> None:
        """The stack is on screen now."""
        pixels = self.of(stack)
        del self._stacks[id(stack)]
        self._stacks[id(stack)] = pixels

    @property
    def nbytes(self) -> int:
        return sum(pixels.nbytes for pixels in tuple(self._stacks.values()))

    def make_room(self, keep: set[int]) -> list[Stack]:
        """Release the oldest stacks outside ``keep`` (ids) until the limit holds; returns them."""
        released = []
        for key, pixels in tuple(self._stacks.items()):
            if self.nbytes <= self.limit_bytes:
                break
            if key not in keep and pixels.nbytes:
                pixels.release()
                released.append(pixels.stack)
        return released

    def carry_over(self, old: Stack, new: Stack) -> None:
        """Frames of ``old`` that ``new`` shows as well, after a study was described anew."""
        before, after = self._stacks.get(id(old)), self.of(new)
        if before is None:
            return
        places: dict[FrameKey, int] = {key: n for n, key in enumerate(new.frames)}
        for n, key in enumerate(old.frames):
            frame = before.copy_of(n)
            if frame is not None and key in places:
                new.refine(old.image(n))  # what the file itself told is more than a new description
                after.put(places[key], frame, before.modality(n))

    def drop(self, stack: Stack) -> None:
        """Forget a stack that is no longer open."""
        pixels = self._stacks.pop(id(stack), None)
        if pixels is not None:
            pixels.release()

    def clear(self) -> None:
        for pixels in self._stacks.values():
            pixels.release()
        self._stacks.clear()

"""Decoded frames of stacks: one contiguous pooled buffer per stack of equal frames, with a limit of memory.

Safe to fill from worker threads; a frame counts as there only after its bytes are in place. A stack that is larger than
the limit keeps the frames around the one that is shown, each by itself.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clients.viewer.loading_memory import give_back, pixel_limit
from clients.viewer.study import FrameKey, Stack
from shared.imaging.lut import Modality

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

LARGE_FRAME = 4_000_000  # pixels; larger frames are kept at half size too, for the first look
POOL_BYTES = 192 << 20  # one CT of 300 slices; more would only be held for nothing
READY_BYTES = 150 << 20  # of them before the first study is opened: 300 slices of 512 x 512
_WARMED_AT_ONCE = 4 << 20
_MUCH_LARGER = 8
MUCH = 32 << 20  # bytes; after as much was released the system gets back what is free
PLENTY = 3 << 30  # bytes; with a lower limit nothing is held ready
LEAST_WINDOW = 4  # frames that a confined stack keeps, whatever the limit


class BufferPool:
    """Byte buffers used again: a fresh 100 MB costs 60 to 200 ms of page faults, a used one 5."""

    def __init__(self, limit_bytes: int = POOL_BYTES) -> None:
        self._limit = limit_bytes
        self._free: list[NDArray[Any]] = []
        self._lock = threading.Lock()
        self._used = False

    def warm(self, size: int = READY_BYTES) -> None:
        """Have a buffer of ``size`` bytes ready, its pages there; gives up as soon as somebody wants one."""
        import numpy as np

        try:
            buffer = np.empty(size, np.uint8)
        except MemoryError:
            return
        for start in range(0, size, _WARMED_AT_ONCE):
            if self._used:
                return
            buffer[start : start + _WARMED_AT_ONCE] = 0
        with self._lock:
            if not self._used and not self._free:
                self._free.append(buffer)

    def take(self, size: int) -> NDArray[Any]:
        """A one-dimensional uint8 array of at least ``size`` bytes, contents undefined. Raises MemoryError.

        Where none fits, unused ones of about that size go: the sum of all grows only with what is needed at once.
        Much larger ones stay, or a scout of two images would cost the series after it its buffer.
        """
        import numpy as np

        with self._lock:
            self._used = True
            # Half as much again is within what a stack may take (1.3 times its pixels and 300 MB), since the pool's
            # buffers are small; series are of many lengths.
            fitting = [
                n for n, buffer in enumerate(self._free) if size <= buffer.nbytes <= size + size // 2 + (1 << 20)
            ]
            if fitting:
                return self._free.pop(min(fitting, key=lambda n: self._free[n].nbytes))
            gone, kept = 0, []
            for buffer in self._free:
                if gone < size and buffer.nbytes <= size * _MUCH_LARGER:
                    gone += buffer.nbytes
                else:
                    kept.append(buffer)
            self._free = kept
        try:
            return np.empty(size, np.uint8)
        except MemoryError:
            with self._lock:
                self._free.clear()
            return np.empty(size, np.uint8)

    def give(self, buffer: NDArray[Any]) -> None:
        """Take back a buffer; one that somebody still looks at is left to them."""
        if sys.getrefcount(buffer) > _REFERENCES_OF_GIVER:
            return
        with self._lock:
            self._free.append(buffer)
            while sum(b.nbytes for b in self._free) > self._limit:
                self._free.pop(0)


_REFERENCES_OF_GIVER = 3  # its variable, the parameter of give, the argument of getrefcount; views count beyond


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
    """Frames of one stack. Those like the first share one buffer of shape (frames, rows, columns[, 3]).

    Confined, it keeps a window of frames around the one looked at, and forgets the others.
    """

    def __init__(self, stack: Stack, pool: BufferPool, limit_bytes: int = sys.maxsize) -> None:
        self.stack = stack
        self._pool = pool
        self._limit = limit_bytes
        self._window: range | None = None  # frames that may be here, None for all
        self._shown = 0
        self._buffer: NDArray[Any] | None = None
        self._volume: NDArray[Any] | None = None
        self._lent = False  # somebody else reads the buffer: it never goes back to the pool
        self._odd: dict[int, NDArray[Any]] = {}
        self._halves: dict[int, NDArray[Any]] = {}
        self._there = bytearray(len(stack))
        self._modalities: dict[int, Modality] = {}
        self.errors: dict[int, str] = {}
        self.is_kept = False
        """Nothing can bring these pixels again: they stay when room is made."""
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
        """Store a copy of a decoded frame, or the frame itself where it may be written; called by workers."""
        frame, fitted = presentable(frame, modality)
        half = half_size(frame) if frame.shape[0] * frame.shape[1] > LARGE_FRAME else None
        # Under the lock: a buffer that is given back meanwhile may already hold another stack.
        with self._lock:
            if self._volume is None and self._window is None and len(self.stack) > 1:
                self._allocate(frame)
            if not self.wants(index):
                return
            volume = self._volume
            if volume is not None and volume.shape[1:] == frame.shape and volume.dtype == frame.dtype:
                volume[index] = frame
            else:
                self._odd[index] = frame if frame.flags.writeable else frame.copy()
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

    def lend(self, frames: Sequence[int]) -> NDArray[Any] | None:
        """The pixels of consecutive ``frames`` as one array (frames, rows, columns) that stays valid, to be read only.

        None when they are not all there, or not in one piece. Nothing is copied.
        """
        with self._lock:
            whole = self._volume is not None and not self._odd and all(self._there[n] for n in frames)
            if not whole or self._volume is None or list(frames) != list(range(frames[0], frames[0] + len(frames))):
                return None
            self._lent = True
            lent = self._volume[frames[0] : frames[0] + len(frames)]
            lent.flags.writeable = False
            return lent

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

    # --- confinement

    @property
    def is_confined(self) -> bool:
        """True while only a window of the stack is kept."""
        return self._window is not None

    def wants(self, index: int) -> bool:
        """True when the frame would be kept if it came."""
        return self._window is None or index in self._window

    def look_at(self, index: int) -> bool:
        """The frame is shown; True when a confined stack moved its window, so that other frames are wanted."""
        self._shown = index
        without_the_lock = self._window  # which whoever loads may hold while memory is got
        if without_the_lock is None:
            return False
        with self._lock:
            window = self._window
            if window is None or self._is_well_inside(index, window):
                return False
            moved = self._window_at(index, len(window))
            if moved == window:
                return False
            self._window = moved
            self._forget_outside(moved)
        return True

    def confine(self, budget_bytes: int) -> None:
        """Keep no more than about so many bytes, around what is shown; at least a few frames."""
        with self._lock:
            frames = self._there.count(1)
            each = self._nbytes_here() // frames if frames else 0
            if self._volume is not None:
                each = self._volume[0].nbytes
            if each == 0:
                return
            window = self._window_at(self._shown, max(LEAST_WINDOW, budget_bytes // each))
            if self._window is None and len(window) == len(self.stack):
                return
            self._window = window
            volume, buffer = self._volume, self._buffer
            if volume is not None:
                for n in window:
                    if self._there[n] and n not in self._odd:
                        self._odd[n] = volume[n].copy()
            self._buffer = self._volume = None
            del volume
            lent, self._lent = self._lent, False
            self._forget_outside(window)
        if buffer is not None and not lent:
            self._pool.give(buffer)

    def _is_well_inside(self, index: int, window: range) -> bool:
        margin = len(window) // 4
        low = 0 if window.start == 0 else window.start + margin
        high = len(self.stack) if window.stop == len(self.stack) else window.stop - margin
        return low <= index < high

    def _window_at(self, index: int, size: int) -> range:
        size = min(size, len(self.stack))
        start = min(max(index - size // 2, 0), len(self.stack) - size)
        return range(start, start + size)

    def _forget_outside(self, window: range) -> None:
        for n in range(len(self.stack)):
            if n not in window and self._there[n]:
                self._there[n] = 0
                self._odd.pop(n, None)
                self._halves.pop(n, None)
                self._modalities.pop(n, None)

    def _nbytes_here(self) -> int:
        return sum(a.nbytes for a in (*self._odd.values(), *self._halves.values()))

    def _allocate(self, like: NDArray[Any]) -> None:
        """One buffer for the stack; where it would be too large, a window of it."""
        size = like.nbytes * len(self.stack)
        frames = self._limit // like.nbytes
        if size <= self._limit:
            try:
                self._buffer = self._pool.take(size)
            except MemoryError:
                log.warning("no memory for a stack of %d MB; a part of it is kept", size >> 20)
                frames = len(self.stack) // 4
            else:
                self._volume = self._buffer[:size].view(like.dtype).reshape(len(self.stack), *like.shape)
                return
        self._window = self._window_at(self._shown, max(LEAST_WINDOW, frames))

    def release(self) -> None:
        """Give the memory back; all frames count as not there."""
        with self._lock:
            self._there = bytearray(len(self.stack))
            self._modalities.clear()
            buffer, self._buffer, self._volume = self._buffer, None, None
            self._window = None
            lent, self._lent = self._lent, False
            self._odd.clear()
            self._halves.clear()
        if buffer is not None and not lent:
            self._pool.give(buffer)


class PixelStore:
    """Pixels of all open stacks; over the limit the stacks not shown for longest lose theirs (VW-EX-07)."""

    def __init__(self, limit_bytes: int = 0, pool: BufferPool | None = None) -> None:
        """``limit_bytes`` 0 takes what the machine can spare."""
        self.limit_bytes = limit_bytes or pixel_limit()
        self._pool = pool or BufferPool()
        self._stacks: dict[int, StackPixels] = {}  # id of stack → pixels, least recently shown first

    def of(self, stack: Stack) -> StackPixels:
        pixels = self._stacks.get(id(stack))
        if pixels is None:
            pixels = self._stacks[id(stack)] = StackPixels(stack, self._pool, self.limit_bytes)
        return pixels

    def warm(self) -> None:
        """Have memory for a series ready while nobody waits, where the machine has plenty; for any thread."""
        if self.limit_bytes >= PLENTY:
            self._pool.warm()

    def touch(self, stack: Stack) -> None:
        """The stack is on screen now."""
        pixels = self.of(stack)
        del self._stacks[id(stack)]
        self._stacks[id(stack)] = pixels

    @property
    def nbytes(self) -> int:
        return sum(pixels.nbytes for pixels in tuple(self._stacks.values()))

    def make_room(self, keep: set[int]) -> list[Stack]:
        """Release the oldest stacks outside ``keep`` (ids) until the limit holds; returns them.

        Where those to keep are too much already, each of them keeps its part around the frame that is shown.
        """
        released = []
        for key, pixels in tuple(self._stacks.items()):
            if self.nbytes <= self.limit_bytes:
                break
            if key not in keep and pixels.nbytes and not pixels.is_kept:
                pixels.release()
                released.append(pixels.stack)
        kept = [pixels for key, pixels in tuple(self._stacks.items()) if key in keep and pixels.nbytes]
        if kept and self.nbytes > self.limit_bytes:
            share = self.limit_bytes // len(kept)
            for pixels in kept:
                if pixels.nbytes > share:
                    pixels.confine(share)
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
        much = self.nbytes > MUCH
        for pixels in self._stacks.values():
            pixels.release()
        self._stacks.clear()
        if much:
            give_back()

"""Reading numbers out of bytes that may lie: every step checks that the bytes are there."""

from __future__ import annotations

import struct

from shared.waveform.formats.base import EcgFormatError


class Cursor:
    """A place in bytes; ``order`` is ``<`` or ``>``."""

    def __init__(self, data: bytes | memoryview, place: int = 0, order: str = "<") -> None:
        self.data = memoryview(data)
        self.place = place
        self.order = order

    @property
    def left(self) -> int:
        return len(self.data) - self.place

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count < 0 or count > self.left or self.place < 0:
            raise EcgFormatError(f"the file ends too early: {count} bytes are missing at byte {self.place}")
        part = bytes(self.data[self.place : self.place + count])
        self.place += count
        return part

    def unpack(self, form: str) -> tuple[int, ...]:
        """Numbers by their struct letters."""
        layout = struct.Struct(self.order + form)
        return layout.unpack(self.take(layout.size))

    def one(self, letter: str) -> int:
        """A number by its struct letter."""
        return self.unpack(letter)[0]

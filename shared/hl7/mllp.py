"""Framing of the Minimal Lower Layer Protocol, sans-I/O: bytes in, whole messages out.

HL7 v2.5.1 Implementation Guide, appendix C: a block is ``<VT> data <FS><CR>``. Between blocks only line ends may stand.
"""

from __future__ import annotations

VT, FS, CR = b"\x0b", b"\x1c", b"\x0d"
MAX_MESSAGE = 1 << 20
"""Bytes of one message; an order with its clinical text has some thousand."""
_BETWEEN = frozenset(b"\r\n")
_MAX_BETWEEN = 64


class FramingError(ValueError):
    """What came is no MLLP; the sentence says why. The connection is of no use any more."""


def framed(message: bytes) -> bytes:
    """Return a message as a block. Raises FramingError when it holds a framing character itself."""
    if VT in message or FS in message:
        raise FramingError("the message holds a framing character")
    return b"".join((VT, message, FS, CR))


class Deframer:
    """Cuts a stream of bytes into messages; keeps at most one unfinished message."""

    def __init__(self, max_message: int = MAX_MESSAGE) -> None:
        self._max = max_message
        self._buffer = bytearray()
        self._looked = 0  # bytes of the buffer that hold no end
        self._between = 0
        self._ends = False  # an FS was the last byte: a CR must follow

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer) or self._ends

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that these bytes complete, in order. Raises FramingError."""
        messages: list[bytes] = []
        rest = memoryview(data)
        while rest:
            if self._ends:
                rest = self._end(rest, messages)
            elif self._buffer:
                rest = self._inside(rest)
            else:
                rest = self._outside(rest)
        return messages

    def _outside(self, rest: memoryview) -> memoryview:
        for index, byte in enumerate(rest):
            if byte == VT[0]:
                self._between = 0
                self._buffer += VT
                self._looked = 1
                return rest[index + 1 :]
            self._between += 1
            if byte not in _BETWEEN or self._between > _MAX_BETWEEN:
                raise FramingError("a message must begin with the byte 0B hex (MLLP)")
        return rest[len(rest) :]

    def _inside(self, rest: memoryview) -> memoryview:
        piece = bytes(rest)
        end = piece.find(FS)
        taken = piece if end < 0 else piece[:end]
        if VT in taken:
            raise FramingError("a message began before the last one had ended")
        if len(self._buffer) - 1 + len(taken) > self._max:
            raise FramingError(f"the message is longer than {self._max} bytes")
        self._buffer += taken
        if end < 0:
            return rest[len(rest) :]
        self._ends = True
        return rest[end + 1 :]

    def _end(self, rest: memoryview, messages: list[bytes]) -> memoryview:
        if rest[0] != CR[0]:
            raise FramingError("the byte 1C hex must be followed by 0D hex (MLLP)")
        messages.append(bytes(self._buffer[1:]))
        self._buffer.clear()
        self._ends = False
        return rest[1:]

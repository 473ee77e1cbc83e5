"""What the viewer and its decoder processes say to each other over pipes; imports no codec."""

from __future__ import annotations

import struct
from typing import IO, TypeVar

import msgspec

from shared.imaging.codecs import Palette, PixelFormat

M = TypeVar("M", bound=msgspec.Struct)

_LENGTH = struct.Struct("<I")
LONGEST_MESSAGE = 1 << 24  # a palette has at most 65,536 colours


class Task(msgspec.Struct, frozen=True, array_like=True):
    """One frame to decode; ``size`` bytes follow."""

    syntax: str
    size: int
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    samples: int
    photometric: str
    planar: bool
    high_bit: int
    floating: bool
    palette_first: int = 0
    palette: bytes = b""  # RGB triples

    @classmethod
    def of(cls, fmt: PixelFormat, syntax: str, size: int) -> Task:
        palette = fmt.palette
        return cls(
            syntax=syntax,
            size=size,
            rows=fmt.rows,
            columns=fmt.columns,
            bits_allocated=fmt.bits_allocated,
            bits_stored=fmt.bits_stored,
            signed=fmt.signed,
            samples=fmt.samples,
            photometric=fmt.photometric,
            planar=fmt.planar,
            high_bit=fmt.high_bit,
            floating=fmt.floating,
            palette_first=palette.first if palette is not None else 0,
            palette=palette.table.tobytes() if palette is not None else b"",
        )

    def format(self) -> PixelFormat:
        """Raises :class:`shared.imaging.codecs.ImpossibleFormat`."""
        import numpy as np

        palette = None
        if self.palette:
            palette = Palette(self.palette_first, np.frombuffer(self.palette, np.uint8).reshape(-1, 3))
        return PixelFormat(
            rows=self.rows,
            columns=self.columns,
            bits_allocated=self.bits_allocated,
            bits_stored=self.bits_stored,
            signed=self.signed,
            samples=self.samples,
            photometric=self.photometric,
            planar=self.planar,
            high_bit=self.high_bit,
            floating=self.floating,
            palette=palette,
        )


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The pixels follow unless ``error`` names a class of errors, ``text`` its sentence."""

    shape: tuple[int, ...] = ()
    dtype: str = ""
    error: str = ""
    text: str = ""


def write_message(stream: IO[bytes], message: msgspec.Struct, data: bytes | bytearray | memoryview = b"") -> None:
    """A message and the bytes that belong to it. Raises OSError."""
    head = msgspec.msgpack.encode(message)
    _write(stream, memoryview(_LENGTH.pack(len(head)) + head))
    _write(stream, memoryview(data).cast("B"))


def _write(stream: IO[bytes], view: memoryview) -> None:
    while len(view):
        view = view[stream.write(view) :]


def read_message(stream: IO[bytes], kind: type[M]) -> M:
    """Raises EOFError at the end of the stream, also when what came is no such message."""
    length = bytearray(_LENGTH.size)
    read_exactly(stream, memoryview(length))
    (size,) = _LENGTH.unpack(length)
    if size > LONGEST_MESSAGE:
        raise EOFError("the other side talks nonsense")
    head = bytearray(size)
    read_exactly(stream, memoryview(head))
    try:
        return msgspec.msgpack.decode(head, type=kind)
    except msgspec.MsgspecError as error:
        raise EOFError("the other side talks nonsense") from error


def read_exactly(stream: IO[bytes], view: memoryview) -> None:
    """Fill ``view``; raises EOFError when the stream ends before."""
    while len(view):
        count = stream.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError("the other side is gone")
        view = view[count:]

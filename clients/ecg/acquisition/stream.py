"""The plain stream protocol of recorders and of the simulator, over TCP or serial (docs/guide/ecg-acquisition.md).

A frame is ``b"MJ"``, one byte of type, four bytes of length (little endian), the payload, and the CRC-32 of type,
length and payload. A reader that finds anything else goes on at the next ``MJ`` whose frame is whole: bytes that
were lost or changed cost the frames they hit, never the recording, because the end carries the record once more.

=======  ====  ===========================================================================================
to desk  1     hello: JSON ``manufacturer model serial software``
to desk  2     start: JSON ``leads sampling_hz gain_uv baseline``, the last two one number for each lead
to desk  3     samples: ``u32`` number of the first, ``u16`` leads, ``u16`` samples, ``u64`` bit n = lead n is off,
               then ``i32`` [sample][lead]
to desk  4     end: the record packed by shared.waveform.compact, or nothing: what came as samples is the record
to desk  5     abort: JSON ``reason``
to desk  6     alive: nothing, every few seconds while nothing else is said
to cart  16    task: JSON ``exam patient``; the cart may show whom it records and begin
to cart  17    stop: nothing
=======  ====  ===========================================================================================
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from clients.ecg.acquisition.ports import Samples
from shared.waveform.leads import standard_name
from shared.waveform.record import MAX_LEADS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"MJ"
MAX_PAYLOAD = 8 << 20
_HEAD = struct.Struct("<BI")
_SAMPLES = struct.Struct("<IHHQ")


class FrameType(IntEnum):
    """What a frame says."""

    HELLO = 1
    START = 2
    SAMPLES = 3
    END = 4
    ABORT = 5
    ALIVE = 6
    TASK = 16
    STOP = 17


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame whose checksum is right."""

    type: FrameType
    payload: bytes

    def facts(self) -> dict[str, Any]:
        """The JSON object of the payload; StreamError when it is none."""
        try:
            found = json.loads(self.payload)
        except (ValueError, RecursionError) as error:
            raise StreamError("a frame that should be JSON is not") from error
        if not isinstance(found, dict):
            raise StreamError("a frame that should be a JSON object is not")
        return found


class StreamError(ValueError):
    """A frame that is whole but says something impossible."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a start frame announces."""

    leads: tuple[str, ...]
    sampling_hz: float
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]


def framed(kind: FrameType, payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    body = _HEAD.pack(kind, len(payload)) + payload
    return MAGIC + body + struct.pack("<I", zlib.crc32(body))


def framed_json(kind: FrameType, **facts: Any) -> bytes:
    """A frame with a JSON object."""
    return framed(kind, json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode())


def framed_samples(first: int, values: NDArray[Any], off: frozenset[int] = frozenset()) -> bytes:
    """A frame of (lead, sample) int32 values; ``off`` are numbers of leads that are off."""
    leads, samples = values.shape
    bits = sum(1 << lead for lead in off)
    return framed(FrameType.SAMPLES, _SAMPLES.pack(first, leads, samples, bits) + values.T.astype("<i4").tobytes())


class StreamReader:
    """Takes bytes as they come and gives whole frames. `skipped` counts bytes that belonged to none."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.skipped = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete."""
        self._bytes += data
        while True:
            start = self._bytes.find(MAGIC)
            if start < 0:
                keep = 1 if self._bytes.endswith(MAGIC[:1]) else 0
                self._skip(len(self._bytes) - keep)
                return
            self._skip(start)
            if len(self._bytes) < 7:
                return
            kind, length = _HEAD.unpack_from(self._bytes, 2)
            if length > MAX_PAYLOAD or kind not in _KNOWN:
                self._skip(len(MAGIC))
                continue
            whole = 7 + length + 4
            if len(self._bytes) < whole:
                if (frame := self._later_frame()) is None:
                    return
                yield frame
                continue
            body = bytes(self._bytes[2 : whole - 4])
            if zlib.crc32(body) != struct.unpack_from("<I", self._bytes, whole - 4)[0]:
                self._skip(len(MAGIC))
                continue
            del self._bytes[:whole]
            yield Frame(FrameType(kind), body[5:])

    def _later_frame(self) -> Frame | None:
        """A whole frame behind a length that was garbled: without this, a wrong length would swallow what follows."""
        place = self._bytes.find(MAGIC, 2)
        while 0 <= place <= len(self._bytes) - 11:
            kind, length = _HEAD.unpack_from(self._bytes, place + 2)
            whole = place + 7 + length + 4
            if kind in _KNOWN and length <= MAX_PAYLOAD and whole <= len(self._bytes):
                body = bytes(self._bytes[place + 2 : whole - 4])
                if zlib.crc32(body) == struct.unpack_from("<I", self._bytes, whole - 4)[0]:
                    self.skipped += place
                    del self._bytes[:whole]
                    return Frame(FrameType(kind), body[5:])
            place = self._bytes.find(MAGIC, place + 1)
        return None

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._bytes[:count]


_KNOWN = frozenset(FrameType)


def setup_of(frame: Frame) -> Setup:
    """What a start frame announces. Raises StreamError."""
    facts = frame.facts()
    try:
        leads = tuple(standard_name(str(name)[:16]) for name in facts["leads"])
        setup = Setup(
            leads,
            float(facts["sampling_hz"]),
            tuple(float(gain) for gain in facts["gain_uv"]),
            tuple(float(base) for base in facts.get("baseline") or (0.0,) * len(leads)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StreamError("the start frame lacks leads, rate or gains") from error
    counts = {len(setup.leads), len(setup.gain_uv), len(setup.baseline), len(set(setup.leads))}
    if counts != {len(leads)} or not 1 <= len(leads) <= MAX_LEADS:
        raise StreamError("the start frame needs 1 to 64 leads, each with one gain")
    gains = all(1e-6 <= abs(gain) <= 1e6 for gain in setup.gain_uv)
    if not gains or not 1 <= setup.sampling_hz <= 100_000 or not all(abs(base) < 1e9 for base in setup.baseline):
        raise StreamError("the start frame has an impossible rate, gain or baseline")
    return setup


def samples_of(frame: Frame, setup: Setup) -> Samples:
    """The samples in a frame. Raises StreamError when they do not fit what was announced."""
    import numpy as np

    if len(frame.payload) < _SAMPLES.size:
        raise StreamError("a frame of samples is too short")
    first, leads, count, bits = _SAMPLES.unpack_from(frame.payload)
    if leads != len(setup.leads) or len(frame.payload) != _SAMPLES.size + 4 * leads * count:
        raise StreamError("a frame of samples has another number of leads than the recording")
    values = np.frombuffer(frame.payload, "<i4", leads * count, _SAMPLES.size).reshape(count, leads)
    off = frozenset(name for n, name in enumerate(setup.leads) if bits >> n & 1)
    made = np.ascontiguousarray(values.T, dtype=np.int32)
    return Samples(first, setup.leads, made, setup.gain_uv, setup.baseline, setup.sampling_hz, off)

"""An analysis in few bytes, so that what was measured once is not measured again: msgpack, without the median beat.

The median beat follows from record and delineation in a few milliseconds; it is made anew when the bytes are unpacked.

    data = pack(analyse(record));  analysis = unpack(data, record)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.waveform.beats import Delineation
from shared.waveform.gains import with_common_gain
from shared.waveform.measuring import Analysis, Measurements
from shared.waveform.median_beat import median_beat

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord


class KeptError(ValueError):
    """The bytes are no packed analysis."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    version: int
    delineation: Delineation
    measurements: Measurements


_VERSION = 1


def pack(analysis: Analysis) -> bytes:
    """Return the delineation and the measurements as bytes."""
    import zlib

    return zlib.compress(msgspec.msgpack.encode(_Kept(_VERSION, analysis.delineation, analysis.measurements)), 6)


def unpack(data: bytes, record: EcgRecord) -> Analysis:
    """Return the analysis of `record` that was packed. Raises KeptError."""
    import zlib

    try:
        kept = msgspec.msgpack.decode(zlib.decompress(data), type=_Kept)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise KeptError("these bytes are no packed analysis") from error
    if kept.version != _VERSION:
        raise KeptError("this packed analysis was made by another version of the program")
    found = kept.delineation
    beat = median_beat(with_common_gain(record), found) if found.beats else None
    return Analysis(found, beat, kept.measurements)

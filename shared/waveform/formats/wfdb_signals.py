"""Sample formats of WFDB signal files (PhysioNet signal(5)): numbers out of bytes and back."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from shared.waveform.formats.base import EcgFormatError, checked_size
from shared.waveform.record import MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Format: bytes for a number of samples, and the value that says "not recorded".
_PACKED = {212: (3, 2), 310: (4, 3), 311: (4, 3)}
_PLAIN = {8: 1, 80: 1, 16: 2, 61: 2, 160: 2, 24: 3, 32: 4}
_GONE = {80: -128, 16: -32_768, 61: -32_768, 160: -32_768, 24: -(2**23), 32: MISSING, 212: -2048, 310: -512, 311: -512}
FLAC = (508, 516, 524)
_BLOCK = 1 << 20


def known(form: int) -> None:
    """Raises EcgFormatError for a format that is not read."""
    if form not in _PACKED and form not in _PLAIN and form not in FLAC:
        raise EcgFormatError(f"WFDB has no format {form}")


def decompressed(data: bytes, form: int, channels: int, first: int, samples: int) -> NDArray[Any]:
    """The samples [channel, sample] of a FLAC stream from ``first`` on, int32; all of them where ``samples`` is 0.

    One channel for each signal of the file; its resolution may be lower than the format's (signal(5)).
    """
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(BytesIO(data)) as stream:
            bits = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}.get(stream.subtype, 0)
            if stream.format != "FLAC" or stream.channels != channels or not 0 < bits <= form - 500:
                raise EcgFormatError("the FLAC file of the WFDB record is not what its header says")
            count = max(stream.frames - first, 0)
            count = min(samples or count, count)
            checked_size(channels, count)
            stream.seek(first)
            # Blocks: libsndfile fails on very long single reads.
            blocks = [
                stream.read(min(_BLOCK, count - at), dtype="int32", always_2d=True) for at in range(0, count, _BLOCK)
            ]
    except soundfile.LibsndfileError as error:
        raise EcgFormatError("the FLAC file of the WFDB record is damaged") from error
    wide = np.concatenate(blocks) if blocks else np.zeros((0, channels), dtype=np.int32)
    made: NDArray[Any] = np.ascontiguousarray((wide >> (32 - bits)).T)  # libsndfile gives them in the highest bits
    made[made == -(1 << (form - 501))] = MISSING
    return made


def capacity(size: int, form: int) -> int:
    """How many samples ``size`` bytes hold."""
    if form in _PACKED:
        of_bytes, of_samples = _PACKED[form]
        whole, rest = divmod(size, of_bytes)
        return whole * of_samples + (1 if rest >= 2 else 0) * (2 if form == 311 and rest == 3 else 1)
    return size // _PLAIN[form]


def unpacked(data: bytes, form: int, count: int) -> NDArray[Any]:
    """The first ``count`` samples, int32; MISSING where the format marks one as not recorded. Differences stay so."""
    import numpy as np

    raw = np.frombuffer(data, np.uint8)
    count = min(count, capacity(len(data), form))
    if form in _PACKED:
        of_bytes, of_samples = _PACKED[form]
        groups = -(-count // of_samples)
        padded = np.zeros(groups * of_bytes, dtype=np.uint8)
        part = raw[: groups * of_bytes]
        padded[: part.size] = part
        values = _groups(padded.reshape(groups, of_bytes).astype(np.int32), form).reshape(-1)[:count]
    elif form == 24:
        three = raw[: 3 * count].reshape(count, 3).astype(np.int32)
        values = three[:, 0] | three[:, 1] << 8 | three[:, 2] << 16
        values = values - ((values >> 23) << 24)
    else:
        kinds = {8: "i1", 80: "u1", 16: "<i2", 61: ">i2", 160: "<u2", 32: "<i4"}
        values = np.frombuffer(data, kinds[form], count).astype(np.int32)
        values = values - {80: 128, 160: 32_768}.get(form, 0)
    made: NDArray[Any] = values.astype(np.int32)
    if form in _GONE:
        made[made == _GONE[form]] = MISSING
    return made


def _groups(rows: NDArray[Any], form: int) -> NDArray[Any]:
    import numpy as np

    if form == 212:
        made = np.empty((len(rows), 2), dtype=np.int32)
        made[:, 0] = rows[:, 0] | (rows[:, 1] & 0x0F) << 8
        made[:, 1] = rows[:, 2] | (rows[:, 1] & 0xF0) << 4
        return made - ((made >> 11) << 12)
    first, second = rows[:, 0] | rows[:, 1] << 8, rows[:, 2] | rows[:, 3] << 8
    made = np.empty((len(rows), 3), dtype=np.int32)
    if form == 310:
        made[:, 0] = (first >> 1) & 0x3FF
        made[:, 1] = (second >> 1) & 0x3FF
        made[:, 2] = (first >> 11) | (second >> 11) << 5
    else:
        made[:, 0] = first & 0x3FF
        made[:, 1] = (first >> 10) | (second & 0x0F) << 6
        made[:, 2] = (second >> 4) & 0x3FF
    return made - ((made >> 9) << 10)


def packed(samples: NDArray[Any], form: int) -> bytes:
    """Samples side by side [sample, signal] as formats 16 or 32."""
    import numpy as np

    gone = samples == MISSING
    kind = {16: "<i2", 32: "<i4"}[form]
    return np.ascontiguousarray(np.where(gone, _GONE[form], samples).astype(kind)).tobytes()

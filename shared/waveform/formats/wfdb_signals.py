"""Sample formats of WFDB signal files (PhysioNet signal(5)): numbers out of bytes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.waveform.formats.base import EcgFormatError
from shared.waveform.record import MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Format: bytes for a number of samples, and the value that says "not recorded".
_PACKED = {212: (3, 2), 310: (4, 3), 311: (4, 3)}
_PLAIN = {8: 1, 80: 1, 16: 2, 61: 2, 160: 2, 24: 3, 32: 4}
_GONE = {80: -128, 16: -32_768, 61: -32_768, 160: -32_768, 24: -(2**23), 32: MISSING, 212: -2048, 310: -512, 311: -512}
FLAC = (508, 516, 524)


def known(form: int) -> None:
    """Raises EcgFormatError for a format that is not read."""
    if form in FLAC:
        raise EcgFormatError(f"WFDB format {form} (FLAC) is not read; convert the record to format 16 first")
    if form not in _PACKED and form not in _PLAIN:
        raise EcgFormatError(f"WFDB has no format {form}")


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

"""How numbers go into EDF: ranges of eight characters that are exact, records that divide the recording, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shared.waveform.formats.base import CannotHold

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RECORD_BYTES = 61_440  # the most that EDF recommends


@dataclass(frozen=True)
class Range:
    """Digital and physical ends of a signal, what is taken off its samples, and the largest change of a value."""

    digital: tuple[int, int]
    physical: tuple[str, str]
    shift: int = 0
    error_uv: float = 0.0


def range_for(row: NDArray[Any], gain: float, baseline: float) -> Range:
    """Ends that cover the samples and give gain and baseline back, exactly where eight characters allow it."""
    low, high = int(row.min()), int(row.max())
    shift = 0 if low >= -32_768 and high <= 32_767 else (low + high) // 2
    low, high = low - shift, high - shift
    zero = baseline - shift
    exact = _exact(low, high, gain, zero)
    return Range(*exact, shift) if exact is not None else _near(low, high, gain, zero, shift)


def _exact(low: int, high: int, gain: float, zero: float) -> tuple[tuple[int, int], tuple[str, str]] | None:
    """Whole steps of the gain's denominator away from the baseline: physical ends are whole numbers then."""
    step = Fraction(gain).limit_denominator(30_000)
    if zero != round(zero) or abs(float(step) / gain - 1) > 1e-12:
        return None
    for unit in (1, 10, 100):  # physical ends with one or two decimals reach closer
        size = Fraction(step.denominator, unit)
        if size.denominator != 1:
            break
        wide, middle = int(size), round(zero)
        first = middle - wide * max(-((low - middle) // wide), 1)
        last = middle + wide * max(-((middle - high) // wide), 1)
        ends = [_text((end - middle) * step) for end in (first, last)]
        if first >= -32_768 and last <= 32_767 and all(len(end) <= 8 for end in ends):
            return (first, last), (ends[0], ends[1])
    for first, last in ((-32_768, 32_767), (-32_000, 32_000), (-30_000, 30_000), (-25_000, 25_000), (-20_000, 20_000)):
        ends = [_text((end - round(zero)) * step) for end in (first, last)]
        wanted = [(place - round(zero)) * step for place in (first, last)]
        short = all(len(end) <= 8 for end in ends)
        if first <= low and high <= last and short and [Fraction(end) for end in ends] == wanted:
            return (first, last), (ends[0], ends[1])
    return None


def _text(value: Fraction) -> str:
    whole = float(value)
    if whole == int(whole):
        return str(int(whole))
    text = f"{whole:.7f}".rstrip("0")
    return text if Fraction(text) == value else text + "0" * 9  # too long: not exact


def _near(low: int, high: int, gain: float, zero: float, shift: int) -> Range:
    ends = (-32_768, 32_767)
    physical = [_eight((end - zero) * gain) for end in ends]
    got = (float(physical[1]) - float(physical[0])) / (ends[1] - ends[0])
    base = ends[0] - float(physical[0]) / got
    worst = max(abs((value - base) * got - (value - zero) * gain) for value in (low, high))
    return Range(ends, (physical[0], physical[1]), shift, worst)


def _eight(value: float) -> str:
    for digits in range(7, -1, -1):
        text = f"{value:.{digits}f}"
        if len(text) <= 8:
            return text
    raise CannotHold(f"EDF has eight characters for a range and cannot hold {value:g} µV")


def moved(samples: NDArray[Any], shifts: Sequence[int]) -> NDArray[Any]:
    """Samples with each lead's shift taken off, int64."""
    import numpy as np

    return samples.astype(np.int64) - np.asarray(shifts, dtype=np.int64)[:, None]


def record_length(samples: int, leads: int, hertz: float) -> tuple[int, str]:
    """Samples and seconds of a record: the most that divide the recording, else one second and a filled last record."""
    most = max(_RECORD_BYTES // (2 * leads), 1)
    rate = Fraction(hertz).limit_denominator(1_000_000)
    for block in range(min(most, samples), 0, -1):
        if samples % block == 0 and block * 50 >= min(most, samples):
            text = _text(block / rate)
            if len(text) <= 8:
                return block, text
    for block in range(min(most, samples), 0, -1):
        text = _text(block / rate)
        if len(text) <= 8:
            return block, text
    raise CannotHold(f"EDF cannot hold the length of records at {hertz:g} Hz exactly")


def notes_of(texts: Sequence[tuple[float, float, str]], blocks: int, duration: str, fraction: float) -> list[bytes]:
    """The annotation signal of each record, all of one even length: when it starts, then the notes of its time."""
    seconds = float(duration)
    made = [_onset(fraction + n * seconds) + b"\x14\x14\0" for n in range(blocks)]
    for onset, length, text in texts:
        place = min(max(int((onset - fraction) / seconds), 0), blocks - 1)
        clean = "".join(c for c in text if c >= " ").encode()
        extent = b"\x15" + f"{length:.9f}".rstrip("0").rstrip(".").encode() if length > 0 else b""
        made[place] += _onset(onset) + extent + b"\x14" + clean + b"\x14\0"
    size = max(map(len, made))
    size += size % 2
    return [one.ljust(size, b"\0") for one in made]


def _onset(seconds: float) -> bytes:
    text = f"{seconds:+.9f}".rstrip("0").rstrip(".")
    return text.encode()


def body(samples: NDArray[Any], block: int, notes: Sequence[bytes]) -> bytes:
    """The records: each lead's block, then the notes; the last block is filled with its last value."""
    import numpy as np

    short = len(notes) * block - samples.shape[1]
    whole = np.pad(samples, ((0, 0), (0, short)), mode="edge") if short else samples
    blocks = whole.astype("<i2").reshape(len(samples), len(notes), block).transpose(1, 0, 2)
    return b"".join(np.ascontiguousarray(blocks[n]).tobytes() + notes[n] for n in range(len(notes)))

"""From stored pixel value to grey level: modality LUT, VOI LUT and presentation folded into one table.

Grey images of up to 16 bits have 65,536 possible bit patterns, so the whole pipeline of PS3.3 C.11 is a
table that is computed once per window and applied by one indexing. Knows neither images nor screens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATTERNS = 65_536


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056), PS3.3 C.11.2.1.3."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """Window centre and width in the unit of the modality LUT's output (HU for CT)."""

    centre: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    name: str = ""

    def __post_init__(self) -> None:
        # PS3.3 C.11.2.1.2.1: LINEAR needs a width of at least 1, the others more than 0.
        least = 1.0 if self.function is VoiFunction.LINEAR else 1e-9
        if not self.width >= least:
            object.__setattr__(self, "width", least)


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A Modality or VOI LUT Sequence item: first mapped value, entries, bits of an entry (PS3.3 C.11.1.1.1)."""

    first: int
    entries: NDArray[Any]  # one-dimensional, unsigned
    bits: int
    name: str = ""

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values below the first map to the first entry, those beyond the end to the last (C.11.1.1.1)."""
        import numpy as np

        # As floats: unsigned numbers would wrap round below the first mapped value.
        index = np.clip(np.floor(np.asarray(values, np.float64)) - self.first, 0, len(self.entries) - 1).astype(
            np.int64
        )
        result: NDArray[Any] = self.entries[index].astype(np.float64)
        return result


@dataclass(frozen=True, slots=True)
class Modality:
    """Modality LUT (PS3.3 C.11.1): a table, or slope and intercept; and the unit of its output."""

    slope: float = 1.0
    intercept: float = 0.0
    table: LookupTable | None = None
    unit: str = ""

    def __call__(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Output units of stored values; float64 of the same shape."""
        import numpy as np

        if self.table is not None:
            return self.table(stored)
        # C.11.1.1.2: Output units = m * SV + b
        result: NDArray[Any] = np.asarray(stored, np.float64) * self.slope + self.intercept
        return result


def stored_patterns(signed: bool) -> NDArray[Any]:
    """The stored value of each of the 65,536 bit patterns, in the order of the patterns read as unsigned."""
    import numpy as np

    patterns = np.arange(PATTERNS, dtype=np.uint16)
    return patterns.view(np.int16) if signed else patterns


def apply_window(values: NDArray[Any], window: Window) -> NDArray[Any]:
    """Modality units to the range 0…1 (float64, same shape).

    LINEAR: PS3.3 C.11.2.1.2.1; LINEAR_EXACT: C.11.2.1.3.2; SIGMOID: C.11.2.1.3.1, all with ymin 0 and ymax 1.
    """
    import numpy as np

    x = np.asarray(values, np.float64)
    c, w = window.centre, window.width
    result: NDArray[Any]
    if window.function is VoiFunction.SIGMOID:
        result = 1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - c) / w, -700, 700)))
    elif window.function is VoiFunction.LINEAR_EXACT:
        result = np.clip((x - c) / w + 0.5, 0.0, 1.0)
    elif w <= 1.0:
        # The quotient has no meaning for a width of 1: the first two cases of C.11.2.1.2.1 decide alone.
        result = (x > c - 0.5).astype(np.float64)
    else:
        # In place, for of 65,536 patterns the memory costs more than the arithmetic.
        result = np.asarray(x - (c - 0.5))
        result /= w - 1.0
        result += 0.5
        np.clip(result, 0.0, 1.0, out=result)
    return result


def grey_of(
    values: NDArray[Any],
    voi: Window | LookupTable,
    *,
    inverted: bool = False,
    presentation: LookupTable | None = None,
) -> NDArray[Any]:
    """Modality units to uint8 grey, 0 black; ``inverted`` for MONOCHROME1 and for the reader's inversion.

    ``presentation`` is a Presentation LUT Sequence item between VOI and inversion (PS3.3 C.11.6.1.1).
    """
    import numpy as np

    if isinstance(voi, LookupTable):
        # PS3.3 C.11.2.1.1: the entries have the range 0 … 2^bits - 1
        share = np.clip(voi(values) / float((1 << voi.bits) - 1), 0.0, 1.0)
    else:
        share = apply_window(values, voi)
    if presentation is not None:
        # The whole range of the VOI LUT's output is the range of the table's input; the standard leaves the rounding
        # open, dcmtk rounds down, and so it is done here.
        entry = np.floor(share * (len(presentation.entries) - 1) + 1e-6)
        share = presentation(entry + presentation.first) / float((1 << presentation.bits) - 1)
    if inverted:
        share = 1.0 - share
    share = np.asarray(share)
    share *= 255.0
    share += 0.5
    result: NDArray[Any] = np.floor(share, out=share).astype(np.uint8)
    return result


def display_table(
    *,
    signed: bool,
    modality: Modality,
    voi: Window | LookupTable,
    inverted: bool = False,
    padding: tuple[int, int] | None = None,
    presentation: LookupTable | None = None,
) -> NDArray[Any]:
    """Grey (uint8) of every 16-bit pattern; index it with the pixels viewed as uint16.

    ``padding`` is the lowest and highest stored value without tissue (PS3.3 C.7.5.1.1.2): they stay black, inverted
    or not.
    """
    stored = stored_patterns(signed)
    table = grey_of(modality(stored), voi, inverted=inverted, presentation=presentation)
    if padding is not None:
        table[(stored >= padding[0]) & (stored <= padding[1])] = 0
    return table


def window_of_range(low: float, high: float) -> Window:
    """The LINEAR window that maps ``low`` to black and ``high`` to white (inverse of C.11.2.1.2.1)."""
    width = max(high - low, 0.0) + 1.0
    return Window(centre=low + (width - 1.0) / 2.0 + 0.5, width=width)


def window_of_pixels(
    frame: NDArray[Any], modality: Modality, padding: int | None = None, padding_limit: int | None = None
) -> Window:
    """A window for images whose header has none: the 1st to 99th percentile of what is not padding."""
    import numpy as np

    sample = frame[:: max(1, frame.shape[0] // 256), :: max(1, frame.shape[1] // 256)].ravel()
    if padding is not None:
        other = padding if padding_limit is None else padding_limit
        tissue = (sample < min(padding, other)) | (sample > max(padding, other))
        if (kept := sample[tissue]).size:
            sample = kept
    low, high = (float(v) for v in np.percentile(modality(sample), (1, 99)))
    if high <= low:
        values = modality(np.array([frame.min(), frame.max()]))
        low, high = float(values.min()), float(values.max())
    if not 0 < high - low < 16:
        return window_of_range(low, high)
    # Ratios and other small ranges: the step of 1 in LINEAR would flatten them.
    return Window((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT)

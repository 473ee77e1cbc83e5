"""What `compact_fine` believes of the next value: how large its residual, by which law, on which step of the cart.

Made of whole numbers, of single IEEE operations on float64 and of decimal exponentials, alike on every machine.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from shared.waveform.compact_errors import CompactError
from shared.waveform.compact_wide import BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 1 << 20  # of a sample's size
RAW = 22  # bits of a value that is told whole
_STEP_UP = 23  # a unit seen counts this much for its remainder …
_FORGET = 8000  # … until so much was counted
_RARE_SPAN = 10


class Coder(Protocol):
    """Takes choices and gives them back: the writer those it was given, the reader those in its bytes."""

    def choose(self, sums: NDArray[Any], index: int) -> int: ...

    def raw(self, value: int, bits: int) -> int: ...


class Scale:
    """How large the next residual will be: by the last ones, and by those of the lead before around this moment."""

    def __init__(self, near: NDArray[Any] | None, length: int) -> None:
        import numpy as np

        self._fast = self._slow = 100 << 8
        self._near: list[int] | None = None
        if near is not None:
            total = np.concatenate([[0], np.cumsum(near)])
            place = np.arange(length)
            first, last = np.maximum(place - 2, 0), np.minimum(place + 4, length)
            around = ((total[last] - total[first]) << 8) // (last - first)
            self._near = around.tolist()
            self._near_mean = self._own_mean = 100 << 8
        self._place = 0

    def index(self, t: int) -> int:
        """The number of the scale for this sample."""
        mixed = self._fast * 9 + self._slow * 7
        if self._near is not None:
            near = self._near[t] * self._own_mean // max(self._near_mean, 1)
            mixed = (mixed * 9 >> 4) + near * 7
            self._place = t
        return _scale_index(mixed >> 4)

    def learn(self, size: int) -> None:
        """A residual was so large, in eighths."""
        self._fast += ((size << 8) - self._fast) // 14
        self._slow += ((size << 8) - self._slow) // 128
        if self._near is not None:
            self._own_mean += ((size << 8) - self._own_mean) >> 8
            self._near_mean += (self._near[self._place] - self._near_mean) >> 8


_SCALES = 72
_SPREADS = (0.42, 0.68, 1.1)  # of the logistic laws that are mixed, as parts of the mean size
_SIGMA = 1.2  # of the normal law beside them


@lru_cache(maxsize=1)
def _bounds() -> list[int]:
    """Mean sizes (1/2048 of a unit) up to which each scale serves; each is an eighth larger than the one before."""
    bounds, value = [], 400
    for _ in range(_SCALES - 1):
        bounds.append(value)
        value += value // 8
    return bounds


def _scale_index(mean: int) -> int:
    return bisect_left(_bounds(), mean)


@lru_cache(maxsize=_SCALES * 8)
def _law(index: int, eighth: int) -> tuple[NDArray[Any], int]:
    """Weights of the values -K … K [law, value] around a prediction with this fraction, and K."""
    import numpy as np

    mean = (_bounds()[index] if index < _SCALES - 1 else 2 * _bounds()[-1]) / 2048 * 0.94
    reach = min(4000, int(12 * mean) + 8)
    laws = [_logistic(mean * factor, reach, eighth) for factor in _SPREADS]
    laws.append(_normal(mean * _SIGMA, reach, eighth))
    return np.rint(np.vstack(laws) * float(1 << 22)).astype(np.int64) + 2, reach


def _logistic(spread: float, reach: int, eighth: int) -> NDArray[Any]:
    """How much of a logistic law lies around each whole number -reach … reach when its middle is eighth/8."""
    import numpy as np

    context = Context(prec=30)
    step = float(context.exp(-1 / Decimal(spread)))
    first = float(context.exp(-(Decimal(reach) + Decimal(1) / 2 + Decimal(eighth) / 8) / Decimal(spread)))
    # e^(x/spread) at the edges -reach-½ …: multiplied up from the lower end and, against overflow, kept below e^60
    edges = np.empty(2 * reach + 2)
    edges[0] = max(first, 1e-300)
    edges[1:] = 1.0 / step
    growth = np.minimum(np.multiply.accumulate(edges), 1e26)
    below = growth / (1.0 + growth)
    made: NDArray[Any] = below[1:] - below[:-1]
    return made


def _normal(sigma: float, reach: int, eighth: int) -> NDArray[Any]:
    """A normal law at the whole numbers -reach … reach when its middle is eighth/8; it sums to about 1."""
    import numpy as np

    context = Context(prec=30)
    square = Decimal(sigma) * Decimal(sigma)
    fraction = Decimal(eighth) / 8
    slower = float(context.exp(-1 / square))
    sides = []
    for sign in (1, -1):  # each value from the one before it, outwards
        ratios = np.full(reach, slower)
        ratios[0] = float(context.exp(-(1 - 2 * sign * fraction) / (2 * square)))
        sides.append(np.multiply.accumulate(np.maximum(np.multiply.accumulate(ratios), 1e-30)))
    middle = np.ones(1)
    heights = np.concatenate([sides[1][::-1], middle, sides[0]])
    made: NDArray[Any] = heights / np.add.accumulate(heights)[-1]
    return made


class Laws:
    """Chooses values by the law of residuals and by how often each remainder comes."""

    def __init__(self, lowest: int, highest: int, modulus: int, mask: int, near: NDArray[Any] | None) -> None:
        import numpy as np

        self.least, self.most = lowest * 8, highest * 8
        self._lowest, self._highest, self._modulus, self._mask = lowest, highest, modulus, mask
        self._margin = 4010
        values = np.arange(lowest - self._margin, highest + self._margin + 1)
        self._class = np.abs(values) % modulus
        self._class[(values < lowest) | (values > highest)] = modulus  # these never come
        self._counts = np.full((modulus + 2, modulus + 1), 8, dtype=np.int64)
        self._counts[:, modulus] = 0
        self._near = near.tolist() if near is not None else None
        self._last_rare, self._rare_class = -1000, 0
        self._rare: list[int] = []
        self._says = np.array([256, 256, 256, 256], dtype=np.int64)  # how much each law is believed, of about 1024

    @property
    def rare(self) -> NDArray[Any]:
        """Where the remainder was a rare one."""
        import numpy as np

        return np.array(self._rare, dtype=bool)

    def choose(self, coder: Coder, t: int, eighths: int, scale: int, value: int) -> int:
        """Code ``value`` or read it."""
        middle, eighth = eighths >> 3, eighths & 7
        laws, reach = _law(scale, eighth)
        first = middle - reach
        start = first - self._lowest + self._margin
        if self._modulus == 1:
            seen = self._counts[0]
        elif t - self._last_rare <= _RARE_SPAN:
            seen = self._counts[self._rare_class]
        elif self._near is not None and self._near[t]:
            seen = self._counts[self._modulus]
        else:
            seen = self._counts[self._modulus + 1]
        weights = self._says @ laws
        sums = ((weights >> 10) * seen[self._class[start : start + 2 * reach + 1]]).cumsum()
        whole = int(sums[-1])
        width = 2 * reach + 1
        room = (1 << BITS) - width - 8
        down = max(0, whole.bit_length() - 42)
        sums = (sums >> down) * room // ((whole >> down) + 1) + _upward(width)
        index = value - first
        index = coder.choose(sums, index if 0 <= index < width else width)
        if index < width:
            value = first + index
            self._believe(laws[:, index], int(weights[index]))
        else:
            value = coder.raw(value + LARGEST, RAW) - LARGEST
        if not -LARGEST < value < LARGEST:
            raise CompactError("the packed ECG record is damaged")
        self._count(t, value, seen)
        return value

    def _believe(self, said: NDArray[Any], mixed: int) -> None:
        """A law that foresaw the value better than the mixture is believed more; each keeps a little."""
        new = (self._says * said << 10) // mixed
        self._says = self._says + ((new - self._says) >> 4) + 1

    def _count(self, t: int, value: int, seen: NDArray[Any]) -> None:
        remainder = abs(value) % self._modulus
        is_rare = not self._mask >> remainder & 1
        self._rare.append(is_rare)
        if self._modulus == 1:
            return
        seen[remainder] += _STEP_UP
        if int(seen.sum()) > _FORGET:
            seen[:-1] -= seen[:-1] >> 4
            seen[:-1] += 1
        if is_rare:
            self._last_rare, self._rare_class = t, remainder


@lru_cache(maxsize=256)
def _upward(width: int) -> NDArray[Any]:
    import numpy as np

    return np.arange(1, width + 1)

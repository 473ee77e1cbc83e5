"""Short records in the fewest bytes, for thin lines: a 10-s 12-lead record takes about a second each way.

Three things make it smaller than `compact`'s quick way:

* Leads that follow from two others (Einthoven, Goldberger) leave one bit where a half was rounded, or nothing.
* Each sample is predicted by least squares over its lead's past and over the leads before it, also three samples ahead
  of it there; the coefficients are found anew from what both sides know, so that they need not be sent.
* Carts record in steps of some µV and write them in finer units: how often each remainder |v| mod m comes is learnt,
  apart for stretches where the steps are blurred, and weighs the law of the residuals. That law is a mixture of three
  logistic laws and a normal one, of which those that foresaw the last samples are believed more.

Both sides compute the same on every machine: whole numbers, and single IEEE operations on float64 element by element
(no sums by libraries, which may add in any order). Exponentials come from decimal arithmetic.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform.compact_errors import CompactError
from shared.waveform.compact_laws import LARGEST, RAW, Coder, Laws, Scale
from shared.waveform.compact_wide import BITS, Reader, Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SAMPLES = 200_000  # of all leads: beyond, it takes too long
_OWN, _LAG, _AHEAD = 16, 3, 3
_SHIFT = 14  # coefficients count 1/16384
_FIRST_BLOCK, _MOST_BLOCK = 40, 160
_MEMORY = 3000  # samples over which old ones count less for the coefficients
_MOST_MODULUS = 16
_LAWS = ((1, -1), (-1, -1), (1, 1), (2, -1), (-1, 2), (1, -2))  # twice the lead is a·A + b·B; the first twice again


@dataclass(slots=True)
class _Done:
    """A lead that both sides know: samples, sizes of its residuals, where its remainder was a rare one."""

    row: NDArray[Any]
    sizes: NDArray[Any] | None
    rare: NDArray[Any] | None


def fits(samples: NDArray[Any]) -> bool:
    """Whether a block can go this way."""
    import numpy as np

    large = bool(np.abs(samples.astype(np.int64)).max(initial=0) >= LARGEST)
    return samples.size <= MOST_SAMPLES and samples.shape[1] >= 64 and not large


def coded(rows: NDArray[Any]) -> bytes:
    """(lead, sample) whole numbers below LARGEST as bytes."""
    import numpy as np

    rows = rows.astype(np.int64)
    coder = Writer()
    _walk(coder, rows.shape[0], rows.shape[1], rows)
    return coder.finished()


def decoded(data: bytes, leads: int, length: int) -> NDArray[Any]:
    """The same numbers. Raises CompactError for bytes that were not made so."""
    if leads * length > MOST_SAMPLES or leads < 1 or length < 64:
        raise CompactError("the packed ECG record says more samples than this way takes")
    return _walk(Reader(data), leads, length, None)


def _walk(coder: Coder, leads: int, length: int, rows: NDArray[Any] | None) -> NDArray[Any]:
    """Code all leads, or read them when ``rows`` is None; what is chosen goes through ``coder`` either way."""
    import numpy as np

    made = np.zeros((leads, length), dtype=np.int64)
    done: dict[int, _Done] = {}
    order = _order_of(rows) if rows is not None else [0] * leads
    free: list[int] = []  # leads that were not made of others: they predict
    for place in range(leads):
        lead = coder.raw(order[place], 6)
        if lead >= leads or lead in done:
            raise CompactError("the packed ECG record is damaged")
        row = rows[lead] if rows is not None else None
        law = _law_of(row, done) if row is not None else (0, 0, 0)
        kind = coder.raw(law[0], 3)
        if kind:
            one, two = coder.raw(law[1], 6), coder.raw(law[2], 6)
            if kind > len(_LAWS) or one not in done or two not in done:
                raise CompactError("the packed ECG record is damaged")
            done[lead] = _by_law(coder, row, kind, done[one].row, done[two].row)
        else:
            done[lead] = _Model(length, [done[n] for n in free]).walk(coder, row)
            free.append(lead)
        made[lead] = done[lead].row
    return made


# ── leads that follow from two others ────────────────────────────────────────────────────────────────


def _order_of(rows: NDArray[Any]) -> list[int]:
    """II and III first, then the chest leads, the rest of the limb leads last: as standard 12-lead records lie."""
    if len(rows) != 12:
        return list(range(len(rows)))
    return [1, 2, 8, 7, 6, 9, 10, 11, 0, 3, 4, 5]


def _law_of(row: NDArray[Any], done: dict[int, _Done]) -> tuple[int, int, int]:
    """Number of a law that holds but for rounding, and its two leads; (0, 0, 0) where there is none."""
    import numpy as np

    for (number, (a, b)), one, two in itertools.product(enumerate(_LAWS, 1), done, done):
        if one == two or (a == b and one > two):
            continue
        factor, first, second = (2 if number == 1 else 1), done[one].row, done[two].row
        if np.abs(2 * row[:200] - factor * (a * first[:200] + b * second[:200])).max() > 1:
            continue
        error = np.abs(2 * row - factor * (a * first + b * second))
        if int((error > 1).sum()) * 50 < row.size:
            return number, one, two
    return 0, 0, 0


def _by_law(coder: Coder, row: NDArray[Any] | None, kind: int, one: NDArray[Any], two: NDArray[Any]) -> _Done:
    """What rounding did is learnt by the signs of both leads and of the sum."""
    import numpy as np

    a, b = _LAWS[kind - 1]
    twice = (2 if kind == 1 else 1) * (a * one + b * two)
    context = (np.sign(one) + 1) * 9 + (np.sign(two) + 1) * 3 + np.sign(twice) + 1 + 27 * (twice & 1)
    counts = np.ones((54, 2), dtype=np.int64)  # of the lower and the upper neighbour; beyond: told whole
    made = twice >> 1
    for t, (low, which) in enumerate(zip(made.tolist(), context.tolist(), strict=True)):
        seen = counts[which]
        total = int(seen[0] + seen[1])
        room = (1 << BITS) - 4
        sums = np.array([1 + int(seen[0]) * (room - 2) // total, room], dtype=np.int64)
        index = 0
        if row is not None:
            index = int(row[t]) - low
            index = index if 0 <= index <= 1 else 2
        index = coder.choose(sums, index)
        if index < 2:
            made[t] = low + index
            seen[index] += 24
            if seen[index] > 4000:
                seen -= seen >> 1
                seen += 1
        else:
            made[t] = coder.raw(int(row[t]) + LARGEST if row is not None else 0, RAW) - LARGEST
    return _Done(made, None, None)


# ── leads that are predicted ─────────────────────────────────────────────────────────────────────────


class _Model:
    """One lead, sample by sample: what both sides know before each one, and what they learn from it."""

    def __init__(self, length: int, others: list[_Done]) -> None:
        import numpy as np

        self._length = length
        terms = [_shifted(other.row, lag) for other in others for lag in range(-_AHEAD, _LAG + 1)]
        self._others = np.vstack(terms) if terms else np.zeros((0, length), dtype=np.int64)
        self._own = np.zeros(length + _OWN, dtype=np.int64)  # the lead, with zeros before its beginning
        count = _OWN + len(self._others)
        self._square = np.zeros((count, count))
        self._side = np.zeros(count)
        self._coefficients = np.zeros(count, dtype=np.int64)
        self._coefficients[0], self._coefficients[1] = 2 << _SHIFT, -1 << _SHIFT
        with_sizes = [other for other in others if other.sizes is not None]
        self._near = with_sizes[-1].sizes if with_sizes else None
        self._rare_near = with_sizes[-1].rare if with_sizes else None

    def walk(self, coder: Coder, row: NDArray[Any] | None) -> _Done:
        """Code or read the whole lead."""
        import numpy as np

        lowest = coder.raw(int(row.min()) + LARGEST if row is not None else 0, RAW) - LARGEST
        highest = coder.raw(int(row.max()) + LARGEST if row is not None else 0, RAW) - LARGEST
        if not -LARGEST < lowest <= highest < LARGEST:
            raise CompactError("the packed ECG record is damaged")
        modulus, mask = _comb_of(row) if row is not None else (0, 0)
        modulus = max(1, min(_MOST_MODULUS, coder.raw(modulus, 5)))
        mask = coder.raw(mask, _MOST_MODULUS)
        laws = Laws(lowest, highest, modulus, mask, self._rare_of_near())
        scale = Scale(self._near, self._length)
        sizes = np.zeros(self._length, dtype=np.int64)
        place, block = 0, _FIRST_BLOCK
        while place < self._length:
            end = min(self._length, place + block)
            self._block(coder, row, place, end, laws, scale, sizes)
            self._learn(place, end)
            place, block = end, min(_MOST_BLOCK, block + block // 2)
        return _Done(self._own[_OWN:], sizes, laws.rare)

    def _rare_of_near(self) -> NDArray[Any] | None:
        """Where the lead before had a rare remainder within three samples."""
        if self._rare_near is None:
            return None
        wide = self._rare_near.copy()
        for lag in range(1, 4):
            wide[lag:] |= self._rare_near[:-lag]
            wide[:-lag] |= self._rare_near[lag:]
        return wide

    def _block(
        self,
        coder: Coder,
        row: NDArray[Any] | None,
        place: int,
        end: int,
        laws: Laws,
        scale: Scale,
        sizes: NDArray[Any],
    ) -> None:
        """Samples that share their coefficients."""
        from_others = (self._coefficients[_OWN:] @ self._others[:, place:end]).tolist()
        past = self._coefficients[_OWN - 1 :: -1].copy()  # the oldest first, as the past lies
        own, down = self._own, _SHIFT - 3
        for t in range(place, end):
            eighths = (int(past @ own[t : t + _OWN]) + from_others[t - place]) >> down
            eighths = min(max(eighths, laws.least), laws.most)
            value = laws.choose(coder, t, eighths, scale.index(t), int(row[t]) if row is not None else 0)
            own[t + _OWN] = value
            size = abs(8 * value - eighths)
            sizes[t] = size
            scale.learn(size)

    def _learn(self, place: int, end: int) -> None:
        """The coefficients that would have been best until now, old samples counting less."""
        import numpy as np

        own = np.vstack([self._own[_OWN - lag + place : _OWN - lag + end] for lag in range(1, _OWN + 1)])
        terms = np.vstack([own, self._others[:, place:end]])
        keep = 1.0 - (end - place) / _MEMORY
        self._square = self._square * keep + (terms @ terms.T).astype(np.float64)
        self._side = self._side * keep + (terms @ self._own[_OWN + place : _OWN + end]).astype(np.float64)
        found = _solved(self._square, self._side)
        limit = float(1 << 5 + _SHIFT)
        whole = np.rint(np.minimum(np.maximum(found * float(1 << _SHIFT), -limit), limit))
        self._coefficients = whole.astype(np.int64)


def _solved(square: NDArray[Any], side: NDArray[Any]) -> NDArray[Any]:
    """The solution of the normal equations by elimination without pivoting, one rounded operation at a time."""
    import numpy as np

    count = len(side)
    work = square.copy()
    diagonal = work.diagonal()
    # A ridge: what was never seen gets no say, and no pivot vanishes.
    work[np.arange(count), np.arange(count)] = diagonal + diagonal * 1e-6 + 1.0
    right = side.copy()
    for n in range(count - 1):
        factors = work[n + 1 :, n] / work[n, n]
        work[n + 1 :, n + 1 :] -= factors[:, None] * work[n, n + 1 :][None, :]
        right[n + 1 :] -= factors * right[n]
    for n in range(count - 1, -1, -1):
        right[n] = right[n] / work[n, n]
        right[:n] -= work[:n, n] * right[n]
    return np.where(np.isfinite(right), right, 0.0)


def _shifted(row: NDArray[Any], lag: int) -> NDArray[Any]:
    """The row ``lag`` samples later (before 0: ahead), zeros where it has none."""
    import numpy as np

    made = np.zeros_like(row)
    if lag > 0:
        made[lag:] = row[:-lag]
    elif lag < 0:
        made[:lag] = row[-lag:]
    else:
        made[:] = row
    return made


def _comb_of(row: NDArray[Any]) -> tuple[int, int]:
    """The modulus whose remainders of |v| say most, and a mask of the usual ones; 1 where none says much."""
    import numpy as np

    best, found = 0.2, (1, 1)
    size = np.abs(row)
    for modulus in range(2, _MOST_MODULUS + 1):
        share = np.bincount(size % modulus, minlength=modulus) / row.size
        entropy = float(-(share[share > 0] * np.log2(share[share > 0])).sum())
        gain = float(np.log2(modulus)) - entropy - 0.01 * modulus
        if gain > best:
            usual = share > 0.5 / modulus
            best, found = gain, (modulus, int(sum(1 << n for n in range(modulus) if usual[n])))
    return found

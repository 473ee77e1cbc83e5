"""Values between voxels: trilinear and nearest sampling at voxel positions, in blocks over a few threads.

Plain numpy: its takes and sums release the GIL, so two cores share the work, and blocks of some ten thousand
positions stay in the cache. Everything that reformats (planes, slabs, curves) ends here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 1 << 15  # positions worked on at once by one thread
EDGE = 1e-3  # voxels: a position so little outside the outermost centres counts as on them


class Interpolation(StrEnum):
    LINEAR = "linear"
    NEAREST = "nearest"


Sampler = Callable[["NDArray[Any]", "NDArray[Any]", "NDArray[Any]", bool], "NDArray[Any]"]
"""(slice, row, column positions, check) to float32 stored values; outside NaN when ``check``."""


def sampler(voxels: NDArray[Any], interpolation: Interpolation = Interpolation.LINEAR) -> Sampler:
    """A function that samples ``voxels`` [slice, row, column] at positions (float64, one-dimensional, equally long).

    Positions outside the hull of the voxel centres give NaN; with ``check`` false the caller promises that all
    lie inside. Values at voxel centres are the voxels themselves.
    """
    import numpy as np

    method = _nearest if interpolation is Interpolation.NEAREST else _linear
    flat = np.ascontiguousarray(voxels).reshape(-1)
    shape = voxels.shape

    def sample(k: NDArray[Any], j: NDArray[Any], i: NDArray[Any], check: bool) -> NDArray[Any]:
        outside = _outside(shape, k, j, i) if check else None
        if outside is not None:
            k, j, i = (np.fmin(np.fmax(at, 0), n - 1) for at, n in zip((k, j, i), shape, strict=True))
        values = method(flat, shape, (k, j, i))
        if outside is not None:
            values[outside] = np.nan
        return values

    return sample


def _outside(shape: Sequence[int], k: NDArray[Any], j: NDArray[Any], i: NDArray[Any]) -> NDArray[Any]:
    outside: NDArray[Any] = ~((k >= -EDGE) & (k <= shape[0] - 1 + EDGE))  # so that NaN is outside
    for at, size in ((j, shape[1]), (i, shape[2])):
        outside |= ~((at >= -EDGE) & (at <= size - 1 + EDGE))
    return outside


class _Scratch(threading.local):
    """Arrays of one thread that are used again: fresh ones cost more in page faults than the sums themselves."""

    def __init__(self) -> None:
        self._arrays: dict[object, NDArray[Any]] = {}

    def of(self, name: object, dtype: Any, size: int) -> NDArray[Any]:
        import numpy as np

        array = self._arrays.get(name)
        if array is None or array.dtype != dtype or len(array) < size:
            array = self._arrays[name] = np.empty(max(size, BLOCK), dtype)
        return array[:size]


scratch = _Scratch()


def _linear(flat: NDArray[Any], shape: Sequence[int], positions: Sequence[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    count = len(positions[0])
    base = scratch.of("base", np.intp, count)
    flat_index, first, rest = (scratch.of(name, np.float64, count) for name in ("flat", "first", "rest"))
    shares = []
    for axis, (at, size) in enumerate(zip(positions, shape, strict=True)):
        # All in float64, which holds every index exactly: mixed types would go through small buffers.
        np.trunc(at, out=first)  # positions are not negative: cutting off is the floor
        np.minimum(first, size - 2, out=first)
        np.subtract(at, first, out=rest)
        share = scratch.of(("share", axis), np.float32, count)
        np.copyto(share, rest, casting="same_kind")
        shares.append(share)
        if axis == 0:
            np.copyto(flat_index, first)
        else:
            flat_index *= size
            flat_index += first
    np.copyto(base, flat_index, casting="unsafe")
    taken = scratch.of("taken", flat.dtype, count)

    def corner(offset: int, into: NDArray[Any]) -> None:
        np.take(flat[offset:], base, out=taken, mode="clip")
        np.copyto(into, taken)

    def mix(low: NDArray[Any], high: NDArray[Any], share: NDArray[Any]) -> None:
        high -= low
        high *= share
        low += high

    down, deeper = shape[2], shape[1] * shape[2]
    a, b, c = (scratch.of(name, np.float32, count) for name in "abc")
    result = np.empty(count, np.float32)
    for offset, low in ((0, result), (deeper, c)):
        corner(offset, low)
        corner(offset + 1, b)
        mix(low, b, shares[2])
        corner(offset + down, a)
        corner(offset + down + 1, b)
        mix(a, b, shares[2])
        mix(low, a, shares[1])
    mix(result, c, shares[0])
    return result


def _nearest(flat: NDArray[Any], shape: Sequence[int], positions: Sequence[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    base, row, column = ((at + 0.5).astype(np.intp) for at in positions)
    base *= shape[1]
    base += row
    base *= shape[2]
    base += column
    return np.take(flat, base, mode="clip").astype(np.float32)


_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()


def in_blocks(work: Callable[[int, int], None], count: int, block: int) -> None:
    """Call ``work(first, end)`` for all blocks of 0…``count``, several at a time; raises what the first raises."""
    global _pool  # noqa: PLW0603 - threads are started once, when they are first needed
    starts = range(0, count, block)
    if len(starts) <= 1:
        for start in starts:
            work(start, min(start + block, count))
        return
    with _pool_lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="reformat")
    for _ in _pool.map(lambda start: work(start, min(start + block, count)), starts):
        pass

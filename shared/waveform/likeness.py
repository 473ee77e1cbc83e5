"""How much a peak of QRS activity looks like the beats that are sure: what height alone cannot tell.

A small beat between large ectopic ones has the shape of the other normal beats; a burst of muscle noise as high as a
complex has the shape of nothing. Shapes are compared over all leads together, each weighted by what is to be trusted of
it at that moment, as correlation over 160 ms at the best shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_S = 0.08
_SHIFT_S = 0.04
_STEP = 2  # samples between the shifts tried
_SAME_SHAPE = 0.85
_MOST_SHAPES = 8
_SURE_LOOKED_AT = 400


def likeness(
    leads: NDArray[Any], places: NDArray[Any], sure: NDArray[Any], rate_hz: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(peak,) best correlation of each of ``places`` with the shapes at ``sure``, and its size relative to that shape.

    ``leads`` (lead, sample) are weighted and band-passed. Both 0 where there is nothing to compare with.
    """
    import numpy as np

    half, shift = round(_HALF_S * rate_hz), round(_SHIFT_S * rate_hz)
    reach = half + shift
    if not len(places) or not len(sure) or leads.shape[1] < 2 * reach + 1:
        return np.zeros(len(places)), np.zeros(len(places))
    around = np.arange(-reach, reach + 1)

    def windows(centres: NDArray[Any]) -> NDArray[Any]:
        """(peak, lead, sample) around the centres, moved inside at the ends."""
        inside = np.clip(centres, reach, leads.shape[1] - reach - 1)
        return np.moveaxis(leads[:, inside[:, None] + around], 0, 1)

    def compared(cut: NDArray[Any], shapes: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
        best, size = np.zeros(len(cut)), np.zeros(len(cut))
        flat = [shape.ravel() for shape in shapes]
        norms = np.array([np.linalg.norm(shape) for shape in flat])
        matrix = np.stack(flat, axis=1)
        for start in range(0, 2 * shift + 1, _STEP):
            part = cut[:, :, start : start + 2 * half + 1].reshape(len(cut), -1)
            length = np.linalg.norm(part, axis=1)
            alike = part @ matrix / np.maximum(length[:, None] * norms[None, :], 1e-9)
            nearest = alike.argmax(axis=1)
            value = alike[np.arange(len(cut)), nearest]
            better = value > best
            best[better] = value[better]
            size[better] = (length / norms[nearest])[better]
        return best, size

    shapes: list[NDArray[Any]] = []
    for window in windows(sure[:_SURE_LOOKED_AT]):
        centre = window[:, shift : shift + 2 * half + 1]
        if np.linalg.norm(centre) <= 1e-9:
            continue
        if not shapes or (len(shapes) < _MOST_SHAPES and compared(window[None], shapes)[0][0] < _SAME_SHAPE):
            shapes.append(centre.copy())
    if not shapes:
        return np.zeros(len(places)), np.zeros(len(places))
    return compared(windows(places), shapes)

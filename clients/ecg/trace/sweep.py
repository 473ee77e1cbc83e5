"""What the sweeping pen has written: a ring of the newest samples by their place on the screen. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAP_S = 0.25  # empty before the pen


class Sweep:
    """``seconds`` of all leads; what is older is overwritten from the left."""

    def __init__(self, leads: Sequence[str], sampling_hz: float, seconds: float) -> None:
        import numpy as np

        if not leads or sampling_hz <= 0 or seconds <= 0:
            raise ValueError("a sweep needs leads, a rate and a width")
        self.leads = tuple(leads)
        self.sampling_hz = sampling_hz
        self.values: NDArray[Any] = np.full((len(self.leads), max(2, round(seconds * sampling_hz))), np.nan)
        self.written = 0

    @property
    def pen(self) -> int:
        """The sample of the ring that comes next."""
        return self.written % int(self.values.shape[1])

    def push(self, samples: NDArray[Any]) -> None:
        """(lead, sample) µV. Raises ValueError for another number of leads."""
        import numpy as np

        if samples.ndim != 2 or samples.shape[0] != len(self.leads):
            raise ValueError("samples must be [lead, sample] with a row for each lead")
        size = self.values.shape[1]
        new = samples[:, -size:]
        self.written += samples.shape[1] - new.shape[1]
        places = (self.written + np.arange(new.shape[1])) % size
        self.values[:, places] = new
        self.written += new.shape[1]

    def shown(self, lead: int) -> NDArray[Any]:
        """(sample,) of the ring with the gap before the pen, on the lead's resting level of the last seconds."""
        import numpy as np

        size = self.values.shape[1]
        row: NDArray[Any] = self.values[lead].copy()
        there = row[np.isfinite(row)]
        if there.size:
            row -= np.median(there)
        gap = (self.pen + np.arange(min(round(GAP_S * self.sampling_hz), size // 4))) % size
        row[gap] = np.nan
        return row

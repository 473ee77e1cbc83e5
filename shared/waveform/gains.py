"""Files whose gains contradict the laws of the limb leads.

Converters that scale each lead to its own range write gains with which lead III is no longer II − I, while the stored
numbers still obey (all of LUDB 1.0.1 is so). Amplitudes, axes and the order of electrodes cannot be judged with such
gains; the common unit of the stored numbers can, up to one factor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.waveform import filters
from shared.waveform.leads import LIMB, limb_law_residual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

_CONTRADICTS = 0.12
_OBEYS = 0.05
_USUAL_UV = (1.0, 2.5, 5.0)  # resolutions of electrocardiographs
_LOOK_S = 10.0


def with_common_gain(record: EcgRecord) -> EcgRecord:
    """The record with one gain for all leads where its own gains contradict each other and the numbers do not.

    The gain is the usual resolution nearest to the middle of the file's own ones. Otherwise the record itself.
    """
    import numpy as np

    if len(set(record.gain_uv)) == 1 or sum(name in LIMB for name in record.leads) < 3:
        return record
    if law_misfit(record) < _CONTRADICTS:
        return record
    middle = float(np.exp(np.mean(np.log(np.abs(record.gain_uv)))))
    usual = min(_USUAL_UV, key=lambda each: abs(np.log(each / middle)))
    common = replace(record, gain_uv=tuple(float(np.sign(gain)) * usual for gain in record.gain_uv))
    return common if law_misfit(common) < _OBEYS else record


def law_misfit(record: EcgRecord) -> float:
    """How far the limb leads are from their laws over the first 10 s between 1 and 40 Hz; 0 without three of them."""
    stop = min(record.sample_count, round(_LOOK_S * record.sampling_hz))
    values: NDArray[Any] = filters.bridged(record.microvolts(0, stop))
    band = filters.band_pass(values, record.sampling_hz, 1.0, 40.0)
    return limb_law_residual(dict(zip(record.leads, band, strict=True))) or 0.0

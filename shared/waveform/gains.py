"""Files whose gains contradict the laws of the limb leads.

Converters that scale each lead to its own range write gains with which lead III is no longer II − I, while the stored
numbers still obey (all of LUDB 1.0.1 is so). Amplitudes, axes and the order of electrodes cannot be judged with such
gains; the common unit of the stored numbers can, up to one factor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.waveform import filters
from shared.waveform.leads import LIMB, limb_law_residual, with_derived_limb_leads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

_CONTRADICTS = 0.12
_OBEYS = 0.05
_USUAL_UV = (1.0, 2.5, 5.0)  # resolutions of electrocardiographs
_LOOK_S = 10.0


def with_common_gain(record: EcgRecord) -> EcgRecord:
    """The record with one gain for all leads where its own gains contradict each other and the numbers do not.

    The gain is the usual resolution nearest to the middle of the file's own ones. Where the numbers contradict the laws
    too (scaled by hand before they were stored), the limb leads get the scales with which they obey, if there are such.
    Otherwise the record itself.
    """
    import numpy as np

    if sum(name in LIMB for name in record.leads) < 3 or law_misfit(record) < _CONTRADICTS:
        return record
    middle = float(np.exp(np.mean(np.log(np.abs(record.gain_uv)))))
    usual = min(_USUAL_UV, key=lambda each: abs(np.log(each / middle)))
    common = replace(record, gain_uv=tuple(float(np.sign(gain)) * usual for gain in record.gain_uv))
    return common if law_misfit(common) < _OBEYS else _with_limb_scales(record)


def chest_is_comparable(stored: EcgRecord, mended: EcgRecord) -> bool:
    """Whether the gains of the chest leads of a mended record are known too."""
    return mended is stored or len({abs(gain) for gain in mended.gain_uv}) == 1


def _with_limb_scales(record: EcgRecord) -> EcgRecord:
    """Limb leads scaled one by one so that they obey their laws; needs I, II and III. The chest leads stay."""
    import numpy as np

    if not {"I", "II", "III"} <= set(record.leads):
        return record
    band = _band(record)
    (of_one, of_two), *_ = np.linalg.lstsq(np.vstack([band["I"], band["II"]]).T, band["III"], rcond=None)
    if of_one >= -0.05 or of_two <= 0.05:  # III = II − I with positive scales alone
        return record
    scales = {"I": -float(of_one), "II": float(of_two), "III": 1.0}
    true = with_derived_limb_leads({"I": scales["I"] * band["I"], "II": scales["II"] * band["II"]})
    for name in ("aVR", "aVL", "aVF"):
        if name in band:
            scales[name] = float(true[name] @ band[name] / max(float(band[name] @ band[name]), 1e-9))
    if min(scales.values()) <= 0.0:
        return record
    middle = float(np.exp(np.mean(np.log(list(scales.values())))))
    gains = tuple(
        gain * scales.get(name, middle) / middle for name, gain in zip(record.leads, record.gain_uv, strict=True)
    )
    mended = replace(record, gain_uv=gains)
    return mended if law_misfit(mended) < _OBEYS else record


def law_misfit(record: EcgRecord) -> float:
    """How far the limb leads are from their laws over the first 10 s between 1 and 40 Hz; 0 without three of them."""
    return limb_law_residual(_band(record)) or 0.0


def _band(record: EcgRecord) -> dict[str, NDArray[Any]]:
    """Each lead of the first 10 s between 1 and 40 Hz."""
    stop = min(record.sample_count, round(_LOOK_S * record.sampling_hz))
    values: NDArray[Any] = filters.bridged(record.microvolts(0, stop))
    band = filters.band_pass(values, record.sampling_hz, 1.0, 40.0)
    return dict(zip(record.leads, band, strict=True))

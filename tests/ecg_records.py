"""Made ECG records: traces like a heart's, with gains, names and facts that a test chooses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np

from shared.domain.states import Sex
from shared.waveform.leads import TWELVE
from shared.waveform.record import (
    AcquisitionFilters,
    Annotation,
    EcgDevice,
    EcgPatient,
    EcgRecord,
    MedianBeats,
    StoredMeasurement,
)

_WAVES = ((0.08, -0.17, 0.02), (-0.1, -0.025, 0.008), (1.0, 0.0, 0.01), (-0.2, 0.03, 0.01), (0.3, 0.24, 0.045))


def beats_uv(seconds: float, hertz: float, rate: float = 72.0, noise_uv: float = 8.0, seed: int = 1) -> Any:
    """Leads I, II and V1 to V6 in µV [lead, sample]: Gaussian waves at ``rate`` a minute, with some noise."""
    time = np.arange(round(seconds * hertz)) / hertz
    shape = np.zeros_like(time)
    for peak in np.arange(0.4, seconds + 1, 60 / rate):
        for height, place, width in _WAVES:
            shape += height * np.exp(-0.5 * ((time - peak - place) / width) ** 2)
    sizes = (700, 1000, -400, 300, 800, 1400, 1200, 900)
    noise = np.random.default_rng(seed).normal(0, noise_uv, (len(sizes), time.size))
    return np.array(sizes)[:, None] * shape[None, :] + noise


def twelve_leads(seconds: float = 10.0, hertz: float = 500.0, gain_uv: float = 5.0, **facts: Any) -> EcgRecord:
    """A 12-lead record whose limb leads obey Einthoven, in whole steps of ``gain_uv``."""
    eight = np.rint(beats_uv(seconds, hertz) / gain_uv).astype(np.int64)
    one, two = eight[0], eight[1]
    limb = (one, two, two - one, -(one + two) // 2, one - two // 2, two - one // 2)
    samples = np.vstack([*limb, *eight[2:]]).astype(np.int32)
    return EcgRecord(TWELVE, samples, (gain_uv,) * 12, (0.0,) * 12, hertz, **facts)


def full(hertz: float = 500.0) -> EcgRecord:
    """A record with everything that a cart writes beside the samples."""
    plain = twelve_leads(hertz=hertz)
    beat = np.ascontiguousarray(plain.samples[:, 500:1100])
    return EcgRecord(
        plain.leads,
        plain.samples,
        plain.gain_uv,
        plain.baseline,
        hertz,
        started=datetime(2026, 11, 22, 8, 30, 15),
        patient=EcgPatient("P0001", "张三丰", date(1981, 5, 1), Sex.MALE),
        device=EcgDevice("Mindray", "R12", "SN1", "1.2", "明镜县医院", "心电图室", "李四"),
        filters=AcquisitionFilters(0.05, 150.0, 50.0),
        annotations=(Annotation(200, "N"), Annotation(617, "V", "early", "V1"), Annotation(900, "(", "", "", 950)),
        measurements=(
            StoredMeasurement("hr", 72, "1/min"),
            StoredMeasurement("pr", 160, "ms"),
            StoredMeasurement("qrs", 96, "ms"),
            StoredMeasurement("qt", 400, "ms"),
            StoredMeasurement("qrs_axis", -30, "deg"),
        ),
        statements=("窦性心律", "Normal ECG"),
        median=MedianBeats(plain.leads, beat, plain.gain_uv, plain.baseline, hertz),
    )


def same_samples(one: EcgRecord, two: EcgRecord) -> None:
    """Leads, samples, resolution and rate are equal."""
    assert one.leads == two.leads
    assert one.sampling_hz == two.sampling_hz
    assert np.array_equal(one.samples, two.samples)
    assert np.allclose(one.gain_uv, two.gain_uv, rtol=1e-12)
    assert np.allclose(one.baseline, two.baseline, atol=1e-9)

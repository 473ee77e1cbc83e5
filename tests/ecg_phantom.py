"""ECG records of known truth: a heart dipole of Gaussian waves (McSharry et al. 2003) seen by Dower's leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shared.waveform.lead_order import DOWER, EIGHT
from shared.waveform.leads import TWELVE, with_derived_limb_leads
from shared.waveform.record import EcgRecord, record_from_microvolts

# Waves of a normal beat: ms from R, width (sigma, ms), amplitude (X, Y, Z) in µV.
P = ((-160.0, 20.0, (80.0, 110.0, 30.0)),)
QRS = (
    (-24.0, 7.0, (-60.0, -40.0, 260.0)),
    (0.0, 10.0, (1100.0, 750.0, -120.0)),
    (26.0, 9.0, (-150.0, -60.0, 560.0)),
)
T = ((285.0, 45.0, (260.0, 160.0, -60.0)), (320.0, 32.0, (120.0, 80.0, -30.0)))
WIDE = (
    (-10.0, 24.0, (-700.0, 900.0, 500.0)),
    (40.0, 26.0, (500.0, -1100.0, -600.0)),
)
WIDE_T = ((280.0, 55.0, (400.0, 500.0, 200.0)),)


@dataclass(frozen=True)
class Heart:
    """What the phantom's heart does."""

    rr_ms: float = 820.0
    rr_sd_ms: float = 15.0
    seconds: float = 10.0
    rate_hz: float = 500.0
    p_waves: bool = True
    atrial_rr_ms: float = 0.0  # P waves of their own, whatever the ventricles do
    pr_shift_ms: float = 0.0
    ectopic_every: int = 0
    fibrillation_uv: float = 0.0
    spikes_uv: float = 0.0
    noise_uv: float = 4.0
    seed: int = 1
    qrs: tuple[Any, ...] = QRS
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """Where the R peaks are and which beats are ectopic."""

    r_ms: tuple[float, ...]
    ectopic: tuple[bool, ...]


def eight_leads(heart: Heart) -> tuple[np.ndarray, Truth]:
    """(8, sample) µV of the leads I II V1–V6 and the truth."""
    random = np.random.default_rng(heart.seed)
    count = round(heart.seconds * heart.rate_hz)
    times = np.arange(count) * 1000.0 / heart.rate_hz
    dipole = np.zeros((3, count))
    places, ectopic = _rhythm(heart, random)
    for place, odd in zip(places, ectopic, strict=True):
        stretch = np.sqrt(min(1.0, heart.rr_ms / 820.0))  # QT follows the rate
        after = tuple((at * stretch, width * stretch, size) for at, width, size in (WIDE_T if odd else T))
        waves = (*WIDE, *after) if odd else (*heart.qrs, *after)
        if heart.p_waves and not odd:
            waves = (*((at - heart.pr_shift_ms, width, size) for at, width, size in P), *waves)
        for at, width, size in waves:
            centre = place + at
            near = np.abs(times - centre) < 5 * width
            dipole[:, near] += np.outer(size, np.exp(-0.5 * ((times[near] - centre) / width) ** 2))
    if heart.atrial_rr_ms:
        for centre in np.arange(200.0, heart.seconds * 1000.0, heart.atrial_rr_ms):
            dipole += np.outer(P[0][2], np.exp(-0.5 * ((times - centre) / P[0][1]) ** 2))
    if heart.fibrillation_uv:
        phase = np.cumsum(random.normal(6.0, 1.5, count)) * 2 * np.pi / heart.rate_hz
        dipole += heart.fibrillation_uv * np.outer((0.3, 0.8, -0.6), np.sin(phase + 0.6 * np.sin(0.31 * phase)))
    leads = np.array(DOWER) @ dipole
    leads += random.normal(0.0, heart.noise_uv, leads.shape)
    if heart.spikes_uv:
        for place in places:
            at = round((place - 45.0) * heart.rate_hz / 1000.0)
            if 0 <= at < count:
                leads[:, at] += heart.spikes_uv
    return leads, Truth(tuple(places), tuple(ectopic))


def twelve_leads(heart: Heart | None = None) -> tuple[EcgRecord, Truth]:
    """A 12-lead record of the heart."""
    heart = heart or Heart()
    leads, truth = eight_leads(heart)
    return record_of(leads, heart.rate_hz), truth


def record_of(eight: np.ndarray, rate_hz: float) -> EcgRecord:
    """The 12-lead record of (8, sample) µV."""
    found = with_derived_limb_leads(dict(zip(EIGHT, eight, strict=True)))
    return record_from_microvolts(TWELVE, np.array([found[name] for name in TWELVE]), rate_hz, gain_uv=1.0)


def _rhythm(heart: Heart, random: np.random.Generator) -> tuple[list[float], list[bool]]:
    places, ectopic = [], []
    at, number = 450.0, 0
    while at < heart.seconds * 1000.0 - 500.0:
        number += 1
        odd = bool(heart.ectopic_every) and number % heart.ectopic_every == 0
        if odd:
            at -= 0.35 * heart.rr_ms
        places.append(at)
        ectopic.append(odd)
        step = heart.rr_ms + random.normal(0.0, heart.rr_sd_ms)
        at += step + (0.35 * heart.rr_ms if odd else 0.0)
        at = max(at, places[-1] + 330.0)
    return places, ectopic

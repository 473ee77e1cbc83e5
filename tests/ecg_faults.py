"""Bad records made from good ones, seeded: what the quality gate must find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from shared.waveform.filters import bridged, high_pass, low_pass
from shared.waveform.gains import with_common_gain
from shared.waveform.lead_order import CHEST_SWAPS, EIGHT, LIMB_SWAPS, exchange
from shared.waveform.leads import CHEST, LIMB, TWELVE, with_derived_limb_leads
from shared.waveform.record import EcgRecord, record_from_microvolts

Spoil = Callable[[EcgRecord, np.random.Generator], EcgRecord]


def faults() -> dict[str, Spoil]:
    """Every kind of fault, by name. Limb and chest exchanges are one kind for each pair of electrodes."""
    kinds: dict[str, Spoil] = {}
    for name in LIMB_SWAPS:
        kinds[f"limb {name}"] = lambda record, random, name=name: swapped(record, name)  # type: ignore[misc]
    for name in CHEST_SWAPS:
        kinds[f"chest {name}"] = lambda record, random, name=name: swapped(record, name)  # type: ignore[misc]
    return kinds | {
        "muscle noise": muscle,
        "mains 50 Hz": lambda record, random: mains(record, random, 50.0),
        "mains 60 Hz": lambda record, random: mains(record, random, 60.0),
        "movement": movement,
        "baseline wander": wander,
        "chest electrode off": chest_off,
        "limb electrode off": limb_off,
        "flat for two seconds": flat_part,
        "clipped": clipped,
        "too short": lambda record, random: cut(record, 5.0),
        "low rate": low_rate,
        "eight leads": eight_leads,
    }


def swapped(record: EcgRecord, name: str) -> EcgRecord:
    """The record as it comes with these electrodes exchanged."""
    given = dict(zip(TWELVE, _microvolts(record), strict=True))
    changed = exchange(name) @ np.array([given[lead] for lead in EIGHT])
    found = with_derived_limb_leads(dict(zip(EIGHT, changed, strict=True)))
    return _record([found[lead] for lead in TWELVE], record)


def muscle(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """Noise of 20–150 Hz, 70–200 µV RMS, in all leads."""
    values = _microvolts(record)
    noise = low_pass(random.normal(size=values.shape), record.sampling_hz, 150.0)
    noise = high_pass(noise, record.sampling_hz, 20.0)
    return _record(values + noise / noise.std() * random.uniform(70.0, 200.0), record)


def mains(record: EcgRecord, random: np.random.Generator, frequency: float) -> EcgRecord:
    """A line of 80–300 µV amplitude with its third harmonic, other size in each lead."""
    values = _microvolts(record)
    phase = 2 * np.pi * frequency * np.arange(values.shape[1]) / record.sampling_hz + random.uniform(0, 6.28)
    line = np.sin(phase) + 0.2 * np.sin(3 * phase)
    sizes = random.uniform(80.0, 300.0) * random.uniform(0.4, 1.0, len(values))
    return _record(values + sizes[:, None] * line, record)


def movement(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """Noise of 1–15 Hz, 150–300 µV RMS, in all leads."""
    values = _microvolts(record)
    noise = low_pass(random.normal(size=values.shape), record.sampling_hz, 15.0)
    noise = high_pass(noise, record.sampling_hz, 1.0)
    return _record(values + noise / noise.std() * random.uniform(150.0, 300.0), record)


def wander(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """Breathing of 0.15–0.4 Hz, 0.8–2 mV amplitude."""
    values = _microvolts(record)
    seconds = np.arange(values.shape[1]) / record.sampling_hz
    line = np.sin(2 * np.pi * random.uniform(0.15, 0.4) * seconds + random.uniform(0, 6.28))
    sizes = random.uniform(800.0, 2000.0) * random.uniform(0.5, 1.0, len(values))
    return _record(values + sizes[:, None] * line, record)


def chest_off(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """A chest electrode without contact: nothing but some noise, or a straight line."""
    values = _microvolts(record)
    row = TWELVE.index(str(random.choice(CHEST)))
    values[row] = random.normal(0.0, 3.0, values.shape[1]) if random.random() < 0.5 else 0.0
    return _record(values, record)


def limb_off(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """A limb electrode without contact: its potential drifts, hums and crackles in all leads that use it."""
    given = dict(zip(TWELVE, _microvolts(record), strict=True))
    count = record.sample_count
    seconds = np.arange(count) / record.sampling_hz
    stray = 1500.0 * np.sin(2 * np.pi * 0.23 * seconds) + 400.0 * np.sin(2 * np.pi * 50.0 * seconds)
    stray += random.normal(0.0, 120.0, count)
    which = random.choice(["RA", "LA", "LL"])
    one, two = given["I"].copy(), given["II"].copy()
    if which == "RA":
        one, two = stray, two - given["I"] + stray
    elif which == "LA":
        one = stray
    else:
        two = stray
    leads = {lead: given[lead] for lead in CHEST} | {"I": one, "II": two}
    found = with_derived_limb_leads(leads)
    return _record([found[lead] for lead in TWELVE], record)


def flat_part(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """Some leads stand still for two seconds."""
    values = _microvolts(record)
    start = int(random.integers(0, max(1, record.sample_count - round(2 * record.sampling_hz))))
    rows = random.choice(len(values), 3, replace=False)
    stop = start + round(2 * record.sampling_hz)
    values[rows, start:stop] = values[rows, start][:, None]
    return _record(values, record)


def clipped(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """The amplifier saturates at 50–70 % of the largest value."""
    values = _microvolts(record)
    limit = np.abs(values).max() * random.uniform(0.35, 0.5)
    return _record(np.clip(values, -limit, limit), record)


def cut(record: EcgRecord, seconds: float) -> EcgRecord:
    """Only the first seconds."""
    return replace(record, samples=record.samples[:, : round(seconds * record.sampling_hz)])


def low_rate(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """At 125 Hz."""
    step = max(2, round(record.sampling_hz / 125.0))
    values = low_pass(_microvolts(record), record.sampling_hz, 50.0)[:, ::step]
    return record_from_microvolts(TWELVE, values, record.sampling_hz / step, patient=record.patient)


def eight_leads(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """I, II and V1–V6 alone."""
    rows = [record.leads.index(lead) for lead in EIGHT]
    gains = tuple(record.gain_uv[row] for row in rows)
    zeros = tuple(record.baseline[row] for row in rows)
    return replace(
        record, leads=EIGHT, samples=record.samples[rows], gain_uv=gains, baseline=zeros, original_leads=EIGHT
    )


def _microvolts(record: EcgRecord) -> np.ndarray:
    """(12, sample) µV in the order of TWELVE, gains repaired."""
    sound = with_common_gain(record)
    values = bridged(sound.microvolts())
    return np.array([values[sound.leads.index(lead)] for lead in LIMB + CHEST])


def _record(values: np.ndarray | list[np.ndarray], like: EcgRecord) -> EcgRecord:
    return record_from_microvolts(TWELVE, np.array(values), like.sampling_hz, patient=like.patient)


def later(record: EcgRecord, random: np.random.Generator) -> EcgRecord:
    """A later record of the same heart: it and the chest electrodes lie otherwise, sizes and T waves differ, noise."""
    given = dict(zip(TWELVE, _microvolts(record), strict=True))
    eight = np.array([given[lead] for lead in EIGHT])
    angle = np.radians(random.uniform(-25.0, 25.0))
    # Frontal plane: x = I, y = (2 II − I)/√3.
    x, y = eight[0], (2.0 * eight[1] - eight[0]) / np.sqrt(3.0)
    x, y = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
    frontal = np.array([x, 0.5 * x + np.sqrt(3.0) / 2.0 * y])
    chest = eight[2:].copy()
    for row in range(6):
        part = random.uniform(0.0, 0.3)
        other = min(5, max(0, row + int(random.choice((-1, 1)))))
        chest[row] = (1.0 - part) * eight[2 + row] + part * eight[2 + other]
    frontal *= random.uniform(0.75, 1.25)
    chest *= random.uniform(0.75, 1.25, (6, 1))
    values = np.vstack([frontal, chest])
    slow = low_pass(values, record.sampling_hz, 8.0)
    values = values + random.uniform(-0.4, 0.4) * slow
    noise = low_pass(random.normal(size=values.shape), record.sampling_hz, 40.0)
    values += 8.0 * noise / noise.std()
    found = with_derived_limb_leads(dict(zip(EIGHT, values, strict=True)))
    return _record([found[lead] for lead in TWELVE], record)

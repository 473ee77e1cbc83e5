"""The quality gate: good records pass, made faults are found and named, with words for the bedside."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_faults import faults, swapped
from ecg_phantom import Heart, twelve_leads

from shared.waveform.lead_order import CHEST_SWAPS, LIMB_SWAPS, exchange, suspected_swap
from shared.waveform.measuring import analyse
from shared.waveform.quality import Fault, Finding, Severity, check
from shared.waveform.quality_words import sentence
from shared.waveform.record import EcgRecord, record_from_microvolts


@pytest.mark.parametrize(
    "heart",
    [
        Heart(),
        Heart(rr_ms=600.0, noise_uv=12.0, seed=2),
        Heart(rate_hz=250.0, seed=3),
        Heart(ectopic_every=4, seed=4, seconds=12.0),
    ],
)
def test_a_good_record_passes(heart: Heart) -> None:
    verdict = check(twelve_leads(heart)[0])
    assert verdict.passed, verdict.findings


_NAMED = {
    "muscle noise": {Fault.MUSCLE},
    "mains 50 Hz": {Fault.MAINS},
    "mains 60 Hz": {Fault.MAINS},
    "movement": {Fault.MOTION, Fault.NO_BEATS},
    "baseline wander": {Fault.WANDER},
    "chest electrode off": {Fault.LEAD_OFF, Fault.FLAT},
    "limb electrode off": {Fault.MAINS, Fault.WANDER, Fault.MOTION, Fault.MUSCLE},
    "flat for two seconds": {Fault.FLAT},
    "clipped": {Fault.CLIPPED},
    "too short": {Fault.TOO_SHORT},
    "low rate": {Fault.LOW_RATE},
    "eight leads": {Fault.MISSING_LEADS},
}


@pytest.mark.parametrize("kind", _NAMED)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_made_fault_is_found_and_named(kind: str, seed: int) -> None:
    record, _ = twelve_leads(Heart(seed=seed))
    verdict = check(faults()[kind](record, np.random.default_rng(seed)))
    assert not verdict.passed
    assert {finding.fault for finding in verdict.findings if finding.severity == Severity.FAIL} & _NAMED[kind]


def test_exchanged_electrodes_are_suspected_by_name() -> None:
    record, _ = twelve_leads()
    assert suspected_swap(analyse(record).median) is None  # type: ignore[arg-type]
    found = {}
    for name in (*LIMB_SWAPS, *CHEST_SWAPS):
        beat = analyse(swapped(record, name)).median
        assert beat is not None
        found[name] = suspected_swap(beat)
    suspected = {name for name, swap in found.items() if swap is not None}
    assert {"LA-RA", "RA-LL", "V1-V2", "V1-V6", "V2-V5"} <= suspected
    assert len(suspected) >= 0.8 * len(found)
    chest = found["V1-V6"]
    assert chest is not None and chest.name == "V1-V6" and not chest.limb


def test_exchanging_twice_is_as_before() -> None:
    for name in ("LA-RA", "LA-LL", "RA-LL", *CHEST_SWAPS):
        assert np.allclose(exchange(name) @ exchange(name), np.eye(8))


def test_no_beats_in_a_record_of_noise() -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, (12, 5000))
    record, _ = twelve_leads()
    verdict = check(record_from_microvolts(record.leads, values, 500.0))
    assert not verdict.passed
    assert {Fault.LEAD_OFF, Fault.NO_BEATS} & {finding.fault for finding in verdict.findings}


def test_findings_are_of_leads_and_scores_fall_with_noise() -> None:
    record, _ = twelve_leads()
    values = record.microvolts()
    values[8] += np.random.default_rng(1).normal(0.0, 150.0, values.shape[1])
    verdict = check(record_from_microvolts(record.leads, values, 500.0))
    assert [finding.fault for finding in verdict.of_lead("V3")][:1] == [Fault.MUSCLE]
    assert not verdict.of_lead("V5")
    assert verdict.leads["V3"].score < 0.3 < verdict.leads["V5"].score


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_fault_has_words_without_holes(fault: Fault, language: str) -> None:
    text = sentence(Finding(fault, Severity.FAIL, ("V1", "V2"), 70.0, 50.0, "µV", "LA-RA"), language)
    assert text and "{" not in text and text[-1] in ".。"
    assert (max(text) > "\u4e00") == (language == "zh")


def _scaled(record: EcgRecord, **changed: np.ndarray) -> EcgRecord:
    """The record with each lead scaled to 1 mV, as some converters store it."""
    rows = [changed.get(name, record.lead(name)) for name in record.leads]
    return record_from_microvolts(record.leads, np.array([1000.0 * row / np.ptp(row) for row in rows]), 500.0)


def test_leads_scaled_one_by_one_are_a_warning_and_limb_exchanges_are_still_seen() -> None:
    record, _ = twelve_leads()
    verdict = check(_scaled(record))
    assert verdict.passed and [finding.fault for finding in verdict.findings] == [Fault.GAINS]
    lead = record.lead
    exchanged = {"I": -lead("I"), "II": lead("III"), "III": lead("II"), "aVR": lead("aVL"), "aVL": lead("aVR")}
    found = {finding.fault: finding.detail for finding in check(_scaled(record, **exchanged)).findings}
    assert found[Fault.LIMB_SWAP] == "LA-RA"
    wrong = check(_scaled(record, III=-lead("III")))
    assert Fault.LIMB_LAW in {finding.fault for finding in wrong.findings}

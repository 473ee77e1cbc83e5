"""The record, names of leads, laws of the limb leads, gains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ecg_phantom import Heart, twelve_leads

from shared.waveform.gains import law_misfit, with_common_gain
from shared.waveform.leads import TWELVE, limb_law_residual, standard_name, with_derived_limb_leads
from shared.waveform.record import MISSING, EcgRecord, RecordError, record_from_microvolts


def _record(**changes: object) -> EcgRecord:
    facts = {"leads": ("I",), "samples": np.zeros((1, 4), np.int32), "gain_uv": (2.5,), "baseline": (0.0,)}
    return EcgRecord(**(facts | {"sampling_hz": 500.0} | changes))  # type: ignore[arg-type]


def test_microvolts_follow_gain_and_baseline_and_missing_is_nan() -> None:
    record = _record(samples=np.array([[10, 110, MISSING, -10]], np.int32), baseline=(10.0,))
    assert record.microvolts()[0, :2].tolist() == [0.0, 250.0]
    assert np.isnan(record.lead("I")[2])
    assert record.lead("I")[3] == -50.0
    assert record.seconds == 4 / 500
    with pytest.raises(KeyError):
        record.lead("V1")


@pytest.mark.parametrize(
    "changes",
    [
        {"leads": ("I", "I"), "samples": np.zeros((2, 4), np.int32), "gain_uv": (1.0, 1.0), "baseline": (0.0, 0.0)},
        {"samples": np.zeros((1, 4))},
        {"samples": np.zeros(4, np.int32)},
        {"gain_uv": (0.0,)},
        {"gain_uv": (float("nan"),)},
        {"gain_uv": (1.0, 2.0)},
        {"sampling_hz": 0.0},
        {"sampling_hz": float("inf")},
        {"leads": ()},
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        _record(**changes)


def test_values_in_microvolts_are_rounded_and_nan_is_kept() -> None:
    record = record_from_microvolts(("ii",), np.array([[1.2, np.nan, -7.6]]), 250.0, gain_uv=2.5)
    assert record.leads == ("II",)
    assert record.samples.tolist() == [[0, MISSING, -3]]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("MDC_ECG_LEAD_AVF", "aVF"), ("Lead avr", "aVR"), ("vx", "X"), ("mlii", "MLII"), ("D3", "III"), ("ECG1", "ECG1")],
)
def test_leads_get_their_standard_names(given: str, wanted: str) -> None:
    assert standard_name(given) == wanted


@pytest.mark.parametrize("pair", [("I", "II"), ("III", "aVL"), ("aVR", "aVF")])
def test_any_two_limb_leads_give_all_six(pair: tuple[str, str]) -> None:
    record, _ = twelve_leads(Heart(noise_uv=0.0))
    values = dict(zip(record.leads, record.microvolts(), strict=True))
    found = with_derived_limb_leads({name: values[name] for name in pair})
    assert set(found) == {"I", "II", "III", "aVR", "aVL", "aVF"}
    for name, row in found.items():
        assert np.abs(row - values[name]).max() < 5.0
    assert (limb_law_residual(found) or 0.0) < 1e-9


def test_the_laws_of_the_limb_leads_are_checked() -> None:
    record, _ = twelve_leads()
    values = dict(zip(record.leads, record.microvolts(), strict=True))
    assert (limb_law_residual(values) or 0.0) < 0.01
    values["III"] = -values["III"]
    assert (limb_law_residual(values) or 0.0) > 0.2
    assert limb_law_residual({"I": values["I"], "II": values["II"]}) is None


def test_gains_that_scale_each_lead_by_itself_are_seen_and_mended() -> None:
    record, _ = twelve_leads()
    each = tuple(1000.0 / float(np.ptp(row)) for row in record.samples)
    spoiled = replace(record, gain_uv=each)
    assert law_misfit(spoiled) > 0.12
    assert with_common_gain(spoiled).gain_uv == (1.0,) * len(TWELVE)
    assert with_common_gain(record) is record

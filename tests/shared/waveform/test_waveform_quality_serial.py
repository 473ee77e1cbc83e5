"""Exchanged electrodes against the patient's last record."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_faults import later, swapped
from ecg_phantom import Heart, twelve_leads

from shared.waveform import lead_order
from shared.waveform.lead_order import LIMB_SWAPS
from shared.waveform.lead_order_serial import exchanged_since
from shared.waveform.measuring import analyse
from shared.waveform.quality import Fault, Severity, check
from shared.waveform.quality_words import sentence
from shared.waveform.record import EcgRecord


def _pair(seed: int) -> tuple[EcgRecord, EcgRecord]:
    record, _ = twelve_leads(Heart(seed=seed))
    return record, later(record, np.random.default_rng(seed))


@pytest.mark.parametrize("name", LIMB_SWAPS)
def test_an_exchange_of_limb_electrodes_is_named(name: str) -> None:
    record, new = _pair(3)
    earlier, beat = analyse(record).median, analyse(swapped(new, name)).median
    assert earlier is not None and beat is not None
    found = exchanged_since(beat, earlier)
    assert found is not None and found.name == name


@pytest.mark.parametrize("seed", range(4))
def test_a_heart_that_lies_otherwise_is_no_exchange(seed: int) -> None:
    record, new = _pair(seed)
    earlier, beat = analyse(record).median, analyse(new).median
    assert earlier is not None and beat is not None
    assert exchanged_since(beat, earlier) is None


def test_the_gate_warns_of_what_the_last_record_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one record of four the exchange of LA and LL does not show by itself: such a one is made here."""
    monkeypatch.setattr(lead_order, "suspected_swap", lambda *_, **__: None)
    record, new = _pair(3)
    wrong, earlier = swapped(new, "LA-LL"), analyse(record).median
    (given,) = check(wrong, earlier=earlier).findings
    assert (given.fault, given.severity, given.detail) == (Fault.LIMB_SWAP, Severity.WARN, "LA-LL")
    assert "上次" in sentence(given) and "last record" in sentence(given, "en")
    assert not check(wrong).findings
    assert not check(new, earlier=earlier).findings

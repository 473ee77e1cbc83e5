"""The list of critical ECGs: each rule holds and does not, the stronger one says it, limits are checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from server.ecg.critical import rules
from server.kernel.errors import Refusal
from shared.domain.ecg_reports import Danger
from shared.waveform.danger import Signs, fibrillation_seconds, signs_of
from shared.waveform.measuring import Measurements, Qtc, analyse
from shared.waveform.record import record_from_microvolts
from tests import ecg_records
from tests.ecg_phantom import WIDE, Heart, twelve_leads

CALM = Measurements(hr_bpm=72, p_waves=True, qrs_ms=92.0, qtc=Qtc(410, 405, 406, 407), irregularity=0.02)
FACTS = rules.Facts(Signs(pause_s=0.9, seconds=10.0), CALM, frozenset({"sinus_rhythm"}), {})
SVT = replace(CALM, hr_bpm=205)


def codes(facts: rules.Facts) -> list[str]:
    return [one.rule.code for one in rules.judge(facts, rules.DEFAULTS).hits]


def test_a_calm_record_is_not_dangerous() -> None:
    assert rules.judge(FACTS, rules.DEFAULTS).danger is Danger.NONE
    assert rules.judge(replace(FACTS, suggestions=frozenset({"rbbb"})), rules.DEFAULTS).danger is Danger.ABNORMAL
    poor = rules.judge(replace(FACTS, passed=False), rules.DEFAULTS)
    assert poor.danger is Danger.UNKNOWN and "质量" in poor.reasons[0][0]


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("vf", replace(FACTS, signs=Signs(fibrillation_s=6.0, seconds=10))),
        ("vt", replace(FACTS, signs=Signs(run_beats=26, run_s=9.0, run_bpm=170, seconds=10))),
        ("vt_short", replace(FACTS, signs=Signs(run_beats=4, run_s=1.2, run_bpm=150, seconds=10))),
        ("wide_tachycardia", replace(FACTS, measured=replace(CALM, hr_bpm=170, qrs_ms=150.0, p_waves=False))),
        (
            "preexcited_af",
            replace(
                FACTS,
                signs=Signs(shortest_rr_ms=220, seconds=10),
                measured=replace(CALM, hr_bpm=190, qrs_ms=140.0, p_waves=False, irregularity=0.3),
            ),
        ),
        ("stemi", replace(FACTS, suggestions=frozenset({"st_elevation"}), j_mv={"II": 0.25, "III": 0.3, "aVL": -0.1})),
        ("st_elevation", replace(FACTS, suggestions=frozenset({"st_elevation"}), j_mv={"V2": 0.15, "V3": 0.12})),
        (
            "left_main",
            replace(
                FACTS,
                suggestions=frozenset({"st_depression"}),
                j_mv={"aVR": 0.12, **dict.fromkeys(("I", "II", "V3", "V4", "V5", "V6"), -0.12)},
            ),
        ),
        ("av_block_3", replace(FACTS, suggestions=frozenset({"av_block_3"}))),
        ("pause", replace(FACTS, signs=Signs(pause_s=3.2, seconds=10))),
        ("slow", replace(FACTS, measured=replace(CALM, hr_bpm=34))),
        ("fast", replace(FACTS, measured=SVT)),
        ("long_qt", replace(FACTS, measured=replace(CALM, qtc=Qtc(600, 560, 560, 560)))),
        ("r_on_t", replace(FACTS, signs=Signs(r_on_t=1, seconds=10))),
        ("rate_warning", replace(FACTS, measured=replace(CALM, hr_bpm=140))),
        ("no_beats", replace(FACTS, measured=Measurements())),
        ("st_depression", replace(FACTS, suggestions=frozenset({"st_depression"}), j_mv={"V5": -0.08})),
    ],
)
def test_each_rule_holds_by_itself_and_can_be_switched_off(code: str, facts: rules.Facts) -> None:
    assert codes(facts) == [code]
    found = rules.judge(facts, rules.DEFAULTS)
    is_alarm = next(one for one in rules.DEFAULTS if one.code == code).is_alarm
    assert found.danger is (Danger.CRITICAL if is_alarm else Danger.WARNING) and found.reasons
    off = [msgspec.structs.replace(one, enabled=one.code != code) for one in rules.DEFAULTS]
    assert code not in [one.rule.code for one in rules.judge(facts, off).hits]


def test_every_rule_is_tried_above() -> None:
    tried = {mark.args[1][n][0] for mark in test_each_rule_holds_by_itself_and_can_be_switched_off.pytestmark
             for n in range(len(mark.args[1]))}  # fmt: skip
    assert tried == {one.code for one in rules.DEFAULTS}


def test_limits_are_checked() -> None:
    slow = next(one for one in rules.DEFAULTS if one.code == "slow")
    found = rules.merged([msgspec.structs.replace(slow, limit=40.0, zh="别名")])
    kept = next(one for one in found if one.code == "slow")
    assert (kept.limit, kept.zh, len(found)) == (40.0, "严重心动过缓", len(rules.DEFAULTS))
    with pytest.raises(Refusal, match="界值"):
        rules.merged([msgspec.structs.replace(slow, limit=400.0)])
    with pytest.raises(Refusal, match="不认识"):
        rules.merged([msgspec.structs.replace(slow, code="nonsense")])


# ── signs of the signal ──────────────────────────────────────────────────────────────────────────────


def fibrillating(seed: int, hertz: float = 500.0, size: float = 300.0) -> Any:
    """Waves of about 5 Hz whose frequency and size wander, a little different in each lead."""
    random = np.random.default_rng(seed)
    count = round(10 * hertz)
    drift = np.interp(np.arange(count), np.linspace(0, count, 12), random.normal(5.0, 0.5, 12))
    phase = 2 * np.pi * np.cumsum(drift) / hertz
    swell = np.interp(np.arange(count), np.linspace(0, count, 9), random.uniform(0.6, 1.4, 9))
    leads = [size * random.uniform(0.5, 1.3) * swell * np.sin(phase + random.uniform(-0.6, 0.6)) for _ in range(12)]
    plain = twelve_leads()[0]
    return record_from_microvolts(plain.leads, np.array(leads) + random.normal(0, 12, (12, count)), hertz)


@pytest.mark.parametrize("seed", range(6))
def test_fibrillation_is_seen(seed: int) -> None:
    assert fibrillation_seconds(fibrillating(seed)) >= 4


@pytest.mark.parametrize(
    "record",
    [
        twelve_leads(Heart())[0],
        twelve_leads(Heart(rr_ms=350, rr_sd_ms=2))[0],
        twelve_leads(Heart(fibrillation_uv=90, p_waves=False, rr_sd_ms=120))[0],
        twelve_leads(Heart(qrs=WIDE, p_waves=False, rr_ms=400))[0],
        twelve_leads(Heart(noise_uv=60))[0],
        ecg_records.twelve_leads(),
    ],
)
def test_what_is_no_fibrillation(record: Any) -> None:
    assert fibrillation_seconds(record) < 4


def test_a_flat_and_a_short_record_have_no_signs() -> None:
    flat = record_from_microvolts(("I", "II"), np.zeros((2, 5000)), 500.0)
    assert signs_of(flat, analyse(flat)).fibrillation_s == 0
    short = record_from_microvolts(("II",), np.ones((1, 300)), 500.0)
    assert signs_of(short, analyse(short)).pause_s == 0


def test_a_made_healthy_record_raises_no_alarm() -> None:
    for record in (twelve_leads()[0], ecg_records.twelve_leads()):
        analysis = analyse(record)
        levels = {name: one.j_uv / 1000 for name, one in analysis.measurements.amplitudes.items()}
        facts = rules.Facts(signs_of(record, analysis), analysis.measurements, frozenset({"sinus_rhythm"}), levels)
        assert rules.judge(facts, rules.DEFAULTS).danger is Danger.NONE

"""Serial comparison: what counts as changed, by which rule, and how it is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from shared.domain.states import Sex
from shared.waveform.comparison import Comparison, compare
from shared.waveform.measuring import Analysis, analyse, corrected
from shared.waveform.record import EcgPatient, EcgRecord
from tests.ecg_phantom import Heart, twelve_leads


@cache
def measured(rr_ms: float = 820.0, p_waves: bool = True, noise: float = 4.0) -> tuple[EcgRecord, Analysis]:
    spread = 15.0 if p_waves else 150.0
    record, _truth = twelve_leads(Heart(rr_ms=rr_ms, p_waves=p_waves, rr_sd_ms=spread, noise_uv=noise))
    record = replace(record, patient=EcgPatient(sex=Sex.MALE, age_years=60))
    return record, analyse(record)


def with_values(analysis: Analysis, **values: object) -> Analysis:
    return replace(analysis, measurements=replace(analysis.measurements, **values))  # type: ignore[arg-type]


def against(**values: object) -> Comparison:
    """The usual record against itself with other values."""
    record, analysis = measured()
    return compare(record, analysis, record, with_values(analysis, **values))


def row(found: Comparison, key: str) -> tuple[float | None, bool]:
    one = next(row for row in found.rows if row.key == key)
    return one.difference, one.is_changed


def test_the_same_record_did_not_change() -> None:
    found = against()
    assert not found.changed
    assert [one.code for one in found.sentences] == ["unchanged"]
    assert found.sentences[0].text("zh") == "与前次心电图比较，未见明显变化"
    assert "no significant change" in found.sentences[0].text("en")


def test_another_recording_of_the_same_heart_did_not_change() -> None:
    one, two = measured(), measured(noise=12.0)
    found = compare(one[0], one[1], two[0], two[1])
    assert not found.changed


def test_a_faster_heart_is_found_in_real_records() -> None:
    slow, fast = measured(), measured(rr_ms=500.0)
    found = compare(slow[0], slow[1], fast[0], fast[1])
    assert row(found, "hr")[1]
    said = {one.code: one for one in found.sentences}
    assert "心率增快：73 → 120 次/分（+47）" in said["change_hr"].text("zh")
    assert said["change_hr"].text("en").startswith("heart rate increased: 73 → 120 bpm (+47)")
    assert "窦性心律 → 窦性心动过速" in said["change_rhythm"].zh


def test_lost_p_waves_change_the_rhythm() -> None:
    sinus, af = measured(), measured(p_waves=False)
    found = compare(sinus[0], sinus[1], af[0], af[1])
    assert row(found, "pr") == (None, False)
    assert "change_rhythm" in {one.code for one in found.sentences}


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [(160.0, 195.0, False), (160.0, 205.0, True), (195.0, 203.0, False), (190.0, 203.0, True), (110.0, 190.0, True)],
)
def test_pr_counts_by_a_quarter_or_by_crossing_a_limit(before: float, after: float, changed: bool) -> None:
    record, analysis = measured()
    found = compare(record, with_values(analysis, pr_ms=before), record, with_values(analysis, pr_ms=after))
    assert row(found, "pr") == (after - before, changed)


def test_qtc_counts_from_30_ms_on_and_names_its_formula() -> None:
    record, analysis = measured()
    one, two = with_values(analysis, qtc=corrected(400, 1000)), with_values(analysis, qtc=corrected(431, 1000))
    found = compare(record, one, record, two, "fridericia")
    assert row(found, "qtc") == (31, True)
    said = next(each for each in found.sentences if each.code == "change_qtc")
    assert said.zh == "QTc Fridericia 延长：400 → 431 ms（+31）"
    assert "E14" in said.rule


def test_axes_turn_the_short_way() -> None:
    record, analysis = measured()
    axes = analysis.measurements.axes
    one = with_values(analysis, axes=replace(axes, qrs=170))
    two = with_values(analysis, axes=replace(axes, qrs=-170))
    found = compare(record, one, record, two)
    assert row(found, "qrs_axis") == (20, False)


def test_st_elevation_needs_two_contiguous_leads() -> None:
    _record, analysis = measured()
    leads = analysis.measurements.amplitudes

    def raised(*names: str) -> Comparison:
        moved = {name: replace(each, j_uv=each.j_uv + 150.0) for name, each in leads.items() if name in names}
        return against(amplitudes={**leads, **moved})

    assert "st_up" not in {one.code for one in raised("V2", "III").sentences}
    said = next(one for one in raised("II", "III", "V2").sentences if one.code == "st_up")
    assert said.zh.startswith("II、III ST 段较前抬高（II +0.15 mV")
    assert "UDMI" in said.rule


def test_nothing_measured_says_nothing() -> None:
    record, analysis = measured()
    from shared.waveform.measuring import Measurements

    found = compare(record, replace(analysis, measurements=Measurements()), record, analysis)
    assert found.sentences == () and not found.changed
    assert all(one.before is None for one in found.rows)

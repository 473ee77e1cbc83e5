"""Normal limits: which table is taken for whom, and how a value is marked."""

from __future__ import annotations

import pytest

from shared.domain.ecg_reports import Parameter
from shared.waveform.normal_limits import AHA, DAVIGNON, RIJNBEEK, NormalRange, normal_range


@pytest.mark.parametrize(
    ("parameter", "age", "female", "low", "high", "source"),
    [
        ("qrs", 50, False, None, 110, AHA),
        ("qtc", 50, False, 391, 449, AHA),
        ("qtc", 50, True, 391, 459, AHA),
        ("qtc", None, False, 391, 449, AHA),
        ("hr", 0.05, True, 136, 216, RIJNBEEK),
        ("hr", 4, False, 73, 123, RIJNBEEK),
        ("pr", 15.9, True, 106, 176, RIJNBEEK),
        ("qrs_axis", 4, False, 6, 104, DAVIGNON),
        ("qrs", 2 / 365.25, False, 30, 70, DAVIGNON),
        ("rr", 4, False, 488, 822, RIJNBEEK),
    ],
)
def test_the_table_of_the_age_is_taken(
    parameter: str, age: float | None, female: bool, low: float | None, high: float, source: str
) -> None:
    assert normal_range(parameter, age, female) == NormalRange(low, high, source)


def test_what_is_not_published_has_no_limits() -> None:
    assert normal_range("t_axis", 50) is None
    assert normal_range("qtc", 3 / 365.25) is None
    assert normal_range("rv5_sv1", 5) is None


def test_every_age_and_parameter_has_an_answer_and_low_is_below_high() -> None:
    for day in range(0, 17 * 366):
        for parameter in Parameter:
            found = normal_range(parameter.value, day / 365.25, day % 2 == 0)
            if found is not None and found.low is not None and found.high is not None:
                assert found.low < found.high


def test_marks_and_words() -> None:
    limits = NormalRange(60, 100, AHA)
    assert [limits.mark(value) for value in (59, 60, 100, 101)] == ["↓", "", "", "↑"]
    assert limits.words() == "60–100"
    assert NormalRange(None, 3.5, AHA).words(1) == "≤ 3.5"
    assert NormalRange(2, None, AHA).words() == "≥ 2"

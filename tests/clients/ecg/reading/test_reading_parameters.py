"""The parameter area's values: what follows from a change, what stays, what is marked."""

from __future__ import annotations

import pytest

from clients.ecg.reading import parameters
from clients.ecg.reading.parameters import Values, value_of, with_value
from shared.contract.ecg import TraceValues
from shared.domain.ecg_reports import Parameter, QtcFormula

BAZETT = QtcFormula.BAZETT
MEASURED = TraceValues(
    hr_bpm=75,
    rr_ms=801.3,
    p_waves=True,
    p_ms=108,
    pr_ms=156,
    qrs_ms=92,
    qt_ms=388,
    qtc_bazett_ms=433,
    qtc_fridericia_ms=418,
    qtc_framingham_ms=419,
    qtc_hodges_ms=414,
    p_axis=50,
    qrs_axis=40,
    t_axis=35,
    rv5_mv=1.9,
    sv1_mv=1.0,
    rv5_sv1_mv=2.9,
    confidence={"hr": 0.98, "p": 0.9, "pr": 0.9, "qrs": 0.97, "qt": 0.6},
)


@pytest.fixture
def values() -> Values:
    return parameters.machine_values(MEASURED, BAZETT)


def changed(values: Values) -> dict[Parameter, float | None]:
    return {one.name: one.value for one in values if one.is_changed}


def test_rr_gives_rate_and_qtc(values: Values) -> None:
    assert changed(with_value(values, Parameter.RR, 1000, BAZETT)) == {
        Parameter.RR: 1000,
        Parameter.HR: 60,
        Parameter.QTC: 388,
    }


def test_rate_gives_rr_and_qtc(values: Values) -> None:
    found = with_value(values, Parameter.HR, 60, BAZETT)
    assert value_of(found, Parameter.RR) == 1000 and value_of(found, Parameter.QTC) == 388


def test_voltages_give_their_sum(values: Values) -> None:
    found = with_value(values, Parameter.SV1, 1.75, BAZETT)
    assert value_of(found, Parameter.RV5_SV1) == 3.65
    assert value_of(with_value(found, Parameter.RV5, None, BAZETT), Parameter.RV5_SV1) is None


def test_the_machines_value_stays_beside_and_comes_back(values: Values) -> None:
    found = with_value(values, Parameter.QT, 420, BAZETT)
    assert next(one.machine for one in found if one.name is Parameter.QT) == 388
    assert changed(parameters.as_measured(found, Parameter.QT, BAZETT)) == {}
    found = with_value(values, Parameter.HR, 60, BAZETT)
    assert changed(parameters.as_measured(found, Parameter.HR, BAZETT)) == {}
    found = with_value(found, Parameter.QT, 420, BAZETT)
    left = changed(parameters.as_measured(found, Parameter.RR, BAZETT))
    assert left == {Parameter.QT: 420, Parameter.QTC: 469}


def test_another_formula_is_the_machines_until_the_doctor_measured(values: Values) -> None:
    found = parameters.with_formula(values, MEASURED, QtcFormula.FRIDERICIA)
    assert value_of(found, Parameter.QTC) == 418 and changed(found) == {}
    own = with_value(values, Parameter.RR, 1000, BAZETT)
    found = parameters.with_formula(own, MEASURED, QtcFormula.HODGES)
    assert value_of(found, Parameter.QTC) == 388
    assert next(one.machine for one in found if one.name is Parameter.QTC) == 414


def test_a_measurement_goes_where_it_belongs(values: Values) -> None:
    found, taken = parameters.with_measurement(values, {"rr_ms": 1000.0, "hr_bpm": 60, "qtc_bazett": 1}, BAZETT)
    assert taken == (Parameter.RR,)
    assert value_of(found, Parameter.HR) == 60 and value_of(found, Parameter.QTC) == 388
    assert parameters.with_measurement(values, {"st_mv": 0.1}, BAZETT) == (values, ())


def test_lines_mark_what_is_out_of_the_limits_and_know_no_p_wave() -> None:
    af = parameters.machine_values(TraceValues(hr_bpm=131, p_waves=False, pr_ms=150, qrs_ms=118), BAZETT)
    measured = TraceValues(hr_bpm=131, p_waves=False, confidence={"hr": 0.9})
    found = {line.name: line for line in parameters.lines(af, measured, 70, female=False)}
    assert found[Parameter.HR].mark == "↑" and found[Parameter.HR].confidence == 0.9
    assert found[Parameter.QRS].mark == "↑"
    assert found[Parameter.PR].no_p and found[Parameter.PR].value is None
    child = {line.name: line for line in parameters.lines(af, measured, 0.5, female=True)}
    assert child[Parameter.HR].mark == ""


def test_newer_machine_values_keep_the_doctors(values: Values) -> None:
    own = with_value(values, Parameter.PR, 210, BAZETT)
    newer = parameters.machine_values(TraceValues(hr_bpm=80, p_waves=True, pr_ms=160), BAZETT)
    found = parameters.with_machine(own, newer)
    assert value_of(found, Parameter.PR) == 210 and value_of(found, Parameter.HR) == 80


@pytest.mark.parametrize(("text", "value"), [("", None), (" 72 ", 72), ("71.6", 72), ("--", None)])
def test_typed_numbers(text: str, value: float | None) -> None:
    assert parameters.parsed(Parameter.HR, text) == value


@pytest.mark.parametrize("text", ["a", "9999", "-3", "nan"])
def test_typed_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parameters.parsed(Parameter.HR, text)

"""心电参数区 as values: the machine's beside the doctor's, what follows from a change, normal limits. Knows no Qt.

A value that the doctor changes is kept beside the machine's (ECG-READ-07). Rate and RR follow from each other, QTc from
QT and RR by the chosen formula, RV5+SV1 from its parts (EX-ECG-04, ECG-MEAS-05).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from shared.contract.ecg import TraceValues
from shared.contract.ecg_reports import ParameterValue
from shared.domain.ecg_reports import PARAMETERS, Parameter, QtcFormula
from shared.waveform.measuring import corrected
from shared.waveform.normal_limits import NormalRange, normal_range

Values = tuple[ParameterValue, ...]

CONFIDENCE_OF = {
    Parameter.HR: "hr",
    Parameter.RR: "hr",
    Parameter.P: "p",
    Parameter.PR: "pr",
    Parameter.QRS: "qrs",
    Parameter.QT: "qt",
    Parameter.QTC: "qt",
}
"""Which confidence of the measurement a parameter has; the others have none of their own."""

_FROM_MEASUREMENT = {
    "rr_ms": Parameter.RR,
    "hr_bpm": Parameter.HR,
    "p_ms": Parameter.P,
    "pr_ms": Parameter.PR,
    "qrs_ms": Parameter.QRS,
    "qt_ms": Parameter.QT,
}
_ABSENT_WITHOUT_P = (Parameter.P, Parameter.PR, Parameter.P_AXIS)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the area. ``confidence`` None: the parameter has none; ``no_p``: "no P wave" is the answer."""

    name: Parameter
    value: float | None
    machine: float | None
    is_changed: bool
    confidence: float | None
    limits: NormalRange | None
    mark: str  # ↑, ↓ or empty
    no_p: bool


def machine_values(measured: TraceValues, formula: QtcFormula) -> Values:
    """The machine's values as a report begins with them."""
    found = {
        Parameter.HR: measured.hr_bpm,
        Parameter.RR: measured.rr_ms,
        Parameter.P: measured.p_ms if measured.p_waves else None,
        Parameter.PR: measured.pr_ms if measured.p_waves else None,
        Parameter.QRS: measured.qrs_ms,
        Parameter.QT: measured.qt_ms,
        Parameter.QTC: qtc_of(measured, formula),
        Parameter.P_AXIS: measured.p_axis,
        Parameter.QRS_AXIS: measured.qrs_axis,
        Parameter.T_AXIS: measured.t_axis,
        Parameter.RV5: measured.rv5_mv,
        Parameter.SV1: measured.sv1_mv,
        Parameter.RV5_SV1: measured.rv5_sv1_mv,
    }
    return tuple(ParameterValue(name=name, machine=found[name], value=found[name]) for name in Parameter)


def qtc_of(measured: TraceValues, formula: QtcFormula) -> float | None:
    """The machine's QTc by a formula."""
    value: float | None = getattr(measured, f"qtc_{formula.value}_ms")
    return value


def value_of(values: Values, name: Parameter) -> float | None:
    """What the report says."""
    return next((one.value for one in values if one.name is name), None)


def with_value(values: Values, name: Parameter, value: float | None, formula: QtcFormula) -> Values:
    """The doctor changed a value: it and what follows from it."""
    changed = _put(values, {name: value})
    if name in (Parameter.HR, Parameter.RR):
        other = Parameter.RR if name is Parameter.HR else Parameter.HR
        changed = _put(changed, {other: round(60_000.0 / value) if value else None})
    if name in (Parameter.HR, Parameter.RR, Parameter.QT):
        changed = _put(changed, {Parameter.QTC: _corrected(changed, formula)})
    if name in (Parameter.RV5, Parameter.SV1):
        parts = (value_of(changed, Parameter.RV5), value_of(changed, Parameter.SV1))
        total = None if None in parts else round(sum(part for part in parts if part is not None), 2)
        changed = _put(changed, {Parameter.RV5_SV1: total})
    return changed


def as_measured(values: Values, name: Parameter, formula: QtcFormula) -> Values:
    """Take the machine's value again; what follows from it is taken again as well."""
    machine = next((one.machine for one in values if one.name is name), None)
    changed = with_value(values, name, machine, formula)
    # What follows is the machine's own where all it follows from is: no rounding of ours stands in between.
    untouched = {one.name for one in changed if one.name in _SOURCES and one.machine == one.value}
    back: dict[Parameter, float | None] = {}
    for one in changed:
        sources = _FOLLOWS.get(one.name, ())
        if sources and name in (*sources, one.name) and all(source in untouched for source in sources):
            back[one.name] = one.machine
    if name in (Parameter.HR, Parameter.RR):
        both: dict[Parameter, float | None] = {
            one.name: one.machine for one in changed if one.name in (Parameter.HR, Parameter.RR)
        }
        changed = _put(changed, both)
        if value_of(changed, Parameter.QT) == _machine(changed, Parameter.QT):
            back[Parameter.QTC] = _machine(changed, Parameter.QTC)
    return _put(changed, back)


_FOLLOWS = {
    Parameter.QTC: (Parameter.QT, Parameter.RR),
    Parameter.RV5_SV1: (Parameter.RV5, Parameter.SV1),
}
_SOURCES = (Parameter.QT, Parameter.RR, Parameter.RV5, Parameter.SV1)


def with_formula(values: Values, measured: TraceValues | None, formula: QtcFormula) -> Values:
    """Another formula of QTc: the machine's value by it, and the doctor's from QT and RR as they are now."""
    machine = qtc_of(measured, formula) if measured is not None else None
    is_own = any(one.name in (Parameter.QT, Parameter.RR, Parameter.HR) and one.value != one.machine for one in values)
    value = _corrected(values, formula) if is_own or machine is None else machine
    return tuple(
        msgspec.structs.replace(one, machine=machine, value=value, is_changed=value != machine)
        if one.name is Parameter.QTC
        else one
        for one in values
    )


def with_measurement(
    values: Values, measured: Mapping[str, float], formula: QtcFormula
) -> tuple[Values, tuple[Parameter, ...]]:
    """Values sent by hand measuring (ECG-MEAS-06) and which parameters took one; keys of ``Measurement.values``."""
    taken = []
    for key, name in _FROM_MEASUREMENT.items():
        if key not in measured or (name is Parameter.HR and "rr_ms" in measured):
            continue
        values = with_value(values, name, round(measured[key]), formula)
        taken.append(name)
    return values, tuple(taken)


def with_machine(values: Values, newer: Values) -> Values:
    """The machine measured again (another trace, points moved): changed values of the doctor stay."""
    changed = {one.name: one.value for one in values if one.value != one.machine}
    return tuple(
        msgspec.structs.replace(one, value=changed[one.name], is_changed=changed[one.name] != one.machine)
        if one.name in changed
        else one
        for one in newer
    )


def lines(values: Values, measured: TraceValues | None, age_years: float | None, female: bool) -> tuple[Line, ...]:
    """What the area shows, in the order of the parameters."""
    known = {one.name: one for one in values}
    confidence = measured.confidence if measured is not None else {}
    no_p = measured is not None and measured.hr_bpm is not None and not measured.p_waves
    found = []
    for name in Parameter:
        one = known.get(name, ParameterValue(name=name))
        limits = normal_range(name.value, age_years, female)
        mark = limits.mark(one.value) if limits is not None and one.value is not None else ""
        key = CONFIDENCE_OF.get(name)
        sure = confidence.get(key) if key and one.machine is not None else None
        absent = no_p and name in _ABSENT_WITHOUT_P and one.value is None
        changed = measured is not None and one.value != one.machine  # without a trace everything is typed
        found.append(Line(name, one.value, one.machine, changed, sure, limits, mark, absent))
    return tuple(found)


def shown(name: Parameter, value: float | None) -> str:
    """The number as it stands in the area; empty for none."""
    return "" if value is None else f"{value:.{PARAMETERS[name].decimals}f}"


def parsed(name: Parameter, text: str) -> float | None:
    """What was typed, None for empty. Raises ValueError for what is no number or out of all bounds."""
    plain = text.strip().replace("，", ".").replace(",", ".").replace("。", ".")
    if not plain or plain in {"-", "--", "–"}:
        return None
    value = float(plain)
    word = PARAMETERS[name]
    if not word.least <= value <= word.most:
        raise ValueError(plain)
    return round(value, word.decimals)


def _corrected(values: Values, formula: QtcFormula) -> float | None:
    qt, rr = value_of(values, Parameter.QT), value_of(values, Parameter.RR)
    if not qt or not rr:
        return None
    found: float = getattr(corrected(qt, rr), formula.value)
    return found


def _machine(values: Values, name: Parameter) -> float | None:
    return next((one.machine for one in values if one.name is name), None)


def _put(values: Values, news: Mapping[Parameter, float | None]) -> Values:
    missing = [ParameterValue(name=name) for name in news if all(one.name is not name for one in values)]
    return tuple(
        msgspec.structs.replace(one, value=news[one.name], is_changed=news[one.name] != one.machine)
        if one.name in news
        else one
        for one in (*values, *missing)
    )

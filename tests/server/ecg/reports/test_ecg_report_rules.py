"""Rules of ECG reports: every pair of state and action, who may, values of machine and doctor kept apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.ecg.reports import rules
from server.kernel.errors import Refusal
from shared.contract.ecg import TraceValues
from shared.contract.ecg_reports import PaperLook, ParameterValue, ReportBody, Statement
from shared.domain.ecg import REPORT_TRANSITIONS, ReportAction, ReportState
from shared.domain.ecg_reports import Parameter, QtcFormula, StatementSource, Verdict

WRITER = rules.Standing(
    state=ReportState.DRAFT,
    is_writer_side=True,
    is_reader=False,
    is_publisher=False,
    may_report=True,
    may_audit=False,
    may_withdraw=False,
    may_print=True,
)
VALUES = TraceValues(hr_bpm=72, qt_ms=390.4, qtc_bazett_ms=427, qtc_fridericia_ms=414, p_waves=False, rv5_mv=1.234)


@pytest.mark.parametrize("state", list(ReportState))
@pytest.mark.parametrize("action", list(ReportAction))
def test_every_pair_of_state_and_action(state: ReportState, action: ReportAction) -> None:
    expected = REPORT_TRANSITIONS.get((state, action))
    if expected is None:
        with pytest.raises(Refusal, match="不能"):
            rules.step(state, action)
        return
    assert rules.step(state, action) is expected
    submits = action in (ReportAction.SUBMIT, ReportAction.SUBMIT_AND_PRINT)
    assert rules.step(state, action, two_level=True) is (ReportState.PENDING if submits else expected)


def test_who_may_do_what() -> None:
    def may(**changes: object) -> set[ReportAction]:
        return set(rules.allowed(replace(WRITER, **changes)))  # type: ignore[arg-type]

    assert may() == {ReportAction.SAVE, ReportAction.SUBMIT, ReportAction.SUBMIT_AND_PRINT}
    assert may(is_writer_side=False) == set() == may(may_report=False)
    pending = {"state": ReportState.PENDING, "may_audit": True}
    assert may(**pending) == {ReportAction.SAVE, ReportAction.AUDIT, ReportAction.RETURN}
    assert may(**pending, is_reader=True) == set()
    assert may(**pending, is_reader=True, same_person=True) != set()
    assert may(**pending, is_own_hospital=False) == set()
    done = {"state": ReportState.SUBMITTED}
    assert may(**done) == {ReportAction.PRINT}
    assert may(**done, is_publisher=True) == {ReportAction.PRINT, ReportAction.WITHDRAW}
    assert ReportAction.WITHDRAW in may(**done, may_withdraw=True)
    assert ReportAction.WITHDRAW not in may(**done, may_withdraw=True, is_own_hospital=False)


def test_the_machines_values_stay_beside_the_doctors() -> None:
    machine = rules.proposed(VALUES, QtcFormula.BAZETT)
    assert [one.name for one in machine] == list(Parameter)
    given = (
        ParameterValue(name=Parameter.HR, value=80, machine=999),
        ParameterValue(name=Parameter.PR, value=160),
        ParameterValue(name=Parameter.QT, value=390),
    )
    found = {one.name: one for one in rules.merged(given, machine)}
    assert (found[Parameter.HR].machine, found[Parameter.HR].value, found[Parameter.HR].is_changed) == (72, 80, True)
    assert (found[Parameter.PR].machine, found[Parameter.PR].is_changed) == (None, True)
    assert not found[Parameter.QT].is_changed and found[Parameter.RV5].value == 1.23
    fridericia = {one.name: one.machine for one in rules.proposed(VALUES, QtcFormula.FRIDERICIA)}
    assert (found[Parameter.QTC].machine, fridericia[Parameter.QTC]) == (427, 414)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 601.0])
def test_a_value_out_of_all_bounds_names_its_field(value: float) -> None:
    with pytest.raises(Refusal, match="心率应在") as refused:
        rules.merged((ParameterValue(name=Parameter.HR, value=value),), rules.proposed(VALUES, QtcFormula.BAZETT))
    assert refused.value.body.field == "hr"


def test_a_body_is_cleaned() -> None:
    said = Statement(code="20", text=" 窦性  心律 ", source=StatementSource.DOCTOR, verdict=Verdict.OPEN)
    body = ReportBody(diagnosis="\r\n 窦性心律  \r\n\x07", findings="a\tb", statements=(said,))
    kept = rules.cleaned(body, rules.proposed(None, QtcFormula.BAZETT), 3)
    assert (kept.diagnosis, kept.trace_id) == ("窦性心律", 3)
    assert (kept.statements[0].text, kept.statements[0].verdict) == ("窦性 心律", Verdict.CONFIRMED)
    with pytest.raises(Refusal, match="为空"):
        rules.demand_conclusion(ReportBody(diagnosis=""))
    with pytest.raises(Refusal, match="过长"):
        rules.cleaned(ReportBody(findings="长" * 5000), (), 1)


@pytest.mark.parametrize(
    "look",
    [
        PaperLook(layout="5x5"),
        PaperLook(speed=30),
        PaperLook(gain=7),
        PaperLook(high_pass_hz=0.2),
        PaperLook(mains_hz=55),
        PaperLook(start=-1),
        PaperLook(seconds=1000),
    ],
)
def test_a_look_that_cannot_be_printed_is_refused(look: PaperLook) -> None:
    with pytest.raises(Refusal):
        rules.checked_look(look)


def test_the_filters_of_a_look() -> None:
    assert rules.filters_of(PaperLook()) is None
    found = rules.filters_of(PaperLook(low_pass_hz=35, mains_hz=50, baseline=True))
    assert found is not None and (found.high_pass_hz, found.low_pass_hz, found.notch_hz, found.baseline) == (
        0,
        35,
        50,
        True,
    )

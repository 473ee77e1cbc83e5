"""Rules of consultations: every pair of state and action, who may, order, clocks, limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from server.ecg.consultations import rules
from server.kernel.errors import Refusal
from shared.contract.ecg_consultations import ConsultationPolicy
from shared.domain.ecg import (
    CONSULTATION_TRANSITIONS,
    ConsultationAction,
    ConsultationState,
    ExamState,
    Urgency,
)
from shared.domain.ecg_reports import Agreement, ClockColour, Danger
from shared.domain.states import VisitKind

NOBODY = rules.Standing(
    state=ConsultationState.WAITING,
    is_applicant=False,
    is_asking_side=False,
    is_member=False,
    is_asked_side=False,
    is_holder=False,
    may_apply=True,
    may_accept=True,
    may_lead=False,
    may_report=True,
    may_print=True,
)
A, S = ConsultationAction, ConsultationState
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
POLICY = ConsultationPolicy()


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("action", list(A))
def test_every_pair_of_state_and_action(state: ConsultationState, action: ConsultationAction) -> None:
    expected = CONSULTATION_TRANSITIONS.get((state, action))
    if expected is not None:
        assert rules.step(state, action) is expected
        return
    with pytest.raises(Refusal) as refused:
        rules.step(state, action, "县医院 李主治")
    if state is S.ACCEPTED and action in (A.ACCEPT, A.REFUSE, A.WITHDRAW):
        assert "县医院 李主治" in refused.value.body.message


def test_who_may_do_what() -> None:
    def may(**changes: object) -> set[ConsultationAction]:
        return set(rules.allowed(replace(NOBODY, **changes)))  # type: ignore[arg-type]

    assert may() == set()
    assert may(is_applicant=True, is_asking_side=True) == {A.WITHDRAW}
    assert may(is_asking_side=True) == set() and may(is_asking_side=True, may_lead=True) == {A.WITHDRAW}
    assert may(is_member=True) == {A.ACCEPT, A.REFUSE} == may(is_asked_side=True, may_lead=True)
    assert may(is_asked_side=True) == set() == may(is_member=True, may_accept=False)
    accepted = {"state": S.ACCEPTED}
    assert may(**accepted, is_holder=True) == {A.GIVE_BACK, A.SAVE, A.PUBLISH}
    assert may(**accepted, is_member=True) == set()
    assert may(**accepted, is_asked_side=True, may_lead=True) == {A.GIVE_BACK}
    assert may(state=S.PUBLISHED, is_asking_side=True) == {A.SIGN_FOR}
    assert may(state=S.PUBLISHED, is_asked_side=True) == set()


def test_what_cannot_be_sent() -> None:
    good = (ExamState.ACQUIRED, VisitKind.INPATIENT, None, "")
    assert rules.obstacle(*good) == ""
    assert "体检" in rules.obstacle(ExamState.ACQUIRED, VisitKind.HEALTH_CHECK, None, "")
    for state in set(ExamState) - {ExamState.ACQUIRED}:
        assert rules.obstacle(state, VisitKind.OUTPATIENT, None, "")
    assert "中心" in rules.obstacle(ExamState.ACQUIRED, VisitKind.OUTPATIENT, S.WAITING, "中心")


def test_urgent_and_dangerous_ones_stand_first() -> None:
    order = sorted(((urgency, danger) for urgency in Urgency for danger in Danger), key=lambda pair: rules.rank(*pair))
    assert order[0] == (Urgency.ROUTINE, Danger.CRITICAL) or order[0][1] is Danger.CRITICAL
    assert all(danger is Danger.CRITICAL or urgency is Urgency.EMERGENCY for urgency, danger in order[:7])
    assert order[-1] == (Urgency.ROUTINE, Danger.NONE)


@pytest.mark.parametrize(
    ("state", "minutes", "colour"),
    [
        (S.WAITING, 0, ClockColour.GREEN),
        (S.WAITING, 3, ClockColour.YELLOW),
        (S.WAITING, 5, ClockColour.YELLOW),
        (S.WAITING, 5.1, ClockColour.RED),
        (S.ACCEPTED, 8, ClockColour.GREEN),
        (S.ACCEPTED, 16, ClockColour.RED),
    ],
)
def test_clocks_change_colour(state: ConsultationState, minutes: float, colour: ClockColour) -> None:
    found = rules.clock(POLICY, Urgency.URGENT, state, NOW, None, NOW + timedelta(minutes=minutes))
    assert (found.colour, found.seconds) == (colour, int(minutes * 60))


def test_a_clock_that_stopped_stands() -> None:
    later, end = NOW + timedelta(hours=9), NOW + timedelta(minutes=12)
    done = rules.clock(POLICY, Urgency.URGENT, S.PUBLISHED, NOW, end, later)
    assert (done.seconds, done.colour) == (720, ClockColour.YELLOW)
    assert rules.clock(POLICY, Urgency.URGENT, S.REFUSED, NOW, end, later).colour is ClockColour.STOPPED


@pytest.mark.parametrize(
    "changes",
    [{"limits": ()}, {"warn_share": 0.0}, {"warn_share": 1.5}],
)
def test_limits_are_checked(changes: dict[str, object]) -> None:
    with pytest.raises(Refusal):
        rules.checked_policy(msgspec.structs.replace(POLICY, **changes))
    first = msgspec.structs.replace(POLICY.limits[0], accept_minutes=60, answer_minutes=30)
    with pytest.raises(Refusal, match="不能长于"):
        rules.checked_policy(msgspec.structs.replace(POLICY, limits=(first, *POLICY.limits[1:])))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "窦性心律", Agreement.NONE),
        ("窦性心律", "1. 窦性心律", Agreement.AGREES),
        ("1、窦性心律；2、室性早搏", "室性早搏\n窦性心律", Agreement.AGREES),
        ("窦性心律，ST 段压低", "窦性心律\n下壁心肌梗死", Agreement.PARTLY),
        ("正常", "心房颤动", Agreement.NONE),  # other words: a doctor must say
    ],
)
def test_opinions_are_compared(first: str, second: str, expected: Agreement) -> None:
    assert rules.compared(Agreement.NONE, first, second) is expected
    judged = rules.compared(Agreement.DISAGREES, first, second)
    assert judged is (Agreement.DISAGREES if first else Agreement.NONE)

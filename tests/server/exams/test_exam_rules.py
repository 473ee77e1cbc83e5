"""The exam's table: every pair of state and action, allowed or refused; and the pure rules beside it."""

from __future__ import annotations

from datetime import date, time

import pytest

from server.exams.rules import (
    TRANSITIONS,
    ExamEvent,
    ExamFacts,
    Guard,
    NotAllowed,
    Opening,
    accession_number,
    allowed_actions,
    default_openings,
    joined,
    registration_state,
    slot_times,
    step,
)
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import ExamAction, ExamState, RegistrationState, ReportState

S, A, E = ExamState, ExamAction, ExamEvent
ALL_TRUE = ExamFacts(has_images=True, is_report_approved=True)

# the requirements' table (RIS-ESM-01 to -13), written out once more by hand: (state, step) → next state
EXPECTED = {
    (S.REGISTERED, A.EDIT): S.REGISTERED,
    (S.REGISTERED, A.PUSH): S.REGISTERED,
    (S.REGISTERED, A.PRINT_BARCODE): S.REGISTERED,
    (S.REGISTERED, A.PRINT_FORM): S.REGISTERED,
    (S.REGISTERED, A.RESCHEDULE): S.REGISTERED,
    (S.REGISTERED, A.CANCEL): S.CANCELLED,
    (S.REGISTERED, A.CHANGE_ROOM): S.REGISTERED,
    (S.REGISTERED, A.START): S.IN_PROGRESS,
    (S.REGISTERED, A.VIEW_IMAGES): S.REGISTERED,
    (S.IN_PROGRESS, A.PRINT_BARCODE): S.IN_PROGRESS,
    (S.IN_PROGRESS, A.PRINT_FORM): S.IN_PROGRESS,
    (S.IN_PROGRESS, A.FINISH): S.EXAMINED,
    (S.IN_PROGRESS, A.VIEW_IMAGES): S.IN_PROGRESS,
    (S.EXAMINED, A.PRINT_FORM): S.EXAMINED,
    (S.EXAMINED, A.VIEW_IMAGES): S.EXAMINED,
    (S.EXAMINED, A.PRINT_REPORT): S.EXAMINED,
    (S.REGISTERED, E.DEVICE_STARTED): S.IN_PROGRESS,
    (S.IN_PROGRESS, E.DEVICE_STARTED): S.IN_PROGRESS,
    (S.EXAMINED, E.DEVICE_STARTED): S.EXAMINED,
    (S.CANCELLED, E.DEVICE_STARTED): S.CANCELLED,
    (S.REGISTERED, E.DEVICE_FINISHED): S.EXAMINED,
    (S.IN_PROGRESS, E.DEVICE_FINISHED): S.EXAMINED,
    (S.EXAMINED, E.DEVICE_FINISHED): S.EXAMINED,
    (S.CANCELLED, E.DEVICE_FINISHED): S.CANCELLED,
    (S.REGISTERED, E.DEVICE_GAVE_UP): S.REGISTERED,
    (S.IN_PROGRESS, E.DEVICE_GAVE_UP): S.REGISTERED,
    (S.EXAMINED, E.DEVICE_GAVE_UP): S.EXAMINED,
    (S.CANCELLED, E.DEVICE_GAVE_UP): S.CANCELLED,
}
GUARDED = {
    A.VIEW_IMAGES: ExamFacts(has_images=False, is_report_approved=True),
    A.PRINT_REPORT: ExamFacts(has_images=True, is_report_approved=False),
    A.CANCEL: ExamFacts(is_referral=True),
    A.START: ExamFacts(awaits_acceptance=True),
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("action", [*A, *E])
def test_every_pair_of_state_and_action_is_allowed_or_refused_as_required(
    state: ExamState, action: ExamAction | ExamEvent
) -> None:
    expected = EXPECTED.get((state, action))
    if expected is None:
        with pytest.raises(NotAllowed):
            step(state, action, ALL_TRUE)
        return
    assert step(state, action, ALL_TRUE).next_state is expected
    if action in GUARDED:
        with pytest.raises(NotAllowed):
            step(state, action, GUARDED[ExamAction(action)])


def test_a_device_is_never_refused_in_any_state() -> None:
    for state in S:
        for event in E:
            assert (state, event) in TRANSITIONS
            assert TRANSITIONS[state, event].guard is Guard.NONE


def test_allowed_actions_need_the_permission_and_the_guard() -> None:
    clerk, technician = ROLES["clerk"], ROLES["technician"]
    assert allowed_actions(S.REGISTERED, ExamFacts(), clerk) == (
        A.EDIT,
        A.PUSH,
        A.PRINT_BARCODE,
        A.PRINT_FORM,
        A.RESCHEDULE,
        A.CANCEL,
    )
    assert allowed_actions(S.REGISTERED, ExamFacts(has_images=True), technician) == (
        A.CHANGE_ROOM,
        A.START,
        A.VIEW_IMAGES,
    )
    assert allowed_actions(S.CANCELLED, ALL_TRUE, frozenset(Permission)) == ()


@pytest.mark.parametrize(
    ("state", "report_state", "expected"),
    [
        (S.REGISTERED, None, RegistrationState.REGISTERED),
        (S.IN_PROGRESS, None, RegistrationState.REGISTERED),
        (S.EXAMINED, None, RegistrationState.DIAGNOSING),
        (S.EXAMINED, ReportState.AWAITING, RegistrationState.DIAGNOSING),
        (S.EXAMINED, ReportState.WRITING, RegistrationState.DIAGNOSING),
        (S.EXAMINED, ReportState.SUBMITTED, RegistrationState.DIAGNOSING),
        (S.EXAMINED, ReportState.AUDITING, RegistrationState.DIAGNOSING),
        (S.EXAMINED, ReportState.APPROVED, RegistrationState.COMPLETED),
        (S.EXAMINED, ReportState.PRINTED, RegistrationState.COMPLETED),
        (S.CANCELLED, None, RegistrationState.CANCELLED),
    ],
)
def test_the_registration_state_follows_exam_and_report(
    state: ExamState, report_state: ReportState | None, expected: RegistrationState
) -> None:
    assert registration_state(state, report_state) is expected


def test_an_accession_number_names_day_and_type_within_16_characters() -> None:
    assert accession_number(date(2026, 11, 21), "CT", 1) == "261121CT0001"
    assert len(accession_number(date(2026, 11, 21), "MRXX", 123456)) == 16
    with pytest.raises(ValueError, match="16"):
        accession_number(date(2026, 11, 21), "TOOLONG", 1234)


def test_slots_fill_the_open_hours_and_no_more() -> None:
    opening = Opening(0, time(8), time(9), 25, 1)
    assert slot_times(opening) == ((time(8), time(8, 25)), (time(8, 25), time(8, 50)))
    assert all(slot_times(opening)[-1][1] <= opening.closes for opening in default_openings(20))


def test_joined_texts_are_distinct_and_cut() -> None:
    assert joined(["胸部", "", "头部", "胸部"], 20) == "胸部、头部"
    assert joined(["一" * 30], 10) == "一" * 9 + "…"

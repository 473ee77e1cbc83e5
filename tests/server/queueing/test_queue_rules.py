"""The ticket's table: every pair of state and action, allowed or refused; order and wording beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.queueing.rules import (
    OPEN,
    NotAllowed,
    TicketEvent,
    TicketFacts,
    allowed_actions,
    call_action,
    present_state,
    spoken_text,
    spoken_text_en,
    step,
    ticket_number,
)
from shared.domain.permissions import ROLES
from shared.domain.states import TicketAction, TicketState

S, A, E = TicketState, TicketAction, TicketEvent
NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)

# the requirements' table (RIS-QSM-01 to -11), written out once more by hand: (state, step) → next state
# 呼叫中 may be moved and cancelled too (the hospital's choice beyond -10 and -11): the call is taken back
EXPECTED: dict[tuple[TicketState, TicketAction | TicketEvent], TicketState] = {
    (S.NOT_SIGNED_IN, A.SIGN_IN): S.WAITING,
    (S.NOT_SIGNED_IN, A.CHANGE_ROOM): S.NOT_SIGNED_IN,
    (S.NOT_SIGNED_IN, A.WITHDRAW): S.WITHDRAWN,
    (S.NOT_SIGNED_IN, E.MOVED): S.WITHDRAWN,
    (S.NOT_SIGNED_IN, E.EXCUSED): S.WAITING,
    (S.WITHDRAWN, E.EXPECTED): S.NOT_SIGNED_IN,
    (S.CALLING, A.CHANGE_ROOM): S.WAITING,
    (S.CALLING, A.WITHDRAW): S.WITHDRAWN,
    (S.CALLING, E.MOVED): S.WITHDRAWN,
    (S.PASSED, E.RETURNED): S.WAITING,
    (S.WAITING, A.CALL): S.CALLING,
    (S.WAITING, A.CHANGE_ROOM): S.WAITING,
    (S.WAITING, A.WITHDRAW): S.WITHDRAWN,
    (S.CALLING, A.ANNOUNCED): S.CALLED,
    (S.CALLING, A.PASS): S.PASSED,
    (S.CALLING, A.START): S.EXAMINING,
    (S.CALLED, A.CALL_AGAIN): S.CALLING,
    (S.CALLED, A.PASS): S.PASSED,
    (S.CALLED, A.START): S.EXAMINING,
    (S.CALLED, A.CHANGE_ROOM): S.CALLED,
    (S.CALLED, A.WITHDRAW): S.WITHDRAWN,
    (S.PASSED, A.CALL): S.CALLING,
    (S.PASSED, A.CALL_AGAIN): S.CALLING,
    (S.PASSED, A.SIGN_IN_AGAIN): S.WAITING,
    (S.PASSED, A.CHANGE_ROOM): S.PASSED,
    (S.PASSED, A.WITHDRAW): S.WITHDRAWN,
    (S.EXAMINING, A.FINISH): S.DONE,
    (S.EXAMINING, E.DEVICE_GAVE_UP): S.WAITING,
    (S.WAITING, E.MOVED): S.WITHDRAWN,
    (S.CALLED, E.MOVED): S.WITHDRAWN,
    (S.PASSED, E.MOVED): S.WITHDRAWN,
    (S.WITHDRAWN, E.ISSUED): S.WAITING,
    **{(state, E.DEVICE_STARTED): S.EXAMINING for state in OPEN},
    **{(state, E.EXAM_FINISHED): S.DONE for state in OPEN},
}
ON_ITS_DAY = {A.SIGN_IN, A.CALL, A.CALL_AGAIN, A.SIGN_IN_AGAIN}
NOT_WHILE_PAUSED = {(S.WAITING, A.CALL), (S.PASSED, A.CALL), (S.PASSED, A.CALL_AGAIN)}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("action", [*A, *E])
def test_every_pair_of_state_and_action_is_allowed_or_refused_as_required(
    state: TicketState, action: TicketAction | TicketEvent
) -> None:
    expected = EXPECTED.get((state, action))
    if expected is None:
        with pytest.raises(NotAllowed):
            step(state, action, TicketFacts())
        return
    assert step(state, action, TicketFacts()).next_state is expected
    if action in ON_ITS_DAY:
        with pytest.raises(NotAllowed, match="今天"):
            step(state, action, TicketFacts(is_of_today=False))
    paused = TicketFacts(is_room_paused=True)
    if (state, action) in NOT_WHILE_PAUSED:
        with pytest.raises(NotAllowed, match="暂停"):
            step(state, action, paused)
    else:
        assert step(state, action, paused).next_state is expected
    busy = TicketFacts(is_room_busy=True)
    if action is A.START:
        with pytest.raises(NotAllowed, match="检查中"):
            step(state, action, busy)
    else:
        assert step(state, action, busy).next_state is expected


def test_buttons_follow_permission_and_room() -> None:
    technician = ROLES["technician"]
    assert allowed_actions(S.CALLED, TicketFacts(), technician) == (A.CALL_AGAIN, A.PASS, A.START, A.CHANGE_ROOM)
    assert A.START not in allowed_actions(S.CALLED, TicketFacts(is_room_busy=True), technician)
    assert allowed_actions(S.PASSED, TicketFacts(), ROLES["clerk"]) == (A.SIGN_IN_AGAIN, A.WITHDRAW)


def test_the_call_button_calls_or_calls_again() -> None:
    assert call_action(S.WAITING) is A.CALL
    assert call_action(S.PASSED) is A.CALL
    assert call_action(S.CALLED) is A.CALL_AGAIN


def test_calling_ends_by_itself_after_the_limit() -> None:
    limit = timedelta(seconds=45)
    assert present_state(S.CALLING, NOW, NOW + timedelta(seconds=44), limit) is S.CALLING
    assert present_state(S.CALLING, NOW, NOW + limit, limit) is S.CALLED
    assert present_state(S.PASSED, NOW, NOW + limit, limit) is S.PASSED


def test_numbers_and_announcements_are_worded_for_the_ear() -> None:
    assert ticket_number("A", 12) == "A012"
    assert spoken_text("A012", "张小明", "CT一室") == "请A零一二号，张小明，到CT一室检查。"
    assert spoken_text("A012", "", "CT一室") == "请A零一二号，到CT一室检查。"
    assert spoken_text_en("A012", "CT Room 1") == "Number A 0 1 2, please go to CT Room 1."

"""The referral's machine as a table, and what is true of organisations without a database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.permissions import Permission
from shared.domain.states import ExamState, ReferralAction, ReferralState


class Guard(StrEnum):
    """A condition beside the state."""

    NONE = "none"
    EXAM_NOT_BEGUN = "exam_not_begun"


@dataclass(frozen=True)
class Transition:
    """One allowed step."""

    next_state: ReferralState
    fact: str
    guard: Guard = Guard.NONE
    permission: Permission = Permission.REGISTER


_S, _A = ReferralState, ReferralAction

TRANSITIONS: dict[tuple[ReferralState, ReferralAction], Transition] = {
    (_S.SENT, _A.ACCEPT): Transition(_S.ACCEPTED, "接收转诊"),
    (_S.SENT, _A.REFUSE): Transition(_S.REFUSED, "退回转诊"),
    (_S.SENT, _A.CANCEL): Transition(_S.CANCELLED, "撤销转诊"),  # RIS-OPN-11: until the receiver has accepted
    (_S.SENT, _A.PUSH): Transition(_S.SENT, "再次推送转诊"),
    (_S.SENT, _A.PRINT_FORM): Transition(_S.SENT, "打印转诊单"),
    (_S.ACCEPTED, _A.REFUSE): Transition(_S.REFUSED, "退回转诊", Guard.EXAM_NOT_BEGUN),
    (_S.ACCEPTED, _A.PUSH): Transition(_S.ACCEPTED, "再次推送转诊", Guard.EXAM_NOT_BEGUN),
    (_S.ACCEPTED, _A.PRINT_FORM): Transition(_S.ACCEPTED, "打印转诊单"),
    (_S.REFUSED, _A.PRINT_FORM): Transition(_S.REFUSED, "打印转诊单"),
}

STATE_NAMES = {
    _S.SENT: "待接收",
    _S.ACCEPTED: "已接收",
    _S.REFUSED: "已退回",
    _S.CANCELLED: "已撤销",
}
ACTION_NAMES = {
    _A.ACCEPT: "接收",
    _A.REFUSE: "退回",
    _A.CANCEL: "撤销",
    _A.PUSH: "推送",
    _A.PRINT_FORM: "打印转诊单",
}


class NotAllowed(Exception):
    """The table or a guard says no; the message is a sentence with a next step."""


def step(state: ReferralState, action: ReferralAction, exam_state: ExamState) -> Transition:
    """Return the transition of `action` in `state`. Raises NotAllowed."""
    found = TRANSITIONS.get((state, action))
    if found is None:
        if state is ReferralState.ACCEPTED and action is ReferralAction.CANCEL:
            raise NotAllowed("接收机构已经接收该转诊，不能再撤销；如需取消请与接收机构联系。")
        raise NotAllowed(f"转诊处于“{STATE_NAMES[state]}”，不能{ACTION_NAMES[action]}，请刷新后再看。")
    if found.guard is Guard.EXAM_NOT_BEGUN and exam_state is not ExamState.REGISTERED:
        raise NotAllowed("该转诊患者的检查已经开始或结束，不能再退回。")
    return found


def allowed_actions(
    state: ReferralState, exam_state: ExamState, permissions: frozenset[Permission]
) -> tuple[ReferralAction, ...]:
    """Return what a holder of `permissions` may do now, in the order of ReferralAction."""
    found = []
    for action in ReferralAction:
        try:
            transition = step(state, action, exam_state)
        except NotAllowed:
            continue
        if transition.permission in permissions:
            found.append(action)
    return tuple(found)

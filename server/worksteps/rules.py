"""The states of a unified procedure step (PS3.4 CC.1.1) and what may be done in each; pure."""

from __future__ import annotations

from enum import StrEnum


class StepState(StrEnum):
    """Procedure Step State (0074,1000)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class StepError(Exception):
    """What was asked contradicts PS3.4 CC: an HTTP status of PS3.18 11 and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


FINAL = (StepState.COMPLETED, StepState.CANCELED)
_MOVES = {
    (StepState.SCHEDULED, StepState.IN_PROGRESS),
    (StepState.IN_PROGRESS, StepState.COMPLETED),
    (StepState.IN_PROGRESS, StepState.CANCELED),
}


def check_move(present: StepState, wanted: str, *, holds_lock: bool, has_transaction: bool) -> StepState:
    """The state to go to (PS3.4 table CC.1.1-2). Raises StepError: 400, 409, 410."""
    if wanted not in StepState.__members__.values():
        raise StepError(400, "The Procedure Step State is none of IN PROGRESS, COMPLETED, CANCELED.")
    state = StepState(wanted)
    if present in FINAL:
        if present is state:
            raise StepError(410, f"The workitem is already {present}.")
        raise StepError(409, f"The workitem is {present} and can no longer change.")
    if not has_transaction:
        raise StepError(400, "The Transaction UID (0008,1195) is missing.")
    if present is StepState.IN_PROGRESS and not holds_lock:
        raise StepError(409, "The workitem is in progress under another Transaction UID.")
    if (present, state) not in _MOVES:
        raise StepError(409, f"A workitem that is {present} cannot become {state}.")
    return state


REQUIRED = {
    "00404041": "Input Readiness State",
    "00741200": "Scheduled Procedure Step Priority",
    "00741204": "Procedure Step Label",
    "00404005": "Scheduled Procedure Step Start DateTime",
}
"""What a new workitem must say (PS3.4 table CC.2.5-3, type 1)."""
FORBIDDEN = frozenset({"00081195"})
NOT_CHANGEABLE = frozenset({"00080016", "00080018", "00741000", "00081195"})
PRIORITIES = ("HIGH", "MEDIUM", "LOW")

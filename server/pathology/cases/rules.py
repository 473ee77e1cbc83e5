"""The machine of a case as a table (PA-SM-CASE), and what is true of cases without a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.pathology import CASE_ACTIONS, CASE_STATES, LOCKED_STATES, CaseAction, CaseState
from shared.domain.permissions import Permission


class Guard(StrEnum):
    """A condition beside the state."""

    NONE = "none"
    ACCEPTED_SPECIMEN = "accepted_specimen"
    EMBEDDED_BLOCK = "embedded_block"
    CYTOLOGY_LIBRARY = "cytology_library"
    TEXT_PRESENT = "text_present"
    DIAGNOSIS_PRESENT = "diagnosis_present"
    OTHER_THAN_CHIEF = "other_than_chief"
    COMPLETE = "complete"
    REASON = "reason"
    NO_MATERIAL_OUT = "no_material_out"


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed step: where it leads (None: the state before the lock), who may, under which guard, and its fact."""

    next_state: CaseState | None
    permission: Permission
    guard: Guard = Guard.NONE


@dataclass(frozen=True, slots=True)
class CaseGuards:
    """What guards look at. Whoever steps a case says what holds; the defaults refuse nothing that is not asked."""

    has_accepted_specimen: bool = True
    has_embedded_block: bool = True
    is_cytology: bool = True
    has_text: bool = True
    has_diagnosis: bool = True
    is_chief: bool = False
    missing: tuple[str, ...] = field(default=())  # mandatory fields without content, in Chinese
    has_reason: bool = True
    is_material_out: bool = False


_S, _A, _P = CaseState, CaseAction, Permission
_OPEN = (_S.REGISTERED, _S.GROSSED, _S.PREPARED, _S.FIRST, _S.CHIEF, _S.SECOND)
_LOCKED = tuple(state for state in _S if state in LOCKED_STATES)
_LIVING = (*_OPEN, *_LOCKED)


def _table() -> dict[tuple[CaseState, CaseAction], Step]:
    table: dict[tuple[CaseState, CaseAction], Step] = {}

    def stay(states: tuple[CaseState, ...], action: CaseAction, right: Permission, guard: Guard = Guard.NONE) -> None:
        for state in states:
            table[state, action] = Step(state, right, guard)

    def lead(
        states: tuple[CaseState, ...],
        action: CaseAction,
        to: CaseState | None,
        right: Permission,
        guard: Guard = Guard.NONE,
    ) -> None:
        for state in states:
            table[state, action] = Step(to, right, guard)

    # reception (PA-SM-CASE-02, -05, -06)
    lead((_S.APPOINTED,), _A.EXECUTE, _S.REGISTERED, _P.PATHOLOGY_REGISTER)
    stay((_S.APPOINTED, *_OPEN), _A.EDIT, _P.PATHOLOGY_REGISTER)
    stay((_S.APPOINTED, *_OPEN), _A.FETCH, _P.PATHOLOGY_REGISTER)
    stay((_S.APPOINTED, *_OPEN), _A.SPECIMENS, _P.PATHOLOGY_REGISTER)
    stay(_LIVING, _A.PRINT_LABEL, _P.PATHOLOGY_PRINT_LABELS)
    # bench and technical room (-07 to -09); later rows and sections change nothing
    lead((_S.REGISTERED,), _A.GROSS, _S.GROSSED, _P.PATHOLOGY_GROSS, Guard.ACCEPTED_SPECIMEN)
    stay(_OPEN[1:], _A.GROSS, _P.PATHOLOGY_GROSS, Guard.ACCEPTED_SPECIMEN)
    lead((_S.GROSSED,), _A.SECTION, _S.PREPARED, _P.PATHOLOGY_SECTION, Guard.EMBEDDED_BLOCK)
    stay(_OPEN[2:], _A.SECTION, _P.PATHOLOGY_SECTION, Guard.EMBEDDED_BLOCK)
    lead((_S.REGISTERED, _S.GROSSED), _A.SMEAR, _S.PREPARED, _P.PATHOLOGY_SECTION, Guard.CYTOLOGY_LIBRARY)
    stay(_OPEN[2:], _A.SMEAR, _P.PATHOLOGY_SECTION, Guard.CYTOLOGY_LIBRARY)
    lead((_S.REGISTERED, _S.GROSSED), _A.MANUAL_SLIDE, _S.PREPARED, _P.PATHOLOGY_MANUAL_SLIDES)
    stay(_OPEN[2:], _A.MANUAL_SLIDE, _P.PATHOLOGY_MANUAL_SLIDES)
    # diagnosis (-10 to -13). An opinion that is saved again leaves the case where it is.
    stay(_OPEN, _A.NAME_DOCTOR, _P.PATHOLOGY_DIAGNOSE)
    lead((_S.PREPARED,), _A.SAVE_FIRST, _S.FIRST, _P.PATHOLOGY_FIRST, Guard.TEXT_PRESENT)
    stay((_S.FIRST,), _A.SAVE_FIRST, _P.PATHOLOGY_FIRST, Guard.TEXT_PRESENT)
    lead((_S.PREPARED, _S.FIRST), _A.SAVE_CHIEF, _S.CHIEF, _P.PATHOLOGY_CHIEF, Guard.DIAGNOSIS_PRESENT)
    stay((_S.CHIEF, _S.SECOND), _A.SAVE_CHIEF, _P.PATHOLOGY_CHIEF, Guard.DIAGNOSIS_PRESENT)
    lead((_S.CHIEF,), _A.SAVE_SECOND, _S.SECOND, _P.PATHOLOGY_SECOND, Guard.OTHER_THAN_CHIEF)
    stay((_S.SECOND,), _A.SAVE_SECOND, _P.PATHOLOGY_SECOND, Guard.OTHER_THAN_CHIEF)
    # report (-14 to -20)
    lead((_S.CHIEF, _S.SECOND), _A.AUDIT, _S.AUDITED, _P.PATHOLOGY_AUDIT, Guard.COMPLETE)
    lead(_LOCKED, _A.REOPEN, None, _P.PATHOLOGY_REVISE, Guard.REASON)
    lead((_S.AUDITED, _S.PRINTED), _A.PRINT, _S.PRINTED, _P.PATHOLOGY_PRINT)
    stay((_S.SENT,), _A.PRINT, _P.PATHOLOGY_PRINT)
    lead((_S.AUDITED, _S.PRINTED), _A.SEND, _S.SENT, _P.PATHOLOGY_SEND)
    stay((_S.SENT,), _A.SEND, _P.PATHOLOGY_SEND)
    stay(_OPEN, _A.DELAY, _P.PATHOLOGY_DELAY, Guard.REASON)
    stay(_LIVING, _A.FROZEN_REPORT, _P.PATHOLOGY_FROZEN, Guard.TEXT_PRESENT)
    # orders, consultation, supplements (-21 to -24)
    stay(_OPEN, _A.ORDER, _P.PATHOLOGY_DIAGNOSE)
    stay(_OPEN[1:], _A.CONSULT, _P.PATHOLOGY_CHIEF)
    stay(_LOCKED, _A.SUPPLEMENT, _P.PATHOLOGY_SUPPLEMENT)
    stay(_LIVING, _A.FAVOURITE, _P.PATHOLOGY_VIEW)
    stay(_LIVING, _A.FOLLOW_UP, _P.PATHOLOGY_VIEW)
    stay(_LIVING, _A.EXPORT, _P.PATHOLOGY_EXPORT)
    stay(_OPEN, _A.CAPTURE, _P.PATHOLOGY_CAPTURE)
    # moving and deleting (-25, -26)
    stay(_LIVING, _A.TRANSFER, _P.PATHOLOGY_TRANSFER)
    lead(
        (_S.APPOINTED, *_OPEN, _S.AUDITED, _S.PRINTED),
        _A.DELETE,
        _S.DELETED,
        _P.PATHOLOGY_DELETE_CASES,
        Guard.NO_MATERIAL_OUT,
    )
    return table


STEPS = _table()
"""(state, action) → step. What is not in it is refused. Registering, booking and importing start without a state."""

STARTS = {
    CaseAction.APPOINT: (CaseState.APPOINTED, Permission.PATHOLOGY_REGISTER),
    CaseAction.REGISTER: (CaseState.REGISTERED, Permission.PATHOLOGY_REGISTER),
    CaseAction.IMPORT: (CaseState.REGISTERED, Permission.PATHOLOGY_IMPORT),
}
"""How a case begins; an imported one keeps the state of its file."""

_SENTENCES = {
    Guard.ACCEPTED_SPECIMEN: "该病例没有已确认的标本，不能取材；请先在登记工作站确认标本。",
    Guard.EMBEDDED_BLOCK: "该病例还没有包埋确认的蜡块，不能切片确认。",
    Guard.CYTOLOGY_LIBRARY: "只有细胞学病例库的病例可以直接涂片制片。",
    Guard.TEXT_PRESENT: "请先填写所见或诊断意见。",
    Guard.DIAGNOSIS_PRESENT: "请先填写诊断意见。",
    Guard.OTHER_THAN_CHIEF: "复诊医师不能是本例的主诊医师。",
    Guard.REASON: "请填写原因。",
    Guard.NO_MATERIAL_OUT: "该病例有借出的蜡块或玻片，请归还后再删除。",
}


class NotAllowed(Exception):
    """The table or a guard says no; the message is a sentence with a next step."""


def step(state: CaseState, action: CaseAction, guards: CaseGuards | None = None) -> Step:
    """Return the step, or raise NotAllowed. Permissions are asked apart (`Caller.may`)."""
    found = STEPS.get((state, action))
    if found is None:
        raise NotAllowed(_refusal(state, action))
    guards = guards or CaseGuards()
    if not holds(found.guard, guards):
        if found.guard is Guard.COMPLETE:
            raise NotAllowed(f"还有必填内容没有完成：{'、'.join(guards.missing)}。")
        raise NotAllowed(_SENTENCES[found.guard])
    return found


def holds(guard: Guard, guards: CaseGuards) -> bool:
    """Tell whether a guard is met."""
    return {
        Guard.NONE: True,
        Guard.ACCEPTED_SPECIMEN: guards.has_accepted_specimen,
        Guard.EMBEDDED_BLOCK: guards.has_embedded_block,
        Guard.CYTOLOGY_LIBRARY: guards.is_cytology,
        Guard.TEXT_PRESENT: guards.has_text or guards.has_diagnosis,
        Guard.DIAGNOSIS_PRESENT: guards.has_diagnosis,
        Guard.OTHER_THAN_CHIEF: not guards.is_chief,
        Guard.COMPLETE: not guards.missing,
        Guard.REASON: guards.has_reason,
        Guard.NO_MATERIAL_OUT: not guards.is_material_out,
    }[guard]


def allowed_actions(state: CaseState, permissions: frozenset[Permission]) -> tuple[CaseAction, ...]:
    """Return what a state and rights allow, guards aside: screens enable their buttons by it."""
    return tuple(
        action for action in CaseAction if (one := STEPS.get((state, action))) and one.permission in permissions
    )


def _refusal(state: CaseState, action: CaseAction) -> str:
    if state is CaseState.DELETED:
        return "该病例已删除。"
    if state in LOCKED_STATES:
        return f"报告已审核，病例已锁定，不能{CASE_ACTIONS[action].zh}；如需修改请先取消审核。"
    return f"病例当前为{CASE_STATES[state].zh}，不能{CASE_ACTIONS[action].zh}。"

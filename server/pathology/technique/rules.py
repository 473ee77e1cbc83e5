"""The machines of specimens, blocks and slides as tables (PA-SM-SPC, -BLK, -SLD)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from shared.domain.pathology import (
    BLOCK_ACTIONS,
    BLOCK_STATES,
    SLIDE_ACTIONS,
    SLIDE_STATES,
    SPECIMEN_ACTIONS,
    SPECIMEN_STATES,
    BlockAction,
    BlockState,
    SlideAction,
    SlideState,
    SpecimenAction,
    SpecimenState,
    Word,
)
from shared.domain.permissions import Permission

StateT = TypeVar("StateT", bound=StrEnum)
ActionT = TypeVar("ActionT", bound=StrEnum)


class Guard(StrEnum):
    """A condition beside the state."""

    NONE = "none"
    REASON = "reason"
    PLACE = "place"
    SAME_PIECES = "same_pieces"  # and another than the grosser
    SECTIONS = "sections"
    ORDER_OPEN = "order_open"
    SAME_PERSON = "same_person"
    RETENTION_OVER = "retention_over"
    REPORT_SENT = "report_sent"
    NOT_PRINTED = "not_printed"
    KNOWN_CODE = "known_code"


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards look at; the defaults hold."""

    has_reason: bool = True
    has_place: bool = True
    is_grosser: bool = False
    pieces_agree: bool = True
    sections: int = 1
    is_order_open: bool = True
    is_same_person: bool = True
    is_retention_over: bool = True
    is_report_sent: bool = True
    label_prints: int = 0
    is_code_right: bool = True


@dataclass(frozen=True, slots=True)
class Step(Generic[StateT]):
    """One allowed step: where it leads, who may, under which guard."""

    next_state: StateT
    permission: Permission
    guard: Guard = Guard.NONE


class NotAllowed(Exception):
    """The table or a guard says no; the message is a sentence with a next step."""


_P = Permission
_SPC, _SPA = SpecimenState, SpecimenAction
_BS, _BA = BlockState, BlockAction
_SS, _SA = SlideState, SlideAction

SPECIMEN_STEPS: dict[tuple[SpecimenState, SpecimenAction], Step[SpecimenState]] = {
    (_SPC.REGISTERED, _SPA.EDIT): Step(_SPC.REGISTERED, _P.PATHOLOGY_REGISTER),
    (_SPC.REGISTERED, _SPA.ACCEPT): Step(_SPC.ACCEPTED, _P.PATHOLOGY_REGISTER),
    (_SPC.REGISTERED, _SPA.REJECT): Step(_SPC.REJECTED, _P.PATHOLOGY_REGISTER, Guard.REASON),
    (_SPC.ACCEPTED, _SPA.EDIT): Step(_SPC.ACCEPTED, _P.PATHOLOGY_REGISTER),
    (_SPC.ACCEPTED, _SPA.GROSS): Step(_SPC.GROSSED, _P.PATHOLOGY_GROSS),
    (_SPC.GROSSED, _SPA.EDIT): Step(_SPC.GROSSED, _P.PATHOLOGY_REGISTER),
    (_SPC.GROSSED, _SPA.GROSS): Step(_SPC.GROSSED, _P.PATHOLOGY_GROSS),  # another row of the same container
    (_SPC.GROSSED, _SPA.STORE): Step(_SPC.STORED, _P.PATHOLOGY_GROSS, Guard.PLACE),
    # the tissue's own branch: the container stays where it is
    (_SPC.GROSSED, _SPA.HAND_OVER): Step(_SPC.GROSSED, _P.PATHOLOGY_GROSS),
    (_SPC.STORED, _SPA.HAND_OVER): Step(_SPC.STORED, _P.PATHOLOGY_GROSS),
    (_SPC.STORED, _SPA.STORE): Step(_SPC.STORED, _P.PATHOLOGY_GROSS, Guard.PLACE),  # moved
    (_SPC.STORED, _SPA.EDIT): Step(_SPC.STORED, _P.PATHOLOGY_REGISTER),
    (_SPC.STORED, _SPA.REGROSS): Step(_SPC.GROSSED, _P.PATHOLOGY_GROSS),
    (_SPC.STORED, _SPA.DISPOSE): Step(_SPC.DISPOSED, _P.PATHOLOGY_GROSS, Guard.RETENTION_OVER),
}

BLOCK_STEPS: dict[tuple[BlockState, BlockAction], Step[BlockState]] = {
    (_BS.TO_VERIFY, _BA.EDIT): Step(_BS.TO_VERIFY, _P.PATHOLOGY_GROSS),
    (_BS.TO_VERIFY, _BA.DELETE): Step(_BS.DELETED, _P.PATHOLOGY_DELETE_BLOCKS),
    (_BS.TO_VERIFY, _BA.PRINT_LABEL): Step(_BS.TO_VERIFY, _P.PATHOLOGY_PRINT_LABELS),
    (_BS.TO_VERIFY, _BA.VERIFY): Step(_BS.TO_EMBED, _P.PATHOLOGY_VERIFY, Guard.SAME_PIECES),
    (_BS.TO_EMBED, _BA.PRINT_LABEL): Step(_BS.TO_EMBED, _P.PATHOLOGY_PRINT_LABELS),
    (_BS.TO_EMBED, _BA.EMBED): Step(_BS.TO_SECTION, _P.PATHOLOGY_EMBED),
    (_BS.TO_EMBED, _BA.UNDO): Step(_BS.TO_VERIFY, _P.PATHOLOGY_VIEW, Guard.SAME_PERSON),
    (_BS.TO_SECTION, _BA.PRINT_LABEL): Step(_BS.TO_SECTION, _P.PATHOLOGY_PRINT_LABELS),
    (_BS.TO_SECTION, _BA.SECTION): Step(_BS.SECTIONED, _P.PATHOLOGY_SECTION, Guard.SECTIONS),
    (_BS.TO_SECTION, _BA.UNDO): Step(_BS.TO_EMBED, _P.PATHOLOGY_VIEW, Guard.SAME_PERSON),
    (_BS.SECTIONED, _BA.PRINT_LABEL): Step(_BS.SECTIONED, _P.PATHOLOGY_PRINT_LABELS),
    (_BS.SECTIONED, _BA.CUT_AGAIN): Step(_BS.SECTIONED, _P.PATHOLOGY_EXECUTE_ORDERS, Guard.ORDER_OPEN),
    (_BS.SECTIONED, _BA.ARCHIVE): Step(_BS.ARCHIVED, _P.PATHOLOGY_ARCHIVE, Guard.PLACE),
    (_BS.SECTIONED, _BA.LOSE): Step(_BS.LOST, _P.PATHOLOGY_ARCHIVE, Guard.REASON),
    (_BS.ARCHIVED, _BA.TAKE_OUT): Step(_BS.SECTIONED, _P.PATHOLOGY_ARCHIVE),
    (_BS.ARCHIVED, _BA.LEND): Step(_BS.LENT, _P.PATHOLOGY_LEND),
    (_BS.ARCHIVED, _BA.LOSE): Step(_BS.LOST, _P.PATHOLOGY_ARCHIVE, Guard.REASON),
    (_BS.ARCHIVED, _BA.DESTROY): Step(_BS.DESTROYED, _P.PATHOLOGY_ARCHIVE, Guard.RETENTION_OVER),
    (_BS.LENT, _BA.GIVE_BACK): Step(_BS.ARCHIVED, _P.PATHOLOGY_LEND),
    (_BS.LENT, _BA.LOSE): Step(_BS.LOST, _P.PATHOLOGY_LEND, Guard.REASON),
    (_BS.LOST, _BA.GIVE_BACK): Step(_BS.ARCHIVED, _P.PATHOLOGY_ARCHIVE),  # it was found
}

SLIDE_STEPS: dict[tuple[SlideState, SlideAction], Step[SlideState]] = {
    (_SS.CUT, _SA.PRINT_LABEL): Step(_SS.LABELLED, _P.PATHOLOGY_PRINT_LABELS),
    (_SS.CUT, _SA.DELETE): Step(_SS.DELETED, _P.PATHOLOGY_SECTION, Guard.NOT_PRINTED),
    (_SS.LABELLED, _SA.PRINT_LABEL): Step(_SS.LABELLED, _P.PATHOLOGY_PRINT_LABELS),
    (_SS.LABELLED, _SA.CHECK): Step(_SS.CHECKED, _P.PATHOLOGY_SECTION, Guard.KNOWN_CODE),
    (_SS.CHECKED, _SA.PRINT_LABEL): Step(_SS.CHECKED, _P.PATHOLOGY_PRINT_LABELS),
    (_SS.CHECKED, _SA.HAND_OVER): Step(_SS.HANDED_OVER, _P.PATHOLOGY_SECTION),
    (_SS.HANDED_OVER, _SA.PRINT_LABEL): Step(_SS.HANDED_OVER, _P.PATHOLOGY_PRINT_LABELS),
    (_SS.HANDED_OVER, _SA.READ): Step(_SS.HANDED_OVER, _P.PATHOLOGY_DIAGNOSE),
    (_SS.HANDED_OVER, _SA.GRADE): Step(_SS.HANDED_OVER, _P.PATHOLOGY_DIAGNOSE),
    (_SS.HANDED_OVER, _SA.ARCHIVE): Step(_SS.ARCHIVED, _P.PATHOLOGY_ARCHIVE, Guard.REPORT_SENT),
    (_SS.HANDED_OVER, _SA.LOSE): Step(_SS.LOST, _P.PATHOLOGY_ARCHIVE, Guard.REASON),
    (_SS.ARCHIVED, _SA.TAKE_OUT): Step(_SS.HANDED_OVER, _P.PATHOLOGY_ARCHIVE),
    (_SS.ARCHIVED, _SA.LEND): Step(_SS.LENT, _P.PATHOLOGY_LEND),
    (_SS.ARCHIVED, _SA.LOSE): Step(_SS.LOST, _P.PATHOLOGY_ARCHIVE, Guard.REASON),
    (_SS.ARCHIVED, _SA.DESTROY): Step(_SS.DESTROYED, _P.PATHOLOGY_ARCHIVE, Guard.RETENTION_OVER),
    (_SS.LENT, _SA.GIVE_BACK): Step(_SS.ARCHIVED, _P.PATHOLOGY_LEND),
    (_SS.LENT, _SA.LOSE): Step(_SS.LOST, _P.PATHOLOGY_LEND, Guard.REASON),
    (_SS.LOST, _SA.GIVE_BACK): Step(_SS.ARCHIVED, _P.PATHOLOGY_ARCHIVE),
}

GONE_BLOCKS = frozenset({_BS.DELETED, _BS.DESTROYED})
GONE_SLIDES = frozenset({_SS.DELETED, _SS.DESTROYED})

_SENTENCES = {
    Guard.REASON: "请填写原因。",
    Guard.PLACE: "请填写存放位置。",
    Guard.SECTIONS: "切片数应为 1 到 50。",
    Guard.ORDER_OPEN: "没有待执行的医嘱，不能再切。",
    Guard.SAME_PERSON: "只能撤销自己的确认；撤销他人的确认需要“撤销他人制片确认”权限。",
    Guard.RETENTION_OVER: "保存期限未满或报告尚未发送，不能销毁。",
    Guard.REPORT_SENT: "报告尚未发送，玻片还不能归档。",
    Guard.NOT_PRINTED: "标签已打印，不能删除玻片。",
    Guard.KNOWN_CODE: "扫描的条码与玻片不符。",
}
MAX_SECTIONS = 50


def specimen_step(state: SpecimenState, action: SpecimenAction, facts: Facts | None = None) -> Step[SpecimenState]:
    """Return the step of a specimen, or raise NotAllowed."""
    return _step(SPECIMEN_STEPS, state, action, facts, SPECIMEN_STATES[state], SPECIMEN_ACTIONS[action])


def block_step(state: BlockState, action: BlockAction, facts: Facts | None = None) -> Step[BlockState]:
    """Return the step of a block, or raise NotAllowed."""
    return _step(BLOCK_STEPS, state, action, facts, BLOCK_STATES[state], BLOCK_ACTIONS[action])


def slide_step(state: SlideState, action: SlideAction, facts: Facts | None = None) -> Step[SlideState]:
    """Return the step of a slide, or raise NotAllowed."""
    return _step(SLIDE_STEPS, state, action, facts, SLIDE_STATES[state], SLIDE_ACTIONS[action])


def _step(
    table: dict[tuple[StateT, ActionT], Step[StateT]],
    state: StateT,
    action: ActionT,
    facts: Facts | None,
    state_word: Word,
    action_word: Word,
) -> Step[StateT]:
    found = table.get((state, action))
    if found is None:
        raise NotAllowed(f"当前状态为{state_word.zh}，不能{action_word.zh}。")
    problem = refusal(found.guard, facts or Facts())
    if problem:
        raise NotAllowed(problem)
    return found


def refusal(guard: Guard, facts: Facts) -> str:
    """Return why a guard refuses, empty when it is met."""
    if guard is Guard.SAME_PIECES:
        if facts.is_grosser:
            return "核对人不能是取材医生本人，请由另一人核对（双人核对）。"
        return "" if facts.pieces_agree else "核对的材块数与取材记录不符，请与取材医生核实。"
    met = {
        Guard.NONE: True,
        Guard.REASON: facts.has_reason,
        Guard.PLACE: facts.has_place,
        Guard.SECTIONS: 1 <= facts.sections <= MAX_SECTIONS,
        Guard.ORDER_OPEN: facts.is_order_open,
        Guard.SAME_PERSON: facts.is_same_person,
        Guard.RETENTION_OVER: facts.is_retention_over and facts.is_report_sent,
        Guard.REPORT_SENT: facts.is_report_sent,
        Guard.NOT_PRINTED: facts.label_prints == 0,
        Guard.KNOWN_CODE: facts.is_code_right,
    }
    return "" if met[guard] else _SENTENCES[guard]


def allowed_specimen(state: SpecimenState, permissions: frozenset[Permission]) -> tuple[SpecimenAction, ...]:
    """Return what a state and rights allow, guards aside."""
    return _allowed(SPECIMEN_STEPS, SpecimenAction, state, permissions)


def allowed_block(state: BlockState, permissions: frozenset[Permission]) -> tuple[BlockAction, ...]:
    """Return what a state and rights allow, guards aside."""
    return _allowed(BLOCK_STEPS, BlockAction, state, permissions)


def allowed_slide(state: SlideState, permissions: frozenset[Permission]) -> tuple[SlideAction, ...]:
    """Return what a state and rights allow, guards aside."""
    return _allowed(SLIDE_STEPS, SlideAction, state, permissions)


def _allowed(
    table: dict[tuple[StateT, ActionT], Step[StateT]],
    actions: type[ActionT],
    state: StateT,
    permissions: frozenset[Permission],
) -> tuple[ActionT, ...]:
    return tuple(one for one in actions if (found := table.get((state, one))) and found.permission in permissions)

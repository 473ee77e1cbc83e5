"""Every pair of state and action of the four machines: where it leads, whose right it needs, what a guard refuses."""

from __future__ import annotations

from itertools import product

import pytest

from server.pathology.cases import rules
from server.pathology.cases.rules import STEPS, CaseGuards, Guard
from server.pathology.technique import rules as technique
from shared.domain.pathology import (
    LOCKED_STATES,
    BlockAction,
    BlockState,
    CaseAction,
    CaseState,
    SlideAction,
    SlideState,
    SpecimenAction,
    SpecimenState,
)
from shared.domain.permissions import Permission

_S, _A = CaseState, CaseAction
_BROKEN = {
    Guard.ACCEPTED_SPECIMEN: CaseGuards(has_accepted_specimen=False),
    Guard.EMBEDDED_BLOCK: CaseGuards(has_embedded_block=False),
    Guard.CYTOLOGY_LIBRARY: CaseGuards(is_cytology=False),
    Guard.TEXT_PRESENT: CaseGuards(has_text=False, has_diagnosis=False),
    Guard.DIAGNOSIS_PRESENT: CaseGuards(has_diagnosis=False),
    Guard.OTHER_THAN_CHIEF: CaseGuards(is_chief=True),
    Guard.COMPLETE: CaseGuards(missing=("诊断意见",)),
    Guard.REASON: CaseGuards(has_reason=False),
    Guard.NO_MATERIAL_OUT: CaseGuards(is_material_out=True),
}
# the main line of PA-SM-CASE, written out again by hand: state, action, next state
_MAIN_LINE = {
    (_S.APPOINTED, _A.EXECUTE): _S.REGISTERED,
    (_S.REGISTERED, _A.GROSS): _S.GROSSED,
    (_S.GROSSED, _A.SECTION): _S.PREPARED,
    (_S.REGISTERED, _A.SMEAR): _S.PREPARED,
    (_S.GROSSED, _A.SMEAR): _S.PREPARED,
    (_S.REGISTERED, _A.MANUAL_SLIDE): _S.PREPARED,
    (_S.GROSSED, _A.MANUAL_SLIDE): _S.PREPARED,
    (_S.PREPARED, _A.SAVE_FIRST): _S.FIRST,
    (_S.PREPARED, _A.SAVE_CHIEF): _S.CHIEF,
    (_S.FIRST, _A.SAVE_CHIEF): _S.CHIEF,
    (_S.CHIEF, _A.SAVE_SECOND): _S.SECOND,
    (_S.CHIEF, _A.AUDIT): _S.AUDITED,
    (_S.SECOND, _A.AUDIT): _S.AUDITED,
    (_S.AUDITED, _A.PRINT): _S.PRINTED,
    (_S.AUDITED, _A.SEND): _S.SENT,
    (_S.PRINTED, _A.SEND): _S.SENT,
    **{(state, _A.REOPEN): None for state in LOCKED_STATES},
    **{
        (state, _A.DELETE): _S.DELETED
        for state in _S
        if state not in (_S.SENT, _S.DELETED)  # any before 发送 (PA-SM-CASE-26)
    },
}


@pytest.mark.parametrize(("state", "action"), list(product(CaseState, CaseAction)))
def test_every_pair_of_a_case(state: CaseState, action: CaseAction) -> None:
    found = STEPS.get((state, action))
    if found is None:
        with pytest.raises(rules.NotAllowed, match=r"不能|已删除"):
            rules.step(state, action)
        assert action not in rules.allowed_actions(state, frozenset(Permission))
        assert (state, action) not in _MAIN_LINE
        return
    assert rules.step(state, action) is found
    expected = _MAIN_LINE.get((state, action), state)
    assert found.next_state is expected
    assert action in rules.allowed_actions(state, frozenset({found.permission}))
    assert action not in rules.allowed_actions(state, frozenset(Permission) - {found.permission})
    if found.guard is not Guard.NONE:
        with pytest.raises(rules.NotAllowed) as refused:
            rules.step(state, action, _BROKEN[found.guard])
        assert str(refused.value).endswith("。")


def test_a_locked_case_takes_only_what_the_requirements_name() -> None:
    for state in LOCKED_STATES:
        found = {action for action in CaseAction if (state, action) in STEPS} - {CaseAction.DELETE}
        assert found - {CaseAction.REOPEN, CaseAction.PRINT, CaseAction.PRINT_LABEL, CaseAction.SEND} == {
            CaseAction.EXPORT,
            CaseAction.FROZEN_REPORT,
            CaseAction.SUPPLEMENT,
            CaseAction.FAVOURITE,
            CaseAction.FOLLOW_UP,
            CaseAction.TRANSFER,
        }


_BROKEN_FACTS = {
    technique.Guard.REASON: technique.Facts(has_reason=False),
    technique.Guard.PLACE: technique.Facts(has_place=False),
    technique.Guard.SAME_PIECES: technique.Facts(pieces_agree=False),
    technique.Guard.SECTIONS: technique.Facts(sections=0),
    technique.Guard.ORDER_OPEN: technique.Facts(is_order_open=False),
    technique.Guard.SAME_PERSON: technique.Facts(is_same_person=False),
    technique.Guard.RETENTION_OVER: technique.Facts(is_retention_over=False),
    technique.Guard.REPORT_SENT: technique.Facts(is_report_sent=False),
    technique.Guard.NOT_PRINTED: technique.Facts(label_prints=1),
    technique.Guard.KNOWN_CODE: technique.Facts(is_code_right=False),
}
_B, _BA, _L, _LA, _C, _CA = BlockState, BlockAction, SlideState, SlideAction, SpecimenState, SpecimenAction
# the rows of PA-SM-SPC, -BLK and -SLD that change the state, and the additions listed in rules.py
_LEADS: dict[tuple[str, str, str], str] = {
    ("specimen", _C.REGISTERED, _CA.ACCEPT): _C.ACCEPTED,
    ("specimen", _C.REGISTERED, _CA.REJECT): _C.REJECTED,
    ("specimen", _C.ACCEPTED, _CA.GROSS): _C.GROSSED,
    ("specimen", _C.GROSSED, _CA.STORE): _C.STORED,
    ("specimen", _C.STORED, _CA.REGROSS): _C.GROSSED,
    ("specimen", _C.STORED, _CA.DISPOSE): _C.DISPOSED,
    ("block", _B.TO_VERIFY, _BA.DELETE): _B.DELETED,
    ("block", _B.TO_VERIFY, _BA.VERIFY): _B.TO_EMBED,
    ("block", _B.TO_EMBED, _BA.EMBED): _B.TO_SECTION,
    ("block", _B.TO_EMBED, _BA.UNDO): _B.TO_VERIFY,
    ("block", _B.TO_SECTION, _BA.UNDO): _B.TO_EMBED,
    ("block", _B.TO_SECTION, _BA.SECTION): _B.SECTIONED,
    ("block", _B.SECTIONED, _BA.ARCHIVE): _B.ARCHIVED,
    ("block", _B.SECTIONED, _BA.LOSE): _B.LOST,
    ("block", _B.ARCHIVED, _BA.TAKE_OUT): _B.SECTIONED,
    ("block", _B.ARCHIVED, _BA.LEND): _B.LENT,
    ("block", _B.ARCHIVED, _BA.LOSE): _B.LOST,
    ("block", _B.ARCHIVED, _BA.DESTROY): _B.DESTROYED,
    ("block", _B.LENT, _BA.GIVE_BACK): _B.ARCHIVED,
    ("block", _B.LENT, _BA.LOSE): _B.LOST,
    ("block", _B.LOST, _BA.GIVE_BACK): _B.ARCHIVED,
    ("slide", _L.CUT, _LA.PRINT_LABEL): _L.LABELLED,
    ("slide", _L.CUT, _LA.DELETE): _L.DELETED,
    ("slide", _L.LABELLED, _LA.CHECK): _L.CHECKED,
    ("slide", _L.CHECKED, _LA.HAND_OVER): _L.HANDED_OVER,
    ("slide", _L.HANDED_OVER, _LA.ARCHIVE): _L.ARCHIVED,
    ("slide", _L.HANDED_OVER, _LA.LOSE): _L.LOST,
    ("slide", _L.ARCHIVED, _LA.TAKE_OUT): _L.HANDED_OVER,
    ("slide", _L.ARCHIVED, _LA.LEND): _L.LENT,
    ("slide", _L.ARCHIVED, _LA.LOSE): _L.LOST,
    ("slide", _L.ARCHIVED, _LA.DESTROY): _L.DESTROYED,
    ("slide", _L.LENT, _LA.GIVE_BACK): _L.ARCHIVED,
    ("slide", _L.LENT, _LA.LOSE): _L.LOST,
    ("slide", _L.LOST, _LA.GIVE_BACK): _L.ARCHIVED,
}
_PAIRS = [
    *(("specimen", state, action) for state, action in product(SpecimenState, SpecimenAction)),
    *(("block", state, action) for state, action in product(BlockState, BlockAction)),
    *(("slide", state, action) for state, action in product(SlideState, SlideAction)),
]


@pytest.mark.parametrize(("what", "state", "action"), _PAIRS)
def test_every_pair_of_a_piece(what: str, state: str, action: str) -> None:
    table, ask, allowed = {
        "specimen": (technique.SPECIMEN_STEPS, technique.specimen_step, technique.allowed_specimen),
        "block": (technique.BLOCK_STEPS, technique.block_step, technique.allowed_block),
        "slide": (technique.SLIDE_STEPS, technique.slide_step, technique.allowed_slide),
    }[what]
    found = table.get((state, action))  # type: ignore[call-overload]
    if found is None:
        with pytest.raises(technique.NotAllowed, match="不能"):
            ask(state, action)  # type: ignore[operator]
        assert action not in allowed(state, frozenset(Permission))  # type: ignore[operator]
        assert (what, state, action) not in _LEADS
        return
    assert ask(state, action) is found  # type: ignore[operator]
    assert found.next_state == _LEADS.get((what, state, action), state)
    assert action in allowed(state, frozenset({found.permission}))  # type: ignore[operator]
    if found.guard is not technique.Guard.NONE:
        with pytest.raises(technique.NotAllowed):
            ask(state, action, _BROKEN_FACTS[found.guard])  # type: ignore[operator]


def test_nothing_leads_out_of_an_end() -> None:
    ends = (
        (technique.SPECIMEN_STEPS, {SpecimenState.REJECTED, SpecimenState.DISPOSED}),
        (technique.BLOCK_STEPS, {BlockState.DELETED, BlockState.DESTROYED}),
        (technique.SLIDE_STEPS, {SlideState.DELETED, SlideState.DESTROYED}),
    )
    for table, states in ends:
        assert not [pair for pair in table if pair[0] in states]  # type: ignore[attr-defined]
    assert not [pair for pair in STEPS if pair[0] is CaseState.DELETED]

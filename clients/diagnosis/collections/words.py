"""Words and looks that several screens of the collections use; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from clients.diagnosis.words import SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.collections import (
    CaseFacts,
    Difficulty,
    FollowUpOutcome,
    FollowUpProof,
    FollowUpScope,
    FollowUpView,
    MatchRow,
    TeachingView,
)

SCOPE_WORDS: Mapping[FollowUpScope, str] = {
    FollowUpScope.DUE: "到期",
    FollowUpScope.OPEN: "未结束",
    FollowUpScope.CLOSED: "已结束",
    FollowUpScope.ALL: "全部",
}
OUTCOME_WORDS: Mapping[str, str] = {
    FollowUpOutcome.AGREES: "符合",
    FollowUpOutcome.PARTLY: "部分符合",
    FollowUpOutcome.DISAGREES: "不符合",
    FollowUpOutcome.UNKNOWN: "无法判断",
    FollowUpOutcome.LOST: "失访",
}
OUTCOME_LOOKS: Mapping[str, StateLook] = {
    FollowUpOutcome.AGREES: StateLook("符合", Tone.SUCCESS, "check_circle"),
    FollowUpOutcome.PARTLY: StateLook("部分符合", Tone.WARNING, "half_circle"),
    FollowUpOutcome.DISAGREES: StateLook("不符合", Tone.DANGER, "cross_circle"),
    FollowUpOutcome.UNKNOWN: StateLook("无法判断", Tone.NEUTRAL, "help"),
    FollowUpOutcome.LOST: StateLook("失访", Tone.NEUTRAL, "minus"),
}
DUE_LOOK = StateLook("到期", Tone.WARNING, "bell")
OPEN_LOOK = StateLook("随访中", Tone.INFO, "clock")
PROOF_WORDS: Mapping[str, str] = {
    FollowUpProof.NONE: "无",
    FollowUpProof.PATHOLOGY: "病理",
    FollowUpProof.SURGERY: "手术",
    FollowUpProof.IMAGING: "影像复查",
    FollowUpProof.CLINICAL: "临床",
}
RECORD_WORDS: Mapping[str, str] = {
    "opened": "加入随访",
    "noted": "记录",
    "moved": "改期",
    "closed": "已结束",
    "reopened": "重新开始",
}
DIFFICULTY_LOOKS: Mapping[str, StateLook] = {
    Difficulty.EASY: StateLook("初级", Tone.SUCCESS, "circle", quiet=True),
    Difficulty.MEDIUM: StateLook("中级", Tone.WARNING, "half_circle", quiet=True),
    Difficulty.HARD: StateLook("高级", Tone.DANGER, "dot", quiet=True),
}


def follow_up_look(one: FollowUpView) -> StateLook:
    """Return how a follow-up stands."""
    if one.outcome is not None:
        return OUTCOME_LOOKS[one.outcome]
    return DUE_LOOK if one.is_due else OPEN_LOOK


def case_words(case: CaseFacts) -> str:
    """Return whose case it is, in one line."""
    return f"{case.patient_name}  {tr(SEX_WORDS[case.sex])}  {age_for_reader(case.age)}  {case.exam_type}  {case.items}"


def rate_words(row: MatchRow) -> str:
    """Return agreement in percent, or that nothing was judged."""
    return "–" if row.rate_percent is None else f"{row.rate_percent:.1f}%"


def tries_words(one: TeachingView) -> str:
    """Return how often a quiz was tried and right."""
    return tr("{right}/{tries} 答对", right=one.right, tries=one.tries) if one.tries else ""

"""Consultations without a database: steps, who may take them, order, clocks (ECG-SM-CON, EX-ECG-15)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kernel.errors import illegal_action, invalid
from shared.contract.ecg_consultations import (
    LONGEST_NOTE,
    ClockView,
    ConsultationPolicy,
    UrgencyLimit,
)
from shared.domain.ecg import (
    CONSULTATION_ACTIONS,
    CONSULTATION_STATES,
    CONSULTATION_TRANSITIONS,
    ConsultationAction,
    ConsultationState,
    ExamState,
    Urgency,
)
from shared.domain.ecg_reports import DANGER_ORDER, Agreement, ClockColour, Danger
from shared.domain.states import VisitKind

URGENCY_ORDER = (Urgency.EMERGENCY, Urgency.URGENT, Urgency.ROUTINE)
"""Most urgent first."""
_A, _S = ConsultationAction, ConsultationState


def rank(urgency: Urgency, danger: Danger) -> tuple[int, int]:
    """Return the ranks of a row, 0 first. A record that looks critical ranks with emergencies, whatever was asked."""
    asked = URGENCY_ORDER.index(urgency)
    found = DANGER_ORDER.index(danger)
    return (0 if danger is Danger.CRITICAL else asked, found)


def step(state: ConsultationState, action: ConsultationAction, holder: str = "") -> ConsultationState:
    """Return the state after an action. Raises ILLEGAL_ACTION; the sentence names who has it where it was accepted."""
    after = CONSULTATION_TRANSITIONS.get((state, action))
    if after is not None:
        return after
    if state is _S.ACCEPTED and action in (_A.ACCEPT, _A.REFUSE, _A.WITHDRAW) and holder:
        raise illegal_action(state.value, f"该会诊已由{holder}受理，请刷新列表。")
    word = CONSULTATION_ACTIONS[action].zh
    raise illegal_action(state.value, f"该会诊{CONSULTATION_STATES[state].zh}，不能{word}，请刷新后再试。")


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides who may do what with a consultation now."""

    state: ConsultationState
    is_applicant: bool
    is_asking_side: bool  # the account's hospital applied
    is_member: bool  # of the invited team
    is_asked_side: bool
    is_holder: bool  # accepted it
    may_apply: bool
    may_accept: bool
    may_lead: bool
    may_report: bool
    may_print: bool


def may(standing: Standing, action: ConsultationAction) -> bool:
    """Whether the account has the right to an action, whatever the state."""
    if action is _A.WITHDRAW:
        return standing.is_asking_side and standing.may_apply and (standing.is_applicant or standing.may_lead)
    if action in (_A.ACCEPT, _A.REFUSE):
        return standing.may_accept and (standing.is_member or (standing.is_asked_side and standing.may_lead))
    if action is _A.GIVE_BACK:
        return standing.is_holder or (standing.is_asked_side and standing.may_lead)
    if action in (_A.SAVE, _A.PUBLISH):
        return standing.is_holder and standing.may_report
    if action is _A.SIGN_FOR:
        return standing.is_asking_side and standing.may_print
    return False  # the report's own room withdraws reports


def allowed(standing: Standing) -> tuple[ConsultationAction, ...]:
    """Return what the account may do now, in the order of the enumeration."""
    return tuple(
        one for one in ConsultationAction if (standing.state, one) in CONSULTATION_TRANSITIONS and may(standing, one)
    )


WHO = {
    _A.WITHDRAW: "只有申请医师本人或本院负责人可以撤销会诊。",
    _A.ACCEPT: "您不是受邀团队的成员，不能受理该会诊。",
    _A.REFUSE: "您不是受邀团队的成员，不能拒绝该会诊。",
    _A.GIVE_BACK: "只有受理医师本人或本院负责人可以撤销受理。",
    _A.SAVE: "只有受理医师可以书写会诊报告。",
    _A.PUBLISH: "只有受理医师可以发布会诊报告。",
    _A.SIGN_FOR: "只有申请医院可以签收会诊报告。",
}
"""What is said to whoever may not."""


# ── applying ─────────────────────────────────────────────────────────────────────────────────────────


def obstacle(exam: ExamState, visit: VisitKind, running: ConsultationState | None, team: str) -> str:
    """Return why an exam cannot be sent; empty where it can (ECG-APP-04, ECG-APP-06, ECG-AMB-12)."""
    if visit is VisitKind.HEALTH_CHECK:
        return "体检检查不能申请会诊，请从院内检查中选择。"
    if exam is ExamState.AWAITING:
        return "该检查还没有采集心电图，采集后才能申请会诊。"
    if exam is ExamState.REPORTED:
        return "该检查已报告，不能申请会诊；如需会诊，请先撤回报告。"
    if exam is ExamState.CANCELLED:
        return "该检查已取消，不能申请会诊。"
    if running is not None:
        return f"该检查已向{team}申请会诊（{CONSULTATION_STATES[running].zh}），不能重复申请。"
    return ""


def text(field: str, value: str, longest: int = LONGEST_NOTE, missing: str = "") -> str:
    """Return a text, cleaned. Raises INVALID: too long, or empty where `missing` is said."""
    found = value.strip()
    if missing and not found:
        raise invalid(field, missing)
    if len(found) > longest:
        raise invalid(field, f"最多 {longest} 字，请删减。")
    return found


# ── agreement ────────────────────────────────────────────────────────────────────────────────────────

_BETWEEN = re.compile(r"[\n；;，,。、]+")
_NUMBER = re.compile(r"(?:^|(?<=[\n；;，,。、]))\s*(?:\d{1,2}[.．、)）](?!\d)|[（(]\d{1,2}[)）])")


def compared(given: Agreement, first: str, second: str) -> Agreement:
    """Return how first and consultation opinion agree: as the doctor judged, else by their statements.

    Equal statements agree, some equal ones agree partly; other words need a doctor's judgement and are not compared.
    """
    if not first:
        return Agreement.NONE
    if given is not Agreement.NONE:
        return given
    one, two = _statements(first), _statements(second)
    if one == two:
        return Agreement.AGREES
    return Agreement.PARTLY if one & two else Agreement.NONE


def _statements(text: str) -> frozenset[str]:
    parts = _BETWEEN.split(_NUMBER.sub("", text))
    return frozenset("".join(part.split()).casefold() for part in parts if part.strip())


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────


def limit_of(policy: ConsultationPolicy, urgency: Urgency) -> UrgencyLimit:
    """Return the limits of an urgency."""
    for one in policy.limits:
        if one.urgency is urgency:
            return one
    return UrgencyLimit(urgency=urgency, accept_minutes=0, answer_minutes=0)


def clock(
    policy: ConsultationPolicy,
    urgency: Urgency,
    state: ConsultationState,
    applied_at: datetime,
    stopped_at: datetime | None,
    now: datetime,
) -> ClockView:
    """Return the waiting-time clock: until acceptance while it waits, until the answer afterwards.

    A consultation that is answered, refused or withdrawn has a clock that stands, in the colour that it stopped with
    where there was an answer.
    """
    limits = limit_of(policy, urgency)
    minutes = limits.accept_minutes if state is _S.WAITING else limits.answer_minutes
    until = stopped_at or now
    seconds = max(0, int((until - applied_at).total_seconds()))
    colour = _colour(seconds, minutes * 60, policy.warn_share)
    if state in (_S.REFUSED, _S.WITHDRAWN):
        colour = ClockColour.STOPPED
    return ClockView(
        now=now,
        started_at=applied_at,
        stopped_at=stopped_at,
        seconds=seconds,
        limit_seconds=minutes * 60,
        colour=colour,
    )


def _colour(seconds: int, limit: int, warn_share: float) -> ClockColour:
    if limit <= 0 or seconds < limit * warn_share:
        return ClockColour.GREEN
    return ClockColour.YELLOW if seconds <= limit else ClockColour.RED


def overdue_since(policy: ConsultationPolicy, urgency: Urgency, state: ConsultationState, now: datetime) -> datetime:
    """Return the moment of application before which a running consultation is past its limit."""
    limits = limit_of(policy, urgency)
    minutes = limits.accept_minutes if state is _S.WAITING else limits.answer_minutes
    return now - timedelta(minutes=minutes) if minutes else datetime(1970, 1, 1, tzinfo=now.tzinfo)


def checked_policy(policy: ConsultationPolicy) -> ConsultationPolicy:
    """Return a policy that can be kept. Raises INVALID."""
    if sorted(one.urgency for one in policy.limits) != sorted(Urgency):
        raise invalid("limits", "请为每个紧急程度各填写一组时限。")
    for one in policy.limits:
        if not 0 <= one.accept_minutes <= 10_000 or not 0 <= one.answer_minutes <= 10_000:
            raise invalid("limits", "时限应在 0 到 10000 分钟之间；0 表示不限。")
        if one.accept_minutes and one.answer_minutes and one.accept_minutes > one.answer_minutes:
            raise invalid("limits", "受理时限不能长于报告时限。")
    if not 0.1 <= policy.warn_share <= 1:
        raise invalid("warn_share", "提醒比例应在 0.1 到 1 之间。")
    return policy

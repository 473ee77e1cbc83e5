"""Requests without a database: steps, who may take them, order, clocks (CO-DX-01, CO-REQ-01, CO-EX-04)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.kernel.errors import illegal_action, invalid
from shared.contract.remote import LONGEST_NOTE, OpinionContent, RemoteClock, RemoteLimit, RemotePolicy
from shared.domain.remote import (
    ACTIONS,
    OPEN,
    REPORT_ROOM,
    RUNNING,
    STATES,
    TRANSITIONS,
    RemoteAction,
    RemoteKind,
    RemoteState,
    RemoteUrgency,
)
from shared.domain.rich_text import plain, sanitised

_A, _S = RemoteAction, RemoteState
_LONGEST_TEXT = 100_000
RANKS = {RemoteUrgency.URGENT: 0, RemoteUrgency.ROUTINE: 1}


def step(state: RemoteState, action: RemoteAction, holder: str = "") -> RemoteState:
    """Return the state after an action. Raises ILLEGAL_ACTION; the sentence names who has it where it was accepted."""
    after = TRANSITIONS.get((state, action))
    if after is not None:
        return after
    if action in (_A.ACCEPT, _A.RETURN) and holder:
        raise illegal_action(state.value, f"该申请已由{holder}接单，请刷新列表。")
    raise illegal_action(state.value, f"该申请{STATES[state].zh}，不能{ACTIONS[action].zh}，请刷新后再试。")


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides who may do what with a request now."""

    kind: RemoteKind
    state: RemoteState
    two_level: bool
    is_urgent: bool
    is_applicant: bool
    is_asking_side: bool  # the account's hospital asked
    is_member: bool  # of the team
    is_asked_side: bool
    is_holder: bool  # accepted it
    is_auditor: bool  # audits it, or audited it last
    may_report: bool
    may_audit: bool
    may_lead: bool


def may(standing: Standing, action: RemoteAction) -> bool:
    """Whether the account has the right to an action, whatever the state."""
    one = standing
    leads_there = one.is_asked_side and one.may_lead
    if action is _A.WITHDRAW:
        return one.is_asking_side and one.may_report and (one.is_applicant or one.may_lead)
    if action in (_A.URGE, _A.CONFIRM, _A.SEND_BACK):
        return one.is_asking_side and one.may_report
    if action is _A.ACCEPT:
        return one.is_member and one.may_report
    if action is _A.RETURN:
        return leads_there or (one.may_report and (one.is_holder or (one.state is _S.PENDING and one.is_member)))
    if action is _A.GIVE_BACK:
        return one.is_holder or leads_there
    if action in (_A.WRITE, _A.SUBMIT, _A.PUBLISH, _A.TAKE_BACK):
        return one.is_holder and one.may_report
    if action is _A.SAVE:
        return one.may_report and (one.is_auditor if one.state is _S.AUDITING else one.is_holder)
    if action is _A.AUDIT:
        takes_over = one.state is _S.AUDITING and not one.is_auditor
        return one.is_member and one.may_audit and not one.is_holder and not takes_over
    if action in (_A.PASS, _A.REJECT):
        return one.is_auditor and one.may_audit
    if action is _A.RELEASE:
        return one.may_audit and not one.is_holder and (one.is_auditor or one.is_member)
    if action is _A.ADJUST:
        return (one.is_auditor and one.may_audit) if one.two_level else (one.is_holder and one.may_report)
    return False


def applies(standing: Standing, action: RemoteAction) -> bool:
    """Whether an action is one of this request at all: its kind, its levels, its urgency."""
    if standing.kind is RemoteKind.REPORT and action in REPORT_ROOM:
        return False
    if action is _A.GIVE_UP or (action is _A.URGE and standing.is_urgent):
        return False
    return action is not (_A.PUBLISH if standing.two_level else _A.SUBMIT)


def allowed(standing: Standing) -> tuple[RemoteAction, ...]:
    """Return what the account may do now, in the order of the enumeration."""
    return tuple(
        one
        for one in RemoteAction
        if (standing.state, one) in TRANSITIONS and applies(standing, one) and may(standing, one)
    )


WHO = {
    _A.WITHDRAW: "只有申请医生本人或本院负责人可以撤回。",
    _A.URGE: "只有申请医院可以加急。",
    _A.CONFIRM: "只有申请医院可以确认。",
    _A.SEND_BACK: "只有申请医院可以退回修改。",
    _A.ACCEPT: "您不是受邀专家组的成员，不能接单。",
    _A.RETURN: "只有专家组成员或接单医生可以退回申请。",
    _A.GIVE_BACK: "只有接单医生或本院负责人可以放弃接单。",
    _A.WRITE: "只有接单医生可以书写。",
    _A.SAVE: "您不再持有此申请，内容没有保存；请刷新后再试。",
    _A.SUBMIT: "只有接单医生可以提交。",
    _A.PUBLISH: "只有接单医生可以发布。",
    _A.TAKE_BACK: "只有接单医生可以收回。",
    _A.AUDIT: "只有专家组中有终审权限的另一位医生可以审核。",
    _A.PASS: "只有正在审核的医生可以审核通过。",
    _A.REJECT: "只有正在审核的医生可以驳回。",
    _A.RELEASE: "只有审核医生可以退出审核。",
    _A.ADJUST: "只有发布者可以调整内容。",
}
"""What is said to whoever may not."""


def sees_images(standing: Standing) -> bool:
    """Whether the account of the team may see the images now (CO-EX-02): only while the request is open.

    Before somebody accepted it the whole team; then the holder, the doctors who audit, and who leads the team.
    """
    if standing.state not in OPEN:
        return False
    if standing.is_holder or (standing.is_asked_side and standing.may_lead):
        return True
    return standing.is_member and (standing.state is _S.PENDING or (standing.may_audit and standing.two_level))


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────


def text(field: str, value: str, longest: int = LONGEST_NOTE, missing: str = "") -> str:
    """Return a text, cleaned. Raises INVALID: too long, or empty where `missing` is said."""
    found = value.strip()
    if missing and not found:
        raise invalid(field, missing)
    if len(found) > longest:
        raise invalid(field, f"最多 {longest} 字，请删减。")
    return found


def clean(content: OpinionContent) -> OpinionContent:
    """Return an opinion as it is kept. Raises INVALID (too long)."""
    for field, value in (("findings", content.findings), ("impression", content.impression)):
        if len(value) > _LONGEST_TEXT:
            raise invalid(field, f"内容太长，最多 {_LONGEST_TEXT} 个字符，请删减。")
    return OpinionContent(
        findings=sanitised(content.findings), impression=sanitised(content.impression), is_critical=content.is_critical
    )


def demand_complete(content: OpinionContent) -> None:
    """Raise INVALID for an opinion with an empty part."""
    if not plain(content.findings).strip():
        raise invalid("findings", "请填写影像所见。")
    if not plain(content.impression).strip():
        raise invalid("impression", "请填写诊断意见。")


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────


def limit_minutes(policy: RemotePolicy, urgency: RemoteUrgency, state: RemoteState) -> int:
    """Return the minutes from the application within which the next thing is due; 0: no limit."""
    found = next((one for one in policy.limits if one.urgency is urgency), None)
    if found is None:
        return 0
    return found.accept_minutes if state is _S.PENDING else found.answer_minutes


def clock(
    policy: RemotePolicy,
    urgency: RemoteUrgency,
    state: RemoteState,
    applied_at: datetime,
    stopped_at: datetime | None,
    now: datetime,
) -> RemoteClock:
    """Return the waiting time: until acceptance while it waits, until the answer afterwards; then it stands."""
    limit = limit_minutes(policy, urgency, state) * 60
    is_running = state in RUNNING
    until = now if is_running else stopped_at or now
    return RemoteClock(
        now=now,
        started_at=applied_at,
        seconds=max(0, int((until - applied_at).total_seconds())),
        limit_seconds=limit,
        warn_seconds=int(limit * policy.warn_share),
        is_running=is_running,
    )


def checked_policy(policy: RemotePolicy) -> RemotePolicy:
    """Return a policy that can be kept. Raises INVALID."""
    if sorted(one.urgency for one in policy.limits) != sorted(RemoteUrgency):
        raise invalid("limits", "请为每个紧急程度各填写一组时限。")
    for one in policy.limits:
        _check_limit(one)
    if not 0.1 <= policy.warn_share <= 1:
        raise invalid("warn_share", "提醒比例应在 0.1 到 1 之间。")
    return policy


def _check_limit(limit: RemoteLimit) -> None:
    if not 0 <= limit.accept_minutes <= 10_000 or not 0 <= limit.answer_minutes <= 10_000:
        raise invalid("limits", "时限应在 0 到 10000 分钟之间；0 表示不限。")
    if limit.accept_minutes and limit.answer_minutes and limit.accept_minutes > limit.answer_minutes:
        raise invalid("limits", "接单时限不能长于诊断时限。")

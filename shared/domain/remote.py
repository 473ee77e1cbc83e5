"""Remote consultation and reports written elsewhere: kinds, states, actions, who is told what.

Two manners of help share one workflow (CO-DX-01, CO-REQ-01): an *opinion* (远程会诊) is written by a doctor of another
hospital's team and read beside the report; a *report* (发送云端) is the exam's own report, written there with the lock
and the versions of the report room.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Word(NamedTuple):
    """A label in both languages."""

    zh: str
    en: str


class RemoteKind(StrEnum):
    """What is asked for."""

    OPINION = "opinion"
    REPORT = "report"


class RemoteState(StrEnum):
    """Where a request stands, as the diagnosis end names it."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    WRITING = "writing"
    SUBMITTED = "submitted"
    AUDITING = "auditing"
    REJECTED = "rejected"
    APPROVED = "approved"
    RETURNED = "returned"  # by the team, which does not take it
    SENT_BACK = "sent_back"  # by the hospital, which wants it mended
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class RemoteAction(StrEnum):
    """What can be done with a request."""

    WITHDRAW = "withdraw"
    URGE = "urge"
    CONFIRM = "confirm"
    SEND_BACK = "send_back"
    ACCEPT = "accept"
    RETURN = "return"
    GIVE_BACK = "give_back"
    WRITE = "write"
    SAVE = "save"
    SUBMIT = "submit"
    PUBLISH = "publish"
    TAKE_BACK = "take_back"
    AUDIT = "audit"
    PASS = "pass"
    REJECT = "reject"
    RELEASE = "release"
    ADJUST = "adjust"
    GIVE_UP = "give_up"  # of a report: its writer threw the text away


class RemoteUrgency(StrEnum):
    """How soon an answer is wanted."""

    ROUTINE = "routine"
    URGENT = "urgent"


class RemoteNotice(StrEnum):
    """What an account is told."""

    NEW = "new"
    URGED = "urged"
    WITHDRAWN = "withdrawn"
    SENT_BACK = "sent_back"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    GIVEN_BACK = "given_back"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    PUBLISHED = "published"
    ADJUSTED = "adjusted"


_S, _A = RemoteState, RemoteAction

STATES: dict[RemoteState, Word] = {
    _S.PENDING: Word("待接单", "Waiting"),
    _S.ACCEPTED: Word("已接收", "Accepted"),
    _S.WRITING: Word("诊断中", "Reporting"),
    _S.SUBMITTED: Word("待审核", "To audit"),
    _S.AUDITING: Word("审核中", "Auditing"),
    _S.REJECTED: Word("审核未通过", "Not approved"),
    _S.APPROVED: Word("审核通过", "Approved"),
    _S.RETURNED: Word("诊断方退回", "Returned"),
    _S.SENT_BACK: Word("申请方退回", "Sent back"),
    _S.COMPLETED: Word("已完成", "Completed"),
    _S.WITHDRAWN: Word("已撤回", "Withdrawn"),
}

HOSPITAL_STATES: dict[RemoteState, Word] = STATES | {
    _S.PENDING: Word("待处理", "To be taken"),
    _S.ACCEPTED: Word("诊断中", "Reporting"),
    _S.SUBMITTED: Word("审核中", "Auditing"),
    _S.REJECTED: Word("诊断中", "Reporting"),
    _S.APPROVED: Word("已审核", "Approved"),
}
"""The words of the hospital that asks, which sees less of the team's inside (CO-REQ-01)."""

ACTIONS: dict[RemoteAction, Word] = {
    _A.WITHDRAW: Word("撤回", "Withdraw"),
    _A.URGE: Word("标为加急", "Mark urgent"),
    _A.CONFIRM: Word("确认", "Confirm"),
    _A.SEND_BACK: Word("退回修改", "Send back"),
    _A.ACCEPT: Word("接单", "Accept"),
    _A.RETURN: Word("退回申请", "Return request"),
    _A.GIVE_BACK: Word("放弃接单", "Give back"),
    _A.WRITE: Word("诊断", "Diagnosis"),
    _A.SAVE: Word("保存", "Save"),
    _A.SUBMIT: Word("提交审核", "Pass on for audit"),
    _A.PUBLISH: Word("发布", "Publish"),
    _A.TAKE_BACK: Word("收回", "Take back"),
    _A.AUDIT: Word("审核", "Audit"),
    _A.PASS: Word("审核通过", "Approve"),
    _A.REJECT: Word("驳回", "Return"),
    _A.RELEASE: Word("退出审核", "Leave the audit"),
    _A.ADJUST: Word("调整内容", "Adjust"),
    _A.GIVE_UP: Word("放弃", "Give up"),
}

KINDS: dict[RemoteKind, Word] = {
    RemoteKind.OPINION: Word("远程会诊", "Consultation"),
    RemoteKind.REPORT: Word("云报告", "Report elsewhere"),
}

URGENCIES: dict[RemoteUrgency, Word] = {
    RemoteUrgency.ROUTINE: Word("普通", "Ordinary"),
    RemoteUrgency.URGENT: Word("加急", "Urgent"),
}

NOTICES: dict[RemoteNotice, Word] = {
    RemoteNotice.NEW: Word("新的远程申请", "New remote request"),
    RemoteNotice.URGED: Word("申请已加急", "Request marked urgent"),
    RemoteNotice.WITHDRAWN: Word("申请已撤回", "Request withdrawn"),
    RemoteNotice.SENT_BACK: Word("申请方退回修改", "Sent back by the hospital"),
    RemoteNotice.CONFIRMED: Word("申请方已确认", "Confirmed by the hospital"),
    RemoteNotice.ACCEPTED: Word("申请已被接单", "Request accepted"),
    RemoteNotice.RETURNED: Word("申请被退回", "Request returned"),
    RemoteNotice.GIVEN_BACK: Word("申请等待重新接单", "Request waits again"),
    RemoteNotice.SUBMITTED: Word("待审核", "To audit"),
    RemoteNotice.REJECTED: Word("审核未通过", "Not approved"),
    RemoteNotice.PUBLISHED: Word("诊断结果已发布", "Answer published"),
    RemoteNotice.ADJUSTED: Word("诊断内容已调整", "Answer adjusted"),
}

OPEN = (_S.PENDING, _S.ACCEPTED, _S.WRITING, _S.SUBMITTED, _S.AUDITING, _S.REJECTED, _S.SENT_BACK, _S.APPROVED)
"""While a request stands here, the team may see what it is about."""
RUNNING = OPEN[:-1]
"""States in which the team owes an answer; an exam has at most one such request of a kind."""
ENDED = (_S.RETURNED, _S.COMPLETED, _S.WITHDRAWN)

TRANSITIONS: dict[tuple[RemoteState, RemoteAction], RemoteState] = {
    **{(state, _A.URGE): state for state in RUNNING},
    **{
        (state, _A.WITHDRAW): _S.WITHDRAWN for state in (_S.PENDING, _S.ACCEPTED, _S.WRITING, _S.REJECTED, _S.SENT_BACK)
    },
    (_S.PENDING, _A.ACCEPT): _S.ACCEPTED,
    (_S.PENDING, _A.RETURN): _S.RETURNED,
    (_S.ACCEPTED, _A.RETURN): _S.RETURNED,
    (_S.WRITING, _A.RETURN): _S.RETURNED,
    **{(state, _A.GIVE_BACK): _S.PENDING for state in (_S.ACCEPTED, _S.WRITING, _S.REJECTED, _S.SENT_BACK)},
    **{(state, _A.WRITE): _S.WRITING for state in (_S.ACCEPTED, _S.WRITING, _S.REJECTED, _S.SENT_BACK)},
    (_S.WRITING, _A.SAVE): _S.WRITING,
    (_S.WRITING, _A.SUBMIT): _S.SUBMITTED,
    (_S.WRITING, _A.PUBLISH): _S.APPROVED,
    (_S.WRITING, _A.GIVE_UP): _S.ACCEPTED,
    (_S.SUBMITTED, _A.TAKE_BACK): _S.WRITING,
    (_S.SUBMITTED, _A.AUDIT): _S.AUDITING,
    (_S.AUDITING, _A.AUDIT): _S.AUDITING,
    (_S.AUDITING, _A.SAVE): _S.AUDITING,
    (_S.AUDITING, _A.PASS): _S.APPROVED,
    (_S.AUDITING, _A.REJECT): _S.REJECTED,
    (_S.AUDITING, _A.RELEASE): _S.SUBMITTED,
    (_S.APPROVED, _A.CONFIRM): _S.COMPLETED,
    (_S.APPROVED, _A.SEND_BACK): _S.SENT_BACK,
    (_S.APPROVED, _A.ADJUST): _S.APPROVED,
    (_S.COMPLETED, _A.ADJUST): _S.COMPLETED,
}
"""(state, action) → state; who may is the server's to say."""

REPORT_ROOM = frozenset(
    {
        _A.WRITE, _A.SAVE, _A.SUBMIT, _A.PUBLISH, _A.TAKE_BACK, _A.AUDIT, _A.PASS, _A.REJECT, _A.RELEASE,
        _A.ADJUST, _A.SEND_BACK, _A.GIVE_UP,
    }
)  # fmt: skip
"""What is done in the report room where a report is written elsewhere; the request only follows."""
OPINION_ONLY = REPORT_ROOM - {_A.GIVE_UP}

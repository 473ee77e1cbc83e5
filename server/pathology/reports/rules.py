"""What may be written, audited, printed and sent, and in which order; knows neither database nor clock.

The case's own line is the table of the room of cases; this one is that of the reports beside the main one, and what
each kind of opinion needs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contract.pathology_reports import ClockView, OpinionText, ReportPolicy
from shared.domain.pathology import CaseAction, CaseState, DoctorRole, LibraryKind, MyList, OpinionKind
from shared.domain.pathology_reports import PaperAction, PaperState, ReportKind, Urgency
from shared.domain.permissions import Permission

_P = Permission


@dataclass(frozen=True, slots=True)
class OpinionRule:
    """What an opinion of a kind takes. `reached`: the state of the case once one is saved, None: it stays."""

    permission: Permission
    action: CaseAction | None
    reached: CaseState | None
    needs_diagnosis: bool
    role: DoctorRole | None = None
    report: ReportKind | None = None  # that it makes


OPINIONS: dict[OpinionKind, OpinionRule] = {
    OpinionKind.FIRST: OpinionRule(_P.PATHOLOGY_FIRST, CaseAction.SAVE_FIRST, CaseState.FIRST, False, DoctorRole.FIRST),
    OpinionKind.CHIEF: OpinionRule(_P.PATHOLOGY_CHIEF, CaseAction.SAVE_CHIEF, CaseState.CHIEF, True, DoctorRole.CHIEF),
    OpinionKind.SECOND: OpinionRule(
        _P.PATHOLOGY_SECOND, CaseAction.SAVE_SECOND, CaseState.SECOND, True, DoctorRole.SECOND
    ),
    OpinionKind.CONSULTATION: OpinionRule(_P.PATHOLOGY_CONSULT, None, None, True),
    OpinionKind.SUPPLEMENTARY: OpinionRule(
        _P.PATHOLOGY_SUPPLEMENT, CaseAction.SUPPLEMENT, None, True, report=ReportKind.SUPPLEMENTARY
    ),
    OpinionKind.FROZEN: OpinionRule(
        _P.PATHOLOGY_FROZEN, CaseAction.FROZEN_REPORT, None, True, report=ReportKind.FROZEN
    ),
}
MAIN_LINE = (OpinionKind.FIRST, OpinionKind.CHIEF, OpinionKind.SECOND)
"""Opinions that lead the case on and whose text the report takes."""

ROLE_RIGHTS: dict[DoctorRole, Permission] = {
    DoctorRole.FIRST: _P.PATHOLOGY_FIRST,
    DoctorRole.CHIEF: _P.PATHOLOGY_CHIEF,
    DoctorRole.SECOND: _P.PATHOLOGY_SECOND,
    DoctorRole.AUDIT: _P.PATHOLOGY_AUDIT,
}
NAMEABLE = frozenset(
    {
        CaseState.REGISTERED,
        CaseState.GROSSED,
        CaseState.PREPARED,
        CaseState.FIRST,
        CaseState.CHIEF,
        CaseState.SECOND,
    }
)
"""States in which a doctor may be named: 登记, 取材, 制片 (PA-SM-CASE-10), and until the audit for those who follow."""
LOCKED = frozenset({CaseState.AUDITED, CaseState.PRINTED, CaseState.SENT})
DIAGNOSED = (CaseState.CHIEF, CaseState.SECOND)

# ── reports beside the main one ──────────────────────────────────────────────────────────────────────

_S, _A = PaperState, PaperAction

_WITH_AUDIT: dict[tuple[PaperState, PaperAction], PaperState] = {
    (_S.WRITING, _A.WRITE): _S.WRITING,
    (_S.WRITING, _A.AUDIT): _S.AUDITED,
    (_S.AUDITED, _A.REOPEN): _S.WRITING,
    (_S.PRINTED, _A.REOPEN): _S.WRITING,
    (_S.SENT, _A.REOPEN): _S.WRITING,
    (_S.AUDITED, _A.PRINT): _S.PRINTED,
    (_S.PRINTED, _A.PRINT): _S.PRINTED,
    (_S.SENT, _A.PRINT): _S.SENT,
    (_S.AUDITED, _A.SEND): _S.SENT,
    (_S.PRINTED, _A.SEND): _S.SENT,
}
_FROZEN: dict[tuple[PaperState, PaperAction], PaperState] = {
    (_S.WRITING, _A.WRITE): _S.WRITING,
    (_S.WRITING, _A.PRINT): _S.PRINTED,
    (_S.PRINTED, _A.PRINT): _S.PRINTED,
    (_S.SENT, _A.PRINT): _S.SENT,
    (_S.WRITING, _A.SEND): _S.SENT,
    (_S.PRINTED, _A.SEND): _S.SENT,
}
TABLES: dict[ReportKind, dict[tuple[PaperState, PaperAction], PaperState]] = {
    ReportKind.SUPPLEMENTARY: _WITH_AUDIT,
    ReportKind.CONSULTATION: _WITH_AUDIT,
    ReportKind.FROZEN: _FROZEN,
}
"""(state, action) → state of frozen, supplementary and consultation reports; what is not here is refused."""

PAPER_RIGHTS: dict[PaperAction, Permission] = {
    _A.WRITE: _P.PATHOLOGY_DIAGNOSE,
    _A.AUDIT: _P.PATHOLOGY_AUDIT,
    _A.REOPEN: _P.PATHOLOGY_REVISE,
    _A.PRINT: _P.PATHOLOGY_PRINT,
    _A.SEND: _P.PATHOLOGY_SEND,
}
CASE_ACTIONS: dict[PaperAction, CaseAction] = {
    _A.AUDIT: CaseAction.AUDIT,
    _A.REOPEN: CaseAction.REOPEN,
    _A.PRINT: CaseAction.PRINT,
    _A.SEND: CaseAction.SEND,
}
"""What an action on the main report means for its case."""

MAIN_STATES: dict[CaseState, PaperState] = {
    CaseState.AUDITED: _S.AUDITED,
    CaseState.PRINTED: _S.PRINTED,
    CaseState.SENT: _S.SENT,
}
"""State of the case → state of its main report; in every other it is being written."""


def next_state(kind: ReportKind, state: PaperState, action: PaperAction) -> PaperState | None:
    """Return where a report that is not the main one goes; None where it may not."""
    return TABLES[kind].get((state, action))


def allowed(kind: ReportKind, state: PaperState, rights: Collection[Permission]) -> tuple[PaperAction, ...]:
    """Return the actions that an account with these rights may take on a report that is not the main one."""
    return tuple(action for action in PaperAction if PAPER_RIGHTS[action] in rights and next_state(kind, state, action))


def why_not_written(kind: OpinionKind, text: OpinionText) -> str:
    """Return what an opinion lacks as a sentence; empty when it may be saved."""
    if OPINIONS[kind].needs_diagnosis and not text.diagnosis.strip():
        return "请填写诊断意见后再保存。"
    if not (text.findings.strip() or text.diagnosis.strip()):
        return "请填写光镜所见或诊断意见后再保存。"
    return ""


# ── my lists ─────────────────────────────────────────────────────────────────────────────────────────

_BEFORE_CHIEF = (CaseState.REGISTERED, CaseState.GROSSED, CaseState.PREPARED)
UNDIAGNOSED: dict[DoctorRole, tuple[CaseState, ...]] = {
    DoctorRole.FIRST: _BEFORE_CHIEF,
    DoctorRole.CHIEF: (*_BEFORE_CHIEF, CaseState.FIRST),
    DoctorRole.SECOND: (*_BEFORE_CHIEF, CaseState.FIRST, CaseState.CHIEF),
    DoctorRole.AUDIT: (*_BEFORE_CHIEF, CaseState.FIRST, CaseState.CHIEF, CaseState.SECOND),
}
"""States in which a case still waits for the doctor who was named to a role (PA-DX-30)."""
MINE: dict[MyList, tuple[CaseState, ...]] = {
    MyList.UNAUDITED: (CaseState.FIRST, CaseState.CHIEF, CaseState.SECOND),
    MyList.UNPRINTED: (CaseState.AUDITED,),
    MyList.UNSENT: (CaseState.AUDITED, CaseState.PRINTED),
}
"""States of the other three lists, of cases in which the doctor took part (PA-DX-31 to -33)."""

# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────


def due(policy: ReportPolicy, library: LibraryKind, received_at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return by when a report should be audited and from when the list warns; None without a target."""
    hours = policy.hours.get(library, 0)
    if hours <= 0:
        return None, None
    whole = timedelta(hours=hours)
    return received_at + whole, received_at + whole * policy.warn_share


def frozen_target(policy: ReportPolicy, *, specimens: int, earlier_open: bool) -> int:
    """Return the minutes of a frozen section: the department's, or 30 and 45 of the national indicator (EX-PA-04)."""
    if policy.frozen_limit == "department":
        return policy.frozen_minutes
    single = specimens <= 1 and not earlier_open
    return policy.frozen_single_minutes if single else policy.frozen_queue_minutes


def clock(
    started: datetime | None,
    due_at: datetime | None,
    stopped: datetime | None,
    now: datetime,
    warn_at: datetime | None = None,
) -> ClockView:
    """Return a clock as it stands now; without `warn_at` it warns in the last quarter."""
    if started is None or due_at is None:
        urgency, left = Urgency.NONE, 0
    elif stopped is not None:
        urgency, left = (Urgency.MET if stopped <= due_at else Urgency.MISSED), 0
    else:
        left = int((due_at - now).total_seconds())
        warns = warn_at if warn_at is not None else started + (due_at - started) * 0.75
        urgency = Urgency.OVERDUE if now > due_at else Urgency.SOON if now >= warns else Urgency.CALM
    return ClockView(started_at=started, due_at=due_at, stopped_at=stopped, now=now, seconds_left=left, urgency=urgency)

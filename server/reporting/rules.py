"""The report's workflow as a table (RIS-RSM-01 to -23) and who may do what; knows neither database nor clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.permissions import Permission
from shared.domain.states import PatientType, ReportAction, ReportState


class Guard(StrEnum):
    """What must hold beside state and permission."""

    ENTER = "enter"  # the lock is free or mine
    ENTER_NOT_OWN = "enter_not_own"  # and the report is not my own (RIS-EX-09)
    HOLDER = "holder"  # the lock is mine
    LOCKED = "locked"  # there is a lock to free
    HAS_IMAGES = "has_images"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: where the report goes, who may, what must hold, what the operation log says."""

    next_state: ReportState
    permission: Permission
    guard: Guard
    fact: str


_S, _A, _P, _G = ReportState, ReportAction, Permission, Guard

TABLE: dict[tuple[ReportState, ReportAction], Transition] = {
    (_S.AWAITING, _A.WRITE): Transition(_S.WRITING, _P.REPORT, _G.ENTER, "entered to write"),  # RSM-02
    (_S.WRITING, _A.WRITE): Transition(_S.WRITING, _P.REPORT, _G.ENTER, "entered to write"),  # RSM-07, -09
    (_S.WRITING, _A.SAVE): Transition(_S.WRITING, _P.REPORT, _G.HOLDER, "saved"),  # RSM-05
    (_S.WRITING, _A.SUBMIT): Transition(_S.SUBMITTED, _P.REPORT, _G.HOLDER, "submitted"),  # RSM-10
    (_S.WRITING, _A.GIVE_UP): Transition(_S.AWAITING, _P.REPORT, _G.HOLDER, "given up"),  # RSM-11
    (_S.WRITING, _A.UNLOCK): Transition(_S.WRITING, _P.REPORT, _G.LOCKED, "unlocked"),  # RSM-08
    (_S.SUBMITTED, _A.AUDIT): Transition(_S.AUDITING, _P.FINAL_AUDIT, _G.ENTER_NOT_OWN, "entered to audit"),  # RSM-12
    (_S.AUDITING, _A.AUDIT): Transition(_S.AUDITING, _P.FINAL_AUDIT, _G.ENTER_NOT_OWN, "entered to audit"),  # -18, -20
    (_S.AUDITING, _A.SAVE): Transition(_S.AUDITING, _P.FINAL_AUDIT, _G.HOLDER, "saved"),  # RSM-13
    (_S.AUDITING, _A.APPROVE): Transition(_S.APPROVED, _P.FINAL_AUDIT, _G.HOLDER, "approved"),  # RSM-14, -15
    (_S.AUDITING, _A.REJECT): Transition(_S.WRITING, _P.FINAL_AUDIT, _G.HOLDER, "returned"),  # RSM-16
    (_S.AUDITING, _A.GIVE_UP): Transition(_S.SUBMITTED, _P.FINAL_AUDIT, _G.HOLDER, "given up"),  # RSM-17
    (_S.AUDITING, _A.UNLOCK): Transition(_S.AUDITING, _P.FINAL_AUDIT, _G.LOCKED, "unlocked"),  # RSM-19
    (_S.APPROVED, _A.PRINT): Transition(_S.PRINTED, _P.PRINT_REPORT, _G.NONE, "printed"),  # RSM-21
    (_S.PRINTED, _A.PRINT): Transition(_S.PRINTED, _P.PRINT_REPORT, _G.NONE, "printed"),  # RSM-22
    # Corrections after approval (RIS-EX-06): a withdrawn report is written again, an addendum has to be printed again.
    (_S.APPROVED, _A.REVISE): Transition(_S.WRITING, _P.FINAL_AUDIT, _G.NONE, "withdrawn for revision"),
    (_S.PRINTED, _A.REVISE): Transition(_S.WRITING, _P.FINAL_AUDIT, _G.NONE, "withdrawn for revision"),
    (_S.APPROVED, _A.ADD): Transition(_S.APPROVED, _P.FINAL_AUDIT, _G.NONE, "addendum"),
    (_S.PRINTED, _A.ADD): Transition(_S.APPROVED, _P.FINAL_AUDIT, _G.NONE, "addendum"),
    **{
        (state, _A.VIEW_IMAGES): Transition(state, _P.VIEW_IMAGES, _G.HAS_IMAGES, "images viewed")  # RSM-03
        for state in ReportState
    },
}


class Objection(StrEnum):
    """Why an action is refused."""

    PERMISSION = "permission"
    STATE = "state"
    HELD_BY_OTHER = "held_by_other"
    LOCK_LOST = "lock_lost"
    NOT_LOCKED = "not_locked"
    OWN_REPORT = "own_report"
    NO_IMAGES = "no_images"
    AWAY = "away"  # sent elsewhere to be written (RIS-LCK-10)


@dataclass(frozen=True, slots=True)
class Standing:
    """A report as one person finds it. Ids are account ids, 0 is nobody.

    `holder_id` is whose name stands in the lock; `is_lock_idle` says that its heartbeat is older than the limit,
    so that others may enter while the holder, as long as nobody did, may still go on.
    """

    state: ReportState
    me: int
    permissions: frozenset[Permission]
    holder_id: int
    is_lock_idle: bool
    writer_id: int
    has_images: bool
    may_audit_own: bool
    is_away: bool = False  # written elsewhere, and not by me

    @property
    def is_mine(self) -> bool:
        return self.holder_id != 0 and self.holder_id == self.me

    @property
    def is_held_by_other(self) -> bool:
        return self.holder_id not in (0, self.me) and not self.is_lock_idle


def objection(standing: Standing, action: ReportAction) -> Objection | None:
    """Return why `action` is refused, or None when it may be done."""
    transition = TABLE.get((standing.state, action))
    if transition is None:
        return Objection.STATE
    if transition.permission not in standing.permissions:
        return Objection.PERMISSION
    if standing.is_away and action is not ReportAction.VIEW_IMAGES:
        return Objection.AWAY
    return _objection_of_guard(transition.guard, standing)


def _objection_of_guard(guard: Guard, standing: Standing) -> Objection | None:
    if guard in (Guard.ENTER, Guard.ENTER_NOT_OWN):
        if guard is Guard.ENTER_NOT_OWN and standing.me == standing.writer_id and not standing.may_audit_own:
            return Objection.OWN_REPORT
        return Objection.HELD_BY_OTHER if standing.is_held_by_other else None
    if guard is Guard.HOLDER and not standing.is_mine:
        return Objection.HELD_BY_OTHER if standing.is_held_by_other else Objection.LOCK_LOST
    if guard is Guard.LOCKED and (standing.holder_id == 0 or (standing.is_lock_idle and not standing.is_mine)):
        return Objection.NOT_LOCKED
    if guard is Guard.HAS_IMAGES and not standing.has_images:
        return Objection.NO_IMAGES
    return None


def allowed_actions(standing: Standing) -> tuple[ReportAction, ...]:
    """Return what may be done now, in the order of the actions' declaration."""
    return tuple(action for action in ReportAction if objection(standing, action) is None)


PRIORITY: dict[PatientType, int] = {PatientType.EMERGENCY: 0, PatientType.VIP: 1, PatientType.ORDINARY: 2}
"""Order in the diagnosis list (RIS-OPN-03)."""

STATE_WORDS: dict[ReportState, str] = {
    ReportState.AWAITING: "待诊断",
    ReportState.WRITING: "诊断中",
    ReportState.SUBMITTED: "待审核",
    ReportState.AUDITING: "审核中",
    ReportState.APPROVED: "已审核",
    ReportState.PRINTED: "已打印",
}

ACTION_WORDS: dict[ReportAction, str] = {
    ReportAction.WRITE: "写报告",
    ReportAction.SAVE: "保存",
    ReportAction.SUBMIT: "提交",
    ReportAction.AUDIT: "审核",
    ReportAction.APPROVE: "审核通过",
    ReportAction.REJECT: "驳回",
    ReportAction.GIVE_UP: "放弃",
    ReportAction.UNLOCK: "解锁",
    ReportAction.PRINT: "打印",
    ReportAction.VIEW_IMAGES: "查看影像",
    ReportAction.REVISE: "修订",
    ReportAction.ADD: "补充",
}


@dataclass(frozen=True)
class Images:
    """Whether the images of a report are all here: complete, short or unknown, and how many are missing."""

    state: str = "unknown"
    missing: int = 0


def images_together(studies: Iterable[tuple[str, int]]) -> Images:
    """Return how the studies of one report stand together: one that is short makes all short."""
    found = list(studies)
    missing = sum(count for state, count in found if state == "short")
    if missing:
        return Images("short", missing)
    return Images("complete" if found and all(state == "complete" for state, _ in found) else "unknown")

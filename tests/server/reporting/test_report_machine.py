"""Every (state, action, lock, right) pair through the service; the expected table is written out here by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.reporting import rules
from server.reporting.tables import Report
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportView
from shared.domain.permissions import Permission
from shared.domain.states import ReportAction, ReportState
from tests.server.reporting.reporting_world import FULL, WANG, World

S, A = ReportState, ReportAction

# (state, action) → next state, as RIS-RSM-01 to -23 say; what is missing is refused
REQUIRED: dict[tuple[ReportState, ReportAction], ReportState] = {
    (S.AWAITING, A.WRITE): S.WRITING,
    (S.WRITING, A.WRITE): S.WRITING,
    (S.WRITING, A.SAVE): S.WRITING,
    (S.WRITING, A.SUBMIT): S.SUBMITTED,
    (S.WRITING, A.GIVE_UP): S.AWAITING,
    (S.WRITING, A.UNLOCK): S.WRITING,
    (S.SUBMITTED, A.AUDIT): S.AUDITING,
    (S.AUDITING, A.AUDIT): S.AUDITING,
    (S.AUDITING, A.SAVE): S.AUDITING,
    (S.AUDITING, A.APPROVE): S.APPROVED,
    (S.AUDITING, A.REJECT): S.WRITING,
    (S.AUDITING, A.GIVE_UP): S.SUBMITTED,
    (S.AUDITING, A.UNLOCK): S.AUDITING,
    (S.APPROVED, A.PRINT): S.PRINTED,
    (S.PRINTED, A.PRINT): S.PRINTED,
    # corrections after approval (RIS-EX-06)
    (S.APPROVED, A.REVISE): S.WRITING,
    (S.PRINTED, A.REVISE): S.WRITING,
    (S.APPROVED, A.ADD): S.APPROVED,
    (S.PRINTED, A.ADD): S.APPROVED,
}
NEEDS_LOCK = {A.SAVE, A.SUBMIT, A.GIVE_UP, A.APPROVE, A.REJECT}
ENTERS = {A.WRITE, A.AUDIT}
PERMISSION = {
    A.WRITE: Permission.REPORT,
    A.SUBMIT: Permission.REPORT,
    A.AUDIT: Permission.FINAL_AUDIT,
    A.APPROVE: Permission.FINAL_AUDIT,
    A.REJECT: Permission.FINAL_AUDIT,
    A.PRINT: Permission.PRINT_REPORT,
    A.REVISE: Permission.FINAL_AUDIT,
    A.ADD: Permission.FINAL_AUDIT,
}
LOCKS = ("free", "mine", "other", "mine_idle", "other_idle")

ACTIONS: dict[ReportAction, Callable[[World, UnitOfWork, Caller, Report], ReportView]] = {
    A.WRITE: lambda w, uow, who, r: w.reports.write(uow, who, r.id),
    A.SAVE: lambda w, uow, who, r: w.reports.save(uow, who, r.id, r.version, FULL),
    A.SUBMIT: lambda w, uow, who, r: w.reports.submit(uow, who, r.id, r.version, FULL),
    A.AUDIT: lambda w, uow, who, r: w.reports.audit(uow, who, r.id),
    A.APPROVE: lambda w, uow, who, r: w.reports.approve(uow, who, r.id, r.version, FULL),
    A.REJECT: lambda w, uow, who, r: w.reports.reject(uow, who, r.id, r.version, "请补充"),
    A.GIVE_UP: lambda w, uow, who, r: w.reports.give_up(uow, who, r.id, r.version),
    A.UNLOCK: lambda w, uow, who, r: w.reports.unlock(uow, who, r.id),
    A.PRINT: lambda w, uow, who, r: w.reports.printed(uow, who, r.id),
    A.REVISE: lambda w, uow, who, r: w.reports.revise(uow, who, r.id, r.version, "侧别写错"),
    A.ADD: lambda w, uow, who, r: w.reports.add(uow, who, r.id, r.version, "补充：与旧片比较无变化。"),
}


def expected(state: ReportState, action: ReportAction, lock: str, rights: frozenset[Permission]) -> ErrorCode | None:
    """Return the refusal that the requirements ask for, None where the action is done."""
    if (state, action) not in REQUIRED:
        return ErrorCode.ILLEGAL_ACTION
    needed = PERMISSION.get(action, Permission.FINAL_AUDIT if state is S.AUDITING else Permission.REPORT)
    if needed not in rights:
        return ErrorCode.PERMISSION_MISSING
    if action in NEEDS_LOCK and lock not in ("mine", "mine_idle"):
        return ErrorCode.HELD_BY_OTHER
    if action in ENTERS and lock == "other":
        return ErrorCode.HELD_BY_OTHER
    if action is A.UNLOCK and lock in ("free", "other_idle"):
        return ErrorCode.ILLEGAL_ACTION
    return None


RIGHTS = (
    frozenset({Permission.SIGNED_IN}),
    frozenset({Permission.REPORT}),
    frozenset({Permission.REPORT, Permission.FINAL_AUDIT}),
    frozenset({Permission.PRINT_REPORT}),
)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("action", list(ACTIONS))
def test_every_pair_does_what_the_requirements_say(world: World, state: ReportState, action: ReportAction) -> None:
    for lock, rights in itertools.product(LOCKS, RIGHTS):
        me = Caller(user_id=99, login="me", name="我", permissions=rights)
        report_id = world.report_in(state)
        with world.database.write() as uow:
            report = uow.session.get_one(Report, report_id)
            report.holder_id = {"f": 0, "m": me.user_id, "o": WANG.user_id}[lock[0]]
            report.holder_name = "某医生" if report.holder_id else ""
            report.lock_seen_at = world.clock.now()
        if lock.endswith("idle"):
            world.clock.pass_time(minutes=31)
        code: ErrorCode | None = None
        present = state
        try:
            with world.database.write() as uow:
                present = ACTIONS[action](world, uow, me, uow.session.get_one(Report, report_id)).row.state
        except Refusal as refusal:
            code = refusal.body.code
            assert refusal.body.message
        case = (state, action, lock, sorted(rights))
        assert code == expected(state, action, lock, rights), case
        if code is None:
            assert present is REQUIRED[(state, action)], case
        with world.database.read() as uow:
            kept = uow.session.get_one(Report, report_id)
            assert kept.state == present, case
            if code is None and action in ENTERS:
                assert kept.holder_id == me.user_id, case
            if code is None and action in {A.SUBMIT, A.GIVE_UP, A.APPROVE, A.REJECT, A.UNLOCK}:
                assert kept.holder_id == 0, case


@pytest.mark.parametrize("state", list(S))
def test_allowed_actions_are_exactly_those_that_succeed(world: World, state: ReportState) -> None:
    for lock, rights in itertools.product(LOCKS, RIGHTS):
        standing = rules.Standing(
            state=state,
            me=99,
            permissions=rights,
            holder_id={"f": 0, "m": 99, "o": 12}[lock[0]],
            is_lock_idle=lock.endswith("idle"),
            writer_id=11,
            has_images=True,
            may_audit_own=False,
        )
        allowed = set(rules.allowed_actions(standing)) - {A.VIEW_IMAGES}
        assert allowed == {action for action in ACTIONS if expected(state, action, lock, rights) is None}


def test_images_are_viewed_in_every_state_by_who_may(world: World) -> None:
    for state in S:
        standing = rules.Standing(state, 1, frozenset({Permission.VIEW_IMAGES}), 0, False, 0, True, False)
        assert A.VIEW_IMAGES in rules.allowed_actions(standing)
        without = rules.Standing(state, 1, frozenset({Permission.VIEW_IMAGES}), 0, False, 0, False, False)
        assert rules.objection(without, A.VIEW_IMAGES) is rules.Objection.NO_IMAGES

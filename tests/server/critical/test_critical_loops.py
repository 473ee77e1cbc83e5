"""No sequence of actions loses a loop or ends it in silence (hypothesis, on a real database)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from server.kernel.database import Database
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.critical import (
    AcknowledgeCritical,
    CancelCritical,
    CorrectCritical,
    LoopDetails,
    NotifyCritical,
    RecordAcknowledgement,
)
from shared.domain.critical import ESCALATIONS, Escalation, LoopState, Means
from tests.databases import a_database
from tests.server.critical.critical_world import CLERK, LI, WARD, ZHAO, CriticalWorld

NAMES = st.sampled_from(["王护士", "", "   ", "陈医生"])
REASONS = st.sampled_from(["选错患者", "", " "])
CALLERS = st.sampled_from([LI, ZHAO, WARD, CLERK])
LIMITS = (10, 20, 30)


class Loops(RuleBasedStateMachine):
    """Random people do random things at random times; what must be true is checked after each."""

    loops = Bundle("loops")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._opened = a_database("sqlite", Path(self._folder.name))
        database: Database = self._opened.__enter__()
        self.world = CriticalWorld(database)
        self.known: dict[int, int] = {}  # loop → lines of its log when last seen
        self.lines: dict[int, tuple[Any, ...]] = {}

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)
        self._folder.cleanup()

    @rule(target=loops, finding=st.sampled_from(["右侧张力性气胸", ""]))
    def report(self, finding: str) -> Any:
        try:
            found = self.world.a_loop(finding=finding)
        except Refusal:
            assert not finding
            return multiple()
        return found.loop.id

    @rule(loop=loops, who=CALLERS, name=NAMES, means=st.sampled_from(Means), back=st.booleans(), old=st.booleans())
    def notify(self, loop: int, who: Caller, name: str, means: Means, back: bool, old: bool) -> None:
        self._try(
            loop,
            old,
            lambda uow, version: self.world.critical.notify(
                uow, who, NotifyCritical(loop_id=loop, version=version, name=name, means=means, read_back=back)
            ),
        )

    @rule(loop=loops, who=CALLERS, old=st.booleans())
    def acknowledge(self, loop: int, who: Caller, old: bool) -> None:
        self._try(
            loop,
            old,
            lambda uow, version: self.world.critical.acknowledge(
                uow, who, AcknowledgeCritical(loop_id=loop, version=version)
            ),
        )

    @rule(loop=loops, who=CALLERS, name=NAMES, back=st.booleans(), means=st.sampled_from(Means), old=st.booleans())
    def record(self, loop: int, who: Caller, name: str, back: bool, means: Means, old: bool) -> None:
        self._try(
            loop,
            old,
            lambda uow, version: self.world.critical.record(
                uow, who, RecordAcknowledgement(loop_id=loop, version=version, name=name, read_back=back, means=means)
            ),
        )

    @rule(loop=loops, who=CALLERS, reason=REASONS, finding=st.sampled_from(["左侧张力性气胸", "右侧张力性气胸", ""]))
    def correct(self, loop: int, who: Caller, reason: str, finding: str) -> None:
        self._try(
            loop,
            False,
            lambda uow, version: self.world.critical.correct(
                uow,
                who,
                CorrectCritical(loop_id=loop, version=version, name="张力性气胸", finding=finding, reason=reason),
            ),
        )

    @rule(loop=loops, who=CALLERS, reason=REASONS)
    def cancel(self, loop: int, who: Caller, reason: str) -> None:
        self._try(
            loop,
            False,
            lambda uow, version: self.world.critical.cancel(
                uow, who, CancelCritical(loop_id=loop, version=version, reason=reason)
            ),
        )

    @rule(minutes=st.integers(0, 25))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.pass_time(minutes=minutes)
        while self.world.look():
            pass

    @rule(loop=loops)
    def a_job_comes_late_or_twice(self, loop: int) -> None:
        with self.world.database.write() as uow:
            self.world.critical.escalate(uow, loop)

    def _try(self, loop: int, is_old: bool, step: Any) -> None:
        before = self.world.details(loop)
        try:
            with self.world.database.write() as uow:
                step(uow, before.loop.version - (1 if is_old else 0))
        except Refusal:
            assert self.world.details(loop) == before  # a refusal changes nothing
        else:
            assert not is_old

    @invariant()
    def no_loop_is_lost_and_no_line_is_changed(self) -> None:
        found = self.world.loops()
        assert set(self.lines) <= {row.id for row in found.rows}
        for row in found.rows:
            lines = self.world.details(row.id).lines
            old = self.lines.get(row.id, ())
            assert lines[: len(old)] == old
            self.lines[row.id] = lines

    @invariant()
    def every_loop_is_open_or_ended_by_somebody_for_a_reason(self) -> None:
        for row in self.world.loops().rows:
            self._check(self.world.details(row.id))

    def _check(self, details: LoopDetails) -> None:
        loop, lines = details.loop, details.lines
        last = next(line for line in reversed(lines) if line.action not in ("notify", "escalate"))
        if loop.state is LoopState.ACKNOWLEDGED:
            assert loop.acknowledged_at and loop.acknowledged_by.strip() and loop.ended_at
            assert last.action in ("acknowledge", "record") and last.name.strip()
            assert last.action == "acknowledge" or loop.read_back
        elif loop.state is LoopState.CANCELLED:
            assert loop.reason.strip() and loop.ended_at and last.action == "cancel" and last.note.strip()
        else:
            assert loop.ended_at is None and last.action in ("report", "correct", "reopen")
            self._check_clock(loop, last.at)

    def _check_clock(self, loop: Any, since: Any) -> None:
        waited = (self.world.clock.now() - since).total_seconds() / 60
        levels = sum(1 for limit in LIMITS if waited >= limit)
        # Time passes only with a look after it, so every level whose time came has been called.
        assert loop.escalation is ESCALATIONS[levels]
        assert (loop.next_escalation_at is None) is (loop.escalation is Escalation.OFFICE)


Loops.TestCase.settings = settings(
    max_examples=12, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLoops = Loops.TestCase


@pytest.mark.slow
def test_long_histories() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Loops,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

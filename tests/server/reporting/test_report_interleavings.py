"""Two doctors and an auditor in any order: one editor at a time, and no acknowledged text is ever lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.kernel.database import Database
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportContent
from shared.domain.states import ReportState
from tests.server.reporting.reporting_world import FULL, QIAN, ZHAO, World, changed

DOCTORS = st.sampled_from([ZHAO, QIAN])


class TwoDoctors(RuleBasedStateMachine):
    """Each doctor remembers the version last seen, as a workstation does."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.database = Database.in_folder(Path(self.folder.name))
        self.database.create_schema()
        self.world = World(self.database)
        self.report_id = self.world.a_report()
        self.seen: dict[str, int] = {ZHAO.login: 1, QIAN.login: 1}
        self.acknowledged: list[ReportContent] = []
        self.present = ReportContent()
        self.submitted = ReportContent()
        self.counter = 0

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    def _try(self, who: Caller, name: str, *arguments: object) -> bool:
        try:
            with self.database.write() as uow:
                view = getattr(self.world.reports, name)(uow, who, self.report_id, *arguments)
        except Refusal as refusal:
            assert refusal.body.code in (ErrorCode.HELD_BY_OTHER, ErrorCode.ILLEGAL_ACTION, ErrorCode.CONFLICT)
            return False
        self.seen[who.login] = view.version
        return True

    def _new_text(self) -> ReportContent:
        self.counter += 1
        return changed(FULL, findings=f"<p>第{self.counter}稿</p>")

    @rule(who=DOCTORS)
    def look(self, who: Caller) -> None:
        with self.database.read() as uow:
            self.seen[who.login] = self.world.reports.get(uow, who, self.report_id).version

    @rule(who=DOCTORS)
    def enter_to_write(self, who: Caller) -> None:
        self._try(who, "write")

    @rule(who=DOCTORS)
    def enter_to_audit(self, who: Caller) -> None:
        self._try(who, "audit")

    @rule(who=DOCTORS)
    def save(self, who: Caller) -> None:
        content = self._new_text()
        if self._try(who, "save", self.seen[who.login], content):
            self.acknowledged.append(content)
            self.present = content

    @rule(who=DOCTORS)
    def submit(self, who: Caller) -> None:
        content = self._new_text()
        if self._try(who, "submit", self.seen[who.login], content):
            self.acknowledged.append(content)
            self.present = self.submitted = content

    @rule(who=DOCTORS)
    def approve(self, who: Caller) -> None:
        content = self._new_text()
        if self._try(who, "approve", self.seen[who.login], content):
            self.acknowledged.append(content)
            self.present = content

    @rule(who=DOCTORS)
    def reject(self, who: Caller) -> None:
        self._try(who, "reject", self.seen[who.login], "请修改")

    @rule(who=DOCTORS)
    def give_up(self, who: Caller) -> None:
        with self.database.read() as uow:
            state = self.world.reports.get(uow, who, self.report_id).row.state
        if self._try(who, "give_up", self.seen[who.login]):
            self.present = self.submitted if state is ReportState.AUDITING else ReportContent()

    @rule(who=DOCTORS)
    def unlock(self, who: Caller) -> None:
        self._try(who, "unlock")

    @rule()
    def fall_asleep(self) -> None:
        self.world.clock.pass_time(minutes=40)

    @invariant()
    def nothing_acknowledged_is_lost_and_one_edits(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.read() as uow:
            kept = [version.content for version in self.world.reports.log(uow, self.report_id).versions]
            views = [self.world.reports.get(uow, who, self.report_id) for who in (ZHAO, QIAN)]
        assert all(content in kept for content in self.acknowledged)
        assert views[0].content == self.present
        assert sum(view.row.is_locked_by_me for view in views) <= 1


TestTwoDoctors = TwoDoctors.TestCase
TestTwoDoctors.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=None,
)

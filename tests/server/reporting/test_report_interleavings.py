"""Two doctors, each at two desks, in any order: one editor, states as the table says, no acknowledged text lost.

A desk whose save is stale merges what it typed with what was saved, as the report page does, and saves that.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.kernel.database import Database
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.reporting import rules
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportContent
from shared.domain.states import ReportAction, ReportState
from shared.domain.text_merge import Take, merge
from shared.domain.text_units import Sentence, units_of
from tests.databases import make_tables
from tests.server.reporting.reporting_world import FULL, QIAN, ZHAO, World, changed

A = ReportAction
DESKS = {"zhao-1": ZHAO, "zhao-2": ZHAO, "qian-1": QIAN, "qian-2": QIAN}
DESK_NAMES = st.sampled_from(sorted(DESKS))
METHODS = {action: action.value for action in ReportAction} | {A.PRINT: "printed"}


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of a rich text."""
    return [unit for unit in units_of(text) if isinstance(unit, Sentence)]


class TwoDoctors(RuleBasedStateMachine):
    """Each doctor remembers the version last seen, as a workstation does."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.database = Database.in_folder(Path(self.folder.name))
        make_tables(self.database)
        self.world = World(self.database)
        self.report_id = self.world.a_report()
        self.seen: dict[str, int] = {}  # version by desk
        self.known: dict[str, ReportContent] = {}  # the text that version had
        for desk in ("zhao-1", "zhao-2", "qian-1", "qian-2"):
            self.seen[desk], self.known[desk] = 1, ReportContent()
        self.automatic: dict[str, ReportContent] = {}  # the last automatic text of a sitting, by login
        self.acknowledged: list[ReportContent] = []
        self.present = ReportContent()
        self.submitted = ReportContent()
        self.counter = 0

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    def _try(self, desk: str, action: ReportAction, *arguments: object, **named: object) -> ErrorCode | None:
        """Do one step; returns the refusal, and checks state and lock against the table either way."""
        who = DESKS[desk]
        with self.database.read() as uow:
            before = self.world.reports.get(uow, who, self.report_id)
        try:
            with self.database.write() as uow:
                view = getattr(self.world.reports, METHODS[action])(uow, who, self.report_id, *arguments, **named)
        except Refusal as refusal:
            assert refusal.body.code in (ErrorCode.HELD_BY_OTHER, ErrorCode.ILLEGAL_ACTION, ErrorCode.CONFLICT)
            assert action not in before.allowed or refusal.body.code is ErrorCode.CONFLICT
            with self.database.read() as uow:
                after = self.world.reports.get(uow, who, self.report_id)
            assert (after.row.state, after.version) == (before.row.state, before.version), "a refusal moves nothing"
            return refusal.body.code
        assert action in before.allowed
        assert view.row.state is rules.TABLE[(before.row.state, action)].next_state
        self.seen[desk], self.known[desk] = view.version, view.content
        return None

    def _new_text(self, base: ReportContent) -> ReportContent:
        """Another sentence below what stands there."""
        self.counter += 1
        return changed(FULL, findings=f"{base.findings}<p>第{self.counter}句。</p>")

    def _kept(self, who: Caller, content: ReportContent) -> None:
        self.acknowledged.append(content)
        self.present = content
        self.automatic.pop(who.login, None)

    @rule(desk=DESK_NAMES)
    def look(self, desk: str) -> None:
        with self.database.read() as uow:
            view = self.world.reports.get(uow, DESKS[desk], self.report_id)
        self.seen[desk], self.known[desk] = view.version, view.content

    @rule(desk=DESK_NAMES)
    def enter_to_write(self, desk: str) -> None:
        self._try(desk, A.WRITE)

    @rule(desk=DESK_NAMES)
    def enter_to_audit(self, desk: str) -> None:
        self._try(desk, A.AUDIT)

    @rule(desk=DESK_NAMES, is_automatic=st.booleans())
    def save(self, desk: str, is_automatic: bool) -> None:
        base = self.known[desk]
        content = self._new_text(base)
        refusal = self._try(desk, A.SAVE, self.seen[desk], content, is_automatic=is_automatic)
        if refusal is ErrorCode.CONFLICT:
            content = self._merged(desk, base, content)
            refusal = self._try(desk, A.SAVE, self.seen[desk], content)
            assert refusal is None, "a merged text is saved"
            is_automatic = False
        if refusal is None:
            if is_automatic:
                # The next automatic save of the sitting replaces it: only the last one must still be there.
                self.present = self.automatic[DESKS[desk].login] = content
            else:
                self._kept(DESKS[desk], content)

    def _merged(self, desk: str, base: ReportContent, mine: ReportContent) -> ReportContent:
        """Look again and merge; every sentence of both sides is in the merged text, or stands in a question."""
        self.look(desk)
        theirs = self.known[desk]
        merged = merge(base.findings, mine.findings, theirs.findings)
        text = merged.text([Take.BOTH] * len(merged.conflicts))
        new = {*sentences(mine.findings), *sentences(theirs.findings)} - set(sentences(base.findings))
        assert new <= set(sentences(text))
        return changed(FULL, findings=text)

    @rule(desk=DESK_NAMES)
    def submit(self, desk: str) -> None:
        content = self._new_text(self.known[desk])
        if self._try(desk, A.SUBMIT, self.seen[desk], content) is None:
            self._kept(DESKS[desk], content)
            self.submitted = content

    @rule(desk=DESK_NAMES)
    def approve(self, desk: str) -> None:
        content = self._new_text(self.known[desk])
        if self._try(desk, A.APPROVE, self.seen[desk], content) is None:
            self._kept(DESKS[desk], content)

    @rule(desk=DESK_NAMES)
    def reject(self, desk: str) -> None:
        self._try(desk, A.REJECT, self.seen[desk], "请修改")

    @rule(desk=DESK_NAMES)
    def revise(self, desk: str) -> None:
        self._try(desk, A.REVISE, self.seen[desk], "侧别写错")

    @rule(desk=DESK_NAMES)
    def add(self, desk: str) -> None:
        self._try(desk, A.ADD, self.seen[desk], "与旧片比较无变化。")

    @rule(desk=DESK_NAMES)
    def print_it(self, desk: str) -> None:
        self._try(desk, A.PRINT)

    @rule(desk=DESK_NAMES)
    def give_up(self, desk: str) -> None:
        with self.database.read() as uow:
            view = self.world.reports.get(uow, DESKS[desk], self.report_id)
        if self._try(desk, A.GIVE_UP, self.seen[desk]) is None:
            is_audit = view.row.state is ReportState.AUDITING
            with self.database.read() as uow:
                now = self.world.reports.get(uow, DESKS[desk], self.report_id).content
            # A revision that is given up falls back to the approved text, a first writing to nothing.
            assert now in ((self.submitted,) if is_audit else (ReportContent(), *self.acknowledged))
            self.present = now

    @rule(desk=DESK_NAMES)
    def unlock(self, desk: str) -> None:
        self._try(desk, A.UNLOCK)

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
        assert all(content in kept for content in (*self.acknowledged, *self.automatic.values()))
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

"""One step of a report along the table: lock the row, ask the rules, move, log, tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, not_found
from server.reporting import rules
from server.reporting.facts import Facts
from server.reporting.ports import Exams, Follower, ReportStep
from server.reporting.rules import Objection
from server.reporting.tables import Report, ReportLog
from server.reporting.worklist import Worklist
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.domain.states import ReportAction, ReportState


class Steps:
    """Leads reports through their states; every method works in the caller's unit of work."""

    def __init__(
        self,
        exams: Exams,
        facts: Facts,
        worklist: Worklist,
        time: HospitalTime,
        is_automatic: Callable[[UnitOfWork, Report], bool],
    ) -> None:
        self._exams = exams
        self._facts = facts
        self._worklist = worklist
        self._time = time
        self._is_automatic = is_automatic
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """Call `follower` at each step of each report; bootstrap does this once per area that wants to know."""
        self._followers.append(follower)

    def locked_row(self, uow: UnitOfWork, report_id: int) -> Report:
        """Return the row, locked to the end of this unit of work; raises the NOT_FOUND refusal."""
        report = uow.session.get(Report, report_id, with_for_update=True, populate_existing=True)
        if report is None:
            raise not_found("报告")
        return report

    def for_action(self, uow: UnitOfWork, caller: Caller, report_id: int, action: ReportAction) -> Report:
        """Return the row, locked after its exam: the exams area holds the exam when it tells us of a change."""
        exam_id = uow.session.scalar(select(Report.exam_id).where(Report.id == report_id))
        if exam_id is None:
            raise not_found("报告")
        self._exams.lock(uow, exam_id)
        report = self.locked_row(uow, report_id)
        self.demand(report, caller, action)
        return report

    def demand(self, report: Report, caller: Caller, action: ReportAction) -> None:
        """Refuse, with the reason for a person, what the rules do not allow now."""
        objection = rules.objection(self._worklist.standing(report, caller), action)
        if objection is not None:
            self._refuse(report, objection, action)

    def _refuse(self, report: Report, objection: Objection, action: ReportAction) -> NoReturn:
        state = rules.STATE_WORDS[ReportState(report.state)]
        word = rules.ACTION_WORDS[action]
        if objection is Objection.PERMISSION:
            raise Refusal(ErrorCode.PERMISSION_MISSING, f"您没有“{word}”的权限，请联系管理员。")
        if objection is Objection.HELD_BY_OTHER:
            raise Refusal(
                ErrorCode.HELD_BY_OTHER,
                f"报告正由{report.holder_name}编辑，如需进入请先解锁。",
                holder=report.holder_name,
                state=report.state,
            )
        if objection is Objection.AWAY:
            raise Refusal(
                ErrorCode.HELD_BY_OTHER,
                f"报告已发送云端，由{report.away_to}书写；如需在本院处理，请先撤回。",
                holder=report.away_to,
                state=report.state,
            )
        if objection is Objection.LOCK_LOST:
            by = f"（{report.unlocked_by}解锁）" if report.unlocked_by else ""
            raise Refusal(
                ErrorCode.HELD_BY_OTHER, f"您已不再持有此报告的锁{by}，请重新进入后再试。", state=report.state
            )
        reasons: dict[Objection, str] = {
            Objection.STATE: f"报告现在是“{state}”，不能{word}，请刷新。",
            Objection.NOT_LOCKED: "报告没有被锁定，可以直接进入。",
            Objection.OWN_REPORT: "不能审核本人书写的报告，请由另一位医生审核。",
            Objection.NO_IMAGES: "此检查还没有影像。",
        }
        raise illegal_action(report.state, reasons[objection])

    def demand_lock(self, report: Report, caller: Caller) -> None:
        """Refuse unless the caller holds the report."""
        if report.holder_id != caller.user_id or caller.user_id == 0:
            held = self._worklist.standing(report, caller).is_held_by_other
            self._refuse(report, Objection.HELD_BY_OTHER if held else Objection.LOCK_LOST, ReportAction.SAVE)

    def enter(self, uow: UnitOfWork, caller: Caller, report: Report, action: ReportAction, note: str = "") -> None:
        """Give the lock to the caller and move along the table."""
        self._facts.copy(uow, report)
        if report.holder_id not in (0, caller.user_id):
            note = f"接替空闲超时的{report.holder_name}。{note}"
        report.holder_id, report.holder_name = caller.user_id, caller.name
        self.go(uow, caller, report, action, note)

    def go(self, uow: UnitOfWork, caller: Caller, report: Report, action: ReportAction, note: str = "") -> None:
        """Move along the table, count, log, tell."""
        before = report.state
        report.state = rules.TABLE[(ReportState(before), action)].next_state
        if report.state != before or action is ReportAction.SAVE:
            report.touch()
        if report.state != before:
            report.state_since = self._time.now()
        if action is ReportAction.PRINT:
            report.printed_at = self._time.now()
        if not (action is ReportAction.SAVE and self._is_automatic(uow, report)):
            self.log(uow, report, caller, action, before, note)
        if report.state != before:
            self.moved(uow, report)
        else:
            self.tell(uow, report)
        step = ReportStep(report.id, report.exam_id, action, ReportState(before), ReportState(report.state))
        for follower in self._followers:
            follower(uow, caller, step)

    def moved(self, uow: UnitOfWork, report: Report) -> None:
        """Tell the exam and everybody else that the state changed."""
        uow.session.flush()
        self._exams.report_moved(uow, report.exam_id, report.id, ReportState(report.state))
        self.tell(uow, report)

    @staticmethod
    def tell(uow: UnitOfWork, report: Report) -> None:
        """Send the notice that this report changed."""
        uow.publish(Changed(entity="report", id=report.id, version=report.version))

    @staticmethod
    def free(report: Report) -> None:
        """Take the lock away."""
        report.holder_id, report.holder_name, report.lock_seen_at = 0, "", None

    def log(self, uow: UnitOfWork, report: Report, caller: Caller, action: str, from_state: str, note: str) -> None:
        """Add a line to the operation log."""
        uow.session.add(
            ReportLog(
                report_id=report.id,
                at=self._time.now(),
                by_id=caller.user_id,
                by=caller.name,
                action=str(action),
                from_state=str(from_state),
                to_state=str(report.state),
                note=note,
            )
        )
